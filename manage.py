#!/usr/bin/env python3
"""Django's command line, with the portal's own PostgreSQL running for commands that need a database."""

import os
import sys


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    default = "portal.settings.demo" if command in {"demo", "reset_demo"} else "portal.settings.dev"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", default)
    try:
        from django.core.management import execute_from_command_line

        from portal.embedded.commands import database_for
    except ModuleNotFoundError as error:
        if error.name not in {"django", "celery", "psycopg2"}:
            raise
        sys.exit(
            f"{error}. The portal's packages live in .venv: use `make demo`, `make test` or "
            "`.venv/bin/python manage.py ...` (`make venv` installs them)."
        )
    with database_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
