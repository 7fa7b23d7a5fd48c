"""A proposal to PDF, with the engine and the fonts of the ID cards (ADR 0016, ADR 0020)."""

from pathlib import Path

from django.template.loader import render_to_string

from clients.idcards import rendering
from enrollment.proposals.content import ProposalContent

TEMPLATE = "enrollment/proposal_print.html"
STYLES = Path(__file__).resolve().parent / "proposal.css"
UNAVAILABLE = (
    "Proposals cannot be printed on this server at the moment: libraries are missing. Support has to add them."
)


class CannotRender(Exception):
    """This machine lacks what the PDF needs; the text is fit to show and says what to do."""


def html_of(content: ProposalContent) -> str:
    """The document before it is laid out. What people have typed is escaped by the template."""
    return render_to_string(TEMPLATE, {"proposal": content})


def render(content: ProposalContent) -> bytes:
    """A tagged PDF on letter paper. Raises ``CannotRender`` when the system's libraries are missing."""
    try:
        return rendering.render_document(html_of(content), styles=STYLES)
    except rendering.CannotRender as exc:
        raise CannotRender(UNAVAILABLE) from exc
