"""Submit Application, Submission Failed, and the documents of what was submitted (SIG_06, LST_03, LST_08..10)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import AuthenticatedHttpRequest
from clients.idcards.rendering import CannotRender
from enrollment.application_record import documents
from enrollment.application_record.reading import Altered
from enrollment.forms.submission import ConfirmationForm
from enrollment.models import Application, Submission
from enrollment.payments.gateways import is_on
from enrollment.selectors import applications as selector
from enrollment.selectors.submission_checks import Checked, check
from enrollment.services import submission as service
from enrollment.services.submission import Confirmed
from enrollment.wizard.sections import Missing, WizardContext
from portal.common import form_keys
from portal.common.access import Perm, requires
from portal.common.dates import as_text
from portal.common.polling import polled

SUBMITTED = "Application {number} was submitted. The member system has it next; you are told what it answers."
NOT_FAILED = "Application {number} has not failed."
ALTERED = (
    "The answers on file are not those that were submitted, so no document is made of them. Please tell support; the "
    "carrier's staff have to look into it."
)


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_submit(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """What is to be submitted with date and premium of today; sent, it is submitted, or submitted again."""
    row = _application(request, record_number)
    if request.method == "POST":
        form_key = form_keys.readable(request.POST.get("form_key", ""))
        return hand_in(request, row, form_key=form_key, confirmed=ConfirmationForm(request.POST).confirmed)
    if row.status not in service.OPEN or row.withdrawn_at is not None:
        return redirect("enrollment:application", record_number)
    now = timezone.now()
    if missing := service.still_missing(WizardContext(row, request.user, now)):
        return _missing_page(request, row, missing)
    return _confirm_page(request, row, check(row, at=now))


def hand_in(
    request: AuthenticatedHttpRequest, row: Application, *, form_key: str, confirmed: Confirmed | None = None
) -> HttpResponse:
    """Submit the application of a form that has arrived, and lead to what has come of it (LST_01, LST_08).

    Pay Now leads to the payment, after a successful submit only (SIG_05). A page that asked in the background is told where
    to go and, in ``pay``, where the new tab goes.
    """
    next_url, pay_url = _hand_in(request, row, form_key=form_key, confirmed=confirmed)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"next": next_url, "pay": pay_url})
    return redirect(pay_url or next_url)


def _hand_in(
    request: AuthenticatedHttpRequest, row: Application, *, form_key: str, confirmed: Confirmed | None
) -> tuple[str, str]:
    """Where to go next, and where the payment is made; empty without one."""

    def to(name: str) -> str:
        return reverse(f"enrollment:{name}", args=[row.record_number])

    try:
        made = service.submit(
            application=row, by=request.user, at=timezone.now(), form_key=form_key, confirmed=confirmed
        )
    except (service.NotComplete, service.ConfirmationNeeded):
        # Its page says what is missing, or what has changed and is to be confirmed.
        return to("application-submit"), ""
    except service.CannotSubmit as exc:
        messages.error(request, str(exc))
        return to("application"), ""
    if made.outcome == Submission.Outcome.FAILED:
        return to("application-failed"), ""
    messages.success(request, SUBMITTED.format(number=row.record_number))
    row.refresh_from_db(fields=["payment_choice"])
    return to("application"), to("application-pay") if _pays(row) else ""


def _pays(row: Application) -> bool:
    """Whether the Payment Portal opens once it was submitted."""
    return row.payment_choice == Application.PaymentChoice.NOW and is_on()


def _missing_page(request: AuthenticatedHttpRequest, row: Application, missing: Any) -> HttpResponse:
    def line(one: Missing) -> dict[str, str]:
        return {"url": one.url(row), "label": one.label, "sentence": one.sentence}

    context = {"application": row, "missing": [line(one) for one in missing]}
    return render(request, "enrollment/wizard/missing.html", context)


def _confirm_page(request: AuthenticatedHttpRequest, row: Application, checked: Checked) -> HttpResponse:
    first = checked.effective_date
    context = {
        "application": row,
        "to_confirm": checked.to_confirm,
        "facts": [
            ("Applicant Name", selector.applicant_name(row)),
            ("Effective Date", as_text(first)),
            ("Total Monthly Premium", f"${checked.total:,.2f}" if checked.lines else ""),
            ("Product Name", selector.product_name(row)),
        ],
        "why": checked.decision.sentence,
        "citation": checked.decision.citation,
        "effective_date": first.isoformat() if first else "",
        "total": f"{checked.total:.2f}",
        "form_key": form_keys.new_key(),
        "pays": _pays(row),
        "is_again": row.status == Application.Status.FAILED,
    }
    return render(request, "enrollment/submission_confirm.html", context)


@requires(Perm.ENROLL)
@require_safe
def application_failed(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Submission Failed: why, and the two ways on (LST_08, LST_09, LST_10)."""
    row = _application(request, record_number)
    detail = selector.detail_of(request.user, row)
    if row.status != Application.Status.FAILED or detail.submitted is None:
        messages.info(request, NOT_FAILED.format(number=record_number))
        return redirect("enrollment:application", record_number)
    context = {
        "application": row,
        "submission": detail.submitted,
        "note": detail.note,
        "can_resubmit": detail.can_resubmit,
        "help_phone": selector.failed_help_phone(),
        "failed_url": f"{reverse('enrollment:applications')}?tab=failed",
        "form_key": form_keys.new_key(),
        "pays": _pays(row),
    }
    return render(request, "enrollment/submission_failed.html", context)


