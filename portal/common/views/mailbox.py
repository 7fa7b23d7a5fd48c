"""The demo's mailbox: every email and text message the portal sent. Exists in demo, development and tests only."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.models import MailboxEntry
from portal.common.polling import polled

SHOWN = 200


@public
@polled
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Newest first; ``?format=json`` gives a list of channel, to, subject, body, code, sent_at, attachments (names)."""
    entries = list(MailboxEntry.objects.order_by("-sent_at", "-id")[:SHOWN])
    if request.GET.get("format") == "json":
        fields = ("channel", "to", "subject", "body", "code", "sent_at", "attachments")
        return JsonResponse([{name: getattr(entry, name) for name in fields} for entry in entries], safe=False)
    return render(request, "common/mailbox.html", {"entries": entries})
