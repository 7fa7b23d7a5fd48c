"""Saving a custom report, and changing it (REP_16)."""

from typing import Any

from django import forms

from reporting.forms.builder import dress, mark_errors
from reporting.models import SavedReport
from reporting.rules.periods import PERIODS
from reporting.rules.schedules import DAYS_OF_MONTH, WEEKDAYS
from reporting.services.saved_reports import Choices

Schedule = SavedReport.Schedule
AS_ENTERED = "As they are"


class SavedReportForm(forms.Form):
    """Name, moving dates, sharing and schedule of a custom report."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        error_messages={"required": "Enter a name for the report."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    period = forms.ChoiceField(
        label="Dates",
        required=False,
        help_text="Dates that move are worked out anew each time the report is run.",
        error_messages={
            "required": "Choose one of the periods in the list.",
            "invalid_choice": "Choose one of the periods in the list.",
        },
    )
    shared = forms.BooleanField(
        label="Share with my delegates",
        required=False,
        help_text="Delegates who may see your clients find the report among theirs and run it with their own rights.",
    )
    schedule = forms.ChoiceField(
        label="Run by itself",
        choices=Schedule.choices,
        required=False,
        help_text="You get an email with a link to the finished report. It holds no client's data; you log in to open it.",
        error_messages={"invalid_choice": "Choose one of the schedules in the list."},
    )
    weekday = forms.TypedChoiceField(
        label="Weekday (for every week)",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        required=False,
        error_messages={"invalid_choice": "Choose a weekday."},
    )
    day_of_month = forms.TypedChoiceField(
        label="Day of the month (for every month)",
        choices=[(day, str(day)) for day in DAYS_OF_MONTH],
        coerce=int,
        required=False,
        error_messages={"invalid_choice": "Choose a day from 1 to 28, which every month has."},
    )

    def __init__(self, *args: Any, has_days: bool, days: str = "", may_share: bool, **kwargs: Any) -> None:
        """``has_days``: the report goes by dates; ``days``: those that were entered, in words, if any were."""
        super().__init__(*args, **kwargs)
        if has_days:
            as_entered = [("", f"{AS_ENTERED}: {days}")] if days else []
            choices = [*as_entered, *((period.code, period.label) for period in PERIODS)]
            self.fields["period"].choices = choices  # type: ignore[attr-defined]
            self.fields["period"].required = not days
        else:
            del self.fields["period"]
        if not may_share:
            del self.fields["shared"]
        dress(self)

    def full_clean(self) -> None:
        super().full_clean()
        mark_errors(self)

    def choices(self) -> Choices:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        schedule = data["schedule"]
        days = {Schedule.WEEKLY.value: data["weekday"] or 0, Schedule.MONTHLY.value: data["day_of_month"] or 1}
        return Choices(
            name=data["name"],
            period=data.get("period", ""),
            shared=data.get("shared", False),
            schedule=schedule,
            schedule_day=days.get(schedule, 0),
        )

    @staticmethod
    def initial_of(saved: SavedReport, *, period: str) -> dict[str, Any]:
        """What stands in the form of a report that is to be changed."""
        weekly, monthly = saved.schedule == Schedule.WEEKLY, saved.schedule == Schedule.MONTHLY
        return {
            "name": saved.name,
            "period": period,
            "shared": saved.shared,
            "schedule": saved.schedule,
            "weekday": saved.schedule_day if weekly else 0,
            "day_of_month": saved.schedule_day if monthly else 1,
        }
