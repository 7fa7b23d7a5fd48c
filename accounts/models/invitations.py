"""Links that prove a mailbox: confirming a registration, accepting a delegation. Only hashes of the links are kept."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models.delegation import SCOPE_CHOICES
from accounts.models.producers import Producer
from portal.common.access import Perm


class EmailConfirmation(models.Model):
    """The link of a registration: 7 days, once (REG_16); a newer one replaces it (REG_17)."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="email_confirmations")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The link is good before this moment.")
    used_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-created_at"], name="confirmations_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d}"


class DelegateInvitationQuerySet(models.QuerySet["DelegateInvitation"]):
    def for_user(self, user: Any) -> "DelegateInvitationQuerySet":
        """The invitations this producer has sent."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(Perm.DELEGATES_MANAGE):
            return self.none()
        return self.filter(producer_id=user.producer_id)

    def waiting(self) -> "DelegateInvitationQuerySet":
        """Neither accepted nor withdrawn; the link of some of them may have expired."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)


class DelegateInvitation(models.Model):
    """A producer asks somebody by email to become a delegate; accepting it makes the grant (HOM_10, HOM_14)."""

    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="delegate_invitations")
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    email = models.EmailField()
    scopes = ArrayField(models.CharField(max_length=11, choices=SCOPE_CHOICES))
    first_day = models.DateField(help_text="First day of the grant, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day of the grant, inclusive; empty for no end.")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="invitations_sent")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The link is good before this moment.")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="invitations_accepted"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = DelegateInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["producer", "email"],
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                name="invitation_accepted_at_and_by",
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} for {self.producer_id}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def is_waiting(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None

    def is_open(self, at: datetime) -> bool:
        """Can the link be used at this moment?"""
        return self.is_waiting and at < self.expires_at
