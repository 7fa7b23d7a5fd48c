"""Health Reimbursement Arrangement, the optional section, Spouse and Dependents (FAM)."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from enrollment.models import Applicant, ApplicationPlan, ApplicationText
from enrollment.rules import household, identity
from enrollment.selectors.wizard import header_of
from enrollment.services import drafts
from enrollment.wizard.household import (
    DEPENDENT_LACKS,
    ONE_SPOUSE,
    SPOUSE_LACKS,
    WHICH_HRA,
    DependentForm,
    Dependents,
    Spouse,
    SpouseForm,
)
from tests.support import pages, wizard
from tests.support.factories import ApplicationFactory
from tests.support.sections import lacking, primary, save, save_card, sent, wizard_of

URL = "/enroll/applications/A-0638/household/"
BEN = {"first_name": "Ben", "last_name": "Leeward", "date_of_birth": "02/10/1988", "sex": "M", "tobacco_use": "no"}
KIM = {"first_name": "Kim", "last_name": "Leeward", "date_of_birth": "02/04/2020", "sex": "F"}


@pytest.fixture
def draft(world):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def user(world):
    return world.producer


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def premium(draft, user):
    """As the header shows it on every step."""
    return dict(header_of(wizard_of(draft, user)))["Total Monthly Premium"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, {}),
        ({"hra_kind": "ICHRA"}, {}),
        ({"hra_kind": "QSEHRA", "hra_start": "1/1/2026", "hra_employer": "Mill", "hra_contribution": "$1,250.50"}, {}),
        ({"hra_kind": "", "hra_employer": "Mill"}, {"hra_kind": WHICH_HRA}),
        ({"hra_kind": "", "hra_contribution": "0"}, {"hra_kind": WHICH_HRA}),
        ({"hra_contribution": "-1"}, {"hra_contribution": "The contribution is zero or more."}),
        ({"hra_contribution": "1.005"}, {"hra_contribution": "Enter dollars and cents, such as 250.00."}),
        ({"hra_contribution": "NaN"}, {"hra_contribution": "Enter an amount in dollars, such as 250.00."}),
        ({"hra_contribution": "1e999"}, {"hra_contribution": "Enter an amount below 10,000,000 dollars."}),
        ({"hra_kind": "ICHRA", "hra_start": "1/1/0001"}, {"hra_start": "No ICHRA could start before 01/01/2020. Check the date."}),
        ({"hra_kind": "GIFT"}, {"hra_kind": "Choose one of the answers."}),
    ],
)  # fmt: skip
@pytest.mark.feature("FAM_01")
@pytest.mark.sampled(5)
def test_an_arrangement_is_optional_and_its_contribution_is_money(draft, user, values, said):
    save(draft, user, "household", "hra", **values)
    assert lacking(draft, user, "household", "hra") == said
    if values.get("hra_contribution") == "$1,250.50":
        assert (draft.hra_contribution, draft.hra_kind) == (Decimal("1250.50"), "QSEHRA")


@pytest.mark.feature("FAM_02")
@pytest.mark.feature("FAM_03")
@pytest.mark.feature("FAM_04")
def test_the_optional_section_keeps_any_number_of_answers(draft, user):
    values = {
        "spoken_language": "Polish",
        "written_language": "English",
        "hispanic": ["Cuban", "Other"],
        "identities": ["American Indian or Alaskan Native", "Guamanian or Chamorro"],
    }
    save(draft, user, "household", "optional", **values)
    person = primary(draft)
    assert {name: getattr(person, name) for name in identity.COLUMNS} == values
    save(draft, user, "household", "optional", spoken_language="", written_language="")
    assert primary(draft).hispanic == primary(draft).identities == []
    assert "written_language" not in SpouseForm.base_fields
    assert "written_language" not in DependentForm.base_fields
    assert {"spoken_language", "hispanic", "identities"} <= set(SpouseForm.base_fields) & set(DependentForm.base_fields)


@pytest.mark.feature("FAM_05")
def test_the_optional_section_never_blocks_and_reaches_no_rating_report_or_export(draft, user):
    assert lacking(draft, user, "household", "optional") == {}
    assert not any(form.base_fields[name].required for form in (SpouseForm, DependentForm) for name in identity.COLUMNS
                   if name in form.base_fields)  # fmt: skip
    root = Path(settings.BASE_DIR)
    read = [
        *root.glob("*/*table*.py"),
        *root.glob("*/tables/*.py"),
        *root.glob("reporting/**/*.py"),
        *root.glob("portal/common/exports.py"),
        *root.glob("enrollment/proposals/*.py"),
        root / "enrollment/rules/rating.py",
        root / "enrollment/selectors/pricing.py",
        root / "enrollment/selectors/application_plans.py",
    ]
    assert len(read) > 10
    names = re.compile(rf"\b({'|'.join(identity.COLUMNS)})\b")
    assert [str(path) for path in read if names.search(path.read_text())] == []


@pytest.mark.no_db
def test_a_report_that_named_identities_would_be_found():
    assert re.search(rf"\b({'|'.join(identity.COLUMNS)})\b", 'Column("identities", "Identity")')


@pytest.mark.feature("FAM_06")
@pytest.mark.feature("FAM_09")
def test_a_spouse_is_added_edited_and_deleted_by_buttons_without_scripts(draft, client):
    add = client.post(URL, {"act": "open:spouse:new"}).url
    page = client.get(add)
    assert "policy documents electronically" in page.text
    fields = {**{f"spouse-{name}": value for name, value in BEN.items()}, "spouse-ssn": "123-45-6789"}
    fields |= {"spouse-phone": "6305550143", "spouse-email": "ben@example.com"}
    fields |= {"spouse-wordings": pages.read(page).one(id="id_spouse-wordings").attrs["value"]}
    client.post(add, {**fields, "act": "save"})
    ben = draft.applicants.get(relation="spouse")
    assert (ben.first_name, ben.ssn, ben.phone, ben.tobacco_use) == ("Ben", "123456789", "6305550143", False)
    assert [text.kind for text in draft.contact_texts.all()] == [ApplicationText.Kind.ELECTRONIC_DELIVERY]
    page = pages.read(client.get(URL))
    assert "Tobacco Use No" in page.one(id="section-spouse").text
    assert ONE_SPOUSE in page.one(id="section-spouse").text
    assert "+ Add Spouse" not in page.text
    edit = client.post(URL, {"act": f"open:spouse:{ben.pk}"}).url
    shown = client.get(edit).text
    assert "•••-••-6789" in shown
    assert "123456789" not in shown
    client.post(edit, {**fields, "spouse-ssn": "", "spouse-first_name": "Benjamin", "act": "save"})
    ben.refresh_from_db()
    assert (ben.first_name, ben.ssn) == ("Benjamin", "123456789")
    drop = client.post(URL, {"act": f"drop:spouse:{ben.pk}"}).url
    client.post(drop)
    assert not draft.applicants.filter(relation="spouse").exists()
    assert not draft.contact_texts.exists()


@pytest.mark.parametrize(
    ("cards", "values", "field", "said"),
    [
        (Spouse, BEN | {"first_name": ""}, "first_name", "Enter the first name."),
        (Spouse, BEN | {"tobacco_use": ""}, "tobacco_use", "Answer Yes or No."),
        (Spouse, BEN | {"tobacco_use": "yes"}, "tobacco_last_used", "Enter the date of last use."),
        (Spouse, BEN | {"date_of_birth": "12/31/9999"}, "date_of_birth", household.FUTURE_BIRTH),
        (Spouse, BEN | {"email": "x"}, "email", "Please enter a valid email address."),
        (Dependents, KIM | {"sex": ""}, "sex", "Choose the sex."),
        (Dependents, KIM | {"date_of_birth": "01/01/0001"}, "date_of_birth", household.LONG_AGO),
        (Dependents, KIM | {"date_of_birth": "02/30/2020"}, "date_of_birth", "Enter the date as mm/dd/yyyy."),
        (Dependents, KIM | {"ssn": "000-12-3456"}, "ssn", "This number has never been issued. Check it, or leave the SSN empty."),
    ],
)  # fmt: skip
@pytest.mark.feature("FAM_06")
@pytest.mark.feature("FAM_07")
@pytest.mark.sampled(4)
def test_a_card_is_saved_as_a_whole_or_says_what_is_wrong(draft, user, cards, values, field, said):
    saved, form = save_card(draft, user, cards, **values)
    assert not saved.changed
    assert form.errors[field] == [said]
    assert draft.applicants.count() == 1


@pytest.mark.feature("FAM_07")
def test_a_dependent_is_young_enough_for_the_plan_on_the_first_day(draft, user):
    first = draft.effective_date
    at_limit, over = date(first.year - 25, 1, 1), date(first.year - 26, 1, 1)
    old = {**KIM, "tobacco_use": "no"}
    saved, _ = save_card(draft, user, Dependents, **{**old, "date_of_birth": f"{at_limit:%m/%d/%Y}"})
    assert saved.changed
    _, form = save_card(draft, user, Dependents, **{**old, "date_of_birth": f"{over:%m/%d/%Y}"})
    plan = ApplicationPlan.objects.get(application=draft).plan
    assert f"is 26 on {first:%m/%d/%Y}. {plan.name} covers dependents through age 25" in str(form.errors)
    plan.dependent_max_age = 18
    plan.save()
    assert "through age 18" in lacking(draft, user, "household", "dependents")[""]


@pytest.mark.feature("FAM_11")
def test_a_dependent_of_21_answers_the_tobacco_question(draft, user):
    born = {"date_of_birth": f"01/01/{draft.effective_date.year - 21}"}
    _, form = save_card(draft, user, Dependents, **{**KIM, **born})
    assert "21 and over" in str(form.errors["tobacco_use"])
    born = {"date_of_birth": f"01/02/{draft.effective_date.year - 21}"}
    saved, _ = save_card(draft, user, Dependents, **{**KIM, **born})
    assert saved.changed


@pytest.mark.feature("FAM_08")
def test_people_of_a_quote_are_there_and_have_to_be_completed(draft, user, client):
    ben = Applicant.objects.create(
        application=draft, position=1, relation="spouse", date_of_birth=date(1988, 2, 10), sex="M", tobacco_use=False
    )
    kim = Applicant.objects.create(
        application=draft, position=2, relation="child", date_of_birth=date(2020, 2, 4), sex="F"
    )
    page = pages.read(client.post(URL, {"act": "next"}))
    assert f"{SPOUSE_LACKS} Missing: First Name, Last Name." in page.one(id="section-spouse").text
    assert f"{DEPENDENT_LACKS} Missing: First Name, Last Name." in page.one(id="section-dependents").text
    assert "First Name - Last Name - DOB 02/04/2020 Sex Female" in page.one(id="section-dependents").text
    edit = pages.read(client.get(f"{URL}spouse/{ben.pk}/"))
    assert edit.one(id="id_spouse-date_of_birth").attrs["value"] == "02/10/1988"
    save_card(draft, user, Spouse, ben.pk, **BEN)
    save_card(draft, user, Dependents, kim.pk, **KIM)
    assert client.post(URL, {"act": "next"}).url == "/enroll/applications/A-0638/plans/"


@pytest.mark.feature("FAM_10")
@pytest.mark.parametrize("with_spouse", [True, False])
def test_nineteen_beside_the_applicant_and_no_more(draft, user, client, with_spouse):
    relations = ["spouse" if with_spouse else "child", *["child"] * 17]
    Applicant.objects.bulk_create(
        Applicant(
            application=draft, position=place, relation=one, date_of_birth=date(2015, 1, place), sex="F",
            first_name="Kid", last_name="Leeward", tobacco_use=False,
        )
        for place, one in enumerate(relations, 1)
    )  # fmt: skip
    saved, _ = save_card(draft, user, Dependents, **KIM)
    assert saved.changed
    with pytest.raises(drafts.DraftClosed, match="Up to 19 dependents"):
        save_card(draft, user, Dependents, **KIM)
    page = pages.read(client.get(URL))
    assert "+ Add Dependent" not in page.text
    assert household.NO_MORE in page.text
    assert client.get(f"{URL}dependents/new/").status_code == 302
    assert draft.applicants.count() == 20


@pytest.mark.feature("FAM_11")
def test_the_premium_in_the_header_follows_the_people(draft, user, client):
    save_card(draft, user, Spouse, **{**BEN, "tobacco_use": "yes", "tobacco_last_used": "01/02/2026"})
    assert premium(draft, user) == "$750.00"
    save_card(draft, user, Dependents, **KIM)
    assert premium(draft, user) == "$850.00"
    assert "Total Monthly Premium $850.00" in pages.read(client.get(URL)).one(id="wizard-header").text
    spouse = draft.applicants.get(relation="spouse")
    save_card(draft, user, Spouse, spouse.pk, **BEN)
    assert premium(draft, user) == "$700.00"
    client.post(f"{URL}spouse/{spouse.pk}/delete/")
    assert premium(draft, user) == "$400.00"
    save(draft, user, "applicant", "personal", tobacco_use="yes", tobacco_last_used="01/02/2026")
    assert premium(draft, user) == "$550.00"


def test_an_ssn_typed_on_a_card_waits_masked_until_it_is_saved(draft, user, client):
    add = f"{URL}spouse/new/"
    fields = {f"spouse-{name}": value for name, value in BEN.items()}
    answer = client.post(add, {**fields, "spouse-first_name": "", "spouse-ssn": "123-45-6789", "act": "save"})
    page = pages.read(answer)
    assert "•••-••-6789" in page.text
    assert "123-45" not in answer.text
    waits = {
        one.attrs["name"]: one.attrs["value"]
        for one in page.all("input", type="hidden")
        if "waits" in one.attrs["name"]
    }
    assert waits == {"spouse-ssn_waits": "yes"}
    client.post(add, {**fields, **waits, "spouse-ssn": "", "autosave": "1"})
    client.post(add, {**fields, **waits, "spouse-ssn": "", "act": "save"})
    assert draft.applicants.get(relation="spouse").ssn == "123456789"
    draft.refresh_from_db()
    assert draft.typed is None


def test_an_ssn_typed_and_taken_back_on_a_card_is_not_kept(draft, user, client):
    add = f"{URL}spouse/new/"
    fields = {f"spouse-{name}": value for name, value in BEN.items()}
    client.post(add, {**fields, "spouse-ssn": "123-45-6789", "autosave": "1"})
    draft.refresh_from_db()
    assert json.loads(draft.typed)["spouse:new"]["ssn"] == "123-45-6789"
    client.post(add, {**fields, "spouse-ssn": "", "act": "save"})
    assert draft.applicants.get(relation="spouse").ssn is None


@pytest.mark.feature("FAM_06")
def test_odd_dates_are_questioned_and_stop_nothing(draft, user):
    young = {**BEN, "date_of_birth": f"02/10/{draft.effective_date.year - 13}"}
    save_card(draft, user, Spouse, **young)
    save_card(draft, user, Dependents, **{**KIM, "date_of_birth": "03/13/2007", "tobacco_use": "no"})
    row = primary(draft)
    row.date_of_birth = date(2008, 1, 1)
    row.save()
    wizard_ = wizard_of(draft, user)
    assert ("Please check", household.YOUNG_SPOUSE) in Spouse.rows(wizard_)[0].lines
    assert ("Please check", household.OLDER_THAN_PARENT) in Dependents.rows(wizard_)[0].lines
    assert lacking(draft, user, "household", "spouse") == lacking(draft, user, "household", "dependents") == {}


def test_the_data_a_browser_sends_is_read_as_the_forms_name_it(draft, user):
    form = SpouseForm(sent("spouse", BEN), wizard=wizard_of(draft, user))
    assert form.is_valid(), form.errors
