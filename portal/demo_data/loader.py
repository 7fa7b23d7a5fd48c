"""Loading the demo data: what comes after what, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import HierarchyEdge, Producer, ProducerNumber, User
from accounts.services import hierarchy
from clients.models import Account, MedicalGroup, Member, Policy, Prospect, Provider
from clients.services import surnames
from portal.demo_data import (
    application_people,
    cases,
    commissions,
    contact_changes,
    contacts,
    content,
    coverage_answers,
    desk,
    documents,
    drafts,
    enrolling,
    evidence,
    id_cards,
    issues,
    logins,
    member_changes,
    notices,
    payments,
    pcp_changes,
    prospects,
    providers,
    questions,
    quotes,
    reports,
    submissions,
)
from portal.demo_data.books import ProducerSpec, carrier_producers, demo_producers
from portal.demo_data.cases import CaseNumbers
from portal.demo_data.chance import Weighted, seeded
from portal.demo_data.copy import TableCopy, indexes_built_afterwards, set_sequences_past
from portal.demo_data.households import Household, HouseholdMaker, Mix
from portal.demo_data.numbers import ssn_ending_like
from portal.demo_data.people import Person
from portal.demo_data.rows import HOUSEHOLD_MODELS, HouseholdRows

# Two loads at once: the second waits here and then finds the data.
LOAD_LOCK = 7_301_002
# From so many members on, building the indexes afterwards is quicker than keeping them up to date.
INDEXES_LATER_FROM = 50_000
# How many people the demo's own books hold, about; a smaller load shrinks the books instead of adding a carrier.
DEMO_MEMBERS = 4_900
NAMESAKES = 25
NAMESAKES_IN_EVERYTHING = 5

DEMO_MIX = Mix()
# Encrypting one SSN costs as much as making one person; a large carrier gets those that are searched for only.
CARRIER_MIX = Mix(had_earlier_policy=0.6, every_ssn=False, pcp=False)


class DatabaseNotEmpty(Exception):
    """Some rows of producers or clients are there already; ``counts`` says how many of what."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        super().__init__(", ".join(f"{count:,} {what}" for what, count in counts.items()))


@dataclass(frozen=True)
class Loaded:
    """What came in, and the usernames people can sign in with."""

    counts: dict[str, int]
    usernames: list[str] = field(default_factory=list)


def rows_already_there() -> dict[str, int]:
    """Count what stands in the way of loading; empty for a fresh database."""
    in_the_way: tuple[type[models.Model], ...] = (
        User,
        Producer,
        ProducerNumber,
        Account,
        Member,
        Policy,
        Prospect,
        MedicalGroup,
        Provider,
    )
    found = {str(model._meta.verbose_name_plural): model._default_manager.count() for model in in_the_way}
    return {what: count for what, count in found.items() if count}


