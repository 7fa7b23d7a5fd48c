"""No parameter leads out of the portal (ASVS 1.2.2, 3.7.2)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

ELSEWHERE = [
    "https://attacker.example/",
    "//attacker.example/",
    "///attacker.example",
    "/\\attacker.example",
    "\\\\attacker.example",
    "https:attacker.example",
    "http:///attacker.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " https://attacker.example/",
    "\thttps://attacker.example/",
    "https://testserver@attacker.example/",
    "https://testserver.attacker.example/",
]


def leads_out(address: str) -> bool:
    return not address.startswith("/") or address.startswith(("//", "/\\"))


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.sampled(5)
def test_no_next_leads_out_of_the_portal(world, sign_in, address):
    client = sign_in(world.producer)
    answers = [
        client.get(reverse("accounts:login"), {"next": address}),
        client.post(f"{reverse('accounts:confirm-identity')}", {"next": address, "password": "Harbor#Kite58"}),
        sign_in(world.delegate).post(reverse("accounts:work-for"), {"next": address, "producer": ""}),
        sign_in(world.producer).post(reverse("accounts:logout"), {"next": address}),
        sign_in(world.producer).post("/admin/logout/", {"next": address}),
        sign_in(world.admin).get("/admin/login/", {"next": address}),
    ]
    assert [answer["Location"] for answer in answers if "Location" in answer and leads_out(answer["Location"])] == []
    assert sum("Location" in answer for answer in answers) >= 5


def names_in(node: ast.AST) -> set[str]:
    found = (getattr(part, "id", getattr(part, "attr", None)) for part in ast.walk(node))
    return {name for name in found if name}


@pytest.mark.no_db
def test_whoever_reads_where_to_go_next_checks_that_it_is_here():
    """Each function that takes "next" or the page before from a request compares it with the portal's own host."""
    unchecked = []
    for app in ("portal", "accounts", "clients", "enrollment", "ecomm", "reporting"):
        for path in sorted(Path(settings.BASE_DIR, app).rglob("*.py")):
            source = path.read_text()
            if not any(word in source for word in ('"next"', "'next'", "HTTP_REFERER", "Referer")):
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef):
                    body = ast.unparse(node)
                    reads = ".get('next'" in body or "HTTP_REFERER" in body or ".get('Referer'" in body
                    if reads and not {"url_has_allowed_host_and_scheme", "get_host"} & names_in(node):
                        unchecked.append(f"{path.name}:{node.name}")
    assert unchecked == []
