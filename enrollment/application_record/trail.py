"""What was done with an application, who attested to what, and the chain that makes later changes show (ADR 0023)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from enrollment.application_record.reading import answers_in
from enrollment.models import Application, Signature, Submission
from portal.common import hash_chain
from portal.common.models import AuditEvent

OBJECT = "application"
STATEMENTS = {
    Signature.Role.REPRESENTATIVE.value: "Signed as the applicant's authorized representative.",
    Signature.Role.GUARDIAN.value: "Signed as parent or legal guardian.",
    Signature.Role.CONSUMER_CHOICE.value: "Attested to the Consumer Choice Disclosure.",
    Signature.Role.PROXY.value: "Agreed to the Proxy Statement.",
}


def events_of(application: Application) -> list[AuditEvent]:
    """The audit events of the application, oldest first."""
    return list(AuditEvent.objects.filter(object_type=OBJECT, object_id=application.record_number).order_by("id"))


def event_as_content(event: AuditEvent) -> dict[str, Any]:
    """An audit event as a line of the chain. It never holds a value of a person: the audit trail has none."""
    return {
        "kind": "audit_event",
        "id": event.pk,
        "at": event.at.isoformat(),
        "action": event.action,
        "actor": event.actor_username,
        "for_producer": event.for_producer,
        "object": f"{event.object_type}:{event.object_id}",
        "details": event.details,
        "request": event.request_id,
        "ip_address": event.ip_address or "",
    }


def trail_head(application: Application) -> str:
    """The end of the chain over everything that was done so far; kept with each submission."""
    return hash_chain.head_of(event_as_content(one) for one in events_of(application))


def attestations(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who stated what, when, under which version of which text with which hash; the SHA-256 of the answers comes with them."""
    found: list[dict[str, Any]] = []

    def add(what: str, by: str, at: str | None, text: Mapping[str, str] | None, through: str = "") -> None:
        found.append(
            {
                "kind": "attestation",
                "what": what,
                "by": by,
                "recorded_by": through,
                "at": at or answers["submitted_at"],
                "text": dict(text) if text else None,
            }
        )

    primary = answers["people"][0]
    applicant = " ".join(filter(None, (primary["first_name"], primary["last_name"])))
    submitter = answers["submitted_by"]["username"]
    if answers["authorization"] == Application.Authorization.PAPER:
        add("The client signed a paper application, which the producer keeps.", submitter, None, None)
    if answers["terms"]:
        add(
            "Agreed to the terms and conditions.",
            applicant,
            answers["terms_agreed_at"],
            answers["terms"],
            answers["terms_agreed_by"],
        )
    for text in answers["contact_texts"]:
        add("Was shown this text beside the contact information.", applicant, None, text, submitter)
    if answers["pediatric_dental_elsewhere"]:
        add("Pediatric dental essential benefits exist through another policy.", applicant, None, None, submitter)
    signed = {one["role"] for one in answers["signatures"]}
    if answers["proxy_agreed"] and Signature.Role.PROXY not in signed:
        add("Agreed to the Proxy Statement.", applicant, None, None, submitter)
    for one in answers["signatures"]:
        name = " ".join(filter(None, (one["first_name"], one["middle_initial"], one["last_name"]))) or applicant
        if one["role"] == Signature.Role.REPRESENTATIVE and not answers["by_representative"]:
            continue
        add(
            STATEMENTS.get(one["role"], one["role"]),
            name,
            one["attested_at"],
            one["text"],
            one["attested_by"] or submitter,
        )
    add("Submitted the application.", submitter, None, None)
    return found


def proof_contents(application: Application, submissions: Sequence[Submission]) -> list[dict[str, Any]]:
    """The lines of a proof file: what was submitted each time, who attested to what, and every audit event, oldest first."""
    lines: list[dict[str, Any]] = [
        {
            "kind": "application",
            "record_number": application.record_number,
            "producer_number": application.producer_number.number,
            "npn": application.producer_number.producer.npn,
        }
    ]
    for one in submissions:
        lines.append(
            {
                "kind": "submission",
                "number": one.number,
                "at": one.submitted_at.isoformat(),
                "by": one.submitted_by.get_username(),
                "answers_sha256": one.answers_sha256,
                "trail_sha256": one.trail_sha256,
                "outcome": one.outcome,
                "settled_at": _moment(one.settled_at),
            }
        )
        lines += attestations(answers_in(one))
    return [*lines, *(event_as_content(event) for event in events_of(application))]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
