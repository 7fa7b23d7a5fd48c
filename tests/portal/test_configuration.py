"""Every deployment choice stands in README's table, and the table names nothing that is not one."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_db

ROOT = Path(settings.BASE_DIR)
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
# Read from the environment and nothing anybody would set for the portal.
NOT_CHOICES = {"PATH", "PGOPTIONS", "DJANGO_SETTINGS_MODULE"}


def is_environment(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def names_read(source: str) -> set[str]:
    """Variables that a piece of code reads from the environment by their name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            asked = node.slice
        elif isinstance(node, ast.Compare) and is_environment(node.comparators[0]):
            asked = node.left
        elif isinstance(node, ast.Call) and node.args:
            of_environment = isinstance(node.func, ast.Attribute) and is_environment(node.func.value)
            by_helper = isinstance(node.func, ast.Name) and node.func.id.startswith("env_")
            asked = node.args[0] if of_environment or by_helper else None
        else:
            continue
        if isinstance(asked, ast.Constant) and isinstance(asked.value, str) and NAME.fullmatch(asked.value):
            found.add(asked.value)
    return found


def names_in_code(folder: str) -> set[str]:
    return set().union(*(names_read(path.read_text()) for path in sorted(ROOT.glob(f"{folder}/**/*.py"))))


def names_in_table() -> set[str]:
    table = (ROOT / "README.md").read_text().partition("## Configuration")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([A-Z][A-Z0-9_]+)`", " ".join(rows)))


def test_every_variable_the_portal_reads_is_explained_and_every_one_explained_is_read():
    read = names_in_code("portal") - NOT_CHOICES
    assert {"SECRET_KEY", "LOCKOUT_LIMIT", "PASSWORD_RESTRICTED_TERMS", "PG_BIN"} <= read
    assert read - names_in_table() == set()
    # The required ones are looked up by a loop in portal/settings/prod.py, so a name in any string counts as read.
    sources = " ".join(path.read_text() for path in [*ROOT.glob("portal/**/*.py"), ROOT / "gunicorn.conf.py"])
    assert {name for name in names_in_table() if f'"{name}"' not in sources} == set()


@pytest.mark.parametrize(
    "source",
    [
        'os.environ["A_NAME"]',
        'os.environ.get("A_NAME", "1")',
        'os.environ.setdefault("A_NAME", "1")',
        'env_list("A_NAME")',
        '"" if "A_NAME" in os.environ else "x"',
    ],
)
def test_every_way_to_read_a_variable_is_seen(source):
    assert names_read(source) == {"A_NAME"}
