"""Going through the registration pages as a producer does, and reading the link where the producer would."""

import re
from html import unescape

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Producer, TermsVersion
from accounts.services import terms
from portal.common.models import OutboundMessage
from tests.support.factories import ProducerFactory, ProducerNumberFactory

NUMBER, NPN, ZIP = "000412701", "8815207", "60601"
FACTS = {"producer_number": NUMBER, "npn": NPN, "zip": ZIP}
LOGIN = {"username": "rsolberg7", "password": "Harbor#Kite58"}
BLOCK = {
    "company_name": "Harbor Benefits",
    "address_1": "123 Test St",
    "address_2": "",
    "city": "Testville",
    "address_state": "IL",
    "zip": "60601",
    "producer_number": "000412701",
    "phone": "(312) 555-0142",
    "email": "office@harbor.example",
}
APPLICANT = {
    "first_name": "Jessica",
    "last_name": "Camp",
    "username": "jessicacamp",
    "password": "Harbor#Kite58",
    "confirm_password": "Harbor#Kite58",
}


def publish_terms(version: str = "1.0") -> TermsVersion:
    """Terms of use, without which nobody can register."""
    return terms.publish(version=version, body=f"First of {version}.\n\nSecond.", by=None, at=timezone.now())


def rita(**changes: object) -> Producer:
    """A contracted producer who has not registered, with the number, NPN and ZIP of ``FACTS``."""
    producer = ProducerFactory(
        **{"npn": NPN, "last_name": "Solberg", "record_email": "rita.solberg@record.example", **changes}
    )
    ProducerNumberFactory(producer=producer, number=NUMBER, zip=ZIP)
    return producer


def accept_terms(client: Client) -> HttpResponse:
    page = client.get("/accounts/register/")
    return client.post("/accounts/register/", {"decision": "accept", "terms": page.context["terms"].pk})


def give_facts(client: Client, **facts: str) -> HttpResponse:
    return client.post("/accounts/register/", {**FACTS, **facts})


def create_login(client: Client, **login: str) -> HttpResponse:
    return client.post("/accounts/register/create-login/", {**LOGIN, **login})


def register(client: Client) -> HttpResponse:
    """All three steps, up to the email."""
    accept_terms(client)
    give_facts(client)
    return create_login(client)


def newest_link() -> str:
    """The address in the newest confirmation email; its text is kept until the message is delivered."""
    text = OutboundMessage.objects.filter(kind="registration_confirm").latest("id").body_text
    found = re.search(r"http://\S+/accounts/register/confirm/\S+/", text)
    assert found is not None
    return found.group()


def block_of(us_state: str, **changes: str) -> dict[str, str]:
    """What is posted for the block of one state."""
    values = {**BLOCK, "address_state": us_state, **changes}
    return {f"{us_state}-{name}": value for name, value in values.items()}


def apply(client: Client, *states: dict[str, str], **applicant: str) -> HttpResponse:
    """Send the form of the older style; ``states`` are made by ``block_of``."""
    chosen = [next(iter(block)).partition("-")[0] for block in states]
    data: dict[str, object] = {**APPLICANT, **applicant, "states": chosen}
    for block in states:
        data |= block
    return client.post("/accounts/register/details/", data)


def text_of(response: HttpResponse) -> str:
    return unescape(response.content.decode())
