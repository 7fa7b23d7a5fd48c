"""May this member have this primary care physician from this day on? The carrier's decision table (PCP_05 to PCP_17).

The first row that fails is the answer; each member is judged alone, so one of a family may pass and another fail on the
same Validate. Days are calendar days in the policy's state, inclusive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clients.rules.dated import add_months
from clients.rules.pcp_spans import Span, changes_nothing, plan_change
from clients.rules.pcp_starts import proposed_start
from clients.rules.policy_status import PolicyStatus

# A year further ahead is a slip of the pen: individual plans run for a calendar year (ours).
MONTHS_AHEAD = 12
OPEN_STATUSES = frozenset({PolicyStatus.ACTIVE, PolicyStatus.GRACE, PolicyStatus.FUTURE})
CHILD = "CHILD"
SEX_WORDS = {"F": "women and girls", "M": "men and boys"}

NO_CHANGE = "No change to the existing record"
ASKED_OUT_BEFORE = "Member was previously asked out of this Medical Group, please select a new Medical Group"
REASON_MISSING = "Please select a provider change reason"


class Limit(StrEnum):
    """For whom a reason can be chosen."""

    NONE = "NONE"
    CHILD = "CHILD"
    FAMILY = "FAMILY"
    AUTO_ASSIGNED = "AUTO_ASSIGNED"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason of the list. First and last day, inclusive, say when it can be chosen; ``None`` for no end."""

    code: str
    label: str
    pla05: str
    limit: Limit
    staff_only: bool
    opens_closed_panel: bool
    first_day: date
    last_day: date | None = None


