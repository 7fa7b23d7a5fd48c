"""The member system by files, on the portal's own rows: what is written, what comes back, what goes wrong."""

import os
import stat
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.utils import timezone

from clients.membersystem.gateways.base import Gateway, Transaction, Unreachable
from clients.membersystem.gateways.x12_834 import X12Gateway
from clients.membersystem.x12 import answering, control_numbers, folders
from clients.models import (
    ContactPoint,
    Coverage,
    MedicalGroup,
    Member,
    MemberChange,
    PcpAssignment,
    Policy,
    Provider,
    X12File,
    X12TransactionSet,
)
from tests.support.concurrency import at_once
from tests.support.factories import ContactPointFactory, MemberFactory, PolicyFactory, UserFactory
from tests.support.x12 import acknowledged, answer_header, interchange_answer, judge, segments_of

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)  # 2:30 p.m. in Chicago
Kind, State, SetState = MemberChange.Kind, X12File.State, X12TransactionSet.State
_numbers = count(1)


@pytest.fixture(autouse=True)
def exchange(settings, tmp_path) -> Path:
    """Folders of this test's own."""
    for name in ("OUTBOUND", "INBOUND", "ARCHIVE", "QUARANTINE"):
        setattr(settings, f"X12_{name}_DIR", tmp_path / name.lower())
    return tmp_path


@pytest.fixture
def gateway() -> Gateway:
    return X12Gateway()


@pytest.fixture
def family() -> Policy:
    """Jane, Sam and Kelly on an HMO in Illinois."""
    jane = MemberFactory(first_name="Jané", last_name="Muñoz", date_of_birth=date(1984, 2, 29))
    policy = PolicyFactory(
        primary=jane,
        plan_id="36096IL0990001",
        product_name="Silver HMO",
        network_type="HMO",
        requires_pcp=True,
        member_count=3,
        effective_date=date(2027, 1, 1),
        monthly_premium=Decimal("1834.61"),
        paid_to_date=None,
    )
    sam = MemberFactory(account=policy.account, role=Member.Role.SPOUSE, first_name="Sam", sex="M")
    kelly = MemberFactory(account=policy.account, role=Member.Role.CHILD, first_name="Kelly")
    for member in (sam, kelly):
        Coverage.objects.create(policy=policy, member=member, effective_date=policy.effective_date)
    ContactPointFactory(member=jane, value="3125550100")
    ContactPointFactory(member=jane, kind="CELL", value="3125550101")
    ContactPointFactory(member=jane, kind="EMAIL", value="jane@example.com")
    return policy


def change(policy, kind=Kind.CONTACT, payload=None, member=None) -> MemberChange:
    primary = Member.objects.get(account=policy.account, role="PRIMARY")
    return MemberChange.objects.create(
        kind=kind,
        account=policy.account,
        member=member or primary,
        policy=policy,
        payload=payload if payload is not None else contact_payload(),
        idempotency_key=f"test:{next(_numbers)}",
        not_before=NOW,
        created_by=UserFactory(),
    )


def contact_payload(**after):
    wanted = after or {"CELL": "3125550144"}
    points = {
        kind: None if value is None else {"value": value, "extension": "", "send_text": False}
        for kind, value in wanted.items()
    }
    return {"before": dict.fromkeys(points), "after": points}


def sending(one: MemberChange, *, resend=False) -> Transaction:
    return Transaction(change=one, reference=f"CHG-{one.pk}", resend=resend, made_at=NOW)


def send(gateway, *changes, resend=False):
    return gateway.send([sending(one, resend=resend) for one in changes])


def sent_text(exchange) -> str:
    (path,) = (exchange / "outbound").iterdir()
    return path.read_text("ascii")


def come_in(exchange, text, name="answer.edi", age=timedelta(hours=1)) -> Path:
    (exchange / "inbound").mkdir(exist_ok=True)
    path = exchange / "inbound" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def read(gateway):
    """What the sync does: store each set of answers, then say so."""
    answers = []
    for one in gateway.read_answers(now=NOW):
        answers += one.answers
        gateway.mark_stored(one.receipt)
    return answers


