"""How the bytes of an upload come in: straight to the disk, never into memory, and no further than the limit.

A form is told of a file that was cut off by a ``CutOff`` in the file's place, so that the refusal stands beside the field
and what was typed is still there.
"""

import errno
import io
from typing import Any, Final

import structlog
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from portal.common.files.kinds import DOCUMENTS, MIB

logger = structlog.get_logger(__name__)

# One byte more than any form takes is enough to know that a file is too large.
MOST_OF_A_FILE: Final = DOCUMENTS.max_bytes
# Five documents and what is typed beside them.
MOST_OF_A_REQUEST: Final = 5 * MOST_OF_A_FILE + 4 * MIB
# So much is read and thrown away to learn what was typed behind a file that is too large; of more, nothing is read.
THROWN_AWAY: Final = 10 * MIB
NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class CutOff(UploadedFile):
    """Stands for a file that was not stored because it is too large or there was no room; ``check`` refuses it."""

    def __init__(self, *, name: str, size: int, code: str) -> None:
        super().__init__(file=io.BytesIO(), name=name, content_type="application/octet-stream", size=size)
        self.code = code


class BoundedUploadHandler(FileUploadHandler):
    """Reads the form with a parser of its own, because only then can a file that was cut off be put among the others."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> tuple[Any, Any]:
        bounded = _ToDisk(self.request, content_length)
        post, files = MultiPartParser(META, input_data, [bounded], encoding).parse()
        if bounded.stopped_at is not None:
            field, cut_off = bounded.stopped_at
            files.appendlist(field, cut_off)
        return post, files

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        raise NotImplementedError("handle_raw_input reads everything.")

    def file_complete(self, file_size: int) -> UploadedFile | None:
        raise NotImplementedError("handle_raw_input reads everything.")


class _ToDisk(TemporaryFileUploadHandler):
    """Writes each file to a temporary one (readable by the portal alone, gone with the request) up to the limit."""

    def __init__(self, request: Any, content_length: int) -> None:
        super().__init__(request)
        self.declared = content_length
        self.arrived = 0
        self.code = ""
        self.stopped_at: tuple[str, CutOff] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.code = ""
        try:
            super().new_file(*args, **kwargs)
        except OSError as exc:
            self._no_room(exc)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.arrived += len(raw_data)
        if not self.code:
            if start + len(raw_data) > MOST_OF_A_FILE:
                self._cut_off("too_large")
            elif self.arrived > MOST_OF_A_REQUEST:
                self._cut_off("too_much")
            else:
                try:
                    super().receive_data_chunk(raw_data, start)
                except OSError as exc:
                    self._no_room(exc)
        if self.code and self.declared - self.arrived > THROWN_AWAY:
            cut_off = CutOff(name=str(self.file_name), size=start + len(raw_data), code=self.code)
            self.stopped_at = (str(self.field_name), cut_off)
            raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> Any:
        if self.code:
            return CutOff(name=str(self.file_name), size=file_size, code=self.code)
        try:
            return super().file_complete(file_size)
        except OSError as exc:  # what was still to be written found no room
            self._no_room(exc)
            return CutOff(name=str(self.file_name), size=file_size, code=self.code)

    def _no_room(self, exc: OSError) -> None:
        self._cut_off("no_room")
        if exc.errno not in NO_ROOM:
            raise exc
        logger.error("no room for uploads", error=errno.errorcode[exc.errno])

    def _cut_off(self, code: str) -> None:
        self.code = code
        file = getattr(self, "file", None)
        if isinstance(file, TemporaryUploadedFile):
            file.close()  # which deletes it
