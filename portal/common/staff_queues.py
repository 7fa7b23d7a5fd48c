"""What waits for the carrier's staff, counted on the administration's first page: each sees the queues of their role.

A queue is a list of the administration under some of its filters. It is counted by that list itself, so that the number
is always the number of rows behind it.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from portal.common import staff_roles

COUNTED_AT_MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One queue of a list: its words, its filters as in the list's address, whether it is a fault rather than work."""

    label: str
    order: int
    filters: Mapping[str, str] = field(default_factory=dict)
    is_fault: bool = False


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A queue as it stands: ``count`` rows, at least that many when ``and_more``."""

    label: str
    url: str
    count: int
    and_more: bool
    is_fault: bool


def counted(site: admin.AdminSite, request: HttpRequest) -> list[Counted]:
    """Every queue that whoever asks may work on, in their order. Who may only look into a list has nothing to do there."""
    found = [
        (queue.order, queue.label, _counted(model_admin, queue, request))
        for model_admin in site._registry.values()
        if _may_work_on(model_admin, request)
        for queue in getattr(model_admin, "queues", ())
    ]
    return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]


def _may_work_on(model_admin: Any, request: HttpRequest) -> bool:
    opts, user = model_admin.opts, request.user
    names = (
        f"{opts.app_label}.{right}_{opts.model_name}" for right in (staff_roles.Right.VIEW, staff_roles.Right.CHANGE)
    )
    return all(user.has_perm(name) for name in names)


def _counted(model_admin: Any, queue: Queue, request: HttpRequest) -> Counted:
    asked = copy(request)
    query = urlencode(queue.filters)
    asked.GET = QueryDict(query)
    rows = model_admin.get_changelist_instance(asked).queryset.order_by()
    count = rows[: COUNTED_AT_MOST + 1].count()
    url = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    return Counted(
        label=queue.label,
        url=f"{url}?{query}" if query else url,
        count=min(count, COUNTED_AT_MOST),
        and_more=count > COUNTED_AT_MOST,
        is_fault=queue.is_fault,
    )
