"""A submitted application becomes a household, people and policies, and a change for the member system (ADR 0022).

The rows are there from the submission, because the 834 is written from them; the policies await acceptance, so they are in
nobody's book and no page shows them as coverage. What was refused is written anew by the next submission, in the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.models import User
from clients.membersystem.numbers import is_provisional, provisional_member_id
from clients.membersystem.payloads import AddressData, EnrolledPcp, EnrollPayload
from clients.models import Account, ContactPoint, Coverage, Member, MemberChange, Policy
from clients.rules import contact as contact_rules
from clients.rules.names import name_key
from clients.rules.pcp_numbers import UnreadableNumber, read_number
from clients.selectors.provider_directory import entry_for
from clients.services import contact, member_changes, statuses
from clients.services.policies import refresh_insured
from enrollment.application_record.reading import Altered, answers_in
from enrollment.models import Applicant, Application, QuotePerson, Submission, SubmittedPolicy
from enrollment.selectors.submission_checks import Checked, PricedLine, accepted_policies
from portal.common.crypto import CannotDecrypt
from portal.common.dates import today_in
from portal.common.one_by_one import one_by_one

ROLES = {
    QuotePerson.Relation.SELF: Member.Role.PRIMARY,
    QuotePerson.Relation.SPOUSE: Member.Role.SPOUSE,
    QuotePerson.Relation.CHILD: Member.Role.CHILD,
}
PHONES = {
    Application.PhoneType.MOBILE: ContactPoint.Kind.CELL,
    Application.PhoneType.LANDLINE: ContactPoint.Kind.HOME,
    "": ContactPoint.Kind.UNTYPED,
}
SUPERSEDED = "The application was submitted again as submission {number}."
# Of the answers, those an enrollment is made of: with the same ones the same enrollment is sent again.
TOLD = ("effective_date", "home", "phone", "phone_type", "email", "people", "plans", "producer")
# A household that was known before keeps its address until the member system has taken the new one.
ADDRESS = ("address_1", "address_2", "city", "us_state", "zip")


@dataclass(frozen=True)
class Household:
    """Where the applicants belong; ``members`` are in their order. ``is_known``: it was there before the application."""

    account: Account
    members: Sequence[Member]
    is_known: bool


def hand_over(
    *, application: Application, submission: Submission, checked: Checked, by: User, at: datetime
) -> list[SubmittedPolicy]:
    """Write the rows and owe the member system an enrollment for each plan, in the caller's transaction.

    Plans that an earlier submission got accepted, or that the carrier's feed has brought meanwhile, are not told again. An
    enrollment that was given up without an answer may have arrived: unchanged, it is sent again under its reference, which
    has no second effect; changed, it is a new one, in rows of its own, and those that were sent stay as they were. The rows
    of the changes and of the application are locked by the caller.
    """
    if checked.effective_date is None:
        raise ValueError("An application without a first day of coverage is not handed over.")
    earlier = {one.line: one for one in _earlier(application)}
    done = {one.line for one in accepted_policies(application)}
    done |= {line for line, one in earlier.items() if not one.policy.awaits_acceptance}
    with one_by_one():  # at most two plans, each with what belongs to it
        return _hand_over(application, submission, checked, earlier, done, by=by, at=at)


def _hand_over(
    application: Application,
    submission: Submission,
    checked: Checked,
    earlier: dict[str, SubmittedPolicy],
    done: set[str],
    *,
    by: User,
    at: datetime,
) -> list[SubmittedPolicy]:
    wanted = {line.row.line for line in checked.lines} - done
    again = {name: one for name, one in earlier.items() if name in wanted and _is_unchanged(one, submission)}
    for name, one in earlier.items():
        if one.outcome == Submission.Outcome.FAILED and name not in again:
            _end(one.change, submission, by=by, at=at)
    if wanted == set(again):
        return [_send_again(one, submission, by=by, at=at) for one in again.values()]
    household = _household(application, checked.people, [one.policy for one in earlier.values()], at)
    handed = [_send_again(one, submission, by=by, at=at) for one in again.values()]
    for line in checked.lines:
        if line.row.line not in wanted or line.row.line in again:
            continue
        before = earlier.get(line.row.line)
        reused = before.policy if before and not may_have_arrived(before.change) else None
        policy = _policy(application, household, line, checked, reused, at)
        _cover(policy, household, checked)
        handed.append(_owe(application, submission, household, policy, line, checked, by=by, at=at))
    _tell_contact(application, submission, household, handed, by=by, at=at)
    refresh_insured(account_ids=[household.account.pk])
    statuses.refresh_policies(policy_ids=[one.policy_id for one in handed], now=at)
    return handed


def _earlier(application: Application) -> list[SubmittedPolicy]:
    """What was handed over before, the newest of each line last."""
    rows = SubmittedPolicy.objects.filter(submission__application=application)
    return list(rows.select_related("policy__account", "change", "submission").order_by("submission__number"))


def _end(change: MemberChange, submission: Submission, *, by: User, at: datetime) -> None:
    """Nobody sends the refused change again beside the new one."""
    if change.status in (MemberChange.Status.REJECTED, MemberChange.Status.DEAD):
        member_changes.close(change=change, note=SUPERSEDED.format(number=submission.number), by=by, now=at)


def may_have_arrived(change: MemberChange) -> bool:
    """Whether the member system may have an enrollment that ended here without its answer."""
    ended = (MemberChange.Status.DEAD, MemberChange.Status.CLOSED)
    return change.status in ended and bool(change.bgn02) and change.acked_at is None


def _is_unchanged(before: SubmittedPolicy, submission: Submission) -> bool:
    """Given up, and what would be told now is what was told then: the answers it was made of are the same."""
    change = before.change
    if change.status != MemberChange.Status.DEAD or not may_have_arrived(change):
        return False
    return says_the_same(before.submission, submission)


def says_the_same(one: Submission, other: Submission) -> bool:
    """Would both be told to the member system in the same words? Not where the answers kept cannot be read any more."""
    try:
        was, now = answers_in(one), answers_in(other)
    except (Altered, CannotDecrypt):
        return False
    return all(was.get(name) == now.get(name) for name in TOLD)


def _send_again(before: SubmittedPolicy, submission: Submission, *, by: User, at: datetime) -> SubmittedPolicy:
    """The change once more, under the reference by which the member system knows it if it has it."""
    change = member_changes.retry(change=before.change, by=by, now=at)
    return SubmittedPolicy.objects.create(submission=submission, line=before.line, policy=before.policy, change=change)


# --- the household ---


def _household(
    application: Application, people: Sequence[Applicant], earlier: Sequence[Policy], at: datetime
) -> Household:
    """The known client's household when the primary applicant is of it; else that of the last submission, or a new one."""
    primary = people[0]
    account, is_known = _known_account(application, primary), True
    if account is None and earlier:
        last = earlier[-1].account
        is_known = Policy.objects.in_the_book().filter(account=last).exists()
        account = last if not is_known or _is_of(last, primary) else None
    if account is None:
        account, is_known = Account(), False
    if not is_known:
        for name in ADDRESS:
            setattr(account, name, getattr(application, name))
        account.as_of = at
        account.save()
    else:
        # Two applications of one household at once would both add the same people.
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    return Household(account, _members(application, account, people, is_known=is_known), is_known)


