"""Training: the courses, and what the person's certification is worth (ISS_08)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.common.access import Perm, requires
from portal.common.content import audience, markdown
from portal.common.content.forms.library import ContentSearchForm
from portal.common.content.models import TrainingCourse
from portal.common.content.selectors import training as selectors
from portal.common.content.selectors.library import ALL_STATES, states_as_text
from portal.common.dates import today_in


@requires(Perm.SIGNED_IN)
@require_safe
def training(request: HttpRequest) -> HttpResponse:
    """Courses of the person's states with the certification in each; ``?state=ALL`` shows every state's."""
    own = audience.own_states(request.user)
    every_state = not own or request.GET.get("state") == ALL_STATES
    states = [] if every_state else own
    context = {
        "search": ContentSearchForm(),
        "courses": selectors.courses(request.user, states=states, on=today_in()),
        "states": "all states" if every_state else f"your states: {states_as_text(states)}",
        "own": bool(own),
        "every_state": every_state,
    }
    return render(request, "content/training.html", context)


@requires(Perm.SIGNED_IN)
@require_safe
def course(request: HttpRequest, code: str) -> HttpResponse:
    """What a course is about, where it is taken, and when the person completed it."""
    offered = TrainingCourse.objects.open_to(request.user).defer("search")
    found = get_object_or_404(offered, code=code)
    today = today_in()
    context = {
        "course": found,
        "line": selectors.course_line(found, request.user, on=today),
        "valid_for": _months(found.valid_months),
        "body": markdown.to_html(found.body, top_heading=3),
        "completions": selectors.completions(found, request.user, on=today),
    }
    return render(request, "content/course.html", context)


def _months(months: int | None) -> str:
    if months is None:
        return "Does not expire"
    return "1 month" if months == 1 else f"{months} months"
