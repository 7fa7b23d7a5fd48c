"""The Policy Status report: who is in grace, termed or active, on screen and as a file."""

import csv
import io
import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Policy
from clients.rules.policy_status import PolicyStatus, ReportStatus, statuses_shown_as
from portal.common.models import AuditEvent
from reporting import reports
from reporting.criteria import POLICY_STATUSES, Criteria
from reporting.forms.builder import CHOOSE_SOMETHING, Numbers, ReportForm
from tests.support import pages
from tests.support.books import write_policies
from tests.support.factories import MemberFactory, PolicyFactory

BUILDER = "/reports/new/"
COLUMNS = [*pages.SIXTEEN_COLUMNS, "Phone Number", "Email Address"]
WORDS = {"GRACE": "Grace Period", "TERMED": "Termed", "ACTIVE": "Active"}


def form_of(**data: str) -> ReportForm:
    return ReportForm(data, numbers=Numbers([]), today=date(2026, 11, 21))


def run(client: Client, policy_status: str) -> HttpResponse:
    return client.post(BUILDER, {"policy_status": policy_status}, follow=True)


def address_of(response: HttpResponse) -> str:
    return response.wsgi_request.get_full_path()


def found_by(user, asked: Criteria):
    return reports.rows_of(reports.get(asked.report), user, asked, today=timezone.localdate())


def book(policy: Policy, statuses: list[str], **fields) -> list[Policy]:
    """One policy of each status, beside ``policy`` itself, each a day further paid."""
    start = date(2026, 3, 1)
    return write_policies(
        policy,
        (
            {
                "status": status,
                "product_name": f"Plan {n:03}",
                "paid_to_date": start + timedelta(days=n),
                "term_date": start if status in ("TERMED", "CANCELLED") else None,
                "insured_last_name": f"Name{n:03}",
                **fields,
            }
            for n, status in enumerate(statuses)
        ),
    )


@pytest.fixture
def client(world, sign_in) -> Client:
    return sign_in(world.producer)


@pytest.fixture
def every_status(world) -> list[Policy]:
    """One policy of each of the six statuses; the world's own in grace makes seven."""
    return book(world.policy, [status.value for status in PolicyStatus])


# --- the builder ---


@pytest.mark.feature("REP_05")
def test_policy_status_offers_all_grace_period_termed_and_active(client):
    page = pages.read(client.get(BUILDER))
    choices = [option.text for option in page.one("select", name="policy_status").all("option")]
    assert choices == ["Select One", "All", "Grace Period", "Termed", "Active"]
    assert page.one("h1").text == "Create Report"
    assert not page.all("section", class_="grid")


@pytest.mark.no_db
@pytest.mark.feature("REP_18")
@pytest.mark.parametrize("status", ["ALL", "GRACE", "TERMED", "ACTIVE"])
def test_a_policy_status_alone_is_a_report(status):
    form = form_of(policy_status=status)
    assert form.is_valid()
    assert form.criteria() == Criteria(policy_status=status)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("FUTURE", "Select one of the statuses in the list."),
        ("grace", "Select one of the statuses in the list."),
        ("\x00", "Select one of the statuses in the list."),
        ("GRACE' --", "Select one of the statuses in the list."),
    ],
)
def test_anything_else_is_refused_in_words(status, said):
    assert form_of(policy_status=status).errors == {"policy_status": [said]}


def test_a_refused_report_shows_the_form_again_and_is_not_run(client):
    response = run(client, "")
    assert CHOOSE_SOMETHING in pages.read(response).text
    assert not AuditEvent.objects.filter(action="report.run").exists()


def test_clear_all_leads_to_an_empty_form(client, every_status):
    page = pages.read(client.get(f"{address_of(run(client, 'GRACE'))}&change=1"))
    clear = next(link for link in page.all("a") if link.text == "Clear All")
    assert clear.attrs["href"] == BUILDER
    again = pages.read(client.get(clear.attrs["href"]))
    assert not again.all("section", class_="grid")
    chosen = [o.text for o in again.one("select", name="policy_status").all("option") if "selected" in o.attrs]
    assert chosen in ([], ["Select One"])


