"""A file as people read it: one segment a line, whatever came in."""

import re

from clients.membersystem.x12.envelope import ISA_LENGTH

LINES_AT_MOST = 5000
_NOT_SHOWN = re.compile(r"[^ -~\n]")


def lines(data: bytes) -> list[str]:
    """The segments with their terminators; of what is no X12, its lines. What has no letter is shown as a dot."""
    text = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    terminator = text[ISA_LENGTH - 1 : ISA_LENGTH] if text.startswith("ISA") else ""
    if terminator and not terminator.isalnum() and terminator not in "\n ":
        # In the middle of a segment a line end means nothing, and is seen.
        parts = [f"{part.strip(chr(10))}{terminator}" for part in text.split(terminator)]
        parts[-1] = parts[-1].removesuffix(terminator)
    else:
        parts = text.split("\n")
    return [_NOT_SHOWN.sub("·", part).replace("\n", "·") for part in parts if part.strip()]
