"""manage.py and scripts/ as people meet them."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.idcards import rendering
from tests.runtime.conftest import ROOT, server_processes

pytestmark = [pytest.mark.no_db, pytest.mark.processes]


def manage(*words: str, python: tuple[str, ...] = (sys.executable,), **env: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_", "REDIS_"))
    }
    return subprocess.run(
        [*python, str(ROOT / "manage.py"), *words],
        cwd="/",
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_packages_it_says_where_they_are():
    said = manage("migrate", python=(sys.executable, "-S", "-E"))
    assert said.returncode == 1
    assert "make demo" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_production_settings_without_secrets_are_one_clear_line():
    said = manage("migrate", DJANGO_SETTINGS_MODULE="portal.settings.prod")
    assert said.returncode == 1
    assert said.stderr.startswith("SECRET_KEY must be set")
    assert len(said.stderr.strip().splitlines()) == 1


def test_settings_option_is_honoured_before_the_database_is_chosen():
    said = manage("migrate", "--settings=portal.settings.prod")
    assert said.stderr.startswith("SECRET_KEY must be set")


def test_command_runs_on_its_own_database_and_stops_it(cluster):
    said = manage("showmigrations", "--plan", PORTAL_RUNTIME_DIR=str(cluster.parent))
    assert said.returncode == 0, said.stderr
    assert "0001_initial" in said.stdout
    assert server_processes(cluster) == []


@pytest.mark.drill
def test_deploy_check_under_throwaway_secrets_starts_nothing(runtime_dir):
    # The browser tests of the same run set it, and the check would be right to refuse it.
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    said = subprocess.run(
        [
            sys.executable,
            "scripts/with_throwaway_secrets.py",
            sys.executable,
            "manage.py",
            "check",
            "--deploy",
            "--fail-level",
            "WARNING",
        ],
        cwd=ROOT,
        env={**env, "PORTAL_RUNTIME_DIR": str(runtime_dir / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert not (runtime_dir / "none").exists()


# --- scripts/bootstrap.py ---


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    (tmp_path / ".venv").mkdir()
    return module


def test_fresh_environment_is_not_installed(bootstrap):
    assert not bootstrap.installed("demo")


def test_development_set_satisfies_the_demo_but_not_the_other_way(bootstrap):
    bootstrap.stamp_file("dev").write_text(bootstrap.stamp("dev"))
    assert bootstrap.installed("demo")
    bootstrap.stamp_file("dev").unlink()
    bootstrap.stamp_file("demo").write_text(bootstrap.stamp("demo"))
    assert bootstrap.installed("demo")
    assert not bootstrap.installed("dev")


def test_changed_requirements_ask_for_an_install(bootstrap):
    bootstrap.stamp_file("demo").write_text("0" * 64 + "\n" + str(ROOT) + "\n")
    assert not bootstrap.installed("demo")


def test_outdated_development_environment_stays_one_after_make_demo(bootstrap, monkeypatch):
    bootstrap.stamp_file("dev").write_text("outdated\n" + str(ROOT) + "\n")
    wanted = []
    monkeypatch.setattr(bootstrap, "install", wanted.append)
    bootstrap.make_venv("demo")
    assert wanted == ["dev"]
    assert bootstrap.installed("demo")
    assert bootstrap.installed("dev")


def test_python_that_is_too_old_is_said_with_the_way_out(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "OLDEST", (3, 99))
    with pytest.raises(SystemExit, match=r"needs Python 3\.99 or newer.*PYTHON="):
        bootstrap.find_python()


def test_ordinary_user_gets_the_exact_line_to_run(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(
        SystemExit, match="sudo apt-get update && sudo apt-get install -y --no-install-recommends python3-venv"
    ):
        bootstrap.ask_for_packages(bootstrap.VENV_PACKAGES, "pip is missing.")


def test_missing_test_programs_are_named_with_what_is_skipped(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    bootstrap.install_test_programs()
    said = capsys.readouterr().out
    assert "chromium is not installed: browser tests will be skipped." in said
    assert "apt-get install -y --no-install-recommends chromium redis-server" in said


def test_the_small_browser_is_asked_for_once_and_only_where_there_is_one(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-cache" else None)
    wanted = []
    monkeypatch.setattr(bootstrap, "install_packages", wanted.append)
    for there in (False, True):
        monkeypatch.setattr(bootstrap, "works", lambda command, there=there: there)
        bootstrap.install_small_browser()
        bootstrap.install_small_browser()
        (bootstrap.VENV / ".small-browser-asked-for").unlink()
    assert wanted == [["chromium-headless-shell"]]


def test_make_demo_takes_nothing_away_from_an_environment_it_did_not_make(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "find_uv", lambda: "/usr/bin/uv")
    monkeypatch.setattr(bootstrap, "uv_environment", dict)
    commands = []
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command, **_: commands.append(command[2]) or 0)
    bootstrap.install("demo")
    bootstrap.install("dev")
    assert commands == ["install", "sync"]


def test_missing_libraries_are_named_with_the_line_that_installs_them(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "LIBRARIES", [("libc.so.6", "libc6"), ("libnone-0.so.0", "libnone-0")])
    monkeypatch.setattr(bootstrap, "install_packages", lambda packages: False)
    bootstrap.install_libraries()
    said = capsys.readouterr().out
    assert "libnone-0 missing" in said
    assert "install -y --no-install-recommends libnone-0" in said
    assert "libc6" not in said


def test_the_image_has_the_libraries_that_bootstrap_installs(bootstrap):
    packages = [package for _library, package in [*bootstrap.LIBRARIES, bootstrap.FONT]]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert [package for package in packages if package not in dockerfile] == []
    assert " ".join(packages) == rendering.PACKAGES
