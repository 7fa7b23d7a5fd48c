"""The database behind manage.py: started for commands that need one, stopped when they end."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser, handle_default_options

from portal.embedded import binaries
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.postgres import EmbeddedPostgres

# `check` asks the database only with --database; the demo runs its own database before it runs anything else.
WITHOUT_DATABASE = frozenset(
    {
        "",
        "check",
        "collectstatic",
        "compilemessages",
        "demo",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "reset_demo",
        "startapp",
        "startproject",
        "version",
    }
)


@contextmanager
def database_for(argv: Sequence[str]) -> Iterator[None]:
    """Run the body with the server of the active settings, if those use the portal's own and the command needs it."""
    if not needs_database(argv):
        yield
        return
    try:
        read_settings_option(argv)
        wanted = settings.EMBEDDED_POSTGRES
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(str(error))
    if not wanted:
        yield
        return
    try:
        server = EmbeddedPostgres(settings.EMBEDDED_POSTGRES_DIR).start()
        server.ensure_database(settings.DATABASES["default"]["NAME"])
        if argv[1] == "dbshell":  # psql comes with the server
            os.environ["PATH"] = f"{binaries.find().bin_dir}{os.pathsep}{os.environ.get('PATH', '')}"
    except EmbeddedPostgresError as error:
        sys.exit(str(error))
    with server:
        yield


def needs_database(argv: Sequence[str]) -> bool:
    """Does this command line talk to the database? In doubt, yes: a start takes 0.1 seconds."""
    command = argv[1] if len(argv) > 1 else ""
    if command == "check" and any(word.startswith("--database") for word in argv):
        return True
    return not (command in WITHOUT_DATABASE or command.startswith("-") or {"--help", "-h", "--version"} & set(argv))


def read_settings_option(argv: Sequence[str]) -> None:
    """Honour --settings and --pythonpath before settings are read, as Django's own command line does."""
    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    handle_default_options(parser.parse_known_args(argv[2:])[0])
