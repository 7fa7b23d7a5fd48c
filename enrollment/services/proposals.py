"""Proposals: made of a quote, printed by workers, sent to the client by email (QUO_08, ADR 0020).

A proposal is a row first. Its document is owed work; the emails are owed in the transaction in which the document is
there, so that nobody gets one without it. The handler may run twice, and beside itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from clients.services.id_card_files import keep
from enrollment.models import Proposal, ProposalDelivery, Quote
from enrollment.proposals import rendering
from enrollment.proposals.content import ProposalContent, from_json, money
from portal.common import audit, outbox, throttle
from portal.common.files import store
from portal.common.languages import written_in
from portal.common.messaging.send import send_email
from portal.common.notifications.notify import notify
from portal.common.throttle import Limit

logger = structlog.get_logger(__name__)

RENDER = "enrollment.proposal.render"
FAILED_NOTICE = "proposal.failed"
State = Proposal.State
SUBJECT = gettext_noop("Your insurance proposal")
AGAIN = "It has not worked yet. It is being tried again by itself."
GIVEN_UP = "The PDF could not be made."
CHUNK = 200


class CannotSend(Exception):
    """There is no document to send, or no longer; the text is fit to show."""


class NothingToRetry(Exception):
    """The proposal has not failed, or not any more."""


def limit_per_person() -> Limit:
    return Limit("enrollment.proposal_emails", times=settings.PROPOSAL_EMAILS_PER_HOUR, per=timedelta(hours=1))


def limit_per_mailbox() -> Limit:
    return Limit(
        "enrollment.proposals_to_mailbox", times=settings.PROPOSAL_EMAILS_PER_MAILBOX_PER_DAY, per=timedelta(days=1)
    )


def create(
    *,
    quote: Quote,
    content: ProposalContent,
    recipients: Sequence[str],
    by: User,
    at: datetime,
    form_key: str,
) -> Proposal:
    """Keep the proposal, owe its document and, once that is there, an email to each of ``recipients``.

    However often one form arrives (``form_key``) it is one proposal. Raises ``TooOften`` when the person, or one of
    the mailboxes, has had enough emails; then nothing is kept.
    """
    # The person is part of the key: nobody gets somebody else's row by sending their key.
    key = f"{by.pk}:{form_key}"
    made_before = Proposal.objects.filter(form_key=key, quote=quote).first()
    if made_before is not None:
        return made_before
    _count(recipients, by, at)
    return _create(quote, content, recipients, by, at, key)


@transaction.atomic
def _create(
    quote: Quote, content: ProposalContent, recipients: Sequence[str], by: User, at: datetime, key: str
) -> Proposal:
    proposal, is_new = Proposal.objects.get_or_create(
        form_key=key,
        defaults={
            "quote": quote,
            "content": content.as_json(),
            "plan_count": len(content.plans),
            "disclaimers_version": content.version,
            "requested_at": at,
            "requested_by": by,
        },
    )
    if not is_new:
        return proposal
    for to in recipients:
        ProposalDelivery.objects.create(proposal=proposal, to=to, requested_at=at, requested_by=by, form_key=key)
    _owe(proposal)
    _record("proposal.created", proposal, by, plans=proposal.plan_count, emails=len(recipients))
    return proposal


def resend(*, proposal: Proposal, recipients: Sequence[str], by: User, at: datetime, form_key: str) -> int:
    """Send the same document once more. Returns how many emails were owed: none when this form has arrived before.

    Raises ``CannotSend`` while there is no document, or when its file was deleted, and ``TooOften``.
    """
    key = f"{by.pk}:{form_key}"
    if ProposalDelivery.objects.filter(form_key=key, proposal=proposal).exists():
        return 0
    _count(recipients, by, at)
    return _resend(proposal, recipients, by, at, key)


@transaction.atomic
def _resend(proposal: Proposal, recipients: Sequence[str], by: User, at: datetime, key: str) -> int:
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("file").get(pk=proposal.pk)
    if locked.file is None or not locked.file.may_be_opened:
        raise CannotSend("There is no PDF of this proposal to send. Create a new proposal of the quote.")
    sent = 0
    for to in recipients:
        delivery, is_new = ProposalDelivery.objects.get_or_create(
            form_key=key, to=to, defaults={"proposal": locked, "requested_at": at, "requested_by": by}
        )
        if is_new:
            _owe_email(delivery, locked)
            sent += 1
    if sent:
        _record("proposal.sent_again", locked, by, emails=sent)
    return sent


def _count(recipients: Sequence[str], by: User, at: datetime) -> None:
    """Outside of the transaction that a refusal would roll back."""
    for to in recipients:
        throttle.count(limit_per_person(), str(by.pk), at=at)
        throttle.count(limit_per_mailbox(), to.casefold(), at=at)


@transaction.atomic
def retry(*, proposal: Proposal, by: User) -> None:
    """Make the document once more, after it has failed. Raises ``NothingToRetry``."""
    locked = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if locked.state != State.FAILED or locked.forgotten_at is not None:
        raise NothingToRetry
    locked.state, locked.failure, locked.finished_at = State.REQUESTED, "", None
    locked.attempt += 1
    locked.save(update_fields=["state", "failure", "finished_at", "attempt"])
    _owe(locked)
    _record("proposal.retried", locked, by)


def _owe(proposal: Proposal) -> None:
    key = f"proposal-render:{proposal.pk}:{proposal.attempt}"
    outbox.add(RENDER, dedupe_key=key, payload={"proposal_id": proposal.pk})


@outbox.handler(RENDER, on_dead=lambda payload: _given_up(payload))
def render_proposal(payload: dict[str, Any]) -> None:
    """Make the document and owe the emails that wait for it, unless that was done meanwhile."""
    proposal = (
        Proposal.objects.select_related("requested_by").filter(pk=payload["proposal_id"], state=State.REQUESTED).first()
    )
    if proposal is None:
        return
    now = timezone.now()
    try:
        pdf = rendering.render(from_json(proposal.content))
    except rendering.CannotRender as exc:
        # Trying again by itself would not help; a person sees why and tries when it was put right.
        logger.error("proposal not made", proposal_id=proposal.pk, error=type(exc).__name__)
        _fail(proposal.pk, str(exc), now)
        return
    except Exception:
        Proposal.objects.filter(pk=proposal.pk, state=State.REQUESTED).update(failure=AGAIN)
        raise
    with transaction.atomic():
        locked = Proposal.objects.select_for_update().filter(pk=proposal.pk, state=State.REQUESTED).first()
        if locked is None:
            return
        # The same name for everybody: the file lies in mailboxes and download folders.
        locked.file = keep(
            pdf, name="insurance-proposal.pdf", content_type="application/pdf", by=proposal.requested_by, at=now
        )
        locked.state, locked.failure, locked.finished_at = State.READY, "", now
        locked.save(update_fields=["file", "state", "failure", "finished_at"])
        for delivery in locked.deliveries.filter(message=None).order_by("id"):
            _owe_email(delivery, locked)
    logger.info("proposal made", proposal_id=proposal.pk)


def _given_up(payload: dict[str, Any]) -> None:
    _fail(payload["proposal_id"], GIVEN_UP, timezone.now())


@transaction.atomic
def _fail(proposal_id: int, why: str, at: datetime) -> None:
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("requested_by")
        .filter(pk=proposal_id, state=State.REQUESTED)
        .first()
    )
    if proposal is None:
        return
    proposal.state, proposal.failure, proposal.finished_at = State.FAILED, why[:300], at
    proposal.save(update_fields=["state", "failure", "finished_at"])
    notify(
        recipient=proposal.requested_by,
        kind=FAILED_NOTICE,
        title=f"The proposal of quote {proposal.quote_id} could not be made",
        text="Nothing was sent. It can be tried again on the quote's page.",
        url=reverse("enrollment:quote-proposal", args=[proposal.quote_id]),
        fact=f"proposal {proposal.pk} failed {proposal.attempt}",
        at=at,
    )


def _owe_email(delivery: ProposalDelivery, proposal: Proposal) -> None:
    content = from_json(proposal.content)
    with written_in(content.language):
        subject = gettext(SUBJECT)
    delivery.message = send_email(
        to=delivery.to,
        kind="proposal",
        subject=subject,
        context={
            "note": content.note,
            "plans": [(plan.name, plan.market, money(plan.total)) for plan in content.plans],
            "producer": content.producer,
            "producer_name": content.producer[0][1],
            "effective_date": content.effective_date,
            "valid_through": content.valid_through,
            "disclaimers": content.disclaimers,
        },
        attachment=proposal.file,
        language=content.language,
    )
    delivery.save(update_fields=["message"])


def record_downloaded(proposal: Proposal, *, by: User) -> None:
    _record("proposal.downloaded", proposal, by)


def _record(action: str, proposal: Proposal, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=proposal.quote.producer_number.producer.npn,
        object_type="quote",
        object_id=str(proposal.quote_id),
        details={"proposal": proposal.pk, **details},
    )


def forget_old_files(*, now: datetime) -> int:
    """Delete the files of proposals older than ``PROPOSAL_FILES_KEEP_DAYS``; the rows stay. Returns how many.

    On nobody's behalf. What the document said is deleted with it.
    """
    before = now - timedelta(days=settings.PROPOSAL_FILES_KEEP_DAYS)
    old = Proposal.objects.filter(forgotten_at=None, requested_at__lt=before).order_by("requested_at")
    count = 0
    for proposal_id in list(old.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            proposal = (
                Proposal.objects.select_for_update(of=("self",))
                .select_related("file")
                .filter(pk=proposal_id, forgotten_at=None)
                .first()
            )
            if proposal is None:
                continue
            if proposal.file is not None:
                store.remove(proposal.file, at=now)
            elif proposal.state == State.REQUESTED:
                proposal.state, proposal.failure, proposal.finished_at = State.FAILED, GIVEN_UP, now
            proposal.content, proposal.forgotten_at = "", now
            proposal.save(update_fields=["content", "forgotten_at", "state", "failure", "finished_at"])
            count += 1
    return count
