"""Look-ups the ORM lacks."""

from typing import Any

from django.db.models import ForeignKey, Lookup


@ForeignKey.register_lookup
class AnyOf(Lookup):
    """``number__any_of=[1, 2, 3]``: like ``in``, but the whole list is one value of the statement.

    A large agency's scope has many hundred ids. As ``in`` each of them is a parameter of its own, which costs Django and
    PostgreSQL 5 ms in every statement; as one array next to nothing.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        numbers = ",".join(str(int(number)) for number in self.rhs)
        return f"{left} = ANY(%s::bigint[])", (*params, f"{{{numbers}}}")
