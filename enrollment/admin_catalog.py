"""Plans, rates and service areas in the carrier administration: looked up and corrected; the catalog itself is imported.

A correction counts until the next import of its plan year, which puts the filed value back; every page that takes one says
so. Each leaves an audit row with the values before and after.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from enrollment.models import CatalogImport, County, Plan, PlanFamilyRate, PlanRate, ServiceArea
from portal.common.admin_base import ReadMostlyAdmin


def as_plain(value: Any) -> Any:
    """A form's value as the audit trail keeps it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, list | tuple | QuerySet):
        return sorted(as_plain(one) for one in value)
    return str(value)


def corrected(form: Any) -> dict[str, dict[str, Any]]:
    """What a correction changed: field to its value before and after."""
    return {
        name: {
            "before": as_plain(form.get_initial_for_field(form.fields[name], name)),
            "after": as_plain(form.cleaned_data.get(name)),
        }
        for name in form.changed_data
    }


class CorrectedAdmin(ReadMostlyAdmin):
    """Imported rows of which some fields may be corrected by hand, with the values before and after in the audit trail."""

    audits_views = False
    change_form_template = "admin/enrollment/correct.html"

    def overwritten_by(self, obj: Any) -> str:
        """Which import puts the filed value back, in words."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What was typed is one phrase: names of plans and counties have blanks in them."""
        if term := search_term.strip():
            found = (Q(**{look_up: term}) for look_up in self.search_fields)
            queryset = queryset.filter(reduce(or_, found))
        return queryset, False

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None and self.has_change_permission(request, obj):
            context["overwritten_by"] = self.overwritten_by(obj)
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Carries the values to ``log_change``, which has no form."""
        return [{"corrected": corrected(form)}]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        values: dict[str, Any] = next((part["corrected"] for part in message if "corrected" in part), {})
        if values:
            self._record(request, "catalog.corrected", obj, values=values)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, f"{self.overwritten_by(obj)} overwrites what was corrected here.", messages.WARNING)
        return super().response_change(request, obj)


class MarketFilter(admin.SimpleListFilter):
    title = "market"
    parameter_name = "market"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ON", "On the exchange"), ("OFF", "Off the exchange")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Plan]) -> QuerySet[Plan]:
        if self.value() == "ON":
            return queryset.filter(on_exchange=True)
        if self.value() == "OFF":
            return queryset.filter(off_exchange=True)
        return queryset


class YearFilter(admin.SimpleListFilter):
    """The years there are plans of; asking the rates for them would read all of them."""

    title = "plan year"
    parameter_name = "year"
    field = "plan_year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        years = Plan.objects.order_by("-plan_year").values_list("plan_year", flat=True).distinct()
        return [(str(year), str(year)) for year in years]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(**{self.field: int(value)}) if value.isdecimal() and len(value) < 5 else queryset


class YearOfRateFilter(YearFilter):
    field = "plan__plan_year"


class PlanForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("on_exchange") is False and cleaned.get("off_exchange") is False:
            self.add_error("off_exchange", "A plan is sold on the exchange, off the exchange, or both.")
        return cleaned


@admin.register(Plan)
class PlanAdmin(CorrectedAdmin):
    """Kept by ``manage.py import_catalog``."""

    form = PlanForm
    list_display = (
        "plan_id",
        "name",
        "plan_year",
        "state",
        "metal_level",
        "network_type",
        "sold",
    )
    list_filter = (
        YearFilter,
        "us_state",
        "line",
        "metal_level",
        MarketFilter,
        "network_type",
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("service_area",)
    search_fields = ("plan_id__exact", "name__istartswith")
    search_help_text = "Plan ID or start of the name"
    ordering = ("-plan_year", "us_state", "line", "plan_id")
    readonly_fields = ("rates_by_area",)
    # Year, ID, state, line and way of rating decide which rates there are; they change with an import only.
    editable_fields = (
        "issuer_name",
        "name",
        "metal_level",
        "network_type",
        "on_exchange",
        "off_exchange",
        "hsa_eligible",
        "child_only",
        "consumer_choice",
        "deductible_individual",
        "deductible_family",
        "moop_individual",
        "moop_family",
        "actuarial_value",
        "primary_care",
        "specialist",
        "emergency_room",
        "generic_drugs",
        "dental_annual_max",
        "most_children_two_parents",
        "most_children_one_parent",
        "most_children_child_only",
        "dependent_max_age",
        "domestic_partner_as_spouse",
        "tobacco_free_months",
    )

    @admin.display(description="state", ordering="us_state")
    def state(self, obj: Plan) -> str:
        return obj.us_state

    @admin.display(description="exchange")
    def sold(self, obj: Plan) -> str:
        if obj.withdrawn_at is not None:
            return "withdrawn"
        return ", ".join({"ON": "on", "OFF": "off"}[market] for market in obj.markets)

    @admin.display(description="rates by rating area")
    def rates_by_area(self, obj: Plan) -> SafeString | str:
        """A link to each area's table: a plan has up to 1,400 rates."""
        family = obj.rating == Plan.Rating.FAMILY
        rows: Any = PlanFamilyRate.objects if family else PlanRate.objects
        areas = rows.filter(plan=obj).order_by("rating_area").values_list("rating_area", flat=True).distinct()
        url = reverse(f"admin:enrollment_{'planfamilyrate' if family else 'planrate'}_changelist")
        return (
            format_html_join(
                " · ",
                '<a href="{}?plan__id__exact={}&amp;area={}">Area {}</a>',
                ((url, obj.pk, area, area) for area in areas),
            )
            or "None"
        )

    def overwritten_by(self, obj: Plan) -> str:
        return f"The next import of {obj.plan_year}"

    def audit_id(self, obj: Plan) -> str:
        return f"{obj.plan_id} {obj.plan_year}"


