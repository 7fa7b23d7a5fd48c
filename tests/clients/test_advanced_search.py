"""The advanced search: three groups of fields, each alone and together, and the searches that need no typing."""

from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from clients.forms.search import AdvancedSearchForm
from clients.models import Account, Policy
from portal.common import criteria
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.books import write_policies
from tests.support.factories import (
    ContactPointFactory,
    MemberFactory,
    PolicyFactory,
    ProducerFactory,
    ProducerNumberFactory,
)

SEARCH = "/clients/"
BORN = date(1971, 3, 9)


def find(client: Client, **fields: str) -> HttpResponse:
    return client.post(SEARCH, {"advanced": "1", **fields}, follow=True)


def found(client: Client, **fields: str) -> list[str]:
    return pages.grid(find(client, **fields)).column("First Name")


@pytest.fixture
def client(world, sign_in) -> Client:
    return sign_in(world.producer)


@pytest.fixture
def noa(world) -> Policy:
    """One client with every number there is, among others who share nothing with her."""
    primary = MemberFactory(
        account__number="730075112",
        account__zip="60618",
        first_name="Noa",
        last_name="O'Brien-Muñoz",
        date_of_birth=BORN,
        ssn="912340042",
    )
    spouse = MemberFactory(account=primary.account, role="SPOUSE", first_name="Sam", last_name="Lund", ssn="912340077")
    ContactPointFactory(member=primary, kind="CELL", value="3125550199")
    ContactPointFactory(member=primary, kind="EMAIL", value="Noa.M@mail.example")
    ContactPointFactory(member=spouse, kind="CELL", value="3125550177")
    PolicyFactory(producer_number=world.number)
    return PolicyFactory(
        primary=primary,
        producer_number=world.number,
        eapp_number="0101389016",
        client_app_id="PP97127",
        exchange_assigned_id="EX4457781",
        pending_application_id="A1B2C3",
    )


EACH_FIELD = [
    ("account_number", "730075112"),
    ("account_number", " 730-075-112 "),
    ("eapp_number", "0101389016"),
    ("client_app_id", "pp97127"),
    ("exchange_assigned_id", "EX4457781"),
    ("pending_application_id", "a1b2c3"),
    ("first_name", "Noa"),
    ("first_name", "no"),
    ("last_name", "obrien"),
    ("last_name", "O’Brien Munoz"),
    ("ssn_last4", "0042"),
    ("date_of_birth", "03/09/1971"),
    ("date_of_birth", "3/9/1971"),
    ("phone", "(312) 555-0199"),
    ("phone", "+1 312.555.0199"),
    ("phone", "3125550199"),
    ("email", "noa.m@MAIL.example"),
    ("zip", "60618"),
    ("zip", "60618-1234"),
]


@pytest.mark.feature("SRC_03")
@pytest.mark.feature("SRC_05")
@pytest.mark.parametrize(("field", "typed"), EACH_FIELD)
@pytest.mark.sampled(8)
def test_each_field_alone_finds_the_client(client, noa, field, typed):
    assert found(client, **{field: typed}) == ["Noa"]


@pytest.mark.feature("SRC_07")
def test_all_filled_fields_must_fit(client, noa):
    assert found(client, last_name="O'Brien", zip="60618", date_of_birth="03/09/1971") == ["Noa"]
    assert found(client, last_name="O'Brien", zip="60619") == []
    assert found(client, last_name="Lund", zip="60618") == []


@pytest.mark.feature("SRC_02")
@pytest.mark.parametrize(
    ("field", "typed"),
    [("ssn_last4", "0077"), ("last_name", "Lund"), ("first_name", "Sam"), ("phone", "312-555-0177")],
)
def test_a_dependents_data_find_nobody(client, noa, field, typed):
    assert found(client, **{field: typed}) == []


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize(("field", "typed"), EACH_FIELD)
@pytest.mark.sampled(8)
def test_no_field_finds_the_client_of_somebody_else(world, sign_in, noa, field, typed):
    assert found(sign_in(world.outsider), **{field: typed}) == []


@pytest.mark.feature("SRC_06")
def test_producers_are_searched_within_the_own_hierarchy(world, sign_in):
    below = ProducerFactory(first_name="Pia", last_name="Underhill", parent=world.principal.producer)
    theirs = PolicyFactory(producer_number=ProducerNumberFactory(producer=below, number="011223344"))
    elsewhere = ProducerNumberFactory(producer=ProducerFactory(first_name="Pia", last_name="Underhill"))
    PolicyFactory(producer_number=elsewhere)
    client = sign_in(world.principal)
    for fields in (
        {"producer_last_name": "underhill"},
        {"producer_first_name": "Pi", "producer_last_name": "Und"},
        {"producer_number": "011 223 344"},
    ):
        grid = pages.grid(find(client, **fields))
        assert grid.column("Account Number") == [theirs.account.number], fields
    assert found(client, producer_number=elsewhere.number) == []
    assert found(sign_in(world.producer), producer_last_name="Underhill") == []


