"""Working on the portal: debug pages, N+1 queries raise, secrets of the checkout."""

import os

from portal.settings.base import *
from portal.settings.secrets import local_secrets

DEBUG = True
_secrets = local_secrets(RUNTIME_DIR)
SECRET_KEY = SECRET_KEY or _secrets["SECRET_KEY"]
FIELD_ENCRYPTION_KEYS = FIELD_ENCRYPTION_KEYS or [_secrets["FIELD_ENCRYPTION_KEYS"]]
SEARCH_DIGEST_KEY = SEARCH_DIGEST_KEY or _secrets["SEARCH_DIGEST_KEY"]
TYPING_PATTERN_KEYS = TYPING_PATTERN_KEYS or [_secrets["TYPING_PATTERN_KEYS"]]
TYPING_PATTERN_SKETCH_KEY = TYPING_PATTERN_SKETCH_KEY or _secrets["TYPING_PATTERN_SKETCH_KEY"]
# The payment portal that comes with it listens beside it (portal/management/commands/demo.py).
PAYMENT_GATEWAY = os.environ.get("PAYMENT_GATEWAY", "simulated")
PAYMENT_SERVICE_SECRET = PAYMENT_SERVICE_SECRET or _secrets["PAYMENT_SERVICE_SECRET"]
ALLOWED_HOSTS = ["*"]
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
EMAIL_BACKEND = "portal.common.messaging.backends.MailboxEmailBackend"
SMS_BACKEND = "portal.common.messaging.backends.MailboxSmsBackend"
DEMO_MAILBOX = True
