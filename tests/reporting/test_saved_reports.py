"""Custom reports: saved once, run, shared with delegates, scheduled, deleted and brought back; what changed since."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Policy
from portal.common.models import AuditEvent
from reporting import snapshots
from reporting.criteria import Criteria
from reporting.models import ReportRun, SavedReport
from reporting.rules import periods, schedules
from reporting.services import saved_reports
from reporting.services.saved_reports import NAME_TAKEN, Choices
from tests.support import pages
from tests.support.books import write_policies
from tests.support.concurrency import at_once
from tests.support.reports import make, run_saved, save_report

BUILDER, SAVED = "/reports/new/", "/reports/saved/"
DAY = timedelta(days=1)
KEY = "a-form-key-of-tests"


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def url(name: str, saved: SavedReport) -> str:
    return reverse(f"reporting:saved-{name}", args=[saved.pk])


def save_address(client, **data: str) -> str:
    """Where the report that these data make is saved."""
    page = pages.read(client.post(BUILDER, data, follow=True))
    return next(link.attrs["href"] for link in page.all("a") if link.text == "Save as Custom Report")


def names(client) -> list[str]:
    return [line.one("strong").text for line in pages.read(client.get(SAVED)).all("div", class_="saved-report-what")]


# --- rules ---


@pytest.mark.no_db
@pytest.mark.feature("REP_16")
@pytest.mark.parametrize(
    ("code", "today", "first", "last"),
    [
        ("TODAY", date(2028, 2, 29), date(2028, 2, 29), date(2028, 2, 29)),
        ("NEXT_30", date(2026, 12, 15), date(2026, 12, 15), date(2027, 1, 14)),
        ("NEXT_7", date(2028, 2, 25), date(2028, 2, 25), date(2028, 3, 3)),
        ("LAST_90", date(2027, 3, 1), date(2026, 12, 1), date(2027, 3, 1)),
        ("THIS_MONTH", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("NEXT_MONTH", date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 28)),
        ("LAST_MONTH", date(2028, 3, 31), date(2028, 2, 1), date(2028, 2, 29)),
        ("LAST_MONTH", date(2027, 1, 1), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_relative_dates_are_worked_out_on_the_day(code, today, first, last):
    assert periods.days_of(code, today=today) == (first, last)
    asked = Criteria(report="policy_term", period=code, first=date(2000, 1, 1), last=date(2000, 1, 2)).on(today)
    assert (asked.first, asked.last) == (first, last)


@pytest.mark.no_db
@given(today=st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_every_period_goes_forward_and_is_found_again_by_its_days(today):
    for period in periods.PERIODS:
        first, last = period.days(today)
        assert first <= last
        assert periods.BY_CODE[periods.like(first, last, today=today)].days(today) == (first, last)


@pytest.mark.no_db
@given(
    after=st.dates(date(1990, 1, 1), date(2090, 12, 31)),
    plan=st.sampled_from([("DAILY", 0), *(("WEEKLY", n) for n in range(7)), *(("MONTHLY", n) for n in (1, 15, 28))]),
)
def test_a_schedule_goes_to_the_very_next_of_its_days(after, plan):
    schedule, day = plan
    fits = {
        "DAILY": lambda one: True,
        "WEEKLY": lambda one: one.weekday() == day,
        "MONTHLY": lambda one: one.day == day,
    }[schedule]
    following = (after + n * DAY for n in range(1, 40))
    assert schedules.next_run(schedule, day, after=after) == next(one for one in following if fits(one))


@pytest.mark.no_db
@pytest.mark.parametrize("plan", [("", 0), ("WEEKLY", 7), ("MONTHLY", 29), ("MONTHLY", 0), ("HOURLY", 1)])
def test_another_schedule_is_refused(plan):
    with pytest.raises(ValueError, match="no such schedule"):
        schedules.next_run(*plan, after=date(2026, 11, 21))


@pytest.mark.no_db
@given(
    before=st.dictionaries(st.integers(0, 30), st.integers(0, 2**64 - 1)),
    now=st.dictionaries(st.integers(0, 30), st.integers(0, 2**64 - 1)),
)
def test_new_gone_and_changed_are_the_difference_of_two_runs(before, now):
    assert snapshots.unpack(snapshots.pack(now)) == now
    found = snapshots.compare(before, now)
    assert set(found.new) == now.keys() - before.keys()
    assert set(found.gone) == before.keys() - now.keys()
    assert set(found.changed) == {key for key in now.keys() & before.keys() if now[key] != before[key]}


# --- saving ---


@pytest.mark.feature("REP_16")
def test_a_report_is_saved_under_a_name_and_runs_with_the_same_filters(world, client):
    address = save_address(client, policy_status="GRACE", product_name="bronze", off_exchange="on")
    form = pages.read(client.get(address))
    key = form.one("input", name="form_key").attrs["value"]
    for _ in range(5):
        assert client.post(address, {"name": "Bronze in grace", "form_key": key}).url == SAVED
    (saved,) = SavedReport.objects.all()
    assert saved_reports.criteria_of(saved) == Criteria(
        policy_status="GRACE", product_name="bronze", switches=("off_exchange",)
    )
    response = client.post(url("run", saved), {"form_key": KEY}, follow=True)
    page = pages.read(response)
    assert page.one("h2", class_="report-title").text == "Policy Status: Grace Period"
    assert "Bronze in grace" in [word.text for word in page.all(class_="search-word")]
    assert "This is the first run." in page.one("nav", class_="report-changes").text


def test_the_days_as_entered_are_recognised_as_a_period_that_moves(client):
    today = timezone.localdate()
    days = {"first": f"{today:%m/%d/%Y}", "last": f"{today + 30 * DAY:%m/%d/%Y}"}
    address = save_address(client, report="coverage_effective", **days)
    chosen = pages.read(client.get(address)).one("select", name="period").one("option", selected="")
    assert chosen.text == "Next 30 days"
    client.post(address, {"name": "Soon", "period": "NEXT_30", "form_key": KEY})
    saved = SavedReport.objects.get()
    assert saved_reports.criteria_of(saved).period == "NEXT_30"
    later = ReportRun(run_on=today + 400 * DAY)
    assert saved_reports.criteria_of(saved).on(later.run_on).first == later.run_on


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"name": ""}, "name", "Enter a name for the report."),
        ({"name": "EVERYBODY"}, "name", NAME_TAKEN),
        ({"name": "x" * 81}, "name", "Ensure this value has at most 80 characters (it has 81)."),
        ({"name": "A", "schedule": "HOURLY"}, "schedule", "Choose one of the schedules in the list."),
        ({"name": "A", "schedule": "WEEKLY", "weekday": "9"}, "weekday", "Choose a weekday."),
        ({"name": "A", "day_of_month": "31"}, "day_of_month", "Choose a day from 1 to 28, which every month has."),
    ],
)
@pytest.mark.sampled(3)
def test_what_cannot_be_saved_is_said_beside_its_field(world, client, data, field, said):
    save_report(world.producer, "Everybody")
    page = pages.read(client.post(save_address(client, policy_status="ALL"), {**data, "form_key": KEY}))
    assert page.one(id=f"id_{field}_error").text == said
    assert SavedReport.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_posts_of_one_form_save_one_report(world):
    made = at_once(*[lambda: save_report(world.producer, "Once", key="once").pk] * 5)
    assert len(set(made)) == SavedReport.objects.count() == 1


def test_one_person_keeps_a_limited_number(world, monkeypatch):
    monkeypatch.setattr(saved_reports, "MOST_REPORTS", 1)
    save_report(world.producer, "One")
    with pytest.raises(saved_reports.TooMany):
        save_report(world.producer, "Two")


# --- whose it is ---


@pytest.mark.feature("REP_16")
def test_a_shared_report_is_run_by_delegates_with_their_own_rights_and_changed_by_its_owner(world, sign_in):
    saved = save_report(world.producer, "Ours", shared=True)
    save_report(world.producer, "Mine")
    lists = {
        who: names(sign_in(getattr(world, who))) for who in ("producer", "delegate", "principal", "outsider", "admin")
    }
    assert lists == {"producer": ["Mine", "Ours"], "delegate": ["Ours"], "principal": [], "outsider": [], "admin": []}
    delegate = sign_in(world.delegate)
    assert len(pages.grid(delegate.post(url("run", saved), {"form_key": KEY}, follow=True)).rows) == 1
    assert delegate.post(url("delete", saved)).status_code == 403
    assert sign_in(world.outsider).post(url("run", saved), {"form_key": KEY}).status_code == 404
    assert sign_in(world.delegate_without_view).get(SAVED).status_code == 403
    assert sign_in(world.former_delegate).post(url("run", saved), {"form_key": KEY}).status_code == 403


def test_a_delegates_own_report_is_offered_no_sharing(world, sign_in):
    delegate = sign_in(world.delegate)
    page = pages.read(delegate.get(save_address(delegate, policy_status="ALL")))
    assert not page.all("input", name="shared")


def test_changing_deleting_and_undo(world, client):
    saved = save_report(world.producer, "Old name", criteria=Criteria(report="policy_term"), period="NEXT_30")
    page = pages.read(client.get(url("change", saved)))
    assert page.one("input", name="name").attrs["value"] == "Old name"
    client.post(
        url("change", saved),
        {"name": "New name", "period": "LAST_30", "shared": "on", "schedule": "MONTHLY", "day_of_month": "5"},
    )
    saved.refresh_from_db()
    assert (saved.name, saved.shared, saved.schedule, saved.schedule_day) == ("New name", True, "MONTHLY", 5)
    assert saved_reports.criteria_of(saved).period == "LAST_30"
    client.post(url("delete", saved))
    assert client.post(url("run", saved), {"form_key": KEY}).status_code == 404
    assert client.get(url("change", saved)).status_code == 404
    save_report(world.producer, "new NAME")
    client.post(url("restore", saved))
    assert names(client) == ["new NAME", "New name (2)"]
    actions = AuditEvent.objects.filter(action__startswith="report.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["report.saved", "report.changed", "report.deleted", "report.saved", "report.restored"]
    assert "name" not in AuditEvent.objects.filter(action="report.saved").first().details


# --- what changed ---


@pytest.mark.feature("REP_16")
def test_the_next_run_shows_what_is_new_gone_and_changed(world, client):
    stays, goes, changes = write_policies(world.policy, [{"product_name": f"Plan {n}"} for n in range(3)])
    saved = save_report(world.producer, criteria=Criteria(policy_status="GRACE"))
    run_saved(saved, world.producer, "first")
    Policy.objects.filter(pk=goes.pk).update(status="TERMED")
    Policy.objects.filter(pk=changes.pk).update(paid_to_date=date(2026, 1, 1))
    (new,) = write_policies(world.policy, [{"product_name": "Plan 9"}])
    response = client.post(url("run", saved), {"form_key": KEY}, follow=True)
    nav = pages.read(response).one("nav", class_="report-changes")
    links = {link.text: link.attrs["href"] for link in nav.all("a")}
    assert list(links) == ["All rows 4", "New 1", "Changed 1", "Gone 1"]
    shown = {text: pages.grid(client.get(address)).column("Product Name") for text, address in links.items()}
    assert shown["New 1"] == [new.product_name]
    assert shown["Changed 1"] == [changes.product_name]
    assert shown["Gone 1"] == [goes.product_name]
    assert stays.product_name in shown["All rows 4"]
    assert pages.grid(client.get(links["Gone 1"])).column("Status") == ["Termed"]


def test_who_left_the_book_is_counted_as_gone_and_not_shown(world, client):
    saved = save_report(world.producer)
    run_saved(saved, world.producer, "first")
    Policy.objects.filter(pk=world.policy.pk).update(producer_number=world.outsider_policy.producer_number)
    response = client.post(url("run", saved), {"form_key": KEY}, follow=True)
    links = {
        link.text: link.attrs["href"] for link in pages.read(response).one("nav", class_="report-changes").all("a")
    }
    assert "Gone 1" in links
    assert pages.grid(client.get(links["Gone 1"])).rows == []


def test_a_run_keeps_no_value_of_any_client(world):
    run = run_saved(save_report(world.producer), world.producer, "first")
    kept = bytes(run.snapshot) + repr(run.changes).encode() + run.title.encode()
    assert world.policy.insured_last_name.encode() not in snapshots.zlib.decompress(run.snapshot)
    assert world.policy.insured_last_name.encode() not in kept
    again = run_saved(run.saved_report, world.producer, "second")
    run.refresh_from_db()
    assert run.snapshot is None
    assert again.compared_with == run


def test_two_people_compare_with_their_own_last_run(world):
    saved = save_report(world.producer, shared=True)
    run_saved(saved, world.producer, "first")
    assert run_saved(saved, world.delegate, "second").compared_with is None


# --- by itself ---

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9 AM in Chicago


@pytest.mark.feature("REP_16")
def test_a_scheduled_report_is_owed_once_a_day_from_the_morning_on(world, settings):
    saved = save_report(world.producer, schedule="WEEKLY", schedule_day=0)
    SavedReport.objects.filter(pk=saved.pk).update(next_run_on=date(2026, 11, 23))
    assert saved_reports.owe_scheduled(now=MONDAY.replace(hour=10)) == 0  # 4 AM
    assert [saved_reports.owe_scheduled(now=MONDAY) for _ in range(3)] == [1, 0, 0]
    saved.refresh_from_db()
    assert saved.next_run_on == date(2026, 11, 30)
    run = make(ReportRun.objects.get())
    assert (run.trigger, run.state, run.run_on) == ("SCHEDULED", "READY", date(2026, 11, 23))


def test_a_missed_week_is_made_up_for_once(world):
    saved = save_report(world.producer, schedule="DAILY")
    SavedReport.objects.filter(pk=saved.pk).update(next_run_on=date(2026, 11, 1))
    assert saved_reports.owe_scheduled(now=MONDAY) == 1
    saved.refresh_from_db()
    assert saved.next_run_on == date(2026, 11, 24)


def test_nothing_runs_for_who_may_no_longer_or_for_a_deleted_report(world):
    gone = save_report(world.producer, "Gone", schedule="DAILY")
    saved_reports.delete(saved=gone, by=world.producer, now=timezone.now())
    closed = save_report(world.outsider, schedule="DAILY")
    type(world.outsider).objects.filter(pk=world.outsider.pk).update(is_active=False)
    SavedReport.objects.update(next_run_on=date(2026, 11, 1))
    assert saved_reports.owe_scheduled(now=MONDAY) == 0
    closed.refresh_from_db()
    assert closed.next_run_on == date(2026, 11, 24)


def test_a_refused_change_keeps_everything_as_it_was(world):
    save_report(world.producer, "Taken")
    saved = save_report(world.producer, "Mine", schedule="DAILY")
    before = SavedReport.objects.filter(pk=saved.pk).values().get()
    with pytest.raises(saved_reports.NameTaken):
        saved_reports.change(saved=saved, choices=Choices(name="taken"), by=world.producer, now=timezone.now())
    assert SavedReport.objects.filter(pk=saved.pk).values().get() == before


def test_the_morning_begins_at_its_hour(world, settings):
    settings.REPORT_SCHEDULE_HOUR = 5
    save_report(world.producer, schedule="DAILY")
    SavedReport.objects.update(next_run_on=date(2026, 11, 23))
    assert saved_reports.owe_scheduled(now=MONDAY.replace(hour=10, minute=59)) == 0  # 4:59 AM
    assert saved_reports.owe_scheduled(now=MONDAY.replace(hour=11, minute=0)) == 1


def test_a_new_name_leaves_the_next_day_as_it_was(world):
    saved = save_report(world.producer, schedule="DAILY")
    SavedReport.objects.filter(pk=saved.pk).update(next_run_on=date(2030, 1, 1))
    for choices, moved in ((Choices(name="Other", schedule="DAILY"), False), (Choices(name="Other"), True)):
        saved_reports.change(saved=saved, choices=choices, by=world.producer, now=timezone.now())
        saved.refresh_from_db()
        assert (saved.next_run_on != date(2030, 1, 1)) == moved


def test_deleted_reports_take_no_place_and_come_back_under_the_longest_of_names(world, sign_in, monkeypatch):
    monkeypatch.setattr(saved_reports, "MOST_REPORTS", 1)
    saved = save_report(world.producer, "x" * 80, shared=True, key="long")
    saved_reports.delete(saved=saved, by=world.producer, now=timezone.now())
    save_report(world.producer, "X" * 80, key="again")
    assert sign_in(world.delegate).post(url("restore", saved)).status_code == 404
    assert saved_reports.restore(saved=saved, by=world.producer)
    assert not saved_reports.restore(saved=saved, by=world.producer)
    assert SavedReport.objects.get(pk=saved.pk).name == f"{'x' * 74} (2)"
