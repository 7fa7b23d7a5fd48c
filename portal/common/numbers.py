"""Numbers people are told: each from a database sequence, so two are never alike whoever asks at the same moment."""

from django.db import connection


def next_number(sequence: str) -> int:
    """The next number of a database sequence (made by a migration). A number is never given out twice; some are skipped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        (number,) = cursor.fetchone()
    return int(number)
