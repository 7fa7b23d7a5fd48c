"""Production: every secret and address comes from the environment, and a missing one stops the start."""

import os

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *

for _name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "SEARCH_DIGEST_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
    if not os.environ.get(_name):
        raise ImproperlyConfigured(f"{_name} must be set in the environment (README, Configuration).")

if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the portal's hosts: links in emails are made of them.")

# Typing patterns are kept under keys of their own: without both of them the method is off, and asking for it stops the start.
_typing_keys = bool(TYPING_PATTERN_KEYS and TYPING_PATTERN_SKETCH_KEY)
if os.environ.get("TYPING_PATTERN") == "1" and not _typing_keys:
    raise ImproperlyConfigured(
        "TYPING_PATTERN needs TYPING_PATTERN_KEYS and TYPING_PATTERN_SKETCH_KEY (README, Configuration)."
    )
TYPING_PATTERN = TYPING_PATTERN and _typing_keys
LOG_FORMAT = os.environ.get("LOG_FORMAT", "json")
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
# The simulated one answers every change as if a carrier had taken it: only for somebody who asks for it by name.
MEMBER_SYSTEM_GATEWAY = os.environ.get("MEMBER_SYSTEM_GATEWAY") or "x12_834"
SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^health/(live/|ready/)?$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
REMEMBERED_DEVICE_COOKIE_NAME = "__Host-remembered_device"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
# A receiver throws test files away: outside of development they are asked for by name.
X12_USAGE = os.environ.get("X12_USAGE") or "P"
