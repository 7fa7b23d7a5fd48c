from datetime import UTC, datetime, timedelta

import pytest

from portal.common.files import throttle
from tests.support.factories import UserFactory

NOON = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)


def test_the_51st_file_within_an_hour_is_refused():
    user, other = UserFactory(), UserFactory()
    for _ in range(10):
        throttle.count_uploads(user, 5, NOON)
    with pytest.raises(throttle.TooOften, match="50 files within an hour.*wait 50 minutes"):
        throttle.count_uploads(user, 1, NOON)
    throttle.count_uploads(other, 1, NOON)
    throttle.count_uploads(user, 1, NOON + timedelta(hours=1))
