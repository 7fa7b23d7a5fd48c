"""Autopay: agreed to in the Payment Portal, ended by the client at any time (PAY_04; 12 CFR 1005.10(b), (c))."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from enrollment.models import AutopayMandate, Payment
from enrollment.payments.gateways import gateway
from enrollment.payments.gateways.base import (
    MandateState,
    MandateTold,
)
from enrollment.services.payment_rows import REVOKE, record
from portal.common import outbox


def take_mandate(payment: Payment, told: MandateTold, at: datetime) -> None:
    """Keep the agreement; once it has ended it stays so, whatever is told late."""
    mandate, is_new = AutopayMandate.objects.get_or_create(
        gateway=payment.gateway,
        external_id=told.external_id,
        defaults={
            "payment": payment,
            "producer_number_id": payment.producer_number_id,
            "bank_last4": told.bank_last4[:4],
            "text_version": told.text_version[:40],
            "agreed_at": told.agreed_at,
        },
    )
    if is_new:
        record("autopay.agreed", payment, None, text=mandate.text_version)
    if told.state == MandateState.REVOKED and mandate.state != AutopayMandate.State.REVOKED:
        _mandate_ended(mandate, at)


def _mandate_ended(mandate: AutopayMandate, at: datetime) -> None:
    mandate.state, mandate.revoked_at = AutopayMandate.State.REVOKED, at
    mandate.save(update_fields=["state", "revoked_at"])
    record("autopay.ended", mandate.payment, None)


@transaction.atomic
def revoke_autopay(*, mandate: AutopayMandate, by: User, at: datetime) -> AutopayMandate:
    """End autopay on the client's word. It counts from now; the service is told until it has heard."""
    row = AutopayMandate.objects.select_for_update(of=("self",)).select_related("payment").get(pk=mandate.pk)
    if row.state != AutopayMandate.State.ACTIVE:
        return row
    row.state, row.revoked_by, row.revoked_at = AutopayMandate.State.REVOKING, by, at
    row.save(update_fields=["state", "revoked_by", "revoked_at"])
    record("autopay.revoked", row.payment, by)
    outbox.add(REVOKE, dedupe_key=f"{REVOKE}:{row.pk}", payload={"mandate_id": row.pk})
    return row


@outbox.handler(REVOKE, on_dead=lambda payload: _revoke_later(payload))
def revoke_mandate(payload: dict[str, Any]) -> None:
    """Tell the service that autopay has ended."""
    mandate = AutopayMandate.objects.select_related("payment").get(pk=payload["mandate_id"])
    if mandate.state != AutopayMandate.State.REVOKING:
        return
    gateway(mandate.gateway).revoke_mandate(mandate.external_id)
    AutopayMandate.objects.filter(pk=mandate.pk).update(state=AutopayMandate.State.REVOKED)


def _revoke_later(payload: dict[str, Any]) -> None:
    row = AutopayMandate.objects.select_related("payment").get(pk=payload["mandate_id"])
    Payment.objects.filter(pk=row.payment_id).update(attention="The service was not told that autopay has ended.")
