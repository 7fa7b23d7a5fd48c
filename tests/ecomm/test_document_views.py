"""Document submission and the list of submitted documents, as people use them."""

import re
from datetime import timedelta

import pytest
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from accounts.models import DelegateGrant
from ecomm.models import DocumentSubmission
from ecomm.services import documents
from portal.common.files.refusals import SENTENCES
from portal.common.files.uploads import UploadRefused
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.documents import document_type, image_bytes, sent, upload
from tests.support.urls import addresses

SUBMIT, LIST, DELETE, RESTORE = (
    "/messages/documents/new/",
    "/messages/documents/",
    "/messages/documents/delete/",
    "/messages/documents/restore/",
)
FORM_KEY = "key-of-one-form-only"
HOLES = re.compile(r"<[^>]+>|\(\?P[^)]+\)")
QUESTION = "Are you sure you want to delete the selected row/s?"


@pytest.fixture(autouse=True)
def uploads_apart(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


@pytest.fixture(autouse=True)
def types():
    return [document_type("new-business-application", "New Business Application"), document_type()]


@pytest.fixture
def rita(world, sign_in):
    return sign_in(world.producer)


def posted(**changes):
    return {"document_type": "other-documents", "form_key": FORM_KEY, "documents": [upload()], **changes}


def errors_of(response) -> str:
    return pages.read(response).one(class_="error-summary").text


# --- the form ---


@pytest.mark.feature("DOC_03")
def test_the_fields_have_the_guides_names_and_order(rita):
    page = pages.read(rita.get(SUBMIT))
    labels = [label.text for label in page.one("main").all("label")]
    assert labels == ["Account Number", "E-App Number", "Document Type *", "Location and Filename *"]
    options = [option.text for option in page.one("select", name="document_type").all("option")]
    assert options[0] == "Select"
    assert {"New Business Application", "Other Documents"} <= set(options)
    assert "Submit" in [button.text for button in page.one("main").all("button")]


@pytest.mark.feature("DOC_09")
def test_the_advice_of_the_guide_is_on_the_page(rita):
    text = pages.read(rita.get(SUBMIT)).one("main").text
    assert "PDF, JPG, JPEG, PNG, GIF, TIF, BMP" in text
    assert "10 MB (or 10,000 KB)" in text
    assert "lessen the resolution during scanning" in text
    assert "smaller in file size than TIF and BMP" in text
    assert "Compress PDF" in text


def test_the_browser_is_told_what_may_be_sent(rita):
    field = pages.read(rita.get(SUBMIT)).one("input", type="file")
    assert "multiple" in field.attrs
    assert field.attrs["data-max-bytes"] == "10485760"
    assert ".pdf" in field.attrs["accept"]
    assert field.attrs["data-too-large"] == SENTENCES["too_large"].format(limit="10 MB")


@pytest.mark.parametrize(
    ("asked", "account", "eapp"),
    [
        ("?account=730000001&eapp=0101000001", "730000001", "0101000001"),
        ("?account=Washington&eapp=%00", "", ""),
        ("?account=1234567890123", "", ""),
        ("?account=%C2%B2", "", ""),
    ],
)
def test_numbers_are_prefilled_from_the_address_when_they_are_numbers(rita, asked, account, eapp):
    page = pages.read(rita.get(SUBMIT + asked))
    values = [page.one("input", name=name).attrs.get("value", "") for name in ("account_number", "eapp_number")]
    assert values == [account, eapp]


@pytest.mark.feature("HOM_14")
def test_only_a_delegate_of_several_producers_chooses_for_whom(world, sign_in, rita):
    delegate = sign_in(world.delegate_with_service)
    assert not pages.read(rita.get(SUBMIT)).all("select", id="id_producer")
    assert not pages.read(delegate.get(SUBMIT)).all("select", id="id_producer")
    DelegateGrant.objects.create(
        producer=world.sibling.producer,
        delegate=world.delegate_with_service,
        scopes=["SERVICE"],
        first_day=timezone.localdate() - timedelta(days=1),
    )
    options = pages.read(delegate.get(SUBMIT)).one("select", id="id_producer").all("option")
    assert {option.text for option in options} == {
        "Select",
        world.producer.producer.name,
        world.sibling.producer.name,
    }
    assert "Choose for whom" in errors_of(delegate.post(SUBMIT, posted()))
    # A foreign producer's id changes nothing (C3).
    assert delegate.post(SUBMIT, posted(producer=world.outsider.producer_id)).status_code == 200
    assert not DocumentSubmission.objects.exists()
    assert delegate.post(SUBMIT, posted(producer=world.sibling.producer_id)).status_code == 302
    assert DocumentSubmission.objects.get().producer == world.sibling.producer


def test_a_producers_id_in_the_form_of_a_producer_changes_nothing(world, rita):
    rita.post(SUBMIT, posted(producer=world.outsider.producer_id))
    assert DocumentSubmission.objects.get().producer == world.producer.producer


# --- sending ---


@pytest.mark.feature("DOC_05")
def test_the_confirmation_names_files_and_tracking_numbers_and_leads_to_the_list(world, rita):
    response = rita.post(SUBMIT, posted(documents=[upload("a.png"), upload("b.pdf")]))
    assert response.status_code == 302
    page = pages.read(rita.get(response["Location"]))
    rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert rows == [[d.file.name, str(d.tracking_number)] for d in DocumentSubmission.objects.order_by("id")]
    assert page.one("a", class_="btn-primary", href=LIST).text == "OK"


def test_the_same_form_twice_lands_on_the_same_confirmation(rita):
    first, second = (rita.post(SUBMIT, posted()) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert DocumentSubmission.objects.count() == 1


def test_the_confirmation_is_nobody_elses(world, rita, sign_in):
    url = rita.post(SUBMIT, posted())["Location"]
    for person in (world.principal, world.outsider, world.delegate_with_service):
        assert sign_in(person).get(url).status_code == 404
    assert sign_in(world.admin).get(url).status_code == 403
    assert rita.get("/messages/documents/sent/0/").status_code == 404


def test_foreign_and_unknown_numbers_are_taken_alike(world, rita):
    for n, number in enumerate((world.outsider_policy.account.number, "999999999")):
        response = rita.post(SUBMIT, posted(account_number=number, form_key=f"{FORM_KEY}-{n}"))
        assert response.status_code == 302
    assert set(DocumentSubmission.objects.values_list("account", flat=True)) == {None}


@pytest.mark.feature("DOC_03")
def test_without_type_or_file_it_is_said_what_is_missing(rita):
    assert "Select a document type." in errors_of(rita.post(SUBMIT, posted(document_type="")))
    assert "Choose the file to submit with Browse." in errors_of(rita.post(SUBMIT, posted(documents=[])))
    assert not DocumentSubmission.objects.exists()


@pytest.mark.feature("DOC_04")
def test_a_type_that_is_not_offered_any_more_is_refused(rita, types):
    types[1].active = False
    types[1].save()
    assert "Document Type" in errors_of(rita.post(SUBMIT, posted()))
    assert not DocumentSubmission.objects.exists()


def test_what_was_typed_is_kept_and_the_files_to_choose_again_are_named(rita):
    typed = {"account_number": "73 ABC", "eapp_number": "01-0100", "documents": [upload("a.png"), upload("b.png")]}
    response = rita.post(SUBMIT, posted(**typed))
    page = pages.read(response)
    assert page.one("input", name="account_number").attrs["value"] == "73 ABC"
    assert page.one("input", name="eapp_number").attrs["value"] == "01-0100"
    assert [o.attrs["value"] for o in page.all("option") if "selected" in o.attrs] == ["other-documents"]
    assert page.one("input", name="form_key").attrs["value"] == FORM_KEY
    assert "Enter digits only" in errors_of(response)
    assert "Please choose “a.png”, “b.png” again." in errors_of(response)


def test_blanks_and_hyphens_in_numbers_are_not_kept(rita):
    rita.post(SUBMIT, posted(account_number=" 73-000 0001 "))
    assert DocumentSubmission.objects.get().account_number == "730000001"


@pytest.mark.feature("DOC_01")
def test_other_types_are_refused_with_what_to_do_and_nothing_is_kept(rita):
    response = rita.post(SUBMIT, posted(documents=[upload("a.png"), upload("b.pdf", b"MZ\x90\x00" + bytes(200))]))
    assert "b.pdf" in errors_of(response)
    assert "a.png" in errors_of(response)
    assert not DocumentSubmission.objects.exists()


@pytest.mark.feature("DOC_02")
def test_a_file_that_is_too_large_is_refused_with_advice(rita):
    response = rita.post(SUBMIT, posted(documents=[upload("a.bmp", image_bytes(kind="BMP") + bytes(10_485_760))]))
    assert "larger than 10 MB" in errors_of(response)
    assert "lower resolution" in errors_of(response)
    assert not DocumentSubmission.objects.exists()


def test_when_the_disk_is_full_the_form_says_so(rita, monkeypatch):
    def full(*_args, **_kwargs):
        raise UploadRefused("no_room")

    monkeypatch.setattr(documents.store, "keep", full)
    response = rita.post(SUBMIT, posted(account_number="730000001"))
    assert response.status_code == 200
    assert SENTENCES["no_room"] in errors_of(response)
    assert "Please choose “form.png” again." in errors_of(response)
    monkeypatch.undo()
    assert rita.post(SUBMIT, posted()).status_code == 302


def test_after_fifty_files_the_form_says_when_to_go_on(rita, monkeypatch):
    from portal.common.files import throttle

    monkeypatch.setattr(throttle, "UPLOADS", throttle.Limit("files.uploads", times=1, per=timedelta(hours=1)))
    response = rita.post(SUBMIT, posted(documents=[upload("a.png"), upload("b.png")]))
    assert "within an hour" in errors_of(response)
    assert not DocumentSubmission.objects.exists()


# --- the list ---


@pytest.mark.feature("DOC_06")
def test_the_list_has_the_guides_columns_newest_first(world, rita):
    now = timezone.now()
    (older,) = sent(world.producer, at=now - timedelta(days=1), eapp_number="0101")
    (newer,) = sent(world.producer, at=now, account_number=world.account_number)
    response = rita.get(LIST)
    grid = pages.grid(response)
    assert [header for header in grid.headers if "Select" not in header] == [
        "Tracking #",
        "Document Type",
        "Account #",
        "App Number",
        "Submitted",
        "Status",
        "Reason",
    ]
    assert grid.column("Tracking #") == [str(newer.tracking_number), str(older.tracking_number)]
    assert grid.column("App Number") == ["", "0101"]
    assert grid.links[0]["Account #"] == reverse("clients:detail", args=[world.account_number])
    assert "documents cannot be viewed or accessed once submitted" in pages.read(response).text


def test_the_list_says_who_sent_when_it_was_several_people(world, rita, sign_in):
    sent(world.producer)
    assert "Submitted By" not in pages.grid(rita.get(LIST)).headers
    sent(world.delegate_with_service, producer=world.producer.producer)
    assert "Submitted By" in pages.grid(rita.get(LIST)).headers
    assert "Producer Name" not in pages.grid(rita.get(LIST)).headers
    sent(world.sibling)
    assert "Producer Name" in pages.grid(sign_in(world.principal).get(LIST)).headers


def test_an_account_number_is_a_link_only_where_the_client_can_be_opened(world, sign_in):
    delegate = world.delegate_with_service
    sent(delegate, producer=world.producer.producer, account_number=world.account_number)
    assert pages.grid(sign_in(delegate).get(LIST)).links[0]
    DelegateGrant.objects.filter(delegate=delegate).update(scopes=["SERVICE"])
    grid = pages.grid(sign_in(delegate).get(LIST))
    assert grid.column("Account #") == [world.account_number]
    assert grid.links == [{}]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"f_status": "REJECTED"}, 1),
        ({"f_status": "RECEIVED"}, 2),
        ({"f_type": "other-documents"}, 3),
        ({"f_type": "nothing"}, 0),
        ({"f_account": "73"}, 1),
        ({"f_submitted": "01/02/2020"}, 0),
        ({"f_submitted": "12/31/9999"}, 0),
        ({"f_reason": "legible"}, 1),
        ({"f_tracking": "2"}, 3),
        ({"f_tracking": "x"}, 0),
    ],
)
@pytest.mark.sampled(4)
def test_the_list_is_filtered_under_its_headings(world, rita, typed, found):
    first = sent(world.producer)[0]
    sent(world.producer)
    sent(world.producer, account_number="730000001")
    documents.reject(document=first, reason="Not legible.", by=world.admin, at=timezone.now())
    response = rita.post(LIST, {"grid": "filters", **typed}, follow=True)
    assert len(pages.grid(response).rows) == found


