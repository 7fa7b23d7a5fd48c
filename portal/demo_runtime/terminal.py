"""One terminal for everybody: each line begins with [web], [worker], [beat], [db] or [demo]."""

import io
import logging
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

LABEL_WIDTH = len("[worker]")

# By the thread that writes; the first match counts. What no thread claims, the demo itself says.
BY_THREAD = (
    ("waitress", "web"),
    ("embedded-postgres", "db"),
    ("worker", "worker"),
    ("ThreadPoolExecutor", "worker"),
    ("beat", "beat"),
)


def component(thread: str) -> str:
    """Which part of the demo writes from this thread?"""
    return next((name for beginning, name in BY_THREAD if thread.startswith(beginning)), "demo")


def labelled(name: str, text: str) -> str:
    label = f"[{name}]".ljust(LABEL_WIDTH)
    return "\n".join(f"{label} {line}" for line in text.splitlines() or [""])


class LabellingStream(io.TextIOBase):
    """Standard error with a label before each line. Lines of several threads never mix."""

    def __init__(self, terminal: TextIO) -> None:
        super().__init__()
        self._terminal = terminal
        self._guard = threading.Lock()
        self._unfinished = threading.local()

    def write(self, text: str) -> int:
        whole, newline, rest = (getattr(self._unfinished, "text", "") + text).rpartition("\n")
        self._unfinished.text = rest
        if newline:
            self.write_lines(component(threading.current_thread().name), whole)
        return len(text)

    def write_lines(self, name: str, text: str) -> None:
        with self._guard:
            self._terminal.write(f"{labelled(name, text)}\n")
            self._terminal.flush()

    def flush(self) -> None:
        self._terminal.flush()

    def fileno(self) -> int:
        return self._terminal.fileno()

    def isatty(self) -> bool:
        return self._terminal.isatty()

    def writable(self) -> bool:
        return True


def label_standard_error() -> None:
    """From now on every log line and warning says where it comes from.

    The stream is labelled and not the log formatters, because Celery's worker sets Django up again, logging included.
    """
    if isinstance(sys.stderr, LabellingStream):
        return
    plain = sys.stderr
    sys.stderr = LabellingStream(plain)
    for logger in [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]:
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is plain:
                handler.setStream(sys.stderr)


def write_lines(name: str, text: str) -> None:
    """Write lines on behalf of ``name``."""
    if isinstance(sys.stderr, LabellingStream):
        sys.stderr.write_lines(name, text)
    else:
        sys.stderr.write(f"{labelled(name, text)}\n")


def copy_lines(lines: Iterable[str], name: str) -> threading.Thread:
    """Copy a child's output to the terminal behind its label, in a thread that ends with the output."""

    def copy() -> None:
        for line in lines:
            if line.strip():
                write_lines(name, line.rstrip())

    thread = threading.Thread(target=copy, name=f"{name}-output", daemon=True)
    thread.start()
    return thread


class LogFollower:
    """Shows what is added to a log file from now on."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._position = path.stat().st_size if path.exists() else 0

    def look(self) -> None:
        """Show the whole lines added since the last look. A file that got shorter was begun anew."""
        try:
            size = self._path.stat().st_size
            if size == self._position:
                return
            with self._path.open("rb") as log:
                log.seek(self._position if size > self._position else 0)
                added = log.read()
        except OSError:
            return
        whole, newline, rest = added.rpartition(b"\n")
        self._position = size - len(rest)
        if newline and whole:
            write_lines(self._name, whole.decode(errors="replace"))
