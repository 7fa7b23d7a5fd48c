"""Places as premiums know them: ZIP codes, counties and the rating areas they lie in."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q

from accounts.models.producers import zip_shape
from portal.common.dates import US_STATE_CHOICES

fips_shape = RegexValidator(r"\A\d{5}\Z", "A county's FIPS code has five digits.")


class DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class County(models.Model):
    """A county of one of the five states, known by its FIPS code."""

    fips = models.CharField("FIPS code", max_length=5, primary_key=True, validators=[fips_shape])
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    name = models.CharField(max_length=60, help_text="Without the word County.")

    class Meta:
        ordering = ["us_state", "name"]
        verbose_name_plural = "counties"
        constraints = [models.UniqueConstraint(fields=["us_state", "name"], name="county_once_in_state")]

    def __str__(self) -> str:
        return f"{self.name} County, {self.us_state}"


class ZipCounty(models.Model):
    """A ZIP code reaches into a county; a ZIP code of several counties has several rows."""

    zip = models.CharField("ZIP code", max_length=5, validators=[zip_shape])
    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="zip_codes")
    city = models.CharField(max_length=60)

    class Meta:
        ordering = ["zip", "county"]
        verbose_name = "ZIP code in county"
        verbose_name_plural = "ZIP codes in counties"
        constraints = [models.UniqueConstraint(fields=["zip", "county"], name="zip_once_in_county")]

    def __str__(self) -> str:
        return f"{self.zip} in {self.county_id}"


class RatingArea(models.Model):
    """The rating area of a county from a first to a last day, both inclusive; an empty last day means until further notice."""

    county = models.ForeignKey(County, on_delete=models.CASCADE, related_name="rating_areas")
    number = models.PositiveSmallIntegerField(help_text="As filed: 1 for Rating Area 1.")
    first_day = models.DateField(help_text="First day, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day, inclusive; empty until further notice.")

    class Meta:
        ordering = ["county", "first_day"]
        constraints = [
            models.UniqueConstraint(fields=["county", "first_day"], name="rating_area_once_from_a_day"),
            models.CheckConstraint(
                name="rating_area_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
            ExclusionConstraint(
                name="rating_area_one_a_day",
                expressions=[
                    ("county", RangeOperators.EQUAL),
                    (
                        DateRange("first_day", "last_day", RangeBoundary(inclusive_lower=True, inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.county_id}: area {self.number} from {self.first_day:%m/%d/%Y}"
