"""Applications for coverage off the exchange."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import ProducerNumber
from accounts.models.producers import ten_digits, zip_shape
from accounts.scoping import BookScopedQuerySet
from clients.models import Member, MemberChange, Policy
from enrollment.models.catalog import Plan
from enrollment.models.geography import County
from enrollment.models.quotes import Quote, QuotePerson
from enrollment.models.texts import ApplicationText
from portal.common.crypto import EncryptedTextField
from portal.common.dates import US_STATE_CHOICES


class Application(models.Model):
    """An enrollment request on its way through the steps of the application (LST_01)."""

    class Status(models.TextChoices):
        INCOMPLETE = "INCOMPLETE", "Incomplete"
        COMPLETED = "COMPLETED", "Completed"
        FAILED = "FAILED", "Failed"

    class FormType(models.TextChoices):
        MEDICAL_DENTAL = "MEDICAL_DENTAL", "Medical/Dental Application"
        DENTAL = "DENTAL", "Dental Application"

    class Authorization(models.TextChoices):
        PAPER = "PAPER", "Signed paper application"
        IN_PERSON = "IN_PERSON", "Assisting in person"

    class PhoneType(models.TextChoices):
        MOBILE = "MOBILE", "Mobile"
        LANDLINE = "LANDLINE", "Landline"

    class HraKind(models.TextChoices):
        ICHRA = "ICHRA", "ICHRA"
        QSEHRA = "QSEHRA", "QSEHRA"

    class PaymentChoice(models.TextChoices):
        NOW = "NOW", "Pay Now"
        LATER = "LATER", "Pay Later"

    record_number = models.CharField(max_length=12, unique=True, help_text="The portal's own running number: A-0638.")
    producer_number = models.ForeignKey(
        ProducerNumber, on_delete=models.PROTECT, related_name="applications", help_text="Writing number."
    )
    quote = models.ForeignKey(Quote, on_delete=models.SET_NULL, null=True, blank=True, related_name="applications")
    member = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="applications",
        help_text="The client whose facts were taken over (APP_01).",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.INCOMPLETE)
    version = models.PositiveIntegerField(
        default=0, help_text="Counts the saves: who saves over somebody else's is told (two tabs, two people)."
    )
    saved_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="applications_saved"
    )
    saved_form = models.CharField(
        max_length=40, blank=True, editable=False, help_text="The page it was last saved from: no stranger to itself."
    )
    saved_turn = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Which of that page's saves it was: those before it, arriving late, are old.",
    )
    # What was typed and cannot be kept in its column: {"applicant": {"date_of_birth": "2/30/1990"}}; JSON, encrypted.
    typed = EncryptedTextField(null=True, blank=True, editable=False)
    last_step = models.CharField(max_length=10, default="general", help_text="Where to go on.")

    # General Information (WIZ)
    special_enrollment = models.BooleanField("special enrollment period", default=True)
    elected_date = models.DateField(
        null=True,
        blank=True,
        help_text="First day of coverage, inclusive, chosen of those offered; empty for the earliest.",
    )
    effective_date = models.DateField(
        null=True, blank=True, help_text="First day of coverage, inclusive, as calculated; empty until it is."
    )
    decision = models.JSONField(
        default=dict, blank=True, help_text="How the effective date was found, with its rules and sources."
    )

    # Application Information and Authorization (AUT)
    form_type = models.CharField("application form type", max_length=14, choices=FormType.choices, blank=True)
    authorization = models.CharField(max_length=9, choices=Authorization.choices, blank=True)
    terms = models.ForeignKey(
        ApplicationText, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Agreed to."
    )
    terms_agreed_at = models.DateTimeField(null=True, blank=True)
    terms_agreed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="application_terms_agreed"
    )

    # Where the primary applicant lives and is reached (APP)
    address_1 = models.CharField("address", max_length=120, blank=True)
    address_2 = models.CharField("apt/suite", max_length=120, blank=True)
    city = models.CharField(max_length=60, blank=True)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    zip = models.CharField("ZIP code", max_length=5, blank=True, validators=[zip_shape])
    county = models.ForeignKey(County, on_delete=models.PROTECT, null=True, blank=True, related_name="applications")
    mailing_differs = models.BooleanField(null=True, blank=True)
    mailing_address_1 = models.CharField("mailing address", max_length=120, blank=True)
    mailing_address_2 = models.CharField("mailing apt/suite", max_length=120, blank=True)
    mailing_city = models.CharField(max_length=60, blank=True)
    mailing_state = models.CharField(max_length=2, blank=True, help_text="Any of the United States.")
    mailing_zip = models.CharField("mailing ZIP code", max_length=5, blank=True, validators=[zip_shape])
    phone = models.CharField("primary phone", max_length=10, blank=True, validators=[ten_digits])
    phone_type = models.CharField(max_length=8, choices=PhoneType.choices, blank=True)
    email = models.EmailField("email address", blank=True)
    contact_texts = models.ManyToManyField(
        ApplicationText, blank=True, related_name="+", help_text="The wordings that stood beside the contact fields."
    )

    # Health Reimbursement Arrangement (FAM_01)
    hra_kind = models.CharField("type of HRA", max_length=6, choices=HraKind.choices, blank=True)
    hra_start = models.DateField("HRA start date", null=True, blank=True, help_text="First day, inclusive.")
    hra_employer = models.CharField("employer name", max_length=120, blank=True)
    hra_contribution = models.DecimalField(
        "monthly contribution", max_digits=9, decimal_places=2, null=True, blank=True
    )

    # Plans and coverage (PLN, COV)
    pediatric_dental_elsewhere = models.BooleanField(
        default=False, help_text="Attested: pediatric dental essential benefits exist through another policy (PLN_03)."
    )
    replaces_coverage = models.BooleanField(default=False)
    has_other_coverage = models.BooleanField(default=False)
    proxy_agreed = models.BooleanField(default=False)

    # Signatures and payment (SIG)
    by_representative = models.BooleanField("an authorized representative fills this out", default=False)
    payment_choice = models.CharField(max_length=5, choices=PaymentChoice.choices, blank=True)

    # Numbers given out with the first submission; they stay, however often it is submitted.
    eapp_number = models.CharField("E-App number", max_length=12, blank=True)
    client_app_id = models.CharField("client app ID", max_length=20, blank=True)
    pending_application_id = models.CharField(
        "pending application ID", max_length=6, blank=True, help_text="Billing ID on the first-payment notice."
    )
    submitted_at = models.DateTimeField(null=True, blank=True, help_text="The last time it was submitted.")

    form_key = models.CharField(
        max_length=40, unique=True, help_text="The form it came from; one form, one application."
    )
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="applications_started")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField(help_text="Last day, inclusive, on which a draft can be used.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Taken off the list since; the number stays.")
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="applications_withdrawn"
    )

    objects = BookScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes = [
            models.Index(fields=["producer_number", "status", "-updated_at", "-id"], name="applications_of_number"),
        ]
        constraints = [
            models.CheckConstraint(
                name="application_withdrawn_at_and_by",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(
                name="only_drafts_are_withdrawn", condition=Q(withdrawn_at__isnull=True) | Q(status="INCOMPLETE")
            ),
            models.UniqueConstraint(fields=["eapp_number"], name="eapp_number_once", condition=~Q(eapp_number="")),
        ]

    def __str__(self) -> str:
        return self.record_number


class Applicant(models.Model):
    """Somebody to be covered by the application; a draft may still lack anything but the relation."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="applicants")
    position = models.PositiveSmallIntegerField(help_text="0 is the primary applicant.")
    relation = models.CharField(max_length=6, choices=QuotePerson.Relation.choices)
    first_name = models.CharField(max_length=60, blank=True)
    middle_initial = models.CharField("MI", max_length=1, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    ssn = EncryptedTextField("SSN", null=True, blank=True)
    sex = models.CharField(max_length=1, choices=QuotePerson.Sex.choices, blank=True)
    tobacco_use = models.BooleanField(null=True, blank=True)
    tobacco_last_used = models.DateField("date of last use", null=True, blank=True, help_text="That day.")
    phone = models.CharField("primary phone", max_length=10, blank=True, validators=[ten_digits])
    email = models.EmailField("email address", blank=True)
    # Optional; never part of rating, reports or exports (FAM_05).
    spoken_language = models.CharField("preferred spoken language", max_length=30, blank=True)
    written_language = models.CharField("preferred written language", max_length=30, blank=True)
    hispanic = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    identities = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    pcp_number = models.CharField("PCP or medical group number", max_length=12, blank=True)

    class Meta:
        ordering = ["application", "position"]
        constraints = [
            models.UniqueConstraint(fields=["application", "position"], name="applicant_once"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(relation="self"), name="application_has_one_applicant"
            ),
            models.UniqueConstraint(
                fields=["application"], condition=Q(relation="spouse"), name="application_has_one_spouse"
            ),
        ]

    def __str__(self) -> str:
        return f"applicant {self.position} of {self.application_id}"

    @property
    def ssn_last4(self) -> str:
        """The only digits ever shown."""
        return self.ssn[-4:] if self.ssn else ""


class ApplicationPlan(models.Model):
    """The medical or the dental plan applied for; at most one of each."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="plans")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="applied_for")
    line = models.CharField(max_length=7, choices=Policy.Line.choices)
    monthly_premium = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["application", "-line"]
        constraints = [models.UniqueConstraint(fields=["application", "line"], name="application_plan_once_a_line")]

    def __str__(self) -> str:
        return f"{self.line} plan of {self.application_id}"


class ApplicationLifeEvent(models.Model):
    """A life event with its date, and what was answered about it (WIZ_10)."""

    class PriorCoverage(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        EXEMPT = "exempt", "Exempt"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="life_events")
    code = models.CharField("life event", max_length=40)
    event_date = models.DateField("date of event", help_text="That day.")
    prior_coverage = models.CharField(max_length=6, choices=PriorCoverage.choices, blank=True)
    knew_on = models.DateField(null=True, blank=True, help_text="The day the applicant learned of it, if later.")
    election = models.CharField(
        max_length=40, blank=True, help_text="Which of the rule's dates; empty for the default."
    )

    class Meta:
        ordering = ["application", "id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "code", "event_date"], name="life_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.application_id}"


class CoverageReplacement(models.Model):
    """A policy that is to end for the new one (COV_01)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="replacements")
    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="replacements")
    insurer = models.CharField("name of insurance company", max_length=120)
    policy_number = models.CharField(max_length=40)
    termination_date = models.DateField(help_text="Last day of the old coverage, inclusive.")

    class Meta:
        ordering = ["application", "id"]

    def __str__(self) -> str:
        return f"replacement {self.pk} of {self.application_id}"


