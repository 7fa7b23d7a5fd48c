"""The plans that are sold, where they are sold and what they cost: one set of rows for each plan year."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from clients.models import Policy
from enrollment.models.geography import County
from portal.common.dates import US_STATE_CHOICES

plan_id_shape = RegexValidator(r"\A\d{5}[A-Z]{2}\d{7}\Z", "Five digits of the issuer, the state, seven digits.")


class ServiceArea(models.Model):
    """The counties in which plans of one year are sold."""

    plan_year = models.PositiveSmallIntegerField()
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    code = models.CharField(max_length=10)
    counties = models.ManyToManyField(County, related_name="service_areas")

    class Meta:
        ordering = ["plan_year", "us_state", "code"]
        constraints = [
            models.UniqueConstraint(fields=["plan_year", "us_state", "code"], name="service_area_once_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.us_state} {self.plan_year})"


class Plan(models.Model):
    """One plan in one plan year, as filed, with the rules by which families are charged."""

    class Metal(models.TextChoices):
        CATASTROPHIC = "Catastrophic"
        BRONZE = "Bronze"
        EXPANDED_BRONZE = "Expanded Bronze"
        SILVER = "Silver"
        GOLD = "Gold"
        PLATINUM = "Platinum"
        HIGH = "High"  # dental
        LOW = "Low"  # dental

    class ChildOnly(models.TextChoices):
        BOTH = "BOTH", "Adults and child-only"
        ADULT = "ADULT", "Adults only"
        CHILD = "CHILD", "Child-only"

    class Rating(models.TextChoices):
        PER_MEMBER = "PER_MEMBER", "Each member's rate is added"
        FAMILY = "FAMILY", "One rate for couples and families"

    plan_year = models.PositiveSmallIntegerField()
    plan_id = models.CharField("plan ID", max_length=14, validators=[plan_id_shape], help_text="Standard component id.")
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    issuer_id = models.CharField("issuer ID", max_length=5)
    issuer_name = models.CharField(max_length=120)
    name = models.CharField("plan name", max_length=160)
    line = models.CharField(max_length=7, choices=Policy.Line.choices)
    metal_level = models.CharField(max_length=15, choices=Metal.choices)
    network_type = models.CharField("plan type", max_length=3, choices=Policy.Network.choices)
    on_exchange = models.BooleanField("sold on the exchange")
    off_exchange = models.BooleanField("sold off the exchange")
    hsa_eligible = models.BooleanField("HSA eligible", null=True, help_text="Unknown where the filing says nothing.")
    child_only = models.CharField(max_length=5, choices=ChildOnly.choices, default=ChildOnly.BOTH)
    service_area = models.ForeignKey(ServiceArea, on_delete=models.PROTECT, related_name="plans")
    consumer_choice = models.BooleanField(
        "Texas Consumer Choice plan", default=False, help_text="Without some state-mandated benefits; to be disclosed."
    )

    # What the member pays
    deductible_individual = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    deductible_family = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    moop_individual = models.DecimalField(
        "maximum out of pocket, individual", max_digits=9, decimal_places=2, null=True, blank=True
    )
    moop_family = models.DecimalField(
        "maximum out of pocket, family", max_digits=9, decimal_places=2, null=True, blank=True
    )
    actuarial_value = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True, help_text="Percent.")
    primary_care = models.CharField(max_length=120, blank=True)
    specialist = models.CharField(max_length=120, blank=True)
    emergency_room = models.CharField(max_length=120, blank=True)
    generic_drugs = models.CharField(max_length=120, blank=True)
    dental_annual_max = models.DecimalField(
        "dental annual maximum", max_digits=9, decimal_places=2, null=True, blank=True
    )

    # How families are charged (45 CFR 147.102(c); dental plans file their own)
    rating = models.CharField(max_length=10, choices=Rating.choices, default=Rating.PER_MEMBER)
    most_children_two_parents = models.PositiveSmallIntegerField(
        "children charged, two parents", default=3, help_text="Of those under 21."
    )
    most_children_one_parent = models.PositiveSmallIntegerField(
        "children charged, one parent", default=3, help_text="Of those under 21."
    )
    most_children_child_only = models.PositiveSmallIntegerField("children charged, child-only contract", default=3)
    dependent_max_age = models.PositiveSmallIntegerField(
        "oldest age of a dependent", default=25, help_text="The last age at which a child is covered as a dependent."
    )
    domestic_partner_as_spouse = models.BooleanField(default=True)
    tobacco_free_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Months without tobacco after which no load applies; empty where none is filed.",
    )
    withdrawn_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the catalog came without it. It is kept because quotes or applications name it, and not sold.",
    )

    class Meta:
        ordering = ["-plan_year", "us_state", "line", "name"]
        constraints = [
            models.UniqueConstraint(fields=["plan_year", "plan_id"], name="plan_once_a_year"),
            models.CheckConstraint(name="plan_sold_somewhere", condition=Q(on_exchange=True) | Q(off_exchange=True)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.plan_id}, {self.plan_year})"

    @property
    def requires_pcp(self) -> bool:
        """Must members choose a primary care provider?"""
        return self.line == Policy.Line.MEDICAL and self.network_type in {Policy.Network.HMO, Policy.Network.POS}

    @property
    def markets(self) -> tuple[str, ...]:
        """Where it is sold: "ON", "OFF" or both."""
        return tuple(market for market, sold in (("ON", self.on_exchange), ("OFF", self.off_exchange)) if sold)


class PlanRate(models.Model):
    """The filed monthly rate of one age band in one rating area; both ages are inclusive."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="rates")
    rating_area = models.PositiveSmallIntegerField()
    first_age = models.PositiveSmallIntegerField()
    last_age = models.PositiveSmallIntegerField(help_text="999 for a band without an upper end.")
    rate = models.DecimalField(max_digits=9, decimal_places=2)
    tobacco_rate = models.DecimalField(
        max_digits=9, decimal_places=2, null=True, blank=True, help_text="Empty where no load is filed."
    )

    class Meta:
        ordering = ["plan", "rating_area", "first_age"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "rating_area", "first_age"],
                name="plan_rate_once",
                include=["last_age", "rate", "tobacco_rate"],
            ),
            models.CheckConstraint(name="plan_rate_ages_in_order", condition=Q(last_age__gte=F("first_age"))),
        ]

    def __str__(self) -> str:
        return f"rating area {self.rating_area}, from age {self.first_age}"


