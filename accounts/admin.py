"""People and producers in the carrier administration: looked up here, changed where they belong.

Producer records come from the producer record system, grants from the producers themselves, codes and attempts from
signing in. What staff change here is whether a login is open.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from accounts import admin_staff  # noqa: F401 - registers its page
from accounts.forms.support import TicketForm
from accounts.models import (
    AuthenticatorDevice,
    DelegateGrant,
    DelegateInvitation,
    EmailConfirmation,
    HeldTypingPattern,
    HierarchyEdge,
    LoginAttempt,
    LoginGuard,
    OneTimeCode,
    PasswordHistory,
    Producer,
    ProducerNumber,
    RecoveryCode,
    RegistrationRequest,
    StateRegistration,
    TermsAcceptance,
    TermsVersion,
    TrustedDevice,
    TypingProfile,
    UsedTypingNonce,
    User,
    UserSession,
)
from accounts.registration_queue import RegistrationQueue
from accounts.services import authenticator, support_resets
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.content.legal_admin import LegalWordingAdmin
from portal.common.dates import moment_as_text
from portal.common.staff_queues import Queue


class OfOneUserAdmin(ReadMostlyAdmin):
    """Rows that belong to one login."""

    list_select_related: ClassVar[Any] = ("user",)
    search_fields: ClassVar[Any] = ("user__username__iexact",)
    search_help_text = "A username in full."


@admin.register(User)
class UserAdmin(ReadMostlyAdmin):
    """Closing a login ends its sessions with the next request."""

    list_display = ("username", "first_name", "last_name", "role", "is_active", "email_confirmed_at", "last_login")
    list_filter = ("role", "is_active")
    list_select_related = ("producer",)
    search_fields = ("username__iexact", "producer__npn__exact")
    search_help_text = "A username in full, or a National Producer Number."
    editable_fields = ("is_active",)
    hidden_fields = ("is_superuser", "is_staff", "staff_role")  # of staff, whose page says the role in words
    actions = ("unlock", "reset_second_factors", "reset_typing_pattern")

    @admin.action(description="Unlock", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._on_ticket(
            request,
            queryset,
            act=support_resets.unlock,
            title="Unlock",
            explanation="The login opens at once instead of after its lock. The owner is told by email.",
            done="Unlocked {done} of {all} (the others were not locked).",
        )

    @admin.action(description="Reset second factors", permissions=["change"])
    def reset_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._on_ticket(
            request,
            queryset,
            act=support_resets.reset_second_factors,
            title="Reset second factors",
            explanation=(
                "Forgets remembered devices, authenticator app, recovery codes and typing pattern. Codes then go to the "
                "address on record. The owner is told by email."
            ),
            done="Reset the second factors of {all}.",
        )

    @admin.action(description="Reset typing pattern", permissions=["change"])
    def reset_typing_pattern(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._on_ticket(
            request,
            queryset,
            act=support_resets.reset_typing_pattern,
            title="Reset typing pattern",
            explanation=(
                "Deletes the typing pattern. The next login asks for a new one, which counts once the code of that login was "
                "entered; remembered devices are asked for a code again. The owner is told by email."
            ),
            done="Reset the typing pattern of {done} of {all} (the others had nothing to reset).",
        )

    def _on_ticket(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        *,
        act: Callable[..., bool | None],
        title: str,
        explanation: str,
        done: str,
    ) -> HttpResponse | None:
        """Ask for ticket and reason first; both are written down with each person."""
        people = list(queryset.select_related("producer").order_by("username"))
        form = TicketForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            now, by = timezone.now(), cast(User, request.user)
            with transaction.atomic():
                acted = [act(user=person, by=by, at=now, **form.cleaned_data) for person in people]
            self.message_user(request, done.format(done=len([a for a in acted if a]), all=len(people)))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "explanation": explanation,
            "button": title,
            "form": form,
            "people": people,
            "selected": [person.pk for person in people],
            "action": request.POST.get("action", ""),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/accounts/user_ticket.html", context)

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        # The carrier's staff have a page of their own, where their roles are.
        return () if obj is not None and obj.role == User.Role.CARRIER_ADMIN else self.editable_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Producers and delegates; the carrier's staff are there for those who may look at staff accounts."""
        rows: QuerySet[User] = super().get_queryset(request)
        user = cast(User, request.user)
        return rows if user.has_perm("accounts.view_staffaccount") else rows.exclude(role=User.Role.CARRIER_ADMIN)

    def for_producer(self, obj: User) -> str:
        return obj.producer.npn if obj.producer else ""


