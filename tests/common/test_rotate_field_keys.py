import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from clients.models import Member
from tests.support.factories import MemberFactory


def stored_ssn(member: Member) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssn FROM clients_member WHERE id = %s", [member.pk])
        return cursor.fetchone()[0]


def test_after_rotation_the_old_key_can_be_dropped(settings, capsys):
    member = MemberFactory(ssn="900123456")
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    before = stored_ssn(member)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    member.refresh_from_db()
    assert member.ssn == "900123456"
    assert stored_ssn(member) != before
    assert "clients.Member.ssn: 1 values" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(settings):
    member = MemberFactory()
    before = stored_ssn(member)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_field_keys", dry_run=True)
    assert stored_ssn(member) == before


def test_a_missing_key_stops_with_a_sentence_and_loses_nothing(settings):
    member = MemberFactory()
    before = stored_ssn(member)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="Nothing is lost"):
        call_command("rotate_field_keys")
    assert stored_ssn(member) == before
