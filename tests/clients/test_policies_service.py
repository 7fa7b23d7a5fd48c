"""Policies repeat their primary insured; the service keeps the copy equal."""

from datetime import date

import pytest
from django.db import transaction

from clients.models import Account, Member, Policy, SurnameForm
from clients.services import policies
from tests.support.concurrency import at_once
from tests.support.factories import MemberFactory, PolicyFactory

INSURED = (
    "insured_last_name",
    "insured_first_name",
    "insured_last_key",
    "insured_first_key",
    "insured_date_of_birth",
    "insured_ssn_digest",
    "insured_zip",
)


def copies(account: Account) -> set[tuple]:
    return set(Policy.objects.filter(account=account).values_list(*INSURED))


@pytest.mark.feature("SRC_02")
def test_every_policy_of_the_household_takes_over_name_birth_date_ssn_and_zip():
    medical = PolicyFactory()
    primary = Member.objects.get(account=medical.account)
    PolicyFactory(account=medical.account, dental=True, primary=primary)
    primary.first_name, primary.last_name = "José", "O'Brien-Muñoz"
    primary.date_of_birth, primary.ssn = date(1984, 2, 29), "666120987"
    primary.save()
    Account.objects.filter(pk=medical.account_id).update(zip="59715")

    assert policies.refresh_insured(account_ids=[medical.account_id]) == 2

    assert copies(medical.account) == {
        ("O'Brien-Muñoz", "José", "OBRIENMUNOZ", "JOSE", date(1984, 2, 29), primary.ssn_last4_digest, "59715")
    }


@pytest.mark.feature("SRC_10")
def test_a_surname_that_is_new_can_be_found_with_a_letter_wrong_at_once():
    policy = PolicyFactory()
    Member.objects.filter(account=policy.account, role=Member.Role.PRIMARY).update(last_name="Quillfeather")

    policies.refresh_insured(account_ids=[policy.account_id])

    assert SurnameForm.objects.filter(form="QUILLFEATHR", surname="QUILLFEATHER").exists()


def test_policies_that_are_equal_already_are_not_written():
    policy = PolicyFactory()
    assert policies.refresh_insured(account_ids=[policy.account_id, policy.account_id]) == 0


@pytest.mark.feature("SRC_02")
def test_a_dependent_never_becomes_the_insured():
    policy = PolicyFactory()
    before = copies(policy.account)
    MemberFactory(account=policy.account, role=Member.Role.SPOUSE, last_name="Aardvark")

    assert policies.refresh_insured(account_ids=[policy.account_id]) == 0

    assert copies(policy.account) == before


def test_other_households_and_households_without_a_primary_insured_stay_as_they_are():
    changed, other, headless = PolicyFactory(), PolicyFactory(), PolicyFactory()
    Member.objects.filter(account__in=[changed.account, other.account]).update(last_name="Newname")
    Member.objects.filter(account=headless.account).update(role=Member.Role.SPOUSE, last_name="Newname")

    assert policies.refresh_insured(account_ids=[changed.account_id, headless.account_id]) == 1

    assert set(Policy.objects.filter(insured_last_key="NEWNAME")) == {changed}


def test_an_ssn_that_is_gone_can_no_longer_be_searched():
    policy = PolicyFactory()
    Member.objects.filter(account=policy.account).update(ssn=None, ssn_last4_digest="")
    policies.refresh_insured(account_ids=[policy.account_id])
    policy.refresh_from_db()
    assert policy.insured_ssn_digest == ""


def test_a_key_that_grows_longer_than_the_name_is_cut_to_the_column():
    policy = PolicyFactory()
    Member.objects.filter(account=policy.account).update(last_name="ß" * 60)
    policies.refresh_insured(account_ids=[policy.account_id])
    policy.refresh_from_db()
    assert policy.insured_last_key == "S" * 60


def test_many_households_take_few_queries(django_assert_max_num_queries):
    accounts = [PolicyFactory().account_id for _ in range(7)]
    Member.objects.filter(account__in=accounts).update(first_name="Zoë")
    with django_assert_max_num_queries(9):  # four of them for surnames that may be new
        assert policies.refresh_insured(account_ids=accounts) == 7


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batches_leave_no_household_out(monkeypatch, batch):
    monkeypatch.setattr(policies, "ACCOUNTS_AT_ONCE", batch)
    accounts = [PolicyFactory().account_id for _ in range(4)]
    Member.objects.filter(account__in=accounts).update(first_name="Zoë")
    assert policies.refresh_insured(account_ids=accounts) == 4


@pytest.mark.django_db(transaction=True)
def test_a_new_name_and_a_new_zip_at_the_same_moment_both_arrive():
    policy = PolicyFactory()

    def marry() -> None:
        with transaction.atomic():
            Member.objects.filter(account=policy.account).update(last_name="Newname")
            policies.refresh_insured(account_ids=[policy.account_id])

    def move() -> None:
        with transaction.atomic():
            Account.objects.filter(pk=policy.account_id).update(zip="59715")
            policies.refresh_insured(account_ids=[policy.account_id])

    for _ in range(5):
        Member.objects.filter(account=policy.account).update(last_name="Oldname")
        Account.objects.filter(pk=policy.account_id).update(zip="60601")
        policies.refresh_insured(account_ids=[policy.account_id])
        assert at_once(marry, move) == [None, None]
        policy.refresh_from_db()
        assert (policy.insured_last_name, policy.insured_zip) == ("Newname", "59715")
