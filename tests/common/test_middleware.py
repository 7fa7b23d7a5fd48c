import io
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.common import request_context
from portal.common.middleware import PrivateResponseMiddleware, RequestContextMiddleware, address_of
from portal.common.models import AuditEvent


def kept_by_nobody(response) -> bool:
    return {"no-store", "private"} <= set(response["Cache-Control"].replace(" ", "").split(","))


# --- no cache keeps a page ---


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/clients/", 200),
        ("/clients/{account}/", 200),
        ("/clients/e-app/{eapp}/", 302),
        ("/clients/?r=unknown", 302),
        ("/clients/999999999/", 404),
        ("/clients", 301),
        ("/reports/new/", 200),
        ("/admin/", 302),
        ("/no-such-page/", 404),
        ("/accounts/logout/", 405),
        ("/health/", 200),
        ("/demo/mailbox/", 200),
    ],
)
@pytest.mark.sampled(6)
def test_no_cache_keeps_an_answer(world, sign_in, address, status):
    response = sign_in(world.producer).get(address.format(account=world.account_number, eapp=world.policy.eapp_number))
    assert response.status_code == status
    assert kept_by_nobody(response)


def test_no_cache_keeps_the_pages_of_strangers_and_of_the_carrier(world, sign_in):
    assert kept_by_nobody(Client().get("/"))
    assert kept_by_nobody(Client().get("/accounts/login/"))
    assert kept_by_nobody(sign_in(world.admin).get("/admin/"))
    assert kept_by_nobody(sign_in(world.delegate_without_view).get("/clients/"))


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_no_cache_keeps_a_file(world, sign_in, file_format):
    client = sign_in(world.producer)
    address = client.post("/reports/new/", {"policy_status": "ALL"}).url
    response = client.get(f"{address}&format={file_format}")
    assert response["Content-Disposition"].startswith("attachment")
    assert kept_by_nobody(response)
    assert response.getvalue()


def test_no_cache_keeps_a_refusal_for_a_missing_token(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.producer)
    response = client.post("/clients/", {"by": "account", "value": "1"})
    assert response.status_code == 403
    assert kept_by_nobody(response)


def test_no_cache_keeps_an_answer_to_a_wrong_host_name():
    response = Client().get("/", headers={"host": "attacker.example"})
    assert response.status_code == 400
    assert kept_by_nobody(response)


def test_no_cache_keeps_a_fault(world, sign_in, monkeypatch):
    monkeypatch.setattr("portal.home.panels_for", lambda _request: 1 / 0)
    client = sign_in(world.producer)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert kept_by_nobody(response)
    assert "ZeroDivisionError" not in response.content.decode()


@pytest.mark.no_db
def test_a_view_that_knows_better_may_say_so():
    def cached(_request):
        return HttpResponse(headers={"Cache-Control": "max-age=60"})

    assert PrivateResponseMiddleware(cached)(RequestFactory().get("/"))["Cache-Control"] == "max-age=60"


# --- every request has an id ---


def test_every_answer_carries_its_own_request_id(client):
    first, second = client.get("/health/"), client.get("/no-such-page/")
    assert uuid.UUID(first["X-Request-ID"]) != uuid.UUID(second["X-Request-ID"])


def test_nobody_chooses_the_id_of_a_request(client):
    wanted = "0b8e2f5c-0000-4000-8000-000000000001"
    assert client.get("/health/", headers={"x-request-id": wanted})["X-Request-ID"] != wanted


def test_the_audit_trail_names_the_request_and_where_it_came_from(world, sign_in):
    response = sign_in(world.producer).get(
        reverse("clients:detail", args=[world.account_number]), REMOTE_ADDR="192.0.2.7"
    )
    event = AuditEvent.objects.get(action="client.viewed")
    assert (event.request_id, event.ip_address) == (response["X-Request-ID"], "192.0.2.7")


@pytest.mark.no_db
@pytest.mark.parametrize("outcome", ["answer", "fault"])
def test_what_is_known_about_a_request_ends_with_it(outcome):
    seen = []

    def view(_request):
        seen.append((request_context.current(), structlog.contextvars.get_contextvars()))
        if outcome == "fault":
            raise RuntimeError
        return HttpResponse()

    middleware = RequestContextMiddleware(view)
    if outcome == "fault":
        with pytest.raises(RuntimeError):
            middleware(RequestFactory().get("/"))
    else:
        middleware(RequestFactory().get("/"))
    ((facts, bound),) = seen
    assert bound == {"request_id": facts.request_id}
    assert request_context.current() is None
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.no_db
@pytest.mark.parametrize(("address", "known"), [("192.0.2.7", "192.0.2.7"), ("::1", "::1"), ("", None)])
def test_an_unknown_address_is_no_address(address, known):
    seen = []

    def view(_request):
        seen.append(request_context.current().ip_address)
        return HttpResponse()

    RequestContextMiddleware(view)(RequestFactory().get("/", REMOTE_ADDR=address))
    assert seen == [known]


