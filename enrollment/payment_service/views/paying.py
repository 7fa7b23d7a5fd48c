"""The pages of one payment: Make a Payment, Review Payment Details, Cancel, and what became of it (guide S3, pages 23-24)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enrollment.payment_service.browser_rules import allow_return_to
from enrollment.payment_service.desk import the_desk
from enrollment.payment_service.forms import BANK, PaymentForm, what_can_be_shown_again
from enrollment.payment_service.frame import carrier, language_of
from enrollment.payment_service.links import is_let_in, let_in, payment_id_of
from enrollment.payment_service.options import LANGUAGE_COOKIE, options
from enrollment.payment_service.payments import TOLD, Refused, Submitted
from enrollment.payment_service.rules.steps import UNSUBMITTED
from enrollment.payment_service.store import Account, Payment
from enrollment.payment_service.texts import LANGUAGES, paid_for, texts
from enrollment.payment_service.views.errors import say
from enrollment.payment_service.views.information import remember_language


@require_safe
def enter(request: HttpRequest, link: str) -> HttpResponse:
    """The door: whoever has the signed link may open the payment in this browser."""
    payment_id = payment_id_of(link)
    found = the_desk().store.payment(payment_id) if payment_id else None
    if found is None:
        return say(request, "not_open", status=404)
    response = let_in(HttpResponseRedirect(f"/pay/{found.id}/"), found.id)
    if request.COOKIES.get(LANGUAGE_COOKIE) not in LANGUAGES:
        remember_language(response, found.asked.language)
    return response


def open_payment(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the payment, if this browser came by its link; of an expired one, what became of it."""

    @wraps(view)
    def found(request: HttpRequest, payment_id: str) -> HttpResponse:
        desk = the_desk()
        if not is_let_in(request, payment_id) or desk.store.payment(payment_id) is None:
            return say(request, "not_open", status=403)
        desk.look(payment_id, now=datetime.now(UTC))
        payment = desk.store.payment(payment_id)
        assert payment is not None  # noqa: S101 - payments are never deleted
        request.us_state = payment.asked.us_state  # type: ignore[attr-defined]
        return allow_return_to(view(request, payment), payment.asked.return_url)

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@ensure_csrf_cookie
@open_payment
def payment(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Make a Payment: method, details, autopay, terms (PAY_01..05)."""
    if payment.state not in UNSUBMITTED:
        return became(request, payment)
    today = timezone.localdate()
    offers = payment.asked.offers_autopay
    if request.method != "POST":
        form = _form(request, today, offers, initial=_initial(payment))
        return _payment_page(request, payment, form)
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:  # Español was pressed: the same page with what was typed, not judged
        request.chosen_language = chosen  # type: ignore[attr-defined]
        form = _form(request, today, offers, initial=what_can_be_shown_again(request.POST))
        return remember_language(_payment_page(request, payment, form, typed_before=True), chosen)
    form = _form(request, today, offers, data=request.POST)
    if not form.is_valid():
        return _payment_page(request, payment, form, status=422)
    try:
        the_desk().enter(payment.id, form.entered(the_desk().network))
    except Refused:  # submitted or cancelled in another tab meanwhile
        return redirect("payment", payment.id)
    return redirect("review", payment.id)


@require_safe
@ensure_csrf_cookie
@open_payment
def review(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Review Payment Details: nothing is paid before Submit Payment and Proceed (PAY_06, PAY_07)."""
    if payment.state not in UNSUBMITTED:
        return became(request, payment)
    if payment.entered is None:
        return redirect("payment", payment.id)
    return _review_page(request, payment)


@require_POST
@open_payment
def submit(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Submit Payment and Proceed. Pressed twice, or in two tabs, it is one payment."""
    t = texts(language_of(request))
    if payment.state in UNSUBMITTED and payment.entered and "agreement" not in request.POST:
        return _review_page(request, payment, error=t["need_agreement"], status=422)
    done = the_desk().submit(payment.id, language=language_of(request), now=datetime.now(UTC))
    if done is Submitted.DONE:
        return see_other(payment.asked.return_url)
    if done in {Submitted.DECLINED, Submitted.LACKS_FUNDS}:
        form = _form(request, timezone.localdate(), payment.asked.offers_autopay, initial=_initial(payment))
        refusal = t[done.value.lower()]
        return _payment_page(request, payment, form, refusal=refusal, typed_before=True, status=422)
    return redirect("payment", payment.id)


@require_http_methods(["GET", "HEAD", "POST"])
@ensure_csrf_cookie
@open_payment
def cancel(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Are you sure? The application is not cancelled; the client is billed later (PAY_08)."""
    if request.method != "POST":
        if payment.state not in UNSUBMITTED:
            return became(request, payment)
        return render(request, "payment_service/cancel.html", {**_about(request, payment), "switchable": True})
    try:
        the_desk().cancel(payment.id, now=datetime.now(UTC), by_payer=True)
    except Refused:  # submitted in another tab: say so
        return redirect("payment", payment.id)
    return see_other(payment.asked.return_url)


def became(request: HttpRequest, payment: Payment) -> HttpResponse:
    """What became of a payment, for somebody who comes back to its pages."""
    t = texts(language_of(request))
    state = TOLD[payment.state]
    context = {
        "title": t[f"title_{state}"],
        "text": t[f"text_{state}"].format(amount=_money(payment)),
        "confirmation": payment.confirmation if state not in {"cancelled", "expired", "failed"} else "",
        "return_url": payment.asked.return_url,
        "go_back": _go_back(payment, t),
        "switchable": True,
    }
    return render(request, "payment_service/became.html", context)


def see_other(url: str) -> HttpResponse:
    """Go on by GET, whatever brought us here."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def _form(request: HttpRequest, today: date, offers_autopay: bool, **values: Any) -> PaymentForm:
    t = texts(language_of(request))
    return PaymentForm(t=t, today=today, offers_autopay=offers_autopay, label_suffix="", **values)


def _payment_page(
    request: HttpRequest,
    payment: Payment,
    form: PaymentForm,
    *,
    refusal: str = "",
    typed_before: bool = False,
    status: int = 200,
) -> HttpResponse:
    t = texts(language_of(request))
    asked = payment.asked
    intro = [t["intro_past_due"] if asked.purpose == "past_due" else t["intro_first"]]
    if asked.hold:
        intro.append(t["intro_hold"])
    day = asked.payment_date or timezone.localdate()
    context = {
        **_about(request, payment),
        "form": form,
        "refusal": refusal,
        "numbers_again": typed_before or form.numbers_again(),
        "errors": _error_list(form),
        "intro": " ".join(intro),
        "amount": _money(payment),
        "balance_and_amount": t["balance_and_amount"].format(amount=_money(payment)),
        "payment_date": f"{day:%m/%d/%Y}",
        "due_on": t["due_on"].format(day=f"{asked.due_on:%m/%d/%Y}") if asked.due_on else "",
        "consent": _consent(request, payment),
        "consent_original": asked.autopay_text if language_of(request) != "en" else "",
        "switchable": True,
    }
    return render(request, "payment_service/payment.html", context, status=status)


def _consent(request: HttpRequest, payment: Payment) -> str:
    """What the payer agrees to with autopay: the portal's own text, which it has in English only, or this page's."""
    language = language_of(request)
    if language == "en" and payment.asked.autopay_text:
        return payment.asked.autopay_text
    return texts(language)["autopay_consent_text"].format(carrier=carrier(request), phone=options().support_phone)


def _review_page(request: HttpRequest, payment: Payment, *, error: str = "", status: int = 200) -> HttpResponse:
    t = texts(language_of(request))
    entered = payment.entered
    assert entered is not None  # noqa: S101 - asked by the callers
    day = payment.asked.payment_date or timezone.localdate()
    context = {
        **_about(request, payment),
        "amount": _money(payment),
        "payment_date": f"{day:%m/%d/%Y}",
        "method": _described(entered.pays, t),
        "holder": entered.pays.holder,
        "autopay": _described(entered.autopay, t) if entered.autopay else "",
        "error": error,
        "switchable": status == 200,
    }
    return render(request, "payment_service/review.html", context, status=status)


def _about(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    label = paid_for(payment.asked.label, language_of(request))
    return {"payment": payment, "paid_for": label, "past_due": payment.asked.purpose == "past_due"}


def _error_list(form: PaymentForm) -> list[tuple[str, str]]:
    """Where each refusal is, for the summary at the top: the field's anchor and what is said there."""
    if not form.is_bound:
        return []
    found = []
    for name in form.fields:
        for message in form.errors.get(name, []):
            is_radio = name.endswith("account_type")
            found.append((f"{form[name].id_for_label}" if not is_radio else f"id_{name}_0", str(message)))
    return found


def _initial(payment: Payment) -> dict[str, Any]:
    """What a payer who comes back to the form finds in it; nobody's numbers are known any more."""
    entered = payment.entered
    if entered is None:
        name = payment.asked.payer_name
        return {"card_name": name, "holder": name, "autopay_holder": name}
    pays, autopay = entered.pays, entered.autopay
    month, _, year = pays.expires.partition("/")
    return {
        "method": pays.kind,
        "card_name": pays.holder,
        "expires_month": month,
        "expires_year": year,
        "holder": pays.holder,
        "account_type": pays.account_type,
        "autopay": autopay is not None,
        "autopay_holder": autopay.holder if autopay else pays.holder,
        "autopay_account_type": autopay.account_type if autopay else "",
    }


def _described(account: Account, t: dict[str, str]) -> str:
    label = f"{t['bank_account']} ({t[account.account_type]})" if account.kind == BANK else account.label
    shown = t["ending_in"].format(label=label, last4=account.last4)
    return f"{shown}, {t['expires_on'].format(month=account.expires)}" if account.expires else shown


def _money(payment: Payment) -> str:
    return f"${payment.asked.amount:,.2f}"


def _go_back(payment: Payment, t: dict[str, str]) -> str:
    return t["go_back_past_due"] if payment.asked.purpose == "past_due" else t["go_back"]
