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
            last_day = row["last_day"]
            IdCardRule.objects.get_or_create(
                us_state=row["us_state"],
                product=row["product"],
                market=row["market"],
                item=row["item"],
                first_day=date.fromisoformat(row["first_day"]),
                defaults={
                    "value": row["value"],
                    "source": row["source"],
                    "last_day": date.fromisoformat(last_day) if last_day else None,
                },
            )


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0008_id_cards"),
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
