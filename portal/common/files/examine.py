"""The process that opens a file somebody sent: ``python -I examine.py KIND < FILE``; the answer is one line of JSON.

It stands alone (no Django, nothing of the portal) so that it starts in a fifth of a second, knows no secrets, and may be
killed at any moment. Its memory, processor time and files are limited before the first byte is read, so that a file which
unpacks to gigabytes or drives a decoder in circles ends this process and nothing else (ADR 0011).
"""

import io
import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, Final

MIB: Final = 1024 * 1024
MEMORY: Final = 768 * MIB  # address space; measured in ADR 0011
PROCESSOR_SECONDS: Final = 8

# Images. 64 million pixels are a sheet of US legal paper at 600 dpi with room to spare, and what large phones take.
MAX_PIXELS: Final = 64_000_000
MAX_SIDE: Final = 30_000
MAX_FRAMES: Final = {"TIFF": 200, "GIF": 100, "PNG": 100}
MAX_PIXELS_OF_ALL_FRAMES: Final = 800_000_000
SMALL_TAIL: Final = 64  # bytes of padding that cameras and scanners leave behind the end

# PDF
MAX_PAGES: Final = 500
MAX_OBJECTS: Final = 100_000
MAX_STREAM: Final = 128 * MIB
MAX_ALL_STREAMS: Final = 384 * MIB
MAX_IMAGE_BITS: Final = MAX_PIXELS * 4 * 8
TAIL_OF_BLANKS: Final = re.compile(rb"[\x00\t\n\f\r \x1a]*\Z")


class Refused(Exception):
    """The answer is no; ``code`` is one of the portal's reasons."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def limit_this_process() -> None:
    """Little memory, little time, no files, no dumps; and if the machine runs out of memory, this process goes first."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def main() -> None:
    limit_this_process()
    kind = sys.argv[1]
    damaged = "damaged_pdf" if kind == "PDF" else "damaged_image"
    too_big = "pdf_too_big_inside" if kind == "PDF" else "image_too_big_inside"
    code, facts = "ok", {}
    try:
        with open(0, "rb") as source:
            examine(source, kind)
    except Refused as exc:
        code, facts = exc.code, exc.facts
    except MemoryError:
        code = too_big
    except Exception:  # noqa: BLE001 - decoders raise whatever they like at broken data
        code = damaged
    print(json.dumps({"code": code, "facts": facts}))  # noqa: T201 - the answer


def examine(source: BinaryIO, kind: str) -> None:
    """Raise ``Refused`` (or anything a decoder raises) unless the file is a sound and harmless ``kind``."""
    source.seek(0)
    data = source.read()
    find_second_nature(data, kind)
    if kind == "PDF":
        examine_pdf(source, data)
    else:
        examine_image(data, kind)


# --- Files that are two things at once ---

# Long enough that compressed data does not contain them by chance.
PROGRAM_TEXT: Final = re.compile(rb"(?i)<\?php[\s=(]|<script[\s>/]|<%@\s*(?:page|language)|<%\s*eval")
# No more than the one tag is looked through, or ten megabytes of beginnings of tags would take an hour.
WEB_PAGE: Final = re.compile(rb"(?i)<!doctype\s+html|<html[\s>]|<body[\s>]|<iframe[\s>]|<svg[\s>][^<>]{0,500}on\w+\s*=")
ARCHIVES: Final = re.compile(rb"Rar!\x1a\x07[\x00\x01]|7z\xbc\xaf\x27\x1c|MSCF\x00\x00\x00\x00")
PDF_INSIDE: Final = re.compile(rb"%PDF-\d\.\d")
ENDS: Final = 1024


def find_second_nature(data: bytes, kind: str) -> None:
    """Archives, programs, scripts and web pages before, behind or within the document."""
    if (
        PROGRAM_TEXT.search(data)
        or ARCHIVES.search(data)
        or _is_zip(data)
        or data[257:262] == b"ustar"
        or data[32769:32774] == b"CD001"
        or data[:10].find(b"/*") in (2, 3, 4, 5, 6, 7)
    ):
        _refuse_polyglot(kind)
    if kind == "PDF":
        if WEB_PAGE.search(data[:ENDS]) or WEB_PAGE.search(data[-ENDS:]):
            _refuse_polyglot(kind)
    elif WEB_PAGE.search(data) or PDF_INSIDE.search(data):
        _refuse_polyglot(kind)


