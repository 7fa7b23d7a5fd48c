"""The demo with the slow member system, no delay and a sweep every second."""

from portal.settings.demo import *  # noqa: F403, TID251 - a settings module builds on another

MEMBER_SYSTEM_GATEWAY = "tests.support.sync_slow.SlowGateway"
SYNC_DELAY = timedelta()  # noqa: F405
CELERY_BEAT_SCHEDULE["sweep-member-changes"]["schedule"] = 1  # noqa: F405
