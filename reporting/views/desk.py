"""The save-the-policy desk: the ranked list, the call sheet, and the page of one row with script and log."""

from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import number_labels
from accounts.http import AuthenticatedHttpRequest
from accounts.models import ProducerNumber, User
from accounts.scoping import looked_up_once
from clients.models import Policy
from clients.tables import client_url, status_text
from enrollment.models import Application
from portal.common import audit, form_keys
from portal.common.access import Perm, requires
from portal.common.dates import as_text, today_in
from portal.common.paging import DEFAULT_PAGE_SIZE, Page, read_number
from reporting import desk as reads
from reporting import kept
from reporting.desk import Desk
from reporting.desk_lines import lines_of
from reporting.desk_log import Latest, is_snoozed, latest_of, log_of
from reporting.forms.desk import OutreachForm
from reporting.models import Outreach
from reporting.rules.desk import AtRisk, Why
from reporting.services import outreach
from reporting.services.outreach import Done

ON_A_SHEET = 100
NOT_YOURS = "Enter one of the nine-digit producer numbers whose clients you may see."
SNOOZED = "snoozed"


class Asked:
    """Which part of the list is asked for: a reason, what is snoozed, one producer number."""

    def __init__(self, request: AuthenticatedHttpRequest) -> None:
        self.user = request.user
        shown = request.GET.get("why", "")
        self.snoozed = shown == SNOOZED
        # What a figure of the dashboard counts: snoozed rows too.
        self.everything = request.GET.get("with") == SNOOZED and not self.snoozed
        self.after = kept.read_after(request.GET.get("after"))
        self.why = Why(shown) if shown in set(Why) else None
        self.typed = request.GET.get("number", "").replace("\x00", "").strip()[:20]
        self.number: ProducerNumber | None = None
        self.problem = ""
        if self.typed:
            is_number = self.typed.isascii() and self.typed.isdigit() and len(self.typed) == 9
            self.number = reads.number_of(request.user, self.typed) if is_number else None
            self.problem = "" if self.number else NOT_YOURS

    @property
    def needs_number(self) -> bool:
        """The carrier's staff look at one book at a time."""
        return self.user.role == User.Role.CARRIER_ADMIN and self.number is None

    def desk(self) -> Desk:
        if self.needs_number or self.problem:
            return Desk(user=self.user, number_ids=[], today=today_in(), as_of=timezone.now())
        return reads.desk_of(self.user, now=timezone.now(), number=self.number, after=self.after)

    def total(self, desk: Desk) -> int:
        """How many rows the asked part of the list has."""
        return len(desk.snoozed) if self.snoozed else desk.count(self.why, with_snoozed=self.everything)

    def rows(self, desk: Desk, *, first: int, most: int) -> list[AtRisk]:
        """``most`` rows of it from place ``first`` on."""
        if self.snoozed:
            return desk.put_aside()[first : first + most]
        return desk.rows(self.why, with_snoozed=self.everything, first=first, most=most)

    def url(self, name: str = "reporting:desk", **changes: str) -> str:
        shown = SNOOZED if self.snoozed else self.why.value if self.why else ""
        number = self.number.number if self.number else ""
        pairs = {"why": shown, "number": number, "with": SNOOZED if self.everything else "", **changes}
        if self.after:
            pairs.setdefault("after", kept.as_after(self.after))
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{_path(name)}?{query}" if query else _path(name)


@cache
def _path(name: str) -> str:
    return reverse(name)


