"""What every page has to keep: read by axe, by eye of a ruler, by the Tab key and by the browser's console."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, WebError

LEFT_OUT = Path(__file__).resolve().parent.parent / "static" / "vendor" / "bootstrap" / "left-out.txt"
DESKTOP, PHONE, NARROWEST = (
    {"width": 1280, "height": 900},
    {"width": 390, "height": 844},
    {"width": 320, "height": 640},
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
ALL_RULES = {"runOnly": {"type": "tag", "values": TAGS}}
# The scheme changes colours and nothing else.
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
TAB_STOPS_AT_MOST = 70
# axe would copy imported style sheets into the page, which the content security policy refuses and the console then says.
RUN_AXE = """([part, asked]) => axe.run(part ? document.querySelector(part) : document, { ...asked, resultTypes: ["violations"], preload: false })
    .then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(" | ")))"""
# Colours that fade over from one scheme to the other would be judged half way.
AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
FACTS = """() => {
    const skip = document.querySelector("a[href^='#']");
    return {
        title: document.title,
        headings: [...document.querySelectorAll("h1")].filter(h => h.checkVisibility()).length,
        mains: document.querySelectorAll("main").length,
        language: document.documentElement.lang,
        icons: document.querySelectorAll("link[rel~=icon]").length,
        skips: Boolean(skip && document.querySelector(skip.getAttribute("href"))),
        empty: [...document.querySelectorAll("main table")].filter(t => !t.querySelector("tbody td, tbody th")).length,
        dialogs: [...document.querySelectorAll("dialog[id], [popover][id]")].map(d => d.id),
    };
}"""
# Whatever lies over other things (menus, help beside a field) is a thing of its own; the rest unfolds in its place.
OPEN_EVERYTHING = """() => {
    document.querySelectorAll("main details:not(.menu, .help-mark)").forEach(fold => { fold.open = true; });
    [document.scrollingElement, ...document.querySelectorAll("main *")].forEach(part => { part.scrollTop = part.scrollLeft = 0; });
}"""
KINDS = """() => [...new Set([...document.querySelectorAll("body *")].map(e => e.tagName + "." + e.getAttribute("class")))]"""
SHOW, HIDE = (
    "id => { const e = document.getElementById(id); e.popover ? e.showPopover() : e.showModal(); }",
    "id => { const e = document.getElementById(id); e.popover ? e.hidePopover() : e.close(); }",
)
# A stop whose outline, shadow, border, background and underline are the same without the focus is one nobody can see.
NOTE_STOPS = """() => {
    const look = here => [here, here.parentElement, here.closest("label")].filter(Boolean).map(part => {
        const c = getComputedStyle(part);
        return [c.outlineStyle, c.outlineWidth, c.boxShadow, c.borderColor, c.backgroundColor, c.textDecorationLine].join();
    }).join();
    const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    document.activeElement?.blur();
    const plain = new Map(stops.map(stop => [stop, look(stop)]));
    window.pageStops = new Map();
    document.addEventListener("focusin", ({ target }) => {
        const size = target.getBoundingClientRect();
        const seen = look(target) !== plain.get(target) && size.width > 0 && size.height > 0;
        const name = target.id ? "#" + target.id : target.tagName.toLowerCase() + "." + target.className;
        if (!window.pageStops.has(target)) window.pageStops.set(target, seen ? "" : name);
    });
    return stops.filter(stop => stop.checkVisibility() && !stop.disabled && stop.tabIndex >= 0).length;
}"""
STOPS = "() => [...window.pageStops.values()]"


@dataclass
class Look:
    """One page as one person saw it, and what was wrong with it."""

    person: str
    route: str
    address: str
    status: int
    title: str
    tab_stops: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass
class Examiner:
    """Looks at the page a browser shows: at both widths, in both schemes, with everything unfolded."""

    route_of: Callable[[str], str]
    save: Path | None = None
    shots: Path | None = None
    looks: list[Look] = field(default_factory=list)
    dialogs_seen: set[str] = field(default_factory=set)
    kinds_seen: dict[str, set[str]] = field(default_factory=dict)
    axe: str = field(default_factory=lambda: files("axe_playwright_python").joinpath("axe.min.js").read_text())
    left_out: set[str] = field(default_factory=lambda: set(LEFT_OUT.read_text().split()))
    console: list[str] = field(default_factory=list)
    documents: dict[str, Response] = field(default_factory=dict)

    def watch(self, context: BrowserContext) -> None:
        """Hear of script errors, refused resources and answers in this window."""

        def on_message(message: ConsoleMessage) -> None:
            # The browser reports a page's own 4xx as an error; whether it is right is the table's business.
            if message.type == "error" and "the server responded with a status of" not in message.text:
                self.console.append(message.text)
            elif message.type == "error" and "/static/" in str(message.location):
                self.console.append(f"{message.text} {message.location}")

        def on_error(error: WebError) -> None:
            self.console.append(str(error.error))

        def on_answer(response: Response) -> None:
            if response.request.resource_type == "document":
                self.documents[response.url.partition("#")[0]] = response

        context.on("console", on_message)
        context.on("weberror", on_error)
        context.on("response", on_answer)

    def look(self, page: Page, *, person: str, label: str = "", route: str = "") -> Look:
        """Examine what the page shows now; ``label`` tells states of one address apart.

        A page without a label that has no kind of element the pages of its route did not have already is measured and
        read, but not judged by axe and walked by Tab once more.
        """
        page.wait_for_load_state("load")
        facts: dict[str, Any] = page.evaluate(FACTS)
        answer = self.documents.get(page.url.partition("#")[0])
        seen = Look(
            person=person,
            route=route or self.route_of(page.url),
            address=page.url.split("/", 3)[-1] + (f" ({label})" if label else ""),
            status=answer.status if answer else 0,
            title=facts["title"],
        )
        self.looks.append(seen)
        self._keep(answer, len(self.looks))
        self._read(facts, seen)
        new = set(page.evaluate(KINDS)) - self.kinds_seen.setdefault(seen.route, set())
        self.kinds_seen[seen.route] |= new
        if lacking := self.left_out & {word for kind in new for word in kind.partition(".")[2].split()}:
            seen.findings.append(
                f"classes that the trimmed Bootstrap lacks (make styles): {', '.join(sorted(lacking))}"
            )
        if new or label:
            self._judge(page, seen, facts["dialogs"])
        page.set_viewport_size(NARROWEST)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROWEST["width"]:
            seen.findings.append(f"{width} px wide in a window of {NARROWEST['width']}")
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        seen.findings += [f"console: {text[:160]}" for text in dict.fromkeys(self.console)]
        self.console.clear()
        return seen

    def _judge(self, page: Page, seen: Look, dialogs: list[str]) -> None:
        page.evaluate(self.axe)
        page.evaluate(AT_ONCE)
        self._tab(page, seen)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            page.evaluate(OPEN_EVERYTHING)
            for scheme, rules in (("light", ALL_RULES), ("dark", CONTRAST)):
                self._axe(page, seen, scheme, rules, f"{size['width']}")
                self._shoot(page, f"{len(self.looks):03}-{seen.route.replace(':', '-')}-{size['width']}-{scheme}")
        for dialog in dialogs:
            self._unveil(page, seen, dialog)

    def _read(self, facts: dict[str, Any], seen: Look) -> None:
        if facts["headings"] != 1:
            seen.findings.append(f"{facts['headings']} main headings")
        if facts["mains"] != 1:
            seen.findings.append(f"{facts['mains']} main landmarks")
        if not facts["title"].partition(" - ")[0].strip():
            seen.findings.append("no title of its own")
        for key, problem in (
            ("language", "no language"),
            ("icons", "no favicon"),
            ("skips", "no link past the header"),
        ):
            if not facts[key]:
                seen.findings.append(problem)
        if facts["empty"]:
            seen.findings.append("a table without a row and without a word")

    def _tab(self, page: Page, seen: Look) -> None:
        """Press Tab from the top of the page to its end."""
        for _ in range(min(page.evaluate(NOTE_STOPS), TAB_STOPS_AT_MOST)):
            page.keyboard.press("Tab")
        stops = page.evaluate(STOPS)
        seen.tab_stops = len(stops)
        if unseen := [name for name in stops if name]:
            seen.findings.append(f"focus not visible on {', '.join(unseen[:4])}")

    def _axe(self, page: Page, seen: Look, scheme: str, rules: dict[str, Any], where: str, part: str = "") -> None:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for violation in page.evaluate(RUN_AXE, [part, rules]):
            finding = f"axe {where} {scheme}: {violation}"
            if finding not in seen.findings:
                seen.findings.append(finding)

    def _unveil(self, page: Page, seen: Look, dialog: str) -> None:
        """Open a dialog or drawer; each once, since many pages carry the same."""
        kind = dialog.rstrip("0123456789")
        if kind in self.dialogs_seen:
            return
        self.dialogs_seen.add(kind)
        page.evaluate(SHOW, dialog)
        self._shoot(page, f"{len(self.looks):03}-dialog-{dialog}")
        for scheme, rules in (("light", ALL_RULES), ("dark", CONTRAST)):
            self._axe(page, seen, scheme, rules, f"#{dialog}", f"#{dialog}")
        page.evaluate(HIDE, dialog)

    def _keep(self, answer: Response | None, number: int) -> None:
        """Store the page as it was served, for checkers of markup."""
        if self.save and answer and answer.ok:
            (self.save / f"{number:03}.html").write_text(answer.text())

    def _shoot(self, page: Page, name: str) -> None:
        if self.shots:
            page.screenshot(path=self.shots / f"{name}.png", full_page=True)
