"""The desk of the payment portal: each test number's story, one charge whatever happens (PAY_02, PAY_05..09)."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from enrollment.payment_service import payments
from enrollment.payment_service.payments import Differs, Refused, Submitted, Unknown
from enrollment.payment_service.rules.steps import State
from enrollment.payment_service.runner import Runner
from tests.support.concurrency import at_once
from tests.support.payment_process import numbers_kept
from tests.support.payment_service import NOW, SECRET, asked, bank, card, desk_in, in_review, options_in, told_states

pytestmark = pytest.mark.no_db

VISA, DECLINED, POOR, LATE, TWICE = (
    "4111111111111111",
    "4000000000000002",
    "4000000000009995",
    "4000000000000119",
    "4000000000000259",
)
CHECKING, NO_ACCOUNT, EMPTY, SLOW, TOLD_TWICE, SENT_BACK = (
    "000123456789",
    "000111111116",
    "000222222227",
    "000444444440",
    "000555555559",
    "000333333335",
)


@pytest.fixture
def desk(tmp_path):
    return desk_in(tmp_path)


@pytest.fixture
def runner(desk, monkeypatch):
    """A runner whose events arrive at once, in a list."""
    made = Runner(desk, SECRET)
    made.arrived = []
    monkeypatch.setattr(made, "_send", lambda _url, event: made.arrived.append(event) or True)
    return made


def submit(desk, payment_id, *, seconds=0):
    return desk.submit(payment_id, language="en", now=NOW + timedelta(seconds=seconds))


def state(desk, payment_id):
    return desk.store.payment(payment_id).state


def run_for(runner, seconds):
    for second in [*range(4), *range(4, seconds, 5), seconds]:
        runner.run_once(now=NOW + timedelta(seconds=second))


# --- opened ---


def test_one_key_opens_one_payment(desk):
    first = desk.create(asked(), now=NOW)
    again = desk.create(asked(return_url="http://portal.example/newer/"), now=NOW + timedelta(minutes=1))
    assert again.id == first.id
    assert again.asked.return_url == "http://portal.example/newer/"
    assert desk.store.payment(first.id).asked.return_url == "http://portal.example/newer/"
    assert desk.create(asked(key="pay-key-two"), now=NOW).id != first.id
    with pytest.raises(Differs):
        desk.create(asked(amount=Decimal("2091.41")), now=NOW)


def test_twenty_requests_of_one_key_at_once_open_one_payment(desk):
    opened = at_once(*[lambda: desk.create(asked(), now=NOW).id] * 20)
    assert len(set(opened)) == 1


def test_confirmation_numbers_are_long_and_without_doubtful_characters():
    numbers = {payments.new_confirmation() for _ in range(200)}
    assert len(numbers) == 200
    assert not set("".join(numbers)[2:]) & set("01OIL")


# --- submitted, held and charged ---


@pytest.mark.feature("PAY_05")
def test_a_submitted_payment_is_scheduled_until_the_application_is_accepted(desk):
    payment_id = in_review(desk, card(desk, VISA))
    assert told_states(desk, payment_id) == []
    assert submit(desk, payment_id) is Submitted.DONE
    assert told_states(desk, payment_id) == ["scheduled"]
    assert desk.network.charges() == []

    desk.release(payment_id, now=NOW + timedelta(days=2))
    assert told_states(desk, payment_id) == ["scheduled", "submitted", "settled"]
    assert desk.network.charges() == [(payment_id, Decimal("2091.40"))]
    desk.release(payment_id, now=NOW + timedelta(days=2))
    assert len(told_states(desk, payment_id)) == 3


def test_an_acceptance_before_the_payer_has_paid_charges_when_they_do(desk):
    payment_id = in_review(desk, card(desk, VISA))
    desk.release(payment_id, now=NOW)
    assert desk.network.charges() == []
    submit(desk, payment_id)
    assert told_states(desk, payment_id) == ["scheduled", "submitted", "settled"]


def test_what_is_not_held_is_charged_at_once(desk):
    payment_id = in_review(desk, card(desk, VISA), hold=False)
    submit(desk, payment_id)
    assert told_states(desk, payment_id) == ["submitted", "settled"]


def test_what_is_told_names_the_payment_and_four_digits(desk):
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    [event] = desk.store.events(payment_id)
    assert event.told == {
        "event_id": event.id,
        "external_id": payment_id,
        "reference": "P-000001",
        "state": "scheduled",
        "at": NOW.isoformat(),
        "amount": "2091.40",
        "confirmation": desk.store.payment(payment_id).confirmation,
        "method_kind": "card",
        "method_label": "Visa",
        "method_last4": "1111",
        "reason": "",
        "language": "en",
        "mandate": None,
    }


@pytest.mark.feature("PAY_07")
def test_leaving_before_submitting_pays_nothing_and_expires(desk, runner):
    payment_id = in_review(desk, card(desk, VISA))
    run_for(runner, 3)
    assert state(desk, payment_id) is State.REVIEW
    desk.look(payment_id, now=NOW + timedelta(hours=1))
    assert state(desk, payment_id) is State.EXPIRED
    assert told_states(desk, payment_id) == ["expired"]
    assert desk.store.payment(payment_id).entered is None
    assert submit(desk, payment_id) is Submitted.ENDED
    with pytest.raises(Refused):
        desk.release(payment_id, now=NOW)
    assert desk.network.charges() == []


def test_what_is_submitted_a_second_too_late_has_expired(desk):
    payment_id = in_review(desk, card(desk, VISA))
    assert submit(desk, payment_id, seconds=3600) is Submitted.ENDED
    assert told_states(desk, payment_id) == ["expired"]


def test_a_scheduled_payment_waits_for_weeks(desk, runner):
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    runner.run_once(now=NOW + timedelta(days=60))
    assert state(desk, payment_id) is State.SCHEDULED


# --- the stories of the test numbers ---


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(("digits", "told"), [(DECLINED, Submitted.DECLINED), (POOR, Submitted.LACKS_FUNDS)])
def test_a_declined_card_charges_nothing_and_another_one_may_be_used(desk, digits, told):
    payment_id = in_review(desk, card(desk, digits))
    assert submit(desk, payment_id) is told
    assert told_states(desk, payment_id) == []
    assert submit(desk, payment_id) is Submitted.NOTHING_ENTERED
    in_review(desk, card(desk, VISA))
    assert submit(desk, payment_id) is Submitted.DONE


def test_five_declined_cards_are_the_last(desk):
    for _ in range(payments.MOST_DECLINES):
        payment_id = in_review(desk, card(desk, DECLINED))
        done = submit(desk, payment_id)
    assert done is Submitted.ENDED
    assert told_states(desk, payment_id) == ["failed"]
    with pytest.raises(Refused):
        in_review(desk, card(desk, VISA))


@pytest.mark.parametrize("pays", [card, bank])
def test_a_late_answer_is_asked_for_again_and_is_one_charge(desk, runner, pays):
    payment_id = in_review(desk, pays(desk, LATE if pays is card else SLOW), hold=False)
    assert submit(desk, payment_id) is Submitted.DONE
    assert told_states(desk, payment_id) == ["submitted"]
    assert len(desk.network.charges()) == 1
    run_for(runner, 40)
    assert told_states(desk, payment_id) == ["submitted", "settled"]
    assert len(desk.network.charges()) == 1


@pytest.mark.parametrize("pays", [card, bank])
def test_what_is_answered_twice_is_told_twice_under_one_name(desk, runner, pays):
    payment_id = in_review(desk, pays(desk, TWICE if pays is card else TOLD_TWICE), hold=False)
    submit(desk, payment_id)
    run_for(runner, 40)
    assert [event.told["state"] for event in runner.arrived].count("settled") == 2
    assert len({event.id for event in runner.arrived}) == 2
    assert told_states(desk, payment_id) == ["submitted", "settled"]
    assert len(desk.network.charges()) == 1


@pytest.mark.parametrize(
    ("digits", "story"),
    [
        (CHECKING, ["submitted", "settled"]),
        (NO_ACCOUNT, ["submitted", "failed"]),
        (EMPTY, ["submitted", "failed"]),
        (SENT_BACK, ["submitted", "settled", "returned"]),
    ],
)
def test_a_bank_says_later_what_becomes_of_a_debit(desk, runner, digits, story):
    payment_id = in_review(desk, bank(desk, digits), hold=False)
    submit(desk, payment_id)
    run_for(runner, 19)
    assert told_states(desk, payment_id) == ["submitted"]
    run_for(runner, 110)
    assert told_states(desk, payment_id) == story
    last = desk.store.events(payment_id)[-1].told
    assert bool(last["reason"]) is (story[-1] != "settled")
    assert len(desk.network.charges()) == 1
    assert desk.store.payment(payment_id).look_at is None


def test_a_debit_that_came_back_while_nobody_looked_is_told_in_order(desk):
    payment_id = in_review(desk, bank(desk, SENT_BACK), hold=False)
    submit(desk, payment_id)
    desk.look(payment_id, now=NOW + timedelta(days=1))
    assert told_states(desk, payment_id) == ["submitted", "settled", "returned"]


# --- autopay ---


@pytest.mark.feature("PAY_04")
def test_the_first_payment_by_card_and_autopay_from_a_bank_account(desk):
    payment_id = in_review(desk, card(desk, VISA), autopay=bank(desk, CHECKING), autopay_text_version="2026-1")
    submit(desk, payment_id)
    [event] = desk.store.events(payment_id)
    mandate = event.told["mandate"]
    assert mandate | {"external_id": "", "agreed_at": ""} == {
        "external_id": "",
        "state": "active",
        "bank_last4": "6789",
        "text_version": "2026-1",
        "agreed_at": "",
    }
    desk.revoke(mandate["external_id"], now=NOW)
    desk.revoke(mandate["external_id"], now=NOW)
    told = desk.store.events(payment_id)
    assert [(each.told["state"], each.told["mandate"]["state"]) for each in told] == [
        ("scheduled", "active"),
        ("scheduled", "revoked"),
    ]
    with pytest.raises(Unknown):
        desk.revoke("man_nobody", now=NOW)


def test_nothing_is_agreed_to_before_submitting(desk):
    payment_id = in_review(desk, card(desk, VISA), autopay=bank(desk, CHECKING))
    assert desk.store.payment(payment_id).mandate is None


# --- cancelled ---


@pytest.mark.feature("PAY_08")
def test_the_payer_cancels_before_submitting_and_not_after(desk):
    payment_id = in_review(desk, card(desk, VISA))
    desk.cancel(payment_id, now=NOW, by_payer=True)
    desk.cancel(payment_id, now=NOW, by_payer=True)
    assert told_states(desk, payment_id) == ["cancelled"]
    assert desk.store.payment(payment_id).entered is None, "what was entered is lost"
    assert submit(desk, payment_id) is Submitted.ENDED

    other = in_review(desk, card(desk, VISA), key="pay-key-two")
    submit(desk, other)
    with pytest.raises(Refused):
        desk.cancel(other, now=NOW, by_payer=True)


def test_the_portal_cancels_what_is_held_and_nothing_that_is_charged(desk):
    held = in_review(desk, bank(desk, CHECKING), autopay=bank(desk, CHECKING))
    submit(desk, held)
    desk.cancel(held, now=NOW)
    assert told_states(desk, held) == ["scheduled", "cancelled"]
    assert desk.store.events(held)[-1].told["mandate"]["state"] == "revoked"
    with pytest.raises(Refused):
        desk.release(held, now=NOW)

    charged = in_review(desk, bank(desk, CHECKING), key="pay-key-two", hold=False)
    submit(desk, charged)
    with pytest.raises(Refused):
        desk.cancel(charged, now=NOW)
    with pytest.raises(Unknown):
        desk.cancel("pay_nobody", now=NOW)


# --- one charge ---


@pytest.mark.feature("PAY_05")
@pytest.mark.parametrize("digits", [VISA, LATE, TWICE])
@pytest.mark.long
def test_fifty_submits_and_releases_at_once_are_one_charge(desk, digits):
    payment_id = in_review(desk, card(desk, digits))
    acts = [lambda: submit(desk, payment_id)] * 40 + [lambda: desk.release(payment_id, now=NOW)] * 10
    done = at_once(*acts)
    assert set(done) == {Submitted.DONE, None}
    for second in range(1, 5):
        desk.look(payment_id, now=NOW + timedelta(seconds=second))
    assert told_states(desk, payment_id) == ["scheduled", "submitted", "settled"]
    assert len(desk.network.charges()) == 1


def test_submit_and_cancel_at_once_are_one_of_the_two(desk):
    for turn in range(5):
        payment_id = in_review(desk, card(desk, VISA), key=f"pay-key-{turn}", hold=False)
        at_once(
            lambda: submit(desk, payment_id),  # noqa: B023 - ended before the next turn
            lambda: desk.cancel(payment_id, now=NOW, by_payer=True),  # noqa: B023
        )
        charged = any(key == payment_id for key, _amount in desk.network.charges())
        assert told_states(desk, payment_id) == (["submitted", "settled"] if charged else ["cancelled"])


KILLED = """
import os, sys
from pathlib import Path
from datetime import timedelta
from enrollment.payment_service.network import Network
from tests.support.payment_process import numbers_kept
from tests.support.payment_service import NOW, desk_in

