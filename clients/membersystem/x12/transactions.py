"""The transaction sets of the 834: one function for each thing the member system can be told.

Each returns the segments between ST and SE. Codes are those of the implementation guide 005010X220A1; which of them are
used for what is listed in docs/adr/0015. Days are inclusive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from clients.membersystem.x12.characters import digits, in_two_lines, plain
from clients.membersystem.x12.segments import Segment, segment

Body = list[Segment]

# Longest texts, from the data element dictionary of 005010.
PARTY_NAME, LAST_NAME, FIRST_NAME, MIDDLE_NAME = 60, 60, 35, 25
ADDRESS_LINE, CITY, DESCRIPTION, IDENTIFIER, REFERENCE, COMMUNICATION = 55, 30, 50, 80, 50, 256
SLOTS = 3  # communication numbers of one PER; a member has one PER in a transaction set


class Relationship(StrEnum):
    """INS02."""

    SUBSCRIBER = "18"
    SPOUSE = "01"
    CHILD = "19"


class Maintenance(StrEnum):
    """INS03 and HD01."""

    CHANGE = "001"
    ADDITION = "021"
    TERMINATION = "024"
    REINSTATEMENT = "025"


class Reason(StrEnum):
    """INS04."""

    VOLUNTARY_WITHDRAWAL = "14"
    PCP_CHANGE = "15"
    CHANGED_DATA = "25"
    INITIAL_ENROLLMENT = "28"
    REENROLLMENT = "41"
    NONPAYMENT = "59"


class Number(StrEnum):
    """PER03: what a communication number is."""

    HOME = "HP"
    CELL = "CP"
    WORK = "WP"
    FAX = "FX"
    UNTYPED = "TE"
    EMAIL = "EM"
    EXTENSION = "EX"


class Patient(StrEnum):
    """NM110: whether the provider knows the member."""

    ESTABLISHED = "25"
    NEW = "26"


# PLA05. The list of the implementation guide is short; other reasons are told as "no reason given" (AI).
PROVIDER_CHANGE_REASONS = frozenset({"14", "22", "46", *(f"A{letter}" for letter in "ABCDEFGHIJ")})


@dataclass(frozen=True, kw_only=True)
class Party:
    """Sponsor, payer or producer: a name and the identifier both sides know it by."""

    name: str
    number: str


@dataclass(frozen=True, kw_only=True)
class Header:
    """What every transaction set says first.

    ``reference`` (BGN02) is the same in every attempt; ``resend`` says that an earlier one may have arrived. ``made_at``
    is told as it is, ``zone`` names its zone (BGN05). ``effective_date`` is the day from which the content holds.
    """

    reference: str
    resend: bool
    made_at: datetime
    zone: str
    effective_date: date
    group_number: str
    subscriber_id: str
    sponsor: Party
    payer: Party
    producer: Party


@dataclass(frozen=True, kw_only=True)
class Address:
    line_1: str
    line_2: str = ""
    city: str
    us_state: str
    zip: str
    county: str = ""  # five digits (FIPS)


@dataclass(frozen=True, kw_only=True)
class Contact:
    kind: Number
    value: str
    extension: str = ""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member. ``ssn`` is told instead of the member id where it is not empty."""

    member_id: str
    relationship: Relationship
    last_name: str
    first_name: str
    middle_initial: str = ""
    ssn: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A coverage: ``line`` is HD03, ``level`` HD05, ``card`` IDC02 (H health, D dental), ``card_name`` IDC01."""

    line: str
    description: str
    level: str
    card: str
    card_name: str
    effective_date: date


@dataclass(frozen=True, kw_only=True)
class MedicalGroup:
    number: str
    name: str
    patient: Patient = Patient.NEW


@dataclass(frozen=True, kw_only=True)
class Physician:
    npi: str
    last_name: str
    first_name: str
    patient: Patient = Patient.NEW


Provider = MedicalGroup | Physician


@dataclass(frozen=True, kw_only=True)
class Enrollee:
    """A person who is enrolled, with what is told of nobody else."""

    person: Person
    date_of_birth: date
    sex: str
    effective_date: date
    address: Address | None = None
    contacts: Sequence[Contact] = ()
    providers: Sequence[Provider] = ()
    language: str = ""  # ISO 639-2, spoken


def enrollment(header: Header, enrollees: Sequence[Enrollee], plan: Plan, *, premium: Decimal) -> list[Body]:
    """A new household on a plan, the subscriber first; ``premium`` is the month's, before tax credit.

    Numbers that do not fit beside the enrollment follow as contact changes.
    """
    dependents = sum(one.person.relationship != Relationship.SUBSCRIBER for one in enrollees)
    body = _opening(header, totals=(("TO", len(enrollees)), ("DT", dependents)))
    left_over: list[Body] = []
    for one in enrollees:
        contacts, *more = in_slots(one.contacts) or [[]]
        for slots in more:
            left_over.append(_contact_set(header, one.person, slots, part=len(left_over) + 2))
        subscriber = one.person.relationship == Relationship.SUBSCRIBER
        body += _member(header, one.person, Maintenance.ADDITION, Reason.INITIAL_ENROLLMENT, own_number=True)
        body.append(_day("356", one.effective_date))
        body.append(_name(one.person))
        body += _numbers(contacts)
        body += _residence(one.address)
        body.append(segment("DMG", "D8", _ccyymmdd(one.date_of_birth), one.sex))
        if subscriber:
            body.append(segment("AMT", "P3", f"{premium:.2f}"))
        if one.language:
            body.append(segment("LUI", "LE", plain(one.language, at_most=3), "", "7"))
        body.append(_coverage(plan, Maintenance.ADDITION))
        body.append(_day("348", one.effective_date))
        body.append(_card(plan, quantity=1))
        body += _providers(one.providers)
    return [body, *left_over]


def contact_change(header: Header, person: Person, contacts: Sequence[Contact]) -> list[Body]:
    """How a person is reached from now on: all numbers the person then has, the changed ones first.

    One PER holds three; an extension takes one of them and stays with its number. What does not fit goes into further
    transaction sets. A number that is not named any more is none any more (CON_01..10).
    """
    packed = in_slots(contacts) or [[]]
    return [_contact_set(header, person, slots, part=part) for part, slots in enumerate(packed, 1)]


def in_slots(contacts: Iterable[Contact]) -> list[list[Contact]]:
    """Contacts in as many lots as PER segments are needed, in their order; none is parted from its extension."""
    packed: list[list[Contact]] = []
    free = 0
    for one in contacts:
        needed = 2 if one.extension else 1
        if needed > free:
            packed.append([])
            free = SLOTS
        packed[-1].append(one)
        free -= needed
    return packed


def _contact_set(header: Header, person: Person, contacts: Sequence[Contact], *, part: int) -> Body:
    body = _opening(header, part=part)
    body += _member(header, person, Maintenance.CHANGE, Reason.CHANGED_DATA)
    body.append(_day("303", header.effective_date))
    body.append(_name(person))
    return body + _numbers(contacts)


def pcp_change(
    header: Header,
    person: Person,
    plan: Plan,
    providers: Sequence[Provider],
    *,
    effective_date: date,
    reason: str,
    with_card: bool = False,
) -> list[Body]:
    """Whom one member has from ``effective_date`` on; ``reason`` is a PLA05 code (PCP_16).

    ``with_card`` orders a card along with it. The portal orders cards by a change of their own.
    """
    body = _opening(header)
    body += _member(header, person, Maintenance.CHANGE, Reason.PCP_CHANGE)
    body.append(_day("303", effective_date))
    body.append(_name(person))
    body.append(_coverage(plan, Maintenance.CHANGE))
    body.append(_day("348", plan.effective_date))
    body.append(_day("303", effective_date))
    if with_card:
        body.append(_card(plan, quantity=1))
    change = segment("PLA", "2", "1P", _ccyymmdd(effective_date), "", reason)
    return [body + _providers(providers, change)]


def id_card_order(header: Header, person: Person, plan: Plan, *, quantity: int, replacement: bool) -> list[Body]:
    """Cards to print and mail to a member (IDC_01)."""
    body = _opening(header)
    body += _member(header, person, Maintenance.CHANGE, Reason.CHANGED_DATA)
    body.append(_day("303", header.effective_date))
    body.append(_name(person))
    body.append(_coverage(plan, Maintenance.CHANGE))
    body.append(_day("348", plan.effective_date))
    body.append(_card(plan, quantity=quantity, replacement=replacement))
    return [body]


def billing_notice(header: Header, person: Person, plan: Plan, *, code: str, amount: Decimal) -> list[Body]:
    """How the first premium is paid: ``code`` is the payment category (REF 9V), ``amount`` what it comes to."""
    body = _opening(header)
    body += _member(header, person, Maintenance.CHANGE, Reason.CHANGED_DATA)
    body.append(_day("303", header.effective_date))
    body.append(_name(person))
    body.append(_coverage(plan, Maintenance.CHANGE))
    body.append(_day("348", plan.effective_date))
    body.append(segment("AMT", "P3", f"{amount:.2f}"))
    body.append(segment("REF", "9V", plain(code, at_most=REFERENCE)))
    return [body]


def termination(
    header: Header, person: Person, plan: Plan, *, reason: Reason, last_day: date, paid_through: date | None
) -> list[Body]:
    """The end of a household's coverage, told of the subscriber: with it all others end, too.

    ``last_day`` of coverage and ``paid_through`` are inclusive. The benefit status stays A: T would mean TEFRA.
    """
    body = _opening(header)
    body += _member(header, person, Maintenance.TERMINATION, reason, ended=True)
    body.append(_day("357", last_day))
    body.append(_name(person))
    body.append(_coverage(plan, Maintenance.TERMINATION))
    body.append(_day("348", plan.effective_date))
    body.append(_day("349", last_day))
    if paid_through is not None:
        body.append(_day("343", paid_through))
    return [body]


def reinstatement(header: Header, people: Sequence[Person], plan: Plan, *, first_day: date) -> list[Body]:
    """Coverage in force again from ``first_day`` on, told of every person: the subscriber's does not bring theirs back."""
    body = _opening(header)
    for person in people:
        body += _member(header, person, Maintenance.REINSTATEMENT, Reason.REENROLLMENT)
        body.append(_day("356", first_day))
        body.append(_name(person))
        body.append(_coverage(plan, Maintenance.REINSTATEMENT))
        body.append(_day("348", first_day))
    return [body]


