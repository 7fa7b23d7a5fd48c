"""Change PCP: the Provider Change page, its warning and its confirmation (PCP_01..18).

The page is one form that is sent with each button, so it needs no memory and two windows do not meet. What was validated
waits for Finish with the session, under an id that names nobody (``portal.common.criteria``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from clients.forms.pcp import ProviderChangeForm, as_posted
from clients.models import Account, Member, Policy
from clients.pcp_confirmation import Comparison, comparisons
from clients.selectors import detail as detail_selectors
from clients.selectors import pcp as selector
from clients.selectors.pcp import MemberRow
from clients.selectors.provider_directory import FoundEntry, entry_for
from clients.services import pcp as service
from clients.services.pcp import Asked, Examined
from portal.common import criteria, form_keys
from portal.common.access import Perm, requires
from portal.common.client_actions import NOT_YOURS_HERE
from portal.common.dates import OPEN_END, US_STATES, as_text, today_in

KEPT = "pcp"
SUCCESS = "The transaction was successful and all applicable ID cards were requested."
VERIFY = (
    "Please verify the changes made. If the information is correct, select “Finish” to complete the workflow and save the "
    "changes made. If the information is not correct, please select “Back” to make changes."
)
NOT_OPEN = "That provider change is no longer open. Please begin again."
NOTHING_FOUND = "No medical group or PCP was found under this number for {day}. Please check it in the Provider Finder."
ANOTHER_ONE = (
    "The number, the date or the members were changed. Please check the provider shown, then press Validate again."
)
ONLY_THE_FIRST = (
    "In {state} a new provider can begin on the first day of a month only. Accept to change the effective date from {asked} to "
    "{proposed}, or Modify to enter another one."
)


@dataclass(frozen=True)
class InHand:
    """The account the page is about, and the members who can be changed."""

    account: Account
    policies: list[Policy]
    rows: list[MemberRow]
    today: date
    now: datetime

    @property
    def open_rows(self) -> list[MemberRow]:
        return [row for row in self.rows if row.open]

    @property
    def address(self) -> str:
        return reverse("clients:pcp", args=[self.account.number])

    @property
    def client_page(self) -> str:
        return reverse("clients:detail", args=[self.account.number])


@requires(Perm.CLIENT_SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def pcp(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """Provider Change: who, which number, from when, why; Search shows the provider, Validate asks the rules."""
    hand = _in_hand(request, account_number)
    if reason := _not_possible(hand):
        return _refuse(request, hand, reason)
    if request.method == "POST":
        return _asked(request, hand)
    kept = _kept(request, hand)
    if "t" in request.GET and kept is None:
        messages.info(request, NOT_OPEN)
        return redirect(hand.address)
    service.record_viewed(hand.policies, account=hand.account, by=request.user)
    if kept is None:
        return _page(request, hand, _form(request, hand, None))
    form = _form(request, hand, as_posted(kept["values"]))
    return _page(request, hand, form, entry=_entry(form, hand) if form.is_valid() else None)


def _asked(request: AuthenticatedHttpRequest, hand: InHand) -> HttpResponse:
    """One of the page's buttons."""
    form = _form(request, hand, request.POST)
    do = request.POST.get("do", "search")
    if do == "modify":
        return _page(request, hand, form, entry=_entry(form, hand) if form.is_valid() else None, modify=True)
    if not form.is_valid():
        return _page(request, hand, form)
    entry = _entry(form, hand)
    if entry is None:
        form.add_error("number", NOTHING_FOUND.format(day=as_text(form.cleaned_data["effective_date"])))
        return _page(request, hand, form)
    if do == "search":
        return _page(request, hand, form, entry=entry)
    if form.cleaned_data["found"] != entry.key:
        return _page(request, hand, form, entry=entry, note=ANOTHER_ONE)
    examined = _examine(request, hand, form)
    if do == "accept" and examined.proposed:
        form = _form(request, hand, as_posted(form.with_date(examined.proposed)))
        if not form.is_valid():
            raise BadRequest("The form cannot be sent with this date.")
        examined = _examine(request, hand, form)
    if examined.failed or examined.proposed:
        return _page(request, hand, form, entry=entry, examined=examined)
    kept = {"account": hand.account.number, "values": form.values(), "seen": examined.seen, "key": form_keys.new_key()}
    return redirect(
        f"{reverse('clients:pcp-confirm', args=[hand.account.number])}?t={criteria.keep(request, {KEPT: kept})}"
    )


