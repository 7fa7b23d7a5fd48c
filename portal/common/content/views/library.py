"""Resources and News, and the search over all content (ISS_04, ISS_08).

What is typed into the search box is POSTed and kept with the session, like a client search: somebody will type a
client's name into it, and addresses end up in logs.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from portal.common import audit, criteria
from portal.common.access import Perm, requires
from portal.common.content import audience, markdown
from portal.common.content.forms.library import ContentSearchForm, ResourceChoicesForm
from portal.common.content.models import NewsItem, Resource
from portal.common.content.selectors import library
from portal.common.dates import US_STATES, today_in
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.paging import Page, read_number

RESOURCES_A_PAGE = 50
NEWS_A_PAGE = 20


@requires(Perm.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def resources(request: HttpRequest) -> HttpResponse:
    """Forms, guides, brochures, rates and links, narrowed by choices; with words also the news and courses that have them."""
    today, own = today_in(), audience.own_states(request.user)
    years = library.plan_years(on=today)
    if request.method == "POST":
        form = ResourceChoicesForm(request.POST, own_states=own, plan_years=years)
        if form.is_valid():
            return redirect(_address(_kept(request, form.cleaned_data)))
        return _resources_page(request, form, {}, own)
    text = ""
    if "r" in request.GET:
        kept = criteria.recall(request, request.GET["r"])
        if kept is None or "content" not in kept:
            messages.info(request, "That search is no longer open. Please search again.")
            return redirect("content:resources")
        text = kept["content"]
    asked = _understood(request, own, years)
    form = ResourceChoicesForm(initial={**asked, "q": text}, own_states=own, plan_years=years)
    return _resources_page(request, form, {**asked, "q": text}, own)


def _kept(request: HttpRequest, cleaned: dict[str, Any]) -> dict[str, str]:
    """What may stand in an address: codes, and the id under which the words are kept."""
    params = {name: str(cleaned[name]) for name in ("state", "kind", "product", "plan_year") if cleaned[name]}
    return {**params, "r": criteria.keep(request, {"content": cleaned["q"]})} if cleaned["q"] else params


def _understood(request: HttpRequest, own: list[str], years: list[int]) -> dict[str, Any]:
    """The choices in the address; one that is not offered counts as none."""
    fields = ResourceChoicesForm(own_states=own, plan_years=years).fields
    asked = {}
    for name in ("state", "kind", "product", "plan_year"):
        try:
            asked[name] = fields[name].clean(request.GET.get(name, ""))
        except ValidationError:
            asked[name] = fields[name].clean("")
    return asked


def _address(params: dict[str, str], view: str = "content:resources") -> str:
    return f"{reverse(view)}?{urlencode(params)}" if params else reverse(view)


def _resources_page(
    request: HttpRequest, form: ResourceChoicesForm, asked: dict[str, Any], own: list[str]
) -> HttpResponse:
    now, text, choice = timezone.now(), asked.get("q", ""), asked.get("state", "")
    states = _states(choice, own)
    narrowed = {name: asked.get(name) for name in ("kind", "product", "plan_year")}
    rows = library.resources(
        on=today_in(),
        text=text,
        states=states,
        kind=asked.get("kind", ""),
        product=asked.get("product", ""),
        plan_year=asked.get("plan_year"),
    )
    page = _page(request, rows.count(), RESOURCES_A_PAGE)
    lines = library.resource_lines(rows[page.offset : page.offset + page.size], text=text)
    # Only resources have a kind, a product and a year that could be chosen.
    besides = bool(text) and not any(narrowed.values())
    found = library.found_besides(text, at=now, states=states) if besides else library.Found()
    context = {
        "form": form,
        "text": text,
        "groups": [] if text else library.by_kind(lines),
        "lines": lines if text else [],
        "found": found,
        "page": page,
        "nothing": not page.total and not found.news and not found.courses,
        "narrowed": bool(text or choice or any(narrowed.values())),
        "states": _whose_states(choice, own),
        "all_states_url": _with(request, state=library.ALL_STATES, page="") if choice == "" and own else "",
        "own_states_url": _with(request, state="", page="") if choice and own else "",
    }
    return render(request, "content/resources.html", context)


def _states(choice: str, own: list[str]) -> list[str]:
    """The states asked for: one, the person's own, or (empty) all."""
    if choice == library.ALL_STATES:
        return []
    return [choice] if choice in US_STATES else own


