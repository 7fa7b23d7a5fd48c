"""Reading prospects: in scope, found by any of seven fields, and who else may be the same person (PRO_03, PRO_06, PRO_07)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, F, Func, Q, QuerySet
from django.db.models.functions import Upper
from django.urls import reverse

from accounts import scoping
from accounts.models import Producer, ProducerNumber, User
from clients.models import Policy, Prospect
from clients.rules.names import name_key
from clients.selectors import search as client_search
from portal.common.access import Perm

SEARCH_FIELDS = ("first_name", "last_name", "city", "us_state", "zip", "phone", "email")
# Deleted prospects can be brought back for this long, both ends inclusive.
UNDO_FOR = timedelta(days=30)
MOST_HINTED = 5
READ, WRITE = Perm.CLIENT_VIEW, Perm.ENROLL


class NameKey(Func):
    """A stored name as ``clients.rules.names.name_key`` makes it: capitals, no accents, letters and digits only."""

    template = "regexp_replace(upper(normalize(%(expressions)s, NFKD)), '[^A-Z0-9]+', '', 'g')"
    output_field = CharField()


def visible(user: User, *, perm: Perm = READ) -> "QuerySet[Prospect]":
    """The prospects in the books the user may open with ``perm``, without deleted ones."""
    rows: QuerySet[Prospect] = Prospect.objects.for_user(user, perm=perm).filter(deleted_at__isnull=True)
    return rows


def found(user: User, asked: Mapping[str, str]) -> "QuerySet[Prospect]":
    """Visible prospects that fit every field asked for; without any, all of them (PRO_06, PRO_07).

    Names and cities match anywhere in them whatever the case, accents and punctuation, ZIP codes from their beginning, email
    addresses anywhere; ``phone`` is ten digits and matches both phones.
    """
    rows = visible(user)
    for name in ("first_name", "last_name", "city"):
        if asked.get(name):
            rows = rows.alias(**{f"{name}_key": NameKey(F(name))})
            rows = rows.filter(**{f"{name}_key__contains": name_key(asked[name])})
    if asked.get("us_state"):
        rows = rows.filter(us_state=asked["us_state"])
    if asked.get("zip"):
        rows = rows.filter(zip__startswith=asked["zip"])
    if asked.get("phone"):
        rows = rows.filter(Q(phone=asked["phone"]) | Q(cell_phone=asked["phone"]))
    if asked.get("email"):
        rows = rows.filter(email__icontains=asked["email"])
    return rows


def named(rows: "QuerySet[Prospect]", ids: Iterable[str]) -> "QuerySet[Prospect]":
    """Those of ``rows`` whose ids were sent; whatever else was sent is left out."""
    wanted = [int(text) for text in ids if text.isascii() and text.isdigit() and len(text) < 19]
    return rows.filter(pk__in=wanted)


def deleted(user: User, *, at: datetime) -> "QuerySet[Prospect]":
    """Deleted prospects that the user may bring back at the moment ``at``."""
    rows: QuerySet[Prospect] = Prospect.objects.for_user(user, perm=WRITE).filter(deleted_at__gte=at - UNDO_FOR)
    return rows


# --- whose they are ---


def agents(user: User) -> list[Producer]:
    """To whom the user may assign prospects, the own record first, then by name (PRO_03).

    A producer: the own record and the downline, without terminated contracts. A delegate: the producers who granted the
    right to quote and enroll. Nobody else.
    """
    if user.role != User.Role.PRODUCER:
        return scoping.producers_acted_for(user, WRITE)
    below = Producer.objects.for_user(user).exclude(status=Producer.Status.TERMINATED)
    return sorted(below.order_by("last_name", "first_name", "id"), key=lambda one: one.pk != user.producer_id)


def several_agents(user: User) -> bool:
    """Can the lists of this person hold prospects of more than one producer?"""
    return user.role == User.Role.CARRIER_ADMIN or len(scoping.producer_ids(user, perm=READ)) > 1


def may_change(user: User, prospect: Prospect) -> bool:
    """May this person edit, assign and delete a prospect in view?"""
    return WRITE in scoping.perms_on_book(user, producer_id=prospect.producer_id)


def agent_facts(agent: Producer) -> list[tuple[str, str]]:
    """The Agent Information box: who the agent is, and under which agency's names the business is written."""
    numbers = ProducerNumber.objects.filter(producer=agent, status=ProducerNumber.Status.ACTIVE)
    agencies = sorted(set(numbers.exclude(company_name="").values_list("company_name", flat=True)))
    return [("Agent", agent.name), ("Agency", ", ".join(agencies)), ("National Producer Number", agent.npn)]


