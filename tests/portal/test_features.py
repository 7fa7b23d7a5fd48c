"""docs/features.md and the tests say the same: each behaviour of the list is proven, each proof is in the list."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)
FEATURES = ROOT / "docs" / "features.md"
ROW = re.compile(r"^\| ([A-Z]{2,4}_\d{2}) \| (.+?) \| (.+?) \|$")


def marked_in(source: str) -> set[str]:
    """IDs of every ``pytest.mark.feature("ID")`` in a file: on tests, on classes or for the whole module."""
    return {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "feature"  # the quick look first: a file has thousands of calls
        and ast.unparse(node.func) == "pytest.mark.feature"
        and isinstance(node.args[0], ast.Constant)
    }


@cache
def proofs() -> dict[str, set[str]]:
    """The test files that prove each ID."""
    found = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for feature in marked_in(path.read_text()):
            found[feature].add(str(path.relative_to(ROOT)))
    return dict(found)


def rows() -> list[tuple[str, str, str]]:
    lines = FEATURES.read_text().splitlines()
    table = [line for line in lines if line.startswith("|") and not line.startswith(("| ID ", "|---"))]
    matches = [ROW.match(line) for line in table]
    assert all(matches), [line for line, match in zip(table, matches, strict=True) if not match]
    return [match.groups() for match in matches if match]


def test_every_behaviour_that_a_test_proves_is_listed():
    missing = set(proofs()) - {feature for feature, _, _ in rows()}
    assert missing == set(), "add a line to docs/features.md: ID, the behaviour in a sentence, the tests"


def test_every_listed_behaviour_is_proven_where_the_list_says():
    proven = proofs()
    wrong = {}
    for feature, _, tests in rows():
        named = set(re.findall(r"`(tests/[\w/]+\.py)`", tests))
        if not named or not named <= proven.get(feature, set()):
            wrong[feature] = sorted(named - proven.get(feature, set())) or "names no test"
    assert wrong == {}


def test_each_behaviour_is_listed_once_and_in_order():
    features = [feature for feature, _, _ in rows()]
    assert features == sorted(set(features))


def test_each_behaviour_is_told_in_a_sentence():
    short = [feature for feature, text, _ in rows() if len(text.split()) < 5 or not text.endswith(".")]
    assert short == []


@pytest.mark.parametrize(
    ("source", "features"),
    [
        ('@pytest.mark.feature("AAA_01")\ndef test_one(): ...', {"AAA_01"}),
        ('pytestmark = [pytest.mark.no_db, pytest.mark.feature("AAA_02")]', {"AAA_02"}),
        (
            '@pytest.mark.feature("AAA_03")\nclass TestOne:\n    @pytest.mark.feature("AAA_04")\n    def test(self): ...',
            {"AAA_03", "AAA_04"},
        ),
        ('# pytest.mark.feature("AAA_05")\ndef test_one(): ...', set()),
    ],
)
def test_markers_are_read_wherever_they_stand(source, features):
    assert marked_in(source) == features
