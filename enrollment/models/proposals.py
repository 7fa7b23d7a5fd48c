"""Proposals: a quote as a document for the client, and to whom it was sent (QUO_08, ADR 0020)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.scoping import BookScopedQuerySet
from enrollment.models.quotes import Quote
from portal.common.crypto import EncryptedTextField
from portal.common.models import OutboundMessage


class ProposalQuerySet(BookScopedQuerySet["Proposal"]):
    number_path = "quote__producer_number"


class Proposal(models.Model):
    """One document made of a quote. ``content`` is what the producer saw in the preview; it never changes again."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", "Being made"
        READY = "READY", "Ready"
        FAILED = "FAILED", "Could not be made"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="proposals")
    content = EncryptedTextField(help_text="What the document says, as JSON (enrollment.proposals.content).")
    plan_count = models.PositiveSmallIntegerField()
    disclaimers_version = models.CharField(max_length=20)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    failure = models.CharField(max_length=300, blank=True, help_text="Why it could not be made, fit to show.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often a person has asked to try again.")
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it was ready, or could not be made.")
    forgotten_at = models.DateTimeField(null=True, blank=True, help_text="When its file was deleted.")
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="proposals")
    form_key = models.CharField(max_length=120, unique=True, help_text="One form makes one proposal.")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(name="proposal_ready_has_file", condition=~Q(state="READY") | Q(file__isnull=False)),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], name="proposal_files_to_forget", condition=Q(forgotten_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"


class ProposalDeliveryQuerySet(BookScopedQuerySet["ProposalDelivery"]):
    number_path = "proposal__quote__producer_number"


class ProposalDelivery(models.Model):
    """A proposal on its way to one mailbox; how far it is, the message says. Without a message the document is not made yet."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="deliveries")
    to = models.EmailField()
    message = models.OneToOneField(
        OutboundMessage, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal_delivery"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="proposal_deliveries")
    form_key = models.CharField(max_length=120, help_text="One form sends once to each mailbox.")

    objects = ProposalDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        verbose_name_plural = "proposal deliveries"
        constraints = [
            models.UniqueConstraint(fields=["form_key", "to"], name="proposal_sent_once_to_each"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} of proposal {self.proposal_id}"
