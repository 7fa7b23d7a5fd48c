"""Files exchanged with the member system in X12: what was written, what came back, and which change each set was about."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from clients.models.changes import MemberChange
from portal.common.crypto import EncryptedTextField

# Receivers answer within minutes; after a day something is wrong.
ANSWER_WITHIN = timedelta(hours=24)


class X12File(models.Model):
    """One file: an 834 of ours, or what the member system sent back. The bytes lie in the folders, never in this row."""

    class Direction(models.TextChoices):
        OUT = "OUT", "Sent"
        IN = "IN", "Received"

    class State(models.TextChoices):
        WRITING = "WRITING", "Being written"
        FAILED = "FAILED", "Not written"
        WAITING = "WAITING", "Waiting for an answer"
        ACCEPTED = "ACCEPTED", "Accepted"
        PARTLY = "PARTLY", "Partly rejected"
        REJECTED = "REJECTED", "Rejected"
        READING = "READING", "Being read"
        READ = "READ", "Read"
        QUARANTINED = "QUARANTINED", "In quarantine"
        PUT_BACK = "PUT_BACK", "Put back to be read again"

    # In which folder the bytes lie; those of a file that could not be written, or was put back, are nowhere.
    FOLDERS: ClassVar[dict[str, tuple[State, ...]]] = {
        "outbound": (State.WRITING, State.WAITING),
        "inbound": (State.READING,),
        "archive": (State.ACCEPTED, State.PARTLY, State.REJECTED, State.READ),
        "quarantine": (State.QUARANTINED,),
    }

    direction = models.CharField(max_length=3, choices=Direction.choices)
    state = models.CharField(max_length=11, choices=State.choices)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    isa13 = models.CharField("interchange control number", max_length=9, blank=True)
    gs06 = models.CharField("group control number", max_length=9, blank=True)
    happened_at = models.DateTimeField("written or found at")
    # The day and time in the interchange header (YYMMDDHHMM), which a TA1 repeats.
    header_time = models.CharField(max_length=10, blank=True, editable=False)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When the last of its sets was answered, or when it was read or put aside."
    )
    problem = models.CharField(max_length=500, blank=True, help_text="Why it was put aside or could not be written.")
    # The copy in the archive is encrypted under a key of its own, its name is random.
    archive_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    data_key = EncryptedTextField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = "X12 file"
        constraints = [
            # Two workers that look into the folder at once read one file as one.
            models.UniqueConstraint(
                fields=["name", "sha256"], condition=Q(direction="IN", state="READING"), name="x12_file_read_once"
            ),
        ]
        indexes = [
            models.Index(fields=["isa13"], name="x12_file_by_interchange", condition=Q(direction="OUT")),
            models.Index(fields=["gs06"], name="x12_file_by_group", condition=Q(direction="OUT")),
            models.Index(fields=["happened_at"], name="x12_file_unanswered", condition=Q(state="WAITING")),
            models.Index(fields=["state", "-id"], name="x12_file_by_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        """Where it lies; of a file that waits for its answer, until the transfer program has taken it."""
        return next((folder for folder, states in self.FOLDERS.items() if self.state in states), "")

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether nobody has answered it within a day."""
        return self.state == self.State.WAITING and self.happened_at < now - ANSWER_WITHIN


class X12TransactionSet(models.Model):
    """One transaction set of a file of ours: the change it tells, and what the member system said of it."""

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting for an answer"
        ACCEPTED = "ACCEPTED", "Accepted"
        NOTED = "NOTED", "Accepted with errors"
        REJECTED = "REJECTED", "Rejected"

    file = models.ForeignKey(X12File, on_delete=models.CASCADE, related_name="sets")
    change = models.ForeignKey(MemberChange, on_delete=models.CASCADE, related_name="x12_sets")
    st02 = models.CharField("transaction set control number", max_length=9)
    reference = models.CharField("transaction reference", max_length=50, help_text="BGN02, also of a resend.")
    resend = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    note = models.CharField(max_length=500, blank=True, help_text="What was found wrong, by segment and element.")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        X12File, on_delete=models.SET_NULL, null=True, blank=True, related_name="answered_sets"
    )

    class Meta:
        ordering = ["file_id", "id"]
        verbose_name = "X12 transaction set"
        constraints = [models.UniqueConstraint(fields=["file", "st02"], name="x12_set_number_once_in_a_file")]
        indexes = [
            models.Index(fields=["change", "-id"], name="x12_sets_of_change"),
            models.Index(fields=["reference"], name="x12_sets_by_reference"),
        ]

    def __str__(self) -> str:
        return self.st02
