from django.db import migrations, models

REFUSE = """
CREATE TRIGGER common_auditlink_append_only
    BEFORE UPDATE OR DELETE ON common_auditlink
    FOR EACH ROW EXECUTE FUNCTION common_refuse_audit_change();
"""

ALLOW = "DROP TRIGGER common_auditlink_append_only ON common_auditlink;"


class Migration(migrations.Migration):
    dependencies = [("common", "0004_message_attachments")]

    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "position",
                    models.PositiveBigIntegerField(
                        help_text="Counted from 1, without gaps.", primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.BigIntegerField(unique=True)),
                (
                    "sha256",
                    models.CharField(help_text="Of the hash before and of everything the event says.", max_length=64),
                ),
            ],
            options={"ordering": ["position"]},
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
