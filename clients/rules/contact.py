"""Changing how a primary insured is reached: what may be entered, what counts as a change, whose consent is kept (CON_01..10).

Contact points are held by kind: at most one number of each type, one number without a type, one email address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clients.rules.ages import birthday_at

HOME, CELL, WORK, FAX, UNTYPED, EMAIL = "HOME", "CELL", "WORK", "FAX", "UNTYPED", "EMAIL"
# The types a number can be given (CON_06), and every kind in the order of the screens.
TYPES = (HOME, CELL, WORK, FAX)
PHONES = (*TYPES, UNTYPED)
KINDS = (*PHONES, EMAIL)
LONGEST_EXTENSION = 6
ADULT_AGE = 18
PRIMARY = "PRIMARY"
ENDED = ("TERMED", "CANCELLED")

NO_CHANGE = "No change to the existing record"
TYPE_FOR_NEW = "Select a type for this number."
TYPE_FOR_EXISTING = "This number has no type yet. Select one before you go on, or clear the number to remove it."
SAME_TYPE = "Only one number of each type can be kept. Select another type, or clear one of the numbers."
NUMBER_MISSING = "Enter the phone number, or leave the whole line empty."
TEXTS_TO_CELL_ONLY = "Text messages can only be sent to a cellular phone number. Select No, or change the type."
WHO_SAID_SO = "Enter who agreed to text messages, or who does not want them any more."
HOW_WAS_IT_SAID = "Select how this was said."
NO_ACCOUNT_NUMBER = "Contact information can be changed once the carrier has assigned an account number."
NO_COVERAGE = "Every policy is termed or cancelled. Contact information can be changed while there is coverage."
USES_PRIMARYS = "Under 18: uses the telephone number and email address of the primary insured."
CHANGES_OWN = (
    "Uses the member account, or calls customer service at the number on the back of the member ID card, to change "
    "contact information."
)


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Who said, when and how, that text messages are welcome or are not any more (CON_10)."""

    at: datetime | None
    by: str
    how: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One phone number (ten digits) or email address."""

    value: str
    extension: str = ""
    send_text: bool = False
    consent: Consent | None = None

    @property
    def said(self) -> tuple[str, str, bool]:
        """What a person sees of it. Who consented to text messages is no difference of its own."""
        return self.value, self.extension, self.send_text


# By kind; a kind that is not there has no number or address.
Contact = Mapping[str, Point]


def changed_kinds(before: Contact, after: Contact) -> list[str]:
    """The kinds that differ, in the order of the screens."""
    return [kind for kind in KINDS if _said(before.get(kind)) != _said(after.get(kind))]


def _said(point: Point | None) -> tuple[str, str, bool] | None:
    return point.said if point else None


def with_changes(contact: Contact, changes: Mapping[str, Point | None]) -> dict[str, Point]:
    """``contact`` after ``changes``; ``None`` takes a number or address away."""
    changed = {**contact, **changes}
    return {kind: point for kind in KINDS if (point := changed.get(kind)) is not None}


def consent_needed(before: Point | None, after: Point | None) -> bool:
    """Has somebody said something about text messages that must be kept with its words (CON_10)?

    Whoever agreed to text messages agreed to them for one number, so another number asks again. To take a number away is
    no statement about texts.
    """
    if after is None:
        return False
    same_number = before is not None and before.value == after.value
    had_texts = before is not None and before.send_text and same_number
    return after.send_text != had_texts


def with_consent(before: Point | None, after: Point, given: Consent | None) -> Point:
    """``after`` with the consent that belongs to it: the one just given, or the one kept for the same number."""
    if consent_needed(before, after):
        kept = given
    else:
        kept = before.consent if before is not None and before.value == after.value else None
    return Point(value=after.value, extension=after.extension, send_text=after.send_text, consent=kept)


def normal_email(typed: str) -> str:
    """The address with its domain in lower case; what stands before the @ belongs to the mailbox's owner and stays."""
    name, at, domain = typed.strip().rpartition("@")
    return f"{name}{at}{domain.lower()}"


# --- what was typed ---


@dataclass(frozen=True, kw_only=True)
class TypedRow:
    """One line of phone numbers as it was sent. ``was`` is the kind of the number that stood there, empty on a new line."""

    kind: str
    value: str
    extension: str
    send_text: bool
    was: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of one line; ``field`` is type, number, extension or send_text."""

    row: int
    field: str
    text: str


def problems_of(rows: Sequence[TypedRow]) -> list[Problem]:
    """What keeps the lines from being changed, in their order (CON_05, CON_10). A cleared line takes its number away."""
    found: list[Problem] = []
    types: set[str] = set()
    for place, row in enumerate(rows):
        if not row.value:
            if not row.was and (row.kind or row.extension or row.send_text):
                found.append(Problem(place, "number", NUMBER_MISSING))
            continue
        if not row.kind:
            found.append(Problem(place, "type", TYPE_FOR_EXISTING if row.was == UNTYPED else TYPE_FOR_NEW))
        elif row.kind in types:
            found.append(Problem(place, "type", SAME_TYPE))
        types.add(row.kind)
        if row.send_text and row.kind != CELL:
            found.append(Problem(place, "send_text", TEXTS_TO_CELL_ONLY))
    return found


def numbers_of(rows: Sequence[TypedRow]) -> dict[str, Point]:
    """The numbers of lines without problems, by type."""
    return {
        row.kind: Point(value=row.value, extension=row.extension, send_text=row.send_text) for row in rows if row.value
    }


# --- for whom ---


def uses_primarys_contact(*, role: str, date_of_birth: date, today: date) -> bool:
    """Is this a dependent who has to use the primary insured's number and address (CON_02)? Not from the 18th birthday on."""
    return role != PRIMARY and today < birthday_at(date_of_birth, ADULT_AGE)


def why_not(*, account_number: str, statuses: Sequence[str]) -> str:
    """Why contact information cannot be changed now; empty when it can. ``statuses`` are those of the policies in hand."""
    if not account_number:
        return NO_ACCOUNT_NUMBER
    if all(status in ENDED for status in statuses):
        return NO_COVERAGE
    return ""


# --- how long it takes ---


def time_in_words(wait: timedelta) -> str:
    """About how long a change takes to reach the member system: "approximately 4 hours" (C28); "a moment" for none."""
    minutes = round(wait.total_seconds() / 60)
    if minutes < 1:
        return "a moment"
    number, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"approximately {number} {unit}{'' if number == 1 else 's'}"
