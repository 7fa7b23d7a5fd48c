"""Secrets of a development or demo checkout: made once, kept under the runtime folder, readable by the owner only.

Production never comes here: its settings refuse to start without secrets in the environment.
"""

import json
import os
import secrets
from pathlib import Path

NAMES = {
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "SEARCH_DIGEST_KEY",
    "PAYMENT_SERVICE_SECRET",
    "TYPING_PATTERN_KEYS",
    "TYPING_PATTERN_SKETCH_KEY",
}


def local_secrets(runtime_dir: Path) -> dict[str, str]:
    """Return this checkout's secrets, making them on first use."""
    from cryptography.fernet import Fernet

    path = runtime_dir / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if known.keys() >= NAMES:
        return known
    runtime_dir.mkdir(parents=True, exist_ok=True)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "SEARCH_DIGEST_KEY": secrets.token_urlsafe(32),
        "PAYMENT_SERVICE_SECRET": secrets.token_urlsafe(32),
        "TYPING_PATTERN_KEYS": Fernet.generate_key().decode(),
        "TYPING_PATTERN_SKETCH_KEY": secrets.token_urlsafe(32),
        **known,
    }
    part = path.with_suffix(f".{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(json.dumps(made))
    if known:  # a checkout from before one of them was needed
        os.replace(part, path)
        return made
    try:
        os.link(part, path)  # two first starts at once: one wins, both read the winner's
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return dict(json.loads(path.read_text()))
