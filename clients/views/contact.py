"""Contact Info Change: the form, the confirmation beside what there is, and Finish (CON_01..10)."""

from dataclasses import dataclass
from datetime import date

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from clients.forms.contact import ContactForm, with_what_is_saved
from clients.models import Account, Member, Policy
from clients.rules import contact as rules
from clients.selectors import contact as selectors
from clients.selectors import detail
from clients.selectors.pending_changes import pending_of
from clients.services import contact as service
from portal.common.access import Perm, requires
from portal.common.client_actions import NOT_YOURS_HERE
from portal.common.dates import today_in

LABEL = "Contact Info Change"
ONLY_PRIMARY = "Only the contact information of the primary insured can be changed."
SAVED = "Your updates were successfully saved."
FORM, CONFIRM = "clients/contact_form.html", "clients/contact_confirm.html"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Client:
    """Whose contact information it is; ``policies`` are those on which the person may do this."""

    account: Account
    primary: Member
    policies: list[Policy]
    today: date

    @property
    def page(self) -> str:
        return reverse("clients:detail", args=[self.account.number])


@requires(Perm.CLIENT_SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """The form (GET, Back), the confirmation (Next) and the change itself (Finish), all at one address that names nobody."""
    client = _client(request, account_number)
    reason = rules.why_not(
        account_number=client.account.number or "", statuses=[policy.status for policy in client.policies]
    )
    if reason:
        messages.warning(request, f"{LABEL}: {reason}")
        return redirect(client.page)
    if request.method != "POST":
        return _opened(request, client)
    if request.POST.get("member", str(client.primary.pk)) != str(client.primary.pk):
        raise PermissionDenied(ONLY_PRIMARY)
    standing = service.standing_of(client.primary)
    form = ContactForm(request.POST, standing=standing, cancel_url=client.page)
    step = request.POST.get("step", "next")
    if step == "back" or not form.is_valid():
        return _form_page(request, client, form)
    if step == "finish":
        return _finish(request, client, form)
    return _next(request, client, form)


def _client(request: AuthenticatedHttpRequest, account_number: str) -> _Client:
    """404 for households out of the person's books, 403 where the person may only look."""
    account: Account = get_object_or_404(Account.objects.for_user(request.user), number=account_number)
    primary = selectors.primary_of(request.user, account)
    if primary is None:
        raise Http404("No primary insured in your books.")
    seen = detail.policies_of(request.user, account)
    policies = detail.policies_under(request.user, seen)(Perm.CLIENT_SERVICE)
    if not policies:
        raise PermissionDenied(NOT_YOURS_HERE)
    for policy in policies:
        policy.account = account
    return _Client(account, primary, policies, today_in(account.us_state))


def _opened(request: AuthenticatedHttpRequest, client: _Client) -> HttpResponse:
    """The form as it stands, or as it was when the member system did not accept it."""
    standing = service.standing_of(client.primary)
    refused = selectors.refused_change(request.user, client.account, request.GET.get("again", ""))
    proposed, errors = None, None
    if refused is not None:
        proposed = rules.with_changes(standing.awaited, service.asked_for(refused))
        errors = [(client.primary, selectors.why_refused(refused))]
    service.record_opened(selectors.policy_for_change(client.policies), by=request.user)
    form = ContactForm(standing=standing, cancel_url=client.page, proposed=proposed)
    return _form_page(request, client, form, errors)


def _next(request: AuthenticatedHttpRequest, client: _Client, form: ContactForm) -> HttpResponse:
    standing = form.standing
    if not rules.changed_kinds(standing.awaited, form.wanted()):
        return _form_page(request, client, form, service.NoChange(client.primary).errors)
    if form.cleaned_data["seen"] != standing.stamp:
        return _conflict(request, client, form, service.ChangedMeanwhile(standing))
    return _confirm_page(request, client, form)


def _finish(request: AuthenticatedHttpRequest, client: _Client, form: ContactForm) -> HttpResponse:
    now = timezone.now()
    try:
        service.change(
            member=client.primary,
            policy=selectors.policy_for_change(client.policies),
            wanted=form.wanted(),
            consent=form.consent(at=now),
            seen=form.cleaned_data["seen"],
            form_key=form.cleaned_data["form_key"],
            by=request.user,
            at=now,
        )
    except service.ChangedMeanwhile as exc:
        return _conflict(request, client, form, exc)
    except service.Unsuccessful as exc:
        return _form_page(request, client, form, exc.errors)
    except DatabaseError as exc:
        # Everything was rolled back; what was entered is on the page, to be sent again.
        logger.error("contact change not saved", error=type(exc).__name__)
        return _confirm_page(request, client, form, [(client.primary, service.NOT_SAVED)])
    messages.success(request, SAVED)
    return redirect(client.page)


def _conflict(
    request: AuthenticatedHttpRequest, client: _Client, form: ContactForm, conflict: service.ChangedMeanwhile
) -> HttpResponse:
    compared = with_what_is_saved(form, conflict.standing, str(conflict))
    return _form_page(request, client, compared)


Errors = list[tuple[Member, str]] | None


def _form_page(
    request: AuthenticatedHttpRequest, client: _Client, form: ContactForm, errors: Errors = None
) -> HttpResponse:
    standing = form.standing
    context = {
        **_frame(client, errors),
        "form": form,
        "wait": rules.time_in_words(settings.SYNC_DELAY),
        "pending": pending_of(request.user, client.account),
        "on_their_way": selectors.on_their_way(standing.on_record, standing.awaited),
        "others": selectors.others_on(request.user, client.policies, primary=client.primary, today=client.today),
    }
    return render(request, FORM, context)


def _confirm_page(
    request: AuthenticatedHttpRequest, client: _Client, form: ContactForm, errors: Errors = None
) -> HttpResponse:
    standing = form.standing
    context = {
        **_frame(client, errors),
        "form": form,
        "kept": [field.as_hidden() for field in form],
        "comparison": selectors.comparison(standing.awaited, form.wanted(), form.consent(at=timezone.now())),
        "from_pending": bool(standing.pending),
    }
    return render(request, CONFIRM, context)


def _frame(client: _Client, errors: Errors) -> dict[str, object]:
    """What both pages say: whose it is, the way back, and why the request was unsuccessful, by member (CON_09)."""
    return {
        "primary": client.primary,
        "client_url": client.page,
        "errors": [(f"{member.name} ({member.get_role_display()})", text) for member, text in errors or ()],
        "help_desk": selectors.help_desk_phone(client.account.us_state) if errors else "",
    }
