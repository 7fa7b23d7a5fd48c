"""What every step of a payment needs: its locked row, a call owed to the payment service, a line of the audit (PAY, ADR 0024)."""

from typing import Any

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application, Payment
from portal.common import audit, outbox

RELEASE, CANCEL, REVOKE = "enrollment.payment.release", "enrollment.payment.cancel", "enrollment.mandate.revoke"


def lock(payment: Payment) -> Payment:
    """The payment, after what it is for: everybody takes them in this order."""
    if payment.application_id:
        Application.objects.select_for_update(of=("self",)).only("pk").get(pk=payment.application_id)
    elif payment.policy_id:
        Policy.objects.select_for_update(of=("self",)).only("pk").get(pk=payment.policy_id)
    rows = Payment.objects.select_for_update(of=("self",))
    return rows.select_related("application", "policy", "producer_number__producer", "started_by").get(pk=payment.pk)


def owe(topic: str, payment: Payment) -> None:
    payment.calls += 1
    payment.save(update_fields=["calls"])
    outbox.add(topic, dedupe_key=f"{topic}:{payment.pk}:{payment.calls}", payload={"payment_id": payment.pk})


def record(action: str, payment: Payment, by: User | None, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=payment.producer_number.producer.npn,
        object_type="payment",
        object_id=payment.number,
        details=details,
    )
