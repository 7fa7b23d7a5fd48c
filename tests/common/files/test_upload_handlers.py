"""What comes in from the browser: on the disk, up to the limit, and no further (figures E3, F7)."""

import errno
import io
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from portal.common.files import upload_handlers
from portal.common.files.fields import CheckedFileField
from portal.common.files.upload_handlers import CutOff
from tests.common.files import corpus

pytestmark = pytest.mark.no_db
MIB = 1024 * 1024
BOUNDARY = b"boundary123"


OPEN: list[WSGIRequest] = []


@pytest.fixture(autouse=True)
def close_requests() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Counted(io.BytesIO):
    """A body that knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


def request(*parts: tuple[str, str | None, bytes]) -> tuple[WSGIRequest, Counted]:
    """A form as a browser sends it: name, file name, value."""
    body = b""
    for name, filename, value in parts:
        named = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        body += b"--" + BOUNDARY + f"\r\nContent-Disposition: {named}\r\n\r\n".encode() + value + b"\r\n"
    stream = Counted(body + b"--" + BOUNDARY + b"--\r\n")
    asked = RequestFactory().post("/")
    asked.META["CONTENT_TYPE"] = "multipart/form-data; boundary=boundary123"
    asked.META["CONTENT_LENGTH"] = str(len(stream.getvalue()))
    asked.META["wsgi.input"] = stream
    OPEN.append(WSGIRequest({**asked.META}))
    return OPEN[-1], stream


def errors(file) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        CheckedFileField().clean(file)
    return [error.code for error in caught.value.error_list]


def test_even_a_small_file_goes_to_the_disk():
    asked, _ = request(("note", None, b"hello"), ("file", "a.png", corpus.png()))
    assert isinstance(asked.FILES["file"], TemporaryUploadedFile)
    assert asked.FILES["file"].read() == corpus.png()
    assert asked.POST["note"] == "hello"


@pytest.mark.feature("DOC_02")
def test_ten_mebibytes_come_through_and_one_byte_more_does_not():
    asked, _ = request(("file", "a.jpg", bytes(10 * MIB)), ("note", None, b"typed below"))
    assert asked.FILES["file"].size == 10 * MIB
    asked, _ = request(("file", "a.jpg", bytes(10 * MIB + 1)), ("note", None, b"typed below"))
    assert isinstance(asked.FILES["file"], CutOff)
    assert asked.POST["note"] == "typed below"
    assert errors(asked.FILES["file"]) == ["too_large"]


def test_a_file_far_too_large_is_not_read_to_its_end():
    asked, body = request(("note", None, b"typed above"), ("file", "a.jpg", bytes(40 * MIB)), ("late", None, b"x"))
    assert isinstance(asked.FILES["file"], CutOff)
    assert asked.POST["note"] == "typed above"
    assert body.taken <= 11 * MIB
    assert errors(asked.FILES["file"]) == ["too_large"]


def test_the_good_files_before_one_that_is_too_large_are_still_there():
    asked, _ = request(("file", "a.png", corpus.png()), ("file", "b.jpg", bytes(40 * MIB)))
    first, second = asked.FILES.getlist("file")
    assert first.read() == corpus.png()
    assert isinstance(second, CutOff)


def test_a_whole_request_has_a_limit_too(monkeypatch):
    monkeypatch.setattr(upload_handlers, "MOST_OF_A_REQUEST", 3 * MIB)
    asked, _ = request(*[("file", f"{number}.jpg", bytes(MIB)) for number in range(5)])
    kept = asked.FILES.getlist("file")
    assert [isinstance(file, CutOff) for file in kept] == [False, False, False, True, True]
    assert errors(kept[3]) == ["too_much"]


@pytest.mark.parametrize("when", ["receive_data_chunk", "new_file", "file_complete"])
def test_no_room_for_temporary_files_is_an_error_beside_the_field(monkeypatch, when):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(upload_handlers.TemporaryFileUploadHandler, when, full)
    asked, _ = request(("note", None, b"typed"), ("file", "a.png", corpus.png()))
    assert errors(asked.FILES["file"]) == ["no_room"]
    assert asked.POST["note"] == "typed"


def test_other_errors_of_the_disk_are_not_hidden(monkeypatch):
    def broken(*_args, **_kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(upload_handlers.TemporaryFileUploadHandler, "receive_data_chunk", broken)
    asked, _ = request(("file", "a.png", corpus.png()))
    with pytest.raises(OSError, match="Input/output"):
        asked.FILES  # noqa: B018 - reading it parses the request
