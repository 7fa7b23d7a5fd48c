"""Writing .xlsx workbooks row by row: one pass, little memory, no cell that could become a formula (REP_17, PRO_10).

A workbook is a ZIP archive of XML files (ECMA-376, Office Open XML). Text goes into the sheet itself as inline strings, so
that nothing has to be remembered until the end; the general libraries keep an object for each cell, and take twice as long
(ADR 0026). Numbers and days are typed cells; whatever a text begins with, it stays text.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from xml.sax.saxutils import quoteattr

# Excel's limits (ECMA-376 leaves them to the program). What lies beyond them would make it refuse the file.
ROWS_IN_A_SHEET = 1_048_575  # under the heading row
TEXT_IN_A_CELL = 32_767
FIRST_DAY = date(1900, 1, 1)
SHEET_NAME_LENGTH = 31
# The numbers of the formats in _STYLES.
_PLAIN, _HEADING, _DAY, _MOMENT, _MONEY = range(5)
_EPOCH = date(1899, 12, 30).toordinal()
# Excel believes that there was a 29 February 1900: days before it have a number that is one less.
_AFTER_THE_DAY_THAT_NEVER_WAS = date(1900, 3, 1)
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")
# What cannot stand in the file as it is: markup, what no XML holds, halves of characters, blanks that readers drop, and
# what Excel takes for its own way of writing a character (_x0041_).
_NEEDS_CARE = re.compile(r"[&<>\x00-\x1f\ufffe\uffff\ud800-\udfff]|_x|^\s|\s$")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LOOKS_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_KNOWN_TEXTS = 20_000
_ROWS_AT_ONCE = 500


def clean_text(text: str) -> str:
    """``text`` without control characters that break files, with one kind of line end."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class Sheets:
    """An open workbook. ``write`` it once, or several times for several sheets; it is whole when the ``with`` block ends."""

    def __init__(self, target: IO[bytes]) -> None:
        # The lowest level: the highest would make the file a sixth smaller and take four times as long.
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._names: list[tuple[str, str]] = []

    def __enter__(self) -> "Sheets":
        return self

    def __exit__(self, failed: object, *_details: object) -> None:
        if failed is None:
            self.close()
        else:
            self._zip.close()  # not a workbook, and nobody is given it

    def write(
        self,
        *,
        name: str,
        headings: Sequence[str],
        rows: Iterable[Sequence[Any]],
        other: Callable[[Any], str] = str,
    ) -> int:
        """Add the rows under a bold, frozen heading row with filter buttons; return how many there were.

        Days and moments without a zone, whole numbers, ``Decimal`` (money) and text are written as such; ``None`` and empty
        text leave the cell empty; anything else is text as ``other`` says it. Rows beyond one sheet go on on the next.
        """
        cells = _Cells(headings, other)
        left = iter(rows)
        count, row = 0, next(left, None)
        first = True
        while first or row is not None:
            first = False
            line = 1
            with self._zip.open(f"xl/worksheets/sheet{len(self._names) + 1}.xml", "w") as part:
                part.write(_sheet_start(headings, cells))
                waiting: list[str] = []
                while row is not None and line <= ROWS_IN_A_SHEET:
                    line += 1
                    waiting.append(cells.row(line, row))
                    if len(waiting) == _ROWS_AT_ONCE:
                        part.write("".join(waiting).encode())
                        waiting.clear()
                    row = next(left, None)
                part.write("".join(waiting).encode())
                used = f"A1:{cells.letters[-1] if cells.letters else 'A'}{line}"
                part.write(f'</sheetData><autoFilter ref="{used}"/></worksheet>'.encode())
            count += line - 1
            self._names.append((self._sheet_name(name), used))
        return count

    def _sheet_name(self, name: str) -> str:
        plain = _NOT_IN_SHEET_NAMES.sub(" ", clean_text(name)).strip() or "Sheet"
        number = f" {len(self._names) + 1}" if self._names else ""
        return plain[: SHEET_NAME_LENGTH - 5] + number

    def close(self) -> None:
        """Write what makes the sheets a workbook. A workbook that was not closed cannot be opened."""
        if not self._names:
            self.write(name="Sheet", headings=[], rows=[])
        for path, content in _frame(self._names).items():
            self._zip.writestr(path, content)
        self._zip.close()


