"""The drop-down with GO on a client's page, and the way back to the result one came from."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from clients.models import Account
from clients.selectors import detail as selectors
from portal.common import client_actions
from portal.common.access import Perm
from portal.common.client_actions import NOT_YOURS, NOT_YOURS_HERE, ClientAction
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import DelegateGrantFactory, MemberFactory, PolicyFactory


@pytest.fixture(autouse=True)
def without_the_service_actions(monkeypatch):
    """The guide's three have tests of their own; here stands what others register, and how the drop-down works."""
    rest = {
        code: a
        for code, a in client_actions._actions.items()
        if code not in ("id-cards", "pcp", "contact", "new-quote", "pay")
    }
    monkeypatch.setattr(client_actions, "_actions", rest)


@pytest.fixture
def service_actions(monkeypatch):
    """The three of the guide, as the parts that do them will register them."""
    monkeypatch.setattr(client_actions, "_actions", dict(client_actions._actions))

    def no_pcp_plan(client) -> str:
        return "" if any(policy.requires_pcp for policy in client.policies) else "None of the plans requires a PCP."

    def waits(client) -> str:
        opens = [
            policy.application_submitted_at + timedelta(hours=24)
            for policy in client.policies
            if policy.market == "ON" and policy.application_submitted_at
        ]
        return "ID cards are ready 24 hours after submission." if opens and client.now < max(opens) else ""

    def all_termed(client) -> str:
        return "Every policy is termed." if all(policy.status == "TERMED" for policy in client.policies) else ""

    for order, (code, label, why_not) in enumerate(
        (
            ("id-cards", "Generate ID Cards", waits),
            ("pcp", "Change PCP", no_pcp_plan),
            ("contact", "Contact Info Change", all_termed),
        )
    ):
        client_actions.register(
            ClientAction(
                code=code,
                label=label,
                url=lambda client, code=code: f"{client.page}{code}/",
                perm=Perm.CLIENT_SERVICE,
                order=order,
                why_not=why_not,
            )
        )


def options(response) -> dict[str, bool]:
    """The entries of the drop-down, and whether each can be chosen."""
    select = pages.read(response).one("select", id="client-action")
    return {option.text: "disabled" not in option.attrs for option in select.all("option") if option.attrs["value"]}


def reasons(response) -> list[str]:
    found = pages.read(response).all(class_="client-impossible")
    return [item.text.replace(" :", ":") for item in found[0].all("li")] if found else []


def page_of(client, policy):
    return client.get(f"/clients/{policy.account.number}/")


# --- what is offered ---


@pytest.mark.feature("DET_03")
def test_who_may_everything_finds_what_there_is_now_and_no_dead_entry(world, sign_in):
    response = page_of(sign_in(world.producer), world.policy)
    assert options(response) == {"Submit E-Question": True, "Submit Document": True, "Report an Issue": True}
    assert reasons(response) == []
    form = pages.read(response).one("form", class_="client-go")
    assert (form.attrs["method"], form.attrs["action"]) == ("get", f"/clients/{world.account_number}/go/")
    assert form.one("button", type="submit").text == "GO"


@pytest.mark.feature("DET_03")
def test_the_guides_three_actions_come_first_once_they_are_registered(world, sign_in, service_actions):
    policy = PolicyFactory(producer_number=world.number, requires_pcp=True)
    client = sign_in(world.producer)
    assert list(options(page_of(client, policy)))[:3] == ["Generate ID Cards", "Change PCP", "Contact Info Change"]
    response = client.get(f"/clients/{policy.account.number}/go/", {"action": "pcp"})
    assert response.url == f"/clients/{policy.account.number}/pcp/"


@pytest.mark.feature("DET_04")
@pytest.mark.parametrize(
    ("traits", "impossible"),
    [
        (
            {"market": "ON", "application_submitted_at": timezone.now() - timedelta(hours=3), "requires_pcp": True},
            ["Generate ID Cards: ID cards are ready 24 hours after submission."],
        ),
        (
            {"termed": True},
            ["Change PCP: None of the plans requires a PCP.", "Contact Info Change: Every policy is termed."],
        ),
        ({"requires_pcp": True}, []),
    ],
)
def test_what_is_not_possible_now_is_listed_with_the_reason(world, sign_in, service_actions, traits, impossible):
    policy = PolicyFactory(producer_number=world.number, **traits)
    response = page_of(sign_in(world.producer), policy)
    assert reasons(response) == impossible
    closed = [label.removesuffix(" (not possible now)") for label, can in options(response).items() if not can]
    assert closed == [line.split(":")[0] for line in impossible]


@pytest.mark.feature("DET_04")
def test_go_asks_again_and_comes_back_with_the_reason(world, sign_in, service_actions):
    """The page may be old, the address typed: what is not possible now is refused there too."""
    response = sign_in(world.producer).get(f"/clients/{world.account_number}/go/", {"action": "pcp"}, follow=True)
    assert response.redirect_chain == [(f"/clients/{world.account_number}/", 302)]
    assert pages.messages(response) == ["Change PCP: None of the plans requires a PCP."]


