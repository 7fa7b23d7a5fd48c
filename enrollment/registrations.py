"""What this app puts into the kernel's registries."""

from enrollment import (  # noqa: F401 - each fills in its own part
    evidence_registrations,
    payment_registrations,
    proposal_registrations,
    quote_registrations,
    submission_registrations,
)
