"""QR codes as inline SVG without any style of their own, as the content security policy asks."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe

QUIET_ZONE = 4  # modules around the code; readers need them


def as_svg(text: str) -> SafeString:
    """The QR code of ``text``, black on white in either theme; its size is the style sheet's affair."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        svgclass="qr-code",
        lineclass=None,
        omitsize=True,
        title="QR code for your authenticator app",
    )
    # Made here from numbers: nothing of the text stands in it.
    return mark_safe(out.getvalue().decode())  # noqa: S308 - paths made from numbers
