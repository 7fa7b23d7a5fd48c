"""The person who signs in: producer, delegate or carrier staff."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import scoping
from accounts.models.producers import Producer
from portal.common import staff_roles
from portal.common.access import Perm
from portal.common.dates import today_in
from portal.common.staff_roles import StaffRole

if TYPE_CHECKING:
    from accounts.models.delegation import DelegateGrant


class PortalUserManager(UserManager["User"]):
    def open(self) -> models.QuerySet["User"]:
        """The logins that may be used, with their producers: see ``User.is_open``."""
        return (
            self.select_related("producer").filter(is_active=True).exclude(producer__status=Producer.Status.TERMINATED)
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by username whatever its case: ``RSolberg7`` and ``rsolberg7`` are one account (conflict C23)."""
        return self.get(username__iexact=username)

    def staff_who_may(self, permission: str) -> models.QuerySet["User"]:
        """The open logins of carrier staff with this permission, such as ``ecomm.change_equestion``."""
        allowed = Q(is_superuser=True) | Q(staff_role__in=staff_roles.roles_with(permission))
        return self.filter(allowed, role=User.Role.CARRIER_ADMIN, is_active=True)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "User":
        """Make a carrier admin, for ``manage.py createsuperuser``; codes go to ``email``, which the operator vouches for."""
        extra_fields = {"role": User.Role.CARRIER_ADMIN, "email_confirmed_at": timezone.now(), **extra_fields}
        return super().create_superuser(username, email, password, **extra_fields)


class User(AbstractUser):
    """A login. Every act in the portal has exactly one of these behind it; nobody shares one."""

    class Role(models.TextChoices):
        PRODUCER = "PRODUCER", "Producer"
        DELEGATE = "DELEGATE", "Delegate"
        CARRIER_ADMIN = "CARRIER_ADMIN", "Carrier admin"

    class TypingChoice(models.TextChoices):
        """What came of asking for a typing pattern (LOG_03); whoever is to be asked is asked at the next login."""

        ASK = "ASK", "To be asked"
        SKIPPED = "SKIPPED", "Skipped"
        ENROLLED = "ENROLLED", "Enrolled"
        WITHDRAWN = "WITHDRAWN", "Consent withdrawn"

    class Tour(models.TextChoices):
        """What came of the guided tour, which Home offers once (ADR 0033)."""

        TO_OFFER = "TO_OFFER", "To be offered"
        FINISHED = "FINISHED", "Finished"
        SKIPPED = "SKIPPED", "Skipped"

    role = models.CharField(max_length=13, choices=Role.choices)
    staff_role = models.CharField(
        max_length=30,
        choices=StaffRole.choices,
        blank=True,
        default="",
        db_default="",
        help_text="The duty of carrier staff who are not administrators; empty for everybody else.",
    )
    producer = models.OneToOneField(
        "accounts.Producer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="user",
        help_text="The producer record this login belongs to; only for producers.",
    )
    email_confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the address on record was proven; nobody signs in before."
    )
    # The producer record holds a producer's security contacts; delegates and staff have theirs here.
    mobile = models.CharField(max_length=10, blank=True, help_text="Ten digits; where codes by text message go.")

    typing_choice = models.CharField(
        "typing pattern", max_length=9, choices=TypingChoice.choices, default=TypingChoice.ASK
    )

    tour = models.CharField(
        "guided tour", max_length=8, choices=Tour.choices, default=Tour.TO_OFFER, db_default=Tour.TO_OFFER
    )

    # The producer a delegate of several has chosen to work for, set for each request from the session
    # (accounts.middleware); None for all of them. It narrows the grants in force and never adds to them.
    working_for_id: int | None = None

    objects: ClassVar[PortalUserManager] = PortalUserManager()

    class Meta:
        constraints = [
            # Upper, because iexact compares UPPER() and is to find this index.
            models.UniqueConstraint(Upper("username"), name="username_unique_whatever_case"),
            models.CheckConstraint(
                name="producer_record_exactly_for_producers",
                condition=Q(role="PRODUCER", producer__isnull=False) | (~Q(role="PRODUCER") & Q(producer__isnull=True)),
            ),
            models.CheckConstraint(
                name="staff_flag_only_for_carrier_admins", condition=Q(is_staff=False) | Q(role="CARRIER_ADMIN")
            ),
            models.CheckConstraint(
                name="staff_role_only_for_staff_with_limits",
                condition=Q(staff_role="") | Q(role="CARRIER_ADMIN", is_staff=True, is_superuser=False),
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_open(self) -> bool:
        """May this login be used? Not once the carrier has closed it, nor while the producer's contract is terminated."""
        terminated = self.producer is not None and self.producer.status == Producer.Status.TERMINATED
        return self.is_active and not terminated

    @property
    def standing(self) -> str:
        """``ADMINISTRATOR`` or the role of carrier staff; empty for everybody else, and for staff without a role."""
        if self.role != self.Role.CARRIER_ADMIN:
            return ""
        return staff_roles.ADMINISTRATOR if self.is_superuser else self.staff_role

    @property
    def standing_label(self) -> str:
        """The standing in words: Service Desk, Carrier administrator; "No role" for staff that have none."""
        return dict(staff_roles.STANDINGS).get(self.standing, "No role")

    @cached_property
    def perms_held(self) -> frozenset[Perm]:
        """What this person may do today, for at least one book. Read once a request."""
        return scoping.held_perms(self)

    @cached_property
    def grants_in_force(self) -> "list[DelegateGrant]":
        """For whom a delegate may work today, with their producers; empty for everybody else. Read once a request."""
        return scoping.grants_in_force(self, on=today_in()) if self.role == self.Role.DELEGATE else []

    def has_portal_perm(self, perm: Perm) -> bool:
        return perm in self.perms_held

    def npn_worked_for(self, perm: Perm | None) -> str:
        """The producer for whom a delegate's act under ``perm`` is stored, ``None``: under any; empty for several or none."""
        return scoping.npn_worked_for(self, perm)

    def work_for(self, producer_id: int | None) -> None:
        """Narrow this person's grants to one producer's, for as long as the object lives; ``None`` for all."""
        self.working_for_id = producer_id
        self.__dict__.pop("perms_held", None)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.__dict__.pop("perms_held", None)
        self.__dict__.pop("grants_in_force", None)

    @property
    def security_email(self) -> str:
        """Where codes by email go: the producer record's address for producers (PRF_05), the login's for others."""
        return self.producer.record_email if self.producer else self.email

    @property
    def security_mobile(self) -> str:
        """Ten digits where codes by text go, or empty (LOG_06)."""
        return self.producer.record_mobile if self.producer else self.mobile
