"""Every list, search and report asks the database as often for one row as for twenty-five (figure A6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import TrustedDevice
from clients.models import Policy
from portal.common import audit
from portal.common.notifications.models import Notification
from reporting.models import CommissionLine, CommissionStatement, ReportRun, SavedReport
from reporting.reports import REPORTS
from tests.support import documents
from tests.support.factories import (
    ApplicationFactory,
    ContactPointFactory,
    DelegateGrantFactory,
    DelegateInvitationFactory,
    EQuestionFactory,
    IssueReportFactory,
    MemberFactory,
    NewsItemFactory,
    PolicyFactory,
    ProducerFactory,
    ProducerNumberFactory,
    ProspectFactory,
    QuoteFactory,
    QuotePlanFactory,
    ResourceFactory,
    TrainingCompletionFactory,
    TrainingCourseFactory,
)
from tests.support.providers import MedicalGroupFactory, ProviderFactory
from tests.support.wizard import load_tables

ROWS = 25


def today() -> date:
    return timezone.localdate()


# --- a row more, the like of those before it ---


def policy(world, place, **facts):
    """A client of the producer's with a telephone number."""
    member = MemberFactory(**facts.pop("person", {}))
    ContactPointFactory(member=member)
    dates = {
        "application_started_on": today() - timedelta(days=3),
        "application_signed_on": today() - timedelta(days=2),
    }
    return PolicyFactory(producer_number=world.number, primary=member, **dates, **facts)


def ending_in_5678(world, place):
    policy(world, place, person={"ssn": f"9{place:02}345678"})


def in_grace(world, place):
    policy(world, place, in_grace=True)


def unpaid(world, place):
    policy(world, place, unpaid=True, binder_due_date=today() + timedelta(days=5))


def termed(world, place):
    policy(world, place, termed=True)


def nearly_65(world, place):
    policy(world, place, person={"date_of_birth": today().replace(year=today().year - 65, day=1) + timedelta(days=62)})


def nearly_26(world, place):
    row = policy(world, place)
    born = today().replace(year=today().year - 26, day=1) + timedelta(days=40)
    child = MemberFactory(account=row.account, role="CHILD", date_of_birth=born, ssn="")
    row.coverages.create(member=child, effective_date=row.effective_date)


def household(world, place):
    """One more policy of the first client."""
    PolicyFactory(producer_number=world.number, primary=world.policy.account.members.get(role="PRIMARY"))


def prospect(world, place):
    ProspectFactory(created_by=world.producer)


def deleted_prospect(world, place):
    ProspectFactory(created_by=world.producer, deleted=True)


def quote(world, place):
    row = QuoteFactory(producer_number=world.number, created_by=world.producer, people=[("child", date(2015, 3, 4))])
    QuotePlanFactory(quote=row)


def application(world, place, **facts):
    load_tables()
    ApplicationFactory(producer_number=world.number, created_by=world.producer, **facts)


def expiring(world, place):
    application(world, place, expires_on=today() + timedelta(days=3))


def completed(world, place):
    application(world, place, status="COMPLETED")


def failed(world, place):
    application(world, place, status="FAILED")


def document(world, place):
    documents.sent(world.producer)


def question(world, place):
    EQuestionFactory(asked_by=world.producer, answered=True, text__by=world.admin)


def deleted_question(world, place):
    EQuestionFactory(asked_by=world.producer).hidden_for.add(world.producer)


def issue(world, place):
    IssueReportFactory(reported_by=world.producer)


def notice(world, place):
    Notification.objects.create(
        recipient=world.producer, kind="delegate.added", title=f"Told {place}", dedupe_key=f"told {place}"
    )


def delegate(world, place):
    DelegateGrantFactory(producer=world.producer.producer)
    DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)


def below(world, place):
    ProducerNumberFactory(producer=ProducerFactory(parent=world.producer.producer))


def device(world, place):
    now = timezone.now()
    TrustedDevice.objects.create(
        user=world.producer, token_hash=f"{place:064}", created_at=now, expires_at=now + timedelta(days=30)
    )


def number(world, place):
    ProducerNumberFactory(producer=world.producer.producer)


def saved_report(world, place):
    SavedReport.objects.create(
        form_key=f"saved {place}",
        owner=world.producer,
        name=f"Everybody {place}",
        criteria='{"policy_status": "ALL"}',
        shared=True,
        created_at=timezone.now(),
    )


def report_run(world, place):
    ReportRun.objects.create(
        form_key=f"run {place}",
        requested_by=world.producer,
        requested_at=timezone.now(),
        title="Policy Status: All",
        asked='{"criteria": {"policy_status": "ALL"}, "filters": {}, "sort": "", "columns": []}',
        run_on=today(),
        state=ReportRun.State.READY,
    )


