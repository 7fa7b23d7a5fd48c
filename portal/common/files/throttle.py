"""How many files one person may send in an hour (ASVS 5.2.4)."""

from datetime import datetime, timedelta
from typing import Any

from portal.common import throttle
from portal.common.throttle import Limit, TooOften

__all__ = ["UPLOADS", "TooManyUploads", "TooOften", "count_uploads"]

UPLOADS = Limit("files.uploads", times=50, per=timedelta(hours=1))


class TooManyUploads(TooOften):
    """The person sent 50 files within the hour."""

    def __init__(self, wait_minutes: int) -> None:
        super().__init__(wait_minutes)
        wait = "a minute" if wait_minutes == 1 else f"{wait_minutes} minutes"
        self.args = (
            f"You have sent {UPLOADS.times} files within an hour, which is the most. Please wait {wait} and send the rest then.",
        )


def count_uploads(user: Any, n: int, at: datetime) -> None:
    """Count ``n`` files that ``user`` is about to send. Raises ``TooManyUploads`` (a ``TooOften``) from the 51st on.

    Call it outside of the transaction that a refusal rolls back, or the refusal is forgotten too.
    """
    for _ in range(n):
        try:
            throttle.count(UPLOADS, str(user.pk), at=at)
        except TooOften as exc:
            raise TooManyUploads(exc.wait_minutes) from None
