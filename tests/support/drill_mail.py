"""A mailbox that takes a moment, refuses some addresses, and ends the process for others as a fault in a library would."""

import os
import time

from portal.common.messaging.backends import MailboxEmailBackend

TAKES_SECONDS = 0.03


class DrillMailboxBackend(MailboxEmailBackend):
    def send_messages(self, email_messages):
        for email in email_messages:
            to = email.to[0]
            if to.startswith("kills-"):
                os._exit(9)
            if to.startswith("fails-"):
                raise ValueError(to)
        time.sleep(TAKES_SECONDS)
        return super().send_messages(email_messages)
