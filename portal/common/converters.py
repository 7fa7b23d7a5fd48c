"""Parts of addresses."""

from django.urls.converters import StringConverter


class NumberConverter(StringConverter):
    """A number people quote, as text. Without the NUL byte: no row can hold it and the database refuses to look for it."""

    regex = r"[^/\x00]+"
