"""The carrier's queue of documents."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ecomm.models import DocumentSubmission, DocumentType
from ecomm.rules.rejection_reasons import COMMON_REASONS, LONGEST_REASON
from ecomm.services import documents
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from tests.support import pages
from tests.support.documents import image_bytes, sent
from tests.support.factories import UserFactory

NOW = timezone.now()
QUEUE = "/admin/ecomm/documentsubmission/"
Status = DocumentSubmission.Status


@pytest.fixture(autouse=True)
def uploads_apart(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


@pytest.fixture
def admin(world, sign_in):
    return sign_in(world.admin)


def listed(client, query: str = "") -> list[str]:
    page = pages.read(client.get(QUEUE + query))
    return (
        [row.one(class_="field-tracking_number").text for row in page.one("tbody").all("tr")]
        if page.all("tbody")
        else []
    )


def act(client, action: str, *rows: DocumentSubmission, query: str = "", **more):
    return client.post(
        QUEUE + query, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True
    )


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_the_queue_is_what_waits_the_oldest_first(world, admin):
    (newer,) = sent(world.producer, at=NOW - timedelta(hours=1))
    (older,) = sent(world.producer, at=NOW - timedelta(days=3))
    (done,) = sent(world.producer)
    documents.accept(document=done, by=world.admin, at=NOW)
    assert listed(admin) == [str(older), str(newer)]
    assert listed(admin, "?state=ACCEPTED") == [str(done)]
    assert listed(admin, "?state=all") == [str(older), str(newer), str(done)]
    assert "3\xa0days" in admin.get(QUEUE).content.decode()


def test_one_takes_a_document_on(world, admin):
    (mine,), (other,) = sent(world.producer), sent(world.producer)
    assert said(act(admin, "assign_to_me", mine)) == ["1 document assigned to you."]
    assert listed(admin, "?assigned=me") == [str(mine)]
    assert listed(admin, "?assigned=nobody") == [str(other)]


@pytest.mark.feature("DOC_07")
def test_staff_open_a_document_and_that_is_written_down(world, admin):
    (document,) = sent(world.producer)
    response = admin.get(f"{QUEUE}{document.pk}/open/")
    assert b"".join(response.streaming_content) == image_bytes()
    assert response["Content-Disposition"] == 'attachment; filename="form.png"'
    event = AuditEvent.objects.get(action="document.opened")
    assert (event.actor_username, event.object_id, event.for_producer) == (
        "carrieradmin",
        str(document),
        world.producer.producer.npn,
    )
    assert admin.get(f"{QUEUE}999999/open/").status_code == 404


@pytest.mark.feature("DOC_07")
def test_the_history_of_a_document_says_who_opened_and_decided(world, admin):
    (document,) = sent(world.producer)
    assert admin.get(f"{QUEUE}{document.pk}/open/").getvalue()
    act(admin, "accept", document)
    page = admin.get(f"{QUEUE}{document.pk}/history/", follow=True).content.decode()
    for action in ("document.submitted", "document.opened", "document.accepted"):
        assert action in page


@pytest.mark.feature("DOC_07")
def test_a_document_that_was_changed_on_the_disk_is_not_handed_out(world, admin):
    (document,) = sent(world.producer)
    path = store.path_of(document.file.key)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert "it was changed on the disk" in said(admin.get(f"{QUEUE}{document.pk}/open/", follow=True))[0]
    assert not AuditEvent.objects.filter(action="document.opened").exists()


@pytest.mark.feature("DOC_07")
@pytest.mark.parametrize("scan", [StoredFile.Scan.PENDING, StoredFile.Scan.INFECTED])
def test_nobody_opens_a_file_before_its_scan_or_with_malware(world, admin, scan):
    (document,) = sent(world.producer)
    StoredFile.objects.filter(pk=document.file_id).update(
        scan=scan, scanned_at=NOW if scan == StoredFile.Scan.INFECTED else None
    )
    response = admin.get(f"{QUEUE}{document.pk}/open/", follow=True)
    assert "cannot be opened" in said(response)[0]
    assert not AuditEvent.objects.filter(action="document.opened").exists()
    assert f"{document.pk}/open/" not in response.content.decode()


@pytest.mark.feature("DOC_07")
@pytest.mark.parametrize("who", ["producer", "principal", "delegate_with_service", "outsider"])
def test_nobody_else_opens_it(world, sign_in, who):
    (document,) = sent(world.producer)
    response = sign_in(getattr(world, who)).get(f"{QUEUE}{document.pk}/open/")
    assert response.status_code in (302, 403, 404)
    assert not AuditEvent.objects.filter(action="document.opened").exists()


def test_several_are_accepted_at_once(world, admin):
    rows = [sent(world.producer)[0] for _ in range(3)]
    assert said(act(admin, "accept", *rows)) == ["3 documents accepted."]
    assert set(DocumentSubmission.objects.values_list("status", flat=True)) == {Status.ACCEPTED}
    assert Notification.objects.filter(kind="document.accepted").count() == 3


@pytest.mark.feature("HOM_08")
def test_rejecting_asks_for_a_reason_first(world, admin):
    (document,) = sent(world.producer)
    asked = act(admin, "reject", document)
    assert str(document) in asked.content.decode()
    assert COMMON_REASONS[0] in asked.content.decode()
    for empty in ("", "   "):
        refused = act(admin, "reject", document, reason=empty)
        assert "Choose a common reason or say why" in refused.content.decode()
    too_long = act(admin, "reject", document, reason="x" * LONGEST_REASON, common=COMMON_REASONS[0])
    assert "at most 500 characters" in too_long.content.decode()
    document.refresh_from_db()
    assert document.status == Status.RECEIVED

    done = act(admin, "reject", document, reason="Page 2 is black.", common=COMMON_REASONS[0])
    assert said(done) == ["1 document rejected; the sender is told."]
    document.refresh_from_db()
    assert document.reason == f"{COMMON_REASONS[0]} Page 2 is black."
    assert Notification.objects.get().kind == "document.rejected"


@pytest.mark.parametrize("query", ["", "?assigned=nobody", "?state=all"])
@pytest.mark.sampled(1)
def test_the_second_of_two_staff_is_told_what_the_first_has_done(world, sign_in, admin, query):
    colleague = sign_in(UserFactory(username="colleague1", carrier_admin=True))
    (document,) = sent(world.producer)
    documents.assign(document=document, to=world.admin, by=world.admin)
    act(admin, "accept", document)
    for action, more in (("accept", {}), ("reject", {"reason": "No."}), ("assign_to_me", {})):
        (message,) = said(act(colleague, action, document, query=query, **more))
        assert message.startswith(f"Document {document} was accepted by carrieradmin on ")
    document.refresh_from_db()
    assert document.status == Status.ACCEPTED


def test_a_waiting_document_has_its_buttons_and_a_decided_one_is_read_only(world, admin):
    (document,) = sent(world.producer)
    url = reverse("admin:ecomm_documentsubmission_change", args=[document.pk])
    buttons = [button.text for button in pages.read(admin.get(url)).all("button", form="decide")]
    assert buttons == ["Accept", "Reject with a reason", "Assign to me"]
    documents.accept(document=document, by=world.admin, at=NOW)
    assert not pages.read(admin.get(url)).all("button", form="decide")
    admin.post(url, {"status": "RECEIVED", "reason": "x"})
    document.refresh_from_db()
    assert (document.status, document.reason) == (Status.ACCEPTED, "")


def test_documents_are_found_by_tracking_number_and_producer(world, admin):
    (mine,), (foreign,) = sent(world.producer), sent(world.outsider)
    assert listed(admin, f"?q={mine}") == [str(mine)]
    assert listed(admin, f"?q={world.outsider.producer.npn}") == [str(foreign)]
    for nothing in ("9" * 40, "Solberg"):
        assert listed(admin, f"?q={nothing}") == []


@pytest.mark.feature("DOC_04")
def test_staff_add_a_type_and_switch_one_off(world, admin):
    url = reverse("admin:ecomm_documenttype_add")
    admin.post(url, {"code": "proof-of-income", "label": "Proof of Income", "order": "15", "active": "on"})
    kind = DocumentType.objects.get(code="proof-of-income")
    change = reverse("admin:ecomm_documenttype_change", args=[kind.pk])
    admin.post(change, {"code": "another", "label": "Proof of Income", "order": "15"})
    kind.refresh_from_db()
    assert (kind.code, kind.active) == ("proof-of-income", False)
    sent(world.producer, document_type=kind)
    assert admin.post(reverse("admin:ecomm_documenttype_delete", args=[kind.pk]), {"post": "yes"}).status_code == 403
