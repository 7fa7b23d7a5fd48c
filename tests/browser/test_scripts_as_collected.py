"""The script of the frame as it is sent in production: with those it imports in their place (portal/common/static_files.py)."""

from django.conf import settings
from playwright.sync_api import Page, expect

from portal.common.static_files import with_scripts

FOLDER = settings.BASE_DIR / "static"


def collected(name: str) -> str:
    return with_scripts(name, (FOLDER / name).read_text(), lambda other: (FOLDER / other).read_text())


def test_theme_submenu_bell_and_session_warning_work_in_one_script(world, sign_in_as, new_context):
    page: Page = new_context(alone=True).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    script = collected("portal/portal.js")
    page.route(
        "**/portal/portal.js", lambda route: route.fulfill(body=script, headers={"Content-Type": "text/javascript"})
    )
    sign_in_as(world.producer, on=page, at="/clients/")

    page.get_by_label("Color theme").first.click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".sub-nav-fold summary").click()
    assert {"theme": "dark", "submenu": "less"}.items() <= {
        cookie["name"]: cookie["value"] for cookie in page.context.cookies()
    }.items()
    with page.expect_response("**/notifications/**"):
        page.clock.fast_forward(60_000)
    with page.expect_response("**/accounts/session/**"):  # asked before the warning is shown
        page.clock.fast_forward("13:00")
    scripts = {url.rpartition("/")[2] for url in asked if url.endswith(".js")}
    assert {"portal.js", "htmx.min.js"} <= scripts
    assert not scripts & {"submenu.js", "session.js", "notifications.js"}
