"""How quickly changes for the member system drain: `python -m bench.member_sync [--changes 10000] [--members 2000]`.

In a database of its own, dropped afterwards. The baseline is a bare loop that hands the same changes to the same
gateway one after the other and remembers nothing: what is lost to it is the price of claiming, leases, order, the state,
the outcome and the audit row. Order errors are changes that went out before an older one of their member.
"""

import argparse
import os
import time
from collections.abc import Sequence
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.member_sync")
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--members", type=int, default=2_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.bench")

    import django

    django.setup()

    from django.db import connection

    from portal.embedded.commands import database_for

    with database_for(["manage.py", "bench"]):
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            measure(changes=options.changes, members=options.members)
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def measure(*, changes: int, members: int) -> None:
    from django.utils import timezone

    from clients.membersystem.gateways.base import Transaction
    from clients.membersystem.gateways.simulated import SimulatedGateway
    from clients.membersystem.sweep import sweep
    from clients.models import MemberChange

    sent: list[tuple[int, int]] = []

    class Watched(SimulatedGateway):
        def send(self, transactions: Sequence[Transaction]) -> Any:
            sent.extend((one.change.member_id or 0, one.change.pk) for one in transactions)
            return super().send(transactions)

    rows = _fill(changes=changes, members=members)
    bare = SimulatedGateway()

    def hand_over(some: Sequence[MemberChange]) -> float:
        started = time.perf_counter()
        for row in some:
            bare.send([Transaction(change=row, reference=f"BARE-{row.pk}", resend=False, made_at=timezone.now())])
        return time.perf_counter() - started

    # Half before and half after, so that a machine that gets busier does not change the ratio.
    loop = hand_over(rows[: changes // 2])
    started = time.perf_counter()
    swept = sweep(gateway=Watched(), max_seconds=3600)
    drained = time.perf_counter() - started
    loop += hand_over(rows[changes // 2 :])
    last: dict[int, int] = {}
    order_errors = 0
    for member, pk in sent:
        order_errors += pk < last.get(member, 0)
        last[member] = max(pk, last.get(member, 0))
    left = MemberChange.objects.exclude(status=MemberChange.Status.ACKED).count()
    print(f"{changes:,} changes of {members:,} members: {swept.accepted:,} accepted, {left:,} left")
    print(
        f"bare loop {changes / loop:,.0f} rows/s; sweep {changes / drained:,.0f} rows/s; {drained / loop:.1f} times as long"
    )
    print(f"order errors {order_errors}, sent twice {len(sent) - len(set(sent))}")


def _fill(*, changes: int, members: int) -> list[Any]:
    from datetime import date
    from decimal import Decimal

    from django.utils import timezone

    from accounts.models import Producer, ProducerNumber, User
    from clients.models import Account, Member, MemberChange, Policy

    now, born, began = timezone.now(), date(1980, 5, 17), date(2026, 1, 1)
    producer = Producer.objects.create(npn="7000001", first_name="Rita", last_name="Solberg", status="ACTIVE")
    number = ProducerNumber.objects.create(number="100000001", producer=producer, us_state="IL", zip="60601")
    user = User.objects.create(username="bench", role=User.Role.PRODUCER, producer=producer)
    accounts = Account.objects.bulk_create(
        Account(number=str(700_000_000 + place), us_state="IL", as_of=now) for place in range(members)
    )
    people = Member.objects.bulk_create(
        Member(
            account=account,
            role=Member.Role.PRIMARY,
            member_id=str(900_000_000_000 + place),
            first_name="Ann",
            last_name="Lee",
            date_of_birth=born,
            sex=Member.Sex.FEMALE,
        )
        for place, account in enumerate(accounts)
    )
    policies = Policy.objects.bulk_create(
        Policy(
            account=account,
            producer_number=number,
            product_name="Bronze",
            line=Policy.Line.MEDICAL,
            market=Policy.Market.OFF,
            us_state="IL",
            member_count=1,
            effective_date=began,
            monthly_premium=Decimal("400.00"),
            status=Policy.Status.ACTIVE,
            insured_last_name="Lee",
            insured_first_name="Ann",
            insured_last_key="lee",
            insured_first_key="ann",
            insured_date_of_birth=born,
        )
        for account in accounts
    )
    return list(
        MemberChange.objects.bulk_create(
            MemberChange(
                kind=MemberChange.Kind.ID_CARD if place % 2 else MemberChange.Kind.PCP,
                account=accounts[place % members],
                member=people[place % members],
                policy=policies[place % members],
                payload={},
                idempotency_key=f"bench-{place}",
                not_before=now,
                created_by=user,
                created_at=now,
            )
            for place in range(changes)
        )
    )


if __name__ == "__main__":
    main()
