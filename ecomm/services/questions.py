"""Asking the carrier, asking again, being answered (EQ_01..07, HOM_07).

Each act is one transaction: the message, its files, the status, who is told, the audit row. The texts stand in the thread
only: no email, notification, log line or audit row repeats them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse

from accounts.models import Producer, User
from clients.models import Account
from ecomm.models import EQuestion, EQuestionAttachment, EQuestionDraft, EQuestionMessage
from portal.common import audit
from portal.common.access import Perm
from portal.common.files import store
from portal.common.files.uploads import CheckedFile
from portal.common.notifications.notify import notify
from portal.common.numbers import next_number

SEQUENCE = "ecomm_question_number"
RECEIVED, ANSWERED = "question.received", "question.answered"
DRAFT_KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class NamedClient:
    """The client as the asker names it. ``account`` is the household the Client ID names, if the asker may see it."""

    first_name: str
    middle_initial: str
    last_name: str
    client_id: str
    account: Account | None


class ThreadHasMoved(Exception):
    """Somebody wrote to the thread after the page was loaded; the text says who, and what to do."""


def ask(
    *,
    producer: Producer,
    subject: str,
    text: str,
    client: NamedClient | None,
    files: Sequence[CheckedFile],
    form_key: str,
    by: User,
    at: datetime,
    keep_draft: bool = False,
) -> EQuestion:
    """Send a question to the carrier: general without ``client``, member-specific with one (EQ_01).

    The form's key makes it one question however often the form arrives; later arrivals get the first one's row. The
    caller has made sure that ``by`` may write for ``producer``. What ``by`` had typed when a session ended is forgotten,
    unless it is of another question (``keep_draft``).
    """
    defaults: dict[str, Any] = {
        "number": lambda: next_number(SEQUENCE),
        "kind": EQuestion.Kind.MEMBER if client else EQuestion.Kind.GENERAL,
        "subject": subject,
        "client_first_name": client.first_name if client else "",
        "client_middle_initial": client.middle_initial if client else "",
        "client_last_name": client.last_name if client else "",
        "client_id": client.client_id if client else "",
        "account": client.account if client else None,
        "producer": producer,
        "asked_by": by,
        "submitted_at": at,
        "last_opened_at": at,
    }
    with transaction.atomic():
        question, is_new = EQuestion.objects.get_or_create(form_key=_key(by, form_key), defaults=defaults)
        if is_new:
            _add_message(question, text=text, files=files, form_key=form_key, by=by, at=at)
            if not keep_draft:
                discard_draft(by=by)
            notify(
                recipient=by,
                kind=RECEIVED,
                title=f"E-Question {question.tracking_number} has been received",
                text="You will be notified when it is answered.",
                url=_address(question),
                fact=f"question {question.number} received",
                at=at,
            )
            _record("question.asked", question, by=by, kind=question.kind, files=len(files))
    return question


@transaction.atomic
def follow_up(
    *, question: EQuestion, text: str, files: Sequence[CheckedFile], form_key: str, by: User, at: datetime
) -> EQuestionMessage:
    """Add to the thread; an answered question is in progress again and waits from ``at`` on. Sent twice, it is one."""
    question = _lock(question)
    sent = question.messages.filter(form_key=_key(by, form_key)).first()
    if sent is not None:
        return sent
    message = _add_message(question, text=text, files=files, form_key=form_key, by=by, at=at)
    if question.status == EQuestion.Status.ANSWERED:
        question.status, question.last_opened_at = EQuestion.Status.IN_PROGRESS, at
        question.save(update_fields=["status", "last_opened_at"])
    # Whoever asks again wants it on the list again.
    question.hidden_for.remove(by)
    _record("question.followed_up", question, by=by, files=len(files))
    return message


@transaction.atomic
def answer(
    *,
    question: EQuestion,
    text: str,
    files: Sequence[CheckedFile],
    seen_message_id: int,
    form_key: str,
    by: User,
    at: datetime,
) -> EQuestionMessage:
    """Answer in the carrier's name: status and times change, whoever waits for it is told once (EQ_06, HOM_07).

    ``seen_message_id`` is the newest message on the page the answer was written on. Raises ``ThreadHasMoved`` when there
    is a newer one, so that two people do not answer the same thing without knowing. Sent twice, it is one answer.
    """
    question = _lock(question)
    sent = question.messages.filter(form_key=_key(by, form_key)).first()
    if sent is not None:
        return sent
    newest = question.messages.select_related("author").order_by("-id").first()
    if newest is not None and newest.pk > seen_message_id:
        who = newest.author.get_full_name() or newest.author.get_username()
        did = "has answered meanwhile" if newest.from_carrier else "has written again meanwhile"
        raise ThreadHasMoved(f"{who} {did}. Read it above, then send your answer if it is still needed.")
    waiting = _to_be_told(question)
    message = _add_message(question, text=text, files=files, form_key=form_key, by=by, at=at, from_carrier=True)
    question.status, question.responded_at = EQuestion.Status.ANSWERED, at
    question.first_responded_at = question.first_responded_at or at
    question.save(update_fields=["status", "responded_at", "first_responded_at"])
    for person in waiting:
        notify(
            recipient=person,
            kind=ANSWERED,
            title=f"E-Question {question.tracking_number} has been answered",
            text="Read the answer on the page of your E-Question.",
            url=_address(question),
            fact=f"question answered {message.pk}",
            at=at,
        )
    # An answer to something that was taken off the list would never be found.
    question.hidden_for.remove(question.asked_by_id, *(person.pk for person in waiting))
    _record("question.answered", question, by=by, files=len(files))
    return message


@transaction.atomic
def assign(*, question: EQuestion, to: User | None, by: User) -> bool:
    """Say who of the carrier's staff answers; ``None`` for nobody. Returns ``False`` when it was so before."""
    question = _lock(question)
    if question.assigned_to_id == (to.pk if to else None):
        return False
    before, question.assigned_to = question.assigned_to_id, to
    question.save(update_fields=["assigned_to"])
    _record("question.assigned", question, by=by, before=before, after=question.assigned_to_id)
    return True


