"""What a report asks for: the fields of Create Report as one value, kept with a result, a saved report and a run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from portal.common.dates import as_text
from reporting.rules.periods import BY_CODE, days_of

ALL = "ALL"
POLICY_STATUSES = {ALL: "All", "GRACE": "Grace Period", "TERMED": "Termed", "ACTIVE": "Active"}
APPLICATION_STATUSES = {
    ALL: "All",
    "INCOMPLETE": "Incomplete",
    "SUBMITTED": "Submitted",
    "ACCEPTED": "Accepted",
    "FAILED": "Failed",
}
# The product switches in the order of the form (REP_07).
SWITCHES = {
    "on_exchange": "On Exchange",
    "off_exchange": "Off Exchange",
    "grandfathered": "Grandfathered",
    "non_grandfathered": "Non-Grandfathered",
    "medical_only": "Medical Only",
    "dental_only": "Dental Only",
    "temporary_plans": "Temporary Plans",
    "both": "Both Medical And Dental",
}


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """``report`` is a report's code, empty for a report on a status alone. ``first`` and ``last`` are days, both inclusive;
    with a ``period`` they follow from the day on which the report is run."""

    report: str = ""
    period: str = ""
    first: date | None = None
    last: date | None = None
    application_status: str = ""
    policy_status: str = ""
    product_name: str = ""
    switches: tuple[str, ...] = ()
    producer_first_name: str = ""
    producer_last_name: str = ""
    producer_number: str = ""

    def as_data(self) -> dict[str, Any]:
        """For JSON; what was not asked for is left out."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        data = {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items() if value}
        return data | ({"switches": list(self.switches)} if self.switches else {})

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Criteria":
        """What ``as_data`` gave. Fields that no longer exist are left out."""
        known = {name: data[name] for name in data if name in {field.name for field in fields(cls)}}
        for name in ("first", "last"):
            if name in known:
                known[name] = date.fromisoformat(known[name])
        return cls(**known | {"switches": tuple(name for name in SWITCHES if name in known.get("switches", ()))})

    def on(self, today: date) -> "Criteria":
        """The same with the days that its period means on ``today``."""
        if not self.period:
            return self
        first, last = days_of(self.period, today=today)
        return replace(self, first=first, last=last)

    @property
    def days(self) -> tuple[date, date]:
        """First and last day of a report that goes by dates. Raises ``ValueError`` when one is missing."""
        if self.first is None or self.last is None:
            raise ValueError("this report needs both dates")
        return self.first, self.last

    @property
    def asks_for_applications(self) -> bool:
        """Whether its rows are applications rather than policies (REP_04)."""
        return bool(self.application_status)

    @property
    def filters(self) -> list[str]:
        """Names of the filters in use, without their values: fit for the audit trail."""
        names = ("application_status", "policy_status", "product_name", "producer_first_name", "producer_last_name")
        return [name for name in (*names, "producer_number") if getattr(self, name)] + list(self.switches)

    @property
    def days_as_entered(self) -> str:
        """ "11/01/2026 to 11/30/2026", whatever period moves them; empty for none."""
        return f"{as_text(self.first)} to {as_text(self.last)}" if self.first and self.last else ""

    @property
    def days_in_words(self) -> str:
        """ "11/01/2026 to 11/30/2026", "next 30 days (11/22/2026 to 12/22/2026)", or nothing."""
        days = self.days_as_entered
        if not self.period:
            return days
        label = BY_CODE[self.period].label
        return f"{label} ({days})" if days else label

    def words(self) -> list[str]:
        """What narrows the report, in words, for the line above its rows; only the person who runs it sees it."""
        said = [
            ("Application Status", APPLICATION_STATUSES.get(self.application_status, "")),
            ("Policy Status", POLICY_STATUSES.get(self.policy_status, "")),
            ("Product Name", self.product_name),
            ("Producer First Name", self.producer_first_name),
            ("Producer Last Name", self.producer_last_name),
            ("Nine Digit Producer Number", self.producer_number),
        ]
        # The title of a report on a status alone says it already.
        said = said if self.report else said[2:]
        return [f"{label}: {value}" for label, value in said if value] + [SWITCHES[name] for name in self.switches]
