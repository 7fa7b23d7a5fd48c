"""What was published stays word for word, whoever writes to the database (ISS_07). Drafts may be changed and deleted.

The function serves every table with the columns of ``LegalWording``; accounts puts it on the Terms of Use.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION content_refuse_wording_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at <= now() THEN
        RAISE EXCEPTION 'a published wording never changes' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER content_privacystatement_stays
    BEFORE UPDATE OR DELETE ON content_privacystatement
    FOR EACH ROW EXECUTE FUNCTION content_refuse_wording_change();
"""

ALLOW = """
DROP TRIGGER content_privacystatement_stays ON content_privacystatement;
DROP FUNCTION content_refuse_wording_change();
"""


class Migration(migrations.Migration):
    dependencies = [("content", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
