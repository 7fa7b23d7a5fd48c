"""Terms of use, by version, and who accepted which when (REG_02)."""

from django.db import models

from portal.common.content.models.legal import LegalWording


class TermsVersion(LegalWording):
    """One wording people accept when they register: plain text, an empty line between paragraphs."""

    document = "Terms of Use"
    audit_name = "terms"

    @property
    def paragraphs(self) -> list[str]:
        """The text as it is shown; a line's end within a paragraph means nothing."""
        return [part.strip() for part in self.body.replace("\r\n", "\n").split("\n\n") if part.strip()]


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