def test_the_form_remembers_what_was_asked(client, every_status):
    response = run(client, "TERMED")
    page = pages.read(client.get(f"{address_of(response)}&change=1"))
    chosen = [o.text for o in page.one("select", name="policy_status").all("option") if "selected" in o.attrs]
    assert chosen == ["Termed"]
    assert pages.read(response).one("h2", class_="report-title").text == "Policy Status: Termed"


# --- what is in it ---


@pytest.mark.feature("REP_06")
@pytest.mark.parametrize("chosen", ["GRACE", "TERMED", "ACTIVE"])
@pytest.mark.sampled(1)
def test_a_report_on_one_status_lists_only_those(client, every_status, chosen):
    grid = pages.grid(run(client, chosen))
    assert grid.rows
    assert all(status.split(",")[0] == WORDS[chosen] for status in grid.column("Status"))


@pytest.mark.feature("REP_06")
def test_all_lists_every_policy_with_its_word(client, every_status):
    grid = pages.grid(run(client, "ALL"))
    start = f"{every_status[0].effective_date:%m/%d/%Y}"
    assert sorted(grid.column("Status")) == sorted(
        [
            "Active",
            "Active, first payment not received",
            f"Active, starts {start}",
            "Grace Period",
            "Grace Period",
            "Termed",
            "Termed, never in force",
        ]
    )


@pytest.mark.feature("REP_06")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.sampled(2)
def test_grace_and_termed_and_active_add_up_to_all(world, seed):
    dice = random.Random(seed)
    statuses = [status.value for status in PolicyStatus]
    book(world.policy, dice.choices(statuses, k=dice.randint(0, 200)))
    book(world.sibling_policy, dice.choices(statuses, k=dice.randint(0, 50)))
    for user in (world.producer, world.principal, world.delegate, world.outsider, world.admin):
        found = {
            choice: set(found_by(user, Criteria(policy_status=choice)).values_list("pk", flat=True))
            for choice in POLICY_STATUSES
        }
        parts = [found["GRACE"], found["TERMED"], found["ACTIVE"]]
        assert sum(map(len, parts)) == len(found["ALL"])
        assert set.union(*parts) == found["ALL"] == set(Policy.objects.for_user(user).values_list("pk", flat=True))


@pytest.mark.no_db
@pytest.mark.feature("REP_06")
def test_every_status_a_policy_can_have_stands_under_exactly_one_word():
    assert {status.value for status in PolicyStatus} == set(Policy.Status.values)
    under = [status for word in ReportStatus for status in statuses_shown_as(word)]
    assert sorted(under) == sorted(PolicyStatus)


def test_the_report_has_the_columns_of_the_search(client, every_status):
    assert pages.grid(run(client, "ALL")).headers == COLUMNS


def test_who_is_paid_least_far_ahead_comes_first(client, every_status):
    days = [datetime.strptime(day, "%m/%d/%Y") for day in pages.grid(run(client, "ALL")).column("Paid To Date") if day]  # noqa: DTZ007
    assert all(one <= other for one, other in pairwise(days))


def test_an_empty_report_says_what_to_do(world, sign_in):
    Policy.objects.filter(pk=world.policy.pk).update(status=Policy.Status.ACTIVE)
    response = run(sign_in(world.producer), "GRACE")
    empty = pages.read(response).one(class_="empty-state").text
    assert "No policy fits this report" in empty
    assert "Change what is asked for" in empty


# --- whose it is ---


@pytest.mark.feature("SRC_10")
def test_everybody_reports_on_the_own_book(world, sign_in, every_status):
    counts = {
        who: pages.grid(run(sign_in(getattr(world, who)), "ALL")).head_line.split(" of ")[1]
        for who in ("producer", "delegate", "principal", "sibling", "outsider", "admin")
    }
    assert counts == {
        "producer": "7 Search Results",
        "delegate": "7 Search Results",
        "principal": "8 Search Results",
        "sibling": "1 Search Results",
        "outsider": "1 Search Results",
        "admin": "9 Search Results",
    }


