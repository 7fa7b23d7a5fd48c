"""The desk of this program, as its settings say."""

from functools import cache

from enrollment.payment_service.network import Clearing, Network
from enrollment.payment_service.options import Options, options
from enrollment.payment_service.payments import Desk
from enrollment.payment_service.store import Store


def the_desk() -> Desk:
    """The desk over the files in the folder of the options."""
    return desk_of(options())


@cache
def desk_of(chosen: Options) -> Desk:
    clearing = Clearing(takes=chosen.bank_takes, comes_back_after=chosen.comes_back_after)
    return Desk(
        store=Store(chosen.folder / "payments.sqlite3"),
        network=Network(chosen.folder / "network.sqlite3", clearing),
        open_for=chosen.open_for,
        bank_takes=chosen.bank_takes,
    )
