from django.core.management import call_command

from clients.models import Member, Policy
from clients.services import search_digests
from tests.support.factories import MemberFactory, PolicyFactory


def test_after_another_key_the_command_makes_every_digest_anew(world, settings, capsys):
    primary = Member.objects.get(account=world.policy.account, role=Member.Role.PRIMARY)
    primary.ssn = "900123456"
    primary.save()
    Policy.objects.filter(pk=world.policy.pk).update(insured_ssn_digest=primary.ssn_last4_digest)
    without = MemberFactory(ssn=None)
    before = primary.ssn_last4_digest
    settings.SEARCH_DIGEST_KEY = "another-key"
    call_command("rebuild_search_digests")
    primary.refresh_from_db()
    world.policy.refresh_from_db()
    without.refresh_from_db()
    assert primary.ssn_last4_digest not in ("", before)
    assert world.policy.insured_ssn_digest == primary.ssn_last4_digest
    assert without.ssn_last4_digest == ""
    assert "have another digest" in capsys.readouterr().out


def test_run_again_it_changes_nothing(world, settings):
    PolicyFactory()
    settings.SEARCH_DIGEST_KEY = "another-key"
    first = search_digests.rebuild()
    assert first[0] >= 1
    assert search_digests.rebuild() == (0, 0)


def test_portions_leave_nobody_out(world, settings, monkeypatch):
    monkeypatch.setattr(search_digests, "CHUNK", 2)
    settings.SEARCH_DIGEST_KEY = "another-key"
    with_ssn = Member.objects.filter(ssn__isnull=False).count()
    seen = []
    search_digests.rebuild(progress=seen.append)
    assert sum(seen) == Member.objects.count() > 2
    assert with_ssn == Member.objects.exclude(ssn_last4_digest="").count()
