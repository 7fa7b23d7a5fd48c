"""Changes for the member system: the queue with its ages, what failed, and the demo's simulated member system (CON_03)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.timesince import timesince

from accounts.models import User
from clients.membersystem import figures
from clients.membersystem.answers import overdue_after, unanswered
from clients.membersystem.wording import Line, payload_lines
from clients.models import MemberChange, SimulatedMemberSystem, SimulatedReceipt
from clients.services import member_changes
from clients.services.member_changes import CannotSettle
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue

Status, Kind = MemberChange.Status, MemberChange.Kind
OPEN, FAILED = (Status.PENDING, Status.SENT), (Status.DEAD, Status.REJECTED)
LONGEST_NOTE = 500
HIDDEN = "(hidden)"
# What a change holds stands elsewhere in the administration too: whoever may read it there may read it here.
READ_WITH = {Kind.CONTACT.value: "clients.view_contactpoint", Kind.PCP.value: "clients.view_pcpassignment"}


class ViewFilter(admin.SimpleListFilter):
    """The queue is what waits; what failed is the list to work through."""

    title = "view"
    parameter_name = "view"
    waiting = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("failed", "Rejected or given up"),
            ("unanswered", "Not answered for a day"),
            *((status.value, str(status.label)) for status in Status if status not in OPEN),
            ("all", "All"),
        ]

    def wanted(self, request: HttpRequest) -> str:
        """What is looked up is looked up everywhere."""
        return self.value() or ("all" if request.GET.get(SEARCH_VAR, "").strip() else self.waiting)

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        wanted = self.value() or ("all" if changelist.query else self.waiting)
        query = changelist.get_query_string({self.parameter_name: self.waiting})
        yield {
            "selected": wanted == self.waiting,
            "query_string": query if changelist.query else first["query_string"],
            "display": "Waiting",
        }
        for other, (value, _) in zip(others, self.lookup_choices, strict=True):
            yield {**other, "selected": wanted == value}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.wanted(request)
        if wanted == "all" or _picks_rows(request):
            return queryset
        if wanted == self.waiting:
            return queryset.filter(status__in=OPEN)
        if wanted == "failed":
            return queryset.filter(status__in=FAILED)
        if wanted == "unanswered":
            return queryset.filter(pk__in=unanswered(timezone.now()).values("pk"))
        return queryset.filter(status=wanted) if wanted in Status.values else queryset.none()


def _picks_rows(request: HttpRequest) -> bool:
    """Ticked rows are acted on, whatever has become of them since the page was shown: the action says so."""
    return request.method == "POST" and request.POST.get("select_across", "0") == "0"


class NoteForm(forms.Form):
    """Why a change is not to be sent any more."""

    note = forms.CharField(
        label="Note",
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "maxlength": LONGEST_NOTE}),
        max_length=LONGEST_NOTE,
        help_text="What was done instead, for whoever looks later. No health data and no names.",
        error_messages={"required": "Say why the change is not to be sent any more."},
    )


@admin.register(MemberChange)
class MemberChangeAdmin(ReadMostlyAdmin):
    """The queue. Rows are changed by its actions only."""

    change_list_template = "admin/clients/member_change_list.html"
    change_form_template = "admin/clients/member_change_form.html"
    list_display = ("id", "kind", "account", "status", "age", "not_before", "attempts")
    list_filter = (ViewFilter, "kind")
    queues = (
        Queue(label="Changes for the member system that failed", order=100, filters={"view": "failed"}, is_fault=True),
        Queue(label="Changes not answered for a day", order=110, filters={"view": "unanswered"}, is_fault=True),
        Queue(label="Changes on their way to the member system", order=120),
    )
    list_select_related = (
        "account",
        "member",
        "policy__producer_number__producer",
        "created_by",
        "closed_by",
        "superseded_by",
    )
    search_fields = ("account__number__exact", "idempotency_key__exact", "bgn02__exact", "isa13__exact")
    search_help_text = "Account number, transaction reference, interchange control number or idempotency key"
    hidden_fields = ("payload", "lease_owner")
    readonly_fields = ("what_changes",)
    actions = ("retry", "close_with_note")

    class Media:
        css: ClassVar = {"all": ["portal/admin-files.css", "portal/admin-member-changes.css"]}

    def for_producer(self, obj: MemberChange) -> str:
        return obj.policy.producer_number.producer.npn

    def has_settle_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("clients.change_memberchange"))

    # The queue

    def get_list_display(self, request: HttpRequest) -> Any:
        """What failed says why; what waits says since when and until when."""
        waits = request.GET.get(ViewFilter.parameter_name, ViewFilter.waiting) == ViewFilter.waiting
        if waits and not request.GET.get(SEARCH_VAR):
            return self.list_display
        return ("id", "kind", "account", "status", "created_at", "attempts", "last_error")

    def get_ordering(self, request: HttpRequest) -> Any:
        """Longest waiting first; what is looked up beside the queue, newest first."""
        asked = request.GET.get(ViewFilter.parameter_name) or request.GET.get(SEARCH_VAR)
        return ("-id",) if asked and asked != ViewFilter.waiting else ("id",)

    @admin.display(description="Age")
    def age(self, obj: MemberChange) -> str:
        """Since when it waits to be sent or answered; nothing for what is settled."""
        if obj.status not in OPEN:
            return ""
        late = obj.status == Status.PENDING and timezone.now() - obj.created_at > overdue_after()
        return timesince(obj.created_at, depth=2) + (", overdue" if late else "")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        found = figures.figures(now := timezone.now())
        oldest = timesince(now - found.oldest_pending, now, depth=2) if found.oldest_pending is not None else ""
        context = {"figures": found, "oldest_pending": oldest, "queue_lines": _lines(found)}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # One change

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What changes stands first; who may not read it elsewhere reads only of which kinds it is."""
        names = [name for name in super().get_fields(request, obj) if name != "what_changes"]
        return [*names[:4], "what_changes", *names[4:]]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            user: Any = request.user
            needed = READ_WITH.get(obj.kind)
            obj.shows_values = needed is None or user.has_perm(needed)
        return obj

    @admin.display(description="What changes")
    def what_changes(self, obj: MemberChange) -> str:
        """Before and after, field by field, out of what the kind is known to hold; nothing else of the payload."""
        lines = payload_lines(obj.kind, obj.payload)
        shown = lines if getattr(obj, "shows_values", False) else [_hidden(line) for line in lines]
        return format_html_join("", '<div class="change-line"><b>{}</b>: {} → {}</div>', shown) or "-"

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["may_settle"] = (
            obj is not None and self.has_settle_permission(request) and _can_be_settled(obj, timezone.now())
        )
        return super().render_change_form(request, context, add, change, form_url, obj)

    # What staff do

    @admin.action(description="Retry", permissions=["settle"])
    def retry(self, request: HttpRequest, queryset: QuerySet[MemberChange]) -> None:
        """Back in the queue under the same key."""
        me, now = cast(User, request.user), timezone.now()
        self._each(
            request,
            queryset,
            lambda change: member_changes.retry(change=change, by=me, now=now),
            "put back in the queue, to be sent within a minute",
        )

    @admin.action(description="Close with note", permissions=["settle"])
    def close_with_note(self, request: HttpRequest, queryset: QuerySet[MemberChange]) -> HttpResponse | None:
        """Asks for the note on a page of its own, then closes."""
        form = NoteForm(request.POST if "note" in request.POST else None)
        if not form.is_valid():
            rows = queryset.select_related("account").order_by("pk")
            context = {
                **self.admin_site.each_context(request),
                "title": "Close changes with a note",
                "lead": "These changes will not be sent any more:",
                "action": "close_with_note",
                "button": "Close with note",
                "opts": self.opts,
                "form": form,
                "media": self.media,
                "rows": [
                    (row.pk, f"#{row.pk}: {row.get_kind_display()}, account {row.account}, {row.get_status_display()}")
                    for row in rows
                ],
            }
            return TemplateResponse(request, "admin/ask_why.html", context)
        me, now, note = cast(User, request.user), timezone.now(), form.cleaned_data["note"]
        self._each(
            request,
            queryset,
            lambda change: member_changes.close(change=change, note=note, by=me, now=now),
            "closed",
        )
        return None

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[MemberChange],
        act: Callable[[MemberChange], object],
        done_words: str,
    ) -> None:
        done = 0
        with one_by_one():
            for change in queryset.order_by("pk"):
                try:
                    act(change)
                    done += 1
                except CannotSettle as exc:
                    self.message_user(request, str(exc), messages.ERROR)
        if done:
            what = "1 change" if done == 1 else f"{done} changes"
            self.message_user(request, f"{what} {done_words}.", messages.SUCCESS)


