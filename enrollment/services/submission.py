"""Submitting an application: examined anew, kept as it was, handed to the member system, settled by its answer (ADR 0022).

What is missing is said before anything is kept. What the rules refuse is a submission that has failed at once. Everything
else is completed for the producer and on its way to the member system, whose answer comes later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from clients.membersystem import notices
from clients.models import MemberChange, Policy
from clients.services import member_changes
from enrollment.application_record import answers as record
from enrollment.application_record import trail
from enrollment.models import Application, Submission, SubmittedPolicy
from enrollment.rules import application_days, refusal_wording, sep, submission_numbers
from enrollment.selectors.submission_checks import Checked, Reason, accepted_policies, check, reason_as_json
from enrollment.services import application_payments, evidence, hand_over
from enrollment.services.unasked import drop_unasked
from enrollment.wizard.completeness import missing_of
from enrollment.wizard.general import EffectiveDate
from enrollment.wizard.sections import Missing, WizardContext
from portal.common import audit
from portal.common.dates import as_text, today_in
from portal.common.notifications.notify import notify_all
from portal.common.numbers import next_number

Status, Outcome = Application.Status, Submission.Outcome
OPEN = (Status.INCOMPLETE, Status.FAILED)
ACCEPTED_NOTICE, FAILED_NOTICE = "application.accepted", "application.failed"


class CannotSubmit(Exception):
    """The application cannot be submitted at all; the text is fit to show."""


class NotComplete(Exception):
    """Something is still to be answered; ``missing`` says what and where. Nothing was kept."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = missing
        super().__init__("The application is not complete.")


