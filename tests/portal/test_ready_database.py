"""The copy of the migrated database is taken for as long as nothing changes that migrations could run or read."""

from pathlib import Path

import pytest

from tests.support.ready_database import fingerprint

pytestmark = pytest.mark.no_db


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "clients/migrations/0001_initial.py": "from enrollment import shipped",
        "clients/cards/data/rules.csv": "a,b",
        "enrollment/shipped.py": "",
        "README.md": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("clients/migrations/0001_initial.py", True),
        ("clients/migrations/0002_more.py", True),
        ("clients/cards/data/rules.csv", True),
        ("enrollment/shipped.py", True),
        ("README.md", False),
        ("enrollment/__pycache__/shipped.cpython-311.pyc.1234", False),  # while Python writes it
    ],
)
def test_what_migrations_could_run_and_read_counts(project, changed, counts):
    before = fingerprint(project)
    (project / changed).parent.mkdir(exist_ok=True)
    (project / changed).write_text("# another letter")
    assert (fingerprint(project) != before) is counts
