"""The dashboard: every figure is the number of rows of the list behind it, for everybody."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from clients.models import Policy
from enrollment.models import Application
from reporting import dashboard, desk, kept
from reporting.rules.charts import HEIGHT, TOP, Figure, bars
from reporting.rules.desk import GRACE
from tests.support import pages
from tests.support.factories import ApplicationFactory, PolicyFactory

FIGURE = "/reports/figure/"


def today() -> date:
    return timezone.localdate()


@pytest.mark.no_db
def test_bars_keep_their_proportions_and_what_is_not_nothing_is_seen():
    drawn = bars([Figure(label=str(value), value=value) for value in (0, 1, 500, 1000)])
    assert [one.height for one in drawn] == [0.0, 1.5, 45.0, 90.0]
    assert drawn[-1].y == TOP
    assert all(one.y + one.height <= HEIGHT for one in drawn)
    assert bars([]) == []
    assert [one.height for one in bars([Figure(label="none", value=0)])] == [0.0]


@pytest.mark.no_db
@pytest.mark.parametrize(
    "code", ["", "status", "status-NOTHING", "month-2026-13", "paid-2026-02-30", "paid-x", "stage-"]
)
def test_a_code_that_no_figure_has_is_refused(code):
    with pytest.raises(ValueError, match="."):
        dashboard.criteria_of(code)


@pytest.fixture
def book(world, catalog):
    number = world.number
    PolicyFactory(producer_number=number, termed=True, effective_date=today() - timedelta(days=40))
    PolicyFactory(producer_number=number, unpaid=True, effective_date=today())
    PolicyFactory(producer_number=number, future=True)
    PolicyFactory(producer_number=number, cancelled=True, effective_date=today() - timedelta(days=400))
    PolicyFactory(producer_number=number, paid_to_date=today())
    PolicyFactory(producer_number=number, paid_to_date=today() + timedelta(days=60))
    PolicyFactory(producer_number=number, paid_to_date=today() + timedelta(days=61))
    PolicyFactory(
        producer_number=number,
        in_grace=True,
        paid_to_date=today() - timedelta(days=45),
        grace_started_on=today() - timedelta(days=45),
    )
    mine = {"producer_number": number, "created_by": world.producer}
    ApplicationFactory(**mine)
    ApplicationFactory(status=Application.Status.FAILED, **mine)
    ApplicationFactory(status=Application.Status.COMPLETED, **mine)
    ApplicationFactory(expires_on=today() - timedelta(days=3), **mine)
    return world


def rows_behind(client, show: str) -> int:
    answer = client.post(FIGURE, {"show": show}, follow=True)
    assert answer.status_code == 200, show
    text = answer.content.decode()
    return answer.context["table"].page.total if answer.context and answer.context.get("table") else len(text)


@pytest.mark.parametrize("person", ["producer", "principal", "delegate", "delegate_with_enroll", "outsider", "admin"])
@pytest.mark.sampled(2)
def test_every_figure_is_the_number_of_rows_of_its_list(book, sign_in, person):
    user = getattr(book, person)
    client = sign_in(user)
    for chart in dashboard.charts(user, today=today()):
        for one in [*chart.figures, *([chart.total] if chart.total else [])]:
            if one.show and (one.value or chart.name != "production"):
                assert rows_behind(client, one.show) == one.value, one.label
    for month in dashboard.paid_to_calendar(user, today=today()):
        for day in (day for week in month.weeks for day in week if day and day.count):
            assert rows_behind(client, day.show) == day.count, day.day


@pytest.mark.feature("REP_06")
@pytest.mark.parametrize("person", ["producer", "principal", "sibling", "delegate", "outsider", "admin"])
@pytest.mark.sampled(2)
def test_grace_termed_and_active_together_are_all_on_every_scope(book, person):
    user = getattr(book, person)
    status, grace = dashboard.by_status(user), dashboard.grace_ageing(user)
    assert sum(one.value for one in status.figures) == status.total.value == Policy.objects.for_user(user).count()
    in_grace = next(one.value for one in status.figures if one.label == "Grace Period")
    assert sum(one.value for one in grace.figures) == grace.total.value == in_grace


def test_grace_by_month_is_what_the_desk_lists_with_snoozed_rows(book, sign_in):
    chart = dashboard.grace_ageing(book.producer)
    found = desk.desk_of(book.producer, now=timezone.now())
    assert [one.value for one in chart.figures] == [found.count(why) for why in reversed(GRACE)]
    assert [one.value for one in chart.figures] == [1, 1, 0]
    for one in chart.figures:
        page = pages.read(sign_in(book.producer).get(one.url))
        assert len([row for body in page.all("tbody") for row in body.all("tr")]) == one.value


def test_the_calendar_has_today_and_the_sixtieth_day_and_no_day_more(book):
    days = {
        day.day: day.count
        for month in dashboard.paid_to_calendar(book.producer, today=today())
        for week in month.weeks
        for day in week
        if day is not None and day.count is not None
    }
    assert (min(days), max(days), len(days)) == (today(), today() + timedelta(days=60), 61)
    assert days[today()] >= 1
    assert days[today() + timedelta(days=60)] == 1


def test_production_has_twelve_months_with_their_premiums(book):
    chart = dashboard.production(book.producer, today=date(2028, 2, 29))
    assert [one.label for one in chart.figures][::11] == ["March 2027", "February 2028"]
    this_year = dashboard.production(book.producer, today=today())
    assert (
        sum(one.value for one in this_year.figures)
        == Policy.objects.for_user(book.producer)
        .filter(effective_date__range=(this_year_first(), this_year_last()))
        .count()
    )
    assert any(one.extra == "$412.55" or Decimal(one.extra[1:].replace(",", "")) for one in this_year.figures)


def this_year_first() -> date:
    month = today().replace(day=1)
    return month.replace(year=month.year - 1, month=month.month + 1) if month.month < 12 else month.replace(month=1)


def this_year_last() -> date:
    return (today().replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def test_home_and_reporting_show_it_to_those_who_may_run_reports(book, sign_in):
    for address in ("/", "/reports/"):
        page = pages.read(sign_in(book.producer).get(address))
        assert {"Book by status", "Grace aging", "Applications by stage"} <= {
            h.text for h in page.all("h2") + page.all("h3")
        }
        assert all(chart.attrs["aria-label"] for chart in page.all("svg", class_="chart"))
    assert "Book by status" not in sign_in(book.delegate_without_view).get("/").content.decode()
    assert "Applications by stage" not in sign_in(book.delegate).get("/reports/").content.decode()


def test_home_does_not_count_what_is_large(book, sign_in, monkeypatch):
    assert "Book by status" not in sign_in(book.admin).get("/").content.decode()
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    page = pages.read(sign_in(book.producer).get("/"))
    assert "stand on a page of their own" in page.text
    assert not page.all("svg", class_="chart")


@pytest.mark.parametrize("show", ["", "nonsense", "month-99999-01", "paid-\x00", "status-ALL'--", "x" * 5000])
@pytest.mark.sampled(2)
def test_a_figure_that_does_not_exist_says_so(world, sign_in, show):
    answer = sign_in(world.producer).post(FIGURE, {"show": show})
    assert answer["Location"] == "/reports/"


# --- figures of a large book, which are kept for two minutes ---


def grace_on(page) -> str:
    return next(row.text for row in page.all("tr") if row.text.startswith("Grace Period"))


def test_the_figures_of_a_large_book_say_as_of_when_and_are_counted_again_when_asked(book, sign_in, monkeypatch):
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    client = sign_in(book.producer)
    page = pages.read(client.get("/reports/"))
    before = grace_on(page)
    PolicyFactory(producer_number=book.number, in_grace=True)
    page = pages.read(client.get("/reports/"))
    assert grace_on(page) == before
    again = next(link.attrs["href"] for link in page.all("a") if link.text == "Count again")
    page = pages.read(client.get(f"/reports/{again}"))
    count = Policy.objects.for_user(book.producer).filter(status="GRACE").count()
    assert str(count) in grace_on(page) != before
    assert rows_behind(client, "status-GRACE") == count
    # Asked for in this way, the page shows what was counted then until it is asked again.
    PolicyFactory(producer_number=book.number, in_grace=True)
    assert grace_on(pages.read(client.get(f"/reports/{again}"))) == grace_on(page)


def test_the_figures_of_a_book_that_is_not_large_are_never_kept(book, sign_in):
    page = pages.read(sign_in(book.producer).get("/reports/"))
    assert "Count again" not in page.text
    first = dashboard.by_status(book.producer).total.value
    PolicyFactory(producer_number=book.number)
    assert dashboard.figures(book.producer, now=timezone.now()).value.charts[0].total.value == first + 1


def test_kept_figures_are_shared_only_by_those_who_open_the_same_books_to_the_same_ends(book, monkeypatch):
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    now = timezone.now()
    counted = {
        person: dashboard.figures(getattr(book, person), now=now).value
        for person in ("producer", "principal", "sibling", "delegate", "delegate_with_enroll", "outsider", "admin")
    }
    assert counted["delegate"] is not counted["delegate_with_enroll"]
    assert len({id(one) for one in counted.values()}) >= 6
    for person, found in counted.items():
        user = getattr(book, person)
        assert found.charts[0].total.value == Policy.objects.for_user(user).count(), person
        assert any(chart.name == "stage" for chart in found.charts) == (person not in ("delegate", "admin")), person
    # The delegate who may see both, and enroll for both, opens what the producer opens.
    assert counted["delegate_with_enroll"].charts == counted["producer"].charts


def test_kept_figures_run_out_after_two_minutes_and_with_the_day(book, monkeypatch):
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    now = timezone.now().replace(hour=18, minute=0)  # midnight is far in every zone of the country
    turns = iter(range(100))

    def ask(**later: float) -> int:
        return kept.counted("test", book.producer, lambda: next(turns), now=now + timedelta(**later)).value

    assert [ask(), ask(seconds=119), ask(seconds=121), ask(seconds=122), ask(days=1)] == [0, 0, 1, 1, 2]
    kept.forget()
    assert ask(days=1) == 3


@pytest.mark.no_db
@pytest.mark.parametrize("typed", [None, "", "x", "-1", "1.5", "٣", "9" * 18, "9" * 17, "\x00"])
def test_a_moment_that_is_none_or_lies_ahead_asks_for_nothing(typed):
    assert kept.read_after(typed) is None


@pytest.mark.no_db
def test_a_moment_goes_through_an_address_and_comes_back():
    moment = timezone.now()
    assert kept.read_after(kept.as_after(moment)) == moment