@pytest.mark.parametrize("who", ["delegate_without_view", "former_delegate"])
def test_without_the_right_there_is_no_report(world, sign_in, who):
    assert run(sign_in(getattr(world, who)), "ALL").status_code == 403


@pytest.mark.long
def test_five_thousand_policies_of_others_are_not_mine(world, client):
    book(world.outsider_policy, ["GRACE"] * 5000)
    book(world.policy, ["GRACE"] * 2)
    assert pages.grid(run(client, "GRACE")).head_line == "1 - 3 of 3 Search Results"


def test_a_report_opens_for_its_owner_only(world, client, sign_in, every_status):
    address = address_of(run(client, "ALL"))
    response = sign_in(world.principal).get(address, follow=True)
    assert response.redirect_chain == [(BUILDER, 302)]
    assert pages.messages(response) == ["That report is no longer open. Please submit it again."]
    assert sign_in(world.outsider).get(f"{address}&format=xlsx").status_code == 302


def test_a_policy_that_changed_its_status_is_in_another_report_at_once(world, client, every_status):
    address = address_of(run(client, "GRACE"))
    assert len(pages.grid(client.get(address)).rows) == 2
    Policy.objects.filter(pk=world.policy.pk).update(status=Policy.Status.ACTIVE)
    assert len(pages.grid(client.get(address)).rows) == 1


# --- working with it ---


@pytest.mark.feature("SRC_13")
def test_filters_narrow_the_report_and_back_shows_it_whole(client, every_status):
    before = address_of(run(client, "ALL"))
    filtered = client.post(before, {"grid": "filters", "f_product_name": "plan 00", "f_status": "termed"}, follow=True)
    assert len(pages.grid(filtered).rows) == 2
    assert pages.read(filtered).one("h2", class_="report-title").text == "Policy Status: All"
    assert len(pages.grid(client.get(before)).rows) == 7
    wrong = client.post(before, {"grid": "filters", "f_paid_to_date": "tomorrow"}, follow=True)
    assert pages.grid(wrong).filter_errors == {"Paid To Date": "Enter a date as mm/dd/yyyy."}


def test_a_new_report_starts_without_the_filters_of_the_last(client, every_status):
    address = address_of(run(client, "ALL"))
    filtered = client.post(address, {"grid": "filters", "f_product_name": "plan 001"}, follow=True)
    assert len(pages.grid(filtered).rows) == 1
    again = client.post(address_of(filtered), {"policy_status": "ALL"}, follow=True)
    assert len(pages.grid(again).rows) == 7


@pytest.mark.parametrize("who", ["producer", "delegate", "admin"])
@pytest.mark.sampled(1)
def test_a_long_report_asks_no_more_than_a_short_one(world, sign_in, who):
    client = sign_in(getattr(world, who))
    counts = []
    for more in (0, 24, 80):
        book(world.policy, ["GRACE"] * more)
        address = f"{address_of(run(client, 'GRACE'))}&size=100"
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] == counts[2] - 1 <= 12  # a page that is not full needs no count


def test_running_and_exporting_are_written_down(world, sign_in, every_status):
    client = sign_in(world.delegate)
    address = address_of(run(client, "GRACE"))
    client.get(f"{address}&format=xlsx").getvalue()
    events = AuditEvent.objects.filter(action__startswith="report.").order_by("id")
    assert [(event.action, event.actor_username, event.details) for event in events] == [
        ("report.run", "dkeller22", {"report": "policy_status", "filters": ["policy_status"]}),
        (
            "report.exported",
            "dkeller22",
            {"report": "policy_status", "format": "xlsx", "rows": 2},
        ),
    ]


def test_looking_at_a_report_again_runs_nothing_new(client, every_status):
    address = address_of(run(client, "GRACE"))
    for _ in range(3):
        client.get(address)
    assert AuditEvent.objects.filter(action="report.run").count() == 1


# --- the file ---


def sheet_of(response: HttpResponse):
    return openpyxl.load_workbook(io.BytesIO(response.getvalue())).active