def _is_zip(data: bytes) -> bool:
    """Whether unzip programs would open it: they look for the directory at the end, whatever stands before."""
    try:
        return zipfile.is_zipfile(io.BytesIO(data))
    except (OSError, ValueError, struct.error):
        return False


def _refuse_polyglot(kind: str) -> None:
    raise Refused("polyglot", kind="PDF" if kind == "PDF" else "image")


# --- Images ---


def examine_image(data: bytes, kind: str) -> None:
    """Structure first (frames and size cost nothing to read), then every frame is really decoded."""
    STRUCTURE[kind](data)
    from PIL import Image, ImageFile, PngImagePlugin

    Image.MAX_IMAGE_PIXELS = None  # ours is stricter and says what it found
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_MEMORY = 8 * MIB
    # A phone's JPEG with a preview inside is an "MPO" to the library.
    formats = ["JPEG", "MPO"] if kind == "JPEG" else [kind]
    if kind == "PNG":
        with Image.open(io.BytesIO(data), formats=formats) as image:
            _check_size(*image.size)
            image.verify()  # the checksums of all chunks
    with Image.open(io.BytesIO(data), formats=formats) as image:
        _check_size(*image.size)
        if kind == "JPEG":
            # Reads every bit of the picture but keeps an eighth of its width: memory, not trust, is saved.
            image.draft(image.mode, (1, 1))
            image.load()
            return
        pixels = 0
        for _ in _frames(image, kind):
            width, height = image.size
            _check_size(width, height)
            pixels += width * height
            if pixels > MAX_PIXELS_OF_ALL_FRAMES:
                raise Refused("image_too_big_inside")
            image.load()


def _frames(image: Any, kind: str) -> Iterator[int]:
    limit = MAX_FRAMES.get(kind, 1)
    if kind == "PNG" and getattr(image, "n_frames", 1) > limit:
        raise Refused("too_many_frames", frames=image.n_frames, limit=limit)
    index = 0
    yield index
    while limit > 1:
        index += 1
        try:
            image.seek(index)
        except EOFError:
            return
        if index >= limit:
            raise Refused("too_many_frames", frames=f"more than {limit}", limit=limit)
        yield index


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise Refused("damaged_image")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refused("too_many_pixels", width=f"{width:,}", height=f"{height:,}")


def _check_tail(tail: bytes, kind: str) -> None:
    """Padding behind the end is common; anything more is a second file."""
    if len(tail) > SMALL_TAIL and tail.strip(b"\0\xff\n\r \t"):
        _refuse_polyglot(kind)


def png_structure(data: bytes) -> None:
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if name == b"IHDR":
            _check_size(*struct.unpack_from(">II", data, 16))
        if name == b"IEND":
            if at > len(data):
                break
            _check_tail(data[at:], "PNG")
            return
    raise Refused("damaged_image")


# In the compressed part FF is followed by 00 or a restart mark; of several FF in a row the last one begins the mark.
JPEG_MARK: Final = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.S)
STAND_ALONE: Final = {0x01, *range(0xD0, 0xD9)}


def _jpeg_end(data: bytes, start: int) -> int | None:
    """Where the picture that begins at ``start`` ends, or ``None`` when its end mark is missing."""
    at = start + 2
    while True:
        mark = JPEG_MARK.search(data, at)
        if mark is None:
            return None
        at, code = mark.end(), mark[1][0]
        if code == 0xD9:
            return at
        if code in STAND_ALONE:
            continue
        if at + 2 > len(data):
            return None
        at += int.from_bytes(data[at : at + 2], "big")


def jpeg_structure(data: bytes) -> None:
    end = _jpeg_end(data, 0)
    # Phones put previews behind the picture, each a whole JPEG itself.
    for _ in range(10):
        if end is None:
            return  # without an end mark there is nothing behind it; whether enough is there the decoder says
        follows = re.compile(rb"[\x00\xff]*(?=\xff\xd8\xff)").match(data, end)
        if follows is None:
            break
        end = _jpeg_end(data, follows.end())
    tail = data[end:]
    # Samsung phones leave notes for their own gallery, which begin and end in their own way.
    if tail.endswith(b"SEFT") and b"SEFH" in tail and b"ftyp" not in tail[:64] and len(tail) < 64 * 1024:
        return
    _check_tail(tail, "JPEG")


