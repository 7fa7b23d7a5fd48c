"""Settings shared by every way of running the portal. What differs stands in dev, demo, test, prod and bench.

Every deployment choice is an environment variable; README.md lists them. Secrets have no default here.
"""

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from accounts.rules.passwords import CODES as PASSWORD_RULES
from accounts.rules.passwords import RESTRICTED_TERMS
from portal.common.dates import US_STATES
from portal.embedded.location import locate

BASE_DIR = Path(__file__).resolve().parents[2]
RUNTIME_DIR = Path(os.environ.get("PORTAL_RUNTIME_DIR") or BASE_DIR / ".runtime")


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def env_networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Networks with commas, such as 10.20.0.0/16,2001:db8::/32. One that is none stops the start: nothing is left open by a slip."""
    found = []
    for text in env_list(name):
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError as exc:
            raise ImproperlyConfigured(f"{name}: {exc}. Write networks as 10.20.0.0/16 with commas.") from exc
    return found


def env_https_by_state(name: str) -> dict[str, str]:
    """STATE=https://... with commas. Clients' enrollments go there, so anything else stops the start."""
    found = dict(pair.partition("=")[::2] for pair in env_list(name))
    for us_state, url in found.items():
        parts = urlsplit(url)
        if us_state not in US_STATES or parts.scheme != "https" or not parts.hostname:
            raise ImproperlyConfigured(
                f"{name}: {us_state} must be one of the five states, its address begin with https://."
            )
    return found


# --- Brand: data, so that no carrier's name stands in code (ISS_05) ---
PORTAL_NAME = os.environ.get("PORTAL_NAME", "Producer Portal")
CARRIER_NAME = os.environ.get("CARRIER_NAME", "Prairie Summit")
# Who that is by law, and where, at the foot of pages and emails. Whoever sets a name of its own says these, too.
CARRIER_ENTITY_LINE = os.environ.get("CARRIER_ENTITY_LINE") or os.environ.get(
    "CARRIER_NAME", "Prairie Summit Health, a fictitious carrier"
)
CARRIER_ADDRESS = os.environ.get(
    "CARRIER_ADDRESS", "" if "CARRIER_NAME" in os.environ else "1200 Lantern Row, Peoria, IL 61602"
)
# Asked about failed applications (LST_09); empty: SUPPORT_PHONE.
FAILED_APPLICATIONS_PHONE = os.environ.get("FAILED_APPLICATIONS_PHONE", "")
SUPPORT_PHONE = os.environ.get("SUPPORT_PHONE", "1-800-555-0142")
SUPPORT_EMAIL = os.environ.get("SUPPORT_EMAIL", "help@prairiesummit.example")
SUPPORT_HOURS = os.environ.get("SUPPORT_HOURS", "Monday through Friday, 8 a.m. to 6 p.m. Central Time")
# Producer services by state, as STATE=phone with commas, while the administration holds no contact lines for it; a state
# that is not listed has SUPPORT_PHONE.
SUPPORT_PHONES_BY_STATE = dict(
    pair.split("=", 1)
    for pair in env_list(
        "SUPPORT_PHONES_BY_STATE",
        "IL=1-800-555-0151,MT=1-800-555-0152,NM=1-800-555-0153,OK=1-800-555-0154,TX=1-800-555-0155",
    )
)

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY", "")
# Keys from before a change, with commas: what was signed with one of them is still believed. Empty it after twelve hours,
# when no session from before the change is left.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
# Fernet keys, newest first: the first one encrypts, all of them decrypt (manage.py rotate_field_keys).
FIELD_ENCRYPTION_KEYS = env_list("FIELD_ENCRYPTION_KEYS")
# Keys the search digests (last four of the SSN); manage.py rebuild_search_digests after a change.
SEARCH_DIGEST_KEY = os.environ.get("SEARCH_DIGEST_KEY", "")
# The typing pattern's own: Fernet keys of the templates, newest first, and the secret behind the sketches that find replays.
TYPING_PATTERN_KEYS = env_list("TYPING_PATTERN_KEYS")
TYPING_PATTERN_SKETCH_KEY = os.environ.get("TYPING_PATTERN_SKETCH_KEY", "")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
# Where people find the portal: for links in emails that are written when nobody has asked for a page.
PORTAL_URL = os.environ.get("PORTAL_URL") or (
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if ALLOWED_HOSTS and ALLOWED_HOSTS[0] != "*" else "http://localhost:8000"
)
# How many proxies of our own stand in front; only what they add to X-Forwarded-For is believed.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
# Networks from which /admin/ can be reached (portal/common/admin_networks.py); empty: from everywhere.
ADMIN_ALLOWED_NETWORKS = env_networks("ADMIN_ALLOWED_NETWORKS")

