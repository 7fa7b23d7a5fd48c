"""Reports that something in the portal does not work (ISS_01)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.common.crypto import EncryptedTextField
from portal.common.dates import US_STATE_CHOICES


class IssueReportQuerySet(models.QuerySet["IssueReport"]):
    def for_user(self, user: Any) -> "IssueReportQuerySet":
        """The reports this person has made; the carrier's staff work through everybody's in the administration."""
        return self.filter(reported_by_id=user.pk)


class IssueReport(models.Model):
    """One report, for the support mailbox and the administration."""

    class Status(models.TextChoices):
        NEW = "NEW", "New"
        IN_PROGRESS = "IN_PROGRESS", "In progress"
        CLOSED = "CLOSED", "Closed"

    class Product(models.TextChoices):
        """The guide's list (ISS_02)."""

        ACA_MEDICAL = "ACA_MEDICAL", "ACA Medical"
        ACA_DENTAL = "ACA_DENTAL", "ACA Dental"
        MAPD = "MAPD", "MAPD"
        PDP = "PDP", "PDP"
        DSNP = "DSNP", "DSNP"
        MED_SUPP = "MED_SUPP", "Med Supp"

    number = models.BigIntegerField(unique=True, editable=False)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="issue_reports")
    email = models.EmailField(help_text="Where the answer goes.")
    description = EncryptedTextField(help_text="What happened, with the message that was shown.")
    steps = EncryptedTextField(help_text="What was done before.")
    client_name = EncryptedTextField(blank=True)
    agent = models.CharField("agent name or producer ID", max_length=150)
    product = models.CharField("product type", max_length=11, choices=Product.choices)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    happened_at = models.DateTimeField(help_text="When it happened.")
    page = models.CharField(max_length=300, blank=True, help_text="Path of the page it was reported from.")
    record = models.CharField(max_length=60, blank=True, help_text="Number of the record it was about.")
    browser = models.CharField(max_length=300, blank=True)
    screenshot = models.OneToOneField(
        "files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="issue_report"
    )
    reported_at = models.DateTimeField(default=timezone.now)
    form_key = models.CharField(max_length=60, unique=True, help_text="Names the form: sent once.")
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.NEW)
    answer = models.TextField(max_length=2000, blank=True, help_text="What the reporter is told when it is closed.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="issues_closed"
    )
    support_message = models.ForeignKey(
        "common.OutboundMessage",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The latest email about it to the support mailbox.",
    )

    objects = IssueReportQuerySet.as_manager()

    class Meta:
        ordering = ["-reported_at", "-id"]
        indexes = [
            models.Index(fields=["reported_by", "-reported_at"], name="issues_of_person"),
            models.Index(fields=["reported_at", "id"], name="issues_open", condition=~Q(status="CLOSED")),
        ]
        constraints = [
            models.CheckConstraint(
                name="issue_closed_at_and_by",
                condition=Q(status="CLOSED", closed_at__isnull=False, closed_by__isnull=False)
                | (~Q(status="CLOSED") & Q(closed_at__isnull=True, closed_by__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
