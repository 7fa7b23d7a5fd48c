"""Taking over the producer record system's file: producers, their numbers, who stands above whom.

The whole file is checked first and every mistake named by line; then all of it is written, or nothing. The file is the
truth for the producers in it and says nothing about the others. Reading the same file again changes nothing.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction

from accounts.models import Producer, ProducerNumber, User
from accounts.services import devices, hierarchy, open_sessions
from portal.common import audit
from portal.common.dates import US_STATES
from portal.common.messaging.send import send_email

BATCH = 500
Progress = Callable[[int], object]


class BadFile(Exception):
    """The file cannot be taken over; ``problems`` has one sentence for each thing to mend, with its line, in their order."""

    def __init__(self, *problems: str) -> None:
        self.problems = sorted(problems, key=_line_of)
        super().__init__("\n".join(self.problems))


def _line_of(problem: str) -> int:
    found = re.match(r"line (\d+)", problem)
    return int(found[1]) if found else 0


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the file; ``check`` says in words what is wrong with a cell that is not empty."""

    name: str
    field: str  # of the model
    meaning: str
    required: bool = False  # the column must be there and every cell filled
    longest: int = 0
    check: Callable[[str], str] = lambda _text: ""
    convert: Callable[[str], Any] = str


def _digits(least: int, most: int) -> Callable[[str], str]:
    shape = re.compile(rf"[0-9]{{{least},{most}}}")
    how_many = f"{most} digits" if least == most else f"{least} to {most} digits"
    return lambda text: "" if shape.fullmatch(text) else f"must be {how_many}"


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    return lambda text: "" if text in words else f"must be one of {', '.join(words)}"


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return "is not an email address"
    return ""


PRODUCER_COLUMNS = (
    Column(name="npn", field="npn", meaning="National Producer Number", required=True, check=_digits(1, 10)),
    Column(name="first_name", field="first_name", meaning="empty for an agency", longest=60),
    Column(name="last_name", field="last_name", meaning="surname, or the agency's name", required=True, longest=120),
    Column(
        name="is_agency",
        field="is_agency",
        meaning="Y or N",
        check=_one_of(("Y", "N")),
        convert=lambda text: text == "Y",
    ),
    Column(
        name="status",
        field="status",
        meaning="ONBOARDING, ACTIVE or TERMINATED; only ACTIVE producers can register, TERMINATED ones are logged out",
        required=True,
        check=_one_of(Producer.Status.values),
    ),
    Column(name="upline_npn", field="parent", meaning="NPN of the producer directly above; empty at the top"),
    Column(
        name="record_email",
        field="record_email",
        meaning="where codes and the confirmation of a registration go",
        required=True,
        longest=254,
        check=_email,
    ),
    Column(name="record_mobile", field="record_mobile", meaning="ten digits, for codes by text", check=_digits(10, 10)),
    Column(name="record_zip", field="record_zip", meaning="ZIP of the older portal account", check=_digits(5, 5)),
)
NUMBER_COLUMNS = (
    Column(name="number", field="number", meaning="nine digits, zeros in front", check=_digits(9, 9)),
    Column(name="state", field="us_state", meaning=", ".join(US_STATES), check=_one_of(list(US_STATES))),
    Column(name="company_name", field="company_name", meaning="business under this number", longest=120),
    Column(name="address_1", field="address_1", meaning="", longest=120),
    Column(name="address_2", field="address_2", meaning="", longest=120),
    Column(name="city", field="city", meaning="", longest=60),
    Column(
        name="address_state",
        field="address_state",
        meaning="two letters",
        check=lambda text: "" if re.fullmatch(r"[A-Z]{2}", text) else "must be two capital letters",
    ),
    Column(name="zip", field="zip", meaning="ZIP of the business, matched when registering", check=_digits(5, 5)),
    Column(name="phone", field="phone", meaning="ten digits", check=_digits(10, 10)),
    Column(name="email", field="email", meaning="business contact, never used for codes", longest=254, check=_email),
    Column(
        name="number_status",
        field="status",
        meaning="ACTIVE (also when empty) or INACTIVE",
        check=_one_of(ProducerNumber.Status.values),
        convert=lambda text: text or ProducerNumber.Status.ACTIVE.value,
    ),
)
COLUMNS = {column.name: column for column in (*PRODUCER_COLUMNS, *NUMBER_COLUMNS)}
MUST_BE_THERE = tuple(
    column.name for column in COLUMNS.values() if column.required or column.name in ("number", "state")
)
# Where codes go: a change of these is told to the person (OWASP ASVS 6.3.7).
SECURITY_FIELDS = ("record_email", "record_mobile")