class OtherCoverage(models.Model):
    """Coverage held now or within the last 60 days (COV_04)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="other_coverages")
    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="other_coverages")
    name_on_policy = models.CharField("name on other policy", max_length=120, blank=True)
    member_number = models.CharField(max_length=40)
    group_id = models.CharField("group ID", max_length=40)

    class Meta:
        ordering = ["application", "id"]

    def __str__(self) -> str:
        return f"other coverage {self.pk} of {self.application_id}"


class Signature(models.Model):
    """Who signs for whom (SIG_01, SIG_02), or who attests to a text (SIG_03); one row a role."""

    class Role(models.TextChoices):
        REPRESENTATIVE = "REPRESENTATIVE", "Authorized Representative"
        GUARDIAN = "GUARDIAN", "Parent/Legal Guardian"
        CONSUMER_CHOICE = "CONSUMER_CHOICE", "Consumer Choice Disclosure"
        PROXY = "PROXY", "Proxy Statement"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="signatures")
    role = models.CharField(max_length=15, choices=Role.choices)
    first_name = models.CharField(max_length=60, blank=True)
    middle_initial = models.CharField("MI", max_length=1, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    relationship = models.CharField("relationship to applicant", max_length=60, blank=True)
    text = models.ForeignKey(ApplicationText, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    attested_at = models.DateTimeField(null=True, blank=True)
    attested_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="application_attestations"
    )

    class Meta:
        ordering = ["application", "role"]
        constraints = [models.UniqueConstraint(fields=["application", "role"], name="signature_once_a_role")]

    def __str__(self) -> str:
        return f"{self.role} of {self.application_id}"


class Submission(models.Model):
    """One time the application was handed in, and what became of it. Rows are never changed but for their outcome."""

    class Outcome(models.TextChoices):
        WAITING = "WAITING", "With the member system"
        ACCEPTED = "ACCEPTED", "Accepted"
        FAILED = "FAILED", "Failed"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField(help_text="1 for the first, 2 for the first resubmission.")
    form_key = models.CharField(max_length=60, unique=True, help_text="One form, one submission (SIG_06).")
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="submissions_made")
    effective_date = models.DateField(help_text="First day of coverage, inclusive.")
    monthly_premium = models.DecimalField(max_digits=10, decimal_places=2)
    answers = EncryptedTextField(help_text="Every answer as it was submitted; JSON, encrypted.")
    answers_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    settled_at = models.DateTimeField(null=True, blank=True)
    reasons = models.JSONField(
        default=list, blank=True, help_text='Why it failed: [{"step", "section", "field", "label", "sentence"}].'
    )
    trail_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="End of the hash chain over what was done with the application until then (ADR 0023).",
    )

    class Meta:
        ordering = ["application", "number"]
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="submission_number_once")]

    def __str__(self) -> str:
        return f"submission {self.number} of {self.application_id}"


class SubmittedPolicy(models.Model):
    """A plan of a submission on its way to the member system: the policy it is to become, and the change that tells it."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="submitted_policies")
    line = models.CharField(max_length=7, choices=Policy.Line.choices)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="submissions")
    # Of several submissions where the same enrollment was sent again under its reference.
    change = models.ForeignKey(MemberChange, on_delete=models.PROTECT, related_name="submitted_policies")
    outcome = models.CharField(max_length=8, choices=Submission.Outcome.choices, default=Submission.Outcome.WAITING)
    note = models.CharField(
        max_length=250, blank=True, help_text="What staff have to know, where more than one submission was taken."
    )
    taken_twice = models.BooleanField(
        default=False,
        help_text="The member system has this plan of the application twice; one of them is to be ended there.",
    )

    class Meta:
        ordering = ["submission", "-line"]
        verbose_name_plural = "submitted policies"
        constraints = [models.UniqueConstraint(fields=["submission", "line"], name="submitted_policy_once_a_line")]

    def __str__(self) -> str:
        return f"{self.line} of submission {self.submission_id}"
