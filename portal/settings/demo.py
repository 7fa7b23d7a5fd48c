"""`make demo`: everything on one machine, codes to be read in /demo/mailbox/. Never expose this to the internet."""

import os
from datetime import timedelta

from portal.settings.base import *
from portal.settings.secrets import local_secrets

_secrets = local_secrets(RUNTIME_DIR)
SECRET_KEY = SECRET_KEY or _secrets["SECRET_KEY"]
FIELD_ENCRYPTION_KEYS = FIELD_ENCRYPTION_KEYS or [_secrets["FIELD_ENCRYPTION_KEYS"]]
SEARCH_DIGEST_KEY = SEARCH_DIGEST_KEY or _secrets["SEARCH_DIGEST_KEY"]
TYPING_PATTERN_KEYS = TYPING_PATTERN_KEYS or [_secrets["TYPING_PATTERN_KEYS"]]
TYPING_PATTERN_SKETCH_KEY = TYPING_PATTERN_SKETCH_KEY or _secrets["TYPING_PATTERN_SKETCH_KEY"]
# The payment portal that comes with it listens beside it (portal/management/commands/demo.py).
PAYMENT_GATEWAY = os.environ.get("PAYMENT_GATEWAY", "simulated")
PAYMENT_SERVICE_SECRET = PAYMENT_SERVICE_SECRET or _secrets["PAYMENT_SERVICE_SECRET"]
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
EMAIL_BACKEND = "portal.common.messaging.backends.MailboxEmailBackend"
SMS_BACKEND = "portal.common.messaging.backends.MailboxSmsBackend"
DEMO_MAILBOX = True
# A person who tries the demo signs in many times an hour.
ONE_TIME_CODE_SENDS_PER_HOUR = 1000
# Addresses that lead nowhere; a real portal has the exchanges' and the carrier's own here.
ON_EXCHANGE_URLS = ON_EXCHANGE_URLS or {
    "IL": "https://exchange-il.example.com/brokers/",
    "NM": "https://exchange-nm.example.com/brokers/",
    "MT": "https://shopping.example.com/sign-in?state=MT",
    "OK": "https://shopping.example.com/sign-in?state=OK",
    "TX": "https://shopping.example.com/sign-in?state=TX",
}
SYNC_DELAY = timedelta(seconds=int(os.environ.get("SYNC_DELAY_SECONDS", "120")))
