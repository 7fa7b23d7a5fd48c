"""Places in the carrier administration: counties, ZIP codes and rating areas, which ``manage.py import_geography`` keeps."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin

from enrollment.admin_catalog import CorrectedAdmin
from enrollment.models import County, RatingArea, ZipCounty
from portal.common.admin_base import WrittenHereAdmin

NEXT_IMPORT = "The next import of places"


class CorrectedPlaceAdmin(CorrectedAdmin, WrittenHereAdmin):
    """Rows that may also be added and deleted: a new ZIP code, a redrawn rating area."""

    def overwritten_by(self, obj: Any) -> str:
        return NEXT_IMPORT


@admin.register(County)
class CountyAdmin(CorrectedAdmin):
    """Kept by ``manage.py import_geography``; the name may be corrected."""

    list_display = ("name", "us_state", "fips")
    list_filter = ("us_state",)
    search_fields = ("fips__exact", "name__istartswith")
    search_help_text = "FIPS code or start of the name"
    ordering = ("us_state", "name")
    readonly_fields = ("zips", "areas", "service_area_codes")
    editable_fields = ("name",)

    @admin.display(description="ZIP codes")
    def zips(self, obj: County) -> str:
        return ", ".join(obj.zip_codes.order_by("zip").values_list("zip", flat=True)) or "None"

    @admin.display(description="rating areas")
    def areas(self, obj: County) -> str:
        return "; ".join(in_words(area) for area in obj.rating_areas.order_by("first_day")) or "None"

    @admin.display(description="service areas")
    def service_area_codes(self, obj: County) -> str:
        areas = obj.service_areas.order_by("-plan_year", "code")
        return ", ".join(f"{area.code} ({area.plan_year})" for area in areas) or "None"

    def overwritten_by(self, obj: County) -> str:
        return NEXT_IMPORT


def in_words(area: RatingArea) -> str:
    until = f" through {area.last_day:%m/%d/%Y}" if area.last_day else ""
    return f"{area.number} from {area.first_day:%m/%d/%Y}{until}"


@admin.register(ZipCounty)
class ZipCountyAdmin(CorrectedPlaceAdmin):
    """A ZIP code that reaches into several counties has a row for each."""

    list_display = ("zip", "county", "city")
    list_filter = ("county__us_state",)
    list_select_related = ("county",)
    search_fields = ("zip__exact", "county__name__istartswith", "county__fips__exact")
    search_help_text = "ZIP code, FIPS code or start of the county's name"
    ordering = ("zip", "county_id")
    editable_fields = ("zip", "county", "city")

    def audit_id(self, obj: ZipCounty) -> str:
        return f"{obj.zip} {obj.county_id}"


class RatingAreaForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        county, first, last = cleaned.get("county"), cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day must not be before the first.")
        elif county and first:
            others = list(county.rating_areas.exclude(pk=self.instance.pk))
            for other in others:
                if first <= (other.last_day or date.max) and other.first_day <= (last or date.max):
                    self.add_error("first_day", f"Overlaps area {in_words(other)}. End that one the day before.")
        return cleaned

    def validate_constraints(self) -> None:
        """The days are checked above, with words beside the fields; the table's own constraints stand behind."""


@admin.register(RatingArea)
class RatingAreaAdmin(CorrectedPlaceAdmin):
    """Dated: where areas are redrawn, the old row gets a last day and a new one begins the day after."""

    form = RatingAreaForm
    list_display = ("county", "number", "first_day", "last_day")
    list_filter = ("county__us_state",)
    list_select_related = ("county",)
    search_fields = ("county__fips__exact", "county__name__istartswith")
    search_help_text = "FIPS code or start of the county's name"
    ordering = ("county_id", "first_day")
    editable_fields = ("county", "number", "first_day", "last_day")

    def audit_id(self, obj: RatingArea) -> str:
        return f"{obj.county_id} from {obj.first_day.isoformat()}"
