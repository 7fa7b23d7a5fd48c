"""What people type is sought afterwards in everything that a production portal writes (figure G7 of the security checks).

A producer signs in with a wrong password and a wrong code first, looks a client up by every private heading, saves an
application, orders an ID card, changes the password, and meets pages that fail because the database lost a column. Then
the numbers and words she typed are sought in the logs of every process, in all that Redis was ever sent, in the emails, in
every page that told of a fault, and in the rows of the database. Cards and bank accounts that are paid with are sought by
tests/browser/test_payment.py, beside a payment portal of its own.
"""

import base64
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from portal.embedded.location import locate
from portal.embedded.postgres import EmbeddedPostgres, remove_cluster
from tests.support.factories import PASSWORD
from tests.support.installation import HIDDEN, Answer, Browser, Installation, measured
from tests.support.ports import free_port
from tests.support.redis_server import Redis

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.drill, pytest.mark.timeout(600)]

WRONG_PASSWORD, NEW_PASSWORD, WRONG_CODE = "Quillwort#8841", "Larkspur%Vane73", "QUQUQU99"
MEMBER_SSN, APPLICANT_SSN, TYPED_SSN = "912-47-6038", "212-55-7127", "212-55-4482"
MEMBER_BORN, APPLICANT_BORN = "02/29/1948", "10/31/1957"
CARD, ACCOUNT = "4242424242424242", "000987650321"
SURNAME, APPLICANT, LOST = "Quetzalwing", "Xanthophyll", "Yttriumfield"
MAILBOX, PHONE, APPLICANT_PHONE = "quetzalwing@mailbox.example", "(406) 555-0171", "(406) 555-0183"
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
ACTION = re.compile(r'<form[^>]*\baction="(/[^"]*)"')
BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def ways_to_write(number: str) -> set[str]:
    """A number as it is typed, and without what people put between its digits."""
    return {number, re.sub(r"\D", "", number)} if re.search(r"\d{4}", number) else {number}


def day_in_every_order(typed: str) -> set[str]:
    month, day, year = typed.split("/")
    return {typed, f"{year}-{month}-{day}", f"{year}{month}{day}", f"{int(month)}/{int(day)}/{year}"}


SSNS = {way for ssn in (MEMBER_SSN, APPLICANT_SSN, TYPED_SSN) for way in ways_to_write(ssn)}
SECRETS = SSNS | {WRONG_PASSWORD, NEW_PASSWORD, PASSWORD, CARD, ACCOUNT}
PERSONAL = {SURNAME, APPLICANT, LOST, MAILBOX}
PERSONAL |= {way for typed in (MEMBER_BORN, APPLICANT_BORN) for way in day_in_every_order(typed)}
PERSONAL |= {way for phone in (PHONE, APPLICANT_PHONE) for way in ways_to_write(phone)}


def hits(texts: Iterable[tuple[str, str]], words: Iterable[str]) -> list[str]:
    words = sorted(words)
    return [
        f"{where}: {word}: ...{text[max(0, at - 90) : at + 60]!r}"
        for where, text in texts
        for word in words
        if (at := text.lower().find(word.lower())) >= 0
    ]


def unpacked(raw: bytes) -> str:
    """All the text of what Redis kept: tasks travel in base64."""
    inner = [base64.b64decode(run + b"=" * (-len(run) % 4)) for run in BASE64.findall(raw) if len(run) % 4 != 1]
    return "\n".join(part.decode("latin-1") for part in (raw, *inner))


class KeepingRedis(Redis):
    """It writes down every command that changes something, at once."""

    keeps = ("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")

    def everything(self) -> str:
        subprocess.run(["redis-cli", "-p", str(self.port), "save"], check=True, stdout=subprocess.DEVNULL)
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert any(path.name == "dump.rdb" for path in files)
        return unpacked(b"".join(path.read_bytes() for path in files))


class Person(Browser):
    """A browser that fills in the form in which a field stands; ``met``: every page that told of a fault."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.met: list[tuple[str, str]] = []

    def fill(self, path: str, fields: dict[str, str], *, has: str = "") -> Answer:
        """Send the page's form with the first of ``fields`` in it, or with the field ``has``."""
        page = self.get(path)
        assert page.status == 200, (path, page)
        wanted = f'name="{has or next(iter(fields))}"'
        form = next(form for form in FORM.findall(page.body) if wanted in form)
        sent = [(name, unescape(value)) for name, value in HIDDEN.findall(form) if name not in fields]
        body = urlencode([*sent, *fields.items()]).encode()
        address = next((found[1] for found in [ACTION.match(form)] if found), path)
        answer = self._ask("POST", address, body, {"Content-Type": "application/x-www-form-urlencoded"}, 0.0)
        self.note(answer, address)
        if found := answer.location.partition("?")[2]:
            self.note(self.get(f"{address}?{found}"), address)
        return answer

    def note(self, answer: Answer, address: str) -> None:
        if answer.status >= 400:
            self.met.append((f"page {answer.status} of {address}", answer.body))


