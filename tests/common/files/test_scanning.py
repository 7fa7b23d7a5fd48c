"""The malware scan against a scanner that works, finds, fails, hangs and lies (figure E4)."""

import hashlib
import socket
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.common import outbox
from portal.common.files import scanning, store
from portal.common.files.models import StoredFile
from portal.common.files.uploads import CheckedFile
from portal.common.models import AuditEvent, OutboxMessage
from tests.common.files import corpus
from tests.common.files.fake_clamd import FakeClamd


@pytest.fixture(autouse=True)
def set_up(settings, tmp_path, monkeypatch):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = "clamd"
    settings.CLAMD_HOST = "127.0.0.1"
    settings.CLAMD_TIMEOUT_SECONDS = 0.5
    monkeypatch.setattr(scanning, "_rests_until", 0.0)
    monkeypatch.setattr(scanning, "_receivers", [])


def waiting(data: bytes) -> StoredFile:
    """A file that is kept and waits for its scan; malware in it is of the kind that passes every other check."""
    upload = SimpleUploadedFile("a.jpg", data)
    digest = hashlib.sha256(data).hexdigest()
    checked = CheckedFile(name="a.jpg", content_type="image/jpeg", size=len(data), sha256=digest, upload=upload)
    return store.keep(checked, by=None, at=timezone.now())


def sweep(settings, mode: str | bytes = "scan", *, now=None) -> FakeClamd:
    with FakeClamd(mode) as scanner:
        settings.CLAMD_PORT = scanner.port
        outbox.sweep(now=now)
    return scanner


def test_a_clean_file_is_released_after_its_scan(settings):
    data = corpus.filled_to(corpus.jpeg(), 300_000)
    stored = waiting(data)
    scanner = sweep(settings)
    assert scanner.received == [data]  # decrypted on its way
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.CLEAN
    assert stored.scanned_at
    with store.open_file(stored) as source:
        assert source.read() == data


@pytest.mark.parametrize(
    "data",
    [
        corpus.EICAR,
        corpus.jpeg_with_comment(corpus.EICAR),
        corpus.into_png(corpus.png_chunk(b"tEXt", b"Comment\0" + corpus.EICAR)),
        corpus.pdf().replace(b"\n", b"\n%" + corpus.EICAR + b"\n", 1),
    ],
    ids=["bare", "in a JPG", "in a PNG", "in a PDF"],
)
def test_malware_is_kept_apart_and_never_opened(settings, data, django_capture_on_commit_callbacks):
    told = []
    scanning.when_infected(told.append)
    scanning.when_infected(told.append)
    stored = waiting(data)
    with django_capture_on_commit_callbacks(execute=True):
        sweep(settings)
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.INFECTED
    assert stored.signature == "Eicar-Test-Signature"
    assert told == [stored]
    event = AuditEvent.objects.get(action="file.infected")
    assert event.object_id == str(stored.pk)
    assert event.details == {"signature": "Eicar-Test-Signature"}
    assert not store.path_of(stored.key).exists()
    assert store.path_of(stored.key, infected=True).exists()
    with pytest.raises(store.NotReleased):
        store.open_file(stored)


@pytest.mark.parametrize(
    "mode",
    [
        "hang",
        "close",
        "early",
        b"stream: Can't allocate memory ERROR\n",
        b"INSTREAM size limit exceeded. ERROR\n",
        b"nonsense\n",
        b"stream: OK",
        b"\xff\xfe\n",
        b"other: OK\n",
    ],
    ids=str,
)
def test_a_scanner_that_does_not_say_clean_releases_nothing(settings, mode):
    stored = waiting(corpus.jpeg())
    sweep(settings, mode)
    stored.refresh_from_db()
    if mode == b"stream: OK":  # the answer without its line end is the answer all the same
        assert stored.scan == StoredFile.Scan.CLEAN
        return
    assert stored.scan == StoredFile.Scan.PENDING
    owed = OutboxMessage.objects.get()
    assert (owed.status, owed.attempts, owed.last_error) == (OutboxMessage.Status.PENDING, 1, "ScannerUnavailable")
    with pytest.raises(store.NotReleased):
        store.open_file(stored)


def test_a_scanner_that_is_down_delays_the_file_until_it_is_up_again(settings, monkeypatch):
    stored = waiting(corpus.jpeg())
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.CLAMD_PORT = free.getsockname()[1]
    outbox.sweep()
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.PENDING
    monkeypatch.setattr(scanning, "_rests_until", 0.0)
    sweep(settings, now=timezone.now() + timedelta(hours=1))
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.CLEAN


def test_a_hung_scanner_costs_a_sweep_one_timeout_not_one_for_each_file(settings):
    for _ in range(4):
        waiting(corpus.jpeg())
    scanner = sweep(settings, "hang")
    assert len(scanner.received) == 1
    assert OutboxMessage.objects.filter(attempts=1).count() == 4


def test_a_receiver_that_fails_leaves_the_file_waiting(settings):
    def fail(_stored):
        raise RuntimeError

    scanning.when_infected(fail)
    stored = waiting(corpus.EICAR)
    sweep(settings)
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.PENDING
    assert not AuditEvent.objects.filter(action="file.infected").exists()


def test_a_verdict_once_given_stays():
    stored = waiting(corpus.jpeg())
    scanning.record_verdict(stored.pk, signature="Found", at=timezone.now())
    again = scanning.record_verdict(stored.pk, signature="", at=timezone.now())
    assert again.scan == StoredFile.Scan.INFECTED


def test_missing_bytes_are_given_up_at_once(settings):
    store.path_of(waiting(corpus.jpeg()).key).unlink()
    sweep(settings)
    assert OutboxMessage.objects.get().status == OutboxMessage.Status.DEAD


def test_a_scan_that_was_given_up_is_owed_again(settings):
    stored = waiting(corpus.jpeg())
    OutboxMessage.objects.update(status=OutboxMessage.Status.DEAD, attempts=8)
    assert scanning.scan_again(stored, at=timezone.now())
    sweep(settings)
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.CLEAN
    assert not scanning.scan_again(stored, at=timezone.now())


def test_a_file_from_before_the_scanner_can_be_scanned(settings):
    settings.UPLOADS_SCANNER = ""
    stored = waiting(corpus.EICAR)
    assert not scanning.scan_again(stored, at=timezone.now())
    settings.UPLOADS_SCANNER = "clamd"
    assert scanning.scan_again(stored, at=timezone.now())
    stored.refresh_from_db()
    assert not stored.may_be_opened
    sweep(settings)
    stored.refresh_from_db()
    assert stored.scan == StoredFile.Scan.INFECTED


def test_a_scanner_on_a_socket_file_is_asked_there(settings):
    settings.CLAMD_SOCKET = "/run/clamd.sock"
    client = scanning._clamd()
    assert (client.unix_socket, client.timeout) == ("/run/clamd.sock", 0.5)
