"""The application step by step: its pages, autosave and the way between them (WIZ_02, WIZ_07, WIZ_08)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import AuthenticatedHttpRequest
from enrollment.forms.applications import StartForm
from enrollment.models import Application
from enrollment.selectors import wizard as selector
from enrollment.selectors.quotes import writing_numbers
from enrollment.selectors.read_once import answers_read_once
from enrollment.services import applications as application_service
from enrollment.services import drafts
from enrollment.services.drafts import Saved
from enrollment.views.wizard_ways import (
    PageError,
    application_of,
    closed,
    errors_of,
    list_named,
    list_of,
    step_named,
    to_step,
    turn_of,
)
from enrollment.wizard import finish
from enrollment.wizard.cards import CardList
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import Section, WizardContext
from enrollment.wizard.steps import STEPS, Step, next_of, place_of, previous_of, step_of
from portal.common import form_keys
from portal.common.access import Perm, requires
from portal.common.dates import as_text

SAVED = "Your entries were saved. Application {number} is among the Incomplete Applications until {day}."
THEIRS = "Nothing of yours was saved. Here is what was saved meanwhile."
LEVELS = {name: number for number, name in messages.DEFAULT_TAGS.items()}
OPENED = "{title} is now part of this page. Enter what applies, then press Next."
MINE = "Your entries were saved in place of those made meanwhile."


@dataclass
class DrawnPart:
    """A section or a list of cards as the page shows it."""

    name: str
    title: str
    template: str
    form: Section | None = None
    cards: type[CardList] | None = None
    rows: list[Any] = field(default_factory=list)
    why_no_more: str = ""
    # What is missing about the part as a whole.
    lacks: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_new(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Start New Application: Producer Information of an application off the exchange (WIZ_01, WIZ_05, HOM_12)."""
    numbers = writing_numbers(request.user)
    looking = request.POST.get("act") == "look-up"
    if request.method != "POST" or looking:
        filled = {"number": request.POST.get("number", "")[:20], "form_key": request.POST.get("form_key", "")[:40]}
        form = StartForm(user=request.user, numbers=numbers, initial=filled if looking else {})
    else:
        form = StartForm(request.POST, user=request.user, numbers=numbers)
        if form.is_valid() and form.chosen is not None:
            key = form.cleaned_data["form_key"]
            row = application_service.start_new(number=form.chosen, by=request.user, at=timezone.now(), form_key=key)
            return to_step(row, STEPS[0])
    return render(request, "enrollment/wizard/start.html", {"form": form, "has_numbers": bool(numbers)})