def gif_structure(data: bytes) -> None:
    """Walk the blocks; count the frames before one of them is decoded."""
    if len(data) < 14:
        raise Refused("damaged_image")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    _check_size(width, height)
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    frames = 0
    limit = MAX_FRAMES["GIF"]
    while at < len(data):
        block = data[at]
        if block == 0x3B:
            if not frames:
                break
            _check_tail(data[at + 1 :], "GIF")
            if frames * width * height > MAX_PIXELS_OF_ALL_FRAMES:
                raise Refused("image_too_big_inside")
            return
        if block == 0x2C:
            frames += 1
            if frames > limit:
                raise Refused("too_many_frames", frames=f"more than {limit}", limit=limit)
            if at + 10 > len(data):
                break
            frame_width, frame_height, flags = struct.unpack_from("<HHB", data, at + 5)
            _check_size(frame_width, frame_height)
            at += 10 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0) + 1
        elif block == 0x21:
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    raise Refused("damaged_image")


def bmp_structure(data: bytes) -> None:
    """The header's sizes must fit the file: there is no end mark, so this is the only way to tell a tail."""
    claimed, offset, header = struct.unpack_from("<I4xII", data, 2)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression, image_bytes = struct.unpack_from("<iiHHII", data, 18)
    height = abs(height)
    _check_size(width, height)
    if compression in (1, 2):
        end = offset + image_bytes if image_bytes else claimed
    else:
        end = offset + (width * bits + 31) // 32 * 4 * height
    if header == 124:
        profile, profile_bytes = struct.unpack_from("<II", data, 126)
        if profile_bytes:
            end = max(end, 14 + profile + profile_bytes)
    if end > len(data):
        raise Refused("damaged_image")
    _check_tail(data[end:], "BMP")


