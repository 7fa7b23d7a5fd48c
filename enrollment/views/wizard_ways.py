"""What the pages of an application have in common: finding its parts, their addresses, and what is wrong on a page."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.http import AuthenticatedHttpRequest
from enrollment.models import Application
from enrollment.selectors import applications as application_selector
from enrollment.wizard.cards import CardList
from enrollment.wizard.sections import Section
from enrollment.wizard.steps import Step, step_of


@dataclass(frozen=True)
class PageError:
    """One line of the summary of what is wrong on the page."""

    href: str
    label: str
    text: str


def errors_of(form: Section) -> list[PageError]:
    """The form's messages with links to their fields."""
    found = [PageError("", form.title, str(text)) for text in form.non_field_errors()]
    for bound in form:
        target = bound.id_for_label or f"{bound.auto_id}_0"
        found += [PageError(f"#{target}", str(bound.label), str(text)) for text in bound.errors]
    return found


def turn_of(request: AuthenticatedHttpRequest) -> int:
    """How many times the page has been sent, this time included; 0 without scripts."""
    sent = request.POST.get("turn", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 7 else 0


def application_of(request: AuthenticatedHttpRequest, record_number: str) -> Application:
    row = application_selector.draft_for(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    return row


def step_named(slug: str) -> Step:
    found = step_of(slug)
    if found is None:
        raise Http404("No such step.")
    return found


def list_named(step: Step, name: str) -> type[CardList]:
    found = next((cards for cards in step.lists if cards.name == name), None)
    if found is None:
        raise Http404("No such list.")
    return found


def step_url(row: Application, step: Step, part: str = "") -> str:
    url = reverse("enrollment:application-step", args=[row.record_number, step.slug])
    return f"{url}#section-{part}" if part else url


def to_step(row: Application, step: Step, part: str = "") -> HttpResponse:
    return redirect(step_url(row, step, part))


def list_of(row: Application) -> str:
    return "failed" if row.status == Application.Status.FAILED else "incomplete"


def closed(request: AuthenticatedHttpRequest, row: Application, why: str) -> HttpResponse:
    messages.info(request, why)
    response = redirect("enrollment:application", row.record_number)
    if request.headers.get("HX-Request"):
        # The page that saved by itself goes there as a whole.
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response