def _known_account(application: Application, primary: Applicant) -> Account | None:
    """The household of the client whose facts were taken over, if the applicant still is somebody of it."""
    member = application.member or (application.quote.member if application.quote else None)
    if member is None or not _is_of(member.account, primary):
        return None
    return member.account


def _is_of(account: Account, applicant: Applicant) -> bool:
    return any(same_person(one, applicant) for one in Member.objects.filter(account=account))


def same_person(member: Member, applicant: Applicant) -> bool:
    """Whether an applicant is this member: the same SSN, or the same birth date with the same first or last name."""
    if applicant.ssn and member.ssn:
        return applicant.ssn == member.ssn
    if member.date_of_birth != applicant.date_of_birth:
        return False
    return name_key(member.first_name) == name_key(applicant.first_name) or (
        name_key(member.last_name) == name_key(applicant.last_name) and member.sex == applicant.sex
    )


def _members(
    application: Application, account: Account, people: Sequence[Applicant], *, is_known: bool
) -> list[Member]:
    """One member for each applicant: those known stay as the member system has them, others are written as applied for."""
    # The household's row is locked. Its people are not: whoever changes how one is reached holds that one, and waits for it.
    there = list(Member.objects.filter(account=account).order_by("id"))
    in_the_book = set(
        Coverage.objects.filter(member__in=there, policy__awaits_acceptance=False).values_list("member_id", flat=True)
    )
    free = [one for one in there if is_provisional(one.member_id) and one.pk not in in_the_book]
    found: list[Member] = []
    for applicant in people:
        member = next((one for one in there if one not in found and same_person(one, applicant)), None)
        if member is None and applicant.relation == QuotePerson.Relation.SELF and not is_known:
            # The primary insured of the last submission, whose changes the row keeps.
            member = next((one for one in free if one.role == Member.Role.PRIMARY), None)
        if member is None:
            member = Member(account=account, member_id=provisional_member_id())
        if member.pk is None or member in free:
            _write(application, member, applicant)
        found.append(member)
    # Who is on a policy that was sent and may have arrived stays with it.
    left = [one.pk for one in free if one not in found and one.role != Member.Role.PRIMARY]
    Member.objects.filter(pk__in=left, changes=None).exclude(pk__in=_sent_and_unanswered(there)).delete()
    return found


