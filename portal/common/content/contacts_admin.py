"""Whom to call, in the carrier administration: a product with its lines on one page (ISS_03, ISS_09)."""

from collections import Counter
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.common.admin_base import WrittenHereAdmin
from portal.common.content.models import AgentGroup, ContactLine, ContactProduct
from portal.common.content.models.contacts import phone_shape
from portal.common.content.rules.contacts import phone_digits


class ContactLineForm(forms.ModelForm):
    """A number is taken as people write it; days in the wrong order are said beside the last of them."""

    phone = forms.CharField(
        label="Phone",
        max_length=30,
        help_text="Area code first.",
        widget=forms.TextInput(attrs={"size": 16}),
    )

    def clean_phone(self) -> str:
        digits = phone_digits(self.cleaned_data["phone"])
        phone_shape(digits)
        return digits

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for first, last in (("business_from", "business_until"), ("first_day", "last_day")):
            begins, ends = cleaned.get(first), cleaned.get(last)
            if begins and ends and begins > ends:
                self.add_error(last, "The last day must not be before the first.")
        return cleaned

    def validate_constraints(self) -> None:
        """Both constraints of the table are checked above, with words beside the fields."""


class ContactLineInline(admin.StackedInline):
    model = ContactLine
    form = ContactLineForm
    extra = 1
    fields = (
        ("us_state", "agent_group", "phone"),
        ("business_from", "business_until"),
        ("first_day", "last_day"),
    )
    ordering = ("us_state", "business_until", "pk")


@admin.register(ContactProduct)
class ContactProductAdmin(WrittenHereAdmin):
    """A row of the table on Contact Us; the first one's numbers also stand in emails."""

    list_display = ("label", "order", "hours", "code")
    ordering = ("order", "label")
    editable_fields = ("label", "code", "order", "hours")
    inlines = (ContactLineInline,)

    def audit_id(self, obj: Any) -> str:
        return str(obj.code)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Which fields were changed, here or in a line, and how many lines were added, changed and deleted."""
        fields = {name for part in message for name in part.get("changed", {}).get("fields", [])}
        lines = Counter(what for part in message for what, about in part.items() if "name" in about)
        self._record(request, "admin.changed", obj, fields=sorted(fields), lines=lines)


@admin.register(AgentGroup)
class AgentGroupAdmin(WrittenHereAdmin):
    """Groups with numbers of their own; the label is their row in the table."""

    list_display = ("label", "code")
    ordering: ClassVar[Any] = ("label",)
    editable_fields = ("label", "code")

    def audit_id(self, obj: Any) -> str:
        return str(obj.code)
