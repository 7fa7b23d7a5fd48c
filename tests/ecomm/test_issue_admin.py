"""The carrier's queue of reports: open ones first, opened and downloaded on record, answered, sent again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ecomm.models import IssueReport
from ecomm.services.issues import Reported, report
from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage
from portal.common.staff_roles import StaffRole
from tests.support import pages
from tests.support.factories import IssueReportFactory, UserFactory
from tests.support.uploads import checked_png

LIST = "/admin/ecomm/issuereport/"
Status = IssueReport.Status


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


@pytest.fixture
def staff() -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def browser(staff, sign_in) -> Client:
    return sign_in(staff)


@pytest.fixture
def with_screenshot() -> IssueReport:
    return report(
        reported=Reported(
            email="office@harbor.example",
            description="It said: <b>no</b>.",
            steps="Pressed Submit.",
            client_name="Tanya Washington",
            agent="Rita Solberg",
            product="DSNP",
            us_state="NM",
            happened_at=timezone.now(),
            page="/clients/730000112/",
            record="730000112",
            browser="",
        ),
        screenshot=checked_png("screen.png"),
        form_key="a-key",
        by=UserFactory(),
        at=timezone.now(),
    )


def act(browser: Client, action: str, *rows: IssueReport, **fields: str):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return browser.post(LIST, data, follow=True)


def said(response) -> list[str]:
    return [line.text for line in pages.read(response).one("ul", class_="messagelist").all("li")]


def test_open_reports_come_first(browser):
    now = timezone.now()
    old = IssueReportFactory(reported_at=now - timedelta(days=3))
    closed = IssueReportFactory(closed=True)
    new = IssueReportFactory(reported_at=now)
    listed = [row.pk for row in browser.get(LIST).context["cl"].result_list]
    assert listed == [new.pk, old.pk, closed.pk]
    assert [row.pk for row in browser.get(LIST, {"work": "closed"}).context["cl"].result_list] == [closed.pk]
    assert len(browser.get(LIST, {"work": "open"}).context["cl"].result_list) == 2


@pytest.mark.parametrize("term", ["900123", "rsolberg7", "730000112"])
def test_a_report_is_found_by_its_number_its_reporter_and_its_record(browser, term):
    wanted = IssueReportFactory(
        number=900123, reported_by=UserFactory(username="rsolberg7"), record="730000112", reported_at=timezone.now()
    )
    IssueReportFactory()
    assert [row.pk for row in browser.get(LIST, {"q": term}).context["cl"].result_list] == [wanted.pk]


@pytest.mark.feature("ISS_01")
def test_a_report_is_read_in_the_guides_order_and_opening_it_is_audited(browser, staff, with_screenshot):
    page = browser.get(f"{LIST}{with_screenshot.pk}/change/")
    text = pages.read(page).text
    order = [
        "office@harbor.example",
        "It said: <b>no</b>.",
        "screen.png",
        "Pressed Submit.",
        "Tanya Washington",
        "DSNP",
    ]
    assert sorted(order, key=text.index) == order
    event = AuditEvent.objects.get(action="admin.viewed")
    assert (event.actor_id, event.object_id) == (staff.pk, str(with_screenshot.number))
    assert event.for_producer == with_screenshot.reported_by.producer.npn


def test_the_screenshot_is_a_download_on_record(browser, staff, with_screenshot):
    response = browser.get(f"{LIST}{with_screenshot.pk}/screenshot/")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    assert response["Content-Disposition"] == 'attachment; filename="screen.png"'
    event = AuditEvent.objects.get(action="issue.screenshot_opened")
    assert (event.actor_id, event.object_id) == (staff.pk, str(with_screenshot.number))


@pytest.mark.parametrize("scan", ["PENDING", "INFECTED"])
def test_a_screenshot_that_is_not_released_is_not_handed_out(browser, with_screenshot, scan):
    scanned_at = timezone.now() if scan == "INFECTED" else None
    StoredFile.objects.update(scan=scan, scanned_at=scanned_at)
    response = browser.get(f"{LIST}{with_screenshot.pk}/screenshot/", follow=True)
    assert "cannot be opened" in said(response)[0]
    assert f"{LIST}{with_screenshot.pk}/screenshot/" not in response.content.decode()
    assert not AuditEvent.objects.filter(action="issue.screenshot_opened").exists()


@pytest.mark.parametrize("who", ["producer", "delegate", "outsider"])
@pytest.mark.sampled(1)
def test_nobody_but_the_carrier_has_the_screenshot(world, sign_in, who, with_screenshot):
    address = f"{LIST}{with_screenshot.pk}/screenshot/"
    allowed = sign_in(world.admin).get(address)
    assert allowed.status_code == 200
    list(allowed.streaming_content)  # read to its end, the file is closed
    assert sign_in(getattr(world, who)).get(address).status_code in (302, 403)
    assert sign_in(with_screenshot.reported_by).get(address).status_code in (302, 403)


def test_staff_without_the_permission_neither_read_nor_act(sign_in, with_screenshot):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.CONTENT_EDITOR)
    browser = sign_in(clerk)
    assert browser.get(LIST).status_code == 403
    assert browser.get(f"{LIST}{with_screenshot.pk}/screenshot/").status_code == 403
    User.objects.filter(pk=clerk.pk).update(staff_role=StaffRole.AUDITOR)
    assert browser.get(f"{LIST}{with_screenshot.pk}/screenshot/").status_code == 403
    page = browser.get(f"{LIST}{with_screenshot.pk}/change/")
    assert b"Set in progress" not in page.content
    act(browser, "take_up", with_screenshot)
    with_screenshot.refresh_from_db()
    assert with_screenshot.status == Status.NEW


def test_several_are_set_in_progress_at_once(browser):
    rows = [IssueReportFactory(), IssueReportFactory(), IssueReportFactory(closed=True)]
    assert said(act(browser, "take_up", *rows)) == ["2 reports set in progress."]
    assert sorted(IssueReport.objects.values_list("status", flat=True)) == ["CLOSED", "IN_PROGRESS", "IN_PROGRESS"]


def test_closing_asks_for_the_answer_first(browser):
    row = IssueReportFactory()
    asked = act(browser, "answer", row)
    assert "Close with this answer" in asked.content.decode()
    assert "Say what became of it" in act(browser, "answer", row, answer=" ").content.decode()
    row.refresh_from_db()
    assert row.status == Status.NEW
    assert said(act(browser, "answer", row, answer="Repaired.")) == ["1 report closed; the answer can be read now."]
    row.refresh_from_db()
    assert (row.status, row.answer) == (Status.CLOSED, "Repaired.")
    assert said(act(browser, "answer", row, answer="Again.")) == [f"Report {row.number} is closed already."]


def test_the_page_offers_what_can_be_done_now(browser):
    def offered(row: IssueReport) -> list[str]:
        page = pages.read(browser.get(f"{LIST}{row.pk}/change/"))
        return [button.text for button in page.all("button", class_="tool-button")]

    row = IssueReportFactory()
    assert offered(row) == ["Set in progress", "Close with an answer", "Send to support again"]
    act(browser, "take_up", row)
    assert offered(row) == ["Close with an answer", "Send to support again"]
    act(browser, "answer", row, answer="Repaired.")
    assert offered(row) == ["Send to support again"]


def email_state(browser: Client, row: IssueReport) -> str:
    page = pages.read(browser.get(f"{LIST}{row.pk}/change/"))
    return page.one("div", class_="field-support_email").one("div", class_="readonly").text


def test_the_page_says_what_became_of_the_email_and_sends_it_again(browser, with_screenshot, settings, monkeypatch):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    assert email_state(browser, with_screenshot) == "Being sent"
    assert "still on its way" in said(act(browser, "send_again", with_screenshot))[0]
    with monkeypatch.context() as down:
        down.setattr("portal.common.messaging.delivery._send_email", lambda _message: 1 / 0)
        outbox.sweep()
    assert email_state(browser, with_screenshot) == "Could not be sent"
    assert said(act(browser, "send_again", with_screenshot)) == ["1 report on the way to the support mailbox."]
    outbox.sweep()
    assert email_state(browser, with_screenshot).startswith("Sent ")
    assert MailboxEntry.objects.filter(attachments=["screen.png"]).count() == 1
    assert OutboundMessage.objects.count() == 2


def test_reports_whose_email_could_not_be_sent_are_found_together(browser, with_screenshot, settings, monkeypatch):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    without = IssueReportFactory()
    monkeypatch.setattr("portal.common.messaging.delivery._send_email", lambda _message: 1 / 0)
    outbox.sweep()

    def numbers(state: str) -> list[str]:
        cells = pages.read(browser.get(LIST, {"email": state})).all(class_="field-number")
        return [cell.text for cell in cells]

    assert numbers("FAILED") == [str(with_screenshot.number)]
    assert numbers("none") == [str(without.number)]
    assert numbers("SENT") == []


def test_the_page_says_that_the_email_waits_for_the_scan(browser, with_screenshot):
    StoredFile.objects.update(scan="PENDING")
    assert email_state(browser, with_screenshot) == "Waits for the malware scan of the screenshot"


def test_the_list_asks_as_often_for_many_as_for_two(browser, django_assert_max_num_queries):
    IssueReportFactory.create_batch(8)
    with django_assert_max_num_queries(12):
        browser.get(LIST)
