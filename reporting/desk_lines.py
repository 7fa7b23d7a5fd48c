"""The rows of a page of the save-the-policy desk: names, amounts, words to say, and ways to reach the client."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.models import User
from clients.models import ContactPoint, Member, Policy
from clients.rules.policy_wording import time_left
from clients.rules.status_facts import AMOUNT_UNKNOWN, money_text
from clients.selectors.detail import phone_text
from clients.tables import client_url
from enrollment.models import Application
from enrollment.selectors.applications import applicant_name, product_name
from enrollment.selectors.applications import visible as visible_applications
from portal.common.addresses import address_of
from portal.common.dates import as_text, moment_as_text
from reporting.desk_log import Latest, latest_of
from reporting.desk_payments import PaymentNews, news_of
from reporting.desk_rows import Line
from reporting.models import Outreach
from reporting.rules import desk_words
from reporting.rules.desk import AtRisk, Why
from reporting.tables import PHONES

Status = Policy.Status


def lines_of(user: User, rows: Sequence[AtRisk], latest: dict[str, Latest] | None = None) -> list[Line]:
    """The rows with names, amounts and contacts, in their order; twelve queries at most. Rows that are gone are left out.

    ``latest`` is looked up where it is not given.
    """
    latest = latest_of(user, rows) if latest is None else latest
    policies = {
        policy.pk: policy
        for policy in Policy.objects.for_user(user)
        .filter(pk__in=[one.row_id for one in rows if not one.why.of_application])
        .select_related("account", "producer_number__producer")
        .only(*_SHOWN)
    }
    asked = [one.row_id for one in rows if one.why.of_application]
    applications = {one.pk: one for one in _applications_with_names(user, asked)} if asked else {}
    reached = _reached(policy.account_id for policy in policies.values())
    news = news_of(user, list(policies.values())) if policies else {}
    found = []
    for one in rows:
        said = _last_outcome(latest.get(one.key))
        if one.why.of_application:
            if one.row_id in applications:
                found.append(_application_line(one, applications[one.row_id], said))
        elif one.row_id in policies:
            policy = policies[one.row_id]
            found.append(_policy_line(one, policy, reached.get(policy.account_id, Reached()), said, news[policy.pk]))
    return found


# What a line reads of a policy, which has forty columns more.
_SHOWN = (
    *(
        "insured_first_name",
        "insured_last_name",
        "product_name",
        "eapp_number",
        "account__number",
        "account__as_of",
        "on_autopay",
    ),
    *("status", "past_due", "monthly_premium", "aptc_amount", "producer_number__phone"),
    *(f"producer_number__producer__{name}" for name in ("first_name", "last_name")),
)


def _applications_with_names(user: User, ids: list[int]) -> Any:
    rows = visible_applications(user).filter(pk__in=ids).select_related("producer_number__producer")
    return rows.prefetch_related("applicants", "plans__plan")


@dataclass
class Reached:
    """How a household's primary insured is reached: ten digits each; ``cell`` only with consent to text messages."""

    phone: str = ""
    cell: str = ""
    email: str = ""


def _reached(accounts: Iterable[int]) -> dict[int, Reached]:
    points = ContactPoint.objects.filter(
        member__account_id__in=set(accounts), member__role=Member.Role.PRIMARY
    ).values_list("member__account_id", "kind", "value", "send_text")
    found: dict[int, Reached] = {}
    places: dict[int, int] = {}
    for account_id, kind, value, send_text in points:
        reached = found.setdefault(account_id, Reached())
        if kind == ContactPoint.Kind.EMAIL:
            reached.email = value
            continue
        if kind == ContactPoint.Kind.CELL and send_text:
            reached.cell = value
        if kind in PHONES and PHONES.index(kind) < places.get(account_id, len(PHONES)):
            places[account_id] = PHONES.index(kind)
            reached.phone = value
    return found


def _last_outcome(latest: Latest | None) -> str:
    if latest is None:
        return ""
    text = f"{Outreach.Outcome(latest.outcome).label}, {moment_as_text(latest.at)}"
    return f"{text}; back on {as_text(latest.snoozed_until)}" if latest.snoozed_until else text


def amount_due(policy: Policy) -> str:
    """As the client's page tells it: what the carrier reports, or the first month's premium."""
    if policy.past_due:
        return money_text(policy.past_due)
    if policy.status == Status.INITIAL_PAYMENT_DUE:
        return money_text(policy.net_premium)
    return AMOUNT_UNKNOWN if policy.status == Status.GRACE else ""


def _policy_line(one: AtRisk, policy: Policy, reached: Reached, last_outcome: str, news: PaymentNews) -> Line:
    said = desk_words.Said(
        why=one.why,
        producer=policy.producer_number.producer.name,
        phone=phone_text(policy.producer_number.phone),
        first_name=policy.insured_first_name,
        product=policy.product_name,
        last_day=one.last_safe_day,
        amount=amount_due(policy),
    )
    return Line(
        risk=one,
        name=f"{policy.insured_first_name} {policy.insured_last_name}",
        first_name=policy.insured_first_name,
        url=client_url(policy),
        work_url=address_of("reporting:desk-policy", policy.pk),
        product=policy.product_name,
        number_text=f"Account {policy.account.number}" if policy.account.number else f"E-App {policy.eapp_number}",
        producer_number_id=policy.producer_number_id,
        amount=said.amount,
        autopay=news.autopay,
        payment=news.state,
        pay_url=news.url,
        **_common(one, said, reached, last_outcome),
    )


def _application_line(one: AtRisk, application: Application, last_outcome: str) -> Line:
    name = applicant_name(application)
    first_name = next((person.first_name for person in application.applicants.all() if person.position == 0), "")
    said = desk_words.Said(
        why=one.why,
        producer=application.producer_number.producer.name,
        phone=phone_text(application.producer_number.phone),
        first_name=first_name or "the applicant",
        product=product_name(application),
        last_day=one.last_safe_day,
        amount="",
    )
    address = "enrollment:application-evidence" if one.why is Why.DOCUMENTS else "enrollment:application"
    return Line(
        risk=one,
        name=name or "No name yet",
        first_name=first_name,
        url=reverse(address, args=[application.record_number]),
        work_url=reverse("reporting:desk-application", args=[application.record_number]),
        product=said.product,
        number_text=f"Application {application.record_number}",
        producer_number_id=application.producer_number_id,
        amount="",
        autopay="",
        payment="",
        pay_url="",
        **_common(one, said, Reached(phone=application.phone, email=application.email), last_outcome),
    )


def _common(one: AtRisk, said: desk_words.Said, reached: Reached, last_outcome: str) -> dict[str, Any]:
    left = one.days_left
    pill = "secondary" if left is None else "danger" if left <= 3 else "warning" if left <= 14 else "info"
    return {
        "last_day": as_text(one.last_safe_day),
        "time_left": "" if left is None else "late" if left < 0 else time_left(left),
        "pill": pill,
        "phone": phone_text(reached.phone),
        "phone_url": f"tel:+1{reached.phone}" if len(reached.phone) == 10 else "",
        "email": reached.email,
        "mail_url": desk_words.mail_link(reached.email, said),
        "text_url": desk_words.text_link(reached.cell, said),
        "last_outcome": last_outcome,
        "said": said,
    }
