"""What was done about the rows of the save-the-policy desk, and which of them are put aside until a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application
from portal.common.access import Perm
from portal.common.dates import as_text, moment_as_text
from reporting.models import Outreach
from reporting.rules.desk import AtRisk, Why

# A snooze is never longer, so nothing older says anything about today's list.
LOOKED_BACK_DAYS = 90
# So many rows of the log are read at once.
FEW = 300


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest word about a row."""

    family: str
    outcome: str
    at: datetime
    snoozed_until: date | None


def latest_outreach(user: User, keys: Iterable[str], *, since: datetime) -> dict[str, Latest]:
    """The newest row of the log about each of these policies (``p12``) and applications (``a7``); one query."""
    wanted = list(keys)
    if not wanted:
        return {}
    policies = [int(key[1:]) for key in wanted if key.startswith("p")]
    applications = [int(key[1:]) for key in wanted if key.startswith("a")]
    log = _log(user, since).filter(Q(policy__any_of=policies) | Q(application__any_of=applications))
    return _newest(log.order_by("-id").values_list(*_LOGGED))


def _log(user: User, since: datetime) -> Any:
    return Outreach.objects.for_user(user, perm=Perm.REPORT_RUN).filter(at__gte=since)


def _newest(rows: Iterable[Any]) -> dict[str, Latest]:
    """The newest of the rows about each policy and application, by key; the rows come with the newest first."""
    found: dict[str, Latest] = {}
    for policy_id, application_id, why, outcome, at, until in rows:
        key = _key(policy_id, application_id)
        if key not in found:
            found[key] = Latest(Why(why).family if why else "", outcome, at, until)
    return found


_LOGGED = ("policy_id", "application_id", "why", "outcome", "at", "snoozed_until")


def _key(policy_id: int | None, application_id: int | None) -> str:
    return f"p{policy_id}" if policy_id else f"a{application_id}"


@dataclass(frozen=True)
class Log:
    """The newest word about each row: of all where there are few, else of those that were put aside."""

    known: dict[str, Latest]
    is_whole: bool

    def of(self, user: User, rows: Sequence[AtRisk], *, since: datetime) -> dict[str, Latest]:
        """About these rows; a query where not all is known yet."""
        return self.known if self.is_whole else latest_outreach(user, [one.key for one in rows], since=since)


def read_log(user: User, *, since: datetime, today: date) -> Log:
    """Enough of the log to tell what is snoozed on ``today``; one query, or three where much was written."""
    log = _log(user, since)
    few = list(log.order_by("-id").values_list(*_LOGGED)[: FEW + 1])
    if len(few) <= FEW:
        return Log(_newest(few), is_whole=True)
    keys = {
        _key(*ids) for ids in log.filter(snoozed_until__gt=today).order_by().values_list("policy_id", "application_id")
    }
    return Log(latest_outreach(user, keys, since=since), is_whole=False)


def is_snoozed(one: AtRisk, latest: Latest | None, *, today: date) -> bool:
    """Whether the row is off the list today: for the same reason as when it was snoozed, until the day before it is back."""
    if latest is None or latest.snoozed_until is None:
        return False
    return latest.family == one.why.family and today < latest.snoozed_until


def latest_of(user: User, rows: Sequence[AtRisk]) -> dict[str, Latest]:
    """The newest word about each row, of the time that counts; one query."""
    return latest_outreach(user, [one.key for one in rows], since=timezone.now() - timedelta(days=LOOKED_BACK_DAYS))


@dataclass(frozen=True)
class LogLine:
    when: str
    who: str
    why: str
    outcome: str
    note: str
    snoozed: str


def log_of(user: User, *, policy: Policy | None = None, application: Application | None = None) -> list[LogLine]:
    """What was done about a policy or an application, the newest first; one query."""
    rows = Outreach.objects.for_user(user, perm=Perm.REPORT_RUN).filter(policy=policy, application=application)
    return [
        LogLine(
            when=moment_as_text(row.at),
            who=row.by.get_full_name() or row.by.get_username(),
            why=Why(row.why).label if row.why else "",
            outcome=row.get_outcome_display(),
            note=row.note or "",
            snoozed=as_text(row.snoozed_until),
        )
        for row in rows.select_related("by").order_by("-id")
    ]
