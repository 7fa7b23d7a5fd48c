"""What is known about a stored file. Its bytes lie outside the web root under ``key``, never under its name."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.common.crypto import EncryptedTextField


class StoredFile(models.Model):
    """One file, as it was sent. Rows that use it (a document, an attachment, a form to download) point here."""

    class Scan(models.TextChoices):
        NOT_SCANNED = "NOT_SCANNED", "Not scanned (no scanner is set up)"
        PENDING = "PENDING", "Waiting for the malware scan"
        CLEAN = "CLEAN", "No malware found"
        INFECTED = "INFECTED", "Malware found, kept apart"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Random name on the disk.")
    name = models.CharField(max_length=150, help_text="File name as sent, made safe.")
    content_type = models.CharField(max_length=100, help_text="What the bytes are, not what the sender said.")
    size = models.PositiveIntegerField(help_text="Bytes, before encryption.")
    sha256 = models.CharField(max_length=64, help_text="Of the bytes as sent, in hexadecimal.")
    encrypted = models.BooleanField(default=False, help_text="Whether the bytes on the disk are encrypted.")
    data_key = EncryptedTextField(
        null=True,
        blank=True,
        help_text="The key of these bytes alone, under FIELD_ENCRYPTION_KEYS; none when they are not encrypted.",
    )
    scan = models.CharField(max_length=11, choices=Scan.choices, default=Scan.PENDING)
    scanned_at = models.DateTimeField(null=True, blank=True)
    signature = models.CharField(max_length=120, blank=True, help_text="What the scanner called what it found.")
    stored_at = models.DateTimeField(default=timezone.now)
    stored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="stored_files"
    )
    removed_at = models.DateTimeField(null=True, blank=True, help_text="When the bytes were deleted; the row stays.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["stored_by", "-stored_at"], name="files_by_sender"),
            models.Index(fields=["id"], name="files_to_scan", condition=Q(scan="PENDING")),
        ]
        constraints = [
            models.CheckConstraint(
                name="file_scanned_has_moment",
                condition=Q(scan__in=["CLEAN", "INFECTED"], scanned_at__isnull=False)
                | Q(scan__in=["NOT_SCANNED", "PENDING"], scanned_at__isnull=True),
            ),
            models.CheckConstraint(
                name="file_encrypted_has_key",
                condition=Q(encrypted=True, data_key__isnull=False) | Q(encrypted=False, data_key__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"file {self.pk}"

    @property
    def may_be_opened(self) -> bool:
        """Whether anybody may have the bytes: never before the scan, never with malware in them."""
        return self.removed_at is None and self.scan in (self.Scan.CLEAN, self.Scan.NOT_SCANNED)