# --- What the sets are made of ---


def _opening(header: Header, *, totals: Iterable[tuple[str, int]] = (), part: int = 1) -> Body:
    reference = header.reference if part == 1 else f"{header.reference}-{part}"
    if len(reference) > REFERENCE:
        raise ValueError("The reference is too long.")
    purpose, original = ("15", reference) if header.resend else ("00", "")
    day, time = _ccyymmdd(header.made_at), f"{header.made_at:%H%M}"
    body = [segment("BGN", purpose, reference, day, time, header.zone, original, "", "2")]
    if header.group_number:
        body.append(segment("REF", "38", plain(header.group_number, at_most=REFERENCE)))
    body.append(_day("007", header.effective_date))
    body += [segment("QTY", qualifier, str(total)) for qualifier, total in totals]
    for role, party in (("P5", header.sponsor), ("IN", header.payer), ("BO", header.producer)):
        name, number = plain(party.name, at_most=PARTY_NAME), plain(party.number, at_most=IDENTIFIER)
        body.append(segment("N1", role, name, "94", number))
    return body


def _member(
    header: Header,
    person: Person,
    maintenance: Maintenance,
    reason: Reason,
    *,
    own_number: bool = False,
    ended: bool = False,
) -> Body:
    subscriber = person.relationship == Relationship.SUBSCRIBER
    body = [
        segment(
            *("INS", "Y" if subscriber else "N", person.relationship, maintenance, reason, "A"),
            *("", "", "TE" if ended else ""),
        ),
        segment("REF", "0F", plain(header.subscriber_id, at_most=REFERENCE)),
    ]
    if header.group_number:
        body.append(segment("REF", "1L", plain(header.group_number, at_most=REFERENCE)))
    if own_number or person.ssn or not subscriber:
        body.append(segment("REF", "17", plain(person.member_id, at_most=REFERENCE)))
    return body