@admin.register(Producer)
class ProducerAdmin(ReadMostlyAdmin):
    list_display = ("npn", "name", "is_agency", "status", "parent")
    list_filter = ("status", "is_agency")
    list_select_related = ("parent",)
    ordering = ("last_name", "first_name", "id")
    search_fields = ("npn__exact", "numbers__number__exact")
    search_help_text = "A National Producer Number or a nine-digit producer number."

    def audit_id(self, obj: Producer) -> str:
        return obj.npn

    def for_producer(self, obj: Producer) -> str:
        return obj.npn


class OfOneProducerAdmin(ReadMostlyAdmin):
    """Rows that belong to one producer."""

    list_select_related: ClassVar[Any] = ("producer",)
    search_fields: ClassVar[Any] = ("producer__npn__exact",)
    search_help_text = "A National Producer Number."

    def for_producer(self, obj: Any) -> str:
        return obj.producer.npn if obj.producer else ""


@admin.register(ProducerNumber)
class ProducerNumberAdmin(OfOneProducerAdmin):
    list_display = ("number", "producer", "us_state", "company_name", "status")
    list_filter = ("us_state", "status")
    search_fields = ("number__exact", "producer__npn__exact")
    search_help_text = "A nine-digit producer number or a National Producer Number."

    def audit_id(self, obj: ProducerNumber) -> str:
        return obj.number


@admin.register(HierarchyEdge)
class HierarchyEdgeAdmin(ReadMostlyAdmin):
    """Who stands above whom, as the portal resolves it; kept by the hierarchy service."""

    list_display = ("ancestor", "descendant", "depth")
    list_select_related = ("ancestor", "descendant")
    search_fields = ("ancestor__npn__exact", "descendant__npn__exact")
    search_help_text = "A National Producer Number, above or below."


@admin.register(StateRegistration)
class StateRegistrationAdmin(RegistrationQueue, OfOneProducerAdmin):
    """Producers who ask for one more state, and the states of registrations of the older style."""

    list_display = (
        "producer_number",
        "us_state",
        "producer",
        "request",
        "company_name",
        "status",
        "submitted_at",
        "promised_on",
        "decided_at",
    )
    list_filter = ("status", "us_state")
    list_select_related = ("producer", "request", "decided_by")
    queues = (Queue(label="Registrations of one more state", order=20, filters={"status__exact": "PENDING"}),)


@admin.register(RegistrationRequest)
class RegistrationRequestAdmin(RegistrationQueue):
    """Registrations of the older style, waiting for the carrier."""

    list_display = ("username", "first_name", "last_name", "status", "submitted_at")
    list_filter = ("status",)
    queues = (Queue(label="Registrations of new producers", order=10, filters={"status__exact": "PENDING"}),)
    search_fields = ("username__iexact",)
    search_help_text = "A username in full."
    readonly_fields = ("states_asked_for",)

    @admin.display(description="States")
    def states_asked_for(self, obj: RegistrationRequest) -> str:
        """What staff compare with the contract: state, number, business and address of each."""
        lines = []
        for state in obj.states.order_by("us_state"):
            street = f"{state.address_1} {state.address_2}".strip()
            town = f"{state.city}, {state.address_state} {state.zip}"
            business = [state.company_name, street, town, state.phone, state.email]
            lines.append((f"{state.us_state} {state.producer_number}: {', '.join(filter(None, business))}",))
        return format_html_join(mark_safe("<br>"), "{}", lines)


@admin.register(DelegateGrant)
class DelegateGrantAdmin(OfOneProducerAdmin):
    list_display = ("producer", "delegate", "scopes", "first_day", "last_day", "revoked_at")
    list_select_related = ("producer", "delegate", "revoked_by")
    search_fields = ("producer__npn__exact", "delegate__username__iexact")
    search_help_text = "A National Producer Number, or a delegate's username in full."


@admin.register(DelegateInvitation)
class DelegateInvitationAdmin(OfOneProducerAdmin):
    """That somebody was invited, never the link."""

    list_display = ("producer", "email", "scopes", "first_day", "last_day", "expires_at", "accepted_at", "withdrawn_at")
    list_select_related = ("producer", "invited_by", "accepted_by")


