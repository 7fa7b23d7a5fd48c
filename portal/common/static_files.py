"""Static files on their way out: hashed names, compressed copies, and one style sheet or script where the source has several.

A browser paints nothing before it has every style sheet of the page, and learns of an imported one only when it has read the
first; on a telephone each script takes its turn on the line, too. When files are collected an import of a neighbour is
therefore replaced by the neighbour, and comments of style sheets go.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

import tinycss2
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'^@import url\("(?P<path>[^":]+)"\);\n', re.M)
SCRIPT_IMPORT = re.compile(r'^import "(?P<path>\.[^"]+)";\n', re.M)
SHARES_NAMES = re.compile(r"^(?:import|export)\b", re.M)
RELATIVE_ADDRESS = re.compile(r"url\((?![\"']?(?:data:|#|/))")


class WholeStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage for style sheets and scripts that import their neighbours."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            paths = dict(paths)

            def source(name: str) -> str:
                storage, path = paths[name]
                with storage.open(path) as opened:
                    return str(opened.read().decode())

            for name in list(paths):
                if (whole := _whole(name, source)) is not None:
                    self.delete(name)
                    paths[name] = (self, self.save(name, ContentFile(whole.encode())))
        yield from super().post_process(paths, dry_run, **options)


def _whole(name: str, source: Callable[[str], str]) -> str | None:
    """The style sheet or script with its neighbours; ``None`` for what imports none."""
    if name.endswith(".css") and IMPORT.search(text := source(name)):
        return without_comments(with_imports(name, text, source))
    if name.endswith(".js") and SCRIPT_IMPORT.search(text := source(name)):
        return with_scripts(name, text, source)
    return None


def with_imports(name: str, text: str, source: Callable[[str], str]) -> str:
    """The sheet with what it imports in its place; addresses in the imported may not be relative to its folder."""

    def content(match: re.Match[str]) -> str:
        other = _neighbour(name, match["path"])
        imported = with_imports(other, source(other), source)
        if RELATIVE_ADDRESS.search(imported):
            raise ValueError(
                f"{other} has addresses relative to its own folder: link it beside {name}, do not import it"
            )
        return imported

    return IMPORT.sub(content, text)


def with_scripts(name: str, text: str, source: Callable[[str], str]) -> str:
    """The script with those it imports in their place, each in a block: what one declares is unknown to the others, as before."""

    def content(match: re.Match[str]) -> str:
        other = _neighbour(name, match["path"])
        imported = source(other)
        if SHARES_NAMES.search(imported):
            raise ValueError(f"{other} imports or exports: {name} cannot take it in")
        return f"{{\n{imported}}}\n"

    return SCRIPT_IMPORT.sub(content, text)


def _neighbour(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def without_comments(sheet: str) -> str:
    """The sheet without comments and indents; a licence (``/*!``) stays."""
    return "".join(_text(node) for node in tinycss2.parse_component_value_list(sheet)).strip() + "\n"


def _text(node: Any) -> str:
    if node.type == "comment":
        return f"/*{node.value}*/" if node.value.startswith("!") else ""
    if node.type == "whitespace":
        return "\n" if "\n" in node.value else " "
    if node.type == "{} block":
        inside = "".join(_text(part) for part in node.content)
        return "{" + re.sub(r"\n+", "\n", inside).strip() + "}"
    return str(node.serialize())
