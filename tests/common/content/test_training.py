"""Training: what certification is worth, how completions get in, who is reminded."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.common.content import tasks
from portal.common.content.models import TrainingCompletion
from portal.common.content.selectors.training import certification
from portal.common.content.services import completions, reminders
from portal.common.content.services.completions import AlreadyRecorded, Imported, UnusableFile
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.notifications.models import Notification
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import (
    TrainingCompletionFactory,
    TrainingCourseFactory,
    UserFactory,
)

pytestmark = pytest.mark.feature("ISS_08")
TODAY = date(2026, 6, 15)


@pytest.fixture
def rita(world, sign_in) -> Client:
    return sign_in(world.producer)


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def listed(response) -> dict[str, str]:
    """What is said about each course."""
    lines = pages.read(response).one("main").one("ul", class_="library-list").all("li")
    return {line.one("h3").text: line.one("div", class_="library-action").text for line in lines}


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("ends", "required", "label", "tone", "note"),
    [
        ([], False, "Not completed", "secondary", ""),
        ([], True, "Required", "danger", "Not completed"),
        ([None], True, "Certified", "success", "Does not expire"),
        ([date(2027, 1, 31)], True, "Certified until 01/31/2027", "success", ""),
        ([date(2026, 7, 15)], True, "Expires in 30 days", "warning", "Certified until 07/15/2026"),
        ([date(2026, 7, 16)], True, "Certified until 07/16/2026", "success", ""),
        ([date(2026, 6, 16)], False, "Expires in 1 day", "warning", "Certified until 06/16/2026"),
        ([date(2026, 6, 15)], False, "Expires today", "warning", "Certified until 06/15/2026"),
        ([date(2026, 6, 14)], False, "Expired on 06/14/2026", "danger", ""),
        ([date(2026, 6, 14)], True, "Expired on 06/14/2026", "danger", "Required"),
    ],
)
def test_certification_in_words(ends, required, label, tone, note):
    said = certification(ends, required=required, on=TODAY)
    assert (said.label, said.tone, said.note) == (label, tone, note)


def test_the_list_says_for_each_course_what_the_person_has(rita, world):
    for title, end, required in (
        ("Certified", in_days(90), True),
        ("Expiring", in_days(12), True),
        ("Expired", in_days(-1), False),
    ):
        TrainingCompletionFactory(
            course__title=title,
            course__required=required,
            user=world.producer,
            completed_on=in_days(-300),
            expires_on=end,
        )
    TrainingCourseFactory(title="Missing", required=True)
    TrainingCourseFactory(title="Optional")
    TrainingCompletionFactory(course__title="Somebody else's", user=world.outsider)
    said = listed(rita.get("/training/"))
    assert list(said) == ["Certified", "Expiring", "Missing", "Expired", "Optional", "Somebody else's"]
    assert said["Certified"] == f"Certified until {in_days(90):%m/%d/%Y}"
    assert said["Expiring"] == f"Expires in 12 days Certified until {in_days(12):%m/%d/%Y}"
    assert said["Missing"] == "Required Not completed"
    assert said["Expired"] == f"Expired on {in_days(-1):%m/%d/%Y}"
    assert said["Optional"] == said["Somebody else's"] == "Not completed"


def test_a_completion_of_a_day_to_come_does_not_count_yet(rita, world):
    TrainingCompletionFactory(course__title="Soon", user=world.producer, completed_on=in_days(1))
    assert listed(rita.get("/training/")) == {"Soon": "Not completed"}


def test_courses_are_of_the_persons_states_and_those_completed(rita, world):
    TrainingCourseFactory(title="Here", states=["IL"])
    TrainingCourseFactory(title="There", states=["OK"])
    TrainingCompletionFactory(course__title="Done there", course__states=["OK"], user=world.producer)
    TrainingCompletionFactory(course__title="Done and gone", course__active=False, user=world.producer)
    TrainingCourseFactory(title="Gone", active=False)
    assert set(listed(rita.get("/training/"))) == {"Here", "Done there", "Done and gone"}
    assert set(listed(rita.get("/training/?state=ALL"))) == {"Here", "There", "Done there", "Done and gone"}


def test_the_carriers_staff_are_not_told_about_a_certification_of_their_own(world, sign_in):
    course = TrainingCourseFactory(required=True)
    client = sign_in(world.admin)
    for url in ("/training/", f"/training/{course.code}/"):
        text = pages.read(client.get(url)).one("main").text
        assert course.title in text
        assert "Not completed" not in text


def test_a_course_has_a_page_that_leads_to_where_it_is_taken(rita, world):
    course = TrainingCourseFactory(
        code="compliance",
        title="Compliance",
        body="# About\n\n<b>words</b>",
        url="https://training.example/c/",
        valid_months=12,
        minutes=45,
        plan_year=2027,
    )
    TrainingCompletionFactory(
        course=course, user=world.producer, completed_on=date(2025, 1, 31), expires_on=date(2026, 1, 31)
    )
    page = pages.read(rita.get("/training/compliance/"))
    link = next(a for a in page.all("a") if a.text.startswith("Take This Course"))
    assert (link.attrs["href"], link.attrs["rel"]) == ("https://training.example/c/", "noopener noreferrer")
    assert "Leaves the portal" in page.text
    facts = pages.facts(page.one("main"))
    assert facts["Valid for"] == "12 months"
    assert facts["Completed 01/31/2025"] == "Last day: 01/31/2026"
    assert page.one("h3").text == "About"
    assert "<b>words</b>" in page.one("main").text


def test_a_course_that_is_no_longer_offered_opens_for_those_who_took_it_only(rita, world, sign_in):
    course = TrainingCompletionFactory(
        course__active=False, course__url="https://training.example/", course__required=True, user=world.producer
    ).course
    page = pages.read(rita.get(f"/training/{course.code}/"))
    assert "No longer offered" in page.text
    assert "Take This Course" not in page.text
    assert sign_in(world.outsider).get(f"/training/{course.code}/").status_code == 404


def test_my_information_shows_required_courses_and_everything_completed(rita, world):
    TrainingCourseFactory(title="Missing", required=True)
    TrainingCourseFactory(title="Optional")
    TrainingCompletionFactory(course__title="Done", user=world.producer)
    panel = pages.read(rita.get("/accounts/my-information/")).one("section", aria_labelledby="certifications-title")
    said = {row.one("a").text: row.all("td")[1].text for row in panel.one("tbody").all("tr")}
    assert said == {"Missing": "Required Not completed", "Done": "Certified Does not expire"}


@pytest.mark.parametrize("who", ["admin", "producer"])
def test_without_anything_to_say_my_information_has_no_such_panel(world, sign_in, who):
    TrainingCourseFactory(required=who == "admin")
    page = pages.read(sign_in(getattr(world, who)).get("/accounts/my-information/"))
    assert not page.all("section", aria_labelledby="certifications-title")


def test_the_list_asks_the_same_whatever_its_length(rita, world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in range(3):
        for _ in range(number * 5 + 1):
            TrainingCompletionFactory(user=world.producer)
        with CaptureQueriesContext(connection) as queries:
            rita.get("/training/")
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 12


# Recording


def test_a_completion_counts_for_the_months_of_its_course(world):
    course = TrainingCourseFactory(code="compliance", valid_months=6)
    row = completions.record(course=course, user=world.producer, completed_on=date(2026, 8, 31), by=world.admin)
    assert row.expires_on == date(2027, 2, 28)
    event = AuditEvent.objects.get(action="training.completion_recorded")
    assert (event.actor_id, event.object_id, event.details) == (world.admin.pk, str(row.pk), {"course": "compliance"})


def test_the_same_completion_is_recorded_once(world):
    facts = {"course": TrainingCourseFactory(), "user": world.producer, "completed_on": TODAY, "by": world.admin}
    completions.record(**facts)
    with pytest.raises(AlreadyRecorded):
        completions.record(**facts)
    assert AuditEvent.objects.filter(action="training.completion_recorded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_at_once_make_one():
    course, user, admin = TrainingCourseFactory(), UserFactory(), UserFactory(carrier_admin=True)

    def act() -> str:
        try:
            completions.record(course=course, user=user, completed_on=TODAY, by=admin)
        except AlreadyRecorded:
            return "known"
        return "recorded"

    answers = at_once(*[act] * 5)
    assert sorted(answers) == ["known"] * 4 + ["recorded"]
    assert TrainingCompletion.objects.count() == 1


def test_without_its_audit_row_nothing_is_recorded(world, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(completions.audit, "record", refuse)
    with pytest.raises(RuntimeError):
        completions.record(course=TrainingCourseFactory(), user=world.producer, completed_on=TODAY, by=world.admin)
    assert not TrainingCompletion.objects.exists()


def csv_of(*lines: str) -> bytes:
    return "\r\n".join(("username,course,completed_on", *lines)).encode()


def take(content: bytes, by) -> Imported:
    return completions.record_file(content, by=by, today=TODAY)


def test_a_file_is_recorded_whatever_its_case_order_and_dates(world):
    TrainingCourseFactory(code="compliance", valid_months=12)
    content = "\ufeffCompleted_On , username,course,note\n2026-01-31,RSOLBERG7,compliance,x\n\n6/1/2026,outsider9,compliance\n"
    assert take(content.encode(), world.admin) == Imported(recorded=2, known=0)
    assert list(
        TrainingCompletion.objects.order_by("completed_on").values_list("user__username", "completed_on", "expires_on")
    ) == [
        ("rsolberg7", date(2026, 1, 31), date(2027, 1, 31)),
        ("outsider9", date(2026, 6, 1), date(2027, 6, 1)),
    ]
    assert take(content.encode(), world.admin) == Imported(recorded=0, known=2)
    assert AuditEvent.objects.filter(action="training.completions_imported").count() == 2


def test_a_file_with_a_mistake_records_nothing_and_names_every_mistake(world):
    TrainingCourseFactory(code="compliance")
    content = csv_of(
        "rsolberg7,compliance,06/15/2026",
        "nobody,compliance,06/15/2026",
        "rsolberg7,unknown,06/15/2026",
        "rsolberg7,compliance,06/31/2026",
        "rsolberg7,compliance,06/16/2026",
        ",,06/16/2026",
    )
    with pytest.raises(UnusableFile) as refused:
        take(content, world.admin)
    assert refused.value.errors == [
        "Line 3: there is no login with this username.",
        "Line 4: there is no course with this code.",
        "Line 5: completed_on must be a day as MM/DD/YYYY.",
        "Line 6: completed_on is in the future.",
        "Line 7: there is no login with this username.",
        "Line 7: there is no course with this code.",
        "Line 7: completed_on is in the future.",
    ]
    assert not TrainingCompletion.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The first line must name the columns"),
        (b"username,course\na,b", "The first line must name the columns"),
        (b"username,username,course,completed_on\na,b,c,d", "The first line must name the columns"),
        (b"username,course,completed_on\n", "no line below"),
        (b"\xff\xfeu\x00s\x00", "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "not text"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
        (b"username,course,completed_on\n" + b"a,b,c\n" * 2001, "more than 2,000 lines"),
        (b"username,course,completed_on\n" + b"a" * 140_000 + b",b,c\n", "Line 2 cannot be read as CSV."),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(world, content, said):
    with pytest.raises(UnusableFile, match=said):
        take(content, world.admin)


def test_of_very_many_mistakes_the_first_twenty_are_named(world):
    with pytest.raises(UnusableFile) as refused:
        take(csv_of(*["nobody,none,06/01/2026"] * 30), world.admin)
    assert len(refused.value.errors) == 21
    assert refused.value.errors[-1] == "... and 40 more."


def test_a_file_costs_few_questions_for_who_is_who(world, django_assert_max_num_queries):
    TrainingCourseFactory(code="compliance")
    lines = [f"rsolberg7,compliance,0{month}/0{day}/2026" for month in range(1, 6) for day in range(1, 9)]
    with django_assert_max_num_queries(5 + 7 * len(lines)):
        take(csv_of(*lines), world.admin)


# Reminders


@pytest.fixture
def certified(world) -> TrainingCompletion:
    return TrainingCompletionFactory(
        course__code="compliance",
        course__title="Compliance",
        user=world.producer,
        completed_on=in_days(-300),
        expires_on=in_days(30),
    )


def notices() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("id").values_list("recipient__username", "title"))


def test_people_are_told_thirty_and_seven_days_before_and_once_each(certified):
    now = timezone.now()
    for days in (-1, 0, 0, 1, 22, 23, 24, 30, 31):
        reminders.remind(at=now + timedelta(days=days))
    title = f"Your certification Compliance expires on {certified.expires_on:%m/%d/%Y}"
    assert notices() == [("rsolberg7", title)] * 2
    facts = list(Notification.objects.order_by("id").values_list("kind", "url", "dedupe_key"))
    key = f"training-expiring:{certified.pk}"
    assert facts == [
        ("training.expiring", "/training/compliance/", f"{key}:30:{certified.user_id}"),
        ("training.expiring", "/training/compliance/", f"{key}:7:{certified.user_id}"),
    ]
    assert OutboundMessage.objects.filter(to=certified.user.security_email).count() == 2


def test_whoever_is_first_looked_at_late_is_told_once(certified):
    TrainingCompletion.objects.update(expires_on=in_days(3))
    tasks.remind_of_expiring_training()
    tasks.remind_of_expiring_training()
    assert len(notices()) == 1


@pytest.mark.parametrize("later", [None, 200])
def test_whoever_took_the_course_again_is_not_told(certified, later):
    TrainingCompletionFactory(
        course=certified.course,
        user=certified.user,
        completed_on=in_days(-1),
        expires_on=None if later is None else in_days(later),
    )
    assert reminders.remind(at=timezone.now()) == 0
    assert notices() == []


def test_another_course_or_another_person_makes_no_difference(certified, world):
    TrainingCompletionFactory(user=certified.user, expires_on=in_days(300))
    TrainingCompletionFactory(course=certified.course, user=world.outsider, expires_on=in_days(300))
    assert reminders.remind(at=timezone.now()) == 1


@pytest.mark.parametrize("why", ["course closed", "login closed", "expired", "far away"])
def test_nobody_is_told_without_a_reason(certified, why):
    if why == "course closed":
        certified.course.active = False
        certified.course.save()
    elif why == "login closed":
        certified.user.is_active = False
        certified.user.save()
    else:
        TrainingCompletion.objects.update(expires_on=in_days(-1 if why == "expired" else 31))
    assert reminders.remind(at=timezone.now()) == 0
    assert notices() == []
