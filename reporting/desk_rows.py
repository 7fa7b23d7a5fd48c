"""A row of the save-the-policy desk as it is shown.

Its cells are built here, because a page has 225 of them and a template takes three times as long.
"""

from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from reporting.rules import desk_words
from reporting.rules.desk import AtRisk
from reporting.rules.desk_words import Said


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row as the page, the call sheet and the page of a single row show it."""

    risk: AtRisk
    name: str
    first_name: str
    url: str
    work_url: str
    product: str
    number_text: str
    producer_number_id: int
    amount: str
    autopay: str
    payment: str
    pay_url: str
    last_day: str
    time_left: str
    pill: str
    phone: str
    phone_url: str
    email: str
    mail_url: str
    text_url: str
    last_outcome: str
    said: Said

    @property
    def script(self) -> list[str]:
        return desk_words.script(self.said)

    @property
    def message(self) -> str:
        return desk_words.message(self.said)

    @property
    def reach(self) -> SafeString:
        """Ways to reach the client: telephone, email, text message."""
        name = escape(self.name)
        parts = []
        if self.phone_url:
            parts.append(f'<a href="{escape(self.phone_url)}">{escape(self.phone)}</a>')
        elif self.phone:
            parts.append(f"<span>{escape(self.phone)}</span>")
        if self.mail_url:
            parts.append(f'<a href="{escape(self.mail_url)}">Email<span class="visually-hidden"> to {name}</span></a>')
        if self.text_url:
            parts.append(
                f'<a href="{escape(self.text_url)}">Text message<span class="visually-hidden"> to {name}</span></a>'
            )
        if not self.phone and not self.mail_url:
            parts.append('<span class="muted">Nothing on file</span>')
        return mark_safe(" ".join(parts))  # noqa: S308 - every part above is escaped

    def cells(self, place: int) -> SafeString:
        """The cells of the row at this place of the list."""
        name, product = escape(self.name), escape(self.product)
        client = f'<a href="{escape(self.url)}">{name}</a>' if self.url else name
        note = _second(self.risk.note) if self.risk.note else ""
        return mark_safe(  # noqa: S308 - every part is escaped or a constant
            f'<td class="num" data-label="Rank">{place}</td>'
            f'<td data-label="Client">{client} {_second(self.number_text)}</td>'
            f'<td data-label="Why"><span class="pill pill-{escape(self.pill)}">{escape(self.risk.why.label)}</span> '
            f"{_second(self.product)} {note}</td>"
            f'<td class="date" data-label="Last Safe Day"><span>{escape(self.last_day) or "Not known"}</span> '
            f"{_second(self.time_left) if self.time_left else ''}</td>"
            f"{self._amount_cell}"
            f'<td data-label="Autopay">{escape(self.autopay)}</td>'
            f'<td class="desk-reach" data-label="Reach the Client">{self.reach}</td>'
            f'<td class="desk-outcome" data-label="Last Outcome">{escape(self.last_outcome)}</td>'
            f'<td><a class="btn btn-sm btn-secondary text-nowrap" href="{escape(self.work_url)}">Script, Log '
            f'<span class="visually-hidden">for {name}, {product}</span></a></td>'
        )

    def on_the_sheet(self) -> SafeString:
        """What the call sheet prints of the row, with room to write."""
        amount = f"<span>Amount due: {escape(self.amount)}</span>" if self.amount else ""
        payment = f"<span>{escape(self.payment)}</span>" if self.payment else ""
        autopay = f"<span>Autopay: {escape(self.autopay)}</span>" if self.autopay else ""
        outcome = f"<span>{escape(self.last_outcome)}</span>" if self.last_outcome else ""
        return mark_safe(  # noqa: S308 - every part is escaped or a constant
            f"<div><strong>{escape(self.name)}</strong> <span>{escape(self.number_text)}</span> "
            f"<span>{escape(self.product)}</span></div> "
            f"<div><strong>{escape(self.risk.why.label)}</strong> "
            f"<span>Last safe day: {escape(self.last_day) or 'not known'}</span> {amount} {payment} {autopay}</div> "
            f"<div><span>{escape(self.phone) or 'No phone number'}</span> "
            f'<span class="call-sheet-mail">{escape(self.email)}</span> {outcome}</div> '
            '<div class="call-sheet-write"><span>Outcome</span> <span>Call again on</span></div>'
        )

    @property
    def _amount_cell(self) -> str:
        """What is due, how far a payment is, and the way to make one."""
        if not self.amount and not self.payment:
            return "<td></td>"
        amount = f"<span>{escape(self.amount)}</span>"
        if self.pay_url:
            words = f'<span class="visually-hidden">, Make a Payment for {escape(self.name)}</span>'
            amount = f'<a href="{escape(self.pay_url)}">{escape(self.amount)}{words}</a>'
        payment = _second(self.payment) if self.payment else ""
        return f'<td class="num desk-amount" data-label="Amount Due">{amount} {payment}</td>'


def _second(text: str) -> str:
    return f'<span class="desk-second">{escape(text)}</span>'
