"""The Celery application: `celery -A portal worker` and `celery -A portal beat` in production, threads in the demo.

Messages carry row ids only. What must happen later is a row first (portal/common/outbox.py), so losing every message
loses nothing.
"""

import os

from celery import Celery

# For the servers, which start here; manage.py and the tests have chosen their settings before.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.prod")

app = Celery("portal")
# By name, not by object: settings import this package, so they must not be read before somebody needs them.
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Threads other than the one that imports this find the app as the default; without it a retry from a pool thread would
# be published to amqp://localhost.
app.set_default()
