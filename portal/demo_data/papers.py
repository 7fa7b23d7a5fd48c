"""Small real PDF files for the demo's forms, guides and rates: plain pages with text, the same bytes every time."""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream

WIDTH, HEIGHT, MARGIN = 612, 792, 54  # US Letter in points
BAND = 64
LINE = 14
CHARACTERS_A_LINE = 92  # of ten-point Helvetica between the margins, about
BLUE, INK, GREY = "0.06 0.37 0.47", "0.10 0.16 0.20", "0.42 0.48 0.53"


@dataclass(frozen=True)
class Part:
    """A heading with paragraphs below it, boxes to fill in, or a table of a few columns."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass
class _Page:
    drawn: list[str] = field(default_factory=list)
    left: float = HEIGHT - BAND - 70  # height that is still free, down to the margin

    def text(self, words: str, *, x: float, y: float, size: float = 10, bold: bool = False, colour: str = INK) -> None:
        quoted = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.drawn.append(f"BT {colour} rg /{'B' if bold else 'R'} {size} Tf {x:.1f} {y:.1f} Td ({quoted}) Tj ET")

    def line(self, x1: float, x2: float, y: float) -> None:
        self.drawn.append(f"0.6 w {GREY} RG {x1:.1f} {y:.1f} m {x2:.1f} {y:.1f} l S")


Draw = Callable[[_Page, float], None]


def pdf(*, carrier: str, title: str, number: str = "", parts: Iterable[Part] = ()) -> bytes:
    """The file: a band with the carrier's name, the title, the parts, page numbers; as many pages as it takes."""
    pages = list(_pages(title, parts))
    document = Pdf.new()
    fonts = Dictionary(R=_font(document, "Helvetica"), B=_font(document, "Helvetica-Bold"))
    for place, page in enumerate(pages, start=1):
        page.drawn.insert(0, f"{BLUE} rg 0 {HEIGHT - BAND} {WIDTH} {BAND} re f")
        page.text(carrier, x=MARGIN, y=HEIGHT - 40, size=16, bold=True, colour="1 1 1")
        foot = f"{number}   " if number else ""
        page.text(f"{foot}Page {place} of {len(pages)}", x=MARGIN, y=30, size=8, colour=GREY)
        leaf = document.add_blank_page(page_size=(WIDTH, HEIGHT))
        leaf.obj.Resources = Dictionary(Font=fonts)
        leaf.obj.Contents = Stream(document, "\n".join(page.drawn).encode("cp1252"))
    document.docinfo[Name.Title] = title
    document.docinfo[Name.Author] = carrier
    document.Root.Lang = pikepdf.String("en-US")
    document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    out = BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def _font(document: Pdf, name: str) -> pikepdf.Object:
    return document.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name(f"/{name}"), Encoding=Name.WinAnsiEncoding)
    )


def _pages(title: str, parts: Iterable[Part]) -> Iterator[_Page]:
    page = _Page()
    page.text(title, x=MARGIN, y=HEIGHT - BAND - 36, size=17, bold=True)
    for part in parts:
        for height, draw in _pieces(part):
            if page.left - height < MARGIN:
                yield page
                page = _Page(left=HEIGHT - BAND - 36)
            draw(page, page.left)
            page.left -= height
    yield page


def _pieces(part: Part) -> Iterator[tuple[float, Draw]]:
    """What is drawn one below the other, each with the height it takes; none is torn between two pages."""
    yield 24, partial(_heading, part.heading)
    for paragraph in part.paragraphs:
        for words in textwrap.wrap(paragraph, CHARACTERS_A_LINE):
            yield LINE, partial(_words, words)
        yield 6, _nothing
    for label in part.boxes:
        yield 34, partial(_box, label)
    for place, cells in enumerate(part.rows):
        yield 18, partial(_row, cells, not place)
    yield 10, _nothing


def _heading(words: str, page: _Page, y: float) -> None:
    page.text(words, x=MARGIN, y=y - 12, size=12, bold=True, colour=BLUE)


def _words(words: str, page: _Page, y: float) -> None:
    page.text(words, x=MARGIN, y=y - 10)


def _nothing(page: _Page, y: float) -> None:
    """Space alone."""


def _box(label: str, page: _Page, y: float) -> None:
    page.line(MARGIN, WIDTH - MARGIN, y - 20)
    page.text(label, x=MARGIN, y=y - 30, size=8, colour=GREY)


def _row(cells: tuple[str, ...], is_head: bool, page: _Page, y: float) -> None:
    step = (WIDTH - 2 * MARGIN) / len(cells)
    for place, words in enumerate(cells):
        page.text(words, x=MARGIN + place * step, y=y - 11, size=9, bold=is_head)
    page.line(MARGIN, WIDTH - MARGIN, y - 16)
