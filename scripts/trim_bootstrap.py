#!/usr/bin/env python3
"""Take Bootstrap's style sheet from the npm registry and keep what the portal uses of it (make styles).

    .venv/bin/python scripts/trim_bootstrap.py              # needs npm; VERSIONS.md says which version
    .venv/bin/python scripts/trim_bootstrap.py --from FILE  # from a bootstrap.min.css that is there already

Writes ``static/vendor/bootstrap/bootstrap.trimmed.css`` and ``left-out.txt``, the names of all classes that are in Bootstrap and not
in it. A rule stays when its classes stand in a class attribute of a template, in markup or form layouts written in Python,
or in a script; rules of plain elements stay. A class that comes into use later and was left out fails
``tests/portal/test_trimmed_bootstrap.py``, and ``make check-pages`` where only a page shows it: run this again.
"""

import argparse
import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tinycss2

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "static" / "vendor" / "bootstrap"
SHEET, LEFT_OUT, VERSIONS = FOLDER / "bootstrap.trimmed.css", FOLDER / "left-out.txt", FOLDER.parent / "VERSIONS.md"
APPS = ("portal", "accounts", "clients", "enrollment", "ecomm", "reporting")
WORD = re.compile(r"[A-Za-z][\w-]*")
CLASS_ATTRIBUTE = re.compile(r"""class="((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)\"""", re.S)
VARIABLE_IN_A_NAME = re.compile(r"([A-Za-z][\w-]*-)(?:\{%|\{\{)")
# What crispy can lay out and no form of the portal does: accordions, tabs, dialogs, tables of forms.
CRISPY_NOT_USED = re.compile(
    r"accordion|alert|formset|modal|tab|floating|inline|multifield|switch|prepended|with_buttons|uneditable"
)


def words_of_markup(text: str, *, names: set[str]) -> set[str]:
    """Names in the class attributes of a template; for ``alert-{% if ... %}`` all that begin so."""
    found = set[str]()
    for value in CLASS_ATTRIBUTE.findall(text):
        found |= set(WORD.findall(value))
        for start in VARIABLE_IN_A_NAME.findall(value):
            found |= {name for name in names if name.startswith(start)}
    return found


def words_of_python(text: str, *, names: set[str]) -> set[str]:
    """Names in ``css_class=`` and ``"class":``, in markup, and wherever a string holds a name with a hyphen."""
    found = set[str]()
    for node in ast.walk(ast.parse(text)):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.keyword) and (node.arg or "").endswith(("class", "classes")):
            values = [node.value]
        elif isinstance(node, ast.Dict):
            values = [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "class"
            ]
        for value in values:
            for part in ast.walk(value) if value else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found |= set(WORD.findall(part.value))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= words_of_markup(node.value, names=names)
            found |= {word for word in WORD.findall(node.value) if "-" in word}
    return found


def words_of_script(text: str) -> set[str]:
    """Names in what a script gives to ``classList``, ``className`` or markup, and every name with a hyphen."""
    found = {word for word in WORD.findall(text) if "-" in word}
    for line in text.splitlines():
        if "class" in line:
            found |= set(WORD.findall(line))
    return found


def classes_used(names: set[str]) -> dict[str, str]:
    """Those of ``names`` that the portal gives to an element, each with a file that does."""
    used = dict[str, str]()

    def note(words: set[str], path: Path) -> None:
        for word in words & names:
            used.setdefault(word, path.name)

    for path in sorted((ROOT / "templates").rglob("*.html")):
        note(words_of_markup(path.read_text(), names=names), path)
    crispy = find_spec("crispy_bootstrap5")
    for place in crispy.submodule_search_locations or () if crispy else ():
        for path in sorted(Path(place).rglob("*.html")):
            if not CRISPY_NOT_USED.search(path.name):
                note(words_of_markup(path.read_text(), names=names), path)
    # Crispy writes the classes of fields into the widgets.
    for path in [*sorted((Path(crispy.origin).parent.parent / "crispy_forms").rglob("*.py")), *python_files()]:
        note(words_of_python(path.read_text(), names=names), path)
    for path in sorted((ROOT / "static").rglob("*.js")):
        if "vendor" not in path.parts:
            note(words_of_script(path.read_text()), path)
    return used


