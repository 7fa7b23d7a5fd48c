"""What the commands import_catalog and import_geography have in common."""

import getpass
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from enrollment.services import catalog_import
from enrollment.services.import_files import BadFiles


class _Formatter(RawDescriptionHelpFormatter):
    """Keeps the lines of the help as they are."""


class ImportCommand(BaseCommand):
    """Read, check, write, report. A subclass names the service and puts what came of it into words."""

    requires_migrations_checks = True
    service: Any
    what = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="the folder with the files")
        parser.add_argument("--dry-run", action="store_true", help="only check the files and say what would change")

    def handle(self, *, folder: Path, dry_run: bool, **options: Any) -> None:
        started = time.perf_counter()
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder")
        steps = len(self.service.FILES) + 1  # each file, then writing
        with tqdm(total=steps, desc=f"Reading {self.what}", unit=" steps", disable=None, leave=False) as bar:
            try:
                read = self.service.read(folder, progress=lambda _lines: bar.update())
            except BadFiles as bad:
                raise CommandError(f"{folder.name or folder} was not imported:\n{bad.in_words()}") from None
            bar.set_description_str(f"Writing {self.what}")
            outcome, _ = self.service.write(
                read,
                folder=folder.resolve().name,
                now=timezone.now(),
                imported_by=f"{_who()} (command line)",
                dry_run=dry_run,
            )
            bar.update()
        if outcome.anything and not dry_run and not connection.in_atomic_block:
            catalog_import.refresh_statistics()
        seconds = time.perf_counter() - started
        if outcome.anything:
            self.stdout.write(f"{'Would be' if dry_run else 'Done'}: {self.in_words(outcome)}.")
        else:
            self.stdout.write("Nothing changed: the portal had all of this already.")
        for remark in self.remarks(outcome):
            self.stdout.write(remark)
        kept = " Nothing was kept." if dry_run and outcome.anything else ""
        self.stdout.write(f"{self.about(read)}{read.lines:,} lines, {seconds:.1f} s.{kept}")

    def in_words(self, outcome: Any) -> str:
        raise NotImplementedError

    def remarks(self, outcome: Any) -> list[str]:
        return []

    def about(self, read: Any) -> str:
        return ""


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "system"
