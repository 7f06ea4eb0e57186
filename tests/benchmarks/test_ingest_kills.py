"""The plan of the kills is repeatable and of every kind; their judge finds what is planted in a database."""

import contextlib
import random
from collections import Counter
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from benchmarks.gateway_fleet import ROWS_PER_FLUSH, Gateway, Truth
from benchmarks.ingest_kills import PARTS, judge, plan
from store.database import Database
from store.equipment import EquipmentRegister
from store.group import GroupBuilder
from store.migrate import migrate
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.targets import Targets, load_tables
from store.writer import Writer
from telemetry.receipt import Receipt, encode_receipt
from telemetry.topics import Message, data_topic


def test_a_seed_repeats_its_faults() -> None:
    assert list(plan(random.Random(5), kills=20)) == list(plan(random.Random(5), kills=20))
    assert list(plan(random.Random(5), kills=20)) != list(plan(random.Random(6), kills=20))


def test_a_plan_has_so_many_kills_and_freezes_on_top() -> None:
    faults = list(plan(random.Random(1), kills=100))
    kills = Counter(chain.from_iterable(fault.victims for fault in faults if not fault.is_freeze))
    assert kills.total() == 100
    assert set(kills) == set(PARTS)
    assert any(len(fault.victims) == 2 for fault in faults)
    assert any(fault.is_freeze and 1 <= fault.down_seconds <= 5 for fault in faults)
    assert all("database" not in fault.victims for fault in faults if fault.is_freeze)


@pytest.fixture
def committed(database: str, tmp_path: Path) -> str:
    """Address of a database that holds what two gateways have sealed, whose truth is in ``tmp_path``."""
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(Database(database))
        migrate(opened, report=lambda _: None)
        truth = Truth(tmp_path, stack)
        builder = GroupBuilder(
            targets=Targets(load_tables(opened), OtherSignals(opened)),
            register=EquipmentRegister(opened),
            partitions=Partitions(opened),
        )
        writer = Writer(opened, builder)
        for gateway in (Gateway(number, seed=1, truth=truth) for number in range(2)):
            for _ in range(20):
                gateway.seal()
                messages = [Message(data_topic(gateway.name), payload) for payload in gateway.due(0.0)]
                outcome = writer.commit(builder.build(messages))
                for (_, epoch), seqs in outcome.receipts.items():
                    gateway.take_receipt(encode_receipt(Receipt.of(epoch, seqs)))
        writer.tidy()
    return database


def test_the_judge_finds_nothing_where_nothing_is_wrong(committed: str, tmp_path: Path) -> None:
    verdict, found = judge(committed, tmp_path)
    assert verdict.agrees, verdict.examples
    assert verdict.rows >= 2 * 20 * 2 * ROWS_PER_FLUSH
    assert {name: count for name, count in found.items() if name != "ledger rows"} == dict.fromkeys(
        ("wrong buckets", "stale latest", "dead letters"), 0
    )


PLANTED = (
    "DELETE FROM reading.boiler WHERE time = (SELECT max(time) FROM reading.boiler)",
    "INSERT INTO reading.cnc_machine SELECT * FROM reading.cnc_machine ORDER BY time LIMIT 1",
    "UPDATE reading.boiler SET trip_code = 7 WHERE time = (SELECT min(time) FROM reading.boiler WHERE trip_code IS NOT NULL)",
    "UPDATE reading.cnc_machine_1m SET spindle_speed_count = spindle_speed_count + 1",
    "UPDATE reading.latest SET time = time - INTERVAL '1 hour'",
)


def test_the_judge_finds_what_is_planted_in_the_tables(committed: str, tmp_path: Path) -> None:
    judge(committed, tmp_path)  # makes the rollups
    with psycopg.connect(committed) as connection:
        for statement in PLANTED:
            connection.execute(statement)
    verdict, found = judge(committed, tmp_path)
    assert (verdict.missing, verdict.double, verdict.wrong, verdict.alien) == (1, 1, 1, 0)
    assert found["wrong buckets"] >= 1
    assert found["stale latest"] >= 1
