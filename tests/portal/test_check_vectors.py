"""``manage.py check_vectors``: what compliance people see for right, wrong and unusable tables."""

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.management.vectors import CHECKERS
from portal.management.vectors.checker import Checker, SkipRow
from portal.management.vectors.table import as_json, as_money, read_table

pytestmark = pytest.mark.no_db

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "data" / "vectors"


def check(table: str, file: Path) -> tuple[list[str], str | int | None]:
    """Lines printed, and the exit code."""
    out = StringIO()
    try:
        call_command("check_vectors", table, str(file), stdout=out)
    except SystemExit as exc:
        return out.getvalue().splitlines(), exc.code
    return out.getvalue().splitlines(), 0


def problems(table: str, file: Path) -> str:
    """The message for a file that cannot be used; nothing may be printed as a result."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("check_vectors", table, str(file), stdout=out)
    assert caught.value.returncode == 2
    assert out.getvalue() == ""
    return str(caught.value)


@pytest.fixture
def edited(tmp_path):
    """Copy a table with one text replaced, exactly once."""

    def edit(table: str, old: str, new: str) -> Path:
        text = (VECTORS / f"{table}.csv").read_text()
        assert text.count(old) == 1
        copy = tmp_path / f"{table}.csv"
        copy.write_text(text.replace(old, new))
        return copy

    return edit


@pytest.mark.parametrize(("table", "count"), [("policy_status", 38), ("ages", 12), ("sep", 111)])
def test_kept_tables_pass_whole(table, count):
    assert check(table, VECTORS / f"{table}.csv") == ([f"{count} passed, 0 failed, 0 skipped"], 0)


def test_wrong_row_is_named_with_what_was_expected_and_what_came_out(edited):
    file = edited("policy_status", "2026-12-01,10,2026-10-31,contract,mid grace", "2026-11-30,9,,contract,mid grace")
    assert check("policy_status", file) == (
        [
            "039: expected grace_end=2026-11-30, days_left=9, term_if_unpaid=(empty); "
            "got grace_end=2026-12-01, days_left=10, term_if_unpaid=2026-10-31",
            "37 passed, 1 failed, 0 skipped",
        ],
        1,
    )


def test_wrong_status_is_shown_in_the_table_s_own_words(edited):
    file = edited("policy_status", "Future,,,,,,,,eve", "Grace Period,,,,,,,pay,eve")
    lines, code = check("policy_status", file)
    assert (lines[0], code) == ("011: expected status=Grace Period, claims=pay; got status=Future, claims=(empty)", 1)


def test_window_is_compared_as_yes_or_no(edited):
    lines, code = check("ages", edited("ages", "2029-05-31,,N", "2029-05-31,,Y"))
    expected, got = "in_window_2026-12-01_2027-03-31=Y", "in_window_2026-12-01_2027-03-31=N"
    assert (lines[0], code) == (f"A09: expected {expected}; got {got}", 1)


def test_empty_window_cell_is_an_expectation_too(edited):
    lines, code = check("ages", edited("ages", "2029-05-31,,N", "2029-05-31,,"))
    assert (lines[-1], code) == ("11 passed, 1 failed, 0 skipped", 1)


def test_header_may_name_several_windows_or_none(tmp_path):
    header = "case,report,dob,relationship,rule,birthday,attains_on,medicare_month,iep_start,iep_end,coverage_last_day"
    row = "1,26,2000-12-15,child,birthday,2026-12-15,,,,,2026-12-14"
    file = tmp_path / "ages.csv"
    file.write_text(f"{header}\n{row}\n")
    assert check("ages", file) == (["1 passed, 0 failed, 0 skipped"], 0)
    file.write_text(f"{header},in_window_2026-12-14_2026-12-14,in_window_2026-12-15_2027-12-31\n{row},Y,N\n")
    assert check("ages", file) == (["1 passed, 0 failed, 0 skipped"], 0)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "SEP-002,off,IL,2026-03-31",
            "SEP-002,off,IL,2026-04-01",
            "SEP-002: expected expected_effective_date=2026-04-01; got expected_effective_date=2026-05-01",
        ),
        (
            "SEP-007,off,MT,2026-05-30",
            "SEP-007,off,MT,2026-05-31",
            "SEP-007: expected expected_effective_date=2026-06-01, expected_plan_year=2026; "
            "got expected_effective_date=outside_window, expected_plan_year=(empty)",
        ),
        (
            "midmonth_option=on",
            "fifteenth_option=on",
            "SEP-013: skipped, params: fifteenth_option is no choice or fact the portal knows; it knows ",
        ),
    ],
)
def test_a_row_of_the_sep_table_is_told_by_date_or_code(edited, old, new, line):
    lines, code = check("sep", edited("sep", old, new))
    assert lines[0].startswith(line)
    assert code == (1 if "expected" in line else 0)


def test_facts_and_choices_of_a_sep_row_may_be_combined(tmp_path):
    header = "id,channel,state,application_date,event_code,event_date,election,params,expected_effective_date"
    row = (
        "1,off,TX,2026-05-20,MARRIAGE;PERMANENT_MOVE,2026-05-10;2026-06-10,,"
        '"prior_coverage=yes; move_days_before=60",2026-06-01,2026'
    )
    file = tmp_path / "sep.csv"
    file.write_text(f"{header},expected_plan_year\n{row}\n2,off,TX,2026-05-20,,,,,unknown_event,\n")
    assert check("sep", file) == (["2 passed, 0 failed, 0 skipped"], 0)


def test_spouse_has_no_last_day_under_any_rule(edited):
    file = edited("ages", "1975-12-15,spouse,none", "1975-12-15,spouse,end_of_year")
    assert check("ages", file) == (["12 passed, 0 failed, 0 skipped"], 0)


def test_spaces_around_a_cell_do_not_count(edited):
    file = edited("ages", "1975-12-15,spouse,none", " 1975-12-15 , spouse,none ")
    assert check("ages", file) == (["12 passed, 0 failed, 0 skipped"], 0)


@pytest.mark.parametrize(
    ("rule", "last_day"),
    [("birthday+il_veteran", "2030-12-14"), ("end_of_month+disabled", ""), ("none+disabled", ""), ("", "")],
)
def test_exceptions_to_the_age_limit_can_be_written_in_the_rule_cell(edited, rule, last_day):
    birthday = "2030-12-15" if "veteran" in rule else "2026-12-15"
    old = "child,end_of_year,2026-12-15,,,,,2026-12-31,Y"
    file = edited("ages", old, f"child,{rule},{birthday},,,,,{last_day},{'N' if last_day != '2026-12-31' else 'Y'}")
    assert check("ages", file) == (["12 passed, 0 failed, 0 skipped"], 0)


def test_columns_may_stand_in_any_order_with_notes_between(tmp_path):
    names = (
        "case,note,rule,relationship,dob,report,coverage_last_day,iep_end,iep_start,medicare_month,attains_on,birthday"
    )
    file = tmp_path / "ages.csv"
    file.write_text(f"{names}\nB1,anything,end_of_month,child,2001-03-01,26,2027-03-31,,,,,2027-03-01\n")
    assert check("ages", file)[1] == 0


def test_spreadsheet_s_byte_order_mark_line_ends_and_blank_lines_are_fine(tmp_path):
    text = (VECTORS / "ages.csv").read_text().replace("\n", "\r\n")
    file = tmp_path / "ages.csv"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n" + b"," * 12 + b"\r\n")
    assert check("ages", file) == (["12 passed, 0 failed, 0 skipped"], 0)
    assert read_table(file).header[0] == "case"


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        (
            "policy_status",
            ",grace_days,",
            ",days,",
            "line 1: the header needs these columns too: grace_days",
        ),
        ("ages", "iep_end", "iep_start", "line 1: named twice: iep_start"),
        ("ages", "iep_end", "", "line 1: column 10 has no name"),
        ("ages", "in_window_2026-12-01", "in_window_2026-12-1", "must be in_window_<from>_<to>"),
        ("ages", "in_window_2026-12-01", "in_window_2027-12-01", "must be in_window_<from>_<to>"),
        ("ages", "in_window_2026-12-01_2027-03-31", "in_window", "must be in_window_<from>_<to>"),
        ("policy_status", "Future,,", "Asleep,,", "line 7 (011), status: 'Asleep' is unknown; write one of: Future,"),
        (
            "policy_status",
            "011,future,2026-12-31",
            "011,future,12/31/2026",
            "line 7 (011), today: '12/31/2026' is not a date",
        ),
        ("policy_status", "011,future,2026-12-31", "011,future,20261231", "'20261231' is not a date; write YYYY-MM-DD"),
        ("policy_status", "011,future,2026-12-31", "011,future,", "line 7 (011), today: must not be empty"),
        (
            "policy_status",
            "2027-02-28,2027-01-01",
            "2027-02-29,2027-01-01",
            "line 14 (025), today: '2027-02-29' is not a date",
        ),
        (
            "policy_status",
            "OFF,IL,MED,412.55,Y,,,,30,",
            "OFF,IL,MED,412.55,Y,,,,0,",
            "grace_days: '0' must be at least 1",
        ),
        (
            "policy_status",
            "OFF,IL,MED,412.55,Y,,,,30,",
            "OFF,IL,MED,412.55,Y,,,,x,",
            "grace_days: 'x' is not a whole number",
        ),
        (
            "policy_status",
            "OFF,IL,MED,412.55,Y,,,,30,",
            "OFF,IL,MED,$412,Y,,,,30,",
            "net_premium: '$412' is not an amount",
        ),
        (
            "policy_status",
            "OFF,IL,MED,412.55,Y,,,,30,",
            "OFF,IL,MED,NaN,Y,,,,30,",
            "net_premium: 'NaN' is not an amount",
        ),
        (
            "policy_status",
            "OFF,IL,MED,412.55,Y,,,,30,",
            "OUT,IL,MED,412.55,Y,,,,30,",
            "channel: 'OUT' is unknown; write one of: ON, OFF",
        ),
        ("sep", "midmonth_option=on", "midmonth_option=maybe", "params: 'maybe' is unknown; write one of: on, yes"),
        ("sep", "midmonth_option=on", "midmonth_option", "params: 'midmonth_option' is not key=value"),
        ("sep", "knew_on=2026-04-10", "knew_on=04/10/2026", "params: '04/10/2026' is not a date"),
        ("sep", "knew_on=2026-04-10", "move_days_before=-1", "params: days cannot be below zero"),
        ("sep", "SEP-002,off,", "SEP-002,sideways,", "channel: 'sideways' is unknown; write one of: off, on"),
        ("sep", "SEP-002,off,IL,2026", "SEP-002,off,IL,9999", "application_date: lies after the year 9998"),
        ("sep", "2026-03-02;2026-03-31", "2026-03-02", "event_date: 2 life events need as many dates"),
        (
            "sep",
            "2026-05-20,MARRIAGE,2026-05-10,,prior_coverage=no,prior",
            "2026-05-20,MARRIAGE,2026-05-10,,prior_coverage=no,later",
            "is neither a date YYYY-MM-DD nor one of",
        ),
        ("ages", "A07,65", "A07,64", "line 5 (A07), report: '64' is unknown; write one of: 65, 26"),
        ("ages", "A07,65", ",65", "line 5, case: must not be empty"),
        ("ages", "A07,65", "A07,extra,65", "line 5: 14 cells where the header names 13 columns"),
        ("ages", "A07,65", '"A07"x,65', "line 5: not CSV"),
    ],
)
def test_unusable_table_is_refused_by_line_and_column(edited, table, old, new, message):
    assert message in problems(table, edited(table, old, new))


def test_every_mistake_is_named_at_once(tmp_path):
    text = (VECTORS / "ages.csv").read_text().replace("1961-12-15", "soon").replace("end_of_month,", "month_end,")
    file = tmp_path / "ages.csv"
    file.write_text(text)
    assert problems("ages", file).count("\n  line ") == 4


def test_row_with_a_line_break_inside_is_named_by_its_first_line(edited):
    file = edited("ages", "already 65 on 1 December\n", '"already 65\non 1 December"\n')
    file.write_text(file.read_text().replace("A13,26,2000-12-15", "A13,26,tomorrow"))
    assert "line 9 (A13), dob" in problems("ages", file)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "the file is empty"), (b"\n\n", "the file is empty"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_file_that_is_no_table_is_refused(tmp_path, content, message):
    file = tmp_path / "ages.csv"
    file.write_bytes(content)
    assert message in problems("ages", file)


def test_header_alone_does_not_pass_for_a_checked_table(tmp_path):
    file = tmp_path / "ages.csv"
    file.write_text((VECTORS / "ages.csv").read_text().splitlines()[0])
    assert "no rows" in problems("ages", file)


def test_missing_file_is_named(tmp_path):
    message = problems("ages", tmp_path / "absent.csv")
    assert "absent.csv" in message
    assert "No such file" in message


def test_tables_whose_rule_does_not_exist_are_not_offered():
    with pytest.raises(CommandError, match="invalid choice: 'horoscope'"):
        call_command("check_vectors", "horoscope", "any.csv")


def test_rows_that_cannot_be_judged_are_named_and_counted(tmp_path, monkeypatch):
    def premium(row, compared):
        if row.cells["plan"] == "gone":
            raise SkipRow("plan gone is not in the database")
        return {"total": as_money("412.50"), "ages": [21, 4]}

    toy = Checker(name="toy", inputs=("plan",), compared={"total": as_money, "ages": as_json}, answer=premium)
    monkeypatch.setitem(CHECKERS, "toy", toy)
    file = tmp_path / "toy.csv"
    file.write_text('id,plan,total,ages\n1,a,412.5,"[21, 4]"\n2,gone,1,[]\n3,a,412.51,[21]\n')
    assert check("toy", file) == (
        [
            "2: skipped, plan gone is not in the database",
            "3: expected total=412.51, ages=[21]; got total=412.50, ages=[21, 4]",
            "1 passed, 1 failed, 1 skipped",
        ],
        1,
    )
    file.write_text("id,plan,total,ages\n1,a,412.5,{\n")
    assert "line 2 (1), ages: '{' is not JSON" in problems("toy", file)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param("A01", "A01", 0, marks=pytest.mark.drill),
        ("2029-05-31,,N", "2029-05-31,,Y", 1),
        pytest.param("A07,65", "A07,64", 2, marks=pytest.mark.drill),
    ],
)
def test_command_line_needs_no_database_and_tells_by_its_exit_code(edited, old, new, code):
    unreachable = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "portal.settings.test",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check_vectors", "ages", edited("ages", old, new)],
        cwd=ROOT,
        env=os.environ | unreachable,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert ("cannot be used" in done.stderr) is (code == 2)
    assert "Traceback" not in done.stderr
    assert shutil.which("psql") is None or "connection" not in done.stderr
