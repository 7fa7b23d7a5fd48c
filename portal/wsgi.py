"""The portal as a WSGI application, for gunicorn: `gunicorn portal.wsgi`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from portal.common import database_limits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.prod")

database_limits.limit(settings.WEB_DATABASE_SECONDS)
application = get_wsgi_application()
