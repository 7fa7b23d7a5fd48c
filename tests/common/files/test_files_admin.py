"""Stored files in the administration, and that nothing else hands their bytes out."""

import re
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from portal.common.files import scanning, store
from portal.common.files.models import StoredFile
from portal.common.files.responses import as_attachment
from portal.common.files.uploads import check
from portal.common.models import AuditEvent, OutboxMessage
from tests.common.files import corpus
from tests.support import pages
from tests.support.documents import sent

LIST = "admin:files_storedfile_changelist"


@pytest.fixture(autouse=True)
def empty_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"


@pytest.fixture
def stored(world) -> StoredFile:
    upload = SimpleUploadedFile("Žofia’s proof.png", corpus.png())
    return store.keep(check(upload), by=world.producer, at=timezone.now())


def download_url(stored: StoredFile) -> str:
    return reverse("admin:files_storedfile_download", args=[stored.pk])


def change_url(stored: StoredFile) -> str:
    return reverse("admin:files_storedfile_change", args=[stored.pk])


def test_a_released_file_is_downloaded_and_that_is_written_down(world, sign_in, stored):
    client = sign_in(world.admin)
    assert download_url(stored) in client.get(change_url(stored)).content.decode()
    response = client.get(download_url(stored))
    assert response.getvalue() == corpus.png()
    event = AuditEvent.objects.get(action="file.downloaded")
    assert (event.actor_username, event.object_type, event.object_id) == ("carrieradmin", "storedfile", str(stored.pk))


def test_a_file_is_served_as_an_attachment_that_can_do_nothing(world, sign_in, stored):
    response = sign_in(world.admin).get(download_url(stored))
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "%C5%BDofia" in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert int(response["Content-Length"]) == len(corpus.png())
    response.close()


def test_bytes_that_were_changed_on_the_disk_are_not_handed_out(world, sign_in, stored):
    path = store.path_of(stored.key)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    page = sign_in(world.admin).get(download_url(stored), follow=True)
    assert "it was changed on the disk since it was stored" in page.content.decode()
    assert not AuditEvent.objects.filter(action="file.downloaded").exists()


def test_a_file_says_what_it_belongs_to_and_its_download_stands_in_the_history_of_that_too(world, sign_in):
    (document,) = sent(world.producer)
    client = sign_in(world.admin)
    page = pages.read(client.get(change_url(document.file)))
    belongs = page.one("a", href=reverse("admin:ecomm_documentsubmission_change", args=[document.pk]))
    assert belongs.text == f"document submission {document}"
    assert client.get(download_url(document.file)).getvalue()
    events = AuditEvent.objects.filter(action="file.downloaded").order_by("id")
    assert [(event.object_type, event.object_id, event.for_producer) for event in events] == [
        ("storedfile", str(document.file_id), ""),
        ("documentsubmission", str(document), world.producer.producer.npn),
    ]
    history = client.get(reverse("admin:ecomm_documentsubmission_history", args=[document.pk]), follow=True)
    assert "file.downloaded" in history.content.decode()


@pytest.mark.parametrize("state", ["PENDING", "INFECTED", "removed"])
@pytest.mark.sampled(1)
def test_an_unreleased_file_is_never_handed_out(world, sign_in, stored, state):
    if state == "removed":
        StoredFile.objects.update(removed_at=timezone.now())
    else:
        StoredFile.objects.update(scan=state, scanned_at=timezone.now() if state == "INFECTED" else None)
    client = sign_in(world.admin)
    page = client.get(change_url(stored)).content.decode()
    assert download_url(stored) not in page
    assert "Not released" in page
    assert client.get(download_url(stored)).status_code == 302
    assert not AuditEvent.objects.filter(action="file.downloaded").exists()
    with pytest.raises(store.NotReleased):
        as_attachment(StoredFile.objects.get())


def test_nobody_but_carrier_staff_gets_a_file(world, sign_in, stored, client):
    for user in (world.producer, world.delegate_with_service, world.outsider):
        assert sign_in(user).get(download_url(stored)).status_code in (302, 403, 404)
    assert client.get(download_url(stored)).status_code == 302
    assert sign_in(world.admin).get("/admin/files/storedfile/999999/download/").status_code == 404


