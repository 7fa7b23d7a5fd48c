"""Delivering changes to the member system (CON_03, ADR 0014).

``sweep`` claims due rows, hands them to the gateway outside of any transaction, and finishes each one if the lease is
still its own. Any number of sweeps may run at once, and any of them may be killed at any moment: the lease runs out,
and the row is sent again under the same reference.
"""

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from clients.membersystem import gateways, settle
from clients.membersystem.coalesce import merged
from clients.membersystem.gateways.base import Delivery, Gateway, Transaction, Unreachable
from clients.membersystem.states import Step, after
from clients.models import MemberChange

logger = structlog.get_logger(__name__)

Status, Kind = MemberChange.Status, MemberChange.Kind
AT_ONCE = 50
LEASE = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=30)
# Given up after so many tries, but not before so long: with the random pauses eight tries may be over in forty minutes,
# and a member system that is down for an evening must cost nobody a change.
MAX_TRIES, KEEP_TRYING = 8, timedelta(hours=2)
# So many calls in a row without an answer: the line is down. What else was claimed is handed back untried.
DOWN_AFTER = 3
# What changes the coverage of everybody in the household; the others concern one member.
HOUSEHOLD_WIDE = (Kind.ENROLL, Kind.TERM, Kind.REINSTATE)
OPEN = (Status.PENDING, Status.SENT)
UNDONE = "Changed back before it was sent: nothing to tell the member system."
_NOT_IN_A_REFERENCE = re.compile(r"[^A-Z0-9]")

Clock = Callable[[], datetime]


@dataclass(kw_only=True)
class Swept:
    """What a sweep did, in changes. ``down`` when it stopped because the member system does not answer."""

    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    postponed: int = 0
    given_up: int = 0
    lost: int = 0  # finished by somebody else, who had taken the row over
    down: bool = False


@dataclass
class _Run:
    gateway: Gateway
    clock: Clock
    swept: Swept = field(default_factory=Swept)
    unanswered_calls: int = 0


def sweep(*, now: datetime | None = None, gateway: Gateway | None = None, max_seconds: float = 45.0) -> Swept:
    """Deliver what is due, until nothing is left, the time is up or the member system does not answer.

    For the system, on nobody's behalf. ``now`` stands still for the whole sweep when given.
    """
    run = _Run(gateway or gateways.chosen(), (lambda: now) if now is not None else timezone.now)
    ends = time.monotonic() + max_seconds
    while not run.swept.down and (claimed := claim(now=run.clock())):
        left = iter(claimed)
        while not run.swept.down and (some := list(islice(left, run.gateway.at_once))):
            _deliver(run, some)
            if time.monotonic() >= ends:
                break
        if untried := list(left):
            _hand_back(untried)
            break
        if time.monotonic() >= ends:
            break
    if run.swept != Swept():
        logger.info("member changes swept", **vars(run.swept))
    return run.swept


# --- Claiming ---


def due(now: datetime) -> "QuerySet[MemberChange]":
    """Rows that may be sent at ``now``, in order: those that no older open change of theirs stands before.

    A change of one member waits for older ones of the member and of the whole household; one of the whole household
    for all older ones of its members. Sent and not yet answered is open, too: were the older one rejected or taken in
    later, the newer would have been applied to something else.
    """
    older = MemberChange.objects.filter(account_id=OuterRef("account_id"), id__lt=OuterRef("id"), status__in=OPEN)
    concerns_all = Q(kind__in=HOUSEHOLD_WIDE) | Q(member__isnull=True)
    in_the_way = older.filter(Q(member_id=OuterRef("member_id")) | concerns_all)
    return (
        MemberChange.objects.filter(status=Status.PENDING, not_before__lte=now)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
        .filter(~Exists(in_the_way))
        .filter(~concerns_all | ~Exists(older))
        .order_by("not_before", "id")
    )


