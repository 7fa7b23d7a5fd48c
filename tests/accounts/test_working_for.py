"""A delegate of several producers: choosing for whom, and what is stored of each act (HOM_14)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scoping
from accounts.models import DelegateGrant
from clients.models import Policy
from portal.common.access import Perm
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import DelegateGrantFactory, PolicyFactory, ProducerNumberFactory

CHOOSE = "/accounts/work-for/"
YESTERDAY = timedelta(days=1)


@pytest.fixture
def two(world):
    """The delegate with VIEW works for the outsider too, there with VIEW, ENROLL and COMMISSIONS."""
    DelegateGrantFactory(
        producer=world.outsider.producer, delegate=world.delegate, scopes=["VIEW", "ENROLL", "COMMISSIONS"]
    )
    return world


def npn(user) -> str:
    return user.producer.npn


def choose(client, producer: str, **fields):
    return client.post(CHOOSE, {"producer": producer, **fields})


def strip(response) -> str:
    return pages.read(response).one("div", class_="working-for").text


def found_rows(client) -> int:
    response = client.post("/reports/new/", {"policy_status": "ALL"}, follow=True)
    return len(pages.grid(response).rows)


def of_header(response) -> list[tuple[str, bool]]:
    options = pages.read(response).one(id="working-for-producer").all("option")
    return [(option.text, "selected" in option.attrs) for option in options]


@pytest.mark.feature("HOM_14")
def test_the_header_offers_each_producer_and_all(two, sign_in):
    names = sorted([two.producer.producer.name, two.outsider.producer.name], key=lambda name: name.split()[-1])
    assert of_header(sign_in(two.delegate).get("/")) == [
        ("All my producers", True),
        *((name, False) for name in names),
    ]


@pytest.mark.feature("HOM_14")
def test_with_one_producer_there_is_nothing_to_choose(world, sign_in):
    response = sign_in(world.delegate).get("/")
    assert strip(response) == f"Working for: {world.producer.producer.name}"
    assert not pages.read(response).all(id="working-for-producer")


def test_without_any_grant_the_header_says_so(world, sign_in):
    assert strip(sign_in(world.former_delegate).get("/")) == "No producer has given you access for today."


@pytest.mark.parametrize("who", ["producer", "admin"])
def test_others_have_no_such_line(world, sign_in, who):
    assert not pages.read(sign_in(getattr(world, who)).get("/")).all("div", class_="working-for")


@pytest.mark.feature("HOM_14")
def test_the_choice_narrows_books_and_rights(two, sign_in):
    client = sign_in(two.delegate)
    assert found_rows(client) == 2
    choose(client, npn(two.outsider))
    assert found_rows(client) == 1
    assert client.get(f"/clients/{two.account_number}/").status_code == 404
    assert client.get(f"/clients/{two.outsider_policy.account.number}/").status_code == 200
    choose(client, "")
    assert found_rows(client) == 2
    assert client.get(f"/clients/{two.account_number}/").status_code == 200


def test_rights_granted_by_another_producer_do_not_count(two):
    dana = two.delegate
    assert Perm.COMMISSIONS_VIEW in scoping.held_perms(dana)
    dana.work_for(two.producer.producer_id)
    assert dana.perms_held == scoping.held_perms(dana) == {Perm.SIGNED_IN, Perm.CLIENT_VIEW, Perm.REPORT_RUN}
    assert scoping.producer_ids(dana) == [two.producer.producer_id]
    assert scoping.producer_ids(dana, perm=Perm.ENROLL) == []
    assert set(Policy.objects.for_user(dana)) == {two.policy}


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("how", ["revoked", "ended", "future"])
def test_a_choice_is_worth_nothing_once_its_grant_is(two, sign_in, how):
    """It falls back to the other grants; what was chosen is closed with the next request."""
    client = sign_in(two.delegate)
    choose(client, npn(two.outsider))
    today = timezone.localdate()
    DelegateGrant.objects.filter(producer=two.outsider.producer).update(
        **{
            "revoked": {"revoked_at": timezone.now(), "revoked_by": two.outsider},
            "ended": {"last_day": today - YESTERDAY},
            "future": {"first_day": today + YESTERDAY},
        }[how]
    )
    response = client.get("/")
    assert strip(response) == f"Working for: {two.producer.producer.name}"
    assert client.get(f"/clients/{two.outsider_policy.account.number}/").status_code == 404
    assert client.get(f"/clients/{two.account_number}/").status_code == 200


@pytest.mark.parametrize("whose", ["sibling", "principal", "nobody"])
def test_a_producer_who_granted_nothing_cannot_be_chosen(two, sign_in, whose):
    client = sign_in(two.delegate)
    choose(client, npn(two.producer))
    wanted = "9999999999" if whose == "nobody" else npn(getattr(two, whose))
    assert choose(client, wanted).status_code == 404
    assert dict(of_header(client.get("/")))[two.producer.producer.name] is True


def test_a_forged_choice_in_the_session_opens_nothing(two, sign_in):
    client = sign_in(two.delegate)
    session = client.session
    session["working_for"] = two.sibling.producer_id
    session.save()
    assert client.get(f"/clients/{two.sibling_policy.account.number}/").status_code == 404
    assert found_rows(client) == 2


@pytest.mark.parametrize("who", ["producer", "admin"])
def test_only_delegates_choose(world, sign_in, who):
    assert choose(sign_in(getattr(world, who)), "").status_code == 403


def test_choosing_by_address_is_refused(two, sign_in):
    assert sign_in(two.delegate).get(CHOOSE, {"producer": npn(two.outsider)}).status_code == 405


@pytest.mark.parametrize(
    ("wanted", "lands_on"),
    [
        ("/clients/", "/clients/"),
        ("/reports/new/", "/reports/new/"),
        ("/accounts/hierarchy/", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/nowhere/", "/"),
        ("", "/"),
    ],
)
def test_one_stays_in_the_section_as_far_as_one_may(two, sign_in, wanted, lands_on):
    response = choose(sign_in(two.delegate), npn(two.outsider), next=wanted)
    assert response["Location"] == lands_on


def test_a_section_closed_for_this_producer_is_left(world, sign_in):
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate, scopes=["COMMISSIONS"])
    response = choose(sign_in(world.delegate), npn(world.outsider), next="/clients/")
    assert response["Location"] == "/"


def test_the_choice_ends_with_the_session(two, sign_in):
    client = sign_in(two.delegate)
    choose(client, npn(two.outsider))
    client.post("/accounts/logout/")
    assert found_rows(sign_in(two.delegate)) == 2


def test_the_choice_costs_no_query_of_its_own(two, sign_in):
    client = sign_in(two.delegate)
    counts = []
    for chosen in ("", npn(two.outsider)):
        choose(client, chosen)
        client.get("/clients/")  # reads the message about the choice out of the session
        with CaptureQueriesContext(connection) as queries:
            client.get("/clients/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Every act is stored as "delegate X for producer Y"


def acts(action: str) -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(action=action).order_by("id").values_list("actor_username", "for_producer"))


def search_and_report(client) -> None:
    found = client.post("/clients/", {"by": "account", "value": "730000000"})["Location"]
    b"".join(client.get(f"{found}&format=csv"))
    shown = client.post("/reports/new/", {"policy_status": "ALL"})["Location"]
    b"".join(client.get(f"{shown}&format=csv"))


ROWLESS = ["client.searched", "client.list_exported", "report.run", "report.exported"]


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("action", ROWLESS)
def test_an_act_without_a_row_is_for_the_chosen_producer(two, sign_in, action):
    client = sign_in(two.delegate)
    choose(client, npn(two.outsider))
    search_and_report(client)
    assert acts(action) == [("dkeller22", npn(two.outsider))]


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("action", ROWLESS)
def test_with_all_producers_an_act_without_a_row_is_for_none_of_them(two, sign_in, action):
    search_and_report(sign_in(two.delegate))
    assert acts(action) == [("dkeller22", "")]


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("action", ROWLESS)
def test_with_one_producer_every_act_is_for_that_one(world, sign_in, action):
    search_and_report(sign_in(world.delegate))
    assert acts(action) == [("dkeller22", npn(world.producer))]


def test_of_two_producers_only_one_of_whom_lets_reports_run_it_is_that_one(world, sign_in):
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate, scopes=["COMMISSIONS"])
    search_and_report(sign_in(world.delegate))
    assert acts("report.run") == [("dkeller22", npn(world.producer))]


@pytest.mark.feature("HOM_14")
def test_an_act_on_a_row_is_for_the_rows_producer(two, sign_in):
    client = sign_in(two.delegate)
    client.get(f"/clients/{two.account_number}/")
    client.get(f"/clients/{two.outsider_policy.account.number}/")
    assert acts("client.viewed") == [("dkeller22", npn(two.producer)), ("dkeller22", npn(two.outsider))]


def test_a_client_of_both_producers_is_seen_for_the_chosen_one(two, sign_in):
    """The household has a policy with each; the other producer's does not show, nor does the act."""
    number = ProducerNumberFactory(producer=two.outsider.producer)
    PolicyFactory(account=two.policy.account, primary=two.policy.account.members.get(), producer_number=number)
    client = sign_in(two.delegate)
    choose(client, npn(two.outsider))
    client.get(f"/clients/{two.account_number}/")
    assert acts("client.viewed") == [("dkeller22", npn(two.outsider))]


def test_what_a_delegate_does_about_the_own_login_is_for_nobody(world, sign_in):
    client = sign_in(world.delegate)
    client.post("/accounts/logout/")
    assert acts("sign_in.ended") == [("dkeller22", "")]


def test_a_producers_own_search_is_for_nobody_else(world, sign_in):
    search_and_report(sign_in(world.producer))
    assert acts("report.run") == [("rsolberg7", "")]
