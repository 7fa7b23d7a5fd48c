"""What the demo data holds: the promised people and books, every status, and nobody real."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
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
from accounts.services import registration
from clients.membersystem.gateways.x12_834 import told_and_invalid
from clients.models import (
    Account,
    ContactPoint,
    Coverage,
    MedicalGroup,
    Member,
    MemberChange,
    PcpAssignment,
    Policy,
    Prospect,
    Provider,
)
from clients.models.accounts import ssn_last4_digest
from clients.selectors.pending_changes import pending_of
from clients.services.policies import refresh_insured
from enrollment.models import County
from enrollment.selectors import quotes as selector
from portal.common.access import Perm
from portal.common.models import AuditEvent
from portal.demo_data import contact_changes, loader, providers, quotes
from portal.demo_data.cases import SPLIT_HOUSEHOLD_ACCOUNT
from portal.demo_data.logins import FIXED_USERNAMES
from portal.demo_runtime.greeting import TO_REGISTER
from reporting import desk
from reporting.models import CommissionStatement, Outreach
from reporting.rules.desk import Why
from tests.portal.test_consistency import BRANDS
from tests.support.catalog import import_whole_catalog
from tests.support.demo import (
    DISAGREEING_ACCOUNT,
    assert_past_due_fits_the_months_owed,
    assert_rows_stand_as_the_rules_say,
    user,
    visible_to,
)
from tests.support.factories import AccountFactory, MemberFactory
from tests.support.wizard import load_tables
from tests.support.x12 import as_one_file, every_kind_of_change, judge

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


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker) -> Iterator[loader.Loaded]:
    """The demo in its usual size, once for all tests that only look at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        # Where a test that emptied the tables ran before this file.
        load_tables()
        result = loader.load(seed=1, today=TODAY)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield result
        transaction.set_rollback(True)


# --- Who is there ---


@pytest.mark.parametrize(
    ("username", "policies"),
    [("rsolberg7", 400), ("prairieagency", 5_000), ("outsider9", 260), ("lonemesa", 300), ("carrieradmin", 5_300)],
)
def test_books_have_the_promised_size(loaded, username, policies):
    assert visible_to(username).count() == pytest.approx(policies, rel=0.07)


def test_fixed_people_can_sign_in(loaded):
    assert len(FIXED_USERNAMES) == 6
    for person in [user(username) for username in FIXED_USERNAMES]:
        assert person.check_password("Harbor#Kite58")
        assert person.email_confirmed_at < timezone.now()
        assert person.security_email
        assert re.fullmatch(r"\d{3}55501\d\d", person.security_mobile)
    admin = user("carrieradmin")
    assert (admin.role, admin.is_staff, admin.is_superuser) == (User.Role.CARRIER_ADMIN, True, True)
    assert user("prairieagency").producer.is_agency


def test_everybody_has_accepted_the_terms_and_has_a_first_password_on_file(loaded):
    people = User.objects.annotate(accepted=Count("terms_acceptances"), passwords=Count("password_history"))
    assert people.count() == len(loaded.usernames)
    assert {(person.accepted, person.passwords) for person in people} == {(1, 1)}


def test_the_people_of_the_documentation_have_a_salt_of_their_own(loaded):
    hashes = Counter(User.objects.values_list("password", flat=True))
    assert {hashes[user(username).password] for username in FIXED_USERNAMES} == {1}


def test_rsolberg7_has_two_numbers_in_illinois_and_one_in_texas_and_montana(loaded):
    states = Counter(user("rsolberg7").producer.numbers.values_list("us_state", flat=True))
    assert states == {"IL": 2, "TX": 1, "MT": 1}


@pytest.mark.feature("HOM_09")
def test_the_agency_reaches_two_levels_down(loaded):
    depths = Counter(user("prairieagency").producer.edges_down.values_list("depth", flat=True))
    assert depths == {0: 1, 1: 4, 2: 3}
    above = user("rsolberg7").producer.edges_up.exclude(depth=0)
    assert [edge.ancestor.user.username for edge in above] == ["prairieagency"]


