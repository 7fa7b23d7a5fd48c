"""A login of the carrier's staff, as administrators make and change it."""

from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from accounts.forms.contact_fields import PhoneField
from accounts.models import StaffAccount, User
from accounts.rules import usernames
from accounts.services.staff_accounts import UNTIL_FIRST_LOGIN, StaffDetails
from portal.common import staff_roles

ROLE_CHOICES = [("", "Choose a role"), *staff_roles.STANDINGS]


class StaffAccountForm(forms.ModelForm):
    """Only these fields are ever read; what else is sent changes nothing."""

    first_name = forms.CharField(
        label="First name", max_length=150, error_messages={"required": "Enter the first name."}
    )
    last_name = forms.CharField(label="Last name", max_length=150, error_messages={"required": "Enter the last name."})
    email = forms.EmailField(
        label="Email address",
        help_text="Codes go there. It can be changed here until the first login; afterwards its owner changes it.",
        error_messages={"required": "Enter an email address.", "invalid": "Enter a valid email address."},
    )
    mobile = PhoneField(label="Mobile phone", required=False, help_text="For codes by text message. May stay empty.")
    standing = forms.ChoiceField(
        label="Role",
        choices=ROLE_CHOICES,
        help_text=format_html_join(
            mark_safe("<br>"),
            "<strong>{}</strong>: {}",
            ((label, staff_roles.DUTIES[value]) for value, label in staff_roles.STANDINGS),
        ),
        error_messages={"required": "Choose what this person works on."},
    )

    class Meta:
        model = StaffAccount
        fields = ("username", "first_name", "last_name", "email", "mobile", "is_active")
        help_texts: ClassVar = {
            "username": "",
            "is_active": "Without the tick the login is closed, and its sessions end with the next request.",
        }
        error_messages: ClassVar = {"username": {"required": "Choose a username."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        standing = instance.standing if instance is not None else ""
        kwargs["initial"] = {"standing": standing, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if "username" in self.fields:
            self.fields["username"].help_text = usernames.HELP
        if instance is not None and instance.last_login is not None:
            for name in UNTIL_FIRST_LOGIN:
                if name in self.fields:
                    self.fields[name].disabled = True

    def clean_username(self) -> str:
        """A new name in the shape of all usernames, whatever its case in use by nobody (REG_13)."""
        username: str = self.cleaned_data["username"]
        if problem := usernames.problem_with(username):
            raise forms.ValidationError(problem)
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("Somebody else has this username.")
        return username

    def details(self) -> StaffDetails:
        """What was entered, for the service."""
        cleaned = self.cleaned_data
        return StaffDetails(
            **{name: cleaned[name] for name in ("first_name", "last_name", "email", "mobile", "standing")},
            is_active=cleaned.get("is_active", True),
        )

    def _post_clean(self) -> None:
        """The service writes the row; nothing typed is put on it here."""

    def validate_unique(self) -> None:
        """Done above, with words."""