INSTALLED_APPS = [
    "portal.common.apps.CommonConfig",
    "portal.common.files.apps.FilesConfig",
    "portal.common.notifications.apps.NotificationsConfig",
    "portal.common.content.apps.ContentConfig",
    "portal.apps.PortalConfig",
    "accounts.apps.AccountsConfig",
    "clients.apps.ClientsConfig",
    "ecomm.apps.EcommConfig",
    "enrollment.apps.EnrollmentConfig",
    "reporting.apps.ReportingConfig",
    "portal.common.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.common.middleware.BrowserRulesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.common.compression.PageCompressionMiddleware",
    "portal.common.middleware.RequestContextMiddleware",
    "portal.common.middleware.PrivateResponseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.common.polling.PolledSessionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.working_for.WorkingForMiddleware",
    "accounts.session_limits.SessionLimitMiddleware",
    "portal.common.admin_networks.AdminNetworkMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "portal.common.bulk_limits.BulkLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.common.context.page_frame",
                "accounts.working_for.header",
                "accounts.session_limits.frame",
                "clients.context.header_search",
                "portal.common.notifications.bell.frame",
            ],
        },
    }
]

# --- Database: DATABASE_URL, or the portal's own PostgreSQL under RUNTIME_DIR ---
DATABASE_URL = os.environ.get("DATABASE_URL", "")
EMBEDDED_POSTGRES = not DATABASE_URL
EMBEDDED_POSTGRES_DIR = RUNTIME_DIR / "postgres"
if EMBEDDED_POSTGRES:
    DATABASES: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "portal",
            "USER": "postgres",
            "HOST": str(locate(EMBEDDED_POSTGRES_DIR).socket_dir),
            "PORT": "5432",  # part of the socket's name; said here so that PGPORT in the environment changes nothing
        }
    }
else:
    DATABASES = {"default": dict(dj_database_url.parse(DATABASE_URL))}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["OPTIONS"].update({"connect_timeout": 3, "application_name": "portal"})