def _sent_and_unanswered(members: Sequence[Member]) -> set[int]:
    ended = (MemberChange.Status.DEAD, MemberChange.Status.CLOSED)
    sent = MemberChange.objects.filter(kind=MemberChange.Kind.ENROLL, status__in=ended, acked_at=None)
    sent = sent.filter(policy__coverages__member__in=members).exclude(bgn02="")
    return set(
        Coverage.objects.filter(member__in=members, policy__changes__in=sent).values_list("member_id", flat=True)
    )


def _write(application: Application, member: Member, applicant: Applicant) -> None:
    if applicant.date_of_birth is None:
        raise ValueError("An applicant without a birth date is not handed over.")
    member.role = ROLES[QuotePerson.Relation(applicant.relation)]
    for name in ("first_name", "middle_initial", "last_name", "date_of_birth", "sex", "ssn"):
        setattr(member, name, getattr(applicant, name))
    member.save()
    ContactPoint.objects.filter(member=member).delete()
    is_primary = applicant.position == 0
    phone = application.phone if is_primary else applicant.phone
    email = application.email if is_primary else applicant.email
    kind = PHONES[application.phone_type if is_primary else ""]
    points = [(kind, phone), (ContactPoint.Kind.EMAIL, _normal(email))]
    ContactPoint.objects.bulk_create(
        ContactPoint(member=member, kind=kind, value=value) for kind, value in points if value
    )


def _normal(email: str) -> str:
    name, at_sign, domain = email.rpartition("@")
    return f"{name}{at_sign}{domain.lower()}"


# --- policies ---


def _policy(
    application: Application,
    household: Household,
    line: PricedLine,
    checked: Checked,
    before: Policy | None,
    at: datetime,
) -> Policy:
    plan, primary = line.row.plan, household.members[0]
    policy = before if before is not None and before.awaits_acceptance else Policy()
    facts = {
        "account": household.account,
        "producer_number": application.producer_number,
        "eapp_number": application.eapp_number,
        "client_app_id": application.client_app_id,
        "pending_application_id": application.pending_application_id,
        "plan_id": plan.plan_id,
        "product_name": plan.name[:120],
        "line": plan.line,
        "market": Policy.Market.OFF,
        "network_type": plan.network_type,
        "metal_level": plan.metal_level,
        "requires_pcp": plan.requires_pcp,
        "us_state": application.us_state,
        "member_count": len(checked.people),
        "application_started_on": today_in(application.us_state, now=application.created_at),
        "application_signed_on": checked.today,
        "application_submitted_at": at,
        "effective_date": checked.effective_date,
        "monthly_premium": line.premium.total,
        "aptc_amount": Decimal("0.00"),
        "binder_paid": False,
        "status": Policy.Status.INITIAL_PAYMENT_DUE,
        "status_source": Policy.StatusSource.DERIVED,
        "awaits_acceptance": True,
        "insured_last_name": primary.last_name,
        "insured_first_name": primary.first_name,
        "insured_date_of_birth": primary.date_of_birth,
        "insured_zip": household.account.zip,
    }
    for name, value in facts.items():
        setattr(policy, name, value)
    policy.save()
    return policy


