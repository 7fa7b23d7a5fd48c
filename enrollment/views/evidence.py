"""Papers of an application: the checklist of its life events, with a place to send each (HOM_08)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from enrollment.forms.evidence import AttestationForm, PapersForm
from enrollment.models import Application
from enrollment.selectors import applications as application_selector
from enrollment.selectors import evidence as selector
from enrollment.selectors.evidence import SlotLine
from enrollment.services import evidence as service
from portal.common.access import Perm, requires
from portal.common.files.uploads import UploadRefused
from portal.common.throttle import TooOften

GONE = "This is not asked for any more. Nothing was sent."


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_evidence(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """What is asked for with the application, and what was sent; sends the papers of one slot."""
    row = application_selector.draft_for(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    checklist = selector.checklist_of(row)
    failed = None
    if request.method == "POST":
        slot = next((one for one in checklist.slots if one.key == request.POST.get("slot", "")), None)
        if slot is None or not slot.can_send:
            # Said before already, by the same form: nothing has gone wrong.
            if slot is None or not slot.attested:
                messages.error(request, checklist.why_closed or GONE)
            return redirect(checklist.url)
        slot.form = _form(slot, request)
        if slot.form.is_valid() and _send(request, row, slot, slot.form):
            return redirect(checklist.url)
        failed = slot.form
    for one in checklist.slots:
        if one.can_send and one.form is None:
            one.form = _form(one)
    context = {"application": row, "checklist": checklist, "failed": failed}
    return render(request, "enrollment/application_evidence.html", context)


def _send(
    request: AuthenticatedHttpRequest, row: Application, slot: SlotLine, form: PapersForm | AttestationForm
) -> bool:
    """Keep what was sent and say so; otherwise the message stands beside the field."""
    event_code, _, code = slot.key.partition(":")
    place: dict[str, Any] = {"application": row, "event_code": event_code, "code": code}
    try:
        if isinstance(form, AttestationForm):
            service.attest(**place, by=request.user, at=timezone.now())
            messages.success(request, "The attestation was kept with the application.")
            return True
        sent = service.send(
            **place,
            files=form.cleaned_data["documents"],
            form_key=form.cleaned_data["form_key"],
            by=request.user,
            at=timezone.now(),
        )
    except (service.CannotSend, TooOften, UploadRefused) as exc:
        if isinstance(form, PapersForm):
            form.ask_for_files_again(str(exc))
        else:
            form.add_error("attested", str(exc))
        return False
    numbers = ", ".join(str(document.tracking_number) for document in sent)
    what = "1 file was sent. Tracking number" if len(sent) == 1 else f"{len(sent)} files were sent. Tracking numbers"
    messages.success(
        request, f"{what}: {numbers}. Please retain {'it' if len(sent) == 1 else 'them'} for your records."
    )
    return True


def _form(slot: SlotLine, request: AuthenticatedHttpRequest | None = None) -> PapersForm | AttestationForm:
    sent = (request.POST, request.FILES) if request is not None else ()
    return AttestationForm(*sent, slot=slot) if slot.is_attestation else PapersForm(*sent, slot=slot)
