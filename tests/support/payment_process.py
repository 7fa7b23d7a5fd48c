"""The payment portal as the process it is, beside the portal of a browser test; and a search for what nobody may keep."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from kombu.transport import memory

from enrollment.payment_service.rules.cards import passes_luhn
from tests.support.payment_service import SECRET

ROOT = Path(__file__).resolve().parents[2]
A_RUN = re.compile(r"(?<!\w)\d{13,19}(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Running:
    """``url``: another host than the portal's, so that no cookie is shared. ``folder``: all it keeps. ``log``: all it says."""

    url: str
    folder: Path
    log: Path


@contextmanager
def payment_portal(folder: Path, *, bank_seconds: int = 1) -> Iterator[Running]:
    """A payment portal of its own process, ended with the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Running(url=f"http://127.0.0.1:{port}", folder=folder / "payment-service", log=folder / "payment.log")
    own = {
        "PAYMENT_SERVICE_SECRET": SECRET,
        "PAYMENT_SERVICE_DIR": str(running.folder),
        "PAYMENT_SERVICE_PUBLIC_URL": running.url,
        "PAYMENT_SERVICE_BANK_SECONDS": str(bank_seconds),
        "LOG_LEVEL": "DEBUG",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    with running.log.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "enrollment.payment_service", "--port", str(port)],
            cwd=ROOT,
            env={**environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_it_answers(running, process)
        yield running
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(running: Running, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{running.url}/health/", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            assert process.poll() is None, running.log.read_text()
            assert time.monotonic() < deadline, "the payment portal does not answer"
            time.sleep(0.05)


def numbers_kept(texts: Iterable[tuple[str, str]], used: Iterable[str]) -> list[str]:
    """Where a card number could be (a run of digits that passes Luhn), and where one of the used numbers is, however written."""
    used = tuple(used)
    found = []
    for where, text in texts:
        together = re.sub(r"(?<=\d)[ -](?=\d)", "", text)
        hits = [digits for digits in used if digits in text or digits in together]
        hits += [run for run in A_RUN.findall(text) if passes_luhn(run)]
        if hits:
            found.append(f"{where}: {hits}")
    return found


def everything_kept(*folders: Path) -> Iterator[tuple[str, str]]:
    """The database with its audit, outbox and mailbox, row by row; what was sent to the broker; every file of the folders."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT one::text FROM "{table}" AS one')  # noqa: S608 - names out of the catalog
            for (row,) in cursor.fetchall():
                yield table, row
    for name, queue in memory.Channel.queues.items():
        yield f"broker {name}", repr(list(queue.queue))
    for folder in folders:
        for path in [folder] if folder.is_file() else folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("latin-1")
