"""The directory of medical groups and physicians: which entry a number names, and the Provider Finder's search (PCP_02, PCP_05).

The directory holds nobody's data; everybody who may see clients may read it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Q, QuerySet

from clients.models import MedicalGroup, PcpAssignment, Provider, WithdrawnPcpAssignment
from clients.rules.names import name_key
from clients.rules.pcp_change import DirectoryEntry
from clients.rules.pcp_numbers import NumberKind, ProviderNumber
from clients.rules.similar_names import SHORTEST, nearest

GROUPS, PHYSICIANS = "groups", "physicians"
MOST_RESPELLED = 3


def group_key(group: MedicalGroup | None) -> str:
    """How rules name a medical group: numbers are given out state by state."""
    return f"{group.us_state} {group.number}" if group else ""


@dataclass(frozen=True)
class FoundEntry:
    """What a number names: a medical group, or a physician with the medical group he or she belongs to, if any."""

    group: MedicalGroup | None
    provider: Provider | None

    @property
    def key(self) -> str:
        """Names the entry in forms: another key is another entry."""
        return f"npi-{self.provider.npi}" if self.provider else f"group-{group_key(self.group).replace(' ', '-')}"

    @property
    def _subject(self) -> Provider | MedicalGroup:
        subject = self.provider or self.group
        assert subject is not None  # noqa: S101 - an entry is one of the two
        return subject

    @property
    def us_state(self) -> str:
        return self._subject.us_state

    @property
    def first_day(self) -> date:
        return self._subject.effective_date

    @property
    def last_day(self) -> date | None:
        """Last day in the directory; a physician leaves it with the medical group at the latest."""
        days = [one.end_date for one in (self.provider, self.group) if one and one.end_date]
        return min(days, default=None)

    @property
    def group_number(self) -> str:
        return self.group.number if self.group else ""

    @property
    def group_name(self) -> str:
        return self.group.name if self.group else ""

    @property
    def npi(self) -> str:
        return self.provider.npi if self.provider else ""

    @property
    def provider_name(self) -> str:
        return provider_name(self.provider)

    @property
    def facts(self) -> DirectoryEntry:
        """The entry as the rules judge it. A medical group as such has an open panel for everybody."""
        one = self.provider
        return DirectoryEntry(
            us_state=self.us_state,
            group=group_key(self.group),
            npi=self.npi,
            networks=frozenset(self._subject.networks),
            serves_as_pcp=one.serves_as_pcp if one else True,
            accepts_new_patients=one.accepts_new_patients if one else True,
            youngest_age=one.youngest_age if one else None,
            oldest_age=one.oldest_age if one else None,
            only_sex=one.only_sex if one else "",
            first_day=self.first_day,
            last_day=self.last_day,
        )


def provider_name(provider: Provider | None) -> str:
    return f"{provider.first_name} {provider.last_name}" if provider else ""


def group_of(assignment: PcpAssignment | WithdrawnPcpAssignment) -> MedicalGroup | None:
    """The medical group an assignment is in: its own, or its physician's."""
    if assignment.medical_group:
        return assignment.medical_group
    return assignment.provider.medical_group if assignment.provider else None


def entry_for(number: ProviderNumber, *, us_states: Iterable[str], on: date) -> FoundEntry | None:
    """The one entry of the directory that is open on ``on`` under this number, in one of these states.

    None where there is none, and where there are several: medical group numbers are given out state by state.
    """
    states = sorted(set(us_states))
    found: list[FoundEntry]
    if number.kind is NumberKind.MEDICAL_GROUP:
        groups = MedicalGroup.objects.filter(number=number.text, us_state__in=states)
        found = [FoundEntry(group, None) for group in groups]
    else:
        providers = Provider.objects.select_related("medical_group").filter(us_state__in=states)
        by = "npi" if number.kind is NumberKind.NPI else "pcpa_number"
        found = [FoundEntry(one.medical_group, one) for one in providers.filter(**{by: number.text})]
    still = [entry for entry in found if entry.facts.is_open(on)]
    return still[0] if len(still) == 1 else None


# --- the Provider Finder ---


