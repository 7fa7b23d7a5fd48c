"""Policy Fulfillment Request: temporary ID cards to print, permanent ones to mail (IDC_01..12)."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from clients.forms import id_cards as forms
from clients.forms.id_cards import BUNDLES, KINDS, PERMANENT, TEMPORARY
from clients.models import Account, IdCardOrder, IdCardRequest
from clients.selectors import id_cards as selectors
from clients.services import id_cards as service
from clients.services import trail
from portal.common import form_keys, selection
from portal.common.access import Perm, requires
from portal.common.client_actions import NOT_YOURS_HERE
from portal.common.dates import as_text, moment_as_text
from portal.common.files.models import StoredFile
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.polling import polled

WRITE = Perm.CLIENT_SERVICE
NOTHING_TO_STOP = "Every card was ready already: there was nothing left to stop."
NOTHING_TO_RETRY = "There is nothing to try again: the cards are being made, or are ready."
# A PDF reader inside a browser styles its own page and holds the file as an object; nothing else may happen there.
INLINE_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
State = IdCardRequest.State


@requires(WRITE)
@require_safe
def id_cards(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """Temporary or permanent? Next leads on to the policies, Cancel back to the client (IDC_01)."""
    account = _account(request, account_number)
    asked = request.GET.get("kind", "")
    if asked in KINDS:
        return redirect("clients:id-cards-choose", account_number, asked)
    return render(
        request,
        "clients/id_cards.html",
        {
            "client_url": _client_url(account),
            "error": forms.CHOOSE_KIND if "next" in request.GET else "",
            "kinds": [
                (TEMPORARY, "Temporary ID Cards", TEMPORARY_TEXT),
                (PERMANENT, "Permanent ID Cards", PERMANENT_TEXT),
            ],
            "orders": [_order_line(order) for order in selectors.orders_of(request.user, account)],
        },
    )


TEMPORARY_TEXT = "A PDF file for each card, to print or download now."
PERMANENT_TEXT = "The carrier mails them to the client."


@requires(WRITE)
@require_safe
def id_cards_choose(request: AuthenticatedHttpRequest, account_number: str, kind: str) -> HttpResponse:
    """The policy and member selection screen (IDC_03, IDC_04)."""
    account, choices = _choices(request, account_number, kind)
    return _choose(request, account, kind, choices, forms.Chosen())


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def id_cards_confirm(request: AuthenticatedHttpRequest, account_number: str, kind: str) -> HttpResponse:
    """The detail screen: plan, members, Member IDs and numbers once more; then the order (IDC_06, IDC_07)."""
    account, choices = _choices(request, account_number, kind)
    sent = request.POST if request.method == "POST" else request.GET
    chosen = forms.read_choice(sent, choices, kind=kind)
    if chosen.errors:
        return _choose(request, account, kind, choices, chosen)
    quantity = forms.read_quantity(sent, requires_pcp=chosen.requires_pcp)
    if request.method == "POST" and not quantity.error:
        try:
            order = _place(request, account, kind, chosen, quantity.value)
        except service.CardsNotAvailable as exc:
            messages.error(request, str(exc))
            return redirect("clients:id-cards-choose", account_number, kind)
        return redirect("clients:id-card-order", order.key)
    return render(
        request,
        "clients/id_card_confirm.html",
        {
            "kind": kind,
            "client_url": _client_url(account),
            "back_url": reverse("clients:id-cards-choose", args=[account_number, kind]),
            "is_permanent": kind == PERMANENT,
            "chosen": chosen,
            "lines": [_card_line(policy.policy.product_name, one) for policy, one in chosen.members],
            "member_id": chosen.members[0][1].member.member_id,
            "quantity": quantity,
            "quantity_error": quantity.error if request.method == "POST" else "",
            "copies": range(1, service.most_copies(chosen.requires_pcp) + 1),
            "bundles": BUNDLES if kind == TEMPORARY and len(chosen.members) > 1 else (),
            "bundle": forms.read_bundle(sent),
            "form_key": form_keys.readable(sent.get("form_key", "")),
        },
    )


def _place(
    request: AuthenticatedHttpRequest, account: Account, kind: str, chosen: forms.Chosen, quantity: int
) -> IdCardOrder:
    form_key = form_keys.readable(request.POST.get("form_key", ""))
    asked = [service.CardAsked(policy=policy.policy, member=one.member) for policy, one in chosen.members]
    if kind == PERMANENT:
        return service.order_permanent(
            policy=asked[0].policy,
            members=[card.member for card in asked],
            quantity=quantity,
            by=request.user,
            now=timezone.now(),
            form_key=form_key,
        )
    return service.request_temporary(
        asked=asked,
        account=account,
        bundle=forms.read_bundle(request.POST),
        by=request.user,
        now=timezone.now(),
        form_key=form_key,
    )


@requires(WRITE)
@require_POST
def id_cards_of_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Temporary cards of ticked policies of a result: asks first, then makes them, all in one file."""
    ticked = selection.read(request.POST)
    now = timezone.now()
    ids = [int(value) for value in ticked.values if value.isascii() and value.isdigit() and len(value) < 16]
    asked, left_out = selectors.cards_of_list(request.user, ids, now=now)
    back_url = _back_to_result(request)
    if not asked and not left_out:
        messages.error(request, selection.NOTHING_TICKED)
        return redirect(back_url)
    if ticked.confirmed:
        try:
            order = service.request_temporary(
                asked=asked,
                bundle=forms.read_bundle(request.POST),
                left_out=left_out,
                by=request.user,
                now=now,
                form_key=form_keys.readable(request.POST.get("form_key", "")),
            )
        except service.CardsNotAvailable as exc:
            messages.error(request, str(exc))
            return redirect(back_url)
        return redirect("clients:id-card-order", order.key)
    policies = list({card.policy.pk: card.policy for card in asked}.values())
    return render(
        request,
        "clients/id_cards_of_list.html",
        {
            "cards": len(asked),
            "policies": [(policy, sum(card.policy.pk == policy.pk for card in asked)) for policy in policies],
            "left_out": left_out,
            "bundles": BUNDLES if len(asked) > 1 else (),
            "bundle": BUNDLES[0][0],
            "back_url": back_url,
            "result_id": request.POST.get("r", "")[:40],
            "form_key": form_keys.new_key(),
        },
    )


