"""Keeping the list of surnames that searches for mistyped names read."""

from collections.abc import Iterable

from django.db import connection, transaction

from clients.models import SurnameForm
from clients.rules.similar_names import SHORTEST, forms

AT_ONCE = 5_000


@transaction.atomic
def learn(surname_keys: Iterable[str]) -> int:
    """Add the surnames (as ``name_key`` makes them) that are not in the list yet; returns how many were new."""
    wanted = sorted({key for key in surname_keys if len(key) >= SHORTEST})
    new = 0
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        known = set(SurnameForm.objects.filter(form__in=some, surname__in=some).values_list("surname", flat=True))
        rows = [SurnameForm(form=form, surname=key) for key in some if key not in known for form in forms(key)]
        SurnameForm.objects.bulk_create(rows, ignore_conflicts=True, batch_size=AT_ONCE)
        new += len(some) - len(known)
    return new


@transaction.atomic
def learn_all() -> int:
    """Add every surname of every policy, and forget those that no policy has any more. Returns how many were new."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT insured_last_key FROM clients_policy")
        keys = [key for (key,) in cursor.fetchall()]
        cursor.execute(
            "DELETE FROM clients_surnameform form WHERE NOT EXISTS "
            "(SELECT FROM clients_policy policy WHERE policy.insured_last_key = form.surname)"
        )
    return learn(keys)
