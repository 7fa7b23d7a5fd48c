"""The 19 reasons of a provider change as they are delivered (PCP_07): the union of the guide's lists, our X12 code for each.

The portal keeps them as rows that staff can date and add to; these are what the rows begin as. PLA05 of the 834 has no code for
most of them, so the reason's own words are kept with every assignment.
"""

from datetime import date

from clients.rules.pcp_change import Limit, Reason

IN_USE_FROM = date(2014, 1, 1)
ASKED_OUT = "Asked Out"
CORRECTION = "Data Entered Incorrectly"


def _reason(
    label: str,
    pla05: str = "AI",
    *,
    limit: Limit = Limit.NONE,
    staff_only: bool = False,
    opens_closed_panel: bool = False,
) -> Reason:
    code = "-".join("".join(ch if ch.isalnum() else " " for ch in label.lower()).split())
    return Reason(
        code=code,
        label=label,
        pla05=pla05,
        limit=limit,
        staff_only=staff_only,
        opens_closed_panel=opens_closed_panel,
        first_day=IN_USE_FROM,
    )


REASONS: tuple[Reason, ...] = (
    _reason(ASKED_OUT),
    _reason("Change Of Residence", "AH"),
    _reason("Changed For Application"),
    _reason("Concern With Access", "AE"),
    _reason("Concern With Physician", "AB"),
    _reason("Concern With Service", "AA"),
    _reason("Dependent Age", limit=Limit.CHILD),
    _reason("Doctor/Med Grp Location", "AC"),
    _reason("Hospital Affiliated"),
    _reason("Left Network (Closed)"),
    _reason("Member Preferred One Doctor For Family", limit=Limit.FAMILY),
    _reason("Members Former Provider In Network", opens_closed_panel=True),
    _reason("New Enrollee", limit=Limit.AUTO_ASSIGNED),
    _reason("New Member Benefit Not Supported", "22"),
    _reason("No Reason Given"),
    _reason("PCP Not Accepting New Patients"),
    _reason("Referral Problems", "AF"),
    _reason("Retired"),
    _reason(CORRECTION, "46", staff_only=True),
)
