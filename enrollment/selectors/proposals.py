"""What a proposal of a quote says, and what became of the proposals made of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import ProducerNumber, User
from clients.models import ContactPoint, Member, Policy, Prospect
from clients.selectors.detail import phone_text
from enrollment.models import Plan, Proposal, ProposalDelivery, Quote, QuotePerson
from enrollment.proposals.content import Paragraph, ProposalContent, ProposedPerson, ProposedPlan
from enrollment.rules import disclaimers
from enrollment.selectors.quotes import SelectedPlan
from portal.common.access import Perm
from portal.common.dates import US_STATES, as_text, moment_as_text
from portal.common.languages import ENGLISH, written_in
from portal.common.models import OutboundMessage

State, Sent = Proposal.State, OutboundMessage.State


# Words of the tables that stand in a proposal, for the list of what is to be translated.
WORDS = (
    gettext_noop("Open Enrollment"),
    gettext_noop("Special Enrollment"),
    gettext_noop("Primary Applicant"),
    gettext_noop("Spouse"),
    gettext_noop("Dependent"),
    gettext_noop("On Exchange"),
    gettext_noop("Off Exchange"),
    gettext_noop("Catastrophic"),
    gettext_noop("Bronze"),
    gettext_noop("Expanded Bronze"),
    gettext_noop("Silver"),
    gettext_noop("Gold"),
    gettext_noop("Platinum"),
    gettext_noop("High"),
    gettext_noop("Low"),
    gettext_noop("Illinois"),
    gettext_noop("Montana"),
    gettext_noop("New Mexico"),
    gettext_noop("Oklahoma"),
    gettext_noop("Texas"),
)
# The words in which copayments are filed, the longer ones first; anything else stays as it is filed.
FILED_WORDS = (
    gettext_noop("after deductible"),
    gettext_noop("deductible"),
    gettext_noop("coinsurance"),
    gettext_noop("not covered"),
    gettext_noop("no charge"),
    gettext_noop("copay"),
    gettext_noop("visits"),
    gettext_noop("visit"),
    gettext_noop("then"),
)


def content_of(
    quote: Quote,
    people: Sequence[QuotePerson],
    plans: Sequence[SelectedPlan],
    *,
    note: str,
    today: date,
    language: str = ENGLISH,
) -> ProposalContent:
    """The document for these plans of the quote, each of which must have a price. ``today`` is the date of the quote."""
    with written_in(language):
        return _content_of(quote, people, plans, note, today, language)


def _content_of(
    quote: Quote, people: Sequence[QuotePerson], plans: Sequence[SelectedPlan], note: str, today: date, language: str
) -> ProposalContent:
    version = disclaimers.version_for(today)
    proposed = disclaimers.Proposed(
        on_exchange=any(one.row.market == "ON" for one in plans),
        off_exchange=any(one.row.market == "OFF" for one in plans),
        medical=any(one.row.plan.line == Policy.Line.MEDICAL for one in plans),
        dental=any(one.row.plan.line == Policy.Line.DENTAL for one in plans),
        consumer_choice_networks=frozenset(one.row.plan.network_type for one in plans if one.row.plan.consumer_choice),
        open_enrollment=quote.reason == Quote.Reason.OPEN_ENROLLMENT,
        has_tobacco=any(person.tobacco for person in people),
    )
    ages = next(one.premium.ages for one in plans if one.premium)
    return ProposalContent(
        carrier=settings.CARRIER_NAME,
        place=gettext("%(county)s County, %(state)s, ZIP code %(zip)s")
        % {"county": quote.county.name, "state": quote.county.us_state, "zip": quote.zip},
        period=gettext(quote.get_reason_display()),
        effective_date=as_text(quote.effective_date),
        quoted_on=as_text(today),
        valid_through=as_text(quote.expires_on),
        people=_people(people, ages),
        plans=[_plan(one, several=len(people) > 1) for one in plans],
        producer=producer_facts(quote.producer_number),
        note=note,
        version=version.name,
        disclaimers=_paragraphs(version, proposed, language),
        language=language,
    )


def _paragraphs(version: disclaimers.Version, proposed: disclaimers.Proposed, language: str) -> list[Paragraph]:
    """What must be said, in the language; where the law prescribes the wording, the English follows its Spanish."""
    found = []
    for sentence in disclaimers.sentences_for(version, proposed):
        english = sentence.text.format(carrier=settings.CARRIER_NAME)
        if language == ENGLISH:
            found.append(Paragraph(text=english, heading=sentence.heading, strong=sentence.strong))
            continue
        spanish = sentence.spanish.format(carrier=settings.CARRIER_NAME)
        found.append(Paragraph(text=spanish, heading=sentence.spanish_heading, strong=sentence.strong))
        if sentence.strong:
            found.append(Paragraph(text=english, strong=True, language=ENGLISH))
    return found if language == ENGLISH else [*found, Paragraph(text=version.translation)]


def _people(people: Sequence[QuotePerson], ages: Sequence[int]) -> list[ProposedPerson]:
    """The applicant by name, the others by what they are: a proposal says no more about anybody than it has to."""
    found, children = [], 0
    for person, age in zip(people, ages, strict=True):
        label = role = gettext(person.get_relation_display())
        if person.relation == QuotePerson.Relation.SELF:
            label = f"{person.first_name} {person.last_name}".strip() or label
        elif person.relation == QuotePerson.Relation.CHILD:
            children += 1
            label = f"{label} {children}"
        found.append(ProposedPerson(label=label, role=role, age=age, tobacco=person.tobacco))
    return found


def _plan(one: SelectedPlan, *, several: bool) -> ProposedPlan:
    plan, premium = one.row.plan, one.premium
    if premium is None:
        raise ValueError("A plan without a price cannot be proposed.")
    return ProposedPlan(
        name=plan.name,
        plan_id=plan.plan_id,
        is_dental=plan.line == Policy.Line.DENTAL,
        kind=kind_of(plan),
        market=gettext(one.row.get_market_display()),
        premiums=[str(amount) for amount in premium.members or ()],
        total=str(premium.total),
        deductible=_individual_and_family(plan.deductible_individual, plan.deductible_family, several=several),
        out_of_pocket=_individual_and_family(plan.moop_individual, plan.moop_family, several=several),
        primary_care=_copay(plan.primary_care),
        specialist=_copay(plan.specialist),
        emergency_room=_copay(plan.emergency_room),
        generic_drugs=_copay(plan.generic_drugs),
        annual_maximum=_dollars(plan.dental_annual_max),
        hsa="" if plan.hsa_eligible is None else gettext("Yes") if plan.hsa_eligible else gettext("No"),
        consumer_choice=plan.consumer_choice,
    )


def kind_of(plan: Plan) -> str:
    """ "Silver PPO"."""
    if not plan.metal_level or not plan.network_type:
        return gettext(plan.get_metal_level_display()) if plan.metal_level else plan.network_type
    return gettext("%(level)s %(network)s") % {
        "level": gettext(plan.get_metal_level_display()),
        "network": plan.network_type,
    }


def _copay(filed: str) -> str:
    """What is paid for a service, as filed; the bare "deductible" of a filing in plain words."""
    if filed.strip().lower() == "deductible":
        return gettext("After deductible")
    said = filed
    for word in FILED_WORDS:
        said = re.sub(rf"\b{word}\b", gettext(word), said, flags=re.IGNORECASE) if gettext(word) != word else said
    return said


def _dollars(amount: Decimal | None) -> str:
    return "" if amount is None else f"${amount:,.0f}" if amount == amount.to_integral_value() else f"${amount:,.2f}"


def _individual_and_family(individual: Decimal | None, family: Decimal | None, *, several: bool) -> str:
    one, all_of_them = _dollars(individual), _dollars(family)
    if not several or not all_of_them:
        return one
    return gettext("%(each)s each, %(family)s family") % {
        "each": one or gettext("Not stated"),
        "family": all_of_them,
    }


def producer_facts(number: ProducerNumber) -> list[tuple[str, str]]:
    """Who made the proposal and how to reach that person; facts that are not on record are left out."""
    producer = number.producer
    states = ProducerNumber.objects.filter(producer=producer, status=ProducerNumber.Status.ACTIVE)
    names = [gettext(US_STATES[code]) for code in sorted(set(states.values_list("us_state", flat=True)))]
    facts = [
        (gettext("Producer"), producer.name),
        (gettext("Agency"), number.company_name if number.company_name != producer.name else ""),
        (gettext("Producer Number"), number.number),
        (gettext("National Producer Number"), producer.npn),
        (gettext("Phone"), phone_text(number.phone)),
        (gettext("Email"), number.email),
        (gettext("Licensed in"), ", ".join(names)),
    ]
    return [(name, value) for name, value in facts if value]


def usual_recipient(user: User, quote: Quote) -> str:
    """The email address on record of the prospect or the client the quote is for, as far as this person may see it."""
    if quote.prospect_id:
        prospect = Prospect.objects.for_user(user, perm=Perm.ENROLL).filter(pk=quote.prospect_id).first()
        return prospect.email if prospect else ""
    if quote.member_id:
        member = Member.objects.for_user(user, perm=Perm.ENROLL).filter(pk=quote.member_id).first()
        found = ContactPoint.objects.filter(member=member, kind=ContactPoint.Kind.EMAIL).first() if member else None
        return found.value if found else ""
    return ""


# --- what became of them ---


@dataclass(frozen=True)
class DeliveryLine:
    """One email. ``state_text`` says how far it is; ``again_url`` is empty when it cannot be sent once more."""

    delivery: ProposalDelivery
    when: str
    by: str
    state_text: str
    pill: str


@dataclass(frozen=True)
class ProposalLine:
    """One proposal as the page lists it."""

    proposal: Proposal
    when: str
    by: str
    state_text: str
    pill: str
    note: str
    file_url: str
    retry_url: str
    resend_url: str
    deliveries: list[DeliveryLine] = field(default_factory=list)

    @property
    def is_waiting(self) -> bool:
        """Is something still on its way, so that it is worth looking again?"""
        return self.proposal.state == State.REQUESTED or any(line.pill == "warning" for line in self.deliveries)


PILLS = {State.REQUESTED: "warning", State.READY: "success", State.FAILED: "danger"}
SENT_PILLS = {Sent.QUEUED: "warning", Sent.SENT: "success", Sent.FAILED: "danger"}
SHOWN = 20


def proposals_of(user: User, quote: Quote) -> list[ProposalLine]:
    """The newest proposals made of the quote with their emails, newest first."""
    rows = Proposal.objects.for_user(user, perm=Perm.ENROLL).filter(quote=quote).select_related("file", "requested_by")
    proposals = list(rows.order_by("-requested_at", "-id")[:SHOWN])
    sent: dict[int, list[DeliveryLine]] = {proposal.pk: [] for proposal in proposals}
    deliveries = ProposalDelivery.objects.for_user(user, perm=Perm.ENROLL).filter(proposal__in=proposals)
    states = {proposal.pk: proposal.state for proposal in proposals}
    for delivery in deliveries.select_related("message", "requested_by").order_by("-requested_at", "-id"):
        sent[delivery.proposal_id].append(_delivery_line(delivery, states[delivery.proposal_id]))
    return [_line(proposal, sent[proposal.pk]) for proposal in proposals]


def _delivery_line(delivery: ProposalDelivery, proposal_state: str) -> DeliveryLine:
    message = delivery.message
    if message is not None:
        text, pill = message.get_state_display(), SENT_PILLS[Sent(message.state)]
        when = moment_as_text(message.sent_at or delivery.requested_at)
    else:
        stopped = proposal_state == State.FAILED
        text, pill = ("Not sent: there is no PDF", "danger") if stopped else ("Waits for the PDF", "warning")
        when = moment_as_text(delivery.requested_at)
    return DeliveryLine(delivery, when, delivery.requested_by.get_full_name(), text, pill)


def _line(proposal: Proposal, deliveries: list[DeliveryLine]) -> ProposalLine:
    args = [proposal.quote_id, proposal.pk]
    text, pill, note = proposal.get_state_display(), PILLS[State(proposal.state)], proposal.failure
    has_file = proposal.file is not None and proposal.file.may_be_opened
    if proposal.forgotten_at:
        text, pill, note = "No longer kept", "secondary", "The file was deleted. Create a new proposal of the quote."
    elif proposal.state == State.READY and not has_file:
        waits = proposal.file is not None and proposal.file.scanned_at is None and not proposal.file.removed_at
        text, pill = ("Being scanned", "warning") if waits else ("Cannot be opened", "danger")
    return ProposalLine(
        proposal=proposal,
        when=moment_as_text(proposal.requested_at),
        by=proposal.requested_by.get_full_name(),
        state_text=text,
        pill=pill,
        note=note,
        file_url=reverse("enrollment:proposal-file", args=args) if has_file else "",
        retry_url=reverse("enrollment:proposal-retry", args=args)
        if proposal.state == State.FAILED and not proposal.forgotten_at
        else "",
        resend_url=reverse("enrollment:proposal-resend", args=args) if has_file else "",
        deliveries=deliveries,
    )
