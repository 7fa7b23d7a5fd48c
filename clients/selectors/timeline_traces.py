"""Where a household's timeline has something to tell: whether there is any row at all, whoever's it is; nothing of it is read.

The sources themselves read by the books of who looks (portal.common.timeline).
"""

from typing import Any

from clients.models import Account, IdCardRequest, MemberChange, PcpAssignment


def id_card_traces(account: Account) -> list[Any]:
    return [IdCardRequest.objects.filter(policy__account=account)]


def change_traces(account: Account) -> list[Any]:
    return [MemberChange.objects.filter(account=account)]


def pcp_traces(account: Account) -> list[Any]:
    return [PcpAssignment.objects.filter(member__account=account)]