@pytest.mark.feature("DET_03")
@pytest.mark.parametrize("action", ["", "nothing", "//evil.example", "\x00"])
@pytest.mark.sampled(2)
def test_go_without_a_choice_comes_back_and_says_what_to_do(world, sign_in, action):
    response = sign_in(world.producer).get(f"/clients/{world.account_number}/go/", {"action": action}, follow=True)
    assert response.redirect_chain == [(f"/clients/{world.account_number}/", 302)]
    assert pages.messages(response) == ["Choose what you want to do, then press GO."]


@pytest.mark.feature("DET_03")
@pytest.mark.parametrize(
    ("action", "path", "query"),
    [
        ("submit-e-question", "/messages/questions/new/", {"account": ["{number}"]}),
        ("submit-document", "/messages/documents/new/", {"account": ["{number}"]}),
        ("report-an-issue", "/messages/report-an-issue/", {"page": ["/clients/{number}/"], "record": ["{number}"]}),
    ],
)
def test_go_leads_to_a_form_that_knows_the_client(world, sign_in, action, path, query):
    client, number = sign_in(world.producer), world.account_number
    response = client.get(f"/clients/{number}/go/", {"action": action})
    target = urlsplit(response.url)
    assert target.path == path
    assert parse_qs(target.query) == {k: [v.format(number=number) for v in values] for k, values in query.items()}
    form = client.get(response.url)
    assert form.status_code == 200
    assert number in form.content.decode()


@pytest.mark.feature("DET_03")
@pytest.mark.parametrize("action", ["submit-e-question", "submit-document", "report-an-issue"])
@pytest.mark.sampled(1)
def test_a_household_without_an_account_number_is_named_by_its_e_app_number(world, sign_in, action):
    policy = world.policy
    Account.objects.filter(pk=policy.account_id).update(number=None)
    client = sign_in(world.producer)
    page = client.get(f"/clients/e-app/{policy.eapp_number}/")
    go = pages.read(page).one("form", class_="client-go").attrs["action"]
    assert go == f"/clients/e-app/{policy.eapp_number}/go/"
    target = client.get(go, {"action": action}).url
    assert policy.eapp_number in target
    assert "None" not in target
    assert client.get(target).status_code == 200
    back = client.get(go, {"action": "nothing"})
    assert back.url == f"/clients/e-app/{policy.eapp_number}/"


# --- who may ---


@pytest.mark.feature("DET_04")
def test_a_delegate_who_may_only_look_is_told_so(world, sign_in):
    response = page_of(sign_in(world.delegate), world.policy)
    labels = ("Submit E-Question", "Submit Document")
    assert reasons(response) == [f"{label}: {NOT_YOURS}" for label in labels]
    assert options(response)["Report an Issue"] is True


@pytest.mark.feature("DET_04")
def test_the_carriers_admin_asks_nothing(world, sign_in):
    assert f"Submit E-Question: {NOT_YOURS}" in reasons(page_of(sign_in(world.admin), world.policy))


@pytest.mark.feature("DET_04")
def test_a_right_from_one_producer_is_none_on_the_clients_of_another(world, sign_in):
    """The delegate services the sibling's clients and only looks at the producer's."""
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=["VIEW", "SERVICE"])
    client = sign_in(world.delegate)
    assert f"Submit Document: {NOT_YOURS_HERE}" in reasons(page_of(client, world.policy))
    assert reasons(page_of(client, world.sibling_policy)) == []
    refused = client.get(f"/clients/{world.account_number}/go/", {"action": "submit-document"}, follow=True)
    assert pages.messages(refused) == [f"Submit Document: {NOT_YOURS_HERE}"]


def test_a_principal_has_every_right_on_the_clients_below(world, sign_in):
    assert reasons(page_of(sign_in(world.principal), world.policy)) == []


def test_a_delegate_who_chose_one_producer_has_that_ones_rights_only(world):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=["VIEW", "SERVICE"])
    dana = User.objects.get(pk=world.delegate.pk)
    policies = [world.policy, world.sibling_policy]
    assert selectors.policies_under(dana, policies)(Perm.CLIENT_SERVICE) == [world.sibling_policy]
    dana.work_for(world.producer.producer_id)
    assert selectors.policies_under(dana, policies)(Perm.CLIENT_SERVICE) == []
    assert selectors.policies_under(dana, policies)(Perm.CLIENT_VIEW) == [world.policy]


def test_an_outsider_is_sent_nowhere(world, sign_in):
    for address in (f"/clients/{world.account_number}/go/", f"/clients/e-app/{world.policy.eapp_number}/go/"):
        response = sign_in(world.outsider).get(address, {"action": "report-an-issue"})
        assert response.status_code == 404
        response = sign_in(world.delegate_without_view).get(address, {"action": "report-an-issue"})
        assert response.status_code == 403


