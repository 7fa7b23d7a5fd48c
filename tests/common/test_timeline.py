"""The household's timeline: what each app tells, in one order."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.common import timeline
from portal.common.access import Perm
from portal.common.timeline import SHOWN_AT_ONCE, Entry, Household, Source, timeline_of

pytestmark = pytest.mark.no_db
TODAY = date(2026, 11, 21)
HOUSEHOLD = Household(account="a household", today=TODAY)


class Person:
    def __init__(self, *perms: Perm) -> None:
        self.perms = perms

    def has_portal_perm(self, perm: Perm) -> bool:
        return perm in self.perms


RITA = Person(Perm.CLIENT_VIEW, Perm.CARRIER_CONTACT)


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(timeline, "_sources", {})


def tell(*entries: Entry, name: str = "policies", perm: Perm = Perm.CLIENT_VIEW, order: int = 10) -> None:
    timeline.register(Source(name=name, perm=perm, order=order, entries=lambda user, household: entries))


def entry(at: date | datetime, title: str) -> Entry:
    return Entry(at=at, kind="Policy", title=title)


def titles(entries: list[Entry]) -> list[str]:
    return [one.title for one in entries]


def test_what_happened_is_told_newest_first_and_what_comes_soonest_first():
    tell(*(entry(TODAY + timedelta(days=days), str(days)) for days in (-9, 30, -1, 1, 0)))
    found = timeline_of(RITA, HOUSEHOLD)
    assert titles(found.latest) == ["0", "-1", "-9"]
    assert titles(found.coming_up) == ["1", "30"]


def test_sources_mix_and_of_one_moment_the_lower_order_came_first():
    tell(entry(date(2026, 11, 1), "second of the day"), name="documents", order=20)
    tell(entry(date(2026, 11, 1), "first of the day"), entry(date(2026, 11, 3), "latest"), order=10)
    assert titles(timeline_of(RITA, HOUSEHOLD).latest) == ["latest", "second of the day", "first of the day"]


def test_moments_count_by_the_clock_of_the_carriers_zone():
    """Three in the morning in Greenwich is the evening before in Chicago."""
    tell(
        entry(datetime(2026, 11, 22, 3, tzinfo=UTC), "this evening"),
        entry(datetime(2026, 11, 22, 15, tzinfo=UTC), "tomorrow"),
        entry(TODAY, "today"),
    )
    found = timeline_of(RITA, HOUSEHOLD)
    assert titles(found.latest) == ["this evening", "today"]
    assert titles(found.coming_up) == ["tomorrow"]
    assert [one.when for one in found.latest] == ["11/21/2026 9:00 PM", "11/21/2026"]


def test_a_long_history_is_folded():
    tell(*(entry(TODAY - timedelta(days=days), str(days)) for days in range(SHOWN_AT_ONCE + 3)))
    found = timeline_of(RITA, HOUSEHOLD)
    assert titles(found.latest) == [str(days) for days in range(SHOWN_AT_ONCE)]
    assert titles(found.earlier) == [str(SHOWN_AT_ONCE + more) for more in range(3)]


def test_a_source_whose_right_is_not_held_is_not_even_asked():
    def fail(user, household):
        raise AssertionError("asked")

    timeline.register(Source(name="questions", perm=Perm.CARRIER_CONTACT, order=1, entries=fail))
    assert timeline_of(Person(Perm.CLIENT_VIEW), HOUSEHOLD).is_empty


def test_a_source_is_told_who_looks_at_what():
    asked = []
    timeline.register(Source(name="x", perm=Perm.CLIENT_VIEW, order=1, entries=lambda *args: asked.append(args) or []))
    timeline_of(RITA, HOUSEHOLD)
    assert asked == [(RITA, HOUSEHOLD)]


def test_registering_again_replaces():
    tell(entry(TODAY, "old"))
    tell(entry(TODAY, "new"))
    assert titles(timeline_of(RITA, HOUSEHOLD).latest) == ["new"]
