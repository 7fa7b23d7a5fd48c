"""What staff type in the administration: resources, news, courses and completions."""

import re
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import slugify

from portal.common.content.models import NewsItem, TrainingCompletion, TrainingCourse
from portal.common.dates import US_STATE_CHOICES, today_in
from portal.common.files.fields import CheckedFileField

LONGEST_BODY = 50_000
YEARS = range(2000, 2101)
NO_FORMAT = "Markdown: # for a heading, **bold**, - for a list, [words](https://...) for a link. No HTML, no pictures."
https_only = URLValidator(schemes=["https"], message="Give a whole address that begins with https://.")


class StatesField(forms.MultipleChoiceField):
    """The states a row is about; none ticked is every state."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=US_STATE_CHOICES,
            required=False,
            help_text="None ticked: every state.",
            **kwargs,
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or ()) != set(data or ())


class HttpsField(forms.CharField):
    """The address of a page elsewhere."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.URLInput(attrs={"class": "vURLField"})
        super().__init__(max_length=200, validators=[https_only], widget=widget, **kwargs)


class BodyField(forms.CharField):
    """A text in Markdown."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 18, "cols": 90, "class": "vLargeTextField"})
        super().__init__(max_length=LONGEST_BODY, help_text=NO_FORMAT, widget=widget, **kwargs)


class DescriptionField(forms.CharField):
    """What lists say about a row."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            max_length=500,
            help_text="One or two sentences for lists.",
            widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        )


def _clean_year(year: int | None) -> int | None:
    if year is not None and year not in YEARS:
        raise ValidationError("Give a year with four digits, such as 2027.")
    return year


class ResourceForm(forms.ModelForm):
    """A file or a link, never both."""

    description = DescriptionField()
    states = StatesField()
    upload = CheckedFileField(required=False, label="File")
    remove_file = forms.BooleanField(
        required=False, label="Remove the present file", help_text="To give a link instead."
    )
    url = HttpsField(required=False, label="Link", help_text="https:// address of a page elsewhere, instead of a file.")

    def clean_plan_year(self) -> int | None:
        return _clean_year(self.cleaned_data["plan_year"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        _days_in_order(self, cleaned)
        if {"upload", "url"} & set(self.errors):
            return cleaned
        kept = self.instance.file_id is not None and not cleaned.get("remove_file")
        has_file = cleaned.get("upload") is not None or kept
        if has_file and cleaned.get("url"):
            self.add_error("url", "Give a file or a link, not both. Empty the link, or remove the present file.")
        elif not has_file and not cleaned.get("url"):
            self.add_error("upload", "Choose a file, or give a link.")
        if cleaned.get("upload") is not None and self.errors:
            self.add_error(
                "upload", "Choose the file again: a browser cannot keep it while other entries are corrected."
            )
        return cleaned

    def validate_constraints(self) -> None:
        """Both constraints of the table are checked above, with words beside the fields."""


def _days_in_order(form: forms.ModelForm, cleaned: dict[str, Any]) -> None:
    first, last = cleaned.get("first_day"), cleaned.get("last_day")
    if first and last and first > last:
        form.add_error("last_day", "The last day must not be before the first.")


class NewsItemForm(forms.ModelForm):
    """The last part of the address is made from the title when it is left empty."""

    states = StatesField()
    body = BodyField()
    slug = forms.SlugField(
        required=False,
        max_length=80,
        label="Address",
        help_text="Last part of its address; left empty, it is made from the title. It stays once the item was published.",
    )
    summary = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        help_text="One or two sentences for lists.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A moment is two boxes, and the label beside them belongs to neither.
        for name in ("published_at", "withdrawn_at"):
            boxes = getattr(self.fields[name].widget, "widgets", ()) if name in self.fields else ()
            for box, part in zip(boxes, ("date", "time"), strict=False):
                box.attrs["aria-label"] = f"{self.fields[name].label}, {part}"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "slug" in self.fields and "title" in cleaned and "slug" not in self.errors:
            cleaned["slug"] = cleaned.get("slug") or free_slug(cleaned["title"])
            taken = NewsItem.objects.filter(slug=cleaned["slug"]).exclude(pk=self.instance.pk).exists()
            if taken:
                self.add_error("slug", "Another item has this address. Choose another one.")
        published, withdrawn = cleaned.get("published_at"), cleaned.get("withdrawn_at")
        if withdrawn and not published:
            self.add_error("withdrawn_at", "An item can be withdrawn only after it was published.")
        elif withdrawn and withdrawn < published:
            self.add_error("withdrawn_at", "It must not be withdrawn before it is published.")
        return cleaned

    def validate_constraints(self) -> None:
        """The constraints of the table are checked above, with words beside the fields."""


def free_slug(title: str) -> str:
    """The title as the last part of an address, with a number when another item has it."""
    longest = 70  # leaves room for the number
    wanted = slugify(title)[:longest].strip("-") or "news"
    family = re.compile(rf"{re.escape(wanted)}(?:-(\d{{1,6}}))?")
    taken = NewsItem.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)
    numbers = [int(found[1] or 1) for slug in taken if (found := family.fullmatch(slug))]
    return f"{wanted}-{max(numbers) + 1}" if numbers else wanted


class CourseForm(forms.ModelForm):
    """A course; its months count for completions recorded from then on."""

    description = DescriptionField()
    states = StatesField()
    body = BodyField(required=False)
    url = HttpsField(required=False, label="Where it is taken", help_text="https:// address of the training site.")

    def clean_plan_year(self) -> int | None:
        return _clean_year(self.cleaned_data["plan_year"])


class CompletionForm(forms.ModelForm):
    """Who completed which course when; until when it counts follows from the course."""

    username = forms.CharField(
        max_length=150,
        help_text="The username of the producer or delegate; upper and lower case do not matter.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    course = forms.ModelChoiceField(queryset=TrainingCourse.objects.defer("body", "search"))

    def clean_username(self) -> str:
        """The person is remembered as ``self.person``."""
        typed = self.cleaned_data["username"].strip()
        self.person = get_user_model()._default_manager.filter(username__iexact=typed).first()
        if self.person is None:
            raise ValidationError("There is no login with this username.")
        return self.person.get_username()

    def clean_completed_on(self) -> date:
        day: date = self.cleaned_data["completed_on"]
        if day > today_in():
            raise ValidationError("The day is in the future.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"username", "course", "completed_on"} <= set(cleaned):
            known = TrainingCompletion.objects.filter(
                user=self.person, course=cleaned["course"], completed_on=cleaned["completed_on"]
            )
            if known.exists():
                self.add_error("completed_on", "This completion is recorded already.")
        return cleaned


class CompletionsFileForm(forms.Form):
    """A CSV file of completions."""

    file = forms.FileField(
        label="CSV file",
        help_text="First line: username,course,completed_on. Days as MM/DD/YYYY. At most 2,000 lines and 1 MB.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
