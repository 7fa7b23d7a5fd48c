"""Save the whole portal: database, uploaded files, exchanged 834s (figure F15)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.common import backups


class Command(BaseCommand):
    help = "Make a backup of database and files in a new folder; the portal may go on working meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path, help="the folder in which the backup gets a folder of its own")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        try:
            made = backups.make(target, now=timezone.now())
        except backups.BackupProblem as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"{made.folder}: {made.rows:,} rows, {made.size:,} bytes.")
        self.stdout.write("Keep FIELD_ENCRYPTION_KEYS and SEARCH_DIGEST_KEY apart from it: they are not in it.")
