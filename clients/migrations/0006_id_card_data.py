"""What the states ask of ID cards, from clients/idcards/data/id_card_rules.csv; and the filing of the carrier's forms."""

import csv
from datetime import date
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RULES = Path(__file__).resolve().parents[1] / "idcards" / "data" / "id_card_rules.csv"


def add_rules(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    IdCardRule = apps.get_model("clients", "IdCardRule")
    with RULES.open(newline="") as source:
        for row in csv.DictReader(source):
            days = {}
            for name in ("first_day", "last_day"):
                text = row.pop(name)
                days[name] = date.fromisoformat(text) if text else None
            source_and_value = {"value": row.pop("value"), "source": row.pop("source"), "last_day": days["last_day"]}
            IdCardRule.objects.get_or_create(**row, first_day=days["first_day"], defaults=source_and_value)


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_id_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="cardissuer",
            name="form_approved_on",
            field=models.DateField(
                blank=True,
                help_text="Day on which the regulator approved the form, where it has to be approved.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="cardissuer",
            name="form_layout",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="The layout that was filed under this form number; cards of a newer one wait for a new form.",
            ),
        ),
        migrations.AlterField(
            model_name="idcardrule",
            name="item",
            field=models.CharField(
                choices=[
                    ("regulator_mark", "Regulator's mark on the front"),
                    ("exchange_mark", "Exchange mark on the front"),
                    ("rx_bin_label", "Label of the pharmacy BIN"),
                    ("rx_pcn_label", "Label of the pharmacy PCN"),
                    ("rx_group_label", "Label of the pharmacy group"),
                    ("rx_typeface", "Typeface of pharmacy data: sans, or serif-8pt"),
                    ("insured_statement", "Sentence that says who insures"),
                    ("issuer_id_label", "Label of the card issuer identifier"),
                    ("form_approval", "Whether the form must be approved before use: required, or empty"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunPython(add_rules, migrations.RunPython.noop, elidable=False),
    ]
