"""The demo with the slow mailbox, short leases and a quick sweep."""

from portal.settings.demo import *  # noqa: F403, TID251 - a settings module builds on another

EMAIL_BACKEND = "tests.support.slow_mail.SlowMailboxBackend"
