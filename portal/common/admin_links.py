"""Links from a row of the administration to the rows it points to: shown to those whose role may open them."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.helpers import AdminForm, AdminReadonlyField, Fieldline, Fieldset
from django.http import HttpRequest

from portal.common import staff_roles


class _OwnLinksField(AdminReadonlyField):
    request: HttpRequest

    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> Any:
        """A link, or its words only where it would lead to a page that is closed to whoever looks."""
        needed = staff_roles.permission(staff_roles.Right.VIEW, remote_field.model._meta.label_lower)
        user: Any = self.request.user
        return super().get_admin_url(remote_field, remote_obj) if user.has_perm(needed) else str(remote_obj)


class OwnLinksForm(AdminForm):
    """Django's form of one row, with links of one's own role only."""

    request: HttpRequest

    @classmethod
    def of(cls, form: AdminForm, request: HttpRequest) -> "OwnLinksForm":
        """The same form, as whoever asks may see it."""
        own = cls.__new__(cls)
        own.__dict__.update(form.__dict__)
        own.request = request
        return own

    def __iter__(self) -> Iterator[Fieldset]:
        for fieldset in super().__iter__():
            yield _own(fieldset, _OwnLinksFieldset, self.request)


class _OwnLinksFieldset(Fieldset):
    request: HttpRequest

    def __iter__(self) -> Iterator[Fieldline]:
        for line in super().__iter__():
            yield _own(line, _OwnLinksLine, self.request)


class _OwnLinksLine(Fieldline):
    request: HttpRequest

    def __iter__(self) -> Iterator[Any]:
        for field in super().__iter__():
            yield _own(field, _OwnLinksField, self.request) if isinstance(field, AdminReadonlyField) else field


def _own(helper: Any, kind: Any, request: HttpRequest) -> Any:
    """One of Django's helpers as one of ours: same contents, and it knows who asks."""
    own = kind.__new__(kind)
    own.__dict__.update(helper.__dict__)
    own.request = request
    return own