def load(
    *,
    seed: int,
    today: date,
    members: int | None = None,
    progress: Callable[[int, int], object] = lambda written, of: None,
    step: Callable[[str], object] = lambda words: None,
) -> Loaded:
    """Fill the empty database and return what came in.

    ``progress`` hears of policies written since it was last told and of how many there will be, ``step`` of what is
    being done.

    ``members`` under 4,900 makes the demo's books smaller, more adds a carrier of that size around them. All or
    nothing: one transaction. Raises ``DatabaseNotEmpty``.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        if there := rows_already_there():
            raise DatabaseNotEmpty(there)
        now = datetime.combine(today, time(0, 5), tzinfo=timezone.get_default_timezone())
        demo = demo_producers()
        carrier: list[ProducerSpec] = []
        if members is not None and members < DEMO_MEMBERS:
            for producer in demo:
                producer.policies = round(producer.policies * members / DEMO_MEMBERS)
        elif members is not None and members > DEMO_MEMBERS:
            carrier = carrier_producers(
                seed,
                members=members - DEMO_MEMBERS,
                first_row=len(demo) + 1,
                first_number_row=sum(len(producer.numbers) for producer in demo) + 1,
            )
        step("Producers")
        usernames = _add_producers_and_logins([*demo, *carrier], demo=demo, seed=seed, now=now)
        _add_directory()
        step("Clients")
        total = sum(producer.policies for producer in (*demo, *carrier))
        rows = HouseholdRows(as_of=now, on_batch=lambda policies: progress(policies, total))
        many = members is not None and members >= INDEXES_LATER_FROM
        tables = [table.table for table in rows.tables]
        with indexes_built_afterwards(tables) if many else nullcontext():
            for home in all_households(demo, carrier, seed=seed, today=today):
                rows.add(home)
            rows.flush()
            step("Building indexes")
        _count_rows(rows.tables)
        set_sequences_past((*HOUSEHOLD_MODELS, Producer, ProducerNumber, MedicalGroup, Provider))
        surnames.learn_all()
        contact_changes.add_contact_changes(by=User.objects.get(username="rsolberg7"), now=now)
        questions.add_questions(
            people={
                user.username: user for user in User.objects.filter(username__in=usernames).select_related("producer")
            },
            now=now,
        )
        if star := User.objects.filter(username="rsolberg7").select_related("producer").first():
            pcp_changes.add_pcp_changes(by=star, now=now)
        step("Messages")
        documents.add_documents(now=now)
        member_changes.add_member_changes(now=now)
        id_cards.add_card_data()
        id_cards.add_orders(by=User.objects.get(username="rsolberg7"), now=now)
        if star:
            quotes.add_quotes(by=star, now=now)
            enrolling.add_applications_and_proposals(by=star, now=now)
            submissions.add_submissions(by=star, now=now)
            application_people.add_people(by=star, now=now)
            drafts.add_drafts(by=star, now=now)
            coverage_answers.add_coverage_answers(by=star, now=now)
            evidence.add_evidence(by=star, now=now)
            payments.add_past_due(by=star, now=now)
            reports.add_reports(by=star, now=now)
            desk.add_outreach(by=star, now=now)
            commissions.add_statements(
                by=star, imported_by=User.objects.filter(username="carrieradmin").first(), now=now
            )
        counts = {"producers": len(demo) + len(carrier), "logins": len(usernames)}
        counts |= {str(table.model._meta.verbose_name_plural): table.copied for table in rows.tables}
    return Loaded(counts=counts, usernames=usernames)


def _count_rows(tables: Sequence[TableCopy]) -> None:
    """Let PostgreSQL look at what was copied: what follows joins these tables, and empty statistics make that take minutes."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'ANALYZE "{table.table}"')


def refresh_statistics() -> None:
    """Let PostgreSQL look at the new rows, for good query plans and index-only scans. Not inside a transaction."""
    with connection.cursor() as cursor:
        for model in (*HOUSEHOLD_MODELS, Producer, ProducerNumber, HierarchyEdge):
            cursor.execute(f'VACUUM (ANALYZE) "{model._meta.db_table}"')


# --- Producers, logins, directory ---


def _add_producers_and_logins(
    producers: Sequence[ProducerSpec], *, demo: list[ProducerSpec], seed: int, now: datetime
) -> list[str]:
    Producer.objects.bulk_create(
        [
            Producer(
                id=spec.row_id,
                npn=spec.npn,
                first_name=spec.first_name,
                last_name=spec.last_name,
                is_agency=spec.is_agency,
                status=Producer.Status.ACTIVE,
                parent_id=spec.parent.row_id if spec.parent else None,
                record_email=spec.email,
                record_mobile=spec.mobile,
                record_zip=spec.numbers[0].address.town.zip,
            )
            for spec in producers
        ],
        batch_size=2_000,
    )
    ProducerNumber.objects.bulk_create(
        [
            ProducerNumber(
                id=number.ref.row_id,
                number=number.ref.number,
                producer_id=spec.row_id,
                us_state=number.ref.us_state,
                company_name=number.company,
                address_1=number.address.line_1,
                address_2=number.address.line_2,
                city=number.address.town.city,
                address_state=number.ref.us_state,
                zip=number.address.town.zip,
                phone=number.phone,
                email=spec.email,
            )
            for spec in producers
            for number in spec.numbers
        ],
        batch_size=2_000,
    )
    hierarchy.rebuild()
    users = logins.add_producer_logins(list(producers), now=now)
    by_name = {user.username: user for user in users}
    rows = {spec.username: spec.row_id for spec in demo}
    delegate, *other_delegates = logins.add_delegates(rows, now=now)
    notices.add_delegate_notices(delegate_id=delegate.pk, now=now)
    admin = logins.add_carrier_admin(now=now)
    issues.add_issue_reports({**by_name, delegate.username: delegate}, answered_by=admin, now=now)
    everybody = [*users, delegate, *other_delegates, admin, *logins.add_staff_with_limits(now=now)]
    logins.publish_terms(accepted_by=everybody, now=now)
    contacts.publish_privacy_statement(now=now)
    contacts.add_contact_lines()
    content.add(people={**by_name, delegate.username: delegate}, by=admin, now=now)
    logins.register_states([spec for spec in demo if spec.username], decided_by=admin, now=now)
    for username, states, count in (
        ("rsolberg7", ("IL", "IL", "TX", "MT"), 30),
        ("mcastillo8", ("TX", "NM"), 12),
        ("outsider9", ("IL", "NM"), 8),
    ):
        prospects.add_prospects(
            seeded(seed, "prospects", username),
            producer_id=rows[username],
            by=by_name[username],
            states=states,
            count=count,
            now=now,
        )
    return [user.username for user in everybody]


