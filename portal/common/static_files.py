"""Static files on their way out: hashed names, compressed copies, and one style sheet where the source has several.

A browser paints nothing before it has every style sheet of the page, and learns of an imported one only when it has read the
first. When files are collected an ``@import`` of a neighbour is therefore replaced by the neighbour, and comments go.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

import tinycss2
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'^@import url\("(?P<path>[^":]+)"\);\n', re.M)
RELATIVE_ADDRESS = re.compile(r"url\((?![\"']?(?:data:|#|/))")


class OneSheetStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage for style sheets that import their neighbours."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            paths = dict(paths)

            def source(name: str) -> str:
                storage, path = paths[name]
                with storage.open(path) as opened:
                    return str(opened.read().decode())

            for name in [name for name in paths if name.endswith(".css")]:
                if IMPORT.search(text := source(name)):
                    whole = ContentFile(without_comments(with_imports(name, text, source)).encode())
                    self.delete(name)
                    paths[name] = (self, self.save(name, whole))
        yield from super().post_process(paths, dry_run, **options)


def with_imports(name: str, text: str, source: Callable[[str], str]) -> str:
    """The sheet with what it imports in its place; addresses in the imported may not be relative to its folder."""

    def content(match: re.Match[str]) -> str:
        other = posixpath.normpath(posixpath.join(posixpath.dirname(name), match["path"]))
        imported = with_imports(other, source(other), source)
        if RELATIVE_ADDRESS.search(imported):
            raise ValueError(
                f"{other} has addresses relative to its own folder: link it beside {name}, do not import it"
            )
        return imported

    return IMPORT.sub(content, text)


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
