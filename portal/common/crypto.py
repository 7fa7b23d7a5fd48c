"""Encrypted fields with rotatable keys, and the keyed digest that makes a secret searchable.

Keys come from ``FIELD_ENCRYPTION_KEYS`` (Fernet keys, newest first): the first encrypts, every one decrypts. What must not be
opened by them has a setting of its own of the same form, which the field names. ``manage.py rotate_field_keys`` re-encrypts
what older keys wrote, after which they can be dropped.
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


FIELD_KEYS = "FIELD_ENCRYPTION_KEYS"


@lru_cache(maxsize=8)
def _ring(keys: str) -> MultiFernet:
    """The keys of one setting."""
    if not getattr(settings, keys):
        raise ImproperlyConfigured(f"{keys} is empty: set at least one Fernet key.")
    return MultiFernet([Fernet(key) for key in getattr(settings, keys)])


def _forget_keys(*, setting: str, **_kwargs: Any) -> None:
    if setting.endswith("_KEYS"):
        _ring.cache_clear()


setting_changed.connect(_forget_keys)


def encrypt(text: str, *, keys: str = FIELD_KEYS) -> str:
    """Return ``text`` encrypted and authenticated under the newest key of the setting ``keys``."""
    return _ring(keys).encrypt(text.encode()).decode()


def decrypt(token: str, *, keys: str = FIELD_KEYS) -> str:
    """Return the text behind ``token``. Raises ``CannotDecrypt``."""
    try:
        return _ring(keys).decrypt(token.encode()).decode()
    except InvalidToken as exc:
        raise CannotDecrypt(f"No key in {keys} opens this value.") from exc


def rotate(token: str, *, keys: str = FIELD_KEYS) -> str:
    """Return the same text encrypted under the newest key. Raises ``CannotDecrypt``."""
    try:
        return _ring(keys).rotate(token.encode()).decode()
    except InvalidToken as exc:
        raise CannotDecrypt(f"No key in {keys} opens this value.") from exc


def digest(text: str, *, purpose: str) -> str:
    """Return 16 hex digits that are equal for equal ``text`` and ``purpose`` and tell nothing without the key.

    For look-ups on values too short to hash openly, such as the last four digits of an SSN.
    """
    if not settings.SEARCH_DIGEST_KEY:
        raise ImproperlyConfigured("SEARCH_DIGEST_KEY is empty.")
    mac = hmac.new(settings.SEARCH_DIGEST_KEY.encode(), f"{purpose}:{text}".encode(), hashlib.sha256)
    return mac.hexdigest()[:16]


class EncryptedTextField(models.TextField):
    """Text that is plain in Python and encrypted in the database. It cannot be searched; keep a ``digest`` for that.

    ``keys`` names the setting that holds the keys.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, keys: str = FIELD_KEYS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs if self.keys == FIELD_KEYS else {**kwargs, "keys": self.keys}

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value, keys=self.keys) if value else value

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> str | None:
        return decrypt(value, keys=self.keys) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: only isnull can be asked of it.")
        return super().get_lookup(lookup_name)