@pytest.mark.feature("DOC_04")
def test_a_type_that_was_switched_off_still_filters_what_was_sent_with_it(world, rita, sign_in):
    old = document_type("fax-cover", "Fax Cover")
    sent(world.producer, document_type=old)
    sent(world.producer)
    old.active = False
    old.save()

    def offered(client) -> set[str]:
        return {option.attrs.get("value", "") for option in pages.read(client.get(LIST)).all("option")}

    assert "fax-cover" in offered(rita)
    response = rita.post(LIST, {"grid": "filters", "f_type": "fax-cover"}, follow=True)
    assert pages.grid(response).column("Document Type") == ["Fax Cover"]
    sent(world.outsider)
    assert "other-documents" in offered(sign_in(world.outsider))
    assert "fax-cover" not in offered(sign_in(world.outsider))


@pytest.mark.long
def test_the_list_is_sorted_by_every_heading(world, rita):
    for n in range(3):
        sent(world.producer, account_number=str(n))
    for key in ("tracking", "type", "account", "eapp", "submitted", "status", "submitted_by", "producer", "file"):
        for sort in (key, f"-{key}"):
            assert len(pages.grid(rita.get(f"{LIST}?sort={sort}")).rows) == 3
    assert pages.grid(rita.get(f"{LIST}?sort=-account")).column("Account #") == ["2", "1", "0"]


