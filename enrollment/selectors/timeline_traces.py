"""Where a household's timeline has something to tell: whether there is any row at all, whoever's it is; nothing of it is read.

The sources themselves read by the books of who looks (portal.common.timeline).
"""

from typing import Any

from clients.models import Account
from enrollment.models import Application, EvidenceItem, Payment, Quote, SubmittedPolicy


def quote_traces(account: Account) -> list[Any]:
    return [Quote.objects.filter(member__account=account)]


def application_traces(account: Account) -> list[Any]:
    """Three queries, each along an index; in one they would be read together."""
    return [
        Application.objects.filter(member__account=account),
        Application.objects.filter(quote__member__account=account),
        SubmittedPolicy.objects.filter(policy__account=account),
    ]


def evidence_traces(account: Account) -> list[Any]:
    return [
        EvidenceItem.objects.filter(application__member__account=account),
        EvidenceItem.objects.filter(application__quote__member__account=account),
    ]


def payment_traces(account: Account) -> list[Any]:
    return [
        Payment.objects.filter(policy__account=account),
        Payment.objects.filter(application__submissions__submitted_policies__policy__account=account),
    ]