def _cover(policy: Policy, household: Household, checked: Checked) -> None:
    """Everybody from the first day; a child born later from birth."""
    Coverage.objects.filter(policy=policy).delete()
    first: date = policy.effective_date
    Coverage.objects.bulk_create(
        Coverage(policy=policy, member=member, effective_date=max(first, member.date_of_birth))
        for member in household.members
    )


def _owe(
    application: Application,
    submission: Submission,
    household: Household,
    policy: Policy,
    line: PricedLine,
    checked: Checked,
    *,
    by: User,
    at: datetime,
) -> SubmittedPolicy:
    payload = EnrollPayload(effective_date=policy.effective_date.isoformat())
    if household.is_known:
        account = household.account
        if any(getattr(account, name) != getattr(application, name) for name in ADDRESS):
            payload["address"] = AddressData(**{name: getattr(application, name) for name in ADDRESS})  # type: ignore[typeddict-item]
    payload["pcp"] = _pcps(application, household, checked, policy) if policy.requires_pcp else []
    change = member_changes.queue(
        kind=MemberChange.Kind.ENROLL,
        policy=policy,
        member=household.members[0],
        payload=dict(payload),
        reference=f"{application.record_number}-{submission.number}-{line.row.line}",
        by=by,
        now=at,
    )
    return SubmittedPolicy.objects.create(submission=submission, line=line.row.line, policy=policy, change=change)


def _tell_contact(
    application: Application,
    submission: Submission,
    household: Household,
    handed: Sequence[SubmittedPolicy],
    *,
    by: User,
    at: datetime,
) -> None:
    """Phone and email address of somebody the member system knows, where the application has others than are on file.

    A change of its own behind the enrollments: the household's changes go out in the order of their ids. Whoever is new is
    enrolled with them.
    """
    primary = household.members[0]
    if not household.is_known or is_provisional(primary.member_id):
        return
    told = {PHONES[application.phone_type]: application.phone, ContactPoint.Kind.EMAIL: _normal(application.email)}
    mine = Policy.objects.in_the_book().filter(account=household.account)
    mine = mine.filter(producer_number__producer=application.producer_number.producer_id)
    contact.take_over(
        member=primary,
        policy=mine.order_by("-effective_date", "-id").first() or handed[0].policy,
        told={kind: contact_rules.Point(value=value) for kind, value in told.items() if value},
        reference=f"{application.record_number}-{submission.number}-CONTACT",
        by=by,
        at=at,
    )


def _pcps(application: Application, household: Household, checked: Checked, policy: Policy) -> list[EnrolledPcp]:
    """Whom each member has chosen, as far as the directory knows the number; for others the carrier assigns a PCP (PLN_08)."""
    chosen: list[EnrolledPcp] = []
    for applicant, member in zip(checked.people, household.members, strict=True):
        if not applicant.pcp_number:
            continue
        try:
            number = read_number(applicant.pcp_number)
        except UnreadableNumber:
            continue
        entry = entry_for(number, us_states=[application.us_state], on=policy.effective_date)
        if entry is not None:
            chosen.append(
                EnrolledPcp(
                    member=member.pk,
                    group=entry.group.pk if entry.group else None,
                    provider=entry.provider.pk if entry.provider else None,
                    received_on=checked.today.isoformat(),
                )
            )
    return chosen
