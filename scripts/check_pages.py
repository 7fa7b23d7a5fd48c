#!/usr/bin/env python3
"""Look at every page of a running demo as every kind of person, and print what is wrong with it.

    make demo                                   # in another terminal; the check leaves things behind in its data
    make check-pages                            # or: .venv/bin/python scripts/check_pages.py --url http://localhost:8000

Follows the links of the portal from the home page of each person, then goes the ways that no link leads (forms, error pages, the way
in). Every page: axe (WCAG 2.2 A and AA) at 1280 and 390 px in light and dark with everything unfolded, its dialogs, no
page wider than a 320 px window, a visible focus on every stop of the Tab key, nothing in the browser's console, one main
heading, a title of its own, a link past the header, a favicon. Ends with the share of the addresses that were seen.
"""

import argparse
import os
import re
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")

import django  # noqa: E402
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve  # noqa: E402
from page_rules import DESKTOP, Examiner, Look  # noqa: E402
from pages_without_links import IN_BROWSER_TESTS, NOT_PAGES, WAYS, Walk, sign_in  # noqa: E402
from playwright.sync_api import Browser, BrowserContext, sync_playwright  # noqa: E402
from playwright.sync_api import Error as PlaywrightError  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PEOPLE = ("rsolberg7", "prairieagency", "dkeller22", "outsider9", "carrieradmin")
# How many addresses of one route are looked at; of the first person more, since her rows are in every state.
PAGES_A_ROUTE = 2
PAGES_A_ROUTE_OF_OTHERS = 1
PAGES_OF = {"clients:detail": 8, "enrollment:application": 12, "ecomm:question": 5}
STAYS_OUT = re.compile(r"/logout/|format=|/csv/|/file/|/pdf/|/proof-file/|\.(xlsx|csv|pdf)$|/jsi18n/|/autocomplete/")
HISTORY = re.compile(r"admin:\w+_history")  # sends on to the audit trail
TELLING = {"tab", "why"}  # parameters that make another page of one address


def routes() -> Iterator[tuple[str, Any]]:
    """Every named address of the portal with its view."""

    def walk(patterns: list[Any], namespace: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, inner)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield f"{namespace}{pattern.name}", pattern.callback

    yield from walk(get_resolver().url_patterns, "")