class _Cells:
    """The XML of rows. What was written once is kept as text: columns repeat their values thousands of times."""

    def __init__(self, headings: Sequence[str], other: Callable[[Any], str]) -> None:
        self.letters = [_letters(index) for index in range(len(headings))]
        self._other = other
        # Keyed by type, too: 1, True and Decimal(1) are equal and are written differently.
        self._known: dict[tuple[type, Any], str] = {}
        self._starts = [f'<c r="{letters}' for letters in self.letters]

    def row(self, line: int, values: Sequence[Any]) -> str:
        known = self._known
        number = str(line)
        parts = [f'<row r="{number}">']
        for start, value in zip(self._starts, values, strict=True):
            if value is None or value == "":
                continue
            key = (value.__class__, value)
            rest = known.get(key)
            if rest is None:
                rest = self.rest_of(value)
                if len(known) < _KNOWN_TEXTS:
                    known[key] = rest
            parts.append(f"{start}{number}{rest}")
        parts.append("</row>")
        return "".join(parts)

    def rest_of(self, value: Any) -> str:
        """A cell's XML behind its address."""
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, datetime):
            if value.date() >= FIRST_DAY:
                seconds = value.hour * 3600 + value.minute * 60 + value.second
                return f'" s="{_MOMENT}"><v>{_day_number(value.date()) + round(seconds / 86_400, 9)}</v></c>'
        elif isinstance(value, date):
            if value >= FIRST_DAY:
                return f'" s="{_DAY}"><v>{_day_number(value)}</v></c>'
        elif isinstance(value, Decimal):
            if value.is_finite():
                return f'" s="{_MONEY}"><v>{value:f}</v></c>'
        elif isinstance(value, int) and not isinstance(value, bool):
            return f'"><v>{value}</v></c>'
        return _text(self._other(value))


def _text(text: str, style: int = _PLAIN) -> str:
    styled = f' s="{style}"' if style else ""
    if len(text) <= TEXT_IN_A_CELL and not _NEEDS_CARE.search(text):
        return f'"{styled} t="inlineStr"><is><t>{text}</t></is></c>'
    kept = clean_text(text)[:TEXT_IN_A_CELL]
    kept = _LOOKS_LIKE_AN_ESCAPE.sub("_x005F_", kept)
    kept = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'"{styled} t="inlineStr"><is><t xml:space="preserve">{kept}</t></is></c>'


def _day_number(day: date) -> int:
    """Excel's number of a day: 1 is 1 January 1900."""
    return day.toordinal() - _EPOCH - (day < _AFTER_THE_DAY_THAT_NEVER_WAS)


def _letters(index: int) -> str:
    """A, B ... Z, AA, AB: what a column is called."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _sheet_start(headings: Sequence[str], cells: _Cells) -> bytes:
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{max(12, min(len(label) + 4, 30))}" customWidth="1"/>'
        for n, label in enumerate(headings, start=1)
    )
    labels = "".join(
        f'<c r="{letters}1{_text(label, _HEADING)}' for letters, label in zip(cells.letters, headings, strict=True)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        f'<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'{widths and f"<cols>{widths}</cols>"}<sheetData><row r="1">{labels}</row>'
    ).encode()


def _frame(names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The small files around the sheets."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
        for n, (name, _) in zip(numbers, names, strict=True)
    )
    # By this name programs know that the range carries filter buttons.
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{n - 1}" hidden="1">'
        f"'{_in_xml(name)}'!{_absolute(used)}</definedName>"
        for n, (name, used) in zip(numbers, names, strict=True)
    )
    styles = len(names) + 1
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + f'<Relationship Id="rId{styles}" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets>'
        f"<definedNames>{filters}</definedNames></workbook>",
        "xl/styles.xml": _STYLES,
    }


def _in_xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _absolute(used: str) -> str:
    """$A$1:$P$9 of A1:P9."""
    return re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", used)


_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="mm/dd/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="mm/dd/yyyy h:mm AM/PM"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
