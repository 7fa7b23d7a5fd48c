"""Legal and Privacy: the wordings in force and those before them, for everybody to read and print (ISS_07)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.content.markdown import to_html
from portal.common.content.models import PrivacyStatement
from portal.common.content.models.legal import LegalWording
from portal.common.content.services import legal
from portal.common.dates import as_text, today_in

Wording = TypeVar("Wording", bound=LegalWording)


@dataclass(frozen=True)
class VersionLink:
    """One published wording in the list of all: when it counted, and whether it is the one being read."""

    version: str
    days: str
    in_force: bool
    current: bool


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The Privacy Statement in force, or the version in ``?version=``."""
    # The version is the page's second heading; those of the text stand below it.
    return wording_page(request, PrivacyStatement, to_html=lambda wording: to_html(wording.body, top_heading=3))


def wording_page(
    request: HttpRequest, document: type[Wording], *, to_html: Callable[[Wording], SafeString]
) -> HttpResponse:
    """One wording of ``document``: the one in force, or the published one ``?version=`` names; 404 for any other."""
    published = legal.published(document, at=timezone.now())
    wanted = request.GET.get("version")
    wording = next((one for one in published if wanted in (None, one.version)), None)
    if wording is None and wanted is not None:
        raise Http404
    context = {
        "document": document.document,
        "wording": wording,
        "text": to_html(wording) if wording else "",
        "in_force": wording is not None and wording == published[0],
        "published_on": _day(wording.published_at) if wording else "",
        "versions": _versions(published, wording),
    }
    return render(request, "content/legal.html", context)


def _versions(published: list[Wording], shown: Wording | None) -> list[VersionLink]:
    """Newest first. A wording counts from its day on; the next one's day is when it stopped."""
    found = []
    until = ""
    for place, one in enumerate(published):
        begins = _day(one.published_at)
        days = f"since {begins}" if place == 0 else f"{begins} to {until}" if begins != until else f"on {begins}"
        found.append(VersionLink(one.version, days, in_force=place == 0, current=one == shown))
        until = begins
    return found


def _day(moment: datetime | None) -> str:
    return as_text(today_in(now=moment)) if moment else ""
