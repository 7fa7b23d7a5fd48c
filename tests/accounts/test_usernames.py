"""What a new username looks like."""

import pytest

from accounts.rules.usernames import NOT_ALLOWED, TOO_LONG, TOO_SHORT, problem_with

pytestmark = pytest.mark.no_db


@pytest.mark.feature("REG_13")
@pytest.mark.parametrize(
    ("username", "problem"),
    [
        ("abc123", TOO_SHORT),
        ("abc1234", ""),
        ("ABCdefg", ""),
        ("1234567", ""),
        ("abc.1234", NOT_ALLOWED),
        ("abc 1234", NOT_ALLOWED),
        ("\u00e1bc1234", NOT_ALLOWED),
        ("abc_1234", NOT_ALLOWED),
        ("abc1234\n", NOT_ALLOWED),
        ("abc123\u0664", NOT_ALLOWED),
        ("abc@1234", NOT_ALLOWED),
        ("", NOT_ALLOWED),
        ("a" * 150, ""),
        ("a" * 151, TOO_LONG),
    ],
)
def test_letters_and_digits_at_least_seven(username, problem):
    assert problem_with(username) == problem