@pytest.fixture
def redis() -> Iterator[KeepingRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="portal-redis-", dir="/tmp"))
    server = KeepingRedis(folder)
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def portal(redis: KeepingRedis) -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder / "postgres") as server:
        server.ensure_database("portal")
        made = Installation(folder, port=free_port(), redis_port=redis.port, LOG_LEVEL="DEBUG")
        made.prepare(1)
        yield made
        made.close()
    remove_cluster(folder / "postgres")
    shutil.rmtree(folder)


MEMBER = f"""
from clients.models import ContactPoint, Member
from datetime import date
month, day, year = map(int, "{MEMBER_BORN}".split("/"))
member = Member.objects.get(pk=%d)
member.ssn, member.last_name, member.date_of_birth = "{MEMBER_SSN}".replace("-", ""), "{SURNAME}", date(year, month, day)
member.save()
"""


def newest_code(portal: Installation, *, after: int) -> str:
    portal.wait_until(lambda: portal.ask("SELECT count(*) FROM common_mailboxentry")[0][0] > after, 60, what="the code")
    return portal.ask("SELECT code FROM common_mailboxentry WHERE code <> '' ORDER BY id DESC LIMIT 1")[0][0]


def sign_in(portal: Installation, person: Person, *, password: str) -> str:
    """By the form, with a wrong password and a wrong code before the right ones; the code that was right."""
    username = portal.people[0]["username"]
    assert person.fill("/accounts/login/", {"username": username, "password": WRONG_PASSWORD}).status == 200
    known = portal.ask("SELECT count(*) FROM common_mailboxentry")[0][0]
    assert person.fill("/accounts/login/", {"username": username, "password": password}).status == 302
    if 'name="method"' in person.get("/accounts/verify/").body:
        person.fill("/accounts/verify/", {"method": "email"})
    code = newest_code(portal, after=known)
    assert person.fill("/accounts/verify/", {"code": WRONG_CODE}).status == 200
    assert person.fill("/accounts/verify/", {"code": code}).status == 302
    assert person.get("/clients/").status == 200
    return code


def work(portal: Installation, person: Person) -> None:
    """A day's work in which every private thing is typed somewhere."""
    own = portal.people[0]
    for by, value in {"ssn4": MEMBER_SSN[-4:], "last_name": SURNAME, "account": own["account"]}.items():
        person.fill("/clients/", {"value": value, "by": by})
    found = person.fill("/clients/", {"advanced": "1", "last_name": SURNAME, "date_of_birth": MEMBER_BORN})
    assert SURNAME in person.get(found.location).body
    person.fill("/clients/", {"advanced": "1", "ssn_last4": TYPED_SSN, "phone": PHONE, "email": MAILBOX})
    person.fill("/clients/", {"q": TYPED_SSN})
    page = person.get(f"/clients/{own['account']}/")
    assert page.status == 200
    assert hits([("page", page.body)], SSNS) == []
    order = f"/clients/{own['account']}/id-cards/temporary/confirm/?policy={own['policy']}"
    assert person.fill(order, {"bundle": "PDF"}, has="form_key").status == 302
    assert person.fill("/clients/prospects/new/", prospect(SURNAME)).status == 302
    begun = person.fill("/enroll/applications/new/", {"number": own["number"]})
    assert begun.status == 302, begun
    step = begun.location.replace("general", "applicant")
    person.fill(
        step,
        {
            "personal-first_name": "Ximena",
            "personal-last_name": APPLICANT,
            "personal-date_of_birth": APPLICANT_BORN,
            "personal-ssn": APPLICANT_SSN,
            "contact-phone": APPLICANT_PHONE,
        },
    )
    assert (APPLICANT, True) in portal.ask("SELECT last_name, ssn <> '' FROM enrollment_applicant")
    # Numbers typed into the wrong place: the form says so, and they are kept nowhere.
    person.fill("/clients/prospects/new/", {"first_name": CARD, "last_name": "", "zip": TYPED_SSN, "phone": ACCOUNT})
    changed = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    person.fill("/accounts/profile/password/", {**changed, "new_password": WRONG_PASSWORD})
    assert person.fill("/accounts/profile/password/", changed).status == 302