def python_files() -> Iterator[Path]:
    for app in APPS:
        yield from sorted(path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def classes_of(selector: str) -> set[str]:
    """The classes an element has to have for the selector; those it must not have do not count."""
    return set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", re.sub(r":not\((?:[^()]|\([^()]*\))*\)", "", selector)))


def rules_of(nodes: Any) -> Iterator[Any]:
    """Every rule with a selector, those within ``@media`` too."""
    for node in nodes:
        if node.type == "qualified-rule":
            yield node
        elif node.type == "at-rule" and node.lower_at_keyword in {"media", "supports"}:
            yield from rules_of(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True))


def all_classes(sheet: str) -> set[str]:
    found = set[str]()
    for rule in rules_of(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)):
        found |= set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", tinycss2.serialize(rule.prelude)))
    return found


def kept_rules(nodes: Any, kept: set[str]) -> Iterator[str]:
    """The sheet again, without selectors whose classes nobody has."""
    for node in nodes:
        if node.type == "qualified-rule":
            # A comma inside brackets does not part selectors.
            selectors = re.split(r",(?![^(]*\))", tinycss2.serialize(node.prelude))
            if staying := [selector for selector in selectors if classes_of(selector) <= kept]:
                yield f"{','.join(staying)}{{{tinycss2.serialize(node.content)}}}"
        elif node.lower_at_keyword in {"media", "supports"}:
            inside = "".join(
                kept_rules(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True), kept)
            )
            if inside:
                yield f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{inside}}}"
        elif node.lower_at_keyword != "charset":  # it counts at the beginning of a file only
            yield tinycss2.serialize([node])


def without_unread(sheet: str, others: str) -> str:
    """The sheet without custom properties that no ``var()`` reads, and without motions that nothing makes."""
    while True:
        read = set(re.findall(r"var\((--[\w-]+)", sheet + others))
        set_here = set(re.findall(r"(?<=[{;])(--[\w-]+):", sheet))
        if not set_here - read:
            break
        for name in set_here - read:
            sheet = re.sub(rf"(?<=[{{;]){name}:[^;}}]*(;|(?=}}))", "", sheet)
    for name in re.findall(r"@keyframes ([\w-]+)", sheet):
        if not re.search(rf"animation(?:-name)?:[^;}}]*\b{name}\b", sheet + others):
            sheet = re.sub(rf"@keyframes {name}\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}", "", sheet)
    sheet = re.sub(r";}", "}", sheet)
    while re.search(r"[^{}]+\{\}", sheet):
        sheet = re.sub(r"[^{}]+\{\}", "", sheet)
    return sheet


def trimmed(full: str) -> tuple[str, set[str]]:
    """The sheet of what is used and the names of the classes it lacks."""
    head = re.search(r"/\*!.*?\*/", full, re.S)
    names = all_classes(full)
    kept = set(classes_used(names))
    nodes = tinycss2.parse_stylesheet(full, skip_comments=True, skip_whitespace=True)
    others = "".join(path.read_text() for path in (ROOT / "static").rglob("*.css") if path.parent != FOLDER)
    sheet = without_unread("".join(kept_rules(nodes, kept)), others)
    note = "/* Trimmed to what the portal uses by scripts/trim_bootstrap.py; not to be edited. */"
    return f"{head[0] if head else ''}\n{note}\n{sheet}\n", names - kept


def published(version: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", f"bootstrap@{version}"]
        subprocess.run([*command, "--prefix", folder], check=True)  # noqa: S603 - a fixed program, a version of our own
        return Path(folder, "node_modules/bootstrap/dist/css/bootstrap.min.css").read_text()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--from", dest="source", type=Path, help="a bootstrap.min.css; else it is taken from the registry"
    )
    options = parser.parse_args()
    version = re.search(r"\| bootstrap \| ([\d.]+) \|", VERSIONS.read_text())
    if not version:
        raise SystemExit("static/vendor/VERSIONS.md names no version of bootstrap")
    full = options.source.read_text() if options.source else published(version[1])
    full = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", full)
    sheet, left_out = trimmed(full)
    SHEET.write_text(sheet)
    LEFT_OUT.write_text("".join(f"{name}\n" for name in sorted(left_out)))
    sys.stdout.write(
        f"Bootstrap {version[1]}: {len(full)} bytes became {len(sheet)}; {len(left_out)} classes left out\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
