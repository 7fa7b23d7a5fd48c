"""The database of a production portal hangs, dies, comes back: every request ends in time, nothing has to be restarted (F5, F6)."""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portal.embedded.postgres import EmbeddedPostgres
from tests.runtime.conftest import ROOT, wait_until
from tests.runtime.test_demo import free_port
from tests.support.proxy import BreakableNetwork

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.drill, pytest.mark.timeout(900)]


class Production:
    """gunicorn with the settings of production, one worker of two threads; its database is behind a network that can break."""

    def __init__(self, folder: Path, network: BreakableNetwork) -> None:
        self.port = free_port()
        self.folder = folder
        self.env = {
            **os.environ,
            "PORTAL_RUNTIME_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings.prod",
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{network.port}/portal?sslmode=disable",
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",  # nobody is there: pages do without
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SEARCH_DIGEST_KEY": secrets.token_urlsafe(32),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        self.manage("migrate", "--noinput")
        self.manage("collectstatic", "--noinput")
        self.log = (folder / "gunicorn.log").open("w")
        command = ["gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--threads", "2"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log
        )
        wait_until(lambda: self.get()[0] == 302, seconds=30)

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, check=True, capture_output=True
        )

    def get(self, path: str = "/", *_: object) -> tuple[int, float]:
        """Ask for a page as somebody with a session, which has to be looked up; the status and the seconds it took."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            headers={"X-Forwarded-Proto": "https", "Cookie": f"__Host-sessionid={'a' * 32}"},
        )
        began = time.monotonic()
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            with error:
                status = error.code
        except OSError:
            status = 0
        return status, time.monotonic() - began

    def close(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


@pytest.fixture
def database(runtime_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(runtime_dir / "postgres").start()
    server.ensure_database("portal")
    yield server
    server.stop()


@pytest.fixture
def network(database: EmbeddedPostgres) -> Iterator[BreakableNetwork]:
    made = BreakableNetwork(Path(database.place.socket_dir) / ".s.PGSQL.5432")
    yield made
    made.close()


@pytest.fixture
def production(runtime_dir: Path, network: BreakableNetwork) -> Iterator[Production]:
    made = Production(runtime_dir, network)
    yield made
    made.close()


def server_pid(server: EmbeddedPostgres) -> int:
    return int((server.place.data_dir / "postmaster.pid").read_text().split()[0])


def test_a_database_that_says_nothing_holds_no_request_for_long(production, network):
    network.state = "hangs"
    with ThreadPoolExecutor(2) as people:
        answers = list(people.map(production.get, ["/", "/"]))
    assert [status for status, _ in answers] == [503, 503]
    assert max(seconds for _, seconds in answers) < 6
    assert production.get("/health/")[0] == 503
    network.state = "passes"
    wait_until(lambda: production.get()[0] == 302, seconds=5)


def test_a_database_that_is_killed_is_said_to_be_away_and_used_again_when_it_is_back(production, network, database):
    os.kill(server_pid(database), signal.SIGKILL)
    network.refuse()
    status, seconds = production.get()
    assert (status, seconds < 3) == (503, True)
    wait_until(database.answers, seconds=20)
    network.state = "passes"
    wait_until(lambda: production.get()[0] == 302, seconds=10)
