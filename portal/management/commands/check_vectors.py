"""``manage.py check_vectors``: hold a rule against a table of expected values (CSV)."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.management.vectors import CHECKERS
from portal.management.vectors.table import BadTable, read_table

WRONG_ANSWERS = 1
UNUSABLE_FILE = 2


class Command(BaseCommand):
    help = (
        "Compare a rule's answers with a table of expected values. Prints one line per wrong row and a last line "
        "with the counts; exit code 1 when a row is wrong, 2 when the file cannot be used."
    )
    # The rules need neither database nor URLs, so neither is asked to be in order.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", choices=sorted(CHECKERS), help="the rule the table is about")
        parser.add_argument("file", type=Path, help="CSV file; the first column is the row's id")

    def handle(self, *, table: str, file: Path, **options: Any) -> None:
        try:
            outcomes = CHECKERS[table].check(read_table(file))
        except BadTable as exc:
            problems = "\n".join(f"  {problem}" for problem in exc.problems)
            raise CommandError(f"{file} cannot be used:\n{problems}", returncode=UNUSABLE_FILE) from None
        for outcome in outcomes:
            if outcome.failed or outcome.skipped:
                self.stdout.write(outcome.sentence)
        failed = sum(outcome.failed for outcome in outcomes)
        skipped = sum(bool(outcome.skipped) for outcome in outcomes)
        self.stdout.write(f"{len(outcomes) - failed - skipped} passed, {failed} failed, {skipped} skipped")
        if failed:
            sys.exit(WRONG_ANSWERS)
