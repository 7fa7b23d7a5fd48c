"""The Django admin for carrier staff: same sign-in, second factor included, as everybody else."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from portal.common import staff_queues, staff_roles
from portal.common.access import Perm, public


class PortalAdminSite(admin.AdminSite):
    """No password form of its own: a session exists only after the second factor, so that is what it asks for."""

    site_header = f"{settings.PORTAL_NAME} · Carrier administration"
    site_title = settings.PORTAL_NAME
    index_title = "Carrier administration"
    site_url = "/"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(
            user.is_authenticated and user.is_active and user.is_staff and user.has_portal_perm(Perm.CARRIER_ADMIN)
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every address of the administration, behind the table of roles as well as behind its page's own checks."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            match = request.resolver_match
            if not staff_roles.may_open(request.user, match.url_name if match else None):
                raise PermissionDenied("Your role does not include this page.")
            return view(request, *args, **kwargs)

        return super().admin_view(guarded, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the role of whoever looks, for the head of the page."""
        user: Any = request.user
        return {**super().each_context(request), "staff_role": getattr(user, "standing_label", "")}

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("home")
        return redirect_to_login(reverse("admin:index"), login_url=reverse("accounts:login"))

    login = public(login)  # type: ignore[assignment]

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """What waits for whoever looks, then the lists that are theirs."""
        user: Any = request.user
        waiting = {"queues": staff_queues.counted(self, request), "duty": staff_roles.DUTIES.get(user.standing, "")}
        return super().index(request, {**(extra_context or {}), **waiting})

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "POST":
            logout(request)
        return redirect("accounts:login")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Passwords change in the portal only, where the rules, the history and the notice are."""
        raise Http404