def segments(exchange, *names):
    return ["*".join(one) for one in segments_of(sent_text(exchange)) if one[0] in names]


# --- What is written ---


def test_a_contact_change_tells_all_numbers_the_changed_ones_first(gateway, exchange, family):
    one = change(family, payload=contact_payload(EMAIL="new@example.com", FAX="3125550109"))
    (delivery,) = send(gateway, one)
    assert (delivery.invalid, delivery.answer, delivery.reference) == ("", None, f"CHG-{one.pk}")
    assert segments(exchange, "PER", "BGN") == [
        f"BGN*00*CHG-{one.pk}*20261121*1430*CT***2",
        "PER*IP**FX*3125550109*EM*NEW@EXAMPLE.COM*HP*3125550100",
        f"BGN*00*CHG-{one.pk}-2*20261121*1430*CT***2",
        "PER*IP**CP*3125550101",
    ]
    assert segments(exchange, "NM1")[0] == f"NM1*IL*1*MUNOZ*JANE****ZZ*{one.member.member_id}"
    assert judge(sent_text(exchange))


def test_a_number_that_is_taken_away_is_not_named_any_more(gateway, exchange, family):
    send(gateway, change(family, payload=contact_payload(CELL=None)))
    assert segments(exchange, "PER") == ["PER*IP**HP*3125550100*EM*JANE@EXAMPLE.COM"]


@pytest.fixture
def providers(family) -> tuple[MedicalGroup, Provider]:
    group = MedicalGroup.objects.create(number="124", name="Lakeside Group", us_state="IL", effective_date="2020-01-01")
    provider = Provider.objects.create(
        npi="1999999018",
        first_name="Ada",
        last_name="de Rivera",
        medical_group=group,
        us_state="IL",
        effective_date="2020-01-01",
    )
    return group, provider


def pcp_payload(**changes):
    after = {
        "group_number": "124",
        "group_name": "Lakeside Group",
        "npi": "1999999018",
        "provider_name": "Ada de Rivera",
        "effective_date": "2026-12-01",
        "end_date": None,
    }
    return {
        "assignment_id": 1,
        "before": {**after, "npi": "1234567893"},
        "after": after,
        "reason": "Retired",
        "reason_code": "AI",
        "received_on": "2026-11-21",
    } | changes


def test_a_pcp_change_is_about_one_member_and_names_group_and_physician(gateway, exchange, family, providers):
    sam = Member.objects.get(account=family.account, role="SPOUSE")
    send(gateway, change(family, Kind.PCP, pcp_payload(), sam))
    assert segments(exchange, "INS", "NM1", "PLA", "HD", "DTP", "IDC") == [
        "DTP*007*D8*20261201",
        "INS*N*01*001*15*A",
        "DTP*303*D8*20261201",
        f"NM1*IL*1*WASHINGTON*SAM****ZZ*{sam.member_id}",
        "HD*001**HMO*36096IL0990001-00*FAM",
        "DTP*348*D8*20270101",
        "DTP*303*D8*20261201",
        "NM1*P3*2*LAKESIDE GROUP*****SV*124*25",
        "PLA*2*1P*20261201**AI",
        "NM1*P3*1*DE RIVERA*ADA****XX*1999999018*26",
        "PLA*2*1P*20261201**AI",
    ]
    assert judge(sent_text(exchange))


def test_an_order_of_cards_says_how_many_and_whether_they_replace_others(gateway, exchange, family):
    payload = {"request_id": 1, "line": "MEDICAL", "quantity": 2, "replacement": True}
    send(gateway, change(family, Kind.ID_CARD, payload))
    assert segments(exchange, "IDC") == ["IDC*SILVER HMO*H*2*RX"]
    assert judge(sent_text(exchange))


