"""The test suite: the real database, fixed keys, fast password hashing, N+1 queries raise."""

import os
from datetime import timedelta

from portal.settings.base import *

SECRET_KEY = "test-only-secret-key-that-is-long-enough-for-checks-0123456789"
FIELD_ENCRYPTION_KEYS = ["dGVzdC1vbmx5LWZpZWxkLWtleS0wMTIzNDU2Nzg5MDE="]
SEARCH_DIGEST_KEY = "test-only-digest-key"
TYPING_PATTERN_KEYS = ["dGVzdC1vbmx5LXR5cGluZy1rZXktMDEyMzQ1Njc4OWE="]
TYPING_PATTERN_SKETCH_KEY = "test-only-sketch-key"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS += ["zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
# No list is being walked where ending a session reads its row a second time to delete it, and where telling two people
# of one change owes two emails.
ZEAL_ALLOWLIST = [
    {"model": "sessions.Session", "field": "get()"},
    {"model": "common.OutboxMessage", "field": "get()"},
]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "portal.common.messaging.backends.MailboxEmailBackend"
SMS_BACKEND = "portal.common.messaging.backends.MailboxSmsBackend"
DEMO_MAILBOX = True
SHIPPED_CATALOG_DIR = BASE_DIR / "tests" / "data"  # 26 plans in 17 counties; the whole one has 70,000 rates
SYNC_DELAY = timedelta()
DELAYS_LOOK_SECONDS = 0
SHARED_CLOCK = False  # tests move this process's clock; those about two clocks set it
LOG_LEVEL = "WARNING"
LOGGING = {"level": LOG_LEVEL, "format": "text"}
UPLOADS_ROOT = RUNTIME_DIR / f"uploads-test-{os.getpid()}"  # removed at the end of the run
ON_EXCHANGE_URLS = {
    state: f"https://exchange-{state.lower()}.example.com/sign-in" for state in ("IL", "MT", "NM", "OK", "TX")
}
CLIENT_SEARCHES_PER_MINUTE = EXPORTS_PER_HOUR = (
    1_000_000  # some tests try hundreds of texts; those about the limits set them
)
PAYMENT_GATEWAY = "tests.support.payments.FakeGateway"  # in memory; nothing leaves the process
# Tests of the 834 gateway choose folders of their own; a test that forgets to finds none.
X12_OUTBOUND_DIR = X12_INBOUND_DIR = X12_ARCHIVE_DIR = X12_QUARANTINE_DIR = RUNTIME_DIR / "no-x12-folder-chosen"
EMBEDDED_POSTGRES_DIR = RUNTIME_DIR / "postgres-test"
if EMBEDDED_POSTGRES:
    DATABASES["default"]["HOST"] = str(locate(EMBEDDED_POSTGRES_DIR).socket_dir)
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Two runs at once do not share a database; tests/support/embedded.py drops what a killed run left behind.
DATABASES["default"]["TEST"] = {"NAME": f"test_portal_{os.getpid()}"}
