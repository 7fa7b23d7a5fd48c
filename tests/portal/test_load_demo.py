"""Loading the demo data: the command, any day and any seed, large carriers, and the cases on any day."""

import hashlib
import re
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from math import gcd
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import (
    DelegateGrant,
    HierarchyEdge,
    PasswordHistory,
    Producer,
    ProducerNumber,
    StateRegistration,
    TermsAcceptance,
    TermsVersion,
    User,
)
from clients.models import (
    Account,
    ContactPoint,
    Coverage,
    MedicalGroup,
    Member,
    PcpAssignment,
    Policy,
    Prospect,
    Provider,
)
from clients.rules.ages import turning_65
from clients.rules.dated import add_months
from clients.rules.policy_status import policy_status
from portal.demo_data import books, cases, loader, numbers, places
from portal.demo_data.cases import CaseNumbers
from portal.demo_data.copy import TableCopy, indexes_built_afterwards
from portal.demo_data.households import Household, HouseholdMaker, Mix, ProducerNumberRef
from portal.demo_data.timelines import facts
from tests.support.demo import (
    assert_past_due_fits_the_months_owed,
    assert_rows_stand_as_the_rules_say,
    user,
    visible_to,
)
from tests.support.factories import AccountFactory

TODAY = date(2026, 11, 21)
# Month ends, leap days, New Year, the first of a month, and days no three-month grace period can end on.
ODD_DAYS = [
    date(2024, 2, 29),
    date(2026, 3, 1),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 5, 29),
    date(2027, 8, 31),
]
SMALL = 700  # members
MODELS = (
    *(User, Producer, ProducerNumber, HierarchyEdge, DelegateGrant, StateRegistration, TermsVersion, TermsAcceptance),
    *(PasswordHistory, Account, Member, ContactPoint, Policy, Coverage, PcpAssignment, MedicalGroup, Provider),
    Prospect,
)


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("load_demo", *arguments, stdout=said)
    return said.getvalue()


# --- The households worth knowing ---

IN_GRACE, TERMED, CANCELLED = "GRACE", "TERMED", "CANCELLED"
CASE_STATUSES = {
    "100200301": [IN_GRACE, IN_GRACE],
    "100200302": [IN_GRACE],
    "100200303": [IN_GRACE, TERMED],
    "100200304": [IN_GRACE],
    "100200305": [IN_GRACE],
    "100200306": [IN_GRACE],
    "100200307": [IN_GRACE],
    "100200309": [IN_GRACE],
    "100200310": [IN_GRACE],
    "100200311": [IN_GRACE],
    "100200312": ["INITIAL_PAYMENT_DUE", "INITIAL_PAYMENT_DUE"],
    "100200313": ["INITIAL_PAYMENT_DUE"],
    "100200314": [CANCELLED],
    "100200315": [CANCELLED],
    "100200316": [CANCELLED],
    "100200317": [TERMED],
    "100200318": [TERMED],
    "100200319": [TERMED],
    "100200320": [TERMED],
    "100200321": [TERMED],
    "100200324": [TERMED, "ACTIVE"],
    "100200325": ["FUTURE"],
    "100200327": ["ACTIVE", "FUTURE"],
    "100200328": ["FUTURE"],
    "100200358": [IN_GRACE],
    "100200360": [IN_GRACE],
}


def case_households(today: date) -> dict[str | None, Household]:
    """Every case on that day, by account number; no database."""
    refs = {
        name: ProducerNumberRef(row_id, us_state, f"00000000{row_id}")
        for row_id, (name, us_state) in enumerate(
            {"illinois": "IL", "illinois_web": "IL", "texas": "TX", "montana": "MT", "of_outsider": "IL"}.items()
        )
    }
    maker = HouseholdMaker(today, Mix())
    return {home.account_number: home for home in cases.households(maker, CaseNumbers(**refs), seed=1)}


def decisions(home: Household, today: date) -> list:
    return [policy_status(facts(policy.timeline, policy.terms), today=today) for policy in home.policies]


def every_tenth_day() -> list[date]:
    return [date(2027, 1, 1) + timedelta(days=10 * step) for step in range(40)]


