import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.embedded.postgres import EmbeddedPostgres, remove_cluster
from portal.embedded.processes import command_line

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    """A runtime folder like a checkout's: short, and open for passing through (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for wanted in folder.glob("postgres*"):
        if wanted.is_dir():
            remove_cluster(wanted)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def finished_cluster() -> Iterator[Path]:
    """A cluster made once, to be copied: making one takes most of a second."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    with EmbeddedPostgres(folder / "postgres"):
        pass
    yield folder / "postgres"
    remove_cluster(folder / "postgres")
    folder.rmdir()


@pytest.fixture
def cluster(runtime_dir: Path, finished_cluster: Path) -> Path:
    """The folder of a cluster that has run before and is stopped."""
    subprocess.run(["cp", "-a", finished_cluster, runtime_dir / "postgres"], check=True)
    return runtime_dir / "postgres"


class Holder:
    """A process that holds the server of ``folder`` (tests/support/postgres_holder.py)."""

    def __init__(self, folder: Path, command: list[str], env: dict[str, str]) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*command, str(ROOT / "tests/support/postgres_holder.py"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )

    def hears(self) -> str:
        """The next word it says; its complaint if it says nothing more."""
        word = self.process.stdout.readline().strip()
        return word or self.process.stderr.read().strip()

    def ask(self) -> str:
        self.process.stdin.write("ask\n")
        self.process.stdin.flush()
        return self.hears()

    def stop(self) -> str:
        self.process.stdin.close()
        said = self.hears()
        self.process.wait(20)
        return said

    @property
    def server_pid(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def hold() -> Iterator[Callable[..., Holder]]:
    """Start a holder; all of them are ended with the test."""
    holders: list[Holder] = []

    def start(folder: Path, *, command: list[str] | None = None, **env: str) -> Holder:
        holders.append(Holder(folder, command or [sys.executable], env))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.kill()
    for holder in holders:
        holder.process.wait()
        for stream in (holder.process.stdin, holder.process.stdout, holder.process.stderr):
            stream.close()
        wait_until(lambda folder=holder.folder: not server_processes(folder))


def server_processes(folder: Path) -> list[int]:
    """Live processes that name this data folder: the server, not its workers."""
    place = EmbeddedPostgres(folder).place
    pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if f"postgres -D {place.data_dir} " in f"{command_line(pid) or ''} "]


def wait_until(fact: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
