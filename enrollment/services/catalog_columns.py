"""The columns of plans, rates, service areas and business rules (public-use-file layout), and how their cells are read."""

import re
from typing import Any

from clients.models import Policy
from enrollment.models import Plan
from enrollment.rules.rating import OLDEST
from enrollment.services.geography_import import rating_area_number
from enrollment.services.import_files import (
    BadCell,
    Column,
    amount,
    amount_text,
    one_of,
    shape,
    whole_number,
    words,
    yes_no,
)
from portal.common.dates import US_STATES

FAMILY = "Family Option"
# Text of an Age cell to the ages it names, both inclusive.
_RANGE = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
_UPWARDS = re.compile(r"([0-9]{1,3}) (?:and|or) over")
OLDEST_LISTED = 120

# The same three words in every rule about how many children are charged.
_ALL_CHILDREN = 3

FAMILY_RATES = {
    "IndividualRate": "individual",
    "Couple": "couple",
    "PrimarySubscriberAndOneDependent": "one_dependent",
    "PrimarySubscriberAndTwoDependents": "two_dependents",
    "PrimarySubscriberAndThreeOrMoreDependents": "three_dependents",
    "CoupleAndOneDependent": "couple_one_dependent",
    "CoupleAndTwoDependents": "couple_two_dependents",
    "CoupleAndThreeOrMoreDependents": "couple_three_dependents",
}


def age_band(text: str) -> tuple[int, int, bool] | None:
    """First and last age, and whether it is a single age; None for "Family Option"."""
    if text == FAMILY:
        return None
    if text.isascii() and text.isdigit() and int(text[:4]) <= OLDEST_LISTED:
        return int(text), int(text), True
    if (span := _RANGE.fullmatch(text)) and int(span[1]) < int(span[2]) <= OLDEST_LISTED:
        return int(span[1]), int(span[2]), False
    if (span := _UPWARDS.fullmatch(text)) and int(span[1]) <= OLDEST_LISTED:
        return int(span[1]), OLDEST, False
    raise BadCell('is not an age; write 21, 0-14, "64 and over" or "Family Option"')


def _most_children(text: str) -> int:
    """How many children are charged: "3 or more" is three, as the law has it."""
    if text == "3 or more":
        return _ALL_CHILDREN
    if text == "Not Applicable":
        return _ALL_CHILDREN
    try:
        return whole_number(0, 20)(text)
    except BadCell:
        raise BadCell('is unknown; write a number or "3 or more"') from None


def _months(text: str) -> int | None:
    return None if text == "Not Applicable" else whole_number(0, 120)(text)


def _dependent_age(text: str) -> int:
    return Plan._meta.get_field("dependent_max_age").default if text == "Not Applicable" else whole_number(0, 120)(text)


def _rate(text: str) -> str:
    plain = amount_text(text)
    if not plain.strip("0."):
        raise BadCell("is no rate; it must be more than 0")
    return plain


def _rating(text: str) -> str:
    # "A different rate (specifically for parties of two or more) for each enrollee is added together" and variants of
    # its spacing; "There are rates specifically for couples and for families (not just addition of individual rates)".
    squeezed = re.sub(r"[^a-z]", "", text.lower())
    if squeezed.startswith("adifferentrate") and squeezed.endswith("addedtogether"):
        return Plan.Rating.PER_MEMBER
    if squeezed.startswith("therearerates") and "couplesandforfamilies" in squeezed:
        return Plan.Rating.FAMILY
    raise BadCell("is not a way of rating families that is known here")


def _percent(text: str) -> Any:
    value = amount(text.removesuffix("%").strip())
    if value > 100:
        raise BadCell("is not a percentage")
    return value


_year = Column(name="BusinessYear", read=whole_number(2014, 2099), required=True)
_state = Column(name="StateCode", read=one_of({state: state for state in US_STATES}), required=True)
_plan_id = Column(
    name="PlanId", read=shape(r"[0-9]{5}[A-Z]{2}[0-9]{7}", "a plan ID such as 00017IL0100001"), required=True
)
_dental = one_of({"Yes": Policy.Line.DENTAL, "No": Policy.Line.MEDICAL})


def _money(name: str) -> Column:
    return Column(name=name, read=amount, empty=None)


