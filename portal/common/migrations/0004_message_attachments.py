import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("common", "0003_throttle_windows"), ("files", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="mailboxentry",
            name="attachments",
            field=models.JSONField(blank=True, default=list, help_text="Names of the files that came with it."),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="attachment",
            field=models.ForeignKey(
                blank=True,
                help_text="Goes along once it is released; with malware in it, the email goes without.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="files.storedfile",
            ),
        ),
    ]
