"""Clients and policies of many producers at once, for the hierarchy page (HOM_09)."""

from collections.abc import Sequence

from django.db.models import Count, F, Q

from accounts.models import User
from clients.models import Policy
from portal.common.counters import BookFigure

NOTHING = {"clients": 0, "clients_below": 0, "policies": 0, "policies_below": 0}


def count_books(user: User, producer_ids: Sequence[int]) -> dict[int, list[BookFigure]]:
    """Clients (households) and policies of each producer, alone and with the downline, in one query.

    A client of two producers below counts once above them. Policies of every status count, as in a client search;
    books the user may not open count nothing.
    """
    own = Q(edge_depth=0)
    counted = (
        Policy.objects.for_user(user)
        .filter(producer_number__producer__edges_up__ancestor_id__in=producer_ids)
        .annotate(
            above=F("producer_number__producer__edges_up__ancestor_id"),
            edge_depth=F("producer_number__producer__edges_up__depth"),
        )
        .order_by()
        .values("above")
        .annotate(
            clients=Count("account_id", distinct=True, filter=own),
            clients_below=Count("account_id", distinct=True),
            policies=Count("id", filter=own),
            policies_below=Count("id"),
        )
    )
    rows = {row["above"]: row for row in counted}
    return {producer_id: _figures(rows.get(producer_id, NOTHING)) for producer_id in producer_ids}


def _figures(row: dict[str, int]) -> list[BookFigure]:
    return [
        BookFigure("Clients", own=row["clients"], with_downline=row["clients_below"]),
        BookFigure("Policies", own=row["policies"], with_downline=row["policies_below"]),
    ]
