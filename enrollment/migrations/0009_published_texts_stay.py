"""What applicants agreed to stays word for word, whoever writes to the database (AUT_06)."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER enrollment_applicationtext_stays
    BEFORE UPDATE OR DELETE ON enrollment_applicationtext
    FOR EACH ROW EXECUTE FUNCTION content_refuse_wording_change();
"""
ALLOW = "DROP TRIGGER enrollment_applicationtext_stays ON enrollment_applicationtext;"


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0002_published_wordings_never_change"),
        ("enrollment", "0008_application_texts"),
    ]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