@requires(Perm.REPORT_RUN)
@require_safe
@looked_up_once()
def desk(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The ranked list; the counts on top narrow it."""
    asked = Asked(request)
    found = asked.desk()
    page = _page(request, asked, total=asked.total(found))
    shown = asked.rows(found, first=page.offset, most=page.size)
    context = {
        "asked": asked,
        "tiles": _tiles(asked, found),
        "rows": [line.cells(place) for place, line in enumerate(found.lines(shown), start=page.first_row)],
        "page": page,
        "head_line": page.head_line.replace("Search Results", "on the list"),
        "sheet_url": asked.url("reporting:desk-sheet") if shown else "",
        "as_of": found.as_of,
        "offers_numbers": not reads.has_one_number(request.user),
        "numbers": number_labels.choices(reads.numbers_offered(request.user)),
        "again_url": asked.url(after=kept.as_after(found.as_of)) if found.may_be_older else "",
    }
    return render(request, "reporting/desk.html", context)


def _page(request: HttpRequest, asked: Asked, *, total: int) -> Page:
    size = DEFAULT_PAGE_SIZE
    number = read_number(request.GET.get("page"), total=total, size=size)
    last = max(1, -(-total // size))
    return Page(
        number=number,
        size=size,
        total=total,
        sizes=[],
        url_first=asked.url(page="1") if number > 1 else "",
        url_previous=asked.url(page=str(number - 1)) if number > 1 else "",
        url_next=asked.url(page=str(number + 1)) if number < last else "",
        url_last=asked.url(page=str(last)) if number < last else "",
    )


def _tiles(asked: Asked, found: Desk) -> list[dict[str, Any]]:
    everything: dict[str, Any] = {
        "label": "All",
        "count": found.count(),
        "why": "",
        "current": not (asked.why or asked.snoozed),
    }
    by_reason: list[dict[str, Any]] = [
        {"label": why.label, "count": found.count(why), "why": why.value, "current": asked.why is why} for why in Why
    ]
    put_aside: dict[str, Any] = {
        "label": "Snoozed",
        "count": len(found.snoozed),
        "why": SNOOZED,
        "current": asked.snoozed,
    }
    tiles = [everything, *by_reason, put_aside]
    return [
        {**tile, "figure": f"{tile['count']:,}", "url": asked.url(why=str(tile["why"]), **{"with": ""})}
        for tile in tiles
    ]


@requires(Perm.REPORT_RUN)
@require_safe
@looked_up_once()
def desk_sheet(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The call sheet: the first hundred rows with room to write, for the printer."""
    asked = Asked(request)
    found = asked.desk()
    lines = found.lines(asked.rows(found, first=0, most=ON_A_SHEET))
    audit.record("desk.printed", by=request.user, object_type="desk", details={"rows": len(lines)})
    context = {
        "asked": asked,
        "lines": [line.on_the_sheet() for line in lines],
        "left_out": max(asked.total(found) - ON_A_SHEET, 0),
        "back_url": asked.url(),
        "what": "Snoozed" if asked.snoozed else asked.why.label if asked.why else "All",
        "as_of": timezone.now(),
    }
    return render(request, "reporting/desk_sheet.html", context)


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_policy(request: AuthenticatedHttpRequest, policy_id: int) -> HttpResponse:
    """One policy: why, script, ways to reach the client, what was done so far, and what is done now."""
    policy = reads.policy_for(request.user, policy_id)
    if policy is None:
        raise Http404("No such policy of yours.")
    risk = reads.risk_of_policy(request.user, policy)
    return _row(request, policy, risk, today_state=policy.us_state)


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_application(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The same for an application, for those who may enroll."""
    application = reads.application_for(request.user, record_number)
    if application is None:
        raise Http404("No such application of yours.")
    risk = reads.risk_of_application(request.user, application)
    return _row(request, application, risk, today_state=application.us_state)


def _row(
    request: AuthenticatedHttpRequest, about: Policy | Application, risk: AtRisk | None, *, today_state: str
) -> HttpResponse:
    today = today_in(today_state or None)
    key = form_keys.readable(request.POST.get("form_key", ""))
    data = request.POST if request.method == "POST" and "back" not in request.POST else None
    form = OutreachForm(data, today=today, last_safe_day=risk.last_safe_day if risk else None)
    if request.method == "POST" and data is None:
        return _write(request, about, risk, Done(outcome=Outreach.Outcome.BACK), key)
    if data is not None and form.is_valid():
        return _write(request, about, risk, form.done(), key)
    if data is None:
        audit.record("desk.opened", by=request.user, **_audited(about))
    latest = latest_of(request.user, [risk] if risk else [])
    line = next(iter(lines_of(request.user, [risk] if risk else [], latest)), None)
    policy, application = _as_either(about)
    context = {
        "line": line,
        "explanation": reads.explanation_of(policy) if policy and risk else "",
        "status": status_text(policy) if policy else application.get_status_display() if application else "",
        "number_text": _number_text(about),
        "client_url": _record_url(about),
        "log": log_of(request.user, policy=policy, application=application),
        "snoozed_until": _snoozed_until(risk, latest, today),
        "form": form,
        "form_key": key if data is not None else form_keys.new_key(),
    }
    return render(request, "reporting/desk_row.html", context)


def _as_either(about: Policy | Application) -> tuple[Policy | None, Application | None]:
    return (about, None) if isinstance(about, Policy) else (None, about)


def _number_text(about: Policy | Application) -> str:
    if isinstance(about, Application):
        return f"Application {about.record_number}"
    return f"Account {about.account.number}" if about.account.number else f"E-App {about.eapp_number}"


def _record_url(about: Policy | Application) -> str:
    if isinstance(about, Policy):
        return client_url(about)
    return reverse("enrollment:application", args=[about.record_number])


def _audited(about: Policy | Application) -> dict[str, Any]:
    producer = about.producer_number.producer.npn
    if isinstance(about, Policy):
        return {"for_producer": producer, "object_type": "account", "object_id": about.account.audit_id}
    return {"for_producer": producer, "object_type": "application", "object_id": about.record_number}


def _snoozed_until(risk: AtRisk | None, latest: dict[str, Latest], today: date) -> str:
    last = latest.get(risk.key) if risk else None
    if risk is None or last is None or not is_snoozed(risk, last, today=today):
        return ""
    return as_text(last.snoozed_until)


def _write(
    request: AuthenticatedHttpRequest, about: Policy | Application, risk: AtRisk | None, done: Done, key: str
) -> HttpResponse:
    row, _is_new = outreach.log(
        about=about,
        why=risk.why if risk else None,
        done=done,
        by=request.user,
        at=timezone.now(),
        form_key=f"{request.user.pk}:{key}",
    )
    if row.outcome == Outreach.Outcome.BACK:
        messages.success(request, "The row is back on the list.")
    elif row.snoozed_until:
        messages.success(request, f"Written down. The row is back on the list on {as_text(row.snoozed_until)}.")
    else:
        messages.success(request, "Written down.")
    return redirect("reporting:desk")
