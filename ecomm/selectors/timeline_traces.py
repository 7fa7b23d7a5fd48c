"""Where a household's timeline has something to tell: whether there is any row at all, whoever's it is; nothing of it is read.

The sources themselves read by the books of who looks (portal.common.timeline).
"""

from typing import Any

from clients.models import Account
from ecomm.models import DocumentSubmission, EQuestion


def document_traces(account: Account) -> list[Any]:
    return [DocumentSubmission.objects.filter(account=account)]


def question_traces(account: Account) -> list[Any]:
    return [EQuestion.objects.filter(account=account)]
