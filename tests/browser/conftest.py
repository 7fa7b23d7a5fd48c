"""A real Chromium against a real server, and the accessibility checker."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.support.factories import PASSWORD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)
            # The server answers from another thread, so its rows must be committed.
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    # Playwright's loop makes Django think that every call comes from async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser, live_server) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that fail the test on a script error or a refused (CSP) resource."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(**options) -> BrowserContext:
        context = chromium.new_context(base_url=live_server.url, **{"viewport": DESKTOP, **options})
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    # A 4xx answer is reported by the browser as a console error too; those the tests cause on purpose.
    assert [error for error in errors if "the server responded with a status of 4" not in error] == []


@pytest.fixture
def page(new_context) -> Page:
    return new_context().new_page()


@pytest.fixture
def sign_in_as(page: Page) -> Callable[[User], Page]:
    """Goes through both steps as a person would, reading the code in the mailbox."""

    def sign_in(user: User, *, on: Page | None = None) -> Page:
        where = on or page
        where.goto("/accounts/login/")
        where.get_by_label("Username").fill(user.username)
        where.get_by_label("Password").fill(PASSWORD)
        where.get_by_role("button", name="Log In").click()
        where.get_by_role("button", name="Send Code").click()
        where.locator("[name=code]").wait_for()
        outbox.sweep()
        where.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
        where.get_by_role("button", name="Submit").click()
        where.wait_for_url("**/")
        return where

    return sign_in


@pytest.fixture(scope="session")
def axe_source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture
def assert_accessible(axe_source: str) -> Callable[[Page], None]:
    """Fails on any WCAG 2.2 A or AA violation, in light and in dark, and on a page wider than a 320 px window."""

    def check(page: Page) -> None:
        page.evaluate(axe_source)
        # The scheme changes colours and nothing else.
        for scheme, rules in (
            ("light", {"type": "tag", "values": RULES}),
            ("dark", {"type": "rule", "values": ["color-contrast"]}),
        ):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(300)  # colours fade over from the scheme before
            found = page.evaluate(
                "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then("
                "r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | ')))",
                rules,
            )
            assert found == [], f"{scheme} {page.url}"
        size = page.viewport_size
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"wider than 320 px: {page.url}"
        page.set_viewport_size(size)

    return check
