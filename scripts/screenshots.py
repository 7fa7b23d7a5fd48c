#!/usr/bin/env python3
"""Make the README's screenshots from a running demo.

    make demo                                       # in another terminal
    .venv/bin/python scripts/screenshots.py [--url http://localhost:8000] [--out docs/screenshots] [--all]

``--all`` takes every page at both widths and in both themes, to be looked at before a release.
"""

import argparse
import json
import shutil
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

PASSWORD = "Harbor#Kite58"  # noqa: S105 - the demo's public password
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


def newest_code(url: str) -> str:
    with urllib.request.urlopen(f"{url}/demo/mailbox/?format=json") as answer:  # noqa: S310 - the demo's own address
        return next(entry["code"] for entry in json.load(answer) if entry["code"])


def sign_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    time.sleep(1.5)
    page.locator("[name=code]").fill(newest_code(url))
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{url}/**")


def grace_report(page: Page, url: str) -> str:
    page.goto(f"{url}/reports/new/")
    page.get_by_label("Policy Status").select_option("Grace Period")
    page.get_by_role("button", name="Submit").click()
    page.locator(".grid-head-line").wait_for()
    return page.url


def pages(page: Page, url: str) -> dict[str, str]:
    """Names and addresses of what is worth looking at, for the person signed in."""
    found = {"home": "/", "search": "/clients/", "report": grace_report(page, url).removeprefix(url)}
    client = page.locator(".grid-table tbody a").first.get_attribute("href")
    found["client"] = str(client)
    page.goto(f"{url}/enroll/quotes/")
    saved = page.locator(".grid-table tbody tr", has_text="Saved").first
    found["plans"] = str(saved.locator("a").first.get_attribute("href"))
    page.goto(f"{url}/enroll/applications/?tab=incomplete")
    family = page.locator(".grid-table tbody tr", has_text="Beaumont").first
    found["application"] = f"/enroll/applications/{family.locator('a').first.inner_text()}/plans/"
    return found


def take(context: BrowserContext, address: str, target: Path, *, theme: str, whole: bool) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=target, full_page=whole)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--user", default="rsolberg7")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--more", nargs="*", default=[], help="Further addresses, such as /accounts/profile/.")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport=SIZES["desktop"])
        page = context.new_page()
        sign_in(page, options.url, options.user)
        wanted = pages(page, options.url)
        wanted |= {address.strip("/").replace("/", "-"): address for address in options.more}
        state = context.storage_state()
        shots = [(name, "desktop", "light") for name in ("home", "report", "client", "plans", "application")] + [
            ("client", "phone", "dark")
        ]
        if options.all:
            shots = [(name, size, theme) for name in wanted for size in SIZES for theme in ("light", "dark")]
        for name, size, theme in shots:
            where = browser.new_context(viewport=SIZES[size], storage_state=state)
            suffix = "".join(f"-{part}" for part in (size, theme) if options.all or part in ("phone", "dark"))
            take(where, options.url + wanted[name], options.out / f"{name}{suffix}.png", theme=theme, whole=options.all)
            where.close()
        browser.close()


if __name__ == "__main__":
    main()