@pytest.mark.feature("SRC_08")
def test_five_thousand_of_the_same_name_hide_none_of_mine(world, client):
    theirs = PolicyFactory(primary=MemberFactory(last_name="Smith"))
    write_policies(theirs, ({"insured_last_key": "SMITH"} for _ in range(4999)))
    for n in range(3):
        PolicyFactory(primary=MemberFactory(last_name="Smith", first_name=f"Mine{n}"), producer_number=world.number)
    assert found(client, last_name="Smith") == ["Mine0", "Mine1", "Mine2"]


@pytest.mark.no_db
@pytest.mark.feature("SRC_04")
@pytest.mark.feature("SRC_07")
@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("account_number", "73A", "An account number has digits only, at most 12 of them."),
        ("account_number", "1234567890123", "An account number has digits only, at most 12 of them."),
        ("eapp_number", "0101_389", "An E-App number has letters and digits only."),
        ("client_app_id", "PP;1", "A client app ID has letters and digits only."),
        ("exchange_assigned_id", "é1", "An exchange assigned ID has letters and digits only."),
        ("pending_application_id", "A1B2C", "exactly six letters or digits"),
        ("pending_application_id", "A1B2C3D", "exactly six letters or digits"),
        ("first_name", "!!", "Enter letters from A to Z."),
        ("last_name", "'", "Enter letters from A to Z."),
        ("ssn_last4", "123", "Enter exactly four digits"),
        ("ssn_last4", "12345", "Enter exactly four digits"),
        ("ssn_last4", "912-34-0042", "Enter exactly four digits"),
        ("date_of_birth", "13/01/1980", "Enter the date of birth as mm/dd/yyyy."),
        ("date_of_birth", "02/30/1980", "Enter the date of birth as mm/dd/yyyy."),
        ("date_of_birth", "12/31/1899", "Enter a date of birth from 01/01/1900 through today."),
        ("date_of_birth", "12/31/9999", "Enter a date of birth from 01/01/1900 through today."),
        ("phone", "555-0199", "ten digits"),
        ("phone", "312555019X", "ten digits"),
        ("phone", "2 312 555 0199", "ten digits"),
        ("email", "noa@", "valid email address"),
        ("zip", "6061", "Enter a ZIP code with five digits."),
        ("zip", "606l8", "Enter a ZIP code with five digits."),
        ("producer_number", "12345678", "nine digits"),
        ("producer_number", "1234567890", "nine digits"),
    ],
)
def test_what_cannot_be_searched_for_is_said_at_its_field(field, typed, said):
    form = AdvancedSearchForm({field: typed})
    assert not form.is_valid()
    assert said in form.errors[field][0]


@pytest.mark.feature("SRC_07")
def test_a_mistake_keeps_what_was_typed_and_searches_nothing(client, noa):
    page = pages.read(find(client, last_name="O'Brien", zip="6061"))
    assert "Enter a ZIP code with five digits." in page.text
    assert page.one("input", name="last_name").attrs["value"] == "O'Brien"
    assert page.one("input", name="zip").attrs["value"] == "6061"
    assert not AuditEvent.objects.filter(action="client.searched").exists()


@pytest.mark.feature("SRC_07")
@pytest.mark.parametrize("fields", [{}, {"last_name": "   "}, {"phone": ""}])
def test_nothing_entered_is_said(client, fields):
    assert "Fill in at least one field." in pages.read(find(client, **fields)).text


@pytest.mark.feature("SRC_03")
@pytest.mark.feature("SRC_05")
@pytest.mark.feature("SRC_06")
@pytest.mark.feature("SRC_09")
def test_the_form_has_the_three_groups_in_the_guides_words(client):
    page = pages.read(client.get(SEARCH))
    form = page.one("form", class_="advanced-search")
    groups = {group.one("legend").text: [label.text for label in group.all("label")] for group in form.all("fieldset")}
    assert groups == {
        "Account Information": [
            "Account Number*",
            "E-App Number",
            "Client App ID",
            "Exchange Assigned ID",
            "Pending Application ID",
        ],
        "Client Information": [
            "Client First Name",
            "Client Last Name",
            "Last 4 of SSN*",
            "Date of Birth*",
            "Phone Number",
            "Email Address",
            "Zip Code",
        ],
        "Producer Information": ["Producer First Name", "Producer Last Name", "Nine Digit Producer Number"],
    }
    assert "provides the best results" in form.text
    assert [button.text for button in form.all("button")] == ["Search"]
    assert form.one("a", class_="btn").text == "Clear All"


