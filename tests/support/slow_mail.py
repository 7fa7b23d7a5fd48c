"""A mailbox that takes its time, so that a test can kill a worker in the middle of delivering."""

import os
import time

from portal.common.messaging.backends import MailboxEmailBackend


class SlowMailboxBackend(MailboxEmailBackend):
    """Every call is written to the file of DELIVERY_LOG before the message is taken, as a receiver would see it."""

    def send_messages(self, email_messages):
        with open(os.environ["DELIVERY_LOG"], "a") as log:
            for email in email_messages:
                log.write(f"{email.portal_message_id}\n")
        time.sleep(0.03)
        return super().send_messages(email_messages)
