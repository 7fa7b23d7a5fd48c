"""Forgot Username: an email to the mailbox on record, the same answer for everybody (FUN_01..07)."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import recovery_sessions, sessions
from accounts.forms.recovery import ForgotUsernameForm
from accounts.recovery_sessions import UsernameRequest
from accounts.services import username_recovery
from accounts.services.username_recovery import UnlockLinkIsDead
from portal.common.access import public
from portal.common.content.selectors.contacts import contact_table
from portal.common.throttle import TooOften

SENT_AGAIN = "We have sent the email again, if an account exists for this address."
TYPE_AGAIN = "Please enter your email address again."
UNLOCKED = "Your account is unlocked. You can log in now."


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_username(request: HttpRequest) -> HttpResponse:
    """Ask for the mailbox and answer alike whether or not an account has it (FUN_01, FUN_02)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = ForgotUsernameForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        asked = UsernameRequest(form.cleaned_data["email"], form.cleaned_data.get("producer_number", ""))
        try:
            _send(request, asked)
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            recovery_sessions.keep_username_request(request.session, asked)
            return redirect("accounts:forgot-username-sent")
    context = {
        "form": form,
        "with_number": settings.FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER,
        "table": contact_table(at=timezone.now()),
    }
    return render(request, "accounts/username_forgot.html", context, status=status)


def _send(request: HttpRequest, asked: UsernameRequest) -> None:
    username_recovery.send_usernames(
        email=asked.email,
        producer_number=asked.producer_number,
        ip_address=sessions.visitor_of(request).ip_address,
        login_url=request.build_absolute_uri(reverse("accounts:login")),
        unlock_url=lambda token: request.build_absolute_uri(reverse("accounts:unlock", args=[token])),
        at=timezone.now(),
    )


@public
@never_cache
@require_http_methods(["GET", "HEAD"])
def forgot_username_sent(request: HttpRequest) -> HttpResponse:
    """What was done, whom to call, and the button for another email (FUN_02, FUN_04, FUN_05)."""
    asked = recovery_sessions.username_request_in(request.session)
    if asked is None:
        return redirect("accounts:forgot-username")
    context = {"email": asked.email, "table": contact_table(at=timezone.now())}
    return render(request, "accounts/username_sent.html", context)


@public
@never_cache
@require_POST
def resend_username(request: HttpRequest) -> HttpResponse:
    """``Resend Email``: the same once more, within the same limits (FUN_04)."""
    asked = recovery_sessions.username_request_in(request.session)
    if asked is None:
        messages.info(request, TYPE_AGAIN)
        return redirect("accounts:forgot-username")
    try:
        _send(request, asked)
    except TooOften as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, SENT_AGAIN)
    return redirect("accounts:forgot-username-sent")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the email: opening it changes nothing, its button unlocks (LCK_03)."""
    now = timezone.now()
    try:
        if request.method != "POST":
            logins = username_recovery.locked_logins(token, at=now)
            context = {"usernames": [login.username for login in logins], "token": token}
            return render(request, "accounts/unlock.html", context)
        username_recovery.unlock_by_link(token, at=now)
    except UnlockLinkIsDead as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, UNLOCKED)
    return redirect("accounts:login")
