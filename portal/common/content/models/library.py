"""Resources and news, written by the carrier in the administration (ISS_04, ISS_08)."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from portal.common.content.models.search import Searchable, labels, search_field, words
from portal.common.dates import US_STATE_CHOICES


def states_field() -> ArrayField:
    return ArrayField(
        models.CharField(max_length=2, choices=US_STATE_CHOICES),
        default=list,
        blank=True,
        verbose_name="states",
        help_text="None chosen: every state.",
    )


class ByStateQuerySet(Searchable):
    """Rows that are about some states, or about all."""

    def for_states(self, states: Collection[str]) -> Self:
        """Rows about one of these states or about every state; all rows when no state is named."""
        if not states:
            return self
        return self.filter(Q(states=[]) | Q(states__overlap=sorted(states)))


class ResourceQuerySet(ByStateQuerySet):
    def shown(self, on: date) -> Self:
        """Rows producers see on the day ``on``. A file in which malware was found is not shown."""
        return self.filter(
            Q(first_day__isnull=True) | Q(first_day__lte=on),
            Q(last_day__isnull=True) | Q(last_day__gte=on),
            Q(file__isnull=True) | (Q(file__removed_at__isnull=True) & ~Q(file__scan="INFECTED")),
        )


class Resource(models.Model):
    """A form, brochure, guide or link for producers."""

    class Kind(models.TextChoices):
        FORM = "FORM", "Form"
        GUIDE = "GUIDE", "Guide"
        BROCHURE = "BROCHURE", "Brochure"
        RATES = "RATES", "Rates and benefits"
        LINK = "LINK", "Link"

    class Product(models.TextChoices):
        ACA_MEDICAL = "ACA_MEDICAL", "ACA Medical"
        ACA_DENTAL = "ACA_DENTAL", "ACA Dental"
        MAPD = "MAPD", "MAPD"
        PDP = "PDP", "PDP"
        DSNP = "DSNP", "DSNP"
        MED_SUPP = "MED_SUPP", "Med Supp"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=150)
    description = models.CharField(max_length=500, blank=True)
    form_number = models.CharField(max_length=30, blank=True, help_text="As printed on the form.")
    product = models.CharField(max_length=11, choices=Product.choices, blank=True, help_text="Empty: every product.")
    states = states_field()
    plan_year = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: every year.")
    file = models.ForeignKey(
        "files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="resources"
    )
    url = models.URLField("link", blank=True, help_text="https:// address of a page elsewhere, instead of a file.")
    first_day = models.DateField(null=True, blank=True, help_text="First day it is shown, inclusive; empty: at once.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day it is shown, inclusive; empty: no end.")
    updated_at = models.DateTimeField(auto_now=True)
    search = search_field(
        ("A", words("title")),
        ("A", words("form_number")),
        ("B", labels("kind", Kind.choices)),
        ("B", labels("product", Product.choices)),
        ("C", words("description")),
    )

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["title", "id"]
        indexes = [GinIndex(fields=["search"], name="resource_words")]
        constraints = [
            models.CheckConstraint(
                name="resource_has_file_or_link",
                condition=Q(file__isnull=False, url="") | (Q(file__isnull=True) & ~Q(url="")),
            ),
            models.CheckConstraint(
                name="resource_days_in_order",
                condition=Q(first_day__isnull=True) | Q(last_day__isnull=True) | Q(first_day__lte=F("last_day")),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NewsQuerySet(ByStateQuerySet):
    def published(self, at: datetime) -> Self:
        """Items people can read at the moment ``at``: published by then and not yet withdrawn."""
        return self.filter(Q(published_at__lte=at), Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at))

    def in_reading_order(self) -> Self:
        """Pinned items first, then the newest."""
        return self.order_by("-pinned", "-published_at", "-id")


class NewsItem(models.Model):
    """One piece of news for producers of some states, or all."""

    title = models.CharField(max_length=150)
    slug = models.SlugField(max_length=80, unique=True, help_text="Last part of its address.")
    summary = models.CharField(max_length=300)
    body = models.TextField(help_text="Markdown.")
    states = states_field()
    pinned = models.BooleanField(default=False, help_text="Stays on top of the list.")
    published_at = models.DateTimeField(null=True, blank=True, help_text="Shown from this moment; empty: a draft.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Hidden from this moment on.")
    updated_at = models.DateTimeField(auto_now=True)
    search = search_field(("A", words("title")), ("B", words("summary")), ("C", words("body")))

    objects = NewsQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = "news item"
        indexes = [GinIndex(fields=["search"], name="news_words")]
        constraints = [
            models.CheckConstraint(
                name="news_withdrawn_after_published",
                condition=Q(withdrawn_at__isnull=True)
                | (Q(published_at__isnull=False) & Q(withdrawn_at__gte=F("published_at"))),
            ),
        ]

    def __str__(self) -> str:
        return self.title
