"""The parts of the demo that need no process."""

import io
import sys
import threading
from pathlib import Path

import pytest

from portal.demo_runtime import background, preparation, terminal
from portal.demo_runtime.greeting import address, greeting
from portal.demo_runtime.sites import PortBusy, free_port_after, listen
from portal.embedded.commands import needs_database

pytestmark = pytest.mark.no_db


@pytest.mark.parametrize(
    ("thread", "name"),
    [
        ("waitress-3", "web"),
        ("worker", "worker"),
        ("ThreadPoolExecutor-0_1", "worker"),
        ("beat", "beat"),
        ("embedded-postgres", "db"),
        ("MainThread", "demo"),
    ],
)
def test_lines_are_labelled_by_the_thread_that_writes(thread, name):
    shown = io.StringIO()
    stream = terminal.LabellingStream(shown)
    writer = threading.Thread(target=stream.write, args=["one\ntwo\n"], name=thread)
    writer.start()
    writer.join()

    label = f"[{name}]".ljust(8)
    assert shown.getvalue() == f"{label} one\n{label} two\n"


def test_unfinished_line_waits_for_its_end():
    shown = io.StringIO()
    stream = terminal.LabellingStream(shown)
    stream.write("half")
    assert shown.getvalue() == ""
    stream.write(" a line\nand more")
    assert shown.getvalue() == "[demo]   half a line\n"


def test_log_follower_shows_whole_new_lines_and_survives_a_fresh_file(tmp_path, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(terminal, "write_lines", lambda name, text: shown.append(f"{name}: {text}"))
    log = tmp_path / "server.log"
    log.write_text("old\n")
    follower = terminal.LogFollower(log, "db")
    with log.open("a") as file:
        file.write("new\nunfin")
    follower.look()
    with log.open("a") as file:
        file.write("ished\n")
    follower.look()
    log.write_text("fresh\n")
    follower.look()
    log.unlink()
    follower.look()

    assert shown == ["db: new", "db: unfinished", "db: fresh"]


def test_busy_port_is_noticed_and_a_free_one_suggested():
    listener = listen("127.0.0.1", 0)
    with listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortBusy):
            listen("127.0.0.1", port)
        assert port < free_port_after("127.0.0.1", port) <= 65535 or port > 65000


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000/"),
        ("0.0.0.0", "http://localhost:8000/"),  # noqa: S104 - a text; nothing listens
        ("::1", "http://[::1]:8000/"),
        ("box", "http://box:8000/"),
    ],
)
def test_address_is_one_that_can_be_typed(host, url):
    assert address(host, 8000) == url


def test_greeting_names_every_account_the_password_and_the_mailbox():
    said = greeting("127.0.0.1", 8000, with_accounts=True)
    for word in (
        "rsolberg7",
        "prairieagency",
        "outsider9",
        "dkeller22",
        "mokafor5",
        "carrieradmin",
        "servicedesk4",
        "auditor4",
        "000413406, NPN 20418833, ZIP 60615",
        "Harbor#Kite58",
        "/demo/mailbox/",
    ):
        assert word in said
    assert "rsolberg7" not in greeting("127.0.0.1", 8000, with_accounts=False)


class FlakyRunner:
    name = "worker"

    def __init__(self) -> None:
        self.starts = 0
        self.running = False

    def start(self) -> None:
        self.starts += 1
        self.running = True

    def alive(self) -> bool:
        return self.running

    def ask_to_stop(self) -> None:
        self.running = False

    def wait(self, seconds: float) -> None:
        pass


def test_supervisor_starts_what_died_again_with_growing_pauses(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(background.time, "monotonic", lambda: now[0])
    runner = FlakyRunner()
    supervisor = background.Supervisor([runner])
    supervisor.start()
    pauses = []
    for _ in range(7):
        runner.running = False
        died_at = now[0]
        while not runner.running:
            supervisor.look()
            now[0] += 0.5
        pauses.append(now[0] - 0.5 - died_at)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]

    now[0] += 61  # a minute of good behaviour
    supervisor.look()
    runner.running = False
    supervisor.look()
    now[0] += 1
    supervisor.look()
    assert runner.running


def test_static_fingerprint_changes_with_a_source(tmp_path, settings):
    settings.STATICFILES_DIRS = [tmp_path]
    (tmp_path / "portal.css").write_text("a{}")
    before = preparation.static_fingerprint()
    assert before == preparation.static_fingerprint()
    (tmp_path / "portal.css").write_text("a{color:red}")
    assert preparation.static_fingerprint() != before


def test_static_files_are_collected_once(tmp_path, settings, monkeypatch):
    settings.STATIC_ROOT = tmp_path / "static"
    calls = []
    monkeypatch.setattr(
        preparation, "call_command", lambda name, **_: calls.append(name) or (tmp_path / "static").mkdir(exist_ok=True)
    )
    assert preparation.collect_static_if_changed(calls.append)
    assert not preparation.collect_static_if_changed(calls.append)
    assert calls == ["Collecting static files", "collectstatic"]


@pytest.mark.parametrize(
    "words", ["migrate", "shell", "runserver 8001", "load_demo --seed 1", "check --database default", "dbshell"]
)
def test_commands_that_talk_to_the_database_get_one(words):
    assert needs_database(["manage.py", *words.split()])


@pytest.mark.parametrize(
    "words",
    ["", "check", "check --deploy", "collectstatic --noinput", "help migrate", "migrate --help", "--version", "demo"],
)
def test_commands_that_do_not_start_none(words):
    assert not needs_database(["manage.py", *words.split()])


def test_standard_error_is_labelled_once(monkeypatch):
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stderr", plain)
    terminal.label_standard_error()
    labelled = sys.stderr
    terminal.label_standard_error()
    assert sys.stderr is labelled
    sys.stderr.write("hello\n")
    assert plain.getvalue() == "[demo]   hello\n"


def test_every_line_of_the_requirements_is_free_of_addresses():
    for file in Path(__file__).resolve().parents[2].joinpath("requirements").iterdir():
        assert "://" not in file.read_text(), file
