"""A commission statement to PDF, with the engine and the fonts of the ID cards (ADR 0016, ADR 0020)."""

from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from clients.idcards import rendering
from clients.rules.status_facts import money_text
from portal.common.tables import display
from reporting.models import CommissionLine, CommissionStatement

STYLES = Path(__file__).resolve().parent / "statement.css"
# Laying out more takes longer than somebody waits.
MOST_LINES = 600
TOO_LONG = f"A statement of more than {MOST_LINES} lines is not printed. Take it as CSV or Excel."
UNAVAILABLE = (
    "Statements cannot be printed on this server at the moment: libraries are missing. Support has to add them."
)


class CannotPrint(Exception):
    """No PDF can be made of it; the text is fit to show and says what to do."""


def html_of(statement: CommissionStatement, lines: list[CommissionLine]) -> str:
    """The document before it is laid out. What the commission system wrote is escaped by the template."""
    number = statement.producer_number
    return render_to_string(
        "reporting/commission_print.html",
        {
            "carrier": settings.CARRIER_NAME,
            "month": f"{statement.month:%m/%Y}",
            "number": number.number,
            "producer": number.producer.name,
            "total": display(statement.total, "money"),
            "lines": [
                {
                    "line": line.line,
                    "kind": line.get_kind_display(),
                    "account": line.account_number,
                    "insured": line.insured_name,
                    "product": line.product_name,
                    "month": f"{line.premium_month:%m/%Y}",
                    "premium": money_text(line.premium),
                    "amount": display(line.amount, "money"),
                }
                for line in lines
            ],
        },
    )


def pdf_of(statement: CommissionStatement) -> bytes:
    """A tagged PDF on letter paper. Raises ``CannotPrint``."""
    if statement.line_count > MOST_LINES:
        raise CannotPrint(TOO_LONG)
    lines = list(statement.lines.order_by("line"))
    try:
        return rendering.render_document(html_of(statement, lines), styles=STYLES)
    except rendering.CannotRender as exc:
        raise CannotPrint(UNAVAILABLE) from exc
