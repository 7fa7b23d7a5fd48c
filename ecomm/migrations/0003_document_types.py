"""The kinds of documents people can choose (DOC_04): those on the carrier's screens, and what else is asked for."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TYPES = (
    ("new-business-application", "New Business Application"),
    ("add-dependents", "Add Dependents"),
    ("change-form", "Change Form"),
    ("hipaa-authorization-forms", "HIPAA Authorization Forms"),
    ("payment", "Payment"),
    ("proof-of-life-event", "Proof of Life Event"),
    ("proof-of-identity-or-residence", "Proof of Identity or Residence"),
    ("other-documents", "Other Documents"),
)


def add(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    DocumentType = apps.get_model("ecomm", "DocumentType")
    for place, (code, label) in enumerate(TYPES, start=1):
        DocumentType.objects.get_or_create(code=code, defaults={"label": label, "order": place * 10})


class Migration(migrations.Migration):
    dependencies = [("ecomm", "0002_number_sequences")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop, elidable=False)]
