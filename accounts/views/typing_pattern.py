"""The typing pattern: asked for before "Verify your Account", typed as a way to verify, seen and withdrawn (LOG_03..05, LOG_11..13)."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import remembered_devices, sessions
from accounts.forms.typing_pattern import EnrolTypedForm, TypedForm, VerifyTypedForm
from accounts.http import AuthenticatedHttpRequest
from accounts.models import User
from accounts.rules.typing_sentences import NOTICE_VERSION
from accounts.services import devices, sign_in, typing_patterns
from accounts.services.one_time_codes import Verdict
from accounts.services.sign_in import PendingSignIn
from accounts.services.typing_patterns import ENROL, VERIFY, Answer
from accounts.views.sign_in import back_to_login, pending_person, typing_is_offered
from portal.common.access import Perm, public, requires
from portal.common.throttle import TooOften

FORMS: dict[str, type[TypedForm]] = {ENROL: EnrolTypedForm, VERIFY: VerifyTypedForm}


@public
@never_cache
@sensitive_post_parameters("typed")
@require_http_methods(["GET", "HEAD", "POST"])
def typing_pattern(request: HttpRequest) -> HttpResponse:
    """Type the sentence three times: to enrol at the first login (LOG_03), or to verify at a later one (LOG_11)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    now = timezone.now()
    found = pending_person(request, now)
    if found is None:
        return back_to_login(request)
    pending, person = found
    if pending.way == typing_patterns.METHOD:
        if request.method != "POST" and not typing_is_offered(request, person, now):
            return redirect(f"{reverse('accounts:verify')}?choose=1")  # closed, withdrawn or reset meanwhile
        return _asked(request, pending, person, VERIFY)
    if typing_patterns.must_ask(person):
        return _asked(request, pending, person, ENROL)
    return redirect("accounts:verify")


def _asked(request: HttpRequest, pending: PendingSignIn, person: User, purpose: str) -> HttpResponse:
    """The page, or what becomes of its answer."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, pending, person, purpose, FORMS[purpose]())
    form = FORMS[purpose](request.POST)
    if not form.is_valid():
        problem = str(next(iter(form.errors.values()))[0])
        return _page(request, pending, person, purpose, form, problem)
    try:
        sign_in.count_code(ip_address=sessions.visitor_of(request).ip_address, at=now)
        typing_patterns.count_try(user=person, at=now)
    except TooOften as exc:
        return _page(request, pending, person, purpose, form, str(exc), status=429)
    done = _enrol if purpose == ENROL else _verify
    opened, answer = done(request, pending, person, form)
    if opened is not None:
        return opened
    if answer.another_way:
        sessions.choose_way(request.session, "")
        messages.error(request, answer.text)
        return redirect(f"{reverse('accounts:verify')}?choose=1")
    return _page(request, pending, person, purpose, form, answer.text)


def _enrol(
    request: HttpRequest, pending: PendingSignIn, person: User, form: TypedForm
) -> tuple[HttpResponse | None, Answer]:
    answer = typing_patterns.hold(
        user=person,
        attempt_secret=pending.secret,
        attempt_ends_at=pending.ends_at,
        submission=form.submission,
        consented=form.cleaned_data["consent"],
        at=timezone.now(),
    )
    if answer.verdict is not Verdict.RIGHT:
        return None, answer
    messages.success(request, "Your typing was recorded. It counts once you have verified your account with a code.")
    return redirect("accounts:verify"), answer


def _verify(
    request: HttpRequest, pending: PendingSignIn, person: User, form: TypedForm
) -> tuple[HttpResponse | None, Answer]:
    """Sign the person in, or say why not. In one transaction: if the session cannot be written, nothing is used up."""
    now, visitor = timezone.now(), sessions.visitor_of(request)
    with transaction.atomic():
        known = devices.recognise(
            user=person, tokens=remembered_devices.tokens_in(request), browser=visitor.browser, at=now
        )
        answer = sign_in.finish_with_typing(
            pending=pending, user=person, submission=form.submission, known_device=known, visitor=visitor, at=now
        )
        if answer.verdict is not Verdict.RIGHT:
            return None, answer
        sessions.open_session(request, person, at=now)
        response = redirect(pending.next_url or settings.LOGIN_REDIRECT_URL)
        if form.cleaned_data["remember"]:
            token = devices.remember(user=person, browser=visitor.browser, at=now)
            remembered_devices.keep(request, response, token)
    return response, answer


def _page(
    request: HttpRequest,
    pending: PendingSignIn,
    person: User,
    purpose: str,
    form: TypedForm,
    problem: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    challenge = typing_patterns.challenge(
        user=person, attempt_secret=pending.secret, purpose=purpose, at=timezone.now()
    )
    context = {
        "challenge": challenge,
        "lines": range(1, challenge.typings + 1),
        "form": form,
        "problem": problem,
        "keep_days": settings.TYPING_PATTERN_KEEP_DAYS,
    }
    template = "accounts/typing_enrol.html" if purpose == ENROL else "accounts/typing_verify.html"
    return render(request, template, context, status=status)


# Seen and ended by the person


@requires(Perm.SIGNED_IN)
@require_POST
def typing_pattern_withdraw(request: AuthenticatedHttpRequest) -> HttpResponseRedirect:
    """Take the consent back; the pattern is gone at once."""
    if typing_patterns.withdraw(user=request.user, at=timezone.now()):
        messages.success(request, "Your typing pattern was deleted. Codes let you in as before.")
    else:
        messages.info(request, "There was no typing pattern to delete.")
    return redirect("accounts:my-information")


@requires(Perm.SIGNED_IN)
@require_POST
def typing_pattern_ask(request: AuthenticatedHttpRequest) -> HttpResponseRedirect:
    """Be asked for a pattern at the next login, after having skipped it."""
    if typing_patterns.ask_again(user=request.user):
        messages.success(request, "You will be asked for a typing pattern at your next login that takes a code.")
    else:
        messages.info(request, "Nothing was changed. The Service Desk can reset your typing pattern.")
    return redirect("accounts:my-information")


@public
@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """What is kept of a typing pattern, why and how long, for everybody to read before anything is recorded."""
    context = {"keep_days": settings.TYPING_PATTERN_KEEP_DAYS, "version": NOTICE_VERSION}
    return render(request, "accounts/typing_notice.html", context)
