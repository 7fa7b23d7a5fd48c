"""The guided tour: who is shown what, and that it is offered once (ADR 0033)."""

import importlib

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.models import User
from accounts.services import tour as service
from accounts.tour import STEPS, steps_for
from portal.common.access import DelegateScope, Perm
from tests.support import pages
from tests.support.factories import DelegateGrantFactory, UserFactory

Tour = User.Tour
SCOPES = [scope.value for scope in DelegateScope]


def codes(user):
    return [step.code for step in steps_for(user)]


def new(**kind):
    return UserFactory(tour=Tour.TO_OFFER, **kind)


def delegate(*scopes):
    person = new(delegate=True)
    DelegateGrantFactory(delegate=person, scopes=list(scopes))
    return person


def card(response):
    return pages.read(response).all("section", class_="tour")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: new(), ["find-a-client", "quote", "desk", "reports", "my-information"]),
        (
            lambda: delegate(*SCOPES),
            ["working-for", "find-a-client", "quote", "desk", "reports", "my-information"],
        ),
        (lambda: delegate("VIEW"), ["working-for", "find-a-client", "desk", "reports", "my-information"]),
        (lambda: delegate("SERVICE"), ["working-for", "my-information"]),
        (lambda: new(carrier_admin=True), ["find-a-client", "desk", "reports", "administration", "my-information"]),
    ],
)
def test_everybody_is_shown_the_places_they_may_open(db, make, expected):
    assert codes(make()) == expected


def test_delegates_hear_what_they_may_do_today(db):
    words = {step.code: step.text for step in steps_for(delegate("VIEW", "ENROLL"))}
    assert words["working-for"].endswith("You may today: view clients and run reports; quote and enroll off exchange.")
    assert words["quote"].endswith("On-exchange enrollments are completed by the producer.")
    producers = {step.code: step.text for step in steps_for(new())}
    assert "completed by the producer" not in producers["quote"]
    nothing = steps_for(new(delegate=True))
    assert nothing[0].text.endswith("No producer has given you access for today.")


@pytest.mark.parametrize("make", [new, lambda: delegate(*SCOPES), lambda: new(carrier_admin=True)])
def test_every_step_names_a_page_that_opens_and_a_place_that_is_there(db, sign_in, make):
    person = make()
    client = sign_in(person)
    home = pages.read(client.get("/"))
    bar = {link.attrs["href"] for link in home.one("nav", id="site-nav").all("a")}
    there = {
        ".working-for": home.all("div", class_="working-for"),
        ".header-search": home.all("form", class_="header-search"),
        ".site-bar": home.all(class_="account-name"),
    }
    for step in steps_for(person):
        page = client.get(step.url, follow=True)
        assert page.status_code == 200, step.code
        if ' > a[href="' in step.place:
            assert step.place.split('"')[1] in bar, step.code
        else:
            assert there[step.place.split(",")[0].split(" ")[0]], step.code


def test_every_step_has_one_place_and_a_right():
    assert all(bool(step.place) != bool(step.bar) for step in STEPS)
    assert all(isinstance(step.perm, Perm) for step in STEPS)


def test_it_is_offered_until_it_was_answered_and_then_no_more(db, sign_in):
    person = new()
    client = sign_in(person)
    assert card(client.get("/"))
    assert "New here?" in card(client.get("/"))[0].text
    answer = client.post("/accounts/tour/end/", {"outcome": "skipped"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/"
    assert "You find it again under your name: Guided Tour." in answer.content.decode()
    assert not card(sign_in(person).get("/"))
    person.refresh_from_db()
    assert person.tour == Tour.SKIPPED


def test_it_can_be_started_again_from_the_menu_and_from_contact_us(db, sign_in):
    person = UserFactory(tour=Tour.SKIPPED)
    client = sign_in(person)
    for address in ("/", "/contact/"):
        assert "/accounts/tour/" in {link.attrs["href"] for link in pages.read(client.get(address)).all("a")}
    page = pages.read(client.get("/accounts/tour/"))
    assert "/?tour=1" in {link.attrs["href"] for link in page.all("a")}
    assert not page.all("button", value="finished")  # answered before: nothing to press
    again = card(client.get("/?tour=1"))[0]
    assert [heading.text for heading in again.all("h3")] == [step.title for step in steps_for(person)]
    assert "hidden" not in again.one("div", class_="tour-walk").attrs


def test_its_page_holds_the_same_words_as_the_card(db, sign_in):
    client = sign_in(new())
    page, home = client.get("/accounts/tour/"), client.get("/")
    steps = [pages.read(one).one("ol", class_="tour-steps").text for one in (page, home)]
    assert steps[0] == steps[1]
    assert pages.read(page).one("button", value="finished").text == "I have seen it"


def test_the_card_tells_its_end_in_the_background(db, sign_in):
    person = new()
    response = sign_in(person).post(
        "/accounts/tour/end/", {"outcome": "finished"}, headers={"accept": "application/json"}
    )
    assert (response.status_code, response.content) == (204, b"")
    person.refresh_from_db()
    assert person.tour == Tour.FINISHED


def test_who_has_seen_it_to_the_end_stays_so(db, django_assert_num_queries):
    person = UserFactory(tour=Tour.FINISHED)
    with django_assert_num_queries(0):
        service.end(person, Tour.SKIPPED)
    assert person.tour == Tour.FINISHED
    with pytest.raises(ValueError, match="finished or skipped"):
        service.end(person, Tour.TO_OFFER)


def test_who_could_be_shown_hardly_anything_is_not_asked(db, sign_in):
    assert not card(sign_in(delegate("SERVICE")).get("/"))


def test_home_asks_no_more_of_the_database_for_it(db, sign_in, django_assert_num_queries):
    person = UserFactory()
    client = sign_in(person)
    client.get("/")
    with django_assert_num_queries(_queries(client)):
        User.objects.filter(pk=person.pk).update(tour=Tour.TO_OFFER)
        assert card(client.get("/"))


def _queries(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    return len(asked) + 1  # and the update of the test itself


def test_who_knows_the_portal_is_not_offered_it_after_an_update(db):
    knows, is_new = new(), new()
    User.objects.filter(pk=knows.pk).update(last_login=timezone.now())
    migration = importlib.import_module("accounts.migrations.0008_guided_tour")
    migration.leave_alone_who_knows_the_portal(apps, None)
    assert [User.objects.get(pk=one.pk).tour for one in (knows, is_new)] == [Tour.SKIPPED, Tour.TO_OFFER]
