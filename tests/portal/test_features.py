"""docs/features.md and the tests say the same: each behaviour of the list is proven, each proof is in the list."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)
FEATURES = ROOT / "docs" / "features.md"
ROW = re.compile(r"^\| ([A-Z]{2,4}_\d{2}) \| (.+?) \| (.+?) \|$")


LEFT_OUT = {"pytest.mark.long", "pytest.mark.drill"}  # of make test


def features_of(marks: list[ast.expr]) -> set[str]:
    """IDs of every ``pytest.mark.feature("ID")`` among these marks."""
    return {
        str(node.args[0].value)
        for mark in marks
        for node in ast.walk(mark)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "feature"  # the quick look first: a file has thousands of calls
        and ast.unparse(node.func) == "pytest.mark.feature"
        and isinstance(node.args[0], ast.Constant)
    }


def marked_tests(body: list[ast.stmt], around: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """The marks of each test of a module or class, those of what is around it among them."""
    own = [node.value for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"]
    around = around + [mark for value in own for mark in (value.elts if isinstance(value, ast.List) else [value])]
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from marked_tests(node.body, around + node.decorator_list)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield around + node.decorator_list


@cache
def marks_of_tests(source: str) -> list[list[ast.expr]]:
    return list(marked_tests(ast.parse(source).body, []))


def marked_in(source: str, *, everyday: bool = False) -> set[str]:
    """IDs that the tests of a file prove, on their own, with their class or with the whole module; in make test alone."""
    return {
        feature
        for marks in marks_of_tests(source)
        if not everyday or LEFT_OUT.isdisjoint(map(ast.unparse, marks))
        for feature in features_of(marks)
    }


@cache
def proofs(*, everyday: bool = False) -> dict[str, set[str]]:
    """The test files that prove each ID."""
    found = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for feature in marked_in(path.read_text(), everyday=everyday):
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


def test_every_behaviour_has_a_proof_in_make_test():
    assert set(proofs()) - set(proofs(everyday=True)) == set(), "only tests marked long or drill prove these"


def test_each_behaviour_is_listed_once_and_in_order():
    features = [feature for feature, _, _ in rows()]
    assert features == sorted(set(features))


def test_each_behaviour_is_told_in_a_sentence():
    short = [feature for feature, text, _ in rows() if len(text.split()) < 5 or not text.endswith(".")]
    assert short == []


@pytest.mark.parametrize(
    ("source", "features"),
    [
        ('@pytest.mark.feature("AAA_01")\n@pytest.mark.long\ndef test_one(): ...', set()),
        ('pytestmark = pytest.mark.drill\n@pytest.mark.feature("AAA_02")\ndef test_one(): ...', set()),
        (
            '@pytest.mark.feature("AAA_03")\n'
            '@pytest.mark.parametrize("one", [1, pytest.param(2, marks=pytest.mark.long)])\ndef test_one(one): ...',
            {"AAA_03"},
        ),
    ],
)
def test_what_make_test_leaves_out_is_no_everyday_proof(source, features):
    assert marked_in(source, everyday=True) == features


@pytest.mark.parametrize(
    ("source", "features"),
    [
        ('@pytest.mark.feature("AAA_01")\ndef test_one(): ...', {"AAA_01"}),
        ('pytestmark = [pytest.mark.no_db, pytest.mark.feature("AAA_02")]\ndef test_one(): ...', {"AAA_02"}),
        (
            '@pytest.mark.feature("AAA_03")\nclass TestOne:\n    @pytest.mark.feature("AAA_04")\n    def test(self): ...',
            {"AAA_03", "AAA_04"},
        ),
        ('# pytest.mark.feature("AAA_05")\ndef test_one(): ...', set()),
    ],
)
def test_markers_are_read_wherever_they_stand(source, features):
    assert marked_in(source) == features
