"""The files every page loads: complete, light, self-contained, readable in both themes, free of other people's brands."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.template import Context, Engine
from django.template.loader import get_template
from django.templatetags.static import static

from portal.common.paging import Page
from portal.common.static_files import WholeStaticFilesStorage
from portal.common.tables import SORT_ICONS, BoundColumn, BoundRow, Cell, TableView

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
VENDOR = STATIC / "vendor"
THEME = STATIC / "portal" / "theme.css"
FIRST_LOAD = [
    "vendor/bootstrap/bootstrap.trimmed.css",
    "vendor/htmx/htmx.min.js",
    "portal/theme.css",
    "portal/theme-boot.js",
    "portal/portal.js",
    "portal/submenu.js",
    "portal/session.js",
    "portal/notifications.js",
    "portal/icons.svg",
    "portal/mark.svg",
    "portal/horizon.svg",
]
TEXT_SUFFIXES = {".css", ".js", ".svg", ".html", ".txt", ".md"}

pytestmark = pytest.mark.no_db


def template_files() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def page_templates() -> list[Path]:
    """Templates a browser receives under the content security policy; emails carry their styles in the text."""
    return [path for path in template_files() if "email" not in path.parts]


# --- Vendored files ---


def test_every_vendored_folder_has_a_licence_and_a_line_in_versions():
    versions = (VENDOR / "VERSIONS.md").read_text()
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert list(folder.glob("LICENSE*")), f"{folder.name} has no licence"
        assert f"`{folder.name}/`" in versions


def test_versions_names_the_versions_that_are_there():
    versions = (VENDOR / "VERSIONS.md").read_text()
    bootstrap = re.search(r"Bootstrap\s+v([\d.]+)", (VENDOR / "bootstrap/bootstrap.trimmed.css").read_text()[:400])
    htmx = re.search(r'version:"([\d.]+)"', (VENDOR / "htmx/htmx.min.js").read_text())
    assert bootstrap
    assert htmx
    assert f"| bootstrap | {bootstrap[1]} |" in versions
    assert f"| htmx.org | {htmx[1]} |" in versions


def test_no_static_file_asks_for_a_source_map_or_another_host():
    for path in STATIC.rglob("*"):
        if path.suffix not in {".css", ".js"}:
            continue
        text = path.read_text()
        assert "sourceMappingURL" not in text, path
        assert not re.search(r"(?:url\(|@import|import\s|fetch\()\s*[\"']?https?://", text), path


def test_no_template_loads_from_another_host():
    for path in page_templates():
        assert not re.search(
            r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=[\"'](?:https?:)?//", path.read_text()
        ), path


def test_every_reference_survives_hashed_names(tmp_path: Path):
    """The storage follows each url() and import; a missing file would break the release."""
    storage = WholeStaticFilesStorage(location=str(tmp_path), base_url="/static/")
    source = FileSystemStorage(location=str(STATIC))
    paths = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            name = path.relative_to(STATIC).as_posix()
            with source.open(name) as content:
                storage.save(name, content)
            paths[name] = (storage, name)
    for name, _hashed, processed in storage.post_process(paths):
        assert not isinstance(processed, Exception), f"{name}: {processed}"
    assert "import " not in (tmp_path / storage.stored_name("portal/portal.js")).read_text()
    assert re.search(r"horizon\.[0-9a-f]{12}\.svg", (tmp_path / storage.stored_name("portal/theme.css")).read_text())


def test_first_load_stays_far_below_150_kb():
    weight = sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in FIRST_LOAD)
    assert weight < 65_000


# --- What the content security policy forbids ---


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("inline script", r"<script(?![^>]*\bsrc=)[^>]*>"),
        ("style element", r"<style\b"),
        ("style attribute", r"\sstyle="),
        ("event attribute", r"\son[a-z]+="),
        ("htmx evaluation", r"\bhx-on\b|hx-(?:vals|headers)=[\"']js:"),
    ],
)
def test_templates_hold_nothing_inline(what: str, pattern: str):
    for path in page_templates():
        assert not re.search(pattern, path.read_text()), f"{what} in {path}"


def test_htmx_evaluates_nothing_and_keeps_no_pages_in_browser_storage():
    base = (TEMPLATES / "base.html").read_text()
    for option in (
        '"allowEval":false',
        '"allowScriptTags":false',
        '"includeIndicatorStyles":false',
        '"historyCacheSize":0',
    ):
        assert option in base


# --- Icons ---


def sprite_ids() -> set[str]:
    return set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "portal/icons.svg").read_text()))


def test_every_icon_named_in_a_template_or_a_registration_is_in_the_sprite():
    named = set()
    for path in template_files():
        for reference in re.findall(r'<use href="([^>]*)">', path.read_text()):
            fragment = reference.rpartition("#")[2] if "{% if" not in reference else reference.partition("#")[2]
            without_tags = re.sub(r"{[{%].*?[}%]}", " ", fragment)
            named |= set(re.findall(r"[a-z][a-z0-9-]+", without_tags))
        named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', path.read_text()))
    for app in ("portal", "accounts", "clients", "enrollment", "ecomm", "reporting"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', path.read_text()))
    named |= set(SORT_ICONS.values())
    assert named >= {"list", "x-lg", "caret-up-fill"}
    assert named <= sprite_ids()


def test_versions_counts_the_icons():
    assert f"{len(sprite_ids())} of `icons/*.svg`" in (VENDOR / "VERSIONS.md").read_text()


# --- Contrast (WCAG 1.4.3 and 1.4.11) ---


def theme_colours(theme: str) -> dict[str, str]:
    """The custom properties of one theme that are plain hex colours."""
    block = re.search(rf'\[data-bs-theme="{theme}"\] {{\n(.*?)\n}}', THEME.read_text(), re.S)
    assert block
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block[1]))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * c for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUNDS = ("bs-body-bg", "surface", "surface-sunk", "row-hover")
TEXT_PAIRS = [
    *((ink, ground) for ink in ("bs-body-color", "ink-soft", "bs-link-color", "accent-strong") for ground in GROUNDS),
    *((f"{kind}-ink", f"{kind}-soft") for kind in ("success", "warning", "danger", "info", "neutral")),
    *((f"{kind}-ink", "bs-body-bg") for kind in ("warning", "danger", "info")),
    ("bs-success", "bs-body-bg"),
    ("bs-danger", "surface"),
    ("bs-form-invalid-color", "surface"),
    ("bs-form-invalid-color", "surface-sunk"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
    ("bar-ink", "bar"),
    ("bar-ink-soft", "bar"),
    ("ink-soft", "horizon"),
]
SHAPE_PAIRS = [
    *((shape, ground) for shape in ("line-control", "ring", "accent") for ground in GROUNDS[:3]),
    ("bar-ring", "bar"),
    ("bs-form-invalid-border-color", "surface"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_of_at_least_four_and_a_half(theme: str):
    colours = theme_colours(theme)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXT_PAIRS}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_control_borders_and_focus_rings_have_contrast_of_at_least_three(theme: str):
    colours = theme_colours(theme)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in SHAPE_PAIRS}
    assert {pair: value for pair, value in weak.items() if value < 3} == {}


# --- Brand ---

# Digests of the lower-case names of large carriers, so that no carrier's name stands in the code (ISS_05).
CARRIER_NAMES = {
    "04c2998f3d458c77",
    "08f39c648bce89c5",
    "161a2bbf67036e9e",
    "17954bc6b7d7d3e3",
    "20cd0cd5561b7df5",
    "292002083f5b1903",
    "299bc4e28f8052c8",
    "2eeacad472b6335a",
    "2f05d846ba30fdb1",
    "41d87cabdf78dab9",
    "5e9ceb28244d0645",
    "5ecaa7b05ce0ae72",
    "5f46df41e63e0fc7",
    "635c9d771ebf49b4",
    "64db7dd7a60d54d0",
    "66287d6ad6e568a7",
    "7e0077757ed90f22",
    "85f8ef6165d906e6",
    "93babfec2f0c9778",
    "b58c3a2b3787377b",
    "b69e113d9aad31b8",
    "c261ce1dc1f5138d",
    "cc728840e9c2c417",
    "d4f6518066ada866",
    "db4dc186aedf33d7",
    "e9c9799f659b9c2e",
    "efc7a9a821ad5c98",
    "f19cb2e90d327cf8",
    "f554735cd1318263",
    "f66f87d87754f4a7",
}


def words_and_pairs(text: str) -> set[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return set(words) | {one + other for one, other in zip(words, words[1:], strict=False)}


@pytest.mark.feature("ISS_05")
def test_no_carrier_brand_in_static_files_and_templates():
    files = [path for path in STATIC.rglob("*") if path.suffix in TEXT_SUFFIXES and "htmx" not in path.parts]
    for path in [*files, *template_files()]:
        digests = {hashlib.sha256(word.encode()).hexdigest()[:16] for word in words_and_pairs(path.read_text())}
        assert not digests & CARRIER_NAMES, path


@pytest.mark.feature("ISS_05")
def test_the_only_images_are_the_neutral_mark_the_icons_and_the_horizon():
    images = {
        path.relative_to(STATIC).as_posix()
        for path in STATIC.rglob("*")
        if path.suffix in {".svg", ".png", ".ico", ".jpg", ".gif", ".webp"}
    }
    assert images == {
        "payment/mark.svg",
        "portal/favicon.ico",
        "portal/horizon-dark.svg",
        "portal/horizon.svg",
        "portal/icons.svg",
        "portal/mark-180.png",
        "portal/mark.svg",
    }


# --- Templates everyone shares ---


def test_every_component_says_what_it_requires():
    components = sorted((TEMPLATES / "components").glob("*.html"))
    assert components
    for path in components:
        opening = path.read_text()
        assert opening.startswith(("{#", "{% comment %}")), path
        assert "Required:" in opening.split("%}" if opening.startswith("{#") else "{% endcomment %}")[0], path


@pytest.mark.parametrize("name", ["400.html", "500.html", "503.html", "403_csrf.html"])
def test_error_page_needs_no_variable_and_no_request(name: str):
    page = get_template(name).render({})
    assert "<h1>" in page
    assert 'href="/"' in page
    assert "Producer Portal" in page


def test_error_page_shows_brand_phone_and_theme_when_it_knows_them():
    known = {"portal_name": "Broker Desk", "support_phone": "1-800-555-0199", "theme": "dark"}
    page = get_template("500.html").render(known)
    assert "Broker Desk" in page
    assert "1-800-555-0199" in page
    assert 'data-bs-theme="dark"' in page


def render(source: str, **context: object) -> str:
    return Engine.get_default().from_string(source).render(Context(context))


def test_status_pill_says_the_status_in_words():
    pill = render('{% include "components/status_pill.html" with status="warning" label="Grace Period" only %}')
    assert "pill-warning" in pill
    assert "Grace Period" in pill


def test_empty_state_offers_its_action_only_when_there_is_one():
    plain = render('{% include "components/empty_state.html" with title="No notes" text="None yet." only %}')
    assert "<a " not in plain
    acting = render(
        '{% include "components/empty_state.html" with title="No notes" text="None yet." action_url="/n/" action_label="Add" only %}'
    )
    assert '<a class="btn btn-primary" href="/n/">Add</a>' in acting


def test_confirmation_is_a_form_post_and_cancel_is_a_link():
    dialog = render(
        '{% include "components/confirm_dialog.html" with dialog_id="del" title="Delete?" text="Gone for good." '
        'action="/x/" confirm_label="Delete" danger=True csrf_token="token" only %}'
    )
    assert 'action="/x/"' in dialog
    assert 'name="csrfmiddlewaretoken" value="token"' in dialog
    assert "btn-danger" in dialog
    assert "data-dialog-close" in dialog


@pytest.mark.feature("ISS_06")
@pytest.mark.parametrize(
    ("state", "tone"), [("pending", "warning"), ("done", "success"), ("problem", "danger"), ("info", "info")]
)
def test_state_line_is_a_lasting_live_region_and_asks_again_only_while_told_to(state: str, tone: str):
    source = '{% include "components/state_line.html" with line_id="s" state=state text="Working" poll_url=url only %}'
    asking = render(source, state=state, url="/state/")
    assert '<div id="s" role="status">' in asking
    assert 'data-hx-swap="innerHTML"' in asking
    assert f"state-line-{tone}" in asking
    assert 'data-hx-get="/state/"' in asking
    assert "data-hx-get" not in render(source, state=state, url="")


def test_progress_bar_without_a_total_shows_no_number():
    source = '{% include "components/progress.html" with progress_id="p" label="Export" done=done total=total only %}'
    assert 'value="12" max="50"' in re.sub(r"\s+", " ", render(source, done=12, total=50))
    assert "max=" not in render(source, done=0, total=0)


# --- The list ---


def column(key: str, label: str, **changes: object) -> BoundColumn:
    given: dict[str, object] = {
        "kind": "text",
        "visible": True,
        "sortable": True,
        "sort_url": f"/list/?sort={key}",
        "sort_state": "",
        "filterable": True,
        "filter_name": f"f_{key}",
        "filter_value": "",
        "filter_error": "",
        "filter_choices": [],
        "placeholder": "filter",
        "table_id": "results",
        "form_id": "results-grid",
        "icons": static("portal/icons.svg"),
    }
    return BoundColumn(key=key, label=label, **{**given, **changes})  # type: ignore[arg-type]


def listing(columns: list[BoundColumn], rows: list[BoundRow], *, total: int = 134, filtered: bool = False) -> str:
    table = TableView(
        id="results",
        caption="Clients found",
        form_id="results-grid",
        action="/list/?r=abc",
        columns=columns,
        all_columns=columns,
        rows=rows,
        page=Page(number=1, size=25, total=total, sizes=[(10, False), (25, True)], url_next="/list/?page=2"),
        filtered=filtered,
        export_urls=[("Excel", "/list/?format=xlsx")],
        as_of=None,
        empty_title="No client found",
        empty_text="Search again.",
    )
    source = '{% include "components/table.html" with table=table csrf_token="token" only %}'
    return re.sub(r"\s+", " ", render(source, table=table))


def row(*cells: Cell) -> BoundRow:
    return BoundRow(list(cells))


LAST_NAME = column("surname", "Last Name", sort_state="asc")
PAID_TO = column("paid_to", "Paid To Date", kind="date", placeholder="mm/dd/yyyy")
WHITFIELD = row(
    Cell(text="Whitfield", url="/clients/730075112/", kind="text", label="Last Name", pill=""),
    Cell(text="12/01/2026", url="", kind="date", label="Paid To Date", pill=""),
)


@pytest.mark.feature("SRC_11")
def test_list_shows_the_head_line_entries_per_page_paging_and_go_to_page():
    page = listing([LAST_NAME, PAID_TO], [WHITFIELD])
    assert "1 - 25 of 134 Search Results" in page
    assert re.search(r'<label for="results-size">Show</label>.*?</select> entries', page)
    assert page.count('href="/list/?page=2" rel="next">Next</a>') == 2
    assert page.count("<span>Previous</span>") == 2
    assert re.search(r'<label for="results-page">Go to page</label>.*? of 6 Pages', page)


@pytest.mark.feature("SRC_13")
def test_every_filter_is_named_for_its_column_and_posted_with_the_one_form():
    page = listing([LAST_NAME, PAID_TO], [WHITFIELD])
    for key, label, placeholder in (("surname", "Last Name", "filter"), ("paid_to", "Paid To Date", "mm/dd/yyyy")):
        field = re.search(rf'<input [^>]*name="f_{key}"[^>]*>', page)
        assert field
        assert 'form="results-grid"' in field[0]
        assert f'aria-label="Filter {label}"' in field[0]
        assert f'placeholder="{placeholder}"' in field[0]
    assert '<form id="results-grid" method="post" action="/list/?r=abc">' in page
    assert "Clear filters" not in page
    assert 'name="clear"' in listing([LAST_NAME], [], total=0, filtered=True)


def test_a_filter_that_cannot_be_read_says_so_next_to_itself():
    wrong = column(
        "paid_to", "Paid To Date", kind="date", filter_value="soon", filter_error="Enter a date as mm/dd/yyyy."
    )
    page = listing([wrong], [], total=0, filtered=True)
    field = re.search(r'<input [^>]*name="f_paid_to"[^>]*>', page)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="results-e-paid_to"' in field[0]
    assert '<span class="filter-error" id="results-e-paid_to">Enter a date as mm/dd/yyyy.</span>' in page


def test_the_sorted_column_says_its_direction():
    page = listing([LAST_NAME, PAID_TO], [WHITFIELD])
    assert re.search(r'aria-sort="ascending"><a id="results-s-surname" href="/list/\?sort=surname">Last Name', page)
    assert page.count("aria-sort") == 1


@pytest.mark.feature("SRC_14")
def test_a_cell_is_a_link_only_where_it_leads_somewhere_and_carries_its_label_for_narrow_screens():
    page = listing([LAST_NAME, PAID_TO], [WHITFIELD])
    assert '<a href="/clients/730075112/" data-hx-boost="false">Whitfield</a>' in page
    assert re.search(r'<td class="k-date" data-label="Paid To Date">12/01/2026</td>', page)


def test_a_list_without_rows_says_why_and_offers_no_pages():
    page = listing([LAST_NAME, PAID_TO], [], total=0)
    assert "0 Search Results" in page
    assert "No client found" in page
    assert 'colspan="2"' in page
    assert "Go to page" not in page


def test_cells_are_escaped():
    evil = row(Cell(text="<b>O'Neil</b>", url="", kind="text", label="Last Name", pill=""))
    assert "&lt;b&gt;O&#x27;Neil&lt;/b&gt;" in listing([LAST_NAME], [evil], total=1)
