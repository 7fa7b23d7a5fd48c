"""Quotes: begun, changed, plans selected, saved, copied, deleted and brought back (QUO_02..07).

Each act is one transaction with its audit row, which names counts and codes and never what stands in the quote.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import ProducerNumber, User
from clients.models import Member, Prospect
from enrollment.models import County, Quote, QuotePerson, QuotePlan
from enrollment.rules import quote_days
from enrollment.selectors import quotes as selector
from enrollment.selectors.open_enrollment import effective_dates_offered, last_day_to_ask
from enrollment.selectors.pricing import PricedArea
from portal.common import audit
from portal.common.dates import today_in


class NotYourNumber(Exception):
    """The quote cannot be written under this number; the text is fit to show."""


class Gone(Exception):
    """The quote was deleted meanwhile; the text is fit to show."""


class CannotChange(Exception):
    """The quote is expired; the text is fit to show."""


class ChangedMeanwhile(Exception):
    """Somebody saved other data after the form was opened; the text is fit to show."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to be covered; ``relation`` is "self", "spouse" or "child"."""

    relation: str
    first_name: str = ""
    last_name: str = ""
    date_of_birth: date
    sex: str = ""
    tobacco: bool = False


@dataclass(frozen=True, kw_only=True)
class Household:
    """What New Quote asks for; ``people`` has the primary applicant first, ``effective_date`` is the first day covered."""

    zip: str
    county: County
    market: str
    reason: str
    effective_date: date
    hardship_exemption: bool
    producer_number: ProducerNumber
    people: Sequence[Person]


GONE = "This quote was deleted meanwhile. Nothing was saved."
DELETED_BEFORE = "The quote made from this form was deleted. Start a new quote, or bring the deleted one back."
MEANWHILE = (
    "Somebody has changed this quote while you were editing it, perhaps you in another window. Nothing of yours was saved "
    "yet: check the fields below and press View Plans again to save them as they stand here."
)
NOT_YOUR_NUMBER = "You cannot write business under this number. Choose another one."


def stamp(quote: Quote) -> str:
    """Stands for the quote's household as it is now; another stamp means that it was changed. One query."""
    text = f"{quote.pk}\x1f{household_of(quote)!r}"
    return salted_hmac("enrollment.quote.stamp", text, algorithm="sha256").hexdigest()[:32]


# --- begun and changed ---


@transaction.atomic
def start(
    *,
    household: Household,
    by: User,
    at: datetime,
    form_key: str,
    prospect: Prospect | None = None,
    member: Member | None = None,
) -> Quote:
    """Keep what was typed as a draft and return it; the same form is one quote however often it arrives.

    A form that comes back with other data, because somebody went back to it, changes its draft; once that was saved under a
    name it makes another quote. Raises ``NotYourNumber`` and, when the quote of this form was deleted, ``Gone``.
    """
    _check_number(household.producer_number, by)
    key = _key(f"{by.pk}:{form_key}")
    existing = _lock().filter(form_key=key).first()
    if existing is None:
        try:
            with transaction.atomic():
                return _create(household, by=by, at=at, form_key=key, prospect=prospect, member=member)
        except IntegrityError:  # the same form at the same moment
            existing = _lock().get(form_key=key)
    if existing.deleted_at is None and existing.saved_at is None:
        if _differs(existing, household):
            _write(existing, household, by=by, at=at)
            _take_off_what_is_not_sold(existing)
        return existing
    if existing.deleted_at is None and not _differs(existing, household):
        return existing
    key = _key(f"{by.pk}:{form_key}:{household}")
    another = _lock().filter(form_key=key).first()
    if another is None:
        if existing.deleted_at is not None and not _differs(existing, household):
            raise Gone(DELETED_BEFORE)
        return _create(household, by=by, at=at, form_key=key, prospect=prospect, member=member)
    if another.deleted_at is not None:
        raise Gone(DELETED_BEFORE)
    return another


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _create(
    household: Household,
    *,
    by: User,
    at: datetime,
    form_key: str,
    prospect: Prospect | None,
    member: Member | None,
) -> Quote:
    quote = Quote.objects.create(
        **_values(household, at=at),
        prospect=prospect,
        member=member,
        form_key=form_key,
        created_by=by,
        created_at=at,
        updated_at=at,
    )
    _add_people(quote, household.people)
    _record("quote.started", quote, by=by, people=len(household.people))
    return quote


@transaction.atomic
def change(*, quote: Quote, household: Household, seen: str, by: User, at: datetime) -> list[str]:
    """Save another household, place or day; ``seen`` is the ``stamp`` of what the person had before them.

    Selected plans that cannot be sold to the household any more are taken off; their names are returned. Raises
    ``NotYourNumber``, ``CannotChange``, ``ChangedMeanwhile`` and ``Gone``.
    """
    current = _usable(quote, at=at)
    if not _differs(current, household):
        return []
    if not constant_time_compare(seen, stamp(current)):
        raise ChangedMeanwhile(MEANWHILE)
    if household.producer_number.pk != current.producer_number_id:
        _check_number(household.producer_number, by)
    _write(current, household, by=by, at=at)
    return _take_off_what_is_not_sold(current)