@dataclass(frozen=True)
class Line:
    """One line of the file: a producer, with one of the producer's numbers or none."""

    at: int
    cells: Mapping[str, str]

    def of(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Values by field of the model, for the columns the file has."""
        return {c.field: c.convert(self.cells[c.name]) for c in columns if c.name in self.cells}


@dataclass
class Outcome:
    """What was written, or would be."""

    producers_added: int = 0
    producers_changed: int = 0
    numbers_added: int = 0
    numbers_changed: int = 0
    moved: int = 0  # of the producers changed: those who stand somewhere else in the hierarchy now

    @property
    def anything(self) -> bool:
        changes = (self.producers_added, self.producers_changed, self.numbers_added, self.numbers_changed, self.moved)
        return any(changes)


@dataclass
class Plan:
    """The file compared with what is there."""

    new_producers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by NPN
    changed_producers: list[tuple[Producer, list[str]]] = field(default_factory=list)  # with the fields that differ
    new_numbers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # by number: NPN, values
    changed_numbers: list[tuple[ProducerNumber, list[str]]] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)  # new parent's NPN, or empty, by NPN
    old_contacts: dict[int, str] = field(
        default_factory=dict
    )  # email before, by id of a producer whose contact changes
    terminated: list[Producer] = field(default_factory=list)  # those whose contract ends with this file
    reinstated: list[Producer] = field(default_factory=list)  # those whose contract had ended and goes on

    def outcome(self) -> Outcome:
        changed = {producer.npn for producer, _ in self.changed_producers}
        moved = {npn for npn in self.parents if npn not in self.new_producers}
        return Outcome(
            producers_added=len(self.new_producers),
            producers_changed=len(changed | moved),
            numbers_added=len(self.new_numbers),
            numbers_changed=len(self.changed_numbers),
            moved=len(moved),
        )


# Reading


def read(path: Path) -> list[Line]:
    """Every line of the file (CSV, UTF-8, a byte-order mark is fine), checked for itself and against the others.

    Raises ``BadFile`` with every mistake.
    """
    rows = list(_rows(path))
    if not rows:
        raise BadFile("line 1: the file is empty; the first line must name the columns")
    (_, header), *body = rows
    _check_header(header)
    if not body:
        raise BadFile("the file names its columns but holds no producer")
    lines, problems = [], []
    for at, texts in body:
        if len(texts) != len(header):
            problems.append(f"line {at}: {len(texts)} cells where the first line names {len(header)} columns")
            continue
        line = Line(at, dict(zip(header, texts, strict=True)))
        problems += _problems_of(line)
        lines.append(line)
    problems += _contradictions(lines)
    if problems:
        raise BadFile(*problems)
    return lines


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, with the number of their first line in the file, cells trimmed."""
    start = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield start, [cell.strip() for cell in cells]
                start = reader.line_num + 1
    except OSError as exc:
        raise BadFile(f"cannot read the file: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise BadFile("the file is not UTF-8 text") from None
    except csv.Error as exc:
        raise BadFile(f"line {start}: not CSV: {exc}") from None


def _check_header(header: Sequence[str]) -> None:
    problems = [f"line 1: there is no column {name}" for name in MUST_BE_THERE if name not in header]
    problems += [
        f"line 1: {name or 'an empty name'} is not a column of this file" for name in header if name not in COLUMNS
    ]
    problems += [f"line 1: {name} is named twice" for name in sorted({n for n in header if header.count(n) > 1})]
    if problems:
        raise BadFile(*problems)


def _problems_of(line: Line) -> list[str]:
    return [
        f"line {line.at}, {name}: {wrong}" for name, text in line.cells.items() if (wrong := _wrong(line, name, text))
    ]


def _wrong(line: Line, name: str, text: str) -> str:
    column = COLUMNS[name]
    if not text:
        if column.required:
            return "must not be empty"
        # A line without a number is a producer without one; then nothing else about a number may stand there.
        return "must not be empty beside a number" if name == "state" and line.cells["number"] else ""
    if column in NUMBER_COLUMNS and not line.cells["number"]:
        return "stands there without a number"
    if not text.isprintable():
        return "holds a character that cannot be printed"
    if column.longest and len(text) > column.longest:
        return f"is longer than {column.longest} characters"
    wrong = column.check(text)
    return f"{text!r} {wrong}" if wrong else ""


def _contradictions(lines: Sequence[Line]) -> list[str]:
    """Numbers named twice, and producers who are described differently from one line to the next."""
    problems = []
    first_of_number: dict[str, int] = {}
    first_of_producer: dict[str, Line] = {}
    for line in lines:
        number, npn = line.cells["number"], line.cells["npn"]
        if number and number in first_of_number:
            problems.append(f"line {line.at}, number: {number} stands in line {first_of_number[number]} already")
        first_of_number.setdefault(number, line.at)
        first = first_of_producer.setdefault(npn, line)
        for column in PRODUCER_COLUMNS:
            if line.cells.get(column.name) != first.cells.get(column.name):
                problems.append(f"line {line.at}, {column.name}: differs from line {first.at} for the same NPN {npn}")
    return problems


# Comparing


def compare(lines: Sequence[Line]) -> Plan:
    """What the file would change. Raises ``BadFile`` where it contradicts what is there.

    Call it in the transaction that writes: nobody else moves a producer meanwhile.
    """
    hierarchy.lock()
    producers = {producer.npn: producer for producer in Producer.objects.all()}
    by_id = {producer.pk: producer for producer in producers.values()}
    wanted = {line.cells["number"] for line in lines if line.cells["number"]}
    numbers = {number.number: number for number in ProducerNumber.objects.filter(number__in=wanted)}
    plan, problems = Plan(), []
    uplines = {npn: by_id[p.parent_id].npn if p.parent_id else "" for npn, p in producers.items()}
    described: dict[str, int] = {}
    for line in lines:
        npn = line.cells["npn"]
        if npn not in described:
            described[npn] = line.at
            _compare_producer(line, producers.get(npn), plan)
            if "upline_npn" in line.cells:
                _compare_upline(line, uplines, plan)
            uplines.setdefault(npn, "")
        problems += _compare_number(line, producers.get(npn), numbers.get(line.cells["number"]), plan)
    problems += _broken_uplines(lines, uplines)
    if problems:
        raise BadFile(*problems)
    return plan


def _compare_producer(line: Line, producer: Producer | None, plan: Plan) -> None:
    values = line.of(PRODUCER_COLUMNS)
    values.pop("parent", None)
    if producer is None:
        plan.new_producers[line.cells["npn"]] = values
        return
    old_email, was_terminated = producer.record_email, producer.status == Producer.Status.TERMINATED
    changed = _apply(producer, values)
    if "status" in changed and producer.status == Producer.Status.TERMINATED:
        plan.terminated.append(producer)
    elif "status" in changed and was_terminated:
        plan.reinstated.append(producer)
    if changed:
        plan.changed_producers.append((producer, changed))
    if set(changed) & set(SECURITY_FIELDS):
        plan.old_contacts[producer.pk] = old_email


def _compare_upline(line: Line, uplines: dict[str, str], plan: Plan) -> None:
    npn, upline = line.cells["npn"], line.cells["upline_npn"]
    if uplines.get(npn, "") != upline:
        plan.parents[npn] = upline
    uplines[npn] = upline


def _compare_number(line: Line, producer: Producer | None, number: ProducerNumber | None, plan: Plan) -> list[str]:
    values = line.of(NUMBER_COLUMNS)
    if not values["number"]:
        return []
    if number is None:
        plan.new_numbers[values["number"]] = (line.cells["npn"], values)
        return []
    if producer is None or number.producer_id != producer.pk:
        # Whoever has the number has the book of clients written under it: that is not moved by a line in a file.
        return [f"line {line.at}, number: {number} belongs to another producer"]
    if number.us_state != values["us_state"]:
        return [f"line {line.at}, state: {number} is a number of {number.us_state}"]
    if changed := _apply(number, values):
        plan.changed_numbers.append((number, changed))
    return []


def _apply(row: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Put the values into the row and return the names of those that differed."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _broken_uplines(lines: Sequence[Line], uplines: Mapping[str, str]) -> list[str]:
    """Uplines nobody knows, and rings: with the file's changes everybody must get to the top by going upwards."""
    problems, seen = [], set()
    reaches_top: dict[str, bool] = {"": True}
    for line in lines:
        npn, upline = line.cells["npn"], line.cells.get("upline_npn", "")
        if npn in seen:
            continue
        seen.add(npn)
        if upline and upline not in uplines:
            problems.append(f"line {line.at}, upline_npn: there is no producer {upline}, here or in the file")
        elif not _reaches_top(npn, uplines, reaches_top):
            problems.append(f"line {line.at}, upline_npn: {npn} would stand above itself")
    return problems


def _reaches_top(npn: str, uplines: Mapping[str, str], known: dict[str, bool]) -> bool:
    path: dict[str, None] = {}
    here = npn
    while here not in known and here not in path:
        path[here] = None
        here = uplines.get(here, "")
    answer = known.get(here, False)  # not known: the path came back to itself
    known.update(dict.fromkeys(path, answer))
    return answer


# Writing


@transaction.atomic
def write(plan: Plan, *, at: datetime, progress: Progress = lambda _done: None) -> Outcome:
    """Write what ``compare`` found, in one transaction: all or nothing. ``progress`` hears of rows as they are done.

    Who is terminated is logged out everywhere at ``at``; delegates' access ends by itself (``in_force``).
    """
    _in_batches(Producer, [Producer(**values) for values in plan.new_producers.values()], progress)
    _update(Producer, plan.changed_producers, progress)
    ids = dict(Producer.objects.values_list("npn", "pk"))
    _in_batches(
        ProducerNumber,
        [ProducerNumber(producer_id=ids[npn], **values) for npn, values in plan.new_numbers.values()],
        progress,
    )
    _update(ProducerNumber, plan.changed_numbers, progress)
    _move(plan, ids, progress)
    _record(plan)
    _end_access(plan, at)
    _tell_about_contacts(plan)
    return plan.outcome()


def rows_of(plan: Plan) -> int:
    """How many rows ``write`` will report to ``progress``."""
    parts = (plan.new_producers, plan.changed_producers, plan.new_numbers, plan.changed_numbers, plan.parents)
    return sum(len(part) for part in parts)


def _in_batches(model: type[models.Model], rows: Sequence[Any], progress: Progress) -> None:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        model._default_manager.bulk_create(part)
        progress(len(part))


def _update(model: type[models.Model], changed: Sequence[tuple[Any, list[str]]], progress: Progress) -> None:
    for start in range(0, len(changed), BATCH):
        part = changed[start : start + BATCH]
        names = sorted({name for _, fields in part for name in fields})
        model._default_manager.bulk_update([row for row, _ in part], names)
        progress(len(part))


def _move(plan: Plan, ids: Mapping[str, int], progress: Progress) -> None:
    """Set the uplines, then make the closure anew; a producer alone needs an edge as well."""
    rows = [Producer(pk=ids[npn], parent_id=ids[upline] if upline else None) for npn, upline in plan.parents.items()]
    for start in range(0, len(rows), BATCH):
        Producer.objects.bulk_update(rows[start : start + BATCH], ["parent"])
        progress(len(rows[start : start + BATCH]))
    if plan.parents or plan.new_producers:
        hierarchy.rebuild()


def _record(plan: Plan) -> None:
    fields = {producer.npn: list(changed) for producer, changed in plan.changed_producers}
    for npn in plan.parents:
        if npn not in plan.new_producers:
            fields.setdefault(npn, []).append("parent")
    for npn, names in fields.items():
        audit.record(
            "producer.imported",
            by=None,
            for_producer=npn,
            object_type="producer",
            object_id=npn,
            details={"fields": sorted(names)},
        )
    outcome = plan.outcome()
    if outcome.anything:
        audit.record("producers.imported", by=None, details=vars(outcome))


def _end_access(plan: Plan, at: datetime) -> None:
    """Log out whose contract has ended, so that a session does not come back to life with a later reinstatement."""
    for user in User.objects.select_related("producer").filter(producer__in=plan.terminated):
        open_sessions.end_all(user=user, by=None)
        devices.revoke_all(user=user, at=at)
    for action, producers in (("producer.terminated", plan.terminated), ("producer.reinstated", plan.reinstated)):
        for producer in producers:
            audit.record(action, by=None, for_producer=producer.npn, object_type="producer", object_id=producer.npn)


def _tell_about_contacts(plan: Plan) -> None:
    """Somebody with a login learns at the old address and at the new one that codes go elsewhere now."""
    people = User.objects.select_related("producer").filter(producer__in=list(plan.old_contacts))
    for user in people:
        assert user.producer is not None  # noqa: S101 - filtered by it; this tells the type checker
        for address in dict.fromkeys([plan.old_contacts[user.producer.pk], user.producer.record_email]):
            send_email(
                to=address,
                kind="record_contact_changed",
                subject=f"Your {settings.PORTAL_NAME} security contact was changed",
                context={},
            )
