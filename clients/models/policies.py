"""Policies: one row each in search and reports, with everything those pages filter and sort by on the row itself."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q

from accounts.models import ProducerNumber
from accounts.scoping import BookScopedQuerySet
from clients.models.accounts import Account, Member
from portal.common.access import Perm
from portal.common.dates import US_STATE_CHOICES

# Before every day there is: the status of this policy has not been worked out yet.
NEVER_WORKED_OUT = date(1, 1, 1)


class PolicyQuerySet(BookScopedQuerySet["Policy"]):
    def for_user(self, user: Any, *, perm: Perm = Perm.CLIENT_VIEW) -> Any:
        """Policies of the books this user may open with ``perm``. What only an application asks for is none yet."""
        rows: PolicyQuerySet = super().for_user(user, perm=perm)
        return rows.in_the_book()

    def in_the_book(self) -> "PolicyQuerySet":
        """Without policies that the member system has not accepted yet: they are not coverage (ADR 0022)."""
        return self.filter(awaits_acceptance=False)

    def in_grace(self) -> "PolicyQuerySet":
        """Policies in their grace period, according to the status on the row."""
        return self.filter(status=Policy.Status.GRACE)

    def status_disagrees(self) -> "PolicyQuerySet":
        """Policies whose carrier status is another one than the dates give."""
        return self.filter(_STATUS_DISAGREES)

    def with_list_related_data(self) -> "PolicyQuerySet":
        """What a result row shows beside the policy's own columns."""
        return self.select_related("account", "producer_number__producer")


# Indexes of books are read with this condition, and answer it without a look at the row.
IN_THE_BOOK = Q(awaits_acceptance=False)
_STATUS_DISAGREES = ~Q(derived_status="") & ~Q(status=F("derived_status"))


