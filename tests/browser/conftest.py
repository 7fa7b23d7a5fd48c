"""A real Chromium against a real server, and the accessibility checker."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, WebError, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from accounts.models import User
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.support.factories import PASSWORD

# The first has no windows and menus to draw and takes half the time; the engine that lays out and runs a page is the same.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Colours that fade over from one scheme to the other would be judged half way. A sheet made by script, which the policy
# for content allows.
AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
# Contrast takes more time than all other rules together. It is the same where the marks, the style sheets, the width and what
# can be seen are the same, whatever a link leads to and whatever a hidden field holds.
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
FRAMES = """() => Object.fromEntries([".site-header", ".site-foot"].flatMap(selector => {
    const part = document.querySelector(selector);
    const marks = part?.outerHTML.replace(/ (href|value|id|for|aria-controls)="[^"]*"/g, "");
    const sheets = [...document.styleSheets].map(sheet => sheet.href);
    return part ? [[selector, [innerWidth, document.body.className, ...sheets, marks, part.innerText].join("\\n")]] : [];
}))"""
# Without preload: axe would copy imported style sheets into the page, which the content security policy refuses.
RUN_AXE = """([without, asked]) => axe.run(
    without.length ? { exclude: without.map(selector => [selector]) } : document,
    { ...asked, resultTypes: ["violations"], preload: false },
).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(" | ")))"""
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


class Windows:
    """Browser contexts for the whole run, one after another for many tests: opening a window costs more than most tests do.

    A test gets one with nothing in it: no cookie, nothing stored, no permission, no page of another test. The first page
    it opens is the window's own, with the process that goes with it. Some things a context or a page never forgets (a clock
    that was installed, a script for every page, a listener): a test that does them asks for one ``alone``.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.free: dict[str, list[BrowserContext]] = {}
        self.taken: list[tuple[str, BrowserContext]] = []
        self.viewports: dict[BrowserContext, ViewportSize] = {}
        self.own: dict[BrowserContext, tuple[Page, Callable[[], Page]]] = {}

    def take(self, *, alone: bool = False, **options: Any) -> BrowserContext:
        kind = "" if alone else repr(sorted(options.items()))
        free = self.free.setdefault(kind, [])
        if free:
            context = free.pop()
            # A late answer to the test before, such as a last save of its page, may have brought a cookie since.
            context.clear_cookies()
        else:
            context = self.browser.new_context(base_url=self.url, **options)
            context.set_default_timeout(30_000)
            if not alone:
                self.viewports[context] = options["viewport"]
                self.own[context] = (context.new_page(), context.new_page)  # a window lives as long as it has a page
        if not alone:
            page, new_page = self.own[context]
            waiting = iter([page])
            context.new_page = lambda: next(waiting, None) or new_page()
        self.taken.append((kind, context))
        return context

    def give_back(self) -> None:
        """Close what the test opened, and forget what it left behind."""
        for kind, context in self.taken:
            if not kind:
                context.close()
                continue
            own, _ = self.own[context]
            for page in context.pages:
                if page != own:
                    page.close()
            context.clear_cookies()
            context.clear_permissions()
            context.unroute_all()
            try:
                self.empty(own)
            except PlaywrightError:  # closed, or gone wrong with the test
                del self.own[context]
                context.close()
            else:
                self.free[kind].append(context)
        self.taken.clear()

    def empty(self, page: Page) -> None:
        """Leave for an answer in which nothing runs; of the portal, because any other would begin a process of its own."""
        page.unroute_all()
        page.goto(f"{self.url}/demo/mailbox/?format=json")
        page.evaluate("sessionStorage.clear()")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": "all"})
        devtools.detach()
        page.emulate_media(media="null", color_scheme="null")
        page.set_viewport_size(self.viewports[page.context])


@pytest.fixture(scope="session")
def windows(chromium: Browser, live_server) -> Windows:
    return Windows(chromium, live_server.url)


@pytest.fixture
def new_context(windows: Windows) -> Iterator[Callable[..., BrowserContext]]:
    """Gives browser contexts that fail the test on a script error or a refused (CSP) resource."""
    errors: list[str] = []
    watched: list[BrowserContext] = []

    def on_script_error(error: WebError) -> None:
        errors.append(str(error.error))

    def on_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def take(**options: Any) -> BrowserContext:
        context = windows.take(**{"viewport": DESKTOP, **options})
        context.on("weberror", on_script_error)
        context.on("console", on_message)
        watched.append(context)
        return context

    yield take
    windows.give_back()
    for context in watched:
        context.remove_listener("weberror", on_script_error)
        context.remove_listener("console", on_message)
    # A 4xx answer is reported by the browser as a console error too; those the tests cause on purpose.
    assert [error for error in errors if "the server responded with a status of 4" not in error] == []


@pytest.fixture
def page(new_context) -> Page:
    return new_context().new_page()


@pytest.fixture
def sign_in_as(page: Page, live_server) -> Callable[..., Page]:
    """Opens a page, home if none is named, of somebody who has signed in already: how is not what the test is about."""

    def sign_in(user: User, *, on: Page | None = None, at: str = "/") -> Page:
        where = on or page
        client = Client()
        client.force_login(user)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        where.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        where.goto(at)
        return where

    return sign_in


@pytest.fixture
def log_in_as(page: Page) -> Callable[..., Page]:
    """Goes through both steps as a person would, reading the code in the mailbox."""

    def log_in(user: User, *, on: Page | None = None) -> Page:
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

    return log_in


@pytest.fixture(scope="session")
def axe_source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture(scope="session")
def frames_judged() -> set[str]:
    """Headers and footers whose contrast is known to be enough: most pages of a section have the same."""
    return set()


@pytest.fixture
def assert_accessible(axe_source: str, frames_judged: set[str], request: pytest.FixtureRequest) -> Callable[..., None]:
    """Fails on any WCAG 2.2 A or AA violation, in light and in dark, and on a page wider than a 320 px window.

    Contrast takes as much work as all other rules and comes from the style sheets, which all pages share: every page is
    judged for it with --every-look (make test-long), else those for which a test asks.
    """
    every_look = request.config.getoption("every_look")

    def check(page: Page, *, contrast: bool = False) -> None:
        try:
            judge(page, contrast or every_look)
        except PlaywrightError as error:
            # The click before has only now left the page that was being judged.
            if "context was destroyed" not in str(error):
                raise
            page.wait_for_load_state()
            judge(page, contrast or every_look)

    def judge(page: Page, contrast: bool) -> None:
        page.wait_for_load_state()
        if page.evaluate("() => typeof axe") == "undefined":
            page.evaluate(axe_source)
            page.evaluate(AT_ONCE)
        frames = page.evaluate(FRAMES) if contrast else {}
        judged = [selector for selector, look in frames.items() if look in frames_judged]
        # The scheme changes colours and nothing else.
        for scheme, asked in (
            ("light", {"runOnly": {"type": "tag", "values": RULES}, "rules": {"color-contrast": {"enabled": False}}}),
            *([("light", CONTRAST), ("dark", CONTRAST)] if contrast else []),
        ):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(RUN_AXE, [judged if asked is CONTRAST else [], asked])
            assert found == [], f"{scheme} {page.url}"
        frames_judged.update(frames.values())
        size = page.viewport_size
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"wider than 320 px: {page.url}"
        page.set_viewport_size(size)

    return check
