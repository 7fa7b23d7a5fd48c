"""Two people change one member, or one prospect, at the same moment: one is told of the other, nothing is silently lost (F12)."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import MemberChange, PcpAssignment, Prospect
from clients.services import pcp
from tests.clients.test_contact_views import errors, filled
from tests.clients.test_pcp_service import asked, make
from tests.support.concurrency import at_once
from tests.support.factories import ContactPointFactory, ProspectFactory
from tests.support.installation import measured
from tests.support.providers import MedicalGroupFactory, assigned, covered, hmo_policy

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


def test_a_phone_number_changed_by_the_producer_and_her_delegate(world, sign_in):
    url = f"/clients/{world.account_number}/contact/"
    ContactPointFactory(member=world.policy.account.members.get(), kind="HOME", value="3125550142")
    people = [sign_in(world.producer), sign_in(world.delegate_with_service)]
    wins: Counter[int] = Counter()
    for round_ in range(ROUNDS):
        forms = [filled(person.get(url)) for person in people]
        numbers = [f"63055501{round_:02}", f"63055502{round_:02}"]
        answers = [None, None]

        def send(which: int, forms=forms, numbers=numbers, answers=answers) -> None:
            sent = {**forms[which], "type_0": "HOME", "number_0": numbers[which], "step": "finish"}
            answers[which] = people[which].post(url, sent)

        assert at_once(lambda: send(0), lambda: send(1)) == [None, None]
        (winner,) = [which for which in (0, 1) if answers[which].status_code == 302]
        wins[winner] += 1
        loser = answers[1 - winner]
        assert "What is there now: Home Phone Number" in errors(loser)["number_0"]
        assert "Nothing of yours was saved yet" in loser.content.decode()
        typed = "".join(character for character in filled(loser)["number_0"] if character.isdigit())
        assert typed == numbers[1 - winner]  # still there to be sent again, or not
        newest = MemberChange.objects.latest("id")
        assert numbers[winner] in str(newest.payload["after"])
        assert MemberChange.objects.count() == round_ + 1
    measured(f"F12: {ROUNDS} rounds, won by {dict(wins)}, the other told each time")


def test_a_physician_changed_to_two_others(world):
    for number in ("124", "131", "597"):
        MedicalGroupFactory(number=number)
    policy = hmo_policy(number=world.number)
    john = covered(policy)[:1]
    for coverage in john:
        assigned(coverage, PcpAssignment._meta.get_field("medical_group").related_model.objects.get(number="597"))
    now = timezone.now()
    wanted = [asked(policy, number=number, who=john) for number in ("124", "131")]
    seen = [pcp.examine(one, by=world.producer, now=now).seen for one in wanted]
    acts = [
        lambda: make(wanted[0], by=world.producer, seen=seen[0], key="window-of-the-producer"),
        lambda: make(wanted[1], by=world.delegate_with_service, seen=seen[1], key="window-of-the-delegate"),
    ]
    results = at_once(*acts)
    assert sorted(type(one).__name__ for one in results) == ["NotPossible", "bool"]
    assert MemberChange.objects.filter(kind="PCP").count() == 1
    assert PcpAssignment.objects.filter(policy=policy, end_date=None).count() == 1


def test_a_prospect_changed_by_the_producer_and_her_delegate(world, sign_in):
    prospect = ProspectFactory(producer=world.producer.producer, created_at=timezone.now() - timedelta(days=1))
    url = f"/clients/prospects/{prospect.pk}/"
    people = [sign_in(world.producer), sign_in(world.delegate_with_enroll)]
    cities = ["Peoria", "Joliet"]
    forms = [form_of(person.get(url)) for person in people]
    answers = [None, None]

    def send(which: int) -> None:
        answers[which] = people[which].post(url, {**forms[which], "city": cities[which]})

    assert at_once(lambda: send(0), lambda: send(1)) == [None, None]
    (winner,) = [which for which in (0, 1) if answers[which].status_code == 302]
    assert Prospect.objects.get().city == cities[winner]
    told = answers[1 - winner].content.decode()
    assert cities[winner] in told
    assert f'value="{cities[1 - winner]}"' in told


def form_of(response) -> dict[str, str]:
    """What the prospect's form would send."""
    form = response.context["form"]
    sent = {name: str(form[name].value() or "") for name in form.fields}
    return {**sent, **{name: form[name].value() or "" for name in form.fields}}
