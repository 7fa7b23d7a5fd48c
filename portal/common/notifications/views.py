"""The bell's pages: the list of notifications, how one wants to be told, and the count that refreshes (HOM_06, HOM_07).

Opening a notification is a POST that marks it as read and leads on to its page. A link would do the same with a GET,
and then a browser that loads pages ahead, or a mail scanner that follows links, would mark things as read.
"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.access import Perm, requires
from portal.common.dates import moment_as_text
from portal.common.notifications import kinds, preferences, reading
from portal.common.notifications.bell import bell_of
from portal.common.notifications.forms import PreferencesForm
from portal.common.notifications.models import Notification
from portal.common.paging import Page, read_number, typed_number
from portal.common.polling import polled

PAGE_SIZE = 25
SHOW_UNREAD, SHOW_ALL = "unread", "all"


@requires(Perm.SIGNED_IN)
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """Everything this person was told, newest first; or what is unread."""
    show = _show(request.GET.get("show"))
    rows = Notification.objects.for_user(request.user)
    if show == SHOW_UNREAD:
        rows = rows.unread()
    total = rows.count()
    number = read_number(request.GET.get("page"), total=total, size=PAGE_SIZE)
    page = _page(number, total, show)
    lines = [
        {"row": row, "kind": kinds.label_of(row.kind), "when": moment_as_text(row.created_at)}
        for row in rows.order_by("-created_at", "-id")[page.offset : page.offset + PAGE_SIZE]
    ]
    context = {
        "lines": lines,
        "page": page,
        "show": show,
        "newest": Notification.objects.for_user(request.user).values_list("pk", flat=True).first() or 0,
        "all_url": _list_url(SHOW_ALL, 1),
        "unread_url": _list_url(SHOW_UNREAD, 1),
        "kept_days": settings.NOTIFICATIONS_KEEP_READ_DAYS,
    }
    return render(request, "notifications/list.html", context)


@requires(Perm.SIGNED_IN)
@require_POST
def open_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go to the page it is about; without one, back to the list."""
    notification = _own(request, notification_id)
    reading.mark_read(notification=notification, by=request.user, at=timezone.now())
    return redirect(notification.url or _back_to_list(request))


@requires(Perm.SIGNED_IN)
@require_POST
def read_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and stay in the list."""
    notification = _own(request, notification_id)
    if reading.mark_read(notification=notification, by=request.user, at=timezone.now()):
        messages.success(request, "Marked as read.")
    return redirect(_back_to_list(request))


@requires(Perm.SIGNED_IN)
@require_POST
def unread_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Put one back among the unread and stay in the list."""
    notification = _own(request, notification_id)
    if reading.mark_unread(notification=notification, by=request.user):
        messages.success(request, "Marked as unread.")
    return redirect(_back_to_list(request))


@requires(Perm.SIGNED_IN)
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything the person has seen in the list as read."""
    up_to = typed_number(request.POST.get("up_to")) or 0
    count = reading.mark_all_read(by=request.user, up_to=up_to, at=timezone.now())
    if count:
        messages.success(request, f"{count} notification{'' if count == 1 else 's'} marked as read.")
    return redirect(_list_url(_show(request.POST.get("show")), 1))


@requires(Perm.SIGNED_IN)
@require_http_methods(["GET", "POST"])
def notification_preferences(request: HttpRequest) -> HttpResponse:
    """Choose for each kind whether it shows in the portal and whether an email comes."""
    user: Any = request.user
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        groups=kinds.groups_for(user),
        now=preferences.choices_of(user),
    )
    if form.is_valid():
        preferences.save(by=user, choices=form.choices())
        messages.success(request, "Your preferences have been saved.")
        return redirect("notifications:preferences")
    context = {
        "form": form,
        "groups": list(form.lines()),
        "address": user.security_email,
        "digest_time": _clock(settings.NOTIFICATIONS_DIGEST_HOUR),
    }
    return render(request, "notifications/preferences.html", context)


@requires(Perm.SIGNED_IN)
@require_GET
@polled
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, for pages that are open: 204 while the count is the one that they ``shown``."""
    now = bell_of(request.user)
    if request.GET.get("shown") == str(now.unread):
        return HttpResponse(status=204)
    # Without the request: what the frame of a page needs is not asked for again.
    return HttpResponse(render_to_string("notifications/_bell.html", {"bell": now}))


def _own(request: HttpRequest, notification_id: int) -> Notification:
    return get_object_or_404(Notification.objects.for_user(request.user), pk=notification_id)


def _clock(hour: int) -> str:
    return f"{hour % 12 or 12}:00 {'AM' if hour < 12 else 'PM'}"


def _show(text: str | None) -> str:
    return SHOW_UNREAD if text == SHOW_UNREAD else SHOW_ALL


def _list_url(show: str, page: int) -> str:
    asked = {**({"show": show} if show != SHOW_ALL else {}), **({"page": str(page)} if page > 1 else {})}
    return f"{reverse('notifications:list')}{f'?{urlencode(asked)}' if asked else ''}"


def _back_to_list(request: HttpRequest) -> str:
    """The list as the person saw it: its form says which part and which page."""
    return _list_url(_show(request.POST.get("show")), typed_number(request.POST.get("page")) or 1)


def _page(number: int, total: int, show: str) -> Page:
    last = max(1, -(-total // PAGE_SIZE))
    return Page(
        number=number,
        size=PAGE_SIZE,
        total=total,
        sizes=[],
        url_first=_list_url(show, 1) if number > 1 else "",
        url_previous=_list_url(show, number - 1) if number > 1 else "",
        url_next=_list_url(show, number + 1) if number < last else "",
        url_last=_list_url(show, last) if number < last else "",
    )
