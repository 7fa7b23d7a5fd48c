"""Producers, their nine-digit numbers and who stands above whom."""

from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper

from portal.common.access import Perm
from portal.common.dates import US_STATE_CHOICES

nine_digits = RegexValidator(r"\A\d{9}\Z", "A producer number has nine digits; put zeros in front of a shorter one.")
npn_shape = RegexValidator(r"\A\d{1,10}\Z", "A National Producer Number has up to ten digits.")
ten_digits = RegexValidator(r"\A\d{10}\Z", "Ten digits, area code first.")
zip_shape = RegexValidator(r"\A\d{5}\Z", "Five digits.")


class ProducerQuerySet(models.QuerySet["Producer"]):
    def for_user(self, user: Any) -> "ProducerQuerySet":
        """The producers whose place and numbers the user may see: the own record and the downline (HOM_09)."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(Perm.HIERARCHY_VIEW):
            return self.none()
        return self.filter(edges_up__ancestor_id=user.producer_id)


class Producer(models.Model):
    """The carrier's record of a licensed person or agency; codes go to the contacts on it (C9)."""

    class Status(models.TextChoices):
        ONBOARDING = "ONBOARDING", "Onboarding"
        ACTIVE = "ACTIVE", "Active"
        TERMINATED = "TERMINATED", "Terminated"

    npn = models.CharField("National Producer Number", max_length=10, unique=True, validators=[npn_shape])
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=120, help_text="Surname, or the agency's name.")
    is_agency = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ONBOARDING)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    record_email = models.EmailField(help_text="Where codes and notices go; kept in the producer record system.")
    record_mobile = models.CharField(max_length=10, blank=True, validators=[ten_digits])
    record_zip = models.CharField(
        max_length=5, blank=True, validators=[zip_shape], help_text="ZIP of the older portal account (REG_08)."
    )

    objects = ProducerQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.CheckConstraint(name="producer_is_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]
        indexes = [
            models.Index(fields=["last_name", "first_name"], name="producer_by_name"),
            # Upper, because istartswith compares UPPER() and is to find this index.
            models.Index(OpClass(Upper("last_name"), name="text_pattern_ops"), name="producer_by_last_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name as shown in lists: "Rita Solberg" or "Prairie Agency Inc."."""
        return f"{self.first_name} {self.last_name}".strip()


class ProducerNumber(models.Model):
    """A nine-digit number under which business is written; a producer may hold several, even in one state (C8)."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "Active"
        INACTIVE = "INACTIVE", "Inactive"

    number = models.CharField(max_length=9, unique=True, validators=[nine_digits])
    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="numbers")
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    company_name = models.CharField(max_length=120)
    address_1 = models.CharField(max_length=120, blank=True)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=60, blank=True)
    address_state = models.CharField(max_length=2, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True, validators=[zip_shape])
    phone = models.CharField(max_length=10, blank=True, validators=[ten_digits])
    email = models.EmailField(blank=True, help_text="Business contact, editable by the producer; never used for codes.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)

    class Meta:
        ordering = ["us_state", "number"]
        indexes = [models.Index(fields=["producer", "us_state", "number"], name="numbers_of_producer")]

    def __str__(self) -> str:
        return self.number


class HierarchyEdge(models.Model):
    """Closure of the hierarchy: one row for every producer above, or equal to, another.

    ``depth`` 0 is the producer itself, 1 its direct downline. Kept by ``accounts.services.hierarchy``.
    """

    ancestor = models.ForeignKey(Producer, on_delete=models.CASCADE, related_name="edges_down")
    descendant = models.ForeignKey(Producer, on_delete=models.CASCADE, related_name="edges_up")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="hierarchy_edge_once"),
            models.CheckConstraint(
                name="hierarchy_depth_zero_is_self",
                condition=Q(depth=0, ancestor=F("descendant")) | (Q(depth__gt=0) & ~Q(ancestor=F("descendant"))),
            ),
        ]
        indexes = [models.Index(fields=["descendant", "depth"], name="hierarchy_upwards")]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id} ({self.depth})"


class RegistrationRequest(models.Model):
    """A registration of the older style, waiting for the carrier: who wants to sign in with what (REGL_01..07)."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        ACTIVE = "ACTIVE", "Activated"
        REFUSED = "REFUSED", "Refused"

    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=120)
    username = models.CharField(max_length=150)
    password = models.CharField(max_length=128, help_text="Hash, as it will stand in the user row.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    submitted_at = models.DateTimeField()
    # Becomes the acceptance of the login that is made when the carrier activates the request (REG_02).
    terms = models.ForeignKey(
        "accounts.TermsVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="registration_requests"
    )
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    terms_ip_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"), condition=Q(status="PENDING"), name="one_pending_request_per_username"
            ),
            models.CheckConstraint(
                name="registration_terms_and_accepted_at",
                condition=Q(terms__isnull=True, terms_accepted_at__isnull=True)
                | Q(terms__isnull=False, terms_accepted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.username


class StateRegistration(models.Model):
    """A producer's wish to work in a state with the portal: pending until the carrier activates it (PRF_08, C7)."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        ACTIVE = "ACTIVE", "Active"
        REFUSED = "REFUSED", "Refused"

    producer = models.ForeignKey(
        Producer, on_delete=models.PROTECT, null=True, blank=True, related_name="state_registrations"
    )
    request = models.ForeignKey(
        RegistrationRequest,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="states",
        help_text="The registration it came with, for people who have no account yet.",
    )
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    producer_number = models.CharField(max_length=9, validators=[nine_digits])
    company_name = models.CharField(max_length=120, blank=True)
    address_1 = models.CharField(max_length=120)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=60)
    address_state = models.CharField(max_length=2)
    zip = models.CharField("ZIP code", max_length=5, validators=[zip_shape])
    phone = models.CharField(max_length=10, validators=[ten_digits])
    email = models.EmailField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    submitted_at = models.DateTimeField()
    promised_on = models.DateField(help_text="Business day by which an answer was promised, inclusive.")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="decided_registrations"
    )
    refusal_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was refused, as the applicant was told."
    )

    class Meta:
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["producer", "us_state"],
                condition=~Q(status="REFUSED"),
                name="one_open_registration_per_state",
            ),
            models.CheckConstraint(
                name="registration_of_a_producer_or_a_request",
                condition=Q(producer__isnull=False) | Q(request__isnull=False),
            ),
            models.CheckConstraint(
                name="registration_decided_at_and_by",
                condition=Q(status="PENDING", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="PENDING") & Q(decided_at__isnull=False, decided_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="registration_reason_only_if_refused",
                condition=Q(status="REFUSED") | Q(refusal_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.producer_number} {self.us_state}"
