"""What can go wrong with the portal's own database, said in sentences that name the way out."""

import errno


class EmbeddedPostgresError(Exception):
    """The portal's own PostgreSQL cannot run; the text is fit to show and says what to do."""

    @classmethod
    def from_os_error(cls, doing: str, error: OSError) -> "EmbeddedPostgresError":
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return cls(disk_full(doing))
        return cls(f"{doing[:1].upper()}{doing[1:]} failed: {error.strerror or error} ({error.filename}).")


def disk_full(doing: str) -> str:
    return (
        f"The disk is full: {doing} failed. Free some space (make reset-demo drops the demo's data), "
        "or move the data with PORTAL_RUNTIME_DIR=/path/with/space."
    )
