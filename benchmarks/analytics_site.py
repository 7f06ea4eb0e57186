"""Simulated machines in a database, as ingest would have left them: for tests and benches of the engine."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from analytics.window import Window
from store.database import Database
from store.equipment import EquipmentRegister, find_equipment
from store.group import GroupBuilder
from store.kind_tables import ROLLUPS
from store.other_signals import OtherSignals
from store.partitions import Partitions
from store.rollups import refresh
from store.targets import Targets, load_tables
from store.writer import Writer
from telemetry.bundle import Batch, Bundle, SignalList
from telemetry.topics import Message, data_topic
from telemetry.wire import encode_bundle

_VALUES = 100_000
"""Of one bundle; a receiver unpacks at most 1 MiB."""


class Site:
    """Takes machines' histories; every gateway has its own count of bundles."""

    def __init__(self, database: Database) -> None:
        self._database = database
        register = EquipmentRegister(database)
        builder = GroupBuilder(
            targets=Targets(load_tables(database), OtherSignals(database)), register=register, partitions=Partitions(database)
        )
        self._builder, self._writer = builder, Writer(database, builder)
        self._seqs: dict[str, int] = {}

    def fill(self, gateway: str, histories: Mapping[str, Window]) -> dict[str, int]:
        """Commit histories by machine's name, and give the machines' ids."""
        for name, history in histories.items():
            names = tuple(history.values)
            size = _VALUES // len(names)
            for first in range(0, len(history), size):
                rows = slice(first, first + size)
                matrix = np.column_stack([np.asarray(history.values[signal][rows], np.float64) for signal in names])
                self._seqs[gateway] = seq = self._seqs.get(gateway, 0) + 1
                batch = Batch(
                    equipment=name,
                    signals=SignalList.of(history.kind, names),
                    times=history.times_us[rows].astype("<i8").tobytes(),
                    values=matrix.astype("<f8").tobytes(),
                )
                bundle = Bundle(gateway, 7, seq, 1, history.end_us, (batch,))
                outcome = self._writer.commit(self._builder.build([Message(data_topic(gateway), encode_bundle(bundle))]))
                assert not outcome.dead, outcome.dead
        self._writer.tidy()
        return {name: self.id_of(gateway, name) for name in histories}

    def roll_up(self, now: datetime) -> None:
        """Make the rollups up to an instant."""
        for rollup in ROLLUPS.values():
            while refresh(self._database, rollup, now=now):
                pass

    def id_of(self, gateway: str, name: str) -> int:
        found = find_equipment(self._database, gateway=gateway, name=name)
        assert found is not None
        return found.id
