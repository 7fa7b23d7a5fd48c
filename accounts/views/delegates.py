"""My Delegates: who may work for a producer, and what was done (HOM_10, HOM_14)."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.delegates import ActivityFilterForm, InvitationForm, RightsForm
from accounts.http import AuthenticatedHttpRequest
from accounts.models import DelegateGrant, DelegateInvitation, Producer
from accounts.models.delegation import DelegateGrantQuerySet
from accounts.selectors import delegates as selector
from accounts.services import delegate_grants, delegate_invitations
from accounts.services.delegate_grants import GrantRevoked
from accounts.services.delegate_invitations import CannotInvite, InvitationNotOpen, LinkMaker
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from portal.common.paging import DEFAULT_PAGE_SIZE, Page, read_number
from portal.common.throttle import TooOften

TRAIL = [("My Delegates", "/accounts/delegates/")]


def _link_maker(request: HttpRequest) -> LinkMaker:
    return lambda token: request.build_absolute_uri(reverse("accounts:delegate-invitation", args=[token]))


@requires(Perm.DELEGATES_MANAGE)
@require_safe
def delegates(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Everybody who may, could or will work for this producer."""
    mine = selector.my_delegates(request.user, at=timezone.now())
    return render(request, "accounts/delegates.html", {"mine": mine})


@requires(Perm.DELEGATES_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def delegate_invite(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Invite somebody by email."""
    now = timezone.now()
    own_record = get_object_or_404(Producer.objects.for_user(request.user), pk=request.user.producer_id)
    form = InvitationForm(request.POST if request.method == "POST" else None, on=today_in(now=now))
    if form.is_valid():
        try:
            invitation = delegate_invitations.invite(
                producer=own_record,
                first_name=form.cleaned_data["first_name"],
                last_name=form.cleaned_data["last_name"],
                email=form.cleaned_data["email"],
                rights=form.rights(),
                by=request.user,
                at=now,
                link=_link_maker(request),
            )
        except delegate_invitations.AlreadyInvited as exc:
            # Also what a second click finds: the list shows the one invitation.
            messages.info(request, str(exc))
            return redirect("accounts:delegates")
        except (CannotInvite, TooOften) as exc:
            form.add_error("email", str(exc))
        else:
            messages.success(request, f"The invitation is on its way to {invitation.email}. The link works for 7 days.")
            return redirect("accounts:delegates")
    return render(request, "accounts/delegate_invite.html", {"form": form, "trail": TRAIL})


@requires(Perm.DELEGATES_MANAGE)
@require_POST
def delegate_invitation_resend(request: AuthenticatedHttpRequest, invitation_id: int) -> HttpResponse:
    """Send a new link; the old one stops working."""
    invitation = get_object_or_404(DelegateInvitation.objects.for_user(request.user), pk=invitation_id)
    try:
        delegate_invitations.resend(
            invitation=invitation, by=request.user, at=timezone.now(), link=_link_maker(request)
        )
    except (InvitationNotOpen, TooOften) as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, f"A new link is on its way to {invitation.email}. The earlier one no longer works.")
    return redirect("accounts:delegates")


@requires(Perm.DELEGATES_MANAGE)
@require_POST
def delegate_invitation_withdraw(request: AuthenticatedHttpRequest, invitation_id: int) -> HttpResponse:
    """Make the link worthless at once."""
    invitation = get_object_or_404(DelegateInvitation.objects.for_user(request.user), pk=invitation_id)
    try:
        delegate_invitations.withdraw(invitation=invitation, by=request.user, at=timezone.now())
    except InvitationNotOpen as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, f"The invitation of {invitation.name} has been withdrawn. The link no longer works.")
    return redirect("accounts:delegates")


@requires(Perm.DELEGATES_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def delegate_change(request: AuthenticatedHttpRequest, grant_id: int) -> HttpResponse:
    """Change rights and days of one delegate."""
    grant = get_object_or_404(_grants(request), pk=grant_id)
    now = timezone.now()
    name = selector.name_of(grant.delegate)
    if grant.revoked_at is not None:
        messages.error(request, delegate_grants.REVOKED)
        return redirect("accounts:delegates")
    form = RightsForm(request.POST if request.method == "POST" else None, on=today_in(now=now), grant=grant)
    if form.is_valid():
        try:
            delegate_grants.change(grant=grant, rights=form.rights(), by=request.user)
        except GrantRevoked as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, f"What {name} may do has been saved. It counts from now on.")
        return redirect("accounts:delegates")
    return render(request, "accounts/delegate_change.html", {"form": form, "name": name, "trail": TRAIL})


@requires(Perm.DELEGATES_MANAGE)
@require_POST
def delegate_revoke(request: AuthenticatedHttpRequest, grant_id: int) -> HttpResponse:
    """End the access; the delegate's next request is refused."""
    grant = get_object_or_404(_grants(request), pk=grant_id)
    delegate_grants.revoke(grant=grant, by=request.user, at=timezone.now())
    messages.success(request, f"The access of {selector.name_of(grant.delegate)} has ended.")
    return redirect("accounts:delegates")


@requires(Perm.DELEGATES_MANAGE)
@require_safe
def delegate_activity(request: AuthenticatedHttpRequest, grant_id: int) -> HttpResponse:
    """What one delegate did for this producer: when, what, on which account; no client's data."""
    grant = get_object_or_404(_grants(request), pk=grant_id)
    form = ActivityFilterForm(request.GET)
    days = form.cleaned_data if form.is_valid() else {"first": None, "last": None}
    events = selector.activity_of(grant, first=days["first"], last=days["last"])
    page = _page(request, total=events.count())
    context = {
        "form": form,
        "page": page,
        "acts": [selector.as_act(event) for event in events[page.offset : page.offset + page.size]],
        "name": selector.name_of(grant.delegate),
        "username": grant.delegate.get_username(),
        "producer": grant.producer,
        "filtered": bool(days["first"] or days["last"]),
        "trail": TRAIL,
    }
    return render(request, "accounts/delegate_activity.html", context)


def _grants(request: AuthenticatedHttpRequest) -> DelegateGrantQuerySet:
    return DelegateGrant.objects.for_user(request.user).select_related("producer", "delegate")


def _page(request: HttpRequest, *, total: int) -> Page:
    size = DEFAULT_PAGE_SIZE
    number = read_number(request.GET.get("page"), total=total, size=size)
    pages = Page(number=number, size=size, total=total, sizes=[]).pages
    kept = {name: request.GET[name] for name in ("first", "last") if request.GET.get(name)}

    def url(wanted: int) -> str:
        return f"{request.path}?{urlencode({**kept, 'page': wanted})}" if wanted != number else ""

    return Page(
        number=number,
        size=size,
        total=total,
        sizes=[],
        url_first=url(1),
        url_previous=url(max(1, number - 1)),
        url_next=url(min(pages, number + 1)),
        url_last=url(pages),
    )
