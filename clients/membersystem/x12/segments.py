"""Segments as tuples of elements: ``("INS", "Y", "18")`` is ``INS*Y*18~``."""

from collections.abc import Iterable, Sequence

from clients.membersystem.x12.characters import COMPONENT, ELEMENT, REPETITION, SEGMENT

Segment = tuple[str, ...]
_DELIMITERS = frozenset((COMPONENT, ELEMENT, REPETITION, SEGMENT, "\n", "\r"))


def segment(*elements: str) -> Segment:
    """A segment without the empty elements at its end. Raises ``ValueError`` for a delimiter within an element."""
    if any(_DELIMITERS.intersection(element) for element in elements):
        raise ValueError(f"A delimiter stands within an element of {elements[0]}.")
    last = max(place for place, element in enumerate(elements) if element)
    return elements[: last + 1]


def written(segments: Iterable[Segment]) -> str:
    """The text of the segments, one a line; the line ends are no part of the standard, and allowed by it."""
    return "".join(f"{ELEMENT.join(one)}{SEGMENT}\n" for one in segments)


def element(of: Sequence[str], place: int) -> str:
    """The element at a place, 1 being the first behind the segment's name; empty where the segment ends before."""
    return of[place] if place < len(of) else ""