class PlanFamilyRate(models.Model):
    """The filed monthly rates of a plan that charges by the kind of family."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="family_rates")
    rating_area = models.PositiveSmallIntegerField()
    individual = models.DecimalField(max_digits=9, decimal_places=2)
    couple = models.DecimalField(max_digits=9, decimal_places=2)
    one_dependent = models.DecimalField("subscriber and one dependent", max_digits=9, decimal_places=2)
    two_dependents = models.DecimalField("subscriber and two dependents", max_digits=9, decimal_places=2)
    three_dependents = models.DecimalField("subscriber and three or more", max_digits=9, decimal_places=2)
    couple_one_dependent = models.DecimalField("couple and one dependent", max_digits=9, decimal_places=2)
    couple_two_dependents = models.DecimalField("couple and two dependents", max_digits=9, decimal_places=2)
    couple_three_dependents = models.DecimalField("couple and three or more", max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["plan", "rating_area"]
        constraints = [models.UniqueConstraint(fields=["plan", "rating_area"], name="plan_family_rate_once")]

    def __str__(self) -> str:
        return f"rating area {self.rating_area}"


class CatalogImport(models.Model):
    """A folder of plans and rates, or of places, that was taken over. Counts and checksums only."""

    class Kind(models.TextChoices):
        CATALOG = "CATALOG", "Plans and rates"
        GEOGRAPHY = "GEOGRAPHY", "Places"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    folder = models.CharField(max_length=255, help_text="Name of the folder the files were in.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what stands in the files, compressed or not.")
    plan_years = models.JSONField(default=list, help_text="The years that were replaced.")
    lines = models.JSONField(default=dict, help_text="Lines of each file.")
    outcome = models.JSONField(default=dict, help_text="What was written; empty where nothing differed.")
    imported_by = models.CharField(max_length=150, help_text="Who started it.")
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.folder}"
