"""The simulated member system's own rows: how it behaves at the moment, and what it has received."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q


class SimulatedMemberSystem(models.Model):
    """How the simulated member system behaves. One row; staff of the demo and tests change it."""

    class Mode(models.TextChoices):
        NORMAL = "NORMAL", "Takes changes and answers at once"
        SLOW = "SLOW", "Takes its time for each change"
        DOWN = "DOWN", "Does not answer at all"
        REJECT = "REJECT", "Rejects every change"
        ACK_LATER = "ACK_LATER", "Takes changes and answers later"

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    mode = models.CharField(max_length=9, choices=Mode.choices, default=Mode.NORMAL)
    slow_seconds = models.PositiveSmallIntegerField(
        default=5,
        validators=[MaxValueValidator(30)],
        help_text="How long one change takes when it is slow; at most 30.",
    )
    answer_after_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="After how many minutes it answers when it answers later."
    )
    next_number = models.PositiveIntegerField(
        default=1, editable=False, help_text="Running number of the next account or member id it gives out."
    )

    class Meta:
        verbose_name = "simulated member system"
        verbose_name_plural = "simulated member system"
        constraints = [models.CheckConstraint(name="one_simulated_member_system", condition=Q(id=1))]

    def __str__(self) -> str:
        return "Simulated member system"


class SimulatedReceipt(models.Model):
    """A transaction as the simulated member system holds it: one row a reference, however often it was delivered."""

    reference = models.CharField(max_length=50, unique=True, help_text="BGN02; the same again has no second effect.")
    kind = models.CharField(max_length=9)
    deliveries = models.PositiveSmallIntegerField(default=1, help_text="How often it was handed over.")
    received_at = models.DateTimeField(help_text="When it was handed over first.")
    accepted = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    assigned = models.JSONField(default=dict, blank=True, help_text="Numbers given out for an enrollment.")
    answer_due_at = models.DateTimeField(null=True, blank=True, help_text="Empty when it was answered on the spot.")
    answer_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["answer_due_at", "id"],
                name="simulated_answers_due",
                condition=Q(answer_due_at__isnull=False, answer_read_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.reference
