"""Many policies at once, for lists and reports: rows are copied in bulk from one made by the factory."""

from collections.abc import Iterable
from typing import Any

from clients.models import Policy
from clients.rules.names import name_key


def write_policies(like: Policy, rows: Iterable[dict[str, Any]]) -> list[Policy]:
    """Copies of ``like`` that differ by the fields of each row; the search columns follow the names."""
    template = {field.attname: getattr(like, field.attname) for field in Policy._meta.fields if not field.primary_key}
    made = []
    for row in rows:
        policy = Policy(**template)
        for name, value in row.items():
            setattr(policy, name, value)
        policy.insured_last_key = name_key(policy.insured_last_name)
        policy.insured_first_key = name_key(policy.insured_first_name)
        made.append(policy)
    return Policy.objects.bulk_create(made)
