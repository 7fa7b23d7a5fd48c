"""The texts of an application on pages of their own (AUT_05, AUT_07)."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import AuthenticatedHttpRequest
from enrollment.models import ApplicationText
from enrollment.selectors.texts import blocks_of, text_in_force
from enrollment.services import drafts
from enrollment.views.wizard_ways import (
    application_of,
    closed,
    step_named,
    step_url,
)
from enrollment.wizard.authorization import Authorize
from enrollment.wizard.sections import WizardContext
from portal.common import form_keys
from portal.common.access import Perm, requires

# Texts by the last part of their address.
TEXTS = {kind.value.lower().replace("_", "-"): kind.value for kind in ApplicationText.Kind}


@requires(Perm.ENROLL)
@require_safe
def application_terms(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Terms and Agreements as a page of its own, for browsers that open no window (AUT_05)."""
    row, here = application_of(request, record_number), step_named("applicant")
    wizard = WizardContext(row, request.user, timezone.now())
    if why := drafts.why_closed(row, today=wizard.today):
        return closed(request, row, why)
    section = Authorize.unsent(wizard)
    context = {
        "application": row,
        "more": section.context(),
        "form_key": form_keys.new_key(),
        "step_url": step_url(row, here),
    }
    return render(request, "enrollment/wizard/terms.html", context)


@requires(Perm.ENROLL)
@require_safe
def application_text(request: AuthenticatedHttpRequest, record_number: str, kind: str) -> HttpResponse:
    """A text of the application to read: the terms accepted, or what is in force now (AUT_07)."""
    row = application_of(request, record_number)
    wizard = WizardContext(row, request.user, timezone.now())
    text = row.terms if kind == "terms" else None
    if text is None:
        try:
            text = text_in_force(TEXTS[kind], row.us_state, wizard.today)
        except (KeyError, ApplicationText.DoesNotExist) as exc:
            raise Http404("No such text.") from exc
    context = {"application": row, "text": text, "blocks": blocks_of(text), "title": text.get_kind_display()}
    return render(request, "enrollment/wizard/text.html", context)
