"""The form of ``MemberChange.payload`` for each kind. Days are ISO texts, inclusive. Never an SSN or a birth date.

A payload holds what the receiver cannot read from the portal's rows at the time of sending: what was before and what
is to be after.
"""

from typing import NotRequired, TypedDict


class ContactPointData(TypedDict):
    """One phone number (ten digits) or email address; the keys are those of the ``ContactPoint`` columns."""

    value: str
    extension: str
    send_text: bool
    text_consent_at: NotRequired[str | None]
    text_consent_by: NotRequired[str]
    text_consent_how: NotRequired[str]


class ContactPayload(TypedDict):
    """CONTACT. Only kinds of ``ContactPoint.Kind`` that differ; ``None`` means there was or will be none."""

    before: dict[str, ContactPointData | None]
    after: dict[str, ContactPointData | None]


class PcpData(TypedDict):
    """Whom a member has; numbers and names are empty where the assignment has none."""

    group_number: str
    group_name: str
    npi: str
    provider_name: str
    effective_date: str
    end_date: str | None


class PcpPayload(TypedDict):
    """PCP. ``assignment_id`` is the new ``PcpAssignment``; ``reason_code`` the PLA05 code of the reason."""

    assignment_id: int
    before: PcpData | None
    after: PcpData
    reason: str
    reason_code: str
    received_on: str


class IdCardPayload(TypedDict):
    """ID_CARD. ``request_id`` is the ``IdCardRequest``; ``replacement`` is true when the member has had cards before."""

    request_id: int
    line: str
    quantity: int
    replacement: bool


class EnrollPayload(TypedDict):
    """ENROLL. The household, coverages and premium are read from the policy's rows when the change is sent."""

    effective_date: str


class TermPayload(TypedDict):
    """TERM. ``last_day`` of coverage; ``paid_to`` the first day not paid for, or ``None``; ``reason`` NONPAYMENT or VOLUNTARY."""

    last_day: str
    paid_to: str | None
    reason: str


class ReinstatePayload(TypedDict):
    """REINSTATE. First day, inclusive, from which coverage is in force again."""

    effective_date: str
