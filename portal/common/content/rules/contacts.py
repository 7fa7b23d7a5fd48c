"""When a contact line is shown, and what is said about the business it serves (ISS_03, ISS_09)."""

from datetime import date, timedelta

SEPARATORS = str.maketrans("", "", " ()-.+\xa0")


def is_shown(*, first_day: date | None, last_day: date | None, on: date) -> bool:
    """Is the number shown on ``on``? Both days are inclusive; ``None`` is no beginning or no end."""
    return (first_day is None or first_day <= on) and (last_day is None or on <= last_day)


def business_note(*, business_from: date | None, business_until: date | None) -> str:
    """Which business a line serves, in the words of the carrier's table; empty when it serves all.

    Both days are inclusive: business through 04/30/2019 is said as "prior to May 1, 2019".
    """
    parts = []
    if business_from is not None:
        parts.append(f"on or after {_long(business_from)}")
    if business_until is not None:
        # Nothing comes before the end of the calendar, so the last day of all has no day after it.
        parts.append(f"prior to {_long(business_until + timedelta(days=1))}" if business_until < date.max else "")
    return " and ".join(filter(None, parts))


def _long(day: date) -> str:
    """May 1, 2019."""
    return f"{day:%b} {day.day}, {day.year}"


def phone_as_text(digits: str) -> str:
    """(800) 555-0151 for ten digits, area code first; anything else as it is."""
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if len(digits) == 10 and digits.isdigit() else digits


def phone_digits(typed: str) -> str:
    """The ten digits of a United States number, however it was typed; what is none comes back as it was, trimmed.

    Signs people write between digits are dropped, and so is the country's 1 before ten digits.
    """
    plain = typed.strip().translate(SEPARATORS)
    if not (plain.isascii() and plain.isdigit()):
        return typed.strip()
    return plain[1:] if len(plain) == 11 and plain[0] == "1" else plain


def dialled(phone: str) -> str:
    """What a ``tel:`` link dials for a United States number, however it is written: +18005550151.

    Ten digits get the country's code; a number that is not such a one keeps its digits alone.
    """
    digits = "".join(character for character in phone if character in "0123456789")
    if len(digits) == 10:
        return f"+1{digits}"
    return f"+{digits}" if len(digits) == 11 and digits[0] == "1" else digits
