"""What a change tells the member system, read from the portal's rows in a few queries for a whole batch."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from clients.membersystem.gateways.base import Transaction
from clients.membersystem.payloads import (
    BillingPayload,
    ContactPayload,
    EnrolledPcp,
    EnrollPayload,
    IdCardPayload,
    PcpData,
    PcpPayload,
    ReinstatePayload,
    TermPayload,
)
from clients.membersystem.x12 import transactions as x12
from clients.models import (
    Account,
    ContactPoint,
    Coverage,
    MedicalGroup,
    Member,
    MemberChange,
    PcpAssignment,
    Policy,
    Provider,
)

# Zones that the 834 has codes for (BGN05); moments of others are told in Greenwich time.
_ZONES = {
    "America/New_York": "ET",
    "America/Chicago": "CT",
    "America/Denver": "MT",
    "America/Los_Angeles": "PT",
}
_NUMBERS = {
    ContactPoint.Kind.HOME: x12.Number.HOME,
    ContactPoint.Kind.CELL: x12.Number.CELL,
    ContactPoint.Kind.WORK: x12.Number.WORK,
    ContactPoint.Kind.FAX: x12.Number.FAX,
    ContactPoint.Kind.UNTYPED: x12.Number.UNTYPED,
    ContactPoint.Kind.EMAIL: x12.Number.EMAIL,
}
_ORDER: dict[str, int] = {kind.value: place for place, kind in enumerate(_NUMBERS)}
_RELATIONSHIPS = {
    Member.Role.PRIMARY: x12.Relationship.SUBSCRIBER,
    Member.Role.SPOUSE: x12.Relationship.SPOUSE,
    Member.Role.CHILD: x12.Relationship.CHILD,
}
_TERM_REASONS = {"NONPAYMENT": x12.Reason.NONPAYMENT, "VOLUNTARY": x12.Reason.VOLUNTARY_WITHDRAWAL}
# The reason of a PCP change which says that the member has been this provider's patient.
FORMER_PROVIDER = "Members Former Provider In Network"
_PAYMENT_CATEGORIES = {"bill": "BILL BY MAIL", "settled": "PAID ONLINE", "returned": "PAYMENT RETURNED"}
DENTAL_LINE, UNKNOWN_NETWORK_LINE = "DEN", "HLT"


class CannotBeTold(Exception):
    """The change cannot be said in an 834. ``str()`` is for the carrier's staff: no names, no numbers of persons."""


def local(moment: datetime) -> tuple[datetime, str]:
    """A moment as it is written, and the code of its zone."""
    zone = settings.TIME_ZONE if settings.TIME_ZONE in _ZONES else "UTC"
    return timezone.localtime(moment, ZoneInfo(zone)), _ZONES.get(zone, "GM")


