"""What stored files put into the kernel's registries."""

from portal.common.files import scanning  # noqa: F401 - registers the handler of files.scan