@pytest.mark.feature("REP_17")
def test_the_grace_period_report_goes_to_excel(world, client, every_status):
    response = client.get(pages.grid(run(client, "GRACE")).export_url("xlsx"))
    day = timezone.localdate()
    assert response["Content-Disposition"] == f'attachment; filename="policy-status-grace-period-{day:%Y-%m-%d}.xlsx"'
    sheet = sheet_of(response)
    assert [cell.value for cell in sheet[1]] == COLUMNS
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert {row["Status"] for row in rows} == {"Grace Period"}
    mine = next(row for row in rows if row["Product Name"] == world.policy.product_name)
    assert mine["Paid To Date"].date() == world.policy.paid_to_date
    assert mine["Member Count"] == 1
    assert mine["Account Number"] == world.account_number
    assert mine["Nine Digit Producer Number"] == world.number.number
    assert mine["Termed"] is None


@pytest.mark.feature("REP_17")
def test_cells_have_the_type_of_what_they_hold(client, every_status):
    sheet = sheet_of(client.get(pages.grid(run(client, "TERMED")).export_url("xlsx")))
    types = {cell.value: sheet[2][n].data_type for n, cell in enumerate(sheet[1]) if sheet[2][n].value is not None}
    dates = {"Coverage Effective Date", "Paid To Date", "Termed"}
    assert {label: kind for label, kind in types.items() if kind == "d"} == dict.fromkeys(dates, "d")
    assert types["Member Count"] == "n"
    assert {kind for label, kind in types.items() if label not in {*dates, "Member Count"}} == {"s"}


@pytest.mark.feature("REP_17")
def test_the_file_is_the_current_result_with_its_filters_order_and_columns(client, every_status):
    address = f"{address_of(run(client, 'ALL'))}&sort=-product_name"
    response = client.post(
        address,
        {"grid": "filters", "f_product_name": "plan", "col": ["product_name", "status"], "size": "10"},
        follow=True,
    )
    grid = pages.grid(response)
    rows = list(sheet_of(client.get(grid.export_url("xlsx"))).iter_rows(values_only=True))
    assert rows[0] == ("Status", "Product Name")
    assert [row[1] for row in rows[1:]] == [f"Plan {n:03}" for n in range(5, -1, -1)]
    text = client.get(grid.export_url("csv")).getvalue().decode("utf-8-sig")
    assert [tuple(row) for row in csv.reader(io.StringIO(text))] == rows


@pytest.mark.feature("REP_17")
@pytest.mark.long
def test_a_file_of_three_thousand_rows_is_complete(world, client):
    book(world.policy, ["GRACE"] * 2999)
    grid = pages.grid(run(client, "GRACE"))
    assert grid.head_line == "1 - 25 of 3,000 Search Results"
    with CaptureQueriesContext(connection) as captured:
        lines = client.get(grid.export_url("csv")).getvalue().decode().splitlines()
    assert len(lines) == 3001
    assert len(captured) <= 14
    assert AuditEvent.objects.get(action="report.exported").details["rows"] == 3000


@pytest.mark.feature("PRO_10")
def test_no_name_in_a_report_becomes_a_formula(world, client):
    PolicyFactory(
        primary=MemberFactory(last_name='=HYPERLINK("https://attacker.example","x")'),
        producer_number=world.number,
        in_grace=True,
    )
    grid = pages.grid(run(client, "GRACE"))
    cells = [row[0] for row in sheet_of(client.get(grid.export_url("xlsx"))).iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    text = client.get(grid.export_url("csv")).getvalue().decode("utf-8-sig")
    assert any(row[0].startswith("'=HYPERLINK") for row in csv.reader(io.StringIO(text)))


def test_no_address_of_a_report_holds_more_than_its_id(client, every_status):
    response = run(client, "GRACE")
    filtered = client.post(address_of(response), {"grid": "filters", "f_last_name": "Name00"}, follow=True)
    for page in (response, filtered):
        links = [link.attrs["href"] for link in pages.grid(page).element.all("a")]
        forms = [form.attrs["action"] for form in pages.grid(page).element.all("form")]
        for address in [*links, *forms]:
            assert set(parse_qs(urlsplit(address).query)) <= {"r", "sort", "page", "size", "col", "format", "from"}
            assert "Name00" not in address
