"""Commission statements of the last six months for the numbers of the demo producer and her neighbours."""

from datetime import datetime
from decimal import Decimal
from random import Random

from accounts.models import User
from clients.models import Policy
from clients.rules.dated import add_months, first_of_month
from portal.common.dates import today_in
from portal.demo_data.chance import seeded
from reporting.models import CommissionLine, CommissionStatement

MONTHS = 6
RATE = Decimal("0.04")
PER_STATEMENT = 40


def add_statements(*, by: User, imported_by: User | None, now: datetime) -> None:
    """A line for up to forty policies of each number of ``by`` and month; now and then a charge-back. As bulk rows."""
    this_month = first_of_month(today_in(now=now))
    rng = seeded(1, "commissions")
    policies: dict[int, list[Policy]] = {}
    for policy in Policy.objects.for_user(by).select_related("account").order_by("pk"):
        policies.setdefault(policy.producer_number_id, []).append(policy)
    statements, lines = [], []
    for number_id, book in sorted(policies.items()):
        for months_ago in range(1, MONTHS + 1):
            month = add_months(this_month, -months_ago)
            covered = [
                one for one in book if one.effective_date <= month and (not one.term_date or one.term_date >= month)
            ]
            if not covered:
                continue
            statement = CommissionStatement(
                producer_number_id=number_id,
                month=month,
                imported_at=now,
                imported_by=imported_by,
                total=0,
                line_count=1,
            )
            own = [_line(statement, place, one, rng) for place, one in enumerate(covered[:PER_STATEMENT], start=1)]
            statement.total = sum((line.amount for line in own), Decimal("0.00"))
            statement.line_count = len(own)
            statements.append(statement)
            lines += own
    CommissionStatement.objects.bulk_create(statements)
    CommissionLine.objects.bulk_create(lines, batch_size=2_000)


def _line(statement: CommissionStatement, place: int, policy: Policy, rng: Random) -> CommissionLine:
    chance = rng.random()
    kind = CommissionLine.Kind.CHARGEBACK if chance < 0.04 else CommissionLine.Kind.RENEWAL
    if kind is CommissionLine.Kind.RENEWAL and (statement.month - policy.effective_date).days < 365:
        kind = CommissionLine.Kind.NEW
    amount = (policy.monthly_premium * RATE).quantize(Decimal("0.01"))
    return CommissionLine(
        statement=statement,
        line=place,
        kind=kind,
        account_number=policy.account.number or "",
        insured_name=f"{policy.insured_first_name} {policy.insured_last_name}",
        product_name=policy.product_name,
        premium_month=statement.month,
        members=policy.member_count,
        premium=policy.monthly_premium,
        amount=-amount if kind is CommissionLine.Kind.CHARGEBACK else amount,
    )