def test_go_shows_nothing_of_the_client_and_is_no_look(world, sign_in):
    sign_in(world.producer).get(f"/clients/{world.account_number}/go/", {"action": "submit-document"})
    assert not AuditEvent.objects.filter(action="client.viewed").exists()


@pytest.mark.parametrize("who", ["producer", "delegate_with_service"])
def test_go_asks_no_more_for_a_large_household(world, sign_in, who):
    primary = MemberFactory()
    for _ in range(6):
        PolicyFactory(primary=primary, producer_number=world.number)
    client, counts = sign_in(getattr(world, who)), []
    for number in (world.account_number, primary.account.number):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/clients/{number}/go/", {"action": "submit-document"}).status_code == 302
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --- back to the result ---


def result(client, value: str) -> str:
    return client.post("/clients/", {"by": "account", "value": value}).url


def back_link(response) -> tuple[str, str]:
    link = pages.read(response).one("a", class_="back-link")
    return link.text, link.attrs["href"]


@pytest.mark.feature("DET_02")
def test_back_leads_to_the_same_result_with_page_sort_and_size(world, sign_in):
    client = sign_in(world.producer)
    shown = result(client, world.account_number) + "&sort=-status&size=50"
    link = pages.grid(client.get(shown)).links[0]["Account Number"]
    label, url = back_link(client.get(link))
    assert (label, parse_qs(urlsplit(url).query)) == ("Back to Search Results", parse_qs(urlsplit(shown).query))
    assert len(pages.grid(client.get(url)).rows) == 1


@pytest.mark.feature("DET_02")
def test_two_tabs_go_back_to_their_own_results(world, sign_in):
    other = PolicyFactory(producer_number=world.number)
    client = sign_in(world.producer)
    tabs = [result(client, number) for number in (world.account_number, other.account.number)]
    links = [pages.grid(client.get(tab)).links[0]["Account Number"] for tab in tabs]
    client.get(tabs[1])  # looked at last
    for tab, link in zip(tabs, links, strict=True):
        assert back_link(client.get(link)) == ("Back to Search Results", tab)


@pytest.mark.feature("DET_02")
def test_a_filtered_result_keeps_its_filter(world, sign_in):
    client = sign_in(world.producer)
    found = result(client, world.account_number)
    filtered = client.post(found, {"grid": "filters", "size": "25", "f_status": "grace"}).url
    link = pages.grid(client.get(filtered)).links[0]["Account Number"]
    back = pages.grid(client.get(back_link(client.get(link))[1]))
    assert back.element.one("input", name="f_status").attrs["value"] == "grace"


@pytest.mark.feature("DET_02")
def test_the_way_back_survives_go_and_the_e_app_address(world, sign_in):
    client = sign_in(world.producer)
    tab = result(client, world.account_number)
    query = urlsplit(pages.grid(client.get(tab)).links[0]["Account Number"]).query
    response = client.get(f"/clients/{world.account_number}/go/?{query}&action=", follow=True)
    assert back_link(response)[1] == tab
    response = client.get(f"/clients/e-app/{world.policy.eapp_number}/?{query}", follow=True)
    assert back_link(response)[1] == tab
    hidden = pages.read(response).one("form", class_="client-go").all("input", type="hidden")
    assert {field.attrs["name"] for field in hidden} == {"from", "r"}


@pytest.mark.feature("DET_02")
def test_a_client_opened_from_a_report_leads_back_to_the_report(world, sign_in):
    client = sign_in(world.producer)
    report = client.post("/reports/new/", {"policy_status": "ALL"}).url
    link = pages.grid(client.get(report)).links[0]["Account Number"]
    assert back_link(client.get(link)) == ("Back to Report", report)


@pytest.mark.feature("DET_02")
def test_without_a_result_the_search_is_offered(world, sign_in):
    client = sign_in(world.producer)
    assert back_link(page_of(client, world.policy)) == ("Client Search", "/clients/")
    forged = client.get(f"/clients/{world.account_number}/?from=search&r=somebody-elses")
    assert back_link(forged) == ("Client Search", "/clients/")


@pytest.mark.feature("DET_02")
def test_the_addresses_on_the_way_name_nobody(world, sign_in):
    client = sign_in(world.producer)
    tab = result(client, world.account_number)
    link = pages.grid(client.get(tab)).links[0]["Account Number"]
    assert world.account_number not in urlsplit(link).query
    assert world.account_number not in tab


@pytest.mark.feature("DET_02")
def test_the_panel_folds_and_submit_e_question_stands_beside_it(world, sign_in):
    page = pages.read(page_of(sign_in(world.producer), world.policy))
    fold = page.one("details", class_="panel-fold")
    assert (fold.one("summary").text, "open" in fold.attrs) == ("Client Information", True)
    (button,) = (link for link in page.one(class_="client-actions").all("a"))
    assert button.text == "Submit E-Question"
    assert button.attrs["href"] == f"/messages/questions/new/?account={world.account_number}"
