"""Answers that come later: matched by their numbers, stored once, and missed after a day."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet

from clients.membersystem import gateways, notices, settle
from clients.membersystem.gateways.base import Answer, Gateway, Unreachable
from clients.models import MemberChange

logger = structlog.get_logger(__name__)

Status = MemberChange.Status
ANSWER_WITHIN = timedelta(hours=24)
MATCHED_BY = {"reference": "bgn02", "isa13": "isa13", "gs06": "gs06", "st02": "st02"}


def collect(*, now: datetime, gateway: Gateway | None = None) -> int:
    """Store the answers that have come; returns how many changes were answered.

    For the system, on nobody's behalf. A set is marked as stored when all of its answers are; one that could not be is
    read again by the next run, where those stored before have no second effect.
    """
    gateway, answered = gateway or gateways.chosen(), 0
    try:
        for answer_set in gateway.read_answers(now=now):
            complete = True
            for answer in answer_set.answers:
                taken, whole = _take(answer, now)
                answered, complete = answered + taken, complete and whole
            if complete:
                gateway.mark_stored(answer_set.receipt)
    except (Unreachable, OSError) as exc:
        logger.warning("answers of the member system not reached", error=type(exc).__name__)
    except Exception as exc:  # noqa: BLE001 - a fault in reading answers must not keep changes from being sent
        logger.error("answers of the member system not read", error=settle.kind_and_place(exc))
    return answered


def _take(answer: Answer, now: datetime) -> tuple[int, bool]:
    """How many changes the answer was stored for, and whether nothing failed."""
    pks = list(matching(answer).order_by("id").values_list("pk", flat=True))
    if not pks:
        logger.warning("answer to no known change", **{name: getattr(answer, name) for name in MATCHED_BY})
    answered, whole = 0, True
    for pk in pks:
        try:
            answered += settle.take_answer(pk, answer, now=now)
        except Exception as exc:  # noqa: BLE001 - whatever an outcome raises, the other answers are stored
            logger.error("answer could not be stored", change=pk, error=settle.kind_and_place(exc))
            whole = False
    return answered, whole


def matching(answer: Answer) -> "QuerySet[MemberChange]":
    """The changes an answer is about: all numbers it gives are theirs. Raises ``ValueError`` when it gives none."""
    given = {MATCHED_BY[name]: value for name in MATCHED_BY if (value := getattr(answer, name))}
    if not given:
        raise ValueError("An answer without any number.")
    return MemberChange.objects.filter(**given)


def unanswered(now: datetime) -> "QuerySet[MemberChange]":
    """Sent a day ago and more, and not answered."""
    return MemberChange.objects.filter(status=Status.SENT, sent_at__lte=now - ANSWER_WITHIN)


def overdue(now: datetime) -> "QuerySet[MemberChange]":
    """Not sent although the time producers are told, and half an hour more, is over."""
    return MemberChange.objects.filter(status=Status.PENDING, created_at__lt=now - overdue_after())


def overdue_after() -> timedelta:
    """The age from which a change that is not sent counts as overdue."""
    limit: timedelta = settings.SYNC_DELAY + settings.SYNC_OVERDUE_AFTER
    return limit


def alert(*, now: datetime) -> None:
    """Say in the log and to the carrier's staff what does not go as it should: answers missing, changes overdue."""
    if count := unanswered(now).count():
        logger.error("member changes unanswered", count=count)
        notices.tell_unanswered(count, at=now)
    if count := overdue(now).count():
        logger.error("member changes overdue", count=count)
        notices.tell_overdue(count, at=now)
