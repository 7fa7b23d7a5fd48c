"""When anybody may enroll: the calendar of each state and plan year."""

from django.db import models
from django.db.models import F, Q

from enrollment.models.published import IN_FORCE, Published, PublishedQuerySet
from portal.common.dates import US_STATE_CHOICES


class OpenEnrollmentPeriod(Published):
    """One row of a calendar: who applies by ``apply_through`` is covered from ``effective_date``. All days are inclusive.

    The rows of a state, a plan year and a channel are one calendar; a calendar is published and replaced as a whole.
    """

    class Channel(models.TextChoices):
        ON = "on", "On Exchange"
        OFF = "off", "Off Exchange"
        BOTH = "both", "On and Off Exchange"

    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    exchange_type = models.CharField(max_length=120)
    plan_year = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=4, choices=Channel.choices)
    first_day = models.DateField(help_text="First day to apply, inclusive.")
    last_day = models.DateField(help_text="Last day to apply, inclusive.")
    apply_through = models.DateField(help_text="Last day to apply, inclusive, for the effective date of this row.")
    effective_date = models.DateField(help_text="First day of coverage, inclusive.")
    confirmed = models.BooleanField(help_text="The state has said so; otherwise the page says that it may change.")
    note = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=250, help_text="Where it was read: a rule, a notice with its date.")

    objects = PublishedQuerySet["OpenEnrollmentPeriod"].as_manager()

    class Meta:
        ordering = ["us_state", "plan_year", "channel", "apply_through"]
        constraints = [
            models.UniqueConstraint(
                fields=["us_state", "plan_year", "channel", "apply_through"],
                condition=IN_FORCE,
                name="open_enrollment_row_once",
            ),
            models.CheckConstraint(
                name="open_enrollment_days_in_order",
                condition=Q(first_day__lte=F("apply_through"), apply_through__lte=F("last_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.us_state} {self.plan_year} {self.channel}, through {self.apply_through:%m/%d/%Y}"
