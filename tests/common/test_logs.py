import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from portal.common.logs import HIDDEN, scrub

pytestmark = pytest.mark.no_db

CARD = "4111 1111 1111 1111"


def scrubbed(**event):
    return scrub(None, "", event)


@pytest.mark.parametrize(
    "key",
    [
        "ssn",
        "ssn_last4",
        "social_security_number",
        "birth_date",
        "insured_dob",
        "password",
        "secret_key",
        "token",
        "code",
        "one_time_code",
        "card_number",
        "account_number",
        "routing_number",
        "Authorization",
        "cookie",
        "session_key",
        "email",
        "to_email",
        "phone",
    ],
)
def test_private_names_hide_whatever_they_hold(key):
    assert scrubbed(**{key: "anything"})[key] == HIDDEN
    assert scrubbed(**{key: 12345})[key] == HIDDEN


@pytest.mark.parametrize("key", ["status_code", "exit_code", "topic", "message_pk", "attempts", "path"])
def test_working_names_stay_readable(key):
    assert scrubbed(**{key: 503})[key] == 503


@pytest.mark.parametrize(
    "text",
    [
        "ssn 912-34-5678 typed",
        "912-34-5678",
        f"card {CARD} typed",
        "4111111111111111",
        "4111-1111-1111-1111",
    ],
)
def test_numbers_shaped_like_an_ssn_or_a_card_are_cut_out_of_texts(text):
    shown = scrubbed(event=text)["event"]
    assert HIDDEN in shown
    assert not any(part in shown for part in ("912-34-5678", "4111"))


@pytest.mark.parametrize(
    "value",
    [
        {"typed": "912-34-5678"},
        ["912-34-5678"],
        ("x", {"deep": ["912-34-5678"]}),
        {"ssn": "5678"},
        {"details": {"password": "5678"}},
        4111111111111111,
    ],
)
def test_values_inside_lists_and_mappings_are_hidden_too(value):
    shown = repr(scrubbed(details=value)["details"])
    assert HIDDEN in shown
    assert "5678" not in shown
    assert "4111" not in shown


def test_a_nine_digit_producer_number_stays_readable():
    assert scrubbed(event="report for 012345678")["event"] == "report for 012345678"


@pytest.mark.parametrize(
    "text",
    [
        "one\r\ntwo",
        "one\ntwo",
        "one\rtwo",
        "one\x0btwo",
        "one\x0ctwo",
        "one\x85two",
        "one\u2028two",
        "\x1b[2Jtwo",
        "\x00",
    ],
)
def test_one_event_stays_on_one_line_and_holds_no_control_character(text):
    shown = scrubbed(username=text)["username"]
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()


@given(st.text())
def test_no_text_breaks_a_log_line(text):
    assert len(scrubbed(event=text)["event"].splitlines()) <= 1


def test_the_lines_of_a_fault_stay_lines_but_lose_their_numbers():
    shown = scrubbed(exception="Traceback\n  ValueError: 912-34-5678")["exception"]
    assert shown == f"Traceback\n  ValueError: {HIDDEN}"


def test_words_between_are_kept():
    assert scrubbed(event="São Paulo – ok")["event"] == "São Paulo – ok"


def test_the_scrubber_stands_in_the_way_of_both_kinds_of_logger():
    """Django and libraries log through ``logging``, the portal through structlog: both pass the scrubber."""
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = io.StringIO()
    stream = handler.setStream(written)
    try:
        logging.getLogger("somebody.else").warning("typed %s", "912-34-5678", extra={"password": "Harbor#Kite58"})
        structlog.get_logger("ours").warning("typed", value="912-34-5678", code="ABCD2345")
    finally:
        handler.setStream(stream)
    shown = written.getvalue()
    assert shown.count("typed") == 2
    assert not any(secret in shown for secret in ("912-34-5678", "Harbor#Kite58", "ABCD2345"))


def test_production_lines_are_json():
    renderer = structlog.processors.JSONRenderer()
    assert json.loads(renderer(None, "", scrubbed(event="a\nb", details={"rows": 3})))["details"] == {"rows": 3}


def test_the_text_of_a_fault_is_scrubbed_too():
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = io.StringIO()
    stream = handler.setStream(written)
    try:
        raise ValueError("bad value 912-34-5678")
    except ValueError:
        logging.getLogger("somebody.else").exception("failed")
        structlog.get_logger("ours").exception("failed")
    finally:
        handler.setStream(stream)
    assert written.getvalue().count("ValueError") >= 2
    assert "912-34-5678" not in written.getvalue()


ROW = "Failing row contains (7, Rita, Sol\n\nberg, 1980-02-03, 900123456)."


@pytest.mark.parametrize(
    "said",
    [
        f"null value in column\nDETAIL:  {ROW}\n",
        f"duplicate key\nDETAIL:  {ROW}\nCONTEXT:  COPY members, line 3: 'Rita'",
        f"bad line\nCONTEXT:  COPY members, line 3: {ROW}",
        "column x does not exist\nLINE 1: ...WHERE name LIKE 'Rita%' AND born = '1980-02-03' AND x...\n              ^\n",
        'invalid input syntax for type date: "Rita 1980-02-03"\n',
        'date/time field value out of range: "1980-02-30 Rita"\nHINT:  Perhaps you need another "datestyle" setting.\n',
        'value "900123456" is out of range for type smallint\n',
    ],
)
def test_a_row_that_the_database_repeats_is_hidden(said):
    for shown in (
        scrubbed(exception=f"Traceback\n  IntegrityError: {said}")["exception"],
        scrubbed(event=said)["event"],
    ):
        assert HIDDEN in shown
        assert not any(part in shown for part in ("Rita", "berg", "1980", "900123456"))


def test_of_two_faults_the_second_is_still_told():
    text = f"IntegrityError: x\nDETAIL:  {ROW}\n\nThe above exception was the direct cause of another\n\nValueError: y"
    shown = scrubbed(exception=text)["exception"]
    assert "berg" not in shown
    assert shown.endswith("ValueError: y")


def test_of_a_statement_that_failed_the_fault_is_still_told():
    said = (
        "UndefinedColumn: column m.x does not exist\nLINE 1: SELECT m.x FROM m WHERE 'Rita'\n          ^\n\nTo be read"
    )
    assert scrubbed(exception=said)["exception"] == said.replace("SELECT m.x FROM m WHERE 'Rita'", HIDDEN)


@pytest.mark.django_db
def test_what_a_refused_row_held_stands_in_no_log(db):
    from django.db import IntegrityError

    from tests.support.factories import MemberFactory

    member = MemberFactory(first_name="Wilhelmina", last_name="Quackenbush")
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = io.StringIO()
    stream = handler.setStream(written)
    try:
        type(member).objects.filter(pk=member.pk).update(member_id=None)
    except IntegrityError:
        logging.getLogger("somebody.else").exception("failed")
    finally:
        handler.setStream(stream)
    assert "IntegrityError" in written.getvalue()
    assert "Quackenbush" not in written.getvalue()


@pytest.mark.parametrize(
    "text", ["550 <rita.solberg@record.example>: no such user", "born 02/03/1980", "sent to a@b.example."]
)
def test_mailboxes_and_birth_dates_are_cut_out_of_texts(text):
    shown = scrubbed(event=text)["event"]
    assert HIDDEN in shown
    assert not any(part in shown for part in ("rita", "@", "1980"))
