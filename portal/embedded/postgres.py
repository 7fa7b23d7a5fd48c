"""The portal's own PostgreSQL for development, demo and tests: real engine, nothing to install by hand, data disposable.

    with EmbeddedPostgres(runtime_dir / "postgres") as server:
        server.ensure_database("portal")

One process at a time owns the server of a data folder: it holds a lock on a file beside the folder, the server is its
child, and the server ends with it, even when it is killed. Other processes that want the same server use it and wait
for the lock; when the owner ends, one of them takes over and starts the server again within a second. So whoever did not
start the server does not stop it, nobody loses it for good, and nothing is left behind. Why it is so: docs/adr/0001.
"""

import atexit
import contextlib
import errno
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from portal.embedded import binaries
from portal.embedded.errors import EmbeddedPostgresError, disk_full
from portal.embedded.location import Place, locate
from portal.embedded.processes import bound_to_us, command_line, end, unprivileged_account

if TYPE_CHECKING:
    import fcntl

    from psycopg2.extensions import connection as Connection
else:
    try:
        import fcntl
    except ImportError:  # Windows
        fcntl = None

logger = logging.getLogger("portal.embedded")

SUPERUSER = "postgres"
PORT = 5432  # part of the socket's file name; nothing listens on the network
NEEDED_BYTES = 150 * 1024 * 1024  # a new cluster takes 40 MB, its first write-ahead log files the same again
START_SECONDS = 60
LOOK_SECONDS = 0.2
LOG_BYTES = 5 * 1024 * 1024

# The data is disposable, so durability is off. Same time zone and sort order on every machine.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # A statement that failed carries names and birth dates, and so does the row it repeats.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m ",
}

# POSIX locks belong to a process and closing any handle of the file frees them, so a process opens each file once.
_locks_of_this_process: set[Path] = set()
_locks_guard = threading.Lock()


