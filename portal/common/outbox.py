"""Owed work: rows written with the business change, done after commit, swept until done (ADR 0002).

``add`` writes the row and, after commit, tells Celery its id. Losing that message loses nothing: beat sweeps
due rows every few seconds. Delivery is at least once, so every handler is idempotent.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.common import clocks, lease_owners
from portal.common.models import OutboxMessage
from portal.common.monitoring import Metric

logger = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
BROKER_REST_SECONDS = 10.0  # after the broker failed once, rely on the sweep for a while


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help; the row becomes a dead letter at once."""


class NotYet(Exception):
    """Raised by a handler that has to wait for something else: tried again after ``wait``, and this try does not count."""

    def __init__(self, why: str, *, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(why)


Work = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Handler:
    work: Work
    on_dead: Work | None
    lease: timedelta | None


_handlers: dict[str, Handler] = {}


def handler(topic: str, *, on_dead: Work | None = None, lease: timedelta | None = None) -> Callable[[Work], Work]:
    """Register the function that does the work of ``topic``.

    ``on_dead`` runs once when the row is given up, to make the failure visible to a person. ``lease`` is how long
    one attempt may take before another worker may try (default OUTBOX_LEASE_SECONDS).
    """

    def register(work: Work) -> Work:
        if topic in _handlers and _handlers[topic].work is not work:
            raise ValueError(f"Two handlers for outbox topic {topic}.")
        _handlers[topic] = Handler(work=work, on_dead=on_dead, lease=lease)
        return work

    return register


def topics() -> list[str]:
    return sorted(_handlers)


def add(
    topic: str,
    *,
    dedupe_key: str,
    payload: dict[str, Any],
    not_before: datetime | None = None,
    order_key: str = "",
) -> OutboxMessage:
    """Owe one piece of work, in the caller's transaction. The same ``dedupe_key`` again returns the row that exists."""
    now = clocks.shared_now()
    message, created = OutboxMessage.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={"topic": topic, "payload": payload, "not_before": not_before or now, "order_key": order_key},
    )
    if created and message.not_before <= now:
        transaction.on_commit(lambda: _nudge(message.pk))
    return message


_broker_rests_until = 0.0


def _nudge(message_pk: int) -> None:
    """Tell a worker that a row is due. A broker that does not answer costs the user nothing: the sweep finds the row."""
    global _broker_rests_until
    from portal.common.tasks import deliver_outbox_message

    if time.monotonic() < _broker_rests_until:
        return
    try:
        deliver_outbox_message.apply_async(kwargs={"message_pk": message_pk}, retry=False, expires=120)
    except Exception as exc:  # noqa: BLE001 - refused, full, read-only, half dead: the change is saved, whatever a broker says
        _broker_rests_until = time.monotonic() + BROKER_REST_SECONDS
        logger.warning("broker unreachable, work waits for the sweep", error=type(exc).__name__)


def due(now: datetime) -> Any:
    """Rows that may be tried at ``now``: pending, not leased, and no older pending row shares their order key."""
    older = OutboxMessage.objects.filter(
        order_key=OuterRef("order_key"), id__lt=OuterRef("id"), status=OutboxMessage.Status.PENDING
    )
    return (
        OutboxMessage.objects.filter(status=OutboxMessage.Status.PENDING, not_before__lte=now)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
        .filter(Q(order_key="") | ~Exists(older))
        .order_by("not_before", "id")
    )


def _claim(now: datetime, pk: int | None) -> OutboxMessage | None:
    """Lease one due row, or ``None``. The lease is committed before any work begins."""
    with transaction.atomic():
        rows = due(now).select_for_update(skip_locked=True, of=("self",))
        message: OutboxMessage | None = (rows.filter(pk=pk) if pk is not None else rows).first()
        if message is None:
            return None
        known = _handlers.get(message.topic)
        lease = (known.lease if known else None) or timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        message.lease_until = now + lease
        message.lease_owner = lease_owners.new_owner()
        message.attempts += 1
        message.save(update_fields=["lease_until", "lease_owner", "attempts"])
        return message


def deliver(*, message_pk: int, now: datetime | None = None) -> bool:
    """Try one row if it is due. Returns whether an attempt was made."""
    message = _claim(now or clocks.shared_now(), message_pk)
    if message is None and release_orphans(now=now or clocks.shared_now()):
        message = _claim(now or clocks.shared_now(), message_pk)  # told again because the first process died with it
    if message is None:
        return False
    _attempt(message, now)
    return True


def sweep(*, now: datetime | None = None, max_seconds: float = 45.0) -> int:
    """Try due rows, one after the other, until none is left or the time is up. Returns the number of attempts."""
    return sum(1 for _ in _sweep_steps(now, max_seconds))


def _sweep_steps(now: datetime | None, max_seconds: float) -> Iterator[int]:
    ends = time.monotonic() + max_seconds
    release_orphans(now=now or clocks.shared_now())
    while time.monotonic() < ends:
        message = _claim(now or clocks.shared_now(), None)
        if message is None:
            return
        _attempt(message, now)
        yield message.pk


def release_orphans(*, now: datetime) -> int:
    """Take leases from processes of this machine that run no more; return how many.

    The first death costs no time. A row whose worker dies again waits longer each time, so that it cannot kill one worker
    after the other before anybody else's work is done. A dead worker of another machine is found by the end of its lease.
    """
    held = OutboxMessage.objects.filter(status=OutboxMessage.Status.PENDING, lease_until__gt=now)
    released = 0
    for message in held.only("lease_owner", "attempts"):
        if message.lease_owner is None or not lease_owners.is_gone(message.lease_owner):
            continue
        wait = timedelta() if message.attempts <= 1 else min(FIRST_WAIT * 2 ** (message.attempts - 2), LONGEST_WAIT)
        released += _finish(message, not_before=now + wait, last_error="WorkerLost: the process ended in the middle.")
    if released:
        logger.warning("owed work of processes that ended was released", rows=released)
    return released