@polled
@requires(Perm.ENROLL)
@require_safe
def application_state(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The line that says how far the submission is; asked again while it waits for the member system."""
    row = _application(request, record_number)
    return render(request, "components/state_line.html", selector.state_line(row))


# --- documents ---


@requires(Perm.ENROLL)
@require_safe
def application_pdf(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The application as it was submitted last, with every answered field (LST_03)."""
    row, submission = _submitted(request, record_number)
    return _document(request, row, "application_pdf", lambda: documents.application_pdf(submission))


@requires(Perm.ENROLL)
@require_safe
def proof_packet(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Who attested to what, when, under which text, and what was done with the application, chained by hashes."""
    row, _submission = _submitted(request, record_number)
    return _document(request, row, "proof_pdf", lambda: documents.proof_pdf(row, at=timezone.now()))


@requires(Perm.ENROLL)
@require_safe
def proof_file(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The same as lines of JSON, for ``manage.py verify_proof``."""
    row, _submission = _submitted(request, record_number)
    return _document(request, row, "proof_file", lambda: documents.proof_text(row).encode())


KINDS = {
    "application_pdf": ("application-{number}.pdf", "application/pdf"),
    "proof_pdf": ("proof-{number}.pdf", "application/pdf"),
    "proof_file": ("proof-{number}.jsonl", "application/json"),
}


def _document(request: AuthenticatedHttpRequest, row: Application, what: str, make: Any) -> HttpResponse:
    try:
        content = make()
    except CannotRender:
        messages.error(request, documents.UNAVAILABLE)
        return redirect("enrollment:application", row.record_number)
    except Altered:
        messages.error(request, ALTERED)
        return redirect("enrollment:application", row.record_number)
    service.record_downloaded(what, row, by=request.user)
    name, content_type = KINDS[what]
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name.format(number=row.record_number)}"'
    add_never_cache_headers(response)
    return response


def _submitted(request: AuthenticatedHttpRequest, record_number: str) -> tuple[Application, Submission]:
    row = _application(request, record_number)
    submission = selector.last_submission(row)
    if submission is None:
        raise Http404("Never submitted.")
    return row, submission


def _application(request: AuthenticatedHttpRequest, record_number: str) -> Application:
    row = selector.application_for(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    return row
