"""What a password must have and cannot have (PWD_01..08), as data: the server checks it and the browser is given it.

Every rule is one regular expression in the part of the language that Python and JavaScript read alike, so the two
checks cannot drift apart. Letters and digits mean A to Z and 0 to 9; any other character may be used as well.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property

SOURCE = "Registration and login guide, step 2 of 3, table Password Must Have / Password Cannot Have"
SHORTEST, LONGEST = 8, 40
SPECIAL_CHARACTERS = "~!@#$%^&*(){}"
REFUSED_CHARACTERS = "=_-+"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RESTRICTED_TERMS = (
    "Appl",
    "Asdf",
    "Basic",
    "Cadam",
    "Demo",
    "Focus",
    "Game",
    "Net",
    "New",
    "Pas",
    "Ros",
    "Sign",
    "Sys",
    "Tso",
    "Valid",
    "Vtam",
    "Log",
)
ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "0123456789")
RUN = 3  # "more than two" in a row
# "." and "$" leave out line breaks in one language or the other; these mean the same in both.
ANY = r"[\s\S]"
THE_END = rf"(?!{ANY})"
NEVER = r"[^\s\S]"

CODES = (
    "length",
    "uppercase",
    "lowercase",
    "digit",
    "special",
    "sequence",
    "repetition",
    "month",
    "day",
    "restricted_term",
    "refused_character",
)


class Column(Enum):
    """The two columns of the guide's table."""

    MUST_HAVE = "Password Must Have"
    CANNOT_HAVE = "Password Cannot Have"


@dataclass(frozen=True, kw_only=True)
class PasswordRule:
    """One line of the table. ``pattern`` must be found in a MUST_HAVE column, must not be found in the other."""

    code: str
    feature: str
    column: Column
    label: str
    error: str
    pattern: str
    example: str = ""
    any_case: bool = False
    source: str = SOURCE

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE if self.any_case else 0)

    def is_met(self, password: str) -> bool:
        """Does the password obey this rule?"""
        found = self._compiled.search(password) is not None
        return found == (self.column is Column.MUST_HAVE)


def _one_of(characters: str) -> str:
    """A pattern for one of these characters."""
    escaped = "".join(rf"\{character}" if character in r"\]^-" else character for character in characters)
    return f"[{escaped}]"


def _any_of(terms: Iterable[str]) -> str:
    """A pattern for any of these texts; none of them when the list is empty."""
    return "|".join(_literally(term) for term in terms) or NEVER


def _literally(term: str) -> str:
    # re.escape() also escapes characters that JavaScript's Unicode mode refuses to see escaped.
    return re.sub(r"([\\^$.*+?()\[\]{}|/])", r"\\\1", term)


def _runs() -> list[str]:
    """Every three neighbours of the alphabet and of the digits, upwards and downwards; no run goes round the end."""
    upwards = [letters[start : start + RUN] for letters in ALPHABETS for start in range(len(letters) - RUN + 1)]
    return upwards + [run[::-1] for run in upwards]


