"""Medical groups, primary care physicians and who has whom, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q

from accounts.scoping import BookScopedQuerySet
from clients.models.accounts import Member
from clients.models.policies import Policy
from portal.common.dates import US_STATE_CHOICES

group_number_shape = RegexValidator(r"\A\d{3}\Z", "A medical group number has three digits.")
npi_shape = RegexValidator(r"\A[12]\d{9}\Z", "An NPI has ten digits and starts with 1 or 2.")


class MedicalGroup(models.Model):
    """A physician group of an HMO network."""

    number = models.CharField(max_length=3, validators=[group_number_shape])
    name = models.CharField(max_length=120)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    city = models.CharField(max_length=60, blank=True)
    networks = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    effective_date = models.DateField(help_text="First day in the directory, inclusive.")
    end_date = models.DateField(null=True, blank=True, help_text="Last day in the directory, inclusive.")

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

    class Meta:
        ordering = ["last_name", "first_name", "id"]
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
    """One member's primary care physician or group for one span of days. Spans of a member never overlap (PCP_16)."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="pcp_assignments")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="pcp_assignments")
    medical_group = models.ForeignKey(MedicalGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    effective_date = models.DateField(help_text="First day, inclusive.")
    end_date = models.DateField(null=True, blank=True, help_text="Last day, inclusive; empty for open.")
    received_on = models.DateField(help_text="Day the request was received.")
    assigned_by = models.CharField(max_length=60, default="Selected by member")
    reason = models.CharField(max_length=60, blank=True)

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
