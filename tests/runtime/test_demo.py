"""`manage.py demo` as a real process: it says what is wrong, stops all of itself, and leaves nothing when killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.embedded.postgres import remove_cluster
from tests.runtime.conftest import ROOT, server_processes, wait_until
from tests.support.ports import free_port

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """One runtime folder for the module: the first demo migrates and collects, the later ones find it done."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    remove_cluster(folder / "postgres")
    subprocess.run(["rm", "-r", folder], check=True)


class Demo:
    def __init__(self, runtime_dir: Path, port: int, *options: str, **env: str) -> None:
        self.port = port
        clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.output = runtime_dir / f"output-{uuid.uuid4().hex}.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(port), "--no-data", *options],
                cwd=ROOT,
                env={
                    **clean,
                    "PORTAL_RUNTIME_DIR": str(runtime_dir),
                    "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
                    **env,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str, *, port: int | None = None) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, ""
        except OSError as error:
            return 0, str(error)

    def wait_ready(self) -> None:
        wait_until(lambda: "is ready" in self.said or self.process.poll() is not None, seconds=180)
        assert self.process.poll() is None, self.said
        wait_until(lambda: self.get("/health/")[0] == 200, seconds=20)


@pytest.fixture
def demo(prepared: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(*options: str, port: int | None = None, **env: str) -> Demo:
        started.append(Demo(prepared, port or free_port(), *options, **env))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
    wait_until(lambda: not server_processes(prepared / "postgres"))


@pytest.mark.long
def test_it_serves_pages_and_a_signal_stops_all_of_it(demo, prepared):
    running = demo()
    running.wait_ready()

    status, page = running.get("/accounts/login/")
    assert status == 200
    stylesheet = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
    assert running.get(stylesheet)[0] == 200
    assert server_processes(prepared / "postgres")
    assert f"http://localhost:{running.port}/demo/mailbox/" in running.said

    # The payment portal is another program on the next port, without the portal's sign-in.
    wait_until(lambda: running.get("/health/", port=running.port + 1)[0] == 200, seconds=20)
    status, page = running.get("/test-numbers/", port=running.port + 1)
    assert status == 200
    stylesheet = re.search(r'href="(/static/payment/[^"]+\.css)"', page)[1]
    assert running.get(stylesheet, port=running.port + 1)[0] == 200
    assert running.get("/accounts/login/", port=running.port + 1)[0] == 404

    asked_at = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0, running.said
    assert time.monotonic() - asked_at < 10
    assert server_processes(prepared / "postgres") == []
    assert "Stopped." in running.said
    assert "Traceback" not in running.said
    assert running.get("/health/", port=running.port + 1)[0] == 0


@pytest.mark.drill
def test_killed_demo_leaves_nothing_running_and_the_next_one_starts(demo, prepared):
    running = demo()
    running.wait_ready()
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not server_processes(prepared / "postgres"), seconds=5)

    again = demo(port=running.port)
    again.wait_ready()
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(20) == 0, again.said


@pytest.mark.drill
def test_killed_database_comes_back_under_the_running_demo(demo, prepared):
    running = demo()
    running.wait_ready()
    [server] = server_processes(prepared / "postgres")
    os.kill(server, signal.SIGKILL)

    wait_until(lambda: server_processes(prepared / "postgres") not in ([], [server]))
    wait_until(lambda: running.get("/health/")[0] == 200)
    assert "[db]     " in running.said


@pytest.mark.drill
def test_second_demo_on_the_port_is_told_where_the_first_one_runs(demo):
    running = demo()
    running.wait_ready()
    second = demo(port=running.port)

    assert second.process.wait(30) == 1
    assert f"already running at http://localhost:{running.port}/ (process {running.process.pid})" in second.said
    assert len(second.said.strip().splitlines()) == 1
    assert running.get("/health/")[0] == 200


@pytest.mark.drill
def test_two_demos_of_one_checkout_share_the_database(demo):
    first = demo()
    first.wait_ready()
    second = demo()
    second.wait_ready()
    first.process.send_signal(signal.SIGTERM)
    first.process.wait(20)

    wait_until(lambda: second.get("/health/")[0] == 200)
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(20) == 0


def test_port_of_another_program_is_named_before_anything_starts(demo, runtime_dir):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = demo(port=port, PORTAL_RUNTIME_DIR=str(runtime_dir / "untouched"))
        assert refused.process.wait(30) == 1

    assert re.fullmatch(
        rf"CommandError: Port {port} is already in use by another program\. Stop that program, "
        r"or choose another port: make demo PORT=\d+",
        refused.said.strip(),
    )
    assert not (runtime_dir / "untouched" / "postgres").exists()


@pytest.mark.drill
def test_a_taken_port_of_the_payment_portal_is_named_before_anything_starts(demo, runtime_dir):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = demo(port=port - 1, PORTAL_RUNTIME_DIR=str(runtime_dir / "untouched"))
        assert refused.process.wait(30) == 1

    assert f"CommandError: Port {port} is already in use. The payment portal listens there" in refused.said
    assert not (runtime_dir / "untouched" / "postgres").exists()


def test_unreachable_database_url_is_named(demo):
    refused = demo(DATABASE_URL=f"postgres://nobody:secret@127.0.0.1:{free_port()}/portal")

    assert refused.process.wait(30) == 1
    assert "The database of DATABASE_URL does not answer" in refused.said
    assert "Traceback" not in refused.said
    assert "secret" not in refused.said


@pytest.mark.long
def test_reset_demo_refuses_while_the_database_is_used_and_clears_it_later(cluster, hold):
    runtime_dir = cluster.parent
    holder = hold(cluster)
    assert holder.hears() == "owner"
    (runtime_dir / "uploads").mkdir()
    (runtime_dir / "uploads" / "upload.pdf").touch()
    (runtime_dir / "x12" / "outbound").mkdir(parents=True)
    (runtime_dir / "payment-service").mkdir()
    reset = [sys.executable, "manage.py", "reset_demo"]
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "UPLOADS_ROOT"}}
    env = {**clean, "PORTAL_RUNTIME_DIR": str(runtime_dir), "DJANGO_SETTINGS_MODULE": "portal.settings.demo"}
    refused = subprocess.run(reset, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert f"in use by process {holder.process.pid}" in refused.stderr
    assert (runtime_dir / "uploads" / "upload.pdf").exists()
    holder.stop()

    done = subprocess.run(reset, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "The demo's data is gone."
    assert [path.name for path in runtime_dir.iterdir()] == ["secrets.json"]
