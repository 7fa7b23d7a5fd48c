"""Who may open a payment: whoever comes by its signed link, and after that the browser that has its cookie."""

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from enrollment.payment_service.options import options
from enrollment.payment_service.store import Payment

ENTER, ACCESS = "payment-portal.enter", "payment-portal.access"
COOKIE_SECONDS = 24 * 60 * 60


def link_of(payment: Payment) -> str:
    """The address that opens the payment, until it expires; afterwards it says what became of it."""
    signed = signing.Signer(salt=ENTER).sign(payment.id)
    return options().public_url + reverse("enter", kwargs={"link": signed})


def payment_id_of(link: str) -> str | None:
    """The payment a link opens; None for one that was not made here."""
    try:
        return signing.Signer(salt=ENTER).unsign(link)
    except signing.BadSignature:
        return None


def let_in(response: HttpResponse, payment_id: str) -> HttpResponse:
    """Give this browser the payment's cookie. Each payment has its own: two can be open at once."""
    response.set_signed_cookie(
        options().access_cookie,
        payment_id,
        salt=ACCESS,
        max_age=COOKIE_SECONDS,
        path=f"/pay/{payment_id}/",
        secure=options().over_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def is_let_in(request: HttpRequest, payment_id: str) -> bool:
    """Whether this browser came by the payment's link."""
    found = request.get_signed_cookie(options().access_cookie, default="", salt=ACCESS, max_age=COOKIE_SECONDS)
    return bool(found) and found == payment_id
