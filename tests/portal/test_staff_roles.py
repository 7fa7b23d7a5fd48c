"""What each role of the carrier's staff reaches: the table against every page, action and address of the administration."""

import re
from ipaddress import ip_network
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from django.urls import resolve, reverse

from accounts.models import User
from clients.models import Account
from portal.common import staff_roles
from portal.common.access import Perm
from portal.common.models import AuditEvent
from portal.common.notifications import kinds
from portal.common.staff_roles import PAGES, StaffRole
from tests.support import pages
from tests.support.factories import UserFactory
from tests.support.signing_in import half_signed_in
from tests.support.urls import addresses

DESK, ENROLLMENT, CONTENT, AUDITOR = StaffRole.values
ROLES = [DESK, ENROLLMENT, CONTENT, AUDITOR]
REGISTERED = {page.opts.label_lower: page for page in admin.site._registry.values()}
PARTS = {inline.model._meta.label_lower for page in REGISTERED.values() for inline in page.inlines}
NOBODYS = "987654321"  # the number of no row
STANDARD = ("changelist", "change", "add", "delete", "history", "csv")

# Said here once more, by hand: a role that gains or loses something is to be noticed, whatever the table says.
WORKS_ON = {
    DESK: {
        "accounts.registrationrequest",
        "accounts.stateregistration",
        "accounts.user",
        "content.trainingcompletion",
        "ecomm.documentsubmission",
        "ecomm.equestion",
        "ecomm.issuereport",
    },
    ENROLLMENT: {
        "clients.memberchange",
        "clients.pcpassignment",
        "clients.x12file",
        "common.outboxmessage",
        "enrollment.application",
        "enrollment.evidenceitem",
        "enrollment.payment",
        "enrollment.submission",
        "enrollment.submittedpolicy",
    },
    CONTENT: {
        "accounts.termsversion",
        "content.agentgroup",
        "content.contactline",
        "content.contactproduct",
        "content.newsitem",
        "content.privacystatement",
        "content.resource",
        "content.trainingcourse",
        "ecomm.cannedanswer",
        "enrollment.applicationtext",
    },
    AUDITOR: set(),
}
QUEUES = {
    DESK: {
        "Registrations of new producers",
        "Registrations of one more state",
        "Documents to look at",
        "E-Questions to answer",
        "Reported issues",
    },
    ENROLLMENT: {
        "Papers of applications that are late",
        "Applications that failed",
        "Enrollments taken twice",
        "Payments to look into",
        "Changes for the member system that failed",
        "Changes not answered for a day",
        "Changes on their way to the member system",
        "834 files in quarantine",
        "834 files without an answer",
        "Given up deliveries and jobs",
    },
    CONTENT: set(),
    AUDITOR: set(),
}


def labels_with(role: str, right: str) -> set[str]:
    return {label for label, page in PAGES.items() if right in page.rights_of(role)}


# Nothing without a decision


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_every_page_of_the_administration_is_in_the_table_and_nothing_else():
    """A page that is registered without a row here fails: say in PAGES who may do what with it."""
    assert set(PAGES) == set(REGISTERED) | PARTS


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize("label", sorted(REGISTERED))
def test_every_action_is_in_the_table_and_needs_more_than_a_look(label):
    page = REGISTERED[label]
    named = {action if isinstance(action, str) else action.__name__ for action in page.actions}
    assert named == set(PAGES[label].actions)
    assert set(PAGES[label].actions.values()) <= {staff_roles.CHANGE, staff_roles.ADD}
    for action, _, _ in page._get_base_actions():
        needed = getattr(action, "allowed_permissions", [])
        assert needed, (label, action)
        assert "view" not in needed, (label, action)


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_every_address_of_the_administration_is_in_the_table():
    found = {a.name.removeprefix("admin:") for a in addresses() if a.is_admin and a.name}
    stems = {label.replace(".", "_"): label for label in REGISTERED}
    own = {
        name
        for name in found - staff_roles.FREE_VIEWS
        if not any(name == f"{stem}_{end}" for stem in stems for end in STANDARD)
    }
    decided = {f"{label.replace('.', '_')}_{end}" for label, page in PAGES.items() for end in page.views}
    assert own == decided | {"view_on_site"}  # any row's address by its number: administrators only


