"""What a username looks like (REG_13). Names given before this rule, or brought over as they were, stay (conflict C1)."""

import re

SHORTEST = 7
LONGEST = 150  # as the column
SHAPE = re.compile(r"[A-Za-z0-9]+")
NOT_ALLOWED = "Use only letters A to Z and digits 0 to 9: no periods, blanks or special characters."
TOO_SHORT = f"Use at least {SHORTEST} letters and digits."
TOO_LONG = f"Use at most {LONGEST} letters and digits."
HELP = f"At least {SHORTEST} characters: letters A-Z, a-z and digits 0-9. No special characters, periods or dots."


def problem_with(username: str) -> str:
    """What is wrong with a new username, fit to show; empty when nothing is (registration guide, step 2.1)."""
    if not SHAPE.fullmatch(username):
        return NOT_ALLOWED
    if len(username) < SHORTEST:
        return TOO_SHORT
    return TOO_LONG if len(username) > LONGEST else ""