def _attempt(message: OutboxMessage, now: datetime | None) -> None:
    known = _handlers.get(message.topic)
    try:
        if known is None:
            raise GiveUp(f"No handler for topic {message.topic}.")
        if message.attempts > settings.OUTBOX_MAX_ATTEMPTS:
            # Failures are counted below; only attempts whose worker died get past them.
            raise GiveUp("Every attempt ended without an answer.")
        known.work(message.payload)
    except GiveUp as exc:
        _give_up(message, known, exc)
    except NotYet as exc:
        again_at = (now or clocks.shared_now()) + exc.wait
        _finish(message, attempts=message.attempts - 1, not_before=again_at, last_error=_describe(exc))
    except Exception as exc:  # noqa: BLE001 - whatever a handler raises, the row must record it and be tried again
        if message.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
            _give_up(message, known, exc)
        else:
            _postpone(message, exc, now or clocks.shared_now())
    else:
        _finish(message, status=OutboxMessage.Status.DONE, done_at=timezone.now(), last_error="")


def _postpone(message: OutboxMessage, exc: Exception, now: datetime) -> None:
    longest = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    # Full jitter: many rows that failed together do not come back together.
    wait = longest * random.uniform(0.1, 1.0)  # noqa: S311 - spreads load, guards nothing
    _finish(message, not_before=now + wait, last_error=_describe(exc))
    logger.warning("owed work postponed", topic=message.topic, message_pk=message.pk, attempts=message.attempts)


def _give_up(message: OutboxMessage, known: Handler | None, exc: Exception) -> None:
    with transaction.atomic():
        ours = _finish(message, status=OutboxMessage.Status.DEAD, last_error=_describe(exc))
        if ours and known and known.on_dead:
            _bury(message, known.on_dead)
    logger.error("owed work given up", topic=message.topic, message_pk=message.pk, attempts=message.attempts)


def _bury(message: OutboxMessage, on_dead: Work) -> None:
    """Run ``on_dead``; if it fails the row is dead all the same, or it would fail in every sweep before all others."""
    try:
        with transaction.atomic():
            on_dead(message.payload)
    except Exception as exc:  # noqa: BLE001 - whatever it raises, the sweep goes on
        logger.error(
            "dead letter not made visible",
            topic=message.topic,
            message_pk=message.pk,
            error=type(exc).__name__,
        )


def _finish(message: OutboxMessage, **changes: Any) -> bool:
    """End the lease with ``changes``, unless another worker took the row over after our lease had run out."""
    rows = OutboxMessage.objects.filter(pk=message.pk, lease_owner=message.lease_owner)
    return bool(rows.update(lease_until=None, lease_owner=None, **changes))


def _describe(exc: Exception) -> str:
    """The kind of failure only: an exception's text may quote an address or a name."""
    text = str(exc) if isinstance(exc, GiveUp | NotYet) else ""
    return f"{type(exc).__name__}: {text}".rstrip(": ")[:500]


@transaction.atomic
def retry(message: OutboxMessage) -> bool:
    """Put a dead letter back in the queue under the same key. Returns False when it was not dead any more."""
    changed = OutboxMessage.objects.filter(pk=message.pk, status=OutboxMessage.Status.DEAD).update(
        status=OutboxMessage.Status.PENDING,
        attempts=0,
        not_before=clocks.shared_now(),
        lease_until=None,
        lease_owner=None,
    )
    if changed:
        transaction.on_commit(lambda: _nudge(message.pk))
    return bool(changed)


# --- How it does ---
LATE_AFTER = timedelta(minutes=5)  # health: nobody has even tried what has been due for so long


def untried_since(now: datetime) -> datetime | None:
    """Since when the oldest row is due that nobody has tried; ``None`` when there is none. Retries are another matter."""
    pending = due(now).filter(attempts=0)
    return pending.values_list("not_before", flat=True).first()


def problems() -> list[str]:
    """Codes for /health/: work is due and nobody does it (are workers and beat running?), or was given up."""
    now = clocks.shared_now()
    oldest = untried_since(now)
    given_up = OutboxMessage.objects.filter(status=OutboxMessage.Status.DEAD, closed_note="").exists()
    codes = {"owed_work_waits": oldest is not None and oldest < now - LATE_AFTER, "owed_work_given_up": given_up}
    return [code for code, is_so in codes.items() if is_so]


def metrics() -> list[Metric]:
    now = clocks.shared_now()
    oldest = untried_since(now)
    rows = OutboxMessage.objects.order_by()
    given_up = rows.filter(status=OutboxMessage.Status.DEAD, closed_note="").count()
    return [
        Metric(
            name="portal_outbox_pending",
            help="Owed work that is not done yet, whenever it is due.",
            samples={(): rows.filter(status=OutboxMessage.Status.PENDING).count()},
        ),
        Metric(name="portal_outbox_given_up", help="Owed work that was given up and is open.", samples={(): given_up}),
        Metric(
            name="portal_outbox_oldest_untried_seconds",
            help="For how long the oldest owed work has been due that nobody has tried yet.",
            samples={(): max(0.0, (now - oldest).total_seconds()) if oldest else 0},
        ),
    ]