def _whose_states(choice: str, own: list[str]) -> str:
    """The states asked for in words, such as "your states: Illinois, Texas"."""
    states = _states(choice, own)
    named = library.states_as_text(states) if states else "all states"
    return f"your states: {named}" if states and choice == "" else named


def _with(request: HttpRequest, **changes: str) -> str:
    """This page's address with some parameters changed; an empty one is left out."""
    params = {**{name: request.GET[name] for name in request.GET}, **changes}
    return _address({name: value for name, value in params.items() if value}, str(_view_name(request)))


def _view_name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _page(request: HttpRequest, total: int, size: int) -> Page:
    number = read_number(request.GET.get("page"), total=total, size=size)
    last = max(1, -(-total // size))

    def url(wanted: int) -> str:
        return _with(request, page=str(wanted)) if 1 <= wanted <= last and wanted != number else ""

    return Page(
        number=number,
        size=size,
        total=total,
        sizes=[],
        url_first=url(1),
        url_previous=url(number - 1),
        url_next=url(number + 1),
        url_last=url(last),
    )


@requires(Perm.SIGNED_IN)
@require_GET
def resource_download(request: HttpRequest, resource_id: int) -> HttpResponseBase:
    """The file of a resource, always as a download. One of another state opens too: states are relevance, not secrecy."""
    shown = Resource.objects.shown(today_in()).filter(file__isnull=False).select_related("file")
    resource = get_object_or_404(shown.defer("search"), pk=resource_id)
    if resource.file is None:
        raise Http404
    try:
        response = as_attachment(resource.file)
    except NotReleased:
        messages.warning(request, "This file cannot be opened yet. It is being checked; please try again later.")
        return redirect("content:resources")
    user: Any = request.user
    audit.record(
        "resource.downloaded",
        by=user,
        for_producer=user.npn_worked_for(None),
        object_type="resource",
        object_id=str(resource.pk),
    )
    return response


@requires(Perm.SIGNED_IN)
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What is new for the person's states, pinned items first; ``?state=ALL`` shows every state's."""
    own = audience.own_states(request.user)
    choice = library.ALL_STATES if request.GET.get("state") == library.ALL_STATES else ""
    rows = library.news(at=timezone.now(), states=_states(choice, own))
    page = _page(request, rows.count(), NEWS_A_PAGE)
    context = {
        "search": ContentSearchForm(),
        "items": library.news_lines(rows[page.offset : page.offset + page.size]),
        "page": page,
        "states": _whose_states(choice, own),
        "all_states_url": _with(request, state=library.ALL_STATES, page="") if own and not choice else "",
        "own_states_url": _with(request, state="", page="") if own and choice else "",
    }
    return render(request, "content/news.html", context)


@requires(Perm.SIGNED_IN)
@require_safe
def news_item(request: HttpRequest, slug: str) -> HttpResponse:
    """One item, also of another state: states are relevance, not secrecy. Drafts and withdrawn items do not exist."""
    item = get_object_or_404(NewsItem.objects.published(timezone.now()).defer("search"), slug=slug)
    return render(request, "content/news_item.html", news_item_context(item))


def news_item_context(item: NewsItem, preview_note: str = "") -> dict[str, Any]:
    """What the page of an item shows; the administration previews drafts with it."""
    return {
        "item": item,
        "body": markdown.to_html(item.body),
        "states": library.states_as_text(item.states),
        "preview_note": preview_note,
    }
