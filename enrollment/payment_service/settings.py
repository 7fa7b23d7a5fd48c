"""Settings of the payment portal: a program of its own, which reads none of the portal's.

Its database is one SQLite file in a folder of its own, because nothing here is to share a server, a user or a table with the
portal: what the payment portal knows cannot come into a dump of the portal's database, nor the other way round. One
writer at a time is what a simulated service needs, and is the lock that keeps a payment from being charged twice.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from enrollment.payment_service.options import Options

BASE_DIR = Path(__file__).resolve().parents[2]
_RUNTIME_DIR = Path(os.environ.get("PORTAL_RUNTIME_DIR") or BASE_DIR / ".runtime")

PAYMENT_PORTAL = Options(
    folder=Path(os.environ.get("PAYMENT_SERVICE_DIR") or _RUNTIME_DIR / "payment-service"),
    public_url=os.environ.get("PAYMENT_SERVICE_PUBLIC_URL", "http://localhost:8001").rstrip("/"),
    secret=os.environ.get("PAYMENT_SERVICE_SECRET", ""),
    open_for=timedelta(minutes=int(os.environ.get("PAYMENT_SERVICE_SESSION_MINUTES", "60"))),
    bank_takes=timedelta(seconds=int(os.environ.get("PAYMENT_SERVICE_BANK_SECONDS", "20"))),
    comes_back_after=timedelta(seconds=int(os.environ.get("PAYMENT_SERVICE_LATE_RETURN_SECONDS", "60"))),
    carrier_name=os.environ.get("CARRIER_NAME", "Prairie Summit"),
    support_phone=os.environ.get("SUPPORT_PHONE", "1-800-555-0142"),
)
if not PAYMENT_PORTAL.secret:
    raise ImproperlyConfigured("PAYMENT_SERVICE_SECRET must be set: the key the portal signs with, too.")


def _secret_of_its_own() -> str:
    """Signs this program's cookies and links; made on first use, readable by the owner only."""
    path = PAYMENT_PORTAL.folder / "secret"
    PAYMENT_PORTAL.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        try:
            os.link(part, path)  # two first starts at once: one wins, both read the winner's
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text()


SECRET_KEY = os.environ.get("PAYMENT_SERVICE_SECRET_KEY") or _secret_of_its_own()
DEBUG = False  # its error pages would show what was typed
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("PAYMENT_SERVICE_ALLOWED_HOSTS", "").split(",") if host.strip()
] or ["localhost", "127.0.0.1", "[::1]"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "enrollment.payment_service.browser_rules.BrowserRulesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "enrollment.payment_service.urls"
WSGI_APPLICATION = "enrollment.payment_service.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {"context_processors": ["enrollment.payment_service.frame.frame"]},
    }
]
DATABASES: dict[str, dict[str, str]] = {}  # the store opens its own file (enrollment.payment_service.store)
USE_TZ = True
TIME_ZONE = os.environ.get("PORTAL_TIME_ZONE", "America/Chicago")
USE_I18N = False  # the two languages are tables of its own (enrollment.payment_service.texts)
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

_HTTPS = PAYMENT_PORTAL.over_https
# Browsers send the cookies of one host to all its ports, so the names differ from the portal's.
CSRF_COOKIE_NAME = "__Host-payment_csrf" if _HTTPS else "payment_csrf"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "enrollment.payment_service.views.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PAYMENT_PORTAL.public_url] if _HTTPS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
FILE_UPLOAD_HANDLERS: list[str] = []  # nobody sends files
LOGGING_CONFIG = "portal.common.logs.configure"
LOGGING = {"level": os.environ.get("LOG_LEVEL", "INFO"), "format": os.environ.get("LOG_FORMAT", "text")}
