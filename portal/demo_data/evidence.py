"""Proof of life events sent with the demo producer's applications: with the carrier, accepted, rejected, waived and late."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q

from accounts.models import User
from ecomm.rules.rejection_reasons import COMMON_REASONS
from enrollment.models import Application, ApplicationLifeEvent, EvidenceItem, EvidenceKind
from enrollment.rules.evidence import State
from enrollment.selectors.evidence import kinds_asked
from enrollment.services import evidence
from portal.common.access import Perm
from portal.common.dates import today_in
from portal.common.files.uploads import CheckedFile
from portal.demo_data.papers import Part, pdf

# What becomes of the first slot of each requirement, one after the other; the rest stays wanted.
SUBMITTED = (State.WANTED, State.REJECTED, State.WAIVED, State.SENT, State.ACCEPTED)
DRAFTS = (State.SENT, State.ACCEPTED, State.REJECTED)
MOST_DRAFTS = 2
# For a draft begun from a quote that has no life event yet.
EVENTS = (("LOSS_MEC", 12, ""), ("PERMANENT_MOVE", 20, "yes"))
WAIVED = "Known from our own records."
PAGE = Part("Invented for the demonstration", paragraphs=("This page names nobody.",), boxes=("Signature", "Date"))


def add_evidence(*, by: User, now: datetime) -> int:
    """Add papers to the applications of ``by`` that are there, and return how many slots got a row."""
    rows = Application.objects.for_user(by, perm=Perm.ENROLL).filter(
        special_enrollment=True, withdrawn_at=None, producer_number__producer=by.producer
    )
    rows = rows.prefetch_related("life_events").order_by("record_number")
    staff = User.objects.filter(role=User.Role.CARRIER_ADMIN).order_by("pk").first()
    if staff is None:
        return 0
    submitted = list(rows.filter(status=Application.Status.COMPLETED, life_events__isnull=False).distinct())
    for application in submitted:
        last = application.submissions.order_by("-number").first()
        if last is not None:
            evidence.ask(application=application, submitted_at=last.submitted_at)
    _fill(submitted, SUBMITTED, by=by, staff=staff, now=now)
    _fill(_drafts(list(rows.filter(status=Application.Status.INCOMPLETE)), now), DRAFTS, by=by, staff=staff, now=now)
    return EvidenceItem.objects.filter(Q(application__in=rows)).count()


def _drafts(drafts: list[Application], now: datetime) -> list[Application]:
    """Those that have life events already, or else the first one with two."""
    open_ones = [one for one in drafts if one.expires_on >= today_in(one.us_state, now=now)]
    known = [one for one in open_ones if one.life_events.all()]
    if known or not open_ones:
        return known[:MOST_DRAFTS]
    first = open_ones[0]
    today = today_in(first.us_state, now=now)
    ApplicationLifeEvent.objects.bulk_create(
        ApplicationLifeEvent(
            application=first, code=code, event_date=today - timedelta(days=days), prior_coverage=coverage
        )
        for code, days, coverage in EVENTS
    )
    return [Application.objects.get(pk=first.pk)]


def _fill(
    applications: Sequence[Application], outcomes: Sequence[State], *, by: User, staff: User, now: datetime
) -> None:
    """Give each requirement one outcome, in turn."""
    wanted = [
        (application, kind)
        for application in applications
        for kind in _first_of_each(kinds_asked(application, now=now))
        if kind.asks == EvidenceKind.AskedAs.PAPER
    ]
    for place, (application, kind) in enumerate(wanted):
        outcome = outcomes[place % len(outcomes)]
        if outcome in (State.SENT, State.ACCEPTED, State.REJECTED):
            _send(application, kind, outcome, by=by, staff=staff, at=now - timedelta(hours=30 - place % 24))
            continue
        items = EvidenceItem.objects.filter(application=application, event_code=kind.event_code)
        if outcome == State.WAIVED:
            evidence.waive(item=items.get(code=kind.code), reason=WAIVED, by=staff, at=now - timedelta(hours=3))
        elif place == SUBMITTED.index(State.WANTED):
            # Submitted so long ago, as far as its due day goes, that it is late.
            items.filter(kind__one_of=kind.one_of).update(due_on=today_in(application.us_state, now=now) - timedelta(2))


def _first_of_each(kinds: Sequence[EvidenceKind]) -> list[EvidenceKind]:
    found: dict[tuple[str, str], EvidenceKind] = {}
    for kind in kinds:
        if kind.required:
            found.setdefault((kind.event_code, kind.one_of or kind.code), kind)
    return list(found.values())


def _send(application: Application, kind: EvidenceKind, outcome: State, *, by: User, staff: User, at: datetime) -> None:
    evidence.send(
        application=application,
        event_code=kind.event_code,
        code=kind.code,
        files=[_file(kind)],
        by=by,
        at=at,
        form_key=f"demo-evidence-{application.pk}-{kind.pk}",
    )
    item = EvidenceItem.objects.get(application=application, event_code=kind.event_code, code=kind.code)
    decided_at = at + timedelta(hours=4)
    if outcome == State.ACCEPTED:
        evidence.accept(item=item, by=staff, at=decided_at)
    elif outcome == State.REJECTED:
        evidence.reject(item=item, reason=COMMON_REASONS[0], by=staff, at=decided_at)


@cache
def _page() -> bytes:
    return pdf(carrier=settings.CARRIER_NAME, title="Proof of a Life Event", parts=(PAGE,))


def _file(kind: EvidenceKind) -> CheckedFile:
    """Made a moment ago by ourselves, so it is not sent through the examination of strangers' files."""
    name = f"{kind.code.replace('_', '-')}.pdf"
    content = _page()
    return CheckedFile(
        name=name,
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        upload=SimpleUploadedFile(name, content),
    )