def takes_posts_only(view: Any) -> bool:
    """Whether some ``require_POST`` stands before the view."""
    while view is not None:
        if ["POST"] in [cell.cell_contents for cell in getattr(view, "__closure__", None) or () if cell.cell_contents]:
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def route_of(address: str) -> str:
    """The name of the route behind an address; empty for none."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


def kind_of(address: str) -> tuple[str, ...]:
    """What two addresses share that show the same page of different rows."""
    telling = [f"{key}={value}" for key, value in parse_qsl(urlsplit(address).query) if key in TELLING]
    return (route_of(address), *sorted(telling))


def crawl(context: BrowserContext, examiner: Examiner, url: str, *, person: str, start: str, most: int) -> set[str]:
    """Follow every link from ``start`` and look at what comes; the routes that answered, pages or not."""
    page = context.new_page()
    waiting, known, met = [urljoin(url, start)], set(), set[str]()
    taken: Counter[tuple[str, ...]] = Counter()
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        met.add(kind[0])
        if taken[kind] >= (PAGES_OF.get(kind[0], most) if most > 1 else 1):
            continue
        taken[kind] += 1
        try:
            answer = page.goto(address)
        except PlaywrightError as error:
            if "Download is starting" not in str(error) and "ERR_ABORTED" not in str(error):
                raise
            continue
        if answer is None or "html" not in (answer.headers.get("content-type") or ""):
            continue
        landed = kind_of(page.url)
        met.add(landed[0])
        if landed != kind and taken[landed]:
            continue  # sent on to a page that was looked at
        taken[landed] += landed != kind
        examiner.look(page, person=person)
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            link = urldefrag(link)[0]
            if link.startswith(url) and link not in known and not STAYS_OUT.search(link) and route_of(link):
                known.add(link)
                waiting.append(link)
    page.close()
    return met


def table(looks: list[Look]) -> Iterator[str]:
    """A line for each route with its findings below; the same finding on many pages once."""
    by_route: dict[str, list[Look]] = defaultdict(list)
    for seen in looks:
        by_route[seen.route or "-"].append(seen)
    yield f"{'route':<42} {'pages':>5} {'people':>6} {'tab stops':>9} {'findings':>8}  title"
    for route in sorted(by_route):
        pages = by_route[route]
        found = sum(len(seen.findings) for seen in pages)
        most = max(seen.tab_stops for seen in pages)
        people = len({seen.person for seen in pages})
        yield f"{route:<42} {len(pages):>5} {people:>6} {most:>9} {found:>8}  {pages[0].title}"
        told: dict[str, list[Look]] = defaultdict(list)
        for seen in pages:
            for finding in seen.findings:
                told[finding].append(seen)
        for finding, where in told.items():
            yield f"    {finding}"
            yield f"      {len(where)} x, such as {where[0].person} {where[0].status} /{where[0].address}"


def same_titles(looks: list[Look]) -> Iterator[str]:
    """Titles that do not tell two pages of the portal apart."""
    routes_of: dict[str, set[str]] = defaultdict(set)
    for seen in looks:
        is_state = seen.address.endswith(")")  # of a page that has its title already: an error sent back, for one
        if seen.status < 400 and not is_state and not seen.route.startswith("admin:"):
            routes_of[seen.title].add(seen.route)
    for title, names in sorted(routes_of.items()):
        if len(names) > 1:
            yield f"same title '{title}': {', '.join(sorted(names))}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--people", nargs="*", default=list(PEOPLE), help="whose links to follow; none: only the ways")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), help="which ways without links to go")
    parser.add_argument("--save", type=Path, help="folder for the pages as served, for a checker of markup")
    parser.add_argument("--shots", type=Path, help="folder for pictures of every page at both widths in both schemes")
    options = parser.parse_args()
    for folder in (options.save, options.shots):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
    django.setup()
    url = options.url.rstrip("/")
    examiner = Examiner(route_of=route_of, save=options.save, shots=options.shots)
    met, ended = set[str](), list[str]()
    started = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        states = {}
        for number, person in enumerate(options.people):
            context = window(browser, examiner, url)
            page = context.new_page()
            sign_in(page, url, person)
            page.close()
            states[person] = context.storage_state()
            starts = ["/", "/admin/"] if person == "carrieradmin" else ["/"]
            most = PAGES_A_ROUTE if number == 0 else PAGES_A_ROUTE_OF_OTHERS
            for start in starts:
                met |= crawl(context, examiner, url, person=person, start=start, most=most)
            context.close()
            note(f"{person}: {len(examiner.looks)} pages after {time.monotonic() - started:.0f} s")
        for name in options.ways:
            context = window(browser, examiner, url)
            walk = Walk(context, examiner, url)
            try:
                WAYS[name](walk)
            except (PlaywrightError, LookupError, StopIteration) as error:
                note(f"{name} ended at {walk.page.url}: {error}")
                ended.append(f"the way '{name}' ended early at {walk.page.url}: {str(error).splitlines()[0]}")
            context.close()
            note(f"{name}: {len(examiner.looks)} pages after {time.monotonic() - started:.0f} s")
        browser.close()
    return report(examiner.looks, met, ended)


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def note(line: str) -> None:
    """How far it is, beside the table."""
    sys.stderr.write(f"{line}\n")


def window(browser: Browser, examiner: Examiner, url: str) -> BrowserContext:
    context = browser.new_context(viewport=DESKTOP, base_url=url)
    context.set_default_timeout(20_000)
    examiner.watch(context)
    return context


def report(looks: list[Look], met: set[str], ended: list[str]) -> int:
    seen = {look.route for look in looks}
    wanted = {
        name
        for name, view in routes()
        if not takes_posts_only(view)
        and name not in NOT_PAGES
        and name not in IN_BROWSER_TESTS
        and (not name.startswith("admin:") or name in met)
        and not HISTORY.fullmatch(name)
    }
    missed = sorted(wanted - seen)
    titles = list(same_titles(looks))
    findings = sum(len(look.findings) for look in looks) + len(titles) + len(ended)
    say(*table(looks), *titles, *ended, *(f"not seen: {name}" for name in missed))
    share = 100 * (len(wanted) - len(missed)) / len(wanted)
    stops = sum(look.tab_stops for look in looks)
    say(
        f"{len(looks)} pages, {len(wanted) - len(missed)} of {len(wanted)} routes ({share:.0f} %), "
        f"{len(IN_BROWSER_TESTS)} more by the browser tests; {stops} tab stops, {findings} findings"
    )
    return 1 if findings or missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
