"""What changes for the member system tell a household's timeline (CON_03)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from accounts.models import User
from clients.models import MemberChange
from portal.common.timeline import ROWS_AT_MOST, Entry, Household

Status = MemberChange.Status
KIND, ICON = "Change", "arrow-repeat"


def change_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest changes of the household on policies in the user's books: asked for, and what became of each.

    Orders of ID cards tell how they stand themselves.
    """
    rows = MemberChange.objects.for_user(user).filter(account=household.account).exclude(kind=MemberChange.Kind.ID_CARD)
    newest = rows.select_related("member", "policy").defer("payload").order_by("-id")[:ROWS_AT_MOST]
    return [entry for row in newest for entry in _of_change(row)]


def _of_change(row: MemberChange) -> Iterator[Entry]:
    name = row.get_kind_display()
    yield _entry(row, row.created_at, f"{name} requested", _waits(row))
    if row.status == Status.ACKED and row.acked_at:
        yield _entry(row, row.acked_at, f"{name} accepted", "The member system has it.")
    elif row.status == Status.REJECTED and row.acked_at:
        yield _entry(row, row.acked_at, f"{name} not accepted", "What the carrier had before still applies.")
    elif row.status == Status.DEAD and row.given_up_at:
        yield _entry(row, row.given_up_at, f"{name} not delivered", "The carrier's staff are looking into it.")
    elif row.status == Status.CLOSED and row.closed_at:
        if row.closed_by_id is None:
            yield _entry(row, row.closed_at, f"{name} not needed", "It was changed back before it was sent.")
        else:
            yield _entry(row, row.closed_at, f"{name} closed", "The carrier's staff settled it without sending it.")


def _waits(row: MemberChange) -> str:
    """Whose it is, and what it waits for."""
    whose = f"For {row.member.name}." if row.member else ""
    waits = {
        Status.PENDING: "On its way to the member system.",
        Status.SENT: "Sent; the member system has not answered yet.",
        Status.SUPERSEDED: "Replaced by a later change.",
    }.get(Status(row.status), "")
    return f"{whose} {waits}".strip()


def _entry(row: MemberChange, at: datetime, title: str, text: str) -> Entry:
    return Entry(at=at, kind=KIND, title=title, text=text, about=(row.policy.product_name,), icon=ICON)