def _write(quote: Quote, household: Household, *, by: User, at: datetime) -> None:
    for name, value in _values(household, at=at).items():
        setattr(quote, name, value)
    quote.updated_at = at
    quote.save()
    quote.people.all().delete()
    _add_people(quote, household.people)
    _record("quote.changed", quote, by=by, people=len(household.people))


def _values(household: Household, *, at: datetime) -> dict[str, Any]:
    return {
        "producer_number": household.producer_number,
        "zip": household.zip,
        "county": household.county,
        "market": household.market,
        "reason": household.reason,
        "effective_date": household.effective_date,
        "hardship_exemption": household.hardship_exemption,
        "expires_on": _expires_on(
            us_state=household.county.us_state,
            market=household.market,
            reason=household.reason,
            effective_date=household.effective_date,
            at=at,
        ),
    }


def _expires_on(*, us_state: str, market: str, reason: str, effective_date: date, at: datetime) -> date:
    last_day = last_day_to_ask(us_state, market, reason, effective_date)
    return quote_days.expires_on(changed_on=today_in(us_state, now=at), last_day_to_apply=last_day)


def _add_people(quote: Quote, people: Sequence[Person]) -> None:
    QuotePerson.objects.bulk_create(
        QuotePerson(
            quote=quote,
            position=position,
            relation=person.relation,
            first_name=person.first_name,
            last_name=person.last_name,
            date_of_birth=person.date_of_birth,
            sex=person.sex,
            tobacco=person.tobacco,
        )
        for position, person in enumerate(people)
    )


def household_of(quote: Quote) -> Household:
    """The quote's own household, as a form or a copy wants it."""
    return Household(
        zip=quote.zip,
        county=quote.county,
        market=quote.market,
        reason=quote.reason,
        effective_date=quote.effective_date,
        hardship_exemption=quote.hardship_exemption,
        producer_number=quote.producer_number,
        people=tuple(
            Person(
                relation=person.relation,
                first_name=person.first_name,
                last_name=person.last_name,
                date_of_birth=person.date_of_birth,
                sex=person.sex,
                tobacco=person.tobacco,
            )
            for person in quote.people.order_by("position")
        ),
    )


def _differs(quote: Quote, household: Household) -> bool:
    old = household_of(quote)
    return {**old.__dict__, "people": list(old.people)} != {**household.__dict__, "people": list(household.people)}


def _take_off_what_is_not_sold(quote: Quote) -> list[str]:
    off = [plan.row for plan in selector.priced(quote).selected if plan.premium is None]
    QuotePlan.objects.filter(pk__in=[row.pk for row in off]).delete()
    return [row.plan.name for row in off]


# --- plans ---


@transaction.atomic
def select_plans(
    *, quote: Quote, shown: Collection[str], ticked: Sequence[str], area: PricedArea, by: User, at: datetime
) -> int:
    """Keep which plans are selected and return how many are.

    ``shown`` are the keys ("17-ON") of the plans that stood on the page, ``ticked`` those with a tick; selected plans that
    were not shown, because of a filter, stay selected. ``area`` says what is sold at which price: other keys are left out.
    Raises ``CannotChange`` and ``Gone``.
    """
    current = _usable(quote, at=at)
    prices = {
        selector.key_of(offered.plan.pk, market): offered.premium.total
        for offered in area.offered
        for market in offered.markets
    }
    rows = {selector.key_of(row.plan_id, row.market): row for row in current.plans.order_by("position")}
    off = [row for key, row in rows.items() if key in set(shown) - set(ticked)]
    on = [key for key in dict.fromkeys(ticked) if key in prices and key not in rows]
    if not off and not on:
        return len(rows)
    QuotePlan.objects.filter(pk__in=[row.pk for row in off]).delete()
    position = max((row.position for row in rows.values()), default=-1) + 1
    QuotePlan.objects.bulk_create(
        QuotePlan(
            quote=current,
            plan_id=int(key.partition("-")[0]),
            market=key.partition("-")[2],
            position=position + index,
            monthly_premium=prices[key],
        )
        for index, key in enumerate(on)
    )
    count = len(rows) - len(off) + len(on)
    _touch(current, at=at)
    _record("quote.plans_selected", current, by=by, plans=count)
    return count


@transaction.atomic
def choose_plans(*, quote: Quote, keys: Collection[str], by: User, at: datetime) -> None:
    """Keep which of the selected plans are ticked on Review Selected Plans. Raises ``CannotChange`` and ``Gone``."""
    current = _usable(quote, at=at)
    wrong = [
        row for row in current.plans.all() if row.chosen != (selector.key_of(row.plan_id, row.market) in set(keys))
    ]
    for row in wrong:
        row.chosen = not row.chosen
    if wrong:
        QuotePlan.objects.bulk_update(wrong, ["chosen"])
        _touch(current, at=at)
        _record("quote.plans_chosen", current, by=by, plans=current.plans.filter(chosen=True).count())


# --- kept ---


