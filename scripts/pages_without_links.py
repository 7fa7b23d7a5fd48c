"""The ways to pages that no link leads to: the way in, forms that were sent, questions before something is done, errors.

Each way begins in a window of its own. They register, order, change and send in the demo's data, and never twice the same.
"""

import json
import random
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections
from django.template.loader import render_to_string
from django.utils import timezone
from page_rules import Examiner
from playwright.sync_api import BrowserContext, Locator, Page, Route

PASSWORD = "Harbor#Kite58"  # noqa: S105 - the demo's public password
NEW_USERNAME = "tobywalker4"  # who registers on the way; reset the demo before a second run
PRODUCER, DELEGATE, OUTSIDER = "rsolberg7", "dkeller22", "outsider9"
STEPS = ("general", "applicant", "household", "plans", "coverage", "signatures")
TEXTS = ("proxy", "consumer-choice")
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)

STATE_BLOCK = {
    "company_name": "Harbor Benefits",
    "address_1": "123 Test St",
    "city": "Testville",
    "zip": "60601",
    "producer_number": "000998877",
    "phone": "(312) 555-0142",
    "email": "office@harbor.example",
}

# Addresses that answer something else than a page, with what they answer.
NOT_PAGES = {
    "accounts:code-delivery": "part of the page for the code",
    "accounts:hierarchy-branch": "part of My Hierarchy",
    "accounts:register-verify-email": "sends on",
    "accounts:session-state": "JSON",
    "clients:act": "sends on",
    "clients:act-by-eapp": "sends on",
    "clients:id-card-bundle": "file",
    "clients:id-card-file": "file",
    "clients:id-card-order-state": "part of the page of the order",
    "clients:prospects-export": "file",
    "clients:quick-search": "sends on",
    "content:resource-download": "file",
    "ecomm:question-file": "file",
    "enrollment:application-failed": "sends on",
    "enrollment:application-pdf": "file",
    "enrollment:application-payment-state": "part of the page of the application",
    "enrollment:application-proof": "file",
    "enrollment:application-proof-file": "file",
    "enrollment:application-state": "part of the page of the application",
    "enrollment:payment-return": "sends on",
    "enrollment:policy-payment-return": "sends on",
    "enrollment:proposal-file": "file",
    "enrollment:proposals-state": "part of the page of the proposal",
    "health": "JSON",
    "health-live": "JSON",
    "health-ready": "JSON",
    "metrics": "figures as text",
    "notifications:bell": "part of the header",
    "reporting:run-file": "file",
    "reporting:run-state": "part of the page of the run",
    "accounts:delegate-invitation": "sends on",
    "clients:id-cards-confirm": "sends on where nothing was chosen; its page answers the choice",
    "enrollment:application-continue": "sends on",
    "admin:jsi18n": "script",
    "admin:autocomplete": "JSON",
    "admin:view_on_site": "sends on",
    "admin:login": "sends on to the login page",
    "admin:logout": "ends the session",
    "admin:ecomm_documentsubmission_open": "sends on",
    "admin:files_storedfile_download": "file",
}

# Pages that the demo cannot show at will, and the journey that looks at them.
IN_BROWSER_TESTS = {
    "accounts:register-details": "the older style of registration, off in the demo: test_registration.py",
    "accounts:register-review": "the same",
    "accounts:register-submitted": "the same",
    "accounts:unlock": "the link that a locked person gets by email: test_recovery.py",
    "clients:pcp": "a household in an HMO plan: test_pcp.py",
    "clients:pcp-confirm": "a change that passed every rule: test_pcp.py",
    "enrollment:quote-enroll": "a second application for one quote: test_enrolling.py",
}


