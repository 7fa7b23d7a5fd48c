#!/usr/bin/env python3
"""Run a command under the production settings with secrets that are thrown away afterwards.

    python scripts/with_throwaway_secrets.py python manage.py check --deploy

For what needs the production settings but serves nobody: `check --deploy`, collecting static files into an image.
"""

import base64
import os
import secrets
import sys

THROWAWAY = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.prod",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "SEARCH_DIGEST_KEY": secrets.token_urlsafe(32),
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgres://nobody@localhost/nothing",
    "REDIS_URL": "redis://localhost/0",
}

if __name__ == "__main__":
    os.environ.update(THROWAWAY)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - runs what the caller asks for
