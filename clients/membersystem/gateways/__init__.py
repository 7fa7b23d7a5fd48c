"""Ways of reaching the carrier's member system, one of which ``settings.MEMBER_SYSTEM_GATEWAY`` chooses."""

from django.conf import settings
from django.utils.module_loading import import_string

from clients.membersystem.gateways.base import Gateway

KNOWN = {
    "simulated": "clients.membersystem.gateways.simulated.SimulatedGateway",
    "x12_834": "clients.membersystem.gateways.x12_834.X12Gateway",
}


def chosen() -> Gateway:
    """The gateway of this deployment: a name from ``KNOWN``, or the dotted path of a class of the carrier's own."""
    name: str = settings.MEMBER_SYSTEM_GATEWAY
    gateway: Gateway = import_string(KNOWN.get(name, name))()
    return gateway
