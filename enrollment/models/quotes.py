"""Quotes: a household, a day, a place, and the plans chosen for it (QUO_01..08)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import ProducerNumber
from accounts.models.producers import zip_shape
from accounts.scoping import BookScopedQuerySet
from clients.models import Member, Prospect
from enrollment.models.catalog import Plan
from enrollment.models.geography import County


class Quote(models.Model):
    """What a producer worked out for a household. Written when plans are first viewed; Save gives it a name.

    A quote that was not saved is kept as a draft, so that nothing typed is lost. Scope goes by the writing number.
    """

    class Market(models.TextChoices):
        ON = "ON", "On Exchange"
        OFF = "OFF", "Off Exchange"
        BOTH = "BOTH", "On and Off Exchange"

    class Reason(models.TextChoices):
        OPEN_ENROLLMENT = "OEP", "Open Enrollment"
        SPECIAL_ENROLLMENT = "SEP", "Special Enrollment"

    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="quotes", help_text="Writing number."
    )
    prospect = models.ForeignKey(Prospect, on_delete=models.SET_NULL, null=True, blank=True, related_name="quotes")
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="quotes", help_text="Client quoted for."
    )
    name = models.CharField(max_length=80, blank=True, help_text="Empty until the quote is saved.")
    zip = models.CharField("ZIP code", max_length=5, validators=[zip_shape])
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="quotes")
    market = models.CharField(max_length=4, choices=Market.choices, default=Market.BOTH)
    reason = models.CharField("enrollment period", max_length=3, choices=Reason.choices)
    effective_date = models.DateField(help_text="First day of coverage, inclusive.")
    hardship_exemption = models.BooleanField(
        default=False, help_text="Somebody of 30 or over holds an exemption that opens catastrophic plans."
    )
    form_key = models.CharField(max_length=40, unique=True, help_text="The form it came from; one form, one quote.")
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="quotes_made")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(help_text="Last day, inclusive, on which it can be used.")
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="quotes_deleted"
    )

    objects = BookScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="quote_deleted_at_and_by",
                condition=Q(deleted_at__isnull=True, deleted_by__isnull=True)
                | Q(deleted_at__isnull=False, deleted_by__isnull=False),
            ),
            models.CheckConstraint(name="saved_quote_has_a_name", condition=Q(saved_at__isnull=True) | ~Q(name="")),
        ]
        indexes = [
            models.Index(
                fields=["producer_number", "-updated_at", "-id"],
                name="quotes_of_number",
                condition=Q(deleted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"quote {self.pk}"


class QuotePerson(models.Model):
    """Somebody to be covered. Only the primary applicant must have a name."""

    class Relation(models.TextChoices):
        SELF = "self", "Primary Applicant"
        SPOUSE = "spouse", "Spouse"
        CHILD = "child", "Dependent"

    class Sex(models.TextChoices):
        MALE = "M", "Male"
        FEMALE = "F", "Female"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="people")
    position = models.PositiveSmallIntegerField(help_text="0 is the primary applicant.")
    relation = models.CharField(max_length=6, choices=Relation.choices)
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    date_of_birth = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex.choices, blank=True)
    tobacco = models.BooleanField("tobacco use", default=False)

    class Meta:
        ordering = ["quote", "position"]
        verbose_name_plural = "people of quotes"
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_person_once"),
            models.UniqueConstraint(fields=["quote"], condition=Q(relation="self"), name="quote_has_one_applicant"),
            models.UniqueConstraint(fields=["quote"], condition=Q(relation="spouse"), name="quote_has_one_spouse"),
            models.CheckConstraint(
                name="quote_applicant_first",
                condition=Q(position=0, relation="self") | Q(position__gt=0) & ~Q(relation="self"),
            ),
        ]

    def __str__(self) -> str:
        return f"person {self.position} of quote {self.quote_id}"


class QuotePlan(models.Model):
    """A plan selected for review, with the price that was shown when it was selected."""

    class Market(models.TextChoices):
        ON = "ON", "On Exchange"
        OFF = "OFF", "Off Exchange"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="plans")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="quoted")
    market = models.CharField(max_length=3, choices=Market.choices)
    position = models.PositiveSmallIntegerField()
    chosen = models.BooleanField(default=True, help_text="Ticked on Review Selected Plans.")
    monthly_premium = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="Shown last; worked out anew on each page."
    )

    class Meta:
        ordering = ["quote", "position"]
        constraints = [models.UniqueConstraint(fields=["quote", "plan", "market"], name="quote_plan_once")]

    def __str__(self) -> str:
        return f"plan {self.plan_id} of quote {self.quote_id}"
