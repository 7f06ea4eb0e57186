"""The spool: sealed bundles on disk, from their commit until the cloud's receipt."""

import asyncio
import functools
import logging
import secrets
import sqlite3
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Concatenate, NamedTuple, ParamSpec, Self, TypeVar

from device_profiles.rollover import Rollover
from edge_gateway import metrics
from edge_gateway.gaps import GAP_SCHEMA, Gap, note_gap, recent_gaps
from edge_gateway.rows import Loss
from edge_gateway.sealing import Parcel, pack, time_span
from edge_gateway.turned_counters import COUNTER_SCHEMA, read_counters, write_counters
from telemetry.bundle import Batch, Block, Bundle, Event
from telemetry.errors import ConfigError, RetryableError
from telemetry.receipt import Receipt
from telemetry.wire import encode_bundle

_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

_SCHEMA = """
CREATE TABLE meta (epoch INTEGER NOT NULL, next_seq INTEGER NOT NULL, open_from_us INTEGER);
CREATE TABLE bundle (
    seq INTEGER PRIMARY KEY,
    created_us INTEGER NOT NULL,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    bytes BLOB NOT NULL
);
PRAGMA user_version = 2;
"""
_VERSION = 2
_STEP_US = 60_000_000
"""A system clock that moves so much further than time did was set."""
_CLOCK_WAS_SET_US = 1_704_067_200_000_000
"""2024-01-01: what a box without a battery says before it has asked for the time says nothing of a bundle's age."""


