"""Why a document is not accepted, in the sentences most often needed; staff add their own words (HOM_08).

They are read by the sender, so each says what to do next.
"""

COMMON_REASONS: tuple[str, ...] = (
    "Part of the document cannot be read. Please scan it again and send it once more.",
    "Pages are missing. Please send the whole document.",
    "A signature or a date is missing. Please have it completed and send it again.",
    "This is an outdated version of the form. Please use the current one.",
    "The document does not match the client named by the account or E-App number. Please check the number.",
    "The document does not prove the life event within its time limit. Please send one that names the date of the event.",
)
MALWARE = (
    "We could not accept this file: our malware scan found a problem. Please check your computer and send it again."
)
LONGEST_REASON = 500