def test_an_enrollment_tells_the_household_from_the_policys_rows(gateway, exchange, family, providers):
    group, provider = providers
    for coverage in family.coverages.all():
        PcpAssignment.objects.create(
            policy=family,
            member_id=coverage.member_id,
            medical_group=group,
            provider=provider,
            effective_date=family.effective_date,
            received_on="2026-11-21",
        )
    send(gateway, change(family, Kind.ENROLL, {"effective_date": "2027-01-01"}))
    assert segments(exchange, "QTY", "INS", "AMT", "DMG", "N4", "LX") == [
        "QTY*TO*3",
        "QTY*DT*2",
        "INS*Y*18*021*28*A",
        "N4*NAPERVILLE*IL*60563",
        "DMG*D8*19840229*F",
        "AMT*P3*1834.61",
        *("LX*1", "LX*2"),
        "INS*N*01*021*28*A",
        "N4*NAPERVILLE*IL*60563",
        "DMG*D8*19800517*M",
        *("LX*1", "LX*2"),
        "INS*N*19*021*28*A",
        "N4*NAPERVILLE*IL*60563",
        "DMG*D8*19800517*F",
        *("LX*1", "LX*2"),
    ]
    assert len({one for one in segments(exchange, "REF") if one.startswith("REF*0F*")}) == 1
    insured = [one.split("*") for one in segments(exchange, "NM1") if one.startswith("NM1*IL*")]
    assert [one[8] for one in insured] == ["ZZ"] * 3  # 34 would say that the SSN follows
    assert not [one for one in Member.objects.filter(account=family.account) if str(one.ssn) in sent_text(exchange)]
    assert judge(sent_text(exchange))


def test_an_ssn_is_told_only_where_the_partner_demands_it_and_only_in_enrollments(gateway, exchange, family, settings):
    settings.X12_SENDS_SSN = True
    Member.objects.filter(account=family.account).update(ssn="666120987")
    send(gateway, change(family, Kind.ENROLL, {"effective_date": "2027-01-01"}))
    assert sent_text(exchange).count("*34*666120987") == 3
    next((exchange / "outbound").iterdir()).unlink()
    send(gateway, change(family))
    assert "666120987" not in sent_text(exchange)


def test_a_household_without_a_number_is_known_by_its_subscriber(gateway, exchange, family):
    family.account.number = None
    family.account.save()
    one = change(family, Kind.ENROLL, {"effective_date": "2027-01-01"})
    send(gateway, one)
    assert f"REF*0F*{one.member.member_id}" in segments(exchange, "REF")


def test_a_termination_tells_the_last_day_and_the_last_day_paid_for(gateway, exchange, family):
    Policy.objects.filter(pk=family.pk).update(effective_date="2026-01-01")
    family.coverages.update(effective_date="2026-01-01")
    payload = {"last_day": "2026-08-31", "paid_to": "2026-08-01", "reason": "NONPAYMENT"}
    send(gateway, change(family, Kind.TERM, payload))
    assert segments(exchange, "INS", "DTP") == [
        "DTP*007*D8*" + timezone.localdate().strftime("%Y%m%d"),
        "INS*Y*18*024*59*A***TE",
        "DTP*357*D8*20260831",
        "DTP*348*D8*20260101",
        "DTP*349*D8*20260831",
        "DTP*343*D8*20260731",
    ]
    assert judge(sent_text(exchange))


def test_a_termination_of_what_was_never_paid_names_no_day_paid_for(gateway, exchange, family):
    payload = {"last_day": "2027-01-01", "paid_to": "2027-01-01", "reason": "VOLUNTARY"}
    send(gateway, change(family, Kind.TERM, payload))
    assert "DTP*343" not in sent_text(exchange)
    assert "INS*Y*18*024*14*A***TE" in sent_text(exchange)


