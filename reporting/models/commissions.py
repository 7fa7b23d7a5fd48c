"""Commission statements of producer numbers, a month each, as the carrier's commission system has worked them out (REP_19)."""

from django.db import models
from django.db.models import Q

from accounts.models import ProducerNumber
from accounts.scoping import BookScopedQuerySet


class CommissionStatement(models.Model):
    """What was paid for one producer number and month. Imported by the carrier's staff; the portal works nothing out."""

    producer_number = models.ForeignKey(ProducerNumber, on_delete=models.PROTECT, related_name="commission_statements")
    month = models.DateField(help_text="First day of the month it is for.")
    total = models.DecimalField(max_digits=12, decimal_places=2, help_text="Sum of the lines.")
    line_count = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = BookScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-month", "producer_number"]
        constraints = [
            models.UniqueConstraint(fields=["producer_number", "month"], name="commission_statement_once"),
            models.CheckConstraint(
                name="commission_month_is_its_first_day",
                condition=Q(month__day=1),
            ),
            models.CheckConstraint(name="commission_statement_has_lines", condition=Q(line_count__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y} of {self.producer_number_id}"


class CommissionLine(models.Model):
    """One amount of a statement; a charge-back is negative."""

    class Kind(models.TextChoices):
        NEW = "NEW", "New"
        RENEWAL = "RENEWAL", "Renewal"
        CHARGEBACK = "CHARGEBACK", "Charge-back"
        ADJUSTMENT = "ADJUSTMENT", "Adjustment"

    statement = models.ForeignKey(CommissionStatement, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField(help_text="Place in the statement, from 1.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    account_number = models.CharField(max_length=12, blank=True)
    insured_name = models.CharField(max_length=120, blank=True, help_text="As the commission system writes it.")
    product_name = models.CharField(max_length=120, blank=True)
    premium_month = models.DateField(help_text="First day of the month whose premium was paid.")
    members = models.PositiveSmallIntegerField(default=1)
    premium = models.DecimalField(max_digits=10, decimal_places=2)
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["statement", "line"]
        constraints = [models.UniqueConstraint(fields=["statement", "line"], name="commission_line_once")]

    def __str__(self) -> str:
        return f"line {self.line} of {self.statement_id}"
