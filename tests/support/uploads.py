"""Small files that are what they say, for tests of pages that take or hand out files."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from portal.common.files.uploads import CheckedFile, check


def png(name: str = "letter.png") -> SimpleUploadedFile:
    """A little picture as a browser sends it."""
    target = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(target, "PNG")
    return SimpleUploadedFile(name, target.getvalue(), "image/png")


def checked_png(name: str = "letter.png") -> CheckedFile:
    return check(png(name))
