"""E-questions in every state, and the texts the carrier's staff start an answer from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Producer, User
from clients.models import Account, Member, Policy
from ecomm.models import CannedAnswer, EQuestion, EQuestionMessage
from ecomm.services.questions import ANSWERED, SEQUENCE
from portal.common.notifications.models import Notification
from portal.common.numbers import next_number

STAFF = "carrieradmin"
CANNED_ANSWERS = (
    (
        "ID card ordered",
        "Thank you for your question. A permanent ID card has been ordered and arrives by mail within 10 business days. "
        "Until then a temporary card can be printed from the Client Detail page.",
    ),
    (
        "Document needed",
        "Thank you for your question. To go on we need the document named below. Please send it through Document "
        "Submission and write the tracking number of this e-question on its first page.",
    ),
    (
        "Payment was received",
        "Thank you for your question. The payment has been received and is shown on the policy within two business days.",
    ),
    (
        "Use Client Detail",
        "Thank you for your question. You can make this change yourself: search for the client, open the Client Detail "
        "page and choose it from the list at the top.",
    ),
    ("Closing words", "If anything is still open, ask again in this e-question and we will come back to you."),
)


@dataclass(frozen=True)
class Spoken:
    """One message after the question: so many hours after it, by somebody of the carrier's or by the asker."""

    hours: float
    text: str
    from_carrier: bool = True
    read: bool = True  # whether the asker has seen the notice of it


@dataclass(frozen=True)
class Asked:
    """One question of the demo. ``client`` picks a policy status among the producer's clients; empty for a general one."""

    by: str
    hours_ago: float
    subject: str
    text: str
    producer: str = ""  # whose business, where a delegate asks
    client: str = ""
    unlisted: tuple[str, str, str] | None = None  # a client who is in nobody's book: first name, last name, Client ID
    assigned: bool = False
    deleted: bool = False
    thread: Sequence[Spoken] = field(default_factory=tuple)


QUESTIONS = (
    Asked(
        "rsolberg7",
        8.6,
        "Grace period end date",
        "The client has paid two of three months. Does one more payment bring the policy back to active, or is the whole "
        "past due amount needed?",
        client=Policy.Status.GRACE,
    ),
    Asked(
        "rsolberg7",
        34.4,
        "Commission schedule for next year",
        "When is the commission schedule for the coming plan year sent out, and will it be in the portal?",
        assigned=True,
    ),
    Asked(
        "rsolberg7",
        61.2,
        "New ID card needed",
        "The card that arrived shows the old address. Can a new one be sent?",
        client=Policy.Status.ACTIVE,
        thread=(
            Spoken(
                5,
                "Thank you for your question. A permanent ID card has been ordered and arrives by mail within 10 business "
                "days. Until then a temporary card can be printed from the Client Detail page.",
                read=False,
            ),
        ),
    ),
    Asked(
        "rsolberg7",
        24 * 6 + 13.3,
        "Reinstatement request",
        "The family missed a letter while they were moving. Is a reinstatement possible, and until when?",
        client=Policy.Status.TERMED,
        assigned=True,
        thread=(
            Spoken(23.5, "Please send proof of the move through Document Submission."),
            Spoken(
                26.2, "It is on its way under document tracking number 200001. How long does the review take?", False
            ),
            Spoken(47.3, "The review takes three business days. You will find the result here."),
            Spoken(119.1, "Three business days have gone by. Is there a result?", False),
        ),
    ),
    Asked(
        "rsolberg7",
        24 * 12 + 9.8,
        "First payment not shown",
        "The client paid with the application on the 3rd and the payment is not on the policy yet.",
        client=Policy.Status.INITIAL_PAYMENT_DUE,
        thread=(
            Spoken(
                21.5,
                "Thank you for your question. The payment has been received and is shown on the policy within two business "
                "days.",
            ),
        ),
    ),
    Asked(
        "rsolberg7",
        24 * 20 + 12.1,
        "Client moves to another state",
        "She moves to New Mexico on the first of the month. Which day ends the coverage here?",
        unlisted=("Ilse", "Farnsworth", "1231231234"),
        thread=(Spoken(3.4, "Coverage here ends with the last day of the month in which she moves."),),
    ),
    Asked(
        "rsolberg7",
        24 * 33 + 10.5,
        "Portal training for a new employee",
        "Is there a recording of the autumn webinar?",
        deleted=True,
        thread=(Spoken(1.2, "Yes: it is under Training."),),
    ),
    Asked(
        "dkeller22",
        9.9,
        "Dependent aging off",
        "The daughter turns 26 in two months. When can her own application start, so that there is no gap?",
        producer="rsolberg7",
        client=Policy.Status.ACTIVE,
    ),
    Asked(
        "dkeller22",
        24 * 3 + 11.4,
        "Change of primary care physician",
        "The physician asked for does not come up in the search. Is the office still taking new patients?",
        producer="rsolberg7",
        client=Policy.Status.ACTIVE,
        thread=(
            Spoken(
                22.3,
                "The office has closed its list for new patients since the first of the month. Two others in the same "
                "medical group are open: please see Provider Finder.",
                read=False,
            ),
        ),
    ),
    Asked(
        "dkeller22",
        24 * 16 + 14.9,
        "Autopay date",
        "On which day of the month is the premium drawn when the due date is a Sunday?",
        producer="rsolberg7",
        thread=(
            Spoken(50.1, "On the next banking day."),
            Spoken(51.6, "Thank you. Does the same hold for holidays?", False),
            Spoken(73.2, "Yes, for every day on which banks are closed."),
        ),
    ),
    Asked(
        "prairieagency",
        36.2,
        "Producer of record change",
        "Two of our producers retire at the end of the year. Which form moves their books, and by when do you need it?",
        assigned=True,
    ),
    Asked(
        "prairieagency",
        24 * 9 + 13.8,
        "Group of letters returned",
        "Several welcome letters came back as undeliverable. How do we tell you the right addresses?",
        thread=(
            Spoken(
                5.6,
                "Thank you for your question. You can make this change yourself: search for the client, open the Client "
                "Detail page and choose it from the list at the top.",
                read=False,
            ),
        ),
    ),
    Asked(
        "prairieagency",
        24 * 45 + 8.2,
        "Appointment in Texas",
        "How long does an appointment take at present?",
        thread=(Spoken(66.7, "About ten business days from the complete request."),),
    ),
    Asked(
        "outsider9",
        24 * 2 + 10.1,
        "Statement of last month",
        "The statement is missing one policy. Whom do we write to?",
    ),
)


