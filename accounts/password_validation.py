"""The password rules as Django asks for them: one validator, and one message, for every rule."""

import gzip
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from accounts.models import User
from accounts.rules.passwords import CODES, Column, PasswordRule, cores, password_rules, resembles

REMEMBERED = 10
# Words this common are tried first, with every ending; rarer ones only as they are (OWASP ASVS 6.2.4: the top 3,000).
COMMON_WORDS = 3000


def current_rules() -> tuple[PasswordRule, ...]:
    """The rules of the guide's table with the restricted terms of this portal (PASSWORD_RESTRICTED_TERMS)."""
    return password_rules(tuple(settings.PASSWORD_RESTRICTED_TERMS))


class RuleValidator:
    """One rule of the table, named by its code."""

    def __init__(self, rule: str) -> None:
        if rule not in CODES:
            raise ValueError(f"There is no password rule {rule}.")
        self.code = rule

    @property
    def _rule(self) -> PasswordRule | None:
        """The rule, or ``None`` where the portal has emptied its list of terms."""
        return next((rule for rule in current_rules() if rule.code == self.code), None)

    def validate(self, password: str, user: User | None = None) -> None:
        rule = self._rule
        if rule is not None and not rule.is_met(password):
            raise ValidationError(rule.error, code=f"password_{rule.code}")

    def get_help_text(self) -> str:
        return self._rule.error if self._rule else ""


class NotCommonValidator(CommonPasswordValidator):
    """Not one of the 20,000 passwords used most, nor one of the first 3,000 with digits and signs around or in it.

    The second half is what bites: next to none of the list obeys the table, but ``Dragon!7`` does.
    """

    message = (
        "Choose another password: this one, or the word it is made of, is among those used most and guessed first."
    )

    @cached_property
    def _common_words(self) -> frozenset[str]:
        with gzip.open(self.DEFAULT_PASSWORD_LIST_PATH, "rt", encoding="utf-8") as lines:
            return frozenset(line.strip() for _, line in zip(range(COMMON_WORDS), lines, strict=False))

    def validate(self, password: str, user: User | None = None) -> None:
        if password.lower().strip() in self.passwords or cores(password) & self._common_words:
            raise ValidationError(self.message, code="password_too_common")

    def get_help_text(self) -> str:
        return "Your password can't be one of those used most, with or without digits added."


class NotLikeOwnDetailsValidator:
    """Not made of the person's own names, username, mailbox or numbers."""

    message = "Choose a password without your name, username, email address or one of your numbers in it."

    def validate(self, password: str, user: User | None = None) -> None:
        if user is not None and resembles(password, words=_words_of(user), numbers=_numbers_of(user)):
            raise ValidationError(self.message, code="password_too_similar")

    def get_help_text(self) -> str:
        return self.message


class NotUsedBeforeValidator:
    """Not one of the last ten, the present one included (PWD_10). Only hashes are kept."""

    message = f"You have used this password before. Choose one that is none of your last {REMEMBERED}."

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None:
            return
        kept = user.password_history.order_by("-set_at", "-id").values_list("password", flat=True)[:REMEMBERED]
        for hashed in dict.fromkeys([user.password, *kept]):
            if check_password(password, hashed):
                raise ValidationError(self.message, code="password_used_before")

    def get_help_text(self) -> str:
        return self.message


def _words_of(user: User) -> Iterable[str]:
    mailboxes = [address.rpartition("@")[0] for address in (user.email, user.security_email)]
    record = [user.producer.first_name, user.producer.last_name] if user.producer else []
    return [user.username, user.first_name, user.last_name, *mailboxes, *record]


def _numbers_of(user: User) -> Iterable[str]:
    numbers = [user.security_mobile, user.mobile]
    if user.producer:
        numbers += [user.producer.npn, *user.producer.numbers.values_list("number", flat=True)]
    return [number for number in numbers if number]


# What the checklist beside a password field shows


def checklist(password: str | None = None) -> list[Mapping[str, Any]]:
    """The two columns of the guide's table for ``accounts/_password_rules.html``, one marker for each rule.

    ``password`` is what was sent, to mark what it breaks for people whose browser runs no scripts; ``None`` before
    anything was sent leaves every marker open. The password itself is not in the result.
    """
    rules = current_rules()
    return [
        {
            "title": column.value,
            "rules": [
                {
                    "code": rule.code,
                    "label": rule.label,
                    "example": rule.example,
                    "pattern": rule.pattern,
                    "flags": "iu" if rule.any_case else "u",
                    "wanted": "found" if rule.column is Column.MUST_HAVE else "absent",
                    "state": _state(rule, password),
                }
                for rule in rules
                if rule.column is column
            ],
        }
        for column in dict.fromkeys(rule.column for rule in rules)
    ]


def _state(rule: PasswordRule, password: str | None) -> str:
    if not password:
        return "open"
    return "met" if rule.is_met(password) else "broken"
