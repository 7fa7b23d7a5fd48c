"""ID cards: the portal's renderer as a ratio to bare WeasyPrint on the same HTML; a hundred cards by one and by two processes."""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from statistics import median

ROUNDS, CARDS, PIECE = 30, 100, 5


def _cards(count: int) -> list:
    from tests.support.cards import card

    kinds = [("IL", "HMO"), ("IL", "PPO"), ("TX", "HMO"), ("NM", "PPO"), ("IL", "DENTAL")]
    made = [card(*kind) for kind in kinds]
    return [replace(made[n % len(made)], member_name=f"Laura Kowalski {n}") for n in range(count)]


def _start() -> None:
    """What a worker process does when it starts."""
    import django

    django.setup()
    from clients.idcards import rendering

    rendering.warm_up()
    rendering.render(_cards(1))


def _render(place: int) -> int:
    """A few single cards, as the outbox hands them to a worker one by one."""
    from clients.idcards import rendering

    return sum(len(rendering.render([card])) for card in _cards(CARDS)[place : place + PIECE])


def _by(processes: int) -> float:
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_start) as pool:
        list(pool.map(_ready, range(processes * 4)))
        start = time.perf_counter()
        sizes = list(pool.map(_render, range(0, CARDS, PIECE)))
        assert all(sizes)
        return time.perf_counter() - start


def _ready(_place: int) -> None:
    """Keeps each process busy for a moment, so that all of them have started before the clock does."""
    time.sleep(0.5)


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
    one, two = _by(1), _by(2)
    print(f"{CARDS} ID cards: one process {one:.1f} s, two {two:.1f} s, ratio {two / one:.2f} (goal: at most 0.6)")