class ConfirmationNeeded(Exception):
    """The effective date or the premium is another than was shown; nothing was kept until somebody confirms ``checked``."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        super().__init__(" ".join(checked.to_confirm))


@dataclass(frozen=True)
class Confirmed:
    """What somebody has seen and confirmed: the first day of coverage, inclusive, and the monthly premium."""

    effective_date: date
    total: Decimal


@transaction.atomic
def submit(
    *, application: Application, by: User, at: datetime, form_key: str, confirmed: Confirmed | None = None
) -> Submission:
    """Submit the application as it stands, and owe the member system its enrollments.

    However often one form arrives (``form_key``), and from however many tabs, it is submitted once: the submission that
    exists is returned. A submission whose ``outcome`` is FAILED was refused at once; its ``reasons`` say why. Raises
    ``NotComplete``, ``ConfirmationNeeded``, and ``CannotSubmit`` for one that is withdrawn or has expired; nothing is kept then.
    """
    application = _locked(application, with_changes=True)
    key = f"{by.pk}:{application.pk}:{form_key}"
    made_before = Submission.objects.filter(form_key=key, application=application).first()
    if made_before is not None:
        return made_before
    today = today_in(application.us_state, now=at)
    if application.status not in OPEN:
        submitted = application.submissions.order_by("-number").first()
        if submitted is None:
            raise CannotSubmit("This application was completed elsewhere.")
        return submitted
    _refuse_closed(application, today)
    if missing := still_missing(WizardContext(application, by, at)):
        raise NotComplete(missing)
    drop_unasked(application)
    checked = check(application, at=at)
    if not checked.reasons and checked.to_confirm and not _is_confirmed(checked, confirmed):
        raise ConfirmationNeeded(checked)
    _give_numbers(application)
    number = application.submissions.count() + 1
    text = record.as_text(record.answers_of(application, checked, number=number, by=by, at=at))
    submission = Submission(
        application=application,
        number=number,
        form_key=key,
        submitted_at=at,
        submitted_by=by,
        effective_date=checked.effective_date or application.effective_date or today,
        monthly_premium=checked.total,
        answers=text,
        answers_sha256=record.sha256_of(text),
    )
    application.submitted_at, application.updated_at, application.saved_by = at, at, by
    application.version += 1
    application.expires_on = application_days.expires_on(changed_on=today)
    if checked.reasons:
        _refuse(application, submission, checked, by=by, at=at)
    else:
        _complete(application, submission, checked, by=by, at=at)
    submission.trail_sha256 = trail.trail_head(application)
    submission.save(update_fields=["trail_sha256"])
    return submission


def still_missing(wizard: WizardContext) -> list[Missing]:
    """What has to be answered before. A date that was calculated and holds no longer is none of it: submitting asks for the
    new one to be confirmed, or says why there is none."""
    calculated = bool(wizard.application.decision)
    return [one for one in missing_of(wizard) if not (calculated and one.section == EffectiveDate.name)]


def _locked(application: Application, *, with_changes: bool = False) -> Application:
    """The application under lock; before it its changes, as their answers take them: the other way round both would wait."""
    if with_changes:
        sent = MemberChange.objects.filter(submitted_policies__submission__application=application.pk)
        list(MemberChange.objects.select_for_update().filter(pk__in=sent.values("pk")).order_by("pk").only("pk"))
    rows = Application.objects.select_for_update(of=("self",))
    rows = rows.select_related("producer_number__producer", "county", "quote__member", "member__account", "terms")
    return rows.get(pk=application.pk)


def _refuse_closed(application: Application, today: date) -> None:
    if application.withdrawn_at is not None:
        raise CannotSubmit("This application was withdrawn. Bring it back to submit it.")
    if application_days.is_expired(expires_on=application.expires_on, today=today):
        raise CannotSubmit(f"This application expired on {as_text(application.expires_on)}. Start a new one.")


def _is_confirmed(checked: Checked, confirmed: Confirmed | None) -> bool:
    return confirmed == Confirmed(checked.effective_date or date.min, checked.total)


def _give_numbers(application: Application) -> None:
    """With the first submission; they stay with the application (LST_10)."""
    if application.eapp_number:
        return
    application.eapp_number = submission_numbers.eapp_number(next_number("enrollment_eapp_number"))
    application.client_app_id = submission_numbers.client_app_id(next_number("enrollment_client_app_id"))
    serial = next_number("enrollment_pending_id")
    application.pending_application_id = submission_numbers.pending_application_id(serial)


def _refuse(application: Application, submission: Submission, checked: Checked, *, by: User, at: datetime) -> None:
    submission.outcome, submission.settled_at = Outcome.FAILED, at
    submission.reasons = [reason_as_json(one) for one in checked.reasons]
    submission.save()
    application.status = Status.FAILED
    application.save()
    _record("application.refused", application, by, submission=submission.number, reasons=len(checked.reasons))


def _complete(application: Application, submission: Submission, checked: Checked, *, by: User, at: datetime) -> None:
    application.status = Status.COMPLETED
    application.effective_date = checked.effective_date
    application.decision = sep.as_record(checked.decision)
    application.save()
    for line in checked.lines:
        if line.row.monthly_premium != line.premium.total:
            line.row.monthly_premium = line.premium.total
            line.row.save(update_fields=["monthly_premium"])
    submission.save()
    evidence.ask(application=application, submitted_at=at)
    handed = hand_over.hand_over(application=application, submission=submission, checked=checked, by=by, at=at)
    if not handed:
        _accept(application, submission, at)
    _record(
        "application.submitted",
        application,
        by,
        submission=submission.number,
        plans=[one.line for one in handed],
        answers_sha256=submission.answers_sha256,
    )


# --- what the member system answered ---


def accepted(change: MemberChange, now: datetime) -> None:
    """An enrollment of an application was taken. Twice is the same as once."""
    _settle(change, Outcome.ACCEPTED, now)


def failed(change: MemberChange, now: datetime) -> None:
    """An enrollment of an application was refused, given up, or ended by the carrier's staff."""
    _settle(change, Outcome.FAILED, now)


def is_of_an_application(change: MemberChange) -> bool:
    """Does this change tell the member system of an application? Then its failure is told in the application's words."""
    return change.kind == MemberChange.Kind.ENROLL and SubmittedPolicy.objects.filter(change=change).exists()


def _settle(change: MemberChange, outcome: Submission.Outcome, now: datetime) -> None:
    refs = SubmittedPolicy.objects.select_related("submission").filter(change=change)
    ref = refs.order_by("-submission__number").first()
    if ref is None:
        return
    # The application first, as submitting does: two that took the rows the other way round would wait for each other.
    application = _locked(Application(pk=ref.submission.application_id))
    one = SubmittedPolicy.objects.select_for_update().get(pk=ref.pk)
    if one.outcome in (outcome, Outcome.ACCEPTED):
        return
    one.outcome = outcome
    one.save(update_fields=["outcome"])
    if outcome == Outcome.ACCEPTED:
        _keep_to_one_policy(application, one, now)
    later = application.submissions.select_for_update().filter(number__gte=one.submission.number)
    for submission in later.order_by("number"):
        _conclude(application, submission, now)


