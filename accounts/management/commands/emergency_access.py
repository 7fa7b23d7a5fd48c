"""``manage.py emergency_access USERNAME --hours 4 --reason "INC-4711 ..."``: open a closed login of carrier staff for some hours."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.services import emergency_access


class Command(BaseCommand):
    requires_migrations_checks = True
    help = (
        "Opens a closed login of carrier staff for an emergency, writes down why, tells the other staff, and has a worker "
        "close it again. Password and second step are asked as always."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="of a login of carrier staff that is closed")
        parser.add_argument("--hours", type=int, default=4, help=f"1 to {emergency_access.MOST_HOURS} (4)")
        parser.add_argument("--reason", required=True, help="why, with a ticket number; no client's name")

    def handle(self, *, username: str, hours: int, reason: str, **options: Any) -> None:
        try:
            ends_at = emergency_access.begin(username=username, hours=hours, reason=reason, at=timezone.now())
        except emergency_access.NotForEmergencies as exc:
            raise CommandError(str(exc)) from None
        self.stdout.write(f"{username} is open until {timezone.localtime(ends_at):%m/%d/%Y %I:%M %p %Z}.")
