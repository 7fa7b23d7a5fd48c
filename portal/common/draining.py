"""Whether this web server is about to stop: its processes see a file that the first of them makes (gunicorn.conf.py)."""

import os

VARIABLE = "PORTAL_DRAINING_FILE"


def is_draining() -> bool:
    """From the signal to stop until the end; never where no gunicorn has named a file."""
    path = os.environ.get(VARIABLE, "")
    return bool(path) and os.path.exists(path)
