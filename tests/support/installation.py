"""A portal as it runs in production: gunicorn, a worker with a pool, beat, Redis and PostgreSQL, each a process of its own.

Redis is behind a network that the test can break (tests/support/proxy.py). Mails go to the mailbox of the database.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
from cryptography.fernet import Fernet

from portal.embedded.location import locate

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PASSES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PG_BIN", "PYTHONHASHSEED")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@dataclass
class Answer:
    """``status`` 0: no answer at all (refused, reset, cut off)."""

    status: int
    body: str
    seconds: float
    location: str = ""


@dataclass
class Browser:
    """One person's browser. It asks again, as browsers do, when an idle connection turns out to be closed: never a form."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, patience: float = 0.0) -> Answer:
        """``patience``: for so many seconds it is asked again while there is no answer, or 502 or 503."""
        return self._ask("GET", path, b"", {}, patience)

    def post(self, path: str, fields: Mapping[str, str], *, patience: float = 0.0) -> Answer:
        """The page's form with its hidden fields and ``fields``; its key makes sending it again harmless."""
        page = self.get(path, patience=patience)
        if page.status != 200:
            return page
        sent = dict(HIDDEN.findall(page.body)) | dict(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(sent).encode(), headers, patience)

    def upload(self, path: str, fields: Mapping[str, str], *, name: str, filename: str, content: bytes) -> Answer:
        page = self.get(path)
        sent = dict(HIDDEN.findall(page.body)) | dict(fields)
        edge = secrets.token_hex(16)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{value}\r\n'.encode()
            for one, value in sent.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), content, f"\r\n--{edge}--\r\n".encode()])
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"}, 0.0)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str], patience: float) -> Answer:
        ends = time.monotonic() + patience
        while True:
            answer = self._once(method, path, body, headers)
            if answer.status not in (0, 502, 503) or time.monotonic() >= ends:
                return answer
            time.sleep(0.1)

    def _once(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        own = {
            "X-Forwarded-Proto": "https",
            "Referer": f"https://127.0.0.1:{self.port}{path}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        try:
            connection.request(method, path, body or None, own | headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as exc:
            return Answer(0, repr(exc), time.monotonic() - began)
        finally:
            connection.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, content = cookie.partition("=")
                self.cookies[key] = content
        return Answer(response.status, text, time.monotonic() - began, response.getheader("Location") or "")


class Installation:
    """``folder`` holds the database's cluster, which runs; everything else is started by the test and ended by ``close``."""

    def __init__(self, folder: Path, *, port: int, redis_port: int, **env: str) -> None:
        self.folder, self.port = folder, port
        self.socket_dir = str(locate(folder / "postgres").socket_dir)
        self.env = {
            **{name: os.environ[name] for name in PASSES if name in os.environ},
            "PORTAL_RUNTIME_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings.prod",
            "DATABASE_URL": f"postgres://postgres@{quote(self.socket_dir, safe='')}/portal",
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SEARCH_DIGEST_KEY": secrets.token_urlsafe(32),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "MEMBER_SYSTEM_GATEWAY": "simulated",
            "EMAIL_BACKEND": "portal.common.messaging.backends.MailboxEmailBackend",
            "LOG_LEVEL": "INFO",
            **env,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.people: list[dict] = []

    def prepare(self, people: int) -> None:
        self.manage("migrate", "--noinput")
        self.manage("collectstatic", "--noinput")
        self.people = json.loads(self.run("-m", "tests.support.populate", str(people)))

    def run(self, *command: str, **env: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env={**self.env, **env}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def manage(self, *arguments: str, **env: str) -> str:
        return self.run("manage.py", *arguments, **env)

    def shell(self, code: str, **env: str) -> str:
        return self.manage("shell", "--no-imports", "-c", code, **env)

    def ask(self, sql: str) -> list[tuple]:
        connection = psycopg2.connect(host=self.socket_dir, user="postgres", dbname="portal")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def browser_of(self, place: int) -> Browser:
        return Browser(self.port, {"__Host-sessionid": self.people[place]["session"]})

    def start(self, name: str, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """A process with a log of its name; one of that name that still runs goes on besides."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        key = name if name not in self.processes else f"{name}-{process.pid}"
        self.processes[key] = process
        return process

    def start_web(self, *options: str, workers: int = 2, name: str = "web", port: int = 0, **env: str) -> None:
        bind = f"127.0.0.1:{port or self.port}"
        self.start(
            name,
            # The program itself, not -m: its successor after SIGUSR2 is started as this one was.
            *(
                str(Path(sys.executable).with_name("gunicorn")),
                "portal.wsgi",
                "--bind",
                bind,
                "--workers",
                str(workers),
                "--threads",
                "2",
            ),
            *("--graceful-timeout", "30", "--no-control-socket", *options),
            **env,
        )
        browser = Browser(port or self.port)
        self.wait_until(lambda: browser.get("/health/ready/").status == 200, 90, what=f"{name} is ready")

    def start_worker(self, *, name: str = "worker", **env: str) -> subprocess.Popen[bytes]:
        options = ("--concurrency", "2", "--loglevel", "INFO", "-n", f"{secrets.token_hex(4)}@%h")
        as_root_is_fine_here = ("-W", "ignore:You're running the worker")
        return self.start(name, *as_root_is_fine_here, "-m", "celery", "-A", "portal", "worker", *options, **env)

    def start_beat(self, **env: str) -> subprocess.Popen[bytes]:
        schedule = str(self.folder / "beat-schedule")
        return self.start(
            "beat",
            *("-m", "celery", "-A", "portal", "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile="),
            **env,
        )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_until(self, fact, seconds: float, *, what: str = "it") -> float:
        """Wait for ``fact()``; the seconds it took."""
        began = time.monotonic()
        while not fact():
            if time.monotonic() - began > seconds:
                logs = "".join(f"\n--- {path.name}\n{path.read_text()[-1500:]}" for path in self.folder.glob("*.log"))
                raise AssertionError(f"{what} did not happen in {seconds} seconds{logs}")
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self, name: str, seconds: float = 40) -> float:
        """Ask a process to end as an orchestrator does; the seconds it took. Fails when it does not."""
        began = time.monotonic()
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(seconds)
        return time.monotonic() - began

    def close(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def pool_children(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a worker's pool."""
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listing.stdout.split()]


def measured(what: str) -> None:
    """A drill tells what it measured."""
    print(f"\n  {what}", end="", flush=True)  # noqa: T201
