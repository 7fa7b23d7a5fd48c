"""What may be entered as contact information, what counts as a change, and whose consent is kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clients.forms.contact import NumberField
from clients.rules import contact as rules
from clients.rules.contact import Consent, Point, TypedRow

pytestmark = pytest.mark.no_db

HOME, CELL, WORK, FAX, UNTYPED, EMAIL = rules.KINDS
NUMBER, OTHER = "3125550142", "3125550199"
SAID = Consent(at=datetime(2026, 11, 21, tzinfo=UTC), by="Tanya Washington", how="By phone")


# --- numbers and addresses ---


def number(typed: str, *known: str) -> str:
    return NumberField(known=set(known), required=False).clean(typed)


@pytest.mark.feature("CON_04")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("(312) 555-0142", NUMBER),
        ("312.555.0142", NUMBER),
        ("+1 312 555 0142", NUMBER),
        ("1-312-555-0142", NUMBER),
        (" 312/555/0142 ", NUMBER),
        ("", ""),
        ("(012) 555-0142", None),
        ("(112) 555-0142", None),
        ("(312) 055-0142", None),
        ("(312) 155-0142", None),
        ("555-0142", None),
        ("312 555 0142 12", None),
        ("312 555 O142", None),
        ("٣١٢٥٥٥٠١٤٢", None),
        ("312\x005550142", None),
    ],
)
def test_a_number_is_kept_as_ten_digits_or_refused(typed, kept):
    if kept is None:
        with pytest.raises(ValidationError):
            number(typed)
    else:
        assert number(typed) == kept


def test_a_number_the_carrier_sent_may_stay_however_odd_it_is():
    assert number("(123) 123-6677", "1231236677") == "1231236677"
    assert number("n/a", "n/a") == "n/a"
    with pytest.raises(ValidationError):
        number("(123) 123-6678", "1231236677")


DIGITS = st.tuples(
    st.sampled_from("23456789"),
    st.text("0123456789", min_size=2, max_size=2),
    st.sampled_from("23456789"),
    st.text("0123456789", min_size=6, max_size=6),
).map("".join)


@pytest.mark.feature("CON_04")
@given(DIGITS, st.lists(st.sampled_from(["", " ", "-", ".", "/", "(", ")"]), min_size=11, max_size=11), st.booleans())
def test_signs_between_digits_and_the_countrys_one_make_no_difference(digits, signs, with_one):
    typed = ("+1" if with_one else "") + "".join(sign + digit for sign, digit in zip(signs, digits, strict=False))
    assert number(typed + signs[-1]) == digits


@pytest.mark.feature("CON_04")
@given(st.text(max_size=20))
def test_whatever_is_typed_it_is_a_number_that_can_be_dialled_or_refused(typed):
    try:
        kept = number(typed)
    except ValidationError:
        return
    assert kept == "" or (len(kept) == 10 and kept.isdigit() and kept[0] not in "01" and kept[3] not in "01")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Tanya@HOME.Example", "Tanya@home.example"),
        (" tanya@home.example ", "tanya@home.example"),
        ('"odd@name"@HOME.example', '"odd@name"@home.example'),
        ("", ""),
    ],
)
def test_an_addresss_domain_is_kept_in_lower_case(typed, kept):
    assert rules.normal_email(typed) == kept


@given(st.emails())
def test_an_address_made_normal_stays_as_it_is(address):
    normal = rules.normal_email(address)
    assert rules.normal_email(normal) == normal
    assert normal.rpartition("@")[0] == address.rpartition("@")[0]


# --- the lines of the form ---


def row(kind=HOME, value=NUMBER, *, extension="", send_text=False, was="") -> TypedRow:
    return TypedRow(kind=kind, value=value, extension=extension, send_text=send_text, was=was)


NEW_EMPTY = row("", "")


@pytest.mark.feature("CON_05")
@pytest.mark.feature("CON_10")
@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([], []),
        ([row(), NEW_EMPTY], []),
        ([row(CELL, send_text=True)], []),
        ([row(""), NEW_EMPTY], [(0, "type", rules.TYPE_FOR_NEW)]),
        ([row("", was=UNTYPED)], [(0, "type", rules.TYPE_FOR_EXISTING)]),
        ([row(WORK, was=UNTYPED)], []),
        ([row("", "", was=UNTYPED)], []),  # cleared: the number goes
        ([row(HOME, "", was=HOME)], []),
        ([row(HOME, "")], [(0, "number", rules.NUMBER_MISSING)]),
        ([row("", "", extension="12")], [(0, "number", rules.NUMBER_MISSING)]),
        ([row("", "", send_text=True)], [(0, "number", rules.NUMBER_MISSING)]),
        ([row(), row(value=OTHER)], [(1, "type", rules.SAME_TYPE)]),
        ([row(HOME, "", was=HOME), row(HOME, OTHER)], []),  # the old one goes, another comes
        ([row(HOME, send_text=True)], [(0, "send_text", rules.TEXTS_TO_CELL_ONLY)]),
        ([row(WORK, send_text=True)], [(0, "send_text", rules.TEXTS_TO_CELL_ONLY)]),
        ([row(FAX, send_text=True)], [(0, "send_text", rules.TEXTS_TO_CELL_ONLY)]),
        (
            [row("", send_text=True)],
            [(0, "type", rules.TYPE_FOR_NEW), (0, "send_text", rules.TEXTS_TO_CELL_ONLY)],
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_said_beside_the_field(rows, problems):
    assert [(one.row, one.field, one.text) for one in rules.problems_of(rows)] == problems


@pytest.mark.feature("CON_06")
def test_there_are_four_types_and_none_is_a_number_without_one():
    assert rules.TYPES == (HOME, CELL, WORK, FAX)


# --- what changes ---


def test_only_what_differs_is_a_change():
    before = {HOME: Point(value=NUMBER), CELL: Point(value=OTHER, consent=SAID), EMAIL: Point(value="a@b.example")}
    after = {HOME: Point(value=NUMBER, extension="1"), CELL: Point(value=OTHER), WORK: Point(value=NUMBER)}
    assert rules.changed_kinds(before, after) == [HOME, WORK, EMAIL]
    assert rules.changed_kinds(before, before) == []


KIND_POINTS = st.dictionaries(
    st.sampled_from(rules.KINDS),
    st.builds(Point, value=st.sampled_from([NUMBER, OTHER]), extension=st.sampled_from(["", "1"])),
)


@given(KIND_POINTS, KIND_POINTS)
def test_a_change_and_its_opposite_leave_everything_as_it_was(before, after):
    """What is asked for is what differs; there and back again is no change at all."""
    there = {kind: after.get(kind) for kind in rules.changed_kinds(before, after)}
    back = {kind: before.get(kind) for kind in rules.changed_kinds(after, before)}
    assert rules.with_changes(before, there) == rules.with_changes(after, {})
    assert rules.with_changes(rules.with_changes(before, there), back) == rules.with_changes(before, {})


# --- consent ---

TEXTS = Point(value=NUMBER, send_text=True, consent=SAID)
NO_TEXTS = Point(value=NUMBER)


@pytest.mark.feature("CON_10")
@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        (None, NO_TEXTS, False),
        (None, Point(value=NUMBER, send_text=True), True),
        (NO_TEXTS, Point(value=NUMBER, send_text=True), True),
        (TEXTS, Point(value=NUMBER, send_text=True), False),
        (TEXTS, Point(value=NUMBER, send_text=True, extension="1"), False),
        (TEXTS, NO_TEXTS, True),
        (TEXTS, Point(value=OTHER, send_text=True), True),  # agreed to texts for another number
        (TEXTS, Point(value=OTHER), False),
        (TEXTS, None, False),
        (None, None, False),
    ],
)
def test_somebody_must_have_said_so_when_texts_begin_end_or_go_elsewhere(before, after, needed):
    assert rules.consent_needed(before, after) is needed


@pytest.mark.feature("CON_10")
def test_consent_is_kept_with_its_number_and_goes_with_it():
    new = Consent(at=None, by="Sam", how="In person")
    assert rules.with_consent(TEXTS, Point(value=NUMBER, send_text=True, extension="1"), new).consent == SAID
    assert rules.with_consent(TEXTS, NO_TEXTS, new).consent == new
    assert rules.with_consent(TEXTS, Point(value=OTHER), new).consent is None
    assert rules.with_consent(None, Point(value=OTHER, send_text=True), new).consent == new


# --- for whom, and how long ---


@pytest.mark.feature("CON_02")
@pytest.mark.parametrize(
    ("role", "born", "today", "shares"),
    [
        ("CHILD", date(2008, 11, 22), date(2026, 11, 21), True),
        ("CHILD", date(2008, 11, 21), date(2026, 11, 21), False),
        ("CHILD", date(2008, 2, 29), date(2026, 2, 28), True),
        ("CHILD", date(2008, 2, 29), date(2026, 3, 1), False),
        ("SPOUSE", date(2009, 5, 1), date(2026, 11, 21), True),
        ("SPOUSE", date(1980, 5, 1), date(2026, 11, 21), False),
        ("PRIMARY", date(2015, 5, 1), date(2026, 11, 21), False),
    ],
)
def test_a_dependent_under_18_uses_the_primary_insureds_contact(role, born, today, shares):
    assert rules.uses_primarys_contact(role=role, date_of_birth=born, today=today) is shares


@pytest.mark.parametrize(
    ("number", "statuses", "reason"),
    [
        ("730000001", ["ACTIVE", "TERMED"], ""),
        ("730000001", ["FUTURE"], ""),
        ("730000001", ["TERMED", "CANCELLED"], rules.NO_COVERAGE),
        ("", ["ACTIVE"], rules.NO_ACCOUNT_NUMBER),
    ],
)
def test_a_change_needs_an_account_number_and_coverage(number, statuses, reason):
    assert rules.why_not(account_number=number, statuses=statuses) == reason


@pytest.mark.feature("CON_03")
@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(hours=4), "approximately 4 hours"),
        (timedelta(hours=1), "approximately 1 hour"),
        (timedelta(minutes=90), "approximately 90 minutes"),
        (timedelta(seconds=120), "approximately 2 minutes"),
        (timedelta(), "a moment"),
    ],
)
def test_how_long_it_takes_is_said_in_words(wait, words):
    assert rules.time_in_words(wait) == words