@pytest.mark.no_db
def test_requests_at_the_same_time_do_not_see_each_other():
    def view(_request):
        before = request_context.current().request_id
        for _ in range(1000):
            assert request_context.current().request_id == before
        return HttpResponse()

    middleware = RequestContextMiddleware(view)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: middleware(RequestFactory().get("/"))["X-Request-ID"], range(20)))
    assert len(set(answers)) == 20


# --- error pages ---


@pytest.mark.parametrize("who", ["producer", "delegate", "former_delegate", "admin"])
def test_error_pages_know_who_is_asking(world, sign_in, who):
    person = getattr(world, who)
    page = sign_in(person).get("/no-such-page/").content.decode()
    assert "We could not find that page" in page
    assert f"Hello, {person.get_full_name()}" in page


def test_error_pages_greet_no_stranger(client):
    page = client.get("/no-such-page/").content.decode()
    assert "We could not find that page" in page
    assert "Hello," not in page


# --- where a request comes from ---


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "203.0.113.7", "10.0.0.9"),  # nobody in front of us: the header is the visitor's own words
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7, 192.0.2.4", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.9"),  # fewer entries than proxies: not through all of them
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "not an address", None),
    ],
)
def test_only_what_our_own_proxies_say_about_the_address_is_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", headers=headers)
    assert address_of(request) == expected


# --- what a browser may do with an answer ---


@pytest.mark.parametrize("address", ["/", "/clients/", "/no-such-page/", "/health/", "/static/portal/portal.js"])
def test_every_answer_says_what_the_browser_may_do_with_it(world, sign_in, address):
    answer = sign_in(world.producer).get(address)
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"camera=()", "geolocation=()", "payment=()"} <= set(answer["Permissions-Policy"].split(", "))
    assert "Access-Control-Allow-Origin" not in answer
    answer.close()


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/clients/", "/no-such-page/", "/admin/"])
def test_every_page_has_the_strict_content_policy_and_stands_in_no_frame(world, sign_in, address):
    answer = sign_in(world.admin).get(address)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert (answer["X-Frame-Options"], answer["Referrer-Policy"]) == ("DENY", "same-origin")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("address", ["/", "/admin/", "/clients/", "/static/portal/portal.js", "/health/"])
@pytest.mark.sampled(14)
def test_methods_that_no_page_uses_are_refused_everywhere(world, sign_in, method, address):
    answer = sign_in(world.admin).generic(method, address)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


def test_logging_out_tells_the_browser_to_forget(world, sign_in):
    client = sign_in(world.producer)
    assert "Clear-Site-Data" not in client.get("/")
    assert client.post("/accounts/logout/")["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in client.post("/accounts/logout/")


def test_so_does_a_session_that_ends_by_itself(world, sign_in, settings):
    client = sign_in(world.producer)
    settings.SESSION_IDLE_MINUTES = 0
    assert "Clear-Site-Data" in client.get("/clients/")


# --- who was refused ---


@pytest.mark.parametrize(
    ("who", "address", "event"),
    [("delegate_without_view", "/clients/", "Forbidden"), ("outsider", "/clients/{account}/", "Not Found")],
)
def test_a_refusal_in_the_log_says_who_was_refused(world, sign_in, who, address, event):
    person = getattr(world, who)
    client = sign_in(person)
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = io.StringIO()
    stream = handler.setStream(written)
    try:
        client.get(address.format(account=world.account_number))
    finally:
        handler.setStream(stream)
    line = next(line for line in written.getvalue().splitlines() if event in line)
    assert f"user_id={person.pk}" in line
    assert "request_id=" in line


def test_a_session_outlives_a_change_of_the_signing_key_while_the_old_one_is_still_known(world, sign_in, settings):
    client = sign_in(world.producer)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a" * 60, [old]
    assert client.get("/").status_code == 200
    other = sign_in(world.outsider)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "b" * 60, []
    assert other.get("/").status_code == 302
