"""The save-the-policy desk: what stands on it, what is written down about it, and who sees which rows."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import ContactPoint, Member, Policy
from enrollment.models import Application
from portal.common.models import AuditEvent
from reporting import at_risk, desk, desk_lines, desk_log
from reporting.models import Outreach
from reporting.rules.desk import AtRisk, Why
from reporting.services import outreach
from reporting.services.outreach import Done
from tests.support import pages
from tests.support.factories import ApplicationFactory, PolicyFactory, ProducerNumberFactory

DESK = "/reports/desk/"
OFF = {"market": Policy.Market.OFF, "aptc_amount": Decimal(0)}


def today() -> date:
    return timezone.localdate()


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def in_grace_since(world, days: int, **values) -> Policy:
    return PolicyFactory(
        producer_number=world.number,
        in_grace=True,
        paid_to_date=ago(days),
        grace_started_on=ago(days),
        effective_date=ago(300),
        **values,
    )


def listed(user, **narrowed) -> dict[str, AtRisk]:
    return {one.key: one for one in desk.desk_of(user, now=timezone.now(), **narrowed).rows()}


# --- what stands on it ---


def test_grace_stands_there_with_its_month_and_the_last_day_to_pay(world):
    first, second, third = (in_grace_since(world, days) for days in (10, 40, 75))
    by_contract = in_grace_since(world, 10, **OFF)
    found = listed(world.producer)
    assert [found[f"p{one.pk}"].why for one in (first, second, third)] == [Why.GRACE_1, Why.GRACE_2, Why.GRACE_3]
    assert found[f"p{by_contract.pk}"].last_safe_day == ago(10) + timedelta(days=30)
    for policy in (first, second, third, by_contract):
        explained = desk.explanation_of(policy)
        assert f"{found[f'p{policy.pk}'].last_safe_day:%m/%d/%Y}" in explained


def test_a_grace_period_that_only_the_carrier_knows_has_no_last_day(world):
    policy = PolicyFactory(producer_number=world.number, status=Policy.Status.GRACE)
    one = listed(world.producer)[f"p{policy.pk}"]
    assert (one.why, one.last_safe_day, one.note) == (Why.GRACE_1, None, at_risk.DISAGREES)


def test_an_unpaid_first_payment_has_the_last_day_of_the_binder(world):
    told = PolicyFactory(
        producer_number=world.number, unpaid=True, effective_date=ago(3), binder_due_date=today() + timedelta(days=9)
    )
    assumed = PolicyFactory(producer_number=world.number, unpaid=True, effective_date=ago(3))
    found = listed(world.producer)
    assert found[f"p{told.pk}"].last_safe_day == today() + timedelta(days=9)
    assert found[f"p{assumed.pk}"].last_safe_day == ago(3) + timedelta(days=30)
    line = desk_lines.lines_of(world.producer, [found[f"p{told.pk}"]], {})[0]
    assert line.amount == "$412.55"


def test_what_has_ended_stands_there_for_thirty_days_unless_something_took_its_place(world):
    number = world.number
    termed = PolicyFactory(producer_number=number, termed=True, term_date=ago(30), effective_date=ago(200))
    too_old = PolicyFactory(producer_number=number, termed=True, term_date=ago(31), effective_date=ago(200))
    replaced = PolicyFactory(producer_number=number, termed=True, term_date=ago(5), effective_date=ago(200))
    PolicyFactory(
        producer_number=number,
        account=replaced.account,
        primary=Member.objects.get(account=replaced.account),
        effective_date=ago(4),
    )
    beside_dental = PolicyFactory(producer_number=number, termed=True, term_date=ago(5), effective_date=ago(200))
    PolicyFactory(
        producer_number=number,
        dental=True,
        account=beside_dental.account,
        primary=Member.objects.get(account=beside_dental.account),
        effective_date=ago(4),
    )
    # Grace without a credit ran out ten days ago; coverage had ended 41 days ago already.
    ran_out = PolicyFactory(
        producer_number=number,
        status=Policy.Status.TERMED,
        term_date=ago(41),
        term_date_derived=True,
        paid_to_date=ago(40),
        grace_started_on=ago(40),
        effective_date=ago(300),
    )
    with_credit = PolicyFactory(
        producer_number=number,
        status=Policy.Status.TERMED,
        market=Policy.Market.ON,
        aptc_amount=Decimal("100"),
        term_date=ago(66),
        term_date_derived=True,
        paid_to_date=ago(97),
        grace_started_on=ago(97),
        effective_date=ago(300),
    )
    cancelled = PolicyFactory(producer_number=number, cancelled=True, effective_date=ago(5))
    found = listed(world.producer)
    assert found[f"p{termed.pk}"].last_safe_day == today()
    assert found[f"p{beside_dental.pk}"].why is Why.TERMED
    assert found[f"p{ran_out.pk}"].last_safe_day == ago(40) + timedelta(days=60)
    for policy in (too_old, replaced, with_credit, cancelled):
        assert f"p{policy.pk}" not in found


def test_failed_and_expiring_applications_stand_there_for_those_who_enroll(world, catalog):
    mine = {"producer_number": world.number, "created_by": world.producer}
    soon = ApplicationFactory(expires_on=today() + timedelta(days=30), **mine)
    later = ApplicationFactory(expires_on=today() + timedelta(days=32), **mine)
    failed = ApplicationFactory(status=Application.Status.FAILED, **mine)
    expired = ApplicationFactory(status=Application.Status.FAILED, expires_on=ago(2), **mine)
    withdrawn = ApplicationFactory(expires_on=today(), withdrawn_at=timezone.now(), withdrawn_by=world.producer, **mine)
    found = listed(world.producer)
    assert found[f"a{soon.pk}"].why is Why.EXPIRING
    assert found[f"a{failed.pk}"].why is Why.FAILED
    assert found[f"a{failed.pk}"].premium == Decimal("300.00")
    for application in (later, expired, withdrawn):
        assert f"a{application.pk}" not in found
    assert f"a{failed.pk}" in listed(world.delegate_with_enroll)
    assert not any(one.why.of_application for one in listed(world.delegate).values())


def test_who_sees_which_rows(world):
    mine = f"p{world.policy.pk}"
    for user in (world.producer, world.principal, world.delegate, world.admin):
        assert mine in listed(user)
    for user in (world.sibling, world.outsider, world.delegate_without_view, world.former_delegate):
        assert mine not in listed(user)


@pytest.mark.feature("REP_06")
def test_the_counts_are_those_of_the_reports_on_every_scope(world):
    in_grace_since(world, 40)
    PolicyFactory(producer_number=world.number, unpaid=True)
    for user in (world.producer, world.principal, world.sibling, world.delegate, world.outsider, world.admin):
        found = desk.desk_of(user, now=timezone.now())
        book = Policy.objects.for_user(user)
        grace = sum(found.count(why) for why in (Why.GRACE_1, Why.GRACE_2, Why.GRACE_3))
        assert grace == book.filter(status=Policy.Status.GRACE).count()
        assert found.count(Why.FIRST_PAYMENT) == book.filter(status=Policy.Status.INITIAL_PAYMENT_DUE).count()
        assert len(found.rows()) == found.count() == sum(found.count(why) for why in Why)


def test_the_number_of_queries_does_not_grow_with_the_book(world, sign_in):
    client = sign_in(world.producer)
    client.get(DESK)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(DESK)
    for days in range(1, 12):
        in_grace_since(world, days)
    with CaptureQueriesContext(connection) as many:
        client.get(DESK)
    assert len(many) == len(few)


# --- the page ---


def test_the_page_shows_why_until_when_how_much_and_how_to_reach_the_client(world, sign_in):
    member = Member.objects.get(account=world.policy.account)
    ContactPoint.objects.create(member=member, kind="CELL", value="6305552000", send_text=True)
    ContactPoint.objects.create(member=member, kind="HOME", value="3125550142")
    ContactPoint.objects.create(member=member, kind="EMAIL", value="tanya@people.example")
    page = pages.read(sign_in(world.producer).get(DESK))
    row = page.one("table").one("tbody").one("tr")
    assert "Grace month 1" in row.text
    assert "$312.55" in row.text
    links = [link.attrs["href"] for link in row.all("a")]
    assert links[0].startswith(f"/clients/{world.account_number}/")
    assert links[1] == f"/enroll/payments/client/{world.account_number}/"
    assert [link.partition(":")[0] for link in links[2:5]] == ["tel", "mailto", "sms"]
    assert links[2] == "tel:+16305552000"
    assert links[-1] == f"{DESK}policy/{world.policy.pk}/"
    assert [tile.text for tile in page.all("a", class_="tile")][:2] == ["1 All", "0 Grace month 3"]


def test_without_consent_there_is_no_text_message(world, sign_in):
    member = Member.objects.get(account=world.policy.account)
    ContactPoint.objects.create(member=member, kind="CELL", value="6305552000")
    page = pages.read(sign_in(world.producer).get(DESK))
    assert not [link for link in page.all("a") if link.attrs["href"].startswith("sms:")]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 1),
        ("?why=grace-1", 1),
        ("?why=grace-3", 0),
        ("?why=snoozed", 0),
        ("?why=nothing&page=99999999999999999999", 1),
        ("?why=%00&page=-1&number=%20", 1),
        ("?number=000000000", 0),
        ("?number=%00'%3B--", 0),
        ("?number=١٢٣٤٥٦٧٨٩", 0),
    ],
)
@pytest.mark.sampled(4)
def test_the_counts_on_top_narrow_the_list_and_nonsense_is_read_as_nothing(world, sign_in, query, shown):
    client = sign_in(world.producer)
    page = pages.read(client.get(f"{DESK}{query}"))
    rows = [row for body in page.all("tbody") for row in body.all("tr")]
    assert len(rows) == shown
    assert client.get(f"{DESK}sheet/{query}").status_code == 200


def test_one_producer_number_at_a_time_and_only_ones_own(world, sign_in):
    other = ProducerNumberFactory(producer=world.producer.producer)
    client = sign_in(world.principal)
    assert "1 - 1 of 1" in pages.read(client.get(f"{DESK}?number={world.number.number}")).text
    assert "Nothing is about to be lost here" in pages.read(client.get(f"{DESK}?number={other.number}")).text
    foreign = world.outsider_policy.producer_number.number
    assert "Enter one of the nine-digit producer numbers" in pages.read(client.get(f"{DESK}?number={foreign}")).text
    staff = sign_in(world.admin)
    assert "Whose desk?" in pages.read(staff.get(DESK)).text
    assert "1 - 1 of 1" in pages.read(staff.get(f"{DESK}?number={world.number.number}")).text


def test_the_numbers_are_offered_where_there_are_several_and_few(world, sign_in, monkeypatch):
    assert not pages.read(sign_in(world.sibling).get(DESK)).all("input", id="desk-number"), "one: nothing to choose"
    offered = {
        option.attrs["value"]
        for option in pages.read(sign_in(world.principal).get(DESK)).one("datalist", id="desk-numbers").all("option")
    }
    assert world.number.number in offered
    assert world.outsider_policy.producer_number.number not in offered
    monkeypatch.setattr(desk, "MOST_OFFERED", 1)
    for person in (world.principal, world.admin):
        page = pages.read(sign_in(person).get(DESK))
        assert page.all("input", id="desk-number")
        assert not page.all("datalist")


def test_the_call_sheet_lists_the_rows_and_is_audited(world, sign_in):
    page = pages.read(sign_in(world.delegate).get(f"{DESK}sheet/"))
    assert len(page.all("li", class_="call-sheet-row")) == 1
    event = AuditEvent.objects.get(action="desk.printed")
    assert (event.details, event.for_producer) == ({"rows": 1}, world.producer.producer.npn)


def test_a_call_sheet_has_a_hundred_rows_at_most_and_says_how_many_are_left(world, sign_in, monkeypatch):
    monkeypatch.setattr("reporting.views.desk.ON_A_SHEET", 1)
    in_grace_since(world, 40)
    page = pages.read(sign_in(world.producer).get(f"{DESK}sheet/"))
    assert len(page.all("li", class_="call-sheet-row")) == 1
    assert "The first 1 rows; 1 more stand on the list." in page.text


# --- writing down ---


def post(client, policy: Policy, **data: str):
    return client.post(f"{DESK}policy/{policy.pk}/", {"outcome": "WILL_PAY", "form_key": "k" * 24, **data})


def test_what_was_done_is_kept_and_shown_with_who_and_when(world, sign_in):
    client = sign_in(world.delegate)
    assert post(client, world.policy, note="Pays on Friday <b>").status_code == 302
    row = Outreach.objects.get()
    assert (row.policy, row.why, row.outcome, row.note) == (world.policy, "grace-1", "WILL_PAY", "Pays on Friday <b>")
    page = pages.read(client.get(f"{DESK}policy/{world.policy.pk}/"))
    log = page.one("section", **{"aria-labelledby": "outreach-log"}).text
    for words in ("Dana Keller" if world.delegate.first_name == "Dana" else "", "Will pay", "Pays on Friday <b>"):
        assert words in log
    event = AuditEvent.objects.get(action="desk.logged")
    assert event.for_producer == world.producer.producer.npn
    assert event.details == {"why": "grace-1", "outcome": "WILL_PAY", "snoozed": False}
    assert "Friday" not in str(event.__dict__)


def test_five_posts_of_one_form_write_one_row(world, sign_in):
    client = sign_in(world.producer)
    for _ in range(5):
        post(client, world.policy)
    assert Outreach.objects.count() == AuditEvent.objects.filter(action="desk.logged").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_writes(world):
    results = []

    def write() -> None:
        try:
            done = Done(outcome=Outreach.Outcome.NO_ANSWER)
            results.append(
                outreach.log(
                    about=world.policy,
                    why=Why.GRACE_1,
                    done=done,
                    by=world.producer,
                    at=timezone.now(),
                    form_key="same",
                )[1]
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    assert Outreach.objects.count() == AuditEvent.objects.filter(action="desk.logged").count() == 1


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"outcome": ""}, "Choose what came of it."),
        ({"outcome": "BACK"}, "Choose one of the list."),
        ({"outcome": "nonsense"}, "Choose one of the list."),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"note": "a\x00b"}, "Null characters are not allowed."),
        ({"snoozed_until": "soon"}, "Enter the date as MM/DD/YYYY."),
        ({"snoozed_until": "02/30/2027"}, "Enter the date as MM/DD/YYYY."),
        ({"snoozed_until": "01/01/2020"}, "Choose a day after today."),
        ({"snoozed_until": "12/31/9999"}, "Choose a day up to"),
    ],
)
@pytest.mark.sampled(4)
def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(world, sign_in, data, error):
    answer = post(sign_in(world.producer), world.policy, **{"note": "my note", **data})
    assert answer.status_code == 200
    assert error in pages.read(answer).text
    assert not Outreach.objects.exists()
    if "note" not in data:
        assert "my note" in answer.content.decode()


def test_a_snoozed_row_is_off_the_list_until_its_day_and_can_be_put_back(world, sign_in):
    client = sign_in(world.producer)
    until = today() + timedelta(days=5)
    post(client, world.policy, snoozed_until=f"{until:%m/%d/%Y}")
    found = desk.desk_of(world.producer, now=timezone.now())
    assert (found.count(), len(found.rows()), len(found.snoozed)) == (0, 0, 1)
    assert [one.key for one in desk.desk_of(world.producer, now=timezone.now() + timedelta(days=5)).rows()]
    assert "1 - 1 of 1" in pages.read(client.get(f"{DESK}?why=snoozed")).text
    client.post(f"{DESK}policy/{world.policy.pk}/", {"back": "1", "form_key": "b" * 24})
    assert len(desk.desk_of(world.producer, now=timezone.now()).rows()) == 1
    assert Outreach.objects.count() == 2


def test_a_snooze_counts_for_its_reason_only(world):
    done = Done(outcome=Outreach.Outcome.WILL_PAY, snoozed_until=today() + timedelta(days=9))
    outreach.log(
        about=world.policy, why=Why.FIRST_PAYMENT, done=done, by=world.producer, at=timezone.now(), form_key="one"
    )
    assert len(desk.desk_of(world.producer, now=timezone.now()).rows()) == 1


def test_nothing_that_was_written_down_can_be_changed_or_deleted(world):
    row, _ = outreach.log(
        about=world.policy,
        why=None,
        done=Done(outcome=Outreach.Outcome.OTHER, note="as it was"),
        by=world.producer,
        at=timezone.now(),
        form_key="one",
    )
    for act in (
        lambda: Outreach.objects.filter(pk=row.pk).update(outcome="DECLINED"),
        lambda: Outreach.objects.filter(pk=row.pk).update(note=None),
        row.delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    Outreach.objects.filter(pk=row.pk).update(note="as it was")  # another key for the same words


def test_a_failing_audit_keeps_nothing(world, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr(outreach.audit, "record", fail)
    with pytest.raises(RuntimeError):
        outreach.log(
            about=world.policy,
            why=None,
            done=Done(outcome=Outreach.Outcome.OTHER),
            by=world.producer,
            at=timezone.now(),
            form_key="one",
        )
    assert not Outreach.objects.exists()


def test_another_producers_log_is_not_seen_with_the_row(world):
    """The agency above sees what was written in the producer's book; the producer beside sees neither row nor log."""
    outreach.log(
        about=world.policy,
        why=Why.GRACE_1,
        done=Done(outcome=Outreach.Outcome.OTHER),
        by=world.producer,
        at=timezone.now(),
        form_key="one",
    )
    assert len(desk_log.log_of(world.principal, policy=world.policy)) == 1
    assert desk_log.log_of(world.sibling, policy=world.policy) == []


def test_a_policy_that_is_not_at_risk_says_so(world, sign_in):
    policy = PolicyFactory(producer_number=world.number)
    client = sign_in(world.producer)
    assert "This is not on the list now" in pages.read(client.get(f"{DESK}policy/{policy.pk}/")).text
    assert post(client, policy).status_code == 302
    assert client.get(f"{DESK}policy/99999999999999999999/").status_code == 404
    assert client.get(f"{DESK}application/A-99999/").status_code == 404
