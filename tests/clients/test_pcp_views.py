"""The Provider Change page, its confirmation, the client's page and the administration of provider changes."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from clients.models import (
    Coverage,
    IdCardRequest,
    MemberChange,
    PcpAssignment,
    PcpReason,
    Policy,
    WithdrawnPcpAssignment,
)
from clients.services import pcp as service
from portal.common.dates import as_text
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import PolicyFactory
from tests.support.providers import (
    MedicalGroupFactory,
    ProviderFactory,
    assigned,
    covered,
    hmo_policy,
    next_first,
    today,
)

SUCCESS = "The transaction was successful and all applicable ID cards were requested."
VERIFY = (
    "Please verify the changes made. If the information is correct, select “Finish” to complete the workflow and save "
    "the changes made. If the information is not correct, please select “Back” to make changes."
)


@pytest.fixture
def policy(world):
    """John and Jane in group 597; group 124 is there to be chosen."""
    MedicalGroupFactory(number="124", name="Lakeshore Physicians Group")
    old = MedicalGroupFactory(number="597", name="South Loop Health Partners")
    made = hmo_policy(number=world.number)
    for coverage in covered(made):
        assigned(coverage, old, reason="No Reason Given")
    return made


def url(policy: Policy, rest: str = "") -> str:
    return f"/clients/{policy.account.number}/pcp/{rest}"


def form(
    policy: Policy,
    do: str = "validate",
    *,
    who=None,
    number="124",
    day=None,
    found=None,
    reason="concern-with-service",
    **more,
):
    coverages = covered(policy) if who is None else who
    data = {
        "do": do,
        "member": [one.pk for one in coverages],
        "number": number,
        "effective_date": as_text(day or next_first()),
        "found": f"group-IL-{number}" if found is None else found,
    }
    return data | {f"reason-{one.pk}": reason for one in coverages} | more


def confirmed(client, policy: Policy, **facts):
    """Validate, and the page it leads to."""
    response = client.post(url(policy), form(policy, **facts))
    assert response.status_code == 302, response.content.decode()
    return response.url


def errors_of(response) -> dict[str, str]:
    """What the list at the bottom says under each name."""
    found = pages.read(response).all("section", class_="error-summary")
    lines = [item for item in found[0].all("ul")[0].children if not isinstance(item, str)] if found else []
    return {line.text.partition(line.one("a").text)[0].strip(): line.one("a").text for line in lines}


# --- the page ---


@pytest.mark.feature("PCP_01")
@pytest.mark.feature("PCP_04")
@pytest.mark.feature("PCP_15")
def test_members_are_listed_with_plan_dates_and_history(world, sign_in, policy):
    john, jane = covered(policy)
    page = pages.read(sign_in(world.producer).get(url(policy)))
    assert page.one("h1").text == "Provider Change"
    rows = page.one("table", class_="pcp-members").one("tbody").all("tr")
    assert [row.one("label").text for row in rows] == ["John Doe (Primary)", "Jane Doe (Spouse)"]
    cells = {cell.attrs["data-label"]: cell.text for cell in rows[0].all("td")}
    assert cells == {
        "Plan": "Prairie Summit Gold HMO 001",
        "DOB": "05/17/1980",
        "Effective Date": as_text(john.effective_date),
        "Termination Date": "12/31/9999",
        "History": "History of John Doe (Primary)",
    }
    assert "2 Active Member(s)" in page.one(class_="pcp-filter").text
    assert "597 South Loop Health Partners" in page.one("dialog", id=f"history-{jane.pk}").text
    assert page.one("input", id="pcp-term").attrs | {"class": ""} == {
        "class": "",
        "id": "pcp-term",
        "value": "12/31/9999",
        "readonly": "",
    }


@pytest.mark.feature("PCP_01")
def test_members_who_have_ended_are_shown_on_request_and_not_to_be_ticked(world, sign_in, policy):
    Coverage.objects.filter(member__first_name="Jane").update(term_date=today() - timedelta(days=1))
    client = sign_in(world.producer)
    page = pages.read(client.get(url(policy)))
    assert "1 Active Member(s)" in page.one(class_="pcp-filter").text
    assert len(page.all("input", name="member")) == 1
    every = pages.read(client.get(url(policy) + "?members=all"))
    assert "Jane Doe (Spouse), not active" in every.one("table", class_="pcp-members").text
    assert len(every.all("input", name="member")) == 1


@pytest.mark.feature("PCP_02")
def test_the_provider_finder_opens_in_a_new_tab_and_says_so(world, sign_in, policy):
    link = pages.read(sign_in(world.producer).get(url(policy))).one(class_="pcp-finder").one("a")
    assert (link.attrs["href"], link.attrs["target"]) == ("/clients/providers/", "_blank")
    assert link.text == "Provider Finder (opens in a new tab)"


@pytest.mark.feature("PCP_03")
@pytest.mark.feature("PCP_05")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"member": []}, "Tick the box beside at least one member."),
        ({"number": ""}, "Enter the Medical Group / PCP / PCPA / NPI number."),
        ({"number": "1234567890"}, "This is not a valid NPI: its check digit does not fit."),
        ({"number": "999"}, "No medical group or PCP was found under this number for"),
        ({"number": "1234567893"}, "No medical group or PCP was found under this number for"),
        ({"effective_date": "someday"}, "Enter a date as mm/dd/yyyy."),
        ({"effective_date": "01/01/2020"}, "The effective date cannot be before today,"),
    ],
)
@pytest.mark.sampled(4)
def test_what_is_wrong_with_a_search_stands_beside_its_field(world, sign_in, policy, changes, said):
    response = sign_in(world.producer).post(url(policy), form(policy, "search") | changes)
    assert response.status_code == 200
    page = pages.read(response)
    assert said in page.one(class_="error-summary").text
    assert not page.all("table", class_="pcp-assignment")
    assert page.one("input", name="number").attrs.get("value", "") == changes.get("number", "124")


@pytest.mark.feature("PCP_05")
@pytest.mark.feature("PCP_06")
def test_search_shows_the_provider_and_asks_for_a_reason_for_each_ticked_member(world, sign_in, policy):
    page = pages.read(sign_in(world.producer).post(url(policy), form(policy, "search", reason="")))
    found = page.one(class_="pcp-found")
    assert f"{as_text(next_first())}-12/31/9999" in found.text
    assert pages.facts(found) == {"Medical Group #": "124", "Medical Group Name": "Lakeshore Physicians Group"}
    selects = page.one("table", class_="pcp-assignment").all("select")
    assert len(selects) == 2
    options = [option.text for option in selects[0].all("option")]
    assert options[0] == "-- select --"
    assert len(options) == 1 + 18
    assert "Data Entered Incorrectly" not in options


@pytest.mark.feature("PCP_07")
def test_the_carriers_staff_may_choose_that_it_was_entered_incorrectly(world, sign_in, policy):
    page = pages.read(sign_in(world.admin).post(url(policy), form(policy, "search")))
    options = [option.text for option in page.one("table", class_="pcp-assignment").all("select")[0].all("option")]
    assert set(options[1:]) == set(PcpReason.objects.values_list("label", flat=True))
    producer = sign_in(world.producer).post(url(policy), form(policy, reason="data-entered-incorrectly"))
    assert "Select a reason of the list." in producer.content.decode()


@pytest.mark.feature("PCP_06")
@pytest.mark.feature("PCP_08")
def test_errors_stand_at_the_bottom_under_each_name_and_the_others_pass(world, sign_in, policy):
    john, jane = covered(policy)
    client = sign_in(world.producer)
    response = client.post(url(policy), form(policy) | {f"reason-{john.pk}": ""})
    assert errors_of(response) == {"John Doe (Primary)": "Please select a provider change reason"}
    page = pages.read(response)
    summary = page.one("section", class_="error-summary")
    assert "data-error-summary" in summary.attrs  # portal.js moves the focus there
    assert "No error for Jane Doe" in summary.text
    chosen = [o.text for o in page.one("select", name=f"reason-{jane.pk}").all("option") if "selected" in o.attrs]
    assert chosen == ["Concern With Service"]
    assert page.one("select", name=f"reason-{john.pk}").attrs["aria-describedby"] == f"error-{john.pk}"
    assert MemberChange.objects.count() == 0


@pytest.mark.feature("PCP_05")
def test_what_was_not_searched_for_is_shown_before_it_is_validated(world, sign_in, policy):
    """The number was changed after Search, or sent without it."""
    response = sign_in(world.producer).post(url(policy), form(policy, found="group-IL-131"))
    assert "Please check the provider shown" in response.content.decode()


# --- warning ---


@pytest.mark.feature("PCP_10")
def test_a_day_within_the_month_warns_and_accept_or_modify_goes_on(world, sign_in, policy):
    day = next_first() + timedelta(days=14)
    client = sign_in(world.producer)
    page = pages.read(client.post(url(policy), form(policy, day=day)))
    warning = page.one("section", class_="pcp-warning")
    assert warning.one("h2").text == "Warning Message(s)"
    assert f"from {as_text(day)} to {as_text(next_first(day))}" in warning.text
    assert [button.text for button in warning.all("button")] == ["Accept", "Modify"]
    modified = pages.read(client.post(url(policy), form(policy, "modify", day=day)))
    field = modified.one("input", name="effective_date").attrs
    assert ("autofocus" in field, field["value"]) == (True, as_text(day))
    accepted = client.post(url(policy), form(policy, "accept", day=day))
    assert as_text(next_first(day)) in client.get(accepted.url).content.decode()
    client.post(accepted.url, {"do": "finish"})
    assert PcpAssignment.objects.filter(effective_date=next_first(day)).count() == 2


# --- confirmation and Finish ---


@pytest.mark.feature("PCP_11")
@pytest.mark.feature("PCP_12")
@pytest.mark.feature("PCP_18")
def test_the_confirmation_shows_current_beside_updated_with_a_tick_where_they_differ(world, sign_in, policy):
    client = sign_in(world.producer)
    address = confirmed(client, policy)
    assert set(parse_qs(urlsplit(address).query)) == {"t"}
    page = pages.read(client.get(address))
    assert [summary.text for summary in page.all("summary") if "Doe" in summary.text] == [
        "John Doe (primary)",
        "Jane Doe (spouse)",
    ]
    rows = page.all("table", class_="pcp-compare")[0].one("tbody").all("tr")
    john = covered(policy)[0]
    assert [(row.one("th").text, *(cell.text for cell in row.all("td"))) for row in rows] == [
        ("Medical Group #", "597", "Changed: 124"),
        ("Medical Group Name", "South Loop Health Partners", "Changed: Lakeshore Physicians Group"),
        ("Effective Date", as_text(john.effective_date), f"Changed: {as_text(next_first())}"),
        ("Term Date", "12/31/9999", "12/31/9999"),
        ("Request Received Date", as_text(john.effective_date), f"Changed: {as_text(today())}"),
        ("Provider Assigned By", "Selected by member", "Selected by member"),
        ("Provider Change Reason", "No Reason Given", "Changed: Concern With Service"),
    ]
    assert [bool(row.all("svg")) for row in rows] == [True, True, True, False, True, False, True]
    assert VERIFY in page.one("main").text
    actions = page.one(class_="pcp-finish")
    assert [one.text for one in [*actions.all("a"), *actions.all("button")]] == [
        "Back",
        "Cancel",
        "Finish & Re-Launch",
        "Finish",
    ]
    back = pages.read(client.get(actions.all("a")[0].attrs["href"]))
    assert back.one("input", name="number").attrs["value"] == "124"
    assert len([box for box in back.all("input", name="member") if "checked" in box.attrs]) == 2


@pytest.mark.feature("PCP_12")
@pytest.mark.feature("PCP_13")
@pytest.mark.feature("PCP_15")
@pytest.mark.feature("PCP_18")
@pytest.mark.parametrize(("do", "leads_to"), [("finish", ""), ("relaunch", "pcp/")])
def test_finish_saves_and_says_so(world, sign_in, policy, do, leads_to):
    client = sign_in(world.producer)
    response = client.post(confirmed(client, policy), {"do": do, "term_date": "01/01/2030"}, follow=True)
    assert response.redirect_chain == [(f"/clients/{policy.account.number}/{leads_to}", 302)]
    assert SUCCESS in pages.messages(response)
    assert PcpAssignment.objects.filter(medical_group__number="124", end_date=None).count() == 2
    assert MemberChange.objects.filter(kind="PCP", created_by=world.producer).count() == 2
    assert IdCardRequest.objects.filter(policy=policy).count() == 2


@pytest.mark.feature("PCP_13")
def test_five_finishes_of_one_window_are_one_change_said_once(world, sign_in, policy):
    client = sign_in(world.producer)
    address = confirmed(client, policy)
    said = [
        str(message) for _ in range(5) for message in get_messages(client.post(address, {"do": "finish"}).wsgi_request)
    ]
    assert said.count(SUCCESS) == 5  # the one message, still unread each time
    assert pages.messages(client.get(f"/clients/{policy.account.number}/")).count(SUCCESS) == 1
    assert MemberChange.objects.filter(kind="PCP").count() == 2
    assert PcpAssignment.objects.count() == 4


@pytest.mark.feature("PCP_13")
def test_two_windows_do_not_meet(world, sign_in, policy):
    """Each confirms what it shows; the second to finish is told that the record is another one now."""
    MedicalGroupFactory(number="131")
    client = sign_in(world.producer)
    one, two = confirmed(client, policy), confirmed(client, policy, number="131")
    assert ">131" in client.get(two).content.decode().replace("\n", "").replace(" ", "")
    client.post(one, {"do": "finish"})
    refused = client.post(two, {"do": "finish"})
    assert "changed after you pressed Validate" in next(iter(errors_of(refused).values()))
    assert PcpAssignment.objects.filter(end_date=None, medical_group__number="124").count() == 2
    client.post(confirmed(client, policy, number="131"), {"do": "finish"})
    assert PcpAssignment.objects.filter(end_date=None, medical_group__number="131").count() == 2


@pytest.mark.feature("PCP_13")
def test_the_rules_are_asked_again_at_finish(world, sign_in, policy):
    client = sign_in(world.producer)
    address = confirmed(client, policy)
    Coverage.objects.filter(member__first_name="Jane").update(term_date=next_first() - timedelta(days=1))
    refused = client.post(address, {"do": "finish"})
    assert list(errors_of(refused)) == ["Jane Doe (Spouse)"]
    assert MemberChange.objects.count() == 0


@pytest.mark.feature("PCP_16")
def test_a_choice_that_would_never_begin_is_told_before_finish(world, sign_in, policy):
    client = sign_in(world.producer)
    client.post(confirmed(client, policy), {"do": "finish"})
    MedicalGroupFactory(number="131")
    page = pages.read(client.get(confirmed(client, policy, number="131")))
    assert page.one("main").text.count("The choice of 124 Lakeshore Physicians Group from") == 2


@pytest.mark.feature("PCP_13")
def test_a_confirmation_that_is_not_open_any_more_begins_again(world, sign_in, policy):
    client = sign_in(world.producer)
    other = hmo_policy(number=world.number)
    address = confirmed(client, policy)
    for nowhere in (
        url(policy, "confirm/"),
        url(policy, "confirm/?t=nothing"),
        address.replace(policy.account.number, other.account.number),
    ):
        response = client.post(nowhere, {"do": "finish"}, follow=True)
        assert pages.messages(response) == ["That provider change is no longer open. Please begin again."]
    assert MemberChange.objects.count() == 0


# --- who may, and where it is not offered ---


@pytest.mark.feature("PCP_14")
def test_the_same_member_twice_is_an_error(world, sign_in, policy):
    john = covered(policy)[0]
    response = sign_in(world.producer).post(url(policy), form(policy, who=[john]) | {"member": [john.pk, john.pk]})
    assert "can only be updated one time per transaction" in response.content.decode()


@pytest.mark.feature("PCP_17")
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"requires_pcp": False, "network_type": "PPO"}, "None of the plans requires a primary care physician"),
        ({"termed": True}, "The plan that requires a primary care physician has ended."),
        ({"cancelled": True}, "The plan that requires a primary care physician has ended."),
        ({"unpaid": True}, "The first payment for the plan that requires a primary care physician"),
    ],
)
def test_where_nothing_can_be_changed_the_action_is_not_offered_and_a_post_refused(world, sign_in, facts, reason):
    policy = hmo_policy(number=world.number, **facts)
    client = sign_in(world.producer)
    page = pages.read(client.get(f"/clients/{policy.account.number}/"))
    assert f"Change PCP : {reason}" in page.one(class_="client-impossible").text
    answer = client.get(url(policy), follow=True)
    assert pages.messages(answer)[0].startswith(f"Change PCP: {reason}")
    assert client.post(url(policy), form(policy)).status_code == 400
    assert client.post(url(policy, "confirm/")).status_code == 400


@pytest.mark.feature("PCP_17")
def test_a_member_of_another_household_or_plan_is_refused(world, sign_in, policy):
    other = hmo_policy(number=world.number)
    ppo = PolicyFactory(primary=covered(policy)[0].member, producer_number=world.number)
    for foreign in (covered(other), covered(ppo)):
        assert sign_in(world.producer).post(url(policy), form(policy, who=foreign)).status_code == 400
    for nonsense in (["x"], ["9" * 30]):
        answer = sign_in(world.producer).post(url(policy), form(policy) | {"member": nonsense})
        assert answer.status_code == 400


@pytest.mark.feature("PCP_17")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("principal", 200),
        ("delegate_with_service", 200),
        ("admin", 200),
        ("delegate", 403),
        ("outsider", 404),
        ("sibling", 404),
    ],
)
@pytest.mark.sampled(4)
def test_who_gets_to_the_page(world, sign_in, policy, who, status):
    client = sign_in(getattr(world, who))
    assert client.get(url(policy)).status_code == status
    assert client.post(url(policy), form(policy, "search")).status_code == status
    assert client.get(url(policy, "confirm/")).status_code == (302 if status == 200 else status)


def test_a_household_without_an_account_number_is_told_why(world, sign_in, policy):
    policy.account.number = None
    policy.account.save(update_fields=["number"])
    page = pages.read(sign_in(world.producer).get(f"/clients/e-app/{policy.eapp_number}/"))
    assert "This household has no account number yet." in page.one(class_="client-impossible").text


def test_looks_and_changes_are_in_the_trail_without_anybodys_name(world, sign_in, policy):
    client = sign_in(world.producer)
    client.get(url(policy))
    client.post(confirmed(client, policy), {"do": "finish"})
    events = AuditEvent.objects.filter(action__startswith="pcp.").order_by("id")
    assert list(events.values_list("action", "details")) == [("pcp.viewed", {}), ("pcp.changed", {"members": 2})]


# --- the client's page ---


@pytest.mark.feature("PCP_01")
@pytest.mark.feature("DET_03")
def test_the_clients_page_leads_here_and_shows_who_has_whom(world, sign_in, policy):
    client = sign_in(world.producer)
    assert client.get(f"/clients/{policy.account.number}/go/", {"action": "pcp"}).url == url(policy)
    client.post(confirmed(client, policy), {"do": "finish"})
    page = pages.read(client.get(f"/clients/{policy.account.number}/"))
    rows = page.one("section", aria_labelledby="providers").one("tbody").all("tr")
    cells = {cell.attrs["data-label"]: cell.text for cell in rows[0].all("td")}
    assert rows[0].one("th").text == "John Doe"
    assert cells["Medical Group"] == "597 South Loop Health Partners"
    assert cells["Coming up"] == f"124 Lakeshore Physicians Group, {as_text(next_first())} to 12/31/9999"
    timeline = page.one("section", aria_labelledby="timeline").text
    assert "Primary care physician begins" in timeline
    assert (
        "John: 124 Lakeshore Physicians Group; Jane: 124 Lakeshore Physicians Group. Reason: Concern With Service."
        in timeline
    )


@pytest.mark.feature("PCP_13")
def test_a_change_the_member_system_refused_is_said_beside_that_member(world, sign_in, policy):
    client = sign_in(world.producer)
    client.post(confirmed(client, policy), {"do": "finish"})
    change = MemberChange.objects.filter(kind="PCP").earliest("pk")
    service.not_taken_over(change, timezone.now())
    page = pages.read(client.get(f"/clients/{policy.account.number}/"))
    lines = page.one("section", aria_labelledby="providers").all(class_="state-line-danger")
    assert [line.text.split("(")[0].strip() for line in lines] == ["The member system did not take this provider over"]
    assert "Not taken over by the member system" in client.get(url(policy)).content.decode()


def test_a_client_without_such_a_plan_has_no_panel(world, sign_in):
    page = pages.read(sign_in(world.producer).get(f"/clients/{world.account_number}/"))
    assert page.all("section", aria_labelledby="providers") == []


# --- the administration ---


@pytest.mark.feature("PCP_13")
def test_the_staff_finds_refused_changes_and_takes_one_back(world, sign_in, policy):
    client = sign_in(world.producer)
    client.post(confirmed(client, policy, who=covered(policy)[:1]), {"do": "finish"})
    change = MemberChange.objects.get(kind="PCP")
    service.not_taken_over(change, timezone.now())
    staff = sign_in(world.admin)
    listed = staff.get("/admin/clients/pcpassignment/", {"refused": "yes"})
    assert listed.content.decode().count('class="action-select"') == 1
    chosen = {
        "action": "take_back",
        "_selected_action": [change.payload["assignment_id"], covered(policy)[1].pk + 10**6],
    }
    answer = staff.post("/admin/clients/pcpassignment/", chosen, follow=True)
    assert "1 assignment was taken back; the one before goes on." in answer.content.decode()
    assert WithdrawnPcpAssignment.objects.get().why == "TAKEN_BACK"
    assert "Taken back" in client.get(url(policy)).content.decode()


@pytest.mark.feature("PCP_07")
def test_the_staff_dates_a_reason_and_it_leaves_the_list(world, sign_in, policy):
    staff = sign_in(world.admin)
    retired = PcpReason.objects.get(code="retired")
    address = f"/admin/clients/pcpreason/{retired.pk}/change/"
    values = {"pla05": "AI", "limit": "NONE", "first_day": "2014-01-01", "last_day": "2020-12-31"}
    assert staff.post(address, values).status_code == 302
    page = pages.read(sign_in(world.producer).post(url(policy), form(policy, "search")))
    assert "Retired" not in [option.text for option in page.all("option")]
    assert "label" not in {field.attrs.get("name") for field in pages.read(staff.get(address)).all("input")}
    assert staff.get(f"/admin/clients/pcpreason/{retired.pk}/delete/").status_code == 403


def test_a_closed_panel_names_itself(world, sign_in, policy):
    doctor = ProviderFactory(closed_panel=True)
    response = sign_in(world.producer).post(url(policy), form(policy, number=doctor.npi, found=f"npi-{doctor.npi}"))
    assert set(errors_of(response).values()) == {"This provider is not accepting new patients"}
