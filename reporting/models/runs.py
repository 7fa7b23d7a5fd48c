"""Runs: a file that a worker makes of a big report, and each time a custom report was run (ADR 0026)."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from portal.common.access import Perm
from portal.common.crypto import EncryptedTextField
from reporting.models.saved_reports import SavedReport


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def for_user(self, user: User | AnonymousUser) -> "ReportRunQuerySet":
        """The person's own runs, while they may run reports: a run holds what its maker's rights had shown."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(Perm.REPORT_RUN):
            return self.none()
        return self.filter(requested_by=user)


class ReportRun(models.Model):
    """One run of a report. It keeps no client's data: keys, keyed hashes, counts, and a file for some days."""

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting"
        RUNNING = "RUNNING", "Being made"
        READY = "READY", "Ready"
        FAILED = "FAILED", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    class FileFormat(models.TextChoices):
        NONE = "", "No file"
        XLSX = "xlsx", "Excel"
        CSV = "csv", "CSV"

    class Trigger(models.TextChoices):
        PRESSED = "PRESSED", "By hand"
        SCHEDULED = "SCHEDULED", "By schedule"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names the run in addresses.")
    saved_report = models.ForeignKey(
        SavedReport,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="runs",
        help_text="Of a custom report.",
    )
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="report_runs")
    requested_at = models.DateTimeField()
    working_for_id = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="The producer a delegate had chosen in the header."
    )
    trigger = models.CharField(max_length=9, choices=Trigger.choices, default=Trigger.PRESSED)
    title = models.CharField(max_length=160, help_text="Kind and days of the report; no name of anybody.")
    # JSON: {"criteria", "filters", "sort", "columns"} of the grid the file is made of.
    asked = EncryptedTextField()
    run_on = models.DateField(help_text="Day on which relative dates were worked out.")
    file_format = models.CharField(max_length=4, choices=FileFormat.choices, blank=True, default=FileFormat.NONE)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True, help_text="Why it failed, fit to show.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often a person has asked to try again.")
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(null=True, blank=True, help_text="When its file was deleted.")
    # Producer numbers whose clients were read; empty list and everything=True for the carrier's staff. Who may no longer
    # open one of them does not get the file either.
    books = ArrayField(models.BigIntegerField(), default=list, blank=True)
    everything = models.BooleanField(default=False)
    # What changed since the last run of the same custom report by the same person (REP_16).
    compared_with = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    new_rows = models.PositiveIntegerField(null=True, blank=True)
    gone_rows = models.PositiveIntegerField(null=True, blank=True)
    changed_rows = models.PositiveIntegerField(null=True, blank=True)
    changes = models.JSONField(
        default=dict, blank=True, help_text='Keys of rows: {"new": [], "gone": [], "changed": []}.'
    )
    snapshot = models.BinaryField(
        null=True, blank=True, help_text="Keys and keyed hashes of the rows as shown; of the last run only."
    )
    form_key = models.CharField(max_length=80, unique=True, help_text="One press of the button makes one run.")

    objects = ReportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="report_runs_of_person"),
            models.Index(
                fields=["requested_at"],
                name="report_files_to_forget",
                condition=Q(file__isnull=False, forgotten_at__isnull=True),
            ),
            models.Index(
                fields=["saved_report", "requested_by", "-id"],
                name="report_runs_with_snapshot",
                condition=Q(snapshot__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"report run {self.pk}"

    def keys_of(self, kind: str) -> list[int]:
        """Keys of the rows that are new, gone or changed since the last run; none where that is not known."""
        found: list[int] = self.changes.get(kind, [])
        return found

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.READY, self.State.FAILED, self.State.CANCELLED)
