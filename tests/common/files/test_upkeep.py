import os
import time
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.common.files import scanning, store, tasks, upkeep
from portal.common.files.models import StoredFile
from portal.common.files.uploads import check
from portal.common.models import OutboxMessage
from tests.common.files import corpus

LONG_AGO = time.time() - 2 * 60 * 60


@pytest.fixture(autouse=True)
def empty_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"


def keep() -> StoredFile:
    stored = store.keep(check(SimpleUploadedFile("a.png", corpus.png())), by=None, at=timezone.now())
    os.utime(store.path_of(stored.key), (LONG_AGO, LONG_AGO))
    return stored


def orphan(*, age: float = LONG_AGO):
    path = store.path_of(uuid.uuid4())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    os.utime(path, (age, age))
    return path


def test_bytes_without_a_row_go_after_an_hour():
    kept, old, young = keep(), orphan(), orphan(age=time.time())
    tasks.files_upkeep()
    assert store.path_of(kept.key).exists()
    assert not old.exists()
    assert young.exists()


def test_old_temporary_files_go():
    keep()
    left = store.root() / "tmp" / "half"
    left.write_bytes(b"half a file")
    upkeep.tidy()
    assert left.exists()
    os.utime(left, (LONG_AGO, LONG_AGO))
    upkeep.tidy()
    assert not left.exists()


def test_too_many_orphans_mean_the_wrong_database_and_nothing_is_removed(capsys):
    left = [orphan() for _ in range(21)]
    assert upkeep.tidy().held_back
    with pytest.raises(CommandError, match="21 of 21 files have no row"):
        call_command("check_files")
    assert all(path.exists() for path in left)
    call_command("check_files", force=True)
    assert not any(path.exists() for path in left)
    assert "21 without a row, 21 removed" in capsys.readouterr().out


def test_a_dry_run_only_looks(capsys):
    left = orphan()
    call_command("check_files", dry_run=True)
    assert left.exists()
    assert "1 without a row, 1 would be removed" in capsys.readouterr().out


def test_what_was_to_be_set_apart_or_removed_is_finished():
    infected, removed = keep(), keep()
    StoredFile.objects.filter(pk=infected.pk).update(scan=StoredFile.Scan.INFECTED, scanned_at=timezone.now())
    StoredFile.objects.filter(pk=removed.pk).update(removed_at=timezone.now())
    upkeep.tidy()
    assert not store.path_of(infected.key).exists()
    assert store.path_of(infected.key, infected=True).exists()
    assert not store.path_of(removed.key).exists()


def test_rows_whose_bytes_are_missing_are_named(capsys):
    kept = keep()
    call_command("check_files")
    store.path_of(kept.key).unlink()
    with pytest.raises(CommandError, match="1 files are missing"):
        call_command("check_files")
    assert f"file {kept.pk}: the bytes are missing" in capsys.readouterr().err


def test_given_up_scans_of_waiting_files_are_tried_again(settings):
    settings.UPLOADS_SCANNER = "clamd"
    waits, done = keep(), keep()
    scanning.record_verdict(done.pk, signature="", at=timezone.now())
    OutboxMessage.objects.update(status=OutboxMessage.Status.DEAD, attempts=8)
    assert upkeep.retry_scans() == 1
    assert OutboxMessage.objects.get(status=OutboxMessage.Status.PENDING).payload == {"file_id": waits.pk}
