"""Edit Profile: who one is, the business contact by producer number, the way to a new password (PRF_01..05, PRF_09)."""

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.contact_fields import PhoneField
from accounts.forms.profile import NumberSwitchForm, ProfileForm, number_label
from accounts.http import AuthenticatedHttpRequest
from accounts.models import ProducerNumber
from accounts.rules.contact_masks import mask_email, mask_phone
from accounts.services import profile
from accounts.services.profile import ChangedMeanwhile
from portal.common.access import Perm, requires

SAVED_MEANWHILE = "Saved meanwhile: {saved}."
NOTHING = "nothing"


def _chosen(request: AuthenticatedHttpRequest) -> tuple[ProducerNumber | None, list[ProducerNumber]]:
    """The producer number asked for, or the first one, and all of the person's own. 404 for anybody else's."""
    producer = request.user.producer
    numbers = list(producer.numbers.order_by("us_state", "number")) if producer else []
    wanted = request.GET.get("number")
    if wanted is None:
        return (numbers[0] if numbers else None), numbers
    chosen = next((number for number in numbers if number.number == wanted), None)
    if chosen is None:
        raise Http404
    return chosen, numbers


@requires(Perm.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_profile(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One producer number at a time; delegates and carrier staff have none and see what is theirs (PRF_02, PRF_09)."""
    number, numbers = _chosen(request)
    if number is None:
        return _page(request, None, numbers, None)
    form = ProfileForm(request.POST if request.method == "POST" else None, number=number)
    if form.is_valid():
        try:
            saved = profile.update(
                number=number,
                contact=form.contact(),
                seen=form.cleaned_data["seen"],
                by=request.user,
                at=timezone.now(),
            )
        except ChangedMeanwhile as exc:
            form = _with_what_is_saved(request.POST, exc)
        else:
            query = {"number": number.number, **({"notified": "1"} if saved.notified else {})}
            return redirect(reverse("accounts:profile-updated", query=query))
    return _page(request, number, numbers, form)


def _with_what_is_saved(posted: QueryDict, conflict: ChangedMeanwhile) -> ProfileForm:
    """The form as it was sent, with the saved value beside each field that differs; sent again, it is saved."""
    data = posted.copy()
    data["seen"] = profile.stamp(conflict.saved)
    form = ProfileForm(data, number=conflict.saved)
    form.is_valid()
    form.add_error(None, str(conflict))
    for name, typed in form.contact().items():
        saved = getattr(conflict.saved, name)
        if saved != typed:
            shown = PhoneField().prepare_value(saved) if name == "phone" else saved
            form.add_error(name, SAVED_MEANWHILE.format(saved=shown or NOTHING))
    return form


def _page(
    request: AuthenticatedHttpRequest,
    number: ProducerNumber | None,
    numbers: list[ProducerNumber],
    form: ProfileForm | None,
) -> HttpResponse:
    user = request.user
    context = {
        "form": form,
        "who": _who(request),
        "number": number,
        "number_label": number_label(number) if number else "",
        "switch": _switch(number, numbers),
        "is_producer": user.producer is not None,
        "code_email": mask_email(user.security_email) if user.security_email else "",
        "code_mobile": mask_phone(user.security_mobile) if user.security_mobile else "",
        "register_state_url": _url_if_there("accounts:register-state") if user.producer else "",
    }
    return render(request, "accounts/profile.html", context)


def _who(request: AuthenticatedHttpRequest) -> list[tuple[str, str]]:
    """What is shown and never edited here (PRF_03)."""
    user = request.user
    facts = [("Name", user.get_full_name()), ("Username", user.username)]
    if user.producer is not None:
        return [*facts, ("National Producer Number", user.producer.npn)]
    return [*facts, ("Email Address", user.email), ("Role", user.get_role_display())]


def _switch(number: ProducerNumber | None, numbers: list[ProducerNumber]) -> NumberSwitchForm | None:
    if number is None or len(numbers) < 2:
        return None
    return NumberSwitchForm(numbers=numbers, initial={"number": number.number})


def _url_if_there(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@requires(Perm.SIGNED_IN)
@require_GET
def profile_updated(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The confirmation with ``Back to Profile Page`` (PRF_04)."""
    number, _ = _chosen(request)
    if number is None:
        raise Http404
    context = {
        "number": number,
        "number_label": number_label(number),
        "notified": request.GET.get("notified") == "1",
        "profile_url": reverse("accounts:profile", query={"number": number.number}),
    }
    return render(request, "accounts/profile_updated.html", context)
