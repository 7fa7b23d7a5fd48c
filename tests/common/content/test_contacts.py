"""Whom to call: the table on Contact Us, who sees which state first, and what stands there without any line."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import DelegateGrant, ProducerNumber
from portal.common.content.models import AgentGroup, ContactLine, ContactProduct
from portal.common.content.selectors.contacts import contact_table, lines_by_state, lines_of_groups
from portal.common.models import AuditEvent
from portal.demo_data import contacts as demo
from tests.support import pages
from tests.support.factories import ProducerNumberFactory

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
CONTACT = "/contact/"


@pytest.fixture
def lines() -> None:
    demo.add_contact_lines()


def product(code: str = "medical", order: int = 10, label: str = "Major Medical", **more) -> ContactProduct:
    return ContactProduct.objects.create(code=code, order=order, label=label, **more)


def line(of: ContactProduct, phone: str = "8005550151", us_state: str = "IL", **more) -> ContactLine:
    return ContactLine.objects.create(product=of, phone=phone, us_state=us_state, **more)


def table_of(page) -> dict[str, list[str]]:
    """Cells by row label, as read."""
    body = page.one("table", class_="contact-table").one("tbody")
    return {row.one("th").text: [cell.text for cell in row.all("td")] for row in body.all("tr")}


def columns_of(page) -> list[str]:
    return [cell.text for cell in page.one("table", class_="contact-table").one("thead").all("th")]


# --- the page ---


@pytest.mark.feature("ISS_03")
@pytest.mark.feature("REGL_08")
def test_everybody_reads_the_table_of_products_and_states(lines, client):
    page = pages.read(client.get(CONTACT)).one("main")
    assert columns_of(page) == ["Product", "IL", "NM", "OK", "TX", "MT"]
    rows = table_of(page)
    assert list(rows) == [
        "Major Medical",
        "Medicare Supplement (Legacy)",
        "Medicare Supplement (New Business)",
        "Medicare Advantage (MAPD) Every day, 8 a.m. to 8 p.m.; weekdays only from April through September",
        "Prescription Drug (PDP)",
        "Lantern Farm agents only",
    ]
    assert rows["Major Medical"][0] == "(800) 555-0151"
    assert rows["Medicare Supplement (Legacy)"][3] == "(800) 555-0165 prior to Jan 1, 2020"
    assert rows["Medicare Supplement (New Business)"][0] == "(888) 555-0161 on or after May 1, 2019"
    assert rows["Prescription Drug (PDP)"] == ["(888) 555-0172 every state"]
    called = [link.attrs["href"] for link in page.one("table", class_="contact-table").all("a")]
    assert called[0] == "tel:+18005550151"
    assert all(href.startswith("tel:+1") for href in called)


@pytest.mark.feature("ISS_03")
def test_every_number_of_the_demo_belongs_to_nobody(lines):
    assert ContactLine.objects.count() > 10
    assert [row.phone for row in ContactLine.objects.all() if row.phone[3:8] != "55501"] == []
    demo.add_contact_lines()
    assert ContactProduct.objects.count() == 5


@pytest.mark.feature("REGL_08")
def test_contact_us_is_in_the_menu_of_the_login_page_and_at_its_foot(client):
    page = pages.read(client.get("/accounts/login/"))
    menu = next(one for one in page.one("header").all("details") if one.one("summary").text == "Menu")
    assert [(link.text, link.attrs["href"]) for link in menu.all("a")] == [
        ("Contact Us", CONTACT),
        ("Terms of Use", "/legal/terms/"),
        ("Privacy Statement", "/legal/privacy/"),
    ]
    assert CONTACT in [link.attrs["href"] for link in page.one("footer").all("a")]
    assert CONTACT in [link.attrs["href"] for link in page.one("main").all("a")]


def test_people_who_are_signed_in_have_the_account_menu_instead(world, sign_in):
    header = pages.read(sign_in(world.producer).get("/")).one("header")
    assert "Menu" not in [one.text for one in header.all("summary")]


@pytest.mark.feature("ISS_03")
def test_the_help_desk_stands_there_with_phone_address_and_hours(client, settings):
    settings.SUPPORT_HOURS = "Weekdays, 9 to 5"
    facts = pages.facts(pages.read(client.get(CONTACT)).one("main"))
    assert facts == {
        "Telephone": settings.SUPPORT_PHONE,
        "Email": settings.SUPPORT_EMAIL,
        "Hours": "Weekdays, 9 to 5",
    }


# --- whose states come first, and one state only ---


def test_the_states_of_a_producer_come_first(lines, world, sign_in):
    ProducerNumberFactory(producer=world.producer.producer, us_state="MT")
    ProducerNumberFactory(producer=world.producer.producer, us_state="TX", status=ProducerNumber.Status.INACTIVE)
    page = pages.read(sign_in(world.producer).get(CONTACT)).one("main")
    assert columns_of(page) == ["Product", "IL", "MT", "NM", "OK", "TX"]
    assert "Your states come first: Illinois, Montana." in page.text


def test_a_delegate_has_the_states_of_the_producers_who_granted_access(lines, world, sign_in):
    ProducerNumberFactory(producer=world.producer.producer, us_state="OK")
    page = pages.read(sign_in(world.delegate).get(CONTACT)).one("main")
    assert "Your states come first: Illinois, Oklahoma." in page.text
    DelegateGrant.objects.filter(delegate=world.delegate).update(last_day=timezone.localdate() - timedelta(days=1))
    assert "Your states come first" not in pages.read(sign_in(world.delegate).get(CONTACT)).text


@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_for_others_the_order_is_the_carriers(lines, world, sign_in, who):
    client = Client() if who == "stranger" else sign_in(world.admin)
    page = pages.read(client.get(CONTACT)).one("main")
    assert columns_of(page) == ["Product", "IL", "NM", "OK", "TX", "MT"]
    assert "Your states" not in page.text


def test_one_state_can_be_chosen_without_scripts(lines, client):
    page = pages.read(client.get(CONTACT, {"state": "TX"})).one("main")
    assert columns_of(page) == ["Product", "TX"]
    assert table_of(page)["Major Medical"] == ["(800) 555-0155"]
    assert "Prescription Drug (PDP)" in table_of(page)
    chosen = [option.attrs["value"] for option in page.all("option") if "selected" in option.attrs]
    assert chosen == ["TX"]


@pytest.mark.parametrize("state", ["CA", "il", "'", "IL,TX", "\x00"])
def test_a_state_that_is_none_of_ours_shows_all(lines, client, state):
    assert len(columns_of(pages.read(client.get(CONTACT, {"state": state})))) == 6


def test_report_an_issue_is_offered_to_people_who_are_signed_in(world, sign_in, client):
    def offered(by: Client) -> set[str]:
        return {link.attrs["href"] for link in pages.read(by.get(CONTACT)).one("main").all("a")}

    issue, question = reverse("ecomm:report-issue"), reverse("ecomm:question-ask")
    assert {issue, question} <= offered(sign_in(world.producer))
    assert issue in offered(sign_in(world.delegate))
    assert question not in offered(sign_in(world.delegate))
    assert {issue, question} & offered(client) == set()


@pytest.mark.parametrize("count", [1, 8])
def test_the_page_asks_as_often_for_many_lines_as_for_one(client, django_assert_num_queries, count):
    of = product()
    for number in range(count):
        line(
            of, phone=f"800555015{number}", agent_group=AgentGroup.objects.create(code=f"g{number}", label=f"G{number}")
        )
    with django_assert_num_queries(1):
        client.get(CONTACT)


# --- without lines ---


@pytest.mark.feature("ISS_03")
def test_without_any_line_the_settings_speak(client, settings):
    settings.SUPPORT_PHONES_BY_STATE = {"IL": "1-800-555-0101"}
    settings.SUPPORT_PHONE = "1-800-555-0100"
    page = pages.read(client.get(CONTACT)).one("main")
    assert table_of(page) == {"Producer Services": ["1-800-555-0101", *["1-800-555-0100"] * 4]}
    assert page.one("table").all("a")[0].attrs["href"] == "tel:+18005550101"
    assert [(one.us_state, one.phone) for one in lines_by_state(at=NOW)][:2] == [
        ("IL", "1-800-555-0101"),
        ("MT", "1-800-555-0100"),
    ]
    assert lines_of_groups(at=NOW) == []


def test_a_product_without_lines_shown_today_has_no_row(settings):
    line(product(), last_day=date(2026, 11, 19))
    assert [row.label for row in contact_table(at=NOW).rows] == ["Producer Services"]


# --- days ---


@pytest.mark.feature("ISS_09")
@pytest.mark.parametrize(
    ("us_state", "at", "shown"),
    [
        # The last day is 11/20. It ends at midnight where the state is: 6 a.m. UTC in Chicago, 7 a.m. in Denver.
        ("IL", datetime(2026, 11, 21, 5, 59, tzinfo=UTC), True),
        ("IL", datetime(2026, 11, 21, 6, 0, tzinfo=UTC), False),
        ("MT", datetime(2026, 11, 21, 6, 59, tzinfo=UTC), True),
        ("MT", datetime(2026, 11, 21, 7, 0, tzinfo=UTC), False),
        ("", datetime(2026, 11, 21, 5, 59, tzinfo=UTC), True),
        ("", datetime(2026, 11, 21, 6, 0, tzinfo=UTC), False),
    ],
)
def test_the_days_of_a_line_are_those_of_its_state(us_state, at, shown):
    line(product(), us_state=us_state, last_day=date(2026, 11, 20))
    assert (contact_table(at=at).rows[0].label == "Major Medical") is shown


@pytest.mark.feature("ISS_09")
def test_days_in_the_wrong_order_are_refused():
    for days in (
        {"first_day": date(2026, 2, 2), "last_day": date(2026, 2, 1)},
        {"business_from": date(2026, 2, 2), "business_until": date(2026, 2, 1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            line(ContactProduct.objects.first() or product(), **days)


# --- rows ---


def test_a_number_of_every_state_stands_beside_those_of_the_states():
    of = product()
    line(of, "8005550151", "IL")
    line(of, "8005550199", "")
    row = contact_table(at=NOW, states=["IL", "TX"]).rows[0]
    assert [[number.text for number in cell.numbers] for cell in row.cells] == [
        ["(800) 555-0151", "(800) 555-0199"],
        ["(800) 555-0199"],
    ]


def test_a_product_of_other_states_has_no_row_for_this_one():
    line(product(), us_state="IL")
    line(product("pdp", 20, "Prescription Drug (PDP)"), us_state="")
    assert [row.label for row in contact_table(at=NOW, states=["TX"]).rows] == ["Prescription Drug (PDP)"]


@pytest.mark.feature("ISS_09")
def test_groups_of_agents_have_rows_of_their_own_after_the_products():
    medical, pdp = product(), product("pdp", 20, "PDP")
    group = AgentGroup.objects.create(code="lantern", label="Lantern Farm agents only")
    line(medical, "8445550181", "", agent_group=group)
    line(pdp, "8445550182", "")
    rows = contact_table(at=NOW).rows
    assert [(row.label, row.everywhere) for row in rows] == [("PDP", True), ("Lantern Farm agents only", True)]
    assert [(one.label, one.phone) for one in lines_of_groups(at=NOW)] == [
        ("Lantern Farm agents only", "(844) 555-0181")
    ]
    line(pdp, "8445550183", "", agent_group=group)
    assert [row.label for row in contact_table(at=NOW).rows][1:] == [
        "Lantern Farm agents only: Major Medical",
        "Lantern Farm agents only: PDP",
    ]


# --- the one number of a state, for emails ---


@pytest.mark.feature("FUN_07")
def test_emails_name_the_first_products_number_for_new_business(settings):
    settings.SUPPORT_PHONES_BY_STATE, settings.SUPPORT_PHONE = {}, "1-800-555-0100"
    other = product("other", 5, "Other")
    line(other, "8005550109", "IL")
    line(other, "8005550108", "IL", business_until=date(2019, 4, 30))
    line(other, "8005550107", "")
    line(product("later", 50, "Later"), "8005550106", "TX")
    line(other, "8005550105", "NM", last_day=date(2026, 11, 19))
    phones = {one.us_state: one.phone for one in lines_by_state(at=NOW)}
    assert phones == {
        "IL": "(800) 555-0109",
        "MT": "(800) 555-0107",
        "NM": "(800) 555-0107",
        "OK": "(800) 555-0107",
        "TX": "(800) 555-0107",
    }


def test_a_state_the_first_product_leaves_out_has_the_number_of_the_settings(settings):
    settings.SUPPORT_PHONES_BY_STATE = {"TX": "1-800-555-0103"}
    line(product(), "8005550151", "IL")
    line(product("mapd", 20, "MAPD"), "8005550171", "")
    phones = {one.us_state: one.phone for one in lines_by_state(at=NOW)}
    assert (phones["IL"], phones["TX"], phones["OK"]) == ("(800) 555-0151", "1-800-555-0103", settings.SUPPORT_PHONE)


# --- the administration ---


def inline(**values: str) -> dict[str, str]:
    empty = dict.fromkeys(
        ("id", "us_state", "agent_group", "business_from", "business_until", "first_day", "last_day"), ""
    )
    rows = {f"lines-0-{name}": value for name, value in {**empty, "phone": "", **values}.items()}
    return {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "1" if values.get("id") else "0", **rows}


@pytest.mark.feature("ISS_03")
def test_the_carrier_keeps_the_lines_and_every_change_is_written_down(world, sign_in):
    browser = sign_in(world.admin)
    fields = {"label": "Vision", "code": "vision", "order": "60", "hours": ""}
    added = browser.post("/admin/content/contactproduct/add/", {**fields, **inline(us_state="OK", phone="8005550188")})
    assert added.status_code == 302
    row = ContactLine.objects.select_related("product").get()
    assert (row.product.label, row.us_state, row.phone) == ("Vision", "OK", "8005550188")
    page = f"/admin/content/contactproduct/{row.product_id}/change/"
    assert browser.get(page).status_code == 200
    changed = {**fields, **inline(id=str(row.pk), us_state="OK", phone="8005550189"), "lines-0-product": row.product_id}
    assert browser.post(page, changed).status_code == 302
    row.refresh_from_db()
    assert row.phone == "8005550189"
    events = AuditEvent.objects.filter(object_type="contactproduct", object_id="vision").order_by("id")
    assert [(event.action, event.details) for event in events] == [
        ("admin.added", {}),
        ("admin.changed", {"fields": ["Phone"], "lines": {"changed": 1}}),
    ]


def test_a_line_with_wrong_days_or_number_is_sent_back_with_the_reason(world, sign_in):
    of = product()
    fields = {"label": of.label, "code": of.code, "order": "10", "hours": ""}
    wrong = inline(
        us_state="OK",
        phone="800-555",
        business_from="2026-03-02",
        business_until="2026-03-01",
        first_day="2026-02-02",
        last_day="2026-02-01",
    )
    answer = sign_in(world.admin).post(f"/admin/content/contactproduct/{of.pk}/change/", {**fields, **wrong})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "Ten digits, area code first." in html
    assert html.count("The last day must not be before the first.") == 2
    assert "violated" not in html
    assert not ContactLine.objects.exists()


@pytest.mark.parametrize("typed", ["(800) 555-0188", "800.555.0188", "1-800-555-0188", " +1 800 555 0188 "])
def test_a_number_is_taken_as_people_write_it(world, sign_in, typed):
    of = product()
    fields = {"label": of.label, "code": of.code, "order": "10", "hours": ""}
    page = f"/admin/content/contactproduct/{of.pk}/change/"
    assert sign_in(world.admin).post(page, {**fields, **inline(us_state="OK", phone=typed)}).status_code == 302
    assert ContactLine.objects.get().phone == "8005550188"


def test_a_product_with_lines_stays(world, sign_in):
    of = product()
    line(of)
    browser = sign_in(world.admin)
    page = f"/admin/content/contactproduct/{of.pk}/delete/"
    assert browser.post(page, {"post": "yes"}).status_code == 403
    ContactLine.objects.all().delete()
    assert browser.post(page, {"post": "yes"}).status_code == 302
    assert not ContactProduct.objects.exists()
