"""My Information: who one is, where codes go, and every way into the own account, each with the button that closes it."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import sessions
from accounts.forms.my_information import ConfirmIdentityForm, FirstCodeForm
from accounts.http import AuthenticatedHttpRequest
from accounts.selectors import my_information as selectors
from accounts.services import authenticator, devices, identity, open_sessions
from accounts.services.authenticator import AlreadySetUp, NotStarted, WrongCode
from accounts.services.identity import WrongPassword
from accounts.views import qr_code
from portal.common.access import Perm, requires
from portal.common.throttle import TooOften

View = Callable[..., HttpResponse]
NOT_THERE = "Nothing was changed: this was done already."


def with_fresh_identity(view: View) -> View:
    """Ask for the password again, unless it was given within ten minutes; a POST starts again at the page it is on."""

    @wraps(view)
    def asked(request: AuthenticatedHttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if sessions.identity_is_fresh(request.session, at=timezone.now()):
            return view(request, *args, **kwargs)
        back = urlencode({"next": reverse("accounts:authenticator")})
        return redirect(f"{reverse('accounts:confirm-identity')}?{back}")

    return asked


@requires(Perm.SIGNED_IN)
@require_GET
def my_information(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Own data, producer numbers, where codes go, authenticator, devices, sessions, recent sign-ins."""
    user, now = request.user, timezone.now()
    app = authenticator.device_of(user)
    context = {
        "facts": selectors.facts(user),
        "destinations": selectors.code_destinations(user),
        "numbers": selectors.producer_numbers(user),
        "certifications": selectors.certifications(user, at=now),
        "app_since": app.confirmed_at if app else None,
        "app_closed": authenticator.standing_of(app, at=now).why_closed if app else "",
        "codes_left": authenticator.codes_left(user) if app else 0,
        "typing": selectors.typing_line(user, at=now),
        "devices": selectors.remembered_devices(user, at=now),
        "sessions": selectors.sessions_of(user, session_key=request.session.session_key, at=now),
        "attempts": selectors.recent_attempts(user),
    }
    return render(request, "accounts/my_information.html", context)


@requires(Perm.SIGNED_IN)
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The password once more, then back to where it was needed."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    next_url = wanted if ours else reverse("accounts:my-information")
    form = ConfirmIdentityForm(request.POST if request.method == "POST" else None, initial={"next": next_url})
    status = 200
    if form.is_valid():
        now = timezone.now()
        try:
            identity.confirm(user=request.user, password=form.cleaned_data["password"], at=now)
        except WrongPassword as exc:
            form.add_error("password", str(exc))
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            sessions.note_identity(request.session, at=now)
            return redirect(next_url)
    return render(request, "accounts/identity_confirm.html", {"form": form}, status=status)


# The authenticator app


@requires(Perm.SIGNED_IN)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@with_fresh_identity
def authenticator_app(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Set up with a QR code and a first code, or see that it is set up and remove it."""
    form = FirstCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            codes = authenticator.confirm(user=request.user, typed=form.cleaned_data["code"], at=timezone.now())
        except NotStarted:
            return redirect("accounts:authenticator")
        except WrongCode as exc:
            form.add_error("code", str(exc))
        except TooOften as exc:
            form.add_error("code", str(exc))
            status = 429
        else:
            return _codes_page(request, codes)
    app, pending = authenticator.device_of(request.user), authenticator.pending_of(request.user)
    context = {
        "form": form,
        "app_since": app.confirmed_at if app else None,
        "app_closed": authenticator.standing_of(app, at=timezone.now()).why_closed if app else "",
        "codes_left": authenticator.codes_left(request.user) if app else 0,
        "qr_code": qr_code.as_svg(authenticator.address_of(pending, request.user)) if pending else "",
        "key": _in_fours(pending.secret) if pending else "",
    }
    return render(request, "accounts/authenticator.html", context, status=status)


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The answer to the POST itself: the codes are kept nowhere, so no other page could show them."""
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@requires(Perm.SIGNED_IN)
@require_POST
@with_fresh_identity
def authenticator_start(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Make a new key for the app."""
    try:
        authenticator.start(user=request.user, at=timezone.now())
    except AlreadySetUp:
        messages.info(request, NOT_THERE)
    return redirect("accounts:authenticator")


@requires(Perm.SIGNED_IN)
@require_POST
@with_fresh_identity
def authenticator_remove(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Forget the app and its recovery codes."""
    if authenticator.remove(user=request.user, at=timezone.now()):
        messages.success(
            request, "Your authenticator app was removed. Codes go to your email address or mobile number."
        )
    else:
        messages.info(request, NOT_THERE)
    return redirect("accounts:my-information")


@requires(Perm.SIGNED_IN)
@require_POST
@with_fresh_identity
def recovery_codes_renew(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Ten new recovery codes in place of those before."""
    try:
        return _codes_page(request, authenticator.renew_codes(user=request.user, at=timezone.now()))
    except NotStarted:
        return redirect("accounts:authenticator")


# Remembered devices


@requires(Perm.SIGNED_IN)
@require_GET
def remembered_devices(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Browsers that are excused from the second step."""
    lines = selectors.remembered_devices(request.user, at=timezone.now())
    return render(request, "accounts/devices.html", {"devices": lines})


@requires(Perm.SIGNED_IN)
@require_POST
def device_revoke(request: AuthenticatedHttpRequest, device_id: int) -> HttpResponseRedirect:
    if not devices.revoke(user=request.user, device_id=device_id, at=timezone.now()):
        raise Http404
    messages.success(request, "This device will be asked for a verification code again.")
    return redirect("accounts:devices")


@requires(Perm.SIGNED_IN)
@require_POST
def devices_revoke_all(request: AuthenticatedHttpRequest) -> HttpResponseRedirect:
    if devices.revoke_each(user=request.user, at=timezone.now()):
        messages.success(request, "Every device will be asked for a verification code again.")
    else:
        messages.info(request, NOT_THERE)
    return redirect("accounts:devices")


# Open sessions


@requires(Perm.SIGNED_IN)
@require_POST
def session_end(request: AuthenticatedHttpRequest, session_id: int) -> HttpResponseRedirect:
    """End the session in another browser, at once and on the server."""
    if open_sessions.end(user=request.user, session_id=session_id):
        messages.success(request, "That session was ended.")
    else:
        messages.info(request, "That session had ended already.")
    return redirect("accounts:my-information")


@requires(Perm.SIGNED_IN)
@require_POST
def sessions_end_others(request: AuthenticatedHttpRequest) -> HttpResponseRedirect:
    ended = open_sessions.end_all(user=request.user, by=request.user, except_key=request.session.session_key or "")
    if ended:
        messages.success(request, "You are logged out everywhere but here.")
    else:
        messages.info(request, "You were logged in nowhere else.")
    return redirect("accounts:my-information")
