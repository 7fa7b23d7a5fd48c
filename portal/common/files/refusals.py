"""Why a file is refused, in words for the person who sent it: what is wrong, then what to do."""

from typing import Final


class UploadRefused(Exception):
    """A file is not taken. ``str()`` is fit to show beside the field; ``code`` names the reason for tests and logs."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        super().__init__(SENTENCES[code].format(**facts))


# Advice of the guide on document submission (DOC_09).
SHRINK_IMAGE: Final = (
    "To make an image smaller, scan it at a lower resolution (200 or 300 dpi is plenty); "
    "JPG, PNG and GIF files are usually smaller than TIF and BMP files."
)
SHRINK_PDF: Final = "To make a PDF smaller, use “Compress PDF” or “Reduced Size PDF” in your PDF program, or scan it at a lower resolution."
SAVE_AS_PDF: Final = "Open it, choose Print and “Save as PDF”, and send that file."
SAVE_AGAIN: Final = "Open it in an image program, save it under a new name, and send that file."

SENTENCES: Final[dict[str, str]] = {
    # The file as a whole
    "empty": "This file is empty. Check that it opens on your computer, then choose it again.",
    "too_large": "This file is larger than {limit}. " + SHRINK_IMAGE + " " + SHRINK_PDF,
    "too_much": "These files are too large to be sent at once. Send fewer files at a time.",
    "incomplete": "This file did not arrive whole. Choose it again.",
    "type": "This file is {what}, which cannot be sent. Send it as one of {types}.",
    "no_extension": "The name of this file does not end in its type. It is {what}: rename it to end in .{extension}.",
    "extension": "This file is {what}, but its name ends in .{given}. Rename it to end in .{extension} and choose it again.",
    "not_what_it_says": "The name of this file ends in .{given}, but it is {what}. Send the document as one of {types}.",
    "polyglot": "Something else is hidden in this file besides the {kind}. " + SAVE_AS_PDF,
    # Images
    "damaged_image": "This image is damaged or incomplete and cannot be opened. " + SAVE_AGAIN,
    "too_many_pixels": "This image measures {width} by {height} pixels, which is too large. " + SHRINK_IMAGE,
    "too_many_frames": "This file holds {frames} images; at most {limit} are taken. Split it, or send the pages as a PDF.",
    "image_too_big_inside": "Unpacked, this image is too large to be opened safely. " + SHRINK_IMAGE,
    # PDF
    "damaged_pdf": "This PDF is damaged or incomplete and cannot be opened. " + SAVE_AS_PDF,
    "encrypted_pdf": "This PDF is protected by a password or by restrictions. Remove the protection, or: "
    + SAVE_AS_PDF,
    "script_in_pdf": "This PDF contains scripts or actions that run by themselves. " + SAVE_AS_PDF,
    "launch_in_pdf": "This PDF opens programs, other files or addresses by itself. " + SAVE_AS_PDF,
    "attachment_in_pdf": "Other files are packed into this PDF. Send each file on its own, as one of {types}.",
    "form_in_pdf": "This PDF is a form of a kind that only some programs can open. " + SAVE_AS_PDF,
    "media_in_pdf": "This PDF contains video, sound or 3D content. " + SAVE_AS_PDF,
    "no_pages": "This PDF has no pages. Check that it opens on your computer, then choose it again.",
    "too_many_pages": "This PDF has {pages} pages; at most {limit} are taken. Split it into several files.",
    "pdf_too_big_inside": "Unpacked, this PDF is too large to be opened safely. " + SAVE_AS_PDF,
    # Ours
    "too_complex": "This file takes too long to be checked. " + SAVE_AS_PDF,
    "not_checked": "This file could not be checked just now. Please send it again in a minute.",
    "no_room": "The file could not be stored just now, and nothing was sent. Please try again later.",
}
