"""Courses, who completed them and until when the certification lasts (ISS_08)."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from portal.common.content.models.library import ByStateQuerySet, states_field
from portal.common.content.models.search import search_field, words


class CourseQuerySet(ByStateQuerySet):
    def open_to(self, user: Any) -> "CourseQuerySet":
        """Courses offered, and those this person completed while they were."""
        return self.filter(Q(active=True) | Q(pk__in=user.training_completions.values("course_id")))


class TrainingCourse(models.Model):
    """One course. A certification lasts ``valid_months`` from the day of completion, or without end."""

    code = models.SlugField(max_length=40, unique=True, help_text="Last part of its address.")
    title = models.CharField(max_length=150)
    description = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True, help_text="Markdown: what the course is about and how to take it.")
    url = models.URLField("where it is taken", blank=True, help_text="https:// address of the training site.")
    states = states_field()
    plan_year = models.PositiveSmallIntegerField(null=True, blank=True)
    required = models.BooleanField(default=False, help_text="Needed to sell in these states.")
    valid_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text="Empty: does not expire. A change counts for completions recorded from then on.",
    )
    minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How long it takes.")
    active = models.BooleanField(default=True, help_text="Offered. Off: shown only to those who completed it.")
    search = search_field(("A", words("title")), ("B", words("description")), ("C", words("body")))

    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["title", "id"]
        indexes = [GinIndex(fields=["search"], name="course_words")]

    def __str__(self) -> str:
        return self.title


class TrainingCompletion(models.Model):
    """Somebody completed a course; recorded by the carrier. Taking it again is another row."""

    course = models.ForeignKey(TrainingCourse, on_delete=models.PROTECT, related_name="completions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="training_completions")
    completed_on = models.DateField(help_text="Calendar day.")
    expires_on = models.DateField(
        null=True, blank=True, help_text="Last day the certification counts, inclusive; empty: no end."
    )

    class Meta:
        ordering = ["-completed_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["course", "user", "completed_on"], name="completion_once_a_day"),
            models.CheckConstraint(
                name="completion_days_in_order",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("completed_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} by {self.user_id}"
