"""Custom reports: what somebody has saved to run again, for themselves and for their delegates (REP_16)."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.models import User
from accounts.scoping import producers_acted_for
from portal.common.access import Perm
from portal.common.crypto import EncryptedTextField


class SavedReportQuerySet(models.QuerySet["SavedReport"]):
    def for_user(self, user: User | AnonymousUser) -> "SavedReportQuerySet":
        """What this person may run: own reports, and those that producers share with the delegates who may see their clients.

        Deleted ones too; ``kept`` leaves them out. Nothing without the right to run reports.
        """
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(Perm.REPORT_RUN):
            return self.none()
        mine = Q(owner=user)
        if user.role == User.Role.DELEGATE:
            producers = [producer.pk for producer in producers_acted_for(user, Perm.REPORT_RUN)]
            mine |= Q(shared=True, owner__producer_id__in=producers)
        return self.filter(mine)

    def kept(self) -> "SavedReportQuerySet":
        """Without those that were deleted."""
        return self.filter(deleted_at=None)


class SavedReport(models.Model):
    """One custom report: a name, what it asks for, with whom it is shared, and when it runs by itself."""

    class Schedule(models.TextChoices):
        NEVER = "", "Only when I run it"
        DAILY = "DAILY", "Every day"
        WEEKLY = "WEEKLY", "Every week"
        MONTHLY = "MONTHLY", "Every month"

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="saved_reports")
    name = models.CharField(max_length=80)
    # JSON as reporting.criteria.Criteria writes it; a product's or a producer's name may stand in it.
    criteria = EncryptedTextField()
    shared = models.BooleanField("shared with my delegates", default=False)
    schedule = models.CharField(max_length=7, choices=Schedule.choices, blank=True, default=Schedule.NEVER)
    schedule_day = models.PositiveSmallIntegerField(
        default=0, help_text="Weekly: 0 Monday to 6 Sunday. Monthly: day of the month, 1 to 28."
    )
    next_run_on = models.DateField(
        null=True, blank=True, help_text="Day on which it runs by itself next; empty when it does not."
    )
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="Taken off the list since; it can be brought back."
    )
    form_key = models.CharField(max_length=80, unique=True, help_text="One form saves one report.")

    objects = SavedReportQuerySet.as_manager()

    class Meta:
        ordering = [Upper("name"), "id"]
        constraints = [
            models.UniqueConstraint(
                "owner", Upper("name"), condition=Q(deleted_at__isnull=True), name="saved_report_name_once"
            ),
            models.CheckConstraint(
                name="saved_report_schedule_has_day",
                condition=Q(schedule="", next_run_on__isnull=True)
                | (~Q(schedule="") & (Q(next_run_on__isnull=False) | Q(deleted_at__isnull=False))),
            ),
        ]
        indexes = [
            models.Index(fields=["next_run_on"], name="saved_reports_due", condition=Q(deleted_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"custom report {self.pk}"

    def is_of(self, user: Any) -> bool:
        """Whether this person saved it: only they change, share, schedule and delete it."""
        return bool(self.owner_id == user.pk)
