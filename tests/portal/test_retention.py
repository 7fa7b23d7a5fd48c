"""What is kept for how long: each thing goes after its days and not before, and the operations guide lists all of it."""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import DelegateInvitation, EmailConfirmation, LoginAttempt, OneTimeCode, TrustedDevice
from accounts.services import retention as accounts_retention
from accounts.tasks import forget_what_ended
from clients.membersystem.x12 import folders
from clients.models import X12File
from clients.tasks import forget_x12_files
from enrollment.models import Applicant, Application
from enrollment.tasks import forget_drafts
from portal.common import outbox
from portal.common.dates import today_in
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.tasks import files_upkeep
from portal.common.messaging.send import send_email
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage, OutboxMessage
from portal.common.tasks import forget_done
from tests.support.applications import ready_application
from tests.support.factories import ApplicationFactory, DelegateInvitationFactory, stored_file

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)


@pytest.mark.no_db
def test_the_guide_has_a_row_for_every_setting_of_days_and_every_task_that_forgets():
    guide = (ROOT / "docs/operations.md").read_text()
    table = guide.split("### What is kept for how long")[1].split("###")[0]
    readme = (ROOT / "README.md").read_text()
    days = {name for name in dir(settings) if re.search(r"_KEEP(_READ|_UNREAD)?_DAYS$", name)}
    assert len(days) > 10
    assert {name for name in days if f"`{name}`" not in table} == set()
    assert {name for name in days if f"`{name}`" not in readme} == set()
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    forgetting = {task for task in tasks if "forget" in task or task == "files.upkeep"}
    assert {task for task in forgetting if f"`{task}`" not in table} == set()


def ended(days: int) -> dict:
    """Moments of something that ended so many days ago: one hour later and one hour earlier than the edge."""
    now = timezone.now()
    return {"young": now - days * DAY + timedelta(hours=1), "old": now - days * DAY - timedelta(hours=1)}


def test_codes_links_devices_and_attempts_go_after_their_days(world):
    user, now = world.producer, timezone.now()
    for age, at in ended(settings.CODES_KEEP_DAYS).items():
        OneTimeCode.objects.create(
            user=user, purpose="LOGIN", method="email", code_hash="x", bound_to=age, created_at=at, expires_at=at
        )
    for age, at in ended(settings.LINKS_KEEP_DAYS).items():
        EmailConfirmation.objects.create(user=user, token_hash=age, created_at=at, expires_at=at)
    for age, at in ended(settings.DEVICES_KEEP_DAYS).items():
        TrustedDevice.objects.create(user=user, token_hash=age, created_at=at, expires_at=at)
        TrustedDevice.objects.create(
            user=user, token_hash=f"{age} revoked", created_at=at, expires_at=now, revoked_at=at
        )
    for age, at in ended(settings.LOGIN_ATTEMPTS_KEEP_DAYS).items():
        LoginAttempt.objects.create(username=age, outcome="PASSWORD_WRONG", at=at)
    assert accounts_retention.forget(at=now) == 5
    assert OneTimeCode.objects.get().bound_to == "young"
    assert EmailConfirmation.objects.get().token_hash == "young"
    assert {one.token_hash for one in TrustedDevice.objects.all()} == {"young", "young revoked"}
    assert LoginAttempt.objects.get().username == "young"


def test_attempts_that_limits_are_counted_from_stay_whatever_the_setting(settings, world):
    settings.LOGIN_ATTEMPTS_KEEP_DAYS = 1
    LoginAttempt.objects.create(username="rita", outcome="CODE_WRONG", at=timezone.now() - 30 * DAY)
    assert accounts_retention.forget(at=timezone.now()) == 0


def test_an_accepted_invitation_stays_and_one_that_led_nowhere_goes(world):
    long_ago = timezone.now() - (settings.LINKS_KEEP_DAYS + 1) * DAY
    kept = DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)
    kept.expires_at, kept.accepted_at, kept.accepted_by = long_ago, long_ago, world.delegate
    kept.save()
    DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer, expires_at=long_ago)
    accounts_retention.forget(at=timezone.now())
    assert DelegateInvitation.objects.get() == kept


def test_sessions_of_people_who_never_signed_in_go_when_they_are_over():
    engine = import_module(settings.SESSION_ENGINE)
    for wait in (-1, 60):
        session = engine.SessionStore()
        session.set_expiry(timezone.now() + timedelta(seconds=wait))
        session.create()
    forget_what_ended()
    assert Session.objects.get().expire_date > timezone.now()


