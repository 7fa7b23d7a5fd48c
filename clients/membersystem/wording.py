"""What a change holds, in words for the carrier's staff: only the fields its kind is known to have, never an SSN."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from clients.models import ContactPoint, MemberChange

Kind = MemberChange.Kind
_CONTACT_KINDS = dict(ContactPoint.Kind.choices)


class Line(NamedTuple):
    """One field; empty for none."""

    what: str
    before: str
    after: str


def payload_lines(kind: str, payload: Any) -> list[Line]:
    """The fields of a payload; none for one that is not in the form agreed for its kind."""
    try:
        return list(_LINES[kind](payload))
    except (KeyError, TypeError, AttributeError):
        return []


def _contact(payload: dict[str, Any]) -> Iterator[Line]:
    for kind, after in payload["after"].items():
        yield Line(_CONTACT_KINDS.get(kind, kind), _point(payload["before"].get(kind)), _point(after))


def _point(point: dict[str, Any] | None) -> str:
    if point is None:
        return ""
    extension = f" extension {point['extension']}" if point.get("extension") else ""
    return f"{point['value']}{extension}{', send text' if point.get('send_text') else ''}"


def _pcp(payload: dict[str, Any]) -> Iterator[Line]:
    yield Line("PCP or medical group", _assignment(payload["before"]), _assignment(payload["after"]))
    yield Line("Effective", "", payload["after"]["effective_date"])
    yield Line("Reason", "", payload["reason"])


def _assignment(data: dict[str, Any] | None) -> str:
    if data is None:
        return ""
    provider = " ".join(filter(None, (data["provider_name"], data["npi"])))
    group = " ".join(filter(None, (data["group_number"], data["group_name"])))
    return ", ".join(filter(None, (provider, group)))


def _id_card(payload: dict[str, Any]) -> Iterator[Line]:
    yield Line("Cards", "", f"{payload['quantity']} ({str(payload['line']).lower()})")
    yield Line("Replacement", "", "yes" if payload["replacement"] else "no")


def _enroll(payload: dict[str, Any]) -> Iterator[Line]:
    yield Line("Effective", "", payload["effective_date"])
    if address := payload.get("address"):
        parts = (address["address_1"], address["address_2"], address["city"], address["us_state"], address["zip"])
        yield Line("Address", "", ", ".join(filter(None, parts)))


_BILLING = {"bill": "A bill by mail", "settled": "Paid online", "returned": "Payment returned"}


def _billing(payload: dict[str, Any]) -> Iterator[Line]:
    yield Line("First payment", "", _BILLING.get(payload["what"], str(payload["what"])))
    yield Line("Amount", "", f"${payload['amount']}")
    yield Line("Last day", "", payload["due_on"])
    yield Line("Payment number", "", payload["payment"])


def _term(payload: dict[str, Any]) -> Iterator[Line]:
    yield Line("Last day of coverage", "", payload["last_day"])
    yield Line("Paid to", "", payload["paid_to"] or "")
    yield Line("Reason", "", payload["reason"])


_LINES = {
    Kind.CONTACT.value: _contact,
    Kind.PCP.value: _pcp,
    Kind.ID_CARD.value: _id_card,
    Kind.ENROLL.value: _enroll,
    Kind.TERM.value: _term,
    Kind.REINSTATE.value: _enroll,
    Kind.BILLING.value: _billing,
}
