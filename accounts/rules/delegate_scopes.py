"""What each right means that a producer can hand to a delegate, in sentences for the producer (HOM_14)."""

from collections.abc import Iterable

LABELS = {
    "VIEW": "View clients and run reports",
    "SERVICE": "Service clients: ID cards, PCP and contact changes",
    "ENROLL": "Quote and enroll off exchange",
    "COMMISSIONS": "See commission statements",
}
SENTENCES = {
    "VIEW": "Finds clients in your own book, without your downline's, opens their pages, runs reports and exports them.",
    "SERVICE": "Orders ID cards, changes PCPs and contact data, sends documents and questions. "
    "To find a client, the right to view is needed as well.",
    "ENROLL": "Adds and changes prospects, makes quotes and off-exchange applications in your name. "
    "Delegates never complete on-exchange enrollments.",
    "COMMISSIONS": "Opens your commission statements.",
}


def labels_of(scopes: Iterable[str]) -> list[str]:
    """The labels of these rights, in the order in which they are always listed."""
    given = set(scopes)
    return [label for scope, label in LABELS.items() if scope in given]


def in_order(scopes: Iterable[str]) -> list[str]:
    """Each right once, in the order in which they are always listed."""
    given = set(scopes)
    return [scope for scope in LABELS if scope in given]
