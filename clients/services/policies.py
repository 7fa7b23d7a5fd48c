"""Keeping policies equal to what they repeat from other rows."""

from collections.abc import Iterable
from itertools import islice

from django.db import connection, transaction

from clients.models import Account, Member, Policy
from clients.rules.names import name_key
from clients.services import surnames

ACCOUNTS_AT_ONCE = 2_000
KEY_LENGTH = Policy._meta.get_field("insured_last_key").max_length


@transaction.atomic
def refresh_insured(*, account_ids: Iterable[int]) -> int:
    """Make the insured columns of these households' policies equal to the primary insured and the account's ZIP.

    Call it in the transaction that changed a primary insured's name, birth date or SSN, or an account's ZIP: searches
    read the copy on the policy. Households without a primary insured are left as they are. Works for the system, on
    nobody's behalf: the caller has checked who may change what. Returns how many policies were different.
    """
    ids = iter(sorted(set(account_ids)))
    changed = 0
    while some := list(islice(ids, ACCOUNTS_AT_ONCE)):
        changed += _refresh(some)
    return changed


def _refresh(account_ids: list[int]) -> int:
    # Two changes of one household at once (a name here, an address there) would each copy what the other has not
    # committed yet. Whoever comes second waits for the lock, and its next query sees what the first one wrote.
    locked = dict(
        Account.objects.select_for_update(no_key=True)
        .filter(pk__in=account_ids)
        .order_by("pk")
        .values_list("pk", "zip")
    )
    primaries = Member.objects.filter(account_id__in=locked, role=Member.Role.PRIMARY).values_list(
        "account_id", "last_name", "first_name", "date_of_birth", "ssn_last4_digest"
    )
    rows = [
        (account_id, last, first, _key(last), _key(first), born, ssn_digest, locked[account_id])
        for account_id, last, first, born, ssn_digest in primaries
    ]
    if not rows:
        return 0
    surnames.learn(last_key for _account, _last, _first, last_key, *_rest in rows)
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [list(column) for column in zip(*rows, strict=True)])
        return cursor.rowcount


def _key(name: str) -> str:
    return name_key(name)[:KEY_LENGTH]


# One statement for all households; policies that are equal already are not written again.
_UPDATE = """
UPDATE clients_policy AS policy
SET insured_last_name = fresh.last_name,
    insured_first_name = fresh.first_name,
    insured_last_key = fresh.last_key,
    insured_first_key = fresh.first_key,
    insured_date_of_birth = fresh.date_of_birth,
    insured_ssn_digest = fresh.ssn_digest,
    insured_zip = fresh.zip
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[])
    AS fresh (account_id, last_name, first_name, last_key, first_key, date_of_birth, ssn_digest, zip)
WHERE policy.account_id = fresh.account_id
    AND (policy.insured_last_name, policy.insured_first_name, policy.insured_last_key, policy.insured_first_key,
         policy.insured_date_of_birth, policy.insured_ssn_digest, policy.insured_zip)
    IS DISTINCT FROM
        (fresh.last_name, fresh.first_name, fresh.last_key, fresh.first_key,
         fresh.date_of_birth, fresh.ssn_digest, fresh.zip)
"""
