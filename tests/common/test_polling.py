"""What a page asks by itself must not sign anybody out who has just signed in."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.services import open_sessions

COOKIE = settings.SESSION_COOKIE_NAME


def with_a_session_that_is_gone(world) -> Client:
    """As a question asked just before signing in: its cookie names a session that signing in has replaced."""
    client = Client()
    client.force_login(world.producer)
    open_sessions.end_all(user=world.producer, by=None)
    return client


@pytest.mark.parametrize("name", ["accounts:code-delivery", "accounts:session-state"])
def test_a_question_of_the_page_leaves_the_cookie_that_came_meanwhile(world, name):
    response = with_a_session_that_is_gone(world).get(reverse(name))
    assert COOKIE not in response.cookies


def test_a_page_that_somebody_opens_takes_a_worthless_cookie_away(world):
    response = with_a_session_that_is_gone(world).get(reverse("home"))
    assert response.cookies[COOKIE].value == ""
    assert response.cookies[COOKIE]["max-age"] == 0
