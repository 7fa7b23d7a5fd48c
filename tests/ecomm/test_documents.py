"""Sending documents, taking them off a list, deciding about them: the services."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import DelegateGrant, User
from clients.models import Account
from ecomm.models import DocumentSubmission
from ecomm.rules.rejection_reasons import COMMON_REASONS, LONGEST_REASON, MALWARE
from ecomm.selectors import documents as selector
from ecomm.services import documents
from ecomm.services.documents import AlreadyDecided, NotForThisProducer, NotScannedYet
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.throttle import TooManyUploads, count_uploads
from portal.common.files.uploads import UploadRefused
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from tests.support.concurrency import at_once
from tests.support.documents import checked, document_type, sent

NOW = timezone.now()
Status = DocumentSubmission.Status


@pytest.fixture(autouse=True)
def uploads_apart(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


def stored_files(settings) -> int:
    return len([path for path in (settings.UPLOADS_ROOT / "files").rglob("*") if path.is_file()])


def actions() -> list[str]:
    return list(
        AuditEvent.objects.filter(object_type="documentsubmission").order_by("id").values_list("action", flat=True)
    )


# --- sending ---


@pytest.mark.feature("DOC_05")
def test_every_file_gets_a_tracking_number_of_its_own_and_they_increase(world, settings):
    first, second = sent(world.producer, names=("a.png", "b.pdf"))
    (third,) = sent(world.producer, names=("a.png",))
    assert first.tracking_number < second.tracking_number < third.tracking_number
    assert (first.file.name, second.file.name) == ("a.png", "b.pdf")
    assert first.status == Status.RECEIVED
    assert first.producer == world.producer.producer
    assert stored_files(settings) == 3


def test_sending_is_written_down_without_numbers_or_names(world):
    (document,) = sent(world.producer, account_number=world.account_number)
    event = AuditEvent.objects.get(action="document.submitted")
    assert event.for_producer == world.producer.producer.npn
    assert event.object_id == str(document.tracking_number)
    assert event.details == {"type": "other-documents", "linked": True}


@pytest.mark.feature("DOC_03")
def test_numbers_are_optional_and_kept_as_typed(world):
    (without,) = sent(world.producer)
    (unknown,) = sent(world.producer, account_number="999999", eapp_number="888888")
    assert (without.account_number, without.eapp_number, without.account) == ("", "", None)
    assert (unknown.account_number, unknown.eapp_number, unknown.account) == ("999999", "888888", None)


def test_numbers_link_the_senders_own_household_only(world):
    mine, foreign = world.policy, world.outsider_policy
    assert sent(world.producer, account_number=mine.account.number)[0].account == mine.account
    assert sent(world.producer, eapp_number=mine.eapp_number)[0].account == mine.account
    assert sent(world.principal, eapp_number=mine.eapp_number)[0].account == mine.account
    assert sent(world.producer, account_number=foreign.account.number)[0].account is None
    assert sent(world.producer, eapp_number=foreign.eapp_number)[0].account is None


def test_two_numbers_of_different_households_link_none(world):
    numbers = {"account_number": world.policy.account.number, "eapp_number": world.sibling_policy.eapp_number}
    assert sent(world.principal, **numbers)[0].account is None


def test_a_delegate_links_households_of_the_producer_sent_for(world):
    DelegateGrant.objects.create(
        producer=world.sibling.producer,
        delegate=world.delegate_with_service,
        scopes=["SERVICE"],
        first_day=timezone.localdate() - timedelta(days=1),
    )
    delegate = User.objects.get(pk=world.delegate_with_service.pk)
    number = world.policy.account.number
    assert sent(delegate, producer=world.producer.producer, account_number=number)[0].account == world.policy.account
    assert sent(delegate, producer=world.sibling.producer, account_number=number)[0].account is None


@pytest.mark.feature("HOM_14")
def test_nobody_sends_for_a_producer_they_do_not_work_for(world, settings):
    for person in (world.delegate, world.former_delegate, world.outsider, world.admin):
        with pytest.raises(NotForThisProducer):
            sent(person, producer=world.producer.producer)
    assert sent(world.delegate_with_service, producer=world.producer.producer)
    assert DocumentSubmission.objects.count() == stored_files(settings) == 1


def test_the_same_form_again_is_the_same_set_and_counts_once(world):
    first = sent(world.producer, names=("a.png", "b.pdf"), form_key="one-and-the-same-form")
    again = sent(world.producer, names=("a.png", "b.pdf"), form_key="one-and-the-same-form")
    assert first == again
    assert DocumentSubmission.objects.count() == 2
    assert actions() == ["document.submitted"] * 2


def test_the_same_form_with_another_file_or_of_another_person_is_another_set(world):
    key = "one-and-the-same-form"
    (first,) = sent(world.producer, names=("a.png",), form_key=key)
    (second,) = sent(world.producer, names=("b.png",), form_key=key)
    (third,) = sent(world.outsider, names=("a.png",), form_key=key)
    assert len({first.pk, second.pk, third.pk}) == 3


@pytest.mark.django_db(transaction=True)
def test_five_posts_at_the_same_moment_are_one(world, settings):
    kind, producer = document_type(), world.producer.producer

    def send() -> str:
        return documents.submit(
            files=[checked("a.png"), checked("b.png", shade=9)],
            document_type=kind,
            producer=producer,
            by=world.producer,
            at=NOW,
            form_key="one-and-the-same-form",
        )

    results = at_once(*[send] * 5)
    assert len(results) == 5
    assert len(set(results)) == 1
    assert isinstance(results[0], str)
    assert DocumentSubmission.objects.count() == stored_files(settings) == 2


def test_the_51st_file_within_an_hour_is_refused_and_nothing_of_its_form_is_kept(world, settings):
    started = timezone.now().replace(minute=1)
    count_uploads(world.producer, 48, started)
    sent(world.producer, names=("a.png", "b.png"), form_key="form-number-the-last", at=started)
    with pytest.raises(TooManyUploads):
        sent(world.producer, form_key="form-number-and-one-more", at=started)
    assert DocumentSubmission.objects.count() == stored_files(settings) == 2
    assert sent(world.producer, form_key="form-number-later", at=started + timedelta(hours=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["second file", "audit"])
def test_when_a_later_write_fails_nothing_is_kept(world, settings, monkeypatch, step):
    kept, keep = [], store.keep

    def fail(*args, **kwargs):
        if step == "second file" and not kept:
            kept.append(keep(*args, **kwargs))
            return kept[0]
        # F7: what the store says when the disk is full.
        raise UploadRefused("no_room")

    if step == "audit":
        monkeypatch.setattr("ecomm.services.documents._record", fail)
    else:
        monkeypatch.setattr(store, "keep", fail)
    with pytest.raises(UploadRefused):
        sent(world.producer, names=("a.png", "b.png"))
    kept.clear()
    assert not DocumentSubmission.objects.exists()
    assert not StoredFile.objects.exists()
    assert stored_files(settings) == 0
    monkeypatch.undo()
    settings.UPLOADS_ROOT.mkdir(exist_ok=True)
    assert sent(world.producer, names=("a.png", "b.png"))


# --- lists ---


@pytest.mark.feature("DOC_08")
def test_a_document_taken_off_a_list_stays_with_the_carrier_and_on_other_lists(world):
    (document,) = sent(world.producer)
    assert documents.take_off_list(documents=[document], by=world.producer) == 1
    assert documents.take_off_list(documents=[document], by=world.producer) == 0
    assert list(selector.history(world.producer)) == []
    assert list(selector.history(world.principal)) == [document]
    assert store.open_file(StoredFile.objects.get(pk=document.file_id)).read()
    assert documents.put_back(documents=[document], by=world.producer) == 1
    assert list(selector.history(world.producer)) == [document]
    assert actions() == ["document.submitted", "document.deleted", "document.restored"]


@pytest.mark.feature("DOC_06")
def test_documents_are_seen_by_those_who_may_write_for_the_producer(world):
    (document,) = sent(world.delegate_with_service, producer=world.producer.producer)
    people = {"producer", "principal", "sibling", "outsider", "delegate", "delegate_with_service", "admin"}
    seen = {who for who in people if document in selector.history(getattr(world, who))}
    assert seen == {"producer", "principal", "delegate_with_service"}


@pytest.mark.feature("HOM_14")
def test_a_revoked_delegate_sees_no_document_any_more(world):
    delegate = world.delegate_with_service
    (document,) = sent(delegate, producer=world.producer.producer)
    assert selector.sent_together(delegate, document.form_key[:40])
    DelegateGrant.objects.filter(delegate=delegate).update(revoked_at=NOW, revoked_by=world.producer)
    revoked = User.objects.get(pk=delegate.pk)
    assert not selector.history(revoked).exists()
    assert selector.sent_together(revoked, document.form_key[:40]) == []
    assert selector.named(revoked, [str(document.tracking_number)]) == []


def test_only_ones_own_numbers_name_a_document(world):
    (mine,), (foreign,) = sent(world.producer), sent(world.outsider)
    asked = [str(foreign.tracking_number), str(mine.tracking_number), "0", "x", "²", "9" * 40, "-1"]
    assert selector.named(world.producer, asked) == [mine]


def test_the_confirmation_is_the_senders_own(world):
    (document,) = sent(world.producer)
    key = document.form_key[:40]
    assert [line.tracking_number for line in selector.sent_together(world.producer, key)] == [document.tracking_number]
    assert selector.sent_together(world.principal, key) == []
    assert selector.sent_together(world.producer, "") == []


def test_a_household_shows_its_documents_newest_first(world):
    numbers = {"account_number": world.account_number}
    (older,) = sent(world.producer, at=NOW - timedelta(days=2), **numbers)
    (newer,) = sent(world.producer, at=NOW - timedelta(days=1), **numbers)
    (hidden,) = sent(world.producer, **numbers)
    documents.take_off_list(documents=[hidden], by=world.producer)
    documents.reject(document=older, reason="Not legible.", by=world.admin, at=NOW)
    account = Account.objects.get(number=world.account_number)
    lines = selector.for_account(world.producer, account)
    assert [line.tracking_number for line in lines] == [newer.tracking_number, older.tracking_number]
    assert (lines[1].status, lines[1].status_pill, lines[1].reason) == ("Rejected", "danger", "Not legible.")
    assert selector.for_account(world.delegate, account) == []


@pytest.mark.feature("DOC_04")
def test_the_types_of_the_screen_are_there_and_inactive_ones_are_not_offered(world):
    # Tests that commit empty the table afterwards; the migration fills it here too, and a second time changes nothing.
    for _ in range(2):
        import_module("ecomm.migrations.0003_document_types").add(apps, None)
    labels = [kind.label for kind in selector.choosable_types()]
    seen = ["New Business Application", "Add Dependents", "HIPAA Authorization Forms", "Other Documents"]
    assert set(seen) <= set(labels)
    kind = document_type("other-documents")
    kind.active = False
    kind.save()
    assert kind not in selector.choosable_types()


# --- deciding ---


@pytest.mark.feature("HOM_08")
def test_a_rejection_gives_its_reason_and_tells_the_sender_without_repeating_it(world):
    (document,) = sent(world.producer)
    documents.take_off_list(documents=[document], by=world.producer)
    documents.reject(document=document, reason="Page 2 of 3 is missing.", by=world.admin, at=NOW)
    document.refresh_from_db()
    assert (document.status, document.reason, document.decided_by) == (
        Status.REJECTED,
        "Page 2 of 3 is missing.",
        world.admin,
    )
    (notice,) = Notification.objects.all()
    assert notice.recipient == world.producer
    assert notice.title == f"Document {document.tracking_number} was rejected"
    assert notice.url == "/messages/documents/"
    assert "Page 2" not in notice.text
    assert document in selector.history(world.producer), "a rejected document is on the list again"


def test_an_accepted_document_is_told_in_the_portal(world):
    (document,) = sent(world.producer)
    documents.accept(document=document, by=world.admin, at=NOW)
    document.refresh_from_db()
    assert (document.status, document.decided_at) == (Status.ACCEPTED, NOW)
    (notice,) = Notification.objects.all()
    assert (notice.kind, notice.emailed_at) == ("document.accepted", None)


def test_what_a_former_delegate_sent_is_told_to_the_producer(world):
    delegate = world.delegate_with_service
    (document,) = sent(delegate, producer=world.producer.producer)
    DelegateGrant.objects.filter(delegate=delegate).update(revoked_at=NOW, revoked_by=world.producer)
    documents.reject(document=document, reason="Not legible.", by=world.admin, at=NOW)
    assert [notice.recipient for notice in Notification.objects.all()] == [world.producer]


def test_a_decided_document_stays_as_it_is_and_the_second_is_told(world):
    (document,) = sent(world.producer)
    documents.accept(document=document, by=world.admin, at=NOW)
    for act in (
        lambda: documents.accept(document=document, by=world.admin, at=NOW),
        lambda: documents.reject(document=document, reason="Late.", by=world.admin, at=NOW),
        lambda: documents.assign(document=document, to=world.admin, by=world.admin),
    ):
        with pytest.raises(AlreadyDecided, match=f"Document {document} was accepted by carrieradmin on "):
            act()
    document.refresh_from_db()
    assert document.status == Status.ACCEPTED
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_decisions_at_the_same_moment_one_counts(world):
    (document,) = sent(world.producer)
    results = at_once(
        lambda: documents.accept(document=document, by=world.admin, at=NOW),
        lambda: documents.reject(document=document, reason="No.", by=world.admin, at=NOW),
        lambda: documents.accept(document=document, by=world.admin, at=NOW),
    )
    assert sorted(type(result).__name__ for result in results) == [
        "AlreadyDecided",
        "AlreadyDecided",
        "DocumentSubmission",
    ]
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_its_notice_no_decision_is_kept(world, monkeypatch):
    (document,) = sent(world.producer)

    def fail(**_facts):
        raise RuntimeError

    monkeypatch.setattr(documents, "notify_all", fail)
    for act in (
        lambda: documents.accept(document=document, by=world.admin, at=NOW),
        lambda: documents.reject(document=document, reason="No.", by=world.admin, at=NOW),
    ):
        with pytest.raises(RuntimeError):
            act()
    document.refresh_from_db()
    assert (document.status, document.reason, document.decided_at) == (Status.RECEIVED, "", None)
    assert actions() == ["document.submitted"]


def test_what_waits_for_its_scan_cannot_be_accepted_but_rejected(world, settings):
    settings.UPLOADS_SCANNER = "clamd"
    (document,) = sent(world.producer)
    assert document.file.scan == StoredFile.Scan.PENDING
    with pytest.raises(NotScannedYet):
        documents.accept(document=document, by=world.admin, at=NOW)
    assert documents.reject(document=document, reason="Twice sent.", by=world.admin, at=NOW).status == Status.REJECTED


@pytest.mark.feature("HOM_08")
def test_malware_rejects_by_itself_and_tells_the_sender(world):
    (document,) = sent(world.producer)
    (other,) = sent(world.producer)
    StoredFile.objects.filter(pk=document.file_id).update(scan=StoredFile.Scan.INFECTED, scanned_at=NOW)
    stored = StoredFile.objects.get(pk=document.file_id)
    documents.reject_infected(stored)
    documents.reject_infected(stored)
    document.refresh_from_db()
    other.refresh_from_db()
    assert (document.status, document.reason, document.decided_by) == (Status.REJECTED, MALWARE, None)
    assert other.status == Status.RECEIVED
    assert [notice.kind for notice in Notification.objects.all()] == ["document.rejected"]
    with pytest.raises(AlreadyDecided, match="by the malware scan"):
        documents.accept(document=document, by=world.admin, at=NOW)


def test_the_find_of_the_scanner_reaches_the_document():
    from portal.common.files import scanning

    assert documents.reject_infected in scanning._receivers


def test_assigning_is_written_down_once(world):
    (document,) = sent(world.producer)
    assert documents.assign(document=document, to=world.admin, by=world.admin) is True
    assert documents.assign(document=document, to=world.admin, by=world.admin) is False
    assert actions() == ["document.submitted", "document.assigned"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": Status.ACCEPTED, "decided_at": NOW},
        {"status": Status.REJECTED, "decided_at": NOW},
        {"status": Status.REJECTED, "reason": "No."},
        {"status": Status.RECEIVED, "decided_at": NOW},
    ],
)
def test_the_database_refuses_half_a_decision(world, wrong):
    (document,) = sent(world.producer)
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentSubmission.objects.filter(pk=document.pk).update(**wrong)


@pytest.mark.no_db
def test_the_common_reasons_fit_with_words_of_ones_own():
    assert all(len(reason) < LONGEST_REASON / 2 for reason in (*COMMON_REASONS, MALWARE))
    assert connection.vendor == "postgresql"
