"""Finding clients: what was asked, as conditions on policies of the books the user may open (SRC_01..10, SRC_17, SRC_19).

Scope comes first, so however many others share a name or number, none of the user's own clients is lost (SRC_08).
Everything asks for the primary insured; a dependent's data never match (SRC_02).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from accounts.models import ProducerNumber, User
from clients.models import ContactPoint, Member, Policy, SurnameForm
from clients.models.accounts import ssn_last4_digest
from clients.models.policies import PolicyQuerySet
from clients.rules import similar_names
from clients.rules.names import name_key
from clients.rules.quick_search import Reading, looser, readings

TERMED_WITHIN_DAYS = 30
MOST_SIMILAR = 8
# A text of many words can be cut into names in many ways; more than these are not looked up one letter apart.
READINGS_RESPELLED = 4

Search = Mapping[str, Any]


@dataclass(frozen=True)
class Preset:
    """A search that needs no typing (SRC_19)."""

    code: str
    label: str


PRESETS = (
    Preset("grace", "Grace Period"),
    Preset("termed", f"Termed in {TERMED_WITHIN_DAYS} days"),
    Preset("unpaid", "First payment due"),
)


def find(user: User, search: Search, *, today: date) -> PolicyQuerySet:
    """The policies of one kept search; ``search["kind"]`` says which of the four ways of searching it was.

    Raises ``KeyError`` for a search of another kind.
    """
    return _FINDERS[search["kind"]](user, search, today)


def simple(user: User, search: Search) -> PolicyQuerySet:
    """Policies by the whole account number or the last four digits of the primary insured's SSN (SRC_01, SRC_02)."""
    policies: PolicyQuerySet = Policy.objects.for_user(user)
    if search["by"] == "ssn4":
        return policies.filter(insured_ssn_digest=ssn_last4_digest(search["value"]))
    return policies.filter(account__number=search["value"])


def with_preset(user: User, code: str, *, today: date) -> PolicyQuerySet:
    """Policies of one preset. "Termed in 30 days" is a last day of coverage from 30 days ago to today, both inclusive.

    Raises ``KeyError`` for a preset that does not exist.
    """
    conditions = {
        "grace": Q(status=Policy.Status.GRACE),
        "termed": Q(status=Policy.Status.TERMED, term_date__range=(today - timedelta(days=TERMED_WITHIN_DAYS), today)),
        "unpaid": Q(status=Policy.Status.INITIAL_PAYMENT_DUE),
    }
    return Policy.objects.for_user(user).filter(conditions[code])


def advanced(user: User, asked: Mapping[str, Any]) -> PolicyQuerySet:
    """Policies that fit every field of the advanced search; empty fields say nothing (SRC_03, SRC_05, SRC_06, SRC_07).

    Names match from their beginning whatever the accents, case and punctuation; numbers, dates, phones and email addresses
    as a whole. ``date_of_birth`` is a day as YYYY-MM-DD, ``phone`` ten digits.
    """
    policies = _producers(user, asked)
    for field in ("eapp_number", "client_app_id", "exchange_assigned_id", "pending_application_id"):
        if asked.get(field):
            policies = policies.filter(**{field: asked[field]})
    if asked.get("account_number"):
        policies = policies.filter(account__number=asked["account_number"])
    if asked.get("last_name"):
        policies = policies.filter(insured_last_key__startswith=name_key(asked["last_name"]))
    if asked.get("first_name"):
        policies = policies.filter(insured_first_key__startswith=name_key(asked["first_name"]))
    if asked.get("ssn_last4"):
        policies = policies.filter(insured_ssn_digest=ssn_last4_digest(asked["ssn_last4"]))
    if asked.get("date_of_birth"):
        policies = policies.filter(insured_date_of_birth=date.fromisoformat(asked["date_of_birth"]))
    if asked.get("zip"):
        policies = policies.filter(insured_zip=asked["zip"])
    for value in (asked.get("phone"), asked.get("email")):
        if value:
            policies = policies.filter(_reached_at(value))
    return policies


def _producers(user: User, asked: Mapping[str, Any]) -> PolicyQuerySet:
    """The policies in scope; with a producer's name or number, those of that producer's numbers among them (SRC_06)."""
    policies: PolicyQuerySet = Policy.objects.for_user(user)
    numbers = ProducerNumber.objects.all()
    named = {
        "producer__first_name__istartswith": asked.get("producer_first_name"),
        "producer__last_name__istartswith": asked.get("producer_last_name"),
        "number": asked.get("producer_number"),
    }
    conditions = {path: value for path, value in named.items() if value}
    if not conditions:
        return policies
    return policies.filter(producer_number__any_of=list(numbers.filter(**conditions).values_list("pk", flat=True)))


def _reached_at(value: str) -> Q:
    """The primary insured has this phone number (ten digits, of any kind) or email address.

    Whose it is, is looked up first: few share one number or address, and a list of keys leaves the planner no choice,
    where a subquery is taken for thousands of rows.
    """
    points = ContactPoint.objects.exclude(kind=ContactPoint.Kind.EMAIL).filter(value=value)
    if "@" in value:
        points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value__iexact=value)
    people = Member.objects.filter(pk__in=list(points.order_by().values_list("member_id", flat=True)))
    primary = people.filter(role=Member.Role.PRIMARY).order_by()
    return Q(account__any_of=list(primary.values_list("account_id", flat=True)))


