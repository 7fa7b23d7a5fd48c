"""Every step in every state, and contact changes told as one: pure tables."""

import pytest

from clients.membersystem.coalesce import merged
from clients.membersystem.states import NotPossible, Step, after
from clients.models import MemberChange
from tests.support.member_system import point

pytestmark = [pytest.mark.no_db, pytest.mark.feature("CON_03")]
Status = MemberChange.Status
STEPS = ("SEND", "ACCEPT", "REJECT", "POSTPONE", "GIVE_UP", "MERGE", "UNDO", "RETRY", "CLOSE")
# A dash: cannot happen.
TABLE = {
    "PENDING": ("SENT", "ACKED", "REJECTED", "PENDING", "DEAD", "SUPERSEDED", "CLOSED", "-", "-"),
    "SENT": ("-", "ACKED", "REJECTED", "-", "-", "-", "-", "PENDING", "CLOSED"),
    "ACKED": ("-",) * 9,
    "REJECTED": ("-", "-", "-", "-", "-", "-", "-", "PENDING", "CLOSED"),
    "DEAD": ("-", "ACKED", "REJECTED", "-", "-", "-", "-", "PENDING", "CLOSED"),
    "SUPERSEDED": ("-",) * 9,
    "CLOSED": ("-", "ACKED", "-", "-", "-", "-", "-", "-", "-"),
}


def test_the_table_is_about_every_state_and_step():
    assert set(TABLE) == set(Status.values)
    assert set(STEPS) == {step.value for step in Step}


@pytest.mark.parametrize(
    ("status", "step", "then"),
    [(status, step, then) for status, row in TABLE.items() for step, then in zip(STEPS, row, strict=True)],
)
def test_a_step_leads_where_the_table_says_or_nowhere(status, step, then):
    if then == "-":
        with pytest.raises(NotPossible):
            after(status, Step(step))
    else:
        assert after(status, Step(step)) == then


def payload(**kinds: tuple[str | None, str | None]) -> dict:
    return {
        "before": {kind: point(before) for kind, (before, _after) in kinds.items()},
        "after": {kind: point(after) for kind, (_before, after) in kinds.items()},
    }


@pytest.mark.parametrize(
    ("changes", "one"),
    [
        ([payload(HOME=("a", "b"))], payload(HOME=("a", "b"))),
        ([payload(HOME=("a", "b")), payload(HOME=("b", "c"))], payload(HOME=("a", "c"))),
        ([payload(HOME=("a", "b")), payload(CELL=(None, "x"))], payload(HOME=("a", "b"), CELL=(None, "x"))),
        (
            [payload(HOME=("a", "b"), EMAIL=("m", None)), payload(HOME=("b", "a"))],
            payload(EMAIL=("m", None)),
        ),
        ([payload(HOME=("a", "b")), payload(HOME=("b", None)), payload(HOME=(None, "a"))], payload()),
        ([payload(CELL=(None, "x")), payload(CELL=("x", None))], payload()),
        ([payload(HOME=("a", "a"))], payload()),
    ],
)
def test_changes_that_follow_each_other_are_told_as_one(changes, one):
    assert merged(changes, drop_unchanged=True) == one


def test_the_way_back_is_told_when_an_earlier_change_may_have_arrived():
    back = [payload(HOME=("a", "b")), payload(HOME=("b", "a"))]
    assert merged(back, drop_unchanged=False) == payload(HOME=("a", "a"))


def test_an_extension_or_a_wish_for_texts_is_a_difference_and_the_note_of_the_consent_is_none():
    before, after_ = point("a"), {**point("a"), "text_consent_at": "2026-03-02T15:00:00Z", "text_consent_by": "Rita"}
    assert merged([{"before": {"CELL": before}, "after": {"CELL": after_}}], drop_unchanged=True)["after"] == {}
    for difference in ({"extension": "12"}, {"send_text": True}):
        change = {"before": {"CELL": before}, "after": {"CELL": {**before, **difference}}}
        assert merged([change], drop_unchanged=True) == change