@pytest.mark.no_db
@pytest.mark.parametrize("role", ROLES)
def test_what_nobody_has_decided_about_is_closed(role):
    clerk = SimpleNamespace(is_superuser=False, has_perm=staff_roles.permissions_of(role).__contains__)
    assert not staff_roles.may_open(clerk, "clients_account_everything")
    assert not staff_roles.may_open(clerk, "view_on_site")
    assert not staff_roles.may_act(clerk, "accounts.user", "delete_everything")
    assert not staff_roles.may_act(clerk, "clients.unheard_of", "retry")


# What the roles are for


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize("role", ROLES)
def test_each_role_works_on_what_it_is_for_and_nothing_else(role):
    assert labels_with(role, "change") == WORKS_ON[role]
    assert staff_roles.DUTIES[role]


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_the_auditor_reads_everything_and_has_no_right_that_changes_anything():
    rights = {right for page in PAGES.values() for right in page.rights_of(AUDITOR)}
    assert rights == {"view", "export", "open"}
    assert set(PAGES) - labels_with(AUDITOR, "view") == {"common.mailboxentry"}  # of the demo: it holds codes
    assert {"common.auditevent", "common.auditlink"} <= labels_with(AUDITOR, "export")


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_the_auditor_gets_no_bytes_of_clients_and_nobody_but_administrators_lists_of_them_as_files():
    assert labels_with(AUDITOR, "open") == {"content.resource"}
    clients = {"account", "member", "contactpoint", "policy", "coverage", "prospect", "pcpassignment"}
    for role in ROLES:
        assert labels_with(role, "export") & {f"clients.{name}" for name in clients} == set()
        assert Perm.REPORT_RUN not in staff_roles.portal_perms(role)


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_content_editors_see_texts_and_nothing_about_anybodys_health_or_person():
    assert labels_with(CONTENT, "view") == WORKS_ON[CONTENT]
    assert staff_roles.portal_perms(CONTENT) == {Perm.SIGNED_IN, Perm.CARRIER_ADMIN}


@pytest.mark.no_db
@pytest.mark.feature("ADM_01")
def test_only_administrators_keep_staff_accounts_and_only_auditors_read_the_trail_besides():
    for role in ROLES:
        assert PAGES["accounts.staffaccount"].rights_of(role) == (staff_roles.READ if role == AUDITOR else frozenset())
    readers = {role for role in ROLES if "common.auditevent" in labels_with(role, "view")}
    assert readers == {AUDITOR}


@pytest.mark.no_db
def test_no_role_can_do_more_in_the_portal_than_an_administrator():
    everything = {Perm.SIGNED_IN, Perm.CLIENT_VIEW, Perm.CLIENT_SERVICE, Perm.REPORT_RUN, Perm.CARRIER_ADMIN}
    assert all(staff_roles.portal_perms(role) < everything for role in ROLES)
    assert staff_roles.portal_perms("") == {Perm.SIGNED_IN}
    assert staff_roles.permissions_of("") == staff_roles.permissions_of("ADMINISTRATOR") == frozenset()


# The table against the administration


@pytest.fixture
def ask(rf: RequestFactory):
    """The answer of an address of the administration to somebody, without the frame: its status."""

    def asked(user: User, url: str) -> int:
        request = rf.get(url)
        request.user, request.session = user, {}
        request._messages = CookieStorage(request)
        request.resolver_match = match = resolve(urlsplit(url).path)
        try:
            return match.func(request, *match.args, **match.kwargs).status_code
        except PermissionDenied:
            return 403
        except Http404:
            return 404

    return asked


