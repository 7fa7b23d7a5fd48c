"""Going through the sign-in pages as a person does, and reading the code where the person would."""

from django.http import HttpResponse
from django.test import Client

from accounts.models import OneTimeCode, User
from tests.support.factories import PASSWORD


def newest_code(user: User) -> str:
    """The code in the newest message to this person; its text is kept until the message is delivered."""
    sent = OneTimeCode.objects.filter(user=user).select_related("message").latest("id")
    assert sent.message is not None
    return sent.message.code


def give_password(client: Client, user: User, password: str = PASSWORD, **fields: str) -> HttpResponse:
    return client.post("/accounts/login/", {"username": user.username, "password": password, **fields})


def ask_for_code(client: Client, method: str = "email") -> HttpResponse:
    return client.post("/accounts/verify/", {"method": method}, follow=True)


def half_signed_in(user: User) -> Client:
    """A browser in which the password was right and the code has not been given."""
    client = Client()
    response = give_password(client, user)
    assert response.status_code == 302
    return client


def kept_rows(text: str) -> set[str]:
    """Names of the tables in which ``text`` stands readable, sessions included."""
    from django.db import connection

    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT 1 FROM {connection.ops.quote_name(table)} AS r WHERE r::text ILIKE %s LIMIT 1",  # noqa: S608 - names out of the catalog
                [f"%{text}%"],
            )
            if cursor.fetchone():
                found.add(table)
    return found
