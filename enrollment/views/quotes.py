"""New Quote, View Plans, the comparison and Review Selected Plans (QUO_03..05)."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from accounts.models import User
from clients.models import Member, Policy, Prospect
from enrollment import plan_list
from enrollment.forms.quotes import QuoteForm, QuoteNameForm, initial_of, people_initial
from enrollment.models import Quote
from enrollment.plan_chart import chart_of
from enrollment.plan_list import METALS, PlanFilters
from enrollment.rules import plan_choice
from enrollment.selectors import prefill
from enrollment.selectors import quotes as selector
from enrollment.selectors.enroll_offer import enroll_offer
from enrollment.selectors.quotes import MOST_COMPARED, WRITE, PricedQuote
from enrollment.services import quotes as service
from portal.common import form_keys
from portal.common.access import requires
from portal.common.dates import as_text

DENTAL_METALS = {"High": " (dental)", "Low": " (dental)"}
SAVED = "Your quote was saved. It can be used through {day}."
RENAMED = "The quote has its new name."
COPIED = "The quote was copied. Check the effective date, then press View Plans."


def _quote_or_404(request: AuthenticatedHttpRequest, quote_id: int) -> Quote:
    quote = selector.one(request.user, quote_id)
    if quote is None:
        raise Http404("No such quote of yours.")
    return quote


# --- New Quote ---


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_add(request: AuthenticatedHttpRequest) -> HttpResponse:
    """New Quote: Primary Applicant Information and the household, perhaps filled in from a prospect or a client."""
    known = prefill.initial_values(request.user, request.GET)
    if known is None:
        raise Http404("No such prospect or client of yours.")
    now = timezone.now()
    act = request.POST.get("act", "")
    if request.method != "POST":
        coverage: dict[str, Any] = {
            name: known[name] for name in ("zip", "county", "market", "writing_number") if name in known
        }
        people = [people_initial(person) for person in known.get("people", [])]
        form = QuoteForm(user=request.user, now=now, initial=coverage, people=people)
    elif act:
        form = QuoteForm.again(request.POST, act=act, user=request.user, now=now)
    else:
        form = QuoteForm(request.POST, user=request.user, now=now)
        household = form.household() if form.is_valid() else None
        if household is not None:
            try:
                quote = service.start(
                    household=household,
                    by=request.user,
                    at=now,
                    form_key=form.coverage.cleaned_data["form_key"],
                    prospect=_linked_prospect(request.user, known.get("prospect")),
                    member=_linked_member(request.user, known.get("member")),
                )
            except service.NotYourNumber as exc:
                form.refuse(str(exc), field="writing_number")
            except service.Gone as exc:
                messages.info(request, str(exc))
                return redirect("enrollment:quotes")
            else:
                return redirect("enrollment:quote-plans", quote_id=quote.pk)
    return _form_page(request, form, quote=None)


def _linked_prospect(user: User, row_id: int | None) -> Prospect | None:
    return Prospect.objects.for_user(user).filter(pk=row_id).first() if row_id else None


def _linked_member(user: User, row_id: int | None) -> Member | None:
    return Member.objects.for_user(user).filter(pk=row_id).first() if row_id else None


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_edit(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """The household, place or day of a quote, to change."""
    quote = _quote_or_404(request, quote_id)
    now = timezone.now()
    if why := selector.why_not_change(quote, now=now):
        messages.info(request, why)
        return redirect("enrollment:quote-plans", quote_id=quote.pk)
    asked: dict[str, Any] = {"user": request.user, "now": now, "number": quote.producer_number}
    act = request.POST.get("act", "")
    if request.method != "POST":
        filled = initial_of(quote, service.household_of(quote), seen=service.stamp(quote))
        return _form_page(request, QuoteForm(**filled, **asked), quote=quote)
    if act:
        return _form_page(request, QuoteForm.again(request.POST, act=act, **asked), quote=quote)
    form = QuoteForm(request.POST, **asked)
    household = form.household() if form.is_valid() else None
    if household is not None:
        try:
            taken_off = service.change(
                quote=quote, household=household, seen=form.coverage.cleaned_data["seen"], by=request.user, at=now
            )
        except service.NotYourNumber as exc:
            form.refuse(str(exc), field="writing_number")
        except service.ChangedMeanwhile as exc:
            form.refuse(str(exc))
            form.show_again(service.stamp(_quote_or_404(request, quote_id)))
        except (service.Gone, service.CannotChange) as exc:
            messages.error(request, str(exc))
            return redirect("enrollment:quotes")
        else:
            if taken_off:
                names = ", ".join(taken_off)
                messages.info(request, f"No longer selected, because they cannot be sold to this household: {names}.")
            return redirect("enrollment:quote-plans", quote_id=quote.pk)
    return _form_page(request, form, quote=quote)


def _form_page(request: HttpRequest, form: QuoteForm, *, quote: Quote | None) -> HttpResponse:
    context = {
        "form": form,
        "errors": form.errors,
        "quote": quote,
        "most_people": selector.MOST_PEOPLE,
        "back_url": reverse("enrollment:quote-plans", args=[quote.pk]) if quote else reverse("enrollment:home"),
    }
    return render(request, "enrollment/quote_form.html", context)


# --- View Plans ---


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_plans(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """View Plans: every plan that can be sold to the household, with its price; ticks are kept with the quote."""
    quote = _quote_or_404(request, quote_id)
    if request.method == "POST":
        return _select(request, quote)
    service.record_viewed(quote, by=request.user)
    filters = PlanFilters.read(request.GET)
    priced = selector.priced(quote)
    shown = filters.apply(priced.area.offered)
    rows = plan_list.rows_of(priced, shown, market=filters.market)
    boxes = {choice.key for row in rows for choice in row.choices}
    why_not = selector.why_not_change(quote, now=timezone.now())
    context = {
        **_head(request, priced, why_not=why_not),
        "filters": filters,
        "choices": _filter_choices(priced, filters),
        "rows": rows,
        "offered_count": len(priced.area.offered),
        "not_offered": priced.area.not_offered,
        "chart": chart_of(shown, selected=frozenset(plan.row.plan_id for plan in priced.selected)),
        "hidden": [plan for plan in priced.selected if plan.key not in boxes],
        "several_markets": quote.market == Quote.Market.BOTH,
        "may_save": not why_not,
    }
    return render(request, "enrollment/quote_plans.html", context)


def _head(request: AuthenticatedHttpRequest, priced: PricedQuote, *, why_not: str) -> dict[str, Any]:
    """What stands above the plans on every page of a quote."""
    return {
        "quote": priced.quote,
        "title": priced.quote.name or f"Quote for {selector.applicants_name(priced.people)}",
        "facts": selector.facts_of(priced),
        "why_not_change": why_not,
        "changed": [(plan.row.plan.name, plan_list.was_text(plan, priced.quote)) for plan in priced.changed],
        "selected_count": len(priced.selected),
        "copy_key": form_keys.new_key(),
    }


def _filter_choices(priced: PricedQuote, filters: PlanFilters) -> dict[str, Any]:
    """What can be filtered by: only what some plan of the county is."""
    plans = [one.plan for one in priced.area.offered]
    metals = {plan.metal_level for plan in plans}
    types = {plan.network_type for plan in plans}
    return {
        "lines": [("", "All"), *Policy.Line.choices],
        "metals": [
            (metal, metal + DENTAL_METALS.get(metal, ""), metal in filters.metals)
            for metal in METALS
            if metal in metals
        ],
        "types": [(kind, kind in filters.types) for kind in Policy.Network.values if kind in types],
        "markets": [("", "All"), *plan_list.MARKETS.items()],
        "sorts": plan_list.SORTS,
        "amounts": [
            (name, label, filters.typed.get(name, ""), filters.errors.get(name, ""))
            for name, label in plan_list.AMOUNTS.items()
        ],
    }


def _select(request: AuthenticatedHttpRequest, quote: Quote) -> HttpResponse:
    """Keep the ticks, then go where the pressed button leads; the filters travel on in the address."""
    filters = PlanFilters() if "clear" in request.POST else PlanFilters.read(request.POST)
    query = filters.query()
    plans = reverse("enrollment:quote-plans", args=[quote.pk]) + (f"?{query}" if query else "")
    onward = {
        "review": reverse("enrollment:quote-review", args=[quote.pk]),
        "compare": reverse("enrollment:quote-compare", args=[quote.pk]),
        "save": reverse("enrollment:quote-save", args=[quote.pk]),
    }
    if "shown" in request.POST:
        try:
            service.select_plans(
                quote=quote,
                shown=request.POST.getlist("shown"),
                ticked=request.POST.getlist("plan"),
                area=selector.priced(quote).area,
                by=request.user,
                at=timezone.now(),
            )
        except service.CannotChange:
            return redirect(plans)  # the page says why
        except service.Gone as exc:
            messages.error(request, str(exc))
            return redirect("enrollment:quotes")
    return redirect(onward.get(request.POST.get("act", ""), plans))


@requires(WRITE)
@require_safe
def quote_compare(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Up to four selected plans side by side."""
    quote = _quote_or_404(request, quote_id)
    service.record_viewed(quote, by=request.user)
    priced = selector.priced(quote)
    sold = [plan for plan in priced.selected if plan.premium is not None]
    ids = list(dict.fromkeys(plan.row.plan_id for plan in sold))
    offered = [priced.offered[plan_id] for plan_id in ids[:MOST_COMPARED]]
    rows = plan_list.rows_of(priced, offered)
    context = {
        **_head(request, priced, why_not=selector.why_not_change(quote, now=timezone.now())),
        "rows": rows,
        "lines": _comparison(rows, plan_list.names_of(priced.people)),
        "most_compared": MOST_COMPARED,
        "left_out": max(len(ids) - MOST_COMPARED, 0),
    }
    return render(request, "enrollment/quote_compare.html", context)


