"""The tables of enrollment periods that came with the portal, for tests that run after one that emptied the database."""

from dataclasses import asdict

from django.utils import timezone

from enrollment import shipped
from enrollment.models import OpenEnrollmentPeriod


def load_sep_tables() -> None:
    """Put back what the migrations loaded; tests with ``transaction=True`` flush it away."""
    if not OpenEnrollmentPeriod.objects.exists():
        now = timezone.now()
        OpenEnrollmentPeriod.objects.bulk_create(
            OpenEnrollmentPeriod(**asdict(row), published_at=now) for row in shipped.calendar_rows()
        )
