"""What has become of the demo producer's quotes: applications begun, one of them withdrawn, and a proposal on its way."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from enrollment.models import Application, Quote
from enrollment.rules import application_days
from enrollment.selectors import proposals as proposals_selector
from enrollment.selectors import quotes as selector
from enrollment.services import applications, proposals
from portal.common.dates import today_in

# Beginnings of quotes' names, how many days ago an application was begun, whether it was withdrawn; and proposed to.
APPLIED = (("Okafor", 1, False), ("Whitlock", 8, False), ("Brannigan", 12, True))
PROPOSED, RECIPIENT = "Brannigan", "tess.brannigan@mail.example"
NOTE = (
    "Dear Ms. Brannigan,\n\nhere are the two gold plans we talked about, side by side. The second has the smaller network "
    "and the lower premium. Please call me with any question."
)


def add_applications_and_proposals(*, by: User, now: datetime) -> int:
    """Add them as ``by`` would have made them, and return how many rows; none where the quotes are not there."""
    quotes = {quote.name: quote for quote in selector.visible(by).select_related("county", "producer_number__producer")}
    count = 0
    for start, days_ago, withdrawn in APPLIED:
        quote = _named(quotes, start)
        if quote is not None:
            count += _apply(quote, by=by, at=now - timedelta(days=days_ago), withdrawn=withdrawn)
    quote = _named(quotes, PROPOSED)
    if quote is not None:
        count += _propose(quote, by=by, now=now)
    return count


def _named(quotes: dict[str, Quote], start: str) -> Quote | None:
    return next((quote for name, quote in quotes.items() if name.startswith(start)), None)


def _apply(quote: Quote, *, by: User, at: datetime, withdrawn: bool) -> bool:
    priced = selector.priced(quote)
    first = {one.row.plan.line: one for one in reversed(priced.selected) if one.premium and one.row.market == "OFF"}
    if not first:  # a demo of a year without a catalog
        return False
    shown = sum((one.premium.total for one in first.values() if one.premium), Decimal("0.00"))
    application = applications.start(
        quote=quote,
        people=priced.people,
        plans=list(first.values()),
        by=by,
        at=at,
        form_key=f"demo-application-{quote.pk}",
        shown=shown,
    )
    # Begun before today: the days follow from then.
    day = today_in(application.us_state, now=at)
    Application.objects.filter(pk=application.pk).update(expires_on=application_days.expires_on(changed_on=day))
    if withdrawn:
        applications.withdraw(application=application, by=by, at=at + timedelta(days=3))
    return True


def _propose(quote: Quote, *, by: User, now: datetime) -> bool:
    """Still to be made: the demo's worker prints it and sends it to the demo's mailbox within seconds."""
    priced = selector.priced(quote)
    plans = [one for one in priced.selected if one.premium]
    if not plans:
        return False
    content = proposals_selector.content_of(
        quote, priced.people, plans, note=NOTE, today=today_in(quote.county.us_state, now=now)
    )
    proposals.create(
        quote=quote, content=content, recipients=[RECIPIENT], by=by, at=now, form_key=f"demo-proposal-{quote.pk}"
    )
    return True
