"""Reporting an issue and answering it: the service and what support is sent."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from ecomm.models import IssueReport
from ecomm.services import issues
from ecomm.services.issues import AlreadyClosed, CannotSendAgain, Reported
from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.files.uploads import UploadRefused
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage, OutboxMessage
from portal.common.notifications.models import Notification
from portal.common.throttle import TooOften
from tests.support.concurrency import at_once
from tests.support.factories import IssueReportFactory, UserFactory
from tests.support.signing_in import kept_rows
from tests.support.uploads import checked_png

Status, Scan = IssueReport.Status, StoredFile.Scan
NOON = timezone.now().replace(minute=10)
SUPPORT = "support@carrier.example"


@pytest.fixture(autouse=True)
def own_store_and_mailbox(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""
    settings.SUPPORT_EMAIL = SUPPORT


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7")


@pytest.fixture
def staff() -> User:
    return UserFactory(carrier_admin=True)


def reported(**changes) -> Reported:
    told = {
        "email": "office@harbor.example",
        "description": "Client Search said: Something went wrong on our side.",
        "steps": "Typed the account number, pressed Submit.",
        "client_name": "Tanya Washington",
        "agent": "Rita Solberg / 100000001",
        "product": "ACA_DENTAL",
        "us_state": "IL",
        "happened_at": NOON - timedelta(minutes=5),
        "page": "/clients/730000112/",
        "record": "730000112",
        "browser": "Mozilla/5.0 (test)",
    }
    return Reported(**{**told, **changes})


def report(by: User, *, screenshot: bool = False, key: str = "a-key", at: datetime = NOON, **changes) -> IssueReport:
    return issues.report(
        reported=reported(**changes),
        screenshot=checked_png("screen.png") if screenshot else None,
        form_key=key,
        by=by,
        at=at,
    )


def mail_to(address: str) -> MailboxEntry:
    outbox.sweep()
    return MailboxEntry.objects.filter(to=address).latest("id")


def work_on_the_email(**changes) -> OutboxMessage:
    OutboxMessage.objects.filter(topic="common.message.deliver").update(**changes)
    return OutboxMessage.objects.filter(topic="common.message.deliver").latest("id")


# Reporting


@pytest.mark.feature("ISS_01")
def test_a_report_is_kept_with_a_number_and_goes_to_the_support_mailbox_with_its_screenshot(rita):
    row = report(rita, screenshot=True)
    row.refresh_from_db()
    assert row.number > 1000
    assert (row.reported_by, row.status, row.reported_at) == (rita, Status.NEW, NOON)
    email = mail_to(SUPPORT)
    assert email.attachments == ["screen.png"]
    assert email.subject == f"Issue {row.number}: ACA Dental, IL"
    for said in (
        str(row.number),
        "office@harbor.example",
        "Client Search said: Something went wrong on our side.",
        "screen.png",
        "Typed the account number, pressed Submit.",
        "Client/Contact name: Tanya Washington",
        "Agent name/Producer ID: Rita Solberg / 100000001",
        "Product type: ACA Dental",
        "State: Illinois",
        "Date/time issue was observed: ",
        "Page: /clients/730000112/",
        "Record: 730000112",
        f"/admin/ecomm/issuereport/{row.pk}/change/",
    ):
        assert said in email.body


def test_a_real_mail_server_is_handed_the_picture_itself(rita, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    report(rita, screenshot=True)
    outbox.sweep()
    (attached,) = mail.outbox[0].attachments
    assert (attached.filename, attached.mimetype) == ("screen.png", "image/png")
    assert attached.content.startswith(b"\x89PNG")


def test_what_was_written_is_encrypted_wherever_it_is_kept(rita):
    report(rita, screenshot=True)
    for text in ("Tanya", "Something went wrong", "pressed Submit"):
        assert kept_rows(text) == set()


def test_the_subject_names_no_client_and_the_audit_trail_no_value(rita):
    row = report(rita, screenshot=True)
    assert "Tanya" not in mail_to(SUPPORT).subject
    event = AuditEvent.objects.get(action="issue.reported")
    assert (event.actor_id, event.object_type, event.object_id) == (rita.pk, "issuereport", str(row.number))
    assert event.details == {"product": "ACA_DENTAL", "state": "IL", "screenshot": True}


def test_numbers_increase(rita):
    assert report(rita, key="one").number < report(rita, key="two").number


def test_the_same_form_sent_again_is_the_same_report(rita):
    first, second = report(rita, screenshot=True), report(rita, screenshot=True)
    assert first == second
    assert IssueReport.objects.count() == StoredFile.objects.count() == OutboundMessage.objects.count() == 1


def test_the_key_of_somebody_elses_form_leads_to_nobody_elses_report(rita):
    assert report(rita).number != report(UserFactory()).number


@pytest.mark.django_db(transaction=True)
def test_five_clicks_at_once_make_one_report(rita):
    rows = at_once(*[lambda: report(rita, screenshot=True)] * 5)
    assert {getattr(row, "pk", row) for row in rows} == {IssueReport.objects.get().pk}
    assert OutboundMessage.objects.count() == StoredFile.objects.count() == 1


def test_more_than_twenty_reports_an_hour_are_too_many(rita):
    for number in range(20):
        report(rita, key=str(number))
    with pytest.raises(TooOften):
        report(rita, key="one more")
    assert report(rita, key="19").pk  # the same form again is no new report
    assert IssueReport.objects.count() == 20
    assert report(UserFactory(), key="somebody else").pk
    assert report(rita, key="later", at=NOON + timedelta(hours=1)).pk


def stored_bytes(settings) -> int:
    return len([path for path in (settings.UPLOADS_ROOT / "files").rglob("*") if path.is_file()])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["ecomm.services.issues.send_email", "portal.common.audit.record"])
def test_when_a_later_write_fails_nothing_is_kept(rita, settings, monkeypatch, broken):
    def fails(*_args, **_kwargs):
        raise RuntimeError("no email, no report")

    monkeypatch.setattr(broken, fails)
    with pytest.raises(RuntimeError):
        report(rita, screenshot=True)
    assert not IssueReport.objects.exists()
    assert not StoredFile.objects.exists()
    assert not OutboundMessage.objects.exists()
    assert stored_bytes(settings) == 0


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_keeps_no_report_without_its_screenshot(rita, monkeypatch):
    def full(*_args, **_kwargs):
        raise UploadRefused("no_room")

    monkeypatch.setattr("portal.common.files.store.keep", full)
    with pytest.raises(UploadRefused):
        report(rita, screenshot=True)
    assert not IssueReport.objects.exists()


# What the carrier lets stand in its email


def test_the_report_can_be_left_out_of_the_email(rita, settings):
    settings.ISSUE_EMAIL_INCLUDES_REPORT = settings.ISSUE_EMAIL_ATTACHES_SCREENSHOT = False
    row = report(rita, screenshot=True)
    email = mail_to(SUPPORT)
    assert email.attachments == []
    for hidden in ("Tanya", "Something went wrong", "pressed Submit", "730000112", "office@harbor", "Mozilla"):
        assert hidden not in email.body
    assert f"Report number: {row.number}" in email.body
    assert "Full screen screenshot: In the carrier administration." in email.body


def test_without_a_screenshot_the_email_says_so_and_waits_for_nothing(rita):
    report(rita)
    email = mail_to(SUPPORT)
    assert (email.attachments, "Full screen screenshot: None was sent." in email.body) == ([], True)


def test_a_portal_without_a_support_mailbox_keeps_the_report_all_the_same(rita, staff, settings):
    settings.SUPPORT_EMAIL = ""
    row = report(rita)
    assert row.support_message is None
    with pytest.raises(CannotSendAgain, match="No support mailbox"):
        issues.send_again(report=row, by=staff)


# The malware scan


@pytest.fixture
def waiting(rita, settings) -> IssueReport:
    """A report whose screenshot has not been scanned, with the scanner down."""
    settings.UPLOADS_SCANNER = "clamd"
    row = report(rita, screenshot=True)
    OutboxMessage.objects.filter(topic="files.scan").update(not_before=timezone.now() + timedelta(days=1))
    return row


def scanned(row: IssueReport, scan: str) -> None:
    StoredFile.objects.filter(pk=row.screenshot_id).update(scan=scan, scanned_at=timezone.now())


def test_the_email_waits_for_the_scan_however_long_it_takes(waiting, settings):
    settings.OUTBOX_MAX_ATTEMPTS = 2
    for _ in range(5):
        outbox.sweep()
        assert not MailboxEntry.objects.exists()
        owed = work_on_the_email(not_before=timezone.now())
        assert (owed.status, owed.attempts) == (OutboxMessage.Status.PENDING, 0)
    assert owed.last_error == "NotYet: Waits for the malware scan of the attachment."
    scanned(waiting, Scan.CLEAN)
    assert mail_to(SUPPORT).attachments == ["screen.png"]


def test_a_screenshot_with_malware_stays_behind_and_the_email_says_so(waiting, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    scanned(waiting, Scan.INFECTED)
    outbox.sweep()
    (sent,) = mail.outbox
    assert sent.attachments == []
    note = "The attached file is left out: it did not pass the malware scan. File: screen.png"
    assert sent.body.startswith(note)
    assert f"<p>{note}</p>" in sent.alternatives[0].content
    assert "Something went wrong" in sent.body


# Mail that is down, and sending again


def test_mail_that_is_down_loses_no_report_and_it_is_sent_again_whole(rita, staff, settings, monkeypatch):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    row = report(rita, screenshot=True)
    with monkeypatch.context() as down:
        down.setattr("portal.common.messaging.delivery._send_email", lambda _message: 1 / 0)
        outbox.sweep()
    row.refresh_from_db()
    assert row.support_message is not None
    assert (row.support_message.state, row.support_message.body_text) == (OutboundMessage.State.FAILED, "")
    issues.send_again(report=row, by=staff)
    email = mail_to(SUPPORT)
    assert email.attachments == ["screen.png"]
    assert "Something went wrong on our side." in email.body
    row.refresh_from_db()
    assert row.support_message.state == OutboundMessage.State.SENT
    assert AuditEvent.objects.filter(action="issue.sent_again", actor_id=staff.pk).count() == 1


def test_an_email_on_its_way_is_not_sent_again(rita, staff):
    row = report(rita)
    with pytest.raises(CannotSendAgain, match="still on its way"):
        issues.send_again(report=row, by=staff)
    assert OutboundMessage.objects.count() == 1


# Working on it


def test_taking_up_is_said_once(rita, staff):
    row = report(rita)
    assert issues.take_up(report=row, by=staff) is True
    assert issues.take_up(report=row, by=staff) is False
    row.refresh_from_db()
    assert row.status == Status.IN_PROGRESS
    assert AuditEvent.objects.filter(action="issue.in_progress").count() == 1


@pytest.mark.feature("ISS_01")
def test_an_answer_closes_the_report_and_the_reporter_is_told_without_repeating_it(rita, staff):
    row = report(rita)
    issues.close(report=row, answer="Tanya Washington can be found again.", by=staff, at=NOON)
    row.refresh_from_db()
    assert (row.status, row.closed_at, row.closed_by) == (Status.CLOSED, NOON, staff)
    notice = Notification.objects.get(recipient=rita)
    assert (notice.kind, notice.url) == ("issue.answered", f"/messages/report-an-issue/{row.number}/")
    email = mail_to("office@harbor.example")
    assert f"/messages/report-an-issue/{row.number}/" in email.body
    for told in (email.body, email.subject, notice.title, notice.text):
        assert "Tanya" not in told
        assert "found again" not in told
    event = AuditEvent.objects.get(action="issue.closed")
    assert (event.actor_id, event.details) == (staff.pk, {})


def test_a_closed_report_is_not_closed_again(rita, staff):
    row = report(rita)
    issues.close(report=row, answer="Repaired.", by=staff, at=NOON)
    with pytest.raises(AlreadyClosed):
        issues.close(report=row, answer="Repaired twice.", by=staff, at=NOON)
    assert issues.take_up(report=row, by=staff) is False
    row.refresh_from_db()
    assert (row.status, row.answer) == (Status.CLOSED, "Repaired.")


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_cannot_be_told_closes_nothing(rita, staff, monkeypatch):
    row = report(rita)

    def fails(*_args, **_kwargs):
        raise RuntimeError("no email, no answer")

    monkeypatch.setattr("ecomm.services.issues.send_email", fails)
    with pytest.raises(RuntimeError):
        issues.close(report=row, answer="Repaired.", by=staff, at=NOON)
    row.refresh_from_db()
    assert (row.status, row.answer) == (Status.NEW, "")
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_once_give_one_answer(rita, staff):
    row = report(rita)
    said = at_once(
        *[
            lambda answer=answer: issues.close(report=row, answer=answer, by=staff, at=NOON)
            for answer in ("First.", "Second.")
        ]
    )
    assert sorted(type(one).__name__ for one in said) == ["AlreadyClosed", "NoneType"]
    assert OutboundMessage.objects.filter(kind="issue_answered").count() == 1


def test_people_see_their_own_reports_only(rita):
    mine, theirs = IssueReportFactory(reported_by=rita), IssueReportFactory()
    assert list(IssueReport.objects.for_user(rita)) == [mine]
    assert list(IssueReport.objects.for_user(theirs.reported_by)) == [theirs]
