"""Plans, rates and places: 13 plans of Illinois and Texas in both years, made once; the whole catalog for few tests.

The small catalog is tests/data/catalog and tests/data/geography, cut out of the shipped one: catastrophic, bronze (HSA),
silver, gold and platinum, HMO, PPO and POS, on and off the exchange, dental by age, for children only and with family
rates. ZIP codes of one county: 60601, 60605, 60563, 77002, 77550 (Galveston, where the POS plan is not sold), 78701; of
several: 60120, 60174 (one rating area), 77447 (three areas; no plans in Montgomery County); in counties and states without
plans: 62704, 62901 (two counties), 75201, 59101 (two counties), 73102, 87501.
"""

from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from enrollment.models import Plan
from enrollment.rules.rating import PersonToRate, Relation
from enrollment.selectors.pricing import HouseholdToRate
from enrollment.services import catalog_import, geography_import
from tests.support.made_once import MadeOnce

SMALL = Path(__file__).resolve().parents[1] / "data"
WHOLE = Path(settings.BASE_DIR) / "enrollment" / "data"

COOK, DUPAGE, HARRIS, GALVESTON, WALLER = "17031", "17043", "48201", "48167", "48473"
SILVER_HMO, SECURITY_HMO, BRONZE_PPO, GOLD_PPO, GOLD_POS = (
    "00017IL0100005",
    "00017IL0100001",  # catastrophic
    "00017IL0200001",  # HSA
    "00017IL0200003",
    "00017IL0300001",  # on the exchange only
)
DENTAL, DENTAL_KIDS, DENTAL_FAMILY = "00017IL0800001", "00017IL0800003", "00017IL0800010"
TEXAS_SILVER_HMO, TEXAS_PLATINUM_PPO = "00048TX0100005", "00048TX0200004"  # the second off the exchange only


def import_folder(folder: Path) -> None:
    """Take over ``geography`` and ``catalog`` of a folder, in the test's own transaction."""
    now = timezone.now()
    for service, name in ((geography_import, "geography"), (catalog_import, "catalog")):
        service.write(service.read(folder / name), folder=name, now=now, imported_by="tests")


def build_small() -> None:
    import_folder(SMALL)


def import_whole_catalog() -> None:
    """Everything that is shipped: 160 plans, 70,000 rates. Takes two seconds; for tests that need a state's whole list."""
    import_folder(WHOLE)


THE_CATALOG = MadeOnce(build_small)


def plan(plan_id: str = SILVER_HMO, year: int = 2027) -> Plan:
    return Plan.objects.select_related("service_area").get(plan_id=plan_id, plan_year=year)


def person(rel: str, born: str, *, tobacco: bool = False, added_on: str = "") -> PersonToRate:
    """``person("child", "2015-03-01")``."""
    return PersonToRate(
        Relation(rel), date.fromisoformat(born), tobacco, date.fromisoformat(added_on) if added_on else None
    )


def household(
    *people: PersonToRate, county: str = COOK, day: date = date(2027, 1, 1), exempt: bool = False
) -> HouseholdToRate:
    """A household; by default a couple of 40 and 38 with a child of 9."""
    everybody = people or (person("self", "1986-06-01"), person("spouse", "1988-06-01"), person("child", "2017-06-01"))
    return HouseholdToRate(county, day, everybody, exempt)
