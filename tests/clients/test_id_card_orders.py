"""ID cards asked for: permanent ones queued, answered and tried again; temporary ones rendered, put together, forgotten."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.utils import timezone

from clients.idcards import content, rendering
from clients.membersystem.outcomes import outcomes_of
from clients.models import Coverage, IdCardOrder, IdCardRequest, Member, MemberChange, PlanCardFacts, Policy
from clients.selectors.id_cards import id_card_entries
from clients.services import id_card_files, id_cards
from clients.services.id_cards import CardAsked, CardsNotAvailable, NothingToRetry
from portal.common import outbox
from portal.common.dates import today_in
from portal.common.files import store
from portal.common.files.refusals import UploadRefused
from portal.common.models import AuditEvent, OutboxMessage
from portal.common.timeline import Household
from tests.support.cards import load_card_data, texts
from tests.support.concurrency import at_once
from tests.support.factories import MemberFactory, PolicyFactory, UserFactory

State, Bundle = IdCardRequest.State, IdCardOrder.Bundle


@pytest.fixture
def now():
    return timezone.now()


def family(**facts) -> Policy:
    """An HMO family of three in Illinois."""
    facts = {"network_type": Policy.Network.HMO, "requires_pcp": True, "plan_id": "00017IL0100005", **facts}
    policy = PolicyFactory(**facts)
    for role, name in ((Member.Role.SPOUSE, "Sam"), (Member.Role.CHILD, "Kelly")):
        member = MemberFactory(account=policy.account, role=role, first_name=name)
        Coverage.objects.create(policy=policy, member=member, effective_date=policy.effective_date)
    return policy


@pytest.fixture
def hmo() -> Policy:
    return family()


def people(policy: Policy) -> list[Member]:
    return list(Member.objects.filter(account=policy.account).order_by("id"))


def order_permanent(policy, now, *, members=None, quantity=1, by=None, form_key="form-of-the-test"):
    return id_cards.order_permanent(
        policy=policy,
        members=members or people(policy)[:1],
        quantity=quantity,
        by=by or UserFactory(),
        now=now,
        form_key=form_key,
    )


def make_temporary(policy, now, *, bundle=Bundle.NONE, by=None, form_key="form-of-the-test"):
    asked = [CardAsked(policy=policy, member=member) for member in people(policy)]
    return id_cards.request_temporary(
        asked=asked, account=policy.account, bundle=bundle, by=by or UserFactory(), now=now, form_key=form_key
    )


def states(order) -> list[str]:
    return list(order.requests.order_by("id").values_list("state", flat=True))


@pytest.fixture
def quick_pdf(monkeypatch):
    """Stands in for the renderer where the test is about rows."""
    monkeypatch.setattr(rendering, "render", lambda cards, **_: b"%PDF-1.7 " + cards[0].member_name.encode())


# --- permanent ---


@pytest.mark.feature("IDC_08")
def test_a_permanent_order_is_queued_for_the_member_system_and_recorded(hmo, now):
    by = UserFactory()
    order = order_permanent(hmo, now, members=people(hmo), by=by)
    queued = MemberChange.objects.filter(kind=MemberChange.Kind.ID_CARD).order_by("id")
    assert [change.member for change in queued] == people(hmo)
    request = order.requests.order_by("id").first()
    assert queued[0].payload == {"request_id": request.pk, "line": "MEDICAL", "quantity": 1, "replacement": True}
    event = AuditEvent.objects.get(action="id_card.ordered")
    assert (event.actor_id, event.object_id, event.details["cards"]) == (by.pk, hmo.account.number, 3)


@pytest.mark.feature("IDC_04")
def test_three_members_ticked_are_three_requests(hmo, now):
    order = order_permanent(hmo, now, members=people(hmo))
    assert [request.quantity for request in order.requests.all()] == [1, 1, 1]


@pytest.mark.feature("IDC_06")
def test_several_cards_of_a_plan_without_pcp_are_one_request_up_to_the_setting(now, settings):
    ppo = PolicyFactory()
    order = order_permanent(ppo, now, quantity=4)
    assert [(request.member.role, request.quantity) for request in order.requests.all()] == [("PRIMARY", 4)]
    settings.ID_CARD_MOST_COPIES = 3
    with pytest.raises(CardsNotAvailable, match="from 1 to 3"):
        order_permanent(ppo, now, quantity=4, form_key="another")


@pytest.mark.feature("IDC_06")
def test_two_cards_for_a_member_of_a_plan_with_pcp_are_refused(hmo, now):
    with pytest.raises(CardsNotAvailable, match="one ID card for each member"):
        order_permanent(hmo, now, quantity=2)
    assert not IdCardOrder.objects.exists()


@pytest.mark.feature("IDC_02")
def test_on_exchange_a_minute_before_the_day_is_over_nothing_is_ordered(now):
    policy = PolicyFactory(market=Policy.Market.ON, application_submitted_at=now - timedelta(hours=23, minutes=59))
    with pytest.raises(CardsNotAvailable, match="available 24 hours after"):
        order_permanent(policy, now)
    order_permanent(policy, now + timedelta(minutes=1))
    assert MemberChange.objects.count() == 1


@pytest.mark.parametrize("trait", ["termed", "cancelled", "unpaid"])
def test_policies_that_are_not_in_force_have_no_cards(now, trait):
    policy = PolicyFactory(**{trait: True})
    with pytest.raises(CardsNotAvailable):
        order_permanent(policy, now)
    with pytest.raises(CardsNotAvailable):
        make_temporary(policy, now)
    assert not IdCardRequest.objects.exists()


def test_when_the_queue_fails_nothing_is_kept(hmo, now, monkeypatch):
    calls = []

    def fails_at_the_second(**arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("the database is gone")

    monkeypatch.setattr(id_cards, "queue", fails_at_the_second)
    with pytest.raises(RuntimeError):
        order_permanent(hmo, now, members=people(hmo))
    assert not IdCardOrder.objects.exists()
    assert not AuditEvent.objects.filter(action="id_card.ordered").exists()


@pytest.mark.django_db(transaction=True)
def test_five_posts_of_one_form_at_the_same_moment_are_one_order():
    policy, by, now = family(), UserFactory(), timezone.now()
    results = at_once(*[lambda: order_permanent(policy, now, members=people(policy), by=by).pk] * 5)
    assert len(set(results)) == 1
    assert IdCardOrder.objects.count() == 1
    assert MemberChange.objects.count() == 3


@pytest.mark.feature("IDC_08")
def test_what_the_member_system_answers_shows_on_the_card(hmo, now):
    order = order_permanent(hmo, now, members=people(hmo)[:2])
    first, second = MemberChange.objects.order_by("id")
    answers = outcomes_of(MemberChange.Kind.ID_CARD)
    answers.accepted(first, now)
    answers.accepted(first, now)  # may come twice
    second.last_error = "Address not valid."
    answers.failed(second, now)
    assert states(order) == ["ORDERED", "FAILED"]
    failed = order.requests.get(state=State.FAILED)
    assert failed.failure == "Address not valid."
    assert failed.finished_at == now

    id_cards.retry_permanent(request=failed, by=UserFactory(), now=now)
    assert states(order) == ["ORDERED", "REQUESTED"]
    answers.failed(second, now)  # late: of the first try
    assert states(order) == ["ORDERED", "REQUESTED"]
    answers.accepted(MemberChange.objects.order_by("id").last(), now)
    assert states(order) == ["ORDERED", "ORDERED"]
    with pytest.raises(NothingToRetry):
        id_cards.retry_permanent(request=failed, by=UserFactory(), now=now)


# --- after a PCP change ---


@pytest.mark.feature("IDC_12")
def test_a_pcp_change_orders_one_new_card_for_each_changed_member(hmo, now):
    by, changed = UserFactory(), people(hmo)[:2]
    requests = id_cards.order_after_pcp_change(policy=hmo, members=changed, by=by, now=now, reference="form-1")
    assert [(request.member, request.quantity, request.kind) for request in requests] == [
        (member, 1, IdCardRequest.Kind.PERMANENT) for member in changed
    ]
    queued = MemberChange.objects.filter(kind=MemberChange.Kind.ID_CARD).order_by("id")
    assert [change.payload["request_id"] for change in queued] == [request.pk for request in requests]
    again = id_cards.order_after_pcp_change(policy=hmo, members=changed, by=by, now=now, reference="form-1")
    assert again == requests
    assert queued.count() == 2


@pytest.mark.feature("IDC_12")
def test_a_pcp_change_before_the_first_payment_orders_no_cards(hmo, now):
    Policy.objects.filter(pk=hmo.pk).update(status=Policy.Status.INITIAL_PAYMENT_DUE, binder_paid=False)
    hmo.refresh_from_db()
    arguments = {"policy": hmo, "members": people(hmo), "by": UserFactory(), "now": now, "reference": "form-1"}
    assert id_cards.order_after_pcp_change(**arguments) == []
    assert not IdCardOrder.objects.exists()


# --- temporary ---


@pytest.mark.feature("IDC_10")
def test_each_card_becomes_a_file_of_its_own_and_all_of_them_one(hmo, now):
    load_card_data()
    order = make_temporary(hmo, now, bundle=Bundle.PDF)
    assert states(order) == ["REQUESTED"] * 3
    assert outbox.sweep() == 4
    order.refresh_from_db()
    assert states(order) == ["READY"] * 3
    files = [request.file for request in order.requests.order_by("id")]
    for file, member in zip(files, people(hmo), strict=True):
        assert file.encrypted
        assert file.name.startswith("temporary-id-card-")
        assert member.last_name.lower() not in file.name.lower()
        assert member.member_id not in file.name
        with store.open_file(file) as source:
            (text,) = texts(source.read())
        assert member.name in text
        assert "PCP: to be assigned" in text
        assert member.ssn not in text
    with store.open_file(order.file) as source:
        assert len(texts(source.read())) == 3


def test_a_zip_file_holds_one_file_for_each_card(hmo, now, quick_pdf):
    load_card_data()
    order = make_temporary(hmo, now, bundle=Bundle.ZIP)
    outbox.sweep()
    order.refresh_from_db()
    with store.open_file(order.file) as source, zipfile.ZipFile(BytesIO(source.read())) as archive:
        assert archive.namelist() == [f"temporary-id-card-00{place}.pdf" for place in (1, 2, 3)]
    assert order.file.name.endswith(".zip")


@pytest.mark.feature("IDC_05")
def test_a_plan_without_pcp_has_one_card_with_the_primary_insured_alone(now):
    load_card_data()
    ppo = family(network_type=Policy.Network.PPO, requires_pcp=False, plan_id="00017IL0200002")
    primary = people(ppo)[0]
    order = id_cards.request_temporary(
        asked=[CardAsked(policy=ppo, member=primary)], account=ppo.account, by=UserFactory(), now=now, form_key="one"
    )
    outbox.sweep()
    with store.open_file(order.requests.get().file) as source:
        (text,) = texts(source.read())
    assert primary.first_name in text
    assert "Sam" not in text
    assert "Kelly" not in text


def test_a_plan_without_figures_is_told_and_can_be_tried_again(hmo, now, quick_pdf):
    load_card_data()
    PlanCardFacts.objects.filter(plan_id=hmo.plan_id).delete()
    order = make_temporary(hmo, now, bundle=Bundle.PDF)
    outbox.sweep()
    assert states(order) == ["FAILED"] * 3
    assert order.requests.first().failure.startswith(content.NO_FACTS)
    load_card_data()
    assert id_cards.retry_temporary(order=order, by=UserFactory(), now=now) == 3
    assert states(order) == ["REQUESTED"] * 3
    with pytest.raises(NothingToRetry):
        id_cards.retry_temporary(order=order, by=UserFactory(), now=now)


def test_trying_again_makes_the_file_of_all_anew_and_forgets_the_one_without(hmo, now, quick_pdf):
    load_card_data()
    order = make_temporary(hmo, now, bundle=Bundle.ZIP)
    one = order.requests.order_by("id").last()
    IdCardRequest.objects.filter(pk=one.pk).update(state=State.FAILED, failure="Something.")
    outbox.sweep()
    order.refresh_from_db()
    incomplete = order.file
    assert incomplete is not None
    assert id_cards.retry_temporary(order=order, by=UserFactory(), now=now) == 1
    outbox.sweep()
    order.refresh_from_db()
    incomplete.refresh_from_db()
    assert incomplete.removed_at == now
    with store.open_file(order.file) as source, zipfile.ZipFile(BytesIO(source.read())) as archive:
        assert len(archive.namelist()) == 3


def test_missing_libraries_fail_the_card_in_words_and_nothing_else(hmo, now, monkeypatch):
    load_card_data()

    def cannot(_cards, **_):
        raise rendering.CannotRender(rendering.UNAVAILABLE)

    monkeypatch.setattr(rendering, "render", cannot)
    order = make_temporary(hmo, now)
    outbox.sweep()
    assert set(order.requests.values_list("state", "failure")) == {("FAILED", rendering.UNAVAILABLE)}
    assert not OutboxMessage.objects.filter(topic=id_cards.RENDER, status=OutboxMessage.Status.PENDING).exists()


def test_a_full_disk_is_tried_again_and_in_the_end_told(hmo, now, monkeypatch, quick_pdf, settings):
    load_card_data()
    settings.OUTBOX_MAX_ATTEMPTS = 2

    def full(*_args, **_kwargs):
        raise UploadRefused("no_room")

    monkeypatch.setattr(store, "keep", full)
    order = make_temporary(hmo, now)
    outbox.sweep()
    assert states(order) == ["REQUESTED"] * 3
    assert not order.requests.exclude(file=None).exists()
    outbox.sweep(now=now + timedelta(hours=1))
    assert set(order.requests.values_list("state", "failure")) == {("FAILED", id_card_files.GIVEN_UP)}


def test_an_order_that_was_stopped_makes_no_more_cards(hmo, now, quick_pdf):
    load_card_data()
    order = make_temporary(hmo, now, bundle=Bundle.PDF)
    first = OutboxMessage.objects.filter(topic=id_cards.RENDER).order_by("id").first()
    outbox.deliver(message_pk=first.pk)
    assert id_cards.cancel(order=order, by=UserFactory(), now=now)
    assert not id_cards.cancel(order=order, by=UserFactory(), now=now)
    outbox.sweep()
    order.refresh_from_db()
    assert states(order) == ["READY", "CANCELLED", "CANCELLED"]
    assert order.file is None
    with pytest.raises(NothingToRetry):
        id_cards.retry_temporary(order=order, by=UserFactory(), now=now)


def test_a_card_that_is_rendered_twice_is_kept_once(hmo, now, quick_pdf):
    load_card_data()
    order = make_temporary(hmo, now)
    outbox.sweep()
    before = list(order.requests.values_list("file", flat=True))
    for request in order.requests.all():
        id_card_files.render_card({"request_id": request.pk})
    assert list(order.requests.values_list("file", flat=True)) == before


def test_old_files_are_forgotten_and_the_rows_stay(hmo, now, quick_pdf, settings, django_capture_on_commit_callbacks):
    load_card_data()
    order = make_temporary(hmo, now, bundle=Bundle.ZIP)
    outbox.sweep()
    settings.ID_CARD_FILES_KEEP_DAYS = 7
    assert id_card_files.forget_old_files(now=now + timedelta(days=7)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert id_card_files.forget_old_files(now=now + timedelta(days=7, seconds=1)) == 1
    assert id_card_files.forget_old_files(now=now + timedelta(days=9)) == 0
    order.refresh_from_db()
    assert order.forgotten_at
    for file in (order.file, *(request.file for request in order.requests.all())):
        assert file.removed_at
        assert not store.path_of(file.key).exists()


def test_more_cards_than_fit_are_refused(hmo, now, settings):
    settings.ID_CARD_MOST_IN_ONE_FILE = 2
    with pytest.raises(CardsNotAvailable, match="At most 2"):
        make_temporary(hmo, now)


@pytest.mark.django_db(transaction=True)
def test_the_two_cards_that_end_together_owe_one_bundle(monkeypatch):
    load_card_data()
    monkeypatch.setattr(rendering, "render", lambda cards, **_: b"%PDF-1.7 x")
    policy = PolicyFactory(network_type=Policy.Network.HMO, requires_pcp=True, plan_id="00017IL0100005")
    member = MemberFactory(account=policy.account, role=Member.Role.SPOUSE, first_name="Sam")
    Coverage.objects.create(policy=policy, member=member, effective_date=policy.effective_date)
    order = make_temporary(policy, timezone.now(), bundle=Bundle.ZIP)
    ids = list(order.requests.values_list("pk", flat=True))

    def render(pk):
        return lambda: id_card_files.render_card({"request_id": pk})

    assert at_once(*(render(pk) for pk in ids)) == [None, None]
    assert states(order) == ["READY", "READY"]
    assert OutboxMessage.objects.filter(topic=id_cards.BUNDLE).count() == 1
    connection.close()


# --- the timeline ---


@pytest.mark.feature("IDC_08")
def test_the_timeline_tells_orders_to_those_whose_book_it_is(world, now):
    order_permanent(world.policy, now, by=world.producer)
    household = Household(account=world.policy.account, today=today_in("IL"))
    (entry,) = id_card_entries(world.producer, household)
    assert entry.title == "Permanent ID Cards ordered"
    assert entry.text == "1 member, on the way to the member system; asked for by rsolberg7."
    assert entry.url
    (seen,) = id_card_entries(world.delegate, household)
    assert seen.url == ""  # VIEW alone does not open it
    assert id_card_entries(world.outsider, household) == []
