"""What ``Enroll in Selected Plans`` does with the plans of a quote, for one person (QUO_05, QUO_06, ONX_01..04, HOM_11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse

from accounts import scoping
from accounts.models import User
from enrollment.models import Application, Quote, QuotePlan
from enrollment.rules import on_exchange
from enrollment.rules.plan_choice import ChosenPlan, why_not_enroll
from enrollment.rules.quote_days import is_expired
from portal.common import form_keys
from portal.common.access import Perm
from portal.common.dates import US_STATES, as_text

EXPIRED = "This quote expired on {day}. Change or copy it to see today's plans and prices."


@dataclass(frozen=True, kw_only=True)
class EnrollOffer:
    """``reason`` says why it is not possible, and is empty when it is.

    ``exchange_name`` and ``exchange_url`` are set for on-exchange plans, ``draft`` for off-exchange ones when an
    application of the quote has been started and can be resumed. ``refused`` tells the one reason that is about the
    person's rights. ``form_key`` names the form.
    """

    url: str
    list_url: str
    form_key: str
    plan_ids: list[int]
    reason: str = ""
    refused: bool = False
    exchange_name: str = ""
    exchange_advice: str = ""
    exchange_url: str = ""
    draft: Application | None = None

    @property
    def is_on_exchange(self) -> bool:
        return bool(self.exchange_name)


def enroll_offer(user: User, quote: Quote, chosen: Sequence[QuotePlan], *, today: date) -> EnrollOffer:
    """What the button does for ``chosen`` (with their plans joined). One query, for the draft to be resumed."""
    url = reverse("enrollment:quote-enroll", args=[quote.pk])
    common = {
        "url": url,
        "list_url": reverse("enrollment:quotes"),
        "form_key": form_keys.new_key(),
        "plan_ids": [row.pk for row in chosen],
    }
    reason = why_not_enroll([ChosenPlan(row.plan.line, row.market) for row in chosen])
    if not reason and is_expired(expires_on=quote.expires_on, today=today):
        reason = EXPIRED.format(day=as_text(quote.expires_on))
    if reason:
        return EnrollOffer(**common, reason=reason)
    if chosen[0].market == QuotePlan.Market.ON:
        return _onto_the_exchange(user, quote, common)
    return EnrollOffer(**common, draft=resumable(user, quote, today=today))


def _onto_the_exchange(user: User, quote: Quote, common: dict[str, object]) -> EnrollOffer:
    held = scoping.perms_on_book(user, producer_id=quote.producer_number.producer_id)
    us_state = quote.county.us_state
    row = on_exchange.exchange_for(us_state, effective_date=quote.effective_date)
    address = settings.ON_EXCHANGE_URLS.get(us_state, "")
    refused = Perm.ENROLL_ON_EXCHANGE not in held
    reason = ""
    if refused:
        reason = on_exchange.DELEGATES_CANNOT
    elif not address:
        reason = on_exchange.NOT_SET_UP.format(state=US_STATES[us_state])
    return EnrollOffer(
        **common,  # type: ignore[arg-type]
        reason=reason,
        refused=refused,
        exchange_name=row.name,
        exchange_advice=on_exchange.ADVICE[row.platform],
        exchange_url="" if reason else address,
    )


def resumable(user: User, quote: Quote, *, today: date) -> Application | None:
    """The incomplete application of the quote that was last worked on, if it can still be used."""
    drafts = Application.objects.for_user(user, perm=Perm.ENROLL).filter(
        quote=quote, status=Application.Status.INCOMPLETE, withdrawn_at=None, expires_on__gte=today
    )
    return drafts.order_by("-updated_at", "-id").first()  # type: ignore[no-any-return]
