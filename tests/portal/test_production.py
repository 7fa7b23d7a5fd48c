"""What the production settings promise to browsers, read from a process that was started with them."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

READ = """
import json, django
django.setup()
from django.conf import settings
names = [n for n in dir(settings) if n.isupper()]
print(json.dumps({n: repr(getattr(settings, n)) for n in names if n.startswith(("SECURE_", "SESSION_", "CSRF_", "X_FRAME", "DEBUG", "DEMO_", "REMEMBERED", "PASSWORD_H", "CELERY_ACC", "LOG_"))}))
"""


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "SECURE_"))}
    return subprocess.run(
        [sys.executable, "scripts/with_throwaway_secrets.py", *words],
        cwd=settings.BASE_DIR,
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    said = run(sys.executable, "-c", READ)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "False"),
        ("DEMO_MAILBOX", "False"),
        ("SECURE_SSL_REDIRECT", "True"),
        ("SECURE_HSTS_SECONDS", "31536000"),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "True"),
        ("SECURE_CONTENT_TYPE_NOSNIFF", "True"),
        ("SECURE_REFERRER_POLICY", "'same-origin'"),
        ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "'same-origin'"),
        ("X_FRAME_OPTIONS", "'DENY'"),
        ("SESSION_COOKIE_NAME", "'__Host-sessionid'"),
        ("SESSION_COOKIE_SECURE", "True"),
        ("SESSION_COOKIE_HTTPONLY", "True"),
        ("SESSION_COOKIE_SAMESITE", "'Lax'"),
        ("SESSION_COOKIE_DOMAIN", "None"),
        ("SESSION_COOKIE_PATH", "'/'"),
        ("SESSION_COOKIE_AGE", "43200"),
        ("CSRF_COOKIE_NAME", "'__Host-csrftoken'"),
        ("CSRF_COOKIE_SECURE", "True"),
        ("CSRF_COOKIE_HTTPONLY", "True"),
        ("REMEMBERED_DEVICE_COOKIE_NAME", "'__Host-remembered_device'"),
        ("CELERY_ACCEPT_CONTENT", "['json']"),
        ("LOG_FORMAT", "'json'"),
    ],
)
@pytest.mark.sampled(8)
def test_production_is_strict(production, name, value):
    assert production[name] == value


def test_passwords_are_kept_with_argon2(production):
    assert production["PASSWORD_HASHERS"].startswith("['django.contrib.auth.hashers.Argon2PasswordHasher'")


def test_production_takes_no_host_name_it_does_not_know():
    said = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.prod",
            "ALLOWED_HOSTS": "*",
            **dict.fromkeys(("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "SEARCH_DIGEST_KEY"), "x"),
            "DATABASE_URL": "postgres://nobody@localhost/nothing",
            "REDIS_URL": "redis://localhost/0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode != 0
    assert "ALLOWED_HOSTS must name" in said.stderr
