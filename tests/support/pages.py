"""Reading the portal's pages as a person does: headings, rows, links, messages."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse

# The result grid as on the carrier's screens (SRC_12).
SIXTEEN_COLUMNS = [
    "Last Name",
    "First Name",
    "Record Type",
    "E-App Number",
    "Client App ID",
    "Member Count",
    "Group Number",
    "Account Number",
    "Status",
    "Product Type",
    "Product Name",
    "Coverage Effective Date",
    "Paid To Date",
    "Termed",
    "Producer Name",
    "Nine Digit Producer Number",
]
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}


@dataclass
class Element:
    tag: str
    attrs: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, with single blanks."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> list[str]:
        return [part for child in self.children for part in ([child] if isinstance(child, str) else child._texts())]

    def all(self, tag: str = "", **attrs: str) -> list["Element"]:
        """Every element inside with this tag and these attributes; ``class_`` asks for one of the classes."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child._fits(tag, attrs):
                    found.append(child)
                found += child.all(tag, **attrs)
        return found

    def one(self, tag: str = "", **attrs: str) -> "Element":
        found = self.all(tag, **attrs)
        assert len(found) == 1, f"{len(found)} elements {tag} {attrs}"
        return found[0]

    def _fits(self, tag: str, attrs: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        return all(
            value in self.attrs.get("class", "").split()
            if name == "class_"
            else self.attrs.get(name.replace("_", "-")) == value
            for name, value in attrs.items()
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(response: HttpResponse) -> Element:
    """The page as a tree. Fails on markup whose tags do not close in order."""
    reader = _Reader()
    reader.feed(response.content.decode())
    reader.close()
    assert reader.open == [reader.root], f"<{reader.open[-1].tag}> is never closed"
    return reader.root


@dataclass(frozen=True)
class Grid:
    """A result grid as read from the page."""

    element: Element
    head_line: str
    headers: list[str]
    rows: list[dict[str, str]]
    links: list[dict[str, str]]  # address behind each cell that is a link

    def column(self, label: str) -> list[str]:
        return [row[label] for row in self.rows]

    def url(self, text: str) -> str:
        """The address behind the link with this text, such as Next or a column's heading."""
        return next(link.attrs["href"] for link in self.element.all("a") if link.text == text)

    def export_url(self, file_format: str) -> str:
        urls = [link.attrs["href"] for link in self.element.all("a") if "download" in link.attrs]
        return next(url for url in urls if f"format={file_format}" in url)

    @property
    def filter_errors(self) -> dict[str, str]:
        """What is said under each heading about what was typed there."""
        return {
            cell.attrs["data-label"]: cell.one(class_="filter-error").text
            for cell in self.element.one("tr", class_="filters").all("td")
            if cell.all(class_="filter-error")
        }


def grid(response: HttpResponse) -> Grid:
    element = read(response).one("section", class_="grid")
    headers = [cell.text for cell in element.one("tr", class_="sorts").all("th")]
    lines = [row.all("td") for row in element.one("tbody").all("tr")]
    lines = [cells for cells in lines if not cells[0].all(class_="empty-state")]
    return Grid(
        element=element,
        head_line=element.one(class_="grid-head-line").text,
        headers=headers,
        rows=[{cell.attrs["data-label"]: cell.text for cell in cells} for cells in lines],
        links=[
            {cell.attrs["data-label"]: cell.one("a").attrs["href"] for cell in cells if cell.all("a")}
            for cells in lines
        ],
    )


def messages(response: HttpResponse) -> list[str]:
    return [alert.text for alert in read(response).all(class_="alert-body")]


def facts(element: Element) -> dict[str, str]:
    """Names and values of the first fact list inside."""
    return {pair.one("dt").text: pair.one("dd").text for pair in element.all("dl", class_="facts")[0].all("div")}


def same_but_for_tokens(response: HttpResponse) -> tuple[int, dict[str, Any], str]:
    """Status, headers and body without what differs between two answers to the same question."""
    # Expires tells the second of the answer.
    headers = {name: value for name, value in response.headers.items() if name not in ("X-Request-ID", "Expires")}
    # Tokens are masked anew in every page, and the session's clock runs on.
    body = re.sub(r"\b[A-Za-z0-9]{64}\b|data-seconds-left=\"\d+\"", "", response.content.decode())
    return response.status_code, headers, body
