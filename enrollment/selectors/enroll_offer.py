"""What ``Enroll in Selected Plans`` does with the plans of a quote, for one person (QUO_05, QUO_06, ONX_01..04, HOM_11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application, Quote, QuotePlan
from enrollment.rules import on_exchange
from enrollment.selectors import quotes
from enrollment.selectors.quotes import SelectedPlan
from portal.common import form_keys
from portal.common.access import Perm
from portal.common.dates import US_STATES, today_in


@dataclass(frozen=True, kw_only=True)
class EnrollOffer:
    """``reason`` says why it is not possible, and is empty when it is.

    ``exchange_name`` and ``exchange_url`` are set for on-exchange plans, ``draft`` for off-exchange ones when an
    application of the quote has been started and can be resumed. ``refused`` tells the one reason that is about the
    person's rights. ``form_key`` names the form, ``shown`` is what the plans cost together.
    """

    url: str
    list_url: str
    form_key: str
    plan_ids: list[int]
    shown: Decimal
    reason: str = ""
    refused: bool = False
    exchange_name: str = ""
    exchange_advice: str = ""
    exchange_url: str = ""
    draft: Application | None = None

    @property
    def is_on_exchange(self) -> bool:
        return bool(self.exchange_name)


def enroll_offer(user: User, quote: Quote, chosen: Sequence[SelectedPlan], *, now: datetime) -> EnrollOffer:
    """What the button does for ``chosen``, the plans ticked on Review. At most one query, for the draft to be resumed."""
    reason = quotes.why_not_enroll(user, quote, chosen, now=now)
    offer = EnrollOffer(
        url=reverse("enrollment:quote-enroll", args=[quote.pk]),
        list_url=reverse("enrollment:quotes"),
        form_key=form_keys.new_key(),
        plan_ids=[one.row.pk for one in chosen],
        shown=sum((one.premium.total for one in chosen if one.premium), Decimal("0.00")),
        reason=reason,
        refused=reason == quotes.ON_EXCHANGE_NOT_YOURS,
    )
    if reason:
        return offer
    if chosen[0].row.market == QuotePlan.Market.ON:
        return _onto_the_exchange(offer, quote)
    return replace(offer, draft=resumable(user, quote, today=today_in(quote.county.us_state, now=now)))


def _onto_the_exchange(offer: EnrollOffer, quote: Quote) -> EnrollOffer:
    us_state = quote.county.us_state
    row = on_exchange.exchange_for(us_state, effective_date=quote.effective_date)
    address = settings.ON_EXCHANGE_URLS.get(us_state, "")
    return replace(
        offer,
        reason="" if address else on_exchange.NOT_SET_UP.format(state=US_STATES[us_state]),
        exchange_name=row.name,
        exchange_advice=on_exchange.ADVICE[row.platform],
        exchange_url=address,
    )


def resumable(user: User, quote: Quote, *, today: date) -> Application | None:
    """The incomplete application of the quote that was last worked on, if it can still be used."""
    drafts = Application.objects.for_user(user, perm=Perm.ENROLL).filter(
        quote=quote, status=Application.Status.INCOMPLETE, withdrawn_at=None, expires_on__gte=today
    )
    draft: Application | None = drafts.order_by("-updated_at", "-id").first()
    return draft
