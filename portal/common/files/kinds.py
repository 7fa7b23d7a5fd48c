"""Which files are taken, and telling by the bytes what a file is.

Only the first bytes are read here; whether the rest keeps their promise is found out by ``examine``.
"""

import re
from dataclasses import dataclass
from typing import Final

import puremagic

MIB: Final = 1024 * 1024
HEAD_BYTES: Final = 8192


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of file that may be sent. The first extension is the one advised."""

    code: str
    what: str
    extensions: tuple[str, ...]
    content_type: str


PDF = FileKind(code="PDF", what="a PDF document", extensions=("pdf",), content_type="application/pdf")
JPEG = FileKind(code="JPEG", what="a JPG image", extensions=("jpg", "jpeg"), content_type="image/jpeg")
PNG = FileKind(code="PNG", what="a PNG image", extensions=("png",), content_type="image/png")
GIF = FileKind(code="GIF", what="a GIF image", extensions=("gif",), content_type="image/gif")
TIFF = FileKind(code="TIFF", what="a TIF image", extensions=("tif", "tiff"), content_type="image/tiff")
BMP = FileKind(code="BMP", what="a BMP image", extensions=("bmp",), content_type="image/bmp")
KINDS: Final = (PDF, JPEG, PNG, GIF, TIFF, BMP)


@dataclass(frozen=True, kw_only=True)
class UploadPolicy:
    """What one form takes: kinds of files, and the size of one in bytes (inclusive)."""

    kinds: tuple[FileKind, ...]
    max_bytes: int = 10 * MIB

    @property
    def extensions(self) -> tuple[str, ...]:
        return tuple(extension for kind in self.kinds for extension in kind.extensions)

    @property
    def accept(self) -> str:
        """For the browser's file window."""
        return ",".join(f".{extension}" for extension in self.extensions)

    @property
    def types(self) -> str:
        """As the guide lists them: PDF, JPG, JPEG, PNG, GIF, TIF, BMP."""
        return ", ".join(extension.upper() for extension in self.extensions if extension != "tiff")

    @property
    def limit(self) -> str:
        return f"{self.max_bytes // MIB} MB"


# DOC_01, DOC_02. The guide says "10 MB (or 10,000 KB)"; the limit is the most generous reading of it.
DOCUMENTS: Final = UploadPolicy(kinds=KINDS)
SCREENSHOTS: Final = UploadPolicy(kinds=tuple(kind for kind in KINDS if kind is not PDF))

# A byte-order mark or blank lines before a PDF are common and harmless; anything else there is not.
PDF_START = re.compile(rb"(?:\xef\xbb\xbf)?[\x00\t\n\f\r ]{0,32}%PDF-\d")


def kind_of(head: bytes) -> FileKind | None:
    """The kind the first bytes promise, or ``None`` when it is none of ours."""
    if PDF_START.match(head):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return TIFF
    # "BM" begins many texts; a bitmap goes on with the size of its header, which is one of a few.
    if head.startswith(b"BM") and len(head) >= 26 and head[14:18] in BMP_HEADERS:
        return BMP
    return None


BMP_HEADERS: Final = {size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124)}

# What people try to send instead, in their words.
OTHERS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"MZ"), "a Windows program"),
    (re.compile(rb"\x7fELF"), "a program"),
    (re.compile(rb"#!"), "a program"),
    (re.compile(rb"PK\x03\x04.{0,8000}?word/", re.S), "a Word document"),
    (re.compile(rb"PK\x03\x04.{0,8000}?xl/", re.S), "an Excel workbook"),
    (re.compile(rb"PK\x03\x04.{0,8000}?ppt/", re.S), "a PowerPoint presentation"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "a ZIP archive or an Office document"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Office document"),
    (re.compile(rb"Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x1f\x8b"), "an archive"),
    (re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1|avif)", re.S), "a HEIC or AVIF photo"),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", re.S), "a video"),
    (re.compile(rb"RIFF....WEBP", re.S), "a WebP image"),
    (re.compile(rb"\0\0[\1\2]\0"), "an icon"),
    (re.compile(rb"8BPS"), "a Photoshop image"),
    (re.compile(rb"\{\\rtf"), "a rich text document"),
    (re.compile(rb"%!PS"), "a PostScript file"),
    (
        re.compile(rb"(?is)(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.{0,500}?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg"),
        "an SVG drawing",
    ),
    (
        re.compile(rb"(?is)(\xef\xbb\xbf)?\s*(<!--.{0,500}?-->\s*)?<(!doctype html|html|head|body|script|iframe)"),
        "a web page",
    ),
    (re.compile(rb"(?is)(\xef\xbb\xbf)?\s*<\?(php|=)"), "a program"),
)


def describe(head: bytes) -> str:
    """What the first bytes look like, in words that go after "this file is"."""
    kind = kind_of(head)
    if kind is not None:
        return kind.what
    for pattern, what in OTHERS:
        if pattern.match(head):
            return what
    if b"\0" not in head and _is_text(head):
        return "plain text"
    try:
        # Formats of the whole world, told by their first bytes; only what is told for certain is worth saying.
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        found = []
    if found and found[0].confidence >= 0.8 and found[0].name.isascii() and len(found[0].name) <= 60:
        return f"of the type “{found[0].name}”"
    return "of a type the portal does not know"


def _is_text(head: bytes) -> bool:
    try:
        head[: HEAD_BYTES - 4].decode()
    except UnicodeDecodeError:
        return False
    return True
