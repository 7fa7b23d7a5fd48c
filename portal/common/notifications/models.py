"""What people were told in the portal, and how they want to be told (HOM_06..08)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_user(self, user: Any) -> "NotificationQuerySet":
        """What this person was told in the portal; what went out by email alone is left out."""
        return self.filter(recipient_id=user.pk, in_app=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One thing one person is told. Titles and texts hold numbers and kinds of things, never health data or a client's name."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=60, help_text="Registered kind, such as question.answered.")
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=300, blank=True, help_text="Path of the page it is about.")
    dedupe_key = models.CharField(max_length=160, unique=True, help_text="Names the fact and the recipient.")
    in_app = models.BooleanField(default=True, help_text="Off when the person wants this kind by email only.")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    digest_due = models.BooleanField(default=False, help_text="Waits for the next digest email.")
    emailed_at = models.DateTimeField(null=True, blank=True, help_text="When its email, or the digest, was owed.")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notices_of_person"),
            models.Index(fields=["recipient"], name="notices_unread", condition=Q(read_at__isnull=True, in_app=True)),
            models.Index(fields=["recipient", "id"], name="notices_for_digest", condition=Q(digest_due=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class NotificationPreference(models.Model):
    """How one person wants one kind; without a row, the kind's own default counts."""

    class Email(models.TextChoices):
        AT_ONCE = "AT_ONCE", "At once"
        DIGEST = "DIGEST", "In the daily digest"
        OFF = "OFF", "No email"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField(max_length=60)
    in_app = models.BooleanField(default=True)
    email = models.CharField(max_length=7, choices=Email.choices, default=Email.AT_ONCE)

    class Meta:
        ordering = ["user_id", "kind"]
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_preference_per_kind")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"
