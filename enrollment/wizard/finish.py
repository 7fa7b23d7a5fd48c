"""The last button of the application: Submit Application (SIG_06)."""

from django.http import HttpResponse

from accounts.http import AuthenticatedHttpRequest
from enrollment.views.submission import hand_in
from enrollment.wizard.sections import WizardContext


def finish(request: AuthenticatedHttpRequest, wizard: WizardContext, *, form_key: str) -> HttpResponse:
    """Say what is missing on which step, or hand the application in."""
    return hand_in(request, wizard.application, form_key=form_key)
