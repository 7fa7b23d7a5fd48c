"""``manage.py import_members DIR``: take over the carrier's member feed."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from clients.services import member_import
from clients.services.member_import import AlreadyRunning, BadFiles, Report
from clients.services.member_import_columns import FEEDS, Feed


def _columns_in_words(feed: Feed) -> str:
    names = [
        f"  {column.name:<30} {column.meaning}{'' if not column.required else ' (never empty)'}".replace("  (", " (")
        for column in feed.columns
    ]
    return "\n".join([f"{feed.file_name}: {feed.meaning}", *(name.rstrip() for name in names)])


HELP = """\
Import households, members, policies and coverages from CSV files (UTF-8, first line: the names of all columns below, in
any order) in one folder. A file may be missing; what it would say is then left as it is.

Every line is checked first, and what refers to what. Mistakes are listed by file and line, and then nothing is written.
Rows that exist are updated, new ones added, others left alone; an empty cell empties the value. Importing the same files
twice changes nothing. Members and policies never change their household. Another producer number on a policy makes that
producer the producer of record; how many there were is said, and each is in the audit trail.

The carrier's status wins. Where the file has none it is worked out from the dates; where the dates say otherwise the
policy is marked (administration, Policies, "Status disagrees with the dates").

A run that was stopped, even by kill -9, goes on where it was when it is started again with the same files within a day.
Nothing is seen in the portal before all of it is written.

{columns}
"""


class _Formatter(RawDescriptionHelpFormatter):
    """Keeps the lines of the column lists as they are."""


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


class Command(BaseCommand):
    requires_migrations_checks = True
    help = HELP.format(columns="\n\n".join(_columns_in_words(feed) for feed in FEEDS))

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="the folder with the files")
        parser.add_argument("--dry-run", action="store_true", help="only check the files and say what would change")
        parser.add_argument(
            "--processes", type=_at_least_one, metavar="N", help="read with so many processes (default: one per core)"
        )

    def handle(self, *, folder: Path, dry_run: bool, processes: int | None, **options: Any) -> None:
        started = time.perf_counter()
        size = sum(path.stat().st_size for feed in FEEDS if (path := folder / feed.file_name).is_file())
        try:
            with tqdm(total=size, unit="B", unit_scale=True, disable=None, leave=False) as bar:

                def progress(read: int) -> None:
                    bar.update(read)

                report = member_import.run(
                    folder,
                    now=timezone.now(),
                    dry_run=dry_run,
                    processes=processes,
                    progress=progress,
                    step=bar.set_description_str,
                )
        except BadFiles as bad:
            raise CommandError(self._in_words(folder, bad)) from None
        except AlreadyRunning:
            raise CommandError("Another import is running at this moment.") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was written; the same command goes on from here.") from None
        self._tell(report, seconds=time.perf_counter() - started, dry_run=dry_run)

    def _in_words(self, folder: Path, bad: BadFiles) -> str:
        more = [f"and {bad.more:,} more"] if bad.more else []
        return "\n".join([f"{folder.name or folder} was not imported:", *bad.problems, *more])

    def _tell(self, report: Report, *, seconds: float, dry_run: bool) -> None:
        if report.was_read:
            self.stdout.write("The files had been read by an earlier run; they were not read again.")
        elif report.pieces_kept:
            self.stdout.write(f"{report.pieces_kept:,} pieces of the files had been read by a run that was stopped.")
        out = report.outcome
        if out.anything:
            self.stdout.write(
                f"{'Would be' if dry_run else 'Done'}: "
                f"{out.accounts_added:,} households added, {out.accounts_changed:,} changed; "
                f"{out.members_added:,} members added, {out.members_changed:,} changed; "
                f"{out.contacts_added:,} phones and emails added, {out.contacts_changed:,} changed, "
                f"{out.contacts_removed:,} removed; "
                f"{out.policies_added:,} policies added, {out.policies_changed:,} changed "
                f"({out.producers_of_record_changed:,} with another producer of record); "
                f"{out.coverages_added:,} coverages added, {out.coverages_changed:,} changed; "
                f"{out.statuses_changed:,} statuses moved on with the day; "
                f"{out.households_confirmed:,} households confirmed as they were."
            )
        else:
            self.stdout.write("Nothing changed: the portal had all of this already.")
        lines = ", ".join(f"{report.lines.get(feed.name, 0):,} {feed.name}" for feed in FEEDS)
        self.stdout.write(
            f"Lines: {lines}. The carrier's status disagrees with the dates on {report.disagree:,} policies. "
            f"{seconds:.1f} s.{' Nothing was kept.' if dry_run else ''}"
        )