@pytest.mark.feature("SRC_04")
def test_the_four_application_numbers_say_where_they_come_from(client):
    text = pages.read(client.get(SEARCH)).text
    for part in ("through this portal", "Only web producers", "from the Marketplace", "under Billing ID"):
        assert part in text


@pytest.mark.feature("SRC_17")
def test_the_result_says_what_was_searched_and_leads_back_to_the_form(client, noa):
    response = find(client, last_name="o'brien", date_of_birth="3/9/1971", phone="312 555 0199")
    page = pages.read(response)
    words = [word.text for word in page.all(class_="search-word")]
    assert words == ["Client Last Name o'brien", "Date of Birth 03/09/1971", "Phone Number (312) 555-0199"]
    change = page.one("a", class_="btn-sm", href=f"{response.wsgi_request.get_full_path()}&change=1")
    form = pages.read(client.get(change.attrs["href"])).one("form", class_="advanced-search")
    assert form.one("input", name="date_of_birth").attrs["value"] == "03/09/1971"
    assert form.one("input", name="last_name").attrs["value"] == "o'brien"


@pytest.mark.feature("SRC_17")
@pytest.mark.feature("SRC_18")
def test_what_was_searched_stands_in_no_address_and_in_no_audit_row(client, noa):
    response = find(
        client, last_name="Obrien", ssn_last4="0042", date_of_birth="03/09/1971", email="noa.m@mail.example"
    )
    sent_through = [address for address, _ in response.redirect_chain]
    (row,) = AuditEvent.objects.filter(action="client.searched")
    assert row.details == {"by": ["date_of_birth", "email", "last_name", "ssn_last4"]}
    for secret in ("Obrien", "0042", "1971", "noa.m"):
        assert not any(secret in address for address in sent_through)
        assert secret not in str(row.details)


@pytest.mark.feature("SRC_17")
def test_a_search_kept_by_an_earlier_release_is_no_longer_open(client, rf):
    session = client.session
    request = rf.get("/")
    request.session = session
    result_id = criteria.keep(request, {"search": {"by": "account", "value": "730075112"}})
    session.save()
    page = pages.read(client.get(SEARCH, {"r": result_id}, follow=True))
    assert "That search is no longer open. Please search again." in page.text


# --- Searches that need no typing ---


@pytest.mark.feature("SRC_19")
def test_quick_searches_are_one_press(world, client):
    today = timezone.localdate()
    Policy.objects.all().delete()
    PolicyFactory(producer_number=world.number, in_grace=True, primary=MemberFactory(first_name="Grace"))
    PolicyFactory(producer_number=world.number, unpaid=True, primary=MemberFactory(first_name="Una"))
    for name, days in (("Today", 0), ("Month", 30), ("Older", 31)):
        termed = PolicyFactory(producer_number=world.number, termed=True, primary=MemberFactory(first_name=name))
        Policy.objects.filter(pk=termed.pk).update(term_date=today - timedelta(days=days))
    PolicyFactory(in_grace=True)

    def press(preset: str) -> list[str]:
        return sorted(pages.grid(client.post(SEARCH, {"preset": preset}, follow=True)).column("First Name"))

    assert press("grace") == ["Grace"]
    assert press("termed") == ["Month", "Today"]
    assert press("unpaid") == ["Una"]


@pytest.mark.feature("SRC_19")
@pytest.mark.parametrize("address", ["/", SEARCH])
def test_they_stand_on_home_and_on_the_search_page(client, address):
    buttons = pages.read(client.get(address)).all("button", name="preset")
    assert [button.text for button in buttons] == ["Grace Period", "Termed in 30 days", "First payment due"]


def test_a_search_that_does_not_exist_leads_to_the_form(client):
    assert client.post(SEARCH, {"preset": "everything"})["Location"] == SEARCH


@pytest.mark.feature("SRC_14")
def test_a_household_without_an_account_number_is_found_by_its_application(world, client, noa):
    Account.objects.filter(pk=noa.account_id).update(number=None)
    grid = pages.grid(find(client, eapp_number="0101389016"))
    assert grid.links[0]["E-App Number"].startswith("/clients/e-app/0101389016/?")
