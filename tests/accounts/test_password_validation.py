"""The password rules as Django asks for them, and the checklist pages show."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import PasswordHistory, User
from accounts.password_validation import RuleValidator, checklist
from accounts.rules.passwords import CODES, password_rules
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory
from tests.support.password_cases import TERMS, cases

RULES = {rule.code: rule for rule in password_rules()}


def codes(password: str, user: User | None = None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as exc:
        return [str(error.code) for error in exc.error_list]
    return []


@pytest.mark.no_db
@pytest.mark.parametrize(("password", "expected"), cases()[::7], ids=lambda part: ascii(part)[:40])
def test_every_rule_a_password_breaks_gives_its_own_message(password, expected):
    try:
        validate_password(password)
    except ValidationError as exc:
        said = [text for text in exc.messages if text in {rule.error for rule in RULES.values()}]
    else:
        said = []
    assert said == [rule.error for code, rule in RULES.items() if code in expected]


@pytest.mark.no_db
def test_all_rules_of_the_table_are_in_the_settings_once():
    validators = get_default_password_validators()
    assert [v.code for v in validators if isinstance(v, RuleValidator)] == list(CODES)
    assert [type(v).__name__ for v in validators if not isinstance(v, RuleValidator)] == [
        "NotCommonValidator",
        "NotLikeOwnDetailsValidator",
        "NotUsedBeforeValidator",
    ]
    assert all(v.get_help_text() for v in validators)


@pytest.mark.no_db
def test_a_rule_that_does_not_exist_stops_the_start():
    with pytest.raises(ValueError, match="no password rule"):
        RuleValidator(rule="lenght")


@pytest.mark.no_db
@pytest.mark.feature("PWD_08")
def test_restricted_terms_are_a_setting(settings):
    assert list(django_settings.PASSWORD_RESTRICTED_TERMS) == TERMS
    settings.PASSWORD_RESTRICTED_TERMS = ["Kite"]
    assert codes("Harbor#Kite58") == ["password_restricted_term"]
    assert codes("Vk7!Sys#zW2q") == []
    settings.PASSWORD_RESTRICTED_TERMS = []
    assert codes("Harbor#Kite58") == []
    assert RuleValidator(rule="restricted_term").get_help_text() == ""


@pytest.mark.no_db
@pytest.mark.parametrize("password", ["1qaz!QAZ", "Dragon!7", "M0nkey*99", "58Sh@dow!"])
def test_passwords_used_most_are_refused_with_digits_and_signs_as_well(password):
    assert "password_too_common" in codes(password)


@pytest.mark.no_db
@pytest.mark.parametrize("password", ["Harbor#Kite58", "Vk7!zW2q", "Dragon!Kite7"])
def test_other_passwords_are_not_common(password):
    assert codes(password) == []


@pytest.mark.parametrize("password", ["Solberg#58x", "Rsolberg7!x", "Keeper#8815207", "Kite#412701x", "Bridge#Kite1"])
def test_ones_own_names_and_numbers_are_refused(password):
    producer = ProducerFactory(npn="8815207", last_name="Solberg", record_email="bridge.kit@record.example")
    ProducerNumberFactory(producer=producer, number="000412701")
    rita = UserFactory(username="rsolberg7", producer=producer)
    assert codes(password, rita) == ["password_too_similar"]
    other = ProducerFactory(first_name="Omar", last_name="Outwell")
    assert codes(password, UserFactory(first_name="Omar", last_name="Outwell", producer=other)) == []


def test_a_delegates_own_mailbox_is_refused_too():
    dana = UserFactory(delegate=True, email="dana.keller@example.com", first_name="D", last_name="K")
    assert codes("Keller#58xz", dana) == ["password_too_similar"]


@pytest.mark.feature("PWD_10")
def test_the_present_password_and_the_ten_before_are_refused():
    rita = UserFactory(password="Harbor#Kite58")
    for number in range(12):
        PasswordHistory.objects.create(
            user=rita, password=make_password(f"Zk#{number}Qw!vT"), set_at=timezone.now() + timedelta(minutes=number)
        )
    assert codes("Harbor#Kite58", rita) == ["password_used_before"]
    assert [number for number in range(12) if codes(f"Zk#{number}Qw!vT", rita)] == list(range(2, 12))
    assert codes("Zk#5Qw!vT", UserFactory()) == []


def test_a_person_without_a_row_yet_has_no_history():
    assert codes("Harbor#Kite58", User(username="newcomer1")) == []


# The checklist


@pytest.mark.no_db
@pytest.mark.feature("PWD_09")
def test_the_checklist_has_both_columns_with_every_rule_and_its_pattern():
    columns = checklist()
    assert [column["title"] for column in columns] == ["Password Must Have", "Password Cannot Have"]
    listed = [rule for column in columns for rule in column["rules"]]
    assert [rule["code"] for rule in listed] == list(CODES)
    assert [rule["pattern"] for rule in listed] == [rule.pattern for rule in RULES.values()]
    assert {rule["state"] for rule in listed} == {"open"}
    assert [rule["wanted"] for rule in listed] == ["found"] * 5 + ["absent"] * 6
    assert listed[9]["example"] == ", ".join(TERMS)


@pytest.mark.no_db
@pytest.mark.feature("PWD_09")
def test_after_sending_a_password_its_rules_are_marked_and_the_password_is_not_repeated():
    listed = [rule for column in checklist("Market9!") for rule in column["rules"]]
    assert [rule["code"] for rule in listed if rule["state"] == "broken"] == ["month"]
    assert {rule["state"] for rule in listed} == {"met", "broken"}
    assert "Market9!" not in str(listed)
    assert {rule["state"] for column in checklist("") for rule in column["rules"]} == {"open"}
