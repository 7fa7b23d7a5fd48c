from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    """The longest of the identity choices has 33 characters."""

    dependencies = [("enrollment", "0010_application_pcp_numbers")]

    operations = [
        migrations.AlterField(
            model_name="applicant",
            name=name,
            field=ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None),
        )
        for name in ("hispanic", "identities")
    ]
