"""Payment services, one of which ``settings.PAYMENT_GATEWAY`` chooses."""

from django.conf import settings
from django.utils.module_loading import import_string

from enrollment.payments.gateways.base import Gateway, GatewayUnavailable

KNOWN = {
    "simulated": "enrollment.payments.gateways.simulated.SimulatedGateway",
    "stripe": "enrollment.payments.gateways.stripe_checkout.StripeGateway",
}


def is_on() -> bool:
    """Whether payments can be made online at all."""
    return bool(settings.PAYMENT_GATEWAY)


def gateway(name: str = "") -> Gateway:
    """The payment service of this deployment; with a name, the one of that name, such as of a payment begun before a change.

    The setting is a name out of ``KNOWN`` or the dotted path of a class. Raises ``GatewayUnavailable`` where payments are off,
    and for a name that is not known here.
    """
    wanted: str = settings.PAYMENT_GATEWAY
    if name in KNOWN and name != wanted:
        wanted = name
    if not wanted or ("." not in wanted and wanted not in KNOWN):
        raise GatewayUnavailable("Online payment is not available here.")
    found: Gateway = import_string(KNOWN.get(wanted, wanted))()
    if name and found.name != name:
        raise GatewayUnavailable(f"There is no payment service {name!r} here.")
    return found