def test_a_reinstatement_brings_back_those_whose_coverage_ended_with_the_policy(gateway, exchange, family):
    Policy.objects.filter(pk=family.pk).update(effective_date="2026-01-01", term_date="2026-08-31")
    family.coverages.update(term_date="2026-08-31")
    family.coverages.filter(member__role="CHILD").update(term_date="2026-05-31")
    send(gateway, change(family, Kind.REINSTATE, {"effective_date": "2026-09-01"}))
    assert segments(exchange, "INS") == ["INS*Y*18*025*41*A", "INS*N*01*025*41*A"]
    assert judge(sent_text(exchange))


def test_a_dental_plan_has_its_own_codes_and_an_unknown_network_one(gateway, exchange, family):
    dental = PolicyFactory(account=family.account, dental=True, primary=family.account.members.first())
    payload = {"request_id": 1, "line": "DENTAL", "quantity": 1, "replacement": False}
    Policy.objects.filter(pk=family.pk).update(network_type="", plan_id="", market="ON")
    send(gateway, change(dental, Kind.ID_CARD, payload), change(family, Kind.ID_CARD, payload | {"line": "MEDICAL"}))
    assert segments(exchange, "HD", "IDC") == [
        "HD*001**DEN*SUMMIT DENTAL 1B*IND",
        "IDC*SUMMIT DENTAL 1B*D*1",
        "HD*001**HLT*SILVER HMO*FAM",
        "IDC*SILVER HMO*H*1",
    ]
    assert judge(sent_text(exchange))


def test_a_change_without_a_member_is_about_the_primary_insured(gateway, exchange, family):
    one = change(family)
    one.member = None
    one.save()
    send(gateway, one)
    assert segments(exchange, "INS") == ["INS*Y*18*001*25*A"]


@pytest.mark.parametrize(("zone", "written"), [("America/Denver", "1330*MT"), ("Europe/Oslo", "2030*GM")])
def test_the_time_is_told_with_the_code_of_its_zone(gateway, exchange, family, settings, zone, written):
    settings.TIME_ZONE = zone
    send(gateway, change(family))
    assert f"*20261121*{written}*" in segments(exchange, "BGN")[0]


# --- Files, rows, numbers ---


def test_a_file_is_the_portals_own_its_rows_say_what_is_in_it_and_its_copy_is_encrypted(gateway, exchange, family):
    one, other = change(family), change(PolicyFactory())
    first, second = send(gateway, one, other)
    (path,) = (exchange / "outbound").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((exchange / "archive").stat().st_mode) == 0o700
    file = X12File.objects.get()
    assert (file.state, file.name, file.size) == (State.WAITING, path.name, path.stat().st_size)
    assert (first.isa13, first.gs06) == (second.isa13, second.gs06) == (file.isa13, file.gs06)
    assert list(file.sets.values_list("change", "st02")) == [(one.pk, first.st02), (other.pk, second.st02)]
    assert folders.content(file) == path.read_bytes()
    (kept,) = [path for path in (exchange / "archive").rglob("*") if path.is_file()]
    assert b"MUNOZ" not in kept.read_bytes()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_get_the_same_control_numbers():
    taken = at_once(*[lambda: control_numbers.take(3)] * 4)
    assert len({one.isa13 for one in taken}) == len({one.gs06 for one in taken}) == 4
    assert len({number for one in taken for number in one.st02}) == 12
    assert {len(one.isa13) for one in taken} == {9}
    assert min(len(number) for one in taken for number in one.st02) >= 4


def test_a_change_that_cannot_be_told_keeps_no_other_out_of_the_file(gateway, exchange, family):
    bad_phone = change(family, payload=contact_payload(CELL="31255501"))
    good = change(PolicyFactory())
    strange = change(PolicyFactory(), payload={"after": 7})
    nameless = PolicyFactory(primary=MemberFactory(last_name="王"))
    deliveries = send(gateway, bad_phone, good, strange, change(nameless), change(PolicyFactory(), Kind.PCP, {}))
    assert [bool(one.invalid) for one in deliveries] == [True, False, True, True, True]
    assert deliveries[0].invalid == "A phone number must have ten digits and nothing else (PER, segment 13)"
    assert "not in the agreed form" in deliveries[2].invalid
    assert deliveries[3].invalid == "Missing: the surname (NM1, segment 12)"
    assert X12TransactionSet.objects.get().change == good
    assert judge(sent_text(exchange))