def prospect(surname: str) -> dict[str, str]:
    street = {"address_1": "12 Elm St", "city": "Chicago", "us_state": "IL", "zip": "60601"}
    return {"first_name": "Quirin", "last_name": surname, "phone": PHONE, "email": MAILBOX, **street}


def meet_faults(portal: Installation, person: Person) -> None:
    """The database refuses what was typed, and repeats it: a constraint, a column that is gone, as after a wrong deployment."""
    number = portal.ask("SELECT record_number FROM enrollment_application")[0][0]
    portal.ask(f"ALTER TABLE enrollment_applicant ADD CONSTRAINT refused CHECK (last_name <> '{LOST}')")
    person.fill(f"/enroll/applications/{number}/applicant/", {"personal-last_name": LOST, "personal-ssn": TYPED_SSN})
    portal.ask("ALTER TABLE clients_prospect RENAME COLUMN phone TO gone")
    person.fill("/clients/prospects/new/", prospect(LOST))
    portal.ask("ALTER TABLE clients_policy RENAME COLUMN insured_date_of_birth TO gone")
    person.fill("/clients/", {"advanced": "1", "last_name": SURNAME, "date_of_birth": MEMBER_BORN})
    assert [where.split()[1] for where, _ in person.met].count("500") >= 3, person.met
    stranger = Person(portal.port)
    stranger.note(
        stranger._ask("POST", "/accounts/login/", urlencode({"password": PASSWORD}).encode(), {}, 0.0), "login"
    )
    assert person.met


def assert_nothing_private(portal: Installation, redis: KeepingRedis, person: Person, codes: set[str]) -> None:
    logs = [(f"{name}.log", portal.log(name)) for name in ("web", "worker", "beat")]
    logs.append(
        ("PostgreSQL's log", (locate(portal.folder / "postgres").data_dir / "server.log").read_text(errors="replace"))
    )
    assert '"POST /clients/ HTTP/1.1"' in logs[0][1], "the access log is among them"
    assert "Internal Server Error" in logs[0][1], "a fault is among them"
    assert "does not exist" in logs[3][1], "and what the database says of it"
    broker = [("redis", redis.everything())]
    assert "portal.common" in broker[0][1], "tasks went through this Redis"
    mails = [("email", str(row)) for row in portal.ask('SELECT "to", subject, body FROM common_mailboxentry')]
    assert mails
    never = SECRETS | PERSONAL | {WRONG_CODE}
    tables = [name for (name,) in portal.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = [(table, row) for table in tables for (row,) in portal.ask(f'SELECT one::text FROM "{table}" AS one')]  # noqa: S608 - names out of the catalog
    assert len(rows) > 100
    # Names and birth dates are what the database is for; codes stand in the mailbox, which takes the place of the mail server.
    found = {
        "logs and Redis": hits([*logs, *broker], never | codes),
        "emails and pages": hits([*mails, *person.met], never),
        "rows": hits(rows, SECRETS | {WRONG_CODE})
        + hits((row for row in rows if row[0] != "common_mailboxentry"), codes),
    }
    assert {place: lines for place, lines in found.items() if lines} == {}
    sizes = sum(len(text) for _, text in [*logs, *broker])
    measured(
        f"G7: {len(never)} words sought in {sizes:,} characters of logs and Redis, {len(mails)} emails, {len(rows)} rows"
    )


def test_nothing_private_is_in_logs_redis_emails_error_pages_nor_readable_in_rows(portal, redis):
    portal.start_web("--access-logfile", "-")
    portal.start_worker()
    portal.start_beat()
    person = Person(portal.port)
    portal.shell(MEMBER % portal.people[0]["member"])
    first = sign_in(portal, person, password=PASSWORD)
    work(portal, person)
    second = sign_in(portal, person, password=NEW_PASSWORD)  # a new password ends every session
    portal.wait_until(
        lambda: portal.ask("SELECT 1 FROM clients_idcardrequest WHERE state = 'READY'"), 120, what="the card"
    )
    meet_faults(portal, person)
    for name in ("beat", "worker", "web"):
        portal.stop(name)
    assert_nothing_private(portal, redis, person, {first, second})
