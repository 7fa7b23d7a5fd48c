"""The proposal of a quote: choose, preview, print, send, and see what became of it (QUO_08)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from enrollment.forms.proposals import PREVIEW, SEND, ProposalForm, ResendForm
from enrollment.models import Proposal, Quote
from enrollment.selectors import proposals as selector
from enrollment.selectors import quotes
from enrollment.services import proposals as service
from portal.common import form_keys
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.polling import polled
from portal.common.throttle import TooOften

NOT_FAILED = "This proposal has not failed, or it is being made again already."


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_proposal(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Choose plans, write a cover note, look at the document, then send it or have it as PDF."""
    quote = _quote(request, quote_id)
    in_hand = quotes.priced(quote)
    priced = [one for one in in_hand.selected if one.premium is not None]
    why_not = quotes.why_not_change(quote, now=timezone.now())
    form = ProposalForm(
        request.POST if request.method == "POST" else None,
        plans=priced,
        recipient=selector.usual_recipient(request.user, quote),
    )
    content = None
    if not why_not and form.is_valid():
        today = today_in(quote.county.us_state)
        content = selector.content_of(
            quote,
            in_hand.people,
            form.cleaned_data["plans"],
            note=form.cleaned_data["note"],
            today=today,
            language=form.cleaned_data["language"],
        )
        if form.do != PREVIEW:
            try:
                service.create(
                    quote=quote,
                    content=content,
                    recipients=form.cleaned_data["recipients"] if form.do == SEND else [],
                    by=request.user,
                    at=timezone.now(),
                    form_key=form.cleaned_data["form_key"],
                )
            except TooOften as exc:
                form.add_error("recipients", str(exc))
                content = None
            else:
                messages.success(request, "The proposal is being made.")
                return redirect(reverse("enrollment:quote-proposal", args=[quote.pk]) + "#proposals")
    context = {
        "quote": quote,
        "form": form,
        "can_propose": bool(priced) and not why_not,
        "why_not": why_not,
        "left_out": [one for one in in_hand.selected if one.premium is None],
        "preview": content,
        **_history(request, quote),
    }
    return render(request, "enrollment/quote_proposal.html", context)


@polled
@requires(Perm.ENROLL)
@require_safe
def proposals_state(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """The part of the page that changes while a PDF is made and emails go out."""
    return render(request, "enrollment/_proposals.html", _history(request, _quote(request, quote_id)))


@requires(Perm.ENROLL)
@require_safe
def proposal_file(request: AuthenticatedHttpRequest, quote_id: int, proposal_id: int) -> HttpResponseBase:
    """The PDF as a download; every look is audited."""
    proposal = _proposal(request, quote_id, proposal_id)
    if proposal.file is None:
        raise Http404("No such file.")
    try:
        response = as_attachment(proposal.file)
    except NotReleased as exc:
        messages.error(request, str(exc))
        return redirect("enrollment:quote-proposal", quote_id)
    service.record_downloaded(proposal, by=request.user)
    return response


@requires(Perm.ENROLL)
@require_POST
def proposal_retry(request: AuthenticatedHttpRequest, quote_id: int, proposal_id: int) -> HttpResponse:
    """Make a document that has failed once more."""
    try:
        service.retry(proposal=_proposal(request, quote_id, proposal_id), by=request.user)
    except service.NothingToRetry:
        messages.info(request, NOT_FAILED)
    return _back(quote_id)


@requires(Perm.ENROLL)
@require_POST
def proposal_resend(request: AuthenticatedHttpRequest, quote_id: int, proposal_id: int) -> HttpResponse:
    """Send the document again, to the same address or to another."""
    proposal = _proposal(request, quote_id, proposal_id)
    form = ResendForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return _back(quote_id)
    try:
        sent = service.resend(
            proposal=proposal,
            recipients=form.cleaned_data["recipients"],
            by=request.user,
            at=timezone.now(),
            form_key=form.cleaned_data["form_key"],
        )
    except (TooOften, service.CannotSend) as exc:
        messages.error(request, str(exc))
    else:
        if sent:
            messages.success(request, "The proposal is being sent again.")
    return _back(quote_id)


def _quote(request: AuthenticatedHttpRequest, quote_id: int) -> Quote:
    quote = quotes.one(request.user, quote_id)
    if quote is None:
        raise Http404("No such quote of yours.")
    return quote


def _proposal(request: AuthenticatedHttpRequest, quote_id: int, proposal_id: int) -> Proposal:
    rows = Proposal.objects.for_user(request.user, perm=Perm.ENROLL).filter(quote__deleted_at=None)
    proposal: Proposal = get_object_or_404(
        rows.select_related("file", "quote__producer_number__producer"), pk=proposal_id, quote_id=quote_id
    )
    return proposal


def _history(request: AuthenticatedHttpRequest, quote: Quote) -> dict[str, Any]:
    lines = selector.proposals_of(request.user, quote)
    return {
        "proposals": lines,
        "poll_url": reverse("enrollment:proposals-state", args=[quote.pk])
        if any(line.is_waiting for line in lines)
        else "",
        "resend_key": form_keys.new_key(),
    }


def _back(quote_id: int) -> HttpResponse:
    return redirect(reverse("enrollment:quote-proposal", args=[quote_id]) + "#proposals")
