"""Bootstrap's style sheet holds what the portal uses, and the portal uses nothing that was left out of it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def trim() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trim_bootstrap", ROOT / "scripts" / "trim_bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_class_that_is_used_was_left_out(trim):
    left_out = set(trim.LEFT_OUT.read_text().split())
    assert len(left_out) > 1000
    assert trim.classes_used(left_out) == {}, "run make styles"


def test_the_sheet_and_the_list_of_what_it_lacks_part_bootstrap_between_them(trim):
    nodes = trim.tinycss2.parse_stylesheet(trim.SHEET.read_text(), skip_comments=True, skip_whitespace=True)
    kept = set().union(*(trim.classes_of(trim.tinycss2.serialize(rule.prelude)) for rule in trim.rules_of(nodes)))
    assert {"btn", "btn-primary", "form-control", "is-invalid", "alert-danger", "col-sm-6", "visually-hidden"} <= kept
    assert not kept & set(trim.LEFT_OUT.read_text().split())


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ('<p class="lead {% if late %}text-danger{% endif %}">', {"lead", "text-danger"}),
        ('<p class="alert alert-{% if late %}danger{% endif %}">', {"alert", "alert-danger", "alert-info"}),
        ('<p class="alert alert-{{ level }}">', {"alert", "alert-danger", "alert-info"}),
        ('{% include "x.html" with field_class="col-4" only %}', {"col-4"}),
        ("<p>lead and row are words here</p>", set()),
    ],
)
def test_classes_of_a_template(trim, markup, words):
    names = {"lead", "row", "text-danger", "alert", "alert-danger", "alert-info", "btn", "col-4"}
    assert trim.words_of_markup(markup, names=names) & names == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('Div("name", css_class="row g-3")', {"row", "g-3"}),
        ('forms.TextInput(attrs={"class": "lead"})', {"lead"}),
        ("x = format_html('<a class=\"btn\">{}</a>', y)", {"btn"}),
        ('BUTTON = "btn-sm"', {"btn-sm"}),
        ('row = "the lead of a table"', set()),
    ],
)
def test_classes_of_python(trim, code, words):
    names = {"lead", "row", "g-3", "btn", "btn-sm", "table"}
    assert trim.words_of_python(code, names=names) & names == words


def test_classes_of_a_script(trim):
    script = 'row.classList.add("active");\nbox.className = "card";\nconst small = "btn-sm";'
    assert trim.words_of_script(script) >= {"active", "card", "btn-sm"}
    assert "small" not in trim.words_of_script(script)


@pytest.mark.parametrize(
    ("selector", "classes"),
    [
        (".btn:not(:disabled):not(.disabled)", {"btn"}),
        (".input-group:not(.has-validation)>:not(:last-child):not(.dropdown-toggle)", {"input-group"}),
        (".btn-check:checked+.btn", {"btn-check", "btn"}),
        ("a[href]", set()),
    ],
)
def test_a_selector_asks_for_the_classes_it_needs_and_not_for_those_it_excludes(trim, selector, classes):
    assert trim.classes_of(selector) == classes


def test_trimming_keeps_rules_of_used_classes_their_variables_and_motions(trim, monkeypatch):
    monkeypatch.setattr(trim, "classes_used", lambda _names: {"btn": "x.html"})
    sheet, left_out = trim.trimmed(
        "/*! Licence */:root{--read:1px;--chain:var(--read);--unread:2px}"
        "@media (min-width:1px){.gone{color:red}}@media print{.btn{color:red}.gone{color:red}}"
        ".btn,.gone,.btn .gone{border:var(--chain);animation:turn 1s}.gone{color:var(--unread)}"
        "@keyframes turn{to{color:red}}@keyframes fall{to{color:red}}a{color:red}"
    )
    assert sheet.splitlines()[0] == "/*! Licence */"
    assert sheet.splitlines()[-1] == (
        ":root{--read:1px;--chain:var(--read)}@media print{.btn{color:red}}"
        ".btn{border:var(--chain);animation:turn 1s}@keyframes turn{to{color:red}}a{color:red}"
    )
    assert left_out == {"gone"}
