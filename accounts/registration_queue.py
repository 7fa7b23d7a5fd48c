"""The carrier's queue of registrations: activate many at once, or refuse with a reason (REGL_07, PRF_08)."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.models import StateRegistration
from accounts.services import state_registrations
from accounts.services.state_registrations import CannotActivate, Waiting
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.one_by_one import one_by_one


class RefusalForm(forms.Form):
    """Why; the applicant reads it."""

    reason = forms.CharField(
        max_length=StateRegistration._meta.get_field("refusal_reason").max_length,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="Goes into the email to the applicant. No client's data, nothing about other producers.",
        error_messages={"required": "Say why: the applicant is told."},
    )


class RegistrationQueue(ReadMostlyAdmin):
    """Rows that wait for a decision; everything else about them is looked up only."""

    actions = ("activate", "refuse")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    @admin.action(description="Activate selected registrations", permissions=["decide"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Each one for itself: what cannot be activated is said and stays in the queue."""
        user: Any = request.user

        def act(waiting: Waiting) -> None:
            state_registrations.activate(waiting, by=user, at=timezone.now())

        self._decide(request, queryset, act, "activated")

    @admin.action(description="Refuse selected registrations", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Asks for the reason on a page of its own, then refuses."""
        form = RefusalForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            rows = list(queryset.filter(status=StateRegistration.Status.PENDING))
            if not rows:
                self.message_user(request, "None of the selected registrations waits for a decision.", messages.ERROR)
                return None
            context = {
                **self.admin_site.each_context(request),
                "title": "Refuse registrations",
                "opts": self.opts,
                "form": form,
                "rows": [(row.pk, str(row)) for row in rows],
            }
            return TemplateResponse(request, "admin/accounts/refuse_registrations.html", context)
        user: Any = request.user

        def act(waiting: Waiting) -> None:
            reason = form.cleaned_data["reason"]
            state_registrations.refuse(waiting, reason=reason, by=user, at=timezone.now())

        self._decide(request, queryset, act, "refused")
        return None

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Any], act: Callable[[Waiting], None], done_word: str
    ) -> None:
        done = 0
        with one_by_one():
            for waiting in _waiting_in(queryset):
                try:
                    act(waiting)
                    done += 1
                except CannotActivate as exc:
                    self.message_user(request, f"Not {done_word}. {exc}", messages.ERROR)
        if done:
            self.message_user(request, f"{_count(done)} {done_word}; the emails are on their way.", messages.SUCCESS)


def _waiting_in(queryset: QuerySet[Any]) -> Iterable[Waiting]:
    """What is decided: a registration once, however many of its states were ticked."""
    found: dict[tuple[str, int], Waiting] = {}
    for row in queryset.order_by("pk"):
        whole: Waiting = row
        if isinstance(row, StateRegistration) and row.producer_id is None and row.request is not None:
            whole = row.request
        found.setdefault((type(whole).__name__, whole.pk), whole)
    return found.values()


def _count(done: int) -> str:
    return "1 registration" if done == 1 else f"{done} registrations"
