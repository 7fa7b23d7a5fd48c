"""Life events as shipped, as rows, and as the tables of a state on a day."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from enrollment import shipped
from enrollment.models import LifeEventKind
from enrollment.rules.sep import decide
from enrollment.rules.sep_types import Availability, DeclaredEvent, Rule, SepRequest
from enrollment.selectors.life_events import life_events_offered, sep_tables
from tests.support.sep import load_sep_tables

TODAY = date(2026, 11, 21)
SHIPPED = {(row.event.code, row.us_state): row for row in shipped.life_events()}


@pytest.fixture
def tables(db) -> None:
    load_sep_tables()


def kind(**columns) -> LifeEventKind:
    """A published row of the shipped birth, with some columns different."""
    row = LifeEventKind.objects.published().get(code="BIRTH", us_state="")
    row.pk = None
    row._state.adding = True
    for name, value in columns.items():
        setattr(row, name, value)
    return row


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("code", "us_state", "column", "value"),
    [
        ("LOSS_MEC", "", "days_before", 60),
        ("LOSS_MEDICAID_CHIP", "", "days_after", 90),
        ("LOSS_MEDICALLY_NEEDY", "", "once_a_year", True),
        ("LOSS_MEC", "", "once_a_year", False),
        ("PERMANENT_MOVE", "", "days_before", 0),
        ("PERMANENT_MOVE", "", "needs_prior_coverage", True),
        ("MARRIAGE", "", "needs_prior_coverage", True),
        ("BIRTH", "", "elect_after_application", True),
        ("BIRTH", "", "elect_after_event", False),
        ("ICHRA_NEW", "", "days_after", 60),
        ("ICHRA_NEW", "", "days_after_if_notice_due", 0),
        ("LOSS_MEC", "", "days_after_if_notice_due", None),
        ("MEDICAID_CHIP_DENIED", "", "rule", Rule.AFTER_APPLICATION),
        ("MEDICAID_CHIP_DENIED", "", "note", "An earlier date may be given by a review of the documents."),
        ("ENROLLMENT_ERROR", "", "review", True),
        ("DIVORCE_NO_LOSS", "", "off_exchange", Availability.OPTION),
        ("DIVORCE_NO_LOSS", "", "on_exchange", Availability.OPTION),
        ("DEATH_NO_LOSS", "", "on_exchange", Availability.NO),
        ("DEATH_NO_LOSS", "IL", "on_exchange", Availability.YES),
        ("INCARCERATION_RELEASE", "", "off_exchange", Availability.NO),
        ("INCOME_150_FPL", "", "on_exchange", Availability.NO),
    ],
)
def test_cells_of_the_shipped_table_are_read_as_they_are_meant(code, us_state, column, value):
    assert getattr(SHIPPED[code, us_state].event, column) == value


@pytest.mark.no_db
def test_the_shipped_table_is_read_whole_and_what_is_left_open_is_kept_for_the_staff():
    assert len([row for row in SHIPPED.values() if not row.us_state]) == 32
    assert SHIPPED["LOSS_MEC", ""].remark == ""
    assert SHIPPED["PERMANENT_MOVE", ""].remark == "days before: 0 (option 60)"
    assert "on exchange: IL yes; federal platform no; NM unverified" in SHIPPED["DEATH_NO_LOSS", "IL"].remark


def test_the_database_gives_the_rules_what_was_shipped(tables, django_assert_num_queries):
    for us_state in ("IL", "TX"):
        with django_assert_num_queries(2):
            found = sep_tables(us_state, "off", TODAY)
        expected = shipped.sep_tables(us_state)
        assert found.events == expected.events
        assert found.states == expected.states
        assert found.options == expected.options
        mine = [row for row in expected.calendar if row.is_for(us_state, ("off",))]
        assert sorted(found.calendar, key=str) == sorted(mine, key=str)


def test_every_shipped_row_would_be_accepted_from_the_administration(tables):
    for row in LifeEventKind.objects.all():
        row.full_clean(validate_unique=False, validate_constraints=False)


def test_the_list_to_choose_from_is_in_order_and_of_the_channel(tables, django_assert_num_queries):
    with django_assert_num_queries(1):
        off = [event.code for event in life_events_offered("TX", "OFF", TODAY)]
    assert off[0] == "LOSS_MEC"
    assert off.index("BIRTH") < off.index("MARRIAGE") < off.index("CONTRACT_VIOLATION")
    assert len(off) == 22
    assert not {"CITIZENSHIP", "DIVORCE_NO_LOSS"} & set(off)
    assert "CITIZENSHIP" in [event.code for event in life_events_offered("TX", "on", TODAY)]
    illinois, texas = ([event.code for event in life_events_offered(state, "on", TODAY)] for state in ("IL", "TX"))
    assert set(illinois) - set(texas) == {"DEATH_NO_LOSS"}
    assert illinois.index("DEATH_NO_LOSS") < illinois.index("CITIZENSHIP")


def test_a_row_counts_from_its_first_day_through_its_last(tables):
    row = LifeEventKind.objects.get(code="BIRTH")
    row.last_day = TODAY
    row.save()
    assert "BIRTH" in sep_tables("TX", "off", TODAY).events
    assert "BIRTH" not in sep_tables("TX", "off", TODAY + timedelta(1)).events
    assert "BIRTH" not in sep_tables("TX", "off", row.first_day - timedelta(1)).events


def test_drafts_and_replaced_rows_are_not_gone_by(tables):
    kind(code="BIRTH_TWINS", published_at=None).save()
    kind(code="BIRTH_OLD", withdrawn_at=timezone.now()).save()
    codes = set(sep_tables("TX", "off", TODAY).events)
    assert not {"BIRTH_TWINS", "BIRTH_OLD"} & codes


def test_what_the_carrier_publishes_changes_the_decision(tables):
    kind(us_state="TX", days_after=31).save()
    request = SepRequest(
        us_state="TX",
        channel="off",
        application_date=TODAY,
        events=(DeclaredEvent(code="BIRTH", event_date=TODAY - timedelta(32)),),
    )
    assert decide(request, sep_tables("TX", "off", TODAY)).error == "outside_window"
    elsewhere = decide(
        SepRequest(us_state="IL", channel="off", application_date=TODAY, events=request.events),
        sep_tables("IL", "off", TODAY),
    )
    assert elsewhere.effective_date == TODAY - timedelta(32)


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"days_before": 30}, "days_before"),  # the birth rule would cover before it happened
        ({"rule": Rule.MANUAL_REVIEW.value, "elect_after_application": False}, "review"),
        ({"rule": Rule.AFTER_APPLICATION.value}, "rule"),
        ({"midmonth": True}, "midmonth"),
        ({"last_day": date(2024, 12, 31)}, "last_day"),
        ({"days_after": 367}, "days_after"),
        ({"code": "birth"}, "code"),
        ({"code": "BIRTH\n"}, "code"),
    ],
)
def test_rows_that_would_give_wrong_dates_are_refused_beside_the_field(tables, columns, field):
    with pytest.raises(ValidationError) as caught:
        kind(**columns).full_clean(validate_unique=False, validate_constraints=False)
    assert field in caught.value.message_dict


def test_the_database_keeps_one_row_a_day_and_days_in_order(tables):
    with pytest.raises(IntegrityError), transaction.atomic():
        kind().save()
    with pytest.raises(IntegrityError), transaction.atomic():
        kind(us_state="TX", last_day=date(2024, 12, 31)).save()
    kind(published_at=None).save()  # a draft may say the same
