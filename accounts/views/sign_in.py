"""Signing in and out: password page, "Verify your Account", logout (LOG_01, LOG_02, LOG_05..LOG_09)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import remembered_devices, sessions
from accounts.forms.sign_in import AuthenticatorForm, CodeForm, MethodForm, RecoveryCodeForm, SignInForm
from accounts.models import OneTimeCode, User
from accounts.services import authenticator, devices, one_time_codes, sign_in, typing_patterns
from accounts.services.lockout import Standing
from accounts.services.one_time_codes import CannotSendCode, Check, Destination, Verdict
from accounts.services.sign_in import PendingSignIn
from portal.common import audit
from portal.common.access import public
from portal.common.messaging.delivery import is_held_up
from portal.common.messaging.send import sms_available
from portal.common.models import OutboundMessage
from portal.common.polling import polled
from portal.common.throttle import TooOften

# In the guide's sense (LCK_05); the same for names that do not exist.
NO_MATCH = (
    "We're sorry, this Username/Password combination does not match your account information. Please try again. "
    "After {limit} unsuccessful attempts, your account will be temporarily locked for your protection.{warning} "
    "Please click {links} for help."
)
ONE_MORE = " One more unsuccessful attempt will lock it."
LOCKED = (
    "We're sorry, your account is now temporarily locked as a security precaution due to {limit} unsuccessful login "
    "attempts. Please click {links} for help, or try again in {wait}."
)
LOG_IN_FIRST = (
    "Please log in with your username and password. For your security the verification must follow within "
    f"{sign_in.PENDING_FOR.seconds // 60} minutes."
)
SLOW_AFTER = timedelta(seconds=30)
HELD_UP = (
    "The code could not be sent{to} yet, because the service that delivers it does not answer. It is tried again, but "
    "do not wait for it: use another way to verify now, or call {phone} if you have no other."
)
SHOWN_IN_SECONDS = 90
LOGIN = OneTimeCode.Purpose.LOGIN
AUTHENTICATOR_FORMS: dict[str, type[CodeForm]] = {
    authenticator.TOTP_METHOD: AuthenticatorForm,
    authenticator.RECOVERY_METHOD: RecoveryCodeForm,
}


@dataclass(frozen=True)
class Delivery:
    """What has become of the message with the code, as the page says it (ISS_06)."""

    state: str  # pending, held, slow, done, problem
    text: str

    @property
    def final(self) -> bool:
        return self.state in ("done", "problem")


def _safe_next(request: HttpRequest) -> str:
    """The address asked for, if it is one of ours; otherwise empty."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else ""


def _refusal(check: Check) -> str:
    """What to tell the person about a code that did not open the door, and what to do now."""
    tries = "1 try" if check.tries_left == 1 else f"{check.tries_left} tries"
    return {
        Verdict.WRONG: f"This code is not right. You have {tries} left.",
        Verdict.USED_UP: "There were too many wrong tries, so this code no longer works. Send a new code.",
        Verdict.EXPIRED: f"This code has expired: a code works for {settings.ONE_TIME_CODE_MINUTES} minutes. "
        "Send a new code.",
        Verdict.ALREADY_USED: "This code has already been used. If you are not logged in now, please log in again.",
        Verdict.NOT_SENT: "No code has been sent yet. Choose how to receive one.",
    }[check.verdict]


def _refusal_by_app(check: Check, person: User, now: datetime) -> str:
    """The same for codes that nobody sends."""
    tries = "1 try" if check.tries_left == 1 else f"{check.tries_left} tries"
    next_one = " Wait for the next code of the app and enter that one."
    no_more = "There were too many wrong tries. Use another way, or log in again later."
    return {
        Verdict.WRONG: f"This code is not right, or it has been used before. You have {tries} left."
        + (next_one if check.method == authenticator.TOTP_METHOD else ""),
        Verdict.USED_UP: no_more,
        Verdict.NO_TRIES: no_more,
        Verdict.WAIT: _wait_text(authenticator.standing(person, at=now), now),
        Verdict.CLOSED: authenticator.standing(person, at=now).why_closed,
        Verdict.NOT_SENT: "You have no authenticator app set up. Use another way.",
    }[check.verdict]