@pytest.mark.parametrize("email", ["jane~doe@example.com", "jánе@example.com", "groß@example.com", "ja ne@example.com"])
def test_an_email_address_is_told_to_the_letter_or_not_at_all(gateway, exchange, family, email):
    (delivery,) = send(gateway, change(family, payload=contact_payload(EMAIL=email)))
    assert delivery.invalid
    assert email not in delivery.invalid
    assert not (exchange / "outbound").exists()


def test_nobody_is_enrolled_on_a_policy_that_covers_nobody_or_at_no_address(gateway, family):
    homeless, empty = PolicyFactory(), PolicyFactory()
    empty.coverages.all().delete()
    homeless.account.address_1 = homeless.account.city = homeless.account.zip = ""
    homeless.account.save()
    payload = {"effective_date": "2026-01-01"}
    first, second = send(gateway, change(homeless, Kind.ENROLL, payload), change(empty, Kind.ENROLL, payload))
    assert first.invalid == "The household has no address."
    assert second.invalid == "Nobody is covered by the policy on the day the enrollment begins."


def test_a_resend_is_a_new_set_under_the_old_reference(gateway, exchange, family):
    one = change(family)
    send(gateway, one)
    send(gateway, one, resend=True)
    first, second = sorted((exchange / "outbound").iterdir())
    assert f"BGN*00*CHG-{one.pk}*" in first.read_text()
    assert f"BGN*15*CHG-{one.pk}*20261121*1430*CT*CHG-{one.pk}**2" in second.read_text()
    assert X12TransactionSet.objects.filter(change=one, reference=f"CHG-{one.pk}").count() == 2


@pytest.mark.parametrize(
    "wrong", [{"X12_SENDER_ID": "much-too-long-a-name"}, {"X12_RECEIVER_ID": ""}, {"X12_USAGE": "X"}]
)
def test_settings_no_file_can_be_written_with_let_the_changes_wait(gateway, exchange, family, settings, wrong):
    for name, value in wrong.items():
        setattr(settings, name, value)
    with pytest.raises(Unreachable, match=next(iter(wrong))):
        send(gateway, change(family))
    assert not X12File.objects.exists()


def test_a_folder_that_cannot_be_written_is_an_outage_and_is_seen(gateway, exchange, family):
    (exchange / "outbound").write_text("in the way")
    with pytest.raises(Unreachable, match="outbound folder cannot be written"):
        send(gateway, change(family))
    assert X12File.objects.get().state == State.FAILED


def test_a_file_of_the_same_name_is_never_overwritten(gateway, exchange, family, monkeypatch):
    numbers = control_numbers.take(1)
    monkeypatch.setattr(control_numbers, "take", lambda _sets: numbers)
    send(gateway, change(family))
    before = sent_text(exchange)
    with pytest.raises(Unreachable, match="EEXIST|FileExistsError"):
        send(gateway, change(PolicyFactory()))
    assert sent_text(exchange) == before


def test_the_number_of_questions_does_not_grow_with_the_batch(
    gateway, django_assert_max_num_queries, django_assert_num_queries
):
    changes = [change(PolicyFactory()) for _ in range(12)]
    with django_assert_max_num_queries(16) as few:
        send(gateway, *changes[:2])
    with django_assert_num_queries(len(few)):
        send(gateway, *changes[2:])


# --- What comes back ---


def test_an_acceptance_is_the_last_word_and_the_plain_file_goes(
    gateway, exchange, family, django_capture_on_commit_callbacks
):
    one = change(family)
    send(gateway, one)
    come_in(exchange, acknowledged(sent_text(exchange)))
    with django_capture_on_commit_callbacks(execute=True):
        (answer,) = read(gateway)
    assert (answer.accepted, answer.reference) == (True, f"CHG-{one.pk}")
    ours, theirs = X12File.objects.order_by("id")
    assert (ours.state, theirs.state) == (State.ACCEPTED, State.READ)
    assert ours.sets.get().answered_by == theirs
    assert not list((exchange / "outbound").iterdir())
    assert not list((exchange / "inbound").iterdir())
    assert b"BGN*00*" in folders.content(ours)
    assert folders.content(theirs).startswith(b"ISA*")


