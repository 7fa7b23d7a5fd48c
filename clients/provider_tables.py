"""What the Provider Finder has found, with numbers to copy (PCP_02)."""

from typing import Any

from django.db.models import Q, QuerySet

from clients.models import MedicalGroup, Provider
from clients.rules.names import name_key
from portal.common.dates import US_STATES
from portal.common.tables import Column, FilterFunction, Table, contains, starts

SEXES = {"F": "Women and girls", "M": "Men and boys", "": ""}
YES_NO = (("", "All"), ("Y", "Yes"), ("N", "No"))
STATES = [("", "All"), *((state, state) for state in US_STATES)]


def _begins(*fields: str) -> FilterFunction:
    """The beginning of one of the names, whatever its case, accents and punctuation."""

    def condition(typed: str) -> Q:
        found = Q()
        for name in fields:
            found |= Q(**{f"{name}__startswith": name_key(typed)})
        return found

    return condition


def _yes(field: str) -> FilterFunction:
    return lambda typed: Q(**{field: typed == "Y"})


def _ages(one: Provider) -> str:
    """From the youngest to the oldest age that is seen, both inclusive; empty for everybody."""
    if one.youngest_age is not None and one.oldest_age is not None:
        return f"{one.youngest_age} to {one.oldest_age}"
    if one.youngest_age is not None:
        return f"from {one.youngest_age}"
    return f"up to {one.oldest_age}" if one.oldest_age is not None else ""


def _networks(row: Any) -> str:
    return ", ".join(row.networks)


NETWORKS = Column(
    key="networks", label="Networks", value=_networks, filter_by=lambda typed: Q(networks__contains=[typed.upper()])
)


class PhysicianTable(Table[Provider]):
    id = "physicians"
    caption = "Physicians"
    default_sort: tuple[str, ...] = ("last_name", "first_name")
    empty_title = "No physician found"
    empty_text = "Nobody in the directory fits everything you entered. Clear a field and search again."
    columns = (
        Column(
            key="name",
            label="Name",
            value=lambda row: f"{row.last_name}, {row.first_name}",
            sort=("last_name", "first_name"),
            filter_by=_begins("last_name_key", "first_name_key"),
        ),
        Column(
            key="specialty",
            label="Specialty",
            value=lambda row: row.specialty,
            sort=("specialty",),
            filter_by=contains("specialty"),
        ),
        Column(
            key="group_number",
            label="Medical Group #",
            value=lambda row: row.medical_group.number if row.medical_group else "",
            sort=("medical_group__number",),
            filter_by=starts("medical_group__number"),
            copied="Medical group number",
        ),
        Column(
            key="group_name",
            label="Medical Group Name",
            value=lambda row: row.medical_group.name if row.medical_group else "",
            sort=("medical_group__name",),
            filter_by=contains("medical_group__name"),
        ),
        Column(key="npi", label="NPI", value=lambda row: row.npi, filter_by=starts("npi"), copied="NPI"),
        Column(
            key="pcpa_number",
            label="PCP / PCPA #",
            value=lambda row: row.pcpa_number,
            filter_by=starts("pcpa_number"),
            copied="PCP / PCPA number",
        ),
        Column(key="city", label="City", value=lambda row: row.city, sort=("city",), filter_by=_begins("city_key")),
        Column(
            key="us_state",
            label="State",
            value=lambda row: row.us_state,
            sort=("us_state", "city"),
            filter_by=lambda typed: Q(us_state=typed),
            choices=STATES,
        ),
        Column(
            key="accepting",
            label="Accepting New Patients",
            value=lambda row: row.accepts_new_patients,
            text=lambda row: "Yes" if row.accepts_new_patients else "No",
            filter_by=_yes("accepts_new_patients"),
            choices=YES_NO,
        ),
        Column(key="ages", label="Ages", value=_ages),
        Column(key="sex", label="Sees", value=lambda row: SEXES[row.only_sex], shown=False),
        Column(
            key="pcp",
            label="PCP",
            value=lambda row: row.serves_as_pcp,
            text=lambda row: "Yes" if row.serves_as_pcp else "No",
            filter_by=_yes("serves_as_pcp"),
            choices=YES_NO,
            shown=False,
        ),
        NETWORKS,
    )

    def with_related(self, rows: "QuerySet[Provider]") -> "QuerySet[Provider]":
        return rows.select_related("medical_group")


class MedicalGroupTable(Table[MedicalGroup]):
    id = "medical-groups"
    caption = "Medical Groups"
    default_sort: tuple[str, ...] = ("us_state", "number")
    empty_title = "No medical group found"
    empty_text = "No group in the directory fits everything you entered. Clear a field and search again."
    columns = (
        Column(
            key="number",
            label="Medical Group #",
            value=lambda row: row.number,
            sort=("number",),
            filter_by=starts("number"),
            copied="Medical group number",
        ),
        Column(
            key="name",
            label="Medical Group Name",
            value=lambda row: row.name,
            sort=("name",),
            filter_by=contains("name"),
        ),
        Column(key="city", label="City", value=lambda row: row.city, sort=("city",), filter_by=_begins("city_key")),
        Column(
            key="us_state",
            label="State",
            value=lambda row: row.us_state,
            sort=("us_state", "city"),
            filter_by=lambda typed: Q(us_state=typed),
            choices=STATES,
        ),
        NETWORKS,
    )
