"""Medical groups, primary care physicians and who has whom, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q

from accounts.scoping import BookScopedQuerySet
from clients.models.accounts import Member
from clients.models.policies import Policy
from portal.common.dates import US_STATE_CHOICES

group_number_shape = RegexValidator(r"\A\d{3}\Z", "A medical group number has three digits.")
npi_shape = RegexValidator(r"\A[12]\d{9}\Z", "An NPI has ten digits and starts with 1 or 2.")
# The Provider Action Reason codes of the 834 (005010X220A1, PLA05).
PLA05_CODES = ("14", "22", "46", "AA", "AB", "AC", "AD", "AE", "AF", "AG", "AH", "AI", "AJ")


def _searched(field: str) -> models.GeneratedField:
    """``field`` as it is searched, like clients.rules.names.name_key; the database keeps it."""
    return models.GeneratedField(
        expression=Func(
            F(field), template="regexp_replace(upper(normalize(%(expressions)s, NFKD)), '[^A-Z0-9]+', '', 'g')"
        ),
        output_field=models.CharField(max_length=120),
        db_persist=True,
    )


class MedicalGroup(models.Model):
    """A physician group of an HMO network."""

    number = models.CharField(max_length=3, validators=[group_number_shape])
    name = models.CharField(max_length=120)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    city = models.CharField(max_length=60, blank=True)
    networks = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    effective_date = models.DateField(help_text="First day in the directory, inclusive.")
    end_date = models.DateField(null=True, blank=True, help_text="Last day in the directory, inclusive.")
    name_key = _searched("name")
    city_key = _searched("city")

    class Meta:
        ordering = ["us_state", "number"]
        constraints = [models.UniqueConstraint(fields=["us_state", "number"], name="medical_group_number_per_state")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Provider(models.Model):
    """A physician of the directory; those that serve as PCP can be chosen."""

    npi = models.CharField("NPI", max_length=10, unique=True, validators=[npi_shape])
    pcpa_number = models.CharField("PCP / PCPA number", max_length=12, blank=True)
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    specialty = models.CharField(max_length=60, blank=True)
    medical_group = models.ForeignKey(
        MedicalGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="providers"
    )
    city = models.CharField(max_length=60, blank=True)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    networks = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    serves_as_pcp = models.BooleanField("serves as PCP", default=True)
    accepts_new_patients = models.BooleanField(default=True)
    youngest_age = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In whole years, inclusive.")
    oldest_age = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In whole years, inclusive.")
    only_sex = models.CharField(max_length=1, choices=Member.Sex.choices, blank=True)
    effective_date = models.DateField(help_text="First day in the directory, inclusive.")
    end_date = models.DateField(null=True, blank=True, help_text="Last day in the directory, inclusive.")
    last_name_key = _searched("last_name")
    first_name_key = _searched("first_name")
    city_key = _searched("city")

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        indexes = [
            models.Index(fields=["last_name", "first_name", "id"], name="provider_by_name"),
            models.Index(
                OpClass(F("last_name_key"), name="text_pattern_ops"), F("us_state"), name="provider_by_last_name_key"
            ),
            models.Index(F("us_state"), OpClass(F("city_key"), name="text_pattern_ops"), name="provider_by_city"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["pcpa_number"], condition=~Q(pcpa_number=""), name="pcpa_number_once"),
            models.CheckConstraint(
                name="provider_ages_in_order",
                condition=Q(youngest_age__isnull=True)
                | Q(oldest_age__isnull=True)
                | Q(oldest_age__gte=F("youngest_age")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name} ({self.npi})"


class PcpAssignmentQuerySet(BookScopedQuerySet["PcpAssignment"]):
    number_path = "policy__producer_number"


class PcpAssignment(models.Model):
    """One member's primary care physician or group for one span of days. Spans of a member never overlap (PCP_16).

    ``reason`` is why it began, in the words of the list at that time: "Asked Out" is about the group before.
    """

    SELECTED_BY_MEMBER, ASSIGNED_BY_CARRIER = "Selected by member", "Assigned by carrier"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="pcp_assignments")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="pcp_assignments")
    medical_group = models.ForeignKey(MedicalGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    effective_date = models.DateField(help_text="First day, inclusive.")
    end_date = models.DateField(null=True, blank=True, help_text="Last day, inclusive; empty for open.")
    received_on = models.DateField(help_text="Day the request was received.")
    assigned_by = models.CharField(max_length=60, default=SELECTED_BY_MEMBER)
    reason = models.CharField(max_length=60, blank=True)
    refused_at = models.DateTimeField(
        null=True, blank=True, help_text="When the member system did not take it over; empty while nothing is wrong."
    )

    objects = PcpAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["member_id", "-effective_date"]
        constraints = [
            ExclusionConstraint(
                name="one_pcp_at_a_time",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    (
                        Func(
                            F("effective_date"),
                            F("end_date"),
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="DATERANGE",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                name="pcp_span_in_order", condition=Q(end_date__isnull=True) | Q(end_date__gte=F("effective_date"))
            ),
            models.CheckConstraint(
                name="pcp_names_group_or_provider",
                condition=Q(medical_group__isnull=False) | Q(provider__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} from {self.effective_date:%m/%d/%Y}"


class WithdrawnPcpAssignmentQuerySet(BookScopedQuerySet["WithdrawnPcpAssignment"]):
    number_path = "policy__producer_number"


class WithdrawnPcpAssignment(models.Model):
    """A choice that is not on the member's record any more: replaced before it began, or taken back (PCP_16, ADR 0017)."""

    class Why(models.TextChoices):
        REPLACED = "REPLACED", "Replaced before it began"
        TAKEN_BACK = "TAKEN_BACK", "Taken back"

    assignment_id = models.BigIntegerField("former number", unique=True, help_text="Of the assignment it was.")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="withdrawn_pcp_assignments")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="withdrawn_pcp_assignments")
    medical_group = models.ForeignKey(MedicalGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    effective_date = models.DateField(help_text="Day on which it was to begin, inclusive.")
    received_on = models.DateField(help_text="Day the request was received.")
    assigned_by = models.CharField(max_length=60)
    reason = models.CharField(max_length=60, blank=True)
    asked_out_of = models.ForeignKey(
        MedicalGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Group the member was asked out of with this choice; that stays true although another one took its place.",
    )
    why = models.CharField(max_length=10, choices=Why.choices)
    withdrawn_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    objects = WithdrawnPcpAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["member_id", "-effective_date", "-id"]

    def __str__(self) -> str:
        return f"{self.member_id} from {self.effective_date:%m/%d/%Y}, {self.get_why_display().lower()}"


class PcpReason(models.Model):
    """A reason of a provider change, and who may choose it (PCP_07). History keeps the words, not the row."""

    class Limit(models.TextChoices):
        NONE = "NONE", "For everybody"
        CHILD = "CHILD", "Children on the policy"
        FAMILY = "FAMILY", "Two or more members on the policy"
        AUTO_ASSIGNED = "AUTO_ASSIGNED", "While the carrier assigned the current provider"

    code = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=60, unique=True)
    pla05 = models.CharField(
        "PLA05 code",
        max_length=2,
        choices=[(code, code) for code in PLA05_CODES],
        help_text="Of the 834 to the carrier.",
    )
    limit = models.CharField(max_length=13, choices=Limit.choices, default=Limit.NONE)
    staff_only = models.BooleanField(default=False, help_text="Only the carrier's staff can choose it.")
    opens_closed_panel = models.BooleanField(
        default=False, help_text="With this reason a provider who accepts no new patients can be chosen."
    )
    first_day = models.DateField(help_text="First day on which it can be chosen, inclusive.")
    last_day = models.DateField(null=True, blank=True, help_text="Last day, inclusive; empty for no end.")

    class Meta:
        ordering = ["label"]
        verbose_name = "PCP change reason"
        constraints = [
            models.CheckConstraint(
                name="pcp_reason_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            )
        ]

    def __str__(self) -> str:
        return self.label
