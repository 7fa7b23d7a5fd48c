"""Texts that applicants agree to or are shown: versioned, some for one state only (AUT_06, AUT_07, SIG_03)."""

from django.db import models
from django.db.models import Q

from portal.common.dates import US_STATE_CHOICES


class ApplicationText(models.Model):
    """One version of one text. A published version never changes: what somebody agreed to can be shown for ever."""

    class Kind(models.TextChoices):
        TERMS = "TERMS", "Terms and Agreements"
        RIGHTS = "RIGHTS", "Know Your Rights When You Replace Coverage"
        PROXY = "PROXY", "Proxy Statement"
        CONSUMER_CHOICE = "CONSUMER_CHOICE", "Consumer Choice Disclosure"
        TEXT_MESSAGES = "TEXT_MESSAGES", "Consent to text messages"
        ELECTRONIC_DELIVERY = "E_DELIVERY", "Electronic delivery"
        AUTOPAY = "AUTOPAY", "Autopay agreement"

    kind = models.CharField(max_length=15, choices=Kind.choices)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES, blank=True, help_text="Empty for all.")
    version = models.CharField(max_length=20)
    body = models.TextField(help_text="Plain text; an empty line between paragraphs, a line in capitals is a heading.")
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "us_state", "-published_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "us_state", "version"], name="application_text_version_once"),
            models.CheckConstraint(name="application_text_is_hashed", condition=~Q(sha256="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.us_state} {self.version}".replace("  ", " ")