def test_the_delegate_sees_rsolberg7s_own_book_and_nothing_else(loaded):
    grant = DelegateGrant.objects.in_force(TODAY).get(delegate=user("dkeller22"))
    assert set(grant.scopes) == {"VIEW", "SERVICE", "ENROLL"}
    own = Policy.objects.filter(producer_number__producer=user("rsolberg7").producer)
    assert set(visible_to("dkeller22")) == set(own)


@pytest.mark.feature("HOM_14")
def test_another_delegate_works_for_two_producers(loaded):
    grants = DelegateGrant.objects.in_force(TODAY).filter(delegate=user("mokafor5"))
    assert {grant.producer.user.username: set(grant.scopes) for grant in grants} == {
        "rsolberg7": {"VIEW", "SERVICE", "ENROLL"},
        "prairieagency": {"VIEW", "SERVICE"},
    }
    books = Policy.objects.filter(producer_number__producer__in=[grant.producer_id for grant in grants])
    assert set(visible_to("mokafor5")) == set(books)


def test_one_producer_has_no_login_so_that_registering_can_be_tried_with_what_the_greeting_says(loaded):
    (lena,) = Producer.objects.filter(user__isnull=True)
    assert not lena.state_registrations.exists()
    assert Policy.objects.filter(producer_number__producer=lena).exists()
    number, npn, zip_code = TO_REGISTER
    assert registration.matching_producer(number=number, npn=npn, zip_code=zip_code) == lena


@pytest.mark.feature("SRC_10")
def test_the_two_agencies_never_see_each_other(loaded):
    assert not visible_to("outsider9") & visible_to("prairieagency")
    assert not visible_to("lonemesa") & visible_to("prairieagency")


@pytest.mark.feature("SRC_10")
def test_of_the_split_household_each_producer_sees_the_own_policy(loaded):
    household = Account.objects.get(number=SPLIT_HOUSEHOLD_ACCOUNT)
    for username, line in (("rsolberg7", "MEDICAL"), ("outsider9", "DENTAL")):
        assert Account.objects.for_user(user(username)).filter(pk=household.pk).exists()
        assert [policy.line for policy in visible_to(username).filter(account=household)] == [line]


@pytest.mark.feature("SRC_10")
def test_the_outsider_has_namesakes_of_rsolberg7s_clients_down_to_the_last_four(loaded):
    mine = set(visible_to("rsolberg7").values_list("insured_last_key", "insured_ssn_digest"))
    theirs = set(visible_to("outsider9").values_list("insured_last_key", "insured_ssn_digest"))
    assert len({both for both in mine & theirs if both[1]}) >= 20
    mine_by_birth = set(visible_to("rsolberg7").values_list("insured_ssn_digest", "insured_date_of_birth"))
    theirs_by_birth = set(visible_to("outsider9").values_list("insured_ssn_digest", "insured_date_of_birth"))
    assert len({both for both in mine_by_birth & theirs_by_birth if both[0]}) >= 4


def test_rsolberg7_has_thirty_prospects(loaded):
    assert Prospect.objects.for_user(user("rsolberg7")).filter(producer__user__username="rsolberg7").count() == 30


def test_one_client_has_a_contact_change_pending_and_one_that_was_not_accepted(loaded):
    now = timezone.make_aware(datetime.combine(TODAY, time(9)))
    lines = {
        number: [line.state for line in pending_of(user("rsolberg7"), Account.objects.get(number=number), now=now)]
        for number in (contact_changes.WAITS, contact_changes.REFUSED)
    }
    assert list(lines.values()) == [["pending", "pending"], ["problem"]]


@pytest.mark.feature("CON_03")
def test_changes_for_the_member_system_stand_in_every_state_as_the_clients_pages_say(loaded):
    changes = MemberChange.objects.for_user(user("rsolberg7")).select_related("member")
    assert {change.status for change in changes} == set(MemberChange.Status.values) - {"SUPERSEDED"}
    assert {change.created_by.username for change in changes.select_related("created_by")} == {"rsolberg7", "dkeller22"}
    for change in changes.filter(kind=MemberChange.Kind.CONTACT):
        stored = {point.kind: point.value for point in ContactPoint.objects.filter(member=change.member)}
        shown = change.payload["after" if change.status == "ACKED" else "before"]
        waits_for_an_older_one = changes.filter(member=change.member, pk__lt=change.pk).exists()
        for kind, point in shown.items():
            assert waits_for_an_older_one or stored.get(kind) == (point and point["value"]), change.status


