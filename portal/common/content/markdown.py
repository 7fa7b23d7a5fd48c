"""Markdown as the carrier writes it, turned into HTML that is safe to show and fits the page it stands in.

No HTML of the writer's own, no images (the content policy refuses those from elsewhere, and files are Resources), and
links only to pages: http, https, mailto, tel, or a path of this portal.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LINKS = re.compile(r"(?:https?://|mailto:|tel:|/(?![/\\])|#)", re.IGNORECASE)
ELSEWHERE = re.compile(r"https?://", re.IGNORECASE)
LOWEST_HEADING = 6
# Blocks whose text ends here; without a blank between them two paragraphs would become one word.
BLOCK_ENDS = {"paragraph_close", "heading_close", "list_item_close", "blockquote_close"}


def _is_allowed(url: str) -> bool:
    return LINKS.match(url.strip()) is not None


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: dict[str, Any]) -> str:
    token = tokens[place]
    if ELSEWHERE.match(str(token.attrGet("href"))):
        token.attrSet("rel", "noopener noreferrer")
        token.attrJoin("class", "leaves-portal")
    return renderer.renderToken(tokens, place, options, env)


def _link_close(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: dict[str, Any]) -> str:
    opened = next(token for token in reversed(tokens[:place]) if token.type == "link_open")
    note = '<span class="visually-hidden"> (leaves the portal)</span>' if opened.attrGet("rel") else ""
    return f"{note}</a>"


def _image(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: dict[str, Any]) -> str:
    """The words that describe the picture."""
    return conditional_escape(tokens[place].content)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    parser.add_render_rule("image", _image)
    return parser


_PARSER = _parser()


def to_html(text: str, *, top_heading: int = 2) -> SafeString:
    """``text`` as HTML. Its largest headings become <h2> (or ``top_heading``), and no level is left out below them."""
    tokens = _PARSER.parse(text)
    _set_headings(tokens, top_heading)
    # Everything the writer typed has been escaped by the renderer; HTML of the writer's own is text to it.
    return mark_safe(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S308 - escaped by the renderer


def _set_headings(tokens: list[Token], top: int) -> None:
    """The page has its own <h1>, and whoever hears the page read expects each level to follow from the one before."""
    written = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    largest, before = min(written, default=1), top - 1
    for token in tokens:
        if token.type == "heading_open":
            before = min(int(token.tag[1]) - largest + top, before + 1, LOWEST_HEADING)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{before}"


def plain_text(text: str) -> str:
    """The words alone, with single blanks: for extracts. Not escaped."""
    parts: list[str] = []
    for token in _PARSER.parse(text):
        if token.type == "inline":
            parts += [_words(child) for child in token.children or ()]
        elif token.type in ("code_block", "fence"):
            parts.append(token.content)
        elif token.type in BLOCK_ENDS:
            parts.append(" ")
    return " ".join("".join(parts).split())


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content if token.type in ("text", "code_inline", "image") else ""
