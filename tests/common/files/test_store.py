"""The bytes of stored files and their rows: both or none."""

import resource
import stat

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from portal.common.files import store
from portal.common.files.encryption import Tampered
from portal.common.files.models import StoredFile
from portal.common.files.uploads import CheckedFile, UploadRefused, check
from portal.common.models import OutboxMessage
from tests.common.files import corpus

NOISE = corpus.filled_to(corpus.jpeg(), 3 * 1024 * 1024)


@pytest.fixture(autouse=True)
def empty_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"


def checked(data: bytes | None = None) -> CheckedFile:
    return check(SimpleUploadedFile("proof.jpg", data or corpus.jpeg()))


def keep(data: bytes | None = None) -> StoredFile:
    return store.keep(checked(data), by=None, at=timezone.now())


def files_on_disk() -> list:
    return [path for path in store.root().rglob("*") if path.is_file()]


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_kept_file_is_read_back_whole(settings, encrypted):
    settings.UPLOADS_ENCRYPTED = encrypted
    stored = StoredFile.objects.get(pk=keep(NOISE).pk)
    with store.open_file(stored) as source:
        assert source.read() == NOISE
    on_disk = store.path_of(stored.key).read_bytes()
    assert (on_disk == NOISE) is not encrypted
    assert (b"x" * 100 in on_disk) is not encrypted


def test_the_name_on_the_disk_is_random_and_only_the_portal_may_read_it():
    stored = keep()
    path = store.path_of(stored.key)
    assert path.relative_to(store.root()).parts == ("files", path.name[:2], path.name[2:4], stored.key.hex)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parents[1], path.parents[2], store.root(), store.root() / "tmp"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def fail_after_keeping() -> None:
    with transaction.atomic():
        assert store.path_of(keep().key).exists()
        raise RuntimeError("the second write failed")


def test_a_rollback_takes_the_bytes_along():
    with pytest.raises(RuntimeError):
        fail_after_keeping()
    assert files_on_disk() == []
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_commit_makes_the_bytes_stay():
    kept = keep()
    with pytest.raises(RuntimeError):
        fail_after_keeping()
    assert files_on_disk() == [store.path_of(kept.key)]
    assert StoredFile.objects.get() == kept


def test_a_row_that_cannot_be_written_leaves_no_bytes(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise RuntimeError("no row")

    monkeypatch.setattr(StoredFile, "save", refuse)
    with pytest.raises(RuntimeError):
        keep()
    assert files_on_disk() == []


def test_a_full_disk_refuses_the_file_and_stores_nothing_until_there_is_room():
    sent = checked(NOISE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))
    try:
        with pytest.raises(UploadRefused) as caught:
            store.keep(sent, by=None, at=timezone.now())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "no_room"
    assert files_on_disk() == []
    assert not StoredFile.objects.exists()
    assert store.keep(sent, by=None, at=timezone.now()).size == len(NOISE)


def test_a_file_that_changed_since_its_check_is_not_kept():
    sent = checked()
    sent.upload.file.seek(100)
    sent.upload.file.write(b"changed")
    with pytest.raises(UploadRefused) as caught:
        store.keep(sent, by=None, at=timezone.now())
    assert caught.value.code == "incomplete"
    assert files_on_disk() == []


def test_turning_the_keys_over_rewraps_the_small_key_and_leaves_the_bytes_alone(settings):
    stored = keep()
    before = store.path_of(stored.key).read_bytes()
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with store.open_file(StoredFile.objects.get()) as source:
        assert source.read() == corpus.jpeg()
    assert store.path_of(stored.key).read_bytes() == before


def test_two_files_cannot_change_places():
    one, other = keep(), keep()
    StoredFile.objects.filter(pk=one.pk).update(data_key=other.data_key)
    store.path_of(one.key).write_bytes(store.path_of(other.key).read_bytes())
    with pytest.raises(Tampered):
        store.open_file(StoredFile.objects.get(pk=one.pk))


def test_without_a_scanner_a_file_is_open_at_once_and_with_one_it_waits(settings):
    assert keep().scan == StoredFile.Scan.NOT_SCANNED
    assert not OutboxMessage.objects.exists()
    settings.UPLOADS_SCANNER = "clamd"
    stored = keep()
    assert stored.scan == StoredFile.Scan.PENDING
    assert OutboxMessage.objects.get().payload == {"file_id": stored.pk}
    with pytest.raises(store.NotReleased):
        store.open_file(stored)


def test_removing_a_file_deletes_its_bytes_after_the_commit(django_capture_on_commit_callbacks):
    stored = keep()
    with django_capture_on_commit_callbacks(execute=True):
        store.remove(stored, at=timezone.now())
        assert files_on_disk()
    assert files_on_disk() == []
    with pytest.raises(store.NotReleased):
        store.open_file(StoredFile.objects.get())


def test_missing_bytes_are_said_to_be_missing():
    stored = keep()
    store.path_of(stored.key).unlink()
    with pytest.raises(store.NotReleased, match="missing"):
        store.open_file(stored)
