"""Is the portal able to serve? For load balancers and container health checks."""

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.common.access import public


@public
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 otherwise. Says nothing about anybody."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "ok"})