def doors(label: str) -> list[tuple[str, str]]:
    """Address and right of everything a page has; the rows asked for do not exist."""
    page, stem = PAGES[label], f"admin:{label.replace('.', '_')}"
    found = [(reverse(f"{stem}_changelist"), "view"), (reverse(f"{stem}_csv"), "export")]
    found += [
        (reverse(f"{stem}_{end}", args=[NOBODYS]), right) for end, right in (("change", "view"), ("delete", "delete"))
    ]
    found.append((reverse(f"{stem}_add"), "add"))
    for end, right in page.views.items():
        route = next(a.route for a in addresses() if a.name == f"{stem}_{end}")
        found.append(("/" + re.sub(r"<[^>]+>", NOBODYS, route), str(right)))
    return found


@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize("gate", ["with the table at the door", "by the pages' own checks"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.sampled(4)
def test_every_address_is_open_exactly_to_the_roles_it_is_meant_for(role, gate, ask, monkeypatch):
    """Twice over: the site asks the table about every address, and each page asks for itself, should one be forgotten."""
    clerk = UserFactory(clerk=True, staff_role=role)
    alone = gate.startswith("by")
    if alone:
        monkeypatch.setattr(staff_roles, "may_open", lambda user, name: True)
    wrong = []
    for label in REGISTERED:
        rights = PAGES[label].rights_of(role)
        for url, right in doors(label):
            status, expected = ask(clerk, url), right in rights
            # An address of the page's own may say first that there is no such row.
            closed = (403, 404) if alone and NOBODYS in url and "/change/" not in url else (403,)
            if (status == 403) if expected else (status not in closed):
                wrong.append((url, right, status))
    assert wrong == []


@pytest.mark.feature("ADM_01")
def test_the_history_of_a_row_is_read_by_those_who_read_the_audit_trail(ask):
    row = UserFactory()
    url = reverse("admin:accounts_user_history", args=[row.pk])
    found = {role: ask(UserFactory(clerk=True, staff_role=role), url) for role in ROLES}
    assert found == {DESK: 403, ENROLLMENT: 403, CONTENT: 403, AUDITOR: 302}


@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize("role", ROLES)
def test_every_list_offers_exactly_the_actions_of_the_role(role, rf):
    request = rf.get("/")
    request.user = UserFactory(clerk=True, staff_role=role)
    for label, page in REGISTERED.items():
        rights = PAGES[label].rights_of(role)
        expected = {name for name, right in PAGES[label].actions.items() if right in rights}
        assert set(page.get_actions(request)) == expected, label


def test_an_administrator_has_every_action(rf):
    request = rf.get("/")
    request.user = UserFactory(carrier_admin=True)
    assert all(set(page.get_actions(request)) == set(PAGES[label].actions) for label, page in REGISTERED.items())


@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.sampled(2)
def test_the_first_page_shows_the_queues_and_the_lists_of_the_role(role, sign_in, ask):
    clerk = UserFactory(clerk=True, staff_role=role)
    page = sign_in(clerk).get("/admin/")
    assert {queue.label for queue in page.context["queues"]} == QUEUES[role]
    assert staff_roles.DUTIES[role] in pages.read(page).text
    shown = {model["model"]._meta.label_lower for app in page.context["available_apps"] for model in app["models"]}
    assert shown == labels_with(role, "view") & set(REGISTERED)
    links = {urlsplit(link).path for link in re.findall(r'href="(/admin/[^"]*)"', page.content.decode())}
    assert len(links) > 10
    assert {link: ask(clerk, link) for link in links} == dict.fromkeys(links, 200)


def test_staff_without_a_role_get_nothing_but_their_own_pages(sign_in):
    client = sign_in(UserFactory(clerk=True))
    assert client.get("/").status_code == 200
    assert client.get("/admin/").status_code == 302
    assert client.get(reverse("clients:search")).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_from_another_network_or_before_the_second_step_there_is_no_administration(role, settings, sign_in):
    clerk = UserFactory(clerk=True, staff_role=role)
    assert half_signed_in(clerk).get("/admin/").url == "/admin/login/?next=/admin/"
    settings.ADMIN_ALLOWED_NETWORKS = [ip_network("10.20.0.0/16")]
    assert sign_in(clerk).get("/admin/").status_code == 404


# In the portal itself


@pytest.mark.feature("ADM_01")
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("home", {DESK, ENROLLMENT, CONTENT, AUDITOR}),
        ("content:news", {DESK, ENROLLMENT, CONTENT, AUDITOR}),
        ("clients:search", {DESK, ENROLLMENT, AUDITOR}),
        ("clients:prospects", {DESK, ENROLLMENT, AUDITOR}),
        ("clients:prospects-export", set()),
        ("reporting:saved", set()),
        ("reporting:desk", set()),
        ("enrollment:applications", set()),
    ],
)
@pytest.mark.sampled(4)
def test_pages_of_the_portal_open_by_role(name, allowed, sign_in):
    for role in ROLES:
        client = sign_in(UserFactory(clerk=True, staff_role=role))
        status = client.get(reverse(name), follow=True).status_code
        assert status == (200 if role in allowed else 403), role