def _add_directory() -> None:
    MedicalGroup.objects.bulk_create(
        MedicalGroup(
            id=group.row_id,
            number=group.number,
            name=group.name,
            us_state=group.us_state,
            city=group.city,
            networks=list(providers.NETWORKS),
            effective_date=providers.OPENED,
            end_date=group.end,
        )
        for group in providers.groups()
    )
    Provider.objects.bulk_create(
        Provider(
            id=one.row_id,
            npi=one.npi,
            pcpa_number=one.pcpa_number,
            first_name=one.first_name,
            last_name=one.last_name,
            specialty=one.specialty,
            medical_group_id=one.group.row_id if one.group else None,
            city=one.city,
            us_state=one.us_state,
            networks=list(providers.NETWORKS),
            serves_as_pcp=one.serves_as_pcp,
            accepts_new_patients=one.accepts_new,
            youngest_age=one.youngest,
            oldest_age=one.oldest,
            only_sex=one.only_sex,
            effective_date=providers.OPENED,
            end_date=one.end,
        )
        for one in providers.physicians()
    )


# --- Households ---


def all_households(
    demo: Sequence[ProducerSpec], carrier: Sequence[ProducerSpec], *, seed: int, today: date
) -> Iterator[Household]:
    """Yield every household. The demo's come first and are the same whatever the size of the carrier."""
    maker = HouseholdMaker(today, DEMO_MIX)
    by_name = {producer.username: producer for producer in demo}
    star, outsider = by_name["rsolberg7"], by_name["outsider9"]
    numbers = {number.ref.number: number.ref for number in (*star.numbers, *outsider.numbers)}
    known: list[Person] = []
    case_numbers = CaseNumbers(
        illinois=numbers["000412701"],
        illinois_web=numbers["000412702"],
        texas=numbers["000845210"],
        montana=numbers["000300415"],
        of_outsider=numbers["000414977"],
    )
    written = 0
    for home in cases.households(maker, case_numbers, seed=seed):
        written += len(home.policies)
        known.append(home.primary)
        yield home
    for home in _book(maker, star, seeded(seed, star.username), written=written):
        known.append(home.primary)
        yield home
    yield from _outsiders_book(maker, outsider, known, seeded(seed, outsider.username))
    for producer in demo:
        if producer not in (star, outsider):
            yield from _book(maker, producer, seeded(seed, producer.username))
    maker = maker.with_mix(CARRIER_MIX)
    for producer in carrier:
        yield from _book(maker, producer, seeded(seed, producer.npn))


def _book(maker: HouseholdMaker, producer: ProducerSpec, rng: Random, *, written: int = 0) -> Iterator[Household]:
    """Yield households until the producer's own book has its size; ``written`` policies are there already."""
    numbers = Weighted((number.ref, number.share) for number in producer.numbers)
    while written < producer.policies:
        home = maker.household(rng, numbers.pick(rng))
        written += len(home.policies)
        yield home


def _outsiders_book(
    maker: HouseholdMaker, outsider: ProducerSpec, known: list[Person], rng: Random
) -> Iterator[Household]:
    """Yield the other agency's households: the first have surname and last four digits of a client of rsolberg7's.

    A few have first name and birth date too. A search that forgets whose client it is finds them.
    """
    numbers = Weighted((number.ref, number.share) for number in outsider.numbers)
    with_ssn = [person for person in known if person.ssn]
    written = 0
    for place, known_person in enumerate(with_ssn[:: max(len(with_ssn) // NAMESAKES, 1)][:NAMESAKES]):
        if known_person.ssn is None or written >= outsider.policies:
            break
        number = numbers.pick(rng)
        people = maker.families.family(rng, number.us_state, last_name=known_person.last_name)
        people[0].ssn = ssn_ending_like(known_person.ssn)
        if place < NAMESAKES_IN_EVERYTHING:
            people[0].first_name, people[0].sex = known_person.first_name, known_person.sex
            people[0].date_of_birth = known_person.date_of_birth
        home = maker.household(rng, number, people=people)
        written += len(home.policies)
        yield home
    yield from _book(maker, outsider, rng, written=written)