def test_nobody_but_the_producer_of_the_demo_and_who_decides_about_papers_has_done_anything_yet(loaded):
    done = AuditEvent.objects.order_by().values_list("object_type", "actor_username").distinct()
    # Made through the services, as the producer and the carrier's staff would.
    kinds = (
        "account",
        "quote",
        "application",
        "proposal",
        "documentsubmission",
        "payment",
        "custom report",
        "report run",
    )
    decided = {("application", "carrieradmin"), ("documentsubmission", "carrieradmin")}
    told = {("payment", "")}  # by the payment service
    assert set(done) <= {(kind, "rsolberg7") for kind in kinds} | decided | told


def test_rsolberg7_has_quotes_in_every_state(loaded):
    """Where the catalog was loaded before, as ``load_demo`` does."""
    now = datetime.combine(TODAY, time(0, 5), tzinfo=timezone.get_default_timezone())
    if not County.objects.exists():
        load_tables()
        import_whole_catalog()
        quotes.add_quotes(by=user("rsolberg7"), now=now)
    found = list(selector.visible(user("rsolberg7")).select_related("county"))
    assert len(found) == len(quotes.QUOTES)
    assert {selector.status_of(quote, now=now) for quote in found} == {"Saved", "Draft", "Expired"}
    assert {quote.market for quote in found} == {"ON", "OFF", "BOTH"}
    assert {quote.name.split(",")[0] for quote in found if selector.priced(quote).changed} == {"Brannigan"}
    family = next(quote for quote in found if quote.name.startswith("Okafor"))
    assert {plan.row.plan.line for plan in selector.priced(family).selected if plan.premium} == {"MEDICAL", "DENTAL"}


# --- What the book holds ---


@pytest.mark.feature("REP_05")
def test_rsolberg7s_own_book_has_every_status_in_every_market(loaded):
    found = set(visible_to("dkeller22").values_list("status", "market"))
    assert found == {(status, market) for status in Policy.Status.values for market in Policy.Market.values}


def test_all_five_states_are_there(loaded):
    assert set(Policy.objects.values_list("us_state", flat=True)) == {"IL", "MT", "NM", "OK", "TX"}
    assert not Policy.objects.exclude(producer_number__us_state=F("us_state")).exists()


@pytest.mark.feature("REP_06")
def test_every_status_is_the_one_the_rules_give(loaded):
    assert_rows_stand_as_the_rules_say(TODAY)


def test_of_one_policy_the_carrier_tells_another_status_than_the_dates_give(loaded):
    disagreeing = Policy.objects.status_disagrees().get()
    assert disagreeing.account.number == DISAGREEING_ACCOUNT
    assert (disagreeing.status, disagreeing.derived_status) == ("ACTIVE", "GRACE")
    assert visible_to("rsolberg7").filter(pk=disagreeing.pk).exists()


def test_what_is_past_due_is_the_premium_of_the_months_owed(loaded):
    assert_past_due_fits_the_months_owed(TODAY)


def test_nobody_without_tax_credit_is_in_grace_for_months(loaded):
    without_credit = Policy.objects.filter(status="GRACE", aptc_amount=0)
    assert without_credit.exists()
    assert not without_credit.filter(grace_started_on__lt=TODAY - timedelta(days=45)).exists()


def test_policies_repeat_their_primary_insured(loaded):
    assert refresh_insured(account_ids=Account.objects.values_list("pk", flat=True)) == 0
    assert not Account.objects.exclude(members__role="PRIMARY").exists()


@pytest.mark.feature("SRC_15")
def test_a_pair_shares_account_application_and_dates(loaded):
    pairs = 0
    for account in Account.objects.filter(number__startswith="1002003").prefetch_related("policies"):
        for dental in [policy for policy in account.policies.all() if policy.line == "DENTAL" and policy.eapp_number]:
            medical = [policy for policy in account.policies.all() if policy.eapp_number == dental.eapp_number]
            pairs += len(medical) == 2
            assert len({policy.effective_date for policy in medical}) == 1
    assert pairs >= 3


