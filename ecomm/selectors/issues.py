"""What people see of the issues they reported, and what the form can fill in for them (ISS_01)."""

from dataclasses import dataclass
from typing import Any

from accounts.models import Producer, User
from accounts.scoping import narrowed
from clients.models import Policy
from ecomm.models import IssueReport
from portal.common.access import Perm
from portal.common.dates import moment_as_text

PILLS = {
    IssueReport.Status.NEW.value: "info",
    IssueReport.Status.IN_PROGRESS.value: "warning",
    IssueReport.Status.CLOSED.value: "success",
}
KEPT_IN_LIST = 100


@dataclass(frozen=True)
class MyReport:
    """One report as its reporter reads it."""

    number: int
    label: str
    status: str
    pill: str
    reported_at: str
    closed_at: str
    about: str
    description: str
    steps: str
    facts: list[tuple[str, str]]
    answer: str


def my_reports(user: User, *, at_most: int = KEPT_IN_LIST) -> list[MyReport]:
    """The person's latest reports, newest first."""
    rows = IssueReport.objects.for_user(user).select_related("screenshot").order_by("-reported_at", "-id")
    return [as_report(row) for row in rows[:at_most]]


def as_report(row: IssueReport) -> MyReport:
    """A row with its related screenshot, in words."""
    facts = [
        ("Email address", row.email),
        ("Full Screen Screenshot", row.screenshot.name if row.screenshot else "None was sent"),
        ("Client/Contact Name", row.client_name),
        ("Agent Name/Producer ID", row.agent),
        ("Product Type", row.get_product_display()),
        ("State", row.get_us_state_display()),
        ("Date/Time issue was observed", moment_as_text(row.happened_at)),
        ("Page", row.page),
        ("Record number", row.record),
        ("Browser", row.browser),
    ]
    return MyReport(
        number=row.number,
        label=str(row.number),
        status=row.get_status_display(),
        pill=PILLS[row.status],
        reported_at=moment_as_text(row.reported_at),
        closed_at=moment_as_text(row.closed_at) if row.closed_at else "",
        about=f"{row.get_product_display()}, {row.us_state}",
        description=row.description,
        steps=row.steps,
        facts=facts,
        answer=row.answer,
    )


def known_about(user: User, record: str) -> dict[str, Any]:
    """First values of the form: what the portal knows about the reporter and, if it is theirs to see, the client.

    Nothing of a client but the state; the name is typed where it matters.
    """
    policy = (
        Policy.objects.for_user(user)
        .filter(account__number=record)
        .select_related("producer_number__producer", "account")
        .order_by("-effective_date", "-id")
        .first()
        if record
        else None
    )
    if policy is not None:
        number = policy.producer_number
        agent, us_state = f"{number.producer.name} / {number.number}", policy.account.us_state
    else:
        agent, us_state = _agent_and_state(user)
    return {"email": _email_of(user), "agent": agent, "us_state": us_state}


def _email_of(user: User) -> str:
    """The business address, else that of the login. Never the producer record's: codes go there, and it is masked."""
    own = user.producer.numbers.exclude(email="").order_by("us_state", "number").first() if user.producer else None
    return own.email if own else user.email


def _agent_and_state(user: User) -> tuple[str, str]:
    producer = _one_producer(user)
    if producer is None:
        return "", ""
    numbers = list(producer.numbers.order_by("us_state", "number"))
    states = {number.us_state for number in numbers}
    agent = f"{producer.name} / {numbers[0].number}" if numbers else producer.name
    return agent, states.pop() if len(states) == 1 else ""


def _one_producer(user: User) -> Producer | None:
    """The producer the person is or, at the moment, works for; nobody for carrier staff and delegates of several."""
    if user.producer is not None:
        return user.producer
    grants = narrowed(user.grants_in_force, user.working_for_id) if user.has_portal_perm(Perm.SIGNED_IN) else []
    return grants[0].producer if len(grants) == 1 else None
