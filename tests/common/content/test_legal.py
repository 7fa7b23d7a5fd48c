"""Legal documents: which wording is in force, that a published one never changes, and how they are read."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import TermsVersion
from portal.common.content.models import PrivacyStatement
from portal.common.content.services import legal
from portal.common.content.services.legal import CannotPublish, VersionExists
from portal.common.messaging.send import send_email
from portal.common.models import AuditEvent
from portal.demo_data import contacts as demo
from tests.support import pages
from tests.support.concurrency import at_once

NOW = timezone.now()
DAY = timedelta(days=1)
DOCUMENTS = [PrivacyStatement, TermsVersion]
ADDRESS = {PrivacyStatement: "/legal/privacy/", TermsVersion: "/legal/terms/"}
both = pytest.mark.parametrize("document", DOCUMENTS, ids=["privacy", "terms"])


def published(document, version: str, *, ago: timedelta = DAY, body: str = "First.\n\nSecond."):
    return legal.publish_text(document, version=version, body=body, by=None, at=NOW - ago)


# --- the service ---


@both
def test_the_newest_published_wording_is_in_force(document):
    assert legal.in_force(document, at=NOW) is None
    first = published(document, "1.0", ago=9 * DAY)
    second = published(document, "2.0", ago=2 * DAY)
    document.objects.create(version="draft", body="Later.")
    later = document.objects.create(version="3.0", body="Later.", published_at=NOW + DAY)
    assert legal.in_force(document, at=NOW) == second
    assert legal.published(document, at=NOW) == [second, first]
    assert legal.in_force(document, at=NOW + DAY) == later


@both
def test_publishing_is_audited_with_who_did_it(document, world):
    draft = document.objects.create(version="2.0", body="Text.")
    done = legal.publish(draft, by=world.admin, at=NOW)
    assert done.published_at == NOW
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id, event.actor_id) == (
        f"{document.audit_name}.published",
        "2.0",
        world.admin.pk,
    )


@both
def test_a_version_exists_once(document):
    document.objects.create(version="1.0", body="A draft counts, too.")
    with pytest.raises(VersionExists, match=r"Version 1.0 of the .* exists already and cannot be changed"):
        published(document, "1.0")
    assert document.objects.get().body == "A draft counts, too."
    assert not AuditEvent.objects.exists()


@both
def test_a_draft_that_was_changed_or_published_meanwhile_is_not_published(document):
    read = document.objects.create(version="1.0", body="As it was read.")
    document.objects.update(body="As it stands.")
    with pytest.raises(CannotPublish, match="read it again"):
        legal.publish(read, by=None, at=NOW)
    fresh = document.objects.get()
    legal.publish(fresh, by=None, at=NOW)
    with pytest.raises(CannotPublish, match="published already"):
        legal.publish(fresh, by=None, at=NOW)
    assert AuditEvent.objects.count() == 1


@both
def test_what_cannot_be_audited_is_not_published(document, monkeypatch):
    draft = document.objects.create(version="1.0", body="Text.")
    monkeypatch.setattr("portal.common.audit.AuditEvent.objects.create", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        legal.publish(draft, by=None, at=NOW)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        published(document, "2.0")
    assert list(document.objects.values_list("version", "published_at")) == [("1.0", None)]


@pytest.mark.django_db(transaction=True)
@both
def test_of_two_who_publish_at_once_one_does(document):
    draft = document.objects.create(version="1.0", body="Text.")
    results = at_once(*[lambda: legal.publish(draft, by=None, at=NOW)] * 2)
    assert sorted(type(result).__name__ for result in results) == sorted(["CannotPublish", document.__name__])
    assert AuditEvent.objects.count() == 1


# --- the database ---


@pytest.mark.feature("ISS_07")
@both
def test_the_database_refuses_to_change_or_delete_what_was_published(document):
    wording = published(document, "1.0")
    table = document._meta.db_table
    for sql in (
        f"UPDATE {table} SET body = 'Other.'",  # noqa: S608 - a table of ours
        f"UPDATE {table} SET published_at = NULL",  # noqa: S608 - the same
        f"DELETE FROM {table}",  # noqa: S608 - the same
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    wording.refresh_from_db()
    assert wording.body == "First.\n\nSecond."


@both
def test_drafts_and_wordings_of_the_future_may_change(document):
    for wording in (
        document.objects.create(version="draft", body="One."),
        document.objects.create(version="next", body="One.", published_at=NOW + DAY),
    ):
        wording.body = "Two."
        wording.save()
        wording.delete()
    assert not document.objects.exists()


# --- the pages ---


@pytest.mark.feature("ISS_07")
@both
def test_everybody_reads_the_wording_in_force_and_the_earlier_ones(document, client):
    address = ADDRESS[document]
    published(document, "1.0", ago=30 * DAY, body="The first wording.")
    published(document, "2.0", body="Present words.\n\nSecond paragraph.")
    document.objects.create(version="draft", body="A secret draft.")
    page = pages.read(client.get(address)).one("main")
    assert page.one("h1").text == document.document
    assert "Version 2.0 In force since" in page.text
    assert [part.text for part in page.one("div", class_="legal-text").all("p")] == [
        "Present words.",
        "Second paragraph.",
    ]
    links = [link.attrs["href"] for link in page.all("a") if link.text.startswith("Version")]
    assert links == ["?version=1.0"]
    earlier = pages.read(client.get(f"{address}{links[0]}")).one("main")
    assert "The first wording." in earlier.text
    assert "This is an earlier version. It is no longer in force" in earlier.text
    assert "In force since" not in earlier.text
    assert "Terms of Use" in page.one("nav").text
    assert "Privacy Statement" in page.one("nav").text
    assert len(page.all("button", data_print="")) == 1


@both
@pytest.mark.parametrize("version", ["draft", "next", "9.9", "", "\x00", "1.0 "])
def test_what_is_not_published_cannot_be_read(document, client, version):
    published(document, "1.0")
    document.objects.create(version="draft", body="Secret.")
    document.objects.create(version="next", body="Secret.", published_at=timezone.now() + DAY)
    assert client.get(ADDRESS[document], {"version": version}).status_code == 404


@pytest.mark.feature("ISS_07")
@both
def test_before_anything_is_published_the_page_says_so_and_whom_to_ask(document, client, settings):
    answer = client.get(ADDRESS[document])
    assert answer.status_code == 200
    page = pages.read(answer).one("main")
    assert f"{settings.CARRIER_NAME} has not published a {document.document} for this portal yet." in page.text
    assert settings.SUPPORT_PHONE in page.text
    assert settings.SUPPORT_EMAIL in page.text
    assert client.get(ADDRESS[document], {"version": "1.0"}).status_code == 404


def test_markup_in_a_wording_is_text(client):
    published(PrivacyStatement, "1.0", body="# Title\n\n<b>Bold</b> <script>alert(1)</script>\n\n[link](javascript:x)")
    published(TermsVersion, "1.0", body="<b>Bold</b>\n\n<script>alert(1)</script>")
    for address in ADDRESS.values():
        body = client.get(address).content.decode()
        assert "<b>Bold" not in body
        assert "<script>alert" not in body
        assert "&lt;b&gt;Bold" in body
        assert 'href="javascript' not in body


def test_headings_of_the_privacy_statement_begin_below_the_pages_own(client):
    published(PrivacyStatement, "1.0", body="## What is collected\n\nLittle.")
    page = pages.read(client.get("/legal/privacy/")).one("div", class_="legal-text")
    assert page.one("h3").text == "What is collected"


@pytest.mark.feature("ISS_07")
def test_the_demos_statement_says_what_why_how_long_and_whom_to_ask(client):
    demo.publish_privacy_statement(now=NOW)
    demo.publish_privacy_statement(now=NOW)
    assert PrivacyStatement.objects.count() == 1
    words = pages.read(client.get("/legal/privacy/")).one("div", class_="legal-text").text
    for part in (
        "What is collected",
        "Why",
        "business associates",
        "Cookies",
        "Typing pattern",
        "How long",
        "six years",
    ):
        assert part in words, part
    assert client.get("/contact/").status_code == 200


# --- where people find them ---


@pytest.mark.feature("ISS_07")
@pytest.mark.parametrize("who", ["stranger", "producer"])
def test_the_foot_of_every_page_names_the_carrier_and_leads_to_legal_and_privacy(who, world, sign_in, settings):
    settings.CARRIER_ENTITY_LINE = "Lakeside Mutual Insurance Company"
    settings.CARRIER_NAME = "Lakeside"
    client, url = (Client(), "/accounts/login/") if who == "stranger" else (sign_in(world.producer), "/")
    foot = pages.read(client.get(url)).one("footer")
    assert "Lakeside Mutual Insurance Company" in foot.text
    assert f"© {timezone.localdate().year} Lakeside. All rights reserved." in foot.text
    assert {link.text: link.attrs["href"] for link in foot.all("a")} == {
        "Contact Us": "/contact/",
        "Legal and Privacy": "/legal/privacy/",
        settings.SUPPORT_PHONE: f"tel:{settings.SUPPORT_PHONE}",
    }


@pytest.mark.feature("ISS_07")
def test_the_terms_of_the_registration_can_be_read_apart(client):
    published(TermsVersion, "1.0")
    page = pages.read(client.get("/accounts/register/")).one("main")
    assert {"/legal/terms/", "/legal/privacy/"} <= {link.attrs["href"] for link in page.all("a")}


@pytest.mark.feature("ISS_07")
@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://portal.example", "https://portal.example/legal/privacy/"),
        ("https://portal.example/", "https://portal.example/legal/privacy/"),
    ],
)
def test_emails_end_with_the_confidentiality_note_the_address_and_the_legal_link(settings, url, link):
    settings.PORTAL_URL = url
    settings.CARRIER_ENTITY_LINE, settings.CARRIER_ADDRESS = "Lakeside Mutual & Co.", "1 Lake Road, Peoria"
    message = send_email(to="a@b.example", kind="password_changed", subject="S", context={"changed_at": NOW})
    end = message.body_text[message.body_text.index("Confidentiality note") :]
    assert end.rstrip().endswith(f"Lakeside Mutual & Co.\n1 Lake Road, Peoria\nLegal and Privacy: {link}")
    html = message.body_html[message.body_html.index("Confidentiality note") :]
    assert "Lakeside Mutual &amp; Co." in html
    assert "1 Lake Road, Peoria" in html
    assert f'<a href="{link}">Legal and Privacy</a>' in html


def test_a_carrier_without_an_address_has_no_empty_line_in_emails(settings):
    settings.CARRIER_ENTITY_LINE, settings.CARRIER_ADDRESS = "Lakeside", ""
    message = send_email(to="a@b.example", kind="password_changed", subject="S", context={"changed_at": NOW})
    assert "\n\nLakeside\nLegal and Privacy: " in message.body_text


# --- the administration ---


def admin_url(document, page: str = "") -> str:
    return f"/admin/{document._meta.app_label}/{document._meta.model_name}/{page}"


@pytest.fixture
def browser(world, sign_in) -> Client:
    return sign_in(world.admin)


@both
def test_a_draft_is_written_changed_and_deleted(document, browser):
    assert browser.post(admin_url(document, "add/"), {"version": "2.0", "body": "One."}).status_code == 302
    draft = document.objects.get()
    assert draft.published_at is None
    page = admin_url(document, f"{draft.pk}/change/")
    assert browser.post(page, {"version": "2.0", "body": "Two.", "published_at_0": "2020-01-01"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.body, draft.published_at) == ("Two.", None)
    assert browser.post(admin_url(document, f"{draft.pk}/delete/"), {"post": "yes"}).status_code == 302
    assert not document.objects.exists()
    actions = [event.action for event in AuditEvent.objects.filter(object_id="2.0").order_by("id")]
    assert actions == ["admin.added", "admin.changed", "admin.deleted"]


def publish(browser, document, *rows, **more: str):
    data = {"action": "publish", "_selected_action": [row.pk for row in rows], **more}
    return browser.post(admin_url(document), data, follow=True)


@pytest.mark.feature("ISS_07")
@both
def test_publishing_asks_first_and_shows_what_will_be_in_force(document, browser, world):
    draft = document.objects.create(version="2.0", body="Read <me>.")
    asked = publish(browser, document, draft)
    assert "Read &lt;me&gt;." in asked.content.decode()
    draft.refresh_from_db()
    assert draft.published_at is None
    answer = publish(browser, document, draft, seen=asked.context["seen"])
    assert f"Version 2.0 of the {document.document} is in force." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.is_published(timezone.now())
    event = AuditEvent.objects.get(action=f"{document.audit_name}.published")
    assert event.actor_id == world.admin.pk
    again = publish(browser, document, draft, seen=asked.context["seen"])
    assert "Choose one draft to publish." in again.content.decode()


@both
def test_a_draft_changed_after_it_was_read_is_shown_again(document, browser):
    draft = document.objects.create(version="2.0", body="One.")
    asked = publish(browser, document, draft)
    document.objects.update(body="Two.")
    answer = publish(browser, document, draft, seen=asked.context["seen"])
    assert "The draft was changed while you were reading it." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.published_at is None


@both
def test_one_draft_is_published_at_a_time(document, browser):
    drafts = [document.objects.create(version=version, body="One.") for version in ("1.0", "2.0")]
    assert "Choose one draft to publish." in publish(browser, document, *drafts).content.decode()
    assert not document.objects.exclude(published_at=None).exists()


@pytest.mark.feature("ISS_07")
@both
def test_a_published_wording_is_only_read_in_the_administration(document, browser):
    wording = published(document, "1.0")
    page = admin_url(document, f"{wording.pk}/change/")
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"version": "1.0", "body": "Other."}).status_code == 403
    assert browser.post(admin_url(document, f"{wording.pk}/delete/"), {"post": "yes"}).status_code == 403
    wording.refresh_from_db()
    assert wording.body == "First.\n\nSecond."
