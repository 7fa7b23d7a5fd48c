"""Cards to PDF with WeasyPrint: parsed styles and fonts are kept, nothing but bundled files is ever read (ADR 0016).

WeasyPrint needs libraries of the system (Pango, HarfBuzz). It is imported when the first card is rendered, never when
the portal starts: without them everything else works and cards say what is missing.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from clients.idcards.content import Card

HERE = Path(__file__).resolve().parent
TEMPLATE = "clients/id_card_print.html"
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
# Only these are ever read, under names that mean nothing outside of this module.
SCHEME = "card:"
BUNDLED = {
    f"{SCHEME}{path.name}": path
    for path in [*(HERE / "fonts").glob("*/*.woff"), HERE / "card.css", settings.BASE_DIR / "static/portal/mark.svg"]
}


class CannotRender(Exception):
    """This machine lacks what WeasyPrint needs; the text is fit to show and says what to do."""


UNAVAILABLE = "ID cards cannot be printed on this server at the moment: libraries are missing. Support has to add them."


@dataclass(frozen=True)
class _Kept:
    """What is made once a process: the library, the parsed styles, the fonts, and who may be asked for files."""

    weasyprint: Any
    styles: Any
    fonts: Any
    fetcher: Any


# Pango's font map is not made for several threads at once.
_one_at_a_time = threading.Lock()
_kept: _Kept | None = None
_other_styles: dict[Path, Any] = {}


def warm_up() -> None:
    """Load library, styles and fonts, so that the first card does not wait for them. Raises ``CannotRender``."""
    with _one_at_a_time:
        _ready()


def html_of(cards: Sequence[Card]) -> str:
    """The document before it is laid out. Member data is escaped by the template."""
    return render_to_string(TEMPLATE, {"cards": cards, "carrier": cards[0].carrier})


def render(cards: Sequence[Card], *, identifier: bytes | None = None) -> bytes:
    """One letter page for each card, tagged, as PDF/UA-1 asks. With an ``identifier`` the same cards give the same bytes.

    Raises ``CannotRender`` when the system's libraries are missing.
    """
    html = html_of(cards)
    with _one_at_a_time:
        kept = _ready()
        document = kept.weasyprint.HTML(string=html, url_fetcher=kept.fetcher, base_url=SCHEME)
        pdf: bytes = document.write_pdf(
            stylesheets=[kept.styles], font_config=kept.fonts, pdf_variant="pdf/ua-1", pdf_identifier=identifier
        )
    return pdf


def render_document(html: str, *, styles: Path) -> bytes:
    """Another document of the portal, tagged, in the fonts of the cards (``card:`` names of ``BUNDLED``).

    Raises ``CannotRender`` when the system's libraries are missing; its text speaks of ID cards.
    """
    with _one_at_a_time:
        kept = _ready()
        if styles not in _other_styles:
            _other_styles[styles] = kept.weasyprint.CSS(
                string=styles.read_text(), font_config=kept.fonts, url_fetcher=kept.fetcher, base_url=SCHEME
            )
        document = kept.weasyprint.HTML(string=html, url_fetcher=kept.fetcher, base_url=SCHEME)
        pdf: bytes = document.write_pdf(
            stylesheets=[_other_styles[styles]], font_config=kept.fonts, pdf_variant="pdf/ua-1"
        )
    return pdf


def _ready() -> _Kept:
    global _kept
    if _kept is None:
        _kept = _load()
    return _kept


def _say_less() -> None:
    """WeasyPrint would log every step of every card, and set its levels itself when it is imported."""
    for name in ("weasyprint", "weasyprint.progress", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _load() -> _Kept:
    _say_less()
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except OSError as exc:  # a library that cannot be opened
        raise CannotRender(UNAVAILABLE) from exc
    _say_less()
    fonts = FontConfiguration()
    fetcher = _bundled_only()
    styles = weasyprint.CSS(
        string=(HERE / "card.css").read_text(), font_config=fonts, url_fetcher=fetcher, base_url=SCHEME
    )
    return _Kept(weasyprint=weasyprint, styles=styles, fonts=fonts, fetcher=fetcher)


def _bundled_only() -> Any:
    """Answers with bundled files; anything else ends the rendering: a card never fetches, whatever stands in a name."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class BundledOnly(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            path = BUNDLED.get(url)
            if path is None:
                raise FatalURLFetchingError("A card may use bundled files only.")
            kind = {".woff": "font/woff", ".svg": "image/svg+xml", ".css": "text/css"}[path.suffix]
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    return BundledOnly()
