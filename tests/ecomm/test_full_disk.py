"""The disk is full while a document comes in or an ID card is made: the form says so, nothing is left behind, then it works (F7)."""

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from clients.models import IdCardRequest
from clients.models.id_cards import IdCardOrder
from ecomm.models import DocumentSubmission
from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.models import OutboxMessage
from tests.support.cards import load_card_data
from tests.support.documents import document_type, image_bytes, upload
from tests.support.factories import PolicyFactory
from tests.support.installation import measured

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
SUBMIT = "/messages/documents/new/"
SIZE = "1m"


class Disk:
    """A small disk of its own, or, where none can be mounted, a limit to what this process may write into one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mounted = (
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True
            ).returncode
            == 0
        )

    def fill(self) -> None:
        if not self.mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with contextlib.suppress(OSError), (self.folder / "others").open("wb", buffering=0) as other:
            while shutil.disk_usage(self.folder).free:
                other.write(bytes(4096))

    def make_room(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (self.folder / "others").unlink(missing_ok=True)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path.name != "others"]

    def close(self) -> None:
        self.make_room()
        if self.mounted:
            subprocess.run(["umount", self.folder], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def disk(tmp_path, settings) -> Iterator[Disk]:
    (tmp_path / "disk").mkdir()
    made = Disk(tmp_path / "disk")
    settings.UPLOADS_ROOT, settings.UPLOADS_SCANNER = made.folder / "uploads", ""
    yield made
    made.close()


def without_quota(disk: Disk, act: Callable[[], object]) -> object:
    disk.fill()
    try:
        return act()
    finally:
        disk.make_room()


@pytest.mark.parametrize("where", ["the store", "the folder for what comes in"])
def test_a_document_that_finds_no_room(world, sign_in, disk, settings, where):
    document_type()
    rita = sign_in(world.producer)
    if where != "the store":
        settings.FILE_UPLOAD_TEMP_DIR, settings.UPLOADS_ROOT = str(disk.folder), disk.folder.parent / "uploads"
    big = image_bytes(kind="BMP", size=(600, 400))  # more than what is written into memory

    def send(content: bytes = big, name: str = "form.bmp"):
        return rita.post(
            SUBMIT,
            {
                "document_type": "other-documents",
                "form_key": "key-of-one-form-only",
                "documents": [upload(name, content)],
            },
        )

    refused = without_quota(disk, send)
    assert refused.status_code == 200
    assert "could not be stored just now" in refused.content.decode()
    assert (DocumentSubmission.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert disk.files() == []
    taken = send()
    assert taken.status_code == 302
    assert (DocumentSubmission.objects.count(), StoredFile.objects.count()) == (1, 1)
    measured(f"F7: {where}, {'1 MB tmpfs' if disk.mounted else 'RLIMIT_FSIZE'}: refused, no row, no file; then taken")


def test_an_id_card_that_finds_no_room_is_made_when_there_is(world, sign_in, disk):
    load_card_data()
    policy = PolicyFactory(
        producer_number=world.number, plan_id="00017IL0200002", product_name="Choice Silver PPO 202", network_type="PPO"
    )
    rita = sign_in(world.producer)
    url = reverse("clients:id-cards-confirm", args=[policy.account.number, "temporary"])
    sent = {"policy": policy.pk, "form_key": "key-of-one-form-only", "bundle": "PDF"}
    assert rita.post(url, sent).status_code == 302
    without_quota(disk, outbox.sweep)
    card = IdCardRequest.objects.get()
    assert (card.state, StoredFile.objects.count(), disk.files()) == ("REQUESTED", 0, [])
    owed = OutboxMessage.objects.filter(status="PENDING").earliest("pk")
    assert (owed.attempts, owed.last_error) == (1, "UploadRefused")
    page = rita.get(reverse("clients:id-card-order", args=[IdCardOrder.objects.get().key]))
    assert page.status_code == 200
    OutboxMessage.objects.update(not_before=owed.created_at)
    outbox.sweep()
    card.refresh_from_db()
    assert (card.state, StoredFile.objects.count(), len(disk.files())) == ("READY", 1, 1)
    measured("F7: an ID card waited for room and was made with the next try")
