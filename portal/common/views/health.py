"""Is the portal able to serve, and how does it do? For load balancers, container health checks and metrics collectors."""

import hmac

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.common import clocks, draining, monitoring
from portal.common.access import public


@public
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise. Says nothing about anybody.

    What does not go as it should without keeping the portal from serving is "degraded", with codes: still 200, because
    a load balancer that takes the portal away would mend nothing.
    """
    try:
        problems = sorted([*_clock_problems(), *monitoring.all_problems()])
    except Error:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "degraded", "problems": problems} if problems else {"status": "ok"})


def _clock_problems() -> list[str]:
    """Asks the database, which is the first thing to be known anyway. Raises what Django raises when it does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        shared = cursor.fetchone()[0]
    ahead = (timezone.now() - shared).total_seconds()
    return ["clock_differs"] if settings.SHARED_CLOCK and abs(ahead) > clocks.FAR_APART_SECONDS else []


@public
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers at all; touches nothing. Whoever restarts processes asks this one.

    A database that is away is no reason to restart: every process would be, again and again, and none would help.
    """
    return JsonResponse({"status": "alive"})


@public
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """200 while this process should be given requests. Whoever distributes them asks this one.

    503 during a graceful shutdown (``portal.common.draining``), while the database does not answer, and until it has the
    migrations of this release, so that new code is not met before its tables are there.
    """
    if draining.is_draining():
        return JsonResponse({"status": "shutting down"}, status=503)
    try:
        missing = _lacks_migrations()
    except Error:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "migrations missing"}, status=503) if missing else JsonResponse({"status": "ready"})


_migrated = False


def _lacks_migrations() -> bool:
    """Until they were all there once; afterwards the database is only asked whether it answers."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return not _migrated
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return False


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, to whoever sends METRICS_TOKEN as a bearer token; to others, and without one set, not there."""
    token = settings.METRICS_TOKEN
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    is_known = bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(sent.encode(), token.encode())
    if not is_known:
        raise Http404("No such page.")
    return HttpResponse(monitoring.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
