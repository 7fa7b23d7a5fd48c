"""The household, its people and how to reach them. Carrier data: the portal reads it, the member system owns it."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper

from accounts.scoping import BookScopedQuerySet
from portal.common.crypto import EncryptedTextField, digest
from portal.common.dates import US_STATE_CHOICES

four_digits = RegexValidator(r"\A\d{4}\Z", "Four digits.")


def ssn_last4_digest(last4: str) -> str:
    """The searchable form of the last four digits of an SSN."""
    return digest(last4, purpose="ssn-last4")


def _policies(account: OuterRef, number_ids: list[int]) -> Any:
    """Policies in these books that make the household a client: not those that are only applied for."""
    from clients.models.policies import Policy

    return Policy.objects.in_the_book().filter(account_id=account, producer_number__any_of=number_ids)


class AccountQuerySet(BookScopedQuerySet["Account"]):
    """A household is a client of whoever is producer of record of one of its policies."""

    def in_books(self, number_ids: list[int]) -> "AccountQuerySet":
        return self.filter(Exists(_policies(OuterRef("pk"), number_ids)))


class Account(models.Model):
    """One household at the carrier."""

    number = models.CharField(
        "account number",
        max_length=12,
        unique=True,
        null=True,
        blank=True,
        help_text="Empty until the member system has assigned one.",
    )
    household_key = models.CharField(  # noqa: DJ001 - several have none, and it is unique
        max_length=20,
        null=True,
        blank=True,
        help_text="By which the carrier's feed knows a household that may have no account number yet.",
    )
    address_1 = models.CharField(max_length=120, blank=True)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=60, blank=True)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    as_of = models.DateTimeField(help_text="When the member system last told about this household.")

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="account_number_not_empty_text", condition=~Q(number="")),
            models.UniqueConstraint(fields=["household_key"], name="household_key_once"),
            models.CheckConstraint(name="household_key_not_empty_text", condition=~Q(household_key="")),
        ]

    def __str__(self) -> str:
        return self.number or f"household {self.pk}"

    @property
    def audit_id(self) -> str:
        """How the audit trail names the household."""
        return self.number or f"household-{self.pk}"


class MemberQuerySet(BookScopedQuerySet["Member"]):
    def in_books(self, number_ids: list[int]) -> "MemberQuerySet":
        return self.filter(Exists(_policies(OuterRef("account_id"), number_ids)))


class Member(models.Model):
    """A person of the household. Only the last four digits of the SSN ever leave this row (SRC_18)."""

    class Role(models.TextChoices):
        PRIMARY = "PRIMARY", "Primary"
        SPOUSE = "SPOUSE", "Spouse"
        CHILD = "CHILD", "Child"

    class Sex(models.TextChoices):
        FEMALE = "F", "Female"
        MALE = "M", "Male"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=7, choices=Role.choices)
    member_id = models.CharField(max_length=14, unique=True, help_text="The number on the member's card.")
    first_name = models.CharField(max_length=60)
    middle_initial = models.CharField(max_length=1, blank=True)
    last_name = models.CharField(max_length=60)
    date_of_birth = models.DateField(help_text="Calendar day.")
    sex = models.CharField(max_length=1, choices=Sex.choices)
    ssn = EncryptedTextField("SSN", null=True, blank=True)
    ssn_last4_digest = models.CharField(max_length=16, blank=True)
    disabled_dependent = models.BooleanField(default=False, help_text="Stays covered past 26.")
    unmarried_veteran = models.BooleanField(default=False, help_text="Illinois: stays covered to 30.")

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["account_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(role="PRIMARY"), name="one_primary_insured_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="members_of_account"),
            models.Index(fields=["date_of_birth", "id"], name="members_by_birth_date"),
        ]

    def __str__(self) -> str:
        return self.member_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.ssn_last4_digest = ssn_last4_digest(self.ssn[-4:]) if self.ssn else ""
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.middle_initial, self.last_name) if part)

    @property
    def ssn_last4(self) -> str:
        """The only part of the SSN that may be shown; empty when unknown."""
        return self.ssn[-4:] if self.ssn else ""


class ContactPoint(models.Model):
    """A phone number or email address of one member, normalised: ten digits, or lower-case domain."""

    class Kind(models.TextChoices):
        HOME = "HOME", "Home Phone Number"
        CELL = "CELL", "Cellular Phone Number"
        WORK = "WORK", "Work Phone Number"
        FAX = "FAX", "Fax Number"
        UNTYPED = "UNTYPED", "Phone Number without a type"
        EMAIL = "EMAIL", "Email Address"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    value = models.CharField(max_length=254)
    extension = models.CharField(max_length=6, blank=True)
    send_text = models.BooleanField(default=False)
    text_consent_at = models.DateTimeField(null=True, blank=True)
    text_consent_by = models.CharField(max_length=150, blank=True, help_text="Who said so.")
    text_consent_how = models.CharField(max_length=60, blank=True, help_text="In which way it was said.")

    class Meta:
        ordering = ["member_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["member", "kind"], name="one_contact_point_per_kind"),
            models.CheckConstraint(name="texts_only_to_cell_phones", condition=Q(send_text=False) | Q(kind="CELL")),
        ]
        indexes = [
            models.Index(fields=["value"], name="contact_point_by_value"),
            # Upper, because iexact compares UPPER() and is to find this index.
            models.Index(Upper("value"), name="contact_point_by_email", condition=Q(kind="EMAIL")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.member_id}"
