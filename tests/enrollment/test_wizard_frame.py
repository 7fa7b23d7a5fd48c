"""The frame of the application's steps, shown with a section and a list of cards of its own."""

import json

import pytest
from django import forms
from django.utils import timezone

from enrollment.models import Applicant, Application
from enrollment.services import drafts
from enrollment.services.applications import start_new
from enrollment.wizard.cards import Card, CardList
from enrollment.wizard.completeness import missing_of
from enrollment.wizard.sections import CardSection, DateField, Section, WizardContext
from enrollment.wizard.steps import STEPS, step_of
from portal.common import form_keys
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import ApplicationFactory

HRA = {"sections": "hra"}


class Hra(Section):
    name, title = "hra", "Health Reimbursement Arrangement (HRA)"
    hra_kind = forms.ChoiceField(
        label="Type of HRA", choices=Application.HraKind.choices, required=False, widget=forms.RadioSelect
    )
    hra_start = DateField(label="Start Date", required=False)
    hra_employer = forms.CharField(
        label="Employer Name", max_length=120, error_messages={"required": "Enter the employer's name."}
    )
    mailing_differs = forms.ChoiceField(label="Differs?", choices=[("yes", "Yes"), ("no", "No")], required=False)
    proxy_agreed = forms.BooleanField(label="Agreed", required=False)

    @classmethod
    def read(cls, wizard):
        return cls.columns(wizard.application)

    def keep(self, wizard):
        self.put(wizard.application)


class DependentForm(CardSection):
    name, title = "kids", "Dependent Information"
    first_name = forms.CharField(
        label="First Name", max_length=60, error_messages={"required": "Enter the first name."}
    )

    def keep(self, wizard):
        at = wizard.application.applicants.count()
        row = self.row or Applicant(application=wizard.application, relation="child", position=at)
        self.put(row)
        row.save()


class Dependents(CardList):
    name, title, add_label, form_class = "kids", "Dependents", "+ Add Dependent", DependentForm

    @classmethod
    def query(cls, wizard):
        return wizard.application.applicants.filter(relation="child")

    @classmethod
    def card(cls, wizard, row):
        lines = [("First Name", row.first_name)]
        return Card(pk=row.pk, lines=lines, complete=bool(row.first_name), why_incomplete="Enter the first name.")

    @classmethod
    def may_delete(cls, wizard, pk):
        return "Ann stays." if cls.query(wizard).filter(pk=pk, first_name="Ann").exists() else ""


@pytest.fixture
def household(monkeypatch):
    """The step of the household with a section and a list."""
    step = step_of("household")
    for one in STEPS:
        monkeypatch.setitem(one.__dict__, "parts", (Hra, Dependents) if one is step else ())
    return step


@pytest.fixture
def draft(world, household):
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


URL = "/enroll/applications/A-0638/household/"


def fresh(draft):
    return Application.objects.get(pk=draft.pk)


def hidden(response):
    """What the page sends along by itself."""
    page = pages.read(response)
    return {one.attrs["name"]: one.attrs["value"] for one in page.one(id="wizard-state").all("input")}


@pytest.mark.feature("WIZ_08")
def test_what_is_valid_is_kept_and_what_is_not_is_shown_again_with_its_message(draft, client):
    sent = {**HRA, "hra-hra_employer": "Mill Works", "hra-hra_start": "2/30/2026", "hra-hra_kind": "ICHRA"}
    response = client.post(URL, {**sent, "act": "exit"})
    assert response.url == "/enroll/applications/?tab=incomplete"
    row = fresh(draft)
    assert (row.hra_employer, row.hra_kind, row.hra_start, row.version) == ("Mill Works", "ICHRA", None, 1)
    assert json.loads(row.typed) == {"hra": {"hra_start": "2/30/2026"}}
    page = pages.read(client.get(URL))
    assert page.one(id="id_hra-hra_start").attrs["value"] == "2/30/2026"
    assert "Enter the date as mm/dd/yyyy." in page.text
    client.post(URL, {**HRA, "hra-hra_start": "2/28/2026", "act": "exit"})
    row = fresh(draft)
    assert (row.typed, str(row.hra_start), row.hra_employer) == (None, "2026-02-28", "Mill Works")


@pytest.mark.feature("WIZ_07")
def test_next_says_what_is_missing_and_keeps_the_rest(draft, client):
    response = client.post(URL, {**HRA, "hra-hra_employer": "", "hra-hra_kind": "QSEHRA", "act": "next"})
    page = pages.read(response)
    assert response.status_code == 200
    assert "Employer Name : Enter the employer's name." in page.one(class_="error-summary").text
    assert fresh(draft).hra_kind == "QSEHRA"
    response = client.post(URL, {**HRA, "hra-hra_employer": "Mill", "act": "next"})
    assert response.url == "/enroll/applications/A-0638/plans/"
    assert client.get("/enroll/applications/A-0638/continue/").url == response.url
    assert client.post(URL, {"act": "previous"}).url == "/enroll/applications/A-0638/applicant/"
    bar = pages.read(client.get(URL)).one("div", class_="wizard-buttons")
    buttons = [one.text for one in (*bar.all("a"), *bar.all("button"))]
    assert buttons == ["Cancel", "Save & Exit", "Previous", "Next"]