def _keep_to_one_policy(application: Application, taken: SubmittedPolicy, now: datetime) -> None:
    """What the application's other submissions made of the same plan, now that one of them was taken (ADR 0022).

    One that was not handed over yet is withdrawn. One that the member system has taken as well is told to the carrier's
    staff: only there can one of the two be ended. In the book there is one.
    """
    number = taken.submission.number
    others = SubmittedPolicy.objects.filter(submission__application=application, line=taken.line)
    others = others.exclude(change=taken.change_id).select_related("change", "submission")
    for other in others.order_by("submission__number"):
        if other.outcome == Outcome.ACCEPTED and other.change.status == MemberChange.Status.ACKED:
            _taken_twice(application, taken, other, now)
        elif other.outcome == Outcome.WAITING and member_changes.withdraw(
            change=other.change, note=f"The member system has taken submission {number}.", now=now
        ):
            other.outcome, other.policy_id = Outcome.ACCEPTED, taken.policy_id
            other.note = f"Withdrawn before it was sent: the member system has taken submission {number}."
            other.save(update_fields=["outcome", "policy", "note"])
            if not hand_over.says_the_same(taken.submission, other.submission):
                _taken_as_it_was_before(application, taken, other, now)


def _taken_twice(application: Application, taken: SubmittedPolicy, other: SubmittedPolicy, now: datetime) -> None:
    first, second = sorted((taken, other), key=lambda one: one.submission.number)
    note = (
        f"The member system has taken this plan twice: changes {first.change_id} (submission {first.submission.number}) "
        f"and {second.change_id} (submission {second.submission.number}). One of them is to be ended there."
    )
    SubmittedPolicy.objects.filter(pk__in=[taken.pk, other.pk]).update(taken_twice=True, note=note)
    _record(
        "application.taken_twice", application, None, plans=[taken.line], changes=[first.change_id, second.change_id]
    )
    _tell_staff(
        application,
        now,
        fact=f"taken twice {first.change_id} {second.change_id}",
        title=f"Application {application.record_number} was taken twice by the member system",
        text=f"The {Policy.Line(taken.line).label.lower()} plan was enrolled by two submissions. One policy is in the book; "
        "the other is to be ended in the member system.",
    )


def _taken_as_it_was_before(
    application: Application, taken: SubmittedPolicy, withdrawn: SubmittedPolicy, now: datetime
) -> None:
    """The answers were corrected in between, and the member system has those from before: said to everybody concerned."""
    number, line = taken.submission.number, Policy.Line(taken.line).label.lower()
    withdrawn.note = f"{withdrawn.note} What was corrected since has not reached it."[:250]
    withdrawn.save(update_fields=["note"])
    _record("application.taken_before_correction", application, None, plans=[taken.line], submission=number)
    fact = f"application {application.pk} {taken.line} taken as submission {number}"
    title = f"Application {application.record_number} was taken as it was before it was corrected"
    text = (
        f"The answer about the {line} plan of submission {number} came late. What was corrected since has not reached the "
        "member system and is to be changed on the policy."
    )
    _tell_staff(application, now, fact=fact, title=title, text=text)
    notify_all(
        recipients=_concerned(application, withdrawn.submission),
        kind=ACCEPTED_NOTICE,
        title=title,
        text=text,
        url=reverse("enrollment:application", args=[application.record_number]),
        fact=fact,
        at=now,
    )


def _tell_staff(application: Application, now: datetime, *, fact: str, title: str, text: str) -> None:
    notify_all(
        recipients=User.objects.staff_who_may("enrollment.change_submittedpolicy"),
        kind=notices.ATTENTION,
        title=title,
        text=text,
        url=reverse("admin:enrollment_submittedpolicy_changelist") + f"?q={application.record_number}",
        fact=f"staff {fact}",
        at=now,
    )


