"""The Privacy Statement, by version (ISS_07). The Terms of Use stand in accounts, with who accepted them."""

from datetime import datetime
from typing import ClassVar

from django.db import models


class LegalWording(models.Model):
    """One wording of a legal document. The newest published one is in force.

    A published wording never changes and is never deleted: the services refuse it, and so does a database trigger.
    """

    document: ClassVar[str]  # as people know it, such as "Privacy Statement"
    audit_name: ClassVar[str]  # "privacy" in the audit trail's "privacy.published"

    version = models.CharField(max_length=20, unique=True)
    body = models.TextField()
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is a draft.")

    class Meta:
        abstract = True
        ordering = ["-published_at", "-id"]

    def __str__(self) -> str:
        return self.version

    def is_published(self, at: datetime) -> bool:
        """Has it been in force, at ``at`` or before?"""
        return self.published_at is not None and self.published_at <= at


class PrivacyStatement(LegalWording):
    """What is kept about people who use the portal and about clients, why and how long; in Markdown."""

    document = "Privacy Statement"
    audit_name = "privacy"
