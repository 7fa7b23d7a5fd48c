"""Payments made on a payment service's pages: what was asked of it, everything it told, and agreements to autopay (PAY)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import ProducerNumber
from accounts.scoping import BookScopedQuerySet
from clients.models import Policy
from enrollment.models.applications import Application
from portal.common.dates import as_text

BANK_ACCOUNT = gettext_noop("Bank account")  # what services call every account; brands of cards are names


class PaymentQuerySet(BookScopedQuerySet["Payment"]):
    def with_related(self) -> "PaymentQuerySet":
        return self.select_related("application", "policy__account", "producer_number__producer", "started_by")


class Payment(models.Model):
    """One session at the payment service, and what became of it. No number of a card or of a bank account is here."""

    class Purpose(models.TextChoices):
        FIRST = "FIRST", "First premium"
        PAST_DUE = "PAST_DUE", "Past due premium"

    class State(models.TextChoices):
        STARTED = "STARTED", "Not completed"
        EXPIRED = "EXPIRED", "Expired"
        HELD = "HELD", "Held until the application is accepted"
        SCHEDULED = "SCHEDULED", "Scheduled"
        CANCELLED = "CANCELLED", "Cancelled"
        SUBMITTED = "SUBMITTED", "Submitted"
        FAILED = "FAILED", "Failed"
        SETTLED = "SETTLED", "Successful"
        RETURNED = "RETURNED", "Returned"

    number = models.CharField(max_length=12, unique=True, help_text="The portal's own running number: P-100001.")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="payments", help_text="Producer of record."
    )
    amount = models.DecimalField(max_digits=10, decimal_places=2, help_text="US dollars, as the payer is shown.")
    amount_may_grow = models.BooleanField(default=False, help_text="Coverage begins in the past (PAY_01).")
    payment_date = models.DateField(help_text="The day shown as Payment Date.")
    due_on = models.DateField(null=True, blank=True, help_text="Last day to pay, inclusive.")
    payer_name = models.CharField(max_length=130)
    payer_email = models.EmailField(blank=True)
    language = models.CharField(max_length=2, default="en")
    hold = models.BooleanField(default=False, help_text="Nothing is taken before the application is accepted (PAY_05).")

    gateway = models.CharField(max_length=60)
    key = models.CharField(max_length=40, unique=True, help_text="Travels with every attempt: one key, one charge.")
    external_id = models.CharField(max_length=120, blank=True, help_text="The service's own number of the session.")
    url = models.URLField(max_length=1000, blank=True)
    session_expires_at = models.DateTimeField(null=True, blank=True)
    return_nonce = models.CharField(max_length=40)
    returned_at = models.DateTimeField(null=True, blank=True, help_text="The link back was used; it opens once.")

    state = models.CharField(max_length=9, choices=State.choices, default=State.STARTED)
    is_current = models.BooleanField(default=True, help_text="The one that counts; those before it ended unpaid.")
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="The application was accepted: it may be taken."
    )
    calls = models.PositiveSmallIntegerField(default=0, help_text="How often release or cancellation was owed.")
    confirmation = models.CharField("confirmation number", max_length=60, blank=True)
    method_kind = models.CharField(max_length=4, blank=True)
    method_label = models.CharField(max_length=40, blank=True, help_text="The brand, or Bank account.")
    method_last4 = models.CharField(max_length=4, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    attention = models.CharField(max_length=200, blank=True, help_text="What somebody of the carrier has to look into.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When the money came, as the service says.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="The service was last asked about it.")
    started_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="payments_started")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="payment_of_one_thing",
                condition=Q(application__isnull=False, policy__isnull=True, purpose="FIRST")
                | Q(application__isnull=True, policy__isnull=False, purpose="PAST_DUE"),
            ),
            models.UniqueConstraint(
                fields=["application"],
                name="one_current_payment_an_application",
                condition=Q(is_current=True, application__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["policy"],
                name="one_current_payment_a_policy",
                condition=Q(is_current=True, policy__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["gateway", "external_id"], name="payment_session_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(name="payment_of_something", condition=Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                name="payments_to_ask_about",
                condition=Q(state__in=["STARTED", "HELD", "SCHEDULED", "SUBMITTED", "SETTLED"]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount_text(self) -> str:
        return f"${self.amount:,.2f}"

    @property
    def method_text(self) -> str:
        """How it was paid, as far as anybody may know: "Visa ending in 4242"."""
        if not self.method_label:
            return ""
        label = gettext(self.method_label)
        return (
            gettext("%(label)s ending in %(last4)s") % {"label": label, "last4": self.method_last4}
            if self.method_last4
            else label
        )

    @property
    def due_text(self) -> str:
        return as_text(self.due_on) if self.due_on else ""

    @property
    def what_for(self) -> str:
        """What is paid, by a number and without a name."""
        return f"Application {self.application.record_number}" if self.application else "Past due premium"


class PaymentEvent(models.Model):
    """One thing a service told of a payment. Rows are only added: the database refuses to change or delete one."""

    class Source(models.TextChoices):
        CALLBACK = "CALLBACK", "Told by the service"
        ASKED = "ASKED", "The service was asked"
        PORTAL = "PORTAL", "Done here"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    gateway = models.CharField(max_length=60)
    event_id = models.CharField(max_length=120)
    told = models.CharField(max_length=10, help_text="The service's word.")
    source = models.CharField(max_length=8, choices=Source.choices)
    at = models.DateTimeField(help_text="When it happened, as the service says.")
    received_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    reason = models.CharField(max_length=200, blank=True)
    state_before = models.CharField(max_length=9, choices=Payment.State.choices)
    state_after = models.CharField(max_length=9, choices=Payment.State.choices)

    class Meta:
        ordering = ["payment", "id"]
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="payment_event_once")]

    def __str__(self) -> str:
        return f"{self.told} of {self.payment_id}"


class MandateQuerySet(BookScopedQuerySet["AutopayMandate"]):
    pass


class AutopayMandate(models.Model):
    """An agreement that later premiums are taken from a bank account (PAY_04); a card has none."""

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", "On"
        REVOKING = "REVOKING", "Being ended"
        REVOKED = "REVOKED", "Ended"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="mandates")
    producer_number = models.ForeignKey(ProducerNumber, on_delete=models.PROTECT, related_name="autopay_mandates")
    gateway = models.CharField(max_length=60)
    external_id = models.CharField(max_length=120)
    bank_last4 = models.CharField(max_length=4, blank=True)
    text_version = models.CharField(max_length=40, help_text="Version of the consent that was agreed to.")
    agreed_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="mandates_revoked"
    )

    objects = MandateQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["gateway", "external_id"], name="mandate_once")]

    def __str__(self) -> str:
        return f"autopay of {self.payment_id}"
