"""My Hierarchy: the producer's place, upline and downline, to read (HOM_09)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms.hierarchy import HierarchySearchForm
from accounts.http import AuthenticatedHttpRequest
from accounts.models import Producer
from accounts.selectors import hierarchy as selector
from portal.common import criteria
from portal.common.access import Perm, requires


@requires(Perm.HIERARCHY_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def hierarchy(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The own place; with ``?r=`` what a search found. Like everywhere, no name searched for stands in an address."""
    if request.method == "POST":
        form = HierarchySearchForm(request.POST)
        if form.is_valid():
            result_id = criteria.keep(request, {"hierarchy": form.cleaned_data})
            return redirect(f"{request.path}?r={result_id}")
        return _place_page(request, _own_record(request), form)
    if "r" in request.GET:
        return _matches_page(request, request.GET["r"])
    return _place_page(request, _own_record(request), HierarchySearchForm())


@requires(Perm.HIERARCHY_VIEW)
@require_safe
def hierarchy_branch(request: AuthenticatedHttpRequest, npn: str) -> HttpResponse:
    """One producer of the downline with those below; for the tree on an open page only the list of those below."""
    producer = get_object_or_404(Producer.objects.for_user(request.user), npn=npn)
    response = _branch(request, producer) if request.htmx else _place_page(request, producer, HierarchySearchForm())
    patch_vary_headers(response, ["HX-Request"])
    return response


def _own_record(request: AuthenticatedHttpRequest) -> Producer:
    return get_object_or_404(Producer.objects.for_user(request.user), pk=request.user.producer_id)


def _branch(request: AuthenticatedHttpRequest, producer: Producer) -> HttpResponse:
    place = selector.place_of(request.user, producer)
    return render(request, "accounts/_hierarchy_branch.html", {"nodes": place.node.children})


def _place_page(request: AuthenticatedHttpRequest, producer: Producer, form: HierarchySearchForm) -> HttpResponse:
    place = selector.place_of(request.user, producer)
    return render(request, "accounts/hierarchy.html", {"form": form, "place": place, "matches": None})


def _matches_page(request: AuthenticatedHttpRequest, result_id: str) -> HttpResponse:
    kept = criteria.recall(request, result_id)
    if kept is None or "hierarchy" not in kept:
        messages.info(request, "That search is no longer open. Please search again.")
        return redirect("accounts:hierarchy")
    matches = selector.search(request.user, kept["hierarchy"]["q"])
    form = HierarchySearchForm(initial=kept["hierarchy"])
    return render(request, "accounts/hierarchy.html", {"form": form, "place": None, "matches": matches})
