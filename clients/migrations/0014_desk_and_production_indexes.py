"""Covering indexes for the save-the-policy desk and production by month; built beside running pages, without a lock."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0005_producers_by_last_name"),
        ("clients", "0013_report_indexes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="policy",
            index=models.Index(
                condition=models.Q(("awaits_acceptance", False)),
                fields=["producer_number", "effective_date", "id"],
                include=("monthly_premium",),
                name="policy_book_production",
            ),
        ),
        AddIndexConcurrently(
            model_name="policy",
            index=models.Index(
                condition=models.Q(
                    models.Q(
                        ("status", "GRACE"),
                        ("status", "INITIAL_PAYMENT_DUE"),
                        ("status", "TERMED"),
                        _connector="OR",
                    ),
                    ("awaits_acceptance", False),
                ),
                fields=["producer_number", "status", "term_date"],
                include=(
                    "id",
                    "account",
                    "line",
                    "us_state",
                    "market",
                    "effective_date",
                    "paid_to_date",
                    "term_date_derived",
                    "grace_started_on",
                    "cancellation_notice_mailed_on",
                    "binder_due_date",
                    "binder_paid",
                    "monthly_premium",
                    "aptc_amount",
                    "awaits_acceptance",
                ),
                name="policy_book_at_risk",
            ),
        ),
        # The new one answers all that it did.
        RemoveIndexConcurrently(model_name="policy", name="policy_book_effective"),
    ]
