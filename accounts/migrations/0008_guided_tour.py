from django.db import migrations, models


def leave_alone_who_knows_the_portal(apps, _schema_editor):
    """The tour is for the first login: whoever has logged in before finds it in the account menu."""
    apps.get_model("accounts", "User").objects.filter(last_login__isnull=False).update(tour="SKIPPED")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_staff_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="tour",
            field=models.CharField(
                choices=[("TO_OFFER", "To be offered"), ("FINISHED", "Finished"), ("SKIPPED", "Skipped")],
                db_default="TO_OFFER",
                default="TO_OFFER",
                max_length=8,
                verbose_name="guided tour",
            ),
        ),
        migrations.RunPython(leave_alone_who_knows_the_portal, migrations.RunPython.noop, elidable=True),
    ]
