"""Child processes that end with us, and questions about processes that others left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Account:
    """The operating-system user a child runs as."""

    user_id: int
    group_id: int


def unprivileged_account() -> Account | None:
    """The account for a program that refuses to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(entry.pw_uid, entry.pw_gid)


def bound_to_us(
    command: Sequence[str | Path], *, account: Account | None = None, signal_number: int = signal.SIGTERM
) -> list[str]:
    """The command line that runs ``command`` as a child which gets ``signal_number`` when the starting thread ends.

    Linux ties the signal to the thread that starts the child, so that thread must live as long as the child should.
    Other systems have no such signal: there the next start clears what was left.
    """
    who = ("-", "-") if account is None else (str(account.user_id), str(account.group_id))
    return [
        sys.executable,
        "-I",
        "-S",
        str(LAUNCHER),
        str(os.getpid()),
        *who,
        str(int(signal_number)),
        *map(str, command),
    ]


def command_line(pid: int) -> str | None:
    """The command line of a live process; None when it is gone or a zombie, which no signal reaches any more."""
    if pid <= 0:
        return None
    proc = Path("/proc") / str(pid)
    if Path("/proc/self/stat").exists():
        try:
            state = proc.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            words = proc.joinpath("cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        return None if state in "ZX" else os.fsdecode(b" ".join(words)).strip()
    answer = subprocess.run(  # noqa: S603 - ps with the number of a process
        ["/bin/ps", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else command.strip()


def end(pid: int, *, signals: Sequence[tuple[int, float]]) -> bool:
    """Send each signal in turn and wait its seconds; True once the process is gone. ``pid`` need not be our child."""
    for signal_number, seconds in signals:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if command_line(pid) is None:
                return True
            time.sleep(0.02)
    return command_line(pid) is None
