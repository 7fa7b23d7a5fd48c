"""Prospects: added, changed, assigned to an agent, deleted and brought back (PRO_01..04, PRO_08).

Each act is one transaction with its audit row, which names fields and numbers and never what stands in them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Producer, User
from clients.models import Prospect
from clients.selectors import prospects as selector
from clients.selectors.prospects import Likenesses
from portal.common import audit, form_keys

FIELDS = (
    "first_name",
    "middle_initial",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "us_state",
    "zip",
    "phone",
    "cell_phone",
    "email",
)
# What makes two people alike.
COMPARED = frozenset({"first_name", "last_name", "zip", "phone", "cell_phone", "email"})


class NotYourAgent(Exception):
    """The prospect cannot be this agent's; the text is fit to show."""


class SavedBefore(Exception):
    """This very form was saved before, and what it saved has been changed or deleted since; the text is fit to show."""


class ChangedMeanwhile(Exception):
    """Somebody saved other data after the form was opened; ``saved`` is what stands there now."""

    def __init__(self, saved: Prospect) -> None:
        self.saved = saved
        super().__init__(
            "Somebody has changed this prospect while you were editing it, perhaps you in another window. Nothing of yours "
            "was saved yet: compare the fields below and press Save Prospect again to save them as they stand here."
        )


class LikeSomebody(Exception):
    """Who is known already may be the same person. The one who saves has not been told of exactly these people yet."""

    def __init__(self, likenesses: Likenesses) -> None:
        self.likenesses = likenesses
        super().__init__("This may be somebody you have already.")


class Gone(Exception):
    """The prospect was deleted meanwhile; the text is fit to show."""


def stamp(prospect: Prospect) -> str:
    """Stands for the prospect as it is now; another stamp means other data."""
    values = "\x1f".join(str(getattr(prospect, name)) for name in (*FIELDS, "producer_id"))
    return salted_hmac("clients.prospect.stamp", f"{prospect.pk}\x1f{values}", algorithm="sha256").hexdigest()[:32]


@transaction.atomic
def add(
    *, values: Mapping[str, str], agent: Producer, by: User, at: datetime, form_key: str, told: str = ""
) -> Prospect:
    """Save a new prospect of ``agent``; ``values`` has all of ``FIELDS``, ``told`` is ``Likenesses.seen`` of the hint given.

    The same form with the same content is one prospect however often it arrives. Raises ``NotYourAgent``, ``LikeSomebody``
    and, when the prospect saved by this form was changed or deleted since, ``SavedBefore``.
    """
    _check_agent(agent, by)
    filled = {name: values[name] for name in FIELDS}
    content = hashlib.sha256("\x00".join((form_key, str(agent.pk), *filled.values())).encode()).hexdigest()
    if not form_keys.first_time("prospect", f"{by.pk}:{content}", at=at):
        same = selector.visible(by, perm=selector.WRITE).filter(created_by=by, producer=agent, **filled)
        saved = same.order_by("-id").first()
        if saved is None:
            raise SavedBefore("This prospect was saved before, and has been changed or deleted since.")
        return saved
    _check_likeness(filled, by, told)
    prospect = Prospect.objects.create(**filled, producer=agent, created_by=by)
    _record("prospect.added", prospect, by=by, fields=[name for name in FIELDS if filled[name]])
    return prospect


@transaction.atomic
def change(
    *, prospect: Prospect, values: Mapping[str, str], agent: Producer, seen: str, by: User, told: str = ""
) -> bool:
    """Save changed data and the agent; ``seen`` is the ``stamp`` of what the person had before them.

    ``told`` is ``Likenesses.seen`` of the hint given. Returns ``False`` when everything stands there already. Raises
    ``NotYourAgent``, ``ChangedMeanwhile``, ``Gone`` and, when the change makes people alike, ``LikeSomebody``.
    """
    current = _lock([prospect.pk]).first()
    if current is None or current.deleted_at is not None:
        raise Gone("This prospect was deleted meanwhile. Nothing was saved.")
    fields = [name for name in FIELDS if getattr(current, name) != values[name]]
    reassigned = current.producer_id != agent.pk
    if not fields and not reassigned:
        return False
    if not constant_time_compare(seen, stamp(current)):
        raise ChangedMeanwhile(current)
    if COMPARED.intersection(fields):
        _check_likeness(values, by, told, but=current)
    if reassigned:
        _check_agent(agent, by)
        _record("prospect.assigned", current, by=by, before=current.producer.npn, after=agent.npn)
        current.producer = agent
    for name in fields:
        setattr(current, name, values[name])
    current.save(update_fields=[*fields, *(["producer"] if reassigned else [])])
    if fields:
        _record("prospect.changed", current, by=by, fields=fields)
    return True


@transaction.atomic
def delete(*, prospects: Iterable[Prospect], by: User, at: datetime) -> list[int]:
    """Take prospects off every list and return the ids of those that were on one; they can be brought back (PRO_08)."""
    return _mark(prospects, "prospect.deleted", by=by, deleted_at=at, deleted_by=by)


@transaction.atomic
def restore(*, prospects: Iterable[Prospect], by: User) -> list[int]:
    """Bring deleted prospects back and return the ids of those that were deleted."""
    return _mark(prospects, "prospect.restored", by=by, deleted_at=None, deleted_by=None)


def _mark(prospects: Iterable[Prospect], action: str, *, by: User, **marks: Any) -> list[int]:
    changed = []
    for row in _lock([prospect.pk for prospect in prospects]):
        if (row.deleted_at is None) == (marks["deleted_at"] is None):
            continue
        row.deleted_at, row.deleted_by = marks["deleted_at"], marks["deleted_by"]
        row.save(update_fields=["deleted_at", "deleted_by"])
        _record(action, row, by=by)
        changed.append(row.pk)
    return changed


def _lock(ids: list[int]) -> Any:
    return Prospect.objects.select_for_update(of=("self",)).select_related("producer").filter(pk__in=ids).order_by("pk")


def _check_agent(agent: Producer, by: User) -> None:
    """The own hierarchy, and today: a grant may have ended since the form was opened."""
    if agent not in selector.agents(by):
        raise NotYourAgent("This agent is not in your hierarchy. Choose another one.")


def _check_likeness(values: Mapping[str, str], by: User, told: str, *, but: Prospect | None = None) -> None:
    found = selector.likenesses(by, values, but=but)
    if found and told != found.seen:
        raise LikeSomebody(found)


def record_viewed(prospect: Prospect, *, by: User) -> None:
    """Every look at a prospect is written down."""
    _record("prospect.viewed", prospect, by=by)


def _record(action: str, prospect: Prospect, *, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=prospect.producer.npn,
        object_type="prospect",
        object_id=str(prospect.pk),
        details=details,
    )
