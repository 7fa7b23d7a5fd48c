"""Taking over statements of the commission system: the whole file is checked first, then all of it or nothing (REP_19)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from accounts.models import ProducerNumber, User
from portal.common import audit, form_keys
from portal.common.dates import today_in
from reporting.commissions import reading
from reporting.models import CommissionLine, CommissionStatement
from reporting.rules import commission_file
from reporting.rules.commission_file import Line

LOCK = 7_301_021
SHOWN_PROBLEMS = 200


class BadFile(Exception):
    """The file cannot be taken over; ``problems`` has a sentence for each mistake, with its line. Nothing was kept."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(problems[0])


@dataclass(frozen=True)
class Imported:
    """What was taken over; ``again`` when this very form had done it before."""

    statements: int = 0
    lines: int = 0
    replaced: int = 0
    again: bool = False


@transaction.atomic
def take_over(*, name: str, content: bytes, replace: bool, by: User | None, at: datetime, form_key: str) -> Imported:
    """Write the statements of a CSV or Excel file. Raises ``BadFile``.

    A statement that is there already is a mistake unless ``replace``: then it gets the lines of the file. However often
    one form arrives, it is done once. On behalf of the carrier's staff.
    """
    if not form_keys.first_time("commissions.import", form_key, at=at):
        return Imported(again=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    try:
        rows = reading.rows_of(name, content)
    except reading.CannotRead as exc:
        raise BadFile([str(exc)]) from exc
    numbers = dict(ProducerNumber.objects.values_list("number", "pk"))
    found = commission_file.read(rows, known_numbers=numbers, today=today_in(now=at))
    statements = found.by_statement()
    months = {month for _, month in statements}
    there = {
        (number, month): pk
        for pk, number, month in CommissionStatement.objects.filter(month__in=months).values_list(
            "pk", "producer_number__number", "month"
        )
        if (number, month) in statements
    }
    problems = list(found.problems)
    if not replace:
        problems += [
            f"Line {statements[number, month][0].row}: {number} has a statement of {month:%m/%Y} already. "
            "Tick Replace to put this one in its place."
            for number, month in there
        ]
    if problems:
        raise BadFile(problems)
    CommissionStatement.objects.filter(pk__in=there.values()).delete()
    for (number, month), lines in sorted(statements.items()):
        _write(numbers[number], month, lines, by=by, at=at)
    outcome = Imported(statements=len(statements), lines=len(found.lines), replaced=len(there))
    audit.record(
        "commissions.imported",
        by=by,
        object_type="commission statement",
        details={"statements": outcome.statements, "lines": outcome.lines, "replaced": outcome.replaced},
    )
    return outcome


def _write(number_id: int, month: date, lines: list[Line], *, by: User | None, at: datetime) -> None:
    statement = CommissionStatement.objects.create(
        producer_number_id=number_id,
        month=month,
        total=sum((line.commission for line in lines), Decimal("0.00")),
        line_count=len(lines),
        imported_at=at,
        imported_by=by,
    )
    CommissionLine.objects.bulk_create(
        [
            CommissionLine(
                statement=statement,
                line=place,
                kind=line.kind,
                account_number=line.account_number,
                insured_name=line.insured,
                product_name=line.product,
                premium_month=line.premium_month,
                members=line.members,
                premium=line.premium,
                amount=line.commission,
            )
            for place, line in enumerate(lines, start=1)
        ],
        batch_size=2_000,
    )
