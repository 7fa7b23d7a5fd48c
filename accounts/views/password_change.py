"""Changing the own password: afterwards one logs in with the new one (PRF_06, PRF_07)."""

from django.contrib import auth, messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms.passwords import ChangePasswordForm
from accounts.http import AuthenticatedHttpRequest
from accounts.password_validation import checklist
from accounts.services import password_change
from accounts.services.password_change import WrongCurrentPassword
from portal.common.access import Perm, requires
from portal.common.throttle import TooOften

UPDATED = "Your password has been updated. Please log in with your new password."


@requires(Perm.SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Current, new, confirm; each mistake is said beside its field."""
    form = ChangePasswordForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            password_change.change(
                user=request.user,
                current_password=form.cleaned_data["current_password"],
                new_password=form.cleaned_data["new_password"],
                at=timezone.now(),
            )
        except WrongCurrentPassword as exc:
            form.add_error("current_password", str(exc))
        except ValidationError as exc:
            form.add_error("new_password", exc)
        except TooOften as exc:
            form.add_error(None, str(exc))
            status = 429
        else:
            auth.logout(request)
            messages.success(request, UPDATED)
            return redirect("accounts:login")
    context = {
        "form": form,
        "username": request.user.username,
        "rule_columns": checklist(request.POST.get("new_password")),
    }
    return render(request, "accounts/password_change.html", context, status=status)
