"""What the text in the quick-search box may mean."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.rules.quick_search import Reading, readings

pytestmark = pytest.mark.no_db

TODAY = date(2026, 11, 21)
BORN = date(1980, 5, 17)


def read(text: str) -> list[Reading]:
    return readings(text, today=TODAY)


@pytest.mark.feature("SRC_17")
@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("730075112", Reading(account_number="730075112")),
        (" 730 075 112 ", Reading(account_number="730075112")),
        ("1234", Reading(ssn_last4="1234")),
        ("***-**-1234", Reading(ssn_last4="1234")),
        ("xxx-xx-1234", Reading(ssn_last4="1234")),
        ("ssn 1234", Reading(ssn_last4="1234")),
        ("912-34-5678", Reading(ssn_last4="5678")),
        ("(312) 555-0142", Reading(phone="3125550142")),
        ("312.555.0142", Reading(phone="3125550142")),
        ("+1 312 555 0142", Reading(phone="3125550142")),
        ("1-312-555-0142", Reading(phone="3125550142")),
        ("0101389016", Reading(phone="0101389016")),
        ("PP97127", Reading(code="PP97127")),
        ("pp97127", Reading(code="PP97127")),
        ("A1B2C3", Reading(code="A1B2C3")),
        ("Tanya.W@Mail.Example", Reading(email="tanya.w@mail.example")),
        ("60563", Reading(zip="60563")),
        ("05/17/1980", Reading(date_of_birth=BORN)),
        ("5/17/80", Reading(date_of_birth=BORN)),
        ("5-17-1980", Reading(date_of_birth=BORN)),
        ("5.17.1980", Reading(date_of_birth=BORN)),
        ("1980-05-17", Reading(date_of_birth=BORN)),
        ("May 17, 1980", Reading(date_of_birth=BORN)),
        ("may 17th 1980", Reading(date_of_birth=BORN)),
        ("17 May 1980", Reading(date_of_birth=BORN)),
        ("Sept. 3 1955", Reading(date_of_birth=date(1955, 9, 3))),
        ("Sep 3 1955", Reading(date_of_birth=date(1955, 9, 3))),
        ("05171980", Reading(date_of_birth=BORN)),
        ("11/21/26", Reading(date_of_birth=TODAY)),
        ("11/22/26", Reading(date_of_birth=date(1926, 11, 22))),
        ("Washington", Reading(last_key="WASHINGTON")),
        ("o'brien-muñoz", Reading(last_key="OBRIENMUNOZ")),
        ("Tanya Washington", Reading(first_key="TANYA", last_key="WASHINGTON")),
        ("Washington, Tanya", Reading(last_key="WASHINGTON", first_key="TANYA")),
        ("Washington, Tanya B.", Reading(last_key="WASHINGTON", first_key="TANYA")),
        ("Tanya B Washington", Reading(first_key="TANYA", last_key="WASHINGTON")),
        ("Washington 5/17/1980", Reading(last_key="WASHINGTON", date_of_birth=BORN)),
        ("5/17/80 Tanya Washington", Reading(first_key="TANYA", last_key="WASHINGTON", date_of_birth=BORN)),
        ("1234 05/17/1980", Reading(ssn_last4="1234", date_of_birth=BORN)),
    ],
)
def test_what_is_typed_is_read_as_producers_mean_it(typed, first):
    assert read(typed)[0] == first


@pytest.mark.parametrize(
    ("typed", "among"),
    [
        ("1234", Reading(account_number="1234")),
        ("0101389016", Reading(code="0101389016")),
        ("0101389016", Reading(account_number="0101389016")),
        ("05171980", Reading(account_number="05171980")),
        ("Tanya", Reading(first_key="TANYA")),
        ("Washington Tanya", Reading(last_key="WASHINGTON", first_key="TANYA")),
        ("Maria de la Cruz", Reading(first_key="MARIA", last_key="DELACRUZ")),
        ("de la Cruz Maria", Reading(last_key="DELACRUZ", first_key="MARIA")),
        ("van Buren", Reading(last_key="VANBUREN")),
    ],
)
def test_other_readings_are_kept(typed, among):
    assert among in read(typed)


@pytest.mark.parametrize("typed", ["", "   ", "'", ",", "-", "()", "🙂", "13/45/1980", "02/30/1980", "1/1/1899"])
def test_what_means_nothing_has_no_date_of_birth(typed):
    assert all(reading.date_of_birth is None for reading in read(typed))


@pytest.mark.parametrize("typed", ["", "   ", "'", ",", "()", "🙂"])
def test_what_has_no_letter_or_digit_means_nothing(typed):
    assert read(typed) == []


@given(st.text(max_size=150))
def test_no_text_breaks_the_box(typed):
    for reading in read(typed):
        assert reading != Reading()
        assert reading.date_of_birth is None or date(1900, 1, 1) <= reading.date_of_birth <= TODAY
        assert len(reading.ssn_last4) in (0, 4)


@given(st.dates(min_value=date(1900, 1, 1), max_value=TODAY))
def test_every_day_is_read_in_every_common_form(day):
    for typed in (
        f"{day:%m/%d/%Y}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day:%Y-%m-%d}",
        f"{day:%m%d%Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%b} {day.day} {day.year}",
    ):
        assert Reading(date_of_birth=day) in read(typed), typed