@requires(Perm.CLIENT_SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def pcp_confirm(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """Provider Change Confirmation: current beside updated, then Finish (PCP_11..13)."""
    hand = _in_hand(request, account_number)
    if reason := _not_possible(hand):
        return _refuse(request, hand, reason)
    kept = _kept(request, hand)
    form = _form(request, hand, as_posted(kept["values"])) if kept else None
    if kept is None or form is None or not form.is_valid():
        messages.info(request, NOT_OPEN)
        return redirect(hand.address)
    if request.method == "POST":
        return _finish(request, hand, form, kept)
    examined = _examine(request, hand, form)
    if examined.failed or examined.proposed:
        return _page(request, hand, form, entry=examined.entry, examined=examined)
    return _confirmation(request, hand, examined)


def _finish(
    request: AuthenticatedHttpRequest, hand: InHand, form: ProviderChangeForm, kept: dict[str, Any]
) -> HttpResponse:
    try:
        made = service.change(
            asked=_asked_for(hand, form), seen=kept["seen"], by=request.user, now=hand.now, form_key=kept["key"]
        )
    except service.NotPossible as exc:
        return _page(request, hand, form, entry=exc.examined.entry, examined=exc.examined)
    except service.NotOffered as exc:
        raise BadRequest(str(exc)) from exc
    # Of two clicks only one says so.
    if made:
        messages.success(request, SUCCESS)
    return redirect(hand.address if request.POST.get("do") == "relaunch" else hand.client_page)


# --- what the pages need ---


def _in_hand(request: AuthenticatedHttpRequest, account_number: str) -> InHand:
    account: Account = get_object_or_404(Account.objects.for_user(request.user), number=account_number)
    seen = detail_selectors.policies_of(request.user, account)
    policies = detail_selectors.policies_under(request.user, seen)(Perm.CLIENT_SERVICE)
    if not policies:
        raise PermissionDenied(NOT_YOURS_HERE)
    now = timezone.now()
    return InHand(
        account=account,
        policies=policies,
        rows=selector.member_rows(request.user, account, now=now),
        today=today_in(account.us_state, now=now),
        now=now,
    )


def _not_possible(hand: InHand) -> str:
    reason = selector.why_not(hand.policies, account_number=hand.account.number or "")
    return reason or ("" if hand.open_rows else selector.ENDED)


def _refuse(request: HttpRequest, hand: InHand, reason: str) -> HttpResponse:
    """The page was opened by its address, or has become old: back with the reason; what is sent is refused (PCP_17)."""
    if request.method == "POST":
        raise BadRequest(reason)
    messages.warning(request, f"Change PCP: {reason}")
    return redirect(hand.client_page)


def _form(request: AuthenticatedHttpRequest, hand: InHand, data: Any) -> ProviderChangeForm:
    reasons = selector.reasons_for(request.user, today=hand.today)
    form = ProviderChangeForm(data, rows=hand.rows, reasons=reasons, today=hand.today)
    known = {str(row.coverage.pk) for row in hand.rows}
    if data is not None and not set(data.getlist("member")) <= known:
        raise BadRequest("Somebody is ticked who is not in the list.")
    return form


def _entry(form: ProviderChangeForm, hand: InHand) -> FoundEntry | None:
    ticked = set(form.ticked)
    states = [row.policy.us_state for row in hand.rows if row.coverage.pk in ticked]
    return entry_for(form.cleaned_data["number"], us_states=states, on=form.cleaned_data["effective_date"])


def _asked_for(hand: InHand, form: ProviderChangeForm) -> Asked:
    return Asked(
        account=hand.account,
        number=form.cleaned_data["number"],
        effective_date=form.cleaned_data["effective_date"],
        reasons=form.chosen_reasons,
    )


def _examine(request: AuthenticatedHttpRequest, hand: InHand, form: ProviderChangeForm) -> Examined:
    try:
        return service.examine(_asked_for(hand, form), by=request.user, now=hand.now)
    except service.NotOffered as exc:
        raise BadRequest(str(exc)) from exc


def _kept(request: HttpRequest, hand: InHand) -> dict[str, Any] | None:
    """What was validated in this window, if the session still has it and it is about this account."""
    kept = (criteria.recall(request, request.GET.get("t", "")) or {}).get(KEPT)
    return kept if kept and kept["account"] == hand.account.number else None


def _page(
    request: AuthenticatedHttpRequest,
    hand: InHand,
    form: ProviderChangeForm,
    *,
    entry: FoundEntry | None = None,
    examined: Examined | None = None,
    note: str = "",
    modify: bool = False,
) -> HttpResponse:
    everybody = request.GET.get("members") == "all"
    failed = examined.failed if examined else []
    form.mark_failed([line.coverage.pk for line in failed])
    if modify:
        form.fields["effective_date"].widget.attrs["autofocus"] = True
    context = {
        "primary_member_id": _primary_member_id(hand),
        "form": form,
        "boxes": [box for box in form.boxes if box.row.open or everybody],
        "active_count": len(hand.open_rows),
        "ended_count": len(hand.rows) - len(hand.open_rows),
        "everybody": everybody,
        "address": hand.address,
        "client_page": hand.client_page,
        "term_date": as_text(OPEN_END),
        "entry": entry,
        "entry_days": f"{as_text(form.cleaned_data['effective_date'])}-{as_text(OPEN_END)}" if entry else "",
        "note": note,
        "failed": [
            (f"{line.member.name} ({line.member.get_role_display()})", line.coverage.pk, line.problem)
            for line in failed
        ],
        "passed": [line.member.name for line in (examined.passed if examined else [])],
        "warning": _warning(examined) if examined and examined.proposed else "",
        # Errors of single fields stand in the summary at the top; those of members have a list of their own below.
        "has_field_errors": bool(form.errors),
    }
    return render(request, "clients/pcp.html", context)


def _warning(examined: Examined) -> str:
    states = sorted({US_STATES[line.policy.us_state] for line in examined.lines if line.proposed})
    return ONLY_THE_FIRST.format(
        state=" and ".join(states), asked=as_text(examined.effective_date), proposed=as_text(examined.proposed)
    )


def _confirmation(request: AuthenticatedHttpRequest, hand: InHand, examined: Examined) -> HttpResponse:
    told: list[Comparison] = comparisons(examined)
    context = {
        "primary_member_id": _primary_member_id(hand),
        "comparisons": told,
        "verify": VERIFY,
        "back_url": f"{hand.address}?t={request.GET['t']}",
        "client_page": hand.client_page,
    }
    return render(request, "clients/pcp_confirm.html", context)


def _primary_member_id(hand: InHand) -> str:
    primary = [row.member for row in hand.rows if row.member.role == Member.Role.PRIMARY]
    return primary[0].member_id if primary else ""
