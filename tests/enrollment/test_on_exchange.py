"""Which way onto the exchange each state has, and how long applications are kept."""

from datetime import date
from importlib import import_module

import pytest
from django.core.exceptions import ImproperlyConfigured

from enrollment.rules import application_days, on_exchange
from enrollment.rules.on_exchange import NoExchange, Platform

pytestmark = pytest.mark.no_db


@pytest.mark.feature("ONX_01")
@pytest.mark.parametrize(
    ("us_state", "day", "platform"),
    [
        ("IL", date(2025, 12, 31), Platform.SHOPPING_PLATFORM),
        ("IL", date(2026, 1, 1), Platform.STATE_EXCHANGE),
        ("IL", date(2027, 1, 1), Platform.STATE_EXCHANGE),
        ("NM", date(2021, 12, 31), Platform.SHOPPING_PLATFORM),
        ("NM", date(2022, 1, 1), Platform.STATE_EXCHANGE),
        ("MT", date(2027, 1, 1), Platform.SHOPPING_PLATFORM),
        ("OK", date(2027, 1, 1), Platform.SHOPPING_PLATFORM),
        ("TX", date(2027, 1, 1), Platform.SHOPPING_PLATFORM),
    ],
)
def test_each_state_has_its_exchange_of_the_day(us_state, day, platform):
    assert on_exchange.exchange_for(us_state, effective_date=day).platform == platform


@pytest.mark.feature("ONX_02")
def test_the_shopping_platform_opens_at_its_sign_in_page():
    assert "sign in, or register" in on_exchange.ADVICE[Platform.SHOPPING_PLATFORM]
    assert set(on_exchange.ADVICE) == set(Platform)


@pytest.mark.parametrize(("us_state", "day"), [("FL", date(2027, 1, 1)), ("TX", date(2013, 12, 31))])
def test_no_exchange_is_made_up(us_state, day):
    with pytest.raises(NoExchange):
        on_exchange.exchange_for(us_state, effective_date=day)


@pytest.mark.feature("ONX_02")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (
            "IL=https://a.example.com/x?y=1, TX=https://b.example.com",
            {"IL": "https://a.example.com/x?y=1", "TX": "https://b.example.com"},
        ),
        ("IL=http://a.example.com", None),
        ("IL=javascript:alert(1)", None),
        ("IL=https://", None),
        ("IL", None),
        ("FL=https://a.example.com", None),
    ],
)
def test_addresses_of_exchanges_are_https_and_of_the_five_states(monkeypatch, text, found):
    read = import_module("portal.settings.base").env_https_by_state
    monkeypatch.setenv("EXCHANGES_OF_THE_TEST", text)
    if found is None:
        with pytest.raises(ImproperlyConfigured, match="https://"):
            read("EXCHANGES_OF_THE_TEST")
    else:
        assert read("EXCHANGES_OF_THE_TEST") == found


@pytest.mark.feature("LST_07")
@pytest.mark.parametrize(
    ("changed", "expires"),
    [
        (date(2025, 5, 21), date(2025, 8, 19)),
        (date(2026, 12, 2), date(2027, 3, 2)),
        (date(2027, 12, 1), date(2028, 2, 29)),
    ],
)
def test_an_application_is_kept_for_ninety_days(changed, expires):
    assert application_days.expires_on(changed_on=changed) == expires
    assert not application_days.is_expired(expires_on=expires, today=expires)
    assert application_days.is_expired(expires_on=date(2025, 8, 19), today=date(2025, 8, 20))
