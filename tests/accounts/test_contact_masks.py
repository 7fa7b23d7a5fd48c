import pytest

from accounts.rules.contact_masks import mask_email, mask_phone

pytestmark = [pytest.mark.no_db, pytest.mark.feature("LOG_07")]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rita.solberg@example.com", "xxxlberg@example.com"),
        ("rsolberg@example.com", "xxxberg@example.com"),
        ("abc@example.com", "xxxc@example.com"),
        ("ab@example.com", "xxxb@example.com"),
        ("a@example.com", "xxx@example.com"),
        ('"odd@name"@example.com', 'xxxname"@example.com'),
        ("", "xxx"),
    ],
)
def test_an_email_address_shows_the_tail_of_its_name_only(address, shown):
    assert mask_email(address) == shown


def test_never_more_than_half_of_the_name_is_shown_and_its_length_is_not_told():
    for length in range(1, 40):
        name = "abcdefghijklmnopqrstuvwxyz0123456789abcd"[:length]
        hidden, _, _ = mask_email(f"{name}@example.com").partition("@")
        assert hidden.startswith("xxx")
        assert len(hidden) - 3 <= min(5, length / 2)


def test_a_phone_number_shows_its_last_four_digits_only():
    assert mask_phone("3125550001") == "xxxxxx0001"
