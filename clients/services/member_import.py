"""Taking over the carrier's member feed: households, members, policies and who is covered by them.

A run has two parts. Reading checks every line and stages it, piece by piece, each piece committed by itself; a run that
was stopped goes on with the pieces that are missing. Writing matches the staged lines with what is there, checks what
lies between lines and files, and writes what differs: one transaction, so all of the files or nothing. The files are the
truth for the households, members, policies and coverages in them and say nothing about the others.

Works for the system, on nobody's behalf; only the command line can start it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connection, transaction

from clients.models import Account, ContactPoint, Coverage, Member, MemberImport, Policy, SurnameForm
from clients.services import member_import_staging as staging
from clients.services import member_import_writing as writing
from clients.services import statuses
from clients.services.member_import_columns import FEEDS
from clients.services.member_import_staging import BadFiles
from clients.services.member_import_writing import Outcome
from portal.common import audit

logger = structlog.get_logger(__name__)

IMPORT_LOCK = 7_301_004
SHOWN_PROBLEMS = 200
# Statuses are worked out while reading: lines that lie longer are read again.
STAGED_LINES_KEEP = timedelta(hours=24)
# From so many rows on the planner has to look at the tables again before it is asked anything.
MANY_ROWS = 20_000
UNFINISHED = (MemberImport.State.READING, MemberImport.State.READ)


class AlreadyRunning(Exception):
    """Another import is running at this moment."""


@dataclass(frozen=True)
class Report:
    """What came of a run. ``pieces_kept``: pieces of the files an earlier run, that was stopped, had read already."""

    outcome: Outcome
    lines: Mapping[str, int]
    disagree: int
    pieces_kept: int
    was_read: bool


def run(
    folder: Path,
    *,
    now: datetime,
    dry_run: bool = False,
    processes: int | None = None,
    progress: Callable[[int], object] = lambda _bytes: None,
    step: Callable[[str], object] = lambda _words: None,
) -> Report:
    """Take over the files in the folder, all or nothing; with ``dry_run`` only say what would change.

    Goes on where an unfinished run of the same files was stopped. ``progress`` hears of bytes that were read, ``step``
    of what is being done. Raises ``BadFiles`` with what is wrong, by file and line, and ``AlreadyRunning``.
    """
    with _alone():
        files = staging.found_files(folder)
        headers = staging.read_headers(files)
        member_import = _begin(folder, staging.checksums(files), now=now)
        was_read = member_import.state == MemberImport.State.READ
        pieces_kept = 0
        if not was_read:
            step("Reading")
            pieces_kept = staging.read_all(
                files,
                headers,
                setting=staging.Setting(days=statuses.days_by_state(now)),
                processes=processes or staging.default_processes(),
                progress=progress,
            )
            _refuse_bad_lines(member_import, now)
            member_import.lines = staging.staged_lines()
            member_import.state = MemberImport.State.READ
            member_import.save(update_fields=["lines", "state"])
        outcome, disagree = _write(member_import, now=now, dry_run=dry_run, step=step)
    report = Report(outcome, member_import.lines, disagree, pieces_kept, was_read)
    if not dry_run:
        _refresh_statistics(report)
        logger.info("member feed imported", lines=dict(report.lines), **vars(outcome))
    return report


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])


@transaction.atomic
def _begin(folder: Path, sums: Mapping[str, str], *, now: datetime) -> MemberImport:
    """The unfinished run of these very files, or a new one with empty staging tables."""
    key_check = _key_check()
    unfinished = MemberImport.objects.filter(state__in=UNFINISHED).first()
    if unfinished is not None:
        if (
            unfinished.files == dict(sums)
            and unfinished.key_check == key_check
            and now - unfinished.started_at < STAGED_LINES_KEEP
            and _is_whole(unfinished)
        ):
            return unfinished
        unfinished.state, unfinished.finished_at = MemberImport.State.ABANDONED, now
        unfinished.save(update_fields=["state", "finished_at"])
    staging.create_tables()
    return MemberImport.objects.create(folder=folder.name[:255], files=dict(sums), key_check=key_check, started_at=now)


def _is_whole(unfinished: MemberImport) -> bool:
    """Whether what it had staged is still there: a crash of the database empties the staging tables."""
    staged = staging.staged_lines()
    if staged is None:
        return False
    return staged == (unfinished.lines if unfinished.state == MemberImport.State.READ else staging.lines_of_pieces())


def _key_check() -> str:
    """Changes with whatever staged lines depend on: the newest encryption key, the columns, the size of the pieces."""
    columns = [staging.columns_of(feed) for feed in FEEDS]
    text = f"{settings.FIELD_ENCRYPTION_KEYS[:1]} {settings.SEARCH_DIGEST_KEY} {columns} {staging.PIECE_BYTES}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_bad_lines(member_import: MemberImport, now: datetime) -> None:
    """Raise ``BadFiles`` if a line is wrong by itself or stands there twice; what refers to it is not asked then."""
    texts, count = staging.line_problems(SHOWN_PROBLEMS)
    twice = writing.duplicates()
    _refuse(member_import, [*texts, *twice.texts], count + twice.count, now)


def _refuse(member_import: MemberImport, texts: list[str], count: int, now: datetime) -> None:
    if not count:
        return
    with transaction.atomic():
        staging.drop_tables()
        member_import.state, member_import.finished_at = MemberImport.State.REFUSED, now
        member_import.save(update_fields=["state", "finished_at"])
    raise BadFiles(texts[:SHOWN_PROBLEMS], more=count - len(texts[:SHOWN_PROBLEMS]))


def _write(
    member_import: MemberImport, *, now: datetime, dry_run: bool, step: Callable[[str], object]
) -> tuple[Outcome, int]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Statuses are not worked out meanwhile; who waits for whom would be left to chance.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [statuses.REFRESH_LOCK])
        step("Matching")
        writing.match()
        step("Checking")
        problems = writing.contradictions(now)
        if problems.count:
            transaction.set_rollback(True)
        else:
            outcome = writing.write(step)
            disagree = writing.disagreements()
            writing.forget_matches()
            if dry_run:
                transaction.set_rollback(True)
            else:
                _finish(member_import, outcome, now)
    _refuse(member_import, problems.texts, problems.count, now)
    return outcome, disagree


def _finish(member_import: MemberImport, outcome: Outcome, now: datetime) -> None:
    staging.drop_tables()
    member_import.state, member_import.finished_at = MemberImport.State.DONE, now
    member_import.outcome = vars(outcome)
    member_import.save(update_fields=["state", "finished_at", "outcome"])
    if outcome.anything:
        audit.record(
            "members.imported",
            by=None,
            object_type="member import",
            object_id=str(member_import.pk),
            details={**vars(outcome), "lines": member_import.lines},
        )


def _refresh_statistics(report: Report) -> None:
    """Let PostgreSQL look at many new rows at once, for good plans and index-only scans."""
    if sum(vars(report.outcome).values()) < MANY_ROWS or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for model in (Account, Member, ContactPoint, Policy, Coverage, SurnameForm):
            cursor.execute(f'VACUUM (ANALYZE) "{model._meta.db_table}"')
