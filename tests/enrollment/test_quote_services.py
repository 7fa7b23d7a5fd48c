"""Quotes as rows: begun once, changed, priced anew, saved, copied, expired, deleted and brought back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from enrollment.models import PlanRate, Quote, QuotePerson, QuotePlan
from enrollment.selectors import quotes as selector
from enrollment.services import quotes as service
from portal.common import audit
from portal.common.models import AuditEvent
from tests.support.catalog import (
    BRONZE_PPO,
    DENTAL,
    DUPAGE,
    GOLD_POS,
    GOLD_PPO,
    SILVER_HMO,
    THE_CATALOG,
    build_small,
)
from tests.support.factories import ProducerNumberFactory
from tests.support.quotes import CHILD, JANUARY, NADIA, NOW, SPOUSE, household, quote_of
from tests.support.sep import load_sep_tables

LATER = NOW + timedelta(days=3)


@pytest.fixture
def catalog(world):
    load_sep_tables()
    THE_CATALOG.again()


@pytest.fixture
def quote(world, catalog) -> Quote:
    return quote_of(world.producer, world.number, plans=[(SILVER_HMO, "OFF"), (DENTAL, "OFF")])


def actions() -> list[str]:
    rows = AuditEvent.objects.filter(object_type="quote").order_by("id")
    return list(rows.values_list("action", flat=True))


def start(world, **changes):
    values = {
        "household": household(world.number, NADIA, SPOUSE, CHILD),
        "by": world.producer,
        "at": NOW,
        "form_key": "one-form-of-the-tests",
    }
    return service.start(**{**values, **changes})


# --- begun ---


@pytest.mark.feature("QUO_03")
def test_what_was_typed_is_kept_as_a_draft(world, catalog):
    quote = start(world)
    assert (quote.name, quote.saved_at, quote.zip, quote.county_id) == ("", None, "60601", "17031")
    assert (quote.reason, quote.effective_date, quote.market) == ("OEP", JANUARY, "BOTH")
    people = list(quote.people.values_list("position", "relation", "first_name", "tobacco"))
    assert people == [(0, "self", "Nadia", False), (1, "spouse", "Tom", True), (2, "child", "", False)]
    assert actions() == ["quote.started"]
    row = AuditEvent.objects.get(action="quote.started")
    assert (row.object_id, row.for_producer, row.details) == (str(quote.pk), world.number.producer.npn, {"people": 3})


@pytest.mark.feature("QUO_03")
def test_the_same_form_is_one_quote_and_an_edited_one_changes_its_draft(world, catalog):
    first = start(world)
    assert start(world).pk == first.pk
    assert actions() == ["quote.started"]
    assert start(world, household=household(world.number, NADIA)).pk == first.pk
    assert QuotePerson.objects.count() == 1
    assert actions() == ["quote.started", "quote.changed"]
    # Somebody else's form of the same name is another one.
    assert start(world, by=world.delegate_with_enroll).pk != first.pk


@pytest.mark.feature("QUO_03")
def test_a_form_that_comes_back_after_its_quote_was_saved_makes_another(world, catalog):
    first = start(world)
    service.save(quote=first, name="Brandt", by=world.producer, at=NOW)
    assert start(world).pk == first.pk
    other = start(world, household=household(world.number, NADIA))
    assert other.pk != first.pk
    assert start(world, household=household(world.number, NADIA)).pk == other.pk
    assert Quote.objects.count() == 2


@pytest.mark.feature("QUO_03")
def test_a_form_whose_quote_was_deleted_says_so(world, catalog):
    quote = start(world)
    service.delete(quotes=[quote], by=world.producer, at=NOW)
    with pytest.raises(service.Gone):
        start(world)


@pytest.mark.feature("QUO_03")
def test_a_second_row_of_one_form_is_refused_by_the_database(world, catalog):
    quote = start(world)
    with pytest.raises(Exception, match="form_key"):
        Quote.objects.create(
            **{**service._values(household(world.number), at=NOW)}, form_key=quote.form_key, created_by=world.producer
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("QUO_03")
def test_five_posts_from_five_connections_are_one_quote(world):
    load_sep_tables()
    build_small()
    asked = household(world.number)

    def post(_time: int) -> int:
        try:
            return start(world, household=asked).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(post, range(5)))) == 1
    assert Quote.objects.count() == QuotePerson.objects.count() == 1


@pytest.mark.feature("QUO_03")
@pytest.mark.parametrize("who", ["outsider", "principal", "sibling", "delegate", "admin"])
def test_a_number_of_somebody_else_writes_no_quote(world, catalog, who):
    with pytest.raises(service.NotYourNumber):
        start(world, by=getattr(world, who))
    assert not Quote.objects.exists()


@pytest.mark.feature("QUO_03")
def test_numbers_are_those_of_the_producers_acted_for(world, catalog):
    ProducerNumberFactory(producer=world.producer.producer, us_state="TX", status="INACTIVE")
    own = [number.pk for number in selector.writing_numbers(world.producer)]
    assert own == [world.number.pk]
    assert [number.pk for number in selector.writing_numbers(world.delegate_with_enroll)] == own
    assert selector.writing_numbers(world.delegate) == []
    assert selector.writing_numbers(world.admin) == []


# --- changed ---


@pytest.mark.feature("QUO_03")
def test_a_change_takes_off_plans_that_are_not_sold_to_the_household_any_more(world, quote):
    seen = service.stamp(quote)
    off = service.change(
        quote=quote,
        household=household(world.number, market="ON"),
        seen=seen,
        by=world.producer,
        at=LATER,
    )
    assert len(off) == 2
    assert not QuotePlan.objects.exists()
    quote.refresh_from_db()
    assert (quote.market, quote.updated_at) == ("ON", LATER)
    assert actions()[-1] == "quote.changed"


@pytest.mark.feature("QUO_03")
def test_another_place_in_the_same_area_keeps_the_plans(world, quote):
    asked = household(world.number, county=DUPAGE, zip="60563")
    assert service.change(quote=quote, household=asked, seen=service.stamp(quote), by=world.producer, at=LATER) == []
    assert QuotePlan.objects.count() == 2


@pytest.mark.feature("QUO_03")
def test_who_has_not_seen_a_change_does_not_overwrite_it(world, quote):
    seen = service.stamp(quote)
    asked = household(world.number, NADIA, CHILD)
    service.change(
        quote=quote, household=household(world.number, NADIA, SPOUSE), seen=seen, by=world.producer, at=LATER
    )
    with pytest.raises(service.ChangedMeanwhile):
        service.change(quote=quote, household=asked, seen=seen, by=world.delegate_with_enroll, at=LATER)
    assert list(quote.people.values_list("relation", flat=True)) == ["self", "spouse"]


@pytest.mark.feature("QUO_03")
def test_a_tick_in_another_window_is_no_change_of_the_household(world, quote):
    seen = service.stamp(quote)
    area = selector.priced(quote).area
    service.select_plans(
        quote=quote,
        shown=[plan.key for plan in selector.priced(quote).selected],
        ticked=[],
        area=area,
        by=world.producer,
        at=LATER,
    )
    asked = household(world.number, NADIA, CHILD)
    assert service.change(quote=quote, household=asked, seen=seen, by=world.producer, at=LATER) == []


@pytest.mark.feature("QUO_03")
def test_a_change_that_fails_half_way_changes_nothing(world, quote, monkeypatch):
    monkeypatch.setattr(audit, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        service.change(
            quote=quote,
            household=household(world.number, NADIA, CHILD),
            seen=service.stamp(quote),
            by=world.producer,
            at=LATER,
        )
    assert quote.people.count() == 1
    assert QuotePlan.objects.count() == 2


@pytest.mark.feature("QUO_07")
@pytest.mark.parametrize("act", ["change", "select", "choose"])
def test_nothing_is_changed_on_an_expired_quote(world, quote, act):
    after = NOW + timedelta(days=26)  # 16 December: open enrollment was through 15 December
    area = selector.priced(quote).area
    acts = {
        "change": lambda: service.change(
            quote=quote,
            household=household(world.number, NADIA, CHILD),
            seen=service.stamp(quote),
            by=world.producer,
            at=after,
        ),
        "select": lambda: service.select_plans(
            quote=quote, shown=[], ticked=[], area=area, by=world.producer, at=after
        ),
        "choose": lambda: service.choose_plans(quote=quote, keys=[], by=world.producer, at=after),
    }
    with pytest.raises(service.CannotChange, match="expired on 12/15/2026"):
        acts[act]()


# --- plans ---


@pytest.mark.feature("QUO_04")
def test_ticks_are_kept_and_plans_that_were_not_shown_stay_selected(world, quote):
    area = selector.priced(quote).area
    rows = {row.plan.plan_id: selector.key_of(row.plan_id, row.market) for row in quote.plans.select_related("plan")}
    gold = next(one for one in area.offered if one.plan.plan_id == GOLD_PPO)
    key = selector.key_of(gold.plan.pk, "ON")
    count = service.select_plans(
        quote=quote, shown=[rows[SILVER_HMO], key], ticked=[key], area=area, by=world.producer, at=LATER
    )
    assert count == 2
    left = {(row.plan.plan_id, row.market): row.monthly_premium for row in quote.plans.select_related("plan")}
    assert left.keys() == {(DENTAL, "OFF"), (GOLD_PPO, "ON")}
    assert left[GOLD_PPO, "ON"] == gold.premium.total
    assert AuditEvent.objects.filter(action="quote.plans_selected").latest("id").details == {"plans": 2}


@pytest.mark.feature("QUO_04")
@pytest.mark.parametrize(
    "key", ["", "0-OFF", "999999-ON", "abc", "{id}-off", "{id}-BOTH", "{pos}-OFF", "{id}", "-OFF", "\x00"]
)
def test_what_is_not_sold_is_not_selected(world, quote, key):
    area = selector.priced(quote).area
    ids = {one.plan.plan_id: one.plan.pk for one in area.offered}
    ticked = key.format(id=ids[BRONZE_PPO], pos=ids[GOLD_POS])  # the POS plan is sold on the exchange only
    service.select_plans(quote=quote, shown=[], ticked=[ticked], area=area, by=world.producer, at=LATER)
    assert QuotePlan.objects.count() == 2


@pytest.mark.feature("QUO_05")
def test_what_is_ticked_for_enrollment_is_kept(world, quote):
    silver = quote.plans.get(plan__plan_id=SILVER_HMO)
    service.choose_plans(quote=quote, keys=[selector.key_of(silver.plan_id, "OFF")], by=world.producer, at=LATER)
    assert [plan.row.pk for plan in selector.priced(quote).chosen] == [silver.pk]
    before = AuditEvent.objects.count()
    service.choose_plans(quote=quote, keys=[selector.key_of(silver.plan_id, "OFF")], by=world.producer, at=LATER)
    assert AuditEvent.objects.count() == before


@pytest.mark.feature("QUO_04")
def test_prices_are_those_of_the_catalog_of_today_and_saving_takes_them_over(world, quote):
    row = quote.plans.get(plan__plan_id=SILVER_HMO)
    was = row.monthly_premium
    assert selector.priced(quote).changed == []
    PlanRate.objects.filter(plan=row.plan).update(rate=Decimal("999.00"))
    (changed,) = selector.priced(quote).changed
    assert (changed.row.monthly_premium, changed.premium.total) == (was, Decimal("999.00"))
    service.save(quote=quote, name="Brandt", by=world.producer, at=LATER)
    assert selector.priced(quote).changed == []
    row.refresh_from_db()
    assert row.monthly_premium == Decimal("999.00")


@pytest.mark.feature("QUO_04")
def test_a_withdrawn_plan_stays_in_the_quote_with_the_reason(world, quote):
    row = quote.plans.get(plan__plan_id=SILVER_HMO)
    row.plan.withdrawn_at = NOW
    row.plan.save()
    gone = next(plan for plan in selector.priced(quote).selected if plan.row.pk == row.pk)
    assert (gone.premium, gone.reason) == (None, "The carrier no longer sells this plan.")
    said = selector.why_not_enroll(world.producer, quote, [gone], now=NOW)
    assert said == gone.reason


@pytest.mark.feature("QUO_05")
def test_enrolling_needs_a_quote_in_force_the_right_plans_and_the_right_person(world, catalog):
    quote = quote_of(world.producer, world.number, plans=[(SILVER_HMO, "ON"), (GOLD_PPO, "OFF"), (DENTAL, "ON")])
    silver, gold, dental = selector.priced(quote).selected

    def why(user, *plans, now=NOW):
        return selector.why_not_enroll(user, quote, plans, now=now)

    assert why(world.producer, silver, dental) == ""
    assert why(world.producer, gold) == ""
    assert why(world.producer, silver, gold) == "Select only one medical plan. 2 are selected."
    assert "two enrollments" in why(world.producer, gold, dental)
    assert why(world.producer, silver, now=NOW + timedelta(days=26)).startswith("This quote expired on 12/15/2026.")
    # HOM_11: a delegate enrolls off the exchange only.
    assert why(world.delegate_with_enroll, silver) == selector.ON_EXCHANGE_NOT_YOURS
    assert why(world.delegate_with_enroll, gold) == ""


# --- kept ---


@pytest.mark.feature("QUO_07")
def test_saving_gives_a_name_and_saving_again_another(world, quote):
    assert service.save(quote=quote, name="Brandt", by=world.producer, at=NOW) is True
    assert service.save(quote=quote, name="Brandt, gold", by=world.producer, at=LATER) is False
    quote.refresh_from_db()
    assert (quote.name, quote.saved_at, quote.expires_on) == ("Brandt, gold", LATER, date(2026, 12, 15))
    assert actions()[-2:] == ["quote.saved", "quote.renamed"]


@pytest.mark.feature("QUO_07")
@pytest.mark.parametrize(
    ("reason", "effective", "expires"),
    [
        ("OEP", JANUARY, date(2026, 12, 15)),
        ("SEP", JANUARY, date(2026, 12, 31)),
        ("SEP", date(2027, 2, 1), date(2027, 1, 19)),
    ],
)
def test_a_quote_expires_with_its_effective_date_at_the_latest(world, catalog, reason, effective, expires):
    quote = quote_of(world.producer, world.number, reason=reason, effective_date=effective)
    assert quote.expires_on == expires


@pytest.mark.feature("QUO_07")
def test_renaming_an_expired_quote_leaves_its_prices_and_its_end(world, quote):
    PlanRate.objects.update(rate=Decimal("999.00"))
    service.save(quote=quote, name="Brandt", by=world.producer, at=NOW + timedelta(days=40))
    quote.refresh_from_db()
    assert quote.expires_on == date(2026, 12, 15)
    assert len(selector.priced(quote).changed) == 2


@pytest.mark.feature("QUO_07")
def test_a_copy_has_the_household_the_plans_and_a_date_that_can_be_asked_for(world, quote):
    after = NOW + timedelta(days=40)  # 30 December: open enrollment is over
    made = service.copy(quote=quote, by=world.producer, at=after, form_key="copy-of-the-tests")
    assert made.pk != quote.pk
    assert (made.name, made.saved_at, made.reason, made.effective_date) == ("", None, "SEP", JANUARY)
    assert service.household_of(made).people == service.household_of(quote).people
    assert [row.plan_id for row in made.plans.all()] == [row.plan_id for row in quote.plans.all()]
    assert service.copy(quote=quote, by=world.producer, at=after, form_key="copy-of-the-tests").pk == made.pk
    assert Quote.objects.count() == 2
    assert actions()[-1] == "quote.copied"


@pytest.mark.feature("QUO_07")
def test_a_copy_into_another_year_has_the_same_plans_of_that_year(world, catalog):
    old = quote_of(
        world.producer, world.number, plans=[(SILVER_HMO, "OFF")], reason="SEP", effective_date=date(2026, 12, 1)
    )
    made = service.copy(quote=old, by=world.producer, at=NOW + timedelta(days=20), form_key="copy-of-the-tests")
    assert made.effective_date == JANUARY
    (row,) = made.plans.select_related("plan")
    assert (row.plan.plan_id, row.plan.plan_year) == (SILVER_HMO, 2027)


@pytest.mark.feature("QUO_07")
def test_a_copy_needs_the_number_of_the_quote(world, quote):
    with pytest.raises(service.NotYourNumber):
        service.copy(quote=quote, by=world.principal, at=NOW, form_key="copy-of-the-tests")


@pytest.mark.feature("QUO_07")
def test_deleted_quotes_are_nowhere_until_they_are_brought_back(world, quote):
    assert service.delete(quotes=[quote], by=world.producer, at=NOW) == [quote.pk]
    assert service.delete(quotes=[quote], by=world.producer, at=NOW) == []
    assert selector.one(world.producer, quote.pk) is None
    with pytest.raises(service.Gone):
        service.save(quote=quote, name="Brandt", by=world.producer, at=NOW)
    assert list(selector.deleted(world.producer, at=NOW + selector.UNDO_FOR)) == [quote]
    assert not selector.deleted(world.producer, at=NOW + selector.UNDO_FOR + timedelta(seconds=1)).exists()
    assert service.restore(quotes=[quote], by=world.producer) == [quote.pk]
    assert selector.one(world.producer, quote.pk) is not None
    assert actions()[-2:] == ["quote.deleted", "quote.restored"]


@pytest.mark.feature("QUO_07")
def test_the_day_is_the_one_where_the_household_lives(world, quote):
    """An hour after midnight in Chicago the mountain states still have the day before."""
    Quote.objects.update(expires_on=NOW.date())
    midnight = NOW.replace(hour=0, minute=30) + timedelta(days=1)
    assert Quote.objects.filter(selector.expired(now=midnight)).exists()
    assert selector.status_of(selector.one(world.producer, quote.pk), now=midnight) == "Expired"
    quote.county.us_state = "MT"
    assert not selector.is_expired(quote, now=midnight)
    quote.county.save()
    assert not Quote.objects.filter(selector.expired(now=midnight)).exists()


def test_no_name_or_birth_date_stands_in_the_audit_trail(world, catalog):
    quote = start(world)
    service.save(quote=quote, name="Brandt", by=world.producer, at=NOW)
    service.copy(quote=quote, by=world.producer, at=NOW, form_key="copy-of-the-tests")
    text = str(list(AuditEvent.objects.values()))
    assert "Nadia" not in text
    assert "Brandt" not in text
    assert "1988" not in text
    assert "60601" not in text


def test_the_household_of_a_quote_is_the_one_it_was_begun_with(world, catalog):
    asked = household(world.number, NADIA, replace(SPOUSE, sex="M"), CHILD)
    quote = start(world, household=asked)
    assert service.household_of(selector.one(world.producer, quote.pk)) == replace(asked, people=tuple(asked.people))
