"""Documents sent to the carrier. The portal keeps a history of them; only the carrier's staff can open them (DOC_07)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Producer
from accounts.scoping import ProducerScopedQuerySet
from clients.models import Account


class DocumentType(models.Model):
    """What a document is, as chosen by the sender; the list is data (DOC_04)."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True, help_text="Off: no longer offered, kept on what was sent.")

    class Meta:
        ordering = ["order", "label"]

    def __str__(self) -> str:
        return self.label


class DocumentSubmission(models.Model):
    """One file sent to the carrier for one producer's business."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", "Received"
        ACCEPTED = "ACCEPTED", "Accepted"
        REJECTED = "REJECTED", "Rejected"

    tracking_number = models.BigIntegerField(unique=True, editable=False, help_text="Increasing, from a sequence.")
    document_type = models.ForeignKey(DocumentType, on_delete=models.PROTECT, related_name="submissions")
    account_number = models.CharField(max_length=12, blank=True, help_text="As typed by the sender; optional.")
    eapp_number = models.CharField("E-App number", max_length=12, blank=True, help_text="As typed; optional.")
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        help_text="The household the numbers name, when the sender may see it.",
    )
    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="documents")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="documents_sent")
    submitted_at = models.DateTimeField(default=timezone.now)
    file = models.OneToOneField("files.StoredFile", on_delete=models.PROTECT, related_name="document")
    form_key = models.CharField(max_length=60, unique=True, help_text="Names the form and the file in it: sent once.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RECEIVED)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="documents_assigned"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documents_decided",
        help_text="Nobody where the portal itself rejected it, for malware.",
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was rejected; the sender reads it.")
    hidden_for = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="documents_hidden",
        help_text="People who took it off their list; the carrier's copy stays (DOC_08).",
    )

    objects = ProducerScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(fields=["producer", "-submitted_at", "-id"], name="documents_of_producer"),
            models.Index(fields=["account", "-submitted_at"], name="documents_of_account"),
            models.Index(fields=["submitted_at", "id"], name="documents_to_do", condition=Q(status="RECEIVED")),
        ]
        constraints = [
            models.CheckConstraint(
                name="document_decided_at_and_by",
                condition=Q(status="RECEIVED", decided_at__isnull=True, decided_by__isnull=True)
                | Q(status="ACCEPTED", decided_at__isnull=False, decided_by__isnull=False)
                | Q(status="REJECTED", decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="document_rejected_with_reason", condition=~Q(status="REJECTED") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.tracking_number)
