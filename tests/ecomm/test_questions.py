"""Asking the carrier, asking again, answering: the services, and what pages read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import DelegateGrant
from ecomm.models import EQuestion, EQuestionDraft, EQuestionMessage
from ecomm.selectors import questions as selector
from ecomm.services import questions
from ecomm.services.questions import NamedClient, ThreadHasMoved
from ecomm.tasks import forget_question_drafts
from portal.common import audit
from portal.common.files.models import StoredFile
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.notifications.models import Notification
from tests.support.concurrency import at_once
from tests.support.factories import (
    DelegateGrantFactory,
    EQuestionFactory,
    MemberFactory,
    PolicyFactory,
    UserFactory,
)
from tests.support.uploads import checked_png

NOW = timezone.now()
SECRET = "Her insulin claim of March was denied."


def ask(by, *, key="key-1", producer=None, client=None, files=(), text=SECRET, at=NOW, **more):
    return questions.ask(
        producer=producer or by.producer,
        subject="A claim",
        text=text,
        client=client,
        files=list(files),
        form_key=key,
        by=by,
        at=at,
        **more,
    )


def answer(question, by, *, key="answer-1", text="Please appeal.", seen=None, files=(), at=NOW):
    newest = question.messages.order_by("-id").first().pk
    return questions.answer(
        question=question,
        text=text,
        files=list(files),
        seen_message_id=newest if seen is None else seen,
        form_key=key,
        by=by,
        at=at,
    )


def follow_up(question, by, *, key="again-1", text="And dental?", files=(), at=NOW):
    return questions.follow_up(question=question, text=text, files=list(files), form_key=key, by=by, at=at)


def john(**more) -> NamedClient:
    return NamedClient(
        **{
            "first_name": "John",
            "middle_initial": "",
            "last_name": "Public",
            "client_id": "1231231234",
            "account": None,
        }
        | more
    )


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def staff():
    return UserFactory(carrier_admin=True, first_name="Avery", last_name="Stone")


@pytest.fixture
def question(rita) -> EQuestion:
    return EQuestionFactory(asked_by=rita)


def told(kind: str) -> list[Notification]:
    return list(Notification.objects.filter(kind=kind).order_by("id"))


# Asking


@pytest.mark.feature("EQ_01")
@pytest.mark.feature("EQ_04")
def test_a_general_question_gets_a_tracking_number_and_waits(rita):
    question = ask(rita)
    assert question.tracking_number == f"EQU{question.number}"
    assert question.number >= 30_001
    assert (question.kind, question.status) == ("GENERAL", "IN_PROGRESS")
    assert (question.submitted_at, question.last_opened_at, question.responded_at) == (NOW, NOW, None)
    assert question.messages.get().text == SECRET


@pytest.mark.feature("EQ_04")
def test_tracking_numbers_are_never_alike(rita):
    assert len({ask(rita, key=str(n)).number for n in range(5)}) == 5


@pytest.mark.feature("EQ_03")
def test_a_member_specific_question_names_the_client(rita):
    policy = PolicyFactory()
    question = ask(rita, client=john(account=policy.account, middle_initial="Q"))
    assert question.kind == "MEMBER"
    assert question.client_name == "John Public"
    assert (question.client_middle_initial, question.client_id) == ("Q", "1231231234")
    assert question.account == policy.account


@pytest.mark.feature("HOM_07")
def test_the_asker_is_told_that_it_was_received_and_gets_no_email(rita):
    question = ask(rita)
    (notice,) = told(questions.RECEIVED)
    assert (notice.recipient, notice.read_at) == (rita, None)
    assert notice.url == f"/messages/questions/{question.tracking_number}/"
    assert not OutboundMessage.objects.exists()


def test_files_are_kept_with_the_message(rita):
    question = ask(rita, files=[checked_png("a.png"), checked_png("b.png")])
    attachments = question.messages.get().attachments.all()
    assert [attachment.file.name for attachment in attachments] == ["a.png", "b.png"]


def test_the_same_form_again_is_the_same_question(rita):
    first = ask(rita, files=[checked_png()])
    again = ask(rita, text="changed", files=[checked_png()])
    assert again == first
    assert EQuestionMessage.objects.get().text == SECRET
    assert StoredFile.objects.count() == 1
    assert len(told(questions.RECEIVED)) == 1


def test_two_people_whose_forms_have_the_same_key_ask_two_questions(rita):
    assert ask(rita) != ask(UserFactory())


@pytest.mark.django_db(transaction=True)
def test_five_posts_at_once_are_one_question(rita):
    results = at_once(*[lambda: ask(rita).number] * 5)
    assert len(set(results)) == 1
    assert EQuestion.objects.count() == EQuestionMessage.objects.count() == 1
    assert AuditEvent.objects.filter(action="question.asked").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failing", ["notify", "store", "audit"])
def test_a_failing_second_write_keeps_nothing(rita, monkeypatch, failing):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    where = {"notify": (questions, "notify"), "store": (questions.store, "keep"), "audit": (audit, "record")}[failing]
    monkeypatch.setattr(*where, fail)
    with pytest.raises(RuntimeError):
        ask(rita, files=[checked_png()])
    assert not EQuestion.objects.exists()
    assert not EQuestionMessage.objects.exists()
    assert not Notification.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_text_is_encrypted_and_stands_nowhere_else(rita, staff):
    question = ask(rita, client=john())
    answer(question, staff, text="The insulin claim is paid.")
    follow_up(question, rita, text="And the second insulin claim?")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(text, ' ') FROM ecomm_equestionmessage")
        assert "insulin" not in cursor.fetchone()[0]
    elsewhere = [str(notice.__dict__) for notice in Notification.objects.all()]
    elsewhere += [str(mail.__dict__) for mail in OutboundMessage.objects.all()]
    elsewhere += [str(event.__dict__) for event in AuditEvent.objects.all()]
    assert len(elsewhere) >= 5
    for words in ("insulin", "Public", "A claim"):
        assert words not in " ".join(elsewhere)


def test_every_act_is_written_down_for_the_producer(rita, staff):
    question = ask(rita)
    answer(question, staff)
    follow_up(question, rita)
    questions.assign(question=question, to=staff, by=staff)
    questions.take_off_list(questions=[question], by=rita)
    questions.put_back(questions=[question], by=rita)
    questions.record_opened(question, by=staff)
    events = AuditEvent.objects.filter(object_type="equestion").order_by("id")
    assert [event.action for event in events] == [
        f"question.{act}" for act in ("asked", "answered", "followed_up", "assigned", "deleted", "restored", "opened")
    ]
    assert {(event.object_id, event.for_producer) for event in events} == {(str(question), rita.producer.npn)}


# Answering


@pytest.mark.feature("EQ_06")
@pytest.mark.feature("HOM_07")
def test_an_answer_changes_status_and_time_and_makes_one_unread_item_for_the_asker(question, staff, rita):
    answer(question, staff)
    question.refresh_from_db()
    assert (question.status, question.responded_at, question.first_responded_at) == ("ANSWERED", NOW, NOW)
    (notice,) = told(questions.ANSWERED)
    assert (notice.recipient, notice.read_at, notice.in_app) == (rita, None, True)
    assert notice.url == f"/messages/questions/{question}/"
    mail = OutboundMessage.objects.get()
    assert mail.to == rita.producer.record_email
    assert "Please appeal" not in mail.body_text + mail.body_html + mail.subject


def test_the_same_answer_sent_twice_is_one(question, staff):
    first = answer(question, staff)
    assert answer(question, staff, seen=0) == first
    assert len(told(questions.ANSWERED)) == 1


def test_a_second_answer_tells_again_and_keeps_the_first_time(question, staff):
    answer(question, staff)
    answer(question, staff, key="answer-2", at=NOW + timedelta(hours=3))
    question.refresh_from_db()
    assert (question.first_responded_at, question.responded_at) == (NOW, NOW + timedelta(hours=3))
    assert len(told(questions.ANSWERED)) == 2


def test_who_answers_what_a_colleague_has_just_answered_is_told(question, staff):
    seen = question.messages.get().pk
    answer(question, staff)
    with pytest.raises(ThreadHasMoved, match="Avery Stone has answered meanwhile"):
        answer(question, UserFactory(carrier_admin=True), key="other", seen=seen)
    assert question.messages.count() == 2
    assert len(told(questions.ANSWERED)) == 1


def test_who_answers_without_the_last_follow_up_is_told(question, staff, rita):
    seen = question.messages.get().pk
    follow_up(question, rita)
    with pytest.raises(ThreadHasMoved, match="has written again meanwhile"):
        answer(question, staff, seen=seen)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_is_sent(question, staff):
    seen = question.messages.get().pk
    other = UserFactory(carrier_admin=True)
    results = at_once(
        lambda: answer(question, staff, key="one", seen=seen), lambda: answer(question, other, key="two", seen=seen)
    )
    assert sorted(type(result).__name__ for result in results) == ["EQuestionMessage", "ThreadHasMoved"]
    assert len(told(questions.ANSWERED)) == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_nobody_could_be_told_of_is_not_kept(question, staff, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(questions, "notify", fail)
    with pytest.raises(RuntimeError):
        answer(question, staff)
    question.refresh_from_db()
    assert (question.status, question.messages.count()) == ("IN_PROGRESS", 1)


@pytest.mark.feature("HOM_07")
def test_a_delegate_who_asked_is_told_and_after_the_grant_the_producer(world, staff):
    dana, rita = world.delegate_with_service, world.producer
    question = EQuestionFactory(asked_by=dana, producer=rita.producer)
    answer(question, staff)
    assert [notice.recipient for notice in told(questions.ANSWERED)] == [dana]
    DelegateGrant.objects.filter(delegate=dana).update(revoked_at=NOW, revoked_by=rita)
    answer(question, staff, key="answer-2")
    assert [notice.recipient for notice in told(questions.ANSWERED)] == [dana, rita]


@pytest.mark.feature("HOM_07")
def test_whoever_asked_again_is_told_too_until_answered(world, staff):
    dana, rita = world.delegate_with_service, world.producer
    question = EQuestionFactory(asked_by=rita, producer=rita.producer)
    answer(question, staff)
    questions.take_off_list(questions=[question], by=dana)
    questions.follow_up(question=question, text="And?", files=[], form_key="again", by=dana, at=NOW)
    questions.take_off_list(questions=[question], by=dana)
    answer(question, staff, key="answer-2")
    answer(question, staff, key="answer-3")
    people = [notice.recipient for notice in told(questions.ANSWERED)]
    assert sorted(person.pk for person in people) == sorted([rita.pk, rita.pk, dana.pk, rita.pk])
    assert question in selector.mine(dana)


def test_assigning_the_same_again_is_nothing_new(question, staff):
    assert questions.assign(question=question, to=staff, by=staff) is True
    assert questions.assign(question=question, to=staff, by=staff) is False
    assert questions.assign(question=question, to=None, by=staff) is True
    question.refresh_from_db()
    assert question.assigned_to is None
    assert AuditEvent.objects.filter(action="question.assigned").count() == 2


# Asking again


def test_a_follow_up_reopens_an_answered_question_and_the_wait_begins_anew(question, staff, rita):
    answer(question, staff, at=NOW)
    follow_up(question, rita, at=NOW + timedelta(hours=5))
    question.refresh_from_db()
    assert (question.status, question.last_opened_at) == ("IN_PROGRESS", NOW + timedelta(hours=5))
    assert (question.responded_at, question.first_responded_at) == (NOW, NOW)


@pytest.mark.django_db(transaction=True)
def test_a_follow_up_that_was_not_written_down_is_not_kept(staff, rita, monkeypatch):
    question = EQuestionFactory(asked_by=rita, answered=True)
    before = question.messages.count()
    monkeypatch.setattr(audit, "record", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        follow_up(question, rita)
    question.refresh_from_db()
    assert (question.status, question.messages.count()) == ("ANSWERED", before)


def test_a_follow_up_to_what_still_waits_does_not_send_it_back_in_the_queue(question, rita):
    before = question.last_opened_at
    follow_up(question, rita)
    question.refresh_from_db()
    assert question.last_opened_at == before


def test_the_same_follow_up_sent_twice_is_one(question, rita):
    assert follow_up(question, rita) == follow_up(question, rita)
    assert question.messages.count() == 2


# The list


@pytest.mark.feature("EQ_07")
def test_deleted_is_deleted_for_this_person_only_and_can_be_put_back(world):
    rita, dana = world.producer, world.delegate_with_service
    question = EQuestionFactory(asked_by=rita)
    assert questions.take_off_list(questions=[question], by=rita) == 1
    assert list(selector.mine(rita)) == []
    assert list(selector.mine(rita, deleted=True)) == [question]
    assert list(selector.mine(dana)) == [question]
    assert questions.put_back(questions=[question], by=rita) == 1
    assert list(selector.mine(rita)) == [question]


def test_an_answer_or_a_follow_up_brings_a_deleted_question_back(question, staff, rita):
    questions.take_off_list(questions=[question], by=rita)
    answer(question, staff)
    assert list(selector.mine(rita)) == [question]
    questions.take_off_list(questions=[question], by=rita)
    follow_up(question, rita)
    assert list(selector.mine(rita)) == [question]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_deleted_that_was_not_written_down(question, rita, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(RuntimeError):
        questions.take_off_list(questions=[question], by=rita)
    assert list(selector.mine(rita)) == [question]


def test_questions_of_an_account_are_listed_for_those_who_may_read_them(world):
    account = world.policy.account
    older, newer = (
        EQuestionFactory(asked_by=world.producer, of_member=True, account=account, submitted_at=NOW - timedelta(days=n))
        for n in (9, 1)
    )
    EQuestionFactory(asked_by=world.producer)
    assert selector.for_account(world.producer, account) == [newer, older]
    assert selector.for_account(world.delegate_with_service, account) == [newer, older]
    for who in (world.sibling, world.outsider, world.delegate, world.former_delegate, world.admin):
        assert selector.for_account(who, account) == []


# Whose client


def test_a_client_id_names_a_household_by_account_number_or_member_id(world):
    rita, account = world.producer, world.policy.account
    member = account.members.get()
    assert selector.account_named(rita, rita.producer, account.number) == account
    assert selector.account_named(rita, rita.producer, member.member_id) == account
    assert selector.account_named(rita, rita.producer, "1231231234") is None


def test_other_peoples_clients_are_not_linked(world):
    foreign = world.outsider_policy.account
    rita = world.producer
    assert selector.account_named(rita, rita.producer, foreign.number) is None
    assert selector.account_named(rita, rita.producer, foreign.members.get().member_id) is None
    assert selector.account_named(rita, rita.producer, world.sibling_policy.account.number) is None


def test_a_delegate_of_two_links_only_clients_of_the_producer_asked_for(world):
    dana = world.delegate_with_service
    DelegateGrantFactory(producer=world.outsider.producer, delegate=dana, scopes=["VIEW", "SERVICE"])
    foreign = world.outsider_policy.account
    assert selector.account_named(dana, world.outsider.producer, foreign.number) == foreign
    assert selector.account_named(dana, world.producer.producer, foreign.number) is None


def test_the_form_is_filled_in_from_a_household_in_scope_only(world):
    rita = world.producer
    MemberFactory(account=world.policy.account, role="SPOUSE", first_name="Spencer")
    filled = selector.client_to_ask_about(rita, world.account_number)
    assert (filled.first_name, filled.last_name, filled.client_id) == ("Tanya", "Washington", world.account_number)
    for number in (world.outsider_policy.account.number, "nothing", ""):
        assert selector.client_to_ask_about(rita, number) is None


# Drafts


def test_a_draft_is_replaced_and_forgotten_when_the_question_is_sent(rita):
    questions.save_draft(content={"question": "one"}, by=rita, at=NOW)
    questions.save_draft(content={"question": SECRET}, by=rita, at=NOW)
    assert questions.draft_of(rita, at=NOW) == {"question": SECRET}
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM ecomm_equestiondraft")
        ((kept,),) = cursor.fetchall()
    assert "insulin" not in kept
    ask(rita)
    assert not EQuestionDraft.objects.exists()


def test_a_draft_lasts_seven_days(rita):
    questions.save_draft(content={"question": "one"}, by=rita, at=NOW - timedelta(days=7))
    questions.save_draft(content={"question": "two"}, by=UserFactory(), at=NOW - timedelta(days=6, hours=23))
    assert questions.draft_of(rita, at=NOW) is None
    forget_question_drafts()
    assert EQuestionDraft.objects.count() == 1