class Reader:
    """Everything a batch of transactions needs, in six queries at most, whatever its length."""

    def __init__(self, transactions: Iterable[Transaction]) -> None:
        changes = [one.change for one in transactions]
        policies = Policy.objects.filter(pk__in={change.policy_id for change in changes})
        self._policies = {
            policy.pk: policy for policy in policies.select_related("account", "producer_number__producer")
        }
        self._coverages: dict[int, list[Coverage]] = defaultdict(list)
        for coverage in Coverage.objects.filter(policy__in=self._policies).order_by("member_id"):
            self._coverages[coverage.policy_id].append(coverage)
        accounts = {policy.account_id for policy in self._policies.values()}
        members = Member.objects.filter(account__in=accounts).order_by("id").prefetch_related("contact_points")
        if not settings.X12_SENDS_SSN:
            members = members.defer("ssn")
        self._members = {member.pk: member for member in members}
        self._households: dict[int, list[Member]] = defaultdict(list)
        for member in self._members.values():
            self._households[member.account_id].append(member)
        self._assignments: dict[tuple[int, int], list[PcpAssignment]] = defaultdict(list)
        enrolled = [change.policy_id for change in changes if change.kind == MemberChange.Kind.ENROLL]
        if enrolled:
            spans = PcpAssignment.objects.filter(policy__in=enrolled, policy__requires_pcp=True)
            for span in spans.select_related("medical_group", "provider").order_by("effective_date"):
                self._assignments[span.policy_id, span.member_id].append(span)
        self._providers = self._providers_of(changes)
        chosen = [one for change in changes for one in _chosen_with(change)]
        self._groups = MedicalGroup.objects.in_bulk({one["group"] for one in chosen} - {None}) if chosen else {}
        self._enrolled_providers = (
            Provider.objects.in_bulk({one["provider"] for one in chosen} - {None}) if chosen else {}
        )

    @staticmethod
    def _providers_of(changes: Iterable[MemberChange]) -> dict[str, Provider]:
        payloads = [change.payload for change in changes if change.kind == MemberChange.Kind.PCP]
        after = [payload.get("after") for payload in payloads if isinstance(payload, dict)]
        npis = {str(one.get("npi", "")) for one in after if isinstance(one, dict)} - {""}
        return {one.npi: one for one in Provider.objects.filter(npi__in=npis)} if npis else {}

    def bodies(self, transaction: Transaction) -> list[x12.Body]:
        """The transaction sets that tell the change: one, or more where one cannot hold it. Raises ``CannotBeTold``."""
        change = transaction.change
        telling = {
            MemberChange.Kind.CONTACT: self._contact,
            MemberChange.Kind.PCP: self._pcp,
            MemberChange.Kind.ID_CARD: self._id_card,
            MemberChange.Kind.BILLING: self._billing,
            MemberChange.Kind.ENROLL: self._enrollment,
            MemberChange.Kind.TERM: self._termination,
            MemberChange.Kind.REINSTATE: self._reinstatement,
        }
        try:
            return telling[MemberChange.Kind(change.kind)](transaction)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise CannotBeTold(
                "What the change says is not in the agreed form, or holds characters that separate the parts of an "
                f"834 ({type(exc).__name__})."
            ) from exc

    # --- One for each kind ---

    def _contact(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(ContactPayload, transaction.change.payload)
        member = self._member(transaction.change)
        numbers = {point.kind: (point.value, point.extension) for point in member.contact_points.all()}
        for kind, after in payload["after"].items():
            numbers.pop(kind, None)
            if after is not None:
                numbers[kind] = (after["value"], after["extension"])
        # Those that changed come first: a receiver that reads one set only then misses none of them.
        order = sorted(numbers, key=lambda kind: (kind not in payload["after"], _ORDER[kind]))
        contacts = [
            x12.Contact(kind=_NUMBERS[ContactPoint.Kind(kind)], value=numbers[kind][0], extension=numbers[kind][1])
            for kind in order
        ]
        return x12.contact_change(self._header(transaction), self._person(transaction.change, member), contacts)

    def _pcp(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(PcpPayload, transaction.change.payload)
        member = self._member(transaction.change)
        effective = date.fromisoformat(payload["after"]["effective_date"])
        return x12.pcp_change(
            self._header(transaction, effective=effective),
            self._person(transaction.change, member),
            self._plan(transaction.change, member),
            self._new_providers(payload),
            effective_date=effective,
            reason=payload["reason_code"],
        )

    def _new_providers(self, payload: PcpPayload) -> list[x12.Provider]:
        after, before = payload["after"], payload["before"] or cast(PcpData, {})
        known = payload["reason"] == FORMER_PROVIDER
        providers: list[x12.Provider] = []
        if after["group_number"]:
            established = known or after["group_number"] == before.get("group_number")
            providers.append(
                x12.MedicalGroup(number=after["group_number"], name=after["group_name"], patient=_patient(established))
            )
        if after["npi"]:
            row = self._providers.get(after["npi"])
            first, _, last = after["provider_name"].rpartition(" ")
            providers.append(
                x12.Physician(
                    npi=after["npi"],
                    last_name=row.last_name if row else last,
                    first_name=row.first_name if row else first,
                    patient=_patient(known or after["npi"] == before.get("npi")),
                )
            )
        if not providers:
            raise CannotBeTold("The change names neither a medical group nor a physician.")
        return providers

    def _id_card(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(IdCardPayload, transaction.change.payload)
        member = self._member(transaction.change)
        return x12.id_card_order(
            self._header(transaction),
            self._person(transaction.change, member),
            self._plan(transaction.change, member),
            quantity=int(payload["quantity"]),
            replacement=bool(payload["replacement"]),
        )

    def _billing(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(BillingPayload, transaction.change.payload)
        member = self._member(transaction.change)
        return x12.billing_notice(
            self._header(transaction),
            self._person(transaction.change, member),
            self._plan(transaction.change, member),
            code=_PAYMENT_CATEGORIES[payload["what"]],
            amount=Decimal(payload["amount"]),
        )

    def _enrollment(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(EnrollPayload, transaction.change.payload)
        change = transaction.change
        effective = date.fromisoformat(payload["effective_date"])
        policy = self._policies[change.policy_id]
        covered = self._covered(change, on=effective)
        if not covered:
            raise CannotBeTold("Nobody is covered by the policy on the day the enrollment begins.")
        enrollees = [self._enrollee(change, coverage) for coverage in covered]
        if enrollees[0].address is None:
            raise CannotBeTold("The household has no address.")
        plan = self._plan(change, self._members[covered[0].member_id])
        header = self._header(transaction, effective=effective)
        return x12.enrollment(header, enrollees, plan, premium=policy.monthly_premium)

    def _enrollee(self, change: MemberChange, coverage: Coverage) -> x12.Enrollee:
        member = self._members[coverage.member_id]
        points = {point.kind: point for point in member.contact_points.all()}
        return x12.Enrollee(
            person=self._person(change, member, with_ssn=settings.X12_SENDS_SSN),
            date_of_birth=member.date_of_birth,
            sex=member.sex,
            effective_date=coverage.effective_date,
            address=self._address(change),
            contacts=[
                x12.Contact(kind=number, value=points[kind].value, extension=points[kind].extension)
                for kind, number in _NUMBERS.items()
                if kind in points
            ],
            providers=self._providers_of_enrollee(change, coverage),
        )

    def _providers_of_enrollee(self, change: MemberChange, coverage: Coverage) -> list[x12.Provider]:
        """The choice made with the enrollment; of a policy with assignments on file, that of the first day."""
        payload = cast(EnrollPayload, change.payload)
        if "pcp" not in payload:
            return self._providers_at(coverage)
        chosen = next((one for one in payload["pcp"] if one["member"] == coverage.member_id), None)
        if chosen is None:
            return []
        group = self._groups.get(chosen["group"] or 0)
        one = self._enrolled_providers.get(chosen["provider"] or 0)
        providers: list[x12.Provider] = []
        if group:
            providers.append(x12.MedicalGroup(number=group.number, name=group.name))
        if one:
            providers.append(x12.Physician(npi=one.npi, last_name=one.last_name, first_name=one.first_name))
        return providers

    def _providers_at(self, coverage: Coverage) -> list[x12.Provider]:
        """Whom the member has chosen for the first day of coverage."""
        spans = self._assignments[coverage.policy_id, coverage.member_id]
        on = coverage.effective_date
        span = next((one for one in spans if one.end_date is None or one.end_date >= on), None)
        providers: list[x12.Provider] = []
        if span and span.medical_group:
            providers.append(x12.MedicalGroup(number=span.medical_group.number, name=span.medical_group.name))
        if span and span.provider:
            one = span.provider
            providers.append(x12.Physician(npi=one.npi, last_name=one.last_name, first_name=one.first_name))
        return providers

    def _termination(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(TermPayload, transaction.change.payload)
        member = self._subscriber(transaction.change)
        plan = self._plan(transaction.change, member)
        paid_to = payload["paid_to"]
        paid_through = date.fromisoformat(paid_to) - timedelta(days=1) if paid_to else None
        if paid_through is not None and paid_through < plan.effective_date:
            paid_through = None  # nothing was ever paid
        return x12.termination(
            self._header(transaction),
            self._person(transaction.change, member),
            plan,
            reason=_TERM_REASONS[payload["reason"]],
            last_day=date.fromisoformat(payload["last_day"]),
            paid_through=paid_through,
        )

    def _reinstatement(self, transaction: Transaction) -> list[x12.Body]:
        payload = cast(ReinstatePayload, transaction.change.payload)
        change = transaction.change
        first_day = date.fromisoformat(payload["effective_date"])
        # Whose coverage ended before the policy's has nothing to be brought back.
        ended = self._policies[change.policy_id].term_date or first_day
        covered = self._covered(change, on=min(first_day, ended))
        people = [self._person(change, self._members[one.member_id]) for one in covered]
        if not people:
            raise CannotBeTold("Nobody is covered by the policy.")
        plan = self._plan(change, self._members[covered[0].member_id])
        return x12.reinstatement(self._header(transaction), people, plan, first_day=first_day)

    # --- What they are made of ---

    def _header(self, transaction: Transaction, *, effective: date | None = None) -> x12.Header:
        change = transaction.change
        policy = self._policies[change.policy_id]
        made_at, zone = local(transaction.made_at)
        number = policy.producer_number
        return x12.Header(
            reference=transaction.reference,
            resend=transaction.resend,
            made_at=made_at,
            zone=zone,
            # The day the change was made, also when it is sent again later.
            effective_date=effective or local(change.created_at)[0].date(),
            group_number=policy.group_number,
            subscriber_id=policy.account.number or self._subscriber(change).member_id,
            sponsor=_party(settings.X12_SPONSOR_NAME, settings.X12_SPONSOR_ID, policy),
            payer=_party(settings.X12_PAYER_NAME, settings.X12_PAYER_ID, policy),
            producer=x12.Party(name=number.company_name or number.producer.name, number=number.number),
        )

    def _member(self, change: MemberChange) -> Member:
        return self._members[change.member_id] if change.member_id else self._subscriber(change)

    def _subscriber(self, change: MemberChange) -> Member:
        """The primary insured; on a policy without them the oldest who is covered."""
        policy = self._policies[change.policy_id]
        household = self._households[policy.account_id]
        covered = {coverage.member_id for coverage in self._coverages[policy.pk]}
        candidates = [one for one in household if one.pk in covered] or household
        if not candidates:
            raise CannotBeTold("The household has no members.")
        return min(candidates, key=lambda one: (one.role != Member.Role.PRIMARY, one.date_of_birth, one.pk))

    def _covered(self, change: MemberChange, *, on: date) -> list[Coverage]:
        """Coverages that have not ended before a day, the subscriber's first."""
        subscriber = self._subscriber(change)
        running = [one for one in self._coverages[change.policy_id] if one.term_date is None or one.term_date >= on]
        return sorted(running, key=lambda one: (one.member_id != subscriber.pk, one.member_id))

    def _person(self, change: MemberChange, member: Member, *, with_ssn: bool = False) -> x12.Person:
        subscriber = member.pk == self._subscriber(change).pk
        relationship = _RELATIONSHIPS[Member.Role(member.role)]
        return x12.Person(
            member_id=member.member_id,
            relationship=x12.Relationship.SUBSCRIBER if subscriber else relationship,
            last_name=member.last_name,
            first_name=member.first_name,
            middle_initial=member.middle_initial,
            ssn=(member.ssn or "") if with_ssn else "",
        )

    def _plan(self, change: MemberChange, member: Member) -> x12.Plan:
        policy = self._policies[change.policy_id]
        dental = policy.line == Policy.Line.DENTAL
        coverages = self._coverages[policy.pk]
        effective = next((one.effective_date for one in coverages if one.member_id == member.pk), policy.effective_date)
        return x12.Plan(
            line=DENTAL_LINE if dental else policy.network_type or UNKNOWN_NETWORK_LINE,
            # Which of the exchange's variants of a plan a household has is not known here; off exchange there is one.
            description=(f"{policy.plan_id}-00" if policy.market == Policy.Market.OFF else policy.plan_id)
            if policy.plan_id
            else policy.product_name,
            level="FAM" if max(len(coverages), policy.member_count) > 1 else "IND",
            card="D" if dental else "H",
            card_name=policy.product_name,
            effective_date=effective,
        )

    def _address(self, change: MemberChange) -> x12.Address | None:
        told = change.payload.get("address") if change.kind == MemberChange.Kind.ENROLL else None
        account = Account(**told) if told else self._policies[change.policy_id].account
        if not (account.address_1 or account.city or account.zip):
            return None
        return x12.Address(
            line_1=account.address_1,
            line_2=account.address_2,
            city=account.city,
            us_state=account.us_state,
            zip=account.zip,
        )


def _chosen_with(change: MemberChange) -> list[EnrolledPcp]:
    """The PCPs chosen with an enrollment; none for a payload that is not in the agreed form, which is found out later."""
    chosen = change.payload.get("pcp") if isinstance(change.payload, dict) else None
    if change.kind != MemberChange.Kind.ENROLL or not isinstance(chosen, list):
        return []
    return [cast(EnrolledPcp, one) for one in chosen if isinstance(one, dict) and {"group", "provider"} <= one.keys()]


def _patient(established: bool) -> x12.Patient:
    return x12.Patient.ESTABLISHED if established else x12.Patient.NEW


def _party(name: str, number: str, policy: Policy) -> x12.Party:
    return x12.Party(name=name.replace("{state}", policy.us_state), number=number.replace("{state}", policy.us_state))
