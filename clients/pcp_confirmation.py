"""The Provider Change Confirmation: what stands on record beside what Finish would write (PCP_11)."""

from dataclasses import dataclass

from clients.models import PcpAssignment
from clients.selectors.pcp import in_words
from clients.services.pcp import Examined, Line
from portal.common.dates import OPEN_END, as_text


@dataclass(frozen=True)
class Fact:
    """One row: the current value, the updated one, and whether they differ."""

    label: str
    current: str
    updated: str

    @property
    def differs(self) -> bool:
        return self.current != self.updated


@dataclass(frozen=True)
class Comparison:
    """One member. ``notes`` say which choices give way that have not begun."""

    name: str
    facts: list[Fact]
    notes: list[str]


def comparisons(examined: Examined) -> list[Comparison]:
    """Every member of an examination without errors, in the order of the household."""
    return [_comparison(line, examined) for line in examined.lines]


def _comparison(line: Line, examined: Examined) -> Comparison:
    entry, current = examined.entry, line.current
    assert entry is not None  # noqa: S101 - an examination without an entry has errors
    said = in_words(current) if current else None
    first_day = as_text(current.effective_date) if current else ""
    end = as_text(current.end_date or OPEN_END) if current else ""
    facts = [
        Fact("Medical Group #", said.group_number if said else "", entry.group_number),
        Fact("Medical Group Name", said.group_name if said else "", entry.group_name),
        Fact("PCP", said.provider_name if said else "", entry.provider_name),
        Fact("NPI", said.npi if said else "", entry.npi),
        Fact("Effective Date", first_day, as_text(examined.effective_date)),
        Fact("Term Date", end, as_text(OPEN_END)),
        Fact("Request Received Date", said.received if said else "", as_text(line.today)),
        Fact("Provider Assigned By", said.assigned_by if said else "", PcpAssignment.SELECTED_BY_MEMBER),
        Fact("Provider Change Reason", said.reason if said else "", line.reason.label if line.reason else ""),
    ]
    return Comparison(
        name=f"{line.member.name} ({line.member.get_role_display().lower()})",
        # A member who has no physician of one's own, before or after, needs no empty rows about one.
        facts=[fact for fact in facts if fact.current or fact.updated or not fact.label.startswith(("PCP", "NPI"))],
        notes=[
            f"The choice of {in_words(row).who} from {as_text(row.effective_date)} on is replaced by this one."
            for row in line.replaced
        ],
    )
