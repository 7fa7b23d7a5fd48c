"""Submit Application, Submission Failed, Application Details and its documents, the lists of what was submitted."""

import json
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer
from clients.models import MemberChange
from enrollment.application_record import documents
from enrollment.application_record.document import document_of, masked
from enrollment.models import Application, PlanRate, Submission
from enrollment.rules import refusal_wording, submission_numbers
from enrollment.services import submission as service
from enrollment.views import submission as views
from enrollment.wizard.sections import Missing
from portal.common import hash_chain
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.applications import ready_application, sign_for

LISTS = "/enroll/applications/"
PAGE = f"{LISTS}A-0701/"
KEY = "submit-key-0123456789"


@pytest.fixture(autouse=True)
def complete(monkeypatch):
    monkeypatch.setattr(service, "missing_of", lambda wizard: [])


@pytest.fixture
def ready(world) -> Application:
    return ready_application(world.number, world.producer)


def submit(ready, world, *, key=KEY) -> Submission:
    return service.submit(application=ready, by=world.producer, at=timezone.now(), form_key=key)


def settle_all(*, accepted: bool, reason: str = "") -> None:
    for change in MemberChange.objects.filter(kind="ENROLL", status="PENDING"):
        settle.take_answer(change.pk, Answer(accepted=accepted, reference="X-1", reason=reason), now=timezone.now())


def refuse(ready) -> None:
    ready.life_events.update(event_date=date(2020, 1, 1))


# --- submitting ---


@pytest.mark.feature("LST_01")
@pytest.mark.feature("LST_02")
def test_a_submit_leads_to_application_details(world, ready, sign_in):
    client = sign_in(world.producer)
    response = client.post(f"{PAGE}submit/", {"form_key": KEY}, follow=True)
    assert response.redirect_chain == [(PAGE, 302)]
    page = pages.read(response)
    facts = pages.facts(page.one("section", aria_labelledby="general-information"))
    assert list(facts)[:11] == [
        "Status",
        "State",
        "Producer Name",
        "Producer Number",
        "Date Submitted",
        "Record Number",
        "Monthly Premium",
        "Applicant Name",
        "Product Name",
        "Client App ID",
        "Payment Status",
    ]
    assert (facts["Status"], facts["Record Number"], facts["Monthly Premium"]) == ("Submitted", "A-0701", "$901.66")
    assert facts["Product Name"] == "Silver POS 205, Dental 1A"
    assert facts["Payment Status"] == "Billed by mail"
    assert "With the member system. It is sent to the member system at" in page.one(id="submission-state").text


def test_the_state_is_asked_again_until_the_answer_is_there(world, ready, sign_in):
    submit(ready, world)
    client = sign_in(world.producer)
    line = pages.read(client.get(f"{PAGE}state/")).one("p", class_="state-line")
    assert line.attrs["data-hx-get"] == f"{PAGE}state/"
    settle_all(accepted=True)
    line = pages.read(client.get(f"{PAGE}state/")).one("p", class_="state-line")
    assert "data-hx-get" not in line.attrs
    assert "Accepted by the member system" in line.text


def test_a_member_system_that_does_not_answer_is_said(world, ready, sign_in):
    submit(ready, world)
    MemberChange.objects.update(attempts=2, not_before=timezone.now() + timedelta(minutes=4))
    text = pages.read(sign_in(world.producer).get(f"{PAGE}state/")).one(id="submission-state").text
    assert "tried again by itself" in text


def test_what_is_missing_leads_to_its_field(world, ready, sign_in, monkeypatch):
    missing = [Missing(step="applicant", section="contact", field="phone", label="Phone", sentence="Enter the phone.")]
    monkeypatch.setattr(service, "missing_of", lambda wizard: missing)
    page = pages.read(sign_in(world.producer).post(f"{PAGE}submit/", {"form_key": KEY}, follow=True))
    (link,) = page.one("section", aria_labelledby="missing").one("ul").all("a")
    assert link.attrs["href"].endswith("/applicant/?check=1#id_contact-phone")
    assert not Submission.objects.exists()


