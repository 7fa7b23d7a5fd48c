"""Forgot Password in four steps: find, method, code, new password (FPW_01..08)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import recovery_sessions, sessions
from accounts.forms.passwords import NewPasswordForm
from accounts.forms.recovery import FindAccountForm, RecoveryCodeForm, RecoveryMethodForm
from accounts.models import User
from accounts.password_validation import checklist
from accounts.services import password_recovery
from accounts.services.one_time_codes import CannotSendCode, Check, Verdict
from accounts.services.password_recovery import Recovery, RecoveryIsOver
from portal.common.access import public
from portal.common.throttle import TooOften

START_AGAIN = "Please start again: the time for choosing a new password is over, or it has been changed meanwhile."
NEW_CODE = "We are sending you a new code. The one before no longer works."
UPDATED = "Your password has been updated. Please log in with your new password."
STEPS = ("Find Account", "Get Verification Code", "Enter Verification Code", "Create New Password")


def _refusal(check: Check) -> str:
    """What to tell the person about a code that was not taken, and what to do now."""
    tries = "1 try" if check.tries_left == 1 else f"{check.tries_left} tries"
    return {
        Verdict.WRONG: f"This code is not right. You have {tries} left.",
        Verdict.USED_UP: "There were too many wrong tries, so this code no longer works. Resend the code.",
        Verdict.EXPIRED: f"This code has expired: a code works for {settings.ONE_TIME_CODE_MINUTES} minutes. "
        "Resend the code.",
        Verdict.NOT_SENT: "This code is not right. Resend the code.",
    }[check.verdict]


def _recovery_of(request: HttpRequest, at: datetime) -> tuple[Recovery, User | None] | None:
    """The open recovery of this browser and its person (``None`` for a decoy), or ``None`` when it is over."""
    recovery = recovery_sessions.recovery_in(request.session)
    try:
        return (recovery, password_recovery.person_of(recovery, at=at)) if recovery else None
    except RecoveryIsOver:
        return None


def _start_again(request: HttpRequest) -> HttpResponse:
    recovery_sessions.drop(request.session)
    messages.info(request, START_AGAIN)
    return redirect("accounts:forgot-password")


def _page(
    request: HttpRequest, template: str, step: int, context: dict[str, object], status: int = 200
) -> HttpResponse:
    return render(request, template, {"step": step, "steps": STEPS, **context}, status=status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Step 1 of 4: the username. The next page comes whether or not it exists (FPW_01)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = FindAccountForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            recovery = password_recovery.find(
                username=form.cleaned_data["username"],
                ip_address=sessions.visitor_of(request).ip_address,
                at=timezone.now(),
            )
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            recovery_sessions.start(request.session, recovery)
            return redirect("accounts:forgot-password-method")
    return _page(request, "accounts/password_find.html", 1, {"form": form}, status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password_method(request: HttpRequest) -> HttpResponse:
    """Step 2 of 4: where the code goes. Posted again from step 3 it sends a new one (FPW_02, FPW_03, FPW_06)."""
    now = timezone.now()
    found = _recovery_of(request, now)
    if found is None:
        return _start_again(request)
    recovery, person = found
    if recovery.proven_at is not None:
        return redirect("accounts:forgot-password-new")
    ways = password_recovery.ways(recovery, person)
    form = RecoveryMethodForm(request.POST if request.method == "POST" else None, ways=ways)
    status = 200
    if form.is_valid():
        try:
            sent = password_recovery.send_code(
                recovery=recovery,
                user=person,
                method=form.cleaned_data["method"],
                ip_address=sessions.visitor_of(request).ip_address,
                at=now,
            )
        except (TooOften, CannotSendCode) as exc:
            form.add_error(None, str(exc))
            status = 429 if isinstance(exc, TooOften) else 200
        else:
            if recovery.sent_at is not None:
                messages.success(request, NEW_CODE)
            recovery_sessions.keep(request.session, sent)
            return redirect("accounts:forgot-password-code")
    context = {
        "form": form,
        "username": recovery.username,
        "by_text": any(way.method == "sms" for way in ways),
        "code_sent": recovery.sent_at is not None,
    }
    return _page(request, "accounts/password_method.html", 2, context, status)


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password_code(request: HttpRequest) -> HttpResponse:
    """Step 3 of 4: the code. A wrong one says so, the right one opens step 4 (FPW_05)."""
    now = timezone.now()
    found = _recovery_of(request, now)
    if found is None:
        return _start_again(request)
    recovery, person = found
    if recovery.proven_at is not None:
        return redirect("accounts:forgot-password-new")
    if recovery.sent_at is None:
        return redirect("accounts:forgot-password-method")
    form = RecoveryCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            password_recovery.count_code(ip_address=sessions.visitor_of(request).ip_address, at=now)
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            check = _check(request, recovery, person, form.cleaned_data["code"], now)
            if check.verdict in (Verdict.RIGHT, Verdict.ALREADY_USED):  # the second: the same form, sent twice
                return redirect("accounts:forgot-password-new")
            form.add_error("code", _refusal(check))
    works_until = timezone.localtime(recovery.sent_at + timedelta(minutes=settings.ONE_TIME_CODE_MINUTES))
    masked = {way.method: way.masked for way in password_recovery.ways(recovery, person)}
    context = {
        "form": form,
        "username": recovery.username,
        "method": recovery.method,
        "masked": masked.get(recovery.method, ""),
        "works_until": f"{works_until:%-I:%M %p %Z}",
    }
    return _page(request, "accounts/password_code.html", 3, context, status)


def _check(request: HttpRequest, recovery: Recovery, person: User | None, typed: str, now: datetime) -> Check:
    # One transaction: if the session cannot be written, the code is not used up, and whoever sends the same form
    # again finds the session as this request leaves it.
    with transaction.atomic():
        after, check = password_recovery.check_code(
            recovery=recovery,
            user=person,
            typed=typed,
            at=now,
        )
        if check.verdict is Verdict.RIGHT:
            recovery_sessions.keep(request.session, after)
            request.session.save()
    return check


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password_new(request: HttpRequest) -> HttpResponse:
    """Step 4 of 4: the new password. Afterwards the person logs in with it, second step included (FPW_07, FPW_08)."""
    now = timezone.now()
    recovery = recovery_sessions.recovery_in(request.session)
    if recovery is None:
        return _start_again(request)
    if recovery.proven_at is None:
        return redirect("accounts:forgot-password-code")
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    status = 200
    try:
        if form.is_valid():
            password_recovery.finish(recovery=recovery, new_password=form.cleaned_data["new_password"], at=now)
            messages.success(request, UPDATED)
            return redirect("accounts:login")
        password_recovery.person_of(recovery, at=now)
    except RecoveryIsOver:
        return _start_again(request)
    except ValidationError as exc:
        form.add_error("new_password", exc)
    except TooOften as exc:
        form.add_error(None, str(exc))
        status = 429
    typed = request.POST.get("new_password")
    context = {"form": form, "username": recovery.username, "rule_columns": checklist(typed)}
    return _page(request, "accounts/password_new.html", 4, context, status)