# --- an order ---


@requires(WRITE)
@require_safe
def id_card_order(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """The order: how far it is, the files to print or download, Finish (IDC_10, IDC_11)."""
    order = _order(request, key)
    template = "clients/id_card_order.html"
    return render(request, template, _order_context(request, order))


@polled
@requires(WRITE)
@require_safe
def id_card_order_state(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """The part of the page that changes while cards are being made."""
    return render(request, "clients/_id_card_order_state.html", _order_context(request, _order(request, key)))


@requires(WRITE)
@require_POST
def id_card_order_cancel(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """Stop what is not made yet."""
    order = _order(request, key)
    if not service.cancel(order=order, by=request.user, now=timezone.now()):
        messages.info(request, NOTHING_TO_STOP)
    return redirect("clients:id-card-order", key)


@requires(WRITE)
@require_POST
def id_card_order_retry(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """Try once more what has failed."""
    order = _order(request, key)
    now = timezone.now()
    try:
        if order.kind == IdCardOrder.Kind.PERMANENT:
            _retry_permanent(request, order)
        else:
            service.retry_temporary(order=order, by=request.user, now=now)
    except service.NothingToRetry:
        messages.info(request, NOTHING_TO_RETRY)
    except service.CardsNotAvailable as exc:
        messages.error(request, str(exc))
    return redirect("clients:id-card-order", key)


def _retry_permanent(request: AuthenticatedHttpRequest, order: Any) -> None:
    failed = [card for card in order.cards if card.state == State.FAILED]
    if not failed:
        raise service.NothingToRetry
    for card in failed:
        service.retry_permanent(request=card, by=request.user, now=timezone.now())


@requires(WRITE)
@require_safe
def id_card_file(request: AuthenticatedHttpRequest, key: UUID, card_id: int = 0) -> HttpResponseBase:
    """One card's file, or with no card the file of all; every look is audited. With ``?print=1`` the browser shows it."""
    order: Any = _order(request, key)
    card = next((one for one in order.cards if one.pk == card_id), None)
    stored: StoredFile | None = card.file if card is not None else order.file if not card_id else None
    if stored is None:
        raise Http404("No such file.")
    try:
        response = as_attachment(stored)
    except NotReleased as exc:
        messages.error(request, str(exc))
        return redirect("clients:id-card-order", key)
    policies = [card.policy] if card is not None else list({one.policy_id: one.policy for one in order.cards}.values())
    for policy in policies:
        cards = 1 if card is not None else len(order.cards)
        trail.record("id_card.downloaded", policy, by=request.user, order=order.pk, cards=cards)
    if request.GET.get("print") and stored.content_type == "application/pdf":
        response["Content-Disposition"] = f'inline; filename="{stored.name}"'
        response["Content-Security-Policy"] = INLINE_POLICY
    return response


# --- shared ---


def _account(request: AuthenticatedHttpRequest, number: str) -> Account:
    account = selectors.account_for(request.user, number)
    if account is None:
        get_object_or_404(Account.objects.for_user(request.user), number=number)
        raise PermissionDenied(NOT_YOURS_HERE)
    return account


def _choices(request: AuthenticatedHttpRequest, number: str, kind: str) -> tuple[Account, list[selectors.PolicyChoice]]:
    if kind not in KINDS:
        raise Http404("No such kind of ID card.")
    account = _account(request, number)
    return account, selectors.policies_to_choose(request.user, account, kind=KINDS[kind].value, now=timezone.now())


def _choose(
    request: AuthenticatedHttpRequest,
    account: Account,
    kind: str,
    choices: list[selectors.PolicyChoice],
    chosen: forms.Chosen,
) -> HttpResponse:
    possible = [choice for choice in choices if not choice.reason]
    lines = [
        {
            "choice": choice,
            "id": f"policy-{choice.policy.pk}",
            "checked": chosen.policy_value == str(choice.policy.pk),
            "everybody": choice.policy.pk in chosen.ticked_all,
            "members": [(one, one.member.pk in chosen.ticked) for one in choice.members]
            if choice.policy.requires_pcp and not choice.reason
            else [],
        }
        for choice in choices
    ]
    return render(
        request,
        "clients/id_card_choose.html",
        {
            "client_url": _client_url(account),
            "back_url": reverse("clients:id-cards", args=[account.number]),
            "confirm_url": reverse("clients:id-cards-confirm", args=[account.number, kind]),
            "title": "Permanent IDs" if kind == PERMANENT else "Temporary IDs",
            "lines": lines,
            "errors": list(chosen.errors.items()),
            "offers_household": kind == TEMPORARY and sum(len(choice.members) for choice in possible) > 1,
            "household_cards": sum(len(choice.members) for choice in possible),
            "household_checked": chosen.is_household,
            "everything": forms.EVERYTHING,
        },
    )


def _order(request: AuthenticatedHttpRequest, key: UUID) -> Any:
    order = selectors.order_for(request.user, key)
    if order is None:
        raise Http404("No such order in your books.")
    return order


def _order_context(request: AuthenticatedHttpRequest, order: Any) -> dict[str, Any]:
    progress = selectors.progress_of(order)
    permanent = order.kind == IdCardOrder.Kind.PERMANENT
    changes = selectors.pending_changes(request.user, order) if permanent else {}
    several = len({card.policy.account_id for card in order.cards}) > 1
    return {
        "order": order,
        "progress": progress,
        "is_permanent": permanent,
        "is_pending": not permanent and not progress.is_over,
        "can_retry": (progress.failed or order.failure) and not order.cancelled_at and not order.forgotten_at,
        "cards": [_state_line(order, card, changes.get(card.pk), several=several) for card in order.cards],
        "file": _file_line(order.file, order.key),
        "left_out": len(order.left_out),
        "left_out_reasons": sorted({line["reason"] for line in order.left_out}),
        "requested": moment_as_text(order.requested_at),
        "finish_url": reverse("clients:search") if order.account is None else _client_url(order.account),
        "ready": sum(card.state == State.READY for card in order.cards),
        "poll_url": reverse("clients:id-card-order-state", args=[order.key]),
    }


PILLS = {
    State.REQUESTED: "warning",
    State.READY: "success",
    State.ORDERED: "success",
    State.FAILED: "danger",
    State.CANCELLED: "secondary",
}


def _state_line(order: Any, card: IdCardRequest, change: Any, *, several: bool) -> dict[str, Any]:
    text, note = card.get_state_display(), card.failure
    if order.kind == IdCardOrder.Kind.TEMPORARY and card.state == State.REQUESTED:
        text = "Being made"
    elif card.state == State.REQUESTED:
        text = "Pending"
        note = (
            f"Pending since {moment_as_text(card.requested_at)}: on the way to the member system." if change else note
        )
    elif card.state == State.ORDERED:
        note = f"Accepted {selectors.words_of(card.finished_at)}. The carrier mails the cards."
    elif order.forgotten_at and card.file:
        text, note = "No longer kept", f"The file was deleted on {as_text(order.forgotten_at.date())}."
    return {
        "card": card,
        "name": f"{card.member.name} ({card.member.get_role_display()})",
        "plan": card.policy.product_name,
        "account": card.policy.account.number if several else "",
        "text": text,
        "note": note,
        "pill": "secondary" if order.forgotten_at else PILLS[State(card.state)],
        "file": _file_line(card.file, order.key, card.pk),
    }


def _file_line(stored: StoredFile | None, key: UUID, card_id: int = 0) -> dict[str, Any] | None:
    """Where a file can be had; nothing while nobody may have it."""
    if stored is None or not stored.may_be_opened:
        return None
    name = "clients:id-card-file" if card_id else "clients:id-card-bundle"
    url = reverse(name, args=[key, card_id] if card_id else [key])
    is_pdf = stored.content_type == "application/pdf"
    return {"url": url, "print_url": f"{url}?print=1" if is_pdf else "", "what": "PDF" if is_pdf else "ZIP"}


def _card_line(plan: str, choice: selectors.MemberChoice) -> dict[str, str]:
    return {
        "plan": plan,
        "name": choice.by_last_name,
        "member_id": choice.member.member_id,
        "note": choice.note,
    }


def _order_line(order: Any) -> dict[str, Any]:
    return {
        "url": reverse("clients:id-card-order", args=[order.key]),
        "kind": order.get_kind_display(),
        "when": moment_as_text(order.requested_at),
        "cards": order.cards,
        "by": order.requested_by.get_full_name(),
    }


def _client_url(account: Account) -> str:
    return reverse("clients:detail", args=[account.number])


def _back_to_result(request: AuthenticatedHttpRequest) -> str:
    result_id = request.POST.get("r", "")[:40]
    query = urlencode({"r": result_id, "cards": "1"}) if result_id else ""
    return reverse("clients:search") + (f"?{query}" if query else "")