class Policy(models.Model):
    """One contract of one product for one household."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "Active"
        GRACE = "GRACE", "Grace Period"
        TERMED = "TERMED", "Termed"
        FUTURE = "FUTURE", "Future"
        CANCELLED = "CANCELLED", "Cancelled"
        INITIAL_PAYMENT_DUE = "INITIAL_PAYMENT_DUE", "Initial Payment Due"

    class StatusSource(models.TextChoices):
        CARRIER = "CARRIER", "Carrier feed"
        DERIVED = "DERIVED", "Worked out from the dates"

    class Market(models.TextChoices):
        ON = "ON", "ON-EXCHANGE"
        OFF = "OFF", "OFF-EXCHANGE"

    class Line(models.TextChoices):
        MEDICAL = "MEDICAL", "Medical"
        DENTAL = "DENTAL", "Dental"

    class Network(models.TextChoices):
        HMO = "HMO", "HMO"
        PPO = "PPO", "PPO"
        POS = "POS", "POS"
        EPO = "EPO", "EPO"

    class RecordType(models.TextChoices):
        POLICY = "POLICY", "Policy"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="policies")
    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="policies", help_text="Producer of record."
    )
    record_type = models.CharField(max_length=6, choices=RecordType.choices, default=RecordType.POLICY)

    policy_number = models.CharField(  # noqa: DJ001 - several have none, and it is unique
        max_length=20,
        null=True,
        blank=True,
        help_text="The carrier's own number of this policy, by which its feed knows it; empty until the feed has told.",
    )

    # Numbers people quote on the phone
    eapp_number = models.CharField("E-App number", max_length=12, blank=True)
    client_app_id = models.CharField("client app ID", max_length=20, blank=True)
    exchange_assigned_id = models.CharField("exchange assigned ID", max_length=20, blank=True)
    pending_application_id = models.CharField(
        "pending application ID", max_length=6, blank=True, help_text="Billing ID on the first-payment notice."
    )
    group_number = models.CharField(max_length=12, blank=True)

    # Product
    plan_id = models.CharField("plan ID", max_length=14, blank=True, help_text="Standard component id of the plan.")
    product_name = models.CharField(max_length=120)
    line = models.CharField(max_length=7, choices=Line.choices)
    market = models.CharField("product type", max_length=3, choices=Market.choices)
    network_type = models.CharField(max_length=3, choices=Network.choices, blank=True)
    metal_level = models.CharField(max_length=20, blank=True)
    requires_pcp = models.BooleanField("requires a PCP", default=False)
    grandfathered = models.BooleanField(default=False)
    is_temporary = models.BooleanField(default=False)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    member_count = models.PositiveSmallIntegerField()

    # Dates
    application_started_on = models.DateField(null=True, blank=True, help_text="Day the electronic application began.")
    application_signed_on = models.DateField(null=True, blank=True, help_text="Day the applicant signed.")
    application_submitted_at = models.DateTimeField(null=True, blank=True)
    effective_date = models.DateField(help_text="First day of coverage, inclusive.")
    paid_to_date = models.DateField(null=True, blank=True, help_text="First day not yet paid for.")
    term_date = models.DateField(null=True, blank=True, help_text="Last day of coverage, inclusive; empty for none.")
    term_date_derived = models.BooleanField(
        default=False, help_text="The carrier told no term date; the one on file was worked out from the other dates."
    )
    grace_started_on = models.DateField(
        null=True,
        blank=True,
        help_text="Due date from which grace counts, inclusive; kept until premiums are paid past the day they came in.",
    )
    cancellation_notice_mailed_on = models.DateField(
        null=True, blank=True, help_text="Day the notice was mailed without which some states allow no cancellation."
    )
    binder_due_date = models.DateField(
        null=True, blank=True, help_text="Last day, inclusive, on which the first payment can be made."
    )

    # Money
    monthly_premium = models.DecimalField(max_digits=10, decimal_places=2, help_text="Before tax credit.")
    aptc_amount = models.DecimalField(
        max_digits=10, decimal_places=2, default=Decimal("0.00"), help_text="Monthly advance premium tax credit."
    )
    past_due = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0.00"))
    binder_paid = models.BooleanField("first payment received", default=True)
    on_autopay = models.BooleanField(default=False)

    # State
    awaits_acceptance = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Applied for and not accepted by the member system yet: no coverage, and in nobody's book.",
    )
    status = models.CharField(max_length=19, choices=Status.choices)
    status_source = models.CharField(max_length=7, choices=StatusSource.choices, default=StatusSource.CARRIER)
    # Kept by clients.services.statuses: what the dates give, also where the carrier's word stands in status.
    derived_status = models.CharField(
        "status by the dates", max_length=19, choices=Status.choices, blank=True, default="", editable=False
    )
    status_holds_until = models.DateField(
        default=NEVER_WORKED_OUT,
        editable=False,
        help_text="Last day, inclusive, on which the dates give this status; the day after it is worked out again.",
    )

    # The primary insured as searched. Kept equal to the member row by clients.services.policies.refresh_insured,
    # because a search that joins two big tables cannot walk one index (ADR 0004).
    insured_last_name = models.CharField(max_length=60)
    insured_first_name = models.CharField(max_length=60)
    insured_last_key = models.CharField(max_length=60, editable=False)
    insured_first_key = models.CharField(max_length=60, editable=False)
    insured_date_of_birth = models.DateField()
    insured_ssn_digest = models.CharField(max_length=16, blank=True, editable=False)
    insured_zip = models.CharField(max_length=5, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["insured_last_key", "insured_first_key", "id"]
        verbose_name_plural = "policies"
        constraints = [
            models.CheckConstraint(
                name="policy_money_not_negative",
                condition=Q(monthly_premium__gte=0, aptc_amount__gte=0, past_due__gte=0),
            ),
            # Constraints, not unique=True: that would bring a second index, for LIKE, which nobody asks for.
            models.UniqueConstraint(fields=["policy_number"], name="policy_number_once"),
            models.CheckConstraint(name="policy_number_not_empty_text", condition=~Q(policy_number="")),
            models.CheckConstraint(name="policy_covers_someone", condition=Q(member_count__gte=1)),
            models.CheckConstraint(
                name="policy_credit_within_premium", condition=Q(aptc_amount__lte=F("monthly_premium"))
            ),
        ]
        indexes = [
            models.Index(
                F("producer_number"),
                OpClass(F("insured_last_key"), name="text_pattern_ops"),
                OpClass(F("insured_first_key"), name="text_pattern_ops"),
                F("id"),
                name="policy_book_by_name",
                condition=IN_THE_BOOK,
            ),
            models.Index(
                F("producer_number"),
                OpClass(F("insured_first_key"), name="text_pattern_ops"),
                name="policy_book_by_first_name",
                condition=IN_THE_BOOK,
            ),
            # These end in id so that ORDER BY date, id LIMIT walks the index instead of sorting a month end's ties.
            models.Index(
                fields=["producer_number", "status", "paid_to_date", "id"],
                name="policy_book_status_paid",
                condition=IN_THE_BOOK,
            ),
            models.Index(
                fields=["producer_number", "paid_to_date", "id"], name="policy_book_paid", condition=IN_THE_BOOK
            ),
            models.Index(fields=["producer_number", "term_date", "id"], name="policy_book_term", condition=IN_THE_BOOK),
            # With the premium, so that production by month is counted without a look at the rows.
            models.Index(
                fields=["producer_number", "effective_date", "id"],
                include=["monthly_premium"],
                name="policy_book_production",
                condition=IN_THE_BOOK,
            ),
            models.Index(
                fields=["producer_number", "application_started_on", "id"],
                name="policy_book_started",
                condition=IN_THE_BOOK,
            ),
            models.Index(
                fields=["producer_number", "application_signed_on", "id"],
                name="policy_book_signed",
                condition=IN_THE_BOOK,
            ),
            models.Index(fields=["insured_ssn_digest", "insured_date_of_birth"], name="policy_by_ssn_digest"),
            models.Index(fields=["insured_date_of_birth", "producer_number"], name="policy_by_birth_date"),
            models.Index(fields=["insured_zip", "producer_number"], name="policy_by_zip"),
            models.Index(fields=["eapp_number"], name="policy_by_eapp", condition=~Q(eapp_number="")),
            models.Index(fields=["client_app_id"], name="policy_by_client_app", condition=~Q(client_app_id="")),
            models.Index(
                fields=["exchange_assigned_id"], name="policy_by_exchange_id", condition=~Q(exchange_assigned_id="")
            ),
            models.Index(
                fields=["pending_application_id"], name="policy_by_pending_id", condition=~Q(pending_application_id="")
            ),
            models.Index(
                fields=["paid_to_date", "id"],
                include=["producer_number"],
                name="policy_carrier_grace",
                condition=Q(status="GRACE") & IN_THE_BOOK,
            ),
            # All that a list of those who have to pay needs to find its page, for books of a hundred numbers and more.
            models.Index(
                fields=["producer_number", "status", "insured_last_key", "insured_first_key", "id"],
                name="policy_book_to_pay",
                condition=(Q(status="GRACE") | Q(status="INITIAL_PAYMENT_DUE")) & IN_THE_BOOK,
            ),
            # All that decides what is about to be lost, for the save-the-policy desk and the months of grace.
            models.Index(
                fields=["producer_number", "status", "term_date"],
                include=[
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
                ],
                name="policy_book_at_risk",
                condition=(Q(status="GRACE") | Q(status="INITIAL_PAYMENT_DUE") | Q(status="TERMED")) & IN_THE_BOOK,
            ),
            models.Index(fields=["us_state", "status_holds_until"], name="policy_status_due"),
            models.Index(fields=["id"], name="policy_status_disagrees", condition=_STATUS_DISAGREES),
        ]

    def __str__(self) -> str:
        return f"{self.product_name} {self.effective_date:%m/%d/%Y}"

    @property
    def net_premium(self) -> Decimal:
        """What the household owes a month, after the tax credit."""
        return self.monthly_premium - self.aptc_amount

    @property
    def carrier_term_date(self) -> date | None:
        """The term date the carrier has told; None where the one on file was worked out."""
        return None if self.term_date_derived else self.term_date

    @property
    def carrier_status(self) -> str:
        """The status the carrier has told; empty where the portal has worked it out."""
        return self.status if self.status_source == self.StatusSource.CARRIER else ""

    @property
    def status_disagrees(self) -> bool:
        """Whether the carrier's status is another one than the dates give."""
        return bool(self.derived_status) and self.derived_status != self.status


class Coverage(models.Model):
    """One member on one policy. Dates as the carrier feeds them: a cancelled coverage may end before it starts."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="coverages")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="coverages")
    effective_date = models.DateField(help_text="First day of coverage, inclusive.")
    term_date = models.DateField(null=True, blank=True, help_text="Last day of coverage, inclusive; empty for none.")

    class Meta:
        ordering = ["policy_id", "id"]
        constraints = [models.UniqueConstraint(fields=["policy", "member"], name="member_once_on_a_policy")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.policy_id}"
