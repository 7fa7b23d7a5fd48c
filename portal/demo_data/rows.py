"""Households as rows: ids are given here, and everything goes into the tables by COPY."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import count

from clients.models import Account, ContactPoint, Coverage, Member, PcpAssignment, Policy
from clients.models.accounts import ssn_last4_digest
from clients.rules.names import name_key
from portal.common.crypto import encrypt
from portal.demo_data import numbers
from portal.demo_data.copy import TableCopy
from portal.demo_data.households import Household, PolicySpec
from portal.demo_data.people import Person

HOUSEHOLDS_AT_ONCE = 2_000
NOON = time(12, tzinfo=UTC)
HOUSEHOLD_MODELS = (Account, Member, ContactPoint, Policy, Coverage, PcpAssignment)

cached_name_key = lru_cache(maxsize=100_000)(name_key)
cached_digest = lru_cache(maxsize=10_000)(ssn_last4_digest)


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


class HouseholdRows:
    """Turns households into rows and sends them off in batches, so that memory stays small however many there are."""

    def __init__(self, *, as_of: datetime, on_batch: Callable[[int], object] = lambda policies: None) -> None:
        self.as_of = as_of.isoformat()
        self._on_batch = on_batch
        self._households = self._policies_since = 0
        self._account_ids, self._member_ids, self._contact_ids = count(1), count(1), count(1)
        self._policy_ids, self._coverage_ids, self._pcp_ids = count(1), count(1), count(1)
        self.accounts = TableCopy(
            Account, ("id", "number", "address_1", "address_2", "city", "us_state", "zip", "as_of")
        )
        self.members = TableCopy(
            Member,
            (
                *("id", "account_id", "role", "member_id", "first_name", "middle_initial", "last_name"),
                *("date_of_birth", "sex", "ssn", "ssn_last4_digest", "disabled_dependent", "unmarried_veteran"),
            ),
        )
        self.contacts = TableCopy(
            ContactPoint,
            (
                *("id", "member_id", "kind", "value", "extension", "send_text"),
                *("text_consent_at", "text_consent_by", "text_consent_how"),
            ),
        )
        self.policies = TableCopy(
            Policy,
            (
                *("id", "account_id", "producer_number_id", "eapp_number", "client_app_id", "exchange_assigned_id"),
                *("pending_application_id", "group_number", "plan_id", "product_name", "line", "market"),
                *("network_type", "metal_level", "requires_pcp", "grandfathered", "is_temporary", "us_state"),
                *("member_count", "application_started_on", "application_signed_on", "application_submitted_at"),
                *("effective_date", "paid_to_date", "term_date", "grace_started_on", "binder_due_date"),
                *("monthly_premium", "aptc_amount", "past_due", "binder_paid", "on_autopay", "status"),
                *("status_source", "insured_last_name", "insured_first_name", "insured_last_key"),
                *("insured_first_key", "insured_date_of_birth", "insured_ssn_digest", "insured_zip"),
                *("term_date_derived", "derived_status", "status_holds_until"),
            ),
        )
        self.coverages = TableCopy(Coverage, ("id", "member_id", "policy_id", "effective_date", "term_date"))
        self.pcp = TableCopy(
            PcpAssignment,
            (
                *("id", "member_id", "policy_id", "medical_group_id", "provider_id", "effective_date", "end_date"),
                *("received_on", "assigned_by", "reason"),
            ),
        )

    @property
    def tables(self) -> tuple[TableCopy, ...]:
        return (self.accounts, self.members, self.contacts, self.policies, self.coverages, self.pcp)

    def add(self, home: Household) -> None:
        """Take a household; every so often a batch goes to the database."""
        account_id = next(self._account_ids)
        town = home.address.town
        self.accounts.add(
            *(account_id, home.account_number, home.address.line_1, home.address.line_2),
            *(town.city, town.us_state, town.zip, self.as_of),
        )
        for person in home.people:
            self._add_person(person, account_id)
        for policy in home.policies:
            self._add_policy(policy, home, account_id)
        self._policies_since += len(home.policies)
        self._households += 1
        if self._households % HOUSEHOLDS_AT_ONCE == 0:
            self.flush()

    def flush(self) -> None:
        """Send what is waiting."""
        for table in self.tables:
            table.flush()
        self._on_batch(self._policies_since)
        self._policies_since = 0

    def _add_person(self, person: Person, account_id: int) -> None:
        person.row_id = next(self._member_ids)
        self.members.add(
            *(person.row_id, account_id, person.role, numbers.member_id(person.row_id)),
            *(person.first_name, person.middle_initial, person.last_name, person.date_of_birth, person.sex),
            encrypt(person.ssn) if person.ssn else None,
            cached_digest(person.ssn[-4:]) if person.ssn else "",
            *(person.disabled_dependent, person.unmarried_veteran),
        )
        for contact in person.contacts:
            consent = (self.as_of, person.first_name, "By phone") if contact.send_text else (None, "", "")
            self.contacts.add(
                *(next(self._contact_ids), person.row_id, contact.kind, contact.value, contact.extension),
                *(contact.send_text, *consent),
            )

    def _add_policy(self, policy: PolicySpec, home: Household, account_id: int) -> None:
        policy_id = next(self._policy_ids)
        product, timeline, standing = policy.product, policy.timeline, policy.standing
        application, insured = policy.application, home.primary
        submitted_at = None
        if application.submitted_on:
            noon = datetime.combine(application.submitted_on, NOON)
            submitted_at = noon + timedelta(minutes=application.minute)
        self.policies.add(
            *(policy_id, account_id, policy.number.row_id),
            *(application.eapp_number, application.client_app_id, application.exchange_assigned_id),
            *(application.pending_application_id, product.group_number, product.plan_id, product.name, product.line),
            *(policy.terms.market, product.network_type, product.metal_level, product.requires_pcp),
            *(product.grandfathered, product.is_temporary, policy.terms.us_state, len(policy.covered)),
            *(application.started_on, application.signed_on, submitted_at),
            *(timeline.effective, timeline.paid_to, standing.term, standing.grace_started, timeline.binder_due),
            *(dollars(policy.monthly_cents), dollars(policy.credit_cents), dollars(policy.past_due_cents)),
            *(timeline.binder_paid, policy.on_autopay, policy.told_status or standing.status),
            "DERIVED" if standing.derived else "CARRIER",
            *(insured.last_name, insured.first_name),
            *(cached_name_key(insured.last_name), cached_name_key(insured.first_name), insured.date_of_birth),
            cached_digest(insured.ssn[-4:]) if insured.ssn else "",
            home.address.town.zip,
            *(standing.derived, standing.status, standing.holds_until),
        )
        for person in policy.covered:
            self.coverages.add(
                next(self._coverage_ids), person.row_id, policy_id, policy.covered_from(person), standing.term
            )
        for person, span in policy.pcp:
            group = span.physician.group
            self.pcp.add(
                *(next(self._pcp_ids), person.row_id, policy_id, group.row_id if group else None),
                *(span.physician.row_id, span.first_day, span.last_day, span.received_on),
                *(span.assigned_by, span.reason),
            )
