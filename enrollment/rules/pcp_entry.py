"""Which number names the PCP on an application, by state and kind of plan (PLN_04, PLN_05). Pure: no clock, no database."""

from dataclasses import dataclass

from clients.rules.pcp_numbers import NumberKind, UnreadableNumber, read_number

HMO, POS = "HMO", "POS"
NETWORKS = frozenset({HMO, POS})
LONGEST = 12

GROUP_ONLY = "Enter the medical group's number: 3 digits."
PCP_ONLY = "Enter a PCP or PCPA number (4 to 12 letters and digits), or an NPI (10 digits)."


@dataclass(frozen=True, slots=True)
class PcpEntry:
    """How the field is called and which numbers it takes; ``wrong`` is said of any other."""

    label: str
    kinds: frozenset[NumberKind]
    wrong: str = ""


MEDICAL_GROUP = PcpEntry("Medical Group Number (3 Digits)", frozenset({NumberKind.MEDICAL_GROUP}), GROUP_ONLY)
PCP = PcpEntry("Primary Care Provider (PCP) Number", frozenset({NumberKind.NPI, NumberKind.CARRIER_NUMBER}), PCP_ONLY)
EITHER = PcpEntry("Primary Care Provider (PCP) or Medical Group Number", frozenset(NumberKind))
# Illinois HMO members choose a medical group (guide, screen of page 20); elsewhere a physician. POS networks have both.
ENTRIES: dict[tuple[str, str], PcpEntry] = {
    ("IL", HMO): MEDICAL_GROUP,
    ("MT", HMO): PCP,
    ("NM", HMO): PCP,
    ("OK", HMO): PCP,
    ("TX", HMO): PCP,
}


def entry_for_plan(us_state: str, network: str) -> PcpEntry | None:
    """The field of a plan's network in that state; ``None`` where no PCP is chosen (PPO and others)."""
    if network not in NETWORKS:
        return None
    return ENTRIES.get((us_state, network), EITHER)


def clean_number(typed: str, entry: PcpEntry) -> str:
    """The number as the directory writes it, empty for an empty one. Raises ``UnreadableNumber``, fit to show."""
    if not typed.strip():
        return ""
    try:
        number = read_number(typed)
    except UnreadableNumber as exc:
        # Of a wrong check digit nothing else could be said; any other text is told what the field wants.
        raise (
            exc
            if "check digit" in str(exc) and NumberKind.NPI in entry.kinds
            else UnreadableNumber(entry.wrong or str(exc))
        ) from exc
    if number.kind not in entry.kinds:
        raise UnreadableNumber(entry.wrong)
    return number.text
