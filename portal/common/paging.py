"""Pages of a result: exact count, first/previous/next/last, a page past the end shows the last one (SRC_11)."""

from dataclasses import dataclass

PAGE_SIZES = (10, 25, 50, 100)
DEFAULT_PAGE_SIZE = 25


@dataclass(frozen=True)
class Page:
    """Where we are in a result of ``total`` rows. Row numbers start at 1; both are 0 when there is no row."""

    number: int
    size: int
    total: int
    sizes: list[tuple[int, bool]]
    url_first: str = ""
    url_previous: str = ""
    url_next: str = ""
    url_last: str = ""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def first_row(self) -> int:
        return min(self.offset + 1, self.total)

    @property
    def last_row(self) -> int:
        return min(self.offset + self.size, self.total)

    @property
    def head_line(self) -> str:
        """The line above the table, as producers know it: "1 - 25 of 134 Search Results"."""
        if not self.total:
            return "0 Search Results"
        return f"{self.first_row:,} - {self.last_row:,} of {self.total:,} Search Results"


def read_size(text: str | None) -> int:
    """The page size asked for, or the default when it is none of the offered ones."""
    return next((size for size in PAGE_SIZES if text == str(size)), DEFAULT_PAGE_SIZE)


def read_number(text: str | None, *, total: int, size: int) -> int:
    """The page asked for, moved into 1..last; anything unreadable is page 1."""
    pages = max(1, -(-total // size))
    return max(1, min(typed_number(text) or 1, pages))


def typed_number(text: str | None) -> int | None:
    """The whole number typed, or ``None`` when it is none; one of more than nine digits is cut, it is past every end."""
    typed = (text or "").strip()
    return int(typed[:9]) if typed.isascii() and typed.isdigit() else None
