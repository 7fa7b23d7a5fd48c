import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
import time_machine
from django.db import IntegrityError, connection, connections, transaction
from kombu.exceptions import ChannelError, OperationalError

from portal.celery import app
from portal.common import clocks, lease_owners, outbox
from portal.common.models import AuditEvent, OutboxMessage
from portal.common.outbox import GiveUp, NotYet
from portal.common.tasks import deliver_outbox_message, sweep_outbox

Status = OutboxMessage.Status
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TOPIC = "test.work"


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", {})
    monkeypatch.setattr(outbox, "_broker_rests_until", 0.0)


@pytest.fixture
def done():
    """What the handler of ``TOPIC`` was given, in order."""
    calls: list[dict] = []
    outbox.handler(TOPIC)(calls.append)
    return calls


@pytest.fixture
def told(monkeypatch):
    """Row ids the broker was told about."""
    ids: list[int] = []
    monkeypatch.setattr(deliver_outbox_message, "apply_async", lambda kwargs, **_: ids.append(kwargs["message_pk"]))
    return ids


def owe(key="one", *, not_before=NOW, topic=TOPIC, **fields):
    return outbox.add(topic, dedupe_key=key, payload={"key": key}, not_before=not_before, **fields)


def failing(*errors: BaseException) -> Callable[[dict], None]:
    """A handler that raises the errors one after the other, the last one for ever."""
    left = list(errors)

    def work(_payload: dict) -> None:
        raise left.pop(0) if len(left) > 1 else left[0]

    return work


def reread(message):
    message.refresh_from_db()
    return message


# --- writing it down ---


def test_the_same_fact_is_owed_once(done):
    first = owe("fact")
    again = outbox.add(TOPIC, dedupe_key="fact", payload={"key": "other"}, not_before=NOW + timedelta(days=1))
    assert again.pk == first.pk
    assert (again.payload, again.not_before) == ({"key": "fact"}, NOW)
    assert outbox.sweep(now=NOW) == 1
    assert done == [{"key": "fact"}]


def test_the_database_itself_refuses_a_second_row_for_a_fact():
    owe("fact")
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.create(topic=TOPIC, dedupe_key="fact")


@transaction.atomic
def change_that_fails():
    outbox.add(TOPIC, dedupe_key="one", payload={})
    raise RuntimeError


def test_a_rolled_back_business_change_leaves_no_row():
    with pytest.raises(RuntimeError):
        change_that_fails()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_or_kept_when_the_second_write_fails(told):
    with pytest.raises(RuntimeError):
        change_that_fails()
    assert told == []
    assert not OutboxMessage.objects.exists()


