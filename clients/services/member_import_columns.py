"""The files of the carrier's member feed: their columns, and what is wrong with one line taken by itself.

What is wrong is said with the name of the column only, never with what stands in the cell: it may be a birth date or
an SSN.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from clients.models import Account, ContactPoint, Member, Policy
from portal.common.dates import OPEN_END, US_STATES

# What a cell becomes in the staging table; None is NULL.
Value = str | None
FIRST_DAY = date(1880, 1, 1)
LAST_DAY = date(2199, 12, 31)
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONEY = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_SSN = re.compile(r"([0-9]{3})-?([0-9]{2})-?([0-9]{4})")


class BadCell(ValueError):
    """What is wrong with a cell, fit to follow the column's name."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: ``read`` turns a cell that is not empty into what is staged, or raises ``BadCell``.

    ``empty`` is what an empty cell of a column that is not ``required`` becomes. ``kind`` is the type of the column
    in the staging table.
    """

    name: str
    meaning: str
    read: Callable[[str], Value]
    kind: str = "text"
    required: bool = False
    empty: Value = ""


@dataclass(frozen=True)
class Feed:
    """One file of the feed. ``keys`` are the columns by which a line is known: no two lines may agree in them."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    across: Callable[[Sequence[Value], dict[str, int]], list[str]] = lambda _values, _at: []

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"


# --- Cells ---


def _shape(pattern: str, words: str) -> Callable[[str], Value]:
    shape = re.compile(pattern)

    def read(text: str) -> Value:
        if not shape.fullmatch(text):
            raise BadCell(f"must be {words}")
        return text

    return read


def _text(model: type[models.Model], field: str) -> Callable[[str], Value]:
    longest: int | None = getattr(model._meta.get_field(field), "max_length", None)

    def read(text: str) -> Value:
        if longest is not None and len(text) > longest:
            raise BadCell(f"is longer than {longest} characters")
        return text

    return read


def _one_of(words: Sequence[str]) -> Callable[[str], Value]:
    known = frozenset(words)

    def read(text: str) -> Value:
        if text not in known:
            raise BadCell(f"must be one of {', '.join(words)}")
        return text

    return read


def _yes_no(text: str) -> Value:
    if text not in ("Y", "N"):
        raise BadCell("must be Y or N")
    return "t" if text == "Y" else "f"


