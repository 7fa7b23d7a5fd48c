"""What was done about a row of the save-the-policy desk: written once, never changed."""

from django.db import models
from django.db.models import Q

from accounts.models import ProducerNumber
from accounts.scoping import BookScopedQuerySet
from clients.models import Policy
from enrollment.models import Application
from portal.common.crypto import EncryptedTextField


class Outreach(models.Model):
    """One call, email or decision about a policy or an application. The newest one says whether the row is snoozed."""

    class Outcome(models.TextChoices):
        NO_ANSWER = "NO_ANSWER", "No answer"
        LEFT_MESSAGE = "LEFT_MESSAGE", "Left a message"
        SENT_EMAIL = "SENT_EMAIL", "Sent an email"
        SENT_TEXT = "SENT_TEXT", "Sent a text message"
        WILL_PAY = "WILL_PAY", "Will pay"
        SAYS_PAID = "SAYS_PAID", "Says it is paid"
        WILL_SEND = "WILL_SEND", "Will send or finish what is wanted"
        DECLINED = "DECLINED", "Does not want to keep it"
        WRONG_CONTACT = "WRONG_CONTACT", "Wrong number or address"
        OTHER = "OTHER", "Something else"
        BACK = "BACK", "Put back on the list"

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, blank=True, related_name="outreach")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="outreach"
    )
    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="outreach", help_text="In whose book it was done."
    )
    why = models.CharField(max_length=20, blank=True, help_text="Why the row stood on the list; empty when it did not.")
    outcome = models.CharField(max_length=13, choices=Outcome.choices)
    note = EncryptedTextField(null=True, blank=True)
    snoozed_until = models.DateField(
        null=True, blank=True, help_text="Day on which the row is back on the list; empty: it stays on it."
    )
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="outreach")
    at = models.DateTimeField()
    form_key = models.CharField(max_length=80, unique=True, help_text="One form writes one row.")

    objects = BookScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "outreach"
        indexes = [
            models.Index(fields=["producer_number", "at"], name="outreach_of_book"),
            models.Index(fields=["policy", "-id"], name="outreach_of_policy"),
            models.Index(fields=["application", "-id"], name="outreach_of_application"),
        ]
        constraints = [
            models.CheckConstraint(
                name="outreach_about_one_thing",
                condition=Q(policy__isnull=False, application__isnull=True)
                | Q(policy__isnull=True, application__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"outreach {self.pk}"
