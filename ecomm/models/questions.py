"""E-questions: what producers ask the carrier and what they are answered (EQ_01..08)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Producer
from accounts.scoping import ProducerScopedQuerySet
from clients.models import Account
from portal.common.crypto import EncryptedTextField


class EQuestion(models.Model):
    """One question and its thread, for one producer's business."""

    class Kind(models.TextChoices):
        GENERAL = "GENERAL", "General E-Question"
        MEMBER = "MEMBER", "Member Specific E-Question"

    class Status(models.TextChoices):
        IN_PROGRESS = "IN_PROGRESS", "In Progress"
        ANSWERED = "ANSWERED", "Answered"

    number = models.BigIntegerField(unique=True, editable=False, help_text="Digits of the tracking number.")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    subject = models.CharField(max_length=100)
    client_first_name = models.CharField("Client's First Name", max_length=60, blank=True)
    client_middle_initial = models.CharField("MI", max_length=1, blank=True)
    client_last_name = models.CharField("Client's Last Name", max_length=60, blank=True)
    client_id = models.CharField("Client ID#", max_length=20, blank=True, help_text="As typed by the asker.")
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="e_questions",
        help_text="The household the Client ID names, when the asker may see it.",
    )
    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="e_questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions_asked")
    submitted_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.IN_PROGRESS)
    responded_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier last answered.")
    first_responded_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier first answered.")
    last_opened_at = models.DateTimeField(
        default=timezone.now,
        help_text="When it was asked, or asked again after an answer; response times count from here.",
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="questions_assigned"
    )
    form_key = models.CharField(max_length=60, unique=True, help_text="Names the form: sent once.")
    hidden_for = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="questions_hidden",
        help_text="People who deleted it (EQ_07).",
    )

    objects = ProducerScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_at", "-id"]
        verbose_name = "e-question"
        indexes = [
            models.Index(fields=["producer", "-submitted_at", "-id"], name="questions_of_producer"),
            models.Index(fields=["account", "-submitted_at"], name="questions_of_account"),
            models.Index(fields=["last_opened_at", "id"], name="questions_to_do", condition=Q(status="IN_PROGRESS")),
            models.Index(
                fields=["first_responded_at"],
                name="questions_by_response",
                condition=Q(first_responded_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="question_of_member_names_the_client",
                condition=Q(kind="GENERAL") | (~Q(client_first_name="") & ~Q(client_last_name="") & ~Q(client_id="")),
            ),
            models.CheckConstraint(
                name="question_answered_at", condition=Q(status="IN_PROGRESS") | Q(responded_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_number

    @property
    def tracking_number(self) -> str:
        """As the asker knows it: EQU and digits (EQ_04)."""
        return f"EQU{self.number}"

    @property
    def client_name(self) -> str:
        """The client as named by the asker; empty for a general question."""
        return f"{self.client_first_name} {self.client_last_name}".strip()


class EQuestionMessage(models.Model):
    """One contribution to a thread: the question, an answer, a follow-up."""

    question = models.ForeignKey(EQuestion, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="question_messages")
    from_carrier = models.BooleanField(default=False)
    text = EncryptedTextField()
    sent_at = models.DateTimeField(default=timezone.now)
    form_key = models.CharField(max_length=60, unique=True, help_text="Names the form: sent once.")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["question", "id"], name="messages_of_question")]

    def __str__(self) -> str:
        return f"message {self.pk}"


class EQuestionAttachment(models.Model):
    """A file that came with a message. What the carrier sent can be downloaded; what was sent to it is listed only."""

    message = models.ForeignKey(EQuestionMessage, on_delete=models.CASCADE, related_name="attachments")
    file = models.OneToOneField("files.StoredFile", on_delete=models.PROTECT, related_name="question_attachment")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class EQuestionDraft(models.Model):
    """What somebody had typed when the session was about to end; forgotten when it is sent or seven days old."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="question_draft")
    content = EncryptedTextField(help_text="The fields of the form as JSON.")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["saved_at"], name="question_drafts_by_age")]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class CannedAnswer(models.Model):
    """A text staff start an answer from."""

    title = models.CharField(max_length=80, unique=True)
    text = models.TextField(max_length=4000)
    order = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "title"]

    def __str__(self) -> str:
        return self.title