def test_each_change_of_a_file_has_its_own_answer(gateway, exchange, family):
    good, bad, noted = change(family), change(PolicyFactory()), change(PolicyFactory())
    send(gateway, good, bad, noted)
    codes = {f"CHG_{bad.pk}": "R", f"CHG_{noted.pk}": "E"}
    come_in(exchange, acknowledged(sent_text(exchange), **codes))
    answers = {one.reference: one for one in read(gateway)}
    assert {key: one.accepted for key, one in answers.items()} == {
        f"CHG-{good.pk}": True,
        f"CHG-{bad.pk}": False,
        f"CHG-{noted.pk}": True,
    }
    st02 = bad.x12_sets.get().st02
    assert answers[f"CHG-{bad.pk}"].reason == (
        f"set {st02} rejected: NM1, segment 12: element errors; element 9: too short; set error 5"
    )
    assert X12File.objects.get(direction="OUT").state == State.PARTLY
    assert noted.x12_sets.get().state == SetState.NOTED


@pytest.mark.parametrize(
    ("group", "answers"),
    [("AK9*A*2*2*2", [True, True]), ("AK9*R*2*2*0", [False, False]), ("AK9*E*2*2*2", [True, True])],
)
def test_a_group_answered_as_a_whole_answers_all_its_sets(gateway, exchange, family, group, answers):
    send(gateway, change(family), change(PolicyFactory()))
    lines = acknowledged(sent_text(exchange)).splitlines()
    kept = [line for line in lines if line[:3] not in ("AK2", "IK5", "AK9", "SE*")]
    place = next(place for place, line in enumerate(kept) if line.startswith("GE"))
    come_in(exchange, "\n".join([*kept[:place], f"{group}~", "SE*4*0001~", *kept[place:]]))
    assert [one.accepted for one in read(gateway)] == answers


def test_an_interchange_that_is_taken_in_is_no_last_word_and_one_that_is_refused_is(gateway, exchange, family):
    send(gateway, change(family))
    come_in(exchange, interchange_answer(sent_text(exchange), "A"), "1.edi")
    assert read(gateway) == []
    assert X12File.objects.get(direction="IN").state == State.READ
    come_in(exchange, interchange_answer(sent_text(exchange), "R", "025"), "2.edi")
    (answer,) = read(gateway)
    assert not answer.accepted
    assert "the control number was used before" in answer.reason


def test_the_same_answer_twice_is_harmless_and_another_one_later_is_not_taken(gateway, exchange, family):
    one = change(family)
    send(gateway, one)
    text = sent_text(exchange)
    come_in(exchange, acknowledged(text), "1.edi")
    come_in(exchange, acknowledged(text), "2.edi")
    assert {answer.accepted for answer in read(gateway)} == {True}
    come_in(exchange, acknowledged(text, **{f"CHG_{one.pk}": "R"}), "3.edi")
    assert {answer.accepted for answer in read(gateway)} <= {True}
    st02 = one.x12_sets.get().st02
    assert one.x12_sets.get().state == SetState.ACCEPTED
    last = X12File.objects.filter(direction="IN").order_by("id").last()
    assert (last.state, last.problem) == (
        State.READ,
        f"Not taken, because the first answer was another one: set {st02}.",
    )


