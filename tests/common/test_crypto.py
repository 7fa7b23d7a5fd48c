import json

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Member
from portal.common import crypto
from tests.support.factories import MemberFactory

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SSN = "912345678"


MAY_HOLD_ANY_DIGITS = {"id", "account_id", "member_id", "created_at", "updated_at"}


def stored_row(member: Member) -> dict[str, str]:
    """The columns as the database holds them, but for those whose own digits may be anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(m) FROM clients_member m WHERE id = %s", [member.pk])
        columns = json.loads(cursor.fetchone()[0])
    return {name: str(value) for name, value in columns.items() if name not in MAY_HOLD_ANY_DIGITS}


@pytest.mark.no_db
@given(text=st.text())
def test_what_was_encrypted_can_be_read_again(text):
    assert crypto.decrypt(crypto.encrypt(text)) == text


@pytest.mark.no_db
def test_the_same_text_never_looks_the_same_twice():
    assert crypto.encrypt(SSN) != crypto.encrypt(SSN)


@pytest.mark.no_db
def test_a_changed_byte_is_noticed():
    token = crypto.encrypt(SSN)
    changed = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    for broken in (changed, token[:40], "", "plain text", "\u2603"):
        with pytest.raises(crypto.CannotDecrypt):
            crypto.decrypt(broken)


@pytest.mark.no_db
def test_a_new_key_in_front_writes_and_the_old_one_still_reads(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    token = crypto.encrypt(SSN)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert crypto.decrypt(token) == SSN
    moved = crypto.rotate(token)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert crypto.decrypt(moved) == SSN


@pytest.mark.no_db
def test_a_key_dropped_too_early_is_said_and_nothing_else_is(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    token = crypto.encrypt(SSN)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    for read in (crypto.decrypt, crypto.rotate):
        with pytest.raises(crypto.CannotDecrypt) as refusal:
            read(token)
        assert SSN not in str(refusal.value)
        assert token not in str(refusal.value)


@pytest.mark.no_db
def test_without_keys_nothing_is_written_in_clear(settings):
    settings.FIELD_ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured):
        crypto.encrypt(SSN)
    settings.SEARCH_DIGEST_KEY = ""
    with pytest.raises(ImproperlyConfigured):
        crypto.digest("5678", purpose="ssn-last4")


@pytest.mark.no_db
def test_a_digest_depends_on_text_purpose_and_key(settings):
    first = crypto.digest("5678", purpose="ssn-last4")
    assert first == crypto.digest("5678", purpose="ssn-last4")
    assert len(first) == 16
    assert "5678" not in first
    others = {crypto.digest("5679", purpose="ssn-last4"), crypto.digest("5678", purpose="phone")}
    settings.SEARCH_DIGEST_KEY = "another key"
    others.add(crypto.digest("5678", purpose="ssn-last4"))
    assert first not in others
    assert len(others) == 3


@pytest.mark.feature("SRC_18")
def test_the_database_holds_no_social_security_number():
    member = MemberFactory(ssn=SSN)
    row = stored_row(member)
    assert member.last_name in row.values()
    assert [name for name, value in row.items() if SSN in value or SSN[-4:] in value] == []
    member.refresh_from_db()
    assert (member.ssn, member.ssn_last4) == (SSN, "5678")


@pytest.mark.parametrize("empty", ["", None])
def test_nothing_stays_nothing(empty):
    member = MemberFactory(ssn=empty)
    member.refresh_from_db()
    assert member.ssn == empty
    assert (member.ssn_last4, member.ssn_last4_digest) == ("", "")


@pytest.mark.no_db
@pytest.mark.parametrize("lookup", ["ssn", "ssn__icontains", "ssn__in", "ssn__startswith", "ssn__gt", "ssn__regex"])
def test_an_encrypted_field_cannot_be_searched(lookup):
    with pytest.raises(TypeError, match="encrypted"):
        Member.objects.filter(**{lookup: "9123"})


def test_an_encrypted_field_can_be_asked_whether_it_is_known():
    known, unknown = MemberFactory(ssn=SSN), MemberFactory(ssn=None)
    assert list(Member.objects.filter(ssn__isnull=True)) == [unknown]
    assert list(Member.objects.filter(ssn__isnull=False)) == [known]


def test_bulk_writes_are_encrypted_as_well():
    member = MemberFactory()
    Member.objects.filter(pk=member.pk).update(ssn=SSN)
    assert SSN not in str(stored_row(member))
    member.ssn = "987654321"
    Member.objects.bulk_update([member], ["ssn"])
    assert "987654321" not in str(stored_row(member))
    member.refresh_from_db()
    assert member.ssn == "987654321"
