"""Checking a username and password, and what carrier staff may do in the administration."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User
from portal.common import staff_roles


class UsernameBackend(ModelBackend):
    """Username in any case, password exactly. An unknown name costs as much time as a known one.

    A login that may not be used is nobody's: neither does its password open anything, nor does an open session go on.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.select_related("producer").filter(username__iexact=username).first()
        if user is None:
            make_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.is_open

    # Permissions come from the role's table only: rows of permissions kept by hand would be a second, unaudited place.

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """What the person's role may do, by Django's names. Administrators are not asked: they may do everything."""
        if obj is not None or not getattr(user_obj, "is_staff", False) or not self.user_can_authenticate(user_obj):
            return set()
        return set(staff_roles.permissions_of(user_obj.staff_role))

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_user_permissions(user_obj, obj)

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("producer").filter(pk=user_id).first()
        return user if self.user_can_authenticate(user) else None
