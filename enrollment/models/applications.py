"""Applications for coverage off the exchange."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import ProducerNumber
from accounts.scoping import BookScopedQuerySet
from clients.models import Policy
from enrollment.models.catalog import Plan
from enrollment.models.quotes import Quote, QuotePerson


class Application(models.Model):
    """An enrollment request on its way through the steps of the application (LST_01)."""

    class Status(models.TextChoices):
        INCOMPLETE = "INCOMPLETE", "Incomplete"
        COMPLETED = "COMPLETED", "Completed"
        FAILED = "FAILED", "Failed"

    record_number = models.CharField(max_length=12, unique=True, help_text="The portal's own running number: A-0638.")
    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="applications", help_text="Writing number."
    )
    quote = models.ForeignKey(Quote, on_delete=models.SET_NULL, null=True, blank=True, related_name="applications")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.INCOMPLETE)
    last_step = models.CharField(max_length=10, default="general", help_text="Where to go on.")
    effective_date = models.DateField(null=True, blank=True, help_text="First day of coverage, inclusive.")
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    county = models.ForeignKey("enrollment.County", on_delete=models.PROTECT, null=True, blank=True)
    us_state = models.CharField("state", max_length=2)
    form_key = models.CharField(
        max_length=40, unique=True, help_text="The form it came from; one form, one application."
    )
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="applications_started")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField(help_text="Last day, inclusive, on which a draft can be used.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Taken off the list since; the number stays.")
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="applications_withdrawn"
    )

    objects = BookScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes = [
            models.Index(fields=["producer_number", "status", "-updated_at", "-id"], name="applications_of_number"),
        ]
        constraints = [
            models.CheckConstraint(
                name="application_withdrawn_at_and_by",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(
                name="only_drafts_are_withdrawn", condition=Q(withdrawn_at__isnull=True) | Q(status="INCOMPLETE")
            ),
        ]

    def __str__(self) -> str:
        return self.record_number


class Applicant(models.Model):
    """Somebody to be covered by the application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="applicants")
    position = models.PositiveSmallIntegerField(help_text="0 is the primary applicant.")
    relation = models.CharField(max_length=6, choices=QuotePerson.Relation.choices)
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    date_of_birth = models.DateField()
    sex = models.CharField(max_length=1, choices=QuotePerson.Sex.choices, blank=True)
    tobacco_use = models.BooleanField(default=False)

    class Meta:
        ordering = ["application", "position"]
        constraints = [models.UniqueConstraint(fields=["application", "position"], name="applicant_once")]

    def __str__(self) -> str:
        return f"applicant {self.position} of {self.application_id}"


class ApplicationPlan(models.Model):
    """The medical or the dental plan applied for; at most one of each."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="plans")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="applied_for")
    line = models.CharField(max_length=7, choices=Policy.Line.choices)
    monthly_premium = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["application", "-line"]
        constraints = [models.UniqueConstraint(fields=["application", "line"], name="application_plan_once_a_line")]

    def __str__(self) -> str:
        return f"{self.line} plan of {self.application_id}"