def _name(person: Person) -> Segment:
    qualifier, number = ("34", digits(person.ssn)) if person.ssn else ("ZZ", person.member_id)
    return segment(
        *("NM1", "IL", "1", plain(person.last_name, at_most=LAST_NAME), plain(person.first_name, at_most=FIRST_NAME)),
        *(plain(person.middle_initial, at_most=MIDDLE_NAME), "", "", qualifier, plain(number, at_most=IDENTIFIER)),
    )


def _numbers(contacts: Sequence[Contact]) -> Body:
    slots: list[str] = []
    for one in contacts:
        value = _email(one.value) if one.kind == Number.EMAIL else digits(one.value)
        slots += [one.kind, value]
        if one.extension:
            slots += [Number.EXTENSION, digits(one.extension)]
    return [segment("PER", "IP", "", *slots)] if slots else []


def _email(address: str) -> str:
    # To the letter or not at all: the checks refuse what cannot be written, and raising "ß" would make another address.
    return address.upper() if address.isascii() else address


def _residence(address: Address | None) -> Body:
    if address is None:
        return []
    line_1, line_2 = in_two_lines(address.line_1, address.line_2, at_most=ADDRESS_LINE)
    place = ("CY", address.county) if address.county else ()
    return [
        segment("N3", line_1, line_2),
        segment("N4", plain(address.city, at_most=CITY), address.us_state, address.zip, "", *place),
    ]


def _coverage(plan: Plan, maintenance: Maintenance) -> Segment:
    return segment("HD", maintenance, "", plan.line, plain(plan.description, at_most=DESCRIPTION), plan.level)


def _card(plan: Plan, *, quantity: int, replacement: bool = False) -> Segment:
    name = plain(plan.card_name, at_most=DESCRIPTION)
    return segment("IDC", name, plan.card, str(quantity), "RX" if replacement else "")


def _providers(providers: Sequence[Provider], change: Segment | None = None) -> Body:
    body = []
    for number, one in enumerate(providers, 1):
        body.append(segment("LX", str(number)))
        if isinstance(one, MedicalGroup):
            name = plain(one.name, at_most=LAST_NAME)
            body.append(segment("NM1", "P3", "2", name, "", "", "", "", "SV", one.number, one.patient))
        else:
            names = plain(one.last_name, at_most=LAST_NAME), plain(one.first_name, at_most=FIRST_NAME)
            body.append(segment("NM1", "P3", "1", *names, "", "", "", "XX", one.npi, one.patient))
        if change is not None:
            body.append(change)
    return body


def _day(qualifier: str, day: date) -> Segment:
    return segment("DTP", qualifier, "D8", _ccyymmdd(day))


def _ccyymmdd(day: date) -> str:
    # Not strftime: it leaves out the zeros in front of years before 1000.
    return f"{day.year:04}{day.month:02}{day.day:02}"
