"""What a new primary care physician does to the assignments on file (PCP_16): no overlap, no hole.

A new assignment runs from its first day until 12/31/9999. So it ends the one that covers the day before, on that day, and takes the
place of every assignment that was to begin on its first day or later: none of those has begun, and the guide leaves no room after
12/31/9999. Two physicians for two periods are two changes, the earlier one first (PCP_14).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Span:
    """One assignment: first and last day inclusive, ``None`` for open.

    ``group`` and ``npi`` name whom the member has, either may be empty; ``key`` is the row's own and means nothing here.
    """

    key: int
    first_day: date
    last_day: date | None
    group: str = ""
    npi: str = ""
    reason: str = ""
    by_carrier: bool = False

    @property
    def who(self) -> tuple[str, str]:
        return self.group, self.npi

    def reaches(self, day: date) -> bool:
        """Whether the span has a day that is ``day`` or later."""
        return self.last_day is None or self.last_day >= day


@dataclass(frozen=True)
class SpanPlan:
    """What is to be written: ``current`` stands before the new one, ``replaced`` have not begun and give way.

    ``ends_current_on`` is the new last day of ``current``, or None where it ends before already (or there is none).
    """

    current: Span | None
    ends_current_on: date | None
    replaced: tuple[Span, ...]


def plan_change(spans: Iterable[Span], first_day: date) -> SpanPlan:
    """Return what a new assignment from ``first_day`` on, without end, does to a member's ``spans``."""
    ordered = in_order(spans)
    before = [span for span in ordered if span.first_day < first_day]
    current = before[-1] if before else None
    return SpanPlan(
        current=current,
        ends_current_on=first_day - ONE_DAY if current and current.reaches(first_day) else None,
        replaced=tuple(span for span in ordered if span.first_day >= first_day),
    )


def changes_nothing(spans: Iterable[Span], who: tuple[str, str], first_day: date) -> bool:
    """Whether the member has ``who`` already from ``first_day`` on, today's assignment and every pending one included."""
    later = [span for span in spans if span.reaches(first_day)]
    return bool(later) and min(span.first_day for span in later) <= first_day and {s.who for s in later} == {who}


def in_order(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.first_day)


def groups_left(spans: Iterable[Span], *, with_reasons: frozenset[str]) -> frozenset[str]:
    """The medical groups a member left with one of these reasons (PCP_09).

    The reason of a change stands on the assignment it began, so a group was left with the reason of the next one.
    """
    ordered: Sequence[Span] = in_order(spans)
    pairs = zip(ordered, ordered[1:], strict=False)
    return frozenset(left.group for left, next_one in pairs if left.group and next_one.reason in with_reasons)
