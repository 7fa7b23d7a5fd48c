"""People who are not insured yet."""

from django.db import models
from django.db.models import Q

from accounts.models import Producer
from accounts.models.producers import ten_digits, zip_shape
from accounts.scoping import ProducerScopedQuerySet
from portal.common.dates import US_STATE_CHOICES


class Prospect(models.Model):
    """A lead of one producer (PRO_01..03)."""

    producer = models.ForeignKey(Producer, on_delete=models.PROTECT, related_name="prospects")
    first_name = models.CharField(max_length=60)
    middle_initial = models.CharField("MI", max_length=1, blank=True)
    last_name = models.CharField(max_length=60)
    address_1 = models.CharField("address 1", max_length=120, blank=True)
    address_2 = models.CharField("address 2", max_length=120, blank=True)
    city = models.CharField(max_length=60, blank=True)
    us_state = models.CharField("state", max_length=2, choices=US_STATE_CHOICES)
    zip = models.CharField("ZIP code", max_length=5, validators=[zip_shape])
    phone = models.CharField("phone number", max_length=10, blank=True, validators=[ten_digits])
    cell_phone = models.CharField(max_length=10, blank=True, validators=[ten_digits])
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="prospects_added")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Hidden since; can be undone for a while.")
    deleted_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="prospects_deleted"
    )

    objects = ProducerScopedQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.CheckConstraint(
                name="prospect_deleted_at_and_by",
                condition=Q(deleted_at__isnull=True, deleted_by__isnull=True)
                | Q(deleted_at__isnull=False, deleted_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["producer", "last_name", "first_name", "id"],
                name="prospects_of_producer",
                condition=Q(deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"prospect {self.pk}"
