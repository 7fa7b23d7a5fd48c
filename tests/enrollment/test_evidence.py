"""Proof of life events: sent, attested, decided about; the page, the administration and what others are told."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from clients.models import Member
from ecomm.models import DocumentSubmission
from ecomm.rules.rejection_reasons import MALWARE
from ecomm.services import documents
from ecomm.services.documents import AlreadyDecided, NotScannedYet
from enrollment.models import Application, ApplicationLifeEvent, EvidenceItem, EvidenceKind, EvidencePaper
from enrollment.selectors import evidence as selector
from enrollment.selectors.timeline import evidence_entries
from enrollment.services import evidence
from enrollment.services.evidence import CannotDecide, CannotSend
from portal.common.dates import as_text, today_in
from portal.common.files.models import StoredFile
from portal.common.files.throttle import TooManyUploads, count_uploads
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from portal.common.timeline import Household
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.documents import upload
from tests.support.evidence import add_event, application_with, item_of, send, submitted
from tests.support.wizard import load_tables

NOW = timezone.now()
QUEUE = "/admin/enrollment/evidenceitem/"
BIRTH = "BIRTH:birth_certificate"


@pytest.fixture(autouse=True)
def uploads_apart(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


@pytest.fixture(autouse=True)
def tables(db):
    load_tables()


@pytest.fixture
def birth(world) -> Application:
    return application_with(world, "BIRTH", record_number="A-0638")


def page_of(application: Application) -> str:
    return f"/enroll/applications/{application.record_number}/evidence/"


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def states(application: Application) -> dict[str, str]:
    checklist = selector.checklist_of(fresh(application))
    return {one.name: one.state_text for event in checklist.events for one in event.requirements}


# --- sending ---


def test_papers_are_documents_like_any_other_linked_to_their_slot(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    assert document.status == DocumentSubmission.Status.RECEIVED
    assert document.document_type.code == "proof-of-life-event"
    assert document.producer == world.producer.producer
    assert item_of(birth, BIRTH).state == "SENT"
    assert states(birth) == {"Proof of birth": "Sent"}
    event = AuditEvent.objects.get(action="evidence.sent")
    assert (event.object_type, event.object_id) == ("application", "A-0638")
    assert event.details == {"slot": "birth_certificate", "files": 1}


def test_papers_belong_to_the_book_of_the_application_whoever_sends_them(world, birth):
    (of_principal,) = send(birth, BIRTH, by=world.principal)
    (of_delegate,) = send(birth, BIRTH, by=world.delegate_with_enroll)
    assert of_principal.producer == of_delegate.producer == world.producer.producer


def test_papers_are_linked_to_the_household_of_the_applicant(world, birth):
    birth.member = Member.objects.filter(account=world.policy.account).first()
    birth.save()
    (document,) = send(birth, BIRTH, by=world.producer)
    assert document.account == world.policy.account


def test_the_same_form_again_is_the_same_papers(world, birth):
    first = send(birth, BIRTH, by=world.producer, form_key="one-and-the-same-form")
    assert send(birth, BIRTH, by=world.producer, form_key="one-and-the-same-form") == first
    evidence.accept(item=item_of(birth, BIRTH), by=world.admin, at=NOW)
    assert send(birth, BIRTH, by=world.producer, form_key="one-and-the-same-form") == first
    assert EvidencePaper.objects.count() == 1
    assert AuditEvent.objects.filter(action="evidence.sent").count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_posts_at_the_same_moment_are_one(world):
    birth = application_with(world, "BIRTH")
    results = at_once(*[lambda: send(birth, BIRTH, by=world.producer, form_key="one-and-the-same-form")] * 5)
    assert len({document.pk for found in results for document in found}) == 1
    assert EvidencePaper.objects.count() == EvidenceItem.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"withdrawn_at": NOW}, "withdrawn"),
        ({"expires_on": today_in("IL", now=NOW) - timedelta(days=1)}, "expired"),
        ({"special_enrollment": False}, "not asked for any more"),
    ],
)
def test_a_closed_application_takes_no_papers(world, birth, changes, words):
    if "withdrawn_at" in changes:
        changes["withdrawn_by"] = world.producer
    Application.objects.filter(pk=birth.pk).update(**changes)
    with pytest.raises(CannotSend, match=words):
        send(birth, BIRTH, by=world.producer)
    assert not StoredFile.objects.exists()


def test_a_failing_second_write_keeps_nothing(world, birth, monkeypatch):
    monkeypatch.setattr(evidence, "_settle", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(birth, BIRTH, by=world.producer)
    assert not DocumentSubmission.objects.exists()
    assert not EvidenceItem.objects.exists()


def test_the_limit_of_uploads_counts_here_too(world, birth):
    count_uploads(world.producer, 50, NOW)
    with pytest.raises(TooManyUploads):
        send(birth, BIRTH, by=world.producer, at=NOW)


# --- slots follow the life events ---


def test_slots_follow_the_events_and_nothing_sent_is_lost(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    add_event(birth, "ADOPTION")
    ApplicationLifeEvent.objects.filter(application=birth, code="BIRTH").delete()
    checklist = selector.checklist_of(fresh(birth))
    assert states(birth) == {"Adoption or placement record": "Wanted"}
    (gone,) = checklist.no_longer
    assert gone.papers[0].tracking_number == document.tracking_number
    submitted(birth, by=world.producer)
    assert item_of(birth, BIRTH).dropped
    # Asked for again, it is where it was.
    add_event(birth, "BIRTH")
    submitted(birth, by=world.producer)
    assert not item_of(birth, BIRTH).dropped
    assert states(birth)["Proof of birth"] == "Sent"


def test_nothing_is_asked_for_without_special_enrollment(world, birth):
    Application.objects.filter(pk=birth.pk).update(special_enrollment=False)
    assert selector.checklist_of(fresh(birth)).is_empty


def test_a_states_own_row_takes_the_place_of_that_of_every_state_from_its_first_day_on(world):
    application = application_with(world, "FOSTER_CARE")
    EvidenceKind.objects.create(
        event_code="FOSTER_CARE", code="placement_letter", us_state="IL", label="Court letter", first_day=today_in("IL")
    )
    EvidenceKind.objects.create(
        event_code="FOSTER_CARE",
        code="later",
        label="From next year on",
        first_day=today_in("IL") + timedelta(days=1),
    )
    assert states(application) == {"Court letter": "Wanted"}


# --- due days ---


def test_with_the_submission_every_slot_gets_its_due_day(world, birth, settings):
    settings.EVIDENCE_DUE_DAYS = 20
    EvidenceKind.objects.filter(event_code="BIRTH", code="discharge_record").update(due_days=45)
    night = NOW.replace(hour=3)  # in Illinois it is the evening before
    submitted(birth, at=night, by=world.producer)
    today = today_in("IL", now=night)
    assert today < night.date()
    rows = dict(EvidenceItem.objects.filter(application=birth).values_list("code", "due_on"))
    assert rows == {
        "birth_certificate": today + timedelta(days=20),
        "certificate_application": today + timedelta(days=20),
        "discharge_record": today + timedelta(days=45),
    }


def test_submitted_once_more_what_is_asked_for_is_due_later_never_earlier(world, birth):
    submitted(birth, at=NOW - timedelta(days=5), by=world.producer)
    EvidenceItem.objects.filter(code="discharge_record").update(due_on=NOW.date() + timedelta(days=300))
    submitted(birth, at=NOW, by=world.producer)
    due = today_in("IL", now=NOW) + timedelta(days=30)
    assert item_of(birth, BIRTH).due_on == due
    assert item_of(birth, "BIRTH:discharge_record").due_on == NOW.date() + timedelta(days=300)


def test_what_is_overdue_is_late_until_one_of_the_papers_is_sent(world):
    application = application_with(world, "PERMANENT_MOVE", prior_coverage="exempt")
    submitted(application, at=NOW - timedelta(days=40), by=world.producer)
    today = today_in("IL")
    checklist = selector.checklist_of(fresh(application))
    assert (checklist.wanted, checklist.late) == (1, 1)
    assert states(application) == {"Proof of the move": "Late: still wanted", "Proof of the old address": "Optional"}
    assert [one.label for one in selector.to_send(world.producer, today=today)] == ["Proof of the move"]
    assert selector.count_late(world.producer, today=today) == 1
    assert selector.count_late(world.outsider, today=today) == 0
    assert selector.to_send(world.admin, today=today) == []
    send(application, "PERMANENT_MOVE:lease", by=world.producer)
    assert selector.to_send(world.delegate_with_enroll, today=today) == []
    assert selector.count_late(world.producer, today=today) == 0
    assert selector.checklist_of(fresh(application)).late == 0


# --- attestation ---


def test_an_attestation_settles_the_slot_with_the_words_as_they_stood(world):
    application = application_with(world, "DOMESTIC_ABUSE", record_number="A-0650")
    place = {"application": application, "event_code": "DOMESTIC_ABUSE", "code": "attestation"}
    evidence.attest(**place, by=world.delegate_with_enroll, at=NOW)
    evidence.attest(**place, by=world.producer, at=NOW + timedelta(hours=1))
    item = item_of(application, "DOMESTIC_ABUSE:attestation")
    assert (item.state, item.attested_by, item.attested_at) == ("ACCEPTED", world.delegate_with_enroll, NOW)
    assert item.attested_text == item.kind.note
    assert states(application) == {"Attestation": "Attested"}
    (event,) = AuditEvent.objects.filter(action="evidence.attested")
    assert "ABUSE" not in str(event.details)
    with pytest.raises(CannotSend):
        send(application, "DOMESTIC_ABUSE:attestation", by=world.producer)


def test_papers_cannot_be_attested(world, birth):
    with pytest.raises(CannotSend):
        evidence.attest(application=birth, event_code="BIRTH", code="birth_certificate", by=world.producer, at=NOW)


# --- decisions ---


def test_a_decision_in_the_queue_of_documents_is_one_about_the_slot(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    documents.accept(document=document, by=world.admin, at=NOW)
    item = item_of(birth, BIRTH)
    assert (item.state, item.decided_by, item.decided_at) == ("ACCEPTED", world.admin, NOW)
    with pytest.raises(CannotSend, match="settled"):
        send(birth, BIRTH, by=world.producer)
    ((need,),) = (event.requirements for event in selector.checklist_of(fresh(birth)).events)
    assert (need.name, [slot.label for slot in need.slots]) == ("Proof of birth", ["Birth certificate"])
    assert not need.slots[0].can_send
    assert Notification.objects.filter(kind="evidence.rejected").count() == 0


@pytest.mark.feature("HOM_08")
def test_a_rejected_paper_is_told_to_producer_and_sender_once_and_by_number_only(world, birth):
    (document,) = send(birth, BIRTH, by=world.delegate_with_enroll)
    evidence.reject(item=item_of(birth, BIRTH), reason="Part of it cannot be read.", by=world.admin, at=NOW)
    item = item_of(birth, BIRTH)
    assert (item.state, item.reason) == ("REJECTED", "Part of it cannot be read.")
    told = Notification.objects.exclude(kind="document.accepted")
    assert {row.recipient for row in told} == {world.producer, world.delegate_with_enroll}
    assert {row.kind for row in told} == {"evidence.rejected"}
    for row in told:
        assert "Leeward" not in row.title + row.text
        assert "birth" not in (row.title + row.text).lower()
        assert (row.url, "A-0638" in row.title) == (page_of(birth), True)
    assert AuditEvent.objects.get(action="evidence.rejected").for_producer == world.producer.producer.npn
    send(birth, BIRTH, by=world.producer, at=NOW + timedelta(minutes=1))
    assert item_of(birth, BIRTH).state == "SENT"
    with pytest.raises(AlreadyDecided):
        documents.accept(document=document, by=world.admin, at=NOW)


def test_a_sender_who_may_no_longer_work_on_it_is_not_told(world, birth):
    send(birth, BIRTH, by=world.former_delegate)
    evidence.reject(item=item_of(birth, BIRTH), reason="Part of it cannot be read.", by=world.admin, at=NOW)
    told = Notification.objects.filter(kind="evidence.rejected")
    assert {row.recipient for row in told} == {world.producer}


def test_malware_rejects_the_slot_too_on_nobodys_behalf(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    documents.accept(document=document, by=world.admin, at=NOW)
    documents.reject_infected(document.file)
    item = item_of(birth, BIRTH)
    assert (item.state, item.reason, item.decided_by) == ("REJECTED", MALWARE, None)


def test_what_was_not_scanned_cannot_be_accepted(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    StoredFile.objects.filter(pk=document.file_id).update(scan=StoredFile.Scan.PENDING)
    with pytest.raises(NotScannedYet):
        evidence.accept(item=item_of(birth, BIRTH), by=world.admin, at=NOW)
    assert item_of(birth, BIRTH).state == "SENT"


def test_a_waiver_settles_until_it_is_taken_back(world, birth):
    submitted(birth, by=world.producer)
    item = item_of(birth, BIRTH)
    evidence.waive(item=item, reason="Received by other means.", by=world.admin, at=NOW)
    assert states(birth) == {"Proof of birth": "Waived"}
    for act in (evidence.accept, evidence.waive):
        with pytest.raises(CannotDecide):
            act(item=item, by=world.admin, at=NOW, **({"reason": "Twice."} if act is evidence.waive else {}))
    with pytest.raises(CannotSend, match="settled"):
        send(birth, BIRTH, by=world.producer)
    evidence.ask_after_all(item=item, by=world.admin, at=NOW)
    assert states(birth) == {"Proof of birth": "Wanted"}
    with pytest.raises(CannotDecide):
        evidence.ask_after_all(item=item, by=world.admin, at=NOW)
    events = AuditEvent.objects.filter(action__startswith="evidence.").order_by("id")
    assert list(events.values_list("action", flat=True)) == [
        "evidence.waived",
        "evidence.asked_after_all",
    ]


def test_a_waiver_stays_whatever_becomes_of_papers_and_words(world, birth):
    (document,) = send(birth, BIRTH, by=world.producer)
    add_event(birth, "DOMESTIC_ABUSE")
    submitted(birth, by=world.producer)
    waived = [item_of(birth, slot) for slot in (BIRTH, "DOMESTIC_ABUSE:attestation")]
    for item in waived:
        evidence.waive(item=item, reason="Known already.", by=world.admin, at=NOW)
    documents.reject(document=document, reason="Part of it cannot be read.", by=world.admin, at=NOW)
    evidence.attest(application=birth, event_code="DOMESTIC_ABUSE", code="attestation", by=world.producer, at=NOW)
    assert {EvidenceItem.objects.get(pk=item.pk).state for item in waived} == {"WAIVED"}
    evidence.ask_after_all(item=waived[0], by=world.admin, at=NOW)
    assert item_of(birth, BIRTH).state == "REJECTED", "what its papers make it"


def test_what_was_attested_for_an_event_that_is_gone_is_listed_apart(world, birth):
    add_event(birth, "DOMESTIC_ABUSE")
    evidence.attest(application=birth, event_code="DOMESTIC_ABUSE", code="attestation", by=world.producer, at=NOW)
    ApplicationLifeEvent.objects.filter(code="DOMESTIC_ABUSE").delete()
    (gone,) = selector.checklist_of(fresh(birth)).no_longer
    assert (gone.label, gone.can_send) == ("Attestation", False)


def test_papers_of_a_submitted_application_are_taken_after_a_draft_would_have_expired(world, birth):
    submitted(birth, by=world.producer)
    Application.objects.update(expires_on=today_in("IL") - timedelta(days=1))
    assert send(birth, BIRTH, by=world.producer)


@pytest.mark.parametrize(
    "changes", [{"state": "REJECTED"}, {"state": "ACCEPTED"}, {"attested_at": NOW}, {"attested_text": "So be it."}]
)
def test_the_database_keeps_rows_that_make_sense(world, birth, changes):
    submitted(birth, by=world.producer)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvidenceItem.objects.filter(application=birth).update(**changes)


# --- the page ---


@pytest.mark.parametrize("who", ["producer", "principal", "delegate_with_enroll"])
def test_papers_are_sent_from_the_page(world, birth, sign_in, who):
    client = sign_in(getattr(world, who))
    page = pages.read(client.get(page_of(birth)))
    assert "1 thing is still to be sent" in page.one("p", class_="page-lead").text
    assert "Due 30 days after the application is submitted" in page.one("p", class_="page-lead").text
    files = [upload("certificate.pdf"), upload("page-2.png")]
    field = "birth-birth-certificate-documents"
    response = client.post(page_of(birth), {"slot": BIRTH, field: files}, follow=True)
    sent = DocumentSubmission.objects.order_by("pk")
    assert pages.messages(response)[0].startswith("2 files were sent. Tracking numbers: ")
    papers = pages.read(response).one("ul", class_="evidence-papers").all("li")
    assert [str(row.tracking_number) in line.text for row, line in zip(sent, papers, strict=True)] == [True, True]
    assert "certificate.pdf" in papers[0].text


def test_what_cannot_be_sent_is_said_beside_its_field(world, birth, sign_in):
    client = sign_in(world.producer)
    field = "birth-birth-certificate-documents"
    for files, words in (([], "Choose the file to send."), ([upload("virus.exe", b"MZ")], "virus.exe")):
        response = client.post(page_of(birth), {"slot": BIRTH, field: files})
        assert response.status_code == 200
        slot = pages.read(response).one("div", id="slot-birth-birth-certificate")
        assert words in slot.text
        assert "open" in slot.one("details").attrs
    assert not EvidenceItem.objects.exists()
    for key in ("", "BIRTH:unknown", "x" * 5000, "BIRTH\x00:\x00"):
        response = client.post(page_of(birth), {"slot": key}, follow=True)
        assert "not asked for" in pages.messages(response)[0]


def test_an_attestation_is_entered_on_the_page(world, sign_in):
    application = application_with(world, "DOMESTIC_ABUSE")
    client = sign_in(world.producer)
    data = {"slot": "DOMESTIC_ABUSE:attestation"}
    assert "Tick the box" in pages.read(client.post(page_of(application), data)).text
    data["domestic-abuse-attestation-attested"] = "on"
    for _ in range(2):
        response = client.post(page_of(application), data, follow=True)
        assert "not asked for" not in pages.read(response).text
    page = pages.read(response)
    assert "Attested on" in page.text
    assert not page.all("input", type="file")


def test_a_closed_application_shows_what_was_sent_and_takes_nothing(world, birth, sign_in):
    send(birth, BIRTH, by=world.producer)
    Application.objects.filter(pk=birth.pk).update(expires_on=NOW.date() - timedelta(days=2))
    client = sign_in(world.producer)
    page = pages.read(client.get(page_of(birth)))
    assert "expired" in page.text
    assert page.all("ul", class_="evidence-papers")
    assert not page.all("input", type="file")
    response = client.post(page_of(birth), {"slot": BIRTH}, follow=True)
    assert "expired" in pages.messages(response)[0]


def test_the_page_of_the_application_has_the_checklist_in_short(world, birth, sign_in, django_assert_max_num_queries):
    submitted(birth, at=NOW, by=world.producer)
    client = sign_in(world.producer)
    url = f"/enroll/applications/{birth.record_number}/"
    panel = pages.read(client.get(url)).one("section", aria_labelledby="evidence-title")
    assert "Proof of birth (one is enough)" in panel.text
    assert f"Due {as_text(today_in('IL', now=NOW) + timedelta(days=30))}" in panel.text
    assert panel.one("a").attrs["href"] == page_of(birth)
    for slot in ("BIRTH:birth_certificate", "BIRTH:discharge_record", "BIRTH:certificate_application"):
        send(birth, slot, by=world.producer)
    application = fresh(birth)
    with django_assert_max_num_queries(6):
        selector.checklist_of(application)
    ApplicationLifeEvent.objects.all().delete()
    EvidencePaper.objects.all().delete()
    assert not pages.read(client.get(url)).all("section", aria_labelledby="evidence-title")


def test_the_step_of_the_life_events_tells_what_will_be_asked_for(world, birth, sign_in):
    client = sign_in(world.producer)
    url = f"/enroll/applications/{birth.record_number}/general/"
    panel = pages.read(client.get(url)).one("section", aria_labelledby="evidence-title")
    assert "Had a baby" in panel.text
    assert not panel.all("form")
    ApplicationLifeEvent.objects.all().delete()
    part = pages.read(client.get(url)).one("div", id="section-evidence")
    assert not part.all("section")


# --- what others see ---


def test_the_timeline_tells_what_became_of_papers_and_when_others_are_due(world, birth):
    account = world.policy.account
    birth.member = Member.objects.filter(account=account).first()
    birth.save()
    add_event(birth, "DOMESTIC_ABUSE")
    submitted(birth, by=world.producer)
    send(birth, BIRTH, by=world.producer)
    household = Household(account=account, today=today_in("IL"))
    entries = evidence_entries(world.producer, household)
    assert sorted(entry.title for entry in entries) == [
        "Papers of the application due",
        "Papers sent with the application",
    ]
    assert {entry.text for entry in entries} == {"A-0638"}
    assert list(evidence_entries(world.outsider, household)) == []
    assert list(evidence_entries(world.delegate, household)) == []


def act(client, action, *rows, **more):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(QUEUE, data, follow=True)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_staff_decide_in_the_administration(world, birth, sign_in):
    admin = sign_in(world.admin)
    submitted(birth, at=NOW - timedelta(days=40), by=world.producer)
    send(birth, BIRTH, by=world.producer)
    item, other = item_of(birth, BIRTH), item_of(birth, "BIRTH:discharge_record")
    assert "A-0638" in admin.get(QUEUE).content.decode()
    assert admin.get(f"{QUEUE}?open=late").status_code == admin.get(f"{QUEUE}?open=open").status_code == 200
    assert f"Document {item.papers.get().document}" in admin.get(f"{QUEUE}{item.pk}/change/").content.decode()
    assert said(act(admin, "accept", other)) == [
        "No paper of “Hospital discharge record” of A-0638 waits for a decision."
    ]
    page = act(admin, "reject", item)
    assert "told to look up the reason" in page.content.decode()
    assert "Choose a common reason" in act(admin, "reject", item, reason="").content.decode()
    assert said(act(admin, "reject", item, reason="Not the right child.")) == [
        "1 slot rejected; those concerned are told."
    ]
    assert "Choose a common reason" in act(admin, "waive", other, reason="").content.decode()
    assert said(act(admin, "waive", other, common="Known from our own records.", reason="")) == ["1 slot waived."]
    assert said(act(admin, "ask_after_all", other)) == ["1 slot asked for again."]
    later = NOW.date() + timedelta(days=90)
    admin.post(f"{QUEUE}{item.pk}/change/", {"due_on": later.isoformat()})
    assert item_of(birth, BIRTH).due_on == later
    assert AuditEvent.objects.filter(action="admin.changed", object_id="A-0638 birth_certificate").exists()


def test_what_is_asked_for_is_kept_in_the_administration(world, birth, sign_in):
    admin = sign_in(world.admin)
    url = "/admin/enrollment/evidencekind/"
    used = EvidenceKind.objects.get(event_code="BIRTH", code="birth_certificate")
    assert "label" in admin.get(f"{url}{used.pk}/change/").context["adminform"].form.fields
    submitted(birth, by=world.producer)
    assert set(admin.get(f"{url}{used.pk}/change/").context["adminform"].form.fields) == {
        "position",
        "due_days",
        "last_day",
    }
    data = {"event_code": "BIRTH", "code": "affidavit", "position": "1", "label": "Affidavit", "asks": "PAPER"}
    added = admin.post(f"{url}add/", {**data, "required": "on", "first_day": str(NOW.date())})
    assert added.status_code == 302, added.context["errors"]
    assert AuditEvent.objects.filter(action="admin.added", object_id="BIRTH affidavit").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_code": "NO_SUCH"}, "event_code"),
        ({"required": False, "one_of": "Proof of birth"}, "required"),
        ({"asks": "ATTESTATION", "note": ""}, "note"),
        ({"last_day": NOW.date() - timedelta(days=9)}, "last_day"),
        ({"code": "birth_certificate"}, "first_day"),
    ],
)
def test_rows_nobody_could_go_by_are_refused(changes, field):
    values = {"event_code": "BIRTH", "code": "affidavit", "label": "Affidavit", "first_day": NOW.date(), **changes}
    with pytest.raises(ValidationError) as refused:
        EvidenceKind(**values).clean()
    assert list(refused.value.message_dict) == [field]
