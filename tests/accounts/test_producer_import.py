"""Taking over the producer record system's file."""

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import HierarchyEdge, Producer, ProducerNumber
from accounts.services import hierarchy, producer_import
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory

HEADER = [
    *(
        "npn",
        "first_name",
        "last_name",
        "is_agency",
        "status",
        "upline_npn",
        "record_email",
        "record_mobile",
        "record_zip",
    ),
    *("number", "state", "company_name", "address_1", "address_2", "city", "address_state", "zip", "phone", "email"),
    "number_status",
]
AGENCY = {
    "npn": "1704416",
    "last_name": "Prairie Agency Inc.",
    "is_agency": "Y",
    "status": "ACTIVE",
    "record_email": "office@agency.example",
    "number": "000410001",
    "state": "IL",
    "zip": "60601",
}
RITA = {
    "npn": "8815207",
    "first_name": "Rita",
    "last_name": "Solberg",
    "is_agency": "N",
    "status": "ACTIVE",
    "upline_npn": "1704416",
    "record_email": "rita@record.example",
    "record_mobile": "3125550107",
    "record_zip": "60602",
    "number": "000412701",
    "state": "IL",
    "company_name": "Solberg Insurance Services",
    "address_1": "1 Main St",
    "city": "Naperville",
    "address_state": "IL",
    "zip": "60540",
    "phone": "6305550101",
    "email": "desk@solberg.example",
    "number_status": "ACTIVE",
}
RITA_TEXAS = {**RITA, "number": "000845210", "state": "TX", "zip": "75001", "number_status": ""}