@dataclass(frozen=True, kw_only=True)
class DirectoryEntry:
    """A medical group or a physician as the directory has it.

    ``group`` names the medical group, the physician's own where a physician was chosen, empty for none. Ages are whole years, inclusive.
    """

    us_state: str
    group: str
    npi: str
    networks: frozenset[str]
    serves_as_pcp: bool
    accepts_new_patients: bool
    youngest_age: int | None
    oldest_age: int | None
    only_sex: str
    first_day: date
    last_day: date | None

    def is_open(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """The member on one policy. ``asked_out_of`` are groups the member was asked out of, now or ever."""

    role: str
    date_of_birth: date
    sex: str
    of_this_account: bool
    requires_pcp: bool
    policy_status: PolicyStatus
    plan_state: str
    plan_network: str
    coverage_first_day: date
    coverage_last_day: date | None
    members_on_policy: int
    spans: tuple[Span, ...]
    asked_out_of: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen for the member. ``entry`` is None where the directory has none or several under the number.

    ``times`` is how often the member stands in this transaction; ``by_staff`` whether the carrier's staff choose.
    """

    entry: DirectoryEntry | None
    reason: Reason | None
    effective_date: date
    today: date
    times: int = 1
    by_staff: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a change is not possible: the row of the decision table, and a sentence fit to show."""

    row: int
    sentence: str


def us_text(day: date) -> str:
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def age_on(date_of_birth: date, day: date) -> int:
    """Whole years; born on 29 February, a year is full on 1 March where there is no such day."""
    return day.year - date_of_birth.year - ((day.month, day.day) < (date_of_birth.month, date_of_birth.day))


# --- the rows; each returns what to say when it fails, or nothing ---


def _plan_and_policy(facts: MemberFacts, _choice: Choice) -> str:
    if not facts.requires_pcp:
        return "This plan does not require a primary care physician"
    if facts.policy_status not in OPEN_STATUSES:
        return "The policy is not in force, so its provider cannot be changed"
    return ""


def _member(facts: MemberFacts, choice: Choice) -> str:
    if not facts.of_this_account:
        return "This member is not on the account"
    if facts.coverage_last_day and facts.coverage_last_day < choice.today:
        return f"The member's coverage ended on {us_text(facts.coverage_last_day)}"
    if choice.times > 1:
        return "A member's PCP can only be updated one time per transaction; please tick only one of the member's plans"
    return ""


def _found(_facts: MemberFacts, choice: Choice) -> str:
    if choice.entry is None or not choice.entry.is_open(choice.effective_date):
        return f"No medical group or PCP was found under this number for {us_text(choice.effective_date)}"
    return ""


def _in_network(facts: MemberFacts, choice: Choice) -> str:
    entry = _entry(choice)
    if not entry.serves_as_pcp:
        return "This provider does not serve as a primary care physician"
    if entry.us_state != facts.plan_state or facts.plan_network not in entry.networks:
        return "This provider is not in the network of the member's plan"
    return ""


def _panel(facts: MemberFacts, choice: Choice) -> str:
    entry = _entry(choice)
    if entry.accepts_new_patients or (choice.reason is not None and choice.reason.opens_closed_panel):
        return ""
    if any(span.who == (entry.group, entry.npi) for span in facts.spans):
        return ""
    return "This provider is not accepting new patients"


def _ages_and_sex(facts: MemberFacts, choice: Choice) -> str:
    entry, age = _entry(choice), age_on(facts.date_of_birth, choice.effective_date)
    if entry.youngest_age is not None and age < entry.youngest_age:
        return f"This provider sees patients from the age of {entry.youngest_age}"
    if entry.oldest_age is not None and age > entry.oldest_age:
        return f"This provider sees patients up to the age of {entry.oldest_age}"
    if entry.only_sex and entry.only_sex != facts.sex:
        return f"This provider sees {SEX_WORDS.get(entry.only_sex, 'other patients')} only"
    return ""


def _not_asked_out(facts: MemberFacts, choice: Choice) -> str:
    group = _entry(choice).group
    return ASKED_OUT_BEFORE if group and group in facts.asked_out_of else ""


def _is_a_change(facts: MemberFacts, choice: Choice) -> str:
    entry = _entry(choice)
    return NO_CHANGE if changes_nothing(facts.spans, (entry.group, entry.npi), choice.effective_date) else ""


def _reason(facts: MemberFacts, choice: Choice) -> str:
    if choice.reason is None:
        return REASON_MISSING
    why_not = reason_refused(choice.reason, facts, choice)
    return f"“{choice.reason.label}” is not valid for this member: {why_not}. Select another reason" if why_not else ""


def _effective_date(facts: MemberFacts, choice: Choice) -> str:
    day = choice.effective_date
    if day < choice.today:
        return f"The effective date cannot be before today, {us_text(choice.today)}"
    if day < facts.coverage_first_day:
        return f"The effective date cannot be before coverage begins on {us_text(facts.coverage_first_day)}"
    if facts.coverage_last_day and day > facts.coverage_last_day:
        return f"The effective date cannot be after coverage ends on {us_text(facts.coverage_last_day)}"
    latest = add_months(choice.today, MONTHS_AHEAD)
    return f"The effective date cannot be after {us_text(latest)}" if day > latest else ""


def _entry(choice: Choice) -> DirectoryEntry:
    assert choice.entry is not None  # noqa: S101 - row 3 has refused a choice without one
    return choice.entry


def reason_refused(reason: Reason, facts: MemberFacts, choice: Choice) -> str:
    """Why this reason cannot be chosen for the member, in words that follow a colon; empty when it can."""
    if reason.staff_only and not choice.by_staff:
        return "it is for the carrier's staff"
    if choice.today < reason.first_day or (reason.last_day and choice.today > reason.last_day):
        return "it is not in use"
    if reason.limit is Limit.CHILD and facts.role != CHILD:
        return "it is for children on the policy"
    if reason.limit is Limit.FAMILY and facts.members_on_policy < 2:
        return "it needs at least two members on the policy"
    if reason.limit is Limit.AUTO_ASSIGNED:
        current = plan_change(facts.spans, choice.effective_date).current
        if current is not None and not current.by_carrier:
            return "it is for members whose current provider was assigned by the carrier"
    return ""


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One row of the table: ``fails`` returns the sentence for the member, or nothing."""

    number: int
    test: str
    fails: Callable[[MemberFacts, Choice], str]
    source: str


DECISION_TABLE: tuple[DecisionRow, ...] = (
    DecisionRow(number=1, test="plan needs a PCP, policy in force", fails=_plan_and_policy, source="PCP_17"),
    DecisionRow(number=2, test="member of the account, not ended, once", fails=_member, source="PCP_14, PCP_17"),
    DecisionRow(number=3, test="one open entry of the directory", fails=_found, source="PCP_05"),
    DecisionRow(number=4, test="in the network, serves as PCP", fails=_in_network, source="PCP_05"),
    DecisionRow(number=5, test="panel open", fails=_panel, source="PCP_07"),
    DecisionRow(number=6, test="ages and sex of the panel", fails=_ages_and_sex, source="PCP_08"),
    DecisionRow(number=7, test="not asked out of the group before", fails=_not_asked_out, source="PCP_09"),
    DecisionRow(number=8, test="differs from current and pending", fails=_is_a_change, source="PCP_08"),
    DecisionRow(number=9, test="a reason that is allowed", fails=_reason, source="PCP_06, PCP_07"),
    DecisionRow(number=10, test="effective date within bounds", fails=_effective_date, source="PCP_04"),
)
# Row 11, the first of a month, is a warning (first_possible_day). Row 12, the term date, is no choice: PCP_15.


def problem(facts: MemberFacts, choice: Choice) -> Problem | None:
    """The first row that fails for this member, or None when the change is possible."""
    for row in DECISION_TABLE:
        sentence = row.fails(facts, choice)
        if sentence:
            return Problem(row.number, sentence)
    return None


def first_possible_day(facts: MemberFacts, choice: Choice) -> date | None:
    """Row 11: the first of the next month where the plan's state lets a change begin on no other day; None when it may
    begin on the day asked for. Ask only when ``problem`` has found none."""
    return proposed_start(facts.plan_state, choice.effective_date, in_group=bool(_entry(choice).group))