def test_applications_came_in_before_today_and_in_order(loaded):
    assert (
        not Policy.objects.filter(application_submitted_at__gt=timezone.now())
        .filter(application_submitted_at__date__gt=TODAY)
        .exists()
    )
    assert not Policy.objects.filter(
        Q(application_started_on__gt=F("application_signed_on"))
        | Q(application_signed_on__gt=F("application_submitted_at__date") + timedelta(days=1))
    ).exists()
    assert not Policy.objects.filter(market="OFF").exclude(exchange_assigned_id="").exists()
    assert not Policy.objects.filter(market="ON", exchange_assigned_id="").exists()
    assert not Policy.objects.filter(status="INITIAL_PAYMENT_DUE", pending_application_id="").exists()


@pytest.mark.feature("SRC_14")
def test_some_households_wait_for_their_account_number(loaded):
    waiting = visible_to("dkeller22").filter(account__number=None)
    assert {policy.status for policy in waiting} == {"INITIAL_PAYMENT_DUE", "FUTURE"}
    assert waiting.values("account").distinct().count() == 3
    assert waiting.filter(eapp_number="").exclude(exchange_assigned_id="").count() == 1


@pytest.mark.parametrize(
    ("model", "field", "shape"),
    [
        (Account, "number", r"\d{9}"),
        (Member, "member_id", r"\d{12}"),
        (Policy, "eapp_number", r"01\d{8}"),
        (Policy, "client_app_id", r"PP\d{5}"),
        (Policy, "exchange_assigned_id", r"[1-9]\d{9}"),
        (Policy, "pending_application_id", r"[A-Z2-9]{6}"),
        (Policy, "group_number", r"[ID][A-Z]\d{4}"),
        (ProducerNumber, "number", r"\d{9}"),
        (MedicalGroup, "number", r"\d{3}"),
        (Provider, "pcpa_number", r"[A-Z0-9]{4,12}"),
    ],
)
def test_numbers_are_shaped_like_the_carriers(loaded, model, field, shape):
    values = set(model.objects.exclude(**{field: None}).exclude(**{field: ""}).values_list(field, flat=True))
    assert values
    assert {value for value in values if not re.fullmatch(shape, value)} == set()


def test_providers_have_valid_npis(loaded):
    for npi in Provider.objects.values_list("npi", flat=True):
        total = 24  # what the prefix 80840 adds
        for place, digit in enumerate(reversed(npi)):
            doubled = int(digit) * (1 + place % 2)
            total += doubled // 10 + doubled % 10
        assert total % 10 == 0, npi


@pytest.mark.feature("PCP_16")
def test_physicians_follow_one_another_without_a_gap(loaded):
    by_member: dict[int, list[PcpAssignment]] = {}
    for span in PcpAssignment.objects.select_related("policy", "member", "provider", "medical_group").order_by(
        "effective_date"
    ):
        by_member.setdefault(span.member_id, []).append(span)
        assert span.policy.requires_pcp
        assert (span.provider or span.medical_group).us_state == span.policy.us_state
    for spans in by_member.values():
        assert all(
            one.end_date + timedelta(days=1) == after.effective_date
            for one, after in zip(spans, spans[1:], strict=False)
        )
        assert spans[-1].end_date == spans[-1].policy.term_date
    assert len({span.medical_group_id for spans in by_member.values() for span in spans}) > 15
    assert max(map(len, by_member.values())) > 1


@pytest.mark.feature("PCP_09")
def test_one_member_was_asked_out_of_a_medical_group(loaded):
    spans = PcpAssignment.objects.filter(member__account__number="100200343", member__first_name="Noah")
    assert [(span.medical_group.number, span.reason) for span in spans.order_by("effective_date")] == [
        ("124", ""),
        ("597", providers.ASKED_OUT),
    ]


@pytest.mark.feature("DET_01")
def test_the_spouse_of_one_household_has_a_cell_phone(loaded):
    phone = ContactPoint.objects.get(member__account__number="100200344", member__role="SPOUSE")
    assert (phone.kind, phone.value) == ("CELL", "2145550177")


# --- Nobody real ---