@pytest.mark.no_db
@pytest.mark.parametrize("today", [*ODD_DAYS, *every_tenth_day()], ids=str)
def test_every_case_is_what_its_title_says_on_any_day(today):
    homes = case_households(today)
    for number in sorted({one.account_number for one in cases.CASES} - {"100200308"}):
        statuses = [decision.status.value for decision in decisions(homes[number], today)]
        assert statuses == CASE_STATUSES.get(number, ["ACTIVE"] * len(statuses)), number
    for home in homes.values():
        for policy in home.policies:
            assert policy.timeline.effective <= (policy.timeline.paid_to or policy.timeline.effective)
            assert all(person.date_of_birth <= max(today, policy.timeline.effective) for person in policy.covered)

    def only(number):
        return decisions(homes[number], today)[0]

    assert [only(number).grace_month for number in ("100200301", "100200302", "100200303", "100200309")] == [1, 2, 3, 3]
    assert [only(number).days_left for number in ("100200304", "100200306", "100200313")] == [0, 0, 0]
    assert only("100200307").grace_end is None
    assert homes["100200309"].policies[0].timeline.paid_to > only("100200309").grace_start
    assert only("100200317").term_shown == today - timedelta(days=1)
    assert homes["100200326"].policies[0].timeline.effective == today
    assert homes["100200330"].policies[0].timeline.paid_to == today
    grace_start, grace_end = only("100200308").grace_start, only("100200308").grace_end
    assert (grace_start or add_months(grace_end, -3)).year < add_months(grace_start or grace_end, 3).year
    born_on_first = homes["100200339"].primary.date_of_birth
    assert turning_65(born_on_first).medicare_month < turning_65(born_on_first).birthday
    assert born_on_first.day == 1
    assert homes["100200337"].primary.date_of_birth.strftime("%m%d") == "0229"


@pytest.mark.no_db
@pytest.mark.drill
def test_every_case_is_what_its_title_says_on_every_day_of_a_common_and_a_leap_year():
    for step in range(365 + 366):
        test_every_case_is_what_its_title_says_on_any_day(date(2027, 1, 1) + timedelta(days=step))


@pytest.mark.no_db
def test_case_numbers_are_unique_and_out_of_reach_of_the_others():
    listed = [one.account_number for one in cases.CASES]
    assert len(set(listed)) == len(listed) >= 55
    assert max(listed) < str(numbers.FIRST_SCATTERED_ACCOUNT)


# --- Any day, any seed ---


@pytest.mark.parametrize("today", ODD_DAYS, ids=str)
@pytest.mark.sampled(2)
def test_a_load_holds_together_on_odd_days(today):
    loader.load(seed=3, today=today, members=SMALL)
    connection.check_constraints()
    assert_rows_stand_as_the_rules_say(today)
    assert_past_due_fits_the_months_owed(today)
    assert set(visible_to("rsolberg7").values_list("status", flat=True)) == set(Policy.Status.values)


# What encryption and salted hashing make different each time.
NEVER_EQUAL = {"ssn", "password"}


def digest_of_all_rows() -> str:
    digest = hashlib.sha256()
    for model in MODELS:
        fields = [field.attname for field in model._meta.concrete_fields if field.name not in NEVER_EQUAL]
        fields = [name for name in fields if not (name == "id" and model in {HierarchyEdge, Prospect})]
        fields = [name for name in fields if not name.endswith(("user_id", "terms_id", "_by_id", "delegate_id"))]
        if model in {User, TermsVersion, TermsAcceptance, PasswordHistory, DelegateGrant, StateRegistration}:
            fields = [name for name in fields if name not in {"id", "created_at"}]
        digest.update(repr(sorted(model.objects.values_list(*fields), key=repr)).encode())
    digest.update(repr([member.ssn for member in Member.objects.order_by("pk")]).encode())
    return digest.hexdigest()


def load_and_take_back(**choices) -> str:
    with transaction.atomic():
        loader.load(**choices)
        digest = digest_of_all_rows()
        transaction.set_rollback(True)
    return digest


