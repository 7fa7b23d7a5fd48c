"""What every test gets: the embedded database, strictness about templates, people and books."""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, BinaryIO

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.base import Template
from django.test import Client, TransactionTestCase

from accounts.models import User
from portal.common.files import store
from portal.common.messaging import delivery
from portal.common.views import errors
from tests.support import embedded, emptying, ready_database
from tests.support.catalog import THE_CATALOG
from tests.support.made_once import MadeOnce
from tests.support.sampling import leave_to_the_long_run
from tests.support.world import World, build_world

hypothesis.settings.register_profile("portal", deadline=None)  # a slow machine is not a wrong answer
hypothesis.settings.load_profile("portal")

THE_WORLD = MadeOnce(build_world)
WIDGETS = ("django/forms/widgets/", "bootstrap5/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-look", action="store_true", help="Judge every page's contrast, in light and in dark: make test-long."
    )


def pytest_configure() -> None:
    embedded.start_test_cluster()


def pytest_unconfigure() -> None:
    embedded.stop_test_cluster()
    shutil.rmtree(settings.UPLOADS_ROOT, ignore_errors=True)


# Files that take a minute and more: begun first, or one core is idle at the end.
LONGEST_FIRST = (
    *("tests/common/files/test_corpus", "tests/runtime/", "tests/browser/", "tests/portal/test_access"),
    *("tests/portal/test_load_demo", "tests/clients/test_id_card_pdf", "tests/enrollment/test_wizard_steps"),
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Code and cases stay till the end: the garbage collector need not walk through them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    leave_to_the_long_run(items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST_FIRST))
    for item in items:
        if not item.get_closest_marker("no_db") and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def no_file_stays_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server closes every download; a test that only looks at its status does not, and another test would be blamed."""
    opened: list[BinaryIO] = []
    open_unreleased = store.open_unreleased

    def remembered(stored: Any) -> BinaryIO:
        opened.append(open_unreleased(stored))
        return opened[-1]

    monkeypatch.setattr(store, "open_unreleased", remembered)
    yield
    for source in opened:
        source.close()


@pytest.fixture(autouse=True)
def no_service_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail service that did not answer in one test is not left alone in the next."""
    monkeypatch.setattr(delivery, "REST_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "_rests_until", {})


@pytest.fixture(autouse=True)
def no_query_in_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates get finished values: a query while one renders fails the test. The admin's own templates may query.

    Context processors are done before; the bell's count is asked for there, once a page. The hundred small templates of a
    form's widgets are watched with the page around them; the test client need not keep a copy of the context of each.
    """
    render = Template._render
    inside = ContextVar("inside", default=False)

    def refuse(_execute, sql, _params, _many, _context):
        raise AssertionError(f"A template asked the database: {sql[:300]}")

    def watched(self, context):
        if inside.get():
            return self.nodelist.render(context) if (self.name or "").startswith(WIDGETS) else render(self, context)
        request = getattr(context, "request", None)
        if request is not None and request.path.startswith("/admin/"):
            return render(self, context)
        before = inside.set(True)
        try:
            with connection.execute_wrapper(refuse):
                return render(self, context)
        finally:
            inside.reset(before)

    monkeypatch.setattr(Template, "_render", watched)


@pytest.fixture
def error_pages_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of lines end at the same page: it is made for the first of them, the others get its status alone."""
    made, make = set(), errors._answer

    def answer(request: HttpRequest, template: str, status: int) -> HttpResponse:
        if (template, status) in made:
            return HttpResponse(status=status)
        made.add((template, status))
        return make(request, template, status)

    monkeypatch.setattr(errors, "_answer", answer)


@pytest.fixture(scope="session")
def database_made(django_db_modify_db_settings_parallel_suffix) -> Iterator[Callable[[], None]]:
    """The test database is a copy of a migrated one, where there is one; the function says that it has been made."""
    with ready_database.copied_if_ready() as made:
        yield made


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_made) -> None:
    """Runs before ``django_db_setup``, which reads the settings."""


@pytest.fixture(scope="session")
def django_db_setup(database_made, django_db_setup, django_db_blocker) -> Iterator[None]:
    """At the end of the run, end what threads of live servers and of concurrency tests may still hold open."""
    database_made()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", emptying.empty_tables)
        yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def mail_goes_to_the_mailbox(settings) -> None:
    """Django's test set-up puts its own mail backend in place; ours is what the demo and the tests read codes from."""
    settings.EMAIL_BACKEND = "portal.common.messaging.backends.MailboxEmailBackend"


@pytest.fixture
def world() -> World:
    """Rita and her agency, her delegate, an outsider, the carrier's admin, and a small book of each."""
    return THE_WORLD.again()


@pytest.fixture
def catalog() -> None:
    """A small catalog of both plan years with its places (tests/support/catalog.py)."""
    THE_CATALOG.again()


@pytest.fixture
def sign_in() -> Iterator:
    """A browser in which somebody has finished both steps of signing in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
