"""Control numbers, from PostgreSQL: never given out twice, whatever worker asks and whatever is rolled back (ADR 0015)."""

from django.db import connection

from clients.membersystem.x12.envelope import ControlNumbers


def take(sets: int) -> ControlNumbers:
    """The next numbers for one interchange with one group and so many transaction sets, as they are written.

    Gaps mean nothing. After 999,999,999 the numbers begin again with 1, as the standard says.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('x12_interchange_number'), nextval('x12_group_number')")
        interchange, group = cursor.fetchone()
        cursor.execute("SELECT nextval('x12_set_number') FROM generate_series(1, %s)", [sets])
        numbers = [row[0] for row in cursor.fetchall()]
    return ControlNumbers(isa13=f"{interchange:09}", gs06=str(group), st02=tuple(f"{number:04}" for number in numbers))
