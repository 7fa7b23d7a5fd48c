"""Numbers, expiry, and the order of things at the payment portal (PAY_02, PAY_05)."""

import itertools
from datetime import UTC, date, datetime, timedelta
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.payment_service import texts, wire
from enrollment.payment_service.rules import bank_accounts, cards
from enrollment.payment_service.rules.steps import MOVES, Impossible, State, Step, after
from enrollment.payment_service.rules.trial_numbers import ACCOUNTS, CARDS, ROUTING, Behaviour, behaviour_of
from enrollment.payment_service.runner import MOST_TRIES, pause_after

pytestmark = pytest.mark.no_db


def refusal(act, *args, **kwargs) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - each rule's own kind of it
        act(*args, **kwargs)
    return str(refused.value)


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(
    ("typed", "brand"),
    [
        ("4111 1111 1111 1111", "Visa"),
        ("4111-1111-1111-1111", "Visa"),
        ("4222222222222", "Visa"),
        ("5555555555554444", "Mastercard"),
        ("2223003122003222", "Mastercard"),
        ("378282246310005", "American Express"),
        ("6011111111111117", "Discover"),
        ("6500000000000002", "Discover"),
    ],
)
def test_a_good_number_is_known_with_its_brand(typed, brand):
    found, digits = cards.card_number(typed)
    assert found.name == brand
    assert digits == typed.replace(" ", "").replace("-", "")


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "card_digits"),
        ("4111", "card_digits"),
        ("4111x11111111111", "card_digits"),
        ("٤١١١١١١١١١١١١١١١", "card_digits"),
        ("41111111111111111111", "card_digits"),
        ("4111111111111112", "card_check"),
        ("4111111111111", "card_check"),
        ("41111111111111", "card_length"),
        ("555555555555444", "card_length"),
        ("3530111333300000", "card_brand"),
        ("2721000000000004", "card_brand"),
        ("2220990000000004", "card_brand"),
        ("9111111111111111", "card_brand"),
    ],
)
def test_a_number_that_cannot_be_a_card_is_refused_and_not_repeated(typed, why):
    assert refusal(cards.card_number, typed) == why


@given(st.integers(0, 10**14 - 1), st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_never_passes(body, place, by):
    digits = f"{body:014}"
    [check] = [end for end in "0123456789" if cards.passes_luhn(digits + end)]
    right = digits + check
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert not cards.passes_luhn(wrong)


@pytest.mark.parametrize(
    ("month", "year", "why"),
    [
        (11, 2026, ""),
        (12, 2026, ""),
        (10, 2026, "expired"),
        (12, 2025, "expired"),
        (1, 2046, ""),
        (1, 2047, "expiry_far"),
    ],
)
def test_a_card_is_good_through_the_last_day_of_its_month(month, year, why):
    today = date(2026, 11, 30)
    if why:
        assert refusal(cards.check_expiry, month=month, year=year, today=today) == why
    else:
        cards.check_expiry(month=month, year=year, today=today)


@pytest.mark.parametrize(
    ("typed", "number", "why"),
    [
        ("123", "4111111111111111", ""),
        ("1234", "378282246310005", ""),
        ("1234", "4111111111111111", "security_code_3"),
        ("123", "378282246310005", "security_code_4"),
        ("", "4111111111111111", "security_code_3"),
        ("12a", "4111111111111111", "security_code_3"),
        ("123", "9", ""),
        ("1234", "9", ""),
        ("12", "9", "security_code"),
    ],
)
def test_the_security_code_has_the_digits_of_its_brand(typed, number, why):
    brand = cards.brand_of(number)
    if why:
        assert refusal(cards.check_security_code, typed, brand) == why
    else:
        cards.check_security_code(typed, brand)


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("110000000", ""),
        ("021000021", ""),
        ("0210-0002-1", ""),
        ("322271627", ""),
        ("801234562", "routing_check"),
        ("021000022", "routing_check"),
        ("120000021", "routing_check"),
        ("000000000", "routing_check"),
        ("130000000", "routing_check"),
        ("501000020", "routing_check"),
        ("12345678", "routing_digits"),
        ("1234567890", "routing_digits"),
        ("", "routing_digits"),
        ("02100002l", "routing_digits"),
    ],
)
def test_a_routing_number_has_its_check_digit_and_a_district(typed, why):
    if why:
        assert refusal(bank_accounts.routing_number, typed) == why
    else:
        assert len(bank_accounts.routing_number(typed)) == 9


