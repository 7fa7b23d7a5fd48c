"""Who may do what: the one place where roles, delegate scopes and permissions meet.

A view declares ``@requires(Perm.X)`` or ``@public``; a test walks the URLconf and fails on a view that declares
neither. Which *rows* a person may see is the other half and lives in ``accounts.scoping`` (``for_user``).
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol, cast

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.common import request_context


class Perm(StrEnum):
    """A right a signed-in person can have. The sentence beside each says what it opens."""

    SIGNED_IN = "signed_in"  # pages about oneself: home, own profile
    CLIENT_VIEW = "client_view"  # find clients and prospects and open their detail
    CLIENT_SERVICE = "client_service"  # ID cards, PCP and contact changes
    CARRIER_CONTACT = "carrier_contact"  # send documents and e-questions to the carrier, see their history
    REPORT_RUN = "report_run"  # run and export reports on the book
    ENROLL = "enroll"  # prospects, quotes and applications
    ENROLL_ON_EXCHANGE = "enroll_on_exchange"  # hand over to an exchange (never a delegate: HOM_11)
    COMMISSIONS_VIEW = "commissions_view"  # commission statements
    HIERARCHY_VIEW = "hierarchy_view"  # own place in the hierarchy
    DELEGATES_MANAGE = "delegates_manage"  # invite and revoke delegates
    STATES_REGISTER = "states_register"  # ask to be registered in another state (PRF_08)
    CARRIER_ADMIN = "carrier_admin"  # the carrier's staff pages


class DelegateScope(StrEnum):
    """What a producer can hand to a delegate (HOM_14)."""

    VIEW = "VIEW"
    SERVICE = "SERVICE"
    ENROLL = "ENROLL"
    COMMISSIONS = "COMMISSIONS"


PRODUCER_PERMS = frozenset(Perm) - {Perm.CARRIER_ADMIN}
# Carrier staff serve every book but sell nothing, hold no hierarchy of their own and answer what producers send.
CARRIER_ADMIN_PERMS = frozenset(
    {Perm.SIGNED_IN, Perm.CLIENT_VIEW, Perm.CLIENT_SERVICE, Perm.REPORT_RUN, Perm.CARRIER_ADMIN}
)
DELEGATE_BASE_PERMS = frozenset({Perm.SIGNED_IN})
# Delegates never complete on-exchange enrollments and never manage delegates, whatever their scopes (HOM_11).
PERMS_BY_SCOPE: dict[DelegateScope, frozenset[Perm]] = {
    DelegateScope.VIEW: frozenset({Perm.CLIENT_VIEW, Perm.REPORT_RUN}),
    DelegateScope.SERVICE: frozenset({Perm.CLIENT_SERVICE, Perm.CARRIER_CONTACT}),
    DelegateScope.ENROLL: frozenset({Perm.ENROLL}),
    DelegateScope.COMMISSIONS: frozenset({Perm.COMMISSIONS_VIEW}),
}


class HasPortalPerms(Protocol):
    is_authenticated: bool

    def has_portal_perm(self, perm: Perm) -> bool:
        """Does this person hold ``perm`` today, for at least one book?"""


View = Callable[..., HttpResponseBase]


def requires(perm: Perm) -> Callable[[View], View]:
    """Let only signed-in people with ``perm`` in; anonymous ones go to the login page, others get 403.

    Raises ``ValueError`` where the view is declared when there is no such permission.
    """
    perm = Perm(perm)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = cast(HasPortalPerms, request.user)
            # Every line about this request, a refusal among them, says who it was (ASVS 16.3.2).
            structlog.contextvars.bind_contextvars(user_id=getattr(user, "pk", None))
            # LoginRequiredMiddleware has sent anonymous visitors to the login page already; this is the second lock.
            if not user.is_authenticated or not user.has_portal_perm(perm):
                raise PermissionDenied("Your account does not include this function.")
            request_context.note_perm(perm.value)
            return view(request, *args, **kwargs)

        guarded.access_rule = perm  # type: ignore[attr-defined]
        return guarded

    return decorate


def with_person(request: HttpRequest) -> HttpRequest:
    """Load who is asking and their rights now, where no guard has: the frame of the page needs both, and templates ask nothing."""
    user: Any = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        user.has_portal_perm(Perm.SIGNED_IN)
    return request


def public(view: View) -> View:
    """Open to everyone, signed in or not: login, recovery, legal texts, health."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(with_person(request), *args, **kwargs)

    opened.access_rule = "public"  # type: ignore[attr-defined]
    return login_not_required(opened)