@lru_cache(maxsize=50_000)
def _day(text: str) -> Value:
    if not _ISO_DAY.fullmatch(text):
        raise BadCell("must be a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadCell("is not a day of the calendar") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadCell(f"must be a day between {FIRST_DAY.year} and {LAST_DAY.year}")
    return text


def _last_day(text: str) -> Value:
    """A last day of coverage; 9999-12-31 is no date."""
    return None if text == OPEN_END.isoformat() else _day(text)


@lru_cache(maxsize=10_000)
def _moment(text: str) -> Value:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadCell("must be a date and time as 2026-11-30T17:05:00-06:00") from None
    if moment.tzinfo is None:
        raise BadCell("needs the difference to UTC at its end, as in 2026-11-30T17:05:00-06:00")
    if not FIRST_DAY.year < moment.year <= LAST_DAY.year:
        raise BadCell(f"must be a day between {FIRST_DAY.year} and {LAST_DAY.year}")
    return moment.astimezone(UTC).isoformat()


@lru_cache(maxsize=50_000)
def _money(text: str) -> Value:
    if not _MONEY.fullmatch(text):
        raise BadCell("must be an amount in dollars such as 412.55, not below zero")
    return str(Decimal(text).quantize(Decimal("0.01")))


def _ssn(text: str) -> Value:
    found = _SSN.fullmatch(text)
    if found is None or set(text) <= set("0-"):
        raise BadCell("must be nine digits")
    return "".join(found.groups())


def _email(text: str) -> Value:
    try:
        validate_email(text)
    except ValidationError:
        raise BadCell("is not an email address") from None
    if len(text) > 254:
        raise BadCell("is longer than 254 characters")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


_phone = _shape(r"[0-9]{10}", "ten digits, area code first")
_state = _one_of(list(US_STATES))


def _yes_no_column(name: str, meaning: str) -> Column:
    return Column(name=name, meaning=f"{meaning}: Y or N", read=_yes_no, kind="boolean", required=True)


def _day_column(name: str, meaning: str, *, required: bool = False, last: bool = False) -> Column:
    return Column(
        name=name, meaning=meaning, read=_last_day if last else _day, kind="date", required=required, empty=None
    )


def _money_column(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, read=_money, kind="numeric(10, 2)", required=required, empty="0.00")


def _text_column(model: type[models.Model], name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, read=_text(model, name), required=required)


# --- Lines ---


def _account_line(values: Sequence[Value], at: dict[str, int]) -> list[str]:
    if values[at["account_number"]] is None and values[at["household_key"]] is None:
        return ["account_number: must not be empty where household_key is empty"]
    return []


def _member_line(values: Sequence[Value], at: dict[str, int]) -> list[str]:
    problems = []
    if values[at["work_extension"]] and not values[at["work_phone"]]:
        problems.append("work_extension: stands there without a work_phone")
    return problems


def _policy_line(values: Sequence[Value], at: dict[str, int]) -> list[str]:
    premium, credit = values[at["monthly_premium"]], values[at["aptc_amount"]]
    if premium is not None and credit is not None and Decimal(credit) > Decimal(premium):
        return ["aptc_amount: is more than the monthly_premium"]
    return []


ACCOUNTS = Feed(
    name="accounts",
    meaning="one line for each household",
    keys=("account_number", "household_key"),
    across=_account_line,
    columns=(
        Column(
            name="account_number",
            meaning="up to 12 letters and digits; empty until there is one",
            read=_shape(r"[0-9A-Za-z]{1,12}", "1 to 12 letters and digits"),
            empty=None,
        ),
        Column(
            name="household_key",
            meaning="by which the carrier knows a household that may have no account number yet, up to 20 characters",
            read=_shape(r"[0-9A-Za-z_-]{1,20}", "1 to 20 letters, digits, - or _"),
            empty=None,
        ),
        _text_column(Account, "address_1", "home address"),
        _text_column(Account, "address_2", ""),
        _text_column(Account, "city", ""),
        Column(name="state", meaning=", ".join(US_STATES), read=_state, required=True),
        Column(name="zip", meaning="five digits", read=_shape(r"[0-9]{5}", "five digits")),
        Column(
            name="as_of",
            meaning="when the member system wrote the line, as 2026-11-30T17:05:00-06:00; never older than what is kept",
            read=_moment,
            kind="timestamptz",
            required=True,
        ),
    ),
)
MEMBERS = Feed(
    name="members",
    meaning="one line for each person of a household",
    keys=("member_id",),
    across=_member_line,
    columns=(
        Column(
            name="member_id",
            meaning="the number on the card, up to 14 letters and digits",
            read=_shape(r"[0-9A-Za-z]{1,14}", "1 to 14 letters and digits"),
            required=True,
        ),
        Column(
            name="account",
            meaning="account_number of the household, or its household_key",
            read=_shape(r"[0-9A-Za-z_-]{1,20}", "1 to 20 letters, digits, - or _"),
            required=True,
        ),
        Column(
            name="role",
            meaning=f"{', '.join(Member.Role.values)}; each household has one PRIMARY",
            read=_one_of(Member.Role.values),
            required=True,
        ),
        _text_column(Member, "first_name", "", required=True),
        Column(name="middle_initial", meaning="one letter", read=_text(Member, "middle_initial")),
        _text_column(Member, "last_name", "", required=True),
        _day_column("date_of_birth", "YYYY-MM-DD, not to come", required=True),
        Column(name="sex", meaning="F or M", read=_one_of(Member.Sex.values), required=True),
        Column(name="ssn", meaning="nine digits, with or without hyphens; stored encrypted", read=_ssn, empty=None),
        _yes_no_column("disabled_dependent", "stays covered past 26"),
        _yes_no_column("unmarried_veteran", "Illinois: stays covered to 30"),
        Column(name="home_phone", meaning="ten digits", read=_phone),
        Column(name="cell_phone", meaning="ten digits; another number ends the consent to text messages", read=_phone),
        Column(name="work_phone", meaning="ten digits", read=_phone),
        Column(name="work_extension", meaning="up to six digits", read=_shape(r"[0-9]{1,6}", "up to six digits")),
        Column(name="fax", meaning="ten digits", read=_phone),
        Column(name="other_phone", meaning="ten digits; a number whose type is not known", read=_phone),
        Column(name="email", meaning="", read=_email),
    ),
)
POLICIES = Feed(
    name="policies",
    meaning="one line for each policy",
    keys=("policy_number",),
    across=_policy_line,
    columns=(
        Column(
            name="policy_number",
            meaning="the carrier's own number of the policy, which never changes; up to 20 letters, digits, - or _",
            read=_shape(r"[0-9A-Za-z_-]{1,20}", "1 to 20 letters, digits, - or _"),
            required=True,
        ),
        Column(
            name="account",
            meaning="account_number of the household, or its household_key; a policy never changes its household",
            read=_shape(r"[0-9A-Za-z_-]{1,20}", "1 to 20 letters, digits, - or _"),
            required=True,
        ),
        Column(
            name="producer_number",
            meaning="nine digits, known to the portal; another one than before makes that producer the producer of record",
            read=_shape(r"[0-9]{9}", "nine digits"),
            required=True,
        ),
        _text_column(Policy, "eapp_number", ""),
        _text_column(Policy, "client_app_id", ""),
        _text_column(Policy, "exchange_assigned_id", ""),
        _text_column(Policy, "pending_application_id", "billing ID on the first-payment notice"),
        _text_column(Policy, "group_number", ""),
        _text_column(Policy, "plan_id", "standard component id of the plan"),
        _text_column(Policy, "product_name", "", required=True),
        Column(name="line", meaning="MEDICAL or DENTAL", read=_one_of(Policy.Line.values), required=True),
        Column(name="market", meaning="ON or OFF exchange", read=_one_of(Policy.Market.values), required=True),
        Column(name="network_type", meaning=", ".join(Policy.Network.values), read=_one_of(Policy.Network.values)),
        _text_column(Policy, "metal_level", ""),
        _yes_no_column("requires_pcp", "the plan needs a PCP"),
        _yes_no_column("grandfathered", "a plan from before the Affordable Care Act"),
        _yes_no_column("is_temporary", "temporary coverage"),
        Column(name="state", meaning=f"of the policy: {', '.join(US_STATES)}", read=_state, required=True),
        _day_column("application_started_on", "YYYY-MM-DD"),
        _day_column("application_signed_on", "YYYY-MM-DD"),
        Column(
            name="application_submitted_at",
            meaning="as 2026-11-30T17:05:00-06:00",
            read=_moment,
            kind="timestamptz",
            empty=None,
        ),
        _day_column("effective_date", "first day of coverage", required=True),
        _day_column("paid_to_date", "first day not yet paid for"),
        _day_column("term_date", "last day of coverage; empty or 9999-12-31 for none", last=True),
        _day_column(
            "grace_started_on",
            "due date from which grace counts; empty leaves the portal's own, which ends when premiums are paid ahead",
        ),
        _day_column("cancellation_notice_mailed_on", ""),
        _day_column("binder_due_date", "last day for the first payment; empty: counted from the effective date"),
        _money_column("monthly_premium", "dollars, before tax credit", required=True),
        _money_column("aptc_amount", "monthly tax credit in dollars; empty for none"),
        _money_column("past_due", "dollars; empty for none"),
        _yes_no_column("binder_paid", "first payment received"),
        _yes_no_column("on_autopay", "premiums are drawn automatically"),
        Column(
            name="status",
            meaning=f"{', '.join(Policy.Status.values)}; empty: worked out from the dates",
            read=_one_of(Policy.Status.values),
        ),
    ),
)
COVERAGES = Feed(
    name="coverages",
    meaning="one line for each person on a policy",
    keys=("policy_number", "member_id"),
    columns=(
        Column(
            name="policy_number",
            meaning="as in policies.csv",
            read=_shape(r"[0-9A-Za-z_-]{1,20}", "1 to 20 letters, digits, - or _"),
            required=True,
        ),
        Column(
            name="member_id",
            meaning="as in members.csv; somebody of the policy's household",
            read=_shape(r"[0-9A-Za-z]{1,14}", "1 to 14 letters and digits"),
            required=True,
        ),
        _day_column("effective_date", "first day of coverage", required=True),
        _day_column("term_date", "last day of coverage; empty or 9999-12-31 for none", last=True),
    ),
)
FEEDS = (ACCOUNTS, MEMBERS, POLICIES, COVERAGES)
# Column of members.csv by kind of contact point; in the order of the kinds.
CONTACT_COLUMNS = (
    (ContactPoint.Kind.HOME, "home_phone", "''"),
    (ContactPoint.Kind.CELL, "cell_phone", "''"),
    (ContactPoint.Kind.WORK, "work_phone", "work_extension"),
    (ContactPoint.Kind.FAX, "fax", "''"),
    (ContactPoint.Kind.UNTYPED, "other_phone", "''"),
    (ContactPoint.Kind.EMAIL, "email", "''"),
)


def header_problems(feed: Feed, header: Sequence[str]) -> list[str]:
    """What is wrong with the first line: every column must be named once, in any order, and nothing else.

    A name that is not known is told by its place only: in a file without a first line of names it may be anything.
    """
    names = [column.name for column in feed.columns]
    problems = [f"there is no column {name}" for name in names if name not in header]
    problems += [f"column {place} is not one of this file" for place, name in enumerate(header, 1) if name not in names]
    problems += [f"{name} is named twice" for name in names if header.count(name) > 1]
    return problems


class LineReader:
    """Reads the lines of one file whose header was found right."""

    def __init__(self, feed: Feed, header: Sequence[str]) -> None:
        self.feed = feed
        self._width = len(header)
        self._columns = [(header.index(column.name), column) for column in feed.columns]
        self.place = {column.name: index for index, column in enumerate(feed.columns)}

    def read(self, cells: Sequence[str]) -> tuple[list[Value], list[str]]:
        """Return the values in the order of the feed's columns, and what is wrong with the line."""
        if len(cells) != self._width:
            return [], [f"{len(cells)} cells where the first line names {self._width} columns"]
        problems = []
        printable = "".join(cells).isprintable()
        values: list[Value] = []
        for index, column in self._columns:
            text = cells[index]
            if not text:
                values.append(column.empty)
                if column.required:
                    problems.append(f"{column.name}: must not be empty")
                continue
            try:
                if not printable and not text.isprintable():
                    raise BadCell("holds a character that cannot be printed")
                values.append(column.read(text))
            except BadCell as bad:
                problems.append(f"{column.name}: {bad}")
                values.append(None)
        return values, problems or self.feed.across(values, self.place)
