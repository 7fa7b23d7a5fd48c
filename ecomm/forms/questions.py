"""The forms of an e-question: asking (EQ_01..03), asking again, answering."""

import uuid
from collections.abc import Sequence
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Producer, User
from ecomm.forms.uploads import say_which_to_choose_again, with_upload_help
from ecomm.models import CannedAnswer, EQuestion
from portal.common.files.fields import SeveralFilesField

QUESTION_LIMIT = 1000
ANSWER_LIMIT = 4000
MOST_FILES = 3
FILES_HELP = f"Up to {MOST_FILES} files: PDF, JPG, JPEG, PNG, GIF, TIF or BMP, 10 MB each."


class CountedTextField(forms.CharField):
    """Text of at most ``limit`` characters as the person sees them: a line break is one, however a browser sends it.

    static/portal/counter.js counts the same way while it is typed. The widget has no ``maxlength``: a pasted text that is
    too long is to be shortened by the person, not cut by the browser.
    """

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        self.limit = limit
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8}))
        super().__init__(**kwargs)
        self.widget.attrs["data-counted"] = limit

    def to_python(self, value: Any) -> str:
        return super().to_python(str(value).replace("\r\n", "\n").replace("\r", "\n") if value else value) or ""

    def validate(self, value: str) -> None:
        super().validate(value)
        over = len(value) - self.limit
        if over > 0:
            raise ValidationError(
                f"Shorten this to {self.limit:,} characters: it is {over:,} {'character' if over == 1 else 'characters'} "
                "too long.",
                code="too_long",
            )


class FormKeyField(forms.CharField):
    """Names one showing of a form, so that what arrives twice is one thing."""

    def __init__(self) -> None:
        super().__init__(max_length=32, widget=forms.HiddenInput, initial=lambda: uuid.uuid4().hex)


def _text_input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", **attrs})


def _files_field() -> SeveralFilesField:
    field = SeveralFilesField(label="Attachments", required=False, max_files=MOST_FILES, help_text=FILES_HELP)
    with_upload_help(field)
    return field


def _length_of(name: str) -> int:
    field: Any = EQuestion._meta.get_field(name)
    return int(field.max_length)


