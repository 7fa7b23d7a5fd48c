"""Coverage Replacement, Other Coverage and Proxy Information."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.models import Applicant, Application, ApplicationText
from enrollment.services.unasked import drop_unasked
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.coverage import MOST_CARDS, Replacements
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.steps import step_of
from portal.common.dates import as_text
from tests.support import pages, wizard
from tests.support.factories import ApplicationFactory

URL = "/enroll/applications/A-0638/coverage/"
REPLACES, OTHER, PROXY = {"sections": "replaces"}, {"sections": "other"}, {"sections": "proxy"}


@pytest.fixture
def draft(world):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def fresh(draft):
    return Application.objects.get(pk=draft.pk)


def sentences(draft, world):
    context = WizardContext(fresh(draft), world.producer, timezone.now())
    return [one.sentence for one in missing_on(step_of("coverage"), context)]


def card(client, name, **values):
    """Open the page of a new card and save it with these values."""
    url = f"{URL}{name}/new/"
    fields = wizard.fields_of(pages.read(client.get(url)))
    changed = {f"{name}-{key}": [value] for key, value in values.items()}
    return client.post(url, wizard.sent(fields, "save", **changed))


@pytest.mark.feature("COV_01")
@pytest.mark.feature("COV_04")
@pytest.mark.feature("COV_05")
def test_everything_is_no_and_may_stay_so(draft, client, world):
    page = pages.read(client.get(URL))
    for name in ("replaces-replaces_coverage", "other-has_other_coverage"):
        chosen = [one.attrs["value"] for one in page.all("input", name=name) if "checked" in one.attrs]
        assert chosen == ["no"]
    assert "checked" not in page.one(id="id_proxy-proxy_agreed").attrs
    assert "Coverage to Be Replaced" not in page.text
    assert "within the last 60 days" in page.text
    assert "Coverage with Prairie Summit?" in page.text
    assert "including Medicare?" in page.text
    assert sentences(draft, world) == []
    assert client.get(f"{URL}replacements/new/").status_code == 404


@pytest.mark.feature("COV_01")
def test_yes_asks_for_each_policy_that_is_replaced(draft, client, world):
    answer = {**REPLACES, "replaces-replaces_coverage": "yes"}
    response = client.post(URL, {**answer, "autosave": "replaces"}, headers={"HX-Request": "true"})
    assert "+ Add Coverage Replacement" in response.text
    assert sentences(draft, world) == ["Add the coverage that is replaced, or answer No."]
    spouse = Applicant.objects.create(application=draft, position=1, relation="spouse", first_name="Bo")
    page = pages.read(card(client, "replacements", applicant="", insurer="", policy_number="", termination_date=""))
    for message in (
        "Choose the covered person.",
        "Enter the name of the insurance company.",
        "Enter the policy number.",
        "Enter the termination date.",
    ):
        assert message in page.text
    ends = as_text(draft.effective_date - timedelta(days=1))
    for person in (draft.applicants.get(position=0), spouse):
        values = {"insurer": "Old Mutual Aid", "policy_number": "X-1", "termination_date": ends}
        response = card(client, "replacements", applicant=str(person.pk), **values)
        assert response.url == f"{URL}#section-replacements"
    assert [(one.applicant.first_name, one.insurer) for one in draft.replacements.all()] == [
        ("Ann", "Old Mutual Aid"),
        ("Bo", "Old Mutual Aid"),
    ]
    assert pages.facts(pages.read(client.get(URL)).all("li", class_="wizard-card")[0])["Termination Date"] == ends
    assert sentences(draft, world) == []


@pytest.mark.feature("COV_01")
def test_a_termination_date_far_away_is_refused_and_asked_about_when_the_first_day_moves(draft, client, world):
    Application.objects.filter(pk=draft.pk).update(replaces_coverage=True)
    person = str(draft.applicants.get().pk)
    values = {"applicant": person, "insurer": "Old", "policy_number": "1"}
    for day in ("01/01/0001", "12/31/9999", "2/30/2026"):
        page = pages.read(card(client, "replacements", **values, termination_date=day))
        assert page.one(id="id_replacements-termination_date").attrs["aria-invalid"] == "true"
    assert not draft.replacements.exists()
    card(client, "replacements", **values, termination_date=as_text(draft.effective_date))
    Application.objects.filter(pk=draft.pk).update(effective_date=draft.effective_date + timedelta(days=500))
    assert sentences(draft, world) == [
        "Enter a termination date within a year of the day on which the new coverage begins."
    ]


@pytest.mark.feature("COV_01")
def test_no_keeps_what_was_entered_until_the_application_is_submitted(draft, client, world):
    Application.objects.filter(pk=draft.pk).update(replaces_coverage=True, has_other_coverage=True)
    person = str(draft.applicants.get().pk)
    day = as_text(draft.effective_date)
    card(client, "replacements", applicant=person, insurer="Old", policy_number="1", termination_date=day)
    card(client, "other-coverages", applicant=person, member_number="1", group_id="2")
    client.post(URL, {**REPLACES, "replaces-replaces_coverage": "no", "act": "exit"})
    assert (draft.replacements.count(), sentences(draft, world)) == (1, [])
    row = fresh(draft)
    drop_unasked(row)
    assert (row.replacements.count(), row.other_coverages.count()) == (0, 1)


@pytest.mark.feature("COV_02")
@pytest.mark.feature("COV_05")
@pytest.mark.parametrize(
    ("kind", "title"), [("rights", "Know Your Rights When You Replace Coverage"), ("proxy", "Proxy Statement")]
)
def test_the_texts_open_in_a_window_and_as_a_page(draft, client, kind, title):
    page = pages.read(client.get(URL))
    link = page.one("a", data_dialog=f"text-{kind}")
    assert link.text == title
    dialog = page.one("dialog", id=f"text-{kind}")
    alone = pages.read(client.get(link.attrs["href"]))
    assert alone.one("h1").text == title
    assert all(paragraph.text in alone.text for paragraph in dialog.all("p")[:2])


@pytest.mark.feature("COV_03")
@pytest.mark.parametrize(
    ("us_state", "form", "shown"), [("IL", "DENTAL", True), ("TX", "DENTAL", False), ("TX", "MEDICAL_DENTAL", True)]
)
@pytest.mark.sampled(1)
def test_coverage_replacement_is_not_on_every_dental_form(draft, client, world, us_state, form, shown):
    Application.objects.filter(pk=draft.pk).update(us_state=us_state, form_type=form, replaces_coverage=True)
    page = pages.read(client.get(URL))
    assert bool(page.all(id="title-replaces")) is shown
    assert bool(page.all(id="title-replacements")) is shown
    assert bool(sentences(draft, world)) is shown


@pytest.mark.feature("COV_04")
def test_other_coverage_of_each_person(draft, client, world, settings):
    client.post(URL, {**OTHER, "other-has_other_coverage": "yes", "act": "exit"})
    assert sentences(draft, world) == ["Add the other coverage, or answer No."]
    person = draft.applicants.get()
    page = pages.read(client.get(f"{URL}other-coverages/new/"))
    assert page.one(id="id_other-coverages-name_on_policy").attrs["value"] == "Ann Leeward"
    page = pages.read(card(client, "other-coverages", applicant=str(person.pk), member_number="", group_id=""))
    assert "Enter the member number." in page.text
    assert "Enter the group ID." in page.text
    values = {"applicant": str(person.pk), "member_number": "M 1", "group_id": "Unknown"}
    settings.OTHER_COVERAGE_UNKNOWN_NUMBERS = False
    assert "Enter the number as it stands" in card(client, "other-coverages", **values).text
    settings.OTHER_COVERAGE_UNKNOWN_NUMBERS = True
    card(client, "other-coverages", **values, name_on_policy="")
    row = draft.other_coverages.get()
    assert (row.name_on_policy, row.member_number, row.group_id) == ("Ann Leeward", "M 1", "Unknown")
    assert sentences(draft, world) == []


@pytest.mark.feature("COV_04")
def test_control_characters_are_no_answer(draft, client):
    Application.objects.filter(pk=draft.pk).update(has_other_coverage=True)
    person = str(draft.applicants.get().pk)
    page = card(client, "other-coverages", applicant=person, member_number="\x07\x1b", group_id="G\x07 1")
    assert "Enter the member number." in page.text
    card(client, "other-coverages", applicant=person, member_number="=1+1", group_id="G\x071")
    row = draft.other_coverages.get()
    assert (row.member_number, row.group_id) == ("=1+1", "G 1")


def test_somebody_of_another_application_cannot_be_chosen(draft, client):
    Application.objects.filter(pk=draft.pk).update(has_other_coverage=True)
    stranger = ApplicationFactory().applicants.get()
    page = card(client, "other-coverages", applicant=str(stranger.pk), member_number="1", group_id="1")
    assert "Choose a person of the list." in page.text
    assert not draft.other_coverages.exists()


def test_a_list_ends_somewhere(draft, world):
    Application.objects.filter(pk=draft.pk).update(replaces_coverage=True)
    person = draft.applicants.get()
    for number in range(MOST_CARDS):
        draft.replacements.create(
            applicant=person, insurer="Old", policy_number=str(number), termination_date=draft.effective_date
        )
    context = WizardContext(fresh(draft), world.producer, timezone.now())
    assert Replacements.why_no_more(context) == "An application holds at most 40 of these."


@pytest.mark.feature("COV_05")
def test_the_version_of_the_proxy_statement_that_was_agreed_to_is_kept(draft, client, world):
    client.post(URL, {**PROXY, "proxy-proxy_agreed": "on", "act": "exit"})
    row = draft.signatures.get(role="PROXY")
    assert (row.text.kind, row.attested_by) == ("PROXY", world.producer)
    ApplicationText.objects.create(
        kind="PROXY", us_state="", version="later", body="Another one.", sha256="x", published_at=timezone.now()
    )
    client.post(URL, {**PROXY, "proxy-proxy_agreed": "on", "act": "exit"})
    assert draft.signatures.get(role="PROXY").text == row.text
    client.post(URL, {**PROXY, "act": "exit"})
    assert not draft.signatures.exists()
    assert not fresh(draft).proxy_agreed
