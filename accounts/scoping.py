"""Whose data is it: the one door through which client rows are read.

A producer sees the own book and the downline's; a delegate the own books of the producers who granted access, on the
days and with the scopes granted; carrier staff every book, as far as their role goes (portal.common.staff_roles). What is out of scope does not exist (404). A producer
whose contract is terminated opens nothing, and neither do the grants given before (docs/adr/0010).

A delegate of several producers may narrow this to one of them for a session (``user.working_for_id``). The choice is
never more than the grants: it is looked up among those in force each time, and one that has ended narrows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models

from portal.common import staff_roles
from portal.common.access import (
    CARRIER_ADMIN_PERMS,
    DELEGATE_BASE_PERMS,
    PERMS_BY_SCOPE,
    PRODUCER_PERMS,
    DelegateScope,
    Perm,
)
from portal.common.client_actions import NOT_YOURS_HERE
from portal.common.dates import today_in
from portal.common.lookups import Ids

if TYPE_CHECKING:
    from accounts.models import DelegateGrant, Producer, User

Row = TypeVar("Row", bound=models.Model)


def grants_in_force(user: User, *, on: date) -> list[DelegateGrant]:
    """Every grant the delegate holds on the day ``on``, with its producer, whatever producer was chosen."""
    DelegateGrant = apps.get_model("accounts", "DelegateGrant")
    grants = DelegateGrant.objects.filter(delegate_id=user.pk).in_force(on).select_related("producer")
    return list(grants.order_by("producer__last_name", "producer__first_name", "id"))


def narrowed(grants: list[DelegateGrant], working_for_id: int | None) -> list[DelegateGrant]:
    """The grant of the producer chosen in the header; all of them without a choice, or when its grant has ended."""
    return [grant for grant in grants if grant.producer_id == working_for_id] or grants


def _grants(user: User, on: date | None) -> list[DelegateGrant]:
    return narrowed(grants_in_force(user, on=on or today_in()), user.working_for_id)


def _perms_of_grant(grant: DelegateGrant) -> frozenset[Perm]:
    return frozenset().union(*(PERMS_BY_SCOPE[DelegateScope(scope)] for scope in grant.scopes))


def held_perms(user: User, *, on: date | None = None) -> frozenset[Perm]:
    """What the user may do on the day ``on`` (today by default) for at least one book."""
    if not user.is_open:
        return frozenset()
    if user.role == user.Role.CARRIER_ADMIN:
        return CARRIER_ADMIN_PERMS if user.is_superuser else staff_roles.portal_perms(user.staff_role)
    if user.role == user.Role.PRODUCER:
        return PRODUCER_PERMS
    grants = _grants(user, on) if on else narrowed(user.grants_in_force, user.working_for_id)
    return DELEGATE_BASE_PERMS.union(*(_perms_of_grant(grant) for grant in grants))


def producer_ids(user: User, *, perm: Perm = Perm.CLIENT_VIEW, on: date | None = None) -> list[int]:
    """Ids of the producers whose books the user may open with ``perm``: own and downline, or those who granted it.

    Never called for carrier admins, who are not limited to a list.
    """
    if user.role == user.Role.PRODUCER:
        return _looked_up_or(("producers", user.pk), lambda: _own_and_downline(user))
    return [grant.producer_id for grant in _grants(user, on) if perm in _perms_of_grant(grant)]


def _own_and_downline(user: User) -> list[int]:
    HierarchyEdge = apps.get_model("accounts", "HierarchyEdge")
    below = HierarchyEdge.objects.filter(ancestor_id=user.producer_id)
    return list(below.order_by("descendant_id").values_list("descendant_id", flat=True))


_looked_up: ContextVar[dict[tuple[Any, ...], list[int]] | None] = ContextVar("scopes looked up", default=None)


@contextmanager
def looked_up_once() -> Iterator[None]:
    """Within this block, or the function it decorates, the producers and numbers of a scope are looked up once and remembered.

    For pages that only read, and ask for rows of one person's books in many queries: they show one moment anyway.
    """
    token = _looked_up.set({})
    try:
        yield
    finally:
        _looked_up.reset(token)


def producer_number_ids(user: User, *, perm: Perm = Perm.CLIENT_VIEW, on: date | None = None) -> list[int]:
    """Ids of the producer numbers whose books the user may open with ``perm``. Never called for carrier admins.

    The list goes into queries as it is: joining the scope through the hierarchy on the searched table is 10 to 100
    times slower at a million members.
    """
    # A producer's scope is the same whatever is done in it.
    key = (user.pk, user.working_for_id, "" if user.role == user.Role.PRODUCER else perm, on)
    return _looked_up_or(key, lambda: _producer_number_ids(user, perm, on))


def _looked_up_or(key: tuple[Any, ...], look_up: Callable[[], list[int]]) -> list[int]:
    remembered = _looked_up.get()
    if remembered is None:
        return look_up()
    if key not in remembered:
        remembered[key] = look_up()
    return list(remembered[key])


def _producer_number_ids(user: User, perm: Perm, on: date | None) -> list[int]:
    ProducerNumber = apps.get_model("accounts", "ProducerNumber")
    if user.role == user.Role.PRODUCER:
        numbers = ProducerNumber.objects.filter(producer__edges_up__ancestor_id=user.producer_id)
    else:
        numbers = ProducerNumber.objects.filter(producer_id__in=producer_ids(user, perm=perm, on=on))
    return list(numbers.order_by("id").values_list("id", flat=True))


def producers_acted_for(user: User, perm: Perm) -> list[Producer]:
    """The producers in whose name the user may do ``perm`` today: the own record, or those who granted it, by name.

    A delegate who has chosen one producer in the header acts for that one only. Empty for carrier admins.
    """
    if user.role == user.Role.PRODUCER:
        return [user.producer] if user.producer else []
    if user.role != user.Role.DELEGATE:
        return []
    return [grant.producer for grant in _grants(user, None) if perm in _perms_of_grant(grant)]


def npn_worked_for(user: User, perm: Perm | None) -> str:
    """National producer number of the one producer a delegate uses ``perm`` for today (HOM_14); ``None``: any right at all.

    Empty when it is used for several at once, and for people who are no delegates.
    """
    if user.role != user.Role.DELEGATE:
        return ""
    npns = [grant.producer.npn for grant in _grants(user, None) if perm is None or perm in _perms_of_grant(grant)]
    return npns[0] if len(npns) == 1 else ""


class BookScopedQuerySet(models.QuerySet[Row]):
    """Base of every QuerySet that holds client data; ``number_path`` leads to the owning producer number."""

    number_path = "producer_number"

    def for_user(self, user: Any, *, perm: Perm = Perm.CLIENT_VIEW) -> Any:
        """Rows of the books this user may open with ``perm``; nothing for anonymous or inactive users."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(perm):
            return self.none()
        if user.role == user.Role.CARRIER_ADMIN:
            return self
        return self.in_books(producer_number_ids(user, perm=perm))

    def in_books(self, number_ids: list[int]) -> Any:
        """Rows whose owning producer number is one of ``number_ids``."""
        return self.filter(**{f"{self.number_path}__any_of": Ids(number_ids)})


