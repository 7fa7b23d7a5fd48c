"""Sequences behind the numbers people are told (DOC_05, EQ_04)."""

from django.db import migrations

SEQUENCES = {"ecomm_document_tracking": 200_001, "ecomm_question_number": 30_001, "ecomm_issue_number": 1_001}


class Migration(migrations.Migration):
    dependencies = [("ecomm", "0001_initial")]

    operations = [
        migrations.RunSQL(f"CREATE SEQUENCE {name} START {start}", reverse_sql=f"DROP SEQUENCE {name}", elidable=False)
        for name, start in SEQUENCES.items()
    ]