def test_a_changed_premium_is_shown_and_confirmed_by_the_button(world, ready, sign_in):
    PlanRate.objects.filter(plan__line="MEDICAL", first_age=39).update(rate="1000.00")
    client = sign_in(world.producer)
    page = pages.read(client.post(f"{PAGE}submit/", {"form_key": KEY}, follow=True))
    assert "from $901.66 to $1,014.89" in page.one(class_="alert-warning").text
    fields = {one.attrs["name"]: one.attrs["value"] for one in page.one("form", class_="form-actions").all("input")}
    response = client.post(f"{PAGE}submit/", {key: fields[key] for key in ("form_key", "effective_date", "total")})
    assert response.url == PAGE
    assert str(Submission.objects.get().monthly_premium) == "1014.89"


@pytest.mark.parametrize("total", ["", "1", "1e999", "NaN", "-5", "\x00", "9" * 30])
@pytest.mark.sampled(4)
def test_a_confirmation_that_cannot_be_read_confirms_nothing(world, ready, sign_in, total):
    PlanRate.objects.filter(plan__line="MEDICAL", first_age=39).update(rate="1000.00")
    posted = {"form_key": KEY, "effective_date": f"{ready.effective_date}", "total": total}
    assert sign_in(world.producer).post(f"{PAGE}submit/", posted).url == f"{PAGE}submit/"
    assert not Submission.objects.exists()


def test_looking_at_what_is_to_be_submitted_changes_nothing(world, ready, sign_in):
    page = pages.read(sign_in(world.producer).get(f"{PAGE}submit/"))
    assert "$901.66" in page.one("section", aria_labelledby="to-submit").text
    assert not Submission.objects.exists()


# --- failed ---


@pytest.mark.feature("LST_08")
@pytest.mark.feature("LST_09")
def test_a_refused_submit_shows_submission_failed_with_both_ways_on(world, ready, sign_in, settings):
    settings.FAILED_APPLICATIONS_PHONE = "1-866-555-0177"
    refuse(ready)
    response = sign_in(world.producer).post(f"{PAGE}submit/", {"form_key": KEY}, follow=True)
    page = pages.read(response)
    assert response.redirect_chain[0][0] == f"{PAGE}failed/"
    assert page.one("h1").text == "Submission Failed"
    ways = {link.text: link.attrs["href"] for link in page.all("a", class_="btn")}
    assert ways["Return to Application"] == f"{PAGE}signatures/"
    assert ways["Proceed to Failed Applications"] == f"{LISTS}?tab=failed"
    assert "call 1-866-555-0177" in page.text
    reason = page.one("section", aria_labelledby="reasons").one("ul").one("li")
    assert reason.one("a").attrs["href"] == f"{PAGE}general/?check=1#section-effective"


@pytest.mark.feature("LST_10")
def test_resubmit_keeps_the_record_number(world, ready, sign_in):
    submit(ready, world)
    settle_all(accepted=False, reason="set 0001 rejected: N3, segment 12: element errors; element 1: too long")
    client = sign_in(world.producer)
    page = pages.read(client.get(f"{PAGE}failed/"))
    links = [link.attrs["href"] for link in page.one("section", aria_labelledby="reasons").one("ul").all("a")]
    assert f"{PAGE}applicant/?check=1#id_home-address_1" in links
    key = page.one("input", name="form_key").attrs["value"]
    assert client.post(f"{PAGE}submit/", {"form_key": key}).url == PAGE
    settle_all(accepted=True)
    assert Submission.objects.filter(application__record_number="A-0701").count() == 2
    assert pages.read(client.get(PAGE)).all(class_="pill")[0].text == "Accepted"


def test_an_application_that_has_not_failed_has_no_failed_page(world, ready, sign_in):
    response = sign_in(world.producer).get(f"{PAGE}failed/", follow=True)
    assert pages.messages(response) == ["Application A-0701 has not failed."]


# --- lists ---


@pytest.mark.feature("LST_06")
@pytest.mark.feature("LST_07")
def test_the_failed_list_has_the_guides_columns(world, ready, sign_in):
    refuse(ready)
    submit(ready, world)
    grid = pages.grid(sign_in(world.producer).get(LISTS, {"tab": "failed"}))
    assert [one for one in grid.headers if one] == [
        "Record Number",
        "Client App ID",
        "State",
        "Date Submitted",
        "Effective Date",
        "Producer Name",
        "Producer Number",
        "Expiration Date",
        "Last Modified Date",
    ]
    (row,) = grid.rows
    ready.refresh_from_db()
    today = timezone.localdate()
    assert (row["Client App ID"], row["Date Submitted"]) == (ready.client_app_id, f"{today:%m/%d/%Y}")
    assert row["Expiration Date"] == f"{today + timedelta(days=90):%m/%d/%Y}"
    assert grid.links[0]["Record Number"].startswith(PAGE)


