"""Whom to call: numbers by state and product, with the days they count for (ISS_03, ISS_09, C25)."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from portal.common.dates import US_STATE_CHOICES

phone_shape = RegexValidator(r"\A\d{10}\Z", "Ten digits, area code first.")


class ContactProduct(models.Model):
    """One row of the contact table, such as Major Medical."""

    code = models.SlugField(max_length=30, unique=True)
    label = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField(
        default=100, help_text="Smallest first. The first product's numbers are producer services, as emails name them."
    )
    hours = models.CharField(
        max_length=120, blank=True, help_text="When these numbers are answered; empty: the hours of the help desk."
    )

    class Meta:
        ordering = ["order", "label", "id"]
        verbose_name = "contact product"

    def __str__(self) -> str:
        return self.label


class AgentGroup(models.Model):
    """A group of producers with lines of its own; lines without a group are for everybody (ISS_09)."""

    code = models.SlugField(max_length=30, unique=True)
    label = models.CharField(max_length=80)

    class Meta:
        ordering = ["label", "id"]

    def __str__(self) -> str:
        return self.label


class ContactLine(models.Model):
    """One telephone number for one product in one state, or in all of them."""

    product = models.ForeignKey(ContactProduct, on_delete=models.PROTECT, related_name="lines")
    us_state = models.CharField(
        "state", max_length=2, choices=US_STATE_CHOICES, blank=True, help_text="Empty: every state."
    )
    agent_group = models.ForeignKey(
        AgentGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lines",
        help_text="Empty: every producer.",
    )
    phone = models.CharField(max_length=10, validators=[phone_shape])
    business_from = models.DateField(
        null=True,
        blank=True,
        help_text="First day, inclusive, of the business this line serves ('on or after'); empty: no first day.",
    )
    business_until = models.DateField(
        null=True,
        blank=True,
        help_text="Last day, inclusive, of the business this line serves ('prior to' is the day after); empty: no end.",
    )
    first_day = models.DateField(null=True, blank=True, help_text="First day the number is shown, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day the number is shown, inclusive.")

    class Meta:
        ordering = ["product__order", "us_state", "business_until", "id"]
        verbose_name = "contact line"
        constraints = [
            models.CheckConstraint(
                name="contact_days_in_order",
                condition=Q(first_day__isnull=True) | Q(last_day__isnull=True) | Q(first_day__lte=F("last_day")),
            ),
            models.CheckConstraint(
                name="contact_business_in_order",
                condition=Q(business_from__isnull=True)
                | Q(business_until__isnull=True)
                | Q(business_from__lte=F("business_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.us_state or 'all states'}"
