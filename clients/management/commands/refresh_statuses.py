"""``manage.py refresh_statuses``: work out what the dates say of each policy's status."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from clients.models import Policy
from clients.services import statuses


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day like 2026-11-30") from None


class Command(BaseCommand):
    requires_migrations_checks = True
    help = (
        "Work out what the dates say of each policy's status. Beat does this every 15 minutes for the policies whose "
        "status the day may have changed. A run that was stopped is continued by the next one; of two at a time, the "
        "second stops. The carrier's status is never overwritten; where it is another one, both are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="every policy, also those that should not have changed: after new rules"
        )
        parser.add_argument(
            "--today", type=a_day, help="every policy, as of this day (YYYY-MM-DD) in every state, instead of today"
        )

    def handle(self, *, all: bool, today: date | None, **options: Any) -> None:
        started = time.perf_counter()
        now = timezone.now()
        try:
            with tqdm(desc="Policies", unit=" policies", disable=None, leave=False) as bar:
                if all or today is not None:
                    done = statuses.refresh_all(now=now, today=today, progress=bar.update)
                else:
                    done = statuses.refresh_due(now=now, progress=bar.update)
        except statuses.AlreadyRunning:
            raise CommandError("The statuses are being worked out by another run at this moment.") from None
        if not done.complete:
            self.stderr.write("Another run has taken over; it does the rest.")
        self.stdout.write(
            f"Done: {done.looked_at:,} policies looked at, {done.changed:,} changed. The carrier's status disagrees with "
            f"the dates on {Policy.objects.status_disagrees().count():,} policies. {time.perf_counter() - started:.1f} s."
        )
