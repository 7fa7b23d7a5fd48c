"""Reads what stands on ID cards from CSV files: rules of the states, the carrier's own data, figures of plans.

Columns: docs/operations.md and the files in clients/idcards/data. A whole file or nothing; again is the same as once.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients.idcards import tables
from clients.models import CardIssuer, IdCardRule, PlanCardFacts

KINDS: dict[str, Any] = {"rules": IdCardRule, "issuers": CardIssuer, "plans": PlanCardFacts}


class Command(BaseCommand):
    help = "Reads ID card data from a CSV file: rules, issuers or plans."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), help="What stands in the file.")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Check only.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            rows = tables.read(path)
        except (OSError, UnicodeDecodeError) as exc:
            raise CommandError(f"{path} cannot be read: {exc}") from exc
        try:
            count = tables.load(KINDS[options["kind"]], rows, dry_run=options["dry_run"])
        except tables.BadTable as exc:
            for line in exc.errors:
                self.stderr.write(line)
            raise CommandError(f"Nothing was written: {len(exc.errors)} lines cannot be used.") from exc
        what = "checked" if options["dry_run"] else "written"
        self.stdout.write(f"{count:,} rows {what}.")
