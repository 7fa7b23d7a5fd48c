"""The database itself refuses to change or delete what was written down about an outreach.

Only the encrypted note may be written anew: that is how its key is changed.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION reporting_refuse_outreach_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' AND (NEW.note IS NULL) = (OLD.note IS NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'outreach is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER reporting_outreach_append_only
    BEFORE UPDATE OR DELETE ON reporting_outreach
    FOR EACH ROW EXECUTE FUNCTION reporting_refuse_outreach_change();
"""

ALLOW = """
DROP TRIGGER reporting_outreach_append_only ON reporting_outreach;
DROP FUNCTION reporting_refuse_outreach_change();
"""


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_outreach_and_commissions")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
