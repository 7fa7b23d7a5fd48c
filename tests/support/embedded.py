"""The suite's own PostgreSQL: one cluster for the whole run, beside the demo's."""

from pathlib import Path

from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.postgres import EmbeddedPostgres

_cluster: EmbeddedPostgres | None = None


def start_test_cluster() -> None:
    """Start (or share) the cluster of the test settings; nothing to do when DATABASE_URL names another server."""
    global _cluster
    import pytest
    from django.conf import settings

    if not settings.EMBEDDED_POSTGRES or _cluster:
        return
    try:
        _cluster = EmbeddedPostgres(Path(settings.EMBEDDED_POSTGRES_DIR)).start()
    except EmbeddedPostgresError as error:
        pytest.exit(str(error), returncode=4)
    _drop_databases_of_dead_runs(_cluster)


def _drop_databases_of_dead_runs(cluster: EmbeddedPostgres) -> None:
    """A run's database carries its process id; a killed run cannot drop its own."""
    connection = cluster.connect()
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(r"SELECT datname FROM pg_database WHERE datname ~ '^test_portal_\d+'")
            for (name,) in cursor.fetchall():
                if not Path(f"/proc/{name.split('_')[2]}").exists():
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        connection.close()


def stop_test_cluster() -> None:
    """Stop the cluster if this run started it."""
    global _cluster
    if _cluster:
        _cluster.stop()
        _cluster = None
