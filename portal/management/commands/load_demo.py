"""``manage.py load_demo``: fill an empty portal with invented producers, clients and policies."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from enrollment.services import catalog_import, shipped_catalog
from portal.common.dates import today_in
from portal.demo_data.loader import DatabaseNotEmpty, Loaded, load, refresh_statistics, rows_already_there
from portal.demo_data.logins import PASSWORD


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day like 2026-11-30") from None


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number of members")
    return int(text)


class Command(BaseCommand):
    requires_migrations_checks = True
    help = (
        "Load invented demo data into an empty database: all states, every policy status, dates relative to today. "
        "The same seed and day give the same data. All or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--members",
            type=at_least_one,
            help="about so many members in all: fewer than the demo's 4,900 shrink its books, more add a large carrier "
            "around them, with the users bench3k, bench30k and bench100k as far as it is large enough",
        )
        parser.add_argument("--seed", type=int, default=1, help="another seed gives other people (default 1)")
        parser.add_argument("--today", type=a_day, help="the day all dates are relative to, YYYY-MM-DD (default today)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is data already")
        parser.add_argument("--dry-run", action="store_true", help="load everything, then take it back")
        parser.add_argument(
            "--force", action="store_true", help="load even where the demo mailbox is off, as in production"
        )

    def handle(
        self,
        *,
        members: int | None,
        seed: int,
        today: date | None,
        if_empty: bool,
        dry_run: bool,
        force: bool,
        **options: Any,
    ) -> None:
        if not settings.DEMO_MAILBOX and not force:
            raise CommandError(
                "These settings are not for demonstrations (DEMO_MAILBOX is off): the demo users' password is public. "
                "Use --force to load all the same, on a portal that nobody else can reach."
            )
        if if_empty and rows_already_there():
            return
        started = time.perf_counter()
        with tqdm(disable=None, unit=" policies", leave=False) as bar:

            def progress(written: int, of: int) -> None:
                bar.total = of
                bar.update(written)

            try:
                with transaction.atomic():
                    day = today or today_in()
                    shipped_catalog.load(now=timezone.now(), step=bar.set_description_str)
                    loaded = load(
                        seed=seed, today=day, members=members, progress=progress, step=bar.set_description_str
                    )
                    if dry_run:
                        transaction.set_rollback(True)
            except DatabaseNotEmpty as there:
                if if_empty:
                    return
                raise CommandError(
                    f"The database holds data already ({there}). Demo data goes into an empty one: "
                    "`make reset-demo` starts afresh."
                ) from None
            if not dry_run and not connection.in_atomic_block:
                bar.set_description_str("Statistics")
                refresh_statistics()
                catalog_import.refresh_statistics()
        self.report(loaded, seconds=time.perf_counter() - started, dry_run=dry_run)

    def report(self, loaded: Loaded, *, seconds: float, dry_run: bool) -> None:
        """Say what came in."""
        what = ", ".join(f"{count:,} {name}" for name, count in loaded.counts.items())
        if dry_run:
            self.stdout.write(f"Would load {what} ({seconds:.1f} s). Nothing was kept.")
            return
        self.stdout.write(f"Loaded {what} in {seconds:.1f} s.")
        self.stdout.write(f"Sign in as {', '.join(loaded.usernames)}; the password is {PASSWORD}")