# How long a page waits for one statement of the database, in gunicorn's processes only; 0: as long as it takes. A pooler that
# takes no startup options (PgBouncer) needs ignore_startup_parameters = options.
WEB_DATABASE_SECONDS = float(os.environ.get("WEB_DATABASE_SECONDS", "5"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What one process decides about another's row (leases, locks) goes by the database's clock. Off in tests, which move the clock.
SHARED_CLOCK = True

# How often a web process looks whether something is delayed, to say so on its pages (portal/common/delays.py); 0: never.
DELAYS_LOOK_SECONDS = float(os.environ.get("DELAYS_LOOK_SECONDS", "15"))

# --- Accounts ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.UsernameBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Terms that no password may contain, whatever the case (PWD_08); commas between them.
PASSWORD_RESTRICTED_TERMS = env_list("PASSWORD_RESTRICTED_TERMS", ",".join(RESTRICTED_TERMS))
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    *({"NAME": "accounts.password_validation.RuleValidator", "OPTIONS": {"rule": rule}} for rule in PASSWORD_RULES),
    {"NAME": "accounts.password_validation.NotCommonValidator"},
    {"NAME": "accounts.password_validation.NotLikeOwnDetailsValidator"},
    {"NAME": "accounts.password_validation.NotUsedBeforeValidator"},
]
# The typing pattern as a way to verify (LOG_03, LOG_11..13; docs/operations.md): offered at all; only in a remembered browser;
# failures in a row, and in 30 days, that close it; tries of a person in an hour; days after the last use until a pattern is
# deleted; what is added to the score an attempt needs.
TYPING_PATTERN = os.environ.get("TYPING_PATTERN", "1") == "1"
TYPING_PATTERN_NEEDS_DEVICE = os.environ.get("TYPING_PATTERN_NEEDS_DEVICE", "") == "1"
TYPING_PATTERN_FAILURES = int(os.environ.get("TYPING_PATTERN_FAILURES", "5"))
TYPING_PATTERN_FAILURES_PER_MONTH = int(os.environ.get("TYPING_PATTERN_FAILURES_PER_MONTH", "20"))
TYPING_PATTERN_TRIES_PER_HOUR = int(os.environ.get("TYPING_PATTERN_TRIES_PER_HOUR", "20"))
TYPING_PATTERN_KEEP_DAYS = int(os.environ.get("TYPING_PATTERN_KEEP_DAYS", "365"))
TYPING_PATTERN_STRICTER_BY = float(os.environ.get("TYPING_PATTERN_STRICTER_BY", "0"))
# How people register: "producer_record" matches the producer's record and confirms by email (REG_01..19); "per_state"
# asks for the business in each state and waits for the carrier (REGL_01..10), for carriers without such records.
REGISTRATION_STYLE = os.environ.get("REGISTRATION_STYLE", "producer_record")
REGISTRATION_LINK_DAYS = 7
REGISTRATION_RESENDS_PER_HOUR = 5
REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = int(os.environ.get("REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR", "30"))
REGISTRATION_TRIES_PER_NUMBER_PER_HOUR = int(os.environ.get("REGISTRATION_TRIES_PER_NUMBER_PER_HOUR", "10"))
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
# Wrong passwords in a row that lock a login, and for how long (LCK_01, LCK_02; an older rule locked after 3: LCK_04).
LOCKOUT_LIMIT = int(os.environ.get("LOCKOUT_LIMIT", "5"))
LOCKOUT_MINUTES = int(os.environ.get("LOCKOUT_MINUTES", "30"))
# Tries from one network address (a whole office may share one) at the password and at the second step. Once the whole
# portal has seen so many wrong passwords within an hour, an address has the smaller number of tries.
LOGIN_TRIES_PER_ADDRESS_PER_HOUR = int(os.environ.get("LOGIN_TRIES_PER_ADDRESS_PER_HOUR", "300"))
LOGIN_WRONG_PER_SITE_PER_HOUR = int(os.environ.get("LOGIN_WRONG_PER_SITE_PER_HOUR", "1000"))
LOGIN_TRIES_PER_ADDRESS_UNDER_ATTACK = int(os.environ.get("LOGIN_TRIES_PER_ADDRESS_UNDER_ATTACK", "20"))
VERIFY_TRIES_PER_ADDRESS_PER_HOUR = int(os.environ.get("VERIFY_TRIES_PER_ADDRESS_PER_HOUR", "300"))
AUTHENTICATOR_TRIES_PER_HOUR = int(os.environ.get("AUTHENTICATOR_TRIES_PER_HOUR", "20"))
# Wrong codes of the app, counted for the person: they close the app until another way was used, or until they are old.
AUTHENTICATOR_WRONG_PER_DAY = int(os.environ.get("AUTHENTICATOR_WRONG_PER_DAY", "10"))
AUTHENTICATOR_WRONG_PER_MONTH = int(os.environ.get("AUTHENTICATOR_WRONG_PER_MONTH", "20"))
REMEMBERED_DEVICE_DAYS = 30
REMEMBERED_DEVICE_COOKIE_NAME = "remembered_device"
ONE_TIME_CODE_MINUTES = 10
ONE_TIME_CODE_TRIES = 5
ONE_TIME_CODE_SENDS_PER_HOUR = int(os.environ.get("ONE_TIME_CODE_SENDS_PER_HOUR", "10"))
# Older rule (FUN_06): a forgotten username is told only for a producer number and an email address that belong together.
FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER = os.environ.get("FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER", "") == "1"
# Forgot Username and Forgot Password: tries of each page from one network address, emails to one mailbox.
RECOVERY_TRIES_PER_ADDRESS_PER_HOUR = int(os.environ.get("RECOVERY_TRIES_PER_ADDRESS_PER_HOUR", "300"))
RECOVERY_TRIES_PER_USERNAME_PER_HOUR = int(os.environ.get("RECOVERY_TRIES_PER_USERNAME_PER_HOUR", "20"))
RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR = int(os.environ.get("RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR", "5"))

# A session ends after so many idle minutes, and twelve hours after signing in whatever happens (ASVS 7.3, figure D7).
SESSION_IDLE_MINUTES = int(os.environ.get("SESSION_IDLE_MINUTES", "15"))
SESSION_WARNING_SECONDS = 120
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.common.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Days after submission until proof of a life event is due, where its row says nothing else: the carrier's choice.
EVIDENCE_DUE_DAYS = int(os.environ.get("EVIDENCE_DUE_DAYS", "30"))

# --- Time and place: moments are stored in UTC; DISPLAY zone is the carrier's home ---
USE_TZ = True
TIME_ZONE = os.environ.get("PORTAL_TIME_ZONE", "America/Chicago")
USE_I18N = True
LANGUAGE_CODE = "en-us"
LOCALE_PATHS = [BASE_DIR / "locale"]  # Spanish for what clients and payers read (portal.common.languages)

# --- Static files ---
STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other origin has a use for them
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or RUNTIME_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.common.static_files.WholeStaticFilesStorage"},
}

