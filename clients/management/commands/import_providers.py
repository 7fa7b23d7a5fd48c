"""``manage.py import_providers DIR``: take over the provider directory."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from clients.services import provider_import
from clients.services.provider_import import GROUP_COLUMNS, PROVIDER_COLUMNS, BadFiles, Column, Outcome

SHOWN_PROBLEMS = 200


def _columns_in_words(columns: Sequence[Column]) -> str:
    return "\n".join(
        f"  {column.name:<21} {column.meaning}{' (never empty)' if column.required else ''}".rstrip()
        for column in columns
    )


HELP = f"""\
Import medical groups and physicians from groups.csv and providers.csv in one folder (UTF-8, first line: the names of all
columns below, in any order). A file may be missing; what it would say is then left as it is.

Every line is checked first; mistakes are listed by file and line, and then nothing is written. Entries that exist are
updated, new ones added, others left alone: who leaves the directory gets an end_date. An empty cell empties the value.
Importing the same files twice changes nothing.

groups.csv:
{_columns_in_words(GROUP_COLUMNS)}

providers.csv:
{_columns_in_words(PROVIDER_COLUMNS)}
"""


class _Formatter(RawDescriptionHelpFormatter):
    """Keeps the lines of the column lists as they are."""


class Command(BaseCommand):
    requires_migrations_checks = True
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="the folder with the files")
        parser.add_argument("--dry-run", action="store_true", help="only check the files and say what would change")

    def handle(self, *, folder: Path, dry_run: bool, **options: Any) -> None:
        started = time.perf_counter()
        try:
            files = provider_import.read(folder)
            with transaction.atomic():
                plan = provider_import.compare(files)
                if dry_run:
                    outcome = plan.outcome
                else:
                    with tqdm(total=plan.rows, desc="Directory", unit=" rows", disable=None, leave=False) as bar:
                        outcome = provider_import.write(plan, progress=bar.update)
        except BadFiles as bad:
            raise CommandError(self._in_words(folder, bad)) from None
        self._report(outcome, lines=files.lines, seconds=time.perf_counter() - started, dry_run=dry_run)

    def _in_words(self, folder: Path, bad: BadFiles) -> str:
        shown = list(bad.problems[:SHOWN_PROBLEMS])
        if more := len(bad.problems) - len(shown):
            shown.append(f"and {more:,} more")
        return "\n".join([f"{folder.name or folder} was not imported:", *shown])

    def _report(self, outcome: Outcome, *, lines: int, seconds: float, dry_run: bool) -> None:
        what = (
            f"{outcome.groups_added:,} medical groups added, {outcome.groups_changed:,} changed; "
            f"{outcome.providers_added:,} physicians added, {outcome.providers_changed:,} changed"
        )
        done = "Would be" if dry_run else "Done"
        self.stdout.write(f"{done}: {what}. {lines:,} lines, {seconds:.1f} s.{' Nothing was kept.' if dry_run else ''}")
