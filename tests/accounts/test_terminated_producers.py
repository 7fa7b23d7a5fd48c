"""A producer whose contract has ended: out at once, delegates too, and back with a reinstatement (adr/0010)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import scoping
from accounts.models import (
    DelegateGrant,
    DelegateInvitation,
    LoginAttempt,
    LoginGuard,
    Producer,
    TrustedDevice,
    User,
    UserSession,
)
from accounts.services import (
    delegate_grants,
    delegate_invitations,
    devices,
    lockout,
    password_recovery,
    sign_in,
    username_recovery,
)
from accounts.services.delegate_invitations import InvitationNotOpen
from clients.models import Policy
from portal.common import outbox
from portal.common.access import Perm
from portal.common.models import AuditEvent, OutboundMessage
from tests.support import pages
from tests.support.factories import PASSWORD, DelegateGrantFactory, DelegateInvitationFactory, UserFactory
from tests.support.signing_in import ask_for_code, give_password, half_signed_in, newest_code
from tests.support.world import World

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
VISITOR = sign_in.Visitor("203.0.113.9", "Browser")


def set_status(world: World, status: Producer.Status) -> None:
    Producer.objects.filter(pk=world.producer.producer_id).update(status=status)


def terminate(world: World) -> None:
    set_status(world, Producer.Status.TERMINATED)


def reinstate(world: World) -> None:
    set_status(world, Producer.Status.ACTIVE)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def import_status(world: World, status: str, tmp_path, **options: bool) -> None:
    """Read a file of the producer record system in which nothing changes but the status."""
    rita = Producer.objects.get(pk=world.producer.producer_id)
    path = tmp_path / f"{status}.csv"
    path.write_text(
        "npn,first_name,last_name,status,record_email,record_mobile,record_zip,number,state\n"
        f"{rita.npn},{rita.first_name},{rita.last_name},{status},{rita.record_email},{rita.record_mobile},"
        f"{rita.record_zip},,\n"
    )
    call_command("import_producers", str(path), **options)


# The login


def test_the_answer_is_that_of_a_wrong_password_and_support_sees_why(world):
    wrong = give_password(Client(), world.producer, "wrong")
    LoginGuard.objects.all().delete()
    terminate(world)
    refused = give_password(Client(), world.producer)
    assert pages.same_but_for_tokens(refused) == pages.same_but_for_tokens(wrong)
    assert LoginAttempt.objects.filter(user=world.producer).latest("id").outcome == LoginAttempt.Outcome.REFUSED


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_no_try_costs_more_or_less_than_a_wrong_one(world, password, django_assert_num_queries):
    def count(user: User) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            sign_in.check_password(username=user.username, password=password, visitor=VISITOR, at=NOON)
        return len(queries)

    other = UserFactory(is_active=False)
    terminate(world)
    assert count(world.producer) == count(other)


def test_an_open_session_is_nobodys_with_the_next_request(world, sign_in):
    browser = sign_in(world.producer)
    assert browser.get("/").status_code == 200
    terminate(world)
    assert browser.get("/").url.startswith("/accounts/login/")


def test_a_sign_in_between_the_two_steps_ends(world):
    half = half_signed_in(world.producer)
    ask_for_code(half)
    code = newest_code(world.producer)
    terminate(world)
    assert half.post("/accounts/verify/", {"code": code}).url.startswith("/accounts/login/")


def test_recovery_answers_as_for_a_name_nobody_has(world):
    terminate(world)
    recovery = password_recovery.find(username="rsolberg7", ip_address=None, at=NOON)
    assert recovery.user_id is None
    username_recovery.send_usernames(
        email=world.producer.producer.record_email, ip_address=None, login_url="/", unlock_url=str, at=NOON
    )
    assert not OutboundMessage.objects.exists()


def test_a_recovery_that_had_begun_is_over(world):
    recovery = password_recovery.find(username="rsolberg7", ip_address=None, at=NOON)
    terminate(world)
    with pytest.raises(password_recovery.RecoveryIsOver):
        password_recovery.person_of(recovery, at=NOON)


def test_nobody_is_told_of_a_lock(world):
    terminate(world)
    for _ in range(5):
        sign_in.check_password(username="rsolberg7", password="wrong", visitor=VISITOR, at=NOON)
    assert lockout.standing(key="rsolberg7", at=NOON).locked_until
    outbox.sweep()
    assert not OutboundMessage.objects.exists()


def test_no_row_and_no_right_is_left(world):
    terminate(world)
    rita = fresh(world.producer)
    assert scoping.held_perms(rita) == frozenset()
    assert not Policy.objects.for_user(rita).exists()
    assert not Producer.objects.for_user(rita).exists()
    assert not DelegateGrant.objects.for_user(rita).exists()


def test_the_agency_above_still_serves_the_book(world):
    terminate(world)
    assert world.policy in Policy.objects.for_user(fresh(world.principal))


def test_an_onboarding_record_keeps_its_login(world):
    set_status(world, Producer.Status.ONBOARDING)
    assert fresh(world.producer).is_open


# Delegates


@pytest.mark.feature("HOM_14")
def test_delegates_are_out_of_the_book_with_the_next_request_and_keep_their_login(world, sign_in):
    browser = sign_in(world.delegate)
    address = f"/clients/{world.account_number}/"
    assert browser.get(address).status_code == 200
    terminate(world)
    assert browser.get(address).status_code == 403
    assert browser.get("/").status_code == 200
    assert scoping.held_perms(fresh(world.delegate)) == {Perm.SIGNED_IN}
    assert scoping.producers_acted_for(fresh(world.delegate), Perm.CLIENT_VIEW) == []
    with pytest.raises(scoping.PermissionDenied):
        scoping.require_on_book(
            fresh(world.delegate), Perm.CLIENT_VIEW, producer_number_id=world.policy.producer_number_id
        )


def test_who_works_for_another_producer_too_goes_on_there(world):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate)
    terminate(world)
    dana = fresh(world.delegate)
    dana.work_for(world.producer.producer_id)  # chosen in the header before
    assert set(Policy.objects.for_user(dana)) == {world.sibling_policy}
    assert [grant.producer_id for grant in dana.grants_in_force] == [world.sibling.producer_id]


def test_a_reinstatement_brings_back_what_was_not_revoked(world):
    kept = DelegateGrant.objects.get(producer=world.producer.producer, delegate=world.delegate)
    revoked = DelegateGrant.objects.get(producer=world.producer.producer, delegate=world.delegate_with_service)
    delegate_grants.revoke(grant=revoked, by=world.producer, at=timezone.now())
    terminate(world)
    assert kept not in DelegateGrant.objects.in_force(timezone.localdate())
    reinstate(world)
    assert kept in DelegateGrant.objects.in_force(timezone.localdate())
    assert set(Policy.objects.for_user(fresh(world.delegate))) == {world.policy}
    assert not Policy.objects.for_user(fresh(world.delegate_with_service)).exists()
    assert set(Policy.objects.for_user(fresh(world.producer))) == {world.policy}


def test_an_invitation_of_hers_cannot_be_accepted(world):
    invitation = DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)
    helper = UserFactory(delegate=True, email=invitation.email)
    terminate(world)
    invitation = DelegateInvitation.objects.select_related("producer").get()
    with pytest.raises(InvitationNotOpen):
        delegate_invitations.accept(invitation=invitation, by=helper, at=timezone.now())
    reinstate(world)
    assert delegate_invitations.accept(invitation=invitation, by=helper, at=timezone.now())


# The file of the producer record system


def test_the_import_logs_her_out_everywhere_and_for_good(world, tmp_path, sign_in):
    browser = sign_in(world.producer)
    other = sign_in(world.sibling)
    devices.remember(user=world.producer, browser="Browser", at=timezone.now())
    import_status(world, "TERMINATED", tmp_path)
    assert not UserSession.objects.filter(user=world.producer).exists()
    assert not TrustedDevice.objects.filter(revoked_at__isnull=True).exists()
    assert AuditEvent.objects.get(action="producer.terminated").for_producer == world.producer.producer.npn
    assert AuditEvent.objects.get(action="session.all_ended").actor_username == ""
    import_status(world, "ACTIVE", tmp_path)
    assert AuditEvent.objects.filter(action="producer.reinstated").count() == 1
    assert browser.get("/").url.startswith("/accounts/login/")  # the old session stays dead
    assert other.get("/").status_code == 200
    half = half_signed_in(world.producer)
    ask_for_code(half)
    assert half.post("/accounts/verify/", {"code": newest_code(world.producer)}).url == "/"


def test_the_same_file_twice_or_only_checked_ends_nothing(world, tmp_path, sign_in):
    browser = sign_in(world.producer)
    import_status(world, "TERMINATED", tmp_path, dry_run=True)
    assert browser.get("/").status_code == 200
    for _ in range(2):
        import_status(world, "TERMINATED", tmp_path)
    assert AuditEvent.objects.filter(action="producer.terminated").count() == 1


@pytest.mark.django_db(transaction=True)
def test_if_the_end_cannot_be_written_down_she_stays(tmp_path, monkeypatch, sign_in):
    from tests.support.world import build_world

    world = build_world()
    browser = sign_in(world.producer)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no devices")

    with monkeypatch.context() as patch:
        patch.setattr("accounts.services.devices.revoke_all", broken)
        with pytest.raises(RuntimeError):
            import_status(world, "TERMINATED", tmp_path)
    assert Producer.objects.get(pk=world.producer.producer_id).status == Producer.Status.ACTIVE
    assert browser.get("/").status_code == 200


def test_a_code_sent_before_the_end_opens_nothing_after_a_reinstatement_that_is_too_late(world):
    """A termination does not stretch the fifteen minutes of the second step."""
    with time_machine.travel(NOON, tick=False) as clock:
        half = half_signed_in(world.producer)
        ask_for_code(half)
        terminate(world)
        clock.shift(timedelta(minutes=16))
        reinstate(world)
        answer = half.post("/accounts/verify/", {"code": newest_code(world.producer)})
        assert answer.url.startswith("/accounts/login/")
