"""Drafting and publishing life events and calendars: services and administration."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from enrollment import shipped
from enrollment.models import LifeEventKind, OpenEnrollmentPeriod
from enrollment.rules.open_enrollment import calendar_problems
from enrollment.selectors.life_events import sep_tables
from enrollment.selectors.open_enrollment import open_now
from enrollment.services import enrollment_tables
from enrollment.services.enrollment_tables import CannotDraft, CannotPublish, fingerprint
from portal.common.dates import today_in
from portal.common.models import AuditEvent
from portal.common.staff_roles import StaffRole
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import UserFactory
from tests.support.sep import load_sep_tables

EVENTS = "/admin/enrollment/lifeeventkind/"
CALENDARS = "/admin/enrollment/openenrollmentperiod/"
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def tables(request) -> None:
    if not request.node.get_closest_marker("no_db"):
        request.getfixturevalue("db")
        load_sep_tables()


@pytest.fixture
def by(world) -> User:
    return world.admin


@pytest.fixture
def admin(world, sign_in):
    return sign_in(world.admin)


def in_force(code: str, us_state: str = "") -> LifeEventKind:
    return LifeEventKind.objects.published().get(code=code, us_state=us_state, last_day=None)


def drafted(by, code="BIRTH", **columns) -> LifeEventKind:
    draft = enrollment_tables.draft_life_event(in_force(code), by=by, today=today_in())
    for name, value in columns.items():
        setattr(draft, name, value)
    draft.save()
    return draft


def publish(draft, by, today=None):
    return enrollment_tables.publish_life_event(
        draft, seen=fingerprint([draft]), by=by, at=timezone.now(), today=today or today_in()
    )


def days_of(code: str) -> list[tuple]:
    """First day, last day, days after: rows gone by, in order."""
    rows = LifeEventKind.objects.published().filter(code=code).order_by("first_day")
    return list(rows.values_list("first_day", "last_day", "days_after"))


def calendar_drafts(by, us_state="IL", year=2027, **columns) -> list[OpenEnrollmentPeriod]:
    row = OpenEnrollmentPeriod.objects.published().filter(us_state=us_state, plan_year=year).first()
    drafts = enrollment_tables.draft_calendar(row, by=by)
    for draft in drafts:
        for name, value in columns.items():
            setattr(draft, name, value)
        draft.save()
    return drafts


def publish_calendar(drafts, by):
    return enrollment_tables.publish_calendar(drafts, seen=fingerprint(drafts), by=by, at=timezone.now())


# --- life events ---


def test_a_draft_says_what_the_row_says_and_changes_nothing_until_published(by):
    before = sep_tables("TX", "off", today_in())
    draft = drafted(by, days_after=90)
    assert (draft.state, draft.label, draft.first_day) == ("Draft", "Had a baby", today_in())
    assert sep_tables("TX", "off", today_in()) == before
    publish(draft, by)
    assert sep_tables("TX", "off", today_in()).events["BIRTH"].days_after == 90
    assert sep_tables("TX", "off", today_in() - DAY) == before


def test_publishing_keeps_the_row_before_as_history_and_is_audited(by):
    today, old = today_in(), in_force("BIRTH")
    published = publish(drafted(by, days_after=90, first_day=today + 10 * DAY), by)
    assert days_of("BIRTH") == [(old.first_day, today + 9 * DAY, 60), (today + 10 * DAY, None, 90)]
    assert (published.published_by, published.state) == (by, "Published")
    actions = list(AuditEvent.objects.order_by("id").values_list("action", "object_type", "object_id", "actor_id"))
    assert actions == [
        ("life_event.drafted", "lifeeventkind", "BIRTH", by.pk),
        ("life_event.published", "lifeeventkind", "BIRTH", by.pk),
    ]


def test_a_row_that_had_not_begun_is_replaced(by):
    today = today_in()
    later = publish(drafted(by, days_after=90, first_day=today + 10 * DAY), by)
    sooner = enrollment_tables.draft_life_event(later, by=by, today=today + 5 * DAY)
    publish(sooner, by)
    later.refresh_from_db()
    assert later.state == "Replaced"
    assert [row[1:] for row in days_of("BIRTH")] == [(today + 4 * DAY, 60), (None, 90)]


def test_on_the_same_day_the_newer_row_counts(by):
    today = today_in()
    publish(drafted(by, days_after=90), by)
    publish(drafted(by, days_after=45), by)
    assert sep_tables("TX", "off", today).events["BIRTH"].days_after == 45
    assert [row[2] for row in days_of("BIRTH")] == [60, 45]


def test_after_a_row_with_a_last_day_the_one_it_interrupts_goes_on(by):
    today = today_in()
    publish(drafted(by, days_after=120, first_day=today, last_day=today + 30 * DAY), by)
    assert [row[1:] for row in days_of("BIRTH")] == [(today - DAY, 60), (today + 30 * DAY, 120), (None, 60)]
    assert sep_tables("TX", "off", today + 31 * DAY).events["BIRTH"].days_after == 60


def test_a_states_own_row_leaves_that_of_every_state_alone(by):
    publish(drafted(by, us_state="NM", days_after=90), by)
    assert sep_tables("NM", "off", today_in()).events["BIRTH"].days_after == 90
    assert sep_tables("TX", "off", today_in()).events["BIRTH"].days_after == 60
    assert in_force("BIRTH").last_day is None


def test_one_draft_of_a_life_event_at_a_time(by):
    draft = drafted(by)
    with pytest.raises(CannotDraft, match="a draft of BIRTH already"):
        drafted(by)
    with pytest.raises(CannotDraft, match="a draft itself"):
        enrollment_tables.draft_life_event(draft, by=by, today=today_in())


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"first_day": date(2026, 1, 1)}, "which is past"),
        ({"days_before": 30}, "could begin before the event"),
        ({"citation": ""}, "cannot be blank"),
    ],
)
def test_a_draft_that_would_do_harm_is_not_published(by, columns, sentence):
    draft = drafted(by, **columns)
    with pytest.raises(CannotPublish, match=sentence):
        publish(draft, by)
    draft.refresh_from_db()
    assert draft.state == "Draft"
    assert len(days_of("BIRTH")) == 1


def test_what_was_not_read_or_is_published_already_is_not_published(by):
    draft = drafted(by, days_after=90)
    read = fingerprint([draft])
    LifeEventKind.objects.filter(pk=draft.pk).update(days_after=365)
    with pytest.raises(CannotPublish, match="read it again"):
        enrollment_tables.publish_life_event(draft, seen=read, by=by, at=timezone.now(), today=today_in())
    draft.refresh_from_db()
    publish(draft, by)
    with pytest.raises(CannotPublish, match="Only drafts"):
        publish(draft, by)


def test_what_cannot_be_audited_is_not_published(by, monkeypatch):
    draft = drafted(by, days_after=90)
    monkeypatch.setattr("portal.common.audit.AuditEvent.objects.create", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(draft, by)
    assert [row[1:] for row in days_of("BIRTH")] == [(None, 60)]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_does():
    load_sep_tables()
    by = UserFactory(carrier_admin=True)
    draft = drafted(by, days_after=90)
    results = at_once(*[lambda: publish(draft, by)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["CannotPublish", "LifeEventKind"]
    assert AuditEvent.objects.filter(action="life_event.published").count() == 1
    assert len(days_of("BIRTH")) == 2


# --- calendars ---

ILLINOIS = [row for row in shipped.calendar_rows() if (row.us_state, row.plan_year) == ("IL", 2027)]


def changed(row, **columns):
    return replace(row, **columns)


@pytest.mark.no_db
def test_what_makes_no_calendar_is_said():
    (only,) = ILLINOIS
    late = date(2026, 12, 31)
    second = changed(only, apply_through=late, effective_date=date(2027, 2, 1))
    fine = [changed(only, last_day=late), changed(second, last_day=late)]
    assert calendar_problems(fine) == []
    assert calendar_problems([changed(row, channel="on") for row in fine] + [changed(only, channel="off")]) == []
    cases = [
        ([], "no row"),
        ([only, changed(only, us_state="NM")], "several states"),
        ([only, changed(only, channel="on")], "both channels"),
        ([only, changed(second, last_day=late)], "same first and last day"),
        ([changed(only, last_day=late)], "reach through"),
        ([fine[0], changed(fine[1], effective_date=date(2027, 1, 1))], "covered later"),
        ([fine[0], fine[0], fine[1]], "same last day to apply"),
        ([changed(only, effective_date=date(2026, 12, 1), plan_year=2026)], "after the last day"),
        ([changed(only, plan_year=2028)], "in the plan year"),
    ]
    for rows, sentence in cases:
        assert sentence in " ".join(calendar_problems(rows)), sentence


def test_a_longer_calendar_is_drafted_and_takes_the_place_of_the_one_before(by):
    last = date(2026, 12, 31)
    drafts = calendar_drafts(by, last_day=last, apply_through=last, confirmed=True, note="", source="State notice")
    assert open_now("IL", "OFF", last) == []
    publish_calendar(drafts, by)
    (row,) = open_now("IL", "OFF", last)
    assert (row.confirmed, row.published_by) == (True, by)
    assert OpenEnrollmentPeriod.objects.filter(us_state="IL", plan_year=2027, withdrawn_at__isnull=False).count() == 1
    assert open_now("NM", "OFF", last) == []
    event = AuditEvent.objects.get(action="open_enrollment.published")
    assert (event.object_id, event.details) == ("IL 2027", {"rows": 1, "replaced": 1})


def test_one_channel_is_replaced_alone_where_it_has_rows_of_its_own(by):
    off = OpenEnrollmentPeriod.objects.published().filter(us_state="IL", plan_year=2026, channel="off").first()
    drafts = enrollment_tables.draft_calendar(off, by=by)
    assert [draft.channel for draft in drafts] == ["off", "off"]
    publish_calendar(drafts, by)
    kept = OpenEnrollmentPeriod.objects.published().filter(us_state="IL", plan_year=2026, channel="on")
    assert kept.count() == 2


def test_a_channel_is_not_left_without_a_calendar(by):
    drafts = calendar_drafts(by, channel="off")
    with pytest.raises(CannotPublish, match="On Exchange would be left without a calendar"):
        publish_calendar(drafts, by)
    assert open_now("IL", "ON", date(2026, 11, 21))


def test_drafts_of_one_calendar_exist_once(by):
    calendar_drafts(by)
    with pytest.raises(CannotDraft, match="drafts for IL 2027 On and Off Exchange already"):
        calendar_drafts(by)


# --- the administration ---


def act(client, url, action, *rows, **more):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(url, data, follow=True)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_a_life_event_is_changed_by_draft_last_look_and_publishing(admin):
    published = in_force("BIRTH")
    assert said(act(admin, EVENTS, "draft_a_change", published)) == [
        "A draft of BIRTH was made. Edit it, then publish it."
    ]
    draft = LifeEventKind.objects.drafts().get()
    LifeEventKind.objects.filter(pk=draft.pk).update(days_after=90)
    look = act(admin, EVENTS, "publish", draft)
    table = pages.read(look).one("table", class_="rows-to-publish")
    assert [[cell.text for cell in row.all("td")] for row in table.one("tbody").all("tr")][0] == ["60", "90"]
    assert LifeEventKind.objects.drafts().exists()
    seen = pages.read(look).one("input", name="seen").attrs["value"]
    done = act(admin, EVENTS, "publish", draft, seen=seen)
    assert said(done)[0].startswith("BIRTH is published, in force from ")
    assert in_force("BIRTH").days_after == 90


def test_a_draft_edited_after_the_last_look_is_shown_again(admin, by):
    draft = drafted(by)
    seen = pages.read(act(admin, EVENTS, "publish", draft)).one("input", name="seen").attrs["value"]
    LifeEventKind.objects.filter(pk=draft.pk).update(days_after=1)
    again = act(admin, EVENTS, "publish", draft, seen=seen)
    assert "The draft was changed while you were reading it" in again.text
    assert LifeEventKind.objects.drafts().exists()


def test_published_rows_are_read_only_and_kept_and_drafts_are_edited_and_deleted(admin, by):
    published, draft = in_force("BIRTH"), drafted(by)
    assert admin.post(f"{EVENTS}{published.pk}/change/", {"label": "Other"}).status_code == 403
    assert admin.post(f"{EVENTS}{published.pk}/delete/", {"post": "yes"}).status_code == 403
    page = pages.read(admin.get(f"{EVENTS}{draft.pk}/change/"))
    form = {box.attrs["name"]: box.attrs.get("value", "") for box in page.all("input") if "name" in box.attrs}
    fields = {name: value for name, value in form.items() if not name.startswith(("_", "csrf"))}
    fields |= {"us_state": "", "off_exchange": "yes", "on_exchange": "yes", "rule": "event_date"}
    for name in ("midmonth", "needs_prior_coverage", "once_a_year", "review", "elect_after_event"):
        fields.pop(name, None)
    saved = admin.post(f"{EVENTS}{draft.pk}/change/", {**fields, "days_before": "30"})
    assert "could begin before the event" in saved.text
    assert admin.post(f"{EVENTS}{draft.pk}/change/", {**fields, "days_after": "75"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.days_after, draft.state) == (75, "Draft")
    assert admin.post(f"{EVENTS}{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not LifeEventKind.objects.drafts().exists()
    assert {"admin.changed", "admin.deleted"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_only_drafts_are_published_one_life_event_at_a_time(admin, by):
    one, other = drafted(by), drafted(by, "MARRIAGE")
    assert said(act(admin, EVENTS, "publish", in_force("LOSS_MEC"))) == [
        "Choose drafts only; the others are published already."
    ]
    assert said(act(admin, EVENTS, "publish", one, other)) == ["Choose one draft to publish."]
    assert said(act(admin, EVENTS, "draft_a_change", one))[0].endswith("is a draft itself.")
    assert LifeEventKind.objects.drafts().count() == 2


def test_a_calendar_is_changed_as_a_whole_after_a_look_at_both(admin):
    row = OpenEnrollmentPeriod.objects.published().get(us_state="NM", plan_year=2027)
    assert said(act(admin, CALENDARS, "draft_a_change", row)) == ["1 draft was made for NM 2027. Edit, then publish."]
    draft = OpenEnrollmentPeriod.objects.drafts().get()
    last = date(2026, 12, 31)
    OpenEnrollmentPeriod.objects.filter(pk=draft.pk).update(last_day=last)
    assert said(act(admin, CALENDARS, "publish", draft)) == ["The last row must reach through the last day to apply."]
    OpenEnrollmentPeriod.objects.filter(pk=draft.pk).update(apply_through=last)
    look = pages.read(act(admin, CALENDARS, "publish", draft))
    assert [table.one("caption").text for table in look.all("table", class_="rows-to-publish")] == [
        "NM 2027 until now",
        "NM 2027 from now on",
    ]
    seen = look.one("input", name="seen").attrs["value"]
    assert said(act(admin, CALENDARS, "publish", draft, seen=seen)) == ["The calendar NM 2027 is published."]
    assert open_now("NM", "OFF", last)


def test_the_list_says_what_a_row_is_and_filters_by_it(admin, by):
    publish(drafted(by, first_day=today_in() + DAY), by)
    drafted(by, "MARRIAGE")
    listed = pages.read(admin.get(EVENTS + "?row=draft"))
    assert [cell.text for cell in listed.all(class_="field-row_state")] == ["Draft"]
    births = pages.read(admin.get(EVENTS + "?q=BIRTH"))
    assert [cell.text for cell in births.all(class_="field-row_state")] == ["Published, not yet in force", "Published"]


def test_staff_who_may_only_look_neither_draft_nor_publish(sign_in, by):
    draft = drafted(by)
    client = sign_in(UserFactory(clerk=True, staff_role=StaffRole.AUDITOR))
    assert client.get(EVENTS).status_code == 200
    act(client, EVENTS, "publish", draft, seen=fingerprint([draft]))
    act(client, EVENTS, "draft_a_change", in_force("MARRIAGE"))
    assert LifeEventKind.objects.drafts().count() == 1
    assert len(days_of("BIRTH")) == 1