@admin.register(EmailConfirmation)
class EmailConfirmationAdmin(OfOneUserAdmin):
    """That a link was sent to prove a mailbox, never the link."""

    list_display = ("user", "created_at", "expires_at", "used_at", "superseded_at")


@admin.register(TermsVersion)
class TermsVersionAdmin(LegalWordingAdmin):
    """Who registers accepts the newest published wording: plain text, an empty line between paragraphs."""


@admin.register(TermsAcceptance)
class TermsAcceptanceAdmin(OfOneUserAdmin):
    list_display = ("user", "terms", "accepted_at", "ip_address")
    list_select_related = ("user", "terms")


@admin.register(LoginAttempt)
class LoginAttemptAdmin(OfOneUserAdmin):
    """Log-in monitoring: tries on one name, right or wrong."""

    list_display = ("at", "username", "outcome", "method", "ip_address", "browser")
    list_filter = ("outcome",)
    search_fields = ("username__exact",)
    search_help_text = "The username as it was typed, whether or not it exists."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.lower())


@admin.register(LoginGuard)
class LoginGuardAdmin(ReadMostlyAdmin):
    """Wrong passwords in a row on one name, and until when it is locked."""

    list_display = ("username_key", "failures", "last_failure_at", "locked_until")
    search_fields = ("username_key__exact",)
    search_help_text = "The username as it was typed, whether or not it exists."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.lower())


@admin.register(UserSession)
class UserSessionAdmin(OfOneUserAdmin):
    """Browsers in which somebody is signed in; the key that opens the session is not shown."""

    list_display = ("user", "browser", "ip_address", "signed_in_at", "last_seen_at")


@admin.register(OneTimeCode)
class OneTimeCodeAdmin(OfOneUserAdmin):
    """That a code was sent and what became of it, never the code."""

    list_display = ("user", "purpose", "method", "created_at", "expires_at", "tries", "used_at", "superseded_at")
    list_filter = ("purpose", "method")


@admin.register(PasswordHistory)
class PasswordHistoryAdmin(OfOneUserAdmin):
    list_display = ("user", "set_at")


@admin.register(TrustedDevice)
class TrustedDeviceAdmin(OfOneUserAdmin):
    list_display = ("user", "browser", "created_at", "expires_at", "last_used_at", "revoked_at")


@admin.register(TypingProfile)
class TypingProfileAdmin(OfOneUserAdmin):
    """That a typing pattern exists and which consent it rests on, never the pattern."""

    list_display = ("user", "template_version", "consent_at", "enrolled_at", "last_used_at", "failures", "closed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TypingProfile]:
        return super().get_queryset(request).defer("template")


@admin.register(HeldTypingPattern)
class HeldTypingPatternAdmin(OfOneUserAdmin):
    """That an enrolment waits for the code of its login, never the pattern."""

    list_display = ("user", "consent_at", "expires_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HeldTypingPattern]:
        return super().get_queryset(request).defer("template")


@admin.register(UsedTypingNonce)
class UsedTypingNonceAdmin(ReadMostlyAdmin):
    """Answers to the typing page that were taken, for as long as they could be sent again."""

    list_display = ("id", "expires_at")


@admin.register(AuthenticatorDevice)
class AuthenticatorDeviceAdmin(OfOneUserAdmin):
    """That an authenticator app is set up and whether its codes are taken, never its secret."""

    list_display = ("user", "created_at", "confirmed_at", "closed_at", "reopened_at")
    readonly_fields = ("standing",)

    @admin.display(description="Codes of this app")
    def standing(self, obj: AuthenticatorDevice) -> str:
        """Whether they are taken, and how many wrong ones count, for whoever calls support."""
        if obj.confirmed_at is None:
            return "Not set up yet"
        stands = authenticator.standing_of(obj, at=timezone.now())
        counted = f"{stands.wrong_today} wrong in 24 hours, {stands.wrong_this_month} in 30 days"
        if stands.closed_until:
            return f"Not taken until {moment_as_text(stands.closed_until)} ({counted})"
        if stands.closed:
            return f"Not taken until a code by email or text message was used ({counted})"
        if stands.wait_until:
            return f"Taken again from {moment_as_text(stands.wait_until)} ({counted})"
        return f"Taken ({counted})"


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(OfOneUserAdmin):
    """How many recovery codes somebody has left, never the codes."""

    list_display = ("user", "created_at", "used_at")