@pytest.fixture
def file(tmp_path):
    def write(*lines: dict[str, str], header: list[str] = HEADER) -> Path:
        text = io.StringIO()
        writer = csv.DictWriter(text, header, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
        path = tmp_path / "producers.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    return write


def run(path: Path, **options: bool) -> None:
    call_command("import_producers", str(path), **options)


def refused(path: Path) -> list[str]:
    before = list(Producer.objects.order_by("pk").values()), list(ProducerNumber.objects.order_by("pk").values())
    with pytest.raises(CommandError) as error:
        run(path)
    after = list(Producer.objects.order_by("pk").values()), list(ProducerNumber.objects.order_by("pk").values())
    assert before == after
    headline, *problems = str(error.value).splitlines()
    assert headline == "producers.csv was not imported:"
    return problems


def edges() -> set[tuple[str, str, int]]:
    return set(HierarchyEdge.objects.values_list("ancestor__npn", "descendant__npn", "depth"))


def test_producers_numbers_and_hierarchy_come_in(file, capsys):
    run(file(RITA, AGENCY, RITA_TEXAS))
    rita = Producer.objects.get(npn="8815207")
    assert (rita.name, rita.status, rita.record_email, rita.record_zip) == (
        "Rita Solberg",
        "ACTIVE",
        "rita@record.example",
        "60602",
    )
    assert {(n.number, n.us_state, n.zip, n.status) for n in rita.numbers.all()} == {
        ("000412701", "IL", "60540", "ACTIVE"),
        ("000845210", "TX", "75001", "ACTIVE"),
    }
    assert Producer.objects.get(npn="1704416").is_agency
    assert edges() == {("1704416", "1704416", 0), ("8815207", "8815207", 0), ("1704416", "8815207", 1)}
    assert "Done: 2 producers added, 0 changed (0 moved in the hierarchy); 3 numbers added, 0 changed. 3 lines" in (
        capsys.readouterr().out
    )
    assert AuditEvent.objects.get(action="producers.imported").details["producers_added"] == 2


def test_the_same_file_again_changes_nothing(file, capsys):
    path = file(AGENCY, RITA, RITA_TEXAS)
    run(path)
    before = [list(model.objects.order_by("pk").values()) for model in (Producer, ProducerNumber, HierarchyEdge)]
    events = AuditEvent.objects.count()
    run(path)
    assert [
        list(model.objects.order_by("pk").values()) for model in (Producer, ProducerNumber, HierarchyEdge)
    ] == before
    assert AuditEvent.objects.count() == events
    assert "0 producers added, 0 changed (0 moved in the hierarchy); 0 numbers added, 0 changed" in (
        capsys.readouterr().out
    )


def test_what_differs_is_updated_and_others_are_left_alone(file):
    other = ProducerFactory(npn="5550001")
    run(file(AGENCY, RITA))
    run(file({**RITA, "last_name": "Solberg-Hay", "city": "Aurora", "number_status": "INACTIVE"}))
    rita = Producer.objects.get(npn="8815207")
    assert rita.last_name == "Solberg-Hay"
    assert (rita.numbers.get().city, rita.numbers.get().status) == ("Aurora", "INACTIVE")
    assert Producer.objects.get(npn="1704416").last_name == "Prairie Agency Inc."
    assert Producer.objects.filter(pk=other.pk).exists()
    event = AuditEvent.objects.get(action="producer.imported")
    assert (event.for_producer, event.details) == ("8815207", {"fields": ["last_name"]})


def test_a_column_left_out_leaves_what_is_there_and_an_empty_cell_empties(file):
    run(file(AGENCY, RITA))
    ProducerNumber.objects.filter(number="000412701").update(email="edited@solberg.example")
    run(file(RITA, header=[name for name in HEADER if name not in ("email", "upline_npn", "record_zip")]))
    rita = Producer.objects.get(npn="8815207")
    assert rita.numbers.get().email == "edited@solberg.example"
    assert (rita.parent.npn, rita.record_zip) == ("1704416", "60602")
    run(file({**RITA, "record_mobile": "", "company_name": ""}))
    rita.refresh_from_db()
    assert (rita.record_mobile, rita.numbers.get().company_name) == ("", "")


def test_a_producer_without_a_number_comes_in(file):
    bare = {name: RITA.get(name, "") for name in HEADER[:9]} | {"upline_npn": ""}
    run(file(bare))
    assert Producer.objects.get(npn="8815207").numbers.count() == 0
    assert edges() == {("8815207", "8815207", 0)}


def test_moves_are_written_and_the_closure_follows(file, capsys):
    run(file(AGENCY, RITA))
    top = {**AGENCY, "npn": "1000001", "number": "000410009", "record_email": "top@agency.example"}
    run(file(top, {**AGENCY, "upline_npn": "1000001"}, {**RITA, "upline_npn": "1000001"}))
    assert edges() >= {("1000001", "1704416", 1), ("1000001", "8815207", 1)}
    assert ("1704416", "8815207", 1) not in edges()
    assert "1 producers added, 2 changed (2 moved in the hierarchy)" in capsys.readouterr().out
    before = edges()
    hierarchy.rebuild()
    assert edges() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(file, capsys):
    run(file(AGENCY, RITA), dry_run=True)
    assert "Would be: 2 producers added" in capsys.readouterr().out
    assert not Producer.objects.exists()
    assert not AuditEvent.objects.exists()


def test_somebody_with_a_login_is_told_at_both_addresses_that_the_contact_changed(file):
    run(file(AGENCY, RITA))
    UserFactory(producer=Producer.objects.get(npn="8815207"))
    run(file({**RITA, "record_email": "new@record.example"}, {**AGENCY, "record_email": "new@agency.example"}))
    told = OutboundMessage.objects.filter(kind="record_contact_changed").order_by("id")
    assert [message.to for message in told] == ["rita@record.example", "new@record.example"]
    assert "new@record.example" not in told[0].body_text


# What is refused, with its line


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"npn": "12345678901"}, "line 3, npn: '12345678901' must be 1 to 10 digits"),
        ({"npn": ""}, "line 3, npn: must not be empty"),
        ({"last_name": ""}, "line 3, last_name: must not be empty"),
        ({"last_name": "x" * 121}, "line 3, last_name: is longer than 120 characters"),
        ({"last_name": "Sol\x07berg"}, "line 3, last_name: holds a character that cannot be printed"),
        ({"is_agency": "yes"}, "line 3, is_agency: 'yes' must be one of Y, N"),
        ({"status": "Active"}, "line 3, status: 'Active' must be one of ONBOARDING, ACTIVE, TERMINATED"),
        ({"record_email": "rita"}, "line 3, record_email: 'rita' is not an email address"),
        ({"record_mobile": "312-555-0107"}, "line 3, record_mobile: '312-555-0107' must be 10 digits"),
        ({"record_zip": "60602-1"}, "line 3, record_zip: '60602-1' must be 5 digits"),
        ({"number": "412701"}, "line 3, number: '412701' must be 9 digits"),
        ({"state": "WI"}, "line 3, state: 'WI' must be one of IL, MT, NM, OK, TX"),
        ({"state": ""}, "line 3, state: must not be empty beside a number"),
        ({"address_state": "Ill"}, "line 3, address_state: 'Ill' must be two capital letters"),
        ({"number_status": "OPEN"}, "line 3, number_status: 'OPEN' must be one of ACTIVE, INACTIVE"),
        ({"number": "000410001"}, "line 3, number: 000410001 stands in line 2 already"),
        (
            {"upline_npn": "7777777"},
            "line 3, upline_npn: there is no producer 7777777, here or in the file",
        ),
        ({"upline_npn": "8815207"}, "line 3, upline_npn: 8815207 would stand above itself"),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(file, changes, problem):
    assert refused(file(AGENCY, {**RITA, **changes})) == [problem]


def test_every_mistake_of_the_file_is_listed_at_once(file):
    problems = refused(file({**AGENCY, "state": "XX"}, {**RITA, "status": "?"}, {**RITA_TEXAS, "zip": "1"}))
    assert [problem.split(":")[0] for problem in problems] == [
        "line 2, state",
        "line 3, status",
        "line 4, zip",
        "line 4, status",
    ]


