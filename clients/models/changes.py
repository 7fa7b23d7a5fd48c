"""What producers ask of the member system: changes, each a row with its own visible state."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.scoping import BookScopedQuerySet
from clients.models.accounts import Account, Member
from clients.models.policies import Policy


class MemberChangeQuerySet(BookScopedQuerySet["MemberChange"]):
    number_path = "policy__producer_number"


class MemberChange(models.Model):
    """A change on its way to the member system: the sync outbox, one row per fact, in order per member."""

    class Kind(models.TextChoices):
        CONTACT = "CONTACT", "Contact change"
        PCP = "PCP", "PCP change"
        ENROLL = "ENROLL", "Enrollment"
        TERM = "TERM", "Termination"
        REINSTATE = "REINSTATE", "Reinstatement"
        ID_CARD = "ID_CARD", "ID card order"
        BILLING = "BILLING", "First payment notice"

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        SENT = "SENT", "Sent"
        ACKED = "ACKED", "Accepted"
        REJECTED = "REJECTED", "Rejected"
        DEAD = "DEAD", "Given up"
        SUPERSEDED = "SUPERSEDED", "Replaced by a newer change"
        CLOSED = "CLOSED", "Closed with a note"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, blank=True, related_name="changes")
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="changes")
    payload = models.JSONField(encoder=DjangoJSONEncoder, help_text="Before and after; never an SSN.")
    idempotency_key = models.CharField(max_length=80, unique=True, help_text="Travels with every attempt.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    not_before = models.DateTimeField(help_text="Earliest moment it may be sent.")
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(
        null=True, blank=True, help_text="From here the time counts after which it is given up; a retry begins anew."
    )
    last_error = models.CharField(max_length=500, blank=True)
    isa13 = models.CharField("interchange control number", max_length=9, blank=True)
    gs06 = models.CharField("group control number", max_length=9, blank=True)
    st02 = models.CharField("transaction set control number", max_length=9, blank=True)
    bgn02 = models.CharField("transaction reference", max_length=50, blank=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="member_changes")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    acked_at = models.DateTimeField("answered at", null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        help_text="The newer change that took this one's values along.",
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="closed_member_changes"
    )
    closing_note = models.CharField(max_length=500, blank=True, help_text="Why it is not to be sent any more.")

    objects = MemberChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="change_lease_has_owner",
                condition=Q(lease_until__isnull=True, lease_owner__isnull=True)
                | Q(lease_until__isnull=False, lease_owner__isnull=False),
            ),
            models.UniqueConstraint(fields=["bgn02"], name="change_reference_once", condition=~Q(bgn02="")),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], name="changes_due", condition=Q(status="PENDING")),
            models.Index(fields=["member", "id"], name="changes_of_member"),
            models.Index(fields=["account", "-id"], name="changes_of_account"),
            models.Index(fields=["status", "id"], name="changes_failed", condition=Q(status__in=["DEAD", "REJECTED"])),
            models.Index(fields=["sent_at"], name="changes_unanswered", condition=Q(status="SENT")),
            # What may stand before a change: nothing else of the household is read to claim one.
            models.Index(fields=["account", "id"], name="changes_open", condition=Q(status__in=["PENDING", "SENT"])),
            models.Index(fields=["created_at"], name="changes_oldest", condition=Q(status="PENDING")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
