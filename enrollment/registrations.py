"""What this app puts into the kernel's registries."""

from enrollment import proposal_registrations, quote_registrations  # noqa: F401 - each fills in its own part
