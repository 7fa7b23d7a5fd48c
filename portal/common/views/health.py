"""Is the portal able to serve, and how does it do? For load balancers, container health checks and metrics collectors."""

import hmac

from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal.common import monitoring
from portal.common.access import public


@public
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise. Says nothing about anybody.

    What does not go as it should without keeping the portal from serving is "degraded", with codes: still 200, because
    a load balancer that takes the portal away would mend nothing.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        problems = monitoring.all_problems()
    except Error:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "degraded", "problems": problems} if problems else {"status": "ok"})


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
