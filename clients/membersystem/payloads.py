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


class AddressData(TypedDict):
    """A home address; the keys are those of the ``Account`` columns."""

    address_1: str
    address_2: str
    city: str
    us_state: str
    zip: str


class EnrolledPcp(TypedDict):
    """Whom a member has chosen with the enrollment: ids of the ``Member``, and of the group and physician of the directory."""

    member: int
    group: int | None
    provider: int | None
    received_on: str


class EnrollPayload(TypedDict):
    """ENROLL. The household, coverages and premium are read from the policy's rows when the change is sent.

    ``address`` is that of the application, for a household whose row has the address from before until this is accepted. ``pcp``
    are the choices made with it, which become assignments with the acceptance; without the key those on file are told.
    """

    effective_date: str
    address: NotRequired[AddressData]
    pcp: NotRequired[list[EnrolledPcp]]


class BillingPayload(TypedDict):
    """BILLING. ``what``: "bill" (a notice is to go out by mail), "settled" or "returned" (the payment service's word).

    ``amount``: the policy's first month, dollars and cents; ``due_on``: last day for it, inclusive; ``payment``: the portal's
    number of the payment, empty for a bill.
    """

    what: str
    amount: str
    due_on: str
    payment: str


class TermPayload(TypedDict):
    """TERM. ``last_day`` of coverage; ``paid_to`` the first day not paid for, or ``None``; ``reason`` NONPAYMENT or VOLUNTARY."""

    last_day: str
    paid_to: str | None
    reason: str


class ReinstatePayload(TypedDict):
    """REINSTATE. First day, inclusive, from which coverage is in force again."""

    effective_date: str