def _wait_text(standing: authenticator.Standing, now: datetime) -> str:
    seconds = math.ceil((standing.wait_until - now).total_seconds()) if standing.wait_until else 1
    wait = f"{seconds} seconds" if seconds <= SHOWN_IN_SECONDS else f"{math.ceil(seconds / 60)} minutes"
    return f"After several wrong codes the next one is looked at in {wait}. Wait for it, or use another way."


def _delivery_of(code: OneTimeCode, person: User, now: datetime) -> Delivery:
    masked = {way.method: way.masked for way in one_time_codes.destinations(person)}.get(code.method, "")
    to = f" to {masked}" if masked else ""
    state = code.message.state if code.message else OutboundMessage.State.SENT
    if now >= code.expires_at or code.tries >= settings.ONE_TIME_CODE_TRIES:
        return Delivery("problem", "The code no longer works. Send a new code.")
    if state == OutboundMessage.State.FAILED:
        return Delivery("problem", f"The code could not be sent{to}. Send a new code.")
    if state == OutboundMessage.State.SENT:
        until = timezone.localtime(code.expires_at)
        return Delivery("done", f"The code was sent{to}. It works until {until:%-I:%M %p %Z}.")
    if is_held_up(code.message):
        return Delivery("held", HELD_UP.format(to=to, phone=settings.SUPPORT_PHONE))
    if now >= code.created_at + SLOW_AFTER:
        return Delivery("slow", f"The code is still being sent{to}. It is taking longer than usual.")
    return Delivery("pending", f"The code is being sent{to}.")


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Step one. The right password opens step two and nothing else (LOG_01, LOG_02)."""
    next_url = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request.POST if request.method == "POST" else None, initial={"next": next_url})
    status = 200
    if form.is_valid():
        now = timezone.now()
        visitor = sessions.visitor_of(request)
        username, password = form.cleaned_data["username"], form.cleaned_data["password"]
        try:
            sign_in.count_try(ip_address=visitor.ip_address, at=now)
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            user = sign_in.check_password(username=username, password=password, visitor=visitor, at=now)
            if user is not None:
                return _after_password(request, user, next_url, now)
            sign_in.count_refusal(at=now)
            form.add_error(None, _not_accepted(sign_in.standing(username, at=now), now))
    return render(request, "accounts/login.html", {"form": form}, status=status)


def _after_password(request: HttpRequest, user: User, next_url: str, now: datetime) -> HttpResponse:
    """Step two, unless this browser is excused from it (DEV_01); before it the typing page, once (LOG_03)."""
    pending = sign_in.start(user=user, next_url=next_url, at=now)
    with transaction.atomic():
        known = not typing_patterns.replaces_device(user) and sign_in.finish_with_device(
            pending=pending,
            user=user,
            tokens=remembered_devices.tokens_in(request),
            visitor=sessions.visitor_of(request),
            at=now,
        )
        if known:
            sessions.open_session(request, user, at=now)
            return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    sessions.keep_pending(request.session, pending)
    return redirect("accounts:typing-pattern" if typing_patterns.must_ask(user) else "accounts:verify")


def _not_accepted(standing: Standing, now: datetime) -> str:
    """What a person is told whose username and password were not accepted, with the way out (LCK_05)."""
    links = format_html(
        '<a href="{}">Forgot Username</a> and/or <a href="{}">Forgot Password</a>',
        reverse("accounts:forgot-username"),
        reverse("accounts:forgot-password"),
    )
    limit = settings.LOCKOUT_LIMIT
    if standing.locked_until is None:
        warning = ONE_MORE if standing.failures == limit - 1 else ""
        return format_html(NO_MATCH, limit=limit, links=links, warning=warning)
    minutes = max(1, math.ceil((standing.locked_until - now).total_seconds() / 60))
    wait = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return format_html(LOCKED, limit=limit, links=links, wait=wait)


def pending_person(request: HttpRequest, now: datetime) -> tuple[PendingSignIn, User] | None:
    """Whose second step is open in this browser, if any is."""
    pending = sessions.pending_in(request.session)
    person = sign_in.person_of(pending, at=now) if pending else None
    return (pending, person) if pending and person else None


def back_to_login(request: HttpRequest) -> HttpResponse:
    """For somebody whose second step is not open, or over: log in first."""
    pending = sessions.pending_in(request.session)
    sessions.drop_pending(request.session)
    messages.info(request, LOG_IN_FIRST)
    carried = f"?{urlencode({'next': pending.next_url})}" if pending and pending.next_url else ""
    return redirect(f"{reverse('accounts:login')}{carried}")


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Step two, "Verify your Account": choose a way, get the code, type it (LOG_05..LOG_09)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    now = timezone.now()
    found = pending_person(request, now)
    if found is None:
        return back_to_login(request)
    pending, person = found
    if request.method == "POST" and ("code" in request.POST and (request.POST["code"] or "method" not in request.POST)):
        return _submit_code(request, pending, person, now)
    if request.method == "POST":
        return _choose_way(request, pending, person, now)
    if pending.way == typing_patterns.METHOD and "choose" not in request.GET:
        return redirect("accounts:typing-pattern")
    if pending.way and "choose" not in request.GET:
        return _authenticator_page(request, person, AUTHENTICATOR_FORMS[pending.way]())
    code = one_time_codes.newest(user=person, purpose=LOGIN, attempt_secret=pending.secret)
    if code is None or "choose" in request.GET:
        return _choice_page(request, person)
    return _code_page(request, person, code, CodeForm(), now)


def typing_is_offered(request: HttpRequest, person: User, now: datetime) -> bool:
    """May this person verify by typing in this browser?"""
    tokens, browser = remembered_devices.tokens_in(request), sessions.visitor_of(request).browser
    known = devices.is_known(user=person, tokens=tokens, browser=browser, at=now)
    return typing_patterns.is_offered(person, known_device=known, at=now)


def _ways_of(request: HttpRequest, person: User) -> list[Destination]:
    """Every way to verify: a code that is sent, the typing pattern, the authenticator app, a recovery code (LOG_05)."""
    now = timezone.now()
    by_typing = typing_is_offered(request, person, now)
    without_sending = [*([typing_patterns.METHOD] if by_typing else []), *authenticator.methods_of(person, at=now)]
    return [*one_time_codes.destinations(person), *(Destination(method, "") for method in without_sending)]


def _choose_way(request: HttpRequest, pending: PendingSignIn, person: User, now: datetime) -> HttpResponse:
    form = MethodForm(request.POST, ways=_ways_of(request, person))
    if not form.is_valid():
        return _choice_page(request, person, form)
    method = form.cleaned_data["method"]
    if method == typing_patterns.METHOD:
        sessions.choose_way(request.session, method)
        return redirect("accounts:typing-pattern")
    if method in authenticator.METHODS:
        sessions.choose_way(request.session, method)
        return redirect("accounts:verify")
    sessions.choose_way(request.session, "")
    try:
        one_time_codes.send(user=person, purpose=LOGIN, method=method, attempt_secret=pending.secret, at=now)
    except CannotSendCode as exc:
        messages.error(request, str(exc))
    return redirect("accounts:verify")


def _submit_code(request: HttpRequest, pending: PendingSignIn, person: User, now: datetime) -> HttpResponse:
    """One code, from wherever it comes. In one transaction: if the session cannot be written, it is not used up."""
    visitor = sessions.visitor_of(request)
    way = request.POST.get("method", pending.way)
    form = AUTHENTICATOR_FORMS.get(way, CodeForm)(request.POST)
    status = 200
    if form.is_valid():
        try:
            sign_in.count_code(ip_address=visitor.ip_address, at=now)
        except TooOften as exc:
            form.add_error("code", str(exc))
            status = 429
        else:
            opened = _try_code(request, form, way, pending, person, now)
            if opened is not None:
                return opened
    if way in AUTHENTICATOR_FORMS:
        return _authenticator_page(request, person, form, status)
    code = one_time_codes.newest(user=person, purpose=LOGIN, attempt_secret=pending.secret)
    if code is None:
        return _choice_page(request, person, notice=" ".join(map(str, form.errors.get("code", []))))
    return _code_page(request, person, code, form, now, status)


def _try_code(
    request: HttpRequest, form: CodeForm, way: str, pending: PendingSignIn, person: User, now: datetime
) -> HttpResponse | None:
    """Sign the person in, or say in the form why not."""
    visitor = sessions.visitor_of(request)
    typed, by_app = form.cleaned_data["code"], way in AUTHENTICATOR_FORMS
    left = (
        authenticator.count_try(user=person, attempt_secret=pending.secret, started_at=pending.started_at, at=now)
        if by_app
        else None
    )
    with transaction.atomic():
        check = (
            sign_in.finish_with_authenticator(
                user=person,
                method=way,
                typed=typed,
                tries_left=left,
                visitor=visitor,
                at=now,
                attempt_secret=pending.secret,
            )
            if by_app
            else sign_in.finish(pending=pending, user=person, typed=typed, visitor=visitor, at=now)
        )
        if check.verdict is Verdict.RIGHT:
            sessions.open_session(request, person, at=now)
            response = redirect(pending.next_url or settings.LOGIN_REDIRECT_URL)
            if form.cleaned_data.get("remember"):
                token = devices.remember(user=person, browser=visitor.browser, at=now)
                remembered_devices.keep(request, response, token)
            return response
    form.add_error("code", _refusal_by_app(check, person, now) if by_app else _refusal(check))
    return None


def _choice_page(
    request: HttpRequest, person: User, form: MethodForm | None = None, *, notice: str = ""
) -> HttpResponse:
    ways = _ways_of(request, person)
    context = {
        "form": form or MethodForm(ways=ways),
        "reachable": bool(ways),
        "texts_possible": sms_available(),
        "notice": notice or authenticator.standing(person, at=timezone.now()).why_closed,
    }
    return render(request, "accounts/verify_choose.html", context)


def _authenticator_page(request: HttpRequest, person: User, form: CodeForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "by_app": isinstance(form, AuthenticatorForm),
        "other_ways": len(_ways_of(request, person)) > 1,
    }
    return render(request, "accounts/verify_authenticator.html", context, status=status)


def _code_page(
    request: HttpRequest, person: User, code: OneTimeCode, form: CodeForm, now: datetime, status: int = 200
) -> HttpResponse:
    ways = _ways_of(request, person)
    context = {
        "form": form,
        "delivery": _delivery_of(code, person, now),
        "method": code.method,
        "other_ways": len(ways) > 1,
    }
    return render(request, "accounts/verify_code.html", context, status=status)


@public
@polled
@never_cache
@require_GET
def code_delivery(request: HttpRequest) -> HttpResponse:
    """The delivery state alone, for the page to ask for until it is final. 204 while nothing has changed."""
    now = timezone.now()
    found = pending_person(request, now)
    code = one_time_codes.newest(user=found[1], purpose=LOGIN, attempt_secret=found[0].secret) if found else None
    if found is None or code is None:
        # The verify page knows what to do with somebody who is signed in by now, or whose time is up.
        address = reverse("accounts:verify")
        return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else redirect(address)
    delivery = _delivery_of(code, found[1], now)
    if delivery.state == request.GET.get("shown"):
        return HttpResponse(status=204)
    return render(request, "accounts/verify_code.html#delivery-state", {"delivery": delivery})


@public
@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponseRedirect:
    """End the session on the server. Asked twice, it says the same."""
    if request.user.is_authenticated:
        audit.record("sign_in.ended", by=request.user, object_type="user", object_id=str(request.user.pk))
    auth.logout(request)
    messages.success(request, "You have been logged out.")
    return redirect("accounts:login")
