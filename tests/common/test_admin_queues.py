"""What waits for staff on the administration's first page, and its lists as CSV files."""

import csv
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from clients.models import Account
from portal.common import admin_base, staff_queues
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.models import AuditEvent, OutboxMessage
from tests.support.factories import UserFactory

PAGES = [page for page in admin.site._registry.values() if isinstance(page, ReadMostlyAdmin)]
QUEUES = [(page, queue) for page in PAGES for queue in page.queues]


@pytest.fixture
def browser(sign_in):
    return sign_in(UserFactory(username="carrieradmin", carrier_admin=True))


def lines(response) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff"))))


def dead(number: int) -> OutboxMessage:
    return OutboxMessage.objects.create(topic="mail", dedupe_key=f"mail:{number}", status=OutboxMessage.Status.DEAD)


def test_each_kind_of_work_of_staff_has_its_queue():
    labels = [queue.label for _, queue in QUEUES]
    assert len(labels) == len(set(labels)) == len({queue.order for _, queue in QUEUES})
    for words in ("Registrations of new", "Given up", "Documents", "E-Questions", "Applications that failed"):
        assert any(label.startswith(words) for label in labels), words


@pytest.mark.parametrize(("page", "queue"), QUEUES, ids=lambda value: getattr(value, "label", ""))
@pytest.mark.sampled(6)
def test_every_queue_opens_a_list_that_takes_its_filters(browser, page, queue):
    url = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    # Django sends whoever asks with a filter it does not know back to ?e=1.
    assert browser.get(url, queue.filters).status_code == 200


def test_the_number_is_that_of_the_rows_behind_it(browser):
    for number in range(3):
        dead(number)
    OutboxMessage.objects.filter(dedupe_key="mail:0").update(closed_note="settled by telephone")
    found = {one.label: one for one in browser.get("/admin/").context["queues"]}
    one = found["Given up deliveries and jobs"]
    assert (one.count, one.is_fault, one.and_more) == (2, True, False)
    assert len(browser.get(one.url).context["cl"].result_list) == 2


def test_large_queues_are_counted_up_to_a_limit(browser, monkeypatch):
    monkeypatch.setattr(staff_queues, "COUNTED_AT_MOST", 2)
    for number in range(3):
        dead(number)
    page = browser.get("/admin/").content.decode()
    assert "<strong>2+</strong>" in page


def test_nobody_sees_the_queue_of_a_list_that_is_not_theirs(rf):
    request = rf.get("/admin/")
    request.user = SimpleNamespace(is_superuser=False, has_perm=lambda name: "outboxmessage" in name)
    assert {one.label for one in staff_queues.counted(admin.site, request)} == {"Given up deliveries and jobs"}


def test_a_list_is_downloaded_as_it_is_filtered(browser):
    UserFactory(username="kmiller", delegate=True)
    found = lines(browser.get("/admin/accounts/user/csv/", {"role__exact": User.Role.DELEGATE.value}))
    shown = admin.site._registry[User].list_display
    assert len(found[0]) == len(shown)
    assert [row[found[0].index("Username")] for row in found[1:]] == ["kmiller"]
    event = AuditEvent.objects.filter(action="admin.exported").get()
    assert (event.object_type, event.details) == ("user", {"rows": 1})


def test_the_link_carries_the_filters(browser):
    page = browser.get("/admin/accounts/user/?role__exact=DELEGATE").content.decode()
    assert 'href="/admin/accounts/user/csv/?role__exact=DELEGATE"' in page


def test_what_looks_like_a_formula_stays_text(browser):
    UserFactory(username="=1+1", delegate=True)
    found = lines(browser.get("/admin/accounts/user/csv/", {"q": "=1+1"}))
    assert found[1][found[0].index("Username")] == "'=1+1"


def test_too_many_rows_are_refused_and_the_filters_stay(browser, monkeypatch):
    monkeypatch.setattr(admin_base, "COUNTED_AT_MOST", 1)
    UserFactory(username="kmiller", delegate=True)
    response = browser.get("/admin/accounts/user/csv/?is_active__exact=1")
    assert response.url == "../?is_active__exact=1"
    assert not AuditEvent.objects.filter(action="admin.exported").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.label)
@pytest.mark.sampled(12)
def test_every_list_can_be_downloaded(browser, page):
    url = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_csv")
    assert len(lines(browser.get(url))) >= 1


def test_only_staff_download(world, sign_in):
    assert sign_in(world.producer).get(f"/admin/{Account._meta.app_label}/account/csv/").status_code == 302