def test_the_list_is_exported_and_that_is_written_down(world, rita):
    (document,) = sent(world.producer)
    lines = b"".join(rita.get(f"{LIST}?format=csv").streaming_content).decode().splitlines()
    assert str(document.tracking_number) in lines[1]
    workbook = rita.get(f"{LIST}?format=xlsx")
    assert workbook.status_code == 200
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    events = AuditEvent.objects.filter(action="document.list_exported")
    assert [event.details for event in events.order_by("id")] == [
        {"format": "csv", "rows": 1},
        {"format": "xlsx", "rows": 1},
    ]


@pytest.mark.long
def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    world, rita, django_assert_max_num_queries, django_assert_num_queries
):
    sent(world.producer, account_number=world.account_number)
    rita.get(LIST)
    with django_assert_max_num_queries(40) as few:
        rita.get(LIST)
    for _ in range(5):
        sent(world.producer, account_number=world.account_number)
    with django_assert_num_queries(len(few)):
        rita.get(LIST)


@pytest.mark.feature("DOC_06")
@pytest.mark.feature("HOM_14")
def test_a_revoked_delegate_is_out_at_once(world, sign_in):
    delegate = sign_in(world.delegate_with_service)
    sent(world.delegate_with_service, producer=world.producer.producer)
    assert len(pages.grid(delegate.get(LIST)).rows) == 1
    DelegateGrant.objects.filter(delegate=world.delegate_with_service).update(
        revoked_at=timezone.now(), revoked_by=world.producer
    )
    for url in (LIST, SUBMIT):
        assert delegate.get(url).status_code == 403
    assert delegate.post(SUBMIT, posted()).status_code == 403


