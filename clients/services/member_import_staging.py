"""Reading the files of the member feed into staging tables, a piece at a time, by several processes.

Each piece is one transaction of its process: its lines by COPY, what is wrong with them, and a note that it is done.
A run that was stopped goes on with the pieces that are missing. All these tables are UNLOGGED: a crash of the database
empties lines and notes together, and reading begins anew. SSNs are encrypted before they are staged.
"""

import csv
import hashlib
import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction

from clients.models.accounts import ssn_last4_digest
from clients.models.policies import Policy
from clients.rules.names import name_key
from clients.services import statuses
from clients.services.member_import_columns import FEEDS, MEMBERS, POLICIES, Feed, LineReader, Value, header_problems
from clients.services.statuses import KnownFacts, StatusColumns
from portal.common import crypto

PIECE_BYTES = 1_000_000
# A quotation mark that is never closed: the piece ends all the same, and its reader says so.
LONGEST_PIECE_BYTES = 16_000_000
# So much is read faster by one process than it takes to start others.
ONE_PROCESS_BELOW_BYTES = 4_000_000
PIECES_AHEAD = 2  # for each process
KEPT_PROBLEMS_OF_A_PIECE = 200
NULL = "\x1f"  # the unit separator: not printable, so no cell is taken for it
KEY_LENGTH = Policy._meta.get_field("insured_last_key").max_length
PIECES_TABLE = "clients_staged_piece"

# What is staged beside the file's own columns.
EXTRA_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    MEMBERS.name: (("ssn_last4_digest", "text"), ("last_key", "text"), ("first_key", "text")),
    POLICIES.name: (
        *(("kept_status", "text"), ("status_source", "text"), ("derived_status", "text"), ("kept_term_date", "date")),
        *(("term_date_derived", "boolean"), ("kept_grace_started_on", "date"), ("status_holds_until", "date")),
    ),
}


class BadFiles(Exception):
    """The files cannot be taken over; ``problems`` has one sentence for each thing to mend, with file and line."""

    def __init__(self, problems: Sequence[str], *, more: int = 0) -> None:
        self.problems = list(problems)
        self.more = more
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Piece:
    """Some whole lines of one file."""

    feed_name: str
    number: int
    path: str
    start: int  # byte
    length: int
    first_line: int
    header: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """What a process needs to know beside its piece."""

    days: Mapping[str, date]


@dataclass
class Done:
    """What came of one piece."""

    feed_name: str
    length: int
    lines: int = 0
    problems: int = 0


# --- Tables ---


def staging_table(feed: Feed) -> str:
    return f"clients_staged_{feed.name}"


def columns_of(feed: Feed) -> list[tuple[str, str]]:
    """Names and types of the staging table's columns: line number, the file's own, what is worked out."""
    own = [(column.name, column.kind) for column in feed.columns]
    return [("file_line", "integer"), *own, *EXTRA_COLUMNS.get(feed.name, ())]


def create_tables() -> None:
    """Make the staging tables anew, empty."""
    drop_tables()
    with connection.cursor() as cursor:
        for feed in FEEDS:
            columns = ", ".join(f"{name} {kind}" for name, kind in columns_of(feed))
            cursor.execute(f"CREATE UNLOGGED TABLE {staging_table(feed)} ({columns})")
        cursor.execute(
            f"CREATE UNLOGGED TABLE {PIECES_TABLE} (feed text, number integer, lines integer, problem_count integer, "
            "problems text[], PRIMARY KEY (feed, number))"
        )


def drop_tables() -> None:
    with connection.cursor() as cursor:
        for table in (*(staging_table(feed) for feed in FEEDS), PIECES_TABLE):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def staged_lines() -> dict[str, int] | None:
    """Lines in each staging table; None when the tables are not there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [PIECES_TABLE])
        if cursor.fetchone()[0] is None:
            return None
        counts = {}
        for feed in FEEDS:
            cursor.execute(f"SELECT count(*) FROM {staging_table(feed)}")  # noqa: S608 - our own table
            counts[feed.name] = cursor.fetchone()[0]
        return counts


def lines_of_pieces() -> dict[str, int]:
    """Lines that the pieces say they have staged; the same as ``staged_lines`` while nothing was lost."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT feed, sum(lines)::integer FROM {PIECES_TABLE} GROUP BY feed")  # noqa: S608 - our own table
        return dict.fromkeys((feed.name for feed in FEEDS), 0) | dict(cursor.fetchall())


# --- Files ---


def found_files(folder: Path) -> dict[str, Path]:
    """The files of the feed that are in the folder, by name of the feed. Raises ``BadFiles`` when there is none."""
    if not folder.is_dir():
        raise BadFiles([f"{folder} is not a folder"])
    found = {feed.name: path for feed in FEEDS if (path := folder / feed.file_name).is_file()}
    if not found:
        raise BadFiles([f"{folder} holds none of {', '.join(feed.file_name for feed in FEEDS)}"])
    return found


