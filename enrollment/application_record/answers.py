"""Every answer of an application as it was submitted: plain data, kept encrypted with the submission and never changed.

Days are ISO texts, money is text with two decimals. The SSN is in it, which is why it is kept encrypted and shown by nobody
but ``document``, which masks it.
"""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application, ApplicationText
from enrollment.rules import sep
from enrollment.rules.sep_types import LifeEvent
from enrollment.selectors.submission_checks import Checked

FORMAT = 1
HOME = ("address_1", "address_2", "city", "us_state", "zip")
MAILING = ("mailing_address_1", "mailing_address_2", "mailing_city", "mailing_state", "mailing_zip")
PERSON = [
    "position",
    "relation",
    "first_name",
    "middle_initial",
    "last_name",
    "date_of_birth",
    "ssn",
    "sex",
    "tobacco_use",
    "tobacco_last_used",
    "phone",
    "email",
    "spoken_language",
    "written_language",
    "hispanic",
    "identities",
    "pcp_number",
]


def answers_of(application: Application, checked: Checked, *, number: int, by: User, at: datetime) -> dict[str, Any]:
    """The answers with what the portal made of them: the decision about the date, the prices, the texts agreed to.

    Queries; the application's producer number, county and texts need not be there.
    """
    producer_number = application.producer_number
    events: dict[str, LifeEvent] = {
        one.event.code: one.event for one in checked.decision.events if one.event is not None
    }
    return {
        "format": FORMAT,
        "record_number": application.record_number,
        "eapp_number": application.eapp_number,
        "client_app_id": application.client_app_id,
        "pending_application_id": application.pending_application_id,
        "submission": number,
        "submitted_at": at.isoformat(),
        "submitted_on": checked.today.isoformat(),
        "submitted_by": {"username": by.get_username(), "name": by.get_full_name()},
        "from_quote": application.quote_id is not None,
        "producer": {
            "name": producer_number.producer.name,
            "npn": producer_number.producer.npn,
            "number": producer_number.number,
            "company": producer_number.company_name,
        },
        "special_enrollment": application.special_enrollment,
        "life_events": [
            {
                "code": one.code,
                "label": events[one.code].label if one.code in events else one.code,
                "event_date": _day(one.event_date),
                "prior_coverage": one.prior_coverage,
                "knew_on": _day(one.knew_on),
                "election": one.election,
            }
            for one in application.life_events.order_by("id")
        ],
        "elected_date": _day(application.elected_date),
        "effective_date": _day(checked.effective_date),
        "decision": sep.as_record(checked.decision),
        "form_type": application.form_type,
        "authorization": application.authorization,
        "terms": text_ref(application.terms),
        "terms_agreed_at": application.terms_agreed_at.isoformat() if application.terms_agreed_at else None,
        "terms_agreed_by": _username(application.terms_agreed_by),
        "home": {**{name: getattr(application, name) for name in HOME}, "county": _county(application)},
        "mailing_differs": application.mailing_differs,
        "mailing": {name.removeprefix("mailing_"): getattr(application, name) for name in MAILING},
        "phone": application.phone,
        "phone_type": application.phone_type,
        "email": application.email,
        "contact_texts": [text_ref(one) for one in application.contact_texts.order_by("kind", "id")],
        "hra": {
            "kind": application.hra_kind,
            "start": _day(application.hra_start),
            "employer": application.hra_employer,
            "contribution": _money(application.hra_contribution),
        },
        "people": [{name: _plain(getattr(one, name)) for name in PERSON} for one in checked.people],
        "plans": [
            {
                "line": line.row.line,
                "plan_id": line.row.plan.plan_id,
                "plan_year": line.row.plan.plan_year,
                "name": line.row.plan.name,
                "issuer": line.row.plan.issuer_name,
                "metal_level": line.row.plan.metal_level,
                "network_type": line.row.plan.network_type,
                "requires_pcp": line.row.plan.requires_pcp,
                "consumer_choice": line.row.plan.consumer_choice,
                "monthly_premium": _money(line.premium.total),
                "members": [_money(one) for one in line.premium.members] if line.premium.members else None,
            }
            for line in sorted(checked.lines, key=lambda one: one.row.line != Policy.Line.MEDICAL)
        ],
        "monthly_premium": _money(checked.total),
        "pediatric_dental_elsewhere": application.pediatric_dental_elsewhere,
        "replaces_coverage": application.replaces_coverage,
        "replacements": [
            {
                "person": one.applicant.position,
                "insurer": one.insurer,
                "policy_number": one.policy_number,
                "termination_date": _day(one.termination_date),
            }
            for one in application.replacements.select_related("applicant").order_by("id")
        ],
        "has_other_coverage": application.has_other_coverage,
        "other_coverages": [
            {
                "person": one.applicant.position,
                "name_on_policy": one.name_on_policy,
                "member_number": one.member_number,
                "group_id": one.group_id,
            }
            for one in application.other_coverages.select_related("applicant").order_by("id")
        ],
        "proxy_agreed": application.proxy_agreed,
        "by_representative": application.by_representative,
        "signatures": [
            {
                "role": one.role,
                "first_name": one.first_name,
                "middle_initial": one.middle_initial,
                "last_name": one.last_name,
                "relationship": one.relationship,
                "text": text_ref(one.text),
                "attested_at": one.attested_at.isoformat() if one.attested_at else None,
                "attested_by": _username(one.attested_by),
            }
            for one in application.signatures.select_related("text", "attested_by").order_by("role")
        ],
        "payment_choice": application.payment_choice,
    }


def as_text(answers: dict[str, Any]) -> str:
    """As it is kept and hashed."""
    return json.dumps(answers, sort_keys=True, ensure_ascii=True)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def text_ref(text: ApplicationText | None) -> dict[str, str] | None:
    """Which version of which text, and its hash: enough to find it, and to see that it is the same."""
    if text is None:
        return None
    return {"kind": text.kind, "us_state": text.us_state, "version": text.version, "sha256": text.sha256}


def _username(user: User | None) -> str:
    return user.get_username() if user else ""


def _county(application: Application) -> str:
    return application.county.name if application.county else ""


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _money(amount: Decimal | None) -> str | None:
    return f"{amount:.2f}" if amount is not None else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, list) else value
