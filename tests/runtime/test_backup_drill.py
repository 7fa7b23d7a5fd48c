"""Back the demo up, lose everything, restore it: the same rows, the same files, the same pages (F15)."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.postgres import EmbeddedPostgres
from tests.runtime.conftest import ROOT

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.drill, pytest.mark.timeout(900)]


class Portal:
    def __init__(self, folder: Path, server: EmbeddedPostgres) -> None:
        self.folder = folder
        self.server = server
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "PORTAL_RUNTIME_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
        }

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env={**self.env, **env}, capture_output=True, text=True
        )

    def manage(self, *arguments: str, **env: str) -> str:
        done = self.run("manage.py", *arguments, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pages(self) -> dict[str, str]:
        done = self.run("-m", "tests.support.page_sums")
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def ask(self, sql: str) -> None:
        connection = self.server.connect("portal")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
        connection.close()


@pytest.fixture
def portal(runtime_dir: Path) -> Iterator[Portal]:
    with EmbeddedPostgres(runtime_dir / "postgres") as server:
        server.ensure_database("portal")
        made = Portal(runtime_dir, server)
        made.manage("migrate", "--noinput")
        made.manage("collectstatic", "--noinput")
        made.manage("load_demo")
        made.manage("shell", "--no-imports", "-c", "from portal.common.audit_chain import seal; seal()")
        yield made


def test_what_was_lost_comes_back_whole(portal, runtime_dir):
    before = portal.pages()
    assert len(before) > 80
    assert all(one.startswith("200 ") for one in before.values())
    assert "rows" in portal.manage("backup", str(runtime_dir / "backups"))
    (backup,) = (runtime_dir / "backups").iterdir()
    assert "is whole" in portal.manage("restore", str(backup), "--check")

    # Nothing is given up unasked.
    refused = portal.run("manage.py", "restore", str(backup))
    assert refused.returncode != 0
    assert "--replace" in refused.stderr

    portal.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    shutil.rmtree(runtime_dir / "uploads", ignore_errors=True)
    assert "audit trail whole" in portal.manage("restore", str(backup))
    assert portal.pages() == before

    # Over a portal that has gone on: what came later is gone, the files are moved aside.
    portal.ask("UPDATE clients_policy SET monthly_premium = monthly_premium + 1")
    portal.manage("restore", str(backup), "--replace")
    assert portal.pages() == before
    assert bool(list(runtime_dir.glob("uploads.before-*"))) == (runtime_dir / "uploads").exists()

    # The keys of its time are not in it.
    locked = portal.run("manage.py", "restore", str(backup), "--replace", FIELD_ENCRYPTION_KEYS="x" * 43 + "=")
    assert locked.returncode != 0
    assert "add the keys of the time" in locked.stderr


def test_a_backup_that_is_not_whole_is_not_restored(portal, runtime_dir):
    portal.manage("backup", str(runtime_dir / "backups"))
    (backup,) = (runtime_dir / "backups").iterdir()
    dump = backup / "database.dump"
    broken = bytearray(dump.read_bytes())
    broken[len(broken) // 2] ^= 1
    dump.write_bytes(broken)
    refused = portal.run("manage.py", "restore", str(backup), "--replace")
    assert refused.returncode != 0
    assert "database.dump is missing or is not what was written" in refused.stderr
    portal.pages()  # the portal stands as it stood
