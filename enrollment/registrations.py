"""What this app puts into the kernel's registries."""

from enrollment import proposal_registrations  # noqa: F401 - fills in its own part
