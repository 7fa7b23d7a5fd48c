"""What a page asks about the session it belongs to: how long it has left, and to stay longer."""

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import session_limits
from accounts.services import open_sessions
from accounts.services.open_sessions import Standing
from accounts.session_limits import SessionClock
from portal.common.access import Perm, requires
from portal.common.polling import polled


def _standing(request: HttpRequest) -> Standing | None:
    return open_sessions.standing(request.session.session_key or "", user_id=request.session["_auth_user_id"])


def _answer(clock: SessionClock) -> JsonResponse:
    return JsonResponse({"seconds_left": clock.seconds_left, "can_be_extended": clock.can_be_extended})


@requires(Perm.SIGNED_IN)
@polled
@require_GET
def session_state(request: HttpRequest) -> JsonResponse:
    """Seconds left. Asked by pages, not by people: it does not keep the session open."""
    return _answer(request.session_clock)  # type: ignore[attr-defined]


@requires(Perm.SIGNED_IN)
@polled
@require_POST
def session_keep_alive(request: HttpRequest) -> JsonResponse:
    """Somebody pressed "Stay logged in": the idle time starts anew at this very second."""
    now = timezone.now()
    standing = _standing(request)
    if standing is None:
        return JsonResponse({"seconds_left": 0, "can_be_extended": False})
    open_sessions.seen(standing.session, at=now, now_exactly=True)
    return _answer(session_limits.clock(open_sessions.standing_of(standing.session), now))
