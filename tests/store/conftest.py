"""A migrated database with a writer on it, and bundles to write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store.database import Database
from store.equipment import EquipmentRegister
from store.group import Group, GroupBuilder
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.targets import Targets, load_tables
from store.writer import Outcome, Writer
from telemetry.bundle import Batch, Block, Bundle, Event, SignalList
from telemetry.topics import Message, data_topic
from telemetry.wire import encode_bundle

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Store:
    """Everything that ingest has, at a fixed time."""

    dsn: str
    database: Database
    builder: GroupBuilder
    writer: Writer
    now: datetime = NOW

    def commit(self, *bundles: Bundle) -> Outcome:
        return self.writer.commit(self.group(*bundles))

    def group(self, *bundles: Bundle) -> Group:
        return self.builder.build(arrival(bundle) for bundle in bundles)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with self.database.connection() as connection:
            return connection.execute(question.encode()).fetchall()

    def run(self, statement: str) -> None:
        with self.database.connection() as connection:
            connection.execute(statement.encode())

    def count(self, table: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])

    def second_worker(self) -> "Store":
        """Give another ingest process on the same database, with memory of its own."""
        return make_store(self.dsn, self.database)


def make_store(dsn: str, database: Database) -> Store:
    targets = Targets(load_tables(database), OtherSignals(database))
    builder = GroupBuilder(
        targets=targets, register=EquipmentRegister(database), partitions=Partitions(database), now=lambda: NOW
    )
    return Store(dsn=dsn, database=database, builder=builder, writer=Writer(database, builder))


@pytest.fixture
def empty(database: str) -> Iterator[Database]:
    """A database without any table of ours."""
    with Database(database, max_connections=8) as opened:
        yield opened


@pytest.fixture
def store(migrated_database: str) -> Iterator[Store]:
    with Database(migrated_database, max_connections=8) as opened:
        yield make_store(migrated_database, opened)


def arrival(bundle: Bundle) -> Message:
    return Message(data_topic(bundle.gateway), encode_bundle(bundle))


def make_batch(
    equipment: str,
    values: Sequence[Sequence[float]],
    *,
    signals: str = "boiler:steam_flow,steam_pressure",
    at: datetime = NOW,
    step: timedelta = timedelta(seconds=1),
    qualities: Sequence[Sequence[int]] | None = None,
    single: bool = False,
) -> Batch:
    start = round(at.timestamp() * 1e6)
    return Batch(
        equipment=equipment,
        signals=SignalList.parse(signals),
        times=(start + np.arange(len(values), dtype="<i8") * round(step.total_seconds() * 1e6)).astype("<i8").tobytes(),
        values=np.array(values, "<f4" if single else "<f8").tobytes(),
        qualities=None if qualities is None else np.array(qualities, np.uint8).tobytes(),
        single=single,
    )


def make_bundle(
    seq: int = 1,
    *batches: Batch,
    gateway: str = "gw-1",
    epoch: int = 7,
    floor: int = 1,
    events: Sequence[Event] = (),
    blocks: Sequence[Block] = (),
) -> Bundle:
    """Make a bundle; without batches, one row of boiler-1 whose time tells its seq."""
    if not batches and not events and not blocks:
        batches = (make_batch("boiler-1", [[float(seq), 1.0]], at=NOW - timedelta(hours=1) + timedelta(seconds=seq)),)
    return Bundle(
        gateway=gateway,
        epoch=epoch,
        seq=seq,
        floor=floor,
        sent_at_us=round(NOW.timestamp() * 1e6),
        batches=tuple(batches),
        events=tuple(events),
        blocks=tuple(blocks),
    )


@pytest.fixture
def batch() -> Callable[..., Batch]:
    return make_batch


@pytest.fixture
def bundle() -> Callable[..., Bundle]:
    return make_bundle


@pytest.fixture
def moved() -> Callable[..., Bundle]:
    """Give a bundle with some header fields changed."""
    return replace
