"""The pages: form, confirmation, own reports, the way there from a page that failed."""

import uuid

import pytest
from django.test import RequestFactory

from accounts.models import ProducerNumber
from ecomm.models import IssueReport
from portal.common import outbox
from portal.common.models import AuditEvent
from portal.common.views import errors
from tests.support import pages
from tests.support.factories import DelegateGrantFactory, IssueReportFactory
from tests.support.uploads import png

URL, MINE = "/messages/report-an-issue/", "/messages/report-an-issue/mine/"
TOLD = {
    "description": "Something went wrong.",
    "steps": "Pressed Submit.",
    "product": "ACA_MEDICAL",
    "us_state": "IL",
}


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


def shown(client, address: str = URL, **headers) -> dict[str, str]:
    """The fields as the page filled them in."""
    page = pages.read(client.get(address, **headers))
    form = next(form for form in page.all("form") if "Send Report" in form.text)
    fields = {field.attrs["name"]: field.attrs.get("value", "") for field in form.all("input")}
    for select in form.all("select"):
        chosen = [option.attrs["value"] for option in select.all("option") if "selected" in option.attrs]
        fields[select.attrs["name"]] = chosen[0] if chosen else ""
    return fields


def send(client, address: str = URL, **changes):
    fields = {name: value for name, value in shown(client, address).items() if name != "screenshot"}
    return client.post(URL, {**fields, **TOLD, **changes})


@pytest.mark.feature("ISS_01")
def test_a_report_from_a_clients_page_knows_page_record_agent_and_state(world, sign_in):
    client = sign_in(world.producer)
    came_from = f"http://testserver/clients/{world.account_number}/?tab=2"
    fields = shown(client, headers={"Referer": came_from})
    assert fields["page"] == f"/clients/{world.account_number}/"
    assert fields["record"] == world.account_number
    assert fields["agent"] == f"{world.producer.producer.name} / {world.number.number}"
    assert fields["us_state"] == "IL"


def test_of_a_client_one_may_not_see_nothing_is_filled_in(world, sign_in):
    ProducerNumber.objects.filter(pk=world.number.pk).update(us_state="TX")
    address = f"{URL}?record={world.account_number}"
    assert shown(sign_in(world.producer), address)["us_state"] == "IL"
    theirs = shown(sign_in(world.outsider), address)
    assert world.producer.producer.name not in theirs["agent"]
    assert theirs["record"] == world.account_number


def test_the_address_filled_in_is_the_business_one_and_not_where_codes_go(world, sign_in):
    client = sign_in(world.producer)
    assert shown(client)["email"] == world.producer.email
    ProducerNumber.objects.filter(pk=world.number.pk).update(email="office@harbor.example")
    assert shown(client)["email"] == "office@harbor.example"
    assert world.producer.producer.record_email not in client.get(URL).content.decode()


def test_a_delegate_names_the_producer_worked_for_and_of_several_nobody(world, sign_in):
    client = sign_in(world.delegate)
    assert shown(client)["agent"] == f"{world.producer.producer.name} / {world.number.number}"
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate)
    assert shown(sign_in(world.delegate))["agent"] == ""


@pytest.mark.parametrize("who", ["producer", "delegate_without_view", "former_delegate", "admin"])
def test_everybody_who_is_signed_in_may_report(world, sign_in, who):
    client = sign_in(getattr(world, who))
    answer = send(client, agent="Rita Solberg")
    report = IssueReport.objects.get()
    assert answer.url == f"{URL}{report.number}/"
    page = client.get(answer.url)
    assert pages.messages(page)[0] == f"Thank you. Your report has been sent. Its number is {report.number}."
    assert (report.reported_by, report.description) == (getattr(world, who), "Something went wrong.")


@pytest.mark.feature("ISS_01")
def test_the_email_with_the_screenshot_arrives_in_the_support_mailbox(world, sign_in, client, settings):
    send(sign_in(world.producer), screenshot=png("screen.png"), client_name="Tanya Washington")
    outbox.sweep()
    newest = client.get("/demo/mailbox/?format=json").json()[0]
    assert newest["to"] == settings.SUPPORT_EMAIL
    assert newest["attachments"] == ["screen.png"]
    assert "Tanya Washington" in newest["body"]
    assert "Attached: screen.png" in pages.read(client.get("/demo/mailbox/")).text


def test_the_same_form_posted_twice_leads_to_the_same_report(world, sign_in):
    client = sign_in(world.producer)
    key = str(uuid.uuid4())
    first, second = (send(client, form_key=key, screenshot=png()) for _ in range(2))
    assert first.url == second.url
    assert IssueReport.objects.count() == 1


