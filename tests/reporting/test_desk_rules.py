"""The order of the save-the-policy desk, its limits, and what is said to clients."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from urllib.parse import parse_qs, urlsplit

import pytest

from reporting.rules import desk_words
from reporting.rules.desk import (
    RANKINGS,
    AtRisk,
    Why,
    asks_from,
    last_day_to_ask,
    may_come_back,
    of_grace_month,
    ranked,
    snooze_problem,
)

TODAY = date(2026, 11, 21)
pytestmark = pytest.mark.no_db


def risk(key: str, why: Why, left: int | None, premium: str = "100") -> AtRisk:
    last = None if left is None else TODAY + timedelta(days=left)
    return AtRisk(key=key, why=why, last_safe_day=last, days_left=left, premium=Decimal(premium))


IN_ORDER = [
    # within three days: coverage in force first, whatever the day
    risk("p1", Why.GRACE_3, 0),
    risk("p2", Why.GRACE_1, 3, "900"),
    risk("p3", Why.GRACE_1, 3, "200"),
    risk("p4", Why.FIRST_PAYMENT, 0),
    risk("a5", Why.DOCUMENTS, -4),
    risk("a6", Why.FAILED, 1),
    risk("a7", Why.EXPIRING, 1),
    risk("p8", Why.TERMED, 2),
    # within seven, fourteen and thirty-one days
    risk("p9", Why.GRACE_2, 4),
    risk("a10", Why.EXPIRING, 7),
    # within fourteen days, to the last of them: what is in force before what is not
    risk("p18", Why.GRACE_1, 14),
    risk("p11", Why.TERMED, 8),
    risk("p12", Why.GRACE_1, 15),
    risk("p13", Why.FIRST_PAYMENT, 31),
    # later, then without a day
    risk("p14", Why.GRACE_1, 32),
    risk("a15", Why.FAILED, 80),
    risk("p16", Why.GRACE_1, None),
    risk("a17", Why.DOCUMENTS, None),
]


def test_what_cannot_be_saved_next_week_comes_first_and_then_coverage_in_force():
    assert [one.key for one in ranked(reversed(IN_ORDER), today=TODAY)] == [one.key for one in IN_ORDER]


def test_the_order_does_not_depend_on_how_the_rows_came():
    some = [IN_ORDER[1], IN_ORDER[2], risk("p33", Why.GRACE_1, 3, "200"), IN_ORDER[15]]
    assert len({tuple(one.key for one in ranked(each, today=TODAY)) for each in permutations(some)}) == 1


def test_every_reason_has_its_weight_and_its_words():
    for why in Why:
        assert why.label
        assert all(why in rule.weights for rule in RANKINGS)
        assert desk_words.script(said(why))


@pytest.mark.parametrize(
    ("month", "why"),
    [(None, Why.GRACE_1), (1, Why.GRACE_1), (2, Why.GRACE_2), (3, Why.GRACE_3), (4, Why.GRACE_3)],
)
def test_the_month_of_grace_is_the_reason(month, why):
    assert of_grace_month(month) is why


def test_a_termed_policy_stands_there_for_thirty_days_after_its_end():
    assert last_day_to_ask(date(2028, 1, 30)) == date(2028, 2, 29)
    assert last_day_to_ask(asks_from(TODAY)) == TODAY


def test_three_months_of_grace_that_ran_out_do_not_come_back_by_paying():
    assert not may_come_back(ran_out=True, with_credit=True)
    assert may_come_back(ran_out=True, with_credit=False)
    assert may_come_back(ran_out=False, with_credit=True)


@pytest.mark.parametrize(
    ("until", "last", "problem"),
    [
        (TODAY, None, "Choose a day after today."),
        (TODAY + timedelta(1), None, ""),
        (TODAY + timedelta(60), None, ""),
        (TODAY + timedelta(61), None, "Choose a day up to 01/20/2027."),
        (TODAY + timedelta(5), TODAY + timedelta(5), ""),
        (
            TODAY + timedelta(6),
            TODAY + timedelta(5),
            "The last safe day is 11/26/2026. Choose that day or one before it.",
        ),
        # On the last day itself, and when it is late already, it can still be put aside.
        (TODAY + timedelta(6), TODAY, ""),
        (TODAY + timedelta(6), TODAY - timedelta(5), ""),
        (date(9999, 12, 31), None, "Choose a day up to 01/20/2027."),
    ],
)
def test_a_row_is_snoozed_for_two_months_at_most_and_not_past_its_last_day(until, last, problem):
    assert snooze_problem(until, today=TODAY, last_safe_day=last) == problem


def said(why: Why = Why.GRACE_1, **facts: object) -> desk_words.Said:
    values: dict[str, object] = {
        "why": why,
        "producer": "Rita Solberg & Co",
        "phone": "(312) 555-0142",
        "first_name": "Tanya",
        "product": "Prairie Bronze",
        "last_day": date(2026, 11, 30),
        "amount": "$312.55",
    }
    return desk_words.Said(**{**values, **facts})  # type: ignore[arg-type]


def test_email_and_text_message_say_nothing_about_the_client():
    for why in Why:
        text = desk_words.message(said(why))
        assert "Rita Solberg & Co" in text
        assert "(312) 555-0142" in text
        for secret in ("Tanya", "Prairie Bronze", "312.55", "11/30", "grace", "premium", "coverage"):
            assert secret not in text


def test_the_links_carry_the_text_and_cannot_be_led_astray():
    mail = urlsplit(desk_words.mail_link("tanya+x@people.example?bcc=evil@example.org&body=x", said()))
    asked = parse_qs(mail.query)
    assert set(asked) == {"subject", "body"}
    assert asked["body"] == [desk_words.message(said())]
    assert "?" not in mail.path
    assert parse_qs(urlsplit(desk_words.text_link("6305552000", said())).query)["body"] == [desk_words.message(said())]
    assert desk_words.mail_link("", said()) == desk_words.text_link("", said()) == ""


def test_the_script_names_what_is_known_and_says_what_is_not():
    assert "The amount due is $312.55." in " ".join(desk_words.script(said()))
    assert "11/30/2026" in " ".join(desk_words.script(said()))
    unknown = " ".join(desk_words.script(said(amount="Not reported by the carrier", last_day=None)))
    assert "the bill or the member account names it" in unknown
    assert "a day the carrier has not told yet" in unknown
    assert "{evil}" in " ".join(desk_words.script(said(product="{evil}")))
