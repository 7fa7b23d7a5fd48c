"""One client's page."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.http import AuthenticatedHttpRequest
from clients import selectors
from clients.models import Account, Policy
from clients.views.search import LAST_RESULT
from portal.common import audit, client_actions
from portal.common.access import Perm, requires


@requires(Perm.CLIENT_VIEW)
@require_safe
def detail(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """Contact panel, household and policies (DET_01). Every look is audited."""
    account = get_object_or_404(Account.objects.for_user(request.user), number=account_number)
    return _show(request, account)


@requires(Perm.CLIENT_VIEW)
@require_safe
def detail_by_eapp(request: AuthenticatedHttpRequest, eapp_number: str) -> HttpResponse:
    """The same page for a household that has no account number yet (SRC_14); with one, on to its own address."""
    policies = Policy.objects.for_user(request.user).filter(eapp_number=eapp_number).select_related("account")
    policy = policies.order_by("id").first()
    if policy is None:
        raise Http404("No such application in your books.")
    if policy.account.number:
        return redirect("clients:detail", account_number=policy.account.number)
    return _show(request, policy.account)


def _show(request: AuthenticatedHttpRequest, account: Account) -> HttpResponse:
    client = selectors.client_detail(request.user, account)
    audit.record(
        "client.viewed",
        by=request.user,
        for_producer=client.policies[0].policy.producer_number.producer.npn if client.policies else "",
        object_type="account",
        object_id=account.number or f"household-{account.pk}",
    )
    return render(
        request,
        "clients/client_detail.html",
        {
            "client": client,
            "back_url": request.session.get(LAST_RESULT, ""),
            "links": client_actions.links_for(request.user, account.number or ""),
        },
    )
