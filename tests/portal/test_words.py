"""One word for one thing on every page, as the trade and the guides have it."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "clients", "enrollment", "ecomm", "reporting", "portal")
# What was found said in two ways, and the way it is said. Labels and headings have capitals, sentences have not.
ONE_WORD = {
    r"\bColou?r theme\b(?<!Color theme)": "Color theme",
    r"\bageing\b": "aging",
    r"label=.ZIP Code": "the label is Zip Code, as in the guides",
    r"\bZip Code (?:lies|is|that)\b|\bthe Zip Code\b": "ZIP code within a sentence",
    r"\bZip code\b": "ZIP code within a sentence, Zip Code as a label",
    r"\bSign (?:in|out)\b": "Log In, Logout",
    r"\b[Cc]ustomers?\b(?! service)": "client, member, applicant",
    r"\b[Bb]rokers?\b": "producer",
    r"\blicen[c]es?\b": "license",
    r"\b[Cc]anceled\b": "cancelled",
    r"\b[Ss]aved reports?\b": "custom report",
}
# Words of code, not of pages: addresses, classes, names of the administration's own pages.
IN_CODE = re.compile(r"\{[%#].*?[%#]\}|<!--.*?-->|(?:href|class|id|for|name|action|src)=\"[^\"]*\"", re.DOTALL)
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


def said_in_templates():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if "admin" not in path.parts and "payment_service" not in path.parts:
            yield path, IN_CODE.sub(" ", COMMENT.sub(" ", path.read_text()))


def said_in_forms():
    """Labels, helps and messages: texts in quotes in forms, wizards, tables and dashboards."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if {"forms", "wizard"} & set(path.parts) or path.stem.endswith("tables") or path.stem == "dashboard":
                texts = re.findall(
                    r"(?:label|help_text|title|text)=f?\"[^\"]*\"|\"required\": \"[^\"]*\"", path.read_text()
                )
                yield path, "\n".join(texts)


@pytest.mark.parametrize(("wrong", "right"), ONE_WORD.items(), ids=ONE_WORD.values())
def test_it_is_said_in_one_way(wrong, right):
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in [*said_in_templates(), *said_in_forms()]
        for match in re.finditer(wrong, text)
    ]
    assert not found, f"{found}: {right}"