@dataclass
class Walk:
    """Somebody on a way, and the one who looks at each page of it."""

    context: BrowserContext
    examiner: Examiner
    url: str
    person: str = "nobody"

    def __post_init__(self) -> None:
        self.page = self.context.new_page()

    def sign_in(self, person: str) -> None:
        sign_in(self.page, self.url, person)
        self.person = person

    def open(self, address: str) -> None:
        self.page.goto(self.url + address)

    def look(self, label: str = "", page: Page | None = None) -> None:
        self.examiner.look(page or self.page, person=self.person, label=label)

    def at(self, address: str, label: str = "") -> None:
        self.open(address)
        self.look(label)

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def press(self, name: str) -> None:
        """Press the first such button of the page's own and wait for what it leads to."""
        self.page.wait_for_load_state("load")
        self.main.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
        self.page.wait_for_timeout(300)
        self.page.wait_for_load_state("networkidle")

    def find(self, text: str) -> None:
        """Search from the header."""
        self.page.wait_for_load_state("load")
        self.page.locator("#header-search").fill(text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def go(self, name: str) -> None:
        self.page.wait_for_load_state("load")
        self.main.get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state("networkidle")

    def first_link(self, pattern: str) -> str:
        """The first address on the page that the pattern matches, without the portal's own."""
        links = self.page.eval_on_selector_all("main a[href]", "links => links.map(link => link.getAttribute('href'))")
        return next(link for link in links if re.search(pattern, link))


def mailbox(url: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{url}/demo/mailbox/?format=json") as answer:  # noqa: S310 - the demo's own address
        return list(json.load(answer))


def newest_code(url: str, *, after: int = 0) -> str:
    """The newest code in the demo's mailbox, once there is a newer message than ``after`` messages."""
    for _ in range(50):
        entries = mailbox(url)
        if len(entries) > after:
            return next(entry["code"] for entry in entries if entry["code"])
        time.sleep(0.2)
    raise LookupError("no code came")


def give_password(page: Page, url: str, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log In").click()
    page.wait_for_load_state("load")


def give_code(page: Page, url: str) -> None:
    before = len(mailbox(url))
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    page.locator("[name=code]").fill(newest_code(url, after=before))
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{url}/")


def sign_in(page: Page, url: str, username: str) -> None:
    give_password(page, url, username)
    give_code(page, url)


def signing_in(walk: Walk) -> None:
    """Login, the ways to a code, the code, and what is said about wrong ones."""
    walk.at("/accounts/login/")
    give_password(walk.page, walk.url, OUTSIDER, "wrong#Word1")
    walk.look("wrong password")
    give_password(walk.page, walk.url, OUTSIDER)
    walk.look("how to get the code")
    walk.press("Send Code")
    walk.look("where to type the code")
    walk.page.locator("[name=code]").fill("WRONGONE")
    walk.press("Submit")
    walk.look("wrong code")
    for address in ("/accounts/register/confirm/no-such-link/", "/accounts/delegates/accept/no-such-link/"):
        walk.at(address, "a link that is over")
    for address in ("/contact/", "/legal/terms/", "/legal/privacy/", "/legal/typing-pattern/", "/demo/mailbox/"):
        walk.at(address)


def recovering(walk: Walk) -> None:
    """A forgotten username, a forgotten password, a locked login."""
    walk.at("/accounts/forgot-username/")
    walk.press("Send Email")
    walk.look("nothing entered")
    walk.page.locator("main input[type=email]").first.fill("harlan.voss@mail.example")
    walk.press("Send Email")
    walk.look("sent")
    walk.at("/accounts/forgot-password/")
    walk.press("Find Account")
    walk.look("nothing entered")
    walk.page.get_by_label("Username").fill("prairieagency")
    walk.press("Find Account")
    walk.look("how")
    walk.main.locator("input[type=radio]").first.check()
    before = len(mailbox(walk.url))
    walk.press("Send Code")
    walk.look("code")
    walk.page.get_by_role("textbox", name="Verification code").fill("WRONGONE")
    walk.press("Continue")
    walk.look("wrong code")
    walk.page.get_by_role("textbox", name="Verification code").fill(newest_code(walk.url, after=before))
    walk.press("Continue")
    walk.look("new password")
    walk.page.locator("#id_new_password").fill("cobalt")
    walk.page.get_by_label("Confirm New Password").fill("cobalt")
    walk.press("Update Password")
    walk.look("too weak a password")


def registering(walk: Walk) -> None:
    """From the terms to the first login: the keyboard typing pattern, its notice, My Information with it."""
    page = walk.page
    walk.at("/accounts/register/", "terms")
    walk.press("Accept")
    walk.look("step 1")
    walk.press("Continue")
    walk.look("nothing entered")
    page.get_by_label("Producer Number").first.fill("000413406")
    page.get_by_label("National Producer Number").fill("20418833")
    page.get_by_label("Zip Code").fill("60615")
    walk.press("Continue")
    walk.look("step 2")
    page.get_by_role("textbox", name="Username").fill("x")
    page.get_by_role("textbox", name="Password").fill("short")
    walk.press("Create Login")
    walk.look("too weak a password")
    page.get_by_role("textbox", name="Username").fill(NEW_USERNAME)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    before = len(mailbox(walk.url))
    walk.press("Create Login")
    walk.look("step 3")
    newest = ""
    for _ in range(50):
        entries = mailbox(walk.url)
        if len(entries) > before:
            newest = next(entry["body"] for entry in entries if "/register/confirm/" in entry["body"])
            break
        time.sleep(0.2)
    link = next(word for word in newest.split() if "/register/confirm/" in word)
    page.goto(link)
    walk.look("confirm")
    walk.press("Confirm Your Email Address")
    walk.look("confirmed")
    typing(walk)


def type_lines(page: Page) -> None:
    chance = random.Random()  # noqa: S311 - a rhythm is no secret
    sentence = page.locator("[data-sentence]").first.get_attribute("data-sentence") or ""
    for number in (1, 2, 3):
        page.get_by_label(f"Line {number} of 3").focus()
        for character in sentence:
            # As a hand does: a rhythm that is exact to the millisecond is refused as that of a machine.
            page.keyboard.press(character, delay=chance.uniform(55, 105))
            page.wait_for_timeout(chance.uniform(30, 110))
        page.keyboard.press("Enter")


def typing(walk: Walk) -> None:
    """The typing pattern of somebody who logs in for the first time."""
    page = walk.page
    give_password(page, walk.url, NEW_USERNAME)
    walk.person = NEW_USERNAME
    walk.look("first login")
    walk.press("Submit")
    walk.look("nothing typed")
    for attempt in range(4):
        type_lines(page)
        page.locator("#id_consent").check()
        walk.press("Submit")
        walk.look("after the typing" if attempt == 0 else f"typed again, {attempt}")
        if page.get_by_role("button", name="Send Code").count():
            break  # else a busy machine has paused in the middle of a line, or chance was too regular
    give_code(page, walk.url)
    walk.at("/accounts/my-information/", "typing pattern kept")
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("button", name="Logout").click()
    page.wait_for_url("**/login/**")
    walk.look("logged out")
    give_password(page, walk.url, NEW_USERNAME)
    page.get_by_label("Prompt me for personalized keyboard typing pattern").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Line 1 of 3").wait_for()
    walk.look("by typing")
    with page.expect_navigation(timeout=60_000):
        type_lines(page)  # the last Enter submits
    page.wait_for_load_state("networkidle")
    walk.look("after typing")


def answer_with(words: str) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        route.fulfill(body=words, content_type="text/html; charset=utf-8")

    return answer


def errors(walk: Walk) -> None:
    """What is shown when something cannot be shown."""
    walk.at("/nowhere/", "nobody")
    # Made without a request, a session or a database; shown under an address of the portal, with its style sheets.
    for name in ("400", "403_csrf", "500", "503"):
        words = render_to_string(f"{name}.html", {"portal_name": "Producer Portal", "support_phone": "1-800-555-0142"})
        walk.page.route(f"**/shown/{name}/", answer_with(words))
        walk.at(f"/shown/{name}/", f"{name}.html")
    walk.sign_in(DELEGATE)
    walk.at("/nowhere/", "404")
    walk.at("/accounts/hierarchy/", "403")
    walk.at("/clients/000000000/", "a client of nobody")
    walk.open("/clients/")
    walk.page.evaluate(SEARCH_TOO_OFTEN, cookie(walk, "csrftoken"))
    walk.find("Washington")
    walk.look("429")


# Nobody types as fast as the limit of searches a minute allows.
SEARCH_TOO_OFTEN = """async token => {
    const body = new URLSearchParams({ q: "Nobody" });
    const headers = { "X-CSRFToken": token };
    for (let round = 0; round < 8; round += 1) {
        await Promise.all(Array.from({ length: 20 }, () => fetch("/clients/quick/", { method: "POST", body, headers })));
    }
}"""


def cookie(walk: Walk, name: str) -> str:
    return next(str(one["value"]) for one in walk.context.cookies() if one["name"] == name)


def clients(walk: Walk) -> None:
    """Searches, prospects, ID cards, a change of contact information and of the PCP."""
    page = walk.page
    walk.sign_in(PRODUCER)
    walk.open("/clients/")
    walk.press("Submit")
    walk.look("nothing entered")
    walk.find("Nobody-of-that-name")
    walk.look("nobody found")
    walk.open("/clients/")
    walk.press("Grace Period")
    walk.look("results")
    client = walk.first_link(r"^/clients/\d+/")
    walk.at("/clients/prospects/new/")
    walk.press("Save Prospect")
    walk.look("nothing entered")
    walk.open("/clients/prospects/")
    walk.press("Show All")
    walk.look("all")
    prospect = walk.first_link(r"^/clients/prospects/\d+/")
    page.locator("tbody input[type=checkbox]").first.check()
    with page.context.expect_page() as opening:
        page.get_by_role("button", name="Print Selected Rows").click()
    opening.value.wait_for_load_state("load")
    walk.look("paper", opening.value)
    opening.value.close()
    walk.at(prospect)
    walk.at("/clients/prospects/deleted/")
    walk.at(client.partition("?")[0] + "id-cards/")
    for kind in ("temporary", "permanent"):
        walk.at(f"{client.partition('?')[0]}id-cards/{kind}/", kind)
    walk.press("Next")
    walk.look("nothing chosen or confirm")
    walk.open("/clients/")
    walk.press("Grace Period")
    walk.go("Select for ID Cards")
    walk.look("cards of a list")
    page.locator("tbody input[type=checkbox]").first.check()
    walk.press("Generate ID Cards")
    walk.look("which cards")
    if walk.main.get_by_role("button", name="Generate ID Cards").count():
        walk.press("Generate ID Cards")
        walk.look("ordered")
    walk.at(client.partition("?")[0] + "contact/")
    walk.press("Next")
    walk.look("nothing entered")
    walk.at(client.partition("?")[0] + "pcp/")
    walk.at("/clients/providers/")
    walk.press("Search")
    walk.look("results")


def enrolling(walk: Walk) -> None:
    """Quotes and every step of an application."""
    page = walk.page
    walk.sign_in(PRODUCER)
    walk.at("/enroll/quotes/new/")
    walk.press("View Plans")
    walk.look("nothing entered")
    walk.open("/enroll/quotes/")
    walk.look("list")
    quote = walk.first_link(r"^/enroll/quotes/\d+/$")
    for part in ("", "edit/", "review/", "compare/", "save/", "proposal/"):
        walk.at(quote + part, part)
    walk.at("/enroll/applications/new/")
    walk.press("Start New Application")
    walk.look("nothing entered")
    for tab in ("incomplete", "failed", "completed"):
        walk.at(f"/enroll/applications/?tab={tab}")
    walk.open("/enroll/applications/?tab=incomplete")
    family = page.locator(".grid-table tbody tr", has_text="Beaumont").locator("a").first.inner_text()
    begun = page.locator(".grid-table tbody tr", has_text="Ferris").locator("a").first.inner_text()
    for number in (family, begun):
        for step in STEPS:
            walk.at(f"/enroll/applications/{number}/{step}/", step)
    for number, step, name in ((begun, "general", "life-events"), (begun, "household", "dependents")):
        walk.at(f"/enroll/applications/{number}/{step}/{name}/new/", name)
        walk.press("Save")
        walk.look("nothing entered")
    walk.open(f"/enroll/applications/{family}/household/")
    walk.main.get_by_role("button", name=re.compile("^Edit ")).first.click()  # named for whose card it is
    page.wait_for_load_state("networkidle")
    walk.look("card")
    walk.at(page.url.removeprefix(walk.url).partition("#")[0] + "delete/", "question")
    walk.at(f"/enroll/applications/{family}/terms/")
    for kind in TEXTS:
        walk.at(f"/enroll/applications/{family}/texts/{kind}/", kind)
    walk.at(f"/enroll/applications/{family}/submit/")
    walk.at(f"/enroll/applications/{begun}/submit/", "something is missing")


def reports(walk: Walk) -> None:
    """Reports with rows and without, custom ones, files, the desk on paper."""
    page = walk.page
    walk.sign_in(PRODUCER)
    walk.open("/reports/new/")
    page.get_by_role("button", name="Submit").last.click()
    page.wait_for_load_state("networkidle")
    walk.look("nothing chosen")
    page.get_by_label("Policy Status", exact=True).select_option("Grace Period")
    page.get_by_role("button", name="Submit").last.click()
    page.wait_for_load_state("networkidle")
    walk.look("result")
    walk.go("Save as Custom Report")
    walk.look("save")
    walk.press("Save")
    walk.look("nothing entered")
    page.go_back()
    walk.at("/reports/saved/")
    walk.at("/reports/desk/sheet/")
    walk.at("/reports/desk/?why=snoozed")
    walk.open("/reports/desk/")
    walk.at(walk.first_link(r"^/reports/desk/(policy|application)/"))
    walk.press("Save")
    walk.look("nothing entered")


def messages(walk: Walk) -> None:
    """Documents, questions, issues, notifications."""
    page = walk.page
    walk.sign_in(PRODUCER)
    walk.at("/messages/documents/new/")
    walk.press("Submit")
    walk.look("nothing entered")
    page.get_by_label("Document Type").select_option(index=1)
    page.get_by_label("E-App Number").fill("0101000001")
    page.get_by_label("Location and Filename").set_input_files(
        [{"name": "letter.png", "mimeType": "image/png", "buffer": PICTURE}]
    )
    walk.press("Submit")
    page.wait_for_timeout(1000)
    walk.look("sent")
    walk.at("/messages/questions/new/")
    walk.press("Submit")
    walk.look("nothing entered")
    page.get_by_label("Subject").fill("Opening hours")
    page.get_by_role("textbox", name="Question").fill("Are you open on Friday?")
    walk.press("Submit")
    walk.look("submitted")
    walk.at("/messages/report-an-issue/")
    walk.press("Send Report")
    walk.look("nothing entered")
    walk.at("/messages/questions/deleted/")


def apart(work: Callable[[], Any]) -> None:
    """Do something in the demo's database; in a thread of its own, since Playwright's has a loop that Django minds."""

    def and_close() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(and_close).result()


@contextmanager
def mail_away() -> Iterator[None]:
    """An email that waits because the mail service did not answer, as the worker leaves it."""
    from portal.common import outbox
    from portal.common.delays import AWAY, SERVICES
    from portal.common.messaging.send import TOPIC
    from portal.common.models import OutboundMessage, OutboxMessage

    said = AWAY.format(service=SERVICES[OutboundMessage.Channel.EMAIL.value])
    row = OutboxMessage(
        topic=TOPIC,
        dedupe_key="check-pages:mail-away",
        attempts=1,
        not_before=timezone.now() + timedelta(hours=1),
        last_error=f"{outbox.NotYet.__name__}: {said}",
    )
    apart(row.save)
    try:
        yield
    finally:
        apart(row.delete)


def delays(walk: Walk) -> None:
    """What every page says while the mail service is away."""
    walk.sign_in(PRODUCER)
    notice = walk.main.get_by_text("Emails are delayed right now")
    with mail_away():
        for _ in range(20):  # a web process looks every few seconds (DELAYS_LOOK_SECONDS)
            walk.open("/")
            if notice.count():
                break
            time.sleep(2)
        notice.first.wait_for()
        walk.look("emails are delayed")


def account(walk: Walk) -> None:
    """What belongs to the person: profile, password, authenticator, devices, delegates, another state."""
    page = walk.page
    walk.sign_in(PRODUCER)
    walk.at("/accounts/profile/")
    page.locator("main form input[type=email]").first.fill("x")
    walk.press("Update Profile")
    walk.look("not an address")
    walk.at("/accounts/profile/updated/", "nothing updated")
    walk.at("/accounts/profile/password/")
    walk.press("Update Password")
    walk.look("nothing entered")
    walk.at("/accounts/delegates/invite/")
    walk.main.locator("form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    walk.look("nothing entered")
    walk.at("/accounts/register/state/")
    walk.press("Continue")
    walk.look("nothing entered")
    if walk.main.locator(".state-choice input[type=checkbox]").count():
        state = walk.main.locator(".state-choice input[type=checkbox]").first
        state.check()
        code = state.get_attribute("value")
        for name, value in STATE_BLOCK.items():
            page.locator(f"[name={code}-{name}]").fill(value)
        walk.press("Continue")
        walk.look("review")
        walk.press("Submit Registration")
        walk.look("submitted")
    walk.at("/accounts/devices/")
    walk.at("/accounts/my-information/")
    walk.go("Set Up Authenticator App")
    walk.look("who is it")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    walk.press("Continue")
    walk.look("before")
    walk.press("Set Up")
    walk.look("set up")


WAYS: dict[str, Callable[[Walk], None]] = {
    way.__name__: way
    for way in (signing_in, recovering, registering, errors, clients, enrolling, reports, messages, delays, account)
}
