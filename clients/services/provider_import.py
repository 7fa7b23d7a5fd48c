"""Taking over the provider directory: medical groups and physicians from two CSV files.

Both files are checked first and every mistake named by file and line; then all of it is written, or nothing. The files
are the truth for the entries in them and say nothing about the others: who leaves the directory gets an end date, so that
members' history keeps its names. The same files again change nothing. Works for the system, on nobody's behalf.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from clients.models import MedicalGroup, Member, Policy, Provider
from clients.rules.pcp_numbers import is_npi
from portal.common import audit
from portal.common.dates import OPEN_END, US_STATES

IMPORT_LOCK = 7_301_017
BATCH = 2_000
OLDEST = 120
Progress = Callable[[int], object]
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadFiles(Exception):
    """The files cannot be taken over; ``problems`` has a sentence for each thing to mend, with its file and line."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problems))


class BadCell(ValueError):
    """What is wrong with a cell, fit to follow the column's name."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: ``read`` turns a cell that is not empty into the value of ``field``, or raises ``BadCell``."""

    name: str
    meaning: str
    field: str = ""
    read: Callable[[str], Any] = str
    required: bool = False
    empty: Any = ""
    longest: int = 0

    @property
    def target(self) -> str:
        return self.field or self.name


def _shape(pattern: str, words: str) -> Callable[[str], str]:
    shape = re.compile(pattern)

    def read(text: str) -> str:
        if not shape.fullmatch(text):
            raise BadCell(f"must be {words}")
        return text

    return read


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise BadCell(f"must be one of {', '.join(words)}")
        return text

    return read


def _yes_no(text: str) -> bool:
    if text not in ("Y", "N"):
        raise BadCell("must be Y or N")
    return text == "Y"


