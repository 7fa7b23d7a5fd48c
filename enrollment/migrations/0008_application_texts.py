"""The texts that came with the portal, published."""

from datetime import UTC, datetime

from django.db import migrations

from enrollment import application_texts

PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)


def load(apps, schema_editor):
    text_model = apps.get_model("enrollment", "ApplicationText")
    text_model.objects.bulk_create(
        text_model(
            kind=one.kind,
            us_state=one.us_state,
            version=one.version,
            body=one.body,
            sha256=one.sha256,
            published_at=PUBLISHED,
        )
        for one in application_texts.shipped()
    )


def unload(apps, schema_editor):
    apps.get_model("enrollment", "ApplicationText").objects.filter(version=application_texts.VERSION).delete()


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0007_application_saved_form")]

    operations = [migrations.RunPython(load, unload)]