@pytest.mark.long
def test_the_same_seed_and_day_give_the_same_rows_and_another_seed_or_day_does_not():
    usual = {"seed": 1, "today": TODAY, "members": SMALL}
    first = load_and_take_back(**usual)
    assert load_and_take_back(**usual) == first
    assert load_and_take_back(**usual | {"seed": 2}) != first
    assert load_and_take_back(**usual | {"today": TODAY + timedelta(days=1)}) != first


def people_by_book(seed: int) -> dict[str, set[tuple[str, str, date]]]:
    """Who is insured in each producer's own book, but for the cases with fixed names."""
    with transaction.atomic():
        loader.load(seed=seed, today=TODAY, members=2 * SMALL)
        found: dict[str, set[tuple[str, str, date]]] = {}
        insured = ("insured_last_name", "insured_first_name", "insured_date_of_birth")
        for npn, *who in Policy.objects.exclude(account__number__startswith="1002003").values_list(
            "producer_number__producer__npn", *insured
        ):
            found.setdefault(npn, set()).add(tuple(who))
        transaction.set_rollback(True)
    return found


@pytest.mark.long
def test_another_seed_gives_other_people_in_every_book():
    one, other = people_by_book(1), people_by_book(2)
    assert one.keys() == other.keys() == {producer.npn for producer in books.demo_producers()}
    assert {npn: one[npn] & other[npn] for npn in one} == dict.fromkeys(one, set())


# --- A large carrier ---


@pytest.mark.drill
def test_a_carrier_is_added_around_the_demo_with_bench_users_who_fit(monkeypatch):
    monkeypatch.setattr(books, "BENCH_BOOKS", (("bench3k", 300, 0), ("bench30k", 900, 6), ("bench100k", 99_000, 40)))
    result = loader.load(seed=1, today=TODAY, members=loader.DEMO_MEMBERS + 2_500)
    assert result.counts["members"] == pytest.approx(loader.DEMO_MEMBERS + 2_500, rel=0.05)
    assert visible_to("bench3k").count() == pytest.approx(300, abs=3)
    assert visible_to("bench30k").count() == pytest.approx(900, abs=21)
    assert not User.objects.filter(username="bench100k").exists()
    assert visible_to("prairieagency").count() == pytest.approx(5_000, rel=0.01)
    assert user("bench30k").producer.edges_down.count() == 7
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # without it the planner thinks the tables of this transaction are empty
    with_login = User.objects.filter(producer__isnull=False).values_list("producer__edges_down__descendant", flat=True)
    carrier = set(
        Policy.objects.exclude(producer_number__producer__in=list(with_login)).values_list("account_id", flat=True)
    )
    assert carrier
    primaries = [m for m in Member.objects.filter(role="PRIMARY").defer("ssn") if m.account_id in carrier]
    without_ssn = set(Member.objects.filter(role="PRIMARY", ssn__isnull=True).values_list("pk", flat=True))
    assert len(without_ssn & {member.pk for member in primaries}) < len(primaries) / 10


def schema() -> tuple[list, list]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'clients%%' ORDER BY 1, 2"
        )
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
            "WHERE conrelid::regclass::text LIKE 'clients%%' ORDER BY 1, 2"
        )
        return indexes, cursor.fetchall()


def test_indexes_and_constraints_are_back_after_a_large_load(monkeypatch):
    monkeypatch.setattr(loader, "INDEXES_LATER_FROM", 1)
    before = schema()
    loader.load(seed=1, today=TODAY, members=SMALL)
    assert schema() == before


def test_indexes_and_constraints_are_back_after_a_failed_load():
    before = schema()

    def fail() -> None:
        with transaction.atomic(), indexes_built_afterwards(["clients_policy"]):
            assert schema() != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert schema() == before


# --- The command ---


def test_the_command_says_what_came_in():
    said = run("--members", str(SMALL))
    assert re.search(r"Loaded 11 producers, 17 logins, [\d,]+ accounts, .*[\d,]+ policies.* in \d+\.\d s\.", said)
    assert "rsolberg7" in said
    assert "Harbor#Kite58" in said


