"""A small directory, households on HMO plans and who has whom, in trade words."""

from datetime import date, timedelta
from typing import Any

import factory
from django.utils import timezone

from clients.models import Coverage, MedicalGroup, Member, PcpAssignment, PcpReason, Policy, Provider
from clients.rules.pcp_reasons import REASONS
from portal.common.dates import today_in
from tests.support.factories import MemberFactory, PolicyFactory

OPENED = date(2012, 1, 1)
# Ten-digit numbers with the right check digit.
NPIS = ("1234567893", "1993999998", "2234567891", "1000000004", "2999999990")


class MedicalGroupFactory(factory.django.DjangoModelFactory):
    """An open Illinois group of HMO and POS networks."""

    class Meta:
        model = MedicalGroup

    class Params:
        closed = factory.Trait(end_date=date(2022, 12, 31))

    number = factory.Sequence(lambda n: f"{200 + n % 800}")
    name = factory.LazyAttribute(lambda o: f"Fox Valley Physicians {o.number}")
    us_state = "IL"
    city = "Aurora"
    networks = ["HMO", "POS"]
    effective_date = OPENED


def _npi(place: int) -> str:
    from clients.rules.pcp_numbers import is_npi

    stem = f"1{place:08d}"
    return next(f"{stem}{digit}" for digit in range(10) if is_npi(f"{stem}{digit}"))


class ProviderFactory(factory.django.DjangoModelFactory):
    """A family physician with an open panel, in no group unless a test says so."""

    class Meta:
        model = Provider

    class Params:
        closed_panel = factory.Trait(accepts_new_patients=False)
        specialist = factory.Trait(serves_as_pcp=False, specialty="Cardiology")
        pediatrician = factory.Trait(specialty="Pediatrics", oldest_age=18)

    npi = factory.Sequence(lambda n: _npi(30_000_000 + n))
    pcpa_number = factory.Sequence(lambda n: f"PIL{40_000 + n}")
    first_name = "Anne"
    last_name = factory.Sequence(lambda n: f"Dvorak{'abcdefghij'[n % 10]}")
    specialty = "Family Medicine"
    city = "Aurora"
    us_state = "IL"
    networks = ["HMO", "POS"]
    effective_date = OPENED


def reasons_on_file() -> None:
    """The 19 reasons; tests that commit empty the table the migration has filled."""
    if PcpReason.objects.exists():
        return
    PcpReason.objects.bulk_create(PcpReason(**{**vars(reason), "limit": reason.limit.value}) for reason in REASONS)


def hmo_policy(*, number: Any, family: int = 2, **facts: Any) -> Policy:
    """An active HMO policy in force for 200 days: the primary insured, with a spouse and children up to ``family``."""
    reasons_on_file()
    primary = facts.pop("primary", None) or MemberFactory(first_name="John", last_name="Doe", sex="M")
    account = primary.account
    others = [
        MemberFactory(
            account=account,
            role=Member.Role.SPOUSE if place == 0 else Member.Role.CHILD,
            first_name="Jane" if place == 0 else f"Kim{place}",
            last_name="Doe",
            sex="F",
            date_of_birth=date(1981, 1, 1) if place == 0 else date(2015, 3, 1 + place),
        )
        for place in range(family - 1)
    ]
    facts.setdefault("us_state", account.us_state)
    return PolicyFactory(
        primary=primary,
        producer_number=number,
        requires_pcp=facts.pop("requires_pcp", True),
        network_type=facts.pop("network_type", "HMO"),
        product_name=facts.pop("product_name", "Prairie Summit Gold HMO 001"),
        coverage=others,
        member_count=family,
        **facts,
    )


def covered(policy: Policy) -> list[Coverage]:
    """The policy's coverages: primary insured first, then the others as they were made."""
    return list(Coverage.objects.filter(policy=policy).select_related("member").order_by("member_id"))


def assigned(
    coverage: Coverage, group: MedicalGroup | None, *, since: date | None = None, **facts: Any
) -> PcpAssignment:
    """``group`` (or ``provider=``) is the member's from ``since`` on; without a day, from the beginning of coverage."""
    facts.setdefault("received_on", since or coverage.effective_date)
    return PcpAssignment.objects.create(
        member=coverage.member,
        policy=coverage.policy,
        medical_group=group,
        effective_date=since or coverage.effective_date,
        **facts,
    )


def today() -> date:
    return today_in("IL")


def next_first(after: date | None = None) -> date:
    """The first of the next month."""
    day = after or today()
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def now() -> Any:
    return timezone.now()
