"""The Privacy Statement, by version (ISS_07). The Terms of Use stand in accounts, with who accepted them."""

from django.db import models


class PrivacyStatement(models.Model):
    """One wording, in Markdown. The newest published one is in force; a published wording never changes."""

    version = models.CharField(max_length=20, unique=True)
    body = models.TextField(help_text="Markdown.")
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is a draft.")

    class Meta:
        ordering = ["-published_at", "-id"]

    def __str__(self) -> str:
        return self.version
