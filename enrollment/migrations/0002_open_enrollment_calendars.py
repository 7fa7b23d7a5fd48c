"""Calendars are published and replaced; those that come with the portal, from enrollment/data/sep/open_enrollment.csv."""

from dataclasses import asdict

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from enrollment import shipped


def add_calendars(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    OpenEnrollmentPeriod = apps.get_model("enrollment", "OpenEnrollmentPeriod")
    now = timezone.now()
    # Later versions of the rules may know more about a row than this version of the table.
    columns = {field.name for field in OpenEnrollmentPeriod._meta.get_fields()}
    OpenEnrollmentPeriod.objects.bulk_create(
        OpenEnrollmentPeriod(
            **{name: value for name, value in asdict(row).items() if name in columns}, published_at=now
        )
        for row in shipped.calendar_rows()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="openenrollmentperiod",
            name="open_enrollment_row_once",
        ),
        migrations.AddField(
            model_name="openenrollmentperiod",
            name="published_at",
            field=models.DateTimeField(blank=True, editable=False, help_text="Empty while it is a draft.", null=True),
        ),
        migrations.AddField(
            model_name="openenrollmentperiod",
            name="published_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="Empty for what came with the portal.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="openenrollmentperiod",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When another row took its place.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="openenrollmentperiod",
            name="source",
            field=models.CharField(help_text="Where it was read: a rule, a notice with its date.", max_length=250),
        ),
        migrations.AddConstraint(
            model_name="openenrollmentperiod",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", False), ("withdrawn_at__isnull", True)),
                fields=("us_state", "plan_year", "channel", "apply_through"),
                name="open_enrollment_row_once",
            ),
        ),
        migrations.RunPython(add_calendars, migrations.RunPython.noop, elidable=False),
    ]