def checksums(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of each file."""
    sums = {}
    for name, path in files.items():
        try:
            with path.open("rb") as file:
                sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise BadFiles([f"{path.name}: cannot be read: {exc.strerror}"]) from None
    return sums


def read_headers(files: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """The first line of each file. Raises ``BadFiles`` with everything that is wrong in them."""
    headers: dict[str, tuple[str, ...]] = {}
    problems = []
    for feed in FEEDS:
        if feed.name not in files:
            continue
        with files[feed.name].open("rb") as file:
            first = file.readline(100_000)
        try:
            header = tuple(cell.strip() for cell in next(csv.reader([first.decode("utf-8-sig")]), []))
        except (UnicodeDecodeError, csv.Error):
            problems.append(f"{feed.file_name} line 1: is not CSV in UTF-8")
            continue
        headers[feed.name] = header
        problems += [f"{feed.file_name} line 1: {problem}" for problem in header_problems(feed, header)]
    if problems:
        raise BadFiles(problems)
    return headers


def pieces_of(feed: Feed, path: Path, header: tuple[str, ...]) -> Iterator[Piece]:
    """Cut a file at line ends that are outside of quotation marks."""
    with path.open("rb") as file:
        start, line, number = len(file.readline()), 2, 0
        file.seek(start)
        piece = b""
        while True:
            more = file.read(PIECE_BYTES)
            piece += more
            cut = len(piece) if not more else _cut(piece)
            if not more and not piece:
                return
            if cut:
                yield Piece(feed.name, number, str(path), start, cut, line, header)
                line += piece.count(b"\n", 0, cut)
                start, number, piece = start + cut, number + 1, piece[cut:]
            if not more:
                return


def _cut(piece: bytes) -> int:
    """Where the piece can end; 0 when it has to grow."""
    end = piece.rfind(b"\n") + 1
    if len(piece) >= LONGEST_PIECE_BYTES:
        return end or len(piece)
    while end and piece.count(b'"', 0, end) % 2:
        end = piece.rfind(b"\n", 0, end - 1) + 1
    return end


# --- Reading ---


def read_all(
    files: Mapping[str, Path],
    headers: Mapping[str, tuple[str, ...]],
    *,
    setting: Setting,
    processes: int,
    progress: Callable[[int], object],
) -> int:
    """Stage every piece that is not staged yet; returns how many were there already. ``progress`` hears of bytes."""
    done = _pieces_done()
    pieces = (
        piece for feed in FEEDS if feed.name in files for piece in pieces_of(feed, files[feed.name], headers[feed.name])
    )
    if processes == 1 or sum(path.stat().st_size for path in files.values()) < ONE_PROCESS_BELOW_BYTES:
        for piece in pieces:
            if (piece.feed_name, piece.number) not in done:
                stage(piece, setting)
            progress(piece.length)
        return len(done)
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begin_process,
        initargs=(os.getpid(),),
    ) as pool:
        waiting: set[Future[Done]] = set()
        try:
            for piece in pieces:
                if (piece.feed_name, piece.number) in done:
                    progress(piece.length)
                    continue
                waiting.add(pool.submit(stage, piece, setting))
                if len(waiting) >= processes * PIECES_AHEAD:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        progress(future.result().length)
            for future in waiting:
                progress(future.result().length)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return len(done)


def default_processes() -> int:
    return min(os.cpu_count() or 1, 8)


def _begin_process(parent: int) -> None:
    # Ctrl-C reaches the whole group: the parent decides, and what is begun is finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The parent's connection is the parent's: this process opens its own, and does not end the one it has inherited.
    for alias in connections:
        connections[alias] = connections.create_connection(alias)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: it would keep the parent's connection, and so its lock, for ever."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _pieces_done() -> set[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT feed, number FROM {PIECES_TABLE}")  # noqa: S608 - our own table
        return set(cursor.fetchall())


def line_problems(limit: int) -> tuple[list[str], int]:
    """The first so many problems of single lines, in the order of files and lines, and how many there are in all."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT feed, problem_count, problems FROM {PIECES_TABLE} WHERE problem_count > 0 "  # noqa: S608 - our own table
            "ORDER BY array_position(%s::text[], feed), number",
            [[feed.name for feed in FEEDS]],
        )
        rows = cursor.fetchall()
    texts = [text for _, _, problems in rows for text in problems]
    return texts[:limit], sum(count for _, count, _ in rows)


def stage(piece: Piece, setting: Setting) -> Done:
    """Check the lines of a piece and put the good ones into the staging table, in one transaction."""
    feed = next(feed for feed in FEEDS if feed.name == piece.feed_name)
    done = Done(piece.feed_name, piece.length)
    problems: list[str] = []
    lines: list[tuple[int, list[Value]]] = []
    reader = LineReader(feed, piece.header)
    for at, cells in _lines(piece, problems):
        values, wrong = reader.read(cells)
        done.lines += 1
        if wrong:
            problems += [f"{feed.file_name} line {at}, {problem}" for problem in wrong]
        else:
            lines.append((at, values))
    done.problems = len(problems)
    with transaction.atomic(), connection.cursor() as cursor:
        rows = _EQUIP.get(feed.name, _as_they_are)(lines, reader.place, setting, cursor)
        _copy(cursor, feed, rows)
        cursor.execute(
            f"INSERT INTO {PIECES_TABLE} VALUES (%s, %s, %s, %s, %s)",  # noqa: S608 - our own table
            [feed.name, piece.number, len(lines), len(problems), problems[:KEPT_PROBLEMS_OF_A_PIECE]],
        )
    return done


