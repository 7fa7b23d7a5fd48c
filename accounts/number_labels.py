"""What a producer number is called where one of several is chosen: "Illinois · 100000001 · Harbor Benefits"."""

from collections.abc import Sequence

from accounts.models import ProducerNumber
from portal.common.dates import US_STATES


def choices(numbers: Sequence[ProducerNumber]) -> list[tuple[str, str]]:
    """Number and label of each, so that a state with several numbers is there several times (WIZ_05, WIZ_06).

    The producer is named where the numbers are those of more than one.
    """
    several = len({number.producer_id for number in numbers}) > 1
    return [(number.number, _label(number, with_producer=several)) for number in numbers]


def _label(number: ProducerNumber, *, with_producer: bool) -> str:
    words = (
        US_STATES[number.us_state],
        number.number,
        number.company_name,
        number.producer.name if with_producer else "",
    )
    return " · ".join(filter(None, words))
