"""What a payment service told is never changed; numbers of payments; the autopay agreement that comes with the portal."""

from datetime import UTC, datetime

from django.db import migrations

from enrollment import application_texts

PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)

REFUSE = """
CREATE FUNCTION enrollment_refuse_payment_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events of payments are append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER enrollment_paymentevent_append_only
    BEFORE UPDATE OR DELETE ON enrollment_paymentevent
    FOR EACH ROW EXECUTE FUNCTION enrollment_refuse_payment_event_change();
"""
ALLOW = """
DROP TRIGGER enrollment_paymentevent_append_only ON enrollment_paymentevent;
DROP FUNCTION enrollment_refuse_payment_event_change();
"""


def add_autopay_text(apps, schema_editor):
    """Databases made since have it with the other texts."""
    text_model = apps.get_model("enrollment", "ApplicationText")
    for one in application_texts.shipped():
        if one.kind == "AUTOPAY":
            text_model.objects.get_or_create(
                kind=one.kind,
                us_state=one.us_state,
                version=one.version,
                defaults={"body": one.body, "sha256": one.sha256, "published_at": PUBLISHED},
            )


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0015_payments")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE enrollment_payment_number START 100001",
            reverse_sql="DROP SEQUENCE enrollment_payment_number",
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunPython(add_autopay_text, migrations.RunPython.noop),
    ]
