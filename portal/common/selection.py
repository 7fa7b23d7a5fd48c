"""Ticked rows of a list: which ones, and whether the person has said yes to what is about to happen.

A ``Table`` with ``ticks = True`` puts a box before each row; ``components/selectable_table.html`` shows it with the button
that acts on the ticked rows. The button asks first: in a dialog with scripts, on a page of its own
(``common/selection_confirm.html``) without. Both answers arrive here.
"""

from dataclasses import dataclass

from django.http import QueryDict

from portal.common.paging import PAGE_SIZES

ROW = "row"
CONFIRMED = "confirmed"
NOTHING_TICKED = "Tick the box beside at least one row first."
# Nobody can tick more rows than a page shows.
MOST = max(PAGE_SIZES)


@dataclass(frozen=True)
class Selection:
    """The values of the ticked boxes, each once, in the order of the list; ``confirmed`` once the person said OK."""

    values: list[str]
    confirmed: bool


def read(posted: QueryDict) -> Selection:
    """What was ticked. At most one page of rows; values are as they were sent and must be looked up in scope."""
    values = [value.replace("\x00", "") for value in posted.getlist(ROW)]
    return Selection(
        values=list(dict.fromkeys(value for value in values if value))[:MOST], confirmed=CONFIRMED in posted
    )
