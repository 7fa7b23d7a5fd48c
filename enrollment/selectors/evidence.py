"""The checklist of proof of an application's life events, and what is open in the books of a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ecomm.models import DocumentSubmission
from ecomm.selectors.documents import STATUS_PILLS
from enrollment.models import (
    Application,
    ApplicationLifeEvent,
    EvidenceItem,
    EvidenceKind,
    EvidencePaper,
    LifeEventKind,
)
from enrollment.rules.application_days import is_expired
from enrollment.rules.evidence import MET, OPEN, Asks, Event, State, due_on, is_late, slots_asked, state_of_group
from enrollment.selectors.life_events import life_events_of
from portal.common.access import Perm
from portal.common.dates import as_text, moment_as_text, today_in

PILLS = {
    State.WANTED: "warning",
    State.SENT: "info",
    State.ACCEPTED: "success",
    State.REJECTED: "danger",
    State.WAIVED: "secondary",
}
LATE = "Late"
Status = Application.Status


@dataclass(frozen=True)
class PaperLine:
    """One document of a slot; nothing here opens the file (DOC_07)."""

    tracking_number: int
    file_name: str
    sent_at: str
    sent_by: str
    status: str
    pill: str
    reason: str


@dataclass
class SlotLine:
    """One slot as the page shows it; ``key`` names it in a form, and the page puts the form in its place."""

    key: str
    label: str
    note: str
    state: str
    state_text: str
    pill: str
    reason: str
    is_attestation: bool
    can_send: bool
    attested: str
    papers: tuple[PaperLine, ...] = ()
    form: Any = None

    @property
    def anchor(self) -> str:
        return self.key.lower().replace(":", "-").replace("_", "-")


@dataclass(frozen=True)
class Requirement:
    """A slot by itself, or several of which one is enough (``title`` says of what)."""

    title: str
    slots: tuple[SlotLine, ...]
    required: bool
    state: str
    state_text: str
    pill: str
    due: str
    late: bool

    @property
    def is_group(self) -> bool:
        return bool(self.title)

    @property
    def name(self) -> str:
        return self.title or self.slots[0].label


@dataclass(frozen=True)
class EventLine:
    """A life event with its dates and what is asked for."""

    label: str
    dates: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Checklist:
    """Everything asked for with an application. ``why_closed`` says why nothing can be sent, empty when it can."""

    record_number: str
    url: str
    events: tuple[EventLine, ...] = ()
    no_longer: tuple[SlotLine, ...] = ()
    why_closed: str = ""
    when_due: str = ""
    wanted: int = 0
    late: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.events and not self.no_longer

    @property
    def slots(self) -> list[SlotLine]:
        """Every slot that is asked for."""
        return [slot for event in self.events for one in event.requirements for slot in one.slots]

    @property
    def summary(self) -> str:
        """What is still to be done, in one sentence."""
        if not any(event.requirements for event in self.events):
            return "No papers are asked for with this application."
        if not self.wanted:
            return "Nothing has to be sent at the moment."
        if self.wanted == 1:
            return "1 thing is still to be sent" + (", and it is late." if self.late else ".")
        return f"{self.wanted} things are still to be sent" + (f", {self.late} of them late." if self.late else ".")


def why_closed(application: Application, *, today: date) -> str:
    """Why no proof can be sent with the application, fit to show; empty when it can. ``today`` is its state's civil day."""
    if application.withdrawn_at is not None:
        return "This application was withdrawn. Bring it back to send papers with it."
    if application.status == Status.INCOMPLETE and is_expired(expires_on=application.expires_on, today=today):
        return f"This application expired on {as_text(application.expires_on)}. Papers can no longer be sent with it."
    return ""


def kinds_asked(application: Application, *, now: datetime) -> list[EvidenceKind]:
    """The rows by which proof is asked for with the application's life events, in order; three queries.

    Those in force on the day of the submission, before it on the day of ``now``, each in the applicant's state. Nothing is
    asked for during open enrollment, that is when the application is for no special enrollment.
    """
    day = _submitted_on(application) or today_in(application.us_state, now=now)
    return _kinds_on(application, _life_events(application), day)


def _life_events(application: Application) -> list[ApplicationLifeEvent]:
    return life_events_of(application) if application.special_enrollment else []


def _kinds_on(application: Application, life_events: Sequence[ApplicationLifeEvent], day: date) -> list[EvidenceKind]:
    if not life_events:
        return []
    rows = EvidenceKind.objects.in_force(application.us_state, day)
    # The row of every state gives the place in the list; a state's own row then takes its place.
    found = {(row.event_code, row.code): row for row in rows.order_by("us_state", "position", "id")}
    events = [Event(one.code, one.prior_coverage) for one in life_events]
    return [found[slot.key] for slot in slots_asked([row.as_slot() for row in found.values()], events)]