class EmbeddedPostgres:
    """The server for the data folder that ``locate(wanted)`` names. Raises EmbeddedPostgresError from ``start``."""

    def __init__(self, wanted: Path) -> None:
        self.place: Place = locate(wanted)
        self.account = unprivileged_account() if fcntl else None
        self.log_file = self.place.data_dir / "server.log"
        self._made_by = os.getpid()
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._failure: EmbeddedPostgresError | None = None
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def owned(self) -> bool:
        """Is the server our child (else another process's, which we share)?"""
        return self._lock is not None

    def start(self) -> "EmbeddedPostgres":
        """Return once the server answers, ours or another process's. ``stop`` runs at exit of the process by itself."""
        if fcntl is None:
            raise EmbeddedPostgresError(
                "The portal's own PostgreSQL needs Linux or macOS. On Windows use WSL, or set DATABASE_URL."
            )
        if self._keeper:
            return self
        self._stopping.clear()
        self._settled.clear()
        self._failure = None
        self._keeper = threading.Thread(target=self._keep, name="embedded-postgres", daemon=True)
        self._keeper.start()
        atexit.register(self.stop)
        if not self._settled.wait(START_SECONDS + 30):
            self.stop()
            raise EmbeddedPostgresError(
                f"PostgreSQL did not answer within {START_SECONDS + 30} seconds. Its log: {self.log_file}"
            )
        if self._failure:
            failure = self._failure
            self.stop()
            raise failure
        return self

    def stop(self) -> None:
        """Stop our server, or leave another process's alone. Safe to call twice and in a forked child (does nothing)."""
        if self._keeper is None or os.getpid() != self._made_by:
            return
        atexit.unregister(self.stop)
        self._stopping.set()
        self._keeper.join(timeout=30)
        self._keeper = None

    def connect(self, database: str = "postgres", *, timeout: int = 3) -> "Connection":
        """Open a psycopg2 connection as the superuser."""
        import psycopg2

        return psycopg2.connect(
            host=str(self.place.socket_dir),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            connect_timeout=timeout,
            application_name="portal embedded",
        )

    def answers(self) -> bool:
        """Can a connection be opened? The only proof that a server is there: files and process ids lie."""
        import psycopg2

        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def ensure_database(self, name: str) -> bool:
        """Create the database unless it exists; True if it was made."""
        import psycopg2
        from psycopg2 import errors, sql

        for tries_left in (20, 10, 5, 0):
            try:
                with contextlib.closing(self.connect()) as connection:
                    connection.autocommit = True
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                        if cursor.fetchone():
                            return False
                        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                        return True
            except (errors.DuplicateDatabase, errors.UniqueViolation):  # another first start was quicker
                return False
            except (errors.ObjectInUse, psycopg2.OperationalError) as error:
                # Another process copies the template, or the owner of a shared server has just ended.
                if not tries_left:
                    raise EmbeddedPostgresError(f"Database {name} could not be created: {error}") from error
                time.sleep(0.3)
        return False

    # --- The keeper: one thread for as long as the server is wanted ---
    # It starts the server itself, because Linux sends the parent-death signal when the starting *thread* ends.

    def _keep(self) -> None:
        failures = 0
        try:
            while not self._stopping.is_set():
                try:
                    self._look()
                    failures = 0
                except (EmbeddedPostgresError, OSError) as error:
                    if isinstance(error, OSError):
                        error = EmbeddedPostgresError.from_os_error("starting the database", error)
                    if not self._settled.is_set():
                        self._failure = error
                        self._settled.set()
                        return
                    failures += 1
                    logger.error("The database cannot be started again: %s", error)
                self._stopping.wait(LOOK_SECONDS if self._settled.is_set() else 0.03)
                if failures:
                    self._stopping.wait(min(2**failures, 30))
        finally:
            if self.owned:
                self._end_child()
                self._release()

    def _look(self) -> None:
        """Own the server if nobody does; see that it runs if we own it."""
        if not self.owned and self._acquire() and self._settled.is_set():
            logger.info("The process that ran the database has ended; this one takes over.")
        if self.owned:
            if self._child is None or self._child.poll() is not None:
                if self._child is not None:
                    logger.warning("The database server died; starting it again.")
                self._launch()
                self._settled.set()
        elif not self._settled.is_set() and self.answers():
            self._settled.set()

    def _acquire(self) -> bool:
        path = self.place.lock_file
        with _locks_guard:
            if path in _locks_of_this_process:
                return False
            self._open_runtime_folder()
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                handle = os.fdopen(os.open(path, flags, 0o600), "r+")
            except PermissionError as error:
                raise self._not_ours(path) from error
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                handle.close()
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    return False
                raise
            _locks_of_this_process.add(path)
            handle.truncate(0)
            handle.write(f"{os.getpid()}\n")  # for people who wonder; the lock itself is the kernel's
            handle.flush()
            self._lock = handle
            return True

    def _release(self) -> None:
        with _locks_guard:
            if self._lock:
                self._lock.close()
                self._lock = None
                _locks_of_this_process.discard(self.place.lock_file)

    def _launch(self) -> None:
        programs = binaries.runnable_by(self.account, binaries.find())
        self._end_remains()
        if not (self.place.data_dir / "PG_VERSION").exists():
            self._initialise(programs)
        made_by_major = (self.place.data_dir / "PG_VERSION").read_text().strip()
        if made_by_major != str(programs.major):
            raise EmbeddedPostgresError(
                f"The data in {self.place.data_dir} was made by PostgreSQL {made_by_major}, but the programs in "
                f"{programs.bin_dir} are version {programs.major}. Start afresh with make reset-demo, "
                "or point PG_BIN to the old version."
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping.is_set():
            complaint = self._try_server(programs, deadline)
            if complaint is None:
                return
            # Workers of a server that was killed hold its memory for a moment longer.
            if "pre-existing shared memory" not in complaint or time.monotonic() > deadline:
                raise self._explained("starting PostgreSQL", complaint)
            time.sleep(0.2)

    def _try_server(self, programs: binaries.Binaries, deadline: float) -> str | None:
        """Start the server; None once it answers, else the last words of its log."""
        command: list[str | Path] = [programs["postgres"], "-D", self.place.data_dir, "-k", self.place.socket_dir]
        for name, value in SERVER_OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.unlink()
        with self.log_file.open("ab") as log:
            begins_at = log.tell()
            self._child = subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs, by their path
                bound_to_us(command, account=self.account, signal_number=signal.SIGINT),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_server_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for us: we stop the server last
            )
        while not self._stopping.is_set():
            if self.answers():
                return None
            if self._child.poll() is not None or time.monotonic() > deadline:
                self._end_child()
                with self.log_file.open("rb") as log:
                    log.seek(begins_at)
                    return log.read()[-4000:].decode(errors="replace").strip()
            time.sleep(0.02)
        return None

    def _end_child(self) -> None:
        """Fast shutdown, then an immediate one, then the kill: the data survives each of them."""
        if self._child is None:
            return
        for signal_number, seconds in ((signal.SIGINT, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self._child.poll() is not None:
                break
            self._child.send_signal(signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(seconds)
        self._child = None

    def _end_remains(self) -> None:
        """End a server that outlived its owner, and remove the files by which a dead one would refuse the next start.

        We hold the lock, so any server on this folder is an orphan: still going down after its owner was killed, or
        left on a system without parent-death signals. A recorded process that is a zombie, or is something else that
        got the number since, is none.
        """
        pid_file = self.place.data_dir / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except FileNotFoundError:
            pid = 0
        except (ValueError, IndexError):  # killed while writing it
            pid = 0
        doing = command_line(pid) if pid else None
        if doing and "postgres" in doing and str(self.place.data_dir) in doing:
            signals = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
            if not end(pid, signals=signals):
                raise EmbeddedPostgresError(
                    f"An old PostgreSQL server (process {pid}) on {self.place.data_dir} does not end. End it by hand."
                )
        socket_file = self.place.socket_dir / f".s.PGSQL.{PORT}"
        for stale in (pid_file, socket_file, socket_file.with_name(f"{socket_file.name}.lock")):
            with contextlib.suppress(FileNotFoundError):
                stale.unlink()
        if self.place.socket_dir != self.place.data_dir:
            self._own_folder(self.place.socket_dir)

    def _initialise(self, programs: binaries.Binaries) -> None:
        """Make the cluster beside its place and move it there whole, so that a start killed half-way leaves nothing."""
        data = self.place.data_dir
        free = shutil.disk_usage(data.parent).free
        if free < NEEDED_BYTES:
            raise EmbeddedPostgresError(
                f"{disk_full('making the database')} A new one needs {NEEDED_BYTES >> 20} MB in {data.parent}, "
                f"{free >> 20} MB are free."
            )
        part = data.with_name(f"{data.name}.part")
        self._remove(part)
        self._own_folder(part)
        if data.exists() and not any(data.iterdir()):
            data.rmdir()
        elif data.exists():
            raise EmbeddedPostgresError(
                f"{data} exists but is no database folder. Remove it (make reset-demo), or set PORTAL_RUNTIME_DIR."
            )
        command: list[str | Path] = [
            *(programs["initdb"], "-D", part, "-U", SUPERUSER),
            *("--auth=trust", "--encoding=UTF8", "--no-sync", *_locale_options(programs.major)),
        ]
        try:
            made = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, by their path
                bound_to_us(command, account=self.account),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=120,
                cwd="/",
                env=_server_environment(),
                start_new_session=True,
            )
            if made.returncode:
                raise self._explained("making the database", f"{made.stdout}\n{made.stderr}")
            part.rename(data)
        except subprocess.TimeoutExpired as error:
            raise EmbeddedPostgresError(f"Making the database in {data} took longer than two minutes.") from error
        finally:
            self._remove(part)

    # --- Folders and files ---

    def _open_runtime_folder(self) -> None:
        """Make the folder that holds the data, and let the server's account pass through it."""
        folder = self.place.data_dir.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self.account and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)
        except OSError as error:
            raise EmbeddedPostgresError.from_os_error(f"making {folder}", error) from error

    def _own_folder(self, folder: Path) -> None:
        """Make ``folder`` for the server's account alone. In a shared place nobody may have laid a trap there first."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
        wanted_owner = self.account.user_id if self.account else os.geteuid()
        if folder.is_symlink() or status.st_uid not in {wanted_owner, os.geteuid()}:
            raise self._not_ours(folder)
        if self.account:
            os.chown(folder, self.account.user_id, self.account.group_id, follow_symlinks=False)
        folder.chmod(0o700)

    def _remove(self, folder: Path) -> None:
        if folder.is_symlink():
            raise self._not_ours(folder)
        if folder.exists():
            shutil.rmtree(folder)

    def _not_ours(self, path: Path) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            f"{path} belongs to another user. Run as that user, or remove {self.place.data_dir} as root, "
            "or set PORTAL_RUNTIME_DIR to a folder of your own."
        )

    def _explained(self, doing: str, words: str) -> EmbeddedPostgresError:
        if "No space left on device" in words:
            return EmbeddedPostgresError(disk_full(doing))
        if "Permission denied" in words:
            return EmbeddedPostgresError(
                f"{doing[:1].upper()}{doing[1:]} failed, permission denied: {_last_lines(words)}\n"
                f"Does {self.place.data_dir} belong to another user? Run as that user or set PORTAL_RUNTIME_DIR."
            )
        log = f"Its log: {self.log_file}. " if self.log_file.exists() else ""
        return EmbeddedPostgresError(
            f"{doing[:1].upper()}{doing[1:]} failed: {_last_lines(words) or 'it ended without a word'}\n"
            f"{log}Start afresh with make reset-demo, or use your own server with DATABASE_URL."
        )


def remove_cluster(wanted: Path) -> bool:
    """Delete the cluster's folders; True if there was one. Raises EmbeddedPostgresError while a process uses it."""
    server = EmbeddedPostgres(wanted)
    place = server.place
    if not place.data_dir.parent.exists():
        return False
    if not server._acquire():
        owner = place.lock_file.read_text().strip()
        raise EmbeddedPostgresError(f"The database is in use by process {owner}. Stop the demo first (Ctrl-C).")
    try:
        server._end_remains()
        existed = place.data_dir.exists()
        for folder in {place.data_dir, place.data_dir.with_name(f"{place.data_dir.name}.part"), place.socket_dir}:
            server._remove(folder)
        place.lock_file.unlink()
        return existed
    finally:
        server._release()


def _locale_options(major: int) -> list[str]:
    """The builtin C.UTF-8 sorts alike on every machine; older versions take the C library's, which sorts alike too."""
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]
    return ["--locale=C.UTF-8"] if os.uname().sysname == "Linux" else ["--locale=C"]


def _server_environment() -> dict[str, str]:
    """Our environment without what would steer PostgreSQL elsewhere (PGDATA, PGPORT, locale, time zone)."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_")) and name != "LANGUAGE"
    }
    return kept | {"LANG": "C", "TZ": "UTC"}


def _last_lines(words: str) -> str:
    return "\n".join(line for line in words.strip().splitlines() if line.strip())[-1200:]
