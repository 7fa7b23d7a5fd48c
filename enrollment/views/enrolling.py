"""``Enroll in Selected Plans``: to an application, or to the exchange of the state (QUO_05, QUO_06, ONX_01..04)."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from enrollment.models import Quote
from enrollment.selectors import quotes as selector
from enrollment.selectors.enroll_offer import EnrollOffer, enroll_offer
from enrollment.selectors.quotes import SelectedPlan
from enrollment.services import applications as service
from portal.common import audit, form_keys
from portal.common.access import Perm, requires

STARTED = "Application {number} has been started."


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def quote_enroll(request: AuthenticatedHttpRequest, quote_id: int) -> HttpResponse:
    """Where the Review page's button leads. Everything the button knew is asked again here."""
    quote = selector.one(request.user, quote_id)
    if quote is None:
        raise Http404("No such quote of yours.")
    if request.method != "POST":
        return redirect("enrollment:quote-review", quote.pk)
    priced = selector.priced(quote)
    chosen = _chosen(request.POST, priced.selected)
    offer = enroll_offer(request.user, quote, chosen, now=timezone.now())
    if offer.refused:
        return render(request, "enrollment/exchange_refused.html", {"quote": quote, "offer": offer}, status=403)
    if offer.reason:
        messages.error(request, offer.reason)
        return redirect("enrollment:quote-review", quote.pk)
    if offer.is_on_exchange:
        return _onto_the_exchange(request, quote, offer)
    try:
        application = service.start(
            quote=quote,
            people=priced.people,
            plans=chosen,
            by=request.user,
            at=timezone.now(),
            form_key=form_keys.readable(request.POST.get("form_key", "")),
            anew=request.POST.get("start") == "new",
            shown=_amount(request.POST.get("shown", "")),
        )
    except service.AlreadyStarted as exc:
        context = {"quote": quote, "offer": offer, "draft": exc.application}
        return render(request, "enrollment/quote_resume.html", context)
    except service.CannotStart as exc:
        messages.error(request, str(exc))
        return redirect("enrollment:quote-review", quote.pk)
    messages.success(request, STARTED.format(number=application.record_number))
    return redirect("enrollment:application-step", application.record_number, "general")


def _chosen(posted: QueryDict, plans: Sequence[SelectedPlan]) -> list[SelectedPlan]:
    """The plans named in the form, or those ticked on Review when it names none."""
    named = set(posted.getlist("plan"))
    return [one for one in plans if (str(one.row.pk) in named if named else one.row.chosen)]


def _onto_the_exchange(request: AuthenticatedHttpRequest, quote: Quote, offer: EnrollOffer) -> HttpResponse:
    """With scripts the form opens a tab of its own, which goes on to the exchange; without them the list has the link.

    The answer is never a redirect: the browser's policy for content lets no form lead off the portal.
    """
    audit.record(
        "quote.handed_over",
        by=request.user,
        for_producer=quote.producer_number.producer.npn,
        object_type="quote",
        object_id=str(quote.pk),
        details={"us_state": quote.county.us_state, "plans": len(offer.plan_ids)},
    )
    if request.POST.get("tab") == "new":
        response = render(request, "enrollment/exchange_handoff.html", {"offer": offer})
        response["Refresh"] = f"0;url={offer.exchange_url}"
        response["Referrer-Policy"] = "no-referrer"
        return response
    words = 'Continue the enrollment on <a href="{}" target="_blank" rel="noopener noreferrer">{} (opens in a new tab)</a>. {}'
    messages.info(request, format_html(words, offer.exchange_url, offer.exchange_name, offer.exchange_advice))
    return redirect("enrollment:quotes")


def _amount(text: str) -> Decimal | None:
    """A sum as the form says it; nothing when it says none."""
    try:
        amount = Decimal(text[:20])
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
