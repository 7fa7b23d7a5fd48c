"""Addresses that every page and every row asks for: ``reverse`` takes thirty times as long as remembering them."""

from functools import cache
from urllib.parse import quote

from django.urls import reverse


def address_of(name: str, number: object) -> str:
    """The address ``name`` with its one argument ``number``, which is digits or what is quoted like them."""
    before, after = _around(name)
    return f"{before}{quote(str(number), safe='')}{after}"


@cache
def address_without_number(name: str) -> str:
    """The address ``name``, which takes no argument: what menus are made of."""
    return reverse(name)


@cache
def _around(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=["00"]).partition("00")
    return before, after
