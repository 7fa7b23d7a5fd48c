"""The contact change as a fact owed to the member system: once, in order, against nobody's back, and what an answer does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from clients.membersystem.outcomes import outcomes_of
from clients.models import ContactPoint, MemberChange
from clients.rules.contact import Consent, Point
from clients.services import contact as service
from clients.services import member_changes
from portal.common import outbox
from portal.common.models import AuditEvent, MailboxEntry
from tests.support.concurrency import at_once
from tests.support.factories import ContactPointFactory, MemberFactory

AT = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)
KEY = "key-of-one-form-only"
SAID = Consent(at=AT, by="Tanya Washington", how="By phone")
NEW_HOME = Point(value="6305550101")


@pytest.fixture
def tanya(world):
    """The primary insured, with a home number and an email address on record."""
    member = world.policy.account.members.get()
    ContactPointFactory(member=member, kind="HOME", value="3125550142")
    ContactPointFactory(member=member, kind="EMAIL", value="tanya@home.example")
    return member


def change(world, member, wanted, *, by=None, consent=None, seen=None, form_key=KEY):
    return service.change(
        member=member,
        policy=world.policy,
        wanted=wanted,
        consent=consent,
        seen=service.standing_of(member).stamp if seen is None else seen,
        form_key=form_key,
        by=by or world.producer,
        at=AT,
    )


def wanted(member, **changes):
    """What is awaited, but for ``changes``; ``None`` takes a number away."""
    points = {**service.standing_of(member).awaited, **changes}
    return {kind: point for kind, point in points.items() if point is not None}


def on_record(member) -> dict[str, str]:
    return dict(ContactPoint.objects.filter(member=member).values_list("kind", "value"))


def answer(change, *, at=AT + timedelta(hours=4)):
    """What the sync does with an accepted change."""
    MemberChange.objects.filter(pk=change.pk).update(status="ACKED")
    outcomes_of("CONTACT").accepted(MemberChange.objects.get(pk=change.pk), at)


def emails() -> list[MailboxEntry]:
    outbox.sweep()
    return list(MailboxEntry.objects.order_by("id"))


# --- the change ---


@pytest.mark.feature("CON_03")
def test_a_change_is_owed_to_the_member_system_and_nothing_on_record_moves(world, tanya, settings):
    settings.SYNC_DELAY = timedelta(hours=4)
    row = change(world, tanya, wanted(tanya, HOME=NEW_HOME, EMAIL=None))
    assert (row.kind, row.member, row.policy, row.created_by) == ("CONTACT", tanya, world.policy, world.producer)
    assert row.not_before == AT + timedelta(hours=4)
    assert row.payload == {
        "before": {
            "HOME": {"value": "3125550142", "extension": "", "send_text": False},
            "EMAIL": {"value": "tanya@home.example", "extension": "", "send_text": False},
        },
        "after": {"HOME": {"value": "6305550101", "extension": "", "send_text": False}, "EMAIL": None},
    }
    assert on_record(tanya) == {"HOME": "3125550142", "EMAIL": "tanya@home.example"}


def test_the_audit_row_names_fields_and_the_book_and_nothing_entered(world, tanya):
    change(world, tanya, wanted(tanya, HOME=NEW_HOME, EMAIL=Point(value="new@home.example")))
    event = AuditEvent.objects.get(action="client.contact_changed")
    assert (event.object_type, event.object_id) == ("account", world.account_number)
    assert event.for_producer == world.producer.producer.npn
    assert event.details == {"fields": ["HOME", "EMAIL"]}


@pytest.mark.parametrize("broken", ["queue", "record"])
def test_a_failing_second_write_keeps_nothing(world, tanya, monkeypatch, broken):
    def fail(*args, **kwargs):
        raise RuntimeError("the second write")

    monkeypatch.setattr(member_changes if broken == "queue" else service.trail, broken, fail)
    with pytest.raises(RuntimeError):
        change(world, tanya, wanted(tanya, HOME=NEW_HOME))
    assert not MemberChange.objects.exists()
    assert not AuditEvent.objects.filter(action="client.contact_changed").exists()
    monkeypatch.undo()
    assert change(world, tanya, wanted(tanya, HOME=NEW_HOME)) is not None  # the form is not used up


@pytest.mark.feature("CON_09")
def test_nothing_changed_is_refused_in_the_member_systems_words_and_nothing_is_queued(world, tanya):
    with pytest.raises(service.NoChange) as refused:
        change(world, tanya, wanted(tanya))
    assert refused.value.errors == [(tanya, "No change to the existing record")]
    assert not MemberChange.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.feature("CON_01")
@pytest.mark.parametrize("role", ["SPOUSE", "CHILD"])
def test_nobody_but_the_primary_insured_is_changed(world, tanya, role):
    other = MemberFactory(account=tanya.account, role=role)
    with pytest.raises(ValueError, match="primary"):
        change(world, other, {"HOME": NEW_HOME})
    assert not MemberChange.objects.exists()


# --- consent ---


@pytest.mark.feature("CON_10")
def test_consent_to_text_messages_travels_with_the_change_and_is_kept(world, tanya):
    cell = Point(value="6305550102", send_text=True)
    row = change(world, tanya, wanted(tanya, CELL=cell), consent=SAID)
    assert row.payload["after"]["CELL"] == {
        "value": "6305550102",
        "extension": "",
        "send_text": True,
        "text_consent_at": AT.isoformat(),
        "text_consent_by": "Tanya Washington",
        "text_consent_how": "By phone",
    }
    answer(row)
    kept = ContactPoint.objects.get(member=tanya, kind="CELL")
    assert (kept.send_text, kept.text_consent_at) == (True, AT)
    assert (kept.text_consent_by, kept.text_consent_how) == ("Tanya Washington", "By phone")


@pytest.mark.feature("CON_10")
def test_consent_stays_with_its_number_when_something_else_changes(world, tanya):
    answer(change(world, tanya, wanted(tanya, CELL=Point(value="6305550102", send_text=True)), consent=SAID))
    later = Consent(at=AT, by="Sam", how="In person")
    row = change(
        world, tanya, wanted(tanya, CELL=Point(value="6305550102", send_text=True, extension="9")), consent=later
    )
    answer(row)
    kept = ContactPoint.objects.get(member=tanya, kind="CELL")
    assert (kept.extension, kept.text_consent_by) == ("9", "Tanya Washington")


@pytest.mark.feature("CON_10")
@pytest.mark.parametrize("consent", [None, Consent(at=AT, by="", how="By phone"), Consent(at=AT, by="Sam", how="")])
def test_texts_that_nobody_agreed_to_are_never_queued(world, tanya, consent):
    with pytest.raises(ValueError, match="agreed"):
        change(world, tanya, wanted(tanya, CELL=Point(value="6305550102", send_text=True)), consent=consent)
    assert not MemberChange.objects.exists()


# --- two at a time ---


def test_the_same_form_twice_is_one_change(world, tanya):
    asked = wanted(tanya, HOME=NEW_HOME)
    assert change(world, tanya, asked) is not None
    assert change(world, tanya, asked) is None
    assert MemberChange.objects.count() == AuditEvent.objects.filter(action="client.contact_changed").count() == 1


def test_a_form_sent_again_after_its_change_was_taken_back_is_compared_first(world, tanya):
    before, asked = wanted(tanya), wanted(tanya, HOME=NEW_HOME)
    change(world, tanya, asked)
    change(world, tanya, before, form_key="another-form-of-rita")
    with pytest.raises(service.ChangedMeanwhile):
        change(world, tanya, asked)
    assert MemberChange.objects.count() == 2


def test_what_somebody_else_has_sent_meanwhile_is_not_overwritten(world, tanya):
    seen, mine = service.standing_of(tanya).stamp, wanted(tanya, HOME=NEW_HOME)
    change(world, tanya, wanted(tanya, HOME=Point(value="6305550199")), by=world.delegate_with_service)
    with pytest.raises(service.ChangedMeanwhile) as conflict:
        change(world, tanya, mine, seen=seen, form_key="another-form-of-rita")
    assert conflict.value.standing.awaited["HOME"].value == "6305550199"
    assert MemberChange.objects.count() == 1


def test_what_the_carrier_sent_meanwhile_is_not_overwritten(world, tanya):
    seen, mine = service.standing_of(tanya).stamp, wanted(tanya, HOME=NEW_HOME)
    ContactPointFactory(member=tanya, kind="WORK", value="6305550104")
    with pytest.raises(service.ChangedMeanwhile):
        change(world, tanya, mine, seen=seen)


@pytest.mark.django_db(transaction=True)
def test_five_clicks_at_the_same_moment_are_one_change(world, tanya):
    asked, seen = wanted(tanya, HOME=NEW_HOME), service.standing_of(tanya).stamp
    results = at_once(*[lambda: change(world, tanya, asked, seen=seen)] * 5)
    assert sorted(type(result).__name__ for result in results) == ["MemberChange"] + ["NoneType"] * 4
    assert MemberChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_the_same_moment_one_is_told_of_the_other(world, tanya):
    seen = service.standing_of(tanya).stamp
    people = (world.producer, world.principal)
    acts = [
        lambda by=by, place=place: change(
            world, tanya, wanted(tanya, HOME=Point(value=f"630555010{place}")), by=by, seen=seen
        )
        for place, by in enumerate(people)
    ]
    results = at_once(*acts)
    assert sorted(type(result).__name__ for result in results) == ["ChangedMeanwhile", "MemberChange"]
    conflict = next(result for result in results if isinstance(result, service.ChangedMeanwhile))
    saved = MemberChange.objects.get()
    assert conflict.standing.awaited["HOME"].value == saved.payload["after"]["HOME"]["value"]


# --- pending values ---


@pytest.mark.feature("CON_03")
def test_a_second_change_starts_from_the_values_on_their_way(world, tanya):
    change(world, tanya, wanted(tanya, HOME=NEW_HOME))
    standing = service.standing_of(tanya)
    assert (standing.awaited["HOME"].value, standing.pending) == ("6305550101", ["HOME"])
    second = change(world, tanya, wanted(tanya, EMAIL=Point(value="t@home.example")), form_key="second-form-of-rita")
    assert set(second.payload["after"]) == {"EMAIL"}
    assert service.standing_of(tanya).pending == ["HOME", "EMAIL"]


@pytest.mark.feature("CON_03")
def test_going_back_to_what_is_on_record_cancels_out(world, tanya):
    before = wanted(tanya)
    change(world, tanya, wanted(tanya, HOME=NEW_HOME))
    back = change(world, tanya, before, form_key="second-form-of-rita")
    assert back.payload["before"]["HOME"]["value"] == "6305550101"
    assert back.payload["after"]["HOME"]["value"] == "3125550142"
    assert service.standing_of(tanya).pending == []


@pytest.mark.parametrize(
    ("status", "awaited"), [("SENT", "6305550101"), ("REJECTED", "3125550142"), ("CLOSED", "3125550142")]
)
def test_only_what_is_not_answered_yet_is_awaited(world, tanya, status, awaited):
    row = change(world, tanya, wanted(tanya, HOME=NEW_HOME))
    MemberChange.objects.filter(pk=row.pk).update(status=status)
    assert service.standing_of(tanya).awaited["HOME"].value == awaited


# --- what the member system answered ---


@pytest.mark.feature("CON_03")
def test_an_accepted_change_is_on_record_twice_or_once(world, tanya):
    row = change(world, tanya, wanted(tanya, HOME=None, CELL=Point(value="6305550102"), EMAIL=None))
    as_of = tanya.account.as_of
    answer(row)
    answer(row)
    assert on_record(tanya) == {"CELL": "6305550102"}
    tanya.account.refresh_from_db()
    assert tanya.account.as_of == as_of  # the feed's own: one made before the answer must not be refused for it


@pytest.mark.feature("CON_05")
def test_a_number_that_was_given_a_type_is_kept_under_it(world, tanya):
    ContactPointFactory(member=tanya, kind="UNTYPED", value="6305550103")
    answer(change(world, tanya, wanted(tanya, UNTYPED=None, WORK=Point(value="6305550103"))))
    assert on_record(tanya) == {"HOME": "3125550142", "WORK": "6305550103", "EMAIL": "tanya@home.example"}


@pytest.mark.feature("CON_03")
def test_the_address_before_is_told_of_another_email_address_once_and_when_it_changes(world, tanya):
    row = change(world, tanya, wanted(tanya, EMAIL=Point(value="new@home.example")))
    assert emails() == []
    answer(row)
    answer(row)
    (sent,) = emails()
    assert sent.to == "tanya@home.example"
    everything = f"{sent.subject} {sent.body}"
    assert "changed" in everything
    assert "customer service" in everything
    assert "producer support" not in everything
    for private in ("new@home.example", "Tanya", "Washington", world.account_number, world.policy.product_name):
        assert private not in everything


@pytest.mark.parametrize(
    ("email", "told"), [(None, ["tanya@home.example"]), (Point(value="tanya@home.example"), [])], ids=["gone", "same"]
)
def test_the_notice_goes_when_the_address_goes_and_not_when_it_stays(world, tanya, email, told):
    answer(change(world, tanya, wanted(tanya, HOME=NEW_HOME, EMAIL=email)))
    assert [sent.to for sent in emails()] == told


def test_there_is_nobody_to_tell_of_a_first_address(world):
    member = world.policy.account.members.get()
    answer(change(world, member, {"EMAIL": Point(value="new@home.example")}))
    assert emails() == []


def test_a_change_that_is_refused_touches_nothing_and_tells_nobody(world, tanya):
    row = change(world, tanya, wanted(tanya, EMAIL=Point(value="new@home.example")))
    outcomes_of("CONTACT").failed(row, timezone.now())
    assert on_record(tanya)["EMAIL"] == "tanya@home.example"
    assert emails() == []
