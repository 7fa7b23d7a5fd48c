"""Terms of use, by version, and who accepted which when (REG_02)."""

from django.db import models


class TermsVersion(models.Model):
    """One published wording. The newest published one is in force; an accepted wording never changes."""

    version = models.CharField(max_length=20, unique=True)
    body = models.TextField()
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is a draft.")

    class Meta:
        ordering = ["-published_at", "-id"]

    def __str__(self) -> str:
        return self.version


class TermsAcceptance(models.Model):
    """Somebody pressed Accept: which wording, when, from where."""

    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="terms_acceptances")
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-accepted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "user"], name="terms_accepted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.terms_id}"