def take_off_list(*, questions: Iterable[EQuestion], by: User) -> int:
    """Delete questions from this person's own list; the carrier and everybody else keep them (EQ_07)."""
    return _change_list(questions, "question.deleted", hide=True, by=by)


def put_back(*, questions: Iterable[EQuestion], by: User) -> int:
    """Show deleted questions on this person's list again."""
    return _change_list(questions, "question.restored", hide=False, by=by)


@transaction.atomic
def _change_list(questions: Iterable[EQuestion], action: str, *, hide: bool, by: User) -> int:
    changed = list(questions)
    if hide:
        by.questions_hidden.add(*changed)
    else:
        by.questions_hidden.remove(*changed)
    for question in changed:
        _record(action, question, by=by)
    return len(changed)


def record_opened(question: EQuestion, *, by: User) -> None:
    """Every look at a thread is written down."""
    _record("question.opened", question, by=by)


def record_file_opened(question: EQuestion, attachment: EQuestionAttachment, *, by: User) -> None:
    """So is every file that is taken out of one."""
    _record("question.file_opened", question, by=by, file=attachment.file_id)


def save_draft(*, content: Mapping[str, str], by: User, at: datetime) -> None:
    """Keep what was typed while the session ends; the draft before is replaced."""
    EQuestionDraft.objects.update_or_create(user=by, defaults={"content": json.dumps(dict(content)), "saved_at": at})


def draft_of(user: User, *, at: datetime) -> dict[str, str] | None:
    """What this person had typed when a session ended less than seven days ago."""
    draft = EQuestionDraft.objects.filter(user=user, saved_at__gt=at - DRAFT_KEPT_FOR).first()
    return json.loads(draft.content) if draft else None


def discard_draft(*, by: User) -> None:
    """Forget what this person had typed."""
    EQuestionDraft.objects.filter(user=by).delete()


def forget_drafts(*, at: datetime) -> int:
    """Drop drafts that are seven days old; return how many. On nobody's behalf."""
    deleted, _ = EQuestionDraft.objects.filter(saved_at__lte=at - DRAFT_KEPT_FOR).delete()
    return deleted


def _lock(question: EQuestion) -> EQuestion:
    locked = EQuestion.objects.select_for_update(of=("self",)).select_related("producer", "asked_by")
    return locked.get(pk=question.pk)


def _key(by: User, form_key: str) -> str:
    """The form's key as stored: of this person, so that nobody can guess another's row."""
    return f"{by.pk}-{form_key}"[:60]


def _add_message(
    question: EQuestion,
    *,
    text: str,
    files: Sequence[CheckedFile],
    form_key: str,
    by: User,
    at: datetime,
    from_carrier: bool = False,
) -> EQuestionMessage:
    message = EQuestionMessage.objects.create(
        question=question, author=by, from_carrier=from_carrier, text=text, sent_at=at, form_key=_key(by, form_key)
    )
    for file in files:
        EQuestionAttachment.objects.create(message=message, file=store.keep(file, by=by, at=at))
    return message


def _to_be_told(question: EQuestion) -> list[User]:
    """The asker and whoever has asked again since the answer before, as far as they are still entitled to the thread;
    where nobody is, the producer for whom it was asked."""
    answered = question.messages.filter(from_carrier=True).aggregate(newest=Max("id"))["newest"] or 0
    since = question.messages.filter(from_carrier=False, id__gt=answered)
    people = User.objects.filter(Q(pk=question.asked_by_id) | Q(pk__in=since.values("author_id"))).order_by("pk")
    entitled = [
        person
        for person in people
        if EQuestion.objects.for_user(person, perm=Perm.CARRIER_CONTACT).filter(pk=question.pk).exists()
    ]
    return entitled or list(User.objects.filter(producer_id=question.producer_id, is_active=True))


def _address(question: EQuestion) -> str:
    return reverse("ecomm:question", args=[question.number])


def _record(action: str, question: EQuestion, *, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=question.producer.npn,
        object_type="equestion",
        object_id=question.tracking_number,
        details=details,
    )
