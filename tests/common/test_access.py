from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from portal.common.access import (
    CARRIER_ADMIN_PERMS,
    DELEGATE_BASE_PERMS,
    PERMS_BY_SCOPE,
    PRODUCER_PERMS,
    DelegateScope,
    Perm,
    public,
    requires,
)

pytestmark = pytest.mark.no_db


def ok(_request, *args, **kwargs):
    return HttpResponse(f"{args} {kwargs}")


def person(*perms, is_authenticated=True):
    return SimpleNamespace(is_authenticated=is_authenticated, has_portal_perm=lambda perm: perm in perms)


def answer(view, user, *args, **kwargs):
    request = RequestFactory().get("/")
    request.user = user
    return view(request, *args, **kwargs)


def test_a_holder_of_the_right_comes_in_with_all_arguments():
    view = requires(Perm.REPORT_RUN)(ok)
    assert answer(view, person(Perm.REPORT_RUN), 1, number="2").content == b"(1,) {'number': '2'}"


@pytest.mark.parametrize(
    "user",
    [person(), person(Perm.CLIENT_VIEW), person(Perm.REPORT_RUN, is_authenticated=False)],
    ids=["no right at all", "another right", "not signed in"],
)
def test_everybody_else_is_refused(user):
    with pytest.raises(PermissionDenied):
        answer(requires(Perm.REPORT_RUN)(ok), user)


@pytest.mark.parametrize("nonsense", ["client_vew", "", ok, None])
def test_a_right_that_does_not_exist_is_refused_when_the_view_is_declared(nonsense):
    with pytest.raises(ValueError, match="is not a valid Perm"):
        requires(nonsense)


def test_a_guarded_view_says_what_it_requires_and_keeps_its_name():
    view = requires(Perm.CLIENT_VIEW)(ok)
    assert (view.access_rule, view.__name__) == (Perm.CLIENT_VIEW, "ok")
    assert getattr(view, "login_required", True)


def test_a_public_view_is_open_to_strangers_and_says_so():
    view = public(ok)
    assert answer(view, person(is_authenticated=False)).status_code == 200
    assert (view.access_rule, view.login_required) == ("public", False)


def test_making_a_view_public_leaves_the_function_itself_alone():
    public(ok)
    assert not hasattr(ok, "login_required")
    assert not hasattr(ok, "access_rule")


def test_every_scope_a_delegate_can_hold_is_translated_into_rights():
    assert set(PERMS_BY_SCOPE) == set(DelegateScope)
    assert all(PERMS_BY_SCOPE.values())


@pytest.mark.parametrize(
    "perm", [Perm.ENROLL_ON_EXCHANGE, Perm.DELEGATES_MANAGE, Perm.HIERARCHY_VIEW, Perm.CARRIER_ADMIN]
)
def test_no_set_of_scopes_gives_a_delegate_what_only_others_may_do(perm):
    everything = DELEGATE_BASE_PERMS.union(*PERMS_BY_SCOPE.values())
    assert perm not in everything


def test_seeing_clients_and_serving_them_are_two_scopes():
    assert Perm.CLIENT_SERVICE not in PERMS_BY_SCOPE[DelegateScope.VIEW]
    assert Perm.CLIENT_VIEW not in PERMS_BY_SCOPE[DelegateScope.SERVICE]


def test_producers_do_everything_except_the_carriers_own_work():
    assert frozenset(Perm) - PRODUCER_PERMS == {Perm.CARRIER_ADMIN}


def test_carrier_staff_sell_nothing():
    assert CARRIER_ADMIN_PERMS & {Perm.ENROLL, Perm.ENROLL_ON_EXCHANGE, Perm.COMMISSIONS_VIEW} == frozenset()


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_public_view_knows_the_rights_of_whoever_is_signed_in_before_its_page_is_made(signed_in):
    """The frame of the page shows what the person may open; a template that had to ask would fail."""
    asked = []
    user = SimpleNamespace(is_authenticated=signed_in, has_portal_perm=asked.append)

    def view(_request):
        assert asked == ([Perm.SIGNED_IN] if signed_in else [])
        return HttpResponse()

    answer(public(view), user)
