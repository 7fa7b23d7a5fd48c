"""The ways into a new quote: from a prospect, from a client, from somebody near 26 or 65; and what the client's page tells."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import Account, Member
from enrollment.selectors.prefill import initial_values
from portal.common.dates import today_in
from tests.support import pages
from tests.support.factories import (
    ApplicationFactory,
    DelegateGrantFactory,
    MemberFactory,
    PolicyFactory,
    ProducerNumberFactory,
    ProspectFactory,
    QuoteFactory,
    QuotePlanFactory,
)


def years_before(day, years):
    return day.replace(year=day.year - years, day=min(day.day, 28))


@pytest.fixture
def household(world):
    """Tanya, her husband and two daughters, one of whom is on no policy any more."""
    policy = world.policy
    more = [
        MemberFactory(account=policy.account, role=Member.Role.SPOUSE, first_name="Tom", sex="M"),
        MemberFactory(account=policy.account, role=Member.Role.CHILD, first_name="Mia"),
    ]
    gone = MemberFactory(account=policy.account, role=Member.Role.CHILD, first_name="Gone")
    primary = Member.objects.get(account=policy.account, role="PRIMARY")
    PolicyFactory(producer_number=world.number, primary=primary, coverage=more)
    soon = timezone.localdate() + timedelta(days=40)
    PolicyFactory(producer_number=world.number, primary=primary, coverage=[gone], cancelled=True, effective_date=soon)
    return policy.account


# --- what is known ---


@pytest.mark.feature("PRO_05")
def test_a_prospect_brings_name_zip_and_the_only_number_of_the_state(world):
    prospect = ProspectFactory(created_by=world.producer, first_name="Ann", last_name="Lee", zip="60563")
    assert initial_values(world.producer, {"prospect": str(prospect.pk)}) == {
        "prospect": prospect.pk,
        "zip": "60563",
        "writing_number": world.number.number,
        "people": [{"relation": "self", "first_name": "Ann", "last_name": "Lee"}],
    }
    ProducerNumberFactory(producer=world.producer.producer)
    assert "writing_number" not in initial_values(world.producer, {"prospect": str(prospect.pk)})


def test_a_client_brings_the_household_that_is_covered(world, household):
    primary = Member.objects.get(account=household, role="PRIMARY")
    found = initial_values(world.producer, {"account": household.number})
    assert found["member"] == primary.pk
    assert found["zip"] == household.zip
    assert found["writing_number"] == world.number.number
    assert [(one["relation"], one["first_name"]) for one in found["people"]] == [
        ("self", "Tanya"),
        ("spouse", "Tom"),
        ("child", "Mia"),
    ]
    assert found["people"][1]["sex"] == "M"
    assert found["people"][0]["date_of_birth"] == primary.date_of_birth
    assert initial_values(world.producer, {"member": str(primary.pk)}) == found
    assert initial_values(world.producer, {"eapp": world.policy.eapp_number}) == found


def test_a_member_is_quoted_for_alone(world, household):
    mia = Member.objects.get(account=household, first_name="Mia")
    found = initial_values(world.producer, {"member": str(mia.pk), "only": "1"})
    assert [(one["relation"], one["first_name"]) for one in found["people"]] == [("self", "Mia")]
    assert found["member"] == mia.pk
    primary = Member.objects.get(account=household, role="PRIMARY")
    assert len(initial_values(world.producer, {"member": str(primary.pk), "only": "1"})["people"]) == 1


@pytest.mark.feature("PRO_05")
@pytest.mark.parametrize("name", ["prospect", "member", "account", "eapp"])
@pytest.mark.sampled(2)
def test_what_is_foreign_deleted_or_not_there_brings_nothing(world, household, sign_in, name):
    prospect = ProspectFactory(created_by=world.producer)
    ids = {
        "prospect": prospect.pk,
        "member": Member.objects.filter(account=household)[0].pk,
        "account": household.number,
        "eapp": world.policy.eapp_number,
    }
    for person in (world.outsider, world.sibling, world.delegate, world.delegate_without_view, world.admin):
        assert initial_values(person, {name: str(ids[name])}) is None
    for text in ("0", "x", "9" * 30, "\x00", "²"):
        assert initial_values(world.producer, {name: text}) is None
    assert initial_values(world.producer, {}) == {}
    assert initial_values(world.delegate_with_enroll, {name: str(ids[name])})
    client = sign_in(world.outsider)
    assert client.get("/enroll/quotes/new/", {name: str(ids[name])}).status_code == 404
    prospect.deleted_at, prospect.deleted_by = timezone.now(), world.producer
    prospect.save()
    assert initial_values(world.producer, {"prospect": str(prospect.pk)}) is None


# --- the ways there ---


@pytest.mark.feature("PRO_05")
def test_save_and_create_proposal_saves_and_goes_on_to_a_quote_filled_in(world, sign_in):
    client = sign_in(world.producer)
    page = pages.read(client.get("/clients/prospects/new/"))
    buttons = [one.text for one in page.all("button", type="submit")]
    assert buttons.index("Save and Create Proposal") == buttons.index("Save Prospect") + 1
    posted = {"first_name": "Ann", "last_name": "Lee", "us_state": "IL", "zip": "60563", "then": "proposal"}
    response = client.post("/clients/prospects/new/", posted)
    assert response.url.startswith("/enroll/quotes/new/?prospect=")
    form = client.get(response.url).content.decode()
    for words in ('value="Ann"', 'value="Lee"', 'value="60563"'):
        assert words in form


def test_new_quote_is_the_last_action_on_the_clients_page_and_leads_to_the_form(world, sign_in):
    client = sign_in(world.producer)
    page = pages.read(client.get(f"/clients/{world.account_number}/"))
    options = page.one("select", id="client-action").all("option")
    assert options[-1].text == "New Quote"
    response = client.get(f"/clients/{world.account_number}/go/", {"action": "new-quote"})
    assert response.url == f"/enroll/quotes/new/?account={world.account_number}"
    assert 'value="Tanya"' in client.get(response.url).content.decode()


def test_somebody_near_26_or_65_has_links_to_a_quote_and_a_prospect(world, sign_in):
    today = today_in("IL")
    primary = Member.objects.get(account=world.policy.account)
    Member.objects.filter(pk=primary.pk).update(date_of_birth=years_before(today, 65))
    child = MemberFactory(
        account=world.policy.account,
        role=Member.Role.CHILD,
        first_name="Mia",
        date_of_birth=years_before(today + timedelta(days=20), 26),
    )
    small = MemberFactory(account=world.policy.account, role=Member.Role.CHILD, date_of_birth=years_before(today, 8))
    PolicyFactory(producer_number=world.number, primary=primary, coverage=[child, small])
    url = f"/clients/{world.account_number}/"
    section = pages.read(sign_in(world.producer).get(url)).one("section", aria_labelledby="household")
    links = [link.attrs["href"] for link in section.all("a")]
    quotes = [f"/enroll/quotes/new/?member={one.pk}&only=1" for one in (primary, child)]
    assert sorted(links) == sorted([*quotes, *(f"/clients/prospects/new/?member={one.pk}" for one in (primary, child))])
    assert "26 on" in section.text
    assert "65 on" in section.text
    for person in (world.delegate, world.admin):
        seen = pages.read(sign_in(person).get(url)).one("section", aria_labelledby="household")
        assert "26 on" in seen.text
        assert not seen.all("a")


def test_a_right_on_another_book_opens_no_link_here(world, sign_in):
    """A delegate who may enroll for the sibling only looks at this client."""
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=["VIEW", "ENROLL"])
    primary = Member.objects.get(account=world.policy.account)
    Member.objects.filter(pk=primary.pk).update(date_of_birth=years_before(today_in("IL"), 65))
    page = pages.read(sign_in(world.delegate).get(f"/clients/{world.account_number}/"))
    assert not page.one("section", aria_labelledby="household").all("a")
    assert initial_values(world.delegate, {"account": world.account_number}) is None


# --- the timeline ---


def test_quotes_and_applications_stand_in_the_clients_timeline(world, sign_in):
    member = Member.objects.get(account=world.policy.account)
    quote = QuoteFactory(producer_number=world.number, created_by=world.producer, member=member)
    QuotePlanFactory(quote=quote)
    QuoteFactory(producer_number=world.number, created_by=world.producer, member=member, draft=True)
    QuoteFactory(producer_number=world.outsider_policy.producer_number, created_by=world.outsider, member=member)
    application = ApplicationFactory(
        producer_number=world.number,
        created_by=world.producer,
        quote=quote,
        withdrawn_at=timezone.now(),
        withdrawn_by=world.producer,
    )
    url = f"/clients/{world.account_number}/"
    text = pages.read(sign_in(world.producer).get(url)).text
    assert text.count("Quote saved") == 1
    assert "1 plan, coverage from" in text
    assert application.record_number in text
    assert "Application withdrawn" in text
    assert "Quote saved" not in pages.read(sign_in(world.delegate).get(url)).text
    assert Account.objects.for_user(world.delegate).exists()
