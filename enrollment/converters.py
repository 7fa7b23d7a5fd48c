"""Parts of this app's addresses."""

from django.urls.converters import StringConverter


class RecordNumberConverter(StringConverter):
    """The number of an application as people know it: A-0638."""

    regex = r"A-[0-9]{4,9}"


class StepConverter(StringConverter):
    """A step of the application (``enrollment.wizard.steps``)."""

    regex = "general|applicant|household|plans|coverage|signatures"
