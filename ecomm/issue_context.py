"""Where somebody was when something did not work: the page and the record on it, without anything secret (ISS_01)."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse

from ecomm.models import IssueReport

LONGEST_PAGE: int = IssueReport._meta.get_field("page").max_length or 0
LONGEST_RECORD: int = IssueReport._meta.get_field("record").max_length or 0
# A link that signs somebody in or confirms something must not be told to anybody.
SECRET_PARTS = ("token", "uidb64")
HIDDEN = "..."


@dataclass(frozen=True)
class Where:
    """``page`` is a path of the portal, ``record`` the number in it that people quote; both may be empty."""

    page: str
    record: str


def where(request: HttpRequest) -> Where:
    """What the link to the form says (``?page=``, ``?record=``), else the page of the portal one came from."""
    page = path_of(request.GET.get("page", "")) or _came_from(request)
    record = _printable(request.GET.get("record", ""))[:LONGEST_RECORD]
    return Where(page=page, record=record or record_in(page))


def path_of(text: str) -> str:
    """The path in ``text`` (a path or a whole address): no query, no fragment, no secret part; empty without one."""
    try:
        path = unquote(urlsplit(text.strip()).path)
    except ValueError:  # such as brackets that are no address
        return ""
    path = _printable(path)
    if not path.startswith("/"):
        return ""
    for part in _secrets_in(path):
        path = path.replace(part, HIDDEN)
    return path[:LONGEST_PAGE]


def record_in(page: str) -> str:
    """The number of the client, application or question whose page it is; empty for other pages."""
    numbers = [str(value) for name, value in _parts_of(page).items() if name.endswith("number")]
    if len(numbers) != 1:
        return ""
    # As it stands in the address: EQU30001 is the number people know, 30001 what the address is read as.
    quoted = [part for part in page.split("/") if part.endswith(numbers[0])]
    return quoted[0][:LONGEST_RECORD] if quoted else ""


def _came_from(request: HttpRequest) -> str:
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    own = referer.scheme in ("http", "https") and referer.netloc == request.get_host()
    page = path_of(referer.path) if own else ""
    return "" if page.startswith(reverse("ecomm:report-issue")) else page


def _parts_of(path: str) -> dict[str, object]:
    try:
        return dict(resolve(path).kwargs)
    except Resolver404:
        return {}


def _secrets_in(path: str) -> list[str]:
    return [str(value) for name, value in _parts_of(path).items() if name in SECRET_PARTS and value]


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