def tiff_structure(data: bytes) -> None:
    """Follow the chain of pages: it must stay inside the file, end, and be no longer than we decode."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    entry_bytes, count_format, next_format = (20, "Q", "Q") if big else (12, "H", "I")
    at = struct.unpack_from(f"{order}{next_format}", data, 8 if big else 4)[0]
    limit = MAX_FRAMES["TIFF"]
    seen: set[int] = set()
    while at:
        if at in seen or at >= len(data):
            raise Refused("damaged_image")
        seen.add(at)
        if len(seen) > limit:
            raise Refused("too_many_frames", frames=f"more than {limit}", limit=limit)
        entries = struct.unpack_from(f"{order}{count_format}", data, at)[0]
        if entries > 4096:
            raise Refused("damaged_image")
        at += struct.calcsize(f"={count_format}") + entries * entry_bytes
        at = struct.unpack_from(f"{order}{next_format}", data, at)[0]
    if not seen:
        raise Refused("damaged_image")


STRUCTURE: Final[dict[str, Callable[[bytes], None]]] = {
    "PNG": png_structure,
    "JPEG": jpeg_structure,
    "GIF": gif_structure,
    "BMP": bmp_structure,
    "TIFF": tiff_structure,
}


# --- PDF ---

# Whatever names one of these is looked at closely; all other objects are only counted.
SUSPECT: Final = re.compile(
    rb"/(?:JS|JavaScript|AA|OpenAction|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition|RichMedia\w*|Movie|Sound|Screen"
    rb"|3D|EmbeddedFiles?|EF|AF|FileAttachment|Collection|XFA|PS|Ref|F|FFilter|Thread|GoTo3DView|URI)(?![\w.])"
)
ACTIONS: Final = {
    "/JavaScript": "script_in_pdf",
    "/Launch": "launch_in_pdf",
    "/GoToR": "launch_in_pdf",
    "/GoToE": "launch_in_pdf",
    "/SubmitForm": "script_in_pdf",
    "/ImportData": "script_in_pdf",
    "/Rendition": "media_in_pdf",
    "/Movie": "media_in_pdf",
    "/Sound": "media_in_pdf",
    "/GoTo3DView": "media_in_pdf",
    "/RichMediaExecute": "media_in_pdf",
}
KEYS: Final = {
    "/JS": "script_in_pdf",
    "/JavaScript": "script_in_pdf",
    "/AA": "script_in_pdf",
    "/EmbeddedFiles": "attachment_in_pdf",
    "/EF": "attachment_in_pdf",
    "/AF": "attachment_in_pdf",
    "/Collection": "attachment_in_pdf",
    "/XFA": "form_in_pdf",
    "/RichMediaContent": "media_in_pdf",
    "/FFilter": "launch_in_pdf",
}
SUBTYPES: Final = {
    "/FileAttachment": "attachment_in_pdf",
    "/RichMedia": "media_in_pdf",
    "/Movie": "media_in_pdf",
    "/Sound": "media_in_pdf",
    "/Screen": "media_in_pdf",
    "/3D": "media_in_pdf",
    "/PS": "script_in_pdf",
}
ADDRESSES_THAT_ACT: Final = re.compile(rb"(?i)\s*(?:javascript|vbscript|data|file|mhtml|shell|ms-\w+):")


def examine_pdf(source: BinaryIO, data: bytes) -> None:
    """Sound structure, no password, no page too many, nothing that acts, nothing packed in, nothing that explodes."""
    import pikepdf

    end = data.rfind(b"%%EOF")
    if end < 0:
        raise Refused("damaged_pdf")
    if not TAIL_OF_BLANKS.match(data, end + 5) and len(data) - end - 5 > SMALL_TAIL:
        _refuse_polyglot("PDF")
    pikepdf.settings.set_qpdf_limits(
        doc_max_warnings=100,
        parser_max_nesting=100,
        max_stream_filters=8,
        flate_max_memory=MAX_STREAM,
        run_length_max_memory=MAX_STREAM,
        png_max_memory=MAX_STREAM,
        tiff_max_memory=MAX_STREAM,
    )
    source.seek(0)
    try:
        # A viewer would guess how a broken file was meant, and each one guesses differently.
        with pikepdf.open(source, attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refused("encrypted_pdf")
            _examine_objects(pdf, pikepdf)
    except pikepdf.PasswordError:
        raise Refused("encrypted_pdf") from None
    except pikepdf.PdfError as exc:
        if re.search(rb"/Encrypt\b", data) and "encrypt" in str(exc).lower():
            raise Refused("encrypted_pdf") from None
        raise Refused("no_pages" if "no pages found" in str(exc) else "damaged_pdf") from None


def _examine_objects(pdf: Any, pikepdf: Any) -> None:
    if int(pdf.trailer.get("/Size", 0)) > MAX_OBJECTS:  # before they are read, which takes time
        raise Refused("pdf_too_big_inside")
    objects = pdf.objects
    if len(objects) > MAX_OBJECTS:
        raise Refused("pdf_too_big_inside")
    pages = len(pdf.pages)
    if not pages:
        raise Refused("no_pages")
    if pages > MAX_PAGES:
        raise Refused("too_many_pages", pages=f"{pages:,}", limit=MAX_PAGES)
    if pages != len({page.obj.objgen for page in pdf.pages}):
        raise Refused("damaged_pdf")
    room = Room(MAX_ALL_STREAMS)
    pictures = Room(MAX_ALL_STREAMS)
    _examine_node(pdf.trailer, pikepdf)
    for item in objects:
        if isinstance(item, pikepdf.Stream):
            _examine_stream(item, pikepdf, room, pictures)
        elif isinstance(item, pikepdf.Name):
            _examine_name(str(item))
        elif SUSPECT.search(item.unparse(resolved=True)):
            _examine_node(item, pikepdf)


def _examine_name(name: str) -> None:
    """A name that is an object of its own: what refers to it does not show what it does, so the name alone decides."""
    for names in (ACTIONS, SUBTYPES):
        if name in names:
            raise Refused(names[name])


def _examine_node(node: Any, pikepdf: Any) -> None:
    """One object with everything inside it, but not what it refers to: those are objects of their own."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting += [
                part for part in node if isinstance(part, (pikepdf.Array, pikepdf.Dictionary)) and not part.is_indirect
            ]
        elif isinstance(node, pikepdf.Dictionary):
            _examine_dictionary(node, pikepdf)
            for _, part in node.items():
                if isinstance(part, (pikepdf.Array, pikepdf.Dictionary)) and not part.is_indirect:
                    waiting.append(part)


def _examine_dictionary(node: Any, pikepdf: Any) -> None:
    for key, value in node.items():
        if key in KEYS and _says_something(value, pikepdf):
            raise Refused(KEYS[key])
        if key == "/OpenAction":
            _examine_open_action(value, pikepdf)
        elif key == "/Subtype" and str(value) in SUBTYPES:
            raise Refused(SUBTYPES[str(value)])
        elif key == "/Type" and value == "/EmbeddedFile":
            raise Refused("attachment_in_pdf")
        elif key == "/S" and isinstance(value, pikepdf.Name) and str(value) in ACTIONS:
            code = ACTIONS[str(value)]
            # Parts of a page's structure may be called Movie or Sound; viewers do not look at the type of an action.
            if code != "media_in_pdf" or node.get("/Type") != "/StructElem":
                raise Refused(code)
        elif key == "/URI" and isinstance(value, pikepdf.String):
            # As bytes and as text: it may be written in two bytes a letter.
            if any(ADDRESSES_THAT_ACT.match(text) for text in (bytes(value), str(value).encode(errors="replace"))):
                raise Refused("launch_in_pdf")
    if node.get("/S") == "/Thread" and "/F" in node:
        raise Refused("launch_in_pdf")
    if node.get("/Subtype") == "/Form" and "/Ref" in node:
        raise Refused("launch_in_pdf")


