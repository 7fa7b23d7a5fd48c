#!/usr/bin/env python3
"""Make the virtual environment and find the system programs the portal needs. Called by make; standard library only.

    bootstrap.py venv demo      what `make demo` needs
    bootstrap.py venv dev       that, and tests, linters, type checks
    bootstrap.py system demo    the libraries with which ID cards become PDF files (as root installed, else the line to
                                run is printed)
    bootstrap.py system tests   those, and the programs that some tests drive

A second run does nothing: a stamp in .venv names the requirements, the Python and the place it was made for.
Runs on older Pythons too, so that it can say that they are too old.
"""

import contextlib
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = VENV / ".tools"
OLDEST = (3, 11)
NEWEST_LOOKED_FOR = 14
VENV_PACKAGES = ["python3-venv", "python3-pip"]
# Programs that tests drive: what they are called, Debian's package, what is skipped without them.
TEST_PROGRAMS = [
    (["chromium", "chromium-browser", "google-chrome"], "chromium", "browser tests"),
    (["redis-server"], "redis-server", "tests against a real Redis"),
]
# The same browser without its windows and menus: half the work for every page of the browser tests. Debian has it, others
# may not; asked for once in the life of .venv, and nobody misses it.
SMALL_BROWSER = "chromium-headless-shell"
# What WeasyPrint loads when the first ID card is rendered: a file of each of Debian's packages. Without the third a card
# takes five times as long; without the others there are none.
LIBRARIES = [
    ("libpango-1.0.so.0", "libpango-1.0-0"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0-0"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset0"),
]
FONT = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core")


def main(what, which):
    if what == "venv":
        make_venv(which)
    elif what == "system":
        install_libraries()
        if which == "tests":
            install_test_programs()
            install_small_browser()


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def give_up(text):
    sys.exit("\n" + text + "\n")


def works(command):
    """Does the command run and succeed? A program on PATH may be a stand-in that only says it is not installed."""
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120).returncode == 0  # noqa: S603 - programs named in this file
        )
    except (OSError, subprocess.SubprocessError):
        return False


# --- The virtual environment ---


def stamp_file(which):
    return VENV / (".installed-" + which)


def stamp(which):
    requirements = (ROOT / "requirements" / (which + ".txt")).read_bytes()
    return hashlib.sha256(requirements).hexdigest() + "\n" + str(ROOT) + "\n"


def installed(which):
    """The demo is content with the larger set too: `make demo` after `make test` takes nothing away."""
    if not PYTHON.exists():
        return False
    for made in [which] if which == "dev" else ["demo", "dev"]:
        if stamp_file(made).exists() and stamp_file(made).read_text() == stamp(made):
            return True
    return False


def make_venv(which):
    if installed(which):
        return
    with one_at_a_time():
        if installed(which):
            return
        if which == "demo" and stamp_file("dev").exists():
            which = "dev"
        moved = any(
            stamp_file(made).exists() and stamp_file(made).read_text().splitlines()[1:] != [str(ROOT)]
            for made in ("demo", "dev")
        )
        if moved or not works([str(PYTHON), "-c", "pass"]) or not new_enough(str(PYTHON)):
            python = find_python()
            say("Making .venv with " + python)
            if VENV.exists():
                shutil.rmtree(str(VENV))
            run([python, "-m", "venv", "--without-pip", str(VENV)], "The virtual environment could not be made.")
        for made in ("demo", "dev"):
            with contextlib.suppress(FileNotFoundError):
                stamp_file(made).unlink()
        install(which)
        stamp_file(which).write_text(stamp(which))


@contextlib.contextmanager
def one_at_a_time():
    import fcntl

    with Path(__file__).open() as this_file:
        fcntl.flock(this_file, fcntl.LOCK_EX)
        yield