def test_a_worker_killed_before_it_stored_the_answers_reads_them_again(gateway, exchange, family):
    send(gateway, change(family))
    come_in(exchange, acknowledged(sent_text(exchange)))
    first = next(iter(gateway.read_answers(now=NOW)))
    second = next(iter(gateway.read_answers(now=NOW)))
    assert first == second
    gateway.mark_stored(second.receipt)
    gateway.mark_stored(second.receipt)
    assert list(gateway.read_answers(now=NOW)) == []
    assert X12File.objects.filter(direction="IN").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_read_one_file_as_one(gateway, exchange):
    policy = PolicyFactory()
    send(gateway, change(policy))
    come_in(exchange, acknowledged(sent_text(exchange)))
    results = at_once(*[lambda: read(X12Gateway())] * 3)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert {answer.accepted for answers in results for answer in answers} == {True}
    assert X12File.objects.filter(direction="IN").count() == 1
    assert X12TransactionSet.objects.get().state == SetState.ACCEPTED
    assert not list((exchange / "inbound").iterdir())


def test_a_worker_that_comes_late_to_a_file_finds_it_done(gateway, exchange, family, monkeypatch):
    send(gateway, change(family))
    path = come_in(exchange, acknowledged(sent_text(exchange)))
    found = list(folders.come_in())
    data = path.read_bytes()
    assert len(read(gateway)) == 1
    monkeypatch.setattr(folders, "come_in", lambda: iter(found))
    monkeypatch.setattr(folders, "read", lambda _path, at_most: data)
    assert list(gateway.read_answers(now=NOW)) == []
    assert X12File.objects.get(direction="IN").state == State.READ


def test_a_change_in_two_sets_waits_for_both_and_one_rejection_rejects_it(gateway, exchange, family):
    ContactPoint.objects.create(member=family.account.members.first(), kind="FAX", value="3125550109")
    one = change(family)
    send(gateway, one)
    text = sent_text(exchange)
    come_in(exchange, acknowledged(text, **{f"CHG_{one.pk}_2": "R"}))
    (answer,) = read(gateway)
    assert (answer.accepted, answer.reference) == (False, f"CHG-{one.pk}")

    send(gateway, one, resend=True)
    come_in(exchange, acknowledged(sorted((exchange / "outbound").iterdir())[-1].read_text()))
    (answer,) = read(gateway)
    assert (answer.accepted, answer.reference) == (True, f"CHG-{one.pk}")


def test_a_late_rejection_of_an_earlier_attempt_says_nothing_about_the_later_one(gateway, exchange, family):
    one = change(family)
    send(gateway, one)
    first = sent_text(exchange)
    send(gateway, one, resend=True)
    come_in(exchange, acknowledged(first, **{f"CHG_{one.pk}": "R"}))
    assert read(gateway) == []
    assert answering.last_word(one.pk) is None


def test_what_nobody_answers_is_found_after_a_day(gateway, family):
    send(gateway, change(family))
    assert not list(answering.unanswered(now=NOW + timedelta(hours=23)))
    assert list(answering.unanswered(now=NOW + timedelta(hours=25))) == list(X12File.objects.all())


# --- What goes wrong ---


def hostile(text):
    """Files that answer nothing of ours."""
    return {
        "empty": "",
        "an 834": text,
        "another sender": acknowledged(text).replace("MEMBERSYS      *ZZ*PROD", "SOMEBODYELSE   *ZZ*PROD"),
        "a production file": acknowledged(text).replace("*0*T*:", "*0*P*:"),
        "an unknown interchange": interchange_answer(text, "R").replace("TA1*0", "TA1*9"),
        "another time": interchange_answer(text, "R").replace("*1430*R", "*1431*R"),
        "an unknown group": acknowledged(text).replace("AK1*BE*", "AK1*BE*77"),
        "an unknown set": acknowledged(text).replace("AK2*834*", "AK2*834*9"),
        "a set twice": acknowledged(text)
        .replace("IK5*A~\n", "IK5*A~\nAK2*834*0002~\nIK5*A~\n".replace("0002", text.split("ST*834*")[1][:4]))
        .replace("SE*6*", "SE*8*"),
        "a contradiction": acknowledged(text).replace("IK5*A", "IK5*R"),
        "half a word": acknowledged(text).replace("AK9*A*1*1*1", "AK9*P*1*1*1").replace("IK5*A", "IK5*P"),
        "cut": acknowledged(text)[:-40],
        "endless": answer_header() + "A" * 3_000_000,
        "bytes": b"\xff\xfe\x00" * 1000,
    }


