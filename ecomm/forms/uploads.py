"""What file fields tell the browser, so that a file which cannot be sent is refused before it travels (static/portal/uploads.js)."""

from portal.common.files.fields import CheckedFileField
from portal.common.files.refusals import SENTENCES


def with_upload_help(field: CheckedFileField) -> CheckedFileField:
    """Give the field its list of chosen files, drop target, early checks and progress; it works without scripts too."""
    policy = field.policy
    field.widget.attrs |= {
        "data-upload": "",
        "data-max-bytes": policy.max_bytes,
        "data-max-files": getattr(field, "max_files", 1),
        "data-too-large": SENTENCES["too_large"].format(limit=policy.limit),
        "data-wrong-type": f"This type of file cannot be sent. Send it as one of {policy.types}.",
    }
    return field