def _submitted_on(application: Application) -> date | None:
    """Day of the submission that completed the application, in the applicant's state; ``None`` before one did."""
    if application.status != Status.COMPLETED:
        return None
    last = application.submissions.order_by("-number").values_list("submitted_at", flat=True).first()
    return today_in(application.us_state, now=last) if last else None


def checklist_of(application: Application, *, now: datetime | None = None) -> Checklist:
    """What is asked for with an application the person may open, what was sent, and what became of it; six queries.

    Slots follow the life events as they stand; what was sent for an event that is gone is listed apart.
    """
    now = now or timezone.now()
    today = today_in(application.us_state, now=now)
    submitted_on = _submitted_on(application)
    life_events = _life_events(application)
    kinds = _kinds_on(application, life_events, submitted_on or today)
    papers = EvidencePaper.objects.select_related("document__file", "document__submitted_by").order_by("id")
    rows = application.evidence_items.select_related("kind", "attested_by").prefetch_related(Prefetch("papers", papers))
    items = {(row.event_code, row.code): row for row in rows}
    closed = why_closed(application, today=today)
    slots = [_Slot(kind, items.pop((kind.event_code, kind.code), None), submitted_on) for kind in kinds]
    labels = _labels(application, life_events, submitted_on or today)
    events = tuple(_events(life_events, labels, slots, today=today, is_open=not closed))
    requirements = [one for event in events for one in event.requirements]
    return Checklist(
        record_number=application.record_number,
        url=reverse("enrollment:application-evidence", args=[application.record_number]),
        events=events,
        no_longer=tuple(
            _slot_line(_Slot(row.kind, row, None), is_open=False)
            for row in items.values()
            if row.papers.all() or row.attested_at
        ),
        why_closed=closed,
        when_due="" if submitted_on else _before_submission(kinds),
        wanted=sum(one.required and one.state in OPEN for one in requirements),
        late=sum(one.late for one in requirements),
    )


def _before_submission(kinds: Sequence[EvidenceKind]) -> str:
    days = sorted({kind.due_days or settings.EVIDENCE_DUE_DAYS for kind in kinds})
    if not days:
        return ""
    words = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Due {words} days after the application is submitted. You can send papers before."


@dataclass
class _Slot:
    """A slot with its row, where there is one already."""

    kind: EvidenceKind
    item: EvidenceItem | None
    submitted_on: date | None
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.item.state) if self.item else State.WANTED

    @property
    def due(self) -> date | None:
        """Known once the application is submitted."""
        if self.submitted_on is None:
            return None
        if self.item is not None and self.item.due_on:
            return self.item.due_on
        return due_on(self.submitted_on, self.kind.due_days or settings.EVIDENCE_DUE_DAYS)


def _events(
    life_events: Sequence[ApplicationLifeEvent],
    labels: Mapping[str, str],
    slots: Sequence[_Slot],
    *,
    today: date,
    is_open: bool,
) -> Iterable[EventLine]:
    dates: dict[str, list[date]] = {}
    for one in life_events:
        dates.setdefault(one.code, []).append(one.event_date)
    for code, days in dates.items():
        groups: dict[str, list[_Slot]] = {}
        for slot in slots:
            if slot.kind.event_code == code:
                groups.setdefault(slot.kind.one_of or f":{slot.kind.code}", []).append(slot)
        yield EventLine(
            label=labels.get(code, code),
            dates=", ".join(as_text(day) for day in sorted(days)),
            requirements=tuple(_requirement(group, today=today, is_open=is_open) for group in groups.values()),
        )


def _labels(application: Application, life_events: Sequence[ApplicationLifeEvent], day: date) -> dict[str, str]:
    if not life_events:
        return {}
    rows = LifeEventKind.objects.in_force(application.us_state, day).filter(code__in=[one.code for one in life_events])
    return dict(rows.order_by("us_state").values_list("code", "label"))


def _requirement(group: Sequence[_Slot], *, today: date, is_open: bool) -> Requirement:
    first = group[0].kind
    state = state_of_group(slot.state for slot in group)
    dues = [slot.due for slot in group if slot.due]
    due = max(dues) if dues else None
    late = first.required and is_late(state, due=due, today=today)
    attested = state == State.ACCEPTED and first.asks == Asks.ATTESTATION
    # Once one is settled, the others are asked for no more; what was sent stays in sight.
    shown = [slot for slot in group if state not in MET or slot.state != State.WANTED]
    return Requirement(
        title=first.one_of if len(group) > 1 else "",
        slots=tuple(_slot_line(slot, is_open=is_open and (state not in MET)) for slot in shown),
        required=first.required,
        state=state,
        state_text=_state_text(state, required=first.required, attested=attested, late=late),
        pill="danger" if late else _pill(state, required=first.required),
        due=as_text(due) if first.required else "",
        late=late,
    )


