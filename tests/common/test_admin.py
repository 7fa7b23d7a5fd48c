"""The carrier administration: who gets in, that secrets stay in, that looks and changes are written down."""

import logging
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import DelegateGrant, Producer, StaffAccount, User
from portal.common import outbox
from portal.common.admin_base import CappedPaginator, ReadMostlyAdmin, WrittenHereAdmin, is_secret
from portal.common.messaging.send import send_sms
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage, OutboxMessage
from portal.common.staff_roles import StaffRole
from tests.support.factories import DelegateGrantFactory, UserFactory
from tests.support.signing_in import ask_for_code, half_signed_in, newest_code

PAGES = dict(admin.site._registry)
# The logins of the carrier's staff are made on their own page (tests/accounts/test_staff_accounts.py).
LOOKED_UP = [p for p in PAGES.values() if not isinstance(p, WrittenHereAdmin) and p.model is not StaffAccount]
WRITTEN_HERE = [page for page in PAGES.values() if isinstance(page, WrittenHereAdmin)]


@pytest.fixture
def staff() -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def browser(staff, sign_in) -> Client:
    return sign_in(staff)


def list_url(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: models.Model, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


# Who gets in


def test_an_admin_gets_in_after_both_steps(staff):
    client = half_signed_in(staff)
    refused = client.get("/admin/", follow=True)
    assert refused.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    ask_for_code(client)
    client.post("/accounts/verify/", {"code": newest_code(staff)})
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("who", ["producer", "delegate"])
def test_nobody_else_gets_in(who, sign_in):
    user = UserFactory(delegate=True) if who == "delegate" else UserFactory()
    client = sign_in(user)
    for url in ("/admin/", list_url(User), page_url(user)):
        landed = client.get(url, follow=True)
        assert landed.redirect_chain[-1] == ("/", 302)
        assert landed.status_code == 200


def test_a_superuser_who_is_not_a_carrier_admin_does_not_get_in(sign_in):
    odd = UserFactory(is_superuser=True)
    assert sign_in(odd).get("/admin/").status_code == 302


def test_the_admin_has_no_password_form_of_its_own(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/admin/")
    answer = client.post("/admin/login/", {"username": "carrieradmin", "password": "Harbor#Kite58"})
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session


def test_every_page_of_the_admin_warns_before_the_session_ends(browser):
    for url in ("/admin/", list_url(Producer), page_url(UserFactory())):
        page = browser.get(url).text
        assert page.count('id="session-warning"') == 1, url
        assert "portal/session" in page, url


def test_staff_without_a_permission_for_a_kind_of_row_see_none(sign_in):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.CONTENT_EDITOR)
    client = sign_in(clerk)
    assert client.get(list_url(Producer)).status_code == 403
    User.objects.filter(pk=clerk.pk).update(staff_role=StaffRole.SERVICE_DESK)
    assert client.get(list_url(Producer)).status_code == 200


# What every page has in common


def test_every_page_of_the_admin_stands_on_the_read_mostly_base():
    assert Group not in PAGES
    strangers = [model for model, page in PAGES.items() if not isinstance(page, ReadMostlyAdmin)]
    assert strangers == []


def test_every_model_of_accounts_and_common_has_a_page():
    expected = {*apps.get_app_config("accounts").get_models(), *apps.get_app_config("common").get_models()}
    assert expected - set(PAGES) == set()


@pytest.mark.parametrize("page", PAGES.values(), ids=str)
def test_lists_are_made_for_big_tables(page):
    assert page.paginator is CappedPaginator
    assert page.show_full_result_count is False
    assert page.list_per_page <= 100
    assert not page.date_hierarchy
    # Beginnings of names may be searched in lists of reference data only, which are short and about nobody's person.
    # Usernames have an index over their capitals, which iexact walks.
    whole = ("__exact", "username__iexact")
    endings = whole if page.audits_views else (*whole, "__istartswith")
    assert all(field.endswith(endings) for field in page.search_fields)
    foreign = {field.name for field in page.model._meta.fields if isinstance(field, models.ForeignKey)}
    assert foreign <= set(page.raw_id_fields)


@pytest.mark.parametrize("page", PAGES.values(), ids=str)
@pytest.mark.sampled(22)
def test_every_filter_a_list_offers_is_taken(page, rf, staff):
    request = rf.get("/")
    request.user = staff
    plain = [name for name in page.list_filter if isinstance(name, str)]
    assert [name for name in plain if not page.lookup_allowed(f"{name}__exact", "1", request)] == []


@pytest.mark.parametrize("page", PAGES.values(), ids=str)
@pytest.mark.sampled(22)
def test_nothing_secret_is_listed_searched_or_changed(page, rf, staff):
    request = rf.get("/")
    request.user = staff
    secrets = {field.name for field in page.model._meta.fields if is_secret(field)}
    used = {*page.get_fields(request), *page.list_display, *page.get_editable_fields(request)}
    used |= {field.split("__")[0] for field in page.search_fields}
    assert not secrets & used


def test_pages_on_which_nothing_can_be_changed_say_view(browser):
    offered = browser.get("/admin/").context["available_apps"]
    changeable = {model["object_name"] for app in offered for model in app["models"] if not model["view_only"]}
    assert changeable == {model.__name__ for model, page in PAGES.items() if page.editable_fields}
    assert {"User", "OutboxMessage"} <= changeable
    assert not {"AuditEvent", "OneTimeCode", "Producer"} & changeable


@pytest.mark.parametrize("page", LOOKED_UP, ids=str)
@pytest.mark.sampled(10)
def test_nothing_is_added_or_deleted(page, browser):
    base = f"admin:{page.model._meta.app_label}_{page.model._meta.model_name}"
    assert browser.get(reverse(f"{base}_add")).status_code == 403
    assert browser.get(list_url(page.model)).status_code == 200
    assert browser.post(list_url(page.model), {"action": "delete_selected", "_selected_action": "1"}).status_code in (
        200,
        302,
    )


@pytest.mark.parametrize("page", WRITTEN_HERE, ids=str)
@pytest.mark.sampled(6)
def test_what_the_carrier_writes_is_added_here_and_never_deleted_in_bulk(page, browser):
    base = f"admin:{page.model._meta.app_label}_{page.model._meta.model_name}"
    assert browser.get(reverse(f"{base}_add")).status_code == 200
    response = browser.get(list_url(page.model))
    assert response.status_code == 200
    assert b"delete_selected" not in response.content


def test_rows_survive_an_attempt_to_delete_them(browser):
    rita = UserFactory()
    assert browser.post(page_url(rita, "delete"), {"post": "yes"}).status_code == 403
    browser.post(list_url(User), {"action": "delete_selected", "_selected_action": [rita.pk], "post": "yes"})
    assert User.objects.filter(pk=rita.pk).exists()


def test_encrypted_fields_hashes_and_digests_count_as_secret():
    secret = {f"{model.__name__}.{field.name}" for model in PAGES for field in model._meta.fields if is_secret(field)}
    assert {
        "User.password",
        "PasswordHistory.password",
        "TrustedDevice.token_hash",
        "TypingProfile.template",
        "OneTimeCode.code_hash",
        "OneTimeCode.bound_to",
        "UserSession.session_key",
        "AuthenticatorDevice.secret",
        "OutboundMessage.body_text",
        "OutboundMessage.body_html",
        "OutboundMessage.code",
    } <= secret


def test_no_page_shows_a_code_or_a_hash(browser):
    rita = UserFactory()
    half = half_signed_in(rita)
    ask_for_code(half)
    code, row = newest_code(rita), rita.one_time_codes.get()
    rita.refresh_from_db()
    for url in (
        list_url(type(row)),
        page_url(row),
        list_url(OutboundMessage),
        page_url(row.message),
        page_url(rita),
        list_url(User),
    ):
        page = browser.get(url).content.decode()
        assert code not in page
        assert row.code_hash not in page
        assert row.bound_to not in page
        assert rita.password.split("$")[-1] not in page


@pytest.mark.parametrize("field", ["password__startswith", "password", "producer__user__password__startswith"])
def test_secrets_cannot_be_probed_through_the_address(browser, field, caplog):
    UserFactory()
    with caplog.at_level(logging.CRITICAL):
        answer = browser.get(list_url(User), {field: "md5"})
    assert answer.status_code == 400


def test_encrypted_fields_cannot_be_probed_through_the_address(browser, caplog):
    with caplog.at_level(logging.CRITICAL):
        assert browser.get(list_url(OutboundMessage), {"code__isnull": "1"}).status_code == 400


@pytest.mark.sampled(12)
@pytest.mark.parametrize("page", PAGES.values(), ids=str)
def test_no_parameter_of_a_list_breaks_it_nor_its_file(page, rf, staff, browser, caplog):
    """A filter the list offers, what Django reads itself, a column by its name: with what no row can hold."""
    request = rf.get("/")
    request.user = staff
    filters = page.get_changelist_instance(request).filter_specs
    names = sorted({name for spec in filters for name in spec.expected_parameters() if name})[:1]
    queries = [{name: "A\x00"} for name in (*names, "q")] + [{"no__such__field": "1"}, {"id__exact": "9" * 30}]
    wrong = [*queries, {"q": "\ud800"}, {"p": "9" * 30, "o": "-1.x.99"}]
    with caplog.at_level(logging.CRITICAL):
        for place, asked in {"": wrong, "csv/": queries}.items():
            for query in asked:
                address = f"{list_url(page.model)}{place}?{urlencode(query, errors='surrogatepass')}"
                assert browser.get(address).status_code in (200, 302, 400), address


# What is written down


def changed(client: Client, row: models.Model, **values: str):
    return client.post(page_url(row), values)


def test_closing_a_login_is_audited_with_the_field_and_not_the_value(browser, staff):
    rita = UserFactory()
    answer = changed(browser, rita)  # an unticked box
    assert answer.status_code == 302
    rita.refresh_from_db()
    assert not rita.is_active
    event = AuditEvent.objects.get(action="admin.changed")
    assert (event.actor_id, event.object_type, event.object_id) == (staff.pk, "user", str(rita.pk))
    assert event.for_producer == rita.producer.npn
    assert event.details == {"fields": ["Active"]}
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_audited_is_not_made(browser, monkeypatch):
    rita = UserFactory()

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit, no change")

    monkeypatch.setattr("portal.common.audit.AuditEvent.objects.create", broken)
    with pytest.raises(RuntimeError):
        changed(browser, rita)
    rita.refresh_from_db()
    assert rita.is_active


def test_only_listed_fields_can_be_changed(browser):
    rita = UserFactory()
    changed(browser, rita, is_active="on", is_superuser="on", is_staff="on", username="other", role="CARRIER_ADMIN")
    rita.refresh_from_db()
    assert (rita.is_superuser, rita.is_staff, rita.role) == (False, False, User.Role.PRODUCER)
    assert rita.username != "other"


def test_nobody_closes_the_own_login(browser, staff):
    assert changed(browser, staff).status_code == 403
    staff.refresh_from_db()
    assert staff.is_active


def test_looking_somebody_up_is_audited(browser, staff):
    rita = UserFactory()
    browser.get(list_url(User), {"q": rita.username})
    browser.get(page_url(rita))
    seen = list(AuditEvent.objects.order_by("id").values_list("action", "object_type", "object_id", "details"))
    assert seen == [
        ("admin.listed", "user", "", {"searched": True}),
        ("admin.viewed", "user", str(rita.pk), {}),
    ]
    assert set(AuditEvent.objects.values_list("actor_id", flat=True)) == {staff.pk}


def test_the_history_of_a_row_is_its_audit_trail(browser):
    rita, other = UserFactory(), UserFactory()
    changed(browser, rita)
    changed(browser, other)
    history = browser.get(page_url(rita, "history"), follow=True)
    assert history.redirect_chain == [(f"{list_url(AuditEvent)}?object_type=user&object_id={rita.pk}", 302)]
    shown = history.context["cl"].queryset
    assert {event.object_id for event in shown} == {str(rita.pk)}


# The kernel's own pages


def test_the_audit_trail_is_found_by_person_producer_action_and_row(browser, staff):
    rita = UserFactory(username="RSolberg7")
    changed(browser, rita)
    for term in ("carrieradmin", "CarrierAdmin", rita.producer.npn, "admin.changed", f"user {rita.pk}"):
        found = browser.get(list_url(AuditEvent), {"q": term}).context["cl"].queryset
        assert [event.action for event in found] == ["admin.changed"], term
    assert not browser.get(list_url(AuditEvent), {"q": "nobody"}).context["cl"].queryset.exists()
    assert browser.get(list_url(AuditEvent), {"q": ""}).context["cl"].queryset.count() == 1


def test_audit_rows_cannot_be_changed(browser):
    rita = UserFactory()
    changed(browser, rita)
    event = AuditEvent.objects.get()
    assert browser.post(page_url(event), {"action": "other"}).status_code == 403


@pytest.fixture
def dead_letter() -> OutboxMessage:
    return OutboxMessage.objects.create(
        topic="tests.anything", dedupe_key="anything:1", status=OutboxMessage.Status.DEAD, attempts=8
    )


def press_retry(client: Client, *rows: OutboxMessage):
    return client.post(
        list_url(OutboxMessage), {"action": "retry", "_selected_action": [row.pk for row in rows]}, follow=True
    ).content.decode()


def test_given_up_work_is_tried_again(browser, dead_letter):
    assert "1 put back in the queue." in press_retry(browser, dead_letter)
    dead_letter.refresh_from_db()
    assert (dead_letter.status, dead_letter.attempts) == (OutboxMessage.Status.PENDING, 0)
    assert AuditEvent.objects.get(action="outbox.retried").object_id == str(dead_letter.pk)
    assert "Only given-up work can be retried." in press_retry(browser, dead_letter)


def test_a_message_whose_text_is_gone_is_not_retried(browser, monkeypatch, settings):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    monkeypatch.setattr("portal.common.messaging.delivery.sms_backend", lambda: 1 / 0)
    send_sms(to="3125550001", kind="login_code", text="Hello")
    outbox.sweep()
    row = OutboxMessage.objects.get(status=OutboxMessage.Status.DEAD)
    assert "cannot be retried, because their texts were dropped" in press_retry(browser, row)
    row.refresh_from_db()
    assert row.status == OutboxMessage.Status.DEAD


def test_given_up_work_is_closed_with_a_note_and_leaves_the_list_of_open_ones(browser, dead_letter):
    def listed(which: str) -> list[OutboxMessage]:
        return list(browser.get(list_url(OutboxMessage), {"attention": which}).context["cl"].queryset)

    assert (listed("open"), listed("closed")) == ([dead_letter], [])
    assert changed(browser, dead_letter, closed_note="Settled by phone.", status="DONE").status_code == 302
    dead_letter.refresh_from_db()
    assert (dead_letter.closed_note, dead_letter.status) == ("Settled by phone.", OutboxMessage.Status.DEAD)
    assert (listed("open"), listed("closed")) == ([], [dead_letter])
    event = AuditEvent.objects.get(action="admin.changed")
    assert "Settled" not in str(event.details)


def test_work_that_is_not_given_up_takes_no_note(browser):
    waiting = OutboxMessage.objects.create(topic="tests.anything", dedupe_key="anything:2")
    assert changed(browser, waiting, closed_note="Too early").status_code == 403


def test_work_is_filtered_by_topic_and_status(browser, dead_letter):
    send_sms(to="3125550001", kind="login_code", text="Hello")
    by_topic = browser.get(list_url(OutboxMessage), {"of_topic": "common.message.deliver"}).context["cl"].queryset
    assert [row.topic for row in by_topic] == ["common.message.deliver"]
    by_status = browser.get(list_url(OutboxMessage), {"status__exact": "DEAD"}).context["cl"].queryset
    assert list(by_status) == [dead_letter]


def test_messages_are_found_by_their_number(browser):
    wanted = send_sms(to="3125550001", kind="login_code", text="Hello")
    send_sms(to="3125550002", kind="login_code", text="Hello")
    found = browser.get(list_url(OutboundMessage), {"q": f" {wanted.message_id} "}).context["cl"].queryset
    assert list(found) == [wanted]
    assert not browser.get(list_url(OutboundMessage), {"q": "hello"}).context["cl"].queryset.exists()


@pytest.mark.parametrize("model", [User, Producer, DelegateGrant, OutboundMessage, MailboxEntry])
@pytest.mark.sampled(3)
def test_lists_ask_as_often_for_many_rows_as_for_two(browser, model, django_assert_max_num_queries):
    for _ in range(6):
        DelegateGrantFactory(producer=UserFactory().producer)
        send_sms(to="3125550001", kind="login_code", text="Hello")
    outbox.sweep()
    with django_assert_max_num_queries(6):
        assert browser.get(list_url(model)).context["cl"].result_count >= 6


def test_a_row_comes_with_its_related_rows_in_one_query(rf, staff, django_assert_num_queries):
    rita = UserFactory()
    request = rf.get("/")
    request.user = staff
    with django_assert_num_queries(1):
        assert PAGES[User].get_object(request, str(rita.pk)).producer.npn
    assert PAGES[User].get_object(request, "not a number") is None


def test_a_list_of_millions_is_counted_up_to_ten_thousand(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("portal.common.admin_base.COUNTED_AT_MOST", 3)
    for _ in range(5):
        UserFactory()
    with django_assert_num_queries(1):
        assert CappedPaginator(User.objects.order_by("pk"), 2).count == 3


def test_passwords_are_not_changed_in_the_admin(world, sign_in):
    browser = sign_in(world.admin)
    assert browser.get("/admin/password_change/").status_code == 404
    assert "password_change" not in browser.get("/admin/").content.decode()
