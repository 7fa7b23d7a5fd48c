"""One client's page: who the household is, how to reach it, what it has, and only as far as it is yours."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from clients.models import Account, Coverage, Member, Policy
from clients.selectors import detail as selectors
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import (
    AccountFactory,
    ContactPointFactory,
    DelegateGrantFactory,
    MemberFactory,
    PolicyFactory,
)

SSN = "912345678"


@pytest.fixture
def client(world, sign_in) -> Client:
    return sign_in(world.producer)


@pytest.fixture
def family(world) -> Account:
    """A household with every contact the carrier knows, on one medical policy of the producer of record."""
    account = AccountFactory(
        number="730075112",
        address_1="1489 E Ogden Ave",
        address_2="Apt 4",
        city="Naperville",
        us_state="IL",
        zip="60563",
    )
    primary = MemberFactory(account=account, first_name="Tanya", middle_initial="B", last_name="Washington", ssn=SSN)
    spouse = MemberFactory(account=account, role="SPOUSE", first_name="Sam", ssn="900007777")
    child = MemberFactory(account=account, role="CHILD", first_name="Kim", ssn=None)
    for kind, value in (
        ("HOME", "1213040506"),
        ("CELL", "3125550142"),
        ("WORK", "3125550143"),
        ("FAX", "3125550144"),
        ("EMAIL", "tanya@home.example"),
        ("UNTYPED", "3125550199"),
    ):
        ContactPointFactory(member=primary, kind=kind, value=value, extension="12" if kind == "WORK" else "")
    ContactPointFactory(member=spouse, kind="CELL", value="3125550145")
    ContactPointFactory(member=spouse, kind="HOME", value="3125550146")
    PolicyFactory(
        primary=primary, producer_number=world.number, in_grace=True, member_count=3, coverage=[spouse, child]
    )
    return account


def look(client: Client, number: str = "730075112") -> HttpResponse:
    return client.get(f"/clients/{number}/")


def panel(response: HttpResponse) -> dict[str, str]:
    """The contact panel, without its button."""
    return {name: text.removesuffix(" Copy account number") for name, text in pages.facts(pages.read(response)).items()}


def part(response: HttpResponse, name: str) -> str:
    """All text of a section of the page."""
    return pages.read(response).one("section", aria_labelledby=name).text


def household(user: User, account: Account) -> dict[str, list[str]]:
    detail = selectors.client_detail(user, account)
    return {person.member.first_name: sorted(c.product_name for c in person.covered_by) for person in detail.household}


# --- the contact panel ---


@pytest.mark.feature("DET_01")
def test_the_page_says_who_the_client_is_and_how_to_reach_them(client, family):
    assert panel(look(client)) == {
        "Account Number": "730075112",
        "Name": "Tanya B Washington",
        "Address": "1489 E Ogden Ave Apt 4 Naperville, IL 60563",
        "E-mail Address": "tanya@home.example",
        "Home Phone": "(121) 304-0506",
        "Cell Phone": "(312) 555-0142",
        "Work Phone": "(312) 555-0143 ext. 12",
        "Spouse Cell Phone": "(312) 555-0145",
        "Fax": "(312) 555-0144",
        "Phone Without a Type": "(312) 555-0199",
    }


@pytest.mark.feature("DET_01")
def test_what_is_not_known_keeps_its_place(world, client):
    labels = list(panel(look(client, world.account_number)))
    assert labels == [
        "Account Number",
        "Name",
        "Address",
        "E-mail Address",
        "Home Phone",
        "Cell Phone",
        "Work Phone",
        "Spouse Cell Phone",
        "Fax",
    ]
    assert not any(c.isalnum() for c in panel(look(client, world.account_number))["Fax"])


@pytest.mark.feature("DET_01")
@pytest.mark.parametrize("who", ["producer", "principal", "delegate", "admin"])
def test_everybody_who_may_look_sees_the_same_household(world, sign_in, family, who):
    response = look(sign_in(getattr(world, who)))
    assert panel(response)["Name"] == "Tanya B Washington"
    assert all(name in part(response, "household") for name in ("Tanya", "Sam", "Kim"))


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("stored", "extension", "shown"),
    [
        ("3125550142", "", "(312) 555-0142"),
        ("3125550142", "12", "(312) 555-0142 ext. 12"),
        ("5550142", "", "5550142"),
        ("", "", ""),
    ],
)
def test_phone_numbers_are_written_as_people_read_them(stored, extension, shown):
    assert selectors.phone_text(stored, extension) == shown


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"address_1": "1 A St", "city": "Tulsa", "us_state": "OK", "zip": "74103"}, ["1 A St", "Tulsa, OK 74103"]),
        ({"us_state": "OK", "zip": "74103"}, ["OK 74103"]),
        ({"us_state": "OK"}, ["OK"]),
        ({"address_2": "Apt 4", "city": "Tulsa", "us_state": "OK"}, ["Apt 4", "Tulsa, OK"]),
    ],
)
def test_a_half_known_address_has_no_loose_commas(fields, lines):
    assert selectors._address_lines(Account(**fields)) == lines


def test_names_are_shown_as_text_whatever_they_hold(world, client):
    primary = MemberFactory(first_name="<script>alert(1)</script>", last_name="O'Brien & Co")
    PolicyFactory(primary=primary, producer_number=world.number)
    response = look(client, primary.account.number)
    assert "<script>alert" not in response.content.decode()
    assert panel(response)["Name"] == "<script>alert(1)</script> O'Brien & Co"


# --- policies ---


def test_policies_show_dates_money_and_who_wrote_them(world, client, family):
    policy = family.policies.get()
    text = part(look(client), "policies")
    for expected in (
        "Prairie Summit Bronze PPO 502",
        "Grace Period",
        f"{policy.effective_date:%m/%d/%Y}",
        f"{policy.paid_to_date:%m/%d/%Y}",
        "$312.55",
        f"Rita {world.producer.producer.last_name}",
        world.number.number,
    ):
        assert expected in text


def test_the_newest_policy_comes_first(world, client, family):
    primary = family.members.get(role="PRIMARY")
    today = timezone.localdate()
    for name, days in (("Older", 900), ("Newer", 10)):
        PolicyFactory(
            primary=primary,
            producer_number=world.number,
            product_name=name,
            effective_date=today - timedelta(days=days),
        )
    shown = [line.policy.product_name for line in selectors.client_detail(world.producer, family).policies]
    assert shown == ["Newer", "Prairie Summit Bronze PPO 502", "Older"]


def test_the_status_is_explained_where_carrier_and_rules_agree(world, client, family):
    policy = family.policies.get()
    due = f"{policy.paid_to_date:%m/%d/%Y}"
    assert f"the premium due {due} has not been received" in part(look(client), "policies")


def test_where_they_do_not_the_carriers_word_counts_and_the_page_says_what_the_dates_say(world, client, family):
    """The carrier calls it active although by its dates the premium is overdue."""
    Policy.objects.filter(account=family).update(status=Policy.Status.ACTIVE)
    (line,) = selectors.client_detail(world.producer, family).policies
    assert (line.status_text, line.explanation, line.status_facts) == ("Active", "", [])
    assert dict(line.dates_and_money)["Past Due"] == "$312.55"
    shown = pages.read(look(client)).one(class_="policy-conflict").text
    assert shown.startswith("The carrier reports Active, which counts. The dates on file do not fit: by them alone it")
    assert "would be Grace Period. Grace period, month 1 of 3," in shown


def test_a_status_worked_out_from_the_dates_cannot_disagree_with_them(world, client, family):
    Policy.objects.filter(account=family).update(status=Policy.Status.ACTIVE, status_source="DERIVED")
    (line,) = selectors.client_detail(world.producer, family).policies
    assert line.conflict == ""
    assert dict(line.numbers)["Status From"] == "Worked out from the dates"


def test_a_policy_in_grace_says_since_when_what_to_pay_by_when_and_what_else(world, client, family):
    policy = family.policies.get()
    told = pages.facts(pages.read(look(client)).one("section", aria_labelledby="policies"))
    decision = selectors.decide(policy)
    assert told == {
        "Since": f"{policy.paid_to_date:%m/%d/%Y}",
        "Amount Due": "$312.55",
        "Pay By": f"{decision.grace_end:%m/%d/%Y} ({decision.days_left} days left)",
        "Last Covered Day If Nothing Is Paid": f"{decision.term_if_unpaid:%m/%d/%Y}",
    }


def test_what_has_ended_is_folded_while_something_is_in_force(world, client, family):
    primary = family.members.get(role="PRIMARY")
    PolicyFactory(primary=primary, producer_number=world.number, termed=True, product_name="Former Plan")
    fold = pages.read(look(client)).one(class_="policies-ended")
    assert fold.one("h3").text == "Former Plan"
    assert "open" not in fold.attrs
    assert "Ended policies (1)" in fold.text
    family.policies.get(status="GRACE").delete()
    page = pages.read(look(client))
    assert page.all(class_="policies-ended") == []
    assert page.one("section", aria_labelledby="policies").one("h3").text == "Former Plan"


def test_the_household_says_from_when_to_when_each_is_covered(world, client, family):
    policy = family.policies.get()
    Coverage.objects.filter(policy=policy, member__first_name="Kim").update(term_date=date(2026, 3, 31))
    rows = pages.read(look(client)).one("section", aria_labelledby="household").one("tbody").all("tr")
    first = f"{policy.effective_date:%m/%d/%Y}"
    assert [(row.one("th").text, row.one("li").text) for row in rows] == [
        ("Tanya B Washington", f"Prairie Summit Bronze PPO 502, from {first}"),
        ("Sam Washington", f"Prairie Summit Bronze PPO 502, from {first}"),
        ("Kim Washington", f"Prairie Summit Bronze PPO 502, {first} to 03/31/2026"),
    ]
    Policy.objects.filter(pk=policy.pk).update(status="CANCELLED")
    assert "never in force" in part(look(client), "household")


def test_numbers_the_policy_does_not_have_are_left_out(world, client, family):
    Policy.objects.filter(account=family).update(exchange_assigned_id="EX-77", pending_application_id="AB12CD")
    (line,) = selectors.client_detail(world.producer, family).policies
    assert dict(line.numbers) == {
        "Group Number": "IB2121",
        "Exchange Assigned ID": "EX-77",
        "Pending Application ID": "AB12CD",
        "Primary Care Physician": "Not required",
        "Status From": "Carrier feed",
    }


@pytest.mark.no_db
def test_the_rules_are_asked_with_the_policys_own_facts():
    policy = Policy(
        effective_date=date(2026, 1, 1),
        market="ON",
        us_state="IL",
        aptc_amount=Decimal("100.00"),
        monthly_premium=Decimal("412.55"),
        binder_paid=True,
        paid_to_date=date(2026, 2, 1),
        term_date=date(2026, 12, 31),
        binder_due_date=date(2026, 1, 31),
        grace_started_on=date(2026, 2, 1),
    )
    facts = selectors.facts_of(policy)
    assert (facts.aptc, facts.net_premium, facts.channel.value, facts.state) == (True, Decimal("312.55"), "ON", "IL")
    assert (facts.effective_date, facts.paid_to, facts.term_date) == (
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 12, 31),
    )
    assert (facts.binder_due, facts.grace_started) == (date(2026, 1, 31), date(2026, 2, 1))
    policy.aptc_amount = Decimal("0.00")
    assert selectors.facts_of(policy).aptc is False


# --- a household of two producers ---


@pytest.fixture
def shared_family(world, family) -> Account:
    """The spouse and a cousin have dental coverage from another agency; the child is on both policies."""
    members = {member.first_name: member for member in family.members.all()}
    cousin = MemberFactory(account=family, role="CHILD", first_name="Cousin")
    medical = family.policies.get()
    Coverage.objects.filter(policy=medical, member=members["Sam"]).delete()
    PolicyFactory(
        primary=members["Tanya"],
        producer_number=world.outsider_policy.producer_number,
        dental=True,
        coverage=[members["Sam"], members["Kim"], cousin],
    )
    return family


@pytest.mark.feature("SRC_10")
def test_each_producer_sees_the_own_policies_and_the_people_on_them(world, sign_in, shared_family):
    mine, theirs = (look(sign_in(who)) for who in (world.producer, world.outsider))
    assert "Bronze PPO" in part(mine, "policies")
    assert "Dental" not in part(mine, "policies")
    assert "Dental" in part(theirs, "policies")
    assert "Bronze PPO" not in part(theirs, "policies")
    assert world.number.number not in theirs.content.decode()
    assert household(world.producer, shared_family) == {
        "Tanya": ["Prairie Summit Bronze PPO 502"],
        "Kim": ["Prairie Summit Bronze PPO 502"],
    }
    assert household(world.outsider, shared_family) == {
        "Tanya": ["Summit Dental 1B"],
        "Sam": ["Summit Dental 1B"],
        "Kim": ["Summit Dental 1B"],
        "Cousin": ["Summit Dental 1B"],
    }
    assert "Cousin" not in mine.content.decode()


@pytest.mark.feature("SRC_10")
def test_a_spouse_on_another_producers_policy_is_not_reachable_here(world, sign_in, shared_family):
    assert "555-0145" not in panel(look(sign_in(world.producer)))["Spouse Cell Phone"]
    assert panel(look(sign_in(world.outsider)))["Spouse Cell Phone"] == "(312) 555-0145"


def test_the_carriers_admin_sees_the_whole_household(world, shared_family):
    assert household(world.admin, shared_family) == {
        "Tanya": ["Prairie Summit Bronze PPO 502", "Summit Dental 1B"],
        "Kim": ["Prairie Summit Bronze PPO 502", "Summit Dental 1B"],
        "Sam": ["Summit Dental 1B"],
        "Cousin": ["Summit Dental 1B"],
    }


def test_a_delegate_of_both_producers_sees_both_policies(world, shared_family):
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate)
    detail = selectors.client_detail(User.objects.get(pk=world.delegate.pk), shared_family)
    assert len(detail.policies) == 2


def test_the_primary_insured_is_named_even_when_not_covered_here(world, client, family):
    Coverage.objects.filter(member__account=family, member__role=Member.Role.PRIMARY).delete()
    assert "Nothing in your books" in part(look(client), "household")
    assert panel(look(client))["Name"] == "Tanya B Washington"
    assert household(world.producer, family)["Tanya"] == []


# --- what stays secret, what is written down ---


@pytest.mark.feature("SRC_18")
def test_only_the_last_four_digits_of_the_ssn_are_shown(client, family):
    response = look(client)
    text = response.content.decode()
    assert "5678" in part(response, "household")
    assert "7777" in part(response, "household")
    for secret in (SSN, "900007777", "912-34-5678", "91234", "12345678"):
        assert secret not in text


def test_every_look_is_written_down(world, sign_in, family):
    client = sign_in(world.delegate)
    look(client)
    client.head("/clients/730075112/")
    events = AuditEvent.objects.filter(action="client.viewed")
    assert events.count() == 2
    event = events[0]
    assert (event.actor_username, event.object_type, event.object_id) == ("dkeller22", "account", "730075112")
    assert event.for_producer == world.producer.producer.npn
    assert not any(name in str(event.details) for name in ("Tanya", "Washington", "5678", "Bronze"))


def test_a_refused_look_is_no_look(world, sign_in, family):
    look(sign_in(world.outsider))
    look(sign_in(world.delegate_without_view))
    look(Client())
    assert not AuditEvent.objects.filter(action="client.viewed").exists()


def test_a_look_that_could_not_be_shown_is_written_down_all_the_same(world, client, family, monkeypatch):
    """The data was read; a fault while the page is made does not undo that."""

    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("clients.views.detail.render", fail)
    client.raise_request_exception = False
    assert look(client).status_code == 500
    assert AuditEvent.objects.filter(action="client.viewed").count() == 1


# --- households without an account number ---


@pytest.mark.feature("SRC_14")
def test_a_household_without_an_account_number_opens_by_its_e_app_number(world, client, family):
    policy = family.policies.get()
    Account.objects.filter(pk=family.pk).update(number=None)
    response = client.get(f"/clients/e-app/{policy.eapp_number}/")
    assert panel(response)["Name"] == "Tanya B Washington"
    assert not any(c.isalnum() for c in panel(response)["Account Number"])
    assert pages.read(response).all("button", data_copy=policy.eapp_number) == []
    assert selectors.NO_ACCOUNT_NUMBER in pages.messages(response)
    assert AuditEvent.objects.get(action="client.viewed").object_id == f"household-{family.pk}"


@pytest.mark.feature("SRC_14")
def test_once_there_is_an_account_number_the_e_app_number_leads_to_it(client, family):
    response = client.get(f"/clients/e-app/{family.policies.get().eapp_number}/")
    assert (response.status_code, response.url) == (302, "/clients/730075112/")


def test_an_e_app_number_used_twice_opens_the_one_that_is_mine(world, client, family):
    eapp = family.policies.get().eapp_number
    theirs = world.outsider_policy
    Policy.objects.filter(pk=theirs.pk).update(eapp_number=eapp)
    assert client.get(f"/clients/e-app/{eapp}/").url == "/clients/730075112/"


def test_policies_without_an_e_app_number_are_opened_by_nothing(world, client):
    policy = PolicyFactory(producer_number=world.number, eapp_number="")
    Account.objects.filter(pk=policy.account_id).update(number=None)
    assert client.get("/clients/e-app//").status_code == 404
    assert client.get("/clients/None/").status_code == 404


# --- speed ---


@pytest.mark.parametrize("who", ["producer", "delegate", "admin"])
@pytest.mark.sampled(1)
def test_a_large_household_asks_no_more_than_a_small_one(world, sign_in, family, who):
    small = world.account_number
    primary = family.members.get(role="PRIMARY")
    others = [MemberFactory(account=family, role="CHILD", first_name=f"Kid{n}") for n in range(6)]
    for member in others:
        ContactPointFactory(member=member)
    for _ in range(5):
        PolicyFactory(primary=primary, producer_number=world.number, coverage=others)
    client = sign_in(getattr(world, who))
    counts = []
    for number in (small, "730075112"):
        with CaptureQueriesContext(connection) as captured:
            assert look(client, number).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 36  # one of them counts for the bell


@pytest.mark.feature("DET_03")
def test_the_guides_three_actions_come_first(world, sign_in):
    page = pages.read(look(sign_in(world.producer), world.account_number))
    options = page.one("select", id="client-action").all("option")
    assert [option.text.removesuffix(" (not possible now)") for option in options] == [
        *("Please Select...", "Generate ID Cards", "Change PCP", "Contact Info Change"),
        *("Submit E-Question", "Submit Document", "Make a Payment", "Report an Issue", "New Quote"),
    ]
