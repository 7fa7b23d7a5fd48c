"""What the carrier's staff do with resources, news, courses and completions."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.common.content.models import NewsItem, Resource, TrainingCompletion, TrainingCourse
from portal.common.files.models import StoredFile
from portal.common.files.uploads import UploadRefused
from portal.common.models import AuditEvent
from portal.demo_data.papers import Part, pdf
from tests.support import pages
from tests.support.factories import (
    NewsItemFactory,
    ResourceFactory,
    TrainingCompletionFactory,
    TrainingCourseFactory,
    UserFactory,
)

pytestmark = pytest.mark.feature("ISS_08")


@pytest.fixture
def browser(sign_in) -> Client:
    return sign_in(UserFactory(username="carrieradmin", carrier_admin=True))


def url(model, page: str, *args: object) -> str:
    return reverse(f"admin:content_{model._meta.model_name}_{page}", args=args)


def a_pdf(name: str = "form.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf(carrier="Carrier", title="Form", parts=[Part("Words", ("Text.",))]))


RESOURCE = {"kind": "FORM", "title": "Change of Address", "states": ["IL", "TX"], "description": "", "url": ""}
NEWS = {"title": "Dates", "slug": "", "summary": "What is new.", "body": "# Words"}
COURSE = {"title": "Compliance", "code": "compliance", "valid_months": "12", "active": "on"}


def errors(response) -> dict[str, str]:
    """What is said beside each field, by the label of the field."""
    found = {}
    for row in pages.read(response).all("div", class_="form-row"):
        said = row.all("ul", class_="errorlist")
        if said:
            found[row.attrs["class"].split("field-")[-1].split()[0]] = said[0].text
    return found


def actions(model) -> list[str]:
    events = AuditEvent.objects.filter(object_type=model._meta.model_name).order_by("id")
    return list(events.values_list("action", flat=True))


# Resources


def test_a_form_is_uploaded_checked_and_downloaded(browser):
    response = browser.post(url(Resource, "add"), {**RESOURCE, "upload": a_pdf()})
    assert response.status_code == 302
    resource = Resource.objects.get()
    assert (resource.title, resource.states, resource.file.content_type) == (
        "Change of Address",
        ["IL", "TX"],
        "application/pdf",
    )
    assert resource.file.stored_by.username == "carrieradmin"
    assert actions(Resource) == ["admin.added"]
    page = browser.get(url(Resource, "change", resource.pk))
    assert "form.pdf (PDF," in pages.read(page).text
    download = browser.get(reverse("content:resource-download", args=[resource.pk]))
    assert b"".join(download.streaming_content).startswith(b"%PDF")


@pytest.mark.parametrize("days", [{"first_day": 5}, {"last_day": -5}], ids=["before its first day", "after its last"])
def test_staff_open_the_file_of_a_resource_that_is_not_shown(browser, sign_in, days):
    today = timezone.localdate()
    resource = ResourceFactory(with_file=True, **{name: today + timedelta(days=days[name]) for name in days})
    page = browser.get(url(Resource, "change", resource.pk)).content.decode()
    address = url(Resource, "file", resource.pk)
    assert f'href="{address}"' in page
    download = browser.get(address)
    assert (download.status_code, download["Content-Disposition"].split(";")[0]) == (200, "attachment")
    assert AuditEvent.objects.filter(action="resource.downloaded", object_id=str(resource.pk)).count() == 1
    assert browser.get(reverse("content:resource-download", args=[resource.pk])).status_code == 404
    assert sign_in(UserFactory()).get(address).status_code in (302, 403, 404)


def test_a_file_that_waits_for_its_scan_or_is_none_opens_for_no_one(browser):
    resource = ResourceFactory(with_file=True)
    StoredFile.objects.filter(pk=resource.file_id).update(scan="PENDING")
    response = browser.get(url(Resource, "file", resource.pk), follow=True)
    assert response.redirect_chain[0][0] == url(Resource, "change", resource.pk)
    assert "This file cannot be opened" in pages.read(response).text
    assert not AuditEvent.objects.filter(action="resource.downloaded").exists()
    assert browser.get(url(Resource, "file", ResourceFactory().pk)).status_code == 404


def test_a_new_file_takes_the_place_of_the_one_before_which_stays_stored(browser):
    resource = ResourceFactory(with_file=True, title="Form")
    before = resource.file
    browser.post(url(Resource, "change", resource.pk), {**RESOURCE, "upload": a_pdf("new.pdf")})
    resource.refresh_from_db()
    assert resource.file.name == "new.pdf"
    assert StoredFile.objects.filter(pk=before.pk).exists()
    assert actions(Resource)[-1] == "admin.changed"


def test_a_file_gives_way_to_a_link(browser):
    resource = ResourceFactory(with_file=True)
    asked = {**RESOURCE, "kind": "LINK", "url": "https://elsewhere.example/"}
    refused = browser.post(url(Resource, "change", resource.pk), asked)
    assert "Give a file or a link, not both." in errors(refused)["url"]
    assert browser.post(url(Resource, "change", resource.pk), {**asked, "remove_file": "on"}).status_code == 302
    resource.refresh_from_db()
    assert (resource.file, resource.url) == (None, "https://elsewhere.example/")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({}, "upload", "Choose a file, or give a link."),
        ({"url": "http://elsewhere.example/"}, "url", "begins with https://"),
        ({"url": "javascript:alert(1)"}, "url", "begins with https://"),
        ({"url": "https://a.example/", "plan_year": "27"}, "plan_year", "four digits"),
        (
            {"url": "https://a.example/", "first_day": "06/02/2026", "last_day": "06/01/2026"},
            "last_day",
            "before the first",
        ),
        ({"url": "https://a.example/", "title": ""}, "title", "required"),
        ({"url": "https://a.example/", "states": ["XX"]}, "states", "XX"),
        ({"upload": SimpleUploadedFile("a.pdf", b"")}, "upload", "empty"),
        ({"upload": SimpleUploadedFile("a.exe", b"MZ" * 50)}, "upload", ""),
        ({"upload": SimpleUploadedFile("a.pdf", b"<script>alert(1)</script>" * 20)}, "upload", ""),
    ],
)
@pytest.mark.sampled(5)
def test_what_is_wrong_with_a_resource_stands_beside_the_field(browser, changes, field, said):
    response = browser.post(url(Resource, "add"), {**RESOURCE, **changes})
    assert response.status_code == 200
    found = errors(response)
    assert list(found) == [field]
    assert said in found[field]
    assert not Resource.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_file_beside_another_mistake_is_to_be_chosen_again(browser):
    response = browser.post(url(Resource, "add"), {**RESOURCE, "title": "", "upload": a_pdf()})
    assert "Choose the file again" in errors(response)["upload"]
    assert not StoredFile.objects.exists()


def test_a_full_disk_is_said_in_words_and_nothing_is_saved(browser, monkeypatch):
    def full(*_args, **_kwargs):
        raise UploadRefused("no_room")

    monkeypatch.setattr("portal.common.content.library_admin.keep", full)
    page = browser.post(url(Resource, "add"), {**RESOURCE, "upload": a_pdf()}, follow=True)
    assert str(UploadRefused("no_room")) in pages.read(page).text
    assert not Resource.objects.exists()
    assert actions(Resource) == []


def test_a_resource_can_be_deleted_and_its_file_stays(browser):
    resource = ResourceFactory(with_file=True)
    assert browser.post(url(Resource, "delete", resource.pk), {"post": "yes"}).status_code == 302
    assert not Resource.objects.exists()
    assert StoredFile.objects.exists()
    assert actions(Resource) == ["admin.deleted"]


def test_lists_are_searched_by_beginnings_and_filtered_by_state(browser):
    ResourceFactory(title="Rates Illinois", states=["IL"])
    ResourceFactory(title="Rates Texas", states=["TX"])
    ResourceFactory(title="Everywhere")

    def titles(**query: str) -> list[str]:
        table = pages.read(browser.get(url(Resource, "changelist"), query)).one("table", id="result_list")
        return [row.one("th").text for row in table.one("tbody").all("tr")]

    assert titles(q="rates") == ["Rates Illinois", "Rates Texas"]
    assert titles(about_state="IL") == ["Everywhere", "Rates Illinois"]
    assert titles(about_state="XX") == ["Everywhere", "Rates Illinois", "Rates Texas"]


# News


def test_news_begins_as_a_draft_with_an_address_made_from_its_title(browser):
    assert browser.post(url(NewsItem, "add"), {**NEWS, "title": "Open Enrollment!"}).status_code == 302
    item = NewsItem.objects.get()
    assert (item.slug, item.published_at) == ("open-enrollment", None)
    assert browser.get("/news/open-enrollment/").status_code == 404


def test_each_box_of_a_moment_has_a_name(browser):
    html = browser.get(url(NewsItem, "add")).content.decode()
    for name in ("Published at, date", "Published at, time", "Withdrawn at, date", "Withdrawn at, time"):
        assert f'aria-label="{name}"' in html


def test_a_draft_is_previewed_as_producers_will_see_it(browser, sign_in):
    item = NewsItemFactory(draft=True, title="Dates", body="# Heading")
    change = pages.read(browser.get(url(NewsItem, "change", item.pk)))
    preview = next(a for a in change.all("a") if a.text == "Preview").attrs["href"]
    page = pages.read(browser.get(preview))
    assert page.one("h1").text == "Dates"
    assert page.one("article").one("h2").text == "Heading"
    assert "Preview. Draft: nobody can read it yet." in page.text
    assert sign_in(UserFactory()).get(preview).status_code == 302
    assert browser.get(url(NewsItem, "preview", 999_999)).status_code == 404


def test_publish_and_withdraw_act_at_once_and_say_what_did_not_fit(browser):
    draft, shown = NewsItemFactory(draft=True, title="Draft"), NewsItemFactory(title="Shown")
    selected = {"_selected_action": [draft.pk, shown.pk]}
    page = browser.post(url(NewsItem, "changelist"), {"action": "publish", **selected}, follow=True)
    text = pages.read(page).text
    assert "1 published." in text
    assert "“Shown” is published already." in text
    assert browser.get(f"/news/{draft.slug}/").status_code == 200
    browser.post(url(NewsItem, "changelist"), {"action": "withdraw", **selected})
    assert browser.get(f"/news/{draft.slug}/").status_code == 404
    assert actions(NewsItem) == ["news.published", "news.withdrawn", "news.withdrawn"]


def test_the_address_of_a_published_item_stays(browser):
    item = NewsItemFactory(slug="first")
    browser.post(
        url(NewsItem, "change", item.pk),
        {**NEWS, "slug": "second", "published_at_0": "06/01/2026", "published_at_1": "9:00"},
    )
    item.refresh_from_db()
    assert (item.slug, item.title) == ("first", "Dates")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"slug": "taken"}, "slug", "Another item has this address."),
        ({"slug": "not a slug"}, "slug", "valid"),
        ({"body": ""}, "body", "required"),
        ({"body": "x" * 50_001}, "body", "50000"),
        ({"withdrawn_at_0": "06/01/2026", "withdrawn_at_1": "09:00"}, "withdrawn_at", "only after it was published"),
        (
            {
                "published_at_0": "06/02/2026",
                "published_at_1": "09:00",
                "withdrawn_at_0": "06/01/2026",
                "withdrawn_at_1": "09:00",
            },
            "withdrawn_at",
            "before it is published",
        ),
    ],
)
@pytest.mark.sampled(3)
def test_what_is_wrong_with_an_item_stands_beside_the_field(browser, changes, field, said):
    NewsItemFactory(slug="taken")
    response = browser.post(url(NewsItem, "add"), {**NEWS, **changes})
    found = errors(response)
    assert list(found) == [field]
    assert said in found[field]
    assert NewsItem.objects.count() == 1


def test_items_are_filtered_by_where_they_stand(browser):
    soon = timezone.now() + timedelta(days=1)
    NewsItemFactory(title="Published")
    NewsItemFactory(title="Draft", draft=True)
    NewsItemFactory(title="Waiting", published_at=soon)
    NewsItemFactory(title="Gone", withdrawn=True)
    for standing, title in (("published", "Published"), ("draft", "Draft"), ("waiting", "Waiting"), ("gone", "Gone")):
        table = pages.read(browser.get(url(NewsItem, "changelist"), {"now": standing})).one("table", id="result_list")
        assert [row.one("th").text for row in table.one("tbody").all("tr")] == [title]


# Courses and completions


def test_a_course_is_added_and_stays_once_somebody_completed_it(browser):
    assert browser.post(url(TrainingCourse, "add"), COURSE).status_code == 302
    course = TrainingCourse.objects.get()
    assert AuditEvent.objects.get(action="admin.added").object_id == "compliance"
    TrainingCompletionFactory(course=course)
    assert browser.post(url(TrainingCourse, "delete", course.pk), {"post": "yes"}).status_code == 403
    TrainingCompletion.objects.all().delete()
    assert browser.post(url(TrainingCourse, "delete", course.pk), {"post": "yes"}).status_code == 302


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"valid_months": "0"}, "valid_months"), ({"url": "http://a.example"}, "url"), ({"code": ""}, "code")],
)
def test_what_is_wrong_with_a_course_stands_beside_the_field(browser, changes, field):
    assert list(errors(browser.post(url(TrainingCourse, "add"), {**COURSE, **changes}))) == [field]


def test_a_completion_is_recorded_by_username_and_its_last_day_follows(browser):
    course, rita = TrainingCourseFactory(valid_months=6), UserFactory(username="rsolberg7")
    asked = {"username": " RSolberg7 ", "course": course.pk, "completed_on": "08/31/2025"}
    assert browser.post(url(TrainingCompletion, "add"), asked).status_code == 302
    row = TrainingCompletion.objects.get()
    assert (row.user, row.completed_on, row.expires_on) == (rita, date(2025, 8, 31), date(2026, 2, 28))
    assert actions(TrainingCompletion) == ["training.completion_recorded"]
    again = browser.post(url(TrainingCompletion, "add"), asked)
    assert errors(again) == {"completed_on": "This completion is recorded already."}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"username": "nobody"}, "username", "no login"),
        ({"completed_on": "12/31/2999"}, "completed_on", "future"),
        ({"completed_on": "02/30/2026"}, "completed_on", "valid date"),
        ({"course": "999999"}, "course", "valid choice"),
    ],
)
def test_what_is_wrong_with_a_completion_stands_beside_the_field(browser, changes, field, said):
    UserFactory(username="rsolberg7")
    asked = {"username": "rsolberg7", "course": TrainingCourseFactory().pk, "completed_on": "06/01/2025", **changes}
    found = errors(browser.post(url(TrainingCompletion, "add"), asked))
    assert list(found) == [field]
    assert said in found[field]


def test_a_completion_is_not_changed_but_deleted(browser):
    row = TrainingCompletionFactory()
    page = browser.get(url(TrainingCompletion, "change", row.pk))
    assert page.status_code == 200
    assert browser.post(url(TrainingCompletion, "change", row.pk), {"completed_on": "01/01/2020"}).status_code == 403
    assert browser.post(url(TrainingCompletion, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert actions(TrainingCompletion) == ["admin.viewed", "admin.deleted"]


def import_csv(browser: Client, content: bytes | None):
    files = {} if content is None else {"file": SimpleUploadedFile("done.csv", content)}
    return browser.post(url(TrainingCompletion, "import"), files, follow=True)


def test_a_file_of_completions_is_imported(browser):
    TrainingCourseFactory(code="compliance")
    UserFactory(username="rsolberg7")
    listed = pages.read(browser.get(url(TrainingCompletion, "changelist")))
    assert "Import from CSV" in [link.text for link in listed.all("a")]
    page = import_csv(browser, b"username,course,completed_on\nrsolberg7,compliance,06/01/2025\n")
    assert "1 completions recorded." in pages.read(page).text
    assert TrainingCompletion.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Choose a file."),
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "The first line must name the columns"),
        (b"username,course,completed_on\nnobody,none,x\n", "Line 2: there is no login with this username."),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
    ],
)
def test_what_is_wrong_with_the_file_stands_beside_it(browser, content, said):
    page = pages.read(import_csv(browser, content))
    assert said in page.one("ul", class_="errorlist").text
    assert not TrainingCompletion.objects.exists()


@pytest.mark.parametrize("who", ["producer", "delegate"])
def test_nobody_else_imports(world, sign_in, who):
    assert sign_in(getattr(world, who)).get(url(TrainingCompletion, "import")).status_code == 302