def test_a_section_that_was_not_on_the_page_is_left_as_it_is(draft, client):
    client.post(URL, {**HRA, "hra-hra_employer": "Mill", "hra-proxy_agreed": "on", "act": "exit"})
    client.post(URL, {"act": "exit"})
    assert (fresh(draft).hra_employer, fresh(draft).proxy_agreed, fresh(draft).version) == ("Mill", True, 1)
    client.post(URL, {**HRA, "act": "exit"})
    assert (fresh(draft).hra_employer, fresh(draft).proxy_agreed) == ("Mill", False)


def test_the_same_page_sent_twice_is_saved_once(draft, client):
    sent = {**HRA, **hidden(client.get(URL)), "hra-hra_employer": "Mill", "act": "next"}
    assert [client.post(URL, sent).status_code for _ in range(3)] == [302] * 3
    assert fresh(draft).version == 1
    assert AuditEvent.objects.filter(action="application.saved").count() == 1


def test_somebody_elses_entries_are_not_overwritten_unseen(draft, client, world, sign_in):
    before = hidden(client.get(URL))
    other = sign_in(world.delegate_with_enroll)
    other.post(URL, {**HRA, **hidden(other.get(URL)), "hra-hra_employer": "Theirs", "act": "exit"})
    sent = {**HRA, **before, "hra-hra_employer": "Mine", "hra-hra_kind": "ICHRA", "act": "next"}
    client = sign_in(world.producer)
    page = pages.read(client.post(URL, sent))
    assert "saved this page" in page.text
    assert "Employer Name Mine Theirs" in page.text
    assert page.one(id="id_hra-hra_employer").attrs["value"] == "Mine"
    assert fresh(draft).hra_employer == "Theirs"
    assert client.post(URL, {**sent, "act": "use-theirs"}).status_code == 302
    assert fresh(draft).hra_employer == "Theirs"
    client.post(URL, {**sent, "act": "use-mine"})
    assert (fresh(draft).hra_employer, fresh(draft).hra_kind) == ("Mine", "ICHRA")


def test_a_page_that_saves_itself_is_no_stranger_to_itself(draft, client):
    first = {**HRA, **hidden(client.get(URL)), "hra-hra_employer": "M"}
    response = client.post(URL, {**first, "autosave": "hra", "hra-hra_start": "x"}, headers={"HX-Request": "true"})
    assert "Enter the date as mm/dd/yyyy." in response.text
    assert "General Information" in response.text
    # The answer with the page's new stamp has not arrived yet.
    client.post(URL, {**first, "hra-hra_employer": "Mill", "hra-hra_start": "", "act": "next"})
    assert (fresh(draft).hra_employer, fresh(draft).typed) == ("Mill", None)


def test_a_save_that_a_later_one_of_the_same_page_overtook_changes_nothing(draft, client):
    page = {**HRA, **hidden(client.get(URL))}
    typed = {**page, "hra-hra_employer": "M", "autosave": "hra", "turn": "1"}
    pressed = {**page, "hra-hra_employer": "Mill", "act": "next", "turn": "2"}
    assert client.post(URL, pressed).status_code == 302
    assert client.post(URL, typed, headers={"HX-Request": "true"}).status_code == 200
    assert (fresh(draft).hra_employer, fresh(draft).version) == ("Mill", 1)
    # Back on that page, which counts on; and a page that does not count is heard as before.
    client.post(URL, {**typed, "hra-hra_employer": "Mills", "turn": "3"}, headers={"HX-Request": "true"})
    assert fresh(draft).hra_employer == "Mills"
    client.post(URL, {**pressed, "hra-hra_employer": "Milton", "turn": "0"})
    assert fresh(draft).hra_employer == "Milton"


def test_what_was_emptied_again_does_not_come_back_late(draft, client):
    page = {**HRA, **hidden(client.get(URL))}
    client.post(URL, {**page, "hra-hra_employer": "", "act": "exit", "turn": "2"})
    client.post(URL, {**page, "hra-hra_employer": "M", "autosave": "hra", "turn": "1"}, headers={"HX-Request": "true"})
    assert fresh(draft).hra_employer == ""


@pytest.mark.parametrize("act", ["save", "cancel"])
def test_a_card_that_is_done_keeps_no_text_that_comes_late(draft, client, act):
    add = f"{URL}kids/new/"
    sent = {**hidden(client.get(add)), "kids-first_name": "Leo"}
    assert client.post(add, {**sent, "act": act, "turn": "2"}).status_code == 302
    client.post(add, {**sent, "kids-first_name": "Le", "autosave": "1", "turn": "1"})
    assert fresh(draft).typed is None
    assert "value" not in pages.read(client.get(add)).one(id="id_kids-first_name").attrs


