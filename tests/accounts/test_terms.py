"""Terms of use: which wording is in force, publishing, accepting."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import TermsAcceptance, TermsVersion
from accounts.services import terms
from accounts.services.terms import VersionExists
from portal.common.content.models import PrivacyStatement
from portal.common.models import AuditEvent
from tests.support.factories import UserFactory

NOW = timezone.now()


def test_the_newest_published_wording_is_in_force_and_drafts_are_not():
    assert terms.in_force(NOW) is None
    first = terms.publish(version="1.0", body="One.", by=None, at=NOW - timedelta(days=9))
    TermsVersion.objects.create(version="draft", body="Two.")
    TermsVersion.objects.create(version="3.0", body="Three.", published_at=NOW + timedelta(seconds=1))
    assert terms.in_force(NOW) == first
    assert terms.in_force(NOW + timedelta(seconds=1)).version == "3.0"


def test_a_published_wording_never_changes():
    terms.publish(version="1.0", body="One.", by=None, at=NOW)
    with pytest.raises(VersionExists, match="cannot be changed"):
        terms.publish(version="1.0", body="Other.", by=None, at=NOW)
    assert TermsVersion.objects.get().body == "One."
    assert AuditEvent.objects.get(action="terms.published").object_id == "1.0"


def test_accepting_twice_keeps_the_first_time():
    wording = terms.publish(version="1.0", body="One.", by=None, at=NOW)
    user = UserFactory()
    for minutes in (0, 5):
        terms.accept(user=user, terms=wording, at=NOW + timedelta(minutes=minutes), ip_address="203.0.113.7")
    assert TermsAcceptance.objects.get().accepted_at == NOW


def publish(path, version: str = "2.0", **options: bool | str) -> None:
    call_command("publish_terms", str(path), f"--terms-version={version}", **options)


def test_the_command_publishes_a_file(tmp_path, capsys):
    path = tmp_path / "terms.txt"
    path.write_text("\ufeffFirst.\n\nSecond.\n", encoding="utf-8")
    publish(path, dry_run=True)
    assert "Nothing was kept" in capsys.readouterr().out
    assert terms.in_force(timezone.now()) is None
    publish(path)
    assert terms.in_force(timezone.now()).body == "First.\n\nSecond."
    for options in ({}, {"dry_run": True}):
        with pytest.raises(CommandError, match="exists already"):
            publish(path, **options)


def test_the_command_publishes_the_privacy_statement_too(tmp_path, capsys):
    path = tmp_path / "privacy.md"
    path.write_text("## What is kept", encoding="utf-8")
    publish(path, "1.0", document="privacy")
    assert "Version 1.0 of the Privacy Statement is in force." in capsys.readouterr().out
    assert PrivacyStatement.objects.get().body == "## What is kept"
    assert AuditEvent.objects.get().action == "privacy.published"
    assert not TermsVersion.objects.exists()
    for options in ({}, {"dry_run": True}):
        with pytest.raises(CommandError, match="exists already"):
            publish(path, "1.0", document="privacy", **options)


@pytest.mark.parametrize(
    ("content", "version", "said"),
    [
        (b"", "2.0", "holds no text"),
        (b"  \n", "2.0", "holds no text"),
        (b"\xff\xfe", "2.0", "not UTF-8"),
        (b"Nul\x00", "2.0", "holds no text"),
        (b"Text.", " ", "1 to 20 characters"),
        (b"Text.", "x" * 21, "1 to 20 characters"),
        (None, "2.0", "Cannot read"),
    ],
)
def test_a_file_that_cannot_be_terms_is_refused(tmp_path, content, version, said):
    path = tmp_path / "terms.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=said):
        publish(path, version)
    assert not TermsVersion.objects.exists()