COLUMNS: dict[str, tuple[Column, ...]] = {
    "plans": (
        _year,
        _state,
        Column(name="IssuerId", read=shape(r"[0-9]{5}", "an issuer ID of five digits"), required=True),
        Column(name="IssuerName", read=words(120), required=True),
        _plan_id,
        Column(name="PlanMarketingName", read=words(160), required=True),
        Column(name="MetalLevel", read=one_of({level: level for level in Plan.Metal.values}), required=True),
        Column(name="PlanType", read=one_of({kind: kind for kind in Policy.Network.values}), required=True),
        Column(name="MarketCoverage", read=one_of({"Individual": "Individual"}), empty="Individual"),
        Column(name="OnExchange", read=yes_no, required=True),
        Column(name="OffExchange", read=yes_no, required=True),
        Column(name="DentalOnlyPlan", read=_dental, required=True),
        Column(name="IsHSAEligible", read=yes_no, empty=None),
        Column(
            name="ChildOnlyOffering",
            read=one_of(
                {
                    "Allows Adult and Child-Only": Plan.ChildOnly.BOTH,
                    "Allows Adult-Only": Plan.ChildOnly.ADULT,
                    "Allows Child-Only": Plan.ChildOnly.CHILD,
                }
            ),
            required=True,
        ),
        Column(name="ServiceAreaId", read=words(10), required=True),
        _money("DeductibleIndividual"),
        _money("DeductibleFamily"),
        _money("MoopIndividual"),
        _money("MoopFamily"),
        Column(name="ActuarialValue", read=_percent, empty=None),
        Column(name="PrimaryCare", read=words(120)),
        Column(name="Specialist", read=words(120)),
        Column(name="EmergencyRoom", read=words(120)),
        Column(name="GenericDrugs", read=words(120)),
        _money("DentalAnnualMax"),
        Column(name="ConsumerChoiceDisclosure", read=yes_no, empty=False),
    ),
    "rates": (
        _year,
        _plan_id,
        Column(name="RatingAreaId", read=rating_area_number, required=True),
        Column(name="Age", read=age_band, required=True),
        Column(name="IndividualRate", read=_rate, required=True),
        Column(name="IndividualTobaccoRate", read=_rate),
        *(Column(name=name, read=_rate) for name in FAMILY_RATES if name != "IndividualRate"),
    ),
    "service_areas": (
        Column(name="BusinessYear", read=whole_number(2014, 2099), empty=None),
        Column(name="ServiceAreaId", read=words(10), required=True),
        _state,
        Column(name="County", read=shape(r"[0-9]{5}", "a county's FIPS code of five digits"), required=True),
    ),
    "business_rules": (
        _year,
        _plan_id,
        Column(name="EnrolleeContractRateDeterminationRule", read=_rating, required=True),
        Column(name="TwoParentFamilyMaxDependentsRule", read=_most_children, empty=_ALL_CHILDREN),
        Column(name="SingleParentFamilyMaxDependentsRule", read=_most_children, empty=_ALL_CHILDREN),
        Column(name="DependentMaximumAgRule", read=_dependent_age, empty=25),
        Column(name="ChildrenOnlyContractMaxChildrenRule", read=_most_children, empty=_ALL_CHILDREN),
        Column(name="DomesticPartnerAsSpouseIndicator", read=yes_no, empty=True),
        # Individual coverage is rated by the age on its first day (45 CFR 147.102(a)(1)(iii)).
        Column(
            name="AgeDeterminationRule",
            read=one_of({"Age on effective date": "Age on effective date"}),
            empty="Age on effective date",
        ),
        Column(name="MinimumTobaccoFreeMonthsRule", read=_months, empty=None),
    ),
}

# Column of plans and business_rules to the field of Plan it fills.
PLAN_FIELDS = {
    "StateCode": "us_state",
    "IssuerId": "issuer_id",
    "IssuerName": "issuer_name",
    "PlanMarketingName": "name",
    "DentalOnlyPlan": "line",
    "MetalLevel": "metal_level",
    "PlanType": "network_type",
    "OnExchange": "on_exchange",
    "OffExchange": "off_exchange",
    "IsHSAEligible": "hsa_eligible",
    "ChildOnlyOffering": "child_only",
    "ConsumerChoiceDisclosure": "consumer_choice",
    "DeductibleIndividual": "deductible_individual",
    "DeductibleFamily": "deductible_family",
    "MoopIndividual": "moop_individual",
    "MoopFamily": "moop_family",
    "ActuarialValue": "actuarial_value",
    "PrimaryCare": "primary_care",
    "Specialist": "specialist",
    "EmergencyRoom": "emergency_room",
    "GenericDrugs": "generic_drugs",
    "DentalAnnualMax": "dental_annual_max",
}
RULE_FIELDS = {
    "EnrolleeContractRateDeterminationRule": "rating",
    "TwoParentFamilyMaxDependentsRule": "most_children_two_parents",
    "SingleParentFamilyMaxDependentsRule": "most_children_one_parent",
    "ChildrenOnlyContractMaxChildrenRule": "most_children_child_only",
    "DependentMaximumAgRule": "dependent_max_age",
    "DomesticPartnerAsSpouseIndicator": "domestic_partner_as_spouse",
    "MinimumTobaccoFreeMonthsRule": "tobacco_free_months",
}