class AreaFilter(admin.SimpleListFilter):
    """The rating areas of the plan that is looked at, or of the whole catalog."""

    title = "rating area"
    parameter_name = "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        plan = request.GET.get("plan__id__exact", "")
        if not plan.isdecimal():
            return [(str(number), str(number)) for number in range(1, 28)]  # Texas has 27, nobody has more
        rows = model_admin.model._default_manager.filter(plan_id=int(plan[:18]))
        areas = rows.order_by("rating_area").values_list("rating_area", flat=True).distinct()
        return [(str(area), str(area)) for area in areas]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(rating_area=int(value)) if value.isdecimal() and len(value) < 4 else queryset


class RateAdmin(CorrectedAdmin):
    """Rates of a plan, an area at a time: reached from the plan's page."""

    list_filter: ClassVar[Any] = (AreaFilter, YearOfRateFilter)
    list_select_related = ("plan",)
    search_fields = ("plan__plan_id__exact",)
    search_help_text = "Plan ID"
    list_per_page = 60  # one area of one plan

    @admin.display(description="plan")
    def of_plan(self, obj: Any) -> str:
        return f"{obj.plan.plan_id} {obj.plan.plan_year}"

    def overwritten_by(self, obj: Any) -> str:
        return f"The next import of {obj.plan.plan_year}"

    def audit_id(self, obj: Any) -> str:
        return f"{obj.plan.plan_id} {obj.plan.plan_year} area {obj.rating_area}"


class RateForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        rate, tobacco_rate = cleaned.get("rate"), cleaned.get("tobacco_rate")
        if rate is not None and rate <= 0:
            self.add_error("rate", "A rate is more than 0.")
        if rate is not None and tobacco_rate is not None and tobacco_rate < rate:
            self.add_error("tobacco_rate", "Tobacco users do not pay less: leave it empty where there is no load.")
        return cleaned


@admin.register(PlanRate)
class PlanRateAdmin(RateAdmin):
    """Kept by ``manage.py import_catalog``; the rate itself may be corrected."""

    form = RateForm
    list_display = ("ages", "rate", "tobacco_rate", "rating_area", "of_plan")
    ordering = ("plan_id", "rating_area", "first_age")
    editable_fields = ("rate", "tobacco_rate")

    @admin.display(description="ages")
    def ages(self, obj: PlanRate) -> str:
        if obj.first_age == obj.last_age:
            return str(obj.first_age)
        return f"{obj.first_age} and over" if obj.last_age >= 120 else f"{obj.first_age} to {obj.last_age}"

    def audit_id(self, obj: Any) -> str:
        return f"{super().audit_id(obj)} age {obj.first_age}"


FAMILY_RATES = tuple(field.name for field in PlanFamilyRate._meta.concrete_fields[3:])


@admin.register(PlanFamilyRate)
class PlanFamilyRateAdmin(RateAdmin):
    """Kept by ``manage.py import_catalog``; the rates may be corrected."""

    list_display = ("rating_area", "of_plan", *FAMILY_RATES)
    list_display_links = ("rating_area",)
    ordering = ("plan_id", "rating_area")
    editable_fields = FAMILY_RATES


@admin.register(ServiceArea)
class ServiceAreaAdmin(CorrectedAdmin):
    """Kept by ``manage.py import_catalog``; its counties may be corrected."""

    list_display = ("code", "us_state", "plan_year", "county_count")
    list_filter = (YearFilter, "us_state")
    search_fields = ("code__exact",)
    search_help_text = "Code such as TXS01"
    ordering = ("-plan_year", "us_state", "code")
    editable_fields = ("counties",)
    readonly_fields = ("plans_sold_here",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceArea]:
        return super().get_queryset(request).annotate(county_count=Count("counties"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_fields(request, obj), "counties"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The counties of the area's own state, to tick."""
        match = request.resolver_match
        area = self.get_object(request, match.kwargs["object_id"]) if match else None
        if db_field.name == "counties" and area is not None:
            kwargs["queryset"] = County.objects.filter(us_state=area.us_state).order_by("name")
            kwargs["widget"] = forms.CheckboxSelectMultiple
            kwargs["help_text"] = "A county needs rates in its rating area; plans without them are not offered there."
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None:
            field.label_from_instance = lambda county: county.name
        return field

    @admin.display(description="counties")
    def county_count(self, obj: Any) -> int:
        return int(obj.county_count)

    @admin.display(description="plans sold here")
    def plans_sold_here(self, obj: ServiceArea) -> str:
        plans = obj.plans.order_by("plan_id")
        return ", ".join(f"{plan.plan_id} {plan.name}" for plan in plans) or "None"

    def overwritten_by(self, obj: ServiceArea) -> str:
        return f"The next import of {obj.plan_year}"

    def audit_id(self, obj: ServiceArea) -> str:
        return f"{obj.code} {obj.plan_year}"


@admin.register(CatalogImport)
class CatalogImportAdmin(ReadMostlyAdmin):
    """What ``import_catalog`` and ``import_geography`` have taken over, newest first."""

    audits_views = False
    list_display = ("imported_at", "kind", "folder", "years", "changes", "imported_by")
    list_filter = ("kind",)

    @admin.display(description="plan years")
    def years(self, obj: CatalogImport) -> str:
        return ", ".join(str(year) for year in obj.plan_years) or "-"

    @admin.display(description="what was written")
    def changes(self, obj: CatalogImport) -> str:
        counts: Sequence[tuple[str, Any]] = tuple(obj.outcome.items())
        return ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts if isinstance(count, int)) or (
            "Nothing: all of it was there already"
        )
