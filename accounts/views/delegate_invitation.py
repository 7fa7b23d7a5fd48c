"""The link in a delegate's invitation: what it shows to whom, and accepting (HOM_10).

Opening the link uses nothing up, so a mail program that looks at it does no harm. Its secret goes into the session as
a hash and out of the address, so that it stands in no history and no log of later requests, and survives signing in.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sessions
from accounts.forms.delegates import NewLoginForm
from accounts.models import DelegateInvitation, TermsVersion
from accounts.rules.delegate_scopes import labels_of
from accounts.services import delegate_invitations as invitations
from accounts.services import terms as terms_of_use
from accounts.services.delegate_invitations import AlreadyAccepted, CannotAccept, InvitationNotOpen
from accounts.services.delegate_notices import days_text
from portal.common.access import public
from portal.common.throttle import TooOften

SESSION_KEY = "delegate_invitation"
HERE = "accounts:delegate-accept"


@public
@never_cache
@require_safe
def delegate_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take the secret out of the address and go on to the page that answers."""
    request.session[SESSION_KEY] = invitations.hash_of(token)
    return redirect(HERE)


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def delegate_accept(request: HttpRequest) -> HttpResponse:
    """Make a login, or sign in and press Accept; whoever cannot accept is told why."""
    now = timezone.now()
    invitation = invitations.find(request.session.get(SESSION_KEY, ""))
    if invitation is not None and request.user.is_authenticated and invitation.accepted_by_id == request.user.pk:
        messages.info(request, "You have accepted this invitation.")
        return redirect("home")
    if invitation is None or not invitations.is_acceptable(invitation, now):
        return _not_open(request)
    if request.user.is_authenticated:
        return _as_signed_in(request, invitation)
    if invitations.has_login(invitation):
        return _sign_in_first(request, invitation)
    return _as_new_person(request, invitation)


def _not_open(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/delegate_invitation_not_open.html", status=404)


def _page(request: HttpRequest, invitation: DelegateInvitation, **more: Any) -> HttpResponse:
    context = {
        "producer_name": invitation.producer.name,
        "name": invitation.name,
        "rights": labels_of(invitation.scopes),
        "days": days_text(invitation.first_day, invitation.last_day),
        "expires_at": invitation.expires_at,
        "refusal": "",
        "sign_in_url": "",
        "form": None,
        "terms": None,
        **more,
    }
    return render(request, "accounts/delegate_accept.html", context)


def _as_signed_in(request: HttpRequest, invitation: DelegateInvitation) -> HttpResponse:
    person: Any = request.user
    refusal = invitations.why_not(invitation, person)
    if request.method == "POST" and not refusal:
        try:
            invitations.accept(invitation=invitation, by=person, at=timezone.now())
        except AlreadyAccepted:
            pass  # a second click: the same answer as the first
        except InvitationNotOpen:
            return _not_open(request)
        except CannotAccept as exc:
            return _page(request, invitation, refusal=str(exc))
        request.session.pop(SESSION_KEY, None)
        messages.success(request, f"You are now a delegate of {invitation.producer.name}.")
        return redirect("home")
    return _page(request, invitation, refusal=refusal)


def _sign_in_first(request: HttpRequest, invitation: DelegateInvitation) -> HttpResponse:
    sign_in_url = f"{reverse('accounts:login')}?{urlencode({'next': reverse(HERE)})}"
    return _page(request, invitation, sign_in_url=sign_in_url)


def _as_new_person(request: HttpRequest, invitation: DelegateInvitation) -> HttpResponse:
    now = timezone.now()
    terms = terms_of_use.in_force(now)
    if request.method != "POST":
        named = {"first_name": invitation.first_name, "last_name": invitation.last_name}
        return _page(request, invitation, form=NewLoginForm(initial=named, terms=terms), terms=terms)
    form = NewLoginForm(request.POST, terms=terms)
    if form.is_valid():
        try:
            return _made_login(request, invitation, form, terms)
        except InvitationNotOpen:
            return _not_open(request)
        except CannotAccept:
            return redirect(HERE)
        except ValidationError as exc:
            form.add_error(None, exc)
        except TooOften as exc:
            form.add_error(None, str(exc))
    return _page(request, invitation, form=form, terms=terms)


def _made_login(
    request: HttpRequest, invitation: DelegateInvitation, form: NewLoginForm, terms: TermsVersion | None
) -> HttpResponse:
    chosen = form.cleaned_data
    invitations.accept_with_new_login(
        invitation=invitation,
        username=chosen["username"],
        password=chosen["password"],
        first_name=chosen["first_name"],
        last_name=chosen["last_name"],
        terms=terms,
        ip_address=sessions.visitor_of(request).ip_address,
        at=timezone.now(),
    )
    request.session.pop(SESSION_KEY, None)
    messages.success(request, "Your login is ready. Log in with it; a code by email is the second step.")
    return redirect("accounts:login")
