"""Resources: what is listed for whom, how it is found, and that its files come down safely."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ProducerNumber
from portal.common.content.models import Resource
from portal.common.files.models import StoredFile
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import ProducerNumberFactory, ResourceFactory

pytestmark = pytest.mark.feature("ISS_04")
URL = "/resources/"


@pytest.fixture
def rita(world, sign_in) -> Client:
    """Rita sells in Illinois and Texas."""
    ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    return sign_in(world.producer)


def titles(response) -> list[str]:
    return [title.all("span")[0].text for title in pages.read(response).all("h3", class_="library-title")]


def listed(client: Client, query: str = "") -> list[str]:
    return titles(client.get(f"{URL}{query}"))


def search(client: Client, **choices: str):
    return client.post(URL, choices, follow=True)


def test_resources_stand_by_kind_with_what_one_wants_to_know(rita):
    ResourceFactory(
        with_file=True,
        title="Life Event Proof",
        description="Cover sheet.",
        form_number="PS-1052",
        product=Resource.Product.ACA_MEDICAL,
        states=["TX", "IL"],
        plan_year=2027,
    )
    ResourceFactory(title="Exchange", url="https://elsewhere.example/")
    ResourceFactory(with_file=True, kind=Resource.Kind.GUIDE, title="A guide")
    page = pages.read(rita.get(URL))
    assert [h.text for h in page.one("main").all("h2")][1:] == ["Forms", "Guides", "Links"]
    form = page.one("section", aria_labelledby="kind-FORM")
    facts = [fact.text for fact in form.one("p", class_="library-facts").all("span")]
    today = timezone.localdate()
    assert facts == [
        "Form PS-1052",
        "ACA Medical",
        "Illinois, Texas",
        "Plan year 2027",
        "PDF, 15 bytes",
        f"Updated {today:%m/%d/%Y}",
    ]
    link = page.one("section", aria_labelledby="kind-LINK").one("a")
    assert (link.attrs["rel"], link.attrs["target"]) == ("noopener noreferrer", "_blank")
    assert link.text == "Open Exchange"
    assert "Leaves the portal" in page.text


def test_the_producers_own_states_come_first_and_all_are_one_step_away(rita):
    for state in ("IL", "TX", "MT"):
        ResourceFactory(title=f"Rates {state}", states=[state])
    ResourceFactory(title="Everywhere")
    page = rita.get(URL)
    assert titles(page) == ["Everywhere", "Rates IL", "Rates TX"]
    read = pages.read(page)
    assert "Shown for your states: Illinois, Texas." in read.text
    everything = next(link for link in read.all("a") if link.text == "Show all states").attrs["href"]
    assert listed(rita, everything.removeprefix(URL)) == ["Everywhere", "Rates IL", "Rates MT", "Rates TX"]
    assert listed(rita, "?state=MT") == ["Everywhere", "Rates MT"]
    assert "Show your states" in rita.get(f"{URL}?state=MT").content.decode()


def test_delegates_see_the_states_of_the_producers_they_work_for(world, sign_in):
    ResourceFactory(title="Illinois", states=["IL"])
    ResourceFactory(title="Oklahoma", states=["OK"])
    assert listed(sign_in(world.delegate)) == ["Illinois"]


@pytest.mark.parametrize("who", ["admin", "former_delegate"])
def test_people_without_a_state_see_everything(world, sign_in, who):
    ResourceFactory(title="Illinois", states=["IL"])
    ResourceFactory(title="Oklahoma", states=["OK"])
    page = sign_in(getattr(world, who)).get(URL)
    assert titles(page) == ["Illinois", "Oklahoma"]
    assert "Your states" not in page.content.decode()


def test_a_number_that_ended_does_not_count(rita, world):
    ResourceFactory(title="Texas", states=["TX"])
    ProducerNumber.objects.filter(us_state="TX").exclude(status="X").update(
        status=next(status for status in ProducerNumber.Status if status != ProducerNumber.Status.ACTIVE)
    )
    assert listed(rita) == []


@pytest.mark.parametrize(
    ("first", "last", "is_shown"),
    [
        (None, None, True),
        (0, 0, True),
        (1, None, False),
        (None, -1, False),
        (-1, 1, True),
        (None, 0, True),
        (0, None, True),
    ],
)
def test_first_and_last_day_are_inclusive(rita, first, last, is_shown):
    today = timezone.localdate()
    ResourceFactory(
        title="Dated",
        first_day=today + timedelta(days=first) if first is not None else None,
        last_day=today + timedelta(days=last) if last is not None else None,
    )
    assert listed(rita) == (["Dated"] if is_shown else [])


def test_choices_narrow_the_list_and_combine(rita):
    ResourceFactory(with_file=True, title="Dental form", product=Resource.Product.ACA_DENTAL, plan_year=2027)
    ResourceFactory(with_file=True, title="Dental form 2026", product=Resource.Product.ACA_DENTAL, plan_year=2026)
    ResourceFactory(with_file=True, title="Any form")
    ResourceFactory(title="Dental link", product=Resource.Product.ACA_DENTAL)
    assert listed(rita, "?kind=FORM") == ["Any form", "Dental form", "Dental form 2026"]
    assert listed(rita, "?product=ACA_DENTAL") == ["Any form", "Dental form", "Dental form 2026", "Dental link"]
    assert listed(rita, "?product=MAPD") == ["Any form"]
    assert listed(rita, "?plan_year=2027") == ["Any form", "Dental form", "Dental link"]
    assert listed(rita, "?plan_year=2027&kind=FORM&product=ACA_DENTAL") == ["Any form", "Dental form"]


@pytest.mark.parametrize(
    "query", ["?kind=X&state=%00&plan_year=abc&product=-1&page=x", "?state=il", "?plan_year=1e9", "?page=99999999999"]
)
def test_an_address_with_nonsense_shows_the_page(rita, query):
    ResourceFactory(title="There")
    assert listed(rita, query) == ["There"]


@pytest.mark.parametrize("result_id", ["nothing", "%00", "x" * 3000])
def test_a_search_that_is_gone_says_so(rita, result_id):
    response = rita.get(f"{URL}?r={result_id}", follow=True)
    assert pages.messages(response) == ["That search is no longer open. Please search again."]


def test_chosen_values_stay_in_the_form(rita):
    ResourceFactory(title="There", plan_year=2027)
    response = search(rita, q="there", state="IL", kind="LINK", product="", plan_year="2027")
    form = pages.read(response).one("form", class_="library-choices")
    chosen = [option.text for option in form.all("option") if "selected" in option.attrs]
    assert chosen == ["Illinois", "Link", "Every product", "2027"]
    assert form.one("input", name="q").attrs["value"] == "there"


def test_too_many_words_are_refused_beside_the_box_and_kept(rita):
    response = rita.post(URL, {"q": "x" * 101})
    assert "Use at most 100 characters." in pages.read(response).text
    assert "x" * 101 in response.content.decode()


def test_a_long_list_has_pages(rita):
    for number in range(53):
        ResourceFactory(title=f"Link {number:02}")
    assert len(listed(rita)) == 50
    assert listed(rita, "?page=2") == ["Link 50", "Link 51", "Link 52"]
    assert (
        pages.read(rita.get(f"{URL}?state=IL&page=2")).one(id="resources-first").attrs["href"]
        == "/resources/?state=IL&page=1"
    )


def test_the_list_asks_the_same_whatever_its_length(rita, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in range(3):
        for _ in range(number * 6 + 1):
            ResourceFactory(with_file=True)
        with CaptureQueriesContext(connection) as queries:
            rita.get(URL)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 12


# The files


def file_url(resource: Resource) -> str:
    return reverse("content:resource-download", args=[resource.pk])


def test_a_file_comes_down_as_an_attachment_and_is_written_down(rita, world):
    resource = ResourceFactory(with_file=True, title="form")
    response = rita.get(file_url(resource))
    assert b"".join(response.streaming_content) == b"%PDF-1.4 a form"
    assert response["Content-Disposition"] == 'attachment; filename="form.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    event = AuditEvent.objects.get(action="resource.downloaded")
    assert (event.actor_id, event.object_type, event.object_id) == (world.producer.pk, "resource", str(resource.pk))


def test_a_file_of_another_state_opens_because_states_are_no_secret(rita):
    response = rita.get(file_url(ResourceFactory(with_file=True, states=["OK"])))
    assert b"".join(response.streaming_content).startswith(b"%PDF")


def test_what_is_not_shown_has_no_file(rita):
    today = timezone.localdate()
    over = ResourceFactory(with_file=True, last_day=today - timedelta(days=1))
    for url in (
        file_url(over),
        file_url(ResourceFactory()),
        "/resources/999999/file/",
        "/resources/9999999999999999999999/file/",
    ):
        assert rita.get(url).status_code == 404


def test_a_file_that_waits_for_its_scan_is_announced_and_not_handed_out(rita):
    resource = ResourceFactory(with_file=True)
    StoredFile.objects.update(scan=StoredFile.Scan.PENDING)
    page = pages.read(rita.get(URL))
    assert "Being checked." in page.text
    assert not [link for link in page.all("a") if "download" in link.attrs]
    response = rita.get(file_url(resource), follow=True)
    assert pages.messages(response) == ["This file cannot be opened yet. It is being checked; please try again later."]
    assert not AuditEvent.objects.filter(action="resource.downloaded").exists()


def test_a_file_with_malware_disappears(rita):
    resource = ResourceFactory(with_file=True)
    StoredFile.objects.update(scan=StoredFile.Scan.INFECTED, scanned_at=timezone.now())
    assert listed(rita) == []
    assert rita.get(file_url(resource)).status_code == 404


def test_strangers_get_nothing(client):
    resource = ResourceFactory(with_file=True)
    for url in (URL, file_url(resource)):
        assert client.get(url).url.startswith("/accounts/login/")


def test_the_login_page_promises_what_there_is(client):
    promised = [item.text for item in pages.read(client.get("/accounts/login/")).one("main").all("li")]
    for words in ("status of your applications", "Search for clients", "payment status", "forms", "training materials"):
        assert any(words in line for line in promised), words


@pytest.mark.parametrize("who", ["producer", "delegate", "admin"])
def test_everybody_finds_resources_with_training_below_them(world, sign_in, who):
    client = sign_in(getattr(world, who))
    for url in (URL, "/training/"):
        page = pages.read(client.get(url))
        assert [a.text for a in page.one(id="site-nav").all("a", aria_current="true")] == ["Resources"]
        below = page.one("nav", aria_label="Resources").all("a")
        assert [a.attrs["href"] for a in below] == [URL, "/training/"]
        assert [a.attrs["href"] for a in below if a.attrs.get("aria-current") == "page"] == [url]