def commission(world, place):
    row = CommissionStatement.objects.create(
        producer_number=world.number,
        month=date(2024 + place // 12, place % 12 + 1, 1),
        total=10,
        line_count=1,
        imported_at=timezone.now(),
    )
    commission_line(world, place, row)


def commission_line(world, place, statement=None):
    statement = (
        statement
        or CommissionStatement.objects.get_or_create(
            producer_number=world.number,
            month=date(2026, 1, 1),
            defaults={"total": 10, "line_count": 1, "imported_at": timezone.now()},
        )[0]
    )
    CommissionLine.objects.create(
        statement=statement,
        line=statement.lines.count() + 1,
        kind="NEW",
        account_number=world.account_number,
        premium_month=statement.month,
        premium=Decimal("100.00"),
        amount=Decimal("10.00"),
    )


def done_by_delegate(world, place):
    audit.record(
        "client.viewed",
        by=world.delegate,
        producer=world.producer.producer,
        object_type="account",
        object_id=str(place),
    )


def news(world, place):
    NewsItemFactory()


def resource(world, place):
    ResourceFactory(with_file=True)
    ResourceFactory()


def course(world, place):
    TrainingCompletionFactory(course=TrainingCourseFactory(), user=world.producer)


def provider(world, place):
    ProviderFactory(medical_group=MedicalGroupFactory(number=f"{300 + place}"))


# --- how each page is come by ---

Address = Callable[[Client], str]


def at(address: str) -> Address:
    return lambda client: address


def found(address: str, **typed: str) -> Address:
    """What a form leads to."""
    return lambda client: client.post(address, typed)["Location"]


@dataclass(frozen=True)
class ListPage:
    name: str
    one_more: Callable[[Any, int], None]
    address: Address
    who: str = "producer"


WIDE = {"first": f"01/01/{today().year - 1}", "last": f"12/31/{today().year + 1}"}
MATCHING = {"policy_term": termed, "initial_payment": unpaid, "approaching_65": nearly_65, "approaching_26": nearly_26}
PAGES = [
    ListPage("home", policy, at("/")),
    ListPage("search by SSN", ending_in_5678, found("/clients/", by="ssn4", value="5678")),
    ListPage("advanced search", policy, found("/clients/", advanced="1", last_name="Washington")),
    ListPage("grace period", in_grace, found("/clients/", preset="grace")),
    ListPage("search box", policy, found("/clients/quick/", q="Washington")),
    ListPage("client", household, lambda client: f"/clients/{Policy.objects.earliest('pk').account.number}/"),
    ListPage("prospects", prospect, found("/clients/prospects/", all="1")),
    ListPage("deleted prospects", deleted_prospect, at("/clients/prospects/deleted/")),
    ListPage("providers", provider, found("/clients/providers/", look_for="physicians", us_state="IL")),
    ListPage("medical groups", provider, found("/clients/providers/", look_for="groups", us_state="IL")),
    ListPage("quotes", quote, at("/enroll/quotes/")),
    ListPage("enrollment", quote, at("/enroll/")),
    ListPage("incomplete applications", application, at("/enroll/applications/?tab=incomplete")),
    ListPage("completed applications", completed, at("/enroll/applications/?tab=completed")),
    ListPage("failed applications", failed, at("/enroll/applications/?tab=failed")),
    ListPage("documents", document, at("/messages/documents/")),
    ListPage("messages", question, at("/messages/")),
    ListPage("questions", question, at("/messages/questions/")),
    ListPage("deleted questions", deleted_question, at("/messages/questions/deleted/")),
    ListPage("issues", issue, at("/messages/report-an-issue/mine/")),
    ListPage("notifications", notice, at("/messages/notifications/")),
    ListPage("delegates", delegate, at("/accounts/delegates/")),
    ListPage("hierarchy", below, at("/accounts/hierarchy/")),
    ListPage("devices", device, at("/accounts/devices/")),
    ListPage("my information", number, at("/accounts/my-information/")),
    ListPage("custom reports", saved_report, at("/reports/saved/")),
    ListPage("dashboard", policy, at("/reports/")),
    ListPage("report runs", report_run, at("/reports/saved/")),
    ListPage("commissions", commission, at("/reports/commissions/")),
    ListPage("desk", in_grace, at("/reports/desk/")),
    ListPage("desk, applications", expiring, at("/reports/desk/?why=expiring")),
    ListPage("call sheet", in_grace, at("/reports/desk/sheet/")),
    ListPage("resources", resource, at("/resources/")),
    ListPage("news", news, at("/news/")),
    ListPage("training", course, at("/training/")),
    ListPage("report of all policies", policy, found("/reports/new/", policy_status="ALL")),
    ListPage("report of policies in grace", in_grace, found("/reports/new/", policy_status="GRACE")),
    ListPage("report of applications", application, found("/reports/new/", application_status="INCOMPLETE")),
    *(
        ListPage(f"report {one.code}", MATCHING.get(one.code, policy), found("/reports/new/", report=one.code, **WIDE))
        for one in REPORTS
    ),
]


# A list that fills its page is counted, which is one query more; here no list does.
ROOM = "size=100"


@pytest.mark.sampled(16)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_asks_as_often_for_one_row_as_for_twenty_five(page, world, sign_in):
    client = sign_in(getattr(world, page.who))
    counts, sizes = [], []
    for places in (range(1), range(1, ROWS)):
        for place in places:
            page.one_more(world, place)
        address = page.address(client)
        address += f"{'&' if '?' in address else '?'}{ROOM}"
        client.get(address)  # what a process looks up once, and a person's first visit, are done
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        assert answer.status_code == 200
        counts.append(len(asked))
        sizes.append(len(answer.content))
    assert sizes[1] > sizes[0], "the page does not show the rows"
    assert counts[0] == counts[1]
