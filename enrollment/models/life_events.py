"""Kinds of life events that open special enrollment, as dated rows the carrier drafts and publishes (WIZ_10, WIZ_12)."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from enrollment.models.published import IN_FORCE, Published, PublishedQuerySet
from enrollment.rules.sep_types import Availability, LifeEvent, Rule
from portal.common.dates import US_STATE_CHOICES

code_shape = RegexValidator(r"\A[A-Z][A-Z0-9_]*\Z", "Capital letters, digits and _, such as LOSS_MEC.")

# A window longer than a year is a slip of the hand; the law's longest is 90 days.
MOST_DAYS = 366
# An advance window needs a rule that looks at the day of the event, or coverage could begin before it.
LOOKS_AT_THE_EVENT = (Rule.LATER_OF_EVENT_OR_APPLICATION, Rule.HRA_START)


class LifeEventKindQuerySet(PublishedQuerySet["LifeEventKind"]):
    def in_force(self, us_state: str, day: date) -> "LifeEventKindQuerySet":
        """Published rows in force on ``day`` for the state: its own and those of every state."""
        rows: LifeEventKindQuerySet = self.published()
        return rows.filter(
            Q(last_day__isnull=True) | Q(last_day__gte=day), us_state__in=("", us_state), first_day__lte=day
        )


class LifeEventKind(Published):
    """One kind of life event for a state, or for every state, from one day to another.

    A state's own row takes the place of the row of every state. A published row is never changed: a draft replaces it, and
    it stays with the last day on which it was in force.
    """

    class EffectiveRule(models.TextChoices):
        LATER_OF_EVENT_OR_APPLICATION = (
            Rule.LATER_OF_EVENT_OR_APPLICATION.value,
            "R1: first of the month after the later of event and application",
        )
        EVENT_DATE = Rule.EVENT_DATE.value, "R2: day of the event"
        AFTER_APPLICATION = Rule.AFTER_APPLICATION.value, "R3: first of the month after the application"
        HRA_START = Rule.HRA_START.value, "R4: day the HRA starts, or the first of the next month"
        MANUAL_REVIEW = Rule.MANUAL_REVIEW.value, "R5: set case by case"
        NOT_AVAILABLE = Rule.NOT_AVAILABLE.value, "None: opens no special enrollment"

    class Opens(models.TextChoices):
        YES = Availability.YES.value, "Yes"
        NO = Availability.NO.value, "No"
        OPTION = Availability.OPTION.value, "No: left open by the law and not chosen"

    code = models.CharField(
        max_length=40, validators=[code_shape], help_text="Applications are kept with it: LOSS_MEC, BIRTH."
    )
    us_state = models.CharField("state", max_length=2, choices=[("", "Every state"), *US_STATE_CHOICES], blank=True)
    position = models.PositiveSmallIntegerField(help_text="Place in the list of life events.")
    group = models.CharField(max_length=20)
    label = models.CharField(max_length=160)
    date_label = models.CharField(max_length=60, help_text="What the Date of Event means for this life event.")
    off_exchange = models.CharField(max_length=6, choices=Opens.choices)
    on_exchange = models.CharField(max_length=6, choices=Opens.choices)
    days_before = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text="Days before the event on which the window opens, inclusive.",
    )
    days_after = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text="Days after the event with which the window closes, inclusive.",
    )
    days_after_if_notice_due = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text="The same on exchange where the employer owed a notice of 90 days; empty: no difference.",
    )
    rule = models.CharField("effective date", max_length=30, choices=EffectiveRule.choices)
    elect_after_application = models.BooleanField(
        "may choose the first of the month after the application", default=False
    )
    elect_after_event = models.BooleanField("may choose the first of the month after the event", default=False)
    midmonth = models.BooleanField(
        "first of the month of the event",
        default=False,
        help_text="When applied before that month: coverage begins with the month in which the other coverage ends.",
    )
    needs_prior_coverage = models.BooleanField(default=False, help_text="One day of coverage in the 60 days before.")
    once_a_year = models.BooleanField("once in a calendar year", default=False)
    review = models.BooleanField("date set by review", default=False)
    evidence = models.CharField(max_length=250, blank=True, help_text="What is usually asked as proof.")
    note = models.CharField(max_length=200, blank=True, help_text="Shown with the effective date.")
    remark = models.CharField(max_length=300, blank=True, help_text="For the carrier's staff: what is left open.")
    citation = models.CharField(max_length=160, help_text="Where the trigger stands in the law.")
    first_day = models.DateField(help_text="First day in force for applications, inclusive.")
    last_day = models.DateField(
        null=True, blank=True, help_text="Last day in force for applications, inclusive; empty for open."
    )

    objects = LifeEventKindQuerySet.as_manager()

    class Meta:
        ordering = ["position", "code", "us_state", "first_day"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "us_state", "first_day"], condition=IN_FORCE, name="life_event_kind_once"
            ),
            models.CheckConstraint(
                name="life_event_kind_days_in_order",
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.us_state}".strip()

    def clean(self) -> None:
        """Refuse rows that would give dates no rule allows."""
        wrong: dict[str, Any] = {}
        if self.days_before and self.rule not in LOOKS_AT_THE_EVENT:
            wrong["days_before"] = (
                "Only the rules R1 and R4 go with a window ahead: others could begin before the event."
            )
        if self.rule == Rule.MANUAL_REVIEW and not self.review:
            wrong["review"] = "Rule R5 sets the date by review; tick it."
        if (self.elect_after_application or self.elect_after_event) and self.rule != Rule.EVENT_DATE:
            wrong["rule"] = "Other dates may be chosen with rule R2 only."
        if self.midmonth and self.rule != Rule.LATER_OF_EVENT_OR_APPLICATION:
            wrong["midmonth"] = "This choice goes with rule R1 only."
        if self.first_day and self.last_day and self.last_day < self.first_day:
            wrong["last_day"] = "The last day lies before the first."
        if wrong:
            raise ValidationError(wrong)

    def as_rule_row(self) -> LifeEvent:
        """The row as the rules take it."""
        return LifeEvent(
            code=self.code,
            group=self.group,
            label=self.label,
            date_label=self.date_label,
            off_exchange=Availability(self.off_exchange),
            on_exchange=Availability(self.on_exchange),
            days_before=self.days_before,
            days_after=self.days_after,
            days_after_if_notice_due=self.days_after_if_notice_due,
            rule=Rule(self.rule),
            elect_after_application=self.elect_after_application,
            elect_after_event=self.elect_after_event,
            midmonth=self.midmonth,
            needs_prior_coverage=self.needs_prior_coverage,
            once_a_year=self.once_a_year,
            review=self.review,
            evidence=self.evidence,
            note=self.note,
            citation=self.citation,
        )
