"""Proof of life events: what is asked for, as dated rows of the carrier's, and what was sent with an application."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.scoping import BookScopedQuerySet
from ecomm.models import DocumentSubmission
from enrollment.models.applications import Application
from enrollment.models.life_events import LifeEventKind, code_shape
from enrollment.rules.evidence import MET, OPEN, Asks, Slot, State
from portal.common.dates import US_STATE_CHOICES, as_text

slot_shape = RegexValidator(r"\A[a-z][a-z0-9_]*\Z", "Small letters, digits and _, such as birth_certificate.")
# A year is a slip of the hand.
MOST_DUE_DAYS = 365


class EvidenceKindQuerySet(models.QuerySet["EvidenceKind"]):
    def in_force(self, us_state: str, day: date) -> "EvidenceKindQuerySet":
        """Rows in force on ``day`` for the state: its own and those of every state."""
        return self.filter(
            Q(last_day__isnull=True) | Q(last_day__gte=day), us_state__in=("", us_state), first_day__lte=day
        )


class EvidenceKind(models.Model):
    """A paper, or a word, usually asked for with a life event, from one day to another.

    A state's own row takes the place of the row of every state with the same code. A row by which papers were sent stays
    as it is; it is ended, and another begins.
    """

    class AskedAs(models.TextChoices):
        PAPER = Asks.PAPER.value, "Papers"
        ATTESTATION = Asks.ATTESTATION.value, "Attestation"

    event_code = models.CharField(
        "life event", max_length=40, validators=[code_shape], help_text="Code of the life event: BIRTH."
    )
    code = models.CharField(max_length=40, validators=[slot_shape], help_text="Names the slot: birth_certificate.")
    us_state = models.CharField("state", max_length=2, choices=[("", "Every state"), *US_STATE_CHOICES], blank=True)
    position = models.PositiveSmallIntegerField(default=100, help_text="Place in the list.")
    label = models.CharField(max_length=120)
    note = models.CharField(
        max_length=250, blank=True, help_text="What the paper has to show; the words attested to, for an attestation."
    )
    asks = models.CharField("asked for as", max_length=11, choices=AskedAs.choices, default=AskedAs.PAPER)
    required = models.BooleanField(default=True, help_text="Off: welcome, never late.")
    one_of = models.CharField(
        "one of",
        max_length=80,
        blank=True,
        help_text="Heading shared by the slots of which one is enough; empty: asked for by itself.",
    )
    due_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DUE_DAYS)],
        help_text="Days after submission until it is due, inclusive; empty: as set for the portal (EVIDENCE_DUE_DAYS).",
    )
    unless_exempt = models.BooleanField(
        "not with exemption", default=False, help_text="Left out where prior coverage was answered Exempt."
    )
    first_day = models.DateField(help_text="First day in force for applications, inclusive.")
    last_day = models.DateField(
        null=True, blank=True, help_text="Last day in force for applications, inclusive; empty for open."
    )

    objects = EvidenceKindQuerySet.as_manager()

    class Meta:
        ordering = ["position", "event_code", "code", "us_state", "first_day"]
        constraints = [
            models.UniqueConstraint(fields=["event_code", "code", "us_state", "first_day"], name="evidence_kind_once"),
            models.CheckConstraint(
                name="evidence_kind_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
            models.CheckConstraint(name="evidence_kind_one_of_what_must_be", condition=Q(one_of="") | Q(required=True)),
        ]

    def __str__(self) -> str:
        return f"{self.event_code} {self.code} {self.us_state}".strip()

    def clean(self) -> None:
        """Refuse rows that would be asked for twice, never, or without words to attest to."""
        wrong: dict[str, Any] = {}
        if self.event_code and not LifeEventKind.objects.filter(code=self.event_code).exists():
            wrong["event_code"] = "There is no life event with this code."
        if self.one_of and not self.required:
            wrong["required"] = "What is one of several must be sent; leave the group empty for what is welcome only."
        if self.asks == Asks.ATTESTATION and not self.note:
            wrong["note"] = "Enter the words that are attested to."
        if self.first_day and self.last_day and self.last_day < self.first_day:
            wrong["last_day"] = "The last day lies before the first."
        elif self.first_day and (other := self._overlapping()):
            until = f" to {as_text(other.last_day)}" if other.last_day else " on"
            wrong["first_day"] = f"The same is asked for by another row from {as_text(other.first_day)}{until}."
        if wrong:
            raise ValidationError(wrong)

    def _overlapping(self) -> "EvidenceKind | None":
        same = EvidenceKind.objects.filter(event_code=self.event_code, code=self.code, us_state=self.us_state)
        if self.last_day:
            same = same.filter(first_day__lte=self.last_day)
        return same.filter(Q(last_day__isnull=True) | Q(last_day__gte=self.first_day)).exclude(pk=self.pk).first()

    def as_slot(self) -> Slot:
        """The row as the rules take it."""
        return Slot(
            event_code=self.event_code,
            code=self.code,
            label=self.label,
            note=self.note,
            asks=Asks(self.asks),
            required=self.required,
            one_of=self.one_of,
            due_days=self.due_days,
            unless_exempt=self.unless_exempt,
        )


class EvidenceItemQuerySet(BookScopedQuerySet["EvidenceItem"]):
    number_path = "application__producer_number"

    def open(self) -> "EvidenceItemQuerySet":
        """What somebody still has to send: required, wanted or rejected, and nothing else of its group was sent or waived."""
        instead = EvidenceItem.objects.filter(
            application=OuterRef("application"),
            kind__event_code=OuterRef("kind__event_code"),
            kind__one_of=OuterRef("kind__one_of"),
            state__in=[*MET, State.SENT],
        ).exclude(kind__one_of="")
        return self.filter(
            ~Exists(instead),
            state__in=list(OPEN),
            kind__required=True,
            dropped=False,
            application__status=Application.Status.COMPLETED,
        )

    def late(self, today: date) -> "EvidenceItemQuerySet":
        """What is still open after its due day."""
        return self.open().filter(due_on__lt=today)


class EvidenceItem(models.Model):
    """A slot of one application, and what has become of it.

    While the application is filled in, slots follow its life events; a row is there only once something was sent or said.
    With the submission every slot gets its row and its due day.
    """

    class Status(models.TextChoices):
        WANTED = State.WANTED.value, "Wanted"
        SENT = State.SENT.value, "Sent"
        ACCEPTED = State.ACCEPTED.value, "Accepted"
        REJECTED = State.REJECTED.value, "Rejected"
        WAIVED = State.WAIVED.value, "Waived"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="evidence_items")
    kind = models.ForeignKey(EvidenceKind, on_delete=models.PROTECT, related_name="items")
    # Which slot it is stays when the kind is replaced by a later row.
    event_code = models.CharField("life event", max_length=40)
    code = models.CharField("slot", max_length=40)
    state = models.CharField(max_length=8, choices=Status.choices, default=Status.WANTED)
    reason = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why it was rejected or waived; those who work on the application read it.",
    )
    due_on = models.DateField(
        "due", null=True, blank=True, help_text="Last day in time, inclusive; empty before the submission."
    )
    dropped = models.BooleanField(
        "no longer asked for", default=False, help_text="Its life event was taken out of the application."
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody where the portal itself decided, as for malware.",
    )
    attested_at = models.DateTimeField(null=True, blank=True)
    attested_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who said so."
    )
    attested_text = models.CharField(max_length=250, blank=True, help_text="The words attested to, as they stood.")
    changed_at = models.DateTimeField()

    objects = EvidenceItemQuerySet.as_manager()

    class Meta:
        ordering = ["application", "kind__position", "id"]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                name="evidence_by_due_day",
                condition=Q(state__in=[str(one) for one in sorted(OPEN)]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["application", "event_code", "code"], name="evidence_item_once"),
            models.CheckConstraint(
                name="evidence_with_reason", condition=~Q(state__in=["REJECTED", "WAIVED"]) | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="evidence_attested_at_and_by",
                condition=Q(attested_at__isnull=True, attested_by__isnull=True, attested_text="")
                | Q(attested_at__isnull=False, attested_by__isnull=False) & ~Q(attested_text=""),
            ),
            models.CheckConstraint(
                name="evidence_accepted_or_attested",
                condition=~Q(state="ACCEPTED") | Q(decided_at__isnull=False) | Q(attested_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.application_id}"


class EvidencePaper(models.Model):
    """A document sent for a slot. It stays with the application whatever becomes of the slot."""

    item = models.ForeignKey(EvidenceItem, on_delete=models.PROTECT, related_name="papers")
    document = models.OneToOneField(DocumentSubmission, on_delete=models.PROTECT, related_name="evidence")

    class Meta:
        ordering = ["item", "id"]

    def __str__(self) -> str:
        return f"document {self.document_id} of slot {self.item_id}"
