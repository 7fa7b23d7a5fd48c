"""The list of plans: filters, sorting, how figures are written, and the chart."""

from decimal import Decimal

import pytest
from django.http import QueryDict

from enrollment.models import Plan
from enrollment.plan_chart import WIDTH, chart_of
from enrollment.plan_list import NOT_AN_AMOUNT, PlanFilters, copay, dollars, limit, members_of, pair, too_old_text
from enrollment.rules.rating import Premium
from enrollment.selectors.pricing import PricedPlan

pytestmark = pytest.mark.no_db


def priced(name: str, total: str, *, markets=("ON", "OFF"), **values) -> PricedPlan:
    facts = {
        "line": "MEDICAL",
        "metal_level": "Silver",
        "network_type": "HMO",
        "hsa_eligible": False,
        "deductible_individual": Decimal("5000.00"),
        "moop_individual": Decimal("9000.00"),
        **values,
    }
    amount = Decimal(total)
    return PricedPlan(Plan(pk=abs(hash(name)) % 1000, name=name, **facts), Premium(amount, (40,), (amount,)), markets)


BRONZE = priced("Bronze", "300.00", metal_level="Bronze", hsa_eligible=True, deductible_individual=Decimal("7500.00"))
SILVER = priced("Silver", "410.50", markets=("OFF",))
GOLD = priced(
    "Gold",
    "520.10",
    metal_level="Gold",
    network_type="PPO",
    deductible_individual=Decimal("1500.00"),
    moop_individual=Decimal("8000.00"),
)
UNKNOWN = priced("Unknown", "350.00", deductible_individual=None, hsa_eligible=None)
DENTAL = priced(
    "Dental", "30.00", line="DENTAL", metal_level="Low", network_type="PPO", deductible_individual=Decimal("50.00")
)
ALL = [BRONZE, SILVER, GOLD, UNKNOWN, DENTAL]


def names(query: str) -> list[str]:
    return [one.plan.name for one in PlanFilters.read(QueryDict(query)).apply(ALL)]


@pytest.mark.feature("QUO_04")
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", ["Bronze", "Unknown", "Silver", "Gold", "Dental"]),
        ("line=DENTAL", ["Dental"]),
        ("metal=Gold&metal=Bronze", ["Bronze", "Gold"]),
        ("type=PPO", ["Gold", "Dental"]),
        ("hsa=yes", ["Bronze"]),
        ("at=ON", ["Bronze", "Unknown", "Gold", "Dental"]),
        ("deductible=5,000", ["Silver", "Gold", "Dental"]),
        ("low=300&high=$410.50", ["Bronze", "Unknown", "Silver"]),
        ("low=300.01&high=410.49", ["Unknown"]),
        ("sort=-premium", ["Gold", "Silver", "Unknown", "Bronze", "Dental"]),
        ("sort=deductible", ["Gold", "Silver", "Bronze", "Unknown", "Dental"]),
        ("sort=moop", ["Gold", "Bronze", "Silver", "Unknown", "Dental"]),
        ("sort=name", ["Bronze", "Gold", "Silver", "Unknown", "Dental"]),
        ("metal=Gold&hsa=yes", []),
        # What is no choice is left out.
        ("line=VISION&metal=Tin&type=%00&hsa=1&at=X&sort=secret", ["Bronze", "Unknown", "Silver", "Gold", "Dental"]),
    ],
)
def test_filters_leave_what_fits_medical_before_dental(query, left):
    assert names(query) == left


@pytest.mark.feature("QUO_04")
@pytest.mark.parametrize("typed", ["ten", "-5", "1e9", "NaN", "Infinity", "1_000", "٣٠٠", "9" * 30, "1.2.3"])
def test_what_is_no_amount_is_said_so_and_filters_nothing(typed):
    params = QueryDict(mutable=True)
    params["deductible"] = typed
    filters = PlanFilters.read(params)
    assert filters.errors == {"deductible": NOT_AN_AMOUNT}
    assert filters.typed["deductible"] == typed[:20]
    assert len(filters.apply(ALL)) == len(ALL)
    assert not filters.active


@pytest.mark.feature("QUO_04")
def test_the_address_carries_the_filters_and_nothing_else():
    query = "line=MEDICAL&metal=Gold&type=PPO&hsa=yes&at=ON&deductible=2000&sort=moop"
    filters = PlanFilters.read(QueryDict(f"{query}&plan=1-ON&name=Brandt"))
    assert filters.query() == query
    assert filters.active


@pytest.mark.feature("QUO_04")
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (dollars(Decimal("1234.5")), "$1,234.50"),
        (dollars(None), ""),
        (limit(Decimal("7500.00")), "$7,500"),
        (limit(Decimal("7500.50")), "$7,500.50"),
        (pair(Decimal("1500.00"), Decimal("3000.00")), "$1,500 / $3,000"),
        (pair(Decimal("50.00"), None), "$50"),
        (copay("deductible"), "After deductible"),
        (copay("3 visits $0, then deductible"), "3 visits $0, then deductible"),
    ],
)
def test_figures_are_written_as_people_write_them(written, expected):
    assert written == expected


@pytest.mark.feature("QUO_04")
def test_members_are_told_with_age_and_price_and_a_family_rate_without():
    premium = Premium(Decimal("300.00"), (40, 3), (Decimal("300.00"), Decimal("0.00")))
    assert members_of(premium, ["Nadia", "Dependent 1"]) == [
        ("Nadia (40)", "$300.00"),
        ("Dependent 1 (3)", "$0.00, not charged"),
    ]
    assert members_of(Premium(Decimal("60.00"), (40, 3), None), ["Nadia", "Dependent 1"]) == []


@pytest.mark.feature("QUO_04")
def test_a_dependent_past_the_plans_last_age_is_named():
    plan = Plan(dependent_max_age=25)
    assert too_old_text(plan, [("Ada", 25), ("Dependent 2", 3)]) == ""
    assert too_old_text(plan, [("Ada", 26), ("Dependent 2", 25)]) == (
        "Covers dependents through age 25, with a disability longer: Ada (26)"
    )


@pytest.mark.feature("QUO_04")
def test_the_chart_puts_dearer_plans_to_the_right_and_higher_deductibles_up():
    chart = chart_of(ALL, selected=frozenset({GOLD.plan.pk}))
    assert chart is not None
    points = {point.title.split(":")[0]: point for point in chart.points}
    assert set(points) == {"Bronze", "Silver", "Gold"}  # medical, with a known deductible
    assert points["Bronze"].x < points["Silver"].x < points["Gold"].x < WIDTH
    assert points["Bronze"].y < points["Silver"].y < points["Gold"].y < chart.height
    assert [name for name, point in points.items() if point.selected] == ["Gold"]
    assert [tick.text for tick in chart.up][0] == "$0"
    assert chart.summary == (
        "3 plans. The lowest premium is $300.00 a month (Bronze, deductible $7,500), the highest $520.10 (Gold, deductible "
        "$1,500). The lowest deductible is $1,500 (Gold)."
    )


@pytest.mark.feature("QUO_04")
def test_one_plan_makes_no_chart_and_equal_figures_make_one():
    assert chart_of([GOLD], selected=frozenset()) is None
    assert chart_of([GOLD, GOLD], selected=frozenset()) is not None
    free = priced("Free", "100.00", deductible_individual=Decimal("0.00"))
    assert chart_of([free, free], selected=frozenset()) is not None