def open_on(day: date, path: str = "") -> Q:
    """Entries that are in the directory on ``day``, first and last day included."""
    ends = f"{path}end_date"
    return Q(**{f"{path}effective_date__lte": day}) & (Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gte": day}))


def specialties() -> list[str]:
    """Every specialty the directory names."""
    named = Provider.objects.exclude(specialty="").order_by("specialty").values_list("specialty", flat=True)
    return list(named.distinct())


@dataclass(frozen=True)
class Found:
    """What a search has found; ``respelled`` are surnames one letter away that were looked for instead."""

    rows: "QuerySet[Any]"
    respelled: tuple[str, ...] = ()


def physicians(asked: Mapping[str, Any], *, on: date) -> Found:
    """Physicians in the directory on ``on`` who fit everything asked for.

    ``name`` is words, each the beginning of a first or last name, whatever their case, accents and punctuation. Where no
    surname fits the last word, those one letter away are looked for. ``group`` is a number, or part of a name.
    """
    rows = Provider.objects.filter(open_on(on)).filter(
        Q(medical_group__isnull=True) | open_on(on, path="medical_group__")
    )
    if asked.get("us_state"):
        rows = rows.filter(us_state=asked["us_state"])
    if asked.get("city"):
        rows = rows.filter(city_key__startswith=name_key(asked["city"]))
    if asked.get("network"):
        rows = rows.filter(networks__contains=[asked["network"]])
    if asked.get("specialty"):
        rows = rows.filter(specialty=asked["specialty"])
    if asked.get("group"):
        rows = rows.filter(_group_condition(asked["group"], path="medical_group__"))
    if asked.get("number"):
        rows = rows.filter(Q(npi=asked["number"]) | Q(pcpa_number=asked["number"]))
    if asked.get("pcp_only"):
        rows = rows.filter(serves_as_pcp=True)
    if asked.get("accepting"):
        rows = rows.filter(accepts_new_patients=True)
    words = [key for word in asked.get("name", "").split() if (key := name_key(word))]
    if not words:
        return Found(rows)
    named = rows.filter(_named(words))
    if named.exists():
        return Found(named)
    near = _surnames_near(words[-1], asked.get("us_state", ""))
    if not near:
        return Found(named)
    respelled = rows.filter(last_name_key__in=near).filter(_named(words[:-1]) if words[:-1] else Q())
    shown = respelled.order_by("last_name").values_list("last_name", flat=True).distinct()
    return Found(respelled, respelled=tuple(shown[:MOST_RESPELLED]))


def _named(words: list[str]) -> Q:
    """Each word begins a first or a last name; a double name may be typed as two words."""
    together = Q(last_name_key__startswith="".join(words))
    each = reduce(and_, (Q(last_name_key__startswith=word) | Q(first_name_key__startswith=word) for word in words))
    return together | each


def _surnames_near(typed: str, us_state: str) -> list[str]:
    """Surnames of the directory one letter away from ``typed``, likeliest first."""
    if len(typed) < SHORTEST:
        return []
    rows = Provider.objects.filter(us_state=us_state) if us_state else Provider.objects.all()
    surnames = rows.order_by().values_list("last_name_key", flat=True).distinct()
    return nearest(typed, ((surname, 1) for surname in surnames))[:MOST_RESPELLED]


def groups(asked: Mapping[str, Any], *, on: date) -> Found:
    """Medical groups in the directory on ``on`` that fit what was asked for; what only physicians have is not asked of them."""
    rows = MedicalGroup.objects.filter(open_on(on))
    if asked.get("us_state"):
        rows = rows.filter(us_state=asked["us_state"])
    if asked.get("city"):
        rows = rows.filter(city_key__startswith=name_key(asked["city"]))
    if asked.get("network"):
        rows = rows.filter(networks__contains=[asked["network"]])
    for name in ("group", "name"):
        if asked.get(name):
            rows = rows.filter(_group_condition(asked[name]))
    if asked.get("number"):
        rows = rows.filter(number=asked["number"])
    return Found(rows)


def _group_condition(typed: str, path: str = "") -> Q:
    """A number, or words that stand in the name."""
    if typed.isascii() and typed.isdigit():
        return Q(**{f"{path}number": typed})
    key = name_key(typed)
    return Q(**{f"{path}name_key__contains": key}) if key else Q()
