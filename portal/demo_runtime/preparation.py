"""What must be there before the demo serves its first page; each step does nothing when it has been done before."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from tqdm import tqdm

from enrollment.services import catalog_import, shipped_catalog

PREPARATION_LOCK = 7_400_001  # advisory lock: two demos on one database prepare it one after the other

Say = Callable[[str], None]


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARATION_LOCK])


def migrate_if_needed(say: Say) -> bool:
    """Apply migrations when some are missing; True if any were."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return False
    say(f"Preparing the database ({len(plan)} migrations)")
    call_command("migrate", interactive=False, verbosity=0)
    return True


def load_catalog_if_new(say: Say) -> bool:
    """Take over the plans and places that come with the portal, once; True if any were taken over."""
    if not (missing := shipped_catalog.missing()):
        return False
    say(f"Loading {' and '.join(missing)}")
    with tqdm(total=shipped_catalog.STEPS, unit=" steps", disable=None, leave=False) as bar:
        shipped_catalog.load(now=timezone.now(), step=bar.set_description_str, progress=lambda _lines: bar.update())
    catalog_import.refresh_statistics()
    return True


def load_demo_if_empty(say: Say) -> bool:
    """Load the demo's book of business into a database without users; True if it was loaded."""
    if get_user_model().objects.exists():
        return False
    say("Loading the demo data")
    call_command("load_demo")
    return True


def collect_static_if_changed(say: Say) -> bool:
    """Collect static files when a source changed since the last time; True if they were collected."""
    if settings.DEBUG:  # then they are served from where they lie
        return False
    stamp = Path(settings.STATIC_ROOT).with_suffix(".stamp")
    fingerprint = static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint and Path(settings.STATIC_ROOT).is_dir():
        return False
    say("Collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)
    return True


def static_fingerprint() -> str:
    """A digest of every static source's path, size and time, of the storage, and of what compresses them."""
    digest = hashlib.sha256(f"{settings.STORAGES['staticfiles']} {version('whitenoise')}".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            source = Path(storage.path(name))
            status = source.stat()
            digest.update(f"{source} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