# --- who may be the same person ---


@dataclass
class Likeness:
    """Somebody already known who may be the same person; only people the user may see anyway."""

    kind: str
    name: str
    place: str
    url: str
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Likenesses:
    """Who may be the same person. ``seen`` stands for exactly these people."""

    people: list[Likeness]

    @property
    def seen(self) -> str:
        named = "\n".join(sorted(f"{one.kind} {one.url}" for one in self.people))
        return hashlib.sha256(named.encode()).hexdigest()[:24]

    def __bool__(self) -> bool:
        return bool(self.people)


SAME_NAME, SAME_PHONE, SAME_EMAIL = "same name and ZIP code", "same phone number", "same email address"


def likenesses(user: User, typed: Mapping[str, str], *, but: Prospect | None = None) -> Likenesses:
    """Visible prospects and clients with the name and ZIP code, a phone number or the email address typed.

    At most five of each kind and reason. ``but`` is the prospect being edited.
    """
    people: dict[str, Likeness] = {}
    for reason, prospects in _like_prospects(user, typed):
        others = prospects.exclude(pk=but.pk) if but else prospects
        for row in others.order_by("-id")[:MOST_HINTED]:
            _add(people, reason, "Prospect", f"{row.first_name} {row.last_name}", row, _address_of(row))
    for reason, policies in _like_clients(user, typed):
        first = policies.order_by("account_id", "-id").distinct("account_id").select_related("account")
        for policy in first[:MOST_HINTED]:
            name = f"{policy.insured_first_name} {policy.insured_last_name}"
            _add(people, reason, "Client", name, policy.account, _address_of_client(policy))
    return Likenesses(list(people.values()))


def _add(people: dict[str, Likeness], reason: str, kind: str, name: str, lives: Any, url: str) -> None:
    place = " ".join(filter(None, (f"{lives.city}," if lives.city else "", lives.us_state, lives.zip)))
    known = people.setdefault(f"{kind} {lives.pk}", Likeness(kind=kind, name=name, place=place, url=url))
    known.reasons.append(reason)


def _like_prospects(user: User, typed: Mapping[str, str]) -> "Iterable[tuple[str, QuerySet[Prospect]]]":
    rows = visible(user)
    first_key, last_key = name_key(typed["first_name"]), name_key(typed["last_name"])
    if first_key and last_key:
        keyed = rows.alias(first_key=NameKey(F("first_name")), last_key=NameKey(F("last_name")))
        yield SAME_NAME, keyed.filter(zip=typed["zip"], first_key=first_key, last_key=last_key)
    phones = _phones(typed)
    if phones:
        yield SAME_PHONE, rows.filter(Q(phone__in=phones) | Q(cell_phone__in=phones))
    if typed["email"]:
        yield SAME_EMAIL, rows.alias(email_key=Upper("email")).filter(email_key=typed["email"].upper())


def _like_clients(user: User, typed: Mapping[str, str]) -> "Iterable[tuple[str, QuerySet[Policy]]]":
    first_key, last_key = name_key(typed["first_name"]), name_key(typed["last_name"])
    if first_key and last_key:
        policies = Policy.objects.for_user(user)
        yield (
            SAME_NAME,
            policies.filter(insured_last_key=last_key, insured_first_key=first_key, insured_zip=typed["zip"]),
        )
    for phone in _phones(typed):
        yield SAME_PHONE, client_search.advanced(user, {"phone": phone})
    if typed["email"]:
        yield SAME_EMAIL, client_search.advanced(user, {"email": typed["email"]})


def _phones(typed: Mapping[str, str]) -> Sequence[str]:
    return list(dict.fromkeys(filter(None, (typed["phone"], typed["cell_phone"]))))


def _address_of(prospect: Prospect) -> str:
    return reverse("clients:prospect", args=[prospect.pk])


def _address_of_client(policy: Policy) -> str:
    if policy.account.number:
        return reverse("clients:detail", args=[policy.account.number])
    return reverse("clients:detail-by-eapp", args=[policy.eapp_number]) if policy.eapp_number else ""