def _comparison(rows: list[plan_list.PlanRow], people: list[str]) -> list[dict[str, Any]]:
    """The lines of the comparison: what each plan says to the same question."""
    lines: list[tuple[str, list[str]]] = [
        ("Monthly premium", [row.total for row in rows]),
        *(
            (f"Premium for {name}", [row.members[at][1] if row.members else "In the family rate" for row in rows])
            for at, name in enumerate(people)
            if len(people) > 1
        ),
        ("Deductible, individual / family", [row.deductible for row in rows]),
        ("Out-of-pocket maximum, individual / family", [row.moop for row in rows]),
    ]
    labels = list(dict.fromkeys(label for row in rows for label, _text in row.copays))
    lines += [(label, [dict(row.copays).get(label, "") for row in rows]) for label in labels]
    lines += [
        ("Metal level", [row.plan.metal_level for row in rows]),
        ("Plan type", [", ".join(row.badges) for row in rows]),
        ("Sold", [" and ".join(choice.label for choice in row.choices) for row in rows]),
    ]
    return [{"label": label, "cells": cells, "differs": len(set(cells)) > 1} for label, cells in lines]


# --- Review Selected Plans ---


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_review(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Review Selected Plans: tick what to enroll in; the button says what is missing (QUO_05)."""
    quote = _quote_or_404(request, quote_id)
    now = timezone.now()
    if request.method == "POST":
        try:
            service.choose_plans(quote=quote, keys=request.POST.getlist("plan"), by=request.user, at=now)
        except service.CannotChange:
            pass  # the page says why
        except service.Gone as exc:
            messages.error(request, str(exc))
            return redirect("enrollment:quotes")
        onward = "enrollment:quote-save" if request.POST.get("act") == "save" else "enrollment:quote-review"
        return redirect(onward, quote_id=quote.pk)
    service.record_viewed(quote, by=request.user)
    priced = selector.priced(quote)
    people = plan_list.names_of(priced.people)
    chosen = priced.chosen
    ticked_right = not plan_choice.why_not_enroll(selector.ticked(chosen))
    total = sum((plan.premium.total for plan in chosen if plan.premium), start=Decimal(0))
    context = {
        **_head(request, priced, why_not=selector.why_not_change(quote, now=now)),
        "plans": [
            {
                "selected": plan,
                "plan": plan.row.plan,
                "key": plan.key,
                "chosen": plan.row.chosen,
                "market": plan_list.MARKETS[plan.row.market],
                "total": plan_list.dollars(plan.premium.total) if plan.premium else "",
                "members": plan_list.members_of(plan.premium, people) if plan.premium else [],
                "was": plan_list.was_text(plan, quote),
                "deductible": plan_list.pair(plan.row.plan.deductible_individual, plan.row.plan.deductible_family),
                "moop": plan_list.pair(plan.row.plan.moop_individual, plan.row.plan.moop_family),
                "badges": plan_list.badges_of(plan.row.plan),
            }
            for plan in priced.selected
        ],
        "chosen": chosen,
        "total": plan_list.dollars(total) if ticked_right else "",
        "offer": enroll_offer(request.user, quote, chosen, now=now),
    }
    return render(request, "enrollment/quote_review.html", context)


# --- Save, rename, copy ---


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_save(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Save Quote, or give a saved one another name."""
    quote = _quote_or_404(request, quote_id)
    form = QuoteNameForm(request.POST if request.method == "POST" else None, initial={"name": _proposed_name(quote)})
    if form.is_valid():
        try:
            is_first = service.save(quote=quote, name=form.cleaned_data["name"], by=request.user, at=timezone.now())
        except service.Gone as exc:
            messages.error(request, str(exc))
            return redirect("enrollment:quotes")
        kept = _quote_or_404(request, quote_id)
        messages.success(request, SAVED.format(day=as_text(kept.expires_on)) if is_first else RENAMED)
        if "to_list" in request.GET:
            return redirect("enrollment:quotes")
        return redirect("enrollment:quote-review", quote_id=quote.pk)
    context = {"form": form, "quote": quote}
    return render(request, "enrollment/quote_save.html", context)


def _proposed_name(quote: Quote) -> str:
    people = quote.people.order_by("position")[:1]
    return quote.name or f"{selector.applicants_name(list(people))}, {as_text(quote.effective_date)}"[:80]


@requires(WRITE)
@require_POST
def quote_copy(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Copy: a draft with the same household, opened where its effective date can be chosen."""
    quote = _quote_or_404(request, quote_id)
    try:
        made = service.copy(
            quote=quote,
            by=request.user,
            at=timezone.now(),
            form_key=form_keys.readable(request.POST.get("form_key", "")),
        )
    except service.NotYourNumber as exc:
        messages.error(request, str(exc))
        return redirect("enrollment:quote-plans", quote_id=quote.pk)
    except service.Gone as exc:
        messages.error(request, str(exc))
        return redirect("enrollment:quotes")
    messages.success(request, COPIED)
    return redirect("enrollment:quote-edit", quote_id=made.pk)