class QuestionForm(forms.Form):
    """Submit E-Question. ``producers`` are those the person may write for; several only for a delegate of several."""

    kind = forms.ChoiceField(
        label="Please select type of E-Question",
        choices=EQuestion.Kind.choices,
        initial=EQuestion.Kind.GENERAL,
        widget=forms.RadioSelect,
        error_messages={"required": "Select the type of E-Question.", "invalid_choice": "Select one of the two types."},
    )
    producer = forms.ChoiceField(
        label="For producer",
        help_text="The producer in whose name you ask.",
        error_messages={"required": "Choose for which producer you ask.", "invalid_choice": "Choose from the list."},
    )
    client_first_name = forms.CharField(
        label="Client's First Name",
        max_length=_length_of("client_first_name"),
        widget=_text_input(),
        error_messages={"required": "Enter the client's first name."},
    )
    client_middle_initial = forms.CharField(
        label="MI", max_length=_length_of("client_middle_initial"), required=False, widget=_text_input()
    )
    client_last_name = forms.CharField(
        label="Client's Last Name",
        max_length=_length_of("client_last_name"),
        widget=_text_input(),
        error_messages={"required": "Enter the client's last name."},
    )
    client_id = forms.CharField(
        label="Client ID#",
        max_length=_length_of("client_id"),
        widget=_text_input(),
        help_text="Account number, or the member ID on the card.",
        error_messages={"required": "Enter the Client ID#."},
    )
    subject = forms.CharField(
        label="Subject",
        max_length=_length_of("subject"),
        widget=_text_input(),
        help_text="Also shown in lists: leave out health details.",
        error_messages={"required": "Enter a subject."},
    )
    question = CountedTextField(
        label="Question",
        limit=QUESTION_LIMIT,
        help_text=f"Max limit of {QUESTION_LIMIT} characters",
        error_messages={"required": "Enter your question."},
    )
    attachments = _files_field()
    form_key = FormKeyField()

    OF_MEMBER = ("client_first_name", "client_middle_initial", "client_last_name", "client_id")
    DRAFTED = ("kind", "producer", *OF_MEMBER, "subject", "question")

    def __init__(self, *args: Any, producers: Sequence[Producer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.producers = {str(producer.pk): producer for producer in producers}
        if len(self.producers) > 1:
            choices = [("", "Please select"), *((key, one.name) for key, one in self.producers.items())]
            self.fields["producer"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["producer"]
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.form_class = "question-form"
        self.helper.layout = self._layout()

    def _layout(self) -> Layout:
        intro = HTML(
            "<p>To submit an e-question, fill in the form below and submit your request. You will receive notification "
            'once the e-question is received and processed.</p><p class="form-note">* Denotes a required field.</p>'
        )
        names = Div(
            Div("client_first_name", css_class="col-sm-5"),
            Div("client_middle_initial", css_class="col-sm-2"),
            Div("client_last_name", css_class="col-sm-5"),
            css_class="row gx-3",
        )
        member = Div(
            HTML('<p class="form-note member-note">Fill in these four for a Member Specific E-Question only.</p>'),
            names,
            Div(Div("client_id", css_class="col-sm-5"), css_class="row gx-3"),
            css_class="member-fields",
            role="group",
            aria_label="The client",
        )
        producer = [Div("producer", css_class="form-narrow")] if "producer" in self.fields else []
        submit = StrictButton("Submit", type="submit", css_class="btn-primary")
        return Layout(
            "kind",
            intro,
            *producer,
            member,
            "subject",
            Field("question"),
            "attachments",
            "form_key",
            Div(submit, css_class="form-actions"),
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kind") != EQuestion.Kind.MEMBER:
            # The fields of the client are not shown for a general question: nothing about them counts.
            for name in self.OF_MEMBER:
                self.errors.pop(name, None)
        say_which_to_choose_again(self, "attachments", cleaned.get("attachments", []))
        return cleaned

    def chosen_producer(self) -> Producer:
        """For whom the question is asked; only for a valid form."""
        if "producer" in self.cleaned_data:
            return self.producers[self.cleaned_data["producer"]]
        return next(iter(self.producers.values()))


class FollowUpForm(forms.Form):
    """Asking again in the same thread."""

    question = CountedTextField(
        label="Follow-up question",
        limit=QUESTION_LIMIT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=f"Max limit of {QUESTION_LIMIT} characters",
        error_messages={"required": "Enter your question."},
    )
    attachments = _files_field()
    form_key = FormKeyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        submit = StrictButton("Submit Follow-up", type="submit", css_class="btn-primary")
        self.helper.layout = Layout("question", "attachments", "form_key", Div(submit, css_class="form-actions"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        say_which_to_choose_again(self, "attachments", cleaned.get("attachments", []))
        return cleaned


class AnswerForm(forms.Form):
    """The carrier's answer, with texts to start from."""

    canned = forms.ModelChoiceField(
        label="Canned answer",
        queryset=CannedAnswer.objects.none(),
        required=False,
        empty_label="Choose a text",
        help_text="Insert puts the text at the end of the answer; you can change it before it is sent.",
        error_messages={"invalid_choice": "Choose from the list."},
    )
    answer = CountedTextField(
        label="Answer",
        limit=ANSWER_LIMIT,
        widget=forms.Textarea(attrs={"rows": 10, "cols": 80}),
        help_text=f"At most {ANSWER_LIMIT} characters. The asker reads it in the portal, never in an email.",
        error_messages={"required": "Enter the answer."},
    )
    attachments = SeveralFilesField(
        label="Attachments",
        required=False,
        max_files=MOST_FILES,
        help_text=f"Up to {MOST_FILES} files, which the asker can download. Choose them last: a page that comes back "
        "with a question has forgotten them.",
    )
    form_key = FormKeyField()
    seen_message_id = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["canned"].queryset = CannedAnswer.objects.filter(active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        say_which_to_choose_again(self, "attachments", cleaned.get("attachments", []))
        return cleaned


class StaffChoiceField(forms.ModelChoiceField):
    """Logins of the carrier's staff; one that was closed says so."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj}" if obj.is_active and obj.is_staff else f"{obj} (login closed)"


class AssignForm(forms.Form):
    """Who of the carrier's staff answers. Whoever is ``assigned`` now is listed, even when the login was closed since."""

    assigned_to = StaffChoiceField(
        label="Assigned to",
        queryset=User.objects.none(),
        required=False,
        empty_label="Nobody",
        error_messages={"invalid_choice": "Choose somebody of the carrier's staff."},
    )

    def __init__(self, *args: Any, assigned: User | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {"assigned_to": assigned}
        super().__init__(*args, **kwargs)
        staff = User.objects.staff_who_may("ecomm.change_equestion").filter(is_staff=True)
        offered = staff | User.objects.filter(pk=assigned.pk) if assigned else staff
        self.fields["assigned_to"].queryset = offered.order_by("username")  # type: ignore[attr-defined]