# --- Files people send (portal/common/files): checked, encrypted, scanned; never under an address of their own ---
UPLOADS_ROOT = Path(os.environ.get("UPLOADS_ROOT") or RUNTIME_DIR / "uploads")
UPLOADS_ENCRYPTED = os.environ.get("UPLOADS_ENCRYPTED", "1") == "1"
UPLOADS_SCANNER = os.environ.get("UPLOADS_SCANNER", "")  # "clamd", or empty: files are not scanned for malware
CLAMD_SOCKET = os.environ.get("CLAMD_SOCKET", "")  # a path; instead of host and port
CLAMD_HOST = os.environ.get("CLAMD_HOST", "localhost")
CLAMD_PORT = int(os.environ.get("CLAMD_PORT", "3310"))
CLAMD_TIMEOUT_SECONDS = float(os.environ.get("CLAMD_TIMEOUT_SECONDS", "30"))
# What comes in goes to temporary files, up to the limits of the handler; None is the system's own folder for them.
FILE_UPLOAD_HANDLERS = ["portal.common.files.upload_handlers.BoundedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = os.environ.get("UPLOADS_TEMP_DIR") or None
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- The 834 gateway (clients/membersystem/x12): folders of the portal's own; who writes to whom, as agreed ---
# In names and numbers of sponsor and payer {state} stands for the policy's state.
X12_OUTBOUND_DIR = Path(os.environ.get("X12_OUTBOUND_DIR") or RUNTIME_DIR / "x12" / "outbound")
X12_INBOUND_DIR = Path(os.environ.get("X12_INBOUND_DIR") or RUNTIME_DIR / "x12" / "inbound")
X12_ARCHIVE_DIR = Path(os.environ.get("X12_ARCHIVE_DIR") or RUNTIME_DIR / "x12" / "archive")
X12_QUARANTINE_DIR = Path(os.environ.get("X12_QUARANTINE_DIR") or RUNTIME_DIR / "x12" / "quarantine")
X12_SENDER_ID = os.environ.get("X12_SENDER_ID", "PRODPORTAL")
X12_RECEIVER_ID = os.environ.get("X12_RECEIVER_ID", "MEMBERSYS")
X12_USAGE = os.environ.get("X12_USAGE") or "T"  # T: test, P: production (ISA15); prod.py says P
X12_SPONSOR_NAME = os.environ.get("X12_SPONSOR_NAME", "INDIVIDUAL MARKET {state}")
X12_SPONSOR_ID = os.environ.get("X12_SPONSOR_ID", "INDIVIDUAL-{state}")
X12_PAYER_NAME = os.environ.get("X12_PAYER_NAME", CARRIER_NAME)
X12_PAYER_ID = os.environ.get("X12_PAYER_ID", "PAYER-{state}")
X12_SENDS_SSN = os.environ.get("X12_SENDS_SSN", "") == "1"  # in enrollments, where the partner demands it

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Email and SMS: rows first, delivered by the outbox ---
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "") == "1"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "no-reply@prairiesummit.example")
# Reports of issues go to SUPPORT_EMAIL, the carrier's own mailbox: in full, or only their number, agent, product type,
# state and time; with the screenshot or without. Whatever is left out is read in the administration (ISS_01).
ISSUE_EMAIL_INCLUDES_REPORT = os.environ.get("ISSUE_EMAIL_INCLUDES_REPORT", "1") == "1"
ISSUE_EMAIL_ATTACHES_SCREENSHOT = os.environ.get("ISSUE_EMAIL_ATTACHES_SCREENSHOT", "1") == "1"
SMS_BACKEND = os.environ.get("SMS_BACKEND", "")  # empty: text messages are not offered
# For portal.common.messaging.twilio.TwilioSmsBackend; TWILIO_FROM is a number (+1...) or a messaging service (MG...).
TWILIO_ACCOUNT_SID = os.environ.get("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = os.environ.get("TWILIO_AUTH_TOKEN", "")
TWILIO_FROM = os.environ.get("TWILIO_FROM", "")
TWILIO_API_URL = os.environ.get("TWILIO_API_URL", "https://api.twilio.com")

# --- Celery: messages carry row ids only; losing all of them loses nothing (see portal/common/outbox.py) ---
REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 1} if REDIS_URL else {"polling_interval": 0.02}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
OUTBOX_SWEEP_SECONDS = int(os.environ.get("OUTBOX_SWEEP_SECONDS", "5"))
OUTBOX_LEASE_SECONDS = int(os.environ.get("OUTBOX_LEASE_SECONDS", "60"))
OUTBOX_MAX_ATTEMPTS = 8
# A mail or text service that does not answer at all is no attempt: so many hours a message waits for it (a code, as long as
# it works). Days after which rows of work that is done, and messages that were sent, are deleted.
MESSAGES_WAIT_HOURS = int(os.environ.get("MESSAGES_WAIT_HOURS", "72"))
OUTBOX_KEEP_DAYS = int(os.environ.get("OUTBOX_KEEP_DAYS", "90"))
# The member system: how long a change waits before it is sent, and how much later it counts as overdue.
SYNC_DELAY = timedelta(seconds=int(os.environ.get("SYNC_DELAY_SECONDS", str(4 * 60 * 60))))
SYNC_OVERDUE_AFTER = timedelta(seconds=int(os.environ.get("SYNC_OVERDUE_SECONDS", str(30 * 60))))
# "simulated", "x12_834", or the dotted path of a class of one's own (clients.membersystem.gateways.base.Gateway).
MEMBER_SYSTEM_GATEWAY = os.environ.get("MEMBER_SYSTEM_GATEWAY") or "simulated"
# ID cards: permanent ones that can be ordered at once of a plan without PCP (IDC_06); how many days a temporary one says
# it can be used; after how many days the files of temporary ones are deleted; cards of one file from a list of clients.
ID_CARD_MOST_COPIES = int(os.environ.get("ID_CARD_MOST_COPIES", "5"))
ID_CARD_TEMPORARY_DAYS = int(os.environ.get("ID_CARD_TEMPORARY_DAYS", "30"))
ID_CARD_FILES_KEEP_DAYS = int(os.environ.get("ID_CARD_FILES_KEEP_DAYS", "7"))
ID_CARD_MOST_IN_ONE_FILE = int(os.environ.get("ID_CARD_MOST_IN_ONE_FILE", "200"))
# Client searches of one person within a minute, lists taken out as files by one person within an hour (ASVS 2.4.1).
CLIENT_SEARCHES_PER_MINUTE = int(os.environ.get("CLIENT_SEARCHES_PER_MINUTE", "120"))
EXPORTS_PER_HOUR = int(os.environ.get("EXPORTS_PER_HOUR", "100"))
# Proposals to clients: emails one person may send within an hour, and that one mailbox may get within a day; days after
# which the PDF files are deleted.
PROPOSAL_EMAILS_PER_HOUR = int(os.environ.get("PROPOSAL_EMAILS_PER_HOUR", "60"))
PROPOSAL_EMAILS_PER_MAILBOX_PER_DAY = int(os.environ.get("PROPOSAL_EMAILS_PER_MAILBOX_PER_DAY", "10"))
PROPOSAL_FILES_KEEP_DAYS = int(os.environ.get("PROPOSAL_FILES_KEEP_DAYS", "90"))
# Applications: of whose application a dental plan, or the attestation of pediatric dental benefits elsewhere, is asked beside
# a medical plan (EVERYBODY, CHILDREN: where somebody is of the age for them, NOBODY; PLN_03); whether the numbers of other
# coverage may be given as "Unknown" (COV_04).
PEDIATRIC_DENTAL_ASKED_OF = os.environ.get("PEDIATRIC_DENTAL_ASKED_OF") or "EVERYBODY"
OTHER_COVERAGE_UNKNOWN_NUMBERS = os.environ.get("OTHER_COVERAGE_UNKNOWN_NUMBERS", "1") == "1"
# Payments (enrollment/payments): "simulated" (the payment portal that comes with it, on an origin of its own), "stripe", or
# empty: Pay Now is off and says so. The service's address as this server reaches it, the key that both sign with, and the
# keys of a Stripe account. No number of a card or of a bank account ever comes here.
PAYMENT_GATEWAY = os.environ.get("PAYMENT_GATEWAY", "")
PAYMENT_SERVICE_URL = os.environ.get("PAYMENT_SERVICE_URL", "http://localhost:8001")
PAYMENT_SERVICE_SECRET = os.environ.get("PAYMENT_SERVICE_SECRET", "")
# Where that service reaches this portal, if not at PORTAL_URL.
PAYMENT_CALLBACK_URL = os.environ.get("PAYMENT_CALLBACK_URL", "")
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
# How Stripe holds a payment until the application is accepted: "save" keeps the card or bank account and charges it then;
# "authorize" takes cards only and blocks the amount now, which lapses after a week.
STRIPE_HOLD = os.environ.get("STRIPE_HOLD") or "save"
# Whether what is past due on a policy in the book can be paid the same way, from the client's page.
PAYMENTS_FOR_POLICIES = os.environ.get("PAYMENTS_FOR_POLICIES", "1") == "1"
# Where clients are enrolled on the exchange, as STATE=https://... with commas: the state's own exchange, or the sign-in page
# of the shopping platform (enrollment/rules/on_exchange.py says which). A state that is not listed cannot be gone on with.
ON_EXCHANGE_URLS = env_https_by_state("ON_EXCHANGE_URLS")
# Reports: rows up to which a file is made at once, above it by a worker; after how many days such files are deleted; the
# hour (0 to 23, in TIME_ZONE) from which scheduled reports are run.
REPORT_ROWS_AT_ONCE = int(os.environ.get("REPORT_ROWS_AT_ONCE", "5000"))
REPORT_FILES_KEEP_DAYS = int(os.environ.get("REPORT_FILES_KEEP_DAYS", "7"))
REPORT_SCHEDULE_HOUR = int(os.environ.get("REPORT_SCHEDULE_HOUR", "6"))
# Notifications: the hour (0 to 23, in TIME_ZONE) from which the daily digest goes out, and for how many days one that
# was read, or that nobody has read, is kept.
NOTIFICATIONS_DIGEST_HOUR = int(os.environ.get("NOTIFICATIONS_DIGEST_HOUR", "7"))
NOTIFICATIONS_KEEP_READ_DAYS = int(os.environ.get("NOTIFICATIONS_KEEP_READ_DAYS", "90"))
NOTIFICATIONS_KEEP_UNREAD_DAYS = int(os.environ.get("NOTIFICATIONS_KEEP_UNREAD_DAYS", "365"))
# Days for which things are kept after they have ended (docs/operations.md, What is kept for how long): one-time codes; links
# to confirm an email address, and invitations nobody accepted; remembered devices; sign-in attempts (31 at least: limits are
# counted from them); drafts of applications that have expired; uploads with malware in them; raw 834 files and acknowledgements.
CODES_KEEP_DAYS = int(os.environ.get("CODES_KEEP_DAYS", "1"))
LINKS_KEEP_DAYS = int(os.environ.get("LINKS_KEEP_DAYS", "90"))
DEVICES_KEEP_DAYS = int(os.environ.get("DEVICES_KEEP_DAYS", "30"))
LOGIN_ATTEMPTS_KEEP_DAYS = int(os.environ.get("LOGIN_ATTEMPTS_KEEP_DAYS", "400"))
DRAFTS_KEEP_DAYS = int(os.environ.get("DRAFTS_KEEP_DAYS", "90"))
UPLOADS_QUARANTINE_KEEP_DAYS = int(os.environ.get("UPLOADS_QUARANTINE_KEEP_DAYS", "90"))
X12_ARCHIVE_KEEP_DAYS = int(os.environ.get("X12_ARCHIVE_KEEP_DAYS", "2200"))
X12_QUARANTINE_KEEP_DAYS = int(os.environ.get("X12_QUARANTINE_KEEP_DAYS", "90"))
CELERY_BEAT_SCHEDULE_FILENAME = str(RUNTIME_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "outbox-sweep": {
        "task": "portal.common.sweep_outbox",
        "schedule": OUTBOX_SWEEP_SECONDS,
    },
    "seal-audit": {"task": "portal.common.seal_audit", "schedule": 60},
    "seal-audit-everywhere": {
        "task": "portal.common.seal_audit",
        "schedule": 24 * 60 * 60,
        "kwargs": {"everywhere": True},
    },
    "notification-digests": {
        "task": "notifications.owe_digests",
        "schedule": 5 * 60,
    },
    "forget-old-notifications": {
        "task": "notifications.forget_old",
        "schedule": 24 * 60 * 60,
    },
    # Once a day would do; whoever was told is not told again, and a lost message costs hours instead of a day.
    "remind-of-expiring-training": {
        "task": "content.remind_of_expiring_training",
        "schedule": 6 * 60 * 60,
    },
    "forget-question-drafts": {
        "task": "ecomm.forget_question_drafts",
        "schedule": 60 * 60,
    },
    # Each state's midnight is another moment. Only policies whose status a new day can change are looked at, so that all
    # runs but the first after a midnight find nothing to do, and a lost message costs minutes instead of a day.
    "refresh-statuses": {
        "task": "clients.refresh_statuses",
        "schedule": 15 * 60,
    },
    # A lost message costs a minute: what is due stays due.
    "sweep-member-changes": {
        "task": "clients.sweep_member_changes",
        "schedule": 60,
    },
    "watch-member-changes": {
        "task": "clients.watch_member_changes",
        "schedule": 60 * 60,
    },
    "forget-id-card-files": {
        "task": "clients.forget_id_card_files",
        "schedule": 60 * 60,
    },
    "forget-proposal-files": {
        "task": "enrollment.forget_proposal_files",
        "schedule": 60 * 60,
    },
    # Several times a day, because a notice is told once however often it is due.
    "tell-of-expiring-applications": {
        "task": "enrollment.tell_of_expiring_applications",
        "schedule": 4 * 60 * 60,
    },
    "tell-of-papers-due": {
        "task": "enrollment.tell_of_papers_due",
        "schedule": 4 * 60 * 60,
    },
    # Callbacks may be lost; how often one payment is asked about is said beside the states (enrollment/services/payment_reconciling.py).
    "reconcile-payments": {
        "task": "enrollment.reconcile_payments",
        "schedule": 60,
    },
    # Often, because a run is owed once however often it is due: a lost message costs minutes instead of a day.
    "run-scheduled-reports": {
        "task": "reporting.run_scheduled",
        "schedule": 15 * 60,
    },
    "forget-report-files": {
        "task": "reporting.forget_files",
        "schedule": 60 * 60,
    },
    "files-upkeep": {"task": "files.upkeep", "schedule": 60 * 60},
    "forget-done": {
        "task": "portal.common.forget_done",
        "schedule": 6 * 60 * 60,
    },
    "forget-drafts": {
        "task": "enrollment.forget_drafts",
        "schedule": 6 * 60 * 60,
    },
    "forget-x12-files": {
        "task": "clients.forget_x12_files",
        "schedule": 6 * 60 * 60,
    },
    "forget-what-ended": {"task": "accounts.forget_what_ended", "schedule": 60 * 60},
}

