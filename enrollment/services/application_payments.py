"""What follows for the payments of an application when it is accepted or comes to nothing (PAY_05, SIG_05)."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from enrollment.models import Application
from enrollment.rules.payment_states import (
    CAN_BE_CANCELLED,
    State,
    Step,
    after,
)
from enrollment.services.payment_bills import bill_if_owed
from enrollment.services.payment_news import by_portal, moved
from enrollment.services.payment_rows import CANCEL, owe

ANOTHER_AMOUNT = "The premium is another one since; the payment was cancelled."


def application_accepted(*, application: Application, at: datetime) -> None:
    """The member system took the application: what was held may be taken (PAY_05), what was not paid is billed (SIG_05).

    In the transaction that settles the submission; the application's row is locked.
    """
    total = sum((one.monthly_premium for one in application.plans.all()), Decimal("0.00"))
    for payment in application.payments.select_for_update(of=("self",)).select_related("producer_number__producer"):
        if payment.state not in CAN_BE_CANCELLED or payment.released_at is not None:
            continue
        if payment.amount != total:
            payment.reason = ANOTHER_AMOUNT
            payment.save(update_fields=["reason"])
            owe(CANCEL, payment)
            continue
        payment.released_at = at
        before = State(payment.state)
        moved(payment, before, after(before, Step.SCHEDULE) if before == State.HELD else before, at)
    bill_if_owed(application=application, at=at)


def application_ended(*, application: Application, at: datetime) -> None:
    """The application comes to nothing: it was withdrawn, or has failed and expired. Nothing of it is paid."""
    with transaction.atomic():
        Application.objects.select_for_update(of=("self",)).only("pk").get(pk=application.pk)
        for payment in application.payments.select_for_update(of=("self",)).select_related("producer_number__producer"):
            if payment.state in CAN_BE_CANCELLED and payment.external_id:
                owe(CANCEL, payment)
            elif payment.state == State.STARTED:
                by_portal(payment.pk, Step.EXPIRE, at)