def _hidden(line: Line) -> Line:
    return Line(line.what, HIDDEN if line.before else "none", HIDDEN if line.after else "none")


def _lines(found: figures.Figures) -> list[tuple[str, int, str]]:
    """How many there are of what needs a look, and where they are listed."""
    return [
        ("Pending", found.by_status[Status.PENDING], ""),
        ("Sent, not answered yet", found.by_status[Status.SENT], ""),
        ("Not answered for a day", found.unanswered, "?view=unanswered"),
        ("Rejected", found.by_status[Status.REJECTED], "?view=REJECTED"),
        ("Given up", found.by_status[Status.DEAD], "?view=DEAD"),
    ]


def _can_be_settled(obj: MemberChange, now: datetime) -> bool:
    return obj.status in FAILED or unanswered(now).filter(pk=obj.pk).exists()


class SimulatedMemberSystemAdmin(ReadMostlyAdmin):
    """How the simulated member system behaves: normal, slow, down, rejecting, or answering later."""

    audits_views = False
    list_display = ("__str__", "mode", "slow_seconds", "answer_after_minutes")
    editable_fields: ClassVar[Sequence[str]] = ("mode", "slow_seconds", "answer_after_minutes")
    hidden_fields = ("next_number",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The one row; as it is by default where it is missing."""
        return super().get_object(request, object_id, from_field) or SimulatedMemberSystem()


class SimulatedReceiptAdmin(ReadMostlyAdmin):
    """What the simulated member system has received: one row a transaction, however often it was delivered."""

    audits_views = False
    list_display = ("reference", "kind", "accepted", "deliveries", "received_at", "answer_due_at", "answer_read_at")
    list_filter = ("accepted", "kind")
    search_fields = ("reference__exact",)
    search_help_text = "Transaction reference"


if settings.DEMO_MAILBOX:
    admin.site.register(SimulatedMemberSystem, SimulatedMemberSystemAdmin)
    admin.site.register(SimulatedReceipt, SimulatedReceiptAdmin)
