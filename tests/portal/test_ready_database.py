"""The copy of the migrated database is taken for as long as nothing changes that the migrations run or read."""

from pathlib import Path

import pytest

from tests.support.ready_database import fingerprint

pytestmark = pytest.mark.no_db


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "clients/migrations/0001_initial.py": "import portal.common.crypto\nfrom enrollment import shipped\n",
        "clients/views.py": "",
        "clients/cards/data/rules.csv": "a,b",
        "enrollment/shipped.py": "",
        "portal/common/crypto.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "clients/migrations/0001_initial.py",
        "clients/migrations/0002_more.py",
        "clients/cards/data/rules.csv",
        "enrollment/shipped.py",
        "portal/common/crypto.py",
    ],
)
def test_what_the_migrations_run_and_read_counts(project, changed):
    before = fingerprint(project)
    (project / changed).write_text("# another letter")
    assert fingerprint(project) != before


def test_pages_do_not_count(project):
    before = fingerprint(project)
    (project / "clients" / "views.py").write_text("# another letter")
    assert fingerprint(project) == before
