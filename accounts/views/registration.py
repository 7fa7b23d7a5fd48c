"""Registering: terms of use, then three steps with the producer record (REG_01..19)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import registration_drafts as drafts
from accounts import sessions
from accounts.forms.registration import CreateLoginForm, ProducerInformationForm
from accounts.models import Producer, TermsVersion, User
from accounts.registration_drafts import RegistrationDraft
from accounts.rules.contact_masks import mask_email
from accounts.services import registration
from accounts.services import terms as terms_of_use
from accounts.services.registration import AlreadyRegistered, Link, LinkState, LinkTo, NoMatch, TooManyLinks
from portal.common import throttle
from portal.common.access import Perm, public
from portal.common.throttle import Limit, TooOften

STEPS = ("Enter Producer Information", "Create Login", "Verify Your Email")
PER_STATE = "per_state"
CANCELLED = "Your registration was cancelled. Nothing was kept."
CHOOSE = "Press Accept to go on, or Reject to cancel the registration."
NEW_WORDING = "The terms of use have just been renewed. Please read them again."
START_AGAIN = "Please start again: a registration must be finished within an hour."
HOUR = timedelta(hours=1)


def _page(
    request: HttpRequest, template: str, step: int, context: dict[str, object], status: int = 200
) -> HttpResponse:
    return render(request, template, {"step": step, "steps": STEPS, **context}, status=status)


def _ip_address(request: HttpRequest) -> str | None:
    return sessions.visitor_of(request).ip_address


def draft_of(request: HttpRequest, at: datetime) -> RegistrationDraft | None:
    """The registration in progress in this browser, unless its hour is over or the terms are new."""
    terms = terms_of_use.in_force(at)
    return drafts.current(request.session, terms_id=terms.pk, at=at) if terms else None


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The terms of use first; once they are accepted, step 1 of 3 (REG_01..11)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    now = timezone.now()
    terms = terms_of_use.in_force(now)
    if terms is None:
        return render(request, "accounts/register_closed.html")
    if request.method == "POST" and "decision" in request.POST:
        return _decide(request, terms, now)
    draft = drafts.current(request.session, terms_id=terms.pk, at=now)
    if draft is None:
        if request.method == "POST":
            messages.info(request, START_AGAIN)
            return redirect("accounts:register")
        return _terms_page(request, terms)
    if settings.REGISTRATION_STYLE == PER_STATE:
        return redirect("accounts:register-details")
    return _producer_information(request, draft, now)


def _terms_page(request: HttpRequest, terms: TermsVersion, problem: str = "") -> HttpResponse:
    context = {"terms": terms, "paragraphs": terms.paragraphs, "problem": problem}
    return render(request, "accounts/register_terms.html", context)


def _decide(request: HttpRequest, terms: TermsVersion, now: datetime) -> HttpResponse:
    """Accept goes on; Reject forgets everything; anything else asks again (REG_02, REG_03)."""
    decision = request.POST["decision"]
    if decision == "reject":
        drafts.drop(request.session)
        messages.info(request, CANCELLED)
        return redirect("accounts:login")
    if decision != "accept":
        return _terms_page(request, terms, CHOOSE)
    if request.POST.get("terms") != str(terms.pk):
        return _terms_page(request, terms, NEW_WORDING)
    drafts.keep(request.session, RegistrationDraft(terms_id=terms.pk, accepted_at=now, ip_address=_ip_address(request)))
    return redirect("accounts:register")


def _producer_information(request: HttpRequest, draft: RegistrationDraft, now: datetime) -> HttpResponse:
    form = ProducerInformationForm(request.POST if request.method == "POST" else None, initial=draft.facts)
    status = 200
    if form.is_valid():
        facts = form.cleaned_data
        try:
            registration.count_try(number=facts["producer_number"], ip_address=_ip_address(request), at=now)
            producer = registration.matching_producer(
                number=facts["producer_number"], npn=facts["npn"], zip_code=facts["zip"]
            )
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        except NoMatch as exc:
            form.add_error(None, str(exc))
        else:
            if existing := registration.login_of(producer):
                return _already_registered(request, existing)
            drafts.keep(request.session, draft.with_match(facts=facts, producer_id=producer.pk))
            return redirect("accounts:register-create-login")
    return _page(request, "accounts/register_producer.html", 1, {"form": form}, status)


def _already_registered(request: HttpRequest, user: User) -> HttpResponse:
    """Only somebody who knows number, NPN and ZIP comes here, so the page may say that there is a login (REG_10)."""
    waiting = user.email_confirmed_at is None
    if waiting:
        drafts.keep_login(request.session, user.pk)
    return render(request, "accounts/register_already.html", {"waiting": waiting})


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def create_login(request: HttpRequest) -> HttpResponse:
    """Step 2 of 3: username and password (REG_12..15). Sent twice it makes one login."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    now = timezone.now()
    draft = draft_of(request, now)
    if draft is None or draft.producer_id is None or settings.REGISTRATION_STYLE == PER_STATE:
        # A second click on Create Login finds the draft gone and the login made.
        return redirect("accounts:register-verify-email" if drafts.login_in(request.session) else "accounts:register")
    form = CreateLoginForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            user = _create(request, draft, form, now)
        except ValidationError as exc:
            form.add_error(None, exc)
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        except NoMatch as exc:
            messages.error(request, str(exc))
            return redirect("accounts:register")
        except AlreadyRegistered as exc:
            if not registration.is_repeat(exc.user, form.cleaned_data["username"], form.cleaned_data["password"]):
                return _already_registered(request, exc.user)
            user = exc.user
        if form.is_valid():
            drafts.keep_login(request.session, user.pk)
            return redirect("accounts:register-verify-email")
    return _page(request, "accounts/register_login.html", 2, {"form": form}, status)


