"""The database itself refuses to change or delete an audit event."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION common_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER common_auditevent_append_only
    BEFORE UPDATE OR DELETE ON common_auditevent
    FOR EACH ROW EXECUTE FUNCTION common_refuse_audit_change();
"""

ALLOW = """
DROP TRIGGER common_auditevent_append_only ON common_auditevent;
DROP FUNCTION common_refuse_audit_change();
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
