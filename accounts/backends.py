"""Checking a username and password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


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

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("producer").filter(pk=user_id).first()
        return user if self.user_can_authenticate(user) else None