def test_work_that_is_done_and_messages_that_went_out_go_and_what_was_given_up_stays():
    for number in range(3):
        send_email(
            to=f"p{number}@example.com",
            kind="login_code",
            subject="x",
            context={"minutes": 1, "requested_at": timezone.now()},
            code="ABCD2345",
        )
    outbox.sweep()
    done, young, dead = OutboxMessage.objects.order_by("pk")
    sent = OutboundMessage.objects.order_by("pk")
    long_ago = timezone.now() - (settings.OUTBOX_KEEP_DAYS + 1) * DAY
    OutboxMessage.objects.filter(pk__in=[done.pk, dead.pk]).update(done_at=long_ago)
    OutboxMessage.objects.filter(pk=dead.pk).update(status="DEAD")
    OutboundMessage.objects.exclude(pk=sent[1].pk).update(created_at=long_ago)
    OutboundMessage.objects.filter(pk=sent[2].pk).update(state="QUEUED", sent_at=None)
    MailboxEntry.objects.filter(to="p0@example.com").update(sent_at=long_ago)
    forget_done()
    assert set(OutboxMessage.objects.all()) == {young, dead}
    assert {one.to for one in OutboundMessage.objects.all()} == {"p1@example.com", "p2@example.com"}
    assert MailboxEntry.objects.count() == 2


def test_a_draft_goes_with_all_that_was_typed_after_its_days_and_what_was_submitted_never(world):
    days = settings.DRAFTS_KEEP_DAYS
    today = today_in("IL")
    old = ready_application(world.number, world.producer)
    Application.objects.update(expires_on=today - (days + 2) * DAY)
    sent = ApplicationFactory(producer_number=world.number, record_number="A-0702", expires_on=today - (days + 2) * DAY)
    sent.submissions.create(
        number=1,
        form_key="once",
        submitted_at=timezone.now(),
        submitted_by=world.producer,
        effective_date=today,
        monthly_premium=300,
        answers="{}",
        answers_sha256="0" * 64,
    )
    ApplicationFactory(producer_number=world.number, record_number="A-0703", expires_on=today - (days - 2) * DAY)
    assert Applicant.objects.filter(application=old).exists()
    forget_drafts()
    assert {one.record_number for one in Application.objects.all()} == {"A-0702", "A-0703"}
    assert not Applicant.objects.filter(application_id=old.pk).exists()
    event = AuditEvent.objects.get(action="application.forgotten")
    assert (event.object_id, event.actor_id, event.for_producer) == ("A-0701", None, world.producer.producer.npn)


def test_the_bytes_of_malware_go_after_their_days_and_the_row_says_when(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.UPLOADS_ROOT = tmp_path
    for age, at in ended(settings.UPLOADS_QUARANTINE_KEEP_DAYS).items():
        row = stored_file(f"{age}.pdf")
        StoredFile.objects.filter(pk=row.pk).update(scan="INFECTED", scanned_at=at, stored_at=at)
        path = store.path_of(row.key, infected=True)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"bad")
    with django_capture_on_commit_callbacks(execute=True):
        files_upkeep()
    rows = {row.name: row for row in StoredFile.objects.all()}
    assert rows["old.pdf"].removed_at is not None
    assert not store.path_of(rows["old.pdf"].key, infected=True).exists()
    assert rows["young.pdf"].removed_at is None
    assert store.path_of(rows["young.pdf"].key, infected=True).exists()


def test_raw_834_files_go_after_their_days(settings, tmp_path):
    for name in ("X12_ARCHIVE_DIR", "X12_QUARANTINE_DIR", "X12_INBOUND_DIR", "X12_OUTBOUND_DIR"):
        setattr(settings, name, tmp_path / name)
    for age, at in ended(settings.X12_ARCHIVE_KEEP_DAYS).items():
        file = X12File.objects.create(
            direction="OUT", state="ACCEPTED", name=f"834_{age}.edi", size=3, happened_at=at, settled_at=at
        )
        folders.archive(file, b"ISA")
        file.save()
    for age, at in ended(settings.X12_QUARANTINE_KEEP_DAYS).items():
        file = X12File.objects.create(
            direction="IN", state="QUARANTINED", name=f"{age}.edi", size=3, happened_at=at, settled_at=at
        )
        folders.in_quarantine(file).parent.mkdir(exist_ok=True)
        folders.in_quarantine(file).write_bytes(b"odd")
    waiting = X12File.objects.create(
        direction="OUT", state="WAITING", name="834_9.edi", size=3, happened_at=timezone.now() - 9000 * DAY
    )
    forget_x12_files()
    archived = {file.name: file for file in X12File.objects.filter(state="ACCEPTED")}
    assert folders.content(archived["834_young.edi"]) == b"ISA"
    with pytest.raises(folders.NotHere, match="Nothing of this file was kept"):
        folders.content(archived["834_old.edi"])
    assert sum(path.is_file() for path in (tmp_path / "X12_ARCHIVE_DIR").rglob("*")) == 1
    assert X12File.objects.get(state="QUARANTINED").name == "young.edi"
    assert [path.name.split("-")[1] for path in (tmp_path / "X12_QUARANTINE_DIR").iterdir()] == ["young.edi"]
    assert X12File.objects.filter(pk=waiting.pk).exists()
    assert AuditEvent.objects.filter(action="x12_file.forgotten").count() == 1
