#!/usr/bin/env python3
"""Make the README's pictures from a running demo, small enough to be kept with the code.

    make demo                                       # in another terminal
    .venv/bin/python scripts/screenshots.py [--url http://localhost:8000] [--out docs/screenshots] [--only desk report]

With ``--all`` every page is taken whole, at both widths and in both themes, to be looked at before a release; those are not
made smaller. The ID card is a PDF: it is drawn by pdftoppm (poppler-utils) and left out where that is missing.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PASSWORD = "Harbor#Kite58"  # noqa: S105 - the demo's public password
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
HALF = {"width": 760, "height": 720}  # a window beside another one
THEMES = ("light", "dark")
COLOURS = 224
LARGEST = 150_000  # bytes of one picture in the README
PRODUCER, CARRIER = "rsolberg7", "carrieradmin"


@dataclass(frozen=True)
class Shot:
    """One picture of the README. ``open_it`` leads a signed-in page there; the picture is what then stands in the window."""

    name: str
    open_it: Callable[[Page], None]
    username: str = PRODUCER
    size: str = "desktop"  # or "phone", "half"
    theme: str = "light"


def at(address: str) -> Callable[[Page], None]:
    return lambda page: _go(page, address)


def _go(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")


def grace_report(page: Page) -> None:
    _go(page, "/reports/new/")
    page.get_by_label("Policy Status", exact=True).select_option("Grace Period")
    page.get_by_role("button", name="Submit").click()
    page.locator(".grid-head-line").wait_for()


def a_client(page: Page) -> None:
    """A household in its grace period: there is something to do."""
    grace_report(page)
    _go(page, str(page.locator(".grid-table tbody a").first.get_attribute("href")))


def plans(page: Page) -> None:
    _go(page, "/enroll/quotes/")
    saved = page.locator(".grid-table tbody tr", has_text="Saved").first
    _go(page, str(saved.locator("a").first.get_attribute("href")))


def wizard(page: Page) -> None:
    _go(page, "/enroll/applications/?tab=incomplete")
    family = page.locator(".grid-table tbody tr", has_text="Beaumont").first
    _go(page, f"/enroll/applications/{family.locator('a').first.inner_text()}/plans/")


SHOTS = (
    Shot("home", at("/")),
    Shot("desk", at("/reports/desk/")),
    Shot("client", a_client),
    Shot("plans", plans),
    Shot("application", wizard),
    Shot("report", grace_report),
    Shot("admin", at("/admin/"), username=CARRIER, size="half"),
    Shot("home-phone", at("/"), size="phone"),
    Shot("client-phone-dark", a_client, size="phone", theme="dark"),
)
ID_CARD = "id-card"
FAMILY_WITH_CARDS = "100200343"  # a household of the demo whose temporary cards are ready


def newest_code(url: str) -> str:
    with urllib.request.urlopen(f"{url}/demo/mailbox/?format=json") as answer:  # noqa: S310 - the demo's own address
        return next(entry["code"] for entry in json.load(answer) if entry["code"])


def sign_in(browser: Browser, url: str, username: str) -> BrowserContext:
    context = browser.new_context(base_url=url, viewport=SIZES["desktop"])
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    time.sleep(3)  # until the worker has put the message into the mailbox
    page.locator("[name=code]").fill(newest_code(url))
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(lambda address: "/accounts/verify/" not in address)
    return context


def take(
    browser: Browser, url: str, signed_in: BrowserContext, shot: Shot, target: Path, *, whole: bool = False
) -> None:
    context = browser.new_context(
        base_url=url,
        viewport=SIZES.get(shot.size, HALF),
        storage_state=signed_in.storage_state(),
        color_scheme=shot.theme,
    )
    context.add_cookies([{"name": "theme", "value": shot.theme, "url": url}])
    page = context.new_page()
    shot.open_it(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=target, full_page=whole)
    context.close()


def id_card(signed_in: BrowserContext, target: Path) -> None:
    """A temporary ID card of the demo, front and back, cut out of its PDF."""
    drawing = shutil.which("pdftoppm")
    if drawing is None:
        sys.stdout.write("id-card: left out, because pdftoppm is missing (apt-get install poppler-utils)\n")
        return
    page = signed_in.new_page()
    _go(page, f"/clients/{FAMILY_WITH_CARDS}/id-cards/")
    page.get_by_role("link", name="Temporary").first.click()
    address = str(page.get_by_role("link", name="Download the card of").first.get_attribute("href"))
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "card.pdf"
        pdf.write_bytes(signed_in.request.get(address).body())
        command = [drawing, "-png", "-r", "110", "-singlefile", str(pdf), str(pdf.with_suffix(""))]
        subprocess.run(command, check=True)  # noqa: S603 - a program of this machine, on a file of our own
        with Image.open(pdf.with_suffix(".png")) as sheet:
            left, top, right, bottom = _inked(sheet)
            # The card itself; the same in large print is below it.
            sheet.convert("RGB").crop((left, top, right, top + (bottom - top) * 36 // 100)).save(target)
    make_small(target)
    page.close()


def _inked(sheet: Image.Image) -> tuple[int, int, int, int]:
    """Where the paper is not white, with a margin."""
    grey = sheet.convert("L").point(lambda value: 255 if value < 250 else 0)
    left, top, right, bottom = grey.getbbox() or (0, 0, *sheet.size)
    return max(left - 16, 0), max(top - 16, 0), min(right + 16, sheet.width), min(bottom + 16, sheet.height)


def make_small(picture: Path) -> int:
    """Few colours do for pages of text; returns the bytes."""
    with Image.open(picture) as found:
        found.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            picture, optimize=True
        )
    return picture.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", nargs="*", default=[], help="Names of pictures.")
    parser.add_argument("--all", action="store_true", help="Every page whole, at both widths, in both themes.")
    parser.add_argument(
        "--more", nargs="*", default=[], help="With --all: further addresses, such as /accounts/profile/."
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    shots = [shot for shot in SHOTS if not options.only or shot.name in options.only]
    if options.all:
        shots = [Shot(one.name, one.open_it, one.username) for one in SHOTS if one.size != "phone"]
        shots += [Shot(address.strip("/").replace("/", "-"), at(address)) for address in options.more]
    too_large = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        people = {name: sign_in(browser, options.url, name) for name in sorted({shot.username for shot in shots})}
        for shot in shots:
            if options.all:
                for size in SIZES:
                    for theme in THEMES:
                        one = Shot(shot.name, shot.open_it, shot.username, size, theme)
                        target = options.out / f"{shot.name}-{size}-{theme}.png"
                        take(browser, options.url, people[shot.username], one, target, whole=True)
                continue
            target = options.out / f"{shot.name}.png"
            take(browser, options.url, people[shot.username], shot, target)
            if make_small(target) > LARGEST:
                too_large.append(shot.name)
        if not options.all and (not options.only or ID_CARD in options.only):
            id_card(people.get(PRODUCER) or sign_in(browser, options.url, PRODUCER), options.out / f"{ID_CARD}.png")
        browser.close()
    for picture in sorted(options.out.glob("*.png")):
        sys.stdout.write(f"{picture.name}: {picture.stat().st_size // 1000} kB\n")
    if too_large:
        sys.stdout.write(f"Larger than {LARGEST // 1000} kB: {', '.join(too_large)}\n")
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