@transaction.atomic
def save(*, quote: Quote, name: str, by: User, at: datetime) -> bool:
    """Save the quote under ``name`` with the prices of today; returns ``False`` when it was saved before (renamed).

    An expired quote can only be given another name: its prices stay those it was saved with. Raises ``Gone``.
    """
    current = _locked(quote)
    is_first = current.saved_at is None
    if not selector.is_expired(current, now=at):
        for plan in selector.priced(current).selected:
            if plan.premium is not None and plan.changed:
                plan.row.monthly_premium = plan.premium.total
                plan.row.save(update_fields=["monthly_premium"])
        _touch(current, at=at)
    current.name, current.saved_at = name, at
    current.save(update_fields=["name", "saved_at"])
    _record("quote.saved" if is_first else "quote.renamed", current, by=by)
    return is_first


@transaction.atomic
def copy(*, quote: Quote, by: User, at: datetime, form_key: str) -> Quote:
    """A draft with the same household and the plans still sold to it; the same form is one copy however often it arrives.

    An effective date that can no longer be asked for is replaced by the first that can. Raises ``NotYourNumber`` when the
    quote's number is not, or no longer, one of the person's, and ``Gone``.
    """
    key = _key(f"{by.pk}:copy:{quote.pk}:{form_key}")
    source = _locked(quote)
    if made := _lock().filter(form_key=key).first():
        if made.deleted_at is not None:
            raise Gone(GONE)
        return made
    household = household_of(source)
    _check_number(household.producer_number, by)
    today = today_in(source.county.us_state, now=at)
    offered = effective_dates_offered(source.county.us_state, source.market, today)
    if offered and not selector.still_offered(source, today=today):
        first = offered[0]
        household = replace(household, reason=first.reason, effective_date=first.effective_date)
    made = Quote.objects.create(
        **_values(household, at=at),
        prospect=source.prospect,
        member=source.member,
        form_key=key,
        created_by=by,
        created_at=at,
        updated_at=at,
    )
    _add_people(made, household.people)
    _copy_plans(source, made)
    _record("quote.copied", made, by=by, people=len(household.people))
    return made


def _copy_plans(source: Quote, made: Quote) -> None:
    area = selector.priced(made).area
    prices = {(one.plan.plan_id, market): one for one in area.offered for market in one.markets}
    wanted = [(row.plan.plan_id, row.market) for row in source.plans.select_related("plan").order_by("position")]
    found = [(prices[key], key[1]) for key in wanted if key in prices]
    QuotePlan.objects.bulk_create(
        QuotePlan(quote=made, plan=one.plan, market=market, position=position, monthly_premium=one.premium.total)
        for position, (one, market) in enumerate(found)
    )


@transaction.atomic
def delete(*, quotes: Iterable[Quote], by: User, at: datetime) -> list[int]:
    """Take quotes off the list and return the ids of those that were on it; they can be brought back."""
    return _mark(quotes, "quote.deleted", by=by, deleted_at=at, deleted_by=by)


@transaction.atomic
def restore(*, quotes: Iterable[Quote], by: User) -> list[int]:
    """Bring deleted quotes back and return the ids of those that were deleted."""
    return _mark(quotes, "quote.restored", by=by, deleted_at=None, deleted_by=None)


def _mark(quotes: Iterable[Quote], action: str, *, by: User, **marks: Any) -> list[int]:
    changed = []
    for row in _lock().filter(pk__in=[quote.pk for quote in quotes]).order_by("pk"):
        if (row.deleted_at is None) == (marks["deleted_at"] is None):
            continue
        row.deleted_at, row.deleted_by = marks["deleted_at"], marks["deleted_by"]
        row.save(update_fields=["deleted_at", "deleted_by"])
        _record(action, row, by=by)
        changed.append(row.pk)
    return changed


def record_viewed(quote: Quote, *, by: User) -> None:
    """Every look at a quote is written down."""
    _record("quote.viewed", quote, by=by)


# --- inside ---


def _lock() -> Any:
    rows = Quote.objects.select_for_update(of=("self",))
    return rows.select_related("county", "producer_number__producer", "prospect", "member")


def _locked(quote: Quote) -> Quote:
    current: Quote | None = _lock().filter(pk=quote.pk, deleted_at__isnull=True).first()
    if current is None:
        raise Gone(GONE)
    return current


def _usable(quote: Quote, *, at: datetime) -> Quote:
    current = _locked(quote)
    if why := selector.why_not_change(current, now=at):
        raise CannotChange(why)
    return current


def _touch(quote: Quote, *, at: datetime) -> None:
    quote.updated_at = at
    quote.expires_on = _expires_on(
        us_state=quote.county.us_state,
        market=quote.market,
        reason=quote.reason,
        effective_date=quote.effective_date,
        at=at,
    )
    quote.save(update_fields=["updated_at", "expires_on"])


def _check_number(number: ProducerNumber, by: User) -> None:
    """Today: a grant may have ended since the form was opened."""
    if number not in selector.writing_numbers(by):
        raise NotYourNumber(NOT_YOUR_NUMBER)


def _record(action: str, quote: Quote, *, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=quote.producer_number.producer.npn,
        object_type="quote",
        object_id=str(quote.pk),
        details=details,
    )
