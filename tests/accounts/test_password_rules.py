"""The rules of the table Password Must Have / Password Cannot Have."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.passwords import CODES, RESTRICTED_TERMS, Column, cores, password_rules, resembles
from tests.support.password_cases import DAYS, DIGITS, LETTERS, MONTHS, TERMS, cases

pytestmark = pytest.mark.no_db
RULES = {rule.code: rule for rule in password_rules()}


def broken(password: str) -> set[str]:
    return {code for code, rule in RULES.items() if not rule.is_met(password)}


@pytest.mark.feature("PWD_01")
@pytest.mark.feature("PWD_02")
@pytest.mark.feature("PWD_03")
@pytest.mark.feature("PWD_04")
@pytest.mark.feature("PWD_05")
@pytest.mark.feature("PWD_06")
@pytest.mark.feature("PWD_07")
@pytest.mark.feature("PWD_08")
@pytest.mark.parametrize(("password", "expected"), cases(), ids=lambda part: ascii(part)[:40])
def test_a_password_breaks_exactly_the_rules_expected(password, expected):
    assert broken(password) == expected


def test_the_table_of_passwords_is_long_and_reaches_every_rule():
    table = cases()
    assert len({password for password, _ in table}) >= 200
    assert {code for _, expected in table for code in expected} == set(CODES)


def test_the_rules_stand_in_the_order_and_the_columns_of_the_guide():
    assert tuple(RULES) == CODES
    must = [rule.label for rule in RULES.values() if rule.column is Column.MUST_HAVE]
    cannot = [rule.label for rule in RULES.values() if rule.column is Column.CANNOT_HAVE]
    assert must == [
        "8-40 characters",
        "An uppercase letter",
        "A lowercase letter",
        "A number",
        "A special character",
    ]
    assert cannot == [
        "More than two sequential characters",
        "More than two repeated characters",
        "Abbreviations for months",
        "Abbreviations for days",
        "Restricted terms",
        "A special character",
    ]
    assert list(RESTRICTED_TERMS) == TERMS


def test_every_rule_says_what_to_do_and_where_it_was_read():
    assert len({rule.error for rule in RULES.values()}) == len(RULES)
    assert all(rule.source and re.fullmatch(r"PWD_\d\d", rule.feature) for rule in RULES.values())


@pytest.mark.feature("PWD_08")
def test_other_restricted_terms_take_the_place_of_the_guides():
    rule = {rule.code: rule for rule in password_rules(("Kite", "a.b", "-x]"))}["restricted_term"]
    assert [rule.is_met(text) for text in ("HarborKITE", "a.b", "axb", "Net", "-X]")] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert "Kite" in rule.error
    assert "restricted_term" not in {rule.code for rule in password_rules(())}


# The same rules written a second time, letter by letter, for hypothesis to compare

SIGNS = "~!@#$%^&*(){}"


def runs(text: str) -> bool:
    for line in (LETTERS, DIGITS):
        places = [line.find(letter) for letter in text.lower()]
        for one, two, three in zip(places, places[1:], places[2:], strict=False):
            if min(one, two, three) >= 0 and (two - one, three - two) in ((1, 1), (-1, -1)):
                return True
    return False


def expected_of(password: str) -> set[str]:
    lower = password.lower()
    found = {
        "length": not 8 <= len(password) <= 40,
        "uppercase": not set(password) & set(LETTERS.upper()),
        "lowercase": not set(password) & set(LETTERS),
        "digit": not set(password) & set(DIGITS),
        "special": not set(password) & set(SIGNS),
        "sequence": runs(password),
        "repetition": any(a == b == c for a, b, c in zip(lower, lower[1:], lower[2:], strict=False)),
        "month": any(term.lower() in lower for term in MONTHS),
        "day": any(term.lower() in lower for term in DAYS),
        "restricted_term": any(term.lower() in lower for term in TERMS),
        "refused_character": bool(set(password) & set("=_-+")),
    }
    return {code for code, wrong in found.items() if wrong}


@given(
    st.lists(
        st.one_of(
            st.text(LETTERS + LETTERS.upper() + DIGITS + SIGNS + "=_-+ .\n\\", max_size=6),
            st.sampled_from([*MONTHS, *DAYS, *TERMS, "abc", "CBA", "987", "aAa", "11"]),
        ),
        max_size=8,
    ).map("".join)
)
def test_the_patterns_say_what_the_rules_say(password):
    assert broken(password) == expected_of(password)


@given(st.text(max_size=60))
def test_any_text_at_all_gets_an_answer_and_more_text_never_mends_a_cannot(password):
    cannot = {code for code, rule in RULES.items() if rule.column is Column.CANNOT_HAVE}
    assert broken(password) & cannot <= broken(f"{password}x7")


# What is refused on top


@pytest.mark.parametrize(
    ("password", "word"),
    [("Dragon!7", "dragon"), ("12Dragon", "dragon"), ("Dr@g0n!7", "dragon"), ("M0nkey*99", "monkey")],
)
def test_the_word_a_password_is_made_of_is_found(password, word):
    assert word in cores(password)


def test_a_short_word_is_no_core():
    assert cores("Cat#1234") == set()
    assert cores("12345678") == set()


OWN = {
    "words": ["rsolberg7", "Rita", "Solberg", "rita.solberg", "Lee"],
    "numbers": ["000412701", "8815207", "3125550107"],
}


@pytest.mark.parametrize(
    "password",
    ["Solberg#58", "xRITA!99kq", "Rsolberg7!", "#412701#Kite", "Kite8815207!", "k3125550107K!", "Sol2berg#!"],
)
def test_a_password_made_of_ones_own_name_or_number_is_known(password):
    assert resembles(password, **OWN)


@pytest.mark.parametrize("password", ["Harbor#Kite58", "Lee#Kite58zz", "41270#Harbor", ""])
def test_short_parts_and_other_words_are_free(password):
    assert not resembles(password, **OWN)
