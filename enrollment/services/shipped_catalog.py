"""The plans and places that come with the portal, for demonstrations: loaded once, and again when the files are others."""

import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction

from enrollment.models import CatalogImport
from enrollment.services import catalog_import, geography_import

Step = Callable[[str], object]
# In this order: plans are sold in counties.
PARTS: tuple[tuple[CatalogImport.Kind, str, ModuleType, str], ...] = (
    (CatalogImport.Kind.GEOGRAPHY, "geography", geography_import, "places"),
    (CatalogImport.Kind.CATALOG, "catalog", catalog_import, "plans and rates"),
)


def folder(name: str) -> Path:
    """Where the shipped ``catalog`` or ``geography`` lies."""
    return Path(settings.SHIPPED_CATALOG_DIR) / name


# How often ``load`` reports progress when it takes over everything.
STEPS = sum(len(service.FILES) + 1 for _, _, service, _ in PARTS)


def missing() -> list[str]:
    """What of the shipped files was never taken over, in words; what a carrier imported afterwards is left alone."""
    return [what for kind, name, service, what in PARTS if not _was_taken_over(kind, service, folder(name))]


def load(
    *,
    now: datetime,
    step: Step = lambda _words: None,
    progress: Callable[[int], object] = lambda _lines: None,
) -> dict[str, int]:
    """Take over what is ``missing()``; returns the lines read of each part. ``step`` hears what is being done, ``progress``
    of each file and its lines, and of each part once more when it is written.

    All or nothing. Statistics are refreshed by the caller, outside of a transaction.
    """
    lines = {}
    with transaction.atomic():
        for kind, name, service, what in PARTS:
            if _was_taken_over(kind, service, folder(name)):
                continue
            step(what.capitalize())
            read: Any = service.read(folder(name), progress=progress)
            service.write(read, folder=name, now=now, imported_by="Shipped with the portal")
            progress(read.lines)
            lines[what] = read.lines
    return lines


def _was_taken_over(kind: CatalogImport.Kind, service: ModuleType, where: Path) -> bool:
    return CatalogImport.objects.filter(kind=kind, digest=digest_of_folder(where, service.FILES)).exists()


def digest_of_folder(where: Path, names: tuple[str, ...]) -> str:
    """The checksum an import of the folder is remembered by, without reading its lines."""
    named = []
    for name in names:
        plain = where / f"{name}.csv"
        raw = plain.read_bytes() if plain.is_file() else gzip.decompress((where / f"{name}.csv.gz").read_bytes())
        named.append(f"{name}.csv {hashlib.sha256(raw).hexdigest()}")
    return hashlib.sha256("\n".join(sorted(named)).encode()).hexdigest()