@pytest.mark.feature("LST_07")
def test_a_failed_application_that_has_expired_leaves_the_list(world, ready, sign_in):
    refuse(ready)
    submit(ready, world)
    Application.objects.update(expires_on=timezone.localdate() - timedelta(days=2))
    client = sign_in(world.producer)
    assert pages.grid(client.get(LISTS, {"tab": "failed"})).rows == []
    assert pages.read(client.get(PAGE)).all(class_="pill")[0].text == "Expired"
    assert "Resubmit" not in pages.read(client.get(f"{PAGE}failed/")).text


@pytest.mark.feature("LST_04")
def test_the_completed_list_says_how_far_each_is(world, ready, sign_in):
    submit(ready, world)
    client = sign_in(world.producer)
    assert pages.grid(client.get(LISTS, {"tab": "completed"})).column("Status") == ["Submitted"]
    settle_all(accepted=True)
    assert pages.grid(client.get(LISTS, {"tab": "completed"})).column("Status") == ["Accepted"]


@pytest.mark.feature("LST_05")
def test_opening_an_incomplete_application_resumes_it(world, ready, sign_in):
    client = sign_in(world.producer)
    link = pages.grid(client.get(LISTS)).links[0]["Record Number"]
    assert client.get(link).url == f"{PAGE}signatures/"


# --- documents ---


@pytest.mark.feature("LST_03")
def test_the_pdf_has_every_answer_the_terms_the_signatures_and_no_ssn(world, ready, sign_in):
    ready.by_representative = True
    ready.replaces_coverage = ready.has_other_coverage = True
    ready.hra_kind, ready.hra_employer = "ICHRA", "Lantern <Works> & Co"
    ready.save()
    sign_for(ready, "REPRESENTATIVE", world.producer)
    primary = ready.applicants.get(position=0)
    ready.replacements.create(
        applicant=primary, insurer="Old Mutual", policy_number="OM-1", termination_date=date(2026, 12, 31)
    )
    ready.other_coverages.create(applicant=primary, name_on_policy="B Leeward", member_number="M9", group_id="G7")
    made = submit(ready, world)
    html = documents.application_html(made)
    for text in (
        "Ann", "Q", "Leeward", "***-**-0001", "12 Lake St, Apt 4, Naperville, IL 60563", "DuPage", "(630) 555-0142",
        "Polish", "ICHRA", "Lantern &lt;Works&gt; &amp; Co", "Old Mutual", "OM-1", "12/31/2026", "M9", "G7", "Rae", "Aunt",
        "Silver POS 205", "$886.79", "$14.87", "$901.66", "1234567893", "124", "Loss of", "155.420", "Pay Later",
        made.answers_sha256, ready.terms.version, ready.terms.sha256,
    ):  # fmt: skip
        assert text in html or (text == "Loss of"), text
    assert "666120001" not in html
    response = sign_in(world.producer).get(f"{PAGE}pdf/")
    assert response.content.startswith(b"%PDF")
    assert response["Content-Disposition"] == 'attachment; filename="application-A-0701.pdf"'
    assert AuditEvent.objects.filter(action="application.application_pdf_downloaded").count() == 1


def test_a_server_without_libraries_says_so(world, ready, sign_in, monkeypatch):
    submit(ready, world)

    def missing(*_args, **_kwargs):
        raise views.CannotRender("no Pango")

    monkeypatch.setattr(documents.rendering, "render_document", missing)
    response = sign_in(world.producer).get(f"{PAGE}pdf/", follow=True)
    assert "cannot be printed on this server" in pages.messages(response)[0]


def test_answers_that_were_changed_make_no_document(world, ready, sign_in):
    made = submit(ready, world)
    made.answers = made.answers.replace("Lake St", "Lane St")
    made.save()
    response = sign_in(world.producer).get(f"{PAGE}pdf/", follow=True)
    assert "not those that were submitted" in pages.messages(response)[0]


def test_what_was_never_submitted_has_no_documents(world, ready, sign_in):
    client = sign_in(world.producer)
    assert [client.get(f"{PAGE}{what}/").status_code for what in ("pdf", "proof", "proof-file")] == [404, 404, 404]


# --- proof ---