def password_rules(restricted_terms: Sequence[str] = RESTRICTED_TERMS) -> tuple[PasswordRule, ...]:
    """The rules in the order of the guide's table. ``restricted_terms`` are refused as part of the password, any case."""
    must, cannot = Column.MUST_HAVE, Column.CANNOT_HAVE
    rules = (
        PasswordRule(
            code="length",
            feature="PWD_01",
            column=must,
            label=f"{SHORTEST}-{LONGEST} characters",
            error=f"Use {SHORTEST} to {LONGEST} characters.",
            pattern=f"^{ANY}{{{SHORTEST},{LONGEST}}}{THE_END}",
        ),
        PasswordRule(
            code="uppercase",
            feature="PWD_02",
            column=must,
            label="An uppercase letter",
            error="Add an uppercase letter (A to Z).",
            pattern="[A-Z]",
        ),
        PasswordRule(
            code="lowercase",
            feature="PWD_02",
            column=must,
            label="A lowercase letter",
            error="Add a lowercase letter (a to z).",
            pattern="[a-z]",
        ),
        PasswordRule(
            code="digit",
            feature="PWD_02",
            column=must,
            label="A number",
            error="Add a number (0 to 9).",
            pattern="[0-9]",
        ),
        PasswordRule(
            code="special",
            feature="PWD_03",
            column=must,
            label="A special character",
            example=SPECIAL_CHARACTERS,
            error=f"Add a special character, one of {SPECIAL_CHARACTERS}",
            pattern=_one_of(SPECIAL_CHARACTERS),
        ),
        PasswordRule(
            code="sequence",
            feature="PWD_05",
            column=cannot,
            label="More than two sequential characters",
            example="Like 123 or ABC",
            error="Take out sequences of more than two characters, like 123, ABC or CBA.",
            pattern=_any_of(_runs()),
            any_case=True,
        ),
        PasswordRule(
            code="repetition",
            feature="PWD_06",
            column=cannot,
            label="More than two repeated characters",
            example="Like 111 or AAA",
            error="Take out characters repeated more than twice, like 111, AAA or aAa.",
            pattern=rf"({ANY})" + r"\1" * (RUN - 1),
            any_case=True,
        ),
        PasswordRule(
            code="month",
            feature="PWD_07",
            column=cannot,
            label="Abbreviations for months",
            example="Like Jan, Feb, or Mar",
            error="Take out the abbreviation of a month, like Jan, Feb or Mar. It counts inside of a word, too.",
            pattern=_any_of(MONTHS),
            any_case=True,
        ),
        PasswordRule(
            code="day",
            feature="PWD_07",
            column=cannot,
            label="Abbreviations for days",
            example="Like Mon, Tue, or Wed",
            error="Take out the abbreviation of a day, like Mon, Tue or Wed. It counts inside of a word, too.",
            pattern=_any_of(DAYS),
            any_case=True,
        ),
        PasswordRule(
            code="restricted_term",
            feature="PWD_08",
            column=cannot,
            label="Restricted terms",
            example=", ".join(restricted_terms),
            error=f"Take out the restricted term. None of these may be part of it: {', '.join(restricted_terms)}.",
            pattern=_any_of(restricted_terms),
            any_case=True,
        ),
        PasswordRule(
            code="refused_character",
            feature="PWD_04",
            column=cannot,
            label="A special character",
            example=" ".join(REFUSED_CHARACTERS),
            error=f"Take out these special characters: {' '.join(REFUSED_CHARACTERS)}",
            pattern=_one_of(REFUSED_CHARACTERS),
        ),
    )
    return tuple(rule for rule in rules if rule.code != "restricted_term" or restricted_terms)


# What the guide does not ask for: passwords that obey the table and are guessed first all the same.

SUBSTITUTIONS = str.maketrans(
    {"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t"}
)
NOT_A_LETTER = re.compile(r"^[^a-z]+|[^a-z]+$")
SHORTEST_CORE = 5
SHORTEST_OWN_WORD = 4
SHORTEST_OWN_NUMBER = 6
TOO_SIMILAR = 0.7  # as django.contrib.auth's UserAttributeSimilarityValidator


def cores(password: str) -> set[str]:
    """The words a guessing program would start from: ``Dragon!7`` is ``dragon`` with a tail, ``Drag0n!`` as well."""
    lower = password.lower()
    stripped = NOT_A_LETTER.sub("", lower)
    written_out = NOT_A_LETTER.sub("", stripped.translate(SUBSTITUTIONS))
    return {core for core in (stripped, written_out) if len(core) >= SHORTEST_CORE}


def resembles(password: str, *, words: Iterable[str], numbers: Iterable[str]) -> bool:
    """Is the password made of the person's own name, username, mailbox or numbers?

    A word of four letters or more may not be part of it, whatever the case, nor may the two be nearly the same. A number
    of six digits or more (producer number, NPN, mobile) may not be part of it either, leading zeros left out.
    """
    lower = password.lower()
    for word in {part for text in words for part in _parts(text)}:
        if word in lower or SequenceMatcher(a=lower, b=word).ratio() >= TOO_SIMILAR:
            return True
    digits = {number.lstrip("0") for number in numbers}
    return any(len(number) >= SHORTEST_OWN_NUMBER and number in lower for number in digits)


def _parts(text: str) -> set[str]:
    """The whole text and its words: of ``rita.solberg`` also ``rita`` and ``solberg``."""
    lower = text.lower()
    return {part for part in (lower, *re.split(r"[\W_]+", lower)) if len(part) >= SHORTEST_OWN_WORD}
