"""The digests by which clients are found by the last four digits of an SSN, made anew under another SEARCH_DIGEST_KEY."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from clients.models import Member, Policy
from clients.models.accounts import ssn_last4_digest

CHUNK = 1000


def rebuild(*, progress: Callable[[int], object] = lambda _rows: None) -> tuple[int, int]:
    """Make every digest anew under the key of today; return how many members and how many policies were written.

    Works in portions, each a transaction of its own, while the portal is in use: run again, it changes nothing more. Until it
    has ended the search by these digits misses clients; everything else goes on. Works for the operator, on every book.
    """
    members = policies = 0
    last = 0
    while True:
        with transaction.atomic():
            rows = list(Member.objects.filter(pk__gt=last).order_by("pk").select_for_update(of=("self",))[:CHUNK])
            if not rows:
                return members, policies
            changed = []
            for member in rows:
                fresh = ssn_last4_digest(member.ssn[-4:]) if member.ssn else ""
                if member.ssn_last4_digest != fresh:
                    member.ssn_last4_digest = fresh
                    changed.append(member)
            Member.objects.bulk_update(changed, ["ssn_last4_digest"])
            insured = Member.objects.filter(account_id=OuterRef("account_id"), role=Member.Role.PRIMARY)
            of_insured = Coalesce(Subquery(insured.values("ssn_last4_digest")[:1]), Value(""))
            primaries = [member.account_id for member in rows if member.role == Member.Role.PRIMARY]
            policies += (
                Policy.objects.filter(account_id__in=primaries)
                .exclude(insured_ssn_digest=of_insured)
                .update(insured_ssn_digest=of_insured)
            )
        members += len(changed)
        last = rows[-1].pk
        progress(len(rows))
