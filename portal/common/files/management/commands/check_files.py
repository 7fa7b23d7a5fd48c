"""Compare stored files with their rows, and put right what a killed process left behind."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.common.files import upkeep


class Command(BaseCommand):
    help = (
        "Removes stored bytes that no row knows, finishes what was to be set apart or deleted, puts given-up malware scans "
        "back in the queue, and names rows whose bytes are missing. Beat does the same every hour, without the last. "
        "Exit code 1 when bytes are missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only look.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Remove orphans even when there are many. Make sure first that this is the database of these files.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        done = upkeep.tidy(dry_run=dry_run, force=options["force"])
        would = "would be " if dry_run else ""
        self.stdout.write(f"{done.files:,} stored files older than an hour")
        self.stdout.write(
            f"{done.orphans:,} without a row, {done.orphans if dry_run else done.removed:,} {would}removed"
        )
        self.stdout.write(f"{done.set_apart:,} with malware {would}set apart")
        if not dry_run:
            self.stdout.write(f"{upkeep.retry_scans():,} given-up scans put back in the queue")
        missing = 0
        for row in upkeep.missing():
            missing += 1
            self.stderr.write(f"file {row.pk}: the bytes are missing")
        if done.held_back:
            raise CommandError(
                f"{done.orphans:,} of {done.files:,} files have no row, far more than crashes leave. Nothing was removed. "
                "If this really is the database these files belong to, run again with --force."
            )
        if missing:
            raise CommandError(f"The bytes of {missing:,} files are missing. Restore them from the backup.")
