"""Producer Portal. The Celery app is imported here so that ``shared_task`` finds it; that reads no settings."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