def test_a_card_is_added_once_edited_and_deleted(draft, client):
    add = client.post(URL, {**HRA, "hra-hra_employer": "Mill", "act": "open:kids:new"}).url
    assert add == f"{URL}kids/new/"
    assert fresh(draft).hra_employer == "Mill"
    shown = hidden(client.get(add))
    page = pages.read(client.post(add, {**shown, "kids-first_name": "", "act": "save"}))
    assert "Enter the first name." in page.text
    for _ in range(3):
        response = client.post(add, {**shown, "kids-first_name": "Leo", "act": "save"})
        assert response.url == f"{URL}#section-kids"
    leo = draft.applicants.get(relation="child")
    edit = client.post(URL, {"act": f"open:kids:{leo.pk}"}).url
    client.post(edit, {**hidden(client.get(edit)), "kids-first_name": "Leonard", "act": "save"})
    leo.refresh_from_db()
    assert leo.first_name == "Leonard"
    drop = client.post(URL, {"act": f"drop:kids:{leo.pk}"}).url
    assert "Leonard" in client.get(drop).text
    assert [client.post(drop).status_code for _ in range(2)] == [302, 302]
    assert not draft.applicants.filter(relation="child").exists()


def test_what_was_typed_on_a_card_is_there_again(draft, client):
    add = f"{URL}kids/new/"
    answer = client.post(add, {**hidden(client.get(add)), "kids-first_name": "L" * 61, "autosave": "1"})
    assert answer.status_code == 204
    page = pages.read(client.get(add))
    assert page.one(id="id_kids-first_name").attrs["value"] == "L" * 61
    client.post(add, {"act": "cancel"})
    assert "value" not in pages.read(client.get(add)).one(id="id_kids-first_name").attrs


def test_a_card_that_has_to_stay_stays(draft, client):
    ann = Applicant.objects.create(application=draft, relation="child", position=1, first_name="Ann")
    assert client.get(f"{URL}kids/{ann.pk}/delete/").status_code == 302
    client.post(f"{URL}kids/{ann.pk}/delete/")
    assert draft.applicants.filter(pk=ann.pk).exists()


@pytest.mark.parametrize("address", ["kids/9999999999999999999999999/", "kids/0/", "nothing/new/", "kids/77/delete/"])
def test_what_is_not_there_is_not_found(draft, client, address):
    assert client.get(URL + address).status_code == 404


@pytest.mark.parametrize("act", ["open:kids:x", "drop:kids:9" + "9" * 30, "open:nobody:1", "go:nowhere"])
def test_buttons_that_are_not_there_are_not_found(draft, client, act):
    assert client.post(URL, {"act": act}).status_code == 404


def test_missing_of_names_step_field_and_place(draft, world):
    Applicant.objects.create(application=draft, relation="child", position=1)
    found = missing_of(WizardContext(fresh(draft), world.producer, timezone.now()))
    assert [(one.step, one.section, one.field, one.sentence) for one in found] == [
        ("household", "hra", "hra_employer", "Enter the employer's name."),
        ("household", "kids", "", "Enter the first name."),
    ]
    assert found[0].url(draft) == f"{URL}?check=1#id_hra-hra_employer"


@pytest.mark.parametrize(
    "change", [{"status": "COMPLETED"}, {"expires_on": "2020-01-01"}, {"withdrawn_at": timezone.now()}]
)
def test_a_closed_application_takes_no_answers(draft, client, world, change):
    if "withdrawn_at" in change:
        change = {**change, "withdrawn_by": world.producer}
    Application.objects.filter(pk=draft.pk).update(**change)
    assert client.get(URL).url == "/enroll/applications/A-0638/"
    assert client.post(URL, {**HRA, "hra-hra_employer": "Mill"}).url == "/enroll/applications/A-0638/"
    assert fresh(draft).hra_employer == ""


def test_a_failing_second_write_keeps_nothing(draft, world, household, monkeypatch, rf):
    monkeypatch.setattr(drafts, "_record", lambda *args, **kwargs: 1 / 0)
    data = rf.post("/", {**HRA, "hra-hra_employer": "Mill"}).POST
    with pytest.raises(ZeroDivisionError):
        drafts.save_step(
            application=draft,
            step=household,
            data=data,
            by=world.producer,
            at=timezone.now(),
            form_key=form_keys.new_key(),
            seen="",
        )
    assert fresh(draft).hra_employer == ""


@pytest.mark.django_db(transaction=True)
def test_five_forms_at_the_same_moment_start_one_application_and_add_one_card(world, household, rf):
    key = form_keys.new_key()
    rows = at_once(*[lambda: start_new(number=world.number, by=world.producer, at=timezone.now(), form_key=key)] * 5)
    assert len({row.pk for row in rows}) == Application.objects.count() == 1
    data = rf.post("/", {"kids-first_name": "Leo"}).POST

    def add():
        saved, _form = drafts.save_card(
            application=rows[0],
            step=household,
            cards=Dependents,
            pk=None,
            data=data,
            by=world.producer,
            at=timezone.now(),
            form_key=key,
            seen="",
        )
        return saved.changed

    assert at_once(*[add] * 5) == [True] * 5
    assert rows[0].applicants.filter(relation="child").count() == 1
