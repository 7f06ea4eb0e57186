"""The database side of a backfill: which pieces are there, what is in the way, and the commit of one piece."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ingest.backfill_cells import Sheet
from ingest.backfill_check import Span, by_machine
from ingest.backfill_mapping import Layout, Mapping
from ingest.backfill_pieces import UnusableHistory
from ingest.backfill_times import Times
from store.arrivals import Item, Key
from store.copy_binary import EPOCH_2000_US
from store.database import Database, quoted
from store.equipment import EquipmentRegister, find_equipment
from store.group import Group, GroupBuilder
from store.kind_tables import RAW
from store.latest import LatestValues
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.rollups import read_levels
from store.sql_files import query, query_text
from store.targets import Targets, load_tables
from store.writer import enter_ids, store_group
from telemetry.bundle import Batch, Bundle, SignalList
from telemetry.errors import RetryableError
from telemetry.topics import Message

_T = TypeVar("_T")

_START = datetime(1970, 1, 1, tzinfo=UTC)
WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Between attempts, when the database is away: a restart fits in. Then the command ends; run again, it goes on."""


class Destination:
    """Where one run of a backfill writes to; any number of threads may commit."""

    def __init__(self, database: Database, mapping: Mapping, *, now: datetime) -> None:
        self._database, self._mapping = database, mapping
        # Not the gateway itself: its names hold no "/", so no bundle of its own can have one of these ids.
        self._source = f"backfill/{mapping.gateway}"
        self._sent_at_us = round(now.timestamp() * 1e6)
        self._builder = GroupBuilder(
            targets=Targets(load_tables(database), OtherSignals(database)),
            register=EquipmentRegister(database),
            partitions=Partitions(database),
            retention=now - datetime.combine(mapping.not_before, datetime.min.time(), UTC),
            now=lambda: now,
        )
        self._lock = threading.Lock()
        self._latest = LatestValues(database)

    def stored_pieces(self, epoch: int) -> tuple[bool, set[int]]:
        """Tell whether a file is stored whole, and which of its pieces are."""
        with self._database.connection() as connection:
            floor, seqs = (
                connection.execute(query("backfill", "progress"), {"source": self._source, "epoch": epoch}).fetchone() or ()
            )
        return floor > 1, set(seqs)

    def strangers(self, spans: dict[str, Span]) -> list[str]:
        """Name the machines that the database knows as another kind."""
        found = []
        for name in spans:
            known = find_equipment(self._database, gateway=self._mapping.gateway, name=name)
            if known is not None and known.kind not in ("", self._mapping.kind):
                found.append(f"{name} of {self._mapping.gateway} is a {known.kind} in the database, not a {self._mapping.kind}")
        return found

    def beyond_retention(self, spans: dict[str, Span]) -> list[str]:
        """Name the machines with rows so old that the database has dropped such: they would go again, and into no rollup."""
        kept_from, _ = read_levels(self._database)[RAW]
        return [
            f"{name} has rows from {_moment(span.low_us):%Y-%m-%d}; the database keeps rows from {kept_from:%Y-%m-%d} on"
            for name, span in spans.items()
            if kept_from is not None and _moment(span.low_us) < kept_from
        ]

    def overlaps(self, spans: dict[str, Span]) -> list[str]:
        """Name the machines that have rows between the first and the last time of a file."""
        found = []
        for name, span in spans.items():
            row = self._ask("overlap", name, span.low_us, span.high_us)
            if row is not None and row[0] is not None:
                first, last = (moment.astimezone(UTC).isoformat().replace("+00:00", "Z") for moment in row)
                found.append(f"{name} of {self._mapping.gateway} has rows in the database from {first} to {last}")
        return found

    def leave_out_existing(self, sheet: Sheet) -> None:
        """Leave out the rows at times at which the database has one."""
        kept = np.ones(len(sheet.times_us), bool)
        for name, rows in by_machine(sheet):
            times_us = sheet.times_us[rows]
            row = self._ask("times", name, int(times_us.min()), int(times_us.max()))
            if row is not None and row[0] is not None:
                kept[rows] = ~np.isin(times_us, _times_of(row[0]))
        sheet.take(kept)

    def commit(self, epoch: int, number: int, sheet: Sheet, layout: Layout) -> Group | None:
        """Store a piece in one transaction with its ledger entry; None if it was stored before.

        Raises
        ------
        DatabaseError
            Nothing of the piece is stored, and the same may be given again.
        """
        key: Key = (self._source, epoch, number)
        item = Item(key, Message(self._source, b""), self._bundle(epoch, number, sheet, layout))
        return _until_it_works(lambda: self._commit(item))

    def note_latest(self, group: Group) -> None:
        """Remember the newest row of each machine; for one thread."""
        self._latest.note(group)

    def finish(self, epoch: int, piece_count: int) -> None:
        """Write the newest values, unless there are newer ones, and let a floor stand for all ledger entries of the file."""
        _until_it_works(self._write_latest)
        columns: list[list[object]] = [[self._source], [epoch], [piece_count + 1]]

        def raise_floor() -> None:
            with self._database.connection() as connection:
                connection.execute(query("delivery", "raise_floors"), columns)
                connection.execute(query("delivery", "purge"), columns)

        _until_it_works(raise_floor)

    def _write_latest(self) -> None:
        while self._latest.write():
            pass

    def _commit(self, item: Item) -> Group | None:
        with self._lock:  # registers and encoders are not for two threads
            group = self._builder.gather([item])
        if group.dead:  # all was checked before: someone has changed the kind of the machine, or the tables
            raise UnusableHistory(f"piece {item.key[2]}: {group.dead[0].reason}: {group.dead[0].detail}")
        with self._database.connection() as connection:
            if not enter_ids(connection, {item.key}):
                return None
            store_group(connection, group)
        return group

    def _bundle(self, epoch: int, number: int, sheet: Sheet, layout: Layout) -> Bundle:
        signals = SignalList.of(self._mapping.kind, tuple(column.signal for column in layout.columns))
        batches = (
            Batch(equipment=name, signals=signals, times=sheet.times_us[rows].tobytes(), values=sheet.values[rows].tobytes())
            for name, rows in by_machine(sheet)
        )
        return Bundle(
            gateway=self._mapping.gateway, epoch=epoch, seq=number, floor=1, sent_at_us=self._sent_at_us, batches=tuple(batches)
        )

    def _ask(self, question: str, name: str, low_us: int, high_us: int) -> tuple[Any, ...] | None:
        known = find_equipment(self._database, gateway=self._mapping.gateway, name=name)
        if known is None:
            return None
        statement = query_text("backfill", question, table=quoted(self._mapping.kind))
        span = {"id": known.id, "low": _moment(low_us), "high": _moment(high_us)}
        with self._database.connection() as connection:
            return connection.execute(statement, span, binary=True).fetchone()


def _times_of(array: bytes) -> Times:
    """Read the binary form of an array of timestamps: a header of five int32, then length and value of each."""
    record = np.dtype([("length", ">i4"), ("value", ">i8")])
    times: npt.NDArray[np.int64] = np.frombuffer(array, record, offset=20)["value"].astype(np.int64)
    return times + EPOCH_2000_US


def _moment(time_us: int) -> datetime:
    return _START + timedelta(microseconds=time_us)


def _until_it_works(work: Callable[[], _T]) -> _T:
    for seconds in WAITS_SECONDS:
        try:
            return work()
        except RetryableError:
            time.sleep(seconds)
    return work()
