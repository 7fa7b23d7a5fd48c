"""What comes back from the member system: sound acknowledgements are read, everything else is refused in one way."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clients.membersystem.x12.acknowledgements import LONGEST, NOTE, Unreadable, Verdict, read
from tests.clients.test_x12_writing import as_file, id_card_order, pcp_change, with_fault
from tests.support.x12 import judge, sample

pytestmark = pytest.mark.no_db

ACCEPT = sample("999_accept_pcp_change")
REJECT = sample("999_reject_negative_control")


def test_an_acceptance_names_interchange_group_and_set():
    (one,) = read(ACCEPT.encode())
    assert (one.sender, one.receiver, one.usage, one.isa13) == ("MEMBERSYS", "PRODPORTAL", "T", "611210634")
    (interchange,) = one.interchanges
    assert (interchange.isa13, interchange.day, interchange.time) == ("000000103", "261121", "1430")
    assert interchange.verdict is Verdict.ACCEPTED
    (group,) = one.groups
    assert (group.gs06, group.verdict, group.accepted) == ("103", Verdict.ACCEPTED, 1)
    assert [(answer.st02, answer.verdict) for answer in group.sets] == [("0103", Verdict.ACCEPTED)]


def test_a_rejection_says_what_is_wrong_by_segment_and_element_and_repeats_no_values():
    (one,) = read(REJECT.encode())
    (answer,) = one.groups[0].sets
    assert answer.verdict is Verdict.REJECTED
    assert answer.note == (
        "INS, segment 8: element errors; element 3: invalid code; REF, segment 9: required segment missing; "
        "NM1, segment 9: element errors; element 9: too short; HD, segment 10: element errors; element 3: invalid code; "
        "DTP, segment 11: element errors; element 3: invalid date; set error 4; set error 5"
    )
    assert "20270230" not in answer.note


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("A", Verdict.ACCEPTED),
        ("E", Verdict.ACCEPTED_WITH_ERRORS),
        ("R", Verdict.REJECTED),
        ("M", Verdict.REJECTED),
        ("W", Verdict.REJECTED),
        ("X", Verdict.REJECTED),
    ],
)
def test_every_code_of_a_set_and_of_a_group_is_understood(code, verdict):
    (one,) = read(ACCEPT.replace("IK5*A", f"IK5*{code}").replace("AK9*A", f"AK9*{code}").encode())
    assert (one.groups[0].verdict, one.groups[0].sets[0].verdict) == (verdict, verdict)


def test_a_group_may_be_accepted_partly():
    (one,) = read(ACCEPT.replace("AK9*A", "AK9*P").encode())
    assert one.groups[0].verdict is Verdict.PARTLY


def test_a_group_may_be_answered_without_naming_its_sets():
    text = ACCEPT.replace("AK2*834*0103*005010X220A1~\nIK5*A~\n", "").replace("SE*6*", "SE*4*")
    (one,) = read(text.encode())
    assert one.groups[0].sets == []


@pytest.mark.parametrize("code", ["A", "E", "R"])
def test_an_interchange_may_be_answered_alone_and_its_note_is_put_in_words(code):
    text = ACCEPT[: ACCEPT.index("GS*")] + f"TA1*000000103*261121*1430*{code}*025~IEA*0*611210634~"
    (one,) = read(text.encode())
    assert one.groups == []
    assert one.interchanges[0].verdict == Verdict(code)
    assert one.interchanges[0].note == "interchange error 025, the control number was used before"


def test_one_file_may_hold_several_interchanges_and_other_delimiters():
    text = ACCEPT.replace("*", "|").replace("~\n", "'")
    assert len(read((ACCEPT + text).encode())) == 2


def test_what_the_judge_writes_of_our_own_files_is_read():
    good, bad = pcp_change(), [with_fault(id_card_order, ("IDC",), lambda one: ("IDC", "BRONZE PPO", "Q"))]
    (one,) = read(judge(as_file(good + bad)).acknowledgement.encode())
    assert [(answer.st02, answer.verdict) for answer in one.groups[0].sets] == [
        ("0101", Verdict.ACCEPTED),
        ("0102", Verdict.REJECTED),
    ]
    # It calls the group rejected, and says by a count that it accepted one.
    assert (one.groups[0].verdict, one.groups[0].accepted) == (Verdict.REJECTED, 1)


BROKEN = {
    "nothing": "",
    "blanks": " \n ",
    "not X12": "Dear partner, we have received your file.",
    "no header of 106 characters": "ISA*00*          *00*~",
    "cut in the header": ACCEPT[:80],
    "cut in a segment": ACCEPT[:200],
    "cut before its end": ACCEPT[: ACCEPT.index("IEA")],
    "another number at its end": ACCEPT.replace("IEA*1*611210634", "IEA*1*611210635"),
    "another number of groups": ACCEPT.replace("IEA*1*", "IEA*2*"),
    "another number of sets": ACCEPT.replace("GE*1*", "GE*2*"),
    "another group number at its end": ACCEPT.replace("GE*1*450566642", "GE*1*450566643"),
    "another number of segments": ACCEPT.replace("SE*6*", "SE*7*"),
    "another set number at its end": ACCEPT.replace("SE*6*0001", "SE*6*0002"),
    "no AK1": ACCEPT.replace("AK1*BE*103*005010X220A1~\n", "").replace("SE*6*", "SE*5*"),
    "no AK9": ACCEPT.replace("AK9*A*1*1*1~\n", "").replace("SE*6*", "SE*5*"),
    "no IK5": ACCEPT.replace("IK5*A~\n", "").replace("SE*6*", "SE*5*"),
    "no AK2": ACCEPT.replace("AK2*834*0103*005010X220A1~\n", "").replace("SE*6*", "SE*5*"),
    "unknown code of a set": ACCEPT.replace("IK5*A", "IK5*Q"),
    "unknown code of a group": ACCEPT.replace("AK9*A", "AK9*"),
    "an interchange accepted partly": ACCEPT.replace("*1430*A*000", "*1430*P*000"),
    "about another kind of group": ACCEPT.replace("AK1*BE", "AK1*HP"),
    "about another kind of set": ACCEPT.replace("AK2*834", "AK2*837"),
    "a strange segment": ACCEPT.replace("IK5*A", "ZZZ*1~\nIK5*A").replace("SE*6*", "SE*7*"),
    "a set of another kind": ACCEPT.replace("ST*999*", "ST*834*"),
    "a group of another kind": ACCEPT.replace("GS*FA", "GS*BE"),
    "an 834": sample("834_pcp_change"),
    "a number that is none": ACCEPT.replace("AK1*BE*103", "AK1*BE*10x"),
    "an endless number": ACCEPT.replace("AK1*BE*103", "AK1*BE*" + "1" * 5000),
    "an interchange within another": ACCEPT.replace("GS*FA", "ISA*00~\nGS*FA"),
    "an interchange about nothing": ACCEPT[: ACCEPT.index("GS*")] + "IEA*0*611210634~",
    "a NUL": ACCEPT.replace("IK5*A", "IK5*A\0"),
    "letters as delimiters": ACCEPT.replace("*", "A"),
    "too much": "ISA" + " " * LONGEST,
    "something behind the end": ACCEPT + "and more",
    "too many": (ACCEPT[: ACCEPT.index("GS*")] + "TA1*000000103*261121*1430*A*000~IEA*0*611210634~") * 1001,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_in_a_sentence(name):
    with pytest.raises(Unreadable) as refused:
        read(BROKEN[name].encode())
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 120


def test_other_letters_than_ascii_are_refused():
    with pytest.raises(Unreadable, match="not ASCII"):
        read(ACCEPT.replace("MEMBERSYS ", "MEMBERSÝS ").encode())


def test_a_file_cut_anywhere_is_refused():
    for length in range(len(ACCEPT.rstrip()) - 1):
        with pytest.raises(Unreadable):
            read(ACCEPT[:length].encode())


def test_notes_are_bounded_and_hold_codes_only():
    many = "IK3*<SCRIPT>ALERT(1)</SCRIPT>*9**8~\n" * 200
    text = REJECT.replace("IK3*INS*8**8~\n", many).replace("SE*15*", "SE*214*")
    note = read(text.encode())[0].groups[0].sets[0].note
    assert len(note) == NOTE
    assert "<" not in note


@settings(max_examples=200)
@given(data=st.binary(max_size=300))
@example(data=b"ISA" + b"*" * 200)
def test_arbitrary_bytes_are_refused_and_never_crash(data):
    with pytest.raises(Unreadable):
        read(data)


@settings(max_examples=300)
@given(at=st.integers(0, len(REJECT) - 1), byte=st.integers(0, 255), drop=st.integers(0, 30))
@pytest.mark.long
def test_a_damaged_acknowledgement_is_read_or_refused_and_never_crashes(at, byte, drop):
    data = bytearray(REJECT.encode())
    data[at : at + drop + 1] = bytes([byte])
    with suppress(Unreadable):
        read(bytes(data))
