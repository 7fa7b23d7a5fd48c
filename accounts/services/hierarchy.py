"""Keeping the closure of the hierarchy equal to the parent links."""

from django.db import connection, transaction

from accounts.models import HierarchyEdge, Producer, User
from portal.common import audit

# Postgres takes this lock for the rest of the transaction: two moves at once could otherwise build a ring.
HIERARCHY_LOCK = 7_301_001


class WouldBeCircular(Exception):
    """A producer cannot stand below itself or below its own downline."""


@transaction.atomic
def place(producer: Producer, *, under: Producer | None, by: User) -> None:
    """Put ``producer`` with all its downline under another producer, or at the top with ``under=None``.

    Raises ``WouldBeCircular``.
    """
    lock()
    if under and HierarchyEdge.objects.filter(ancestor=producer, descendant=under).exists():
        raise WouldBeCircular(f"{under} stands below {producer}, so it cannot become its upline.")
    producer.parent = under
    producer.save(update_fields=["parent"])
    HierarchyEdge.objects.get_or_create(ancestor=producer, descendant=producer, defaults={"depth": 0})
    below = list(HierarchyEdge.objects.filter(ancestor=producer).values_list("descendant_id", "depth"))
    ids_below = [descendant for descendant, _ in below]
    HierarchyEdge.objects.filter(descendant_id__in=ids_below).exclude(ancestor_id__in=ids_below).delete()
    if under:
        above = HierarchyEdge.objects.filter(descendant=under).values_list("ancestor_id", "depth")
        HierarchyEdge.objects.bulk_create(
            HierarchyEdge(ancestor_id=ancestor, descendant_id=descendant, depth=up + 1 + down)
            for ancestor, up in above
            for descendant, down in below
        )
    audit.record(
        "hierarchy.moved",
        by=by,
        for_producer=producer.npn,
        object_type="producer",
        object_id=producer.npn,
        details={"under": under.npn if under else ""},
    )


@transaction.atomic
def rebuild() -> int:
    """Make the closure anew from the parent links, for imports; return the number of edges."""
    lock()
    HierarchyEdge.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up (ancestor_id, descendant_id, depth) AS (
                SELECT id, id, 0 FROM accounts_producer
                UNION ALL
                SELECT producer.parent_id, up.descendant_id, up.depth + 1
                FROM up JOIN accounts_producer producer ON producer.id = up.ancestor_id
                WHERE producer.parent_id IS NOT NULL
            )
            INSERT INTO accounts_hierarchyedge (ancestor_id, descendant_id, depth)
            SELECT ancestor_id, descendant_id, depth FROM up
            """
        )
        return cursor.rowcount


def lock() -> None:
    """Let nobody else change who stands above whom until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [HIERARCHY_LOCK])