def _day(text: str) -> date | None:
    """A day; 9999-12-31 is no day."""
    if not _ISO_DAY.fullmatch(text):
        raise BadCell("must be a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadCell("is not a day of the calendar") from None
    return None if day == OPEN_END else day


def _first_day(text: str) -> date:
    day = _day(text)
    if day is None:
        raise BadCell("must be a day on which the entry begins")
    return day


def _age(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > OLDEST:
        raise BadCell(f"must be a whole number of years up to {OLDEST}")
    return int(text)


def _networks(text: str) -> list[str]:
    found = [part.strip() for part in text.split(";")]
    unknown = sorted(set(found) - set(Policy.Network.values))
    if unknown:
        raise BadCell(f"must be networks ({', '.join(Policy.Network.values)}) with semicolons between them")
    return sorted(set(found))


def _npi(text: str) -> str:
    if not is_npi(text):
        raise BadCell("is not an NPI: ten digits, the first 1 or 2, the last a check digit")
    return text


_STATE = Column(
    name="state", field="us_state", meaning=", ".join(US_STATES), read=_one_of(list(US_STATES)), required=True
)
_CITY = Column(name="city", meaning="", longest=60)
_NETWORKS = Column(name="networks", meaning="HMO, POS ... with ; between them", read=_networks, empty=())
_BEGINS = Column(
    name="effective_date", meaning="first day in the directory, YYYY-MM-DD", read=_first_day, required=True
)
_ENDS = Column(
    name="end_date", meaning="last day in the directory; empty or 9999-12-31 for none", read=_day, empty=None
)

GROUP_COLUMNS = (
    Column(name="number", meaning="three digits", read=_shape(r"[0-9]{3}", "three digits"), required=True),
    _STATE,
    Column(name="name", meaning="", required=True, longest=120),
    _CITY,
    _NETWORKS,
    _BEGINS,
    _ENDS,
)
PROVIDER_COLUMNS = (
    Column(name="npi", meaning="ten digits with their check digit", read=_npi, required=True),
    Column(
        name="pcpa_number",
        meaning="PCP / PCPA number, 4 to 12 capitals and digits",
        read=_shape(r"[A-Z0-9]{4,12}", "4 to 12 capital letters and digits"),
    ),
    Column(name="first_name", meaning="", required=True, longest=60),
    Column(name="last_name", meaning="", required=True, longest=60),
    Column(name="specialty", meaning="", longest=60),
    Column(
        name="medical_group",
        meaning="number of a group in the same state, here or in groups.csv",
        read=_shape(r"[0-9]{3}", "three digits"),
    ),
    _STATE,
    _CITY,
    _NETWORKS,
    Column(name="serves_as_pcp", meaning="Y or N", read=_yes_no, required=True),
    Column(name="accepts_new_patients", meaning="Y or N", read=_yes_no, required=True),
    Column(name="youngest_age", meaning="in whole years, inclusive", read=_age, empty=None),
    Column(name="oldest_age", meaning="in whole years, inclusive", read=_age, empty=None),
    Column(name="only_sex", meaning="F or M where only these are seen", read=_one_of(Member.Sex.values)),
    _BEGINS,
    _ENDS,
)


@dataclass(frozen=True)
class Line:
    """One line of a file, its cells read."""

    at: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Files:
    """Both files, each line good by itself; ``None`` for a file that is not there."""

    groups: list[Line] | None
    providers: list[Line] | None

    @property
    def lines(self) -> int:
        return len(self.groups or ()) + len(self.providers or ())


@dataclass
class Outcome:
    """What was written, or would be."""

    groups_added: int = 0
    groups_changed: int = 0
    providers_added: int = 0
    providers_changed: int = 0

    @property
    def anything(self) -> bool:
        return any(vars(self).values())


@dataclass
class Plan:
    """The files compared with what is there."""

    new_groups: list[dict[str, Any]] = field(default_factory=list)
    changed_groups: list[MedicalGroup] = field(default_factory=list)
    new_providers: list[dict[str, Any]] = field(default_factory=list)
    changed_providers: list[Provider] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            len(self.new_groups), len(self.changed_groups), len(self.new_providers), len(self.changed_providers)
        )

    @property
    def rows(self) -> int:
        """How many rows ``write`` will report to ``progress``."""
        return sum(vars(self.outcome).values())


# Reading


def read(folder: Path) -> Files:
    """Every line of groups.csv and providers.csv (UTF-8; a file may be missing). Raises ``BadFiles`` with every mistake."""
    problems: list[str] = []
    found: list[list[Line] | None] = []
    for name, columns, key in (
        ("groups.csv", GROUP_COLUMNS, ("us_state", "number")),
        ("providers.csv", PROVIDER_COLUMNS, ("npi",)),
    ):
        path = folder / name
        if not path.is_file():
            found.append(None)
            continue
        lines, wrong = _read_file(path, columns)
        problems += wrong + _twice(name, lines, key)
        if name == "providers.csv":
            problems += _twice(name, [line for line in lines if line.values["pcpa_number"]], ("pcpa_number",))
        found.append(lines)
    if problems:
        raise BadFiles(*problems)
    if found == [None, None]:
        raise BadFiles(f"there is neither a groups.csv nor a providers.csv in {folder.name or folder}")
    return Files(groups=found[0], providers=found[1])


def _read_file(path: Path, columns: Sequence[Column]) -> tuple[list[Line], list[str]]:
    problems: list[str] = []
    lines: list[Line] = []
    try:
        rows = _rows(path)
        header = next(rows, (1, []))[1]
        if wrong := _header_problems(path.name, header, columns):
            return [], wrong
        by_name = {column.name: column for column in columns}
        for at, cells in rows:
            if len(cells) != len(header):
                problems.append(f"{path.name}, line {at}: {len(cells)} cells where the first line names {len(header)}")
                continue
            values, wrong = _values(path.name, at, dict(zip(header, cells, strict=True)), by_name)
            problems += wrong
            if not wrong:
                lines.append(Line(at, values))
    except UnicodeDecodeError:
        problems.append(f"{path.name}: the file is not UTF-8 text")
    except OSError as exc:
        problems.append(f"{path.name}: cannot be read: {exc.strerror}")
    except csv.Error as exc:
        problems.append(f"{path.name}: not CSV: {exc}")
    return lines, problems


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, with the number of their first line in the file, cells trimmed."""
    start = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, [cell.strip() for cell in cells]
            start = reader.line_num + 1


def _header_problems(name: str, header: Sequence[str], columns: Sequence[Column]) -> list[str]:
    known = [column.name for column in columns]
    problems = [f"{name}, line 1: there is no column {one}" for one in known if one not in header]
    problems += [
        f"{name}, line 1: {one or 'an empty name'} is not a column of this file" for one in header if one not in known
    ]
    return problems + [
        f"{name}, line 1: {one} is named twice" for one in sorted({o for o in header if header.count(o) > 1})
    ]


def _values(
    name: str, at: int, cells: Mapping[str, str], columns: Mapping[str, Column]
) -> tuple[dict[str, Any], list[str]]:
    values, problems = {}, []
    for column_name, text in cells.items():
        column = columns[column_name]
        try:
            values[column.target] = _value(column, text)
        except BadCell as exc:
            problems.append(f"{name}, line {at}, {column_name}: {exc}")
    if not problems:
        problems += [f"{name}, line {at}, {what}" for what in _contradictions(values)]
    return values, problems


def _value(column: Column, text: str) -> Any:
    if not text:
        if column.required:
            raise BadCell("must not be empty")
        return list(column.empty) if column.empty == () else column.empty
    if not text.isprintable():
        raise BadCell("holds a character that cannot be printed")
    if column.longest and len(text) > column.longest:
        raise BadCell(f"is longer than {column.longest} characters")
    return column.read(text)


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    if values["end_date"] and values["end_date"] < values["effective_date"]:
        yield "end_date: is before effective_date"
    youngest, oldest = values.get("youngest_age"), values.get("oldest_age")
    if youngest is not None and oldest is not None and oldest < youngest:
        yield "oldest_age: is below youngest_age"


def _twice(name: str, lines: Iterable[Line], key: tuple[str, ...]) -> list[str]:
    first: dict[tuple[Any, ...], int] = {}
    problems = []
    for line in lines:
        values = tuple(line.values[part] for part in key)
        if values in first:
            problems.append(f"{name}, line {line.at}: {' '.join(values)} stands in line {first[values]} already")
        first.setdefault(values, line.at)
    return problems


# Comparing


def compare(files: Files) -> Plan:
    """What the files would change. Raises ``BadFiles`` where they contradict what is there.

    Call it in the transaction that writes: another import waits until it is done.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    plan, problems = Plan(), []
    groups = {(group.us_state, group.number): group for group in MedicalGroup.objects.all()}
    known = set(groups)
    for line in files.groups or ():
        key = (line.values["us_state"], line.values["number"])
        known.add(key)
        existing = groups.get(key)
        if existing is None:
            plan.new_groups.append(line.values)
        elif _apply(existing, line.values):
            plan.changed_groups.append(existing)
    numbers = {group.pk: key for key, group in groups.items()}
    providers = {provider.npi: provider for provider in Provider.objects.all()} if files.providers else {}
    carrier_numbers = {one.pcpa_number: one.npi for one in providers.values() if one.pcpa_number}
    told = {line.values["npi"] for line in files.providers or ()}
    for line in files.providers or ():
        values = line.values
        group = (values["us_state"], values["medical_group"]) if values["medical_group"] else None
        if group and group not in known:
            problems.append(
                f"providers.csv, line {line.at}, medical_group: there is no group {group[1]} in {group[0]}, here or in groups.csv"
            )
        holder = carrier_numbers.get(values["pcpa_number"])
        if holder and holder != values["npi"] and holder not in told:
            problems.append(f"providers.csv, line {line.at}, pcpa_number: another provider has it")
        one = providers.get(values["npi"])
        if one is None:
            plan.new_providers.append(values)
            continue
        of_one = numbers.get(one.medical_group_id) if one.medical_group_id else None
        same_group = of_one == group
        plain = {name: value for name, value in values.items() if name != "medical_group"}
        if _apply(one, plain) or not same_group:
            one.__dict__["_group"] = group
            plan.changed_providers.append(one)
    if problems:
        raise BadFiles(*problems)
    return plan


def _apply(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Put the values into the row; whether any of them differed."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


# Writing


@transaction.atomic
def write(plan: Plan, *, progress: Progress = lambda _done: None) -> Outcome:
    """Write what ``compare`` found: all or nothing. ``progress`` hears of rows as they are done."""
    fields = [column.target for column in GROUP_COLUMNS]
    _add(MedicalGroup, [MedicalGroup(**values) for values in plan.new_groups], progress)
    _change(MedicalGroup, plan.changed_groups, fields, progress)
    ids = {
        (us_state, number): pk for pk, us_state, number in MedicalGroup.objects.values_list("pk", "us_state", "number")
    }
    new = []
    for values in plan.new_providers:
        group = (values["us_state"], values["medical_group"]) if values["medical_group"] else None
        plain = {name: value for name, value in values.items() if name != "medical_group"}
        new.append(Provider(**plain, medical_group_id=ids[group] if group else None))
    for one in plan.changed_providers:
        group = one.__dict__.pop("_group")
        one.medical_group_id = ids[group] if group else None
    # Numbers may change hands among the providers of one file: the old holders let go first.
    _let_go(plan.changed_providers)
    _change(Provider, plan.changed_providers, [column.target for column in PROVIDER_COLUMNS], progress)
    _add(Provider, new, progress)
    outcome = plan.outcome
    if outcome.anything:
        audit.record("providers.imported", by=None, details=vars(outcome))
    return outcome


def _let_go(changed: Sequence[Provider]) -> None:
    Provider.objects.filter(pk__in=[one.pk for one in changed]).exclude(pcpa_number="").update(pcpa_number="")


def _add(model: type[models.Model], rows: Sequence[Any], progress: Progress) -> None:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        model._default_manager.bulk_create(part)
        progress(len(part))


def _change(model: type[models.Model], rows: Sequence[Any], fields: Sequence[str], progress: Progress) -> None:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        model._default_manager.bulk_update(part, list(fields), batch_size=500)
        progress(len(part))
