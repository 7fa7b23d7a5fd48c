"""The bars of a chart and the numbers of its table as they are shown.

Built here, because Home has thirty of them and a template takes three times as long.
"""

from collections.abc import Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

from reporting.rules.charts import Figure, bars


def picture(figures: Sequence[Figure]) -> SafeString:
    """A bar for each figure, with its number above and its word below."""
    found = []
    for bar in bars(figures):
        one, middle = bar.figure, f'x="{bar.middle:.1f}" text-anchor="middle"'
        found.append(
            f'<rect class="chart-bar chart-{escape(one.tone)}" x="{bar.x:.1f}" y="{bar.y:.1f}" '
            f'width="{bar.width:.1f}" height="{bar.height:.1f}" rx="1.5" />'
        )
        if one.value:
            found.append(f'<text class="chart-figure" {middle} y="{bar.figure_y:.1f}">{one.shown}</text>')
        found.append(f'<text class="chart-label" {middle} y="116">{escape(one.short)}</text>')
    return mark_safe("\n".join(found))  # noqa: S308 - every part is escaped or a number


def number(one: Figure) -> SafeString:
    """The number, which opens the list behind it where there is one. The page holds form#figures."""
    opens = f'{one.shown}<span class="visually-hidden">, {escape(one.label)}: open the list</span>'
    if one.url:
        text = f'<a href="{escape(one.url)}">{opens}</a>'
    elif one.show:
        text = (
            '<button type="submit" class="figure-link" form="figures" name="show" '
            f'value="{escape(one.show)}">{opens}</button>'
        )
    else:
        text = one.shown
    return mark_safe(text)  # noqa: S308 - every part is escaped or a number
