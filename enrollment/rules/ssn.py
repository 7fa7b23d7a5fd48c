"""The shape of a Social Security number. Pure: no clock, no database.

A number that was never issued is a slip of the pen. Areas 000, 666 and 900 to 999, group 00 and serial 0000 have never been
given to anybody (Social Security Administration, POMS RM 10201.035); three whole numbers were made public and withdrawn.
"""

import re

TYPED = re.compile(r"([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{4})")
# 9 begins the numbers of the tax authority, which are no SSN (26 CFR 301.6109-1(d)(3)).
TAXPAYER = "9"
NEVER_AREAS = ("000", "666")
WITHDRAWN = ("078051120", "219099999", "457555462")

NINE_DIGITS = "Enter the SSN with nine digits, or leave it empty."
NO_SSN = "A number that begins with 9 is a taxpayer number, not an SSN. Leave the SSN empty."
NEVER_ISSUED = "This number has never been issued. Check it, or leave the SSN empty."


class NotAnSsn(ValueError):
    """What was typed is no SSN; the text is fit to show and does not repeat it."""


def digits_of(typed: str, *, on_file: bool = False) -> str:
    """The nine digits of an SSN typed with or without dashes or blanks.

    A number the carrier has ``on_file`` is only asked for its shape. Raises ``NotAnSsn``.
    """
    found = TYPED.fullmatch(typed.strip())
    if found is None:
        raise NotAnSsn(NINE_DIGITS)
    area, group, serial = found.groups()
    number = area + group + serial
    if on_file:
        return number
    if area.startswith(TAXPAYER):
        raise NotAnSsn(NO_SSN)
    if area in NEVER_AREAS or group == "00" or serial == "0000" or number in WITHDRAWN:
        raise NotAnSsn(NEVER_ISSUED)
    return number


def masked(number: str) -> str:
    """How a number on file is shown; empty for none."""
    return f"•••-••-{number[-4:]}" if number else ""
