"""Contact Us: whom to call, by product and state (ISS_03, ISS_09, REGL_08)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.content import audience, help_links
from portal.common.content.selectors.contacts import STATE_ORDER, contact_table
from portal.common.dates import US_STATES


@public
@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """The table for every state, one's own first, or for the state in ``?state=``; open to everybody."""
    own = [us_state for us_state in audience.own_states(request.user) if us_state in US_STATES]
    order = [*(state for state in STATE_ORDER if state in own), *(state for state in STATE_ORDER if state not in own)]
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in US_STATES else ""
    context = {
        "table": contact_table(at=timezone.now(), states=[chosen] if chosen else order),
        "own_states": [US_STATES[us_state] for us_state in order if us_state in own],
        "chosen": US_STATES.get(chosen, ""),
        "choices": [(us_state, US_STATES[us_state], us_state == chosen) for us_state in order],
        "help_links": help_links.links_for(request.user),
    }
    return render(request, "content/contact.html", context)