def _says_something(value: Any, pikepdf: Any) -> bool:
    """An empty list of scripts or attachments is none."""
    return not (
        isinstance(value, (pikepdf.Dictionary, pikepdf.Array))
        and not isinstance(value, pikepdf.Stream)
        and not len(value)
    )


def _examine_open_action(value: Any, pikepdf: Any) -> None:
    """Opening at a page or a zoom is a bookmark; anything else acts by itself."""
    if isinstance(value, pikepdf.Dictionary):
        if value.get("/S") == "/JavaScript":
            raise Refused("script_in_pdf")
        if value.get("/S") != "/GoTo" or "/Next" in value:
            raise Refused("launch_in_pdf")


class Room:
    """How many unpacked bytes are still acceptable."""

    def __init__(self, left: int) -> None:
        self.left = left


def _examine_stream(item: Any, pikepdf: Any, room: Room, pictures: Room) -> None:
    about = item.stream_dict
    _examine_node(about, pikepdf)
    if "/F" in about:  # the data lie in another file
        raise Refused("launch_in_pdf")
    if about.get("/Subtype") == "/Image":
        limit = _picture_bytes(about)
        if pictures.left < limit:
            return
        pictures.left -= limit
        _unpack(item, pikepdf, min(limit * 2 + MIB, MAX_STREAM * 3))
    else:
        room.left -= _unpack(item, pikepdf, min(MAX_STREAM, room.left))


def _picture_bytes(about: Any) -> int:
    """How many bytes the picture needs unpacked, by what it says of itself."""
    width, height = int(about.get("/Width", 0)), int(about.get("/Height", 0))
    if width < 0 or height < 0:
        raise Refused("damaged_pdf")
    bits = 1 if about.get("/ImageMask", False) else int(about.get("/BitsPerComponent", 8))
    colours = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceCMYK": 4}.get(
        str(about.get("/ColorSpace", "")), 1 if bits == 1 else 3
    )
    if width * height * bits * colours > MAX_IMAGE_BITS:
        raise Refused("too_many_pixels", width=f"{width:,}", height=f"{height:,}")
    return (width * bits * colours // 8 + 2) * height


def _unpack(item: Any, pikepdf: Any, limit: int) -> int:
    """Unpack a stream piece by piece without keeping it; return its size. More than ``limit`` bytes is a bomb."""
    filters = item.stream_dict.get("/Filter", [])
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if names.count("/FlateDecode") + names.count("/Fl") + names.count("/LZWDecode") > 2 or len(names) > 6:
        raise Refused("pdf_too_big_inside")
    if not names or names[0] not in ("/FlateDecode", "/Fl"):
        if "/LZWDecode" in names or "/FlateDecode" in names[1:]:
            # Rare, old or odd: the library unpacks it, under its own limits and those of this process.
            size = len(item.read_bytes(pikepdf.StreamDecodeLevel.generalized))
            if size > limit:
                raise Refused("pdf_too_big_inside")
            return size
        return 0
    twice = len(names) > 1 and names[1] in ("/FlateDecode", "/Fl")
    size = 0
    for piece in _inflate(iter([item.read_raw_bytes()])):
        size += len(piece)
        if size > limit:
            raise Refused("pdf_too_big_inside")
    if twice:
        size = 0
        for piece in _inflate(_inflate(iter([item.read_raw_bytes()]))):
            size += len(piece)
            if size > limit:
                raise Refused("pdf_too_big_inside")
    return size


def _inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacked bytes, at most a mebibyte at a time. Damage ends it early: viewers show what came before, and so it counts."""
    unpacker = zlib.decompressobj()
    with suppress(zlib.error):
        for piece in pieces:
            while piece:
                yield unpacker.decompress(piece, MIB)
                piece = unpacker.unconsumed_tail
            if unpacker.eof:
                return


if __name__ == "__main__":
    main()
