"""Terms of Use that were published stay word for word, as the people accepted them (REG_02, ISS_07)."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER accounts_termsversion_stays
    BEFORE UPDATE OR DELETE ON accounts_termsversion
    FOR EACH ROW EXECUTE FUNCTION content_refuse_wording_change();
"""

ALLOW = "DROP TRIGGER accounts_termsversion_stays ON accounts_termsversion;"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_registration_terms_and_refusals"),
        ("content", "0002_published_wordings_never_change"),
    ]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