@pytest.mark.parametrize(
    ("typed", "again", "why"),
    [
        ("1234", "1234", ""),
        ("000123456789", "0001 2345 6789", ""),
        ("12345678901234567", "12345678901234567", ""),
        ("123456789012345678", "123456789012345678", "account_digits"),
        ("123", "123", "account_digits"),
        ("0000000", "0000000", "account_digits"),
        ("12a4", "12a4", "account_digits"),
        ("", "", "account_digits"),
        ("123456", "123457", "account_differs"),
        ("123456", "", "account_differs"),
    ],
)
def test_an_account_number_is_typed_twice_alike(typed, again, why):
    if why:
        assert refusal(bank_accounts.account_number, typed, again=again) == why
    else:
        assert bank_accounts.account_number(typed, again=again).isdigit()


def test_every_test_number_could_be_typed_and_each_story_has_one_of_a_card_or_a_bank():
    assert all(cards.card_number(each.digits)[0].name == each.label for each in CARDS)
    assert all(bank_accounts.account_number(each.digits, again=each.digits) for each in ACCOUNTS)
    assert bank_accounts.routing_number(ROUTING) == ROUTING
    assert {each.behaviour for each in (*CARDS, *ACCOUNTS)} == set(Behaviour)
    assert behaviour_of("4242424242424242") is Behaviour.PAYS


@pytest.mark.feature("PAY_05")
def test_every_pair_of_state_and_step_is_a_move_or_refused():
    ended = {State.FAILED, State.CANCELLED, State.EXPIRED, State.RETURNED}
    for state, step in itertools.product(State, Step):
        if (state, step) in MOVES:
            assert state not in ended, "nothing follows the end"
            assert after(state, step) is MOVES[state, step]
        else:
            with pytest.raises(Impossible):
                after(state, step)


@pytest.mark.feature("PAY_05")
@pytest.mark.feature("PAY_07")
def test_money_is_only_taken_after_submitting_and_releasing():
    paths = {
        State.DUE: {(State.REVIEW, Step.PAY), (State.SCHEDULED, Step.RELEASE)},
        State.SCHEDULED: {(State.REVIEW, Step.HOLD)},
    }
    for to, expected in paths.items():
        assert {move for move, state in MOVES.items() if state is to} == expected
    assert {state for (state, _step), to in MOVES.items() if to is State.SETTLED} == {State.DUE, State.SENT}


# --- the signature ---

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def signed(**changes):
    return {**wire.signed("key", purpose="POST /api/", body=b"{}", at=AT), **changes}


def test_a_signed_message_is_believed_within_the_window():
    for seconds in (-300, 0, 300):
        now = AT + timedelta(seconds=seconds)
        headers = signed()
        assert wire.check("key", headers, purpose="POST /api/", body=b"{}", now=now) == headers[wire.NONCE]
    lower = {name.lower(): value for name, value in signed().items()}
    assert wire.check("key", lower, purpose="POST /api/", body=b"{}", now=AT)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"secret": "other key"}),
        ({}, {"secret": ""}),
        ({}, {"purpose": "POST /api/other/"}),
        ({}, {"purpose": wire.CALLBACK}),
        ({}, {"body": b"{ }"}),
        ({wire.NONCE: "another"}, {}),
        ({wire.TIMESTAMP: "1763650801"}, {}),
        ({wire.SIGNATURE: ""}, {}),
        ({wire.SIGNATURE: "\u00e9"}, {}),
    ],
)
def test_whatever_is_changed_is_a_forgery(changes, told):
    right = {"secret": "key", "purpose": "POST /api/", "body": b"{}", "now": AT, **told}
    with pytest.raises(wire.Forged):
        wire.check(right.pop("secret"), signed(**changes), **right)


def test_an_old_message_is_stale():
    for seconds in (-301, 301):
        with pytest.raises(wire.Stale):
            wire.check("key", signed(), purpose="POST /api/", body=b"{}", now=AT + timedelta(seconds=seconds))


def test_events_are_sent_again_with_growing_pauses_for_three_days():
    pauses = [pause_after(tries) for tries in range(1, MOST_TRIES)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=2)
    assert timedelta(days=2, hours=20) < sum(pauses, timedelta()) < timedelta(days=3, hours=4)


# --- two languages ---


@pytest.mark.feature("PAY_10")
def test_every_sentence_is_there_in_both_languages_and_asks_for_the_same():
    for name, (english, spanish) in texts.BOTH.items():
        assert english.strip(), name
        assert english != spanish or name == "cards_taken", name
        assert holes(english) == holes(spanish), name
    assert texts.state_name("NM", "es") == "Nuevo México"
    assert texts.state_name("", "en") == ""


def holes(sentence: str) -> set[str]:
    return {name for _before, name, _format, _how in Formatter().parse(sentence) if name}
