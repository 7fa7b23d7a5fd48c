"""Nothing that was counted in one test is shown in the next."""

import pytest

from reporting import kept


@pytest.fixture(autouse=True)
def nothing_kept():
    kept.forget()
    yield
    kept.forget()