def _conclude(application: Application, submission: Submission, now: datetime) -> None:
    """Give a submission its outcome once all of its plans have theirs. A plan that another submission got accepted is done."""
    rows = list(submission.submitted_policies.select_related("change", "policy"))
    if any(row.outcome == Outcome.WAITING for row in rows):
        return
    done = {row.line for row in accepted_policies(application)}
    refused = [row for row in rows if row.outcome == Outcome.FAILED and row.line not in done]
    is_latest = not application.submissions.filter(number__gt=submission.number).exists()
    if refused:
        if submission.outcome == Outcome.FAILED:
            return
        submission.outcome, submission.settled_at = Outcome.FAILED, now
        reasons = _once(reason for row in refused for reason in _reasons(row))
        submission.reasons = [reason_as_json(one) for one in reasons]
        submission.save(update_fields=["outcome", "settled_at", "reasons"])
        if is_latest:
            application.status, application.updated_at = Status.FAILED, now
            application.version += 1
            application.save(update_fields=["status", "updated_at", "version"])
        _record("application.failed", application, None, submission=submission.number, plans=[r.line for r in refused])
        if is_latest:
            _tell_failed(application, submission, now)
        return
    if rows and submission.outcome != Outcome.ACCEPTED:
        told_before = application.submissions.filter(outcome=Outcome.ACCEPTED).exists()
        _accept(application, submission, now)
        _record("application.accepted", application, None, submission=submission.number)
        if not told_before:
            _tell_accepted(application, submission, now)
    if is_latest and application.status != Status.COMPLETED and _nothing_is_left(application, done):
        application.status, application.updated_at = Status.COMPLETED, now
        application.save(update_fields=["status", "updated_at"])


def _nothing_is_left(application: Application, done: set[str]) -> bool:
    """Is every plan applied for with the member system? Also where the last submission was refused by the portal's rules."""
    return set(application.plans.values_list("line", flat=True)) <= done


def _accept(application: Application, submission: Submission, now: datetime) -> None:
    submission.outcome, submission.settled_at, submission.reasons = Outcome.ACCEPTED, now, []
    submission.save(update_fields=["outcome", "settled_at", "reasons"])
    application_payments.application_accepted(application=application, at=now)


def _reasons(row: SubmittedPolicy) -> Iterable[Reason]:
    """In words for the producer, each leading to a question where the answer names one."""
    label = Policy.Line(row.line).label
    change = row.change
    if change.status == MemberChange.Status.DEAD:
        return [Reason(step="signatures", section="", label=f"{label} plan", sentence=refusal_wording.NOT_DELIVERED)]
    if change.status == MemberChange.Status.CLOSED:
        return [Reason(step="signatures", section="", label=f"{label} plan", sentence=refusal_wording.CLOSED)]
    places = refusal_wording.places_of(change.last_error)
    if not places:
        told = refusal_wording.NOT_ACCEPTED.format(line=label.lower())
        return [
            Reason(step="plans", section="plan", label=f"{label} plan", sentence=f"{told} {change.last_error}".strip())
        ]
    return [
        Reason(step=one.step, section=one.section, field=one.field, label=f"{label} plan", sentence=one.sentence)
        for one in places
    ]


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    """The same reason for both plans is one reason."""
    found: dict[tuple[str, str, str, str], Reason] = {}
    for one in reasons:
        key = (one.step, one.section, one.field, one.sentence)
        before = found.get(key)
        found[key] = replace(one, label=f"{before.label}, {one.label}") if before else one
    return list(found.values())


def _concerned(application: Application, submission: Submission) -> list[User]:
    """Who submitted it, while still in charge of these books, and the producer of record."""
    by = submission.submitted_by
    may_still = Application.objects.for_user(by).filter(pk=application.pk).exists()
    producer = application.producer_number.producer_id
    of_record = User.objects.filter(role=User.Role.PRODUCER, producer_id=producer, is_active=True)
    return [*([by] if may_still else []), *of_record]


def _tell_failed(application: Application, submission: Submission, now: datetime) -> None:
    notify_all(
        recipients=_concerned(application, submission),
        kind=FAILED_NOTICE,
        title=f"Application {application.record_number} failed",
        text="The member system did not take it. The application says why; it can be corrected and submitted again.",
        url=reverse("enrollment:application-failed", args=[application.record_number]),
        fact=f"application {application.pk} submission {submission.number} failed",
        at=now,
    )


def _tell_accepted(application: Application, submission: Submission, now: datetime) -> None:
    notify_all(
        recipients=_concerned(application, submission),
        kind=ACCEPTED_NOTICE,
        title=f"Application {application.record_number} was accepted",
        text="The client's policies are in your book.",
        url=reverse("enrollment:application", args=[application.record_number]),
        fact=f"application {application.pk} submission {submission.number} accepted",
        at=now,
    )


def record_downloaded(what: str, application: Application, *, by: User) -> None:
    """``what`` is the document: application_pdf, proof_pdf or proof_file."""
    _record(f"application.{what}_downloaded", application, by)


def _record(action: str, application: Application, by: User | None, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=application.producer_number.producer.npn,
        object_type="application",
        object_id=application.record_number,
        details=details,
    )