def test_a_mistake_keeps_what_was_typed(world, sign_in):
    client = sign_in(world.producer)
    answer = send(client, steps="", description="It broke & broke.", screenshot=png())
    assert answer.status_code == 200
    page = pages.read(answer)
    assert page.one("textarea", name="description").text == "It broke & broke."
    assert "Choose or paste the screenshot again" in page.text
    assert not IssueReport.objects.exists()


def test_a_file_that_is_no_image_is_refused_beside_the_field(world, sign_in):
    file = png("notes.txt")
    file.file.seek(0)
    file.file.write(b"just text, nothing else")
    answer = send(sign_in(world.producer), screenshot=file)
    assert answer.status_code == 200
    assert "screenshot" in answer.context["form"].errors
    assert not IssueReport.objects.exists()


def test_reports_too_often_are_refused_with_a_wait(world, sign_in):
    client = sign_in(world.producer)
    for _ in range(20):
        send(client)
    page = pages.read(send(client))
    assert "This was tried too often. Please wait" in page.text
    assert IssueReport.objects.count() == 20


def test_my_reports_hold_the_answer_and_nobody_elses_report(world, sign_in):
    IssueReportFactory(reported_by=world.producer, number=2001, closed=True)
    IssueReportFactory(reported_by=world.producer, number=2002)
    IssueReportFactory(reported_by=world.outsider, number=2003)
    text = pages.read(sign_in(world.producer).get(MINE)).one("main").text
    assert text.index("Report 2002") < text.index("Report 2001") or "Report 2001" in text
    assert "It has been repaired." in text
    assert "2003" not in text
    assert "You have not reported anything" in pages.read(sign_in(world.sibling).get(MINE)).text


def test_a_report_shows_what_was_sent_and_the_answer(world, sign_in):
    IssueReportFactory(reported_by=world.producer, number=2001, closed=True, client_name="Tanya Washington")
    page = pages.read(sign_in(world.producer).get(f"{URL}2001/"))
    assert page.one("h1").text == "Report 2001 Closed"
    assert "It has been repaired." in page.text
    assert pages.facts(page)["Client/Contact Name"] == "Tanya Washington"


@pytest.mark.parametrize("who", ["outsider", "principal", "delegate", "admin"])
def test_a_report_of_somebody_else_does_not_exist(world, sign_in, who):
    IssueReportFactory(reported_by=world.producer, number=2001)
    assert sign_in(world.producer).get(f"{URL}2001/").status_code == 200
    assert sign_in(getattr(world, who)).get(f"{URL}2001/").status_code == 404


def test_the_lists_ask_as_often_for_many_as_for_one(world, sign_in, django_assert_max_num_queries):
    client = sign_in(world.producer)
    IssueReportFactory.create_batch(5, reported_by=world.producer)
    with django_assert_max_num_queries(8):
        client.get(MINE)


def test_looking_leaves_no_audit_row_and_sending_one(world, sign_in):
    client = sign_in(world.producer)
    send(client)
    client.get(MINE)
    assert list(AuditEvent.objects.filter(action__startswith="issue").values_list("action", flat=True)) == [
        "issue.reported"
    ]


# The way there


def test_the_account_menu_and_the_messages_menu_lead_to_the_form(world, sign_in):
    page = pages.read(sign_in(world.producer).get("/"))
    links = [link for link in page.all("a") if link.text == "Report an Issue"]
    assert {link.attrs["href"] for link in links} == {URL}
    assert len(links) == 2


@pytest.mark.feature("ISS_01")
@pytest.mark.parametrize(("address", "status"), [("/nowhere/at%20all/", 404), ("/accounts/hierarchy/", 403)])
def test_a_page_that_fails_leads_to_the_form_with_its_address(world, sign_in, address, status):
    client = sign_in(world.delegate)
    answer = client.get(f"{address}?name=Washington")
    assert answer.status_code == status
    link = next(link for link in pages.read(answer).one("main").all("a") if link.text == "Report an Issue")
    came_from = {"Referer": f"http://testserver{address}?name=Washington"}
    assert shown(client, link.attrs["href"], headers=came_from)["page"] == address.replace("%20", " ")


def test_strangers_are_not_offered_the_form(client):
    assert "Report an Issue" not in client.get("/nowhere/").content.decode()


def test_the_page_for_a_fault_of_ours_asks_nobody_who_is_there(rf: RequestFactory, django_assert_num_queries):
    request = rf.get("/reports/new/?q=1")
    with django_assert_num_queries(0):
        assert b"Report an Issue" not in errors.server_error(request).content
        request.COOKIES["sessionid"] = "somebody"
        assert b'href="/messages/report-an-issue/"' in errors.server_error(request).content


def test_a_refused_form_and_an_unreadable_request_lead_there_too(world, sign_in, rf):
    for view in (errors.csrf_failure, errors.bad_request):
        request = rf.get("/clients/")
        request.user = world.producer
        request.session = sign_in(world.producer).session
        assert b'href="/messages/report-an-issue/">Report an Issue' in view(request).content