def test_a_client_is_found_by_the_desk_and_leaves_in_no_file(world, sign_in):
    client = sign_in(UserFactory(clerk=True, staff_role=DESK))
    result = client.post(reverse("clients:search"), {"by": "account", "value": world.account_number}).url
    page = client.get(result)
    assert world.account_number in page.content.decode()
    assert "format=csv" not in page.content.decode()
    for kind in ("csv", "xlsx"):
        assert client.get(f"{result}&format={kind}").status_code == 403
    chief = sign_in(world.admin)
    theirs = chief.post(reverse("clients:search"), {"by": "account", "value": world.account_number}).url
    assert "format=csv" in chief.get(theirs).content.decode()


def test_rows_of_clients_are_nobodys_without_the_right_to_look(world):
    counts = {
        role: Account.objects.for_user(UserFactory(clerk=True, staff_role=role)).exists() for role in (*ROLES, "")
    }
    assert counts == {DESK: True, ENROLLMENT: True, CONTENT: False, AUDITOR: True, "": False}


def test_who_is_told_about_work_is_who_may_do_it():
    people = {role: UserFactory(clerk=True, staff_role=role) for role in ROLES}
    chief = UserFactory(carrier_admin=True)
    UserFactory(clerk=True, staff_role=ENROLLMENT, is_active=False)
    UserFactory(clerk=True)
    assert set(User.objects.staff_who_may("clients.change_memberchange")) == {people[ENROLLMENT], chief}
    assert set(User.objects.staff_who_may("ecomm.change_equestion")) == {people[DESK], chief}
    concerned = [role for role in ROLES if kinds.get("member_change.attention").concerns(people[role])]
    assert concerned == [ENROLLMENT]


# A role acts with the next request


@pytest.mark.feature("ADM_01")
def test_a_role_that_is_taken_or_given_acts_with_the_next_request(sign_in):
    clerk = UserFactory(clerk=True, staff_role=ENROLLMENT)
    client = sign_in(clerk)
    payments, news = reverse("admin:enrollment_payment_changelist"), reverse("admin:content_newsitem_changelist")
    assert [client.get(url).status_code for url in (payments, news)] == [200, 403]
    User.objects.filter(pk=clerk.pk).update(staff_role=CONTENT)
    assert [client.get(url).status_code for url in (payments, news)] == [403, 200]
    # A page that was opened before is sent in vain.
    assert client.post(payments, {"action": "ask_the_service", "_selected_action": ["1"]}).status_code == 403
    User.objects.filter(pk=clerk.pk).update(staff_role="")
    assert [client.get(url).status_code for url in (payments, news)] == [302, 302]
    assert not AuditEvent.objects.filter(action="payment.reconciled").exists()
