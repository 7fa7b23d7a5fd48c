"""Encrypted fields with rotatable keys, and the keyed digest that makes a secret searchable.

Keys come from ``FIELD_ENCRYPTION_KEYS`` (Fernet keys, newest first): the first encrypts, every one decrypts.
``manage.py rotate_field_keys`` re-encrypts what older keys wrote, after which they can be dropped.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models


class CannotDecrypt(Exception):
    """No configured key opens this value: a key was dropped too early, or the row was tampered with."""


@lru_cache(maxsize=1)
def _ring() -> MultiFernet:
    if not settings.FIELD_ENCRYPTION_KEYS:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: set at least one Fernet key.")
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def _forget_keys(*, setting: str, **_kwargs: Any) -> None:
    if setting == "FIELD_ENCRYPTION_KEYS":
        _ring.cache_clear()


setting_changed.connect(_forget_keys)


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and authenticated under the newest key."""
    return _ring().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text behind ``token``. Raises ``CannotDecrypt``."""
    try:
        return _ring().decrypt(token.encode()).decode()
    except InvalidToken as exc:
        raise CannotDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value.") from exc


def rotate(token: str) -> str:
    """Return the same text encrypted under the newest key. Raises ``CannotDecrypt``."""
    try:
        return _ring().rotate(token.encode()).decode()
    except InvalidToken as exc:
        raise CannotDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value.") from exc


def digest(text: str, *, purpose: str) -> str:
    """Return 16 hex digits that are equal for equal ``text`` and ``purpose`` and tell nothing without the key.

    For look-ups on values too short to hash openly, such as the last four digits of an SSN.
    """
    if not settings.SEARCH_DIGEST_KEY:
        raise ImproperlyConfigured("SEARCH_DIGEST_KEY is empty.")
    mac = hmac.new(settings.SEARCH_DIGEST_KEY.encode(), f"{purpose}:{text}".encode(), hashlib.sha256)
    return mac.hexdigest()[:16]


class EncryptedTextField(models.TextField):
    """Text that is plain in Python and encrypted in the database. It cannot be searched; keep a ``digest`` for that."""

    description = "Encrypted text"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: only isnull can be asked of it.")
        return super().get_lookup(lookup_name)