class SpoolFailed(RetryableError):  # noqa: N818 - what happened, as in telemetry.errors
    """Nothing was committed; ``reason`` is ``disk_full`` or ``disk``."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(f"spool: {detail}")


class _Damaged(sqlite3.DatabaseError):
    """SQLite can read the file, but it is not what we wrote."""


class Waiting(NamedTuple):
    """A bundle without a receipt."""

    seq: int
    payload: bytes


@dataclass(slots=True)
class SpoolStatus:
    """How things stand; the event loop reads it without asking the disk."""

    epoch: int = 0
    bundles: int = 0
    bytes: int = 0
    oldest_us: int | None = None
    gaps: list[Gap] = field(default_factory=list)
    is_working: bool = True


def _in_its_thread(
    method: Callable[Concatenate["Spool", _P], _T],
) -> Callable[Concatenate["Spool", _P], Awaitable[_T]]:
    """Run a method on the spool's one thread, so that a slow disk never stops the polling and calls never meet."""

    @functools.wraps(method)
    async def call(self: "Spool", /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        work = functools.partial(method, self, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    return call


class Spool:
    """A SQLite file in WAL mode with synchronous FULL: what `append` has returned survives a power cut.

    The epoch names this file; a file that is damaged is moved aside and its successor is another epoch, so that no
    (epoch, seq) ever means two different contents. Bounds are kept by dropping the oldest bundles into the gap table.
    """

    def __init__(
        self,
        path: Path,
        *,
        gateway: str,
        max_bytes: int,
        max_age_us: int,
        now_us: Callable[[], int],
        steady_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
    ) -> None:
        self.status = SpoolStatus()
        self._path = path
        self._gateway = gateway
        self._max_bytes = max_bytes
        self._max_age_us = max_age_us
        self._now_us = now_us
        self._steady_us = steady_us
        self._last_clocks_us = now_us(), steady_us()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._open_database: sqlite3.Connection | None = None
        self._bundles, self._bytes = 0, 0
        self._unsure_from_seq: int | None = None

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stop()
        self._thread.shutdown()

    @_in_its_thread
    def append(
        self, batches: Sequence[Batch], events: Sequence[Event], losses: Sequence[Loss] = (), *, blocks: Sequence[Block] = ()
    ) -> list[Waiting]:
        """Seal what one flush interval gathered and commit it, with the losses since the last commit.

        Raises
        ------
        SpoolFailed
            If nothing was committed; the caller still owns the samples and the losses.
        """
        parcels = pack(batches, events, blocks)
        try:
            sealed = self._commit(self._database(), parcels, losses)
        except sqlite3.Error as error:
            self._recover(error)
            raise _failure(error) from error
        epoch = self.status.epoch
        try:
            self._drop_what_is_too_much()
            self._tell()
        except sqlite3.Error as error:
            self._recover(error)
        return sealed if self.status.epoch == epoch else []

    @_in_its_thread
    def receipt(self, receipt: Receipt) -> int:
        """Delete what the cloud has committed, and give how many bundles that were. A foreign epoch deletes nothing.

        This commit need not be durable: a bundle that comes back after a power cut is sent again, recognised and receipted.
        Without it each receipt would cost the flash another sync.

        Raises
        ------
        SpoolFailed
        """
        if receipt.epoch != self.status.epoch:
            return 0
        try:
            database = self._database()
            database.execute("PRAGMA synchronous = NORMAL")
            try:
                with _transaction(database):
                    deleted = [
                        size
                        for first, last in receipt.ranges
                        if first < 2**63
                        for (size,) in database.execute(
                            "DELETE FROM bundle WHERE seq BETWEEN ? AND ? RETURNING length(bytes)", (first, min(last, 2**63 - 1))
                        )
                    ]
            finally:
                database.execute("PRAGMA synchronous = FULL")
            self._bundles -= len(deleted)
            self._bytes -= sum(deleted)
            self._tell()
        except sqlite3.Error as error:
            self._recover(error)
            raise _failure(error) from error
        return len(deleted)

    @_in_its_thread
    def pending(self, after_seq: int = 0, limit: int = 16) -> list[Waiting]:
        """Give the oldest bundles above a seq; one whose bytes have rotted on the disk is dropped into the gap table instead.

        Raises
        ------
        SpoolFailed
        """
        try:
            return self._read("WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit))
        except sqlite3.Error as error:
            self._recover(error)
            raise _failure(error) from error

    @_in_its_thread
    def read_counters(self) -> dict[tuple[str, str], Rollover]:
        """Give what was kept of counters that turn over, by equipment and signal; nothing where the disk does not answer."""
        try:
            return read_counters(self._database())
        except sqlite3.Error as error:
            self._recover(error)
            return {}

    @_in_its_thread
    def keep_counters(self, counters: Mapping[tuple[str, str], Rollover]) -> None:
        """Write down how far counters have turned; a failure is tried again with the next call."""
        if not counters:
            return
        try:
            database = self._database()
            with _transaction(database):
                write_counters(database, counters)
        except sqlite3.Error as error:
            self._recover(error)

    @_in_its_thread
    def _start(self) -> None:
        try:
            try:
                self._note_what_a_kill_cost(self._open())
                self._drop_what_is_too_much()
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise
                self._move_aside(error)
            self._tell()
        except (sqlite3.Error, OSError) as error:
            self._close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise ConfigError(f"{self._path}: {error}", key="spool.path") from error
            # A gateway that restarts on a full disk polls all the same; the disk is tried again with every flush.
            self.status.is_working = False
            _log.error("spool %s: %s", self._path, error)

    @_in_its_thread
    def _stop(self) -> None:
        with suppress(sqlite3.Error):  # a disk that has failed by now has told so
            self._database().execute("UPDATE meta SET open_from_us = NULL")
        self._close()

    def _note_what_a_kill_cost(self, database: sqlite3.Connection) -> None:
        """Record a gap where the process before was not stopped in good order: what it had in memory is lost.

        The gap begins with the last rows that were committed, for polls that went on then; nobody knows how many rows it holds.
        """
        (open_from_us,) = database.execute("SELECT open_from_us FROM meta").fetchone()
        now = self._now_us()
        with _transaction(database):
            if open_from_us is not None:
                note_gap(database, Gap("killed", None, None, open_from_us, max(now, open_from_us), 0, 0))
            database.execute("UPDATE meta SET open_from_us = ?", (now,))

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=0.5)
        self._open_database = database
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # two gateways on one spool would hand out the same seqs
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA journal_size_limit = 4194304")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            database.execute("BEGIN IMMEDIATE")
            for statement in f"{GAP_SCHEMA}{COUNTER_SCHEMA}{_SCHEMA}".split(";"):
                database.execute(statement)
            database.execute("INSERT INTO meta VALUES (?, 1, NULL)", (secrets.randbits(63),))
            database.execute("COMMIT")
        elif version != _VERSION:
            raise ConfigError(f"{self._path} was written by another version ({version})", key="spool.path")
        row = database.execute("SELECT epoch FROM meta").fetchone()
        if row is None:
            raise _Damaged("the epoch is missing")
        self.status.epoch = row[0]
        if self._unsure_from_seq is not None:
            # A commit whose sync failed may be found whole now. Its samples are still the caller's and will come again under
            # other seqs, and nobody has seen these bundles: away with them, or the samples would be stored twice.
            database.execute("DELETE FROM bundle WHERE seq >= ?", (self._unsure_from_seq,))
            self._unsure_from_seq = None
        self._bytes, self._bundles = database.execute("SELECT coalesce(sum(length(bytes)), 0), count(*) FROM bundle").fetchone()
        return database

    def _database(self) -> sqlite3.Connection:
        return self._open_database or self._open()

    def _close(self) -> None:
        database, self._open_database = self._open_database, None
        if database is not None:
            try:
                database.close()
            except sqlite3.Error as error:
                _log.debug("closing the spool: %s", error)

    def _commit(self, database: sqlite3.Connection, parcels: Sequence[Parcel], losses: Sequence[Loss]) -> list[Waiting]:
        sealed = []
        now = self._now_us()
        (first_seq,) = database.execute("SELECT next_seq FROM meta").fetchone()
        self._unsure_from_seq = first_seq
        with _transaction(database):
            floor = database.execute("SELECT min(seq) FROM bundle").fetchone()[0] or first_seq
            for seq, parcel in enumerate(parcels, start=first_seq):
                bundle = Bundle(
                    gateway=self._gateway,
                    epoch=self.status.epoch,
                    seq=seq,
                    floor=floor,
                    sent_at_us=now,
                    batches=tuple(parcel.batches),
                    events=tuple(parcel.events),
                    blocks=tuple(parcel.blocks),
                )
                payload = encode_bundle(bundle)
                from_us, to_us = time_span(*parcel)
                row = (seq, now, from_us, to_us, zlib.crc32(payload), payload)
                database.execute("INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?)", row)
                sealed.append(Waiting(seq, payload))
            # A record may be an hour old when it is read, which says nothing of how far the polls have come.
            begins = [time_span(parcel.batches, parcel.events)[0] for parcel in parcels if parcel.batches or parcel.events]
            database.execute(
                "UPDATE meta SET next_seq = ?, open_from_us = coalesce(?, open_from_us)",
                (first_seq + len(parcels), min(begins, default=None)),
            )
            for loss in losses:
                note_gap(database, Gap(loss.reason, None, None, loss.from_us, loss.to_us, 0, loss.rows))
        self._unsure_from_seq = None
        self._bundles += len(sealed)
        self._bytes += sum(len(bundle.payload) for bundle in sealed)
        return sealed

    def _recover(self, error: sqlite3.Error) -> None:
        """Bring the file back to a known state after a failure; what cannot be done now is tried at the next call."""
        reason = "damaged" if _is_damage(error) else _failure(error).reason
        metrics.SPOOL_ERRORS.labels(reason).inc()
        if self.status.is_working:
            _log.error("spool %s: %s", self._path, error)
        self.status.is_working = False
        self._close()
        try:
            if reason == "damaged":
                self._move_aside(error)
            else:
                self._open()
        except (sqlite3.Error, OSError, ConfigError) as second:
            _log.debug("opening the spool again: %s", second)
            self._close()

    def _move_aside(self, error: sqlite3.Error) -> None:
        self._close()
        self._unsure_from_seq = None
        stamp = self._now_us()
        for suffix in ("", "-wal", "-shm"):
            file = Path(f"{self._path}{suffix}")
            if file.exists():
                file.rename(f"{self._path}.damaged-{stamp}{suffix}")
        metrics.SPOOL_ERRORS.labels("moved_aside").inc()
        _log.error("spool %s is damaged (%s): moved to %s.damaged-%d; starting a new one", self._path, error, self._path, stamp)
        waiting, oldest = self.status.bundles, self.status.oldest_us
        database = self._open()
        metrics.DROPPED_BUNDLES.labels("damaged").inc(waiting)
        with _transaction(database):
            note_gap(database, Gap("damaged", None, None, oldest or stamp, stamp, waiting, 0))

    def _drop_what_is_too_much(self) -> None:
        database = self._database()
        now = self._age_by_the_steady_clock(database)
        oldest_allowed, size = now - self._max_age_us, self._bytes
        reason, seqs = "size" if size > self._max_bytes else "age", []
        for seq, created_us, length in database.execute("SELECT seq, created_us, length(bytes) FROM bundle ORDER BY seq"):
            if size <= self._max_bytes and (created_us >= oldest_allowed or created_us < _CLOCK_WAS_SET_US):
                break
            seqs.append(seq)
            size -= length
        if seqs:
            self._drop(database, seqs, reason)

    def _age_by_the_steady_clock(self, database: sqlite3.Connection) -> int:
        """Give the time; where the clock was set forward, the bundles move along: they have not aged by it."""
        now, steady = self._now_us(), self._steady_us()
        step = (now - self._last_clocks_us[0]) - (steady - self._last_clocks_us[1])
        self._last_clocks_us = now, steady
        if step > _STEP_US:
            metrics.CLOCK_STEPS.labels("forward").inc()
            _log.warning("the system clock was set forward by %.0f s", step / 1e6)
            database.execute("UPDATE bundle SET created_us = created_us + ?", (step,))
        return now

    def _drop(self, database: sqlite3.Connection, seqs: Sequence[int], reason: str) -> None:
        size = 0
        with _transaction(database):
            for seq in seqs:
                ((from_us, to_us, length),) = database.execute(
                    "DELETE FROM bundle WHERE seq = ? RETURNING from_us, to_us, length(bytes)", (seq,)
                ).fetchall()
                note_gap(database, Gap(reason, seq, seq, from_us, to_us, 1, 0))
                size += length
        self._bundles -= len(seqs)
        self._bytes -= size
        metrics.DROPPED_BUNDLES.labels(reason).inc(len(seqs))
        _log.warning("spool %s: dropped %d bundles without a receipt (%s)", self._path, len(seqs), reason)

    def _read(self, where: str, values: tuple[int, ...]) -> list[Waiting]:
        database = self._database()
        found = database.execute(f"SELECT seq, crc, bytes FROM bundle {where}", values).fetchall()  # noqa: S608 - our own text
        rotten = [seq for seq, crc, payload in found if zlib.crc32(payload) != crc]
        if rotten:
            self._drop(database, rotten, "rotten")
            self._tell()
        return [Waiting(seq, payload) for seq, _, payload in found if seq not in rotten]

    def _tell(self) -> None:
        database = self._database()
        oldest = database.execute("SELECT created_us FROM bundle ORDER BY seq LIMIT 1").fetchone()
        self.status.bundles, self.status.bytes = self._bundles, self._bytes
        self.status.oldest_us = None if oldest is None else oldest[0]
        self.status.gaps = recent_gaps(database)
        self.status.is_working = True
        metrics.SPOOL_BUNDLES.set(self._bundles)
        metrics.SPOOL_BYTES.set(self._bytes)
        metrics.SPOOL_OLDEST.set(0 if oldest is None else (self._now_us() - oldest[0]) / 1e6)


class _transaction:  # noqa: N801 - reads as the statement that it is
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._database.execute("COMMIT")
        elif self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT if isinstance(error, _Damaged) else 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _failure(error: sqlite3.Error) -> SpoolFailed:
    is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return SpoolFailed("disk_full" if is_full else "disk", str(error))
