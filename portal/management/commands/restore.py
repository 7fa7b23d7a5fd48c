"""Bring a backup back, and prove that everything came back (figure F15)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.common import backups
from portal.common.hash_chain import Broken


class Command(BaseCommand):
    help = "Restore a backup that `manage.py backup` made. Stop web, workers and beat first."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the backup: portal-20260131T020000Z")
        parser.add_argument("--check", action="store_true", help="only see whether the backup is whole")
        parser.add_argument(
            "--replace", action="store_true", help="give up the tables that are there, and move the folders aside"
        )

    def handle(self, *args: Any, folder: Path, check: bool, replace: bool, **options: Any) -> None:
        try:
            if check:
                manifest = backups.check(folder)
                self.stdout.write(f"The backup of {manifest['made_at']} is whole.")
                return
            manifest = backups.restore(folder, replace=replace, now=timezone.now())
        except backups.BackupProblem as exc:
            raise CommandError(str(exc)) from exc
        except Broken as exc:
            raise CommandError(f"The audit trail that came back does not hold. {exc}") from exc
        self.stdout.write(
            f"Restored as of {manifest['made_at']}: {sum(manifest['rows'].values()):,} rows, audit trail whole."
        )
        self.stdout.write("Everybody has to sign in anew. Run migrate if the code is newer than the backup.")
        if not backups.opens_with_these_keys():
            raise CommandError(
                "What is encrypted cannot be read with FIELD_ENCRYPTION_KEYS: add the keys of the time of the backup."
            )