def add_questions(*, people: Mapping[str, User], now: datetime) -> None:
    """Add the questions of ``people`` (by username) about clients that are loaded already, and the canned answers."""
    CannedAnswer.objects.bulk_create(
        CannedAnswer(title=title, text=text, order=10 * place)
        for place, (title, text) in enumerate(CANNED_ANSWERS, start=1)
    )
    for place, asked in enumerate(sorted(QUESTIONS, key=lambda one: -one.hours_ago)):
        _add(asked, place, people=people, now=now)


def _add(asked: Asked, place: int, *, people: Mapping[str, User], now: datetime) -> None:
    by, staff = people[asked.by], people[STAFF]
    producer: Any = people[asked.producer or asked.by].producer
    submitted_at = now - timedelta(hours=asked.hours_ago)
    account = _account(producer, asked.client, place) if asked.client else None
    first_name, last_name, client_id = asked.unlisted or _named(account)
    answers = [said for said in asked.thread if said.from_carrier]
    waits = not asked.thread or not asked.thread[-1].from_carrier
    asked_again = [said for said in asked.thread if not said.from_carrier]
    last_opened_at = submitted_at + timedelta(hours=asked_again[-1].hours) if asked_again else submitted_at
    question = EQuestion.objects.create(
        number=next_number(SEQUENCE),
        kind=EQuestion.Kind.MEMBER if client_id else EQuestion.Kind.GENERAL,
        subject=asked.subject,
        client_first_name=first_name,
        client_last_name=last_name,
        client_id=client_id,
        account=account,
        producer=producer,
        asked_by=by,
        submitted_at=submitted_at,
        last_opened_at=last_opened_at,
        status=EQuestion.Status.IN_PROGRESS if waits else EQuestion.Status.ANSWERED,
        responded_at=submitted_at + timedelta(hours=answers[-1].hours) if answers else None,
        first_responded_at=submitted_at + timedelta(hours=answers[0].hours) if answers else None,
        assigned_to=staff if asked.assigned or answers else None,
        form_key=f"demo-{place}",
    )
    for turn, said in enumerate((Spoken(0, asked.text, from_carrier=False), *asked.thread)):
        message = EQuestionMessage.objects.create(
            question=question,
            author=staff if said.from_carrier else by,
            from_carrier=said.from_carrier,
            text=said.text,
            sent_at=submitted_at + timedelta(hours=said.hours),
            form_key=f"demo-{place}-{turn}",
        )
        if said.from_carrier:
            _tell(question, message, read=said.read)
    if asked.deleted:
        question.hidden_for.add(by)


def _account(producer: Producer, status: str, place: int) -> Account | None:
    """One of the first twenty households with such a policy in the producer's own book, another for each question."""
    policies = Policy.objects.filter(producer_number__producer=producer, status=status, account__number__isnull=False)
    found = list(policies.select_related("account").order_by("id")[:20])
    return found[place % len(found)].account if found else None


def _named(account: Account | None) -> tuple[str, str, str]:
    if account is None:
        return "", "", ""
    primary = Member.objects.get(account=account, role=Member.Role.PRIMARY)
    return primary.first_name, primary.last_name, account.number or ""


def _tell(question: EQuestion, message: EQuestionMessage, *, read: bool) -> None:
    Notification.objects.create(
        recipient=question.asked_by,
        kind=ANSWERED,
        title=f"E-Question {question.tracking_number} has been answered",
        text="Read the answer on the page of your E-Question.",
        url=f"/messages/questions/{question.tracking_number}/",
        dedupe_key=f"question answered {message.pk}:{question.asked_by_id}",
        created_at=message.sent_at,
        read_at=message.sent_at + timedelta(hours=1) if read else None,
        emailed_at=message.sent_at,
    )
