"""Lines chained by SHA-256: each carries the hash of itself and of the line before, so a changed line shows (ADR 0023).

Pure. A line is a JSON object on one line of a file; its ``sha256`` is over the hash of the line before (64 zeros in front of
the first) and its own content, written with sorted keys and without blanks. Whoever has only the last hash can tell whether
any line was changed, left out, added or put elsewhere; whoever can write the whole file anew can make a new chain, which is
why the last hash is kept elsewhere too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

START = "0" * 64


class Broken(Exception):
    """The chain does not hold; the text says in which line, counted from 1, and why."""


@dataclass(frozen=True)
class Link:
    """One line with its place in the chain."""

    content: Mapping[str, Any]
    previous: str
    sha256: str

    def as_line(self) -> str:
        return json.dumps({"content": self.content, "previous": self.previous, "sha256": self.sha256}, sort_keys=True)


def plain(content: Mapping[str, Any]) -> str:
    """The content as it is hashed. Raises ``TypeError`` for what JSON cannot say."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sha256_of(previous: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{previous}\n{plain(content)}".encode()).hexdigest()


def chained(contents: Iterable[Mapping[str, Any]]) -> Iterator[Link]:
    """The contents as links, in their order."""
    previous = START
    for content in contents:
        link = Link(content, previous, sha256_of(previous, content))
        yield link
        previous = link.sha256


def head_of(contents: Iterable[Mapping[str, Any]]) -> str:
    """The hash of the last link; 64 zeros for none."""
    head = START
    for link in chained(contents):
        head = link.sha256
    return head


def verified(text: str) -> list[Link]:
    """The links of a file, oldest first. Raises ``Broken`` for the first line that does not hold."""
    links: list[Link] = []
    previous = START
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), 1):
        try:
            read = json.loads(line)
            link = Link(read["content"], read["previous"], read["sha256"])
            expected = sha256_of(link.previous, link.content)
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise Broken(f"Line {number} is no line of a proof file.") from exc
        if link.previous != previous:
            raise Broken(f"Line {number} does not follow the line before: one was left out, added or put elsewhere.")
        if link.sha256 != expected:
            raise Broken(f"Line {number} was changed: its content does not have the hash it carries.")
        previous = link.sha256
        links.append(link)
    if not links:
        raise Broken("The file is empty.")
    return links