def _state_text(state: State, *, required: bool, attested: bool = False, late: bool = False) -> str:
    if late:
        return f"{LATE}: {'rejected' if state == State.REJECTED else 'still wanted'}"
    if attested:
        return "Attested"
    if state == State.WANTED and not required:
        return "Optional"
    return str(EvidenceItem.Status(state).label)


def _pill(state: State, *, required: bool) -> str:
    return "secondary" if state == State.WANTED and not required else PILLS[state]


def _slot_line(slot: _Slot, *, is_open: bool) -> SlotLine:
    kind, item = slot.kind, slot.item
    attested = ""
    if item is not None and item.attested_at is not None and item.attested_by is not None:
        attested = f"Attested on {moment_as_text(item.attested_at)}, entered by {_person(item.attested_by)}."
    return SlotLine(
        key=f"{kind.event_code}:{kind.code}",
        label=kind.label,
        note=kind.note if not (item and item.attested_text) else item.attested_text,
        state=slot.state,
        state_text=_state_text(slot.state, required=kind.required, attested=bool(attested)),
        pill=_pill(slot.state, required=kind.required),
        reason=item.reason if item else "",
        is_attestation=kind.asks == Asks.ATTESTATION,
        can_send=is_open and slot.state not in MET,
        attested=attested,
        papers=tuple(_paper(one.document) for one in item.papers.all()) if item else (),
    )


def _paper(document: DocumentSubmission) -> PaperLine:
    return PaperLine(
        tracking_number=document.tracking_number,
        file_name=document.file.name,
        sent_at=moment_as_text(document.submitted_at),
        sent_by=_person(document.submitted_by),
        status=document.get_status_display(),
        pill=STATUS_PILLS[DocumentSubmission.Status(document.status)],
        reason=document.reason,
    )


def _person(user: User) -> str:
    return user.get_full_name() or user.get_username()


# --- what is open, over the applications of a person's books ---


@dataclass(frozen=True)
class OpenEvidence:
    """Something a person still has to send, as a desk lists it; ``due`` is inclusive."""

    record_number: str
    label: str
    due: date | None
    late: bool
    rejected: bool
    reason: str
    url: str


def to_send(user: User, *, today: date, most: int = 50) -> list[OpenEvidence]:
    """What is still to be sent with submitted applications of the user's books, what is due first comes first; two queries.

    Of slots of which one is enough the first stands for all.
    """
    rows = EvidenceItem.objects.for_user(user, perm=Perm.ENROLL).open().select_related("kind", "application")
    found: dict[Any, OpenEvidence] = {}
    for row in rows.order_by("due_on", "application_id", "kind__position", "id")[: most * 4]:
        group = (row.application_id, row.event_code, row.kind.one_of or row.code)
        found.setdefault(
            group,
            OpenEvidence(
                record_number=row.application.record_number,
                label=row.kind.one_of or row.kind.label,
                due=row.due_on,
                late=is_late(State(row.state), due=row.due_on, today=today),
                rejected=row.state == State.REJECTED,
                reason=row.reason,
                url=reverse("enrollment:application-evidence", args=[row.application.record_number]),
            ),
        )
    return list(found.values())[:most]


def count_late(user: User, *, today: date) -> int:
    """How many applications of the user's books have something overdue; one query."""
    rows = EvidenceItem.objects.for_user(user, perm=Perm.ENROLL).late(today)
    return int(rows.values("application_id").distinct().count())


@dataclass(frozen=True)
class DueEvidence:
    """What is still to be sent with one application; ``due`` is the earliest day, inclusive."""

    due: date | None
    things: int
    rejected: bool


def due_by_application(user: User) -> dict[int, DueEvidence]:
    """What is still to be sent, for every submitted application of the user's books that lacks something; one query.

    Slots of which one is enough count once.
    """
    rows = EvidenceItem.objects.for_user(user, perm=Perm.ENROLL).open().order_by("application_id", "id")
    found: dict[int, dict[tuple[str, str], tuple[date | None, bool]]] = {}
    columns = ("application_id", "event_code", "kind__one_of", "code", "due_on", "state")
    for application_id, event_code, one_of, code, due, state in rows.values_list(*columns):
        slot = (event_code, one_of or f":{code}")
        found.setdefault(application_id, {}).setdefault(slot, (due, state == State.REJECTED))
    return {
        application_id: DueEvidence(
            due=min((due for due, _ in slots.values() if due), default=None),
            things=len(slots),
            rejected=any(rejected for _, rejected in slots.values()),
        )
        for application_id, slots in found.items()
    }
