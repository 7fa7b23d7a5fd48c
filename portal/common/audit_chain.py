"""The audit trail as a chain: each event is sealed with the hash of the event before, so that a change shows (ADR 0029).

Events are sealed by a worker a little after they were written, because one chain written by all requests would make them
queue for its end. Their order is that of sealing. The database refuses to change events and links; this finds what somebody
did who could overrule it. The last hash goes to the log with every run, which is kept elsewhere: whoever writes both the
events and a new chain cannot write that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from portal.common.hash_chain import START, Broken, sha256_of
from portal.common.models import AuditEvent, AuditLink
from portal.common.monitoring import Metric

logger = structlog.get_logger(__name__)

AT_ONCE = 2_000
# An event is committed a little after its number was taken: each run looks so far back for numbers that came late, and
# once a day everywhere.
LOOKS_BACK = 50_000
LATE_AFTER = timedelta(hours=1)
LOCK = 0x0A0D17  # of the advisory lock: one sealer at a time
FIELDS = (
    "id",
    "at",
    "action",
    "actor_id",
    "actor_username",
    "for_producer",
    "object_type",
    "object_id",
    "details",
    "request_id",
    "ip_address",
)


@dataclass(frozen=True)
class Verified:
    """What ``verify`` found in order: how many events are sealed, the last hash, and how many wait for a seal."""

    sealed: int
    head: str
    waiting: int


def content_of(event: AuditEvent) -> Mapping[str, Any]:
    """What is hashed of an event: everything."""
    content = {name: getattr(event, name) for name in FIELDS}
    content["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return content


def seal(*, everywhere: bool = False) -> int:
    """Put every event that has no place in the chain yet at its end; returns how many. A second sealer does nothing.

    ``everywhere`` looks at all events, not only at the newest.
    """
    sealed = 0
    while now := _seal_some(everywhere=everywhere):
        sealed += now
    if sealed:
        last = AuditLink.objects.order_by("-position").first()
        if last is not None:
            logger.info("audit sealed", events=sealed, position=last.position, sha256=last.sha256)
    return sealed


@transaction.atomic
def _seal_some(*, everywhere: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = AuditLink.objects.order_by("-position").first()
    end, previous = (last.position, last.sha256) if last else (0, START)
    links = []
    for position, event in enumerate(_unsealed(everywhere=everywhere)[:AT_ONCE], end + 1):
        previous = sha256_of(previous, content_of(event))
        links.append(AuditLink(position=position, event_id=event.pk, sha256=previous))
    AuditLink.objects.bulk_create(links)
    return len(links)


def _unsealed(*, everywhere: bool = True) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(~Exists(AuditLink.objects.filter(event_id=OuterRef("pk")))).order_by("pk")
    newest = AuditLink.objects.order_by("-event_id").values_list("event_id", flat=True).first()
    if everywhere or newest is None:
        return events
    return events.filter(pk__gt=newest - LOOKS_BACK)


def verify(*, anchors: Mapping[int, str] | None = None, late_is_broken: bool = True) -> Verified:
    """Recount the whole chain. Memory does not grow with its length.

    ``anchors`` are hashes by position that were kept elsewhere. Raises ``Broken`` for the first link that does not hold, for
    an event that is gone, for one that should have been sealed long ago (unless ``late_is_broken`` is off, as after a
    restore), and for an anchor that is another one.
    """
    wanted = dict(anchors or {})
    previous, count = START, 0
    for expected, link in enumerate(_links(), 1):
        if link.position != expected:
            raise Broken(f"Position {expected} is missing: a link was taken out.")
        event = getattr(link, "found", None)
        if event is None:
            raise Broken(f"Position {expected}: the event {link.event_id} is gone.")
        if sha256_of(previous, content_of(event)) != link.sha256:
            raise Broken(f"Position {expected}: the event {link.event_id} or a link before it was changed.")
        previous, count = link.sha256, expected
        if wanted.pop(expected, previous) != previous:
            raise Broken(f"Position {expected} had another hash before: the chain was written anew.")
    if wanted:
        raise Broken(
            f"The chain ends at position {count}; a hash of position {max(wanted)} was kept: the end was cut off."
        )
    waiting = _unsealed()
    late = waiting.filter(at__lt=Now() - LATE_AFTER).first()
    if late is not None and late_is_broken:
        raise Broken(f"The event {late.pk} has no place in the chain; it should have been sealed long ago.")
    return Verified(sealed=count, head=previous, waiting=waiting.count())


def _links() -> Iterator[AuditLink]:
    """All links in order, each with its event as ``found`` (``None`` when it is gone)."""
    position = 0
    while some := list(AuditLink.objects.filter(position__gt=position).order_by("position")[:AT_ONCE]):
        events = AuditEvent.objects.in_bulk([link.event_id for link in some])
        for link in some:
            link.found = events.get(link.event_id)  # type: ignore[attr-defined]
            yield link
        position = some[-1].position


def problems(*, now: datetime | None = None) -> list[str]:
    """``audit_unsealed`` when the newest events have waited for a seal for more than an hour."""
    late = _unsealed(everywhere=False).filter(at__lt=(now or datetime.now(UTC)) - LATE_AFTER)
    return ["audit_unsealed"] if late.exists() else []


def metrics() -> list[Metric]:
    """How many events wait for their place in the chain."""
    waiting = _unsealed(everywhere=False).count()
    return [Metric(name="portal_audit_unsealed", help="Audit events without a seal.", samples={(): waiting})]