def claim(*, now: datetime) -> list[Transaction]:
    """Lease up to 50 due rows; committed before anything is sent. Contact changes of a member become one."""
    while True:
        with transaction.atomic():
            rows = list(due(now).select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
            if not rows:
                return []
            kept = _coalesced(_without_hopeless(rows, now), now)
            if kept:
                return _leased(kept, now)
        # Everything claimed had been changed back, or was given up: look for more.


def _without_hopeless(rows: list[MemberChange], now: datetime) -> list[MemberChange]:
    """Give up those whose workers die with them: failures are counted where they end, only such tries get here."""
    kept = []
    for row in rows:
        if row.lease_until is not None and row.attempts >= MAX_TRIES and _long_enough(row, now):
            settle.give_up(row.pk, "Every try ended without an answer.", now=now)
        else:
            kept.append(row)
    return kept


def _coalesced(rows: list[MemberChange], now: datetime) -> list[int]:
    """Merge what follows each contact change of the same member without another change in between; ids to send."""
    followers = _followers([row for row in rows if _is_contact(row)])
    return [
        pk for row in rows if (pk := _one_of([row, *followers.get(row.pk, ())], now) if _is_contact(row) else row.pk)
    ]


def _is_contact(row: MemberChange) -> bool:
    return row.kind == Kind.CONTACT


def _one_of(together: list[MemberChange], now: datetime) -> int | None:
    """Merge these contact changes, oldest first, into the newest; its id, or ``None`` when nothing is left to send."""
    newest = together[-1]
    untold = not any(one.bgn02 for one in together)
    if len(together) == 1 and not untold:
        return newest.pk
    try:
        payload = merged([one.payload for one in together], drop_unchanged=untold)
    except (KeyError, TypeError, AttributeError):
        return together[0].pk  # not in the form that was agreed; the gateway says so, and nobody else waits for it
    newest.payload, newest.not_before = payload, min(one.not_before for one in together)
    newest.save(update_fields=["payload", "not_before"])
    for one in together[:-1]:
        settle.write(one, after(one.status, Step.MERGE), superseded_by=newest)
    if payload["after"]:
        return newest.pk
    settle.write(newest, after(newest.status, Step.UNDO), closed_at=now, closing_note=UNDONE)
    return None


def _followers(contacts: list[MemberChange]) -> dict[int, list[MemberChange]]:
    """For each of these contact changes the run of contact changes right behind it that may be merged with it."""
    if not contacts:
        return {}
    concerns_all = Q(kind__in=HOUSEHOLD_WIDE) | Q(member__isnull=True)
    behind = MemberChange.objects.filter(account_id__in={row.account_id for row in contacts}, status__in=OPEN)
    behind = behind.filter(Q(member_id__in={row.member_id for row in contacts}) | concerns_all)
    facts = list(
        behind.order_by("id").values_list("id", "account_id", "member_id", "kind", "status", "lease_until", "bgn02")
    )
    runs: dict[int, list[int]] = {}
    for row in contacts:
        run = runs.setdefault(row.pk, [])
        for pk, account_id, member_id, kind, status, lease_until, reference in facts:
            if pk <= row.pk or account_id != row.account_id:
                continue
            of_all = kind in HOUSEHOLD_WIDE or member_id is None
            if not of_all and member_id != row.member_id:
                continue
            # One that went out under its reference already keeps its words: the same reference must mean the same.
            mergeable = kind == Kind.CONTACT and status == Status.PENDING and lease_until is None and not reference
            if of_all or not mergeable:
                break
            run.append(pk)
    wanted = [pk for run in runs.values() for pk in run]
    if not wanted:
        return {}
    still = MemberChange.objects.select_for_update(skip_locked=True, of=("self",))
    got = {row.pk: row for row in still.filter(pk__in=wanted, status=Status.PENDING, lease_until=None)}
    return {first: [got[pk] for pk in _while_got(run, got)] for first, run in runs.items()}


def _while_got(run: list[int], got: dict[int, MemberChange]) -> Iterator[int]:
    for pk in run:
        if pk not in got:
            return
        yield pk


def _leased(pks: Sequence[int], now: datetime) -> list[Transaction]:
    owner = uuid.uuid4()
    rows = MemberChange.objects.filter(pk__in=pks)
    rows.update(
        lease_until=now + LEASE,
        lease_owner=owner,
        attempts=F("attempts") + 1,
        first_tried_at=Coalesce("first_tried_at", now),
    )
    changes = {row.pk: row for row in settle.with_related().filter(pk__in=pks)}
    again = {pk for pk, row in changes.items() if row.bgn02}
    for row in (new := [row for pk, row in changes.items() if pk not in again]):
        row.bgn02 = reference_of(row)
    MemberChange.objects.bulk_update(new, ["bgn02"])
    return [Transaction(change=changes[pk], reference=changes[pk].bgn02, resend=pk in again, made_at=now) for pk in pks]


def reference_of(change: MemberChange) -> str:
    """BGN02: kind, member and row, such as CONTACT-900000000001-42; made once, when the change is first claimed."""
    member = _NOT_IN_A_REFERENCE.sub("", change.member.member_id.upper()) if change.member else "ALL"
    return f"{change.kind.replace('_', '')}-{member}-{change.pk}"


# --- Sending ---


def _deliver(run: _Run, some: list[Transaction]) -> None:
    """One call of the gateway, and what follows from it for each transaction."""
    mine = [one for one in some if _keep_lease(run, one)]
    if not mine:
        return
    try:
        deliveries = list(run.gateway.send(mine))
        if [delivery.reference for delivery in deliveries] != [one.reference for one in mine]:
            raise ValueError("deliveries of other transactions")
    except (Unreachable, OSError, DatabaseError, InterfaceError) as exc:
        run.unanswered_calls += 1
        run.swept.down = run.unanswered_calls >= DOWN_AFTER
        for one in mine:
            _not_reached(run, one, exc)
    except Exception as exc:  # noqa: BLE001 - whatever a gateway raises, its rows must record it
        logger.error("gateway failed", changes=[one.change.pk for one in mine], error=settle.kind_and_place(exc))
        for one in mine:
            _give_up(run, one, f"Fault in the portal: {type(exc).__name__}.")
    else:
        run.unanswered_calls = 0
        for one, delivery in zip(mine, deliveries, strict=True):
            _finish(run, one, delivery)


def _keep_lease(run: _Run, one: Transaction) -> bool:
    """Renew the lease where those before it took their time; False when somebody else has taken the row over."""
    now, change = run.clock(), one.change
    if change.lease_until is not None and change.lease_until - now > LEASE / 2:
        return True
    kept = _ours(one).update(lease_until=now + LEASE)
    run.swept.lost += not kept
    return bool(kept)


def _ours(one: Transaction) -> "QuerySet[MemberChange]":
    return MemberChange.objects.filter(pk=one.change.pk, **_lease_of(one))


def _lease_of(one: Transaction) -> dict[str, Any]:
    return {"status": Status.PENDING, "lease_owner": one.change.lease_owner}


def _finish(run: _Run, one: Transaction, delivery: Delivery) -> None:
    if delivery.invalid:
        _give_up(run, one, delivery.invalid)
        return
    now = run.clock()
    columns = {"isa13": delivery.isa13, "gs06": delivery.gs06, "st02": delivery.st02}
    if delivery.answer is None:
        _count(
            run,
            "sent",
            _ours(one).update(
                status=after(Status.PENDING, Step.SEND),
                sent_at=now,
                last_error="",
                lease_until=None,
                lease_owner=None,
                **columns,
            ),
        )
        return
    try:
        taken = settle.take_answer(
            one.change.pk, delivery.answer, now=now, only_if=_lease_of(one), known=one.change, sent_at=now, **columns
        )
        _count(run, "accepted" if delivery.answer.accepted else "rejected", taken)
    except Exception as exc:  # noqa: BLE001 - whatever an outcome raises
        # It has arrived; the portal's own part failed. Sending it again has no second effect and brings the answer back.
        logger.error("answer could not be stored", change=one.change.pk, error=settle.kind_and_place(exc))
        _try_again(run, one, f"The answer could not be stored: {type(exc).__name__}.")


def _count(run: _Run, what: str, ours: object) -> None:
    name = what if ours else "lost"
    setattr(run.swept, name, getattr(run.swept, name) + 1)


def _not_reached(run: _Run, one: Transaction, exc: Exception) -> None:
    text = str(exc) if isinstance(exc, Unreachable) else type(exc).__name__
    _try_again(run, one, f"Not reached: {text}")


def _try_again(run: _Run, one: Transaction, why: str) -> None:
    now, tries = run.clock(), one.change.attempts
    if tries >= MAX_TRIES and _long_enough(one.change, now):
        _give_up(run, one, why)
        return
    # Full jitter: many rows that failed together do not come back together.
    wait = longest_wait(tries) * random.uniform(0.1, 1.0)  # noqa: S311 - spreads load, guards nothing
    changed = _ours(one).update(not_before=now + wait, last_error=why[:500], lease_until=None, lease_owner=None)
    _count(run, "postponed", changed)


def longest_wait(tries: int) -> timedelta:
    """The longest pause after so many tries: one minute, two, four ... thirty."""
    return min(FIRST_WAIT * 2 ** min(tries, 10), LONGEST_WAIT)


def _long_enough(change: MemberChange, now: datetime) -> bool:
    return change.first_tried_at is not None and now - change.first_tried_at >= KEEP_TRYING


def _give_up(run: _Run, one: Transaction, why: str) -> None:
    done = settle.give_up(one.change.pk, why, now=run.clock(), only_if=_lease_of(one))
    _count(run, "given_up", done)
    if done:
        logger.error("member change given up", change=one.change.pk, kind=one.change.kind, tries=one.change.attempts)


def _hand_back(untried: Sequence[Transaction]) -> None:
    """What was claimed and not tried is not counted as a try, and is due as before."""
    for one in untried:
        never_tried = {} if one.resend else {"bgn02": "", "first_tried_at": None}
        _ours(one).update(attempts=F("attempts") - 1, lease_until=None, lease_owner=None, **never_tried)
