"""The carrier's browser of exchanged files: what is in them, who looked, and nothing beside them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.membersystem.gateways.x12_834 import X12Gateway
from clients.membersystem.x12.showing import lines
from clients.models import X12File
from portal.common.models import AuditEvent
from tests.clients.test_x12_gateway import NOW, change, come_in, exchange, family, send, sent_text
from tests.support import pages
from tests.support.factories import PolicyFactory
from tests.support.x12 import acknowledged, sample

LIST = "admin:clients_x12file_changelist"
__all__ = ["exchange", "family"]  # fixtures


def url(what: str, file: X12File) -> str:
    return reverse(f"admin:clients_x12file_{what}", args=[file.pk])


@pytest.fixture
def sent(exchange, world) -> X12File:
    """A file with a change of the producer's book and one of the outsider's."""
    send(X12Gateway(), change(world.policy), change(world.outsider_policy))
    return X12File.objects.get()


@pytest.fixture
def answered(sent, exchange) -> X12File:
    changes = [one.reference.replace("-", "_") for one in sent.sets.order_by("id")]
    come_in(exchange, acknowledged(sent_text(exchange), **{changes[1]: "R"}))
    gateway = X12Gateway()
    for one in gateway.read_answers(now=NOW):
        gateway.mark_stored(one.receipt)
    return X12File.objects.get(direction="IN")


@pytest.fixture
def set_apart(exchange) -> X12File:
    come_in(exchange, "<script>alert(1)</script>\nnot \x1b an answer", "odd.edi")
    assert list(X12Gateway().read_answers(now=NOW)) == []
    return X12File.objects.get(state="QUARANTINED")


def test_a_file_shows_what_became_of_each_of_its_sets(world, sign_in, answered):
    sent = X12File.objects.get(direction="OUT")
    client = sign_in(world.admin)
    page = pages.read(client.get(url("change", sent)))
    assert "Partly rejected" in page.text
    rows = page.one("section", class_="x12-sets").text
    for one in sent.sets.all():
        assert one.st02 in rows
        assert page.one("a", href=reverse("admin:clients_memberchange_change", args=[one.change_id]))
    assert "NM1, segment 12: element errors; element 9: too short" in rows
    theirs = pages.read(client.get(url("change", answered)))
    assert "Transaction sets it answered" in theirs.text
    assert sent.name in theirs.one("section", class_="x12-sets").text


def test_the_segments_are_shown_one_a_line_and_the_look_stands_with_the_file_and_with_each_change(
    world, sign_in, sent, exchange
):
    page = pages.read(sign_in(world.admin).get(url("segments", sent)))
    shown = [item.text for item in page.all("li") if item.text.startswith(("ISA*", "GS*", "INS*", "IEA*"))]
    assert [line[:3] for line in shown] == ["ISA", "GS*", "INS", "INS", "IEA"]
    events = AuditEvent.objects.filter(action="x12.viewed").order_by("id")
    assert [(event.object_type, event.object_id) for event in events] == [
        ("x12file", sent.name),
        *(("memberchange", str(one.change_id)) for one in sent.sets.order_by("change_id")),
    ]
    assert {event.for_producer for event in events} == {
        "",
        world.producer.producer.npn,
        world.outsider.producer.npn,
    }


def test_a_download_is_the_file_to_the_byte_and_is_written_down(world, sign_in, sent, exchange):
    response = sign_in(world.admin).get(url("download", sent))
    assert response.content == sent_text(exchange).encode()
    assert response["Content-Disposition"] == f'attachment; filename="{sent.name}"'
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert AuditEvent.objects.filter(action="x12.downloaded").count() == 3


def test_what_is_in_quarantine_is_shown_harmlessly_and_can_be_put_back(world, sign_in, set_apart, exchange):
    client = sign_in(world.admin)
    assert "The file holds control characters." in client.get(url("change", set_apart)).content.decode()
    page = client.get(url("segments", set_apart)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "not · an answer" in page
    assert client.get(url("put_back", set_apart)).status_code == 405
    said = client.post(url("put_back", set_apart), follow=True).content.decode()
    assert "the next sweep reads it" in said
    assert (exchange / "inbound" / "odd.edi").exists()
    assert AuditEvent.objects.filter(action="x12.put_back", object_id="odd.edi").count() == 1
    set_apart.refresh_from_db()
    assert set_apart.state == X12File.State.PUT_BACK
    # A second press finds nothing to put back, and says so.
    assert "Nothing of this file" not in said
    again = client.post(url("put_back", set_apart), follow=True).content.decode()
    assert "A file of this name lies in the inbound folder." in again
    assert AuditEvent.objects.filter(action="x12.put_back").count() == 1


def test_a_file_that_is_gone_is_said_to_be_and_no_look_is_written_down(world, sign_in, set_apart, exchange):
    for path in (exchange / "quarantine").iterdir():
        path.unlink()
    client = sign_in(world.admin)
    for what in ("segments", "download"):
        assert "missing from its folder" in client.get(url(what, set_apart), follow=True).content.decode()
    assert not AuditEvent.objects.filter(action__startswith="x12.").exists()


def test_the_list_filters_by_folder_and_by_what_is_overdue_and_finds_by_number(
    world, sign_in, answered, set_apart, exchange
):
    client = sign_in(world.admin)
    send(X12Gateway(), change(PolicyFactory()))
    waiting = X12File.objects.get(state="WAITING")
    sent = X12File.objects.get(state="PARTLY")

    def names(**asked):
        page = pages.read(client.get(reverse(LIST), asked))
        return {cell.text for cell in page.all("th", class_="field-name")}

    X12File.objects.filter(pk=waiting.pk).update(happened_at=timezone.now() - timedelta(hours=30))
    assert names() == {waiting.name, sent.name, answered.name, set_apart.name}
    assert names(folder="outbound") == {waiting.name}
    assert names(folder="archive") == {sent.name, answered.name}
    assert names(folder="quarantine") == {set_apart.name}
    assert names(overdue="yes") == {waiting.name}
    assert names(q=sent.isa13) == {sent.name}
    assert names(q=sent.sets.first().reference) == {sent.name}
    page = client.get(reverse(LIST)).content.decode()
    assert "Waiting for an answer (overdue)" in page
    assert "In the inbound folder, waiting to be read: 0." in page


def test_more_files_take_no_more_queries(world, sign_in, exchange, django_assert_max_num_queries):
    client = sign_in(world.admin)
    for _ in range(4):
        send(X12Gateway(), change(PolicyFactory()))
    with django_assert_max_num_queries(14):
        client.get(reverse(LIST))


@pytest.mark.parametrize("what", ["segments", "download", "change"])
def test_nobody_but_carrier_staff_sees_a_file(world, sign_in, client, sent, what):
    for user in (world.producer, world.delegate_with_service, world.outsider):
        assert sign_in(user).get(url(what, sent)).status_code in (302, 403, 404)
    assert client.get(url(what, sent)).status_code == 302


def test_a_file_is_asked_for_by_its_number_and_by_no_path(world, sign_in, sent):
    client = sign_in(world.admin)
    assert client.get("/admin/clients/x12file/999999/segments/").status_code == 404
    for odd in ("../../etc/passwd", sent.name, "%2e%2e%2fsecret"):
        page = client.get(f"/admin/clients/x12file/{odd}/segments/", follow=True)
        assert "ISA*" not in page.content.decode()
        assert "root:" not in page.content.decode()
    assert not AuditEvent.objects.filter(action__startswith="x12.").exists()


@pytest.mark.no_db
def test_a_file_is_split_at_its_own_terminator():
    assert lines(sample("834_pcp_change").encode())[:2] == [
        sample("834_pcp_change").splitlines()[0],
        "GS*BE*PRODPORTAL*MEMBERSYS*20261121*1430*103*X*005010X220A1~",
    ]
    assert lines(sample("834_pcp_change").replace("~\n", "'").encode())[-1] == "IEA*1*000000103'"
    assert lines(b"one\r\ntwo\rthree\xff\x00") == ["one", "two", "three··"]
    assert lines(b"") == []