def test_mistakes_found_at_different_steps_are_listed_in_the_order_of_the_lines(file):
    ProducerNumberFactory(number="000845210")
    wrong_upline = {**AGENCY, "upline_npn": "9999999"}
    assert [problem.split(":")[0] for problem in refused(file(wrong_upline, RITA, RITA_TEXAS))] == [
        "line 2, upline_npn",
        "line 4, number",
    ]
    twice = file({**AGENCY, "state": "XX"}, RITA, {**RITA, "zip": "1"}, {**RITA_TEXAS, "zip": "1"})
    assert [problem.split(",")[0] for problem in refused(twice)] == ["line 2", "line 4", "line 4", "line 5"]


def test_a_file_full_of_mistakes_does_not_flood_the_screen(file):
    problems = refused(file(*({**AGENCY, "npn": f"{n}", "number": f"{n:09}", "state": "XX"} for n in range(1, 251))))
    assert len(problems) == 201
    assert problems[-1] == "and 50 more"


def test_lines_of_one_producer_must_agree(file):
    assert refused(file(AGENCY, RITA, {**RITA_TEXAS, "record_email": "other@record.example"})) == [
        "line 4, record_email: differs from line 3 for the same NPN 8815207"
    ]


def test_cells_about_a_number_need_a_number(file):
    assert refused(file(AGENCY, {**{name: RITA[name] for name in HEADER[:9]}, "city": "Aurora"})) == [
        "line 3, city: stands there without a number"
    ]


def test_rings_are_found_through_the_file_and_what_is_there(file):
    run(file(AGENCY, RITA))
    assert refused(file({**AGENCY, "upline_npn": "8815207"})) == [
        "line 2, upline_npn: 1704416 would stand above itself"
    ]
    third = {**AGENCY, "npn": "3", "number": "000000003", "upline_npn": "8815207"}
    assert len(refused(file(third, {**AGENCY, "upline_npn": "3"}))) == 2


def test_a_number_is_never_moved_to_another_producer_or_state(file):
    run(file(AGENCY, RITA))
    assert refused(file({**AGENCY, "number": "000412701"})) == ["line 2, number: 000412701 belongs to another producer"]
    newcomer = {**AGENCY, "npn": "42", "number": "000412701"}
    assert refused(file(newcomer)) == ["line 2, number: 000412701 belongs to another producer"]
    assert refused(file({**RITA, "state": "TX"})) == ["line 2, state: 000412701 is a number of IL"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: the file is empty; the first line must name the columns"),
        (b"npn,last_name,status,record_email,number,state\n", "the file names its columns but holds no producer"),
        (b"npn,last_name,status,record_email,number\n1,x,ACTIVE,a@b.example,\n", "line 1: there is no column state"),
        (b"npn,last_name,status,record_email,number,state,shoe\n", "line 1: shoe is not a column of this file"),
        (b"npn,last_name,status,record_email,number,state,npn\n", "line 1: npn is named twice"),
        (
            b"npn,last_name,status,record_email,number,state\n1,x\n",
            "line 2: 2 cells where the first line names 6 columns",
        ),
        (b"\xff\xfe\x00", "the file is not UTF-8 text"),
        (b'npn,last_name,status,record_email,number,state\n"1,x\n', "line 2: not CSV: unexpected end of data"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, problem):
    path = tmp_path / "producers.csv"
    path.write_bytes(content)
    assert problem in refused(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refused(tmp_path / "producers.csv") == ["cannot read the file: No such file or directory"]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(file):
    path = file(AGENCY, RITA)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\r\n\r\n"))
    run(path)
    assert Producer.objects.count() == 2
    run(path)


def test_line_numbers_count_blank_lines(file):
    path = file(AGENCY, {**RITA, "status": "?"})
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\r\n\r\n"))
    assert refused(path) == ["line 5, status: '?' must be one of ONBOARDING, ACTIVE, TERMINATED"]


@pytest.mark.django_db(transaction=True)
def test_a_write_that_fails_keeps_nothing(file, monkeypatch):
    monkeypatch.setattr("accounts.services.producer_import._record", lambda _plan: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(file(AGENCY, RITA))
    assert not Producer.objects.exists()
    assert not HierarchyEdge.objects.exists()


def test_many_producers_come_in_quickly(file, django_assert_max_num_queries):
    lines = [
        {**AGENCY, "npn": f"{2000000 + n}", "number": f"{n:09}", "upline_npn": f"{2000000 + n // 3}" if n else ""}
        for n in range(1200)
    ]
    ProducerNumberFactory(producer=ProducerFactory(npn="1"), number="999999999")
    with django_assert_max_num_queries(40):
        run(file(*lines))
    assert HierarchyEdge.objects.filter(descendant__npn="2001199").count() == 8


def test_every_column_is_documented_in_the_help():
    from accounts.management.commands.import_producers import HELP

    assert all(f"  {name}" in HELP for name in producer_import.COLUMNS)
    assert set(producer_import.COLUMNS) == set(HEADER)
