"""Markdown becomes HTML that can do no harm and fits the page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.content.markdown import plain_text, to_html

pytestmark = [pytest.mark.no_db, pytest.mark.feature("ISS_08")]


def test_what_the_writer_may_use():
    html = to_html("# Dates\n\n**Bold** and *thin*\n\n- one\n- two\n\n1. first\n\n> said\n\n`code`")
    assert html == (
        "<h2>Dates</h2>\n<p><strong>Bold</strong> and <em>thin</em></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        "<ol>\n<li>first</li>\n</ol>\n<blockquote>\n<p>said</p>\n</blockquote>\n<p><code>code</code></p>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick='x()'>b</b>",
        "<!-- c --><iframe src='https://evil.example'></iframe>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/pixel.png)",
        '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
        '![" onerror="alert(1)](https://a.example/x.png)',
        "```\n</code></pre><script>alert(1)</script>\n```",
        "[ref]\n\n[ref]: javascript:alert(1)",
    ],
)
def test_nothing_harmful_comes_out(text):
    html = to_html(text)
    tags = re.findall(r"<[^>]*>", html)
    assert not re.search(r"<(script|img|iframe|b\b|!--)", html)
    assert not any(re.search(r"""\son\w+\s*=(?![^"]*"[^"]*$)""", re.sub(r'"[^"]*"', '""', tag)) for tag in tags)
    for address in re.findall(r'href="([^"]*)"', html):
        assert re.match(r"(https?://|mailto:|tel:|/(?![/\\])|#)", address)


@given(st.text(max_size=300))
def test_whatever_is_typed_only_known_tags_come_out(text):
    allowed = "h2|h3|h4|h5|h6|p|strong|em|ul|ol|li|blockquote|code|pre|a|hr|br|span"
    for tag in re.findall(r"<(/?[^\s>/]*)", to_html(text)):
        assert re.fullmatch(rf"/?({allowed})", tag)


def test_links_that_leave_the_portal_say_so_and_give_nothing_away():
    html = to_html("[there](https://a.example/?a=1&b=2) and [here](/news/)")
    assert 'href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer"' in html
    assert "there<span" in html
    assert "(leaves the portal)</span></a>" in html
    assert '<a href="/news/">here</a>' in html


@pytest.mark.parametrize(
    ("text", "top", "levels"),
    [
        ("# a\n## b\n# c", 2, "232"),
        ("## a\n### b", 2, "23"),
        ("### a\n###### b\n#### c", 2, "233"),
        ("# a\n## b", 3, "34"),
        ("###### a", 2, "2"),
        ("## b\n# a", 2, "22"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", 2, "234566"),
    ],
)
def test_headings_begin_where_the_page_needs_them_and_leave_no_level_out(text, top, levels):
    assert "".join(re.findall(r"<h(\d)>", to_html(text, top_heading=top))) == levels


def test_the_words_alone():
    text = "# Dates\n\n**Bold** words\nand a [link](https://a.example), ![map](https://a.example/x.png)\n\n- one\n- two\n\n<b>"
    assert plain_text(text) == "Dates Bold words and a link, map one two <b>"