# Messages that beat sent too long ago are thrown away, lest they pile up while no worker runs. Not sooner than this: the
# moment is told by beat's clock and judged by the worker's, and a few seconds between the two would stop everything.
for _entry in CELERY_BEAT_SCHEDULE.values():
    _entry["options"] = {"expires": max(2 * 60 * 60, _entry["schedule"])}
CELERY_BEAT_SCHEDULER = "portal.beat.SteadyScheduler"

# --- E-questions: hours after which one that waits counts as overdue, and whether answers carry the writer's name ---
QUESTION_TARGET_HOURS = int(os.environ.get("QUESTION_TARGET_HOURS", "24"))
QUESTION_ANSWERS_SIGNED = os.environ.get("QUESTION_ANSWERS_SIGNED", "") == "1"

# Who may read /metrics: collectors that send this as a bearer token. Empty: the page is not there.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# --- Browser-side protection ---
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
    }
}

SILENCED_SYSTEM_CHECKS: list[str] = []
# Where Address Search on applications takes addresses from (enrollment/address_search); empty: they are entered by hand.
ADDRESS_SEARCH_PROVIDER = os.environ.get(
    "ADDRESS_SEARCH_PROVIDER", "enrollment.address_search.offline.OfflineAddresses"
)
SHIPPED_CATALOG_DIR = BASE_DIR / "enrollment" / "data"  # plans and places for demonstrations
DEMO_MAILBOX = False  # /demo/mailbox/ exists only where this is true
LOG_FORMAT = os.environ.get("LOG_FORMAT", "text")
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO")
LOGGING_CONFIG = "portal.common.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