def test_the_broker_is_told_the_row_after_commit(told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        message = outbox.add(TOPIC, dedupe_key="one", payload={"name": "not for the broker"})
        assert told == []
    assert told == [message.pk]


def test_the_broker_hears_nothing_of_rows_that_are_not_due_or_known_already(told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        owe("later", not_before=datetime.now(UTC) + timedelta(hours=4))
    with django_capture_on_commit_callbacks(execute=True):
        owe("later")
    assert told == []


# --- the broker is down ---


@pytest.mark.parametrize("fault", [OperationalError("refused"), ChannelError("out of memory"), OSError("no route")])
def test_a_broker_that_is_down_costs_nobody_anything(fault, monkeypatch, done, django_capture_on_commit_callbacks):
    asked = []

    def refuse(**_kwargs):
        asked.append(1)
        raise fault

    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(deliver_outbox_message, "apply_async", refuse)
    for number in range(5):
        with django_capture_on_commit_callbacks(execute=True):
            outbox.add(TOPIC, dedupe_key=f"while down {number}", payload={"number": number})
    assert len(asked) == 1, "a broker that is down is left in peace for a while"
    clock.now += outbox.BROKER_REST_SECONDS
    with django_capture_on_commit_callbacks(execute=True):
        outbox.add(TOPIC, dedupe_key="after the rest", payload={"number": 5})
    assert len(asked) == 2, "and asked again afterwards"
    assert outbox.sweep() == 6
    assert sorted(call["number"] for call in done) == [0, 1, 2, 3, 4, 5]


# --- doing it ---


def test_work_done_is_done_once(done):
    message = owe()
    assert outbox.sweep(now=NOW) == 1
    assert outbox.sweep(now=NOW) == 0
    assert outbox.deliver(message_pk=message.pk, now=NOW) is False
    assert done == [{"key": "one"}]
    reread(message)
    assert (message.status, message.attempts, message.last_error) == (Status.DONE, 1, "")
    assert message.done_at
    assert (message.lease_until, message.lease_owner) == (None, None)


@pytest.mark.parametrize(("seconds", "attempts"), [(-1, 0), (0, 1), (1, 1)])
def test_nothing_is_done_before_its_time(done, seconds, attempts):
    owe(not_before=NOW)
    assert outbox.sweep(now=NOW + timedelta(seconds=seconds)) == attempts


def test_the_oldest_debt_is_paid_first(done):
    for hours in (1, 3, 2):
        owe(f"{hours} hours ago", not_before=NOW - timedelta(hours=hours))
    outbox.sweep(now=NOW)
    assert [call["key"] for call in done] == ["3 hours ago", "2 hours ago", "1 hours ago"]


def test_one_row_can_be_tried_alone(done):
    owe("other", not_before=NOW - timedelta(hours=1))
    message = owe("mine")
    assert outbox.deliver(message_pk=message.pk, now=NOW) is True
    assert done == [{"key": "mine"}]


def test_a_row_that_is_gone_is_no_error(done):
    assert outbox.deliver(message_pk=12345, now=NOW) is False


def test_a_sweep_ends_when_its_time_is_up(monkeypatch, done):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def slow(_payload):
        clock.now += 20

    outbox.handler("test.slow")(slow)
    for number in range(5):
        owe(f"slow {number}", topic="test.slow")
    assert outbox.sweep(now=NOW, max_seconds=45) == 3
    assert OutboxMessage.objects.filter(status=Status.PENDING).count() == 2


@pytest.mark.feature("ISS_06")
def test_both_tasks_do_the_work(done):
    first, second = (outbox.add(TOPIC, dedupe_key=key, payload={"key": key}) for key in ("first", "second"))
    deliver_outbox_message.apply(kwargs={"message_pk": first.pk, "said_by_a_newer_version": 1}, throw=True)
    assert (reread(first).status, reread(second).status) == (Status.DONE, Status.PENDING)
    sweep_outbox.apply(throw=True)
    assert reread(second).status == Status.DONE


@pytest.mark.feature("ISS_06")
@pytest.mark.django_db(transaction=True)
def test_what_reaches_the_broker_after_commit_is_a_task_that_does_the_work(done):
    """Through Celery's own message and a broker; whole workers are the subject of tests/runtime."""
    with app.connection_for_read() as broker, broker.SimpleQueue(app.conf.task_default_queue) as queue:
        queue.clear()
        with transaction.atomic():
            message = outbox.add(TOPIC, dedupe_key="one", payload={"key": "one"})
            assert queue.qsize() == 0, "nothing is said before the commit"
        sent = queue.get(timeout=5)
        sent.ack()
    args, kwargs, _embedded = sent.payload
    assert (sent.headers["task"], args, kwargs) == (deliver_outbox_message.name, [], {"message_pk": message.pk})
    app.tasks[sent.headers["task"]].apply(kwargs=kwargs, throw=True)
    assert reread(message).status == Status.DONE
    assert done == [{"key": "one"}]


def test_a_message_to_the_broker_carries_a_row_id_and_nothing_else(monkeypatch, django_capture_on_commit_callbacks):
    sent = {}
    monkeypatch.setattr(deliver_outbox_message, "apply_async", lambda **options: sent.update(options))
    with django_capture_on_commit_callbacks(execute=True):
        message = outbox.add(TOPIC, dedupe_key="one", payload={"producer": "somebody"})
    assert sent.pop("kwargs") == {"message_pk": message.pk}
    assert "countdown" not in sent
    assert "eta" not in sent
    assert sent["retry"] is False


# --- order ---


def test_a_failing_row_holds_up_its_own_key_and_nobody_else(done):
    outbox.handler("test.fails")(failing(ConnectionError()))
    owe("older", topic="test.fails", order_key="member:1", not_before=NOW - timedelta(minutes=2))
    newer = owe("newer", order_key="member:1", not_before=NOW - timedelta(minutes=3))
    other = owe("of another member", order_key="member:2")
    free = owe("without order")
    outbox.sweep(now=NOW)
    assert [reread(m).status for m in (newer, other, free)] == [Status.PENDING, Status.DONE, Status.DONE]
    assert outbox.deliver(message_pk=newer.pk, now=NOW) is False


def test_a_row_without_order_key_waits_for_nobody(done):
    outbox.handler("test.fails")(failing(ConnectionError()))
    owe("older", topic="test.fails")
    newer = owe("newer")
    outbox.sweep(now=NOW)
    assert reread(newer).status == Status.DONE


def test_an_older_row_in_work_elsewhere_holds_up_its_key(done):
    older = owe("older", order_key="member:1")
    newer = owe("newer", order_key="member:1")
    assert outbox._claim(NOW, older.pk)
    assert outbox.sweep(now=NOW) == 0
    assert reread(newer).attempts == 0


def test_rows_of_one_key_follow_each_other_in_one_sweep(done):
    for number in range(3):
        owe(str(number), order_key="member:1", not_before=NOW - timedelta(minutes=number))
    assert outbox.sweep(now=NOW) == 3
    assert [call["key"] for call in done] == ["0", "1", "2"]


def test_a_dead_letter_lets_the_next_row_of_its_key_pass(done):
    outbox.handler("test.fails")(failing(GiveUp("refused")))
    owe("older", topic="test.fails", order_key="member:1")
    newer = owe("newer", order_key="member:1")
    assert outbox.sweep(now=NOW) == 2
    assert reread(newer).status == Status.DONE


# --- leases ---


def test_a_dead_workers_row_is_taken_over_when_its_lease_has_run_out(done, settings):
    message = owe()
    assert outbox._claim(NOW, None)  # and the worker is killed here
    lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    assert outbox.sweep(now=NOW + lease - timedelta(seconds=1)) == 0
    assert outbox.sweep(now=NOW + lease) == 1
    assert reread(message).status == Status.DONE
    assert message.attempts == 2


def test_a_topic_may_need_a_longer_lease():
    outbox.handler("test.long", lease=timedelta(minutes=10))(lambda _payload: None)
    owe(topic="test.long")
    assert outbox._claim(NOW, None).lease_until == NOW + timedelta(minutes=10)
    assert outbox._claim(NOW + timedelta(minutes=9), None) is None


@pytest.mark.parametrize("ending", ["done", "postponed", "given up"])
def test_a_worker_that_lost_its_lease_cannot_end_anothers_attempt(ending, done, monkeypatch):
    deaths = []
    outbox.handler("test.lost", on_dead=deaths.append)(
        {"done": done.append, "postponed": failing(ConnectionError()), "given up": failing(GiveUp("refused"))}[ending]
    )
    message = owe(topic="test.lost")
    slow = outbox._claim(NOW, None)
    later = NOW + timedelta(hours=1)
    quick = outbox._claim(later, None)
    outbox._attempt(slow, NOW)
    reread(message)
    assert (message.status, message.lease_owner, message.not_before) == (Status.PENDING, quick.lease_owner, NOW)
    assert deaths == []
    outbox._attempt(quick, later)
    assert reread(message).lease_owner is None
    assert len(deaths) == (ending == "given up")


def test_a_row_that_kills_every_worker_is_given_up_in_the_end(settings):
    """A handler that takes its process down never reports a failure: only the count of attempts can tell."""
    deaths, tries = [], []
    outbox.handler("test.killer", on_dead=deaths.append)(tries.append)
    message = owe(topic="test.killer")
    now = NOW
    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        assert outbox._claim(now, None)  # and the worker dies
        now += timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    assert outbox.sweep(now=now) == 1
    assert reread(message).status == Status.DEAD
    assert (len(deaths), tries) == (1, [])


# --- failing ---


def lateness(monkeypatch, pick) -> list[float]:
    """Seconds until the next attempt after each failed one, with ``pick`` for the dice."""
    monkeypatch.setattr(outbox.random, "uniform", pick)
    outbox.handler("test.fails")(failing(ConnectionError()))
    message = owe(topic="test.fails")
    waits, now = [], NOW
    for _ in range(7):
        assert outbox.sweep(now=now) == 1
        waits.append((reread(message).not_before - now).total_seconds())
        now = message.not_before
    return waits


def test_waits_grow_up_to_half_an_hour(monkeypatch):
    assert lateness(monkeypatch, lambda _low, high: high) == [30, 60, 120, 240, 480, 960, 1800]


def test_no_dice_bring_a_failed_row_back_at_once(monkeypatch):
    assert lateness(monkeypatch, lambda low, _high: low) == [3, 6, 12, 24, 48, 96, 180]


def test_rows_that_failed_together_come_back_apart():
    outbox.handler("test.fails")(failing(ConnectionError()))
    for number in range(20):
        owe(str(number), topic="test.fails")
    assert outbox.sweep(now=NOW) == 20
    waits = [(again - NOW).total_seconds() for again in OutboxMessage.objects.values_list("not_before", flat=True)]
    assert len(set(waits)) > 15
    assert all(3 <= wait <= 30 for wait in waits)


def test_a_failure_that_passes_ends_well(done):
    outcomes = iter([ConnectionError(), TimeoutError(), None])

    def work(_payload):
        error = next(outcomes)
        if error:
            raise error

    outbox.handler("test.wobbly")(work)
    message = owe(topic="test.wobbly")
    now = NOW
    for last_error in ("ConnectionError", "TimeoutError", ""):
        outbox.sweep(now=now)
        assert reread(message).last_error == last_error
        now += timedelta(hours=1)
    assert (message.status, message.attempts) == (Status.DONE, 3)


def test_giving_up_is_final_at_once_and_made_visible():
    deaths = []
    outbox.handler("test.refused", on_dead=deaths.append)(failing(GiveUp("the receiver refused code 7")))
    message = owe(topic="test.refused")
    assert outbox.sweep(now=NOW) == 1
    assert outbox.sweep(now=NOW + timedelta(days=1)) == 0
    reread(message)
    assert (message.status, message.attempts, message.lease_owner) == (Status.DEAD, 1, None)
    assert message.last_error == "GiveUp: the receiver refused code 7"
    assert deaths == [{"key": "one"}]


def test_after_the_last_attempt_a_row_is_a_dead_letter(settings):
    deaths = []
    outbox.handler("test.fails", on_dead=deaths.append)(failing(ConnectionError()))
    message = owe(topic="test.fails")
    for number in range(1, settings.OUTBOX_MAX_ATTEMPTS + 1):
        assert deaths == []
        assert outbox.sweep(now=NOW + timedelta(hours=number)) == 1
    assert outbox.sweep(now=NOW + timedelta(days=9)) == 0
    assert (reread(message).status, message.attempts) == (Status.DEAD, settings.OUTBOX_MAX_ATTEMPTS)
    assert len(deaths) == 1


def test_a_failure_keeps_its_kind_and_not_its_words():
    outbox.handler("test.fails")(failing(ValueError("Tanya Washington, 912-34-5678")))
    message = owe(topic="test.fails")
    outbox.sweep(now=NOW)
    assert reread(message).last_error == "ValueError"


def test_work_nobody_knows_is_a_dead_letter_with_its_reason():
    message = owe(topic="test.forgotten")
    outbox.sweep(now=NOW)
    assert reread(message).status == Status.DEAD
    assert message.last_error == "GiveUp: No handler for topic test.forgotten."


def test_a_failing_row_does_not_stop_the_sweep(done):
    outbox.handler("test.fails")(failing(RuntimeError()))
    owe("bad", topic="test.fails", not_before=NOW - timedelta(hours=1))
    owe("good")
    assert outbox.sweep(now=NOW) == 2
    assert done == [{"key": "good"}]


def test_neither_does_a_row_whose_burial_fails(done):
    def bury(_payload):
        AuditEvent.objects.create(action="half.done")
        raise RuntimeError

    outbox.handler("test.refused", on_dead=bury)(failing(GiveUp("refused")))
    bad = owe("bad", topic="test.refused", not_before=NOW - timedelta(hours=1))
    owe("good")
    assert outbox.sweep(now=NOW) == 2
    assert reread(bad).status == Status.DEAD
    assert done == [{"key": "good"}]
    assert not AuditEvent.objects.exists(), "what the burial had written before it failed is not kept"


def test_a_row_that_could_not_be_marked_is_not_buried(monkeypatch):
    deaths = []
    outbox.handler("test.refused", on_dead=deaths.append)(failing(GiveUp("refused")))
    message = owe(topic="test.refused")
    monkeypatch.setattr(outbox, "_finish", lambda *_args, **_kwargs: False)
    assert outbox.deliver(message_pk=message.pk, now=NOW)
    assert deaths == []


# --- dead letters again ---


def test_a_dead_letter_can_be_tried_again_from_the_start(done, told, django_capture_on_commit_callbacks):
    message = owe("letter")
    OutboxMessage.objects.filter(pk=message.pk).update(status=Status.DEAD, attempts=8)
    with django_capture_on_commit_callbacks(execute=True):
        assert outbox.retry(message) is True
    assert told == [message.pk]
    assert (reread(message).status, message.attempts, message.dedupe_key) == (Status.PENDING, 0, "letter")
    assert outbox.sweep() == 1
    assert done == [{"key": "letter"}]


@pytest.mark.parametrize("status", [Status.PENDING, Status.DONE])
def test_only_dead_letters_can_be_tried_again(status, told, django_capture_on_commit_callbacks):
    message = owe()
    OutboxMessage.objects.filter(pk=message.pk).update(status=status, attempts=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert outbox.retry(message) is False
    assert (reread(message).status, message.attempts, told) == (status, 3, [])


# --- handlers ---


def test_two_handlers_for_one_topic_are_refused(done):
    with pytest.raises(ValueError, match="Two handlers"):
        outbox.handler(TOPIC)(lambda _payload: None)
    assert outbox.topics() == [TOPIC]


# --- several workers at once, on committed rows ---


def in_threads(count: int, work: Callable[[], None]) -> None:
    start = threading.Barrier(count)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            start.wait(10)
            work()
        except BaseException as exc:  # noqa: BLE001 - raised again below
            faults.append(exc)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if faults:
        raise faults[0]


@pytest.mark.django_db(transaction=True)
def test_sweepers_at_the_same_time_share_the_work_and_double_none():
    handled: list[str] = []

    def work(payload):
        time.sleep(0.002)
        handled.append(payload["key"])

    outbox.handler(TOPIC)(work)
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            topic=TOPIC,
            dedupe_key=f"{number}",
            payload={"key": f"{number}"},
            not_before=NOW,
            order_key=f"member:{number % 7}" if number % 2 else "",
        )
        for number in range(60)
    )

    def sweep_until_nothing_is_left() -> None:
        # A sweep ends early when all rows left are in other hands or wait for their turn.
        deadline = time.monotonic() + 20
        while OutboxMessage.objects.filter(status=Status.PENDING).exists() and time.monotonic() < deadline:
            outbox.sweep(now=NOW)

    in_threads(4, sweep_until_nothing_is_left)
    assert sorted(handled) == sorted(f"{number}" for number in range(60))
    assert set(OutboxMessage.objects.values_list("status", "attempts")) == {(Status.DONE, 1)}
    for member in range(7):
        of_member = [number for number in map(int, handled) if number % 2 and number % 7 == member]
        assert of_member == sorted(of_member), "rows of one key are done oldest first"


@pytest.mark.django_db(transaction=True)
def test_a_row_in_another_workers_hands_is_passed_over_not_waited_for(done):
    first, second = owe("first"), owe("second")
    outcome: list[int] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM common_outboxmessage WHERE id = %s FOR UPDATE", [first.pk])
        in_threads(1, lambda: outcome.append(outbox.sweep(now=NOW)))
    assert outcome == [1]
    assert (reread(first).status, reread(second).status) == (Status.PENDING, Status.DONE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["sweep", "deliver"])
def test_the_lease_is_committed_before_the_work_begins(way):
    """Otherwise a killed worker would leave no trace, and a slow one would hold a lock for as long as it works."""
    seen: list[int] = []

    def work(_payload):
        in_threads(1, lambda: seen.append(OutboxMessage.objects.get().attempts))
        assert not connection.in_atomic_block

    outbox.handler(TOPIC)(work)
    message = owe()
    outbox.sweep(now=NOW) if way == "sweep" else outbox.deliver(message_pk=message.pk, now=NOW)
    assert seen == [1]
    assert OutboxMessage.objects.get().status == Status.DONE


@pytest.mark.django_db(transaction=True)
def test_the_same_fact_owed_by_two_requests_at_once_is_owed_once():
    in_threads(4, lambda: owe("fact"))
    assert OutboxMessage.objects.count() == 1


# Waiting for something else


def test_work_that_has_to_wait_is_tried_later_and_the_try_does_not_count(settings):
    settings.OUTBOX_MAX_ATTEMPTS = 2
    calls = []

    def waits(_payload):
        calls.append(1)
        if len(calls) < 5:
            raise NotYet("The scanner has not looked yet.", wait=timedelta(minutes=3))

    outbox.handler(TOPIC)(waits)
    message = owe()
    for tries in range(4):
        moment = NOW + tries * timedelta(minutes=3)
        outbox.sweep(now=moment)
        reread(message)
        assert (message.status, message.attempts) == (Status.PENDING, 0)
        assert message.not_before == moment + timedelta(minutes=3)
        assert message.lease_owner is None
    assert message.last_error == "NotYet: The scanner has not looked yet."
    outbox.sweep(now=message.not_before)
    assert reread(message).status == Status.DONE


# --- processes that die, and clocks that differ ---


def of_a_dead_process(owner: UUID) -> UUID:
    """The same owner as if a process of this machine had it that runs no more."""
    child = subprocess.Popen(["true"])
    child.wait()
    place = owner.bytes[: lease_owners.PLACE]
    return UUID(bytes=place + child.pid.to_bytes(lease_owners.PROCESS, "big") + owner.bytes[-4:])


def dies_with(message: OutboxMessage, now: datetime) -> None:
    claimed = outbox._claim(now, message.pk)
    OutboxMessage.objects.filter(pk=message.pk).update(lease_owner=of_a_dead_process(claimed.lease_owner))


@pytest.mark.feature("ISS_06")
@pytest.mark.parametrize("way", ["sweep", "told again"])
def test_a_dead_neighbours_row_is_done_at_once(done, way):
    message = owe()
    dies_with(message, NOW)
    soon = NOW + timedelta(seconds=1)
    assert (outbox.sweep(now=soon) if way == "sweep" else outbox.deliver(message_pk=message.pk, now=soon)) == 1
    assert reread(message).status == Status.DONE
    assert len(done) == 1


def test_a_row_that_kills_again_waits_longer_each_time_and_others_go_on(done):
    killer = owe("killer")
    owe("harmless")
    dies_with(killer, NOW)
    outbox.release_orphans(now=NOW)
    dies_with(killer, NOW)
    assert outbox.sweep(now=NOW) == 1
    assert done == [{"key": "harmless"}]
    assert reread(killer).not_before == NOW + outbox.FIRST_WAIT
    assert killer.last_error.startswith("WorkerLost")


def test_a_living_process_and_one_of_another_machine_keep_their_leases(done):
    here, elsewhere = owe("here"), owe("elsewhere")
    assert outbox._claim(NOW, here.pk)
    assert outbox._claim(NOW, elsewhere.pk)
    OutboxMessage.objects.filter(pk=elsewhere.pk).update(lease_owner=UUID(bytes=b"another!" + bytes(8)))
    assert outbox.release_orphans(now=NOW) == 0
    assert outbox.sweep(now=NOW) == 0


def test_a_worker_whose_clock_is_ahead_takes_no_row_from_another(done, settings):
    settings.SHARED_CLOCK = True
    message = outbox.add(TOPIC, dedupe_key="one", payload={})
    assert outbox._claim(clocks.shared_now(), message.pk)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert outbox.sweep() == 0
        later = outbox.add(TOPIC, dedupe_key="two", payload={})
    assert reread(later).not_before < datetime.now(UTC) + timedelta(minutes=1)
    assert done == []


@pytest.mark.feature("ISS_06")
def test_work_that_nobody_does_and_work_that_was_given_up_are_told_to_health(done, monkeypatch):
    assert outbox.problems() == []
    owe(not_before=clocks.shared_now() - outbox.LATE_AFTER - timedelta(seconds=1))
    assert outbox.problems() == ["owed_work_waits"]
    figures = {metric.name: metric.samples[()] for metric in outbox.metrics()}
    assert figures["portal_outbox_pending"] == 1
    assert 300 < figures["portal_outbox_oldest_untried_seconds"] < 400
    OutboxMessage.objects.update(attempts=1)
    assert outbox.problems() == []  # a retry is nothing new
    OutboxMessage.objects.update(status=Status.DEAD)
    assert outbox.problems() == ["owed_work_given_up"]
    OutboxMessage.objects.update(closed_note="settled")
    assert outbox.problems() == []
