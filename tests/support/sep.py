"""The tables of enrollment periods that came with the portal, for tests that run after one that emptied the database."""

from dataclasses import asdict
from datetime import date

from django.utils import timezone

from enrollment import shipped
from enrollment.models import EvidenceKind, LifeEventKind, OpenEnrollmentPeriod


def load_sep_tables() -> None:
    """Put back what the migrations loaded; tests with ``transaction=True`` flush it away."""
    if not OpenEnrollmentPeriod.objects.exists():
        now = timezone.now()
        OpenEnrollmentPeriod.objects.bulk_create(
            OpenEnrollmentPeriod(**asdict(row), published_at=now) for row in shipped.calendar_rows()
        )
    if not LifeEventKind.objects.exists():
        now = timezone.now()
        LifeEventKind.objects.bulk_create(
            LifeEventKind(
                **asdict(row.event),
                us_state=row.us_state,
                position=row.position,
                remark=row.remark,
                first_day=date(2025, 1, 1),
                published_at=now,
            )
            for row in shipped.life_events()
        )
    if not EvidenceKind.objects.exists():
        EvidenceKind.objects.bulk_create(
            EvidenceKind(**asdict(slot), position=place * 10, first_day=date(2025, 1, 1))
            for place, slot in enumerate(shipped.evidence_slots(), start=1)
        )