@pytest.mark.long
def test_the_list_shows_the_states_and_takes_no_more_queries_with_more_rows(
    world, sign_in, stored, django_assert_max_num_queries
):
    for _ in range(5):
        store.keep(check(SimpleUploadedFile("a.png", corpus.png())), by=world.producer, at=timezone.now())
    client = sign_in(world.admin)
    with django_assert_max_num_queries(14):
        page = client.get(reverse(LIST), {"scan__exact": "NOT_SCANNED"}).content.decode()
    assert "Not scanned (no scanner is set up)" in page
    assert stored.key.hex not in page
    assert "Žofia" not in client.get(reverse(LIST), {"scan__exact": "PENDING"}).content.decode()


def test_a_waiting_file_says_why_it_waits_and_can_be_scanned_again(world, sign_in, settings):
    settings.UPLOADS_SCANNER = "clamd"
    waits = store.keep(check(SimpleUploadedFile("a.png", corpus.png())), by=None, at=timezone.now())
    OutboxMessage.objects.update(status=OutboxMessage.Status.DEAD, attempts=8, last_error="ScannerUnavailable")
    client = sign_in(world.admin)
    assert "tried 8 times, ScannerUnavailable" in client.get(change_url(waits)).content.decode()
    posted = {"action": "scan_again", "_selected_action": [waits.pk]}
    page = client.post(reverse(LIST), posted, follow=True).content.decode()
    assert "1 put in the queue of the scanner." in page
    assert OutboxMessage.objects.get(topic=store.SCAN_TOPIC).status == OutboxMessage.Status.PENDING
    assert AuditEvent.objects.filter(action="file.scan_retried", object_id=str(waits.pk)).exists()
    scanning.record_verdict(waits.pk, signature="", at=timezone.now())
    assert "Nothing was put in the queue" in client.post(reverse(LIST), posted, follow=True).content.decode()


@pytest.mark.parametrize(
    ("scanner", "scan", "offered"),
    [
        ("clamd", "PENDING", True),
        ("clamd", "NOT_SCANNED", True),
        ("clamd", "CLEAN", False),
        ("clamd", "INFECTED", False),
        ("", "NOT_SCANNED", False),
    ],
)
@pytest.mark.sampled(3)
def test_what_can_be_scanned_has_its_button_on_its_own_page(world, sign_in, settings, stored, scanner, scan, offered):
    settings.UPLOADS_SCANNER = scanner
    StoredFile.objects.update(scan=scan, scanned_at=timezone.now() if scan in ("CLEAN", "INFECTED") else None)
    buttons = pages.read(sign_in(world.admin).get(change_url(stored))).all("button", form="scan")
    assert [button.text for button in buttons] == ["Scan again"] * offered


# That nothing else serves them


@pytest.mark.long
def test_no_address_leads_to_the_store(world, sign_in, stored):
    path = store.path_of(stored.key)
    relative = path.relative_to(store.root())
    for client in (sign_in(world.producer), sign_in(world.admin)):
        for start in (
            "/",
            "/static/",
            "/media/",
            "/files/",
            "/uploads/",
            "/static/../uploads/",
            "/static/%2e%2e/uploads/",
        ):
            for name in (relative, stored.key.hex, stored.key, stored.pk, stored.name):
                assert client.get(f"{start}{name}").status_code in (301, 302, 404)


@pytest.mark.no_db
def test_the_store_lies_outside_of_everything_that_is_served():
    from portal.settings import base  # noqa: TID251 - what a deployment gets, not what tests set

    served = [Path(folder).resolve() for folder in (*conf.STATICFILES_DIRS, conf.STATIC_ROOT)]
    uploads = Path(base.UPLOADS_ROOT).resolve()
    assert not any(uploads.is_relative_to(folder) or folder.is_relative_to(uploads) for folder in served)


@pytest.mark.no_db
def test_every_file_the_portal_hands_out_is_an_attachment():
    """And the scanner alone opens what is not released."""
    for app in ("portal", "accounts", "clients", "enrollment", "ecomm", "reporting"):
        for source in (conf.BASE_DIR / app).rglob("*.py"):
            text = source.read_text()
            for made in re.finditer(r"(?<!> )(?<!import )\bFileResponse\(([^)]*\)?[^)]*)\)", text):
                assert "as_attachment=True" in made[1], source
            if "open_unreleased" in text:
                assert source.name in ("store.py", "scanning.py"), source
