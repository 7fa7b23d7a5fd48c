"""Runs made by a worker: progress, cancelling, failing and trying again, whose rights count, and how long a file is kept."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import DelegateGrant, User
from clients.models import Policy
from portal.common import outbox
from portal.common.files import store
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from portal.common.notifications.models import Notification
from reporting.criteria import Criteria
from reporting.models import ReportRun
from reporting.services import runs
from tests.support import pages
from tests.support.books import write_policies
from tests.support.concurrency import at_once
from tests.support.factories import DelegateGrantFactory
from tests.support.reports import make, request_run, run_saved, save_report

BUILDER = "/reports/new/"
State = ReportRun.State


@pytest.fixture
def big(settings, world):
    """Three rows are a big result."""
    settings.REPORT_ROWS_AT_ONCE = 2
    write_policies(world.policy, [{"status": "GRACE", "product_name": f"Plan {n}"} for n in range(3)])


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def bytes_of(run: ReportRun) -> bytes:
    with store.open_file(run.file) as source:
        return source.read()


def url(name: str, run: ReportRun) -> str:
    return reverse(f"reporting:{name}", args=[run.key])


# --- asked for on the page ---


@pytest.mark.feature("REP_17")
def test_a_big_report_is_on_the_screen_at_once_and_its_file_is_made_by_a_worker(world, client, big):
    response = client.post(BUILDER, {"policy_status": "GRACE"}, follow=True)
    page = pages.read(response)
    assert len(pages.grid(response).rows) == 4
    assert not [link for link in page.all("a") if "format=" in link.attrs["href"]]
    form = page.one("form", class_="report-file")
    assert "4 rows" in form.text
    posted = {"form_key": form.one("input", name="form_key").attrs["value"], "file_format": "xlsx"}
    answers = {client.post(form.attrs["action"], posted).url for _ in range(5)}
    (run,) = ReportRun.objects.all()
    assert answers == {url("run", run)}
    assert OutboxMessage.objects.filter(topic=runs.TOPIC).count() == 1
    assert "about to be made" in pages.read(client.get(url("run", run))).text
    outbox.sweep()
    run.refresh_from_db()
    assert (run.state, run.rows_done, run.rows_total) == (State.READY, 4, 4)
    download = client.get(url("run-file", run))
    sheet = openpyxl.load_workbook(io.BytesIO(download.getvalue())).active
    assert sheet.max_row == 5
    assert download["Content-Disposition"].startswith('attachment; filename="policy-status-')
    assert AuditEvent.objects.filter(action="report.downloaded", details={"format": "xlsx", "rows": 4}).exists()


@pytest.mark.no_db
def test_five_thousand_rows_are_answered_at_once_and_one_more_is_not(settings):
    settings.REPORT_ROWS_AT_ONCE = 5_000
    assert [runs.is_big(rows) for rows in (5_000, 5_001)] == [False, True]


def test_the_address_of_a_direct_file_leads_back_to_the_buttons(client, big):
    address = client.post(BUILDER, {"policy_status": "GRACE"}).url
    response = client.get(f"{address}&format=xlsx", follow=True)
    assert "4 rows" in pages.messages(response)[0]
    assert not ReportRun.objects.exists()


@pytest.mark.feature("REP_17")
def test_the_file_has_the_filters_the_order_and_the_columns_of_the_screen(world, client, big):
    address = client.post(BUILDER, {"policy_status": "GRACE"}).url
    grid = {"grid": "filters", "f_product_name": "plan", "col": ["product_name", "status"]}
    response = client.post(f"{address}&sort=-product_name", grid, follow=True)
    form = pages.read(response).one("form", class_="report-file")
    client.post(form.attrs["action"], {"form_key": "f" * 20, "file_format": "csv"})
    run = make(ReportRun.objects.get())
    rows = list(csv.reader(io.StringIO(bytes_of(run).decode("utf-8-sig"))))
    assert rows == [["Status", "Product Name"], *(["Grace Period", f"Plan {n}"] for n in (2, 1, 0))]


@pytest.mark.django_db(transaction=True)
def test_five_presses_at_the_same_moment_make_one_run(world):
    made = at_once(*[lambda: request_run(world.producer).pk] * 5)
    assert len(set(made)) == ReportRun.objects.count() == 1


# --- made ---


@pytest.mark.feature("PRO_10")
def test_text_that_looks_like_a_formula_stays_text_in_both_files(world):
    Policy.objects.filter(pk=world.policy.pk).update(product_name="=1+1")
    book = make(request_run(world.producer, key="x"))
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(bytes_of(book))).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    plain = make(request_run(world.producer, key="c", file_format="csv"))
    assert "'=1+1" in bytes_of(plain).decode()


def test_a_cancelled_run_is_stopped_and_nothing_of_it_is_kept(world, client):
    run = request_run(world.producer)
    assert client.post(url("run-cancel", run)).url == url("run", run)
    make(run)
    assert (run.state, run.file) == (State.CANCELLED, None)
    assert "Stopped" in pages.read(client.get(url("run", run))).text
    client.post(url("run-retry", run))
    run.refresh_from_db()
    assert make(run).state == State.READY
    again = client.post(url("run-cancel", run), follow=True)
    assert pages.messages(again) == ["The report was finished already: there was nothing left to stop."]


def test_a_run_that_is_cancelled_while_it_is_made_stops_there(world, monkeypatch):
    run = request_run(world.producer)
    write_policies(world.policy, [{"product_name": f"Plan {n}"} for n in range(30)])
    monkeypatch.setattr(runs, "STEP", 10)
    progress = runs._progress

    def cancelled_after_ten(one: ReportRun, **values) -> None:
        progress(one, **values)
        if values.get("rows_done") == 10:
            runs.cancel(run=one, by=world.producer, now=timezone.now())

    monkeypatch.setattr(runs, "_progress", cancelled_after_ten)
    make(run)
    assert (run.state, run.rows_done, run.file) == (State.CANCELLED, 10, None)


def test_a_failure_is_seen_with_its_retry_and_a_second_try_can_succeed(world, client, monkeypatch):
    run = request_run(world.producer)

    def no_room(*_args, **_kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(runs, "keep_file", no_room)
    with pytest.raises(OSError, match="no space"):
        make(run)
    run.refresh_from_db()
    assert (run.state, run.failure) == (State.RUNNING, runs.AGAIN)
    runs._given_up({"run_id": run.pk, "attempt": run.attempt})
    page = pages.read(client.get(url("run", run)))
    assert "could not be made" in page.text
    assert "Try Again" in [button.text for button in page.all("button")]
    assert Notification.objects.get(recipient=world.producer).title.endswith("could not be made")
    monkeypatch.undo()
    client.post(url("run-retry", run))
    run.refresh_from_db()
    assert make(run).state == State.READY
    assert not runs.make({"run_id": run.pk, "attempt": 0})  # a late message of the first try does nothing


def test_a_second_delivery_makes_no_second_file(world):
    run = make(request_run(world.producer))
    file = run.file_id
    make(run)
    assert run.file_id == file


# --- whose rights count ---


@pytest.mark.parametrize(
    ("who", "rows"), [("producer", 1), ("principal", 2), ("delegate", 1), ("outsider", 1), ("admin", 3)]
)
def test_a_run_reads_the_books_of_whoever_asked(world, who, rows):
    assert make(request_run(getattr(world, who))).rows_total == rows


def test_a_delegate_who_had_chosen_one_producer_gets_the_rows_of_that_one(world):
    DelegateGrantFactory(delegate=world.delegate, producer=world.outsider.producer)
    everybody = make(request_run(world.delegate, key="both"))
    world.delegate.work_for(world.producer.producer_id)
    one = make(request_run(world.delegate, key="one"))
    assert (everybody.rows_total, one.rows_total) == (2, 1)
    assert one.books == [world.number.pk]


def test_who_has_lost_the_right_in_the_meantime_gets_nothing(world):
    run = request_run(world.delegate)
    DelegateGrant.objects.filter(delegate=world.delegate).update(last_day=timezone.localdate() - timedelta(days=1))
    make(run)
    assert (run.state, run.failure, run.file) == (State.FAILED, runs.NOT_ALLOWED, None)


def test_a_file_is_given_only_while_every_book_in_it_may_be_opened(world, sign_in):
    run = make(request_run(world.principal))
    principal = sign_in(world.principal)
    assert principal.get(url("run-file", run)).status_code == 200
    outside = list(run.books) + [world.outsider_policy.producer_number_id]
    ReportRun.objects.filter(pk=run.pk).update(books=outside)
    refused = principal.get(url("run-file", run), follow=True)
    assert "you may no longer open all of its clients" in pages.messages(refused)[0]


@pytest.mark.parametrize("who", ["principal", "sibling", "outsider", "delegate", "admin"])
@pytest.mark.sampled(3)
def test_a_run_is_nobody_elses(world, sign_in, who):
    run = make(request_run(world.producer))
    other = sign_in(getattr(world, who))
    for name in ("run", "run-state", "run-file"):
        assert other.get(url(name, run)).status_code == 404
    for name in ("run-cancel", "run-retry", "run-open"):
        assert other.post(url(name, run)).status_code == 404


def test_what_staff_have_read_is_for_staff_and_what_is_ready_is_not_made_again(world):
    run = make(request_run(world.admin))
    assert (run.everything, run.books) == (True, [])
    assert [runs.may_have(run, user) for user in (world.admin, world.producer)] == [True, False]
    with pytest.raises(runs.NothingToRetry):
        runs.retry(run=run, by=world.admin, now=timezone.now())


# --- kept and forgotten ---


def test_files_are_deleted_after_seven_days_and_the_run_says_so(world, client):
    run = make(request_run(world.producer))
    now = timezone.now()
    assert runs.forget_old_files(now=now + timedelta(days=6)) == 0
    assert runs.forget_old_files(now=now + timedelta(days=8)) == 1
    assert runs.forget_old_files(now=now + timedelta(days=8)) == 0
    assert client.get(url("run-file", run)).status_code == 404
    assert "The file was deleted on" in pages.read(client.get(url("run", run))).text


def test_the_state_of_a_run_asks_again_only_while_it_is_made(world, client):
    run = request_run(world.producer)
    assert "every 2s" in client.get(url("run-state", run)).content.decode()
    make(run)
    assert "every 2s" not in client.get(url("run-state", run)).content.decode()


def test_no_notice_names_anybody_or_anything_of_the_report(world):
    User.objects.filter(pk=world.producer.pk).update(email="rita@office.example")
    save_report(world.producer, "Widow Leeward", criteria=Criteria(policy_status="ALL", product_name="Bronze"))
    run = request_run(world.producer, trigger=ReportRun.Trigger.SCHEDULED)
    make(run)
    told = Notification.objects.get(recipient=world.producer)
    assert told.title == f"Your scheduled report of {run.run_on:%m/%d/%Y} is ready"
    assert told.url == url("run", run)
    mail = OutboundMessage.objects.filter(kind="notification").get()
    assert url("run", run) in mail.body_text
    assert not {"Leeward", "Bronze", "Grace"} & set(mail.body_text.split())


def test_show_on_screen_opens_the_report_of_a_run(world, client):
    run = make(request_run(world.producer, criteria=Criteria(policy_status="GRACE")))
    response = client.post(url("run-open", run), follow=True)
    assert pages.read(response).one("h2", class_="report-title").text == "Policy Status: Grace Period"


def test_a_big_custom_report_is_made_by_a_worker_with_what_changed(world, big):
    saved = save_report(world.producer)
    first = make(run_saved(saved, world.producer, "k1"))
    assert (first.file_format, first.new_rows) == ("xlsx", None)
    Policy.objects.filter(pk=world.policy.pk).update(product_name="Another")
    second = make(run_saved(saved, world.producer, "k2"))
    assert (second.new_rows, second.gone_rows, second.changed_rows) == (0, 0, 1)
