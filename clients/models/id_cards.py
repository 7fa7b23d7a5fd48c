"""ID cards: what was asked for, and what stands on a card as data (IDC_01..12, ADR 0016)."""

import uuid
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.scoping import BookScopedQuerySet
from clients.models.accounts import Account, Member
from clients.models.policies import Policy
from portal.common.dates import US_STATE_CHOICES

ten_digit_phone = RegexValidator(r"\A1?-?\d{3}-\d{3}-\d{4}\Z", "Write the phone number as 1-800-555-0142.")
card_issuer_number = RegexValidator(r"\A80840\d{5,14}\Z", "A card issuer number is 80840 and five to fourteen digits.")
six_digits = RegexValidator(r"\A\d{6}\Z", "Six digits.")


class IdCardOrderQuerySet(BookScopedQuerySet["IdCardOrder"]):
    def in_books(self, number_ids: list[int]) -> "IdCardOrderQuerySet":
        """Orders every card of which is for a policy of these books: one file holds all of them."""
        cards = IdCardRequest.objects.filter(order_id=OuterRef("pk"))
        return self.filter(Exists(cards), ~Exists(cards.filter(~Q(policy__producer_number__any_of=number_ids))))


class IdCardOrder(models.Model):
    """One form that was sent: temporary cards to print, or permanent ones to mail. Its cards are ``IdCardRequest`` rows."""

    class Kind(models.TextChoices):
        TEMPORARY = "TEMPORARY", "Temporary ID Cards"
        PERMANENT = "PERMANENT", "Permanent ID Cards"

    class Bundle(models.TextChoices):
        NONE = "", "One file for each card"
        PDF = "PDF", "All cards in one PDF file"
        ZIP = "ZIP", "A ZIP file with one PDF file for each card"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names the order in addresses.")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="id_card_orders",
        help_text="Empty for an order over several households.",
    )
    bundle = models.CharField(max_length=3, choices=Bundle.choices, default=Bundle.NONE, blank=True)
    file = models.ForeignKey(
        "files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The bundle."
    )
    bundle_attempt = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True, help_text="Why there is no bundle, fit to show.")
    left_out = models.JSONField(
        default=list, blank=True, help_text="Chosen policies without a card: id of the policy and the reason in words."
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(null=True, blank=True, help_text="When its files were deleted.")
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="id_card_orders")
    form_key = models.CharField(max_length=120, unique=True, help_text="One form makes one order.")

    objects = IdCardOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="id_card_orders_of_account"),
            models.Index(
                fields=["requested_at"],
                name="id_card_files_to_forget",
                condition=Q(kind="TEMPORARY", forgotten_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class PolicyOwnedQuerySet(BookScopedQuerySet["IdCardRequest"]):
    number_path = "policy__producer_number"


class IdCardRequest(models.Model):
    """The card of one member: a temporary one to print, or permanent ones to mail."""

    class Kind(models.TextChoices):
        TEMPORARY = "TEMPORARY", "Temporary ID Card"
        PERMANENT = "PERMANENT", "Permanent ID Card"

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", "Requested"
        READY = "READY", "Ready"
        ORDERED = "ORDERED", "Ordered"
        FAILED = "FAILED", "Failed"
        CANCELLED = "CANCELLED", "Cancelled"

    order = models.ForeignKey(IdCardOrder, on_delete=models.CASCADE, null=True, blank=True, related_name="requests")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="id_card_requests")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="id_card_requests")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    quantity = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    failure = models.CharField(
        max_length=300, blank=True, help_text="Why it failed, or failed the last time; fit to show."
    )
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often a person has asked to try again.")
    file = models.ForeignKey(
        "files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="id_cards"
    )
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was ready, ordered, failed or cancelled."
    )
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="id_card_requests")

    objects = PolicyOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(name="id_card_quantity_at_least_one", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="temporary_card_is_one", condition=Q(kind="PERMANENT") | Q(quantity=1)),
            models.UniqueConstraint(fields=["order", "policy", "member"], name="one_card_of_a_member_in_an_order"),
            models.CheckConstraint(
                name="id_card_ready_has_file", condition=~Q(state="READY") | Q(kind="TEMPORARY", file__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Dated(models.Model):
    """A row that is in force from one day to another. Old rows stay: what stood on a card last year can be told."""

    first_day = models.DateField(help_text="First day in force, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day in force, inclusive; empty for open.")
    source = models.CharField(max_length=200, help_text="Where it was read: a statute, a bulletin with its date.")

    class Meta:
        abstract = True


class IdCardRule(Dated):
    """One item of a card's content or layout for a state, a product and a market: labels and marks are data."""

    class Product(models.TextChoices):
        ANY = "", "Every product"
        HMO = "HMO", "Medical HMO"
        PPO = "PPO", "Medical PPO"
        POS = "POS", "Medical POS"
        EPO = "EPO", "Medical EPO"
        DENTAL = "DENTAL", "Dental"

    class Market(models.TextChoices):
        ANY = "", "Both"
        ON = "ON", "ON-EXCHANGE"
        OFF = "OFF", "OFF-EXCHANGE"

    class Item(models.TextChoices):
        REGULATOR_MARK = "regulator_mark", "Regulator's mark on the front"
        EXCHANGE_MARK = "exchange_mark", "Exchange mark on the front"
        RX_BIN_LABEL = "rx_bin_label", "Label of the pharmacy BIN"
        RX_PCN_LABEL = "rx_pcn_label", "Label of the pharmacy PCN"
        RX_GROUP_LABEL = "rx_group_label", "Label of the pharmacy group"
        RX_TYPEFACE = "rx_typeface", "Typeface of pharmacy data: sans, or serif-8pt"
        INSURED_STATEMENT = "insured_statement", "Sentence that says who insures"
        ISSUER_ID_LABEL = "issuer_id_label", "Label of the card issuer identifier"
        FORM_NOTE = "form_note", "Words after the form number"

    us_state = models.CharField("state", max_length=2, choices=[("", "Every state"), *US_STATE_CHOICES], blank=True)
    product = models.CharField(max_length=6, choices=Product.choices, blank=True)
    market = models.CharField(max_length=3, choices=Market.choices, blank=True)
    item = models.CharField(max_length=20, choices=Item.choices)
    value = models.CharField(max_length=120, blank=True, help_text="Empty: this item is not printed here.")

    class Meta:
        db_table = "id_card_rule"
        verbose_name = "ID card rule"
        ordering = ["item", "us_state", "product", "market", "first_day"]
        constraints = [
            models.UniqueConstraint(
                fields=["us_state", "product", "market", "item", "first_day"], name="id_card_rule_once"
            ),
            models.CheckConstraint(
                name="id_card_rule_days_in_order",
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        where = "/".join(part for part in (self.us_state, self.product, self.market) if part) or "everywhere"
        return f"{self.item} {where}"


class CardIssuer(Dated):
    """What the carrier prints on every card of a state and a line: numbers, phones, addresses, the form's number."""

    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    line = models.CharField(max_length=7, choices=Policy.Line.choices)
    carrier_name = models.CharField(
        max_length=60, blank=True, help_text="As printed on the front; empty: the carrier's name of the settings."
    )
    issuer_id = models.CharField("card issuer identifier", max_length=19, validators=[card_issuer_number])
    member_id_prefix = models.CharField(
        max_length=3, blank=True, help_text="Letters before the member ID, none to three."
    )
    rx_bin = models.CharField("pharmacy BIN", max_length=6, blank=True, validators=[six_digits])
    rx_pcn = models.CharField("pharmacy PCN", max_length=10, blank=True)
    rx_group = models.CharField("pharmacy group", max_length=15, blank=True)
    pharmacy_administrator = models.CharField(max_length=60, blank=True, help_text="Only where it is another company.")
    member_services = models.CharField(max_length=14, validators=[ten_digit_phone], help_text="Toll-free.")
    provider_line = models.CharField(
        max_length=14, validators=[ten_digit_phone], help_text="Toll-free; also tells the first day of eligibility."
    )
    pharmacy_desk = models.CharField(
        max_length=14, blank=True, validators=[ten_digit_phone], help_text="For pharmacists."
    )
    preauthorization = models.CharField(max_length=14, blank=True, validators=[ten_digit_phone])
    website = models.CharField(max_length=60, help_text="Without https://.")
    claims_name = models.CharField(max_length=60)
    claims_address = models.CharField(max_length=120, help_text="On one line.")
    payer_id = models.CharField(max_length=10, blank=True, help_text="For electronic claims.")
    network_name = models.CharField(max_length=60, blank=True)
    form_number = models.CharField(max_length=30, help_text="Of the card's form; a new layout needs a new number.")

    class Meta:
        verbose_name = "card data of the carrier"
        verbose_name_plural = "card data of the carrier"
        ordering = ["us_state", "line", "first_day"]
        constraints = [
            models.UniqueConstraint(fields=["us_state", "line", "first_day"], name="card_issuer_once"),
            models.CheckConstraint(
                name="card_issuer_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
            models.CheckConstraint(
                name="medical_card_has_pharmacy_data",
                condition=Q(line="DENTAL") | (~Q(rx_bin="") & ~Q(pharmacy_desk="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.us_state} {self.get_line_display()} from {self.first_day:%m/%d/%Y}"


def _dollars(words: str) -> Any:
    return models.PositiveIntegerField(words, null=True, blank=True, help_text="Whole dollars; empty: not covered.")


class PlanCardFacts(Dated):
    """Deductibles, out-of-pocket maximums and copays of one plan as its cards state them. Zero is printed as "None"."""

    plan_id = models.CharField("plan ID", max_length=14, help_text="Standard component id of the plan.")
    deductible_individual = _dollars("deductible in network, individual")
    deductible_family = _dollars("deductible in network, family")
    deductible_out_individual = _dollars("deductible out of network, individual")
    deductible_out_family = _dollars("deductible out of network, family")
    out_of_pocket_individual = _dollars("out-of-pocket maximum in network, individual")
    out_of_pocket_family = _dollars("out-of-pocket maximum in network, family")
    out_of_pocket_out_individual = _dollars("out-of-pocket maximum out of network, individual")
    out_of_pocket_out_family = _dollars("out-of-pocket maximum out of network, family")
    annual_maximum = _dollars("annual maximum (dental)")
    office_visit = models.CharField(max_length=24, blank=True)
    specialist = models.CharField(max_length=24, blank=True)
    urgent_care = models.CharField(max_length=24, blank=True)
    emergency_room = models.CharField(max_length=24, blank=True)
    generic_drug = models.CharField(max_length=24, blank=True)
    brand_drug = models.CharField(max_length=24, blank=True)

    class Meta:
        verbose_name = "plan figures on cards"
        verbose_name_plural = "plan figures on cards"
        ordering = ["plan_id", "first_day"]
        constraints = [
            models.UniqueConstraint(fields=["plan_id", "first_day"], name="plan_card_facts_once"),
            models.CheckConstraint(
                name="plan_card_facts_days_in_order",
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} from {self.first_day:%m/%d/%Y}"