def _create(request: HttpRequest, draft: RegistrationDraft, form: CreateLoginForm, now: datetime) -> User:
    throttle.count(_per_hour("registration-login-address"), _ip_address(request) or "", at=now)
    throttle.count(_per_hour("registration-login-producer"), str(draft.producer_id), at=now)
    return registration.create_login(
        producer=Producer.objects.get(pk=draft.producer_id or 0),
        username=form.cleaned_data["username"],
        password=form.cleaned_data["password"],
        terms=TermsVersion.objects.get(pk=draft.terms_id),
        accepted_at=draft.accepted_at,
        ip_address=draft.ip_address,
        link_to=_link_to(request),
        at=now,
    )


def _per_hour(scope: str) -> Limit:
    return Limit(scope, settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR, HOUR)


def _link_to(request: HttpRequest) -> LinkTo:
    def address_of(token: str) -> str:
        return request.build_absolute_uri(reverse("accounts:register-confirm", args=[token]))

    return address_of


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email(request: HttpRequest) -> HttpResponse:
    """Step 3 of 3: the email is on its way; Resend Email Link sends a fresh one (REG_16, REG_17)."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    user = _registered_here(request)
    if user is None:
        return redirect("accounts:register")
    if request.method == "POST":
        _resend(request, user)
        return redirect("accounts:register-verify-email")
    context = {
        "masked_email": mask_email(user.security_email),
        "confirmed": user.email_confirmed_at is not None,
        "days": settings.REGISTRATION_LINK_DAYS,
    }
    return _page(request, "accounts/register_verify_email.html", 3, context)


def _registered_here(request: HttpRequest) -> User | None:
    """Whose registration this browser has just made."""
    user_id = drafts.login_in(request.session)
    return User.objects.select_related("producer").filter(pk=user_id).first() if user_id else None


def _resend(request: HttpRequest, user: User) -> None:
    now = timezone.now()
    if user.email_confirmed_at is not None:
        messages.info(request, "Your email address is confirmed already. You can log in.")
        return
    try:
        throttle.count(_per_hour("registration-resend-address"), _ip_address(request) or "", at=now)
        registration.resend_link(user=user, link_to=_link_to(request), at=now)
    except (TooManyLinks, TooOften) as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, "We are sending you another email. The link in the earlier one no longer works.")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link in the email. Opening it changes nothing, because mail scanners open links too; the button does."""
    now = timezone.now()
    if request.method != "POST":
        return _link_page(request, registration.link_behind(token, at=now))
    try:
        throttle.count(_per_hour("registration-confirm-address"), _ip_address(request) or "", at=now)
    except TooOften as exc:
        messages.error(request, str(exc))
        return redirect("accounts:register-confirm", token=token)
    link = registration.link_behind(token, at=now)
    if "resend" in request.POST:
        return _resend_from_link(request, link)
    link = registration.confirm(token, at=now)
    if link.state is LinkState.GOOD:
        messages.success(request, "Your email address is confirmed. You can log in now.")
    return redirect("accounts:register-confirm", token=token)


def _resend_from_link(request: HttpRequest, link: Link) -> HttpResponse:
    """Whoever holds a link we sent, though too old, may have a fresh one sent to the same mailbox."""
    if link.user is None:
        return redirect("accounts:register")
    _resend(request, link.user)
    drafts.keep_login(request.session, link.user.pk)
    return redirect("accounts:register-verify-email")


def _link_page(request: HttpRequest, link: Link) -> HttpResponse:
    if request.user.is_authenticated:
        # Somebody may open the link in a browser in which somebody is signed in, whose frame shows what they may do.
        request.user.has_portal_perm(Perm.SIGNED_IN)
    used_at = link.confirmation.used_at if link.confirmation else None
    context = {
        "state": link.state.value,
        "username": link.user.username if link.user else "",
        "confirmed": bool(link.user and link.user.email_confirmed_at),
        "used_at": used_at,
        "days": settings.REGISTRATION_LINK_DAYS,
    }
    return render(request, "accounts/register_confirm.html", context)
