"""Registering state by state and waiting for the carrier: the older style, and "Register for Another State".

Both go the same way: the form, a page that shows what was entered with Edit and Submit Registration, and the promise.
"""

from dataclasses import asdict
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import registration_drafts as drafts
from accounts import sessions
from accounts.forms.contact_fields import PhoneField
from accounts.forms.password_rules import RulesBelow
from accounts.forms.state_registration import ApplicantForm, StateBlocks
from accounts.http import AuthenticatedHttpRequest
from accounts.models import Producer, TermsVersion, User
from accounts.services import registration, state_registrations
from accounts.services.state_registrations import Applicant, StateBlock, StateNotOpen
from accounts.views.registration import PER_STATE, draft_of
from portal.common.access import Perm, public, requires
from portal.common.dates import US_STATES, as_text
from portal.common.throttle import TooOften

SUBMITTED_KEY = "registration_promised_on"
NOTHING_ENTERED = "Please enter your registration first."


def _blocks_to_show(entered: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What was entered for each state as pairs of label and value, in the order of the form."""
    return [
        {
            "state_name": US_STATES[one["us_state"]],
            "facts": [
                ("Company Name", one["company_name"]),
                ("Address 1", one["address_1"]),
                ("Address 2", one["address_2"]),
                ("City", one["city"]),
                ("State", one["address_state"]),
                ("Zip Code", one["zip"]),
                ("Agent Unique ID", one["producer_number"]),
                ("Phone", PhoneField().prepare_value(one["phone"])),
                ("E-mail Address", one["email"]),
            ],
        }
        for one in entered
    ]


def _by_state(entered: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {one["us_state"]: one for one in entered}


def _remember_promise(request: HttpRequest, promised_on: date) -> None:
    request.session[SUBMITTED_KEY] = as_text(promised_on)


# The older style, for people without a login


@public
@never_cache
@sensitive_post_parameters("password", "confirm_password")
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Names, user name, password and a block for every chosen state (REGL_01..04, REGL_09)."""
    now = timezone.now()
    draft = draft_of(request, now)
    if request.user.is_authenticated or draft is None or settings.REGISTRATION_STYLE != PER_STATE:
        return redirect("accounts:register")
    before = draft.application
    posted = request.POST if request.method == "POST" else None
    form = ApplicantForm(posted, initial=before.get("applicant"))
    blocks = StateBlocks(US_STATES, data=posted, chosen=_by_state(before.get("states", [])))
    if posted is not None:
        complete = [form.is_valid(), blocks.is_valid()]
        _judge_credentials(form)
        if all(complete) and form.is_valid():
            drafts.keep(request.session, draft.with_application(_application(form, blocks)))
            return redirect("accounts:register-review")
    context = {
        "form": form,
        "blocks": blocks,
        "rules": RulesBelow("password").render(form, None),
        "edited": bool(before),
        "problems": [bad for bad in (form, *blocks.chosen_forms) if bad.is_bound and bad.errors],
    }
    return render(request, "accounts/register_details.html", context)


def _judge_credentials(form: ApplicantForm) -> None:
    """Username and password by the rules that hold everywhere; the applicant's names may not be in the password."""
    known = form.cleaned_data
    if not known.get("username") or not known.get("password"):
        return
    applicant = User(
        username=known["username"], first_name=known.get("first_name", ""), last_name=known.get("last_name", "")
    )
    try:
        registration.check_credentials(applicant, known["password"])
    except ValidationError as exc:
        form.add_error(None, exc)


def _application(form: ApplicantForm, blocks: StateBlocks) -> dict[str, Any]:
    known = form.cleaned_data
    return {
        "applicant": {name: known[name] for name in ("first_name", "last_name", "username")},
        "password_hash": make_password(known["password"]),
        "states": [asdict(block) for block in blocks.entered()],
    }


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """What was entered, with Edit and Submit Registration (REGL_05)."""
    now = timezone.now()
    draft = draft_of(request, now)
    if request.user.is_authenticated or draft is None or settings.REGISTRATION_STYLE != PER_STATE:
        # A second click on Submit Registration finds the draft gone and the request in the queue.
        return redirect("accounts:register-submitted" if SUBMITTED_KEY in request.session else "accounts:register")
    entered = draft.application
    if not entered:
        return redirect("accounts:register-details")
    if request.method == "POST":
        try:
            ip_address = sessions.visitor_of(request).ip_address
            registration.count_try(number="", ip_address=ip_address, at=now)
            made = state_registrations.submit_request(
                applicant=Applicant(**entered["applicant"], password_hash=entered["password_hash"]),
                states=[StateBlock(**one) for one in entered["states"]],
                terms=TermsVersion.objects.get(pk=draft.terms_id),
                accepted_at=draft.accepted_at,
                ip_address=draft.ip_address,
                at=now,
            )
        except TooOften as exc:
            messages.error(request, str(exc))
            return redirect("accounts:register-review")
        except ValidationError as exc:
            messages.error(request, " ".join(exc.messages))
            return redirect("accounts:register-details")
        drafts.drop(request.session)
        _remember_promise(request, state_registrations.promised_on(made.submitted_at))
        return redirect("accounts:register-submitted")
    context = {**entered["applicant"], "states": _blocks_to_show(entered["states"])}
    return render(request, "accounts/register_review.html", context)


@public
@never_cache
@require_GET
def submitted(request: HttpRequest) -> HttpResponse:
    """By when the activation email comes, and the way back to the login page (REGL_06, conflict C31)."""
    promised_on = request.session.get(SUBMITTED_KEY)
    if promised_on is None:
        return redirect("accounts:register")
    return render(request, "accounts/register_submitted.html", {"promised_on": promised_on})


# Another state, for producers who are signed in


def _own_producer(request: AuthenticatedHttpRequest) -> Producer:
    producer = request.user.producer
    assert producer is not None  # noqa: S101 - only producers hold STATES_REGISTER; this tells the type checker
    return producer


def _known_business(producer: Producer) -> dict[str, str]:
    """What the producer entered for a state before, so that nobody types an address twice (WCAG 3.3.7)."""
    number = producer.numbers.order_by("us_state", "number").first()
    if number is None:
        return {}
    names = ("company_name", "address_1", "address_2", "city", "zip", "phone", "email")
    return {**{name: getattr(number, name) for name in names}, "address_state": number.address_state or number.us_state}


@requires(Perm.STATES_REGISTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def another_state(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Only states in which the producer is not registered yet; the name cannot be changed (PRF_08)."""
    producer = _own_producer(request)
    open_states = state_registrations.open_states(producer)
    posted = request.POST if request.method == "POST" else None
    blocks = StateBlocks(
        open_states,
        data=posted,
        chosen=_by_state(drafts.states_in(request.session)),
        initial=_known_business(producer),
    )
    if posted is not None and blocks.is_valid():
        drafts.keep_states(request.session, [asdict(block) for block in blocks.entered()])
        return redirect("accounts:register-state-review")
    context = {
        "producer": producer,
        "blocks": blocks,
        "any_open": bool(open_states),
        "problems": [bad for bad in blocks.chosen_forms if bad.is_bound and bad.errors],
    }
    return render(request, "accounts/register_state.html", context)


@requires(Perm.STATES_REGISTER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def another_state_review(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What was entered for the further states, with Edit and Submit Registration (PRF_08)."""
    entered = drafts.states_in(request.session)
    if not entered:
        if SUBMITTED_KEY in request.session:
            return redirect("accounts:register-state-submitted")
        messages.info(request, NOTHING_ENTERED)
        return redirect("accounts:register-state")
    producer = _own_producer(request)
    if request.method == "POST":
        now = timezone.now()
        try:
            state_registrations.submit_states(
                producer=producer, states=[StateBlock(**one) for one in entered], by=request.user, at=now
            )
        except StateNotOpen as exc:
            drafts.drop_states(request.session)
            messages.error(request, str(exc))
            return redirect("accounts:register-state")
        drafts.drop_states(request.session)
        _remember_promise(request, state_registrations.promised_on(now))
        return redirect("accounts:register-state-submitted")
    context = {
        "username": request.user.username,
        "first_name": producer.first_name,
        "last_name": producer.last_name,
        "states": _blocks_to_show(entered),
    }
    return render(request, "accounts/register_state_review.html", context)


@requires(Perm.STATES_REGISTER)
@never_cache
@require_GET
def another_state_submitted(request: AuthenticatedHttpRequest) -> HttpResponse:
    """By when the activation email comes, and the way back to the profile (conflict C31)."""
    promised_on = request.session.get(SUBMITTED_KEY)
    if promised_on is None:
        return redirect("accounts:register-state")
    return render(request, "accounts/register_state_submitted.html", {"promised_on": promised_on})
