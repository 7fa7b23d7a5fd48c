"""What pages about e-questions read: the list, a thread, the client a form is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from accounts.models import Producer, ProducerNumber, User
from clients.models import Account, Member, Policy
from ecomm.models import EQuestion, EQuestionAttachment, EQuestionMessage
from portal.common.access import Perm
from portal.common.dates import moment_as_text
from portal.common.files.models import StoredFile

CARRIER_SIDE = "Producer Services"
STATUS_PILLS = {EQuestion.Status.IN_PROGRESS.value: "warning", EQuestion.Status.ANSWERED.value: "success"}
# A list on the client's page shows the newest of a long history.
OF_ACCOUNT_AT_MOST = 50


def mine(user: User, *, deleted: bool = False) -> "QuerySet[EQuestion]":
    """Questions for the producers this person may write for, without those the person deleted; or only those."""
    questions = EQuestion.objects.for_user(user, perm=Perm.CARRIER_CONTACT)
    found: QuerySet[EQuestion] = questions.filter(hidden_for=user) if deleted else questions.exclude(hidden_for=user)
    return found


def by_tracking_numbers(user: User, numbers: Sequence[str]) -> "list[EQuestion]":
    """The questions of the ticked rows, as far as they are in scope; anything else is left out."""
    wanted = [
        int(text.removeprefix("EQU")) for text in numbers if text.removeprefix("EQU").isdecimal() and len(text) < 18
    ]
    questions = EQuestion.objects.for_user(user, perm=Perm.CARRIER_CONTACT).filter(number__in=wanted)
    return list(questions.select_related("producer").order_by("-submitted_at", "-id"))


def for_account(user: User, account: Account) -> "list[EQuestion]":
    """The newest 50 questions about a household that this person may read, newest first."""
    return list(mine(user).filter(account=account).order_by("-submitted_at", "-id")[:OF_ACCOUNT_AT_MOST])


# --- the client a question is about ---


@dataclass(frozen=True)
class ClientOfForm:
    """The primary insured, as the form wants to be filled in."""

    first_name: str
    middle_initial: str
    last_name: str
    client_id: str
    account_id: int


def client_to_ask_about(user: User, account_number: str, *, eapp_number: str = "") -> ClientOfForm | None:
    """The primary insured of a household the user may see; ``None`` for all others, whether they exist or not.

    A household without an account number is named by its E-App number, and its Client ID is the member ID.
    """
    account = Account.objects.for_user(user).filter(number=account_number).first() if account_number else None
    if account is None and eapp_number:
        policy = Policy.objects.for_user(user).filter(eapp_number=eapp_number).select_related("account").first()
        account = policy.account if policy else None
    if account is None:
        return None
    primary = Member.objects.for_user(user).filter(account=account, role=Member.Role.PRIMARY).first()
    if primary is None:
        return None
    client_id = account.number or primary.member_id
    return ClientOfForm(primary.first_name, primary.middle_initial, primary.last_name, client_id, account.pk)


def producer_of_account(user: User, account_id: int, producers: Sequence[Producer]) -> Producer | None:
    """Which of these ``producers`` has the household in the own book; ``None`` when it is not exactly one of them."""
    policies = Policy.objects.for_user(user).filter(account_id=account_id)
    owners = set(policies.values_list("producer_number__producer_id", flat=True))
    found = [producer for producer in producers if producer.pk in owners]
    return found[0] if len(found) == 1 else None


def account_named(user: User, producer: Producer, client_id: str) -> Account | None:
    """The household that a Client ID (account number or member ID) names, if the user may see it and it is of this
    producer's book or the downline's.

    ``None`` for everything else: the ID is kept as typed and tells nobody whether it exists.
    """
    numbers = ProducerNumber.objects.filter(producer__edges_up__ancestor_id=producer.pk).order_by("id")
    number_ids = list(numbers.values_list("id", flat=True))
    accounts = Account.objects.for_user(user).in_books(number_ids)
    account: Account | None = accounts.filter(number=client_id).first()
    if account is None:
        member = Member.objects.for_user(user).in_books(number_ids).filter(member_id=client_id).first()
        account = accounts.filter(pk=member.account_id).first() if member else None
    return account


# --- a thread ---


@dataclass(frozen=True)
class FileLine:
    """One file as listed. ``url`` is empty where it cannot be had; ``note`` says why."""

    name: str
    size: int
    url: str
    note: str


@dataclass(frozen=True)
class MessageLine:
    """One contribution: who, when, what."""

    pk: int
    author: str
    from_carrier: bool
    sent_at: str
    text: str
    files: list[FileLine]


@dataclass(frozen=True)
class Thread:
    question: EQuestion
    status: str
    pill: str
    submitted: str
    responded: str
    client_url: str
    messages: list[MessageLine]
    deleted: bool

    @property
    def newest_message_id(self) -> int:
        return self.messages[-1].pk if self.messages else 0


def producer_left_out(user: User, number: int) -> Producer | None:
    """The producer of a thread this delegate may read, but for the producer chosen in the header; ``None`` for all else.

    Notifications tell of everything one may read, whatever is chosen at the moment: their links must lead somewhere.
    """
    if user.working_for_id is None:
        return None
    with_every_producer = User.objects.get(pk=user.pk)
    found = EQuestion.objects.for_user(with_every_producer, perm=Perm.CARRIER_CONTACT).filter(number=number)
    question: EQuestion | None = found.select_related("producer").first()
    return question.producer if question else None


def thread(user: User, question: EQuestion) -> Thread:
    """A question in scope with everything that was written, oldest first, as producers and delegates read it."""
    account = None
    if question.account_id:
        account = Account.objects.for_user(user).filter(pk=question.account_id).first()
    return Thread(
        question=question,
        status=question.get_status_display(),
        pill=STATUS_PILLS[question.status],
        submitted=moment_as_text(question.submitted_at),
        responded=moment_as_text(question.responded_at) if question.responded_at else "",
        client_url=reverse("clients:detail", args=[account.number]) if account and account.number else "",
        messages=[
            MessageLine(
                pk=message.pk,
                author=author_of(message, question),
                from_carrier=message.from_carrier,
                sent_at=moment_as_text(message.sent_at),
                text=message.text,
                files=[_file_line(question, message, attachment) for attachment in message.attachments.all()],
            )
            for message in messages_of(question)
        ],
        deleted=mine(user, deleted=True).filter(pk=question.pk).exists(),
    )


def messages_of(question: EQuestion) -> "list[EQuestionMessage]":
    """Everything written in the thread of a question in scope, oldest first, with authors and files."""
    attachments = Prefetch("attachments", EQuestionAttachment.objects.select_related("file").order_by("id"))
    messages = EQuestionMessage.objects.filter(question=question).select_related("author")
    return list(messages.prefetch_related(attachments).order_by("id"))


def author_of(message: EQuestionMessage, question: EQuestion) -> str:
    """Who wrote: "Dana Keller for Rita Solberg" for a delegate; of the carrier's staff no name, unless a setting says so."""
    name = name_of(message.author)
    if message.from_carrier:
        return f"{name}, {CARRIER_SIDE}" if settings.QUESTION_ANSWERS_SIGNED else CARRIER_SIDE
    if message.author.role == User.Role.DELEGATE:
        return f"{name} for {question.producer.name}"
    return name


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _file_line(question: EQuestion, message: EQuestionMessage, attachment: EQuestionAttachment) -> FileLine:
    url, note = "", ""
    if message.from_carrier:
        if attachment.file.may_be_opened:
            url = reverse("ecomm:question-file", args=[question.number, attachment.pk])
        else:
            note = state_of_file(attachment.file)
    return FileLine(name=attachment.file.name, size=attachment.file.size, url=url, note=note)


def state_of_file(file: StoredFile) -> str:
    """Why a file cannot be opened, in words; empty when it can."""
    if file.may_be_opened:
        return ""
    if file.removed_at is not None:
        return "removed"
    return "malware found, kept apart" if file.scan == StoredFile.Scan.INFECTED else "being checked for malware"


def carriers_file(user: User, question: EQuestion, attachment_id: int) -> EQuestionAttachment | None:
    """A file the carrier sent in this thread; files that were sent to the carrier are never handed out again."""
    attachments: Any = EQuestionAttachment.objects.filter(
        message__question=question, message__from_carrier=True, pk=attachment_id
    )
    found: EQuestionAttachment | None = attachments.select_related("file").first()
    return found
