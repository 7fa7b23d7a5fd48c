"""One client's page and the GO button on it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import AuthenticatedHttpRequest
from accounts.scoping import looked_up_once
from clients.models import Account, Policy
from clients.selectors import detail as selectors
from clients.selectors import pcp as pcp_selectors
from clients.selectors.pending_changes import pending_of
from clients.views.search import LAST_RESULT
from portal.common import audit, came_from, client_actions
from portal.common.access import Perm, requires
from portal.common.came_from import WayBack
from portal.common.client_actions import Choice, ClientInHand
from portal.common.dates import today_in
from portal.common.timeline import Household, timeline_of

CHOOSE = "Choose what you want to do, then press GO."


@requires(Perm.CLIENT_VIEW)
@require_safe
@looked_up_once()
def detail(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """Contact panel, policies, household and timeline (DET_01). Every look is audited."""
    return _show(request, _by_account_number(request, account_number))


@requires(Perm.CLIENT_VIEW)
@require_safe
@looked_up_once()
def detail_by_eapp(request: AuthenticatedHttpRequest, eapp_number: str) -> HttpResponse:
    """The same page for a household that has no account number yet (SRC_14); with one, on to its own address."""
    account = _by_eapp_number(request, eapp_number)
    if account.number:
        return redirect(_with_way_back(request, reverse("clients:detail", args=[account.number])))
    return _show(request, account)


@requires(Perm.CLIENT_VIEW)
@require_safe
def act(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """GO: on to where the chosen action is done, or back with the reason why it cannot be done (DET_03, DET_04)."""
    return _go(request, _by_account_number(request, account_number))


@requires(Perm.CLIENT_VIEW)
@require_safe
def act_by_eapp(request: AuthenticatedHttpRequest, eapp_number: str) -> HttpResponse:
    """GO for a household that has no account number yet."""
    return _go(request, _by_eapp_number(request, eapp_number))


def _by_account_number(request: AuthenticatedHttpRequest, account_number: str) -> Account:
    account: Account = get_object_or_404(Account.objects.for_user(request.user), number=account_number)
    return account


def _by_eapp_number(request: AuthenticatedHttpRequest, eapp_number: str) -> Account:
    policies = Policy.objects.for_user(request.user).filter(eapp_number=eapp_number).select_related("account")
    policy = policies.order_by("id").first()
    if policy is None:
        raise Http404("No such application in your books.")
    account: Account = policy.account
    return account


def _show(request: AuthenticatedHttpRequest, account: Account) -> HttpResponse:
    client = selectors.client_detail(request.user, account)
    policies = client.all_policies
    audit.record(
        "client.viewed",
        by=request.user,
        for_producer=policies[0].producer_number.producer.npn if policies else "",
        object_type="account",
        object_id=account.audit_id,
    )
    in_hand = _in_hand(account, policies)
    choices = _choices(request, in_hand)
    pending = pending_of(request.user, account, now=in_hand.now)
    return render(
        request,
        "clients/client_detail.html",
        {
            "client": client,
            "way_back": _way_back(request),
            "carried": came_from.carried(request),
            "go_url": f"{in_hand.page}go/",
            "choices": choices,
            "buttons": [choice for choice in choices if choice.also_button and not choice.reason],
            "impossible": [choice for choice in choices if choice.reason],
            "pending": pending,
            "pending_labels": [line.panel_label for line in pending if line.state == "pending"],
            "providers": pcp_selectors.providers_of(
                request.user, account, policies, [person.member for person in client.household], today=in_hand.today
            ),
            "timeline": timeline_of(request.user, Household(account=account, today=in_hand.today)),
        },
    )


def _go(request: AuthenticatedHttpRequest, account: Account) -> HttpResponse:
    in_hand = _in_hand(account, selectors.policies_of(request.user, account))
    asked = request.GET.get("action", "")
    chosen = next((choice for choice in _choices(request, in_hand) if choice.code == asked), None)
    if chosen is not None and not chosen.reason:
        return redirect(chosen.url)
    messages.warning(request, f"{chosen.label}: {chosen.reason}" if chosen else CHOOSE)
    return redirect(_with_way_back(request, in_hand.page))


def _in_hand(account: Account, policies: list[Policy]) -> ClientInHand:
    eapp = next((policy.eapp_number for policy in policies if policy.eapp_number), "")
    if account.number:
        page = reverse("clients:detail", args=[account.number])
    else:
        page = reverse("clients:detail-by-eapp", args=[eapp])
    return ClientInHand(
        account=account,
        account_number=account.number or "",
        eapp_number=eapp,
        policies=policies,
        page=page,
        today=today_in(account.us_state),
        now=timezone.now(),
    )


def _choices(request: AuthenticatedHttpRequest, in_hand: ClientInHand) -> list[Choice]:
    under = selectors.policies_under(request.user, list(in_hand.policies))
    return client_actions.choices_for(request.user, in_hand, policies_under=under)


def _with_way_back(request: AuthenticatedHttpRequest, url: str) -> str:
    return came_from.with_query(url, urlencode(came_from.carried(request)))


def _way_back(request: AuthenticatedHttpRequest) -> WayBack | None:
    """The result the page was opened from; a page that was opened from elsewhere leads back to the last search."""
    if came_from.carried(request):
        return came_from.way_back(request)
    last = request.session.get(LAST_RESULT, "")
    return WayBack(url=last, label="Back to Search Results") if last else None
