"""The cards of an application: one person, life event or policy of a list on a page of its own (WIZ_10, FAM_06, COV_01)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from enrollment.selectors import wizard as selector
from enrollment.services import drafts
from enrollment.services.drafts import Saved
from enrollment.views.wizard_ways import (
    application_of,
    closed,
    errors_of,
    list_named,
    step_named,
    step_url,
    to_step,
    turn_of,
)
from enrollment.wizard.cards import CardList
from enrollment.wizard.sections import CardSection, WizardContext
from enrollment.wizard.steps import Step
from portal.common import form_keys
from portal.common.access import Perm, requires


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_card(
    request: AuthenticatedHttpRequest, record_number: str, step: str, name: str, pk: int | None = None
) -> HttpResponse:
    """One card of a list, new or to edit. Save keeps it when all of it is valid; what was typed is not lost before."""
    row, here = application_of(request, record_number), step_named(step)
    cards = list_named(here, name)
    wizard = WizardContext(row, request.user, timezone.now())
    if why := drafts.why_closed(row, today=wizard.today):
        return closed(request, row, why)
    if not cards.shown(wizard):
        raise Http404("Not part of this application.")
    card = cards.row(wizard, pk) if pk is not None else None
    if pk is not None and card is None:
        raise Http404("No such entry.")
    act = request.POST.get("act", "")
    if request.method != "POST" or act == "use-theirs":
        if pk is None and (why := cards.why_no_more(wizard)):
            messages.info(request, why)
            return to_step(row, here, part=name)
        form = cards.form_class.of(wizard, card, check=request.GET.get("check") == "1")
        return _card_page(request, wizard, here, cards, form)
    asked: dict[str, Any] = {
        "application": row,
        "cards": cards,
        "pk": pk,
        "by": request.user,
        "at": timezone.now(),
        "form_key": form_keys.readable(request.POST.get("form_key", "")),
        "turn": turn_of(request),
    }
    try:
        if act == "cancel":
            drafts.keep_card_text(**asked, data=None)
            return to_step(row, here, part=name)
        if request.POST.get("autosave"):
            drafts.keep_card_text(**asked, data=request.POST)
            if not cards.form_class.redraws:
                return HttpResponse(status=204)
            fresh = WizardContext(row, request.user, timezone.now())
            form = cards.form_class.of(fresh, card)
            form.errors.clear()
            return render(request, "enrollment/wizard/card_autosave.html", _card_context(fresh, form))
        saved, form = drafts.save_card(
            **asked,
            step=here,
            data=request.POST,
            seen=request.POST.get("seen", ""),
            force=act == "use-mine",
        )
    except drafts.DraftClosed as exc:
        messages.error(request, str(exc))
        return to_step(row, here, part=name)
    if saved.changed:
        return to_step(row, here, part=name)
    return _card_page(request, saved.wizard, here, cards, form, saved=saved)


def _card_page(
    request: AuthenticatedHttpRequest,
    wizard: WizardContext,
    here: Step,
    cards: type[CardList],
    form: CardSection,
    *,
    saved: Saved | None = None,
) -> HttpResponse:
    conflict = saved.conflict if saved else None
    context = {
        **_card_context(wizard, form),
        "step": here,
        "cards": cards,
        "errors": errors_of(form),
        "header": selector.header_of(wizard),
        "conflict": conflict,
        "seen": request.POST.get("seen", "") if conflict else drafts.card_stamp(wizard, cards.form_class, form.row),
        "form_key": form_keys.readable(request.POST.get("form_key", "")),
        "turn": turn_of(request),
        "step_url": step_url(wizard.application, here, part=cards.name),
    }
    return render(request, cards.card_template, context)


def _card_context(wizard: WizardContext, form: CardSection) -> dict[str, Any]:
    return {"application": wizard.application, "section": form, "more": form.context()}


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_card_delete(
    request: AuthenticatedHttpRequest, record_number: str, step: str, name: str, pk: int
) -> HttpResponse:
    """Is this card to be deleted?"""
    row, here = application_of(request, record_number), step_named(step)
    cards = list_named(here, name)
    wizard = WizardContext(row, request.user, timezone.now())
    if why := drafts.why_closed(row, today=wizard.today):
        return closed(request, row, why)
    card = next((one for one in cards.rows(wizard) if one.pk == pk), None)
    if card is None or not cards.shown(wizard):
        if request.method == "POST":
            # A second press of the same button.
            return to_step(row, here, part=name)
        raise Http404("No such entry.")
    if why := cards.may_delete(wizard, pk):
        messages.error(request, why)
        return to_step(row, here, part=name)
    if request.method != "POST":
        context = {
            "application": row,
            "step": here,
            "cards": cards,
            "card": card,
            "header": selector.header_of(wizard),
            "step_url": step_url(row, here, part=name),
        }
        return render(request, "enrollment/wizard/card_delete.html", context)
    try:
        drafts.delete_card(application=row, step=here, cards=cards, pk=pk, by=request.user, at=timezone.now())
    except (drafts.DraftClosed, drafts.CannotDelete) as exc:
        messages.error(request, str(exc))
    return to_step(row, here, part=name)
