"""Reports on an application status against a recount in plain Python: statuses, days by each state's clock, filters, scopes."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from enrollment.models import Application, Submission
from reporting import reports
from reporting.criteria import SWITCHES, Criteria
from tests.support import catalog as plans
from tests.support.factories import ApplicationFactory

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
CLOCKS = {"IL": ZoneInfo("America/Chicago"), "MT": ZoneInfo("America/Denver"), "TX": ZoneInfo("America/Chicago")}
SEES = {
    "producer": {"producer"},
    "principal": {"producer", "sibling"},
    "delegate_with_enroll": {"producer"},
    "delegate": set(),
    "outsider": {"outsider"},
}
LINES = {plans.SILVER_HMO: "MEDICAL", plans.BRONZE_PPO: "MEDICAL", plans.DENTAL: "DENTAL"}


@dataclass
class Line:
    """One application as the recount sees it; ``outcomes`` of its submissions in their order."""

    row: Application
    owner: str
    outcomes: list[str]
    lines: set[str]
    names: list[str]


def near(dice: random.Random) -> datetime:
    """A moment close to midnight somewhere in the country, more often than not."""
    hour = dice.choice([4, 5, 6, 7, 17])
    return datetime(2026, 11, 21, hour, dice.choice([0, 59]), tzinfo=UTC) + dice.randint(-3, 3) * DAY


def random_applications(world, seed: int) -> list[Line]:
    dice, found = random.Random(seed), []
    owners = {"producer": world.number, "sibling": world.sibling_policy.producer_number}
    owners["outsider"] = world.outsider_policy.producer_number
    offered = {code: plans.plan(code) for code in LINES}
    for _ in range(26):
        owner = dice.choice(["producer", "producer", *owners])
        chosen = dice.choice([[plans.SILVER_HMO], [plans.DENTAL], [plans.BRONZE_PPO, plans.DENTAL]])
        status = dice.choice(Application.Status.values)
        withdrawn = {}
        if status == Application.Status.INCOMPLETE and dice.random() < 0.3:  # only drafts are withdrawn
            withdrawn = {"withdrawn_at": timezone.now(), "withdrawn_by": world.producer}
        row = ApplicationFactory(
            producer_number=owners[owner],
            created_by=world.producer,
            county=None,
            us_state=dice.choice(list(CLOCKS)),
            status=status,
            effective_date=TODAY + dice.randint(-2, 2) * DAY,
            expires_on=TODAY + dice.choice([-1, 0, 0, 1]) * DAY,
            contents=[offered[code] for code in chosen],
            **withdrawn,
        )
        completed = status == Application.Status.COMPLETED
        Application.objects.filter(pk=row.pk).update(
            created_at=near(dice), submitted_at=near(dice) if completed else None
        )
        outcomes = dice.choice([[], ["WAITING"], ["FAILED", "WAITING"], ["ACCEPTED"]]) if completed else []
        for number, outcome in enumerate(outcomes, start=1):
            Submission.objects.create(
                application=row, number=number, outcome=outcome, form_key=f"{row.pk}:{number}", monthly_premium=1,
                submitted_at=timezone.now(), submitted_by=world.producer, effective_date=row.effective_date,
            )  # fmt: skip
        row.refresh_from_db()
        names = [offered[code].name for code in chosen]
        found.append(Line(row, owner, outcomes, {LINES[code] for code in chosen}, names))
    return found


def fits_status(one: Line, wanted: str) -> bool:
    row = one.row
    if row.withdrawn_at or (row.status != "COMPLETED" and row.expires_on < TODAY):
        return False
    waiting = bool(one.outcomes) and one.outcomes[-1] == "WAITING"
    became = {"COMPLETED": "SUBMITTED" if waiting else "ACCEPTED"}.get(row.status, row.status)
    return wanted in ("ALL", became)


def fits_switches(one: Line, ticked: set[str]) -> bool:
    """New coverage, off the exchange, that does not end by itself."""
    facts = {
        "on_exchange": False,
        "off_exchange": True,
        "grandfathered": False,
        "non_grandfathered": True,
        "medical_only": one.lines == {"MEDICAL"},
        "dental_only": one.lines == {"DENTAL"},
        "temporary_plans": False,
        "both": len(one.lines) == 2,
    }
    names = list(SWITCHES)
    groups = [[name for name in group if name in ticked] for group in (names[0:2], names[2:4], names[4:8])]
    return all(not group or any(facts[name] for name in group) for group in groups)


DAYS = {
    "": lambda row, clock: TODAY,
    "eapp_start": lambda row, clock: row.created_at.astimezone(clock).date(),
    "app_signature": lambda row, clock: row.submitted_at.astimezone(clock).date() if row.submitted_at else None,
    "coverage_effective": lambda row, clock: row.effective_date,
}


@pytest.mark.feature("REP_04")
@pytest.mark.feature("REP_13")
@pytest.mark.parametrize("seed", range(2))
def test_reports_on_applications_are_the_recount_on_every_scope(world, catalog, seed):
    lines, dice = random_applications(world, seed), random.Random(seed)
    seen = 0
    for _ in range(60):
        who, code = dice.choice(list(SEES)), dice.choice(list(DAYS))
        status = dice.choice(["ALL", "ALL", "INCOMPLETE", "SUBMITTED", "ACCEPTED", "FAILED"])
        ticked = {name for name in SWITCHES if dice.random() < 0.12}
        name, number = dice.choice(["", "", "bronze"]), dice.choice(["", "", world.number.number])
        first = TODAY + dice.randint(-2, 2) * DAY
        days = {"first": first, "last": first + dice.randint(0, 2) * DAY} if code else {}
        asked = Criteria(
            report=code, application_status=status, product_name=name, producer_number=number,
            switches=tuple(one for one in SWITCHES if one in ticked), **days,
        )  # fmt: skip
        expected = {
            one.row.pk
            for one in lines
            if one.owner in SEES[who]
            and fits_status(one, status)
            and fits_switches(one, ticked)
            and any(name in plan.lower() for plan in one.names)
            and number in ("", one.row.producer_number.number)
            and (not code or (day := DAYS[code](one.row, CLOCKS[one.row.us_state])) and first <= day <= days["last"])
        }
        rows = reports.rows_of(reports.get(code), getattr(world, who), asked, today=TODAY)
        assert set(rows.values_list("pk", flat=True)) == expected, (who, asked)
        seen += len(expected)
    assert seen > 40
    parts = [Criteria(application_status=one) for one in ("INCOMPLETE", "SUBMITTED", "ACCEPTED", "FAILED", "ALL")]
    counts = [reports.rows_of(reports.get(""), world.principal, one, today=TODAY).count() for one in parts]
    assert sum(counts[:-1]) == counts[-1]
