"""gunicorn.conf.py: what waits is taken by whichever process is free (adr/0035)."""

import http.client
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from tests.support.ports import free_port

pytestmark = [pytest.mark.no_db, pytest.mark.processes]

# Says that a request has come in and answers once the folder of its round holds "go".
DOORMAN = """
import time, uuid
from pathlib import Path

def application(environ, start_response):
    folder = Path(environ["PATH_INFO"])
    (folder / uuid.uuid4().hex).touch()
    ends = time.monotonic() + 20
    while not (folder / "go").exists() and time.monotonic() < ends:
        time.sleep(0.01)
    start_response("204 No Content", [])
    return []
"""


@pytest.fixture
def port(tmp_path):
    (tmp_path / "doorman.py").write_text(DOORMAN)
    port = free_port()
    command = [
        *("gunicorn", "doorman", "--config", str(settings.BASE_DIR / "gunicorn.conf.py"), "--chdir", str(tmp_path)),
        *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2", "--no-control-socket"),
    ]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
    try:
        wait_until(lambda: (tmp_path / "log").read_text().count("Booting worker") == 2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_until(fact, seconds: float = 10) -> bool:
    ends = time.monotonic() + seconds
    while not fact() and time.monotonic() < ends:
        time.sleep(0.02)
    return fact()


def ask(port: int, path: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers["Connection"]


def test_as_many_requests_as_there_are_threads_are_answered_at_once(port, tmp_path):
    for turn in range(8):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with ThreadPoolExecutor(4) as people:
            asked = [people.submit(ask, port, str(folder)) for _ in range(4)]
            all_in = wait_until(lambda folder=folder: len(list(folder.iterdir())) == 4)
            (folder / "go").touch()
            assert {one.result() for one in asked} == {(204, "close")}
        assert all_in, f"Turn {turn}: one waited behind another while a thread was free."