def test_what_answers_nothing_goes_into_quarantine_is_seen_and_keeps_nothing_up(gateway, exchange, family):
    one = change(family)
    send(gateway, one)
    text = sent_text(exchange)
    files = hostile(text)
    for place, content in enumerate(files.values()):
        come_in(exchange, content, f"{place:02}.edi")
    come_in(exchange, acknowledged(text), "zz-good.edi", age=timedelta(minutes=1))
    (answer,) = read(gateway)
    assert answer.accepted
    set_apart = X12File.objects.filter(state=State.QUARANTINED)
    assert set_apart.count() == len(files)
    assert all(file.problem.endswith(".") for file in set_apart)
    assert len(list((exchange / "quarantine").iterdir())) == len(files)
    assert stat.S_IMODE((exchange / "quarantine").stat().st_mode) == 0o700
    assert not list((exchange / "inbound").iterdir())


def test_links_and_strange_names_are_set_apart_unread(gateway, exchange, family):
    secret = exchange / "secret"
    secret.write_text("not for anybody")
    inbound = exchange / "inbound"
    inbound.mkdir()
    (inbound / "link.edi").symlink_to(secret)
    os.mkfifo(inbound / "pipe.edi")
    (inbound / "sp\x1bace\n.edi").write_text("x")
    (inbound / "folder").mkdir()
    Path(os.fsdecode(os.path.join(os.fsencode(inbound), b"\xff.edi"))).write_text("x")
    assert read(gateway) == []
    assert X12File.objects.filter(state=State.QUARANTINED).count() == 4
    assert [path.name for path in inbound.iterdir()] == ["folder"]
    assert secret.read_text() == "not for anybody"
    link = X12File.objects.get(name="link.edi")
    with pytest.raises(folders.NotHere):
        folders.content(link)


def test_a_file_that_is_still_coming_in_is_left_alone(gateway, exchange, family):
    send(gateway, change(family))
    whole = acknowledged(sent_text(exchange))
    come_in(exchange, whole[:200], age=timedelta(seconds=5))
    come_in(exchange, "", ".hidden")
    come_in(exchange, "", "upload.part")
    assert read(gateway) == []
    assert not X12File.objects.filter(direction="IN").exists()
    come_in(exchange, whole, age=timedelta(seconds=1))
    assert len(read(gateway)) == 1


def test_a_set_apart_file_can_be_put_back(gateway, exchange, family):
    send(gateway, change(family))
    come_in(exchange, "half a file")
    assert read(gateway) == []
    file = X12File.objects.get(direction="IN")
    assert folders.content(file) == b"half a file"
    come_in(exchange, "in the way")
    with pytest.raises(folders.NotHere, match="of this name lies"):
        folders.put_back(file)
    (exchange / "inbound" / "answer.edi").unlink()
    folders.put_back(file)
    assert (exchange / "inbound" / "answer.edi").read_text() == "half a file"
    (exchange / "inbound" / "answer.edi").unlink()
    with pytest.raises(folders.NotHere, match="not in the quarantine"):
        folders.put_back(file)


def test_an_archive_that_was_changed_or_is_missing_is_said_to_be(gateway, exchange, family):
    send(gateway, change(family))
    file = X12File.objects.get()
    (kept,) = [path for path in (exchange / "archive").rglob("*") if path.is_file()]
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(folders.NotHere, match="changed on the disk"):
        folders.content(file)
    kept.unlink()
    with pytest.raises(folders.NotHere, match="missing"):
        folders.content(file)


def test_an_inbound_folder_that_cannot_be_read_is_an_outage(gateway, exchange):
    (exchange / "inbound").write_text("in the way")
    with pytest.raises(Unreachable, match="inbound folder cannot be read"):
        list(gateway.read_answers(now=NOW))
