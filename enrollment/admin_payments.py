"""Payments in the administration: looked up, asked about anew, never changed by hand."""

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from enrollment.models import AutopayMandate, Payment, PaymentEvent
from enrollment.payments.gateways.base import GatewayRefused, GatewayUnavailable
from enrollment.services import payment_calls
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue


class AttentionFilter(admin.SimpleListFilter):
    """What somebody has to look into."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "To be looked into")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(attention="") if self.value() == "1" else queryset


class EventInline(admin.TabularInline):
    """Everything that was told, in the order it came."""

    model = PaymentEvent
    template = "admin/enrollment/payment_events.html"
    extra = 0
    can_delete = False
    fields = ("received_at", "source", "told", "at", "amount", "state_before", "state_after", "reason")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(ReadMostlyAdmin):
    """No name of the payer is listed; who paid what stands on the row, whose look is audited."""

    list_display = ("number", "state", "amount", "purpose", "what", "created_at", "changed_at", "attention")
    list_filter = (AttentionFilter, "state", "purpose", "gateway")
    queues = (Queue(label="Payments to look into", order=90, filters={"attention": "1"}, is_fault=True),)
    list_select_related: ClassVar[Any] = ("application", "policy", "producer_number__producer", "started_by")
    search_fields: ClassVar[Any] = (
        "number__exact",
        "application__record_number__exact",
        "external_id__exact",
        "confirmation__exact",
    )
    search_help_text = "Payment number, record number, confirmation number or the service's own number."
    hidden_fields = ("key", "return_nonce", "url")
    inlines = (EventInline,)
    actions = ("ask_the_service",)

    @admin.display(description="for")
    def what(self, obj: Payment) -> str:
        return obj.what_for

    def audit_id(self, obj: Any) -> str:
        return str(obj.number)

    def for_producer(self, obj: Any) -> str:
        return str(obj.producer_number.producer.npn)

    @admin.action(description="Reconcile: ask the payment service", permissions=["work"])
    def ask_the_service(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Ask about the chosen payments now; what is new is taken as if it had been told."""
        now, new, asked = timezone.now(), 0, 0
        with one_by_one():
            for payment in queryset.order_by("pk"):
                try:
                    new += payment_calls.look_into(payment=payment, by=cast(User, request.user), at=now)
                    asked += 1
                except (GatewayUnavailable, GatewayRefused):
                    self.message_user(
                        request, f"The payment service has no answer about {payment.number}.", messages.ERROR
                    )
        if asked:
            self.message_user(request, f"Asked about {asked}; {new} new.", messages.SUCCESS)


@admin.register(AutopayMandate)
class AutopayMandateAdmin(ReadMostlyAdmin):
    list_display = ("payment", "state", "bank_last4", "text_version", "agreed_at", "revoked_at")
    list_filter = ("state",)
    list_select_related: ClassVar[Any] = ("payment", "producer_number__producer", "revoked_by")
    search_fields: ClassVar[Any] = ("payment__number__exact", "external_id__exact")
    search_help_text = "Payment number or the service's own number."

    def audit_id(self, obj: Any) -> str:
        return str(obj.payment.number)

    def for_producer(self, obj: Any) -> str:
        return str(obj.producer_number.producer.npn)
