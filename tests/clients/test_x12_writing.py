"""The 834 writer: the samples to the letter, every kind before an independent judge, our own checks each with its fault."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.membersystem.x12 import checks
from clients.membersystem.x12 import transactions as x12
from clients.membersystem.x12.characters import ELEMENT_TEXT, in_two_lines, plain
from clients.membersystem.x12.envelope import ISA_LENGTH, ControlNumbers, Partners, file_text
from clients.membersystem.x12.segments import segment
from clients.membersystem.x12.transactions import Maintenance, Number, Reason, Relationship
from tests.support.x12 import judge, sample, segments_of

pytestmark = pytest.mark.no_db

PARTNERS = Partners(sender="PRODPORTAL", receiver="MEMBERSYS", usage="T")
WRITTEN_AT = datetime(2026, 11, 21, 14, 30)  # noqa: DTZ001 - a header says the time as it is

HEADER = x12.Header(
    reference="ENR-0101389016-1",
    resend=False,
    made_at=WRITTEN_AT,
    zone="CT",
    effective_date=date(2026, 11, 21),
    group_number="IB2803",
    subscriber_id="730075112",
    sponsor=x12.Party(name="Individual Market IL", number="INDIVIDUAL-IL"),
    payer=x12.Party(name="Example Mutual Health", number="EXMH-IL"),
    producer=x12.Party(name="Prairie Insurance Agency", number="107864325"),
)
JANE = x12.Person(member_id="73007511201", relationship=Relationship.SUBSCRIBER, last_name="Sample", first_name="Jane")
SAM = x12.Person(member_id="73007511202", relationship=Relationship.SPOUSE, last_name="Sample", first_name="Sam")
KELLY = x12.Person(member_id="73007511203", relationship=Relationship.CHILD, last_name="Sample", first_name="Kelly")
CHARLIE = x12.Person(member_id="73007511204", relationship=Relationship.CHILD, last_name="Sample", first_name="Charlie")
HMO = x12.Plan(
    line="HMO",
    description="36096IL0990001-00",
    level="FAM",
    card="H",
    card_name="Silver HMO",
    effective_date=date(2026, 1, 1),
)
PPO = x12.Plan(
    line="PPO",
    description="36096IL0990002-00",
    level="IND",
    card="H",
    card_name="Bronze PPO",
    effective_date=date(2026, 1, 1),
)
HOME = x12.Address(line_1="100 Example Ave", city="Naperville", us_state="IL", zip="60563", county="17043")
CONTACTS = [
    x12.Contact(kind=Number.HOME, value="3125550100"),
    x12.Contact(kind=Number.CELL, value="(312) 555-0101"),
    x12.Contact(kind=Number.EMAIL, value="jane.sample@example.com"),
]
CHOSEN = [
    x12.MedicalGroup(number="124", name="Lakeside Medical Group"),
    x12.Physician(npi="1999999018", last_name="Rivera", first_name="Ada"),
]
NEXT_YEAR = date(2027, 1, 1)


def enrollee(person, born, sex, **more):
    return x12.Enrollee(
        person=person,
        date_of_birth=born,
        sex=sex,
        effective_date=NEXT_YEAR,
        address=HOME,
        providers=CHOSEN,
        **more,
    )


FAMILY = [
    enrollee(JANE, date(1984, 2, 29), "F", contacts=CONTACTS, language="eng"),
    enrollee(SAM, date(1982, 7, 4), "M"),
    enrollee(KELLY, date(2010, 1, 1), "F"),
    enrollee(CHARLIE, date(2016, 10, 31), "M"),
]


def as_file(bodies, first=101):
    numbers = ControlNumbers(
        isa13=f"{first:09}", gs06=str(first), st02=[f"{first + place:04}" for place in range(len(bodies))]
    )
    return file_text(bodies, partners=PARTNERS, numbers=numbers, made_at=WRITTEN_AT)


def enrollment(**changes):
    return x12.enrollment(replace(HEADER, effective_date=NEXT_YEAR, **changes), FAMILY, HMO, premium=Decimal("1834.61"))


def contact_change(contacts=None, **changes):
    wanted = contacts or [
        CONTACTS[0],
        x12.Contact(kind=Number.CELL, value="3125550144"),
        x12.Contact(kind=Number.EMAIL, value="jane.new@example.com"),
    ]
    return x12.contact_change(replace(HEADER, **{"reference": "CNT-000000431", **changes}), JANE, wanted)


def pcp_change(**changes):
    day = date(2026, 12, 1)
    return x12.pcp_change(
        replace(HEADER, effective_date=day, **{"reference": "PCP-000000077", **changes}),
        SAM,
        HMO,
        [
            x12.MedicalGroup(number="597", name="Northshore Physician Partners"),
            x12.Physician(npi="1999999026", last_name="Okafor", first_name="Chidi"),
        ],
        effective_date=day,
        reason="AB",
        with_card=True,
    )


def id_card_order(**changes):
    header = replace(HEADER, **{"reference": "IDC-000000009", **changes})
    return x12.id_card_order(header, JANE, PPO, quantity=2, replacement=True)


def termination(**changes):
    return x12.termination(
        replace(HEADER, **{"reference": "TRM-000000012", **changes}),
        JANE,
        HMO,
        reason=Reason.NONPAYMENT,
        last_day=date(2026, 8, 31),
        paid_through=date(2026, 7, 31),
    )


def reinstatement(**changes):
    header = replace(HEADER, **{"reference": "RST-000000013", **changes})
    return x12.reinstatement(header, [JANE, SAM, KELLY], HMO, first_day=date(2026, 9, 1))


KINDS = {
    "834_enroll_family_hmo": (enrollment, 101),
    "834_contact_change": (contact_change, 102),
    "834_pcp_change": (pcp_change, 103),
    "834_termination_nonpay": (termination, 104),
    "834_idcard_replacement": (id_card_order, 106),
    "834_reinstatement": (reinstatement, 107),
}


# --- Golden files and the judge ---


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_written_to_the_letter_of_its_golden_file(name):
    make, first = KINDS[name]
    assert as_file(make(), first).splitlines() == sample(name).splitlines()


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_passes_the_judge_and_our_own_checks_first_and_again(name):
    make, first = KINDS[name]
    for resend in (False, True):
        bodies = make(resend=resend)
        judged = judge(as_file(bodies, first))
        assert judged, judged.errors
        assert "AK9*A*" in judged.acknowledgement
        assert [checks.findings(body) for body in bodies] == [[]] * len(bodies)


@pytest.mark.feature("SIG_05")
@pytest.mark.parametrize("resend", [False, True])
def test_a_first_payment_notice_passes_the_judge_and_names_category_and_amount(resend):
    header = replace(HEADER, reference="BIL-000000014", resend=resend)
    bodies = x12.billing_notice(header, JANE, HMO, code="BILL BY MAIL", amount=Decimal("886.79"))
    text = as_file(bodies, 108)
    assert judge(text), judge(text).errors
    assert [checks.findings(body) for body in bodies] == [[]]
    assert "AMT*P3*886.79~" in text
    assert "REF*9V*BILL BY MAIL~" in text


def test_the_judge_refuses_the_negative_control():
    assert not judge(sample("834_negative_control"))


def test_many_transaction_sets_share_one_envelope():
    bodies = [body for make, _first in KINDS.values() for body in make()]
    text = as_file(bodies)
    assert judge(text)
    assert text.count("ISA*") == 1
    assert text.count("ST*834*") == len(bodies)
    assert text[ISA_LENGTH - 1] == "~"
    assert f"GE*{len(bodies)}*101~" in text


def test_a_resend_keeps_its_reference_and_names_the_original():
    (body,) = pcp_change(resend=True)
    assert body[0] == ("BGN", "15", "PCP-000000077", "20261121", "1430", "CT", "PCP-000000077", "", "2")


def test_a_terminated_member_keeps_benefit_status_a_and_is_marked_by_the_employment_status():
    (body,) = termination()
    assert ("INS", "Y", "18", "024", "59", "A", "", "", "TE") in body


def test_nothing_is_said_of_days_paid_for_where_none_were():
    (body,) = x12.termination(
        HEADER, JANE, HMO, reason=Reason.VOLUNTARY_WITHDRAWAL, last_day=NEXT_YEAR, paid_through=None
    )
    assert not [one for one in body if one[:2] == ("DTP", "343")]
    assert ("INS", "Y", "18", "024", "14", "A", "", "", "TE") in body


def test_an_ssn_stands_in_only_where_it_is_given_and_the_member_id_beside_it():
    (body,) = x12.enrollment(
        HEADER, [replace(FAMILY[0], person=replace(JANE, ssn="666-12-0987"))], HMO, premium=Decimal("12.50")
    )
    assert ("NM1", "IL", "1", "SAMPLE", "JANE", "", "", "", "34", "666120987") in body
    assert ("REF", "17", "73007511201") in body
    assert judge(as_file([body]))


# --- One PER, three slots ---

WORK = x12.Contact(kind=Number.WORK, value="3125550102", extension="77")
FAX = x12.Contact(kind=Number.FAX, value="3125550103")


def test_what_does_not_fit_into_one_per_goes_into_further_sets_and_stays_with_its_extension():
    bodies = contact_change([CONTACTS[2], WORK, CONTACTS[0], CONTACTS[1], FAX])
    assert [[one for one in body if one[0] == "PER"] for body in bodies] == [
        [("PER", "IP", "", "EM", "JANE.SAMPLE@EXAMPLE.COM", "WP", "3125550102", "EX", "77")],
        [("PER", "IP", "", "HP", "3125550100", "CP", "3125550101", "FX", "3125550103")],
    ]
    assert [body[0][2] for body in bodies] == ["CNT-000000431", "CNT-000000431-2"]
    assert judge(as_file(bodies))


def test_an_extension_is_not_parted_from_its_number_by_a_full_per():
    slots = x12.in_slots([CONTACTS[0], CONTACTS[1], WORK])
    assert slots == [[CONTACTS[0], CONTACTS[1]], [WORK]]


def test_numbers_that_do_not_fit_beside_an_enrollment_follow_as_a_contact_change():
    crowded = replace(FAMILY[0], contacts=[*CONTACTS[:2], WORK, CONTACTS[2]])
    first, second = x12.enrollment(HEADER, [crowded, *FAMILY[1:]], HMO, premium=Decimal("1.00"))
    assert [one for one in second if one[0] in ("INS", "PER")] == [
        ("INS", "Y", "18", "001", "25", "A"),
        ("PER", "IP", "", "WP", "3125550102", "EX", "77", "EM", "JANE.SAMPLE@EXAMPLE.COM"),
    ]
    assert judge(as_file([first, second]))


def test_sets_that_follow_an_enrollment_have_references_of_their_own():
    crowded = [replace(one, contacts=[*CONTACTS[:2], WORK, CONTACTS[2], FAX]) for one in FAMILY]
    bodies = x12.enrollment(HEADER, crowded, HMO, premium=Decimal("1.00"))
    references = [body[0][2] for body in bodies]
    assert len(set(references)) == len(references) == 9
    assert references[:3] == [HEADER.reference, f"{HEADER.reference}-2", f"{HEADER.reference}-3"]


def test_a_member_without_any_number_left_is_told_without_a_per():
    (body,) = x12.contact_change(HEADER, JANE, [])
    assert "PER" not in {one[0] for one in body}
    assert judge(as_file([body]))


# --- Characters ---


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Muñoz", "MUNOZ"),
        ("O’Brien-Núñez", "O'BRIEN-NUNEZ"),
        ("Groß", "GROSS"),
        ("Łukasz Øster", "LUKASZ OSTER"),
        ("Nguyễn Thị", "NGUYEN THI"),
        ("ﬁnch\u00a0 the\nsecond ", "FINCH THE SECOND"),
        ("A*B:C~D^E", "ABCDE"),
        ("Apt #4 | {rear}", "APT #4 REAR"),
        ("王", ""),
        ("Αθηνά", ""),
        ("\x00\x1b[31mRed", "31MRED"),
    ],
)
def test_texts_become_capital_ascii_without_delimiters(typed, written):
    assert plain(typed, at_most=60) == written


def test_a_long_text_is_cut_and_never_ends_with_a_space():
    assert plain("Abc def", at_most=4) == "ABC"


def test_a_long_address_goes_on_in_its_second_line_at_a_space():
    line = "The Old Granary behind the Methodist Church, Building Twelve, Suite 1200"
    assert in_two_lines(line, "Rear", at_most=55) == (
        "THE OLD GRANARY BEHIND THE METHODIST CHURCH, BUILDING",
        "TWELVE, SUITE 1200 REAR",
    )
    assert in_two_lines("X" * 60, "", at_most=55) == ("X" * 55, "X" * 5)


@given(text=st.text(max_size=80), at_most=st.integers(1, 60))
def test_whatever_is_typed_only_what_may_stand_there_is_written(text, at_most):
    written = plain(text, at_most=at_most)
    assert ELEMENT_TEXT.fullmatch(written)
    assert len(written) <= at_most
    assert written == written.strip()
    assert plain(written, at_most=at_most) == written


def test_a_delimiter_cannot_get_into_a_segment():
    with pytest.raises(ValueError, match="delimiter"):
        segment("REF", "1L", "IB*2803")


# --- Our own checks: each with the fault the judge does not see ---


def with_fault(make, wanted, fault):
    """The bodies of a kind, the first segment that begins with ``wanted`` changed by ``fault``."""
    (body,) = make()
    place = next(place for place, one in enumerate(body) if one[: len(wanted)] == wanted)
    return [*body[:place], fault(body[place]), *body[place + 1 :]]


def put(at, value):
    return lambda one: (*one[:at], value, *one[at + 1 :])


@pytest.mark.parametrize(
    ("make", "wanted", "fault", "said"),
    [
        (pcp_change, ("NM1", "P3", "1"), put(9, "1999999027"), "does not fit the others (NM1, segment 22)"),
        (pcp_change, ("NM1", "P3", "1"), put(9, "199999902"), "ten digits and start with 1 or 2"),
        (pcp_change, ("NM1", "P3", "1"), put(9, "3999999026"), "ten digits and start with 1 or 2"),
        (enrollment, ("N4",), put(3, "6O563"), "ZIP code must have five or nine digits"),
        (enrollment, ("N4",), put(3, "605631"), "ZIP code must have five or nine digits"),
        (contact_change, ("PER",), put(4, "312-555-0100"), "ten digits and nothing else"),
        (contact_change, ("PER",), put(6, "13125550144"), "ten digits and nothing else"),
        (enrollment, ("QTY", "TO"), put(2, "5"), "not the number of members in the set (QTY TO)"),
        (enrollment, ("QTY", "DT"), put(2, "4"), "not the number of members in the set (QTY DT)"),
        (enrollment, ("REF", "0F"), put(2, "730075113"), "not the same subscriber number"),
    ],
)
def test_our_checks_find_what_the_judge_passes_over(make, wanted, fault, said):
    faulty = with_fault(make, wanted, fault)
    assert judge(as_file([faulty])), "The judge sees this by itself now: the check may go."
    found = checks.findings(faulty)
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("make", "wanted", "fault", "said"),
    [
        (contact_change, ("NM1", "IL"), put(3, "MUÑOZ"), "cannot be written"),
        (contact_change, ("NM1", "IL"), put(4, "jane"), "cannot be written"),
        (contact_change, ("NM1", "IL"), put(3, ""), "Missing: the surname"),
        (contact_change, ("N1", "BO"), put(2, ""), "Missing: the producer's name"),
        (contact_change, ("PER",), put(8, "JANE AT EXAMPLE"), "An email address is not one"),
        (contact_change, ("PER",), put(3, "EX"), "An extension"),
        (contact_change, ("PER",), lambda one: (*one, "FX", "3125550100"), "One to three numbers"),
        (enrollment, ("N3",), put(1, ""), "Missing: the street"),
        (enrollment, ("N4",), put(1, ""), "Missing: the city"),
        (pcp_change, ("PLA",), put(5, "ZZ"), "none of the codes"),
        (id_card_order, ("IDC",), put(3, "0"), "from 1 to 99"),
        (enrollment, ("INS", "N"), lambda one: ("INX", *one[1:]), "no subscriber number, or two"),
    ],
)
def test_our_checks_find_what_may_not_reach_the_file_at_all(make, wanted, fault, said):
    assert said in "; ".join(checks.findings(with_fault(make, wanted, fault)))


def test_a_finding_names_the_place_and_never_what_stands_there():
    found = checks.findings(with_fault(contact_change, ("PER",), put(4, "312-555-0100")))
    assert found == ["A phone number must have ten digits and nothing else (PER, segment 13)"]


@pytest.mark.parametrize("npi", ["1234567893", "1993999998", "2234567891", "1000000004", "2999999990"])
def test_valid_npis_have_their_check_digit(npi):
    assert checks.has_npi_check_digit(npi)


@pytest.mark.parametrize("npi", ["1234567890", "1999999027", "1939999998"])
def test_npis_with_another_last_digit_have_not(npi):
    assert not checks.has_npi_check_digit(npi)


# --- Random households ---

letters = st.text("abcdefghijklmnopqrstuvwxyzñéüøßŁ'’- *~:^王\n", min_size=1, max_size=40)
# What nothing of can be written is refused; that has tests of its own.
names = st.builds("{}{}".format, st.sampled_from(["A", "Ö", "x" * 58]), letters)
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
phones = st.integers(2_000_000_000, 9_999_999_999).map(str)
emails = st.builds("{}@{}.example".format, *[st.text("abcxyz0189_.+-", min_size=1, max_size=30)] * 2)
extensions = st.one_of(st.just(""), st.integers(0, 999_999).map(str))
member_ids = st.text("ABCXYZ0123456789", min_size=2, max_size=14)
zips = st.one_of(st.integers(0, 99_999).map("{:05}".format), st.integers(0, 999_999_999).map("{:09}".format))
npis = st.sampled_from(["1234567893", "1993999998", "2234567891", "1000000004", "2999999990"])


@st.composite
def contacts(draw):
    kinds = draw(st.lists(st.sampled_from([one for one in Number if one != Number.EXTENSION]), unique=True))
    return [
        x12.Contact(
            kind=kind,
            value=draw(emails if kind == Number.EMAIL else phones),
            extension="" if kind == Number.EMAIL else draw(extensions),
        )
        for kind in kinds
    ]


@st.composite
def people(draw, relationship):
    return x12.Person(
        member_id=draw(member_ids),
        relationship=relationship,
        last_name=draw(names),
        first_name=draw(names),
        middle_initial=draw(st.sampled_from(["", "q", "É"])),
        ssn=draw(st.sampled_from(["", "666120987"])),
    )


@st.composite
def addresses(draw):
    return x12.Address(
        line_1=draw(names) + " Street",
        line_2=draw(st.one_of(st.just(""), names)),
        city="St. " + draw(names),
        us_state=draw(st.sampled_from(["IL", "MT", "NM", "OK", "TX"])),
        zip=draw(zips),
    )


@st.composite
def providers(draw):
    group = x12.MedicalGroup(number=draw(st.integers(0, 999).map("{:03}".format)), name=draw(names))
    physician = x12.Physician(npi=draw(npis), last_name=draw(names), first_name=draw(names))
    return draw(st.sampled_from([[], [group], [physician], [group, physician]]))


@st.composite
def households(draw):
    wanted = [Relationship.SUBSCRIBER]
    wanted += draw(st.lists(st.sampled_from([Relationship.SPOUSE, Relationship.CHILD]), max_size=7))
    home = draw(addresses())
    return [
        x12.Enrollee(
            person=draw(people(relationship)),
            date_of_birth=draw(days),
            sex=draw(st.sampled_from("FM")),
            effective_date=draw(days),
            address=home,
            contacts=draw(contacts()),
            providers=draw(providers()),
            language=draw(st.sampled_from(["", "eng", "SPA"])),
        )
        for relationship in wanted
    ]


@st.composite
def batches(draw):
    """The sets of changes of all kinds to one household."""
    header = replace(
        HEADER,
        resend=draw(st.booleans()),
        effective_date=draw(days),
        group_number=draw(st.sampled_from(["", "IB2803", "ix 3150"])),
        producer=x12.Party(name=draw(names), number=draw(st.integers(0, 999_999_999).map("{:09}".format))),
    )
    family = draw(households())
    person = draw(st.sampled_from(family)).person
    plan = x12.Plan(
        line=draw(st.sampled_from(["HMO", "PPO", "POS", "EPO", "HLT", "DEN"])),
        description=draw(names),
        level=draw(st.sampled_from(["IND", "FAM"])),
        card=draw(st.sampled_from("HD")),
        card_name=draw(names),
        effective_date=draw(days),
    )
    chosen = draw(providers().filter(bool))
    return [
        *x12.enrollment(header, family, plan, premium=draw(st.decimals(0, 99999, places=2))),
        *x12.contact_change(header, person, draw(contacts())),
        *x12.pcp_change(
            header,
            person,
            plan,
            chosen,
            effective_date=draw(days),
            reason=draw(st.sampled_from(sorted(x12.PROVIDER_CHANGE_REASONS))),
            with_card=draw(st.booleans()),
        ),
        *x12.id_card_order(header, person, plan, quantity=draw(st.integers(1, 99)), replacement=draw(st.booleans())),
        *x12.termination(
            header,
            family[0].person,
            plan,
            reason=draw(st.sampled_from([Reason.NONPAYMENT, Reason.VOLUNTARY_WITHDRAWAL])),
            last_day=draw(days),
            paid_through=draw(st.one_of(st.none(), days)),
        ),
        *x12.reinstatement(header, [one.person for one in family], plan, first_day=draw(days)),
    ]


# How fast the machine is proves nothing.
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(bodies=batches())
def test_random_changes_to_random_households_pass_the_judge_and_our_checks(bodies):
    judged = judge(as_file(bodies))
    assert judged, judged.errors
    assert [finding for body in bodies for finding in checks.findings(body)] == []


@pytest.mark.drill
@pytest.mark.timeout(900)
@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(bodies=batches())
def test_a_thousand_random_households_pass_the_judge_and_our_checks(bodies):
    assert judge(as_file(bodies))
    assert [finding for body in bodies for finding in checks.findings(body)] == []


def test_the_segments_are_read_back_as_they_were_meant():
    read = segments_of(as_file(termination()))
    assert [one[0] for one in read[:4]] == ["ISA", "GS", "ST", "BGN"]
    assert read[-3][1] == str(len(read) - 4)
    assert Maintenance.TERMINATION in {one[3] for one in read if one[0] == "INS"}