# --- deleting ---


@pytest.mark.feature("DOC_08")
def test_deleting_asks_first_then_removes_and_offers_to_undo(world, rita):
    (document,), (other,) = sent(world.producer), sent(world.producer)
    ticked = {"row": [str(document.tracking_number)]}
    asked = rita.post(DELETE, ticked)
    assert QUESTION in pages.read(asked).text
    assert str(document.tracking_number) in pages.read(asked).text
    assert len(pages.grid(rita.get(LIST)).rows) == 2

    response = rita.post(DELETE, {**ticked, "confirmed": "1"}, follow=True)
    assert pages.grid(response).column("Tracking #") == [str(other.tracking_number)]
    undo = pages.read(response).one("form", class_="undo")
    assert [field.attrs["value"] for field in undo.all("input", name="row")] == ticked["row"]
    assert not pages.read(rita.get(LIST)).all("form", class_="undo")
    rita.post(RESTORE, ticked)
    assert len(pages.grid(rita.get(LIST)).rows) == 2


def test_with_nothing_ticked_it_is_said_what_to_do(rita):
    response = rita.post(DELETE, {"confirmed": "1"}, follow=True)
    assert pages.messages(response) == ["Tick the box beside at least one row first."]


@pytest.mark.feature("DOC_08")
def test_other_peoples_numbers_among_the_ticked_ones_change_nothing(world, rita):
    (mine,), (foreign,) = sent(world.producer), sent(world.outsider)
    both = {"row": [str(foreign.tracking_number), str(mine.tracking_number), "no-number"], "confirmed": "1"}
    response = rita.post(DELETE, {"row": both["row"]})
    assert str(foreign.tracking_number) not in pages.read(response).text
    rita.post(DELETE, both)
    rita.post(RESTORE, {"row": both["row"]})
    rita.post(DELETE, {"row": [str(foreign.tracking_number)], "confirmed": "1"})
    assert not foreign.hidden_for.exists()
    assert (
        not AuditEvent.objects.filter(object_id=str(foreign.tracking_number))
        .exclude(action="document.submitted")
        .exists()
    )


