"""Production with the mailbox that tests can slow down, break, or let kill its worker; more tries of one person than people make."""

from portal.settings.prod import *  # noqa: F403, TID251 - a settings module builds on another

EMAIL_BACKEND = "tests.support.drill_mail.DrillMailboxBackend"
CLIENT_SEARCHES_PER_MINUTE = EXPORTS_PER_HOUR = 1_000_000