def new_enough(python):
    return works([python, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"])


def find_python():
    candidates = [sys.executable]
    candidates += [f"python3.{minor}" for minor in range(NEWEST_LOOKED_FOR, OLDEST[1] - 1, -1)]
    for candidate in candidates:
        path = shutil.which(candidate)
        if path and new_enough(path):
            return path
    needed, found = (".".join(map(str, version)) for version in (OLDEST, sys.version_info[:2]))
    return give_up(
        f"The portal needs Python {needed} or newer; python3 here is {found}. "
        "Install a newer one and name it: make demo PYTHON=/path/to/python3.12"
    )


def install(which):
    requirements = ROOT / "requirements" / (which + ".txt")
    say(f"Installing requirements/{which}.txt")
    uv = find_uv()
    if uv:
        # The demo's set is only added: an environment with more in it than we know of keeps it.
        what = ["sync", str(requirements)] if which == "dev" else ["install", "-r", str(requirements)]
        command = [uv, "pip", *what, "--quiet", "--python", str(PYTHON), "--require-hashes"]
        if subprocess.call(command, cwd=str(ROOT), env=uv_environment()) == 0:  # noqa: S603 - words of this file
            return
        say("uv could not install them; trying pip, which takes longer.")
    pip = find_pip(inside=True)
    if not pip:
        ask_for_packages(VENV_PACKAGES, "Python's pip is missing.")
        pip = find_pip(inside=True) or give_up("pip is still missing. Is python3-venv for another Python?")
    run(
        [*pip, "install", "--quiet", "--require-hashes", "-r", str(requirements)],
        "The packages could not be installed; the lines above say why. Is the network there?",
    )


def find_uv():
    """uv installs in seconds what takes pip most of a minute; kept beside the packages, so it is no requirement."""
    for candidate in (shutil.which("uv"), str(TOOLS / "bin" / "uv")):
        if candidate and works([candidate, "--version"]):
            return candidate
    pip = find_pip(inside=False)
    if not pip:
        ask_for_packages(VENV_PACKAGES, "Python's pip is missing.")
        pip = find_pip(inside=False)
    if pip:
        wanted = str(ROOT / "requirements" / "bootstrap.txt")
        command = [*pip, "install", "--quiet", "--no-deps", "--target", str(TOOLS), "--require-hashes", "-r", wanted]
        if subprocess.call(command, env=pip_environment()) == 0:  # noqa: S603 - words of this file
            return str(TOOLS / "bin" / "uv")
    return None


def find_pip(inside):
    """The command that runs pip: for packages of the environment (``inside``) or for a program put beside them."""
    if not inside and works([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip"]
    if not works([str(PYTHON), "-m", "pip", "--version"]):
        works([str(PYTHON), "-m", "ensurepip"])
    if works([str(PYTHON), "-m", "pip", "--version"]):
        return [str(PYTHON), "-m", "pip"]
    return None


def pip_environment():
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return dict(os.environ, PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", **quiet)


def uv_environment():
    """A package mirror that pip was told of serves uv too."""
    environment = dict(os.environ)
    pip = find_pip(inside=False) if "UV_DEFAULT_INDEX" not in environment else None
    if pip:
        answer = subprocess.run([*pip, "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - words of this file
        for line in answer.stdout.decode(errors="replace").splitlines():
            name, _, value = line.partition("=")
            if name.endswith(".index-url"):
                environment["UV_DEFAULT_INDEX"] = value.strip("'\"")
    return environment


def run(command, complaint):
    if subprocess.call(command, cwd=str(ROOT), env=pip_environment()):  # noqa: S603 - words of this file
        give_up(complaint)


# --- System packages ---


def apt_line(packages):
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    update = " ".join([*sudo, "apt-get", "update"])
    return update + " && " + " ".join([*sudo, "apt-get", "install", "-y", "--no-install-recommends", *packages])


def install_packages(packages):
    """Install Debian packages when we may; True if that worked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say("Installing " + " ".join(packages) + " (apt-get)")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install_command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install_command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)  # noqa: S603 - apt-get with packages named in this file
        if done.returncode:
            say(done.stdout.decode(errors="replace")[-2000:])
            return False
    return True


def ask_for_packages(packages, missing):
    if not install_packages(packages):
        give_up(missing + " Install it and run make again. On Debian and Ubuntu:\n    " + apt_line(packages))


def missing_libraries():
    """Debian's packages without which ID cards are slow or impossible. macOS and others: see docs/operations.md."""
    absent = []
    for library, package in LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            absent.append(package)
    if not Path(FONT[0]).exists():
        absent.append(FONT[1])
    return absent


def install_libraries():
    if not sys.platform.startswith("linux"):
        return
    absent = missing_libraries()
    if absent and not install_packages(absent):
        say("ID cards cannot be made, or are slow: " + ", ".join(absent) + " missing. To install:  " + apt_line(absent))


def install_test_programs():
    def missing():
        return [
            (package, tests) for names, package, tests in TEST_PROGRAMS if not any(shutil.which(name) for name in names)
        ]

    absent = missing()
    if absent and not install_packages([package for package, _ in absent]):
        for package, tests in missing():
            say(f"{package} is not installed: {tests} will be skipped.")
        say("To run them too:  " + apt_line([package for package, _ in absent]))


def install_small_browser():
    asked = VENV / ".small-browser-asked-for"
    if asked.exists() or shutil.which(SMALL_BROWSER) or not shutil.which("apt-cache"):
        return
    asked.touch()
    if works(["apt-cache", "show", SMALL_BROWSER]):
        install_packages([SMALL_BROWSER])


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("venv", "system"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