def test_a_database_with_data_is_left_alone():
    AccountFactory()
    with pytest.raises(CommandError, match=r"holds data already \(1 accounts\).*make reset-demo"):
        run()
    assert run("--if-empty") == ""
    assert Account.objects.count() == 1
    assert not User.objects.exists()


@pytest.mark.long
def test_a_dry_run_keeps_nothing():
    assert "Would load 11 producers" in run("--dry-run", "--members", str(SMALL))
    assert loader.rows_already_there() == {}


def test_without_a_demo_mailbox_it_must_be_forced(settings):
    settings.DEMO_MAILBOX = False
    with pytest.raises(CommandError, match="DEMO_MAILBOX is off"):
        run("--members", str(SMALL))
    assert loader.rows_already_there() == {}
    assert "Loaded" in run("--members", str(SMALL), "--force")


@pytest.mark.parametrize("arguments", [("--today", "11/21/2026"), ("--members", "0"), ("--members", "many")])
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(CommandError, match="is not a"):
        run(*arguments)


def test_today_can_be_any_day():
    run("--members", str(SMALL), "--today", "2024-02-29")
    assert visible_to("rsolberg7").filter(paid_to_date=date(2024, 2, 29)).exists()


@pytest.mark.long
def test_terms_that_are_published_already_are_the_ones_accepted():
    terms = TermsVersion.objects.create(version="2025-07", body="...", published_at=timezone.now())
    run("--members", str(SMALL))
    assert TermsVersion.objects.get() == terms
    assert set(TermsAcceptance.objects.values_list("terms", flat=True)) == {terms.pk}


# --- Parts ---


def test_any_text_survives_the_copy_and_empty_is_not_null():
    texts = ["", r"\N", 'say "hi"', "tab\there", "two\nlines", "back\\slash", "Núñez, O'Brien", " "]
    copy = TableCopy(Account, ("id", "number", "address_1", "us_state", "as_of"))
    for row_id, text in enumerate(texts, start=1):
        copy.add(row_id, None, text, "IL", timezone.now())
    copy.flush()
    stored = Account.objects.order_by("id").values_list("address_1", "address_2", "number")
    assert list(stored) == [(text, "", None) for text in texts]


def test_a_copy_refuses_columns_the_model_does_not_have():
    with pytest.raises(LookupError, match="Account has no numbre"):
        TableCopy(Account, ("numbre",))


@pytest.mark.no_db
@pytest.mark.parametrize(
    "scatter",
    [
        *(numbers.ACCOUNTS, numbers.MEMBERS, numbers.EAPPS, numbers.CLIENT_APPS),
        *(numbers.EXCHANGE_IDS, numbers.PENDING_IDS, numbers.SSNS),
    ],
)
def test_scattered_numbers_never_repeat(scatter):
    assert gcd(scatter.span, scatter.step) == 1


@pytest.mark.no_db
def test_npi_check_digits_follow_the_published_examples():
    assert numbers.npi(23_456_789) == "1234567893"
    assert numbers.npi(0) == "1000000004"


@pytest.mark.no_db
def test_directory_assistance_is_nobodys_number():
    class AlwaysThere(Random):
        def randrange(self, *args):
            return places.DIRECTORY_ASSISTANCE

    assert places.phone(AlwaysThere(), "312") == "3125551213"


@pytest.mark.no_db
def test_book_sizes_add_up_and_differ_widely():
    made = books.carrier_producers(1, members=100_000, first_row=1, first_number_row=1)
    assert sum(one.policies for one in made) == 130_000
    assert len(made) == pytest.approx(500, abs=5)
    assert max(one.policies for one in made) > 3_000
    assert sorted(one.policies for one in made)[len(made) // 2] < 200
    assert [one.username for one in made if one.username] == ["bench3k", "bench30k"]


@pytest.mark.no_db
def test_only_the_three_oldest_children_under_21_are_charged():
    home = case_households(TODAY)["100200345"]
    medical = home.policies[0]
    charged = [home.people[place] for place in (0, 1, 2, 3, 4)]
    assert medical.monthly_cents == medical.product.monthly_cents(charged, on=medical.timeline.effective)
    assert len(medical.covered) == 8
    assert Decimal(medical.monthly_cents) > 0
