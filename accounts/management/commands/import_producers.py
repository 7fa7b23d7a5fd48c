"""``manage.py import_producers FILE.csv``: take over the producer record system's file."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from accounts.services import producer_import
from accounts.services.producer_import import COLUMNS, MUST_BE_THERE, BadFile, Outcome

SHOWN_PROBLEMS = 200


def _columns_in_words() -> str:
    names = []
    for column in COLUMNS.values():
        must = " (must be there)" if column.name in MUST_BE_THERE else ""
        names.append(f"  {column.name:<15} {column.meaning}{must}".rstrip())
    return "\n".join(names)


HELP = f"""\
Import producers, their numbers and the hierarchy from a CSV file (UTF-8, first line: column names).

One line for each producer number; a producer with several numbers has as many lines, with the same producer columns. A
producer without a number has one line with empty number columns. The whole file is checked first; mistakes are listed by
line and then nothing is written. Producers and numbers that exist are updated, new ones added, the others left alone;
importing the same file twice changes nothing. A column that is left out is left as it is; an empty cell empties the value.
A number is never moved to another producer.

Columns, in any order:
{_columns_in_words()}
"""


class _Formatter(RawDescriptionHelpFormatter):
    """Keeps the lines of the column list as they are."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="the file to import")
        parser.add_argument("--dry-run", action="store_true", help="only check the file and say what would change")

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        started = time.perf_counter()
        try:
            lines = producer_import.read(file)
            with transaction.atomic():
                plan = producer_import.compare(lines)
                if dry_run:
                    outcome = plan.outcome()
                else:
                    with tqdm(
                        total=producer_import.rows_of(plan), desc="Producers", unit=" rows", disable=None, leave=False
                    ) as bar:
                        outcome = producer_import.write(plan, at=timezone.now(), progress=bar.update)
        except BadFile as bad:
            raise CommandError(self._in_words(file, bad)) from None
        self._report(outcome, lines=len(lines), seconds=time.perf_counter() - started, dry_run=dry_run)

    def _in_words(self, file: Path, bad: BadFile) -> str:
        shown = list(bad.problems[:SHOWN_PROBLEMS])
        if more := len(bad.problems) - len(shown):
            shown.append(f"and {more:,} more")
        return "\n".join([f"{file.name} was not imported:", *shown])

    def _report(self, outcome: Outcome, *, lines: int, seconds: float, dry_run: bool) -> None:
        what = (
            f"{outcome.producers_added:,} producers added, {outcome.producers_changed:,} changed "
            f"({outcome.moved:,} moved in the hierarchy); "
            f"{outcome.numbers_added:,} numbers added, {outcome.numbers_changed:,} changed"
        )
        done = "Would be" if dry_run else "Done"
        self.stdout.write(f"{done}: {what}. {lines:,} lines, {seconds:.1f} s.{' Nothing was kept.' if dry_run else ''}")
