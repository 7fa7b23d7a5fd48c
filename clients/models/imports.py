"""Runs of the import of the carrier's member feed: what was read, how far a run got, what it changed."""

from django.db import models
from django.db.models import Q


class MemberImport(models.Model):
    """One run of ``manage.py import_members``. Counts and checksums only: no client's data stands here."""

    class State(models.TextChoices):
        READING = "READING", "Reading the files"
        READ = "READ", "Read, not yet written"
        DONE = "DONE", "Done"
        REFUSED = "REFUSED", "Refused"
        ABANDONED = "ABANDONED", "Given up for other files"

    state = models.CharField(max_length=9, choices=State.choices, default=State.READING)
    folder = models.CharField(max_length=255, help_text="Name of the folder the files were in.")
    files = models.JSONField(help_text="SHA-256 of each file.")
    key_check = models.CharField(max_length=16, help_text="Tells whether the encryption key is still the same.")
    lines = models.JSONField(default=dict, help_text="Lines read of each file, once all are read.")
    outcome = models.JSONField(default=dict, help_text="What was written.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["READING", "READ"]),
                name="one_unfinished_member_import",
            ),
            models.CheckConstraint(
                name="member_import_finished_at",
                condition=Q(state__in=["READING", "READ"], finished_at__isnull=True)
                | (~Q(state__in=["READING", "READ"]) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.folder} #{self.pk}"