class ProducerScopedQuerySet(models.QuerySet[Row]):
    """Base for rows that belong to a producer rather than to one of the numbers, such as prospects."""

    producer_path = "producer"

    def for_user(self, user: Any, *, perm: Perm = Perm.CLIENT_VIEW) -> Any:
        """Rows of the producers whose books this user may open with ``perm``."""
        if not user.is_authenticated or not user.is_active or not user.has_portal_perm(perm):
            return self.none()
        if user.role == user.Role.CARRIER_ADMIN:
            return self
        return self.filter(**{f"{self.producer_path}__any_of": Ids(producer_ids(user, perm=perm))})


def perms_on_book(user: User, *, producer_id: int) -> frozenset[Perm]:
    """What the user may do today on the own book of one producer, whose rows the user may *see* already.

    A producer does everything in the books of the downline; a delegate what this one producer granted.
    """
    if user.role != user.Role.DELEGATE:
        return user.perms_held
    grants = narrowed(user.grants_in_force, user.working_for_id)
    of_this_one = (_perms_of_grant(grant) for grant in grants if grant.producer_id == producer_id)
    return DELEGATE_BASE_PERMS.union(*of_this_one)


def require_on_book(user: Any, perm: Perm, *, producer_number_id: int) -> None:
    """Raise ``PermissionDenied`` unless the user holds ``perm`` for the book of that number.

    For rows the user may *see* already: a delegate can view one producer's book and service another's.
    """
    if user.role == user.Role.CARRIER_ADMIN and user.has_portal_perm(perm):
        return
    if producer_number_id not in producer_number_ids(user, perm=perm):
        raise PermissionDenied(NOT_YOURS_HERE)