@requires(Perm.ENROLL)
@require_safe
def application_continue(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """To the step on which the application was left."""
    row = application_of(request, record_number)
    return to_step(row, step_of(row.last_step) or STEPS[0])


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_step(request: AuthenticatedHttpRequest, record_number: str, step: str) -> HttpResponse:
    """One step of the application. Every button saves what is there so far, whatever else it does."""
    row, here = application_of(request, record_number), step_named(step)
    if why := drafts.why_closed(row, today=WizardContext(row, request.user, timezone.now()).today):
        return closed(request, row, why)
    if request.method != "POST":
        wizard = WizardContext(row, request.user, timezone.now())
        check = request.GET.get("check") == "1"
        return _page(request, wizard, here, check=check)
    act = request.POST.get("act", "")
    if act == "use-theirs":
        messages.info(request, THEIRS)
        return to_step(row, here)
    try:
        saved = drafts.save_step(
            application=row,
            step=here,
            data=request.POST,
            by=request.user,
            at=timezone.now(),
            form_key=form_keys.readable(request.POST.get("form_key", "")),
            turn=turn_of(request),
            seen=request.POST.get("seen", ""),
            force=act == "use-mine",
            verb=_verb(act),
            enter=act == "enter",
        )
    except drafts.DraftClosed as exc:
        return closed(request, row, str(exc))
    if saved.conflict is not None:
        return _page(request, saved.wizard, here, saved=saved, autosave=request.POST.get("autosave", ""))
    if autosave := request.POST.get("autosave", ""):
        return _page(request, saved.wizard, here, saved=saved, autosave=autosave)
    return _after(request, saved, here, act)


def _after(request: AuthenticatedHttpRequest, saved: Saved, here: Step, act: str) -> HttpResponse:
    """What the button wanted, once everything is saved."""
    wizard, row = saved.wizard, saved.wizard.application
    if act == "exit":
        drafts.move_to(application=row, step=here)
        messages.success(request, SAVED.format(number=row.record_number, day=as_text(row.expires_on)))
        return redirect(f"{reverse('enrollment:applications')}?tab={list_of(row)}")
    if act == "previous":
        return _move(row, previous_of(here) or here)
    if act.startswith("go:"):
        target = step_named(act.removeprefix("go:"))
        return _move(row, target if selector.may_go_to(wizard, here, target) else here)
    if act.startswith(("open:", "drop:")):
        return _to_card(row, here, act)
    if saved.done is not None:
        if saved.done.message:
            messages.add_message(request, LEVELS[saved.done.level], saved.done.message)
        if saved.done.url:
            return redirect(saved.done.url)
        return to_step(row, here, part=saved.done_by)
    if act == "enter" and next_of(here) is None:
        return to_step(row, here)
    if act == "use-mine":
        messages.success(request, MINE)
        return to_step(row, here)
    if act in ("refresh", "") or act.startswith("do:"):
        return to_step(row, here)
    if missing_on(here, wizard):
        return _page(request, wizard, here, saved=saved, check=True)
    if act == "submit" and next_of(here) is None:
        return finish.finish(request, wizard, form_key=form_keys.readable(request.POST.get("form_key", "")))
    if saved.opened:
        messages.info(request, OPENED.format(title=saved.opened[0].title))
        return to_step(row, here, part=saved.opened[0].name)
    return _move(row, next_of(here) or here)


def _verb(act: str) -> tuple[str, str] | None:
    """(section, verb) of a button ``do:<section>:<verb>``."""
    parts = act.split(":", 2)
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "do" else None


def _move(row: Application, target: Step) -> HttpResponse:
    drafts.move_to(application=row, step=target)
    return to_step(row, target)


def _to_card(row: Application, here: Step, act: str) -> HttpResponse:
    kind, _, rest = act.partition(":")
    name, _, pk = rest.partition(":")
    list_named(here, name)
    args: list[Any] = [row.record_number, here.slug, name]
    if kind == "open" and pk == "new":
        return redirect("enrollment:application-card-add", *args)
    if not (pk.isascii() and pk.isdigit() and len(pk) < 20):
        raise Http404("No such entry.")
    page = "enrollment:application-card" if kind == "open" else "enrollment:application-card-delete"
    return redirect(page, *args, int(pk))


# --- one page ---


@answers_read_once()
def _page(
    request: AuthenticatedHttpRequest,
    wizard: WizardContext,
    here: Step,
    *,
    saved: Saved | None = None,
    check: bool = False,
    autosave: str = "",
) -> HttpResponse:
    """The step as it stands, or as it was sent; ``check`` says what is missing beside the fields.

    ``autosave`` names the section that was saved by itself: only what changes on the page comes back.
    """
    # Whatever arrived is kept by now, in rows or as text, unless somebody else's entries stand in the way.
    sent = saved.sections if saved and saved.conflict else {}
    # A part that is not shown keeps its place: it may open when the page is saved by itself.
    parts = [
        _draw(wizard, part, sent, check=check) if part.shown(wizard) else DrawnPart(part.name, part.title, "")
        for part in here.parts
    ]
    conflict = saved.conflict if saved else None
    row = wizard.application
    errors = _errors(parts)
    if check and not conflict:
        errors = _lacking(wizard, here, parts)
    context: dict[str, Any] = {
        "application": row,
        "step": here,
        "place": place_of(here) + 1,
        "count": len(STEPS),
        "parts": parts,
        "errors": errors,
        "header": selector.header_of(wizard),
        "conflict": conflict,
        # What the page has seen stays as it was until somebody has chosen between two people's entries.
        "seen": request.POST.get("seen", "") if conflict else drafts.page_stamp(wizard, here),
        "form_key": form_keys.readable(request.POST.get("form_key", "")),
        "turn": turn_of(request),
        "is_last": next_of(here) is None,
        "is_first": previous_of(here) is None,
        "list_url": f"{reverse('enrollment:applications')}?tab={list_of(row)}",
    }
    if autosave:
        changed = next((part.redraws for part in here.sections if part.name == autosave), ())
        context["redrawn"] = [] if conflict else [part for part in parts if part.name in changed]
        return render(request, "enrollment/wizard/autosave.html", context)
    context["steps"] = selector.step_links(wizard, here)
    return render(request, "enrollment/wizard/step.html", context)


def _draw(wizard: WizardContext, part: Any, sent: dict[str, Section], *, check: bool) -> DrawnPart:
    if issubclass(part, CardList):
        return DrawnPart(
            part.name,
            part.title,
            part.template,
            cards=part,
            rows=part.rows(wizard),
            why_no_more=part.why_no_more(wizard),
            more=part.context(wizard),
        )
    form = sent.get(part.name)
    if form is None:
        form = part.as_kept(wizard) if check else part.unsent(wizard)
    if check:
        form.demand()
    return DrawnPart(part.name, part.title, part.template, form=form, more=form.context())


def _errors(parts: Sequence[DrawnPart]) -> list[PageError]:
    """Every message of the page, in its order, with a link to the field."""
    found = []
    for part in parts:
        if part.form is not None:
            found += errors_of(part.form)
    return found


def _lacking(wizard: WizardContext, here: Step, parts: Sequence[DrawnPart]) -> list[PageError]:
    """Everything that is missing on the step as lines of the summary; what concerns a part as a whole goes to it too."""
    by_name = {part.name: part for part in parts}
    found = []
    for one in missing_on(here, wizard):
        place = f"#id_{one.section}-{one.field}" if one.field else f"#section-{one.section}"
        part = by_name.get(one.section)
        if part is not None and part.form is not None and one.field in part.form.fields:
            bound = part.form[one.field]
            place = f"#{bound.id_for_label or f'{bound.auto_id}_0'}"
        elif part is not None and one.card is None:
            # What the part's own box says already is not said above it once more.
            part.lacks += [] if one.sentence in part.more.get("lacking", ()) else [one.sentence]
        found.append(PageError(place, one.label, one.sentence))
    return found
