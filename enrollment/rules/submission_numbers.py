"""Numbers a submitted application gets, shaped like the carrier's. Pure: a running number in, a text out."""

import string

# Without 0, O, 1 and I, which look alike on a first-payment notice.
ALPHABET = "".join(sorted(set(string.ascii_uppercase + string.digits) - set("0O1I")))
_PENDING_SPAN = len(ALPHABET) ** 5
_PENDING_STEP = 20_737_793  # shares no factor with the span, so no two of the span are alike


def eapp_number(serial: int) -> str:
    """Ten digits; 02 in front says that the application was made in this portal."""
    return f"02{serial:08d}"


def client_app_id(serial: int) -> str:
    """The running number itself (LST_02 shows 1243)."""
    return str(serial)


def pending_application_id(serial: int) -> str:
    """Six letters and digits, printed as Billing ID on the first-payment notice; scattered, so that none is guessed."""
    left = serial * _PENDING_STEP % _PENDING_SPAN
    text = ""
    for _ in range(5):
        left, digit = divmod(left, len(ALPHABET))
        text += ALPHABET[digit]
    return f"E{text}"
