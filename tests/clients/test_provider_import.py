"""manage.py import_providers: checked as a whole, all or nothing, the same again changes nothing."""

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clients.models import MedicalGroup, Provider
from clients.services.provider_import import GROUP_COLUMNS, PROVIDER_COLUMNS
from portal.common.models import AuditEvent
from tests.support.providers import NPIS, MedicalGroupFactory

GROUP = {
    "number": "124",
    "state": "IL",
    "name": "Lakeshore Physicians Group",
    "city": "Chicago",
    "networks": "POS; HMO",
    "effective_date": "2012-01-01",
    "end_date": "9999-12-31",
}
ANA = {
    "npi": NPIS[0],
    "pcpa_number": "PIL40007",
    "first_name": "Ana",
    "last_name": "Muñoz",
    "specialty": "Pediatrics",
    "medical_group": "124",
    "state": "IL",
    "city": "Chicago",
    "networks": "HMO",
    "serves_as_pcp": "Y",
    "accepts_new_patients": "N",
    "youngest_age": "",
    "oldest_age": "18",
    "only_sex": "",
    "effective_date": "2012-01-01",
    "end_date": "",
}
BO = ANA | {"npi": NPIS[1], "pcpa_number": "", "first_name": "Bo", "medical_group": "", "state": "TX"}


def write(folder: Path, *, groups=(GROUP,), providers=(ANA, BO)) -> Path:
    for name, columns, lines in (
        ("groups.csv", GROUP_COLUMNS, groups),
        ("providers.csv", PROVIDER_COLUMNS, providers),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in columns], restval="")
            writer.writeheader()
            writer.writerows(lines)
    return folder


def run(folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_providers", str(folder), *options, stdout=out)
    return out.getvalue()


def refused(folder: Path) -> str:
    with pytest.raises(CommandError) as error:
        run(folder)
    return str(error.value)


@pytest.mark.feature("PCP_02")
def test_groups_and_physicians_come_in_and_the_same_again_changes_nothing(tmp_path):
    write(tmp_path)
    assert "1 medical groups added, 0 changed; 2 physicians added, 0 changed" in run(tmp_path)
    ana = Provider.objects.select_related("medical_group").get(npi=NPIS[0])
    assert (ana.medical_group.name, ana.networks, ana.oldest_age, ana.accepts_new_patients, ana.end_date) == (
        "Lakeshore Physicians Group",
        ["HMO"],
        18,
        False,
        None,
    )
    assert MedicalGroup.objects.get().networks == ["HMO", "POS"]
    assert "0 medical groups added, 0 changed; 0 physicians added, 0 changed" in run(tmp_path)
    assert AuditEvent.objects.filter(action="providers.imported").count() == 1


@pytest.mark.feature("PCP_02")
def test_a_later_file_changes_what_differs_and_leaves_the_others(tmp_path):
    MedicalGroupFactory(number="597")
    run(write(tmp_path))
    moved = ANA | {"medical_group": "", "end_date": "2026-12-31", "accepts_new_patients": "Y"}
    out = run(write(tmp_path, providers=(moved,)))
    assert "0 medical groups added, 0 changed; 0 physicians added, 1 changed" in out
    ana = Provider.objects.get(npi=NPIS[0])
    assert (ana.medical_group, ana.end_date, ana.accepts_new_patients) == (None, date(2026, 12, 31), True)
    assert Provider.objects.filter(npi=NPIS[1]).exists()
    assert MedicalGroup.objects.count() == 2


def test_two_physicians_may_exchange_their_numbers(tmp_path):
    run(write(tmp_path, providers=(ANA, BO | {"pcpa_number": "PTX1"})))
    run(write(tmp_path, providers=(ANA | {"pcpa_number": "PTX1"}, BO | {"pcpa_number": "PIL40007"})))
    assert set(Provider.objects.values_list("first_name", "pcpa_number")) == {("Ana", "PTX1"), ("Bo", "PIL40007")}


def test_a_dry_run_keeps_nothing(tmp_path):
    out = run(write(tmp_path), "--dry-run")
    assert out.startswith("Would be: 1 medical groups added")
    assert out.rstrip().endswith("Nothing was kept.")
    assert Provider.objects.count() == MedicalGroup.objects.count() == 0


def test_every_mistake_is_named_by_file_and_line_and_nothing_is_written(tmp_path):
    said = refused(
        write(
            tmp_path,
            groups=(GROUP | {"number": "12"}, GROUP, GROUP | {"name": ""}, GROUP),
            providers=(
                ANA | {"npi": "1234567890"},
                BO | {"networks": "HMO, POS", "oldest_age": "one"},
                BO | {"effective_date": "2012-13-01", "only_sex": "X"},
                BO | {"youngest_age": "60", "oldest_age": "18"},
                BO | {"end_date": "2011-12-31"},
                BO | {"serves_as_pcp": "yes", "first_name": "a" * 61},
            ),
        )
    )
    for problem in (
        "groups.csv, line 2, number: must be three digits",
        "groups.csv, line 4, name: must not be empty",
        "groups.csv, line 5: IL 124 stands in line 3 already",
        "providers.csv, line 2, npi: is not an NPI",
        "providers.csv, line 3, networks: must be networks (HMO, PPO, POS, EPO) with semicolons",
        "providers.csv, line 3, oldest_age: must be a whole number",
        "providers.csv, line 4, effective_date: is not a day of the calendar",
        "providers.csv, line 4, only_sex: must be one of F, M",
        "providers.csv, line 5, oldest_age: is below youngest_age",
        "providers.csv, line 6, end_date: is before effective_date",
        "providers.csv, line 7, serves_as_pcp: must be Y or N",
        "providers.csv, line 7, first_name: is longer than 60 characters",
    ):
        assert problem in said
    assert MedicalGroup.objects.count() == 0


def test_a_group_that_is_nowhere_and_a_number_of_another_are_refused(tmp_path):
    run(write(tmp_path))
    said = refused(write(tmp_path, groups=(), providers=(BO | {"medical_group": "124", "pcpa_number": "PIL40007"},)))
    assert "line 2, medical_group: there is no group 124 in TX" in said
    assert "line 2, pcpa_number: another provider has it" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no column npi"),
        ("npi,colour\n", "colour is not a column of this file"),
        ("\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, text, said):
    (tmp_path / "providers.csv").write_bytes(text.encode("latin-1"))
    assert said in refused(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    assert "neither a groups.csv nor a providers.csv" in refused(tmp_path)