def of_reading(user: User, reading: Reading) -> PolicyQuerySet:
    """Policies that fit one reading of the quick-search box."""
    policies: PolicyQuerySet = Policy.objects.for_user(user)
    condition = Q()
    if reading.account_number:
        condition &= Q(account__number=reading.account_number)
    if reading.code:
        condition &= _has_code(reading.code)
    if reading.ssn_last4:
        condition &= Q(insured_ssn_digest=ssn_last4_digest(reading.ssn_last4))
    if reading.date_of_birth:
        condition &= Q(insured_date_of_birth=reading.date_of_birth)
    if reading.zip:
        condition &= Q(insured_zip=reading.zip)
    if reading.last_key:
        condition &= Q(insured_last_key__startswith=reading.last_key)
    if reading.surnames:
        condition &= Q(insured_last_key__in=reading.surnames)
    if reading.first_key:
        condition &= Q(insured_first_key__startswith=reading.first_key)
    for value in (reading.phone, reading.email):
        if value:
            condition &= _reached_at(value)
    return policies.filter(condition)


def _has_code(code: str) -> Q:
    columns = ("eapp_number", "client_app_id", "exchange_assigned_id", "pending_application_id")
    same = [Policy.objects.filter(**{column: code}).values("pk") for column in columns]
    of_member = Member.objects.filter(member_id=code, role=Member.Role.PRIMARY).values("account__policies__pk")
    return Q(pk__in=same[0].union(*same[1:], of_member))


@dataclass(frozen=True)
class SimilarName:
    """A surname of the user's own clients, one letter away from what was typed."""

    key: str
    name: str
    policies: int


def similar_surnames(user: User, typed: str, *, first_key: str = "") -> list[SimilarName]:
    """Surnames in the user's books that differ from ``typed`` by one letter, likeliest first, at most eight.

    With ``first_key`` only those of clients whose first name begins so.
    """
    key = name_key(typed)
    if len(key) < similar_names.SHORTEST:
        return []
    found = SurnameForm.objects.filter(form__in=similar_names.forms(key)).values_list("surname", flat=True)
    candidates = [name for name in set(found) if similar_names.one_letter_apart(key, name)]
    if not candidates:
        return []
    in_books = Policy.objects.for_user(user).filter(insured_last_key__in=candidates).order_by()
    if first_key:
        in_books = in_books.filter(insured_first_key__startswith=first_key)
    counted = {
        surname_key: (name, count)
        for surname_key, name, count in in_books.values_list("insured_last_key").annotate(
            name=Min("insured_last_name"), count=Count("pk")
        )
    }
    likeliest = similar_names.nearest(key, ((one, count) for one, (_name, count) in counted.items()))
    return [SimilarName(key=one, name=counted[one][0], policies=counted[one][1]) for one in likeliest[:MOST_SIMILAR]]


@dataclass(frozen=True)
class QuickAnswer:
    """What the text in the quick-search box finds in the user's books.

    ``shown`` is the likeliest reading that finds somebody, or the first one when none does. ``others`` are the further
    readings that find somebody. ``exact`` says that ``shown`` is what was typed and not a name spelled otherwise.
    """

    shown: Reading
    others: list[Reading]
    exact: bool


def quick(user: User, text: str, *, today: date) -> QuickAnswer | None:
    """Read ``text`` and look up each reading in the user's books; ``None`` for text that says nothing (SRC_17)."""
    possible = readings(text, today=today)
    if not possible:
        return None
    found = [reading for reading in possible if _finds(user, reading)]
    respelled = _respelled(user, possible)
    if found:
        return QuickAnswer(shown=found[0], others=[*found[1:], *respelled], exact=True)
    near = [*respelled, *(wider for reading in possible for wider in looser(reading) if _finds(user, wider))]
    if near:
        together = tuple(name for reading in respelled for name in reading.surnames)
        if len(respelled) > 1 and len({reading.first_key for reading in respelled}) == 1:
            # All of them at once; each alone is one of the others.
            return QuickAnswer(shown=replace(respelled[0], surnames=together), others=near, exact=False)
        return QuickAnswer(shown=near[0], others=near[1:], exact=False)
    return QuickAnswer(shown=possible[0], others=[], exact=True)


def one_household(rows: PolicyQuerySet) -> Policy | None:
    """A policy of the only household among ``rows``; ``None`` when there are several households or none."""
    households = list(rows.order_by().values_list("account_id", flat=True).distinct()[:2])
    return rows.select_related("account").order_by("pk").first() if len(households) == 1 else None


def _finds(user: User, reading: Reading) -> bool:
    return of_reading(user, reading).order_by().exists()


def _respelled(user: User, possible: list[Reading]) -> list[Reading]:
    """The readings by surname with the surname spelled as in the books, one letter apart from what was typed."""
    seen: dict[Reading, None] = {}
    for reading in [one for one in possible if one.last_key][:READINGS_RESPELLED]:
        for near in similar_surnames(user, reading.last_key, first_key=reading.first_key):
            seen[replace(reading, last_key="", surnames=(near.key,))] = None
    return list(seen)[:MOST_SIMILAR]


_FINDERS: dict[str, Callable[[User, Search, date], PolicyQuerySet]] = {
    "simple": lambda user, search, _today: simple(user, search),
    "advanced": lambda user, search, _today: advanced(user, search["asked"]),
    "preset": lambda user, search, today: with_preset(user, search["preset"], today=today),
    "quick": lambda user, search, _today: of_reading(user, Reading.from_data(search["reading"])),
}
