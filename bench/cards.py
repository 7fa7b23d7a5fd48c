"""ID cards: the portal's renderer as a ratio to bare WeasyPrint on the same HTML; a hundred cards by one and by two processes."""

import time
from dataclasses import replace
from multiprocessing import get_context
from statistics import median
from typing import Any

ROUNDS, CARDS, PIECE = 30, 100, 5


def _cards(count: int) -> list:
    from tests.support.cards import card

    kinds = [("IL", "HMO"), ("IL", "PPO"), ("TX", "HMO"), ("NM", "PPO"), ("IL", "DENTAL")]
    made = [card(*kind) for kind in kinds]
    return [replace(made[n % len(made)], member_name=f"Laura Kowalski {n}") for n in range(count)]


_together: Any = None


def _start(together: Any) -> None:
    """What a worker process does when it starts."""
    global _together
    import django

    django.setup()
    from clients.idcards import rendering

    _together = together
    rendering.warm_up()
    rendering.render(_cards(1))


def _ready(_place: int) -> None:
    """Returns when every process has come here, so that all of them have started before the clock does."""
    _together.wait(timeout=120)


def _render(place: int) -> tuple[int, float]:
    """A few single cards, as the outbox hands them to a worker one by one; the CPU time they took."""
    from clients.idcards import rendering

    start = time.process_time()
    size = sum(len(rendering.render([card])) for card in _cards(CARDS)[place : place + PIECE])
    return size, time.process_time() - start


def _by(processes: int) -> tuple[float, float]:
    """Seconds on the clock and of CPU for all cards."""
    context = get_context("spawn")
    with context.Pool(processes, initializer=_start, initargs=(context.Barrier(processes),)) as pool:
        pool.map(_ready, range(processes), chunksize=1)
        start = time.perf_counter()
        done = pool.map(_render, range(0, CARDS, PIECE), chunksize=1)
        seconds = time.perf_counter() - start
    assert all(size for size, _ in done)
    return seconds, sum(cpu for _, cpu in done)


def measure() -> None:
    """Print the ratio of a card and of a batch."""
    from clients.idcards import rendering

    card = _cards(1)
    rendering.warm_up()
    html = rendering.html_of(card)
    kept = rendering._ready()

    def bare() -> None:
        document = kept.weasyprint.HTML(string=html, url_fetcher=kept.fetcher, base_url=rendering.SCHEME)
        document.write_pdf(stylesheets=[kept.styles], font_config=kept.fonts, pdf_variant="pdf/ua-1")

    rendering.render(card)
    ours, theirs = [], []
    for _ in range(ROUNDS):  # in turns: what else the machine does falls on both
        for work, times in ((lambda: rendering.render(card), ours), (bare, theirs)):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    print(
        f"\nOne ID card to PDF, warm, CPU: portal {median(ours) * 1000:.0f} ms, bare WeasyPrint {median(theirs) * 1000:.0f} ms,"
    )
    print(f"ratio {median(ours) / median(theirs):.2f} (goal: at most 1.15)")
    (one, one_cpu), (two, two_cpu) = _by(1), _by(2)
    print(f"{CARDS} ID cards: one process {one:.1f} s, two {two:.1f} s, ratio {two / one:.2f} (goal: at most 0.6)")
    print(
        f"CPU {one_cpu:.1f} s and {two_cpu:.1f} s: much less than the clock says means that the machine is busy otherwise"
    )
