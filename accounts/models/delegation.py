"""Who may act for whom, with which rights, from which day to which."""

from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models.producers import Producer
from accounts.rules.delegate_scopes import LABELS
from accounts.rules.grant_days import GrantState, grant_state
from portal.common.access import DelegateScope, Perm

SCOPE_CHOICES = [(scope.value, LABELS[scope.value]) for scope in DelegateScope]


class DelegateGrantQuerySet(models.QuerySet["DelegateGrant"]):
    def in_force(self, on: date) -> "DelegateGrantQuerySet":
        """Grants that open a book on the day ``on``: first and last day inclusive, not revoked.

        While the producer's contract is terminated they open nothing; nobody has to revoke them (docs/adr/0010).
        """
        days = self.filter(first_day__lte=on).filter(Q(last_day__isnull=True) | Q(last_day__gte=on))
        return days.filter(revoked_at__isnull=True).exclude(producer__status=Producer.Status.TERMINATED)

    def for_user(self, user: Any) -> "DelegateGrantQuerySet":
        """The grants this producer has given; delegates and the carrier's staff manage none."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(Perm.DELEGATES_MANAGE):
            return self.none()
        return self.filter(producer_id=user.producer_id)


class DelegateGrant(models.Model):
    """One producer lets one delegate work on the producer's own book (HOM_14). The downline's books are not included."""

    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="grants_given")
    delegate = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="grants_held")
    scopes = ArrayField(models.CharField(max_length=11, choices=SCOPE_CHOICES), help_text="What the delegate may do.")
    first_day = models.DateField(help_text="First day of the grant, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day of the grant, inclusive; empty for no end.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="grants_revoked"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DelegateGrantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["producer", "delegate"], condition=Q(revoked_at__isnull=True), name="one_open_grant_per_pair"
            ),
            models.CheckConstraint(
                name="grant_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
            models.CheckConstraint(
                name="grant_revoked_at_and_by",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["delegate", "first_day"], name="grants_of_delegate")]

    def __str__(self) -> str:
        return f"{self.delegate_id} for {self.producer_id}"

    def state(self, on: date) -> GrantState:
        """What this grant is on the day ``on``."""
        return grant_state(first_day=self.first_day, last_day=self.last_day, revoked=self.revoked_at is not None, on=on)
