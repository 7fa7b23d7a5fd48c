"""Tables of expected premiums, rated from the catalog in the database."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from enrollment.models import Plan
from enrollment.rules.rating import CannotPrice, PersonToRate, Refusal, Relation
from enrollment.selectors.pricing import HouseholdToRate, county_for, price_plan
from portal.management.vectors.checker import Checker, SkipRow
from portal.management.vectors.table import Row, as_date, as_json, as_money, as_text, as_yes_no, one_of

_as_channel = one_of([("on", "ON"), ("off", "OFF")])
_as_refusal = one_of((refusal.value, refusal.value) for refusal in Refusal)
_NO_ANSWER: Mapping[str, Any] = dict.fromkeys(("ages", "member_premiums", "expected_total", "expected_error"))


def as_people(text: str) -> list[PersonToRate]:
    """Read a JSON list of people: ``rel`` (self, spouse, child), ``dob``, and optionally ``tobacco``, ``added_on``."""
    people = as_json(text)
    if not isinstance(people, list) or not people or not all(isinstance(person, dict) for person in people):
        raise ValueError("is not a list of people")
    read = [_person(person) for person in people]
    relations = [person.relation for person in read]
    if relations.count(Relation.SELF) != 1 or relations.count(Relation.SPOUSE) > 1:
        raise ValueError("needs one self and at most one spouse")
    return read


def _person(facts: Mapping[str, Any]) -> PersonToRate:
    if unknown := sorted(set(facts) - {"rel", "dob", "tobacco", "added_on"}):
        raise ValueError(f"names what is unknown here: {', '.join(unknown)}")
    if facts.get("rel") not in {relation.value for relation in Relation}:
        raise ValueError("needs rel (self, spouse or child) for everybody")
    if not isinstance(facts.get("tobacco", False), bool):
        raise ValueError("needs true or false for tobacco")
    added_on = facts.get("added_on")
    return PersonToRate(
        relation=Relation(facts["rel"]),
        date_of_birth=_day(facts.get("dob"), "dob"),
        tobacco=facts.get("tobacco", False),
        added_on=_day(added_on, "added_on") if added_on else None,
    )


def _day(text: Any, name: str) -> date:
    try:
        return as_date(str(text))
    except ValueError:
        raise ValueError(f"needs {name} as YYYY-MM-DD for everybody") from None


def as_amounts(text: str) -> list[Decimal]:
    """Read a JSON list of amounts, written as texts or as numbers; 412.5 and 412.50 are the same."""
    amounts = as_json(text)
    if not isinstance(amounts, list):
        raise ValueError("is not a list of amounts")
    try:
        return [Decimal(amount) for amount in amounts]
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError("is not a list of amounts") from None


def answer(row: Row, compared: Iterable[str]) -> Mapping[str, Any]:
    """Rate the household of ``row``, or give the refusal. The plan is that of the effective date's year."""
    plan_id, effective_date = row.need("plan_id", as_text), row.need("effective_date", as_date)
    people = row.need("members", as_people)
    zip_code, market = row.need("zip", as_text), row.need("channel", _as_channel)
    exempt = bool(row.read("hardship_exemption", as_yes_no))
    plan = Plan.objects.filter(plan_year=effective_date.year, plan_id=plan_id).select_related("service_area").first()
    if plan is None:
        raise SkipRow(f"plan {plan_id} of {effective_date.year} is not in the database")
    try:
        county = county_for(zip_code, row.read("county_fips", as_text))
        household = HouseholdToRate(county.fips, effective_date, people, hardship_exemption=exempt)
        price = price_plan(plan, household, market=market)
    except CannotPrice as why:
        return {**_NO_ANSWER, "expected_error": why.refusal.value}
    return {
        "ages": list(price.ages),
        "member_premiums": None if price.members is None else list(price.members),
        "expected_total": price.total,
        "expected_error": None,
    }


CHECKER = Checker(
    name="premium",
    inputs=("plan_id", "zip", "county_fips", "effective_date", "channel", "hardship_exemption", "members"),
    compared={
        "ages": as_json,
        "member_premiums": as_amounts,
        "expected_total": as_money,
        "expected_error": _as_refusal,
    },
    answer=answer,
)