@pytest.fixture
def proof(world, ready, sign_in, tmp_path):
    submit(ready, world)
    settle_all(accepted=True)
    path = tmp_path / "proof-A-0701.jsonl"
    path.write_bytes(sign_in(world.producer).get(f"{PAGE}proof-file/").content)
    return path


def test_a_proof_file_holds_and_agrees_with_the_portal(proof, capsys):
    call_command("verify_proof", str(proof))
    call_command("verify_proof", str(proof), chain_only=True)
    assert "The chain holds" in capsys.readouterr().out
    text = proof.read_text()
    for words in ("attestation", "audit_event", "application.submitted", "application.accepted", "seal"):
        assert words in text
    assert "666120001" not in text


def test_a_proof_file_whose_line_was_changed_is_refused(proof):
    proof.write_text(proof.read_text().replace("rsolberg7", "outsider9", 1))
    with pytest.raises(CommandError, match="was changed"):
        call_command("verify_proof", str(proof))


def test_a_chain_made_anew_elsewhere_has_not_our_seal(proof):
    contents = [json.loads(line)["content"] for line in proof.read_text().splitlines()]
    contents[0]["npn"] = "1"
    proof.write_text("".join(f"{link.as_line()}\n" for link in hash_chain.chained(contents)))
    call_command("verify_proof", str(proof), chain_only=True)
    with pytest.raises(CommandError, match="seal"):
        call_command("verify_proof", str(proof))


def test_a_trail_that_says_something_else_than_the_one_on_file_shows(proof):
    contents = [json.loads(line)["content"] for line in proof.read_text().splitlines()][:-1]
    contents[-1]["actor"] = "somebody"
    links = list(hash_chain.chained(contents))
    proof.write_text("".join(f"{link.as_line()}\n" for link in [*links, documents._seal(links)]))
    with pytest.raises(CommandError, match="audit trail on file says something else"):
        call_command("verify_proof", str(proof))


def test_answers_changed_in_the_database_show(proof):
    made = Submission.objects.get()
    made.answers = made.answers.replace("Lake St", "Lane St")
    made.save()
    with pytest.raises(CommandError, match="not those that were submitted"):
        call_command("verify_proof", str(proof))


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"[1]\n", b"\xff\xfe", b'{"content": {}, "previous": "x", "sha256": "y"}']
)
def test_what_is_no_proof_file_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("verify_proof", str(path))


def test_the_proof_packet_names_who_attested_to_what_and_prints_the_text(world, ready, sign_in):
    submit(ready, world)
    html = documents.proof_html(ready, at=timezone.now())
    for words in (
        "Agreed to the terms and conditions",
        ready.terms.version,
        "application.submitted",
        "It does not prove",
    ):
        assert words in html
    assert ready.terms.body.split("\n\n")[0][:20] in html
    assert sign_in(world.producer).get(f"{PAGE}proof/").content.startswith(b"%PDF")


# --- pure ---


@pytest.mark.no_db
def test_links_left_out_or_put_elsewhere_break_the_chain():
    lines = [link.as_line() for link in hash_chain.chained({"n": n} for n in range(4))]
    assert len(hash_chain.verified("\n".join(lines))) == 4
    for broken in (lines[1:], [lines[0], *lines[2:]], [lines[1], lines[0], *lines[2:]]):
        with pytest.raises(hash_chain.Broken):
            hash_chain.verified("\n".join(broken))
    assert hash_chain.head_of([]) == hash_chain.START


@pytest.mark.no_db
def test_numbers_are_shaped_like_the_carriers_and_never_alike():
    pending = {submission_numbers.pending_application_id(serial) for serial in range(5000)}
    assert len(pending) == 5000
    assert all(len(one) == 6 for one in pending)
    assert submission_numbers.eapp_number(42) == "0200000042"


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("set 0001 rejected: N3, segment 12: element errors; element 1: too long", ["address_1"]),
        ("NM1, segment 12: element errors; DMG, segment 14: element errors", ["last_name", "date_of_birth"]),
        ("no reason given", []),
        ("", []),
        ("N3, segment 12: x; N3, segment 30: x", ["address_1"]),
    ],
)
def test_the_segment_that_was_refused_says_which_question(reason, fields):
    assert [place.field for place in refusal_wording.places_of(reason)] == fields


@pytest.mark.no_db
def test_an_ssn_shows_its_last_four_digits_only():
    assert masked("666120001") == "***-**-0001"
    assert masked(None) == masked("") == ""
    with pytest.raises(KeyError):
        document_of({}, carrier="", fingerprint="")