@pytest.mark.long
def test_no_ssn_was_ever_issued(loaded):
    members = list(Member.objects.filter(ssn__isnull=False))
    assert len(members) > 4_000
    for member in members:
        assert re.fullmatch(r"666\d{6}", member.ssn)
        assert member.ssn_last4_digest == ssn_last4_digest(member.ssn_last4)
    assert len({member.ssn for member in members}) >= len(members) - loader.NAMESAKES


def test_phones_ring_nowhere_and_emails_go_nowhere(loaded):
    for kind, value in ContactPoint.objects.values_list("kind", "value"):
        shape = r"[a-z0-9.]+@example\.(com|org|net)" if kind == "EMAIL" else r"[2-9]\d\d555(?!1212)\d{4}"
        assert re.fullmatch(shape, value), value
    addresses = [
        *Producer.objects.values_list("record_email", flat=True),
        *User.objects.values_list("email", flat=True),
    ]
    addresses += Prospect.objects.exclude(email="").values_list("email", flat=True)
    assert all(re.search(r"[@.]example\.(com|org|net)$", address) for address in addresses)


@pytest.mark.feature("ISS_05")
def test_no_real_carrier_is_named(loaded):
    texts = {
        *Policy.objects.values_list("product_name", flat=True),
        *MedicalGroup.objects.values_list("name", flat=True),
    }
    texts |= {*ProducerNumber.objects.values_list("company_name", flat=True), *Member.objects.values_list("last_name")}
    texts |= {TermsVersion.objects.get().body}
    assert not [text for text in texts if BRANDS.search(str(text))]


# --- Afterwards ---


def test_rows_can_be_added_afterwards(loaded):
    member = MemberFactory(account=AccountFactory(), member_id="new", ssn=None)
    assert member.pk > loaded.counts["members"]


# --- What would be told to the member system ---


def assert_everything_can_be_told(policies: QuerySet[Policy], *, batch: int) -> None:
    """Every kind of change to these policies is an 834 that an independent validator accepts."""
    now = timezone.now()
    rows = policies.prefetch_related("pcp_assignments__medical_group", "pcp_assignments__provider").order_by("pk")
    told = every_kind_of_change(rows, now=now)
    assert {one.change.kind for one in told} == set(MemberChange.Kind)
    for start in range(0, len(told), batch):
        sets, invalid = told_and_invalid(told[start : start + batch])
        assert invalid == {}
        judged = judge(as_one_file([body for _one, bodies in sets for body in bodies], made_at=now))
        assert judged, judged.errors


@pytest.mark.long
def test_every_kind_of_change_to_a_sample_of_the_book_is_a_valid_834(loaded):
    # The households with a story of their own have account numbers below the others'.
    told_stories = Policy.objects.filter(account__number__lt="200000000")
    some = set(told_stories.values_list("pk", flat=True)[:40])
    some |= set(Policy.objects.filter(requires_pcp=True).values_list("pk", flat=True)[:10])
    some |= set(list(Policy.objects.order_by("pk").values_list("pk", flat=True))[::400])
    assert_everything_can_be_told(Policy.objects.filter(pk__in=some), batch=400)


@pytest.mark.drill
@pytest.mark.timeout(3600)  # a hundred seconds of processor
def test_every_kind_of_change_to_the_whole_book_is_a_valid_834(loaded):
    assert_everything_can_be_told(Policy.objects.all(), batch=1000)


# --- What reporting shows ---


def test_the_desk_has_rows_of_every_reason_and_something_written_down(loaded):
    rita = user("rsolberg7")
    now = datetime.combine(TODAY, time(9, 0), tzinfo=timezone.get_default_timezone())
    with time_machine.travel(now, tick=False):
        found = desk.desk_of(rita, now=now)
        shown = {one.why for one in found.rows()}
    on_policies = [why for why in Why if not why.of_application]
    assert shown >= set(on_policies)
    assert found.snoozed
    assert Outreach.objects.for_user(rita).count() >= 4
    assert not Outreach.objects.for_user(user("outsider9")).exists()


def test_there_are_six_months_of_commission_statements(loaded):
    rows = CommissionStatement.objects.for_user(user("rsolberg7"), perm=Perm.COMMISSIONS_VIEW)
    assert rows.values("month").distinct().count() == 6
    for row in rows:
        amounts = [line.amount for line in row.lines.all()]
        assert (len(amounts), sum(amounts)) == (row.line_count, row.total)
