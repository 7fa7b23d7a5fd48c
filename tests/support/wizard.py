"""Walking through the application's steps as a browser does: reading a page's form, and sending it with other values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

from django.test import Client

from enrollment import application_texts
from enrollment.models import Application, ApplicationText
from enrollment.wizard.steps import STEPS, Step
from tests.support import pages
from tests.support.pages import Element
from tests.support.sep import load_sep_tables

MARK = "<script>alert(638)</script>"
HOSTILE = (
    MARK,
    "x" * 5000,
    "\x00\x07\u202e\ud7ff\x1b[2J",
    "=1+2|' /C calc'!A0",
    "9" * 25,
    "-1",
    "1e999",
    "NaN",
    "01/01/0001",
    "12/31/9999",
    "02/30/2026",
    "١٢/٣١/٢٠٢٦",
    "'; DROP TABLE x; --",
    "",
)
# No text field of the application takes it.
UNREADABLE = ("x" * 5000,)
# What a page is sent, round by round: the fields get the values of a round in turn. Every value in every field is for the drill.
EVERY_VALUE = tuple((value,) for value in HOSTILE)
_OTHERS = tuple(value for value in HOSTILE if value != MARK and value not in UNREADABLE)
MIXED_VALUES = ((MARK,), UNREADABLE, *((*_OTHERS[start:], *_OTHERS[:start]) for start in range(0, len(_OTHERS), 3)))
NOT_FIELDS = {"csrfmiddlewaretoken", "seen", "form_key", "sections", "act", "terms", "agree"}


@dataclass
class Field:
    """A control of the page: its name, its kind (text, radio, checkbox, select), its values and those it offers."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)


def load_tables() -> None:
    """Put back what the migrations loaded; tests with ``transaction=True`` flush it away."""
    load_sep_tables()
    if not ApplicationText.objects.exists():
        ApplicationText.objects.bulk_create(
            ApplicationText(
                kind=one.kind,
                us_state=one.us_state,
                version=one.version,
                body=one.body,
                sha256=one.sha256,
                published_at="2026-01-01T00:00:00Z",
            )
            for one in application_texts.shipped()
        )


def url_of(application: Application, step: str = "", *rest: str) -> str:
    parts = [part for part in ("/enroll/applications", application.record_number, step, *rest) if part]
    return "/".join(parts) + "/"


def fields_of(page: Element) -> dict[str, Field]:
    """Every control of the page's form by name."""
    form = page.one("form", id="wizard-form")
    found: dict[str, Field] = {}
    for one in form.all("input"):
        name, kind = one.attrs.get("name"), one.attrs.get("type", "text")
        if not name or kind == "submit":
            continue
        value = one.attrs.get("value", "on" if kind in ("checkbox", "radio") else "")
        here = found.setdefault(name, Field(name, kind if kind in ("checkbox", "radio", "hidden") else "text"))
        if kind in ("checkbox", "radio"):
            here.offered.append(value)
            if "checked" in one.attrs:
                here.values.append(value)
        else:
            here.values.append(value)
    for one in form.all("textarea"):
        found[one.attrs["name"]] = Field(one.attrs["name"], "text", [one.text])
    for one in form.all("select"):
        options = [(option.attrs.get("value", option.text), "selected" in option.attrs) for option in one.all("option")]
        chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
        found[one.attrs["name"]] = Field(one.attrs["name"], "select", chosen, [value for value, _ in options])
    return found


def sent(fields: dict[str, Field], act: str, **changed: list[str]) -> dict[str, list[str] | str]:
    """What a browser would send for the page with the button ``act``."""
    values: dict[str, list[str] | str] = {
        name: one.values for name, one in fields.items() if one.values or one.kind in ("text", "hidden")
    }
    return {**values, **changed, "act": act}


def questions(fields: dict[str, Field]) -> Iterator[Field]:
    """The fields people answer."""
    return (one for one in fields.values() if one.name not in NOT_FIELDS and one.kind != "hidden")


def addresses(application: Application) -> list[tuple[Step, str]]:
    """The page of every step, and that of a new card of every list on it."""
    found = []
    for step in STEPS:
        found.append((step, url_of(application, step.slug)))
        found += [(step, url_of(application, step.slug, cards.name, "new")) for cards in step.lists]
    return found


def _silent(page: Element, passing: frozenset[str]) -> list[str]:
    """The text fields of the page that show no message."""
    form = page.one("form", id="wizard-form")
    return [
        one.attrs["name"]
        for one in form.all("input")
        if one.attrs.get("type", "text") in ("text", "email", "tel")
        and one.attrs["name"] not in passing
        and "is-invalid" not in one.attrs.get("class", "")
    ]


def walk_hostile(
    client: Client,
    url: str,
    *,
    act: str,
    rounds: Sequence[Sequence[str]] = MIXED_VALUES,
    passing: frozenset[str] = frozenset(),
) -> list[str]:
    """Send hostile values, round by round, in every field of the page at ``url``; what went wrong, nothing when all is well.

    ``passing`` names fields that are not kept, and so say nothing when the page is opened again.
    """
    wrong = []
    page = client.get(url)
    if page.status_code != 200:
        return [f"{url}: {page.status_code}"]
    for values in rounds:
        what = f"{url} {[value[:20] for value in values]}"
        read = pages.read(page)
        fields = fields_of(read)
        changed = {one.name: [value] for one, value in zip(questions(fields), cycle(values), strict=False)}
        if not changed:
            wrong.append(f"{url}: asks nothing")
        response = client.post(url, sent(fields, act, **changed))
        if response.status_code >= 400:
            wrong.append(f"{what}: {response.status_code}")
            continue
        again = client.get(url)
        if urlsplit(again.headers.get("Location", "")).path:
            continue
        if again.status_code != 200:
            wrong.append(f"{what}, reopened: {again.status_code}")
            continue
        if MARK in again.text or MARK in response.text:
            wrong.append(f"{what}: not escaped")
        if values == UNREADABLE:
            # Whoever typed it sees it again, with what is wrong with it beside it.
            wrong += [f"{what}: {name} says nothing" for name in _silent(pages.read(again), passing)]
        page = again
    return wrong


def answer_partly(client: Client, application: Application, step: Step) -> list[str]:
    """Answer what the step asks, rightly or not, leave with Save & Exit and reopen: the names of answers that are lost."""
    url = url_of(application, step.slug)
    fields = fields_of(pages.read(client.get(url)))
    passing = {f"{section.name}-{name}" for section in step.sections for name in section.passing}
    given: dict[str, list[str]] = {}
    for one in questions(fields):
        if one.name in passing:
            continue
        if one.kind == "text":
            given[one.name] = ["Partly 7x"]
        elif one.kind == "select":
            given[one.name] = [next((value for value in one.offered if value), "")]
        else:
            given[one.name] = one.offered[:1]
    response = client.post(url, sent(fields, "exit", **given))
    assert response.status_code == 302, response.status_code
    again = fields_of(pages.read(client.get(url)))
    return [name for name, values in given.items() if name in again and again[name].values != values]
