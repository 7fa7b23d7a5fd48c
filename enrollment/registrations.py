"""What this app puts into the kernel's registries."""

from enrollment import quote_registrations  # noqa: F401 - each fills in its own part
