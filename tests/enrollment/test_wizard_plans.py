"""Plan Selection and PCP Information: premiums of today, what must be chosen, and who looks after whom."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from clients.models import MedicalGroup
from enrollment.models import Applicant, Application, ApplicationPlan, PlanRate
from enrollment.rules.pediatric_dental import LACKING
from enrollment.selectors import wizard as header_selector
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.plans import PlanSelection, changes_in
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.steps import step_of
from tests.support import pages
from tests.support.factories import ApplicationFactory, CountyFactory, PlanFactory, ServiceAreaFactory

URL = "/enroll/applications/A-0638/plans/"
PLAN = {"sections": "plan"}
PCP = {"sections": "pcp"}


@pytest.fixture
def medical():
    return PlanFactory(name="Precision Silver HMO", network_type="HMO", rates=[(0, 999, "886.79")])


@pytest.fixture
def dental():
    return PlanFactory(dental=True, name="Care Dental 1D", rates=[(0, 999, "148.70")])


@pytest.fixture
def ppo():
    return PlanFactory(name="Choice Gold PPO", rates=[(0, 999, "500.10")])


@pytest.fixture
def draft(world, medical):
    row = ApplicationFactory(
        record_number="A-0638", producer_number=world.number, created_by=world.producer, contents=[medical]
    )
    row.plans.all().delete()
    return row


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def chosen(plan, price):
    return f"{plan.pk}-{price}"


def kept(draft):
    return {row.line: (row.plan.name, row.monthly_premium) for row in draft.plans.select_related("plan")}


def fresh(draft):
    return Application.objects.get(pk=draft.pk)


def wizard_of(draft, world):
    return WizardContext(fresh(draft), world.producer, timezone.now())


def sentences(draft, world):
    return [one.sentence for one in missing_on(step_of("plans"), wizard_of(draft, world))]


def header(draft, world):
    return dict(header_selector.header_of(wizard_of(draft, world)))


@pytest.mark.feature("PLN_01")
@pytest.mark.feature("PLN_02")
def test_the_premiums_of_medical_and_dental_and_their_total(draft, client, world, medical, dental):
    page = pages.read(client.get(URL))
    assert "Monthly Premium will display once plan(s) have been selected" in page.text
    assert pages.facts(page.one(id="section-plan"))["Zip Code"] == "60563"
    assert pages.facts(page.one(id="section-plan"))["County"] == "DuPage County"
    sent = {**PLAN, "plan-medical": chosen(medical, "886.79"), "plan-dental": chosen(dental, "14.87")}
    response = client.post(URL, {**sent, "autosave": "plan"}, headers={"HX-Request": "true"})
    assert "$901.66" in response.text
    section = pages.facts(pages.read(client.get(URL)).one(class_="wizard-premiums"))
    assert section["Medical Coverage Premium"] == "$886.79"
    assert section["Dental Coverage Premium"] == "$14.87"
    assert section["Total Monthly Premium"] == "$901.66"
    assert header(draft, world)["Total Monthly Premium"] == "$901.66"
    assert kept(draft) == {
        "MEDICAL": ("Precision Silver HMO", Decimal("886.79")),
        "DENTAL": ("Care Dental 1D", Decimal("14.87")),
    }


@pytest.mark.feature("PLN_01")
def test_only_plans_of_the_county_and_year_that_are_sold_off_the_exchange_are_offered(draft, client, medical):
    year = medical.plan_year
    PlanFactory(name="On Exchange Only", off_exchange=False)
    PlanFactory(name="Last Year", plan_year=year - 1)
    PlanFactory(name="Withdrawn", withdrawn_at=timezone.now())
    elsewhere = ServiceAreaFactory(plan_year=year, code="ILS999", counties=[CountyFactory(fips="17031", name="Cook")])
    PlanFactory(name="Elsewhere", service_area=elsewhere)
    select = pages.read(client.get(URL)).one(id="id_plan-medical")
    assert [one.text for one in select.all("option")] == ["Select", "Precision Silver HMO - $886.79"]


@pytest.mark.feature("PLN_02")
def test_people_dates_and_county_that_change_are_priced_anew_and_it_is_said(draft, client, world, medical, dental):
    sent = {**PLAN, "plan-medical": chosen(medical, "886.79"), "plan-dental": chosen(dental, "14.87")}
    client.post(URL, {**sent, "act": "exit"})
    Applicant.objects.create(
        application=draft, position=1, relation="spouse", first_name="Bo", date_of_birth=date(1990, 1, 1)
    )
    assert header(draft, world)["Total Monthly Premium"] == "$1,803.32"
    page = pages.read(client.get(URL))
    assert "The monthly premium has changed since the plans were selected, from $901.66 to $1,803.32" in page.text
    assert "Precision Silver HMO: $886.79 before, $1,773.58 now." in page.text
    assert kept(draft)["MEDICAL"][1] == Decimal("886.79")
    # A price that was not on the page that is sent is not taken for one that was seen.
    client.post(URL, {**sent, "act": "exit"})
    assert kept(draft)["MEDICAL"][1] == Decimal("886.79")
    select = page.one(id="id_plan-medical")
    shown = next(one.attrs["value"] for one in select.all("option") if "selected" in one.attrs)
    assert shown == chosen(medical, "1773.58")
    client.post(URL, {**PLAN, "plan-medical": shown, "plan-dental": chosen(dental, "29.74"), "act": "exit"})
    assert kept(draft)["MEDICAL"][1] == Decimal("1773.58")
    assert "has changed since" not in client.get(URL).text


@pytest.mark.feature("PLN_01")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"county": None}, "Enter the home address with its county"),
        ({"effective_date": None}, "Calculate the effective date"),
        ({"born": None}, "Enter the date of birth of everybody to be covered (the primary applicant)."),
    ],
)
@pytest.mark.sampled(1)
def test_without_county_date_or_birthday_nothing_is_priced_and_nothing_lost(
    draft, client, world, medical, change, sentence
):
    client.post(URL, {**PLAN, "plan-medical": chosen(medical, "886.79"), "act": "exit"})
    if "born" in change:
        draft.applicants.update(date_of_birth=None)
    else:
        Application.objects.filter(pk=draft.pk).update(**change)
    page = pages.read(client.get(URL))
    assert sentence in page.text
    assert not page.all(id="id_plan-medical")
    client.post(URL, {**PLAN, "act": "next"})
    assert kept(draft) == {"MEDICAL": ("Precision Silver HMO", Decimal("886.79"))}
    assert any(sentence in one for one in sentences(draft, world))
    assert header(draft, world)["Total Monthly Premium"] == "$886.79"


@pytest.mark.feature("PLN_01")
def test_a_plan_that_is_sold_no_more_stays_in_sight_until_another_is_selected(
    draft, client, world, medical, ppo, dental
):
    client.post(
        URL, {**PLAN, "plan-medical": chosen(medical, "886.79"), "plan-dental": chosen(dental, "14.87"), "act": "exit"}
    )
    medical.withdrawn_at = timezone.now()
    medical.save()
    why = "Precision Silver HMO: The carrier no longer sells this plan. Select another plan."
    assert sentences(draft, world) == [why]
    assert header(draft, world)["Total Monthly Premium"] == "-"
    page = pages.read(client.get(URL))
    assert "Precision Silver HMO (not available)" in page.text
    fields = {"plan-medical": chosen(medical, "886.79"), "plan-dental": chosen(dental, "14.87")}
    page = pages.read(client.post(URL, {**PLAN, **fields, "act": "next"}))
    assert why in page.text
    assert kept(draft)["MEDICAL"][0] == "Precision Silver HMO"
    client.post(URL, {**PLAN, **fields, "plan-medical": chosen(ppo, "500.10"), "act": "next"})
    assert (kept(draft)["MEDICAL"][0], sentences(draft, world)) == ("Choice Gold PPO", [])


@pytest.mark.feature("PLN_02")
def test_in_another_year_the_same_plan_of_that_year_stands_in_its_place_until_it_is_taken(
    draft, client, world, medical
):
    year = medical.plan_year - 1
    earlier = PlanFactory(
        name=medical.name, plan_id=medical.plan_id, plan_year=year, network_type="HMO", rates=[(0, 999, "800")]
    )
    client.post(URL, {**PLAN, "plan-medical": chosen(medical, "886.79"), "act": "exit"})
    december = draft.effective_date.replace(year=draft.effective_date.year - 1, month=12)
    Application.objects.filter(pk=draft.pk).update(effective_date=december, pediatric_dental_elsewhere=True)
    page = pages.read(client.get(URL))
    assert f"The plan of {december.year} stands in the list in its place, at $800.00" in page.text
    assert len(sentences(draft, world)) == 1
    select = page.one(id="id_plan-medical")
    shown = next(one.attrs["value"] for one in select.all("option") if "selected" in one.attrs)
    assert shown == chosen(earlier, "800.00")
    sent = {**PLAN, "plan-medical": shown, "plan-pediatric_dental_elsewhere": "on", "act": "next"}
    assert client.post(URL, sent).url == "/enroll/applications/A-0638/coverage/"
    assert draft.plans.get().plan == earlier
    assert header(draft, world)["Total Monthly Premium"] == "$800.00"


@pytest.mark.feature("PLN_01")
def test_another_plan_takes_the_place_of_the_one_before_also_from_a_quote(draft, client, medical, ppo):
    for plan, price in ((medical, "886.79"), (ppo, "500.10"), (ppo, "500.10")):
        client.post(URL, {**PLAN, "plan-medical": chosen(plan, price), "act": "exit"})
    assert kept(draft) == {"MEDICAL": ("Choice Gold PPO", Decimal("500.10"))}
    client.post(URL, {**PLAN, "plan-medical": "", "act": "exit"})
    assert kept(draft) == {}


@pytest.mark.feature("PLN_03")
def test_medical_without_dental_is_said_beside_the_field_until_it_is_attested(draft, client, world, medical, settings):
    sent = {**PLAN, "plan-medical": chosen(medical, "886.79"), "plan-dental": "", "act": "next"}
    page = pages.read(client.post(URL, sent))
    assert LACKING in page.one(id="section-plan").text
    assert sentences(draft, world) == [LACKING]
    settings.PEDIATRIC_DENTAL_ASKED_OF = "CHILDREN"
    assert sentences(draft, world) == []
    settings.PEDIATRIC_DENTAL_ASKED_OF = "EVERYBODY"
    response = client.post(URL, {**sent, "plan-pediatric_dental_elsewhere": "on"})
    assert response.url == "/enroll/applications/A-0638/coverage/"
    assert fresh(draft).pediatric_dental_elsewhere


@pytest.mark.feature("PLN_01")
def test_a_dental_application_has_neither_medical_coverage_nor_the_attestation(draft, client, world, medical, dental):
    ApplicationPlan.objects.create(application=draft, plan=medical, line="MEDICAL", monthly_premium=Decimal("886.79"))
    Application.objects.filter(pk=draft.pk).update(form_type="DENTAL")
    page = pages.read(client.get(URL))
    assert not page.all(id="id_plan-medical")
    assert not page.all(id="id_plan-pediatric_dental_elsewhere")
    assert len(sentences(draft, world)) == 2
    assert header(draft, world)["Medical Plan"] == "-"
    client.post(URL, {**PLAN, "plan-dental": chosen(dental, "14.87"), "act": "next"})
    assert kept(draft) == {"DENTAL": ("Care Dental 1D", Decimal("14.87"))}
    assert sentences(draft, world) == []


@pytest.mark.feature("PLN_01")
@pytest.mark.parametrize("value", ["999999999", "-1", "x", "9" * 25, "1-1e9", "=1+1"])
@pytest.mark.sampled(3)
def test_what_is_no_plan_of_the_list_is_refused(draft, client, world, value):
    page = pages.read(client.post(URL, {**PLAN, "plan-medical": value, "act": "next"}))
    assert "Choose a plan of the list." in page.text
    assert kept(draft) == {}


def test_a_section_of_the_step_asks_for_prices_once(draft, world, medical, django_assert_max_num_queries):
    wizard = wizard_of(draft, world)
    with django_assert_max_num_queries(18):
        PlanSelection.missing(wizard)
        PlanSelection.unsent(wizard).context()
    assert changes_in([]) == []


# --- PCP Information ---


@pytest.fixture
def with_family(draft, medical):
    """A couple with a child on the HMO."""
    ApplicationPlan.objects.create(application=draft, plan=medical, line="MEDICAL", monthly_premium=Decimal("2660.37"))
    people = [draft.applicants.get(position=0)]
    for position, (relation, name) in enumerate([("spouse", "Bo"), ("child", "Cy")], start=1):
        people.append(
            Applicant.objects.create(
                application=draft,
                position=position,
                relation=relation,
                first_name=name,
                date_of_birth=date(1990 + 20 * position, 1, 1),
            )
        )
    return people


def numbers(draft):
    return list(draft.applicants.order_by("position").values_list("pcp_number", flat=True))


@pytest.mark.feature("PLN_04")
@pytest.mark.feature("PLN_05")
@pytest.mark.feature("PLN_07")
@pytest.mark.feature("PLN_08")
def test_an_hmo_asks_for_the_pcp_of_each_and_takes_none(draft, client, with_family, world):
    section = pages.read(client.get(URL)).one(id="section-pcp")
    labels = [one.text for one in section.all("label")]
    assert labels == [
        "Primary (Ann Leeward): Medical Group Number (3 Digits)",
        "Spouse (Bo): Medical Group Number (3 Digits)",
        "Dependent 1 (Cy): Medical Group Number (3 Digits)",
    ]
    assert "If a PCP is not selected, Prairie Summit will assign one." in section.text
    finder = section.one("a", target="_blank")
    assert (finder.attrs["href"], finder.text) == ("/clients/providers/", "Provider Finder (opens in a new tab)")
    client.post(URL, {**PCP, **{f"pcp-number_{one.pk}": "" for one in with_family}, "act": "exit"})
    assert [one.section for one in missing_on(step_of("plans"), wizard_of(draft, world))] == ["plan"]


@pytest.mark.feature("PLN_05")
def test_a_number_of_another_kind_stays_with_its_message_and_a_known_one_with_its_name(draft, client, with_family):
    MedicalGroup.objects.create(
        number="124", name="Lantern Physicians", us_state="IL", networks=["HMO"], effective_date=date(2015, 1, 1)
    )
    names = [f"pcp-number_{one.pk}" for one in with_family]
    page = pages.read(client.post(URL, {**PCP, names[0]: "12a", names[1]: "1 24", names[2]: "777", "act": "next"}))
    assert "Enter the medical group's number: 3 digits." in page.text
    assert page.one(id=f"id_{names[0]}").attrs["value"] == "12a"
    assert "Lantern Physicians" in page.text
    assert "No medical group or PCP is listed under this number" in page.text
    assert numbers(draft) == ["", "124", "777"]


@pytest.mark.feature("PLN_06")
def test_one_number_is_copied_to_everybody(draft, client, with_family):
    names = [f"pcp-number_{one.pk}" for one in with_family]
    same = {**PCP, "act": "do:pcp:same"}
    page = client.post(URL, {**same, **dict.fromkeys(names, "")}, follow=True)
    assert pages.messages(page) == ["Enter a number first, then press Use Same PCP Number for All."]
    page = client.post(URL, {**same, names[0]: "x", names[1]: "124", names[2]: ""}, follow=True)
    assert pages.messages(page) == ["Enter the medical group's number: 3 digits."]
    assert numbers(draft) == ["", "124", ""]
    client.post(URL, {**same, names[0]: "597", names[1]: "124", names[2]: "zz"})
    assert numbers(draft) == ["597"] * 3
    assert fresh(draft).typed is None


@pytest.mark.feature("PLN_06")
def test_one_applicant_has_no_button_for_all(draft, client, medical):
    ApplicationPlan.objects.create(application=draft, plan=medical, line="MEDICAL", monthly_premium=Decimal("886.79"))
    assert "Use Same PCP Number for All" not in client.get(URL).text


@pytest.mark.feature("PLN_04")
def test_a_ppo_hides_the_numbers_and_forgets_them(draft, client, with_family, ppo, medical):
    draft.applicants.update(pcp_number="124")
    response = client.post(
        URL, {**PLAN, "plan-medical": chosen(ppo, "1500.30"), "autosave": "plan"}, headers={"HX-Request": "true"}
    )
    assert numbers(draft) == [""] * 3
    gone = pages.read(response).one(id="section-pcp")
    assert "hidden" in gone.attrs
    assert gone.text == ""
    assert "Medical Group Number" not in client.get(URL).text
    sent = {**PLAN, "plan-medical": chosen(medical, "2660.37"), "autosave": "plan"}
    assert "Medical Group Number" in client.post(URL, sent, headers={"HX-Request": "true"}).text


@pytest.mark.feature("PLN_04")
def test_without_scripts_next_stops_once_at_numbers_that_nobody_has_seen(draft, client, medical, dental):
    sent = {**PLAN, "plan-medical": chosen(medical, "886.79"), "plan-dental": chosen(dental, "14.87"), "act": "next"}
    assert client.post(URL, sent).url == f"{URL}#section-pcp"
    page = pages.read(client.get(URL))
    assert "PCP Information is now part of this page." in page.text
    assert page.one(id="section-pcp").all("input", type="text")
    assert client.post(URL, {**sent, "sections": ["plan", "pcp"]}).url == "/enroll/applications/A-0638/coverage/"


@pytest.mark.feature("PLN_04")
def test_a_pos_plan_asks_too(draft, client):
    pos = PlanFactory(network_type="POS", name="Select Gold POS", rates=[(0, 999, "700.00")])
    client.post(URL, {**PLAN, "plan-medical": str(pos.pk), "act": "exit"})
    assert "Primary Care Provider (PCP) or Medical Group Number" in client.get(URL).text
    assert kept(draft)["MEDICAL"][1] == Decimal("700.00")


@pytest.mark.parametrize("who", ["delegate_with_enroll", "outsider", "delegate"])
def test_only_those_who_may_enroll_in_the_book_see_the_plans(draft, world, sign_in, who):
    expected = {"delegate_with_enroll": 200, "outsider": 404, "delegate": 403}[who]
    assert sign_in(getattr(world, who)).get(URL).status_code == expected


def test_rates_of_another_day_are_asked_for_the_day_of_coverage(draft, world, medical):
    ApplicationPlan.objects.create(application=draft, plan=medical, line="MEDICAL", monthly_premium=Decimal("886.79"))
    PlanRate.objects.filter(plan=medical).delete()
    assert sentences(draft, world)[0].startswith("Precision Silver HMO: The carrier has filed no rate")