@pytest.mark.feature("DOC_08")
def test_getting_the_addresses_that_change_things_changes_nothing(rita):
    assert rita.get(DELETE).status_code == 405
    assert rita.get(RESTORE).status_code == 405


# --- nobody but staff opens a document ---


@pytest.mark.feature("DOC_07")
def test_no_address_of_the_portal_gives_a_document_to_those_who_sent_it(world, error_pages_once, sign_in):
    """Every address, with everything that names the file in every place of it."""
    (document,) = sent(world.producer, account_number=world.account_number)
    content = document.file
    names = [content.pk, document.pk, document.tracking_number, content.key.hex, content.key, content.name]
    producer, *others = [sign_in(person) for person in (world.producer, world.principal, world.delegate_with_service)]
    tried = 0
    for address in addresses():
        likely = _filled(address.route, [document.tracking_number, content.key])
        # The administration turns everybody away at its door, whatever follows.
        for url in _filled(address.route, names[:1] if address.is_admin else names):
            # The producer tries every name everywhere, the others the two that addresses are likeliest to take.
            if not _leads_somewhere(url):
                continue
            for client in [producer, *(others if not address.is_admin and url in likely else [])]:
                response = client.get(url)
                tried += 1
                kind = response.headers.get("Content-Type", "")
                assert not kind.startswith(("image/", "application/")) or kind == "application/json", url
                assert "attachment" not in response.headers.get("Content-Disposition", ""), url
                if address.is_admin:
                    assert response.status_code in (302, 403, 404), url
    assert tried > 100
    assert not AuditEvent.objects.filter(action="document.opened").exists()


def _leads_somewhere(url: str) -> bool:
    """Whether any view is asked; a name that no address has a place for ends before."""
    try:
        resolve(url)
    except Resolver404:
        return False
    return True


def _filled(route: str, names: list[object]) -> list[str]:
    """The route as an address, once with each name in all its places; routes without a place are no way to a file."""
    if not HOLES.search(route):
        return []
    bare = route.replace("^", "").replace("$", "")
    return ["/" + HOLES.sub(lambda _, name=name: str(name), bare) for name in names]
