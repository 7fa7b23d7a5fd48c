"""What something costs as a ratio to a baseline done turn and turn about with it: whatever else the machine does slows both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

ROUNDS = 30
HEADING = f"{'p50 ms':>9}{'p95 ms':>9}{'base 50':>9}{'base 95':>9}{'p50 x':>8}{'p95 x':>8}{'cpu x':>8}"


@dataclass(frozen=True)
class Timing:
    """Milliseconds of an act, and of the baseline done by turns with it.

    ``cpu`` is the processor's time of this process and its database backend, as a ratio to the baseline's: on a machine that
    has other things to do it tells more than the clock.
    """

    name: str
    p50: float
    p95: float
    base50: float
    base95: float
    cpu: float

    def __str__(self) -> str:
        ratios = f"{self.p50 / self.base50:>8.2f}{self.p95 / self.base95:>8.2f}{self.cpu:>8.2f}"
        return f"{self.name:<36}{self.p50:>9.1f}{self.p95:>9.1f}{self.base50:>9.1f}{self.base95:>9.1f}{ratios}"


def by_turns(
    name: str,
    act: Callable[[], object],
    baseline: Callable[[], object],
    *,
    before: Callable[[], object] = lambda: None,
    rounds: int = ROUNDS,
) -> Timing:
    """Do both ``rounds`` times by turns, after three times that are not counted; ``before`` each turn, uncounted too."""
    for _ in range(3):
        act()
        baseline()
    taken: tuple[list[float], list[float]] = ([], [])
    used = [0.0, 0.0]
    for _ in range(rounds):
        before()
        for place, done in enumerate((act, baseline)):
            cpu, start = _processor_seconds(), time.perf_counter()
            done()
            taken[place].append((time.perf_counter() - start) * 1000)
            used[place] += _processor_seconds() - cpu
    (own, base), (own95, base95) = map(statistics.median, taken), map(_p95, taken)
    return Timing(name, own, own95, base, base95, used[0] / used[1])


def _processor_seconds() -> float:
    """Of this process and of the database's process that serves it; the latter where the system tells it."""
    own = time.process_time()
    if connection.connection is None:
        return own
    try:
        # Nanoseconds on a processor; more exact than the ticks of /proc/PID/stat.
        told = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return own
    return own + int(told.split()[0]) / 1e9


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95) - 1]