def _lines(piece: Piece, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, with their number in the file, cells trimmed."""
    name = Path(piece.path).name
    with Path(piece.path).open("rb") as file:
        file.seek(piece.start)
        raw = file.read(piece.length)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        at = piece.first_line + raw.count(b"\n", 0, exc.start)
        problems.append(f"{name} line {at}: is not UTF-8 text")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = piece.first_line
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed):
                yield start, trimmed
            start = piece.first_line + reader.line_num
    except csv.Error as exc:
        problems.append(f"{name} line {start}: is not CSV: {exc}")


def _copy(cursor: Any, feed: Feed, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([NULL if value is None else value for value in row] for row in rows)
    text.seek(0)
    names = ", ".join(name for name, _ in columns_of(feed))
    cursor.copy_expert(
        f"COPY {staging_table(feed)} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{NULL}')",
        text,
    )


# --- What is worked out beside a line ---

_Lines = Sequence[tuple[int, list[Value]]]
_cached_key = lru_cache(maxsize=100_000)(lambda name: name_key(name)[:KEY_LENGTH])
_cached_digest = lru_cache(maxsize=10_000)(ssn_last4_digest)


def _as_they_are(lines: _Lines, place: Mapping[str, int], setting: Setting, cursor: Any) -> list[Sequence[Any]]:
    return [[at, *values] for at, values in lines]


def _members(lines: _Lines, place: Mapping[str, int], setting: Setting, cursor: Any) -> list[Sequence[Any]]:
    """Add digest and search keys; encrypt the SSN, unless the member has it already: then its own token is staged.

    So that equal SSNs are equal tokens, which no other way of encrypting gives, and are not written again.
    """
    cursor.execute(
        "SELECT member_id, ssn FROM clients_member WHERE member_id = ANY(%s) AND ssn IS NOT NULL",
        [[values[place["member_id"]] for _, values in lines]],
    )
    tokens: dict[str, str] = dict(cursor.fetchall())
    ssn_at, last_at, first_at = place["ssn"], place["last_name"], place["first_name"]
    rows: list[Sequence[Any]] = []
    for at, values in lines:
        ssn = values[ssn_at]
        digest = ""
        if ssn is not None:
            digest = _cached_digest(ssn[-4:])
            values[ssn_at] = _token(ssn, tokens.get(values[place["member_id"]] or ""))
        rows.append([at, *values, digest, _cached_key(values[last_at]), _cached_key(values[first_at])])
    return rows


def _token(ssn: str, known: str | None) -> str:
    if known is not None:
        try:
            if crypto.decrypt(known) == ssn:
                return known
        except crypto.CannotDecrypt:  # no key opens it any more; the feed mends that
            pass
    return crypto.encrypt(ssn)


def _policies(lines: _Lines, place: Mapping[str, int], setting: Setting, cursor: Any) -> list[Sequence[Any]]:
    """Add the status columns, worked out with the clock of grace that the portal has kept."""
    cursor.execute(
        "SELECT policy_number, grace_started_on FROM clients_policy "
        "WHERE policy_number = ANY(%s) AND grace_started_on IS NOT NULL",
        [[values[place["policy_number"]] for _, values in lines]],
    )
    clocks: dict[str, date] = dict(cursor.fetchall())
    number_at = place["policy_number"]
    return [
        [at, *values, *_status_columns(values, place, clocks.get(values[number_at] or ""), setting)]
        for at, values in lines
    ]


def _status_columns(
    values: Sequence[Value], place: Mapping[str, int], clock: date | None, setting: Setting
) -> StatusColumns:
    def day(name: str) -> date | None:
        text = values[place[name]]
        return None if text is None else _cached_day(text)

    us_state, effective = values[place["state"]], day("effective_date")
    premium, credit = values[place["monthly_premium"]] or "0.00", values[place["aptc_amount"]] or "0.00"
    assert us_state is not None  # noqa: S101 - a required column; tells the type checker
    assert effective is not None  # noqa: S101 - the same
    known = KnownFacts(
        us_state=us_state,
        market=values[place["market"]] or "",
        effective_date=effective,
        paid_to_date=day("paid_to_date"),
        carrier_term_date=day("term_date"),
        grace_started_on=day("grace_started_on") or clock,
        notice_mailed_on=day("cancellation_notice_mailed_on"),
        binder_due_date=day("binder_due_date"),
        premium_owed=premium != credit,  # a credit is never more than the premium
        has_credit=credit != "0.00",
        binder_paid=values[place["binder_paid"]] == "t",
    )
    return statuses.columns_for(known, carrier_status=values[place["status"]] or "", today=setting.days[us_state])


_cached_day = lru_cache(maxsize=50_000)(date.fromisoformat)
_EQUIP: dict[str, Callable[[_Lines, Mapping[str, int], Setting, Any], list[Sequence[Any]]]] = {
    MEMBERS.name: _members,
    POLICIES.name: _policies,
}
