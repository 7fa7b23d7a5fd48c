"""``manage.py import_card_data``: a whole file or nothing, mistakes by line, again is the same as once."""

import csv
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from clients.idcards import tables
from clients.models import CardIssuer, IdCardRule, PlanCardFacts


def run(capsys, *arguments) -> str:
    call_command("import_card_data", *arguments)
    return capsys.readouterr().out


def changed(path, tmp_path, **values):
    """A copy of a shipped file with some cells of its first row changed."""
    with path.open(newline="") as source:
        rows = list(csv.DictReader(source))
    rows[0] |= values
    target = tmp_path / "changed.csv"
    with target.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


@pytest.mark.feature("IDC_10")
@pytest.mark.long
def test_the_shipped_files_are_read_again_and_again_with_the_same_result(capsys):
    for kind, model, path in (
        ("issuers", CardIssuer, tables.ISSUERS),
        ("plans", PlanCardFacts, tables.PLANS),
        ("rules", IdCardRule, tables.RULES),
    ):
        assert "rows checked" in run(capsys, kind, path, "--dry-run")
        before = model.objects.count()
        assert "rows written" in run(capsys, kind, path)
        count = model.objects.count()
        run(capsys, kind, path)
        assert model.objects.count() == count >= before
    plan = PlanCardFacts.objects.get(plan_id="00017IL0200004")
    assert (plan.deductible_individual, plan.deductible_out_individual, plan.first_day) == (0, 1000, date(2024, 1, 1))
    hmo = PlanCardFacts.objects.get(plan_id="00017IL0100004")
    assert hmo.deductible_out_individual is None


def test_a_row_with_the_same_key_replaces_the_one_that_is_there(capsys, tmp_path):
    run(capsys, "issuers", tables.ISSUERS)
    run(capsys, "issuers", changed(tables.ISSUERS, tmp_path, website="www.other.example"))
    assert CardIssuer.objects.get(us_state="IL", line="MEDICAL").website == "www.other.example"
    assert CardIssuer.objects.count() == 10


@pytest.mark.parametrize(
    ("kind", "path", "values", "said"),
    [
        ("issuers", tables.ISSUERS, {"issuer_id": "80840900172"}, "The last digit does not fit"),
        ("issuers", tables.ISSUERS, {"member_services": "555-0142"}, "Write the phone number as"),
        ("issuers", tables.ISSUERS, {"rx_bin": ""}, "medical_card_has_pharmacy_data"),
        ("plans", tables.PLANS, {"deductible_family": "many"}, "deductible_family"),
        ("plans", tables.PLANS, {"source": ""}, "source"),
        ("plans", tables.PLANS, {"plan_id": "00017IL0100002"}, "the same key"),
        ("rules", tables.RULES, {"item": "colour"}, "item"),
    ],
)
@pytest.mark.sampled(4)
def test_one_line_that_cannot_be_used_is_named_and_nothing_is_written(capsys, tmp_path, kind, path, values, said):
    before = PlanCardFacts.objects.count(), CardIssuer.objects.count()
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("import_card_data", kind, changed(path, tmp_path, **values))
    errors = capsys.readouterr().err
    assert "Line " in errors
    assert said in errors
    assert (PlanCardFacts.objects.count(), CardIssuer.objects.count()) == before


def test_a_file_that_is_not_there_and_a_column_nobody_knows(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_card_data", "plans", tmp_path / "none.csv")
    odd = tmp_path / "odd.csv"
    odd.write_text("plan_id,colour\n1,red\n")
    with pytest.raises(CommandError):
        call_command("import_card_data", "plans", odd)
