"""Does a proof file of an application hold, and does it agree with what this portal's audit trail says (ADR 0023)?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from enrollment.application_record import checking
from portal.common import hash_chain


class Command(BaseCommand):
    help = "Verify a proof file of an application: the chain, the seal, and the audit rows it names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="proof-A-0638.jsonl")
        parser.add_argument(
            "--chain-only",
            action="store_true",
            help="without this portal's key and database: only that no line was changed since the last hash was made",
        )

    def handle(self, *args: Any, file: Path, chain_only: bool, **options: Any) -> None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise CommandError(f"{file} cannot be read.") from exc
        try:
            links = hash_chain.verified(text)
            if not chain_only:
                checking.check(links)
        except hash_chain.Broken as exc:
            raise CommandError(f"{file.name} does not hold: {exc}") from exc
        self.stdout.write(f"The chain holds: {len(links)} lines, last hash {links[-1].sha256}.")
        if chain_only:
            self.stdout.write("Seal and database were not asked.")
        else:
            self.stdout.write("The seal is this portal's; submissions and audit rows are as they were.")