charge = Network.charge

def charge_and_die(*args, **kwargs):
    charge(*args, **kwargs)
    os._exit(9)

Network.charge = charge_and_die
desk_in(Path(sys.argv[1])).release(sys.argv[2], now=NOW)
"""


@pytest.mark.processes
@pytest.mark.feature("PAY_05")
def test_a_process_killed_between_charge_and_mark_charges_once(desk, runner, tmp_path):
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    script = f"import django.conf; django.conf.settings.configure()\n{KILLED}"
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path), payment_id], check=False, timeout=60)
    assert killed.returncode == 9
    assert len(desk.network.charges()) == 1
    assert state(desk, payment_id) is State.DUE

    run_for(runner, 1)
    assert told_states(desk, payment_id) == ["scheduled", "submitted", "settled"]
    assert len(desk.network.charges()) == 1


def test_a_failure_after_the_charge_keeps_nothing_but_the_charge(desk, runner, monkeypatch):
    payment_id = in_review(desk, card(desk, VISA), hold=False)
    with monkeypatch.context() as broken:
        broken.setattr(payments.Desk, "_settle", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            submit(desk, payment_id)
    assert state(desk, payment_id) is State.DUE
    run_for(runner, 1)
    assert state(desk, payment_id) is State.SETTLED
    assert len(desk.network.charges()) == 1


# --- events ---


def test_an_event_that_is_not_taken_is_sent_again_with_pauses_until_it_is(desk, monkeypatch):
    runner = Runner(desk, SECRET)
    sent = []
    monkeypatch.setattr(runner, "_send", lambda _url, event: sent.append(runner.now) or len(sent) > 4)
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    for second in range(120):
        runner.now = second
        runner.tell(now=NOW + timedelta(seconds=second))
    assert [later - earlier for earlier, later in pairwise(sent)] == [2, 4, 8, 16]


def test_an_event_a_runner_died_with_is_sent_by_the_next(desk, runner):
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    with desk.store.writing() as writing:
        assert len(writing.claim_events(now=NOW, until=NOW + timedelta(minutes=5))) == 1
    runner.tell(now=NOW + timedelta(minutes=4))
    assert runner.arrived == []
    runner.tell(now=NOW + timedelta(minutes=5))
    assert len(runner.arrived) == 1


def test_two_runners_at_once_send_an_event_once(desk):
    payment_id = in_review(desk, card(desk, VISA))
    submit(desk, payment_id)
    sent = []
    runners = [Runner(desk, SECRET) for _ in range(5)]
    for each in runners:
        each._send = lambda _url, event: sent.append(event.id) or True
    at_once(*[lambda each=each: each.tell(now=NOW) for each in runners])
    assert len(sent) == 1


def test_one_failing_payment_does_not_stop_the_others(desk, runner, monkeypatch):
    first = in_review(desk, card(desk, VISA))
    second = in_review(desk, card(desk, VISA), key="pay-key-two")
    look = payments.Desk.look

    def broken(self, payment_id, *, now):
        if payment_id == first:
            raise ValueError("broken")
        look(self, payment_id, now=now)

    monkeypatch.setattr(payments.Desk, "look", broken)
    runner.run_once(now=NOW + timedelta(hours=2))
    assert state(desk, second) is State.EXPIRED
    assert [event.payment_id for event in runner.arrived] == [second]


# --- nothing is kept ---


@pytest.mark.feature("PAY_02")
def test_no_number_is_in_the_files(desk, runner, tmp_path):
    for turn, pays in enumerate([card(desk, VISA), card(desk, LATE), bank(desk, CHECKING), bank(desk, SENT_BACK)]):
        payment_id = in_review(desk, pays, autopay=bank(desk, SLOW), key=f"pay-key-{turn}", hold=False)
        submit(desk, payment_id)
    run_for(runner, 90)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Nora" in kept
    for digits in (VISA, LATE, CHECKING, SENT_BACK, SLOW):
        assert digits.encode() not in kept
        assert digits[-4:].encode() in kept


def test_the_search_after_the_journey_would_find_a_number():
    texts = [("a", f"x {VISA} y"), ("b", f"id-{CHECKING}"), ("c", "4111 1111 1111-1111"), ("d", "1234567890123")]
    assert [found[0] for found in numbers_kept(texts, [VISA, CHECKING])] == ["a", "b", "c"]


def test_the_files_are_their_owners_only(desk, tmp_path):
    desk.create(asked(), now=NOW)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_a_transaction_that_fails_keeps_nothing(desk):
    payment = desk.create(asked(), now=NOW)

    def half():
        with desk.store.writing() as writing:
            writing.change(payment, state=State.SETTLED)
            writing.tell("evt_one", payment.id, {}, wanted=1, at=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert state(desk, payment.id) is State.OPEN
    assert desk.store.events(payment.id) == []


def test_the_options_say_where_cookies_may_go(tmp_path):
    plain = options_in(tmp_path)
    assert plain.access_cookie == "payment_access"
    assert replace(plain, public_url="https://pay.example").access_cookie == "__Secure-payment_access"
