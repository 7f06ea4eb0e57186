"""Judges what comes: the evaluator with what surrounds it. No clock and no database; one thread at a time calls it."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cbor2
import numpy as np

from analytics.alarms import counters
from analytics.alarms.acts import ProcessChange, process_changes
from analytics.alarms.changes import Changes
from analytics.alarms.evaluator import Evaluator
from analytics.alarms.gateways import Gateways
from analytics.alarms.instants import to_time, to_us
from analytics.alarms.machine_directory import Directory
from analytics.alarms.rows_by_kind import FUTURE_US, Rows, RowsByKind
from analytics.alarms.rule_set import RuleSet
from store.alarms import ConditionKey
from store.readings import Latest
from telemetry.bundle import Bundle
from telemetry.errors import BadPayload
from telemetry.topics import Message, gateway_of
from telemetry.wire import CBOR_MAGIC, decode_bundle

_log = logging.getLogger(__name__)


class Judge:
    """Turns messages and rows into changes of conditions, in order of time within each call."""

    def __init__(self, rules: RuleSet, directory: Directory, gateways: Gateways, *, late_us: int) -> None:
        self._evaluator = Evaluator(rules.by_kind)
        self._table = RowsByKind(directory)
        self._gateways = gateways
        self._late_us = late_us
        self._heard: set[int] = set()
        self._unproven: dict[tuple[int, str], int] = {}
        gateways.stale_rules = rules.stale
        self.use_directory(directory)

    @property
    def has_unknown(self) -> bool:
        return self._table.has_unknown

    def use_directory(self, directory: Directory) -> list[ProcessChange]:
        self._table.directory, self._table.has_unknown = directory, False
        self._gateways.of_machine = directory.gateways
        self._evaluator.name_machines(directory.names)
        return []

    def use_rules(self, rules: RuleSet, now_us: int) -> list[ProcessChange]:
        self._gateways.stale_rules = rules.stale
        return self._told(self._evaluator.replace_rules(rules.by_kind, now_us))

    def restore(self, snapshot: bytes, now_us: int) -> list[ProcessChange]:
        """Go on from a snapshot; see `Evaluator.restore`."""
        return self._told(self._evaluator.restore(snapshot, now_us))

    def snapshot(self) -> bytes:
        return self._evaluator.snapshot()

    def take_over(self, deadlines_us: Mapping[tuple[int, str], int]) -> None:
        """Take active conditions from the database, where no snapshot tells of them; by then each is seen anew or returns."""
        self._unproven = dict(deadlines_us)

    def expect_all(self, now_us: int) -> None:
        self._gateways.expect_all(now_us)

    def take(self, messages: Sequence[Message], now_us: int) -> list[ProcessChange]:
        """Take what the broker brought; what cannot be read is counted and forgotten."""
        changes = list[ProcessChange]()
        bundles = list[Bundle]()
        for message in messages:
            try:
                gateway = gateway_of(message.topic)
                if gateway is None:
                    raise BadPayload("topic", message.topic)  # noqa: TRY301 - one handler for all reasons
                if message.topic.endswith("/state"):
                    changes += self._gateways.hear(gateway, is_online=_is_online(message.payload), now_us=now_us)
                    continue
                bundle = decode_bundle(message.payload)
                if bundle.gateway != gateway:
                    raise BadPayload("gateway", f"{bundle.gateway[:80]!r} on the topic of {gateway!r}")  # noqa: TRY301
            except BadPayload as error:
                counters.DROPPED.labels(error.reason).inc()
                _log.debug("message on %s: %s", message.topic, error)
                continue
            self._gateways.note_bundle(gateway, sent_at_us=bundle.sent_at_us, now_us=now_us)
            bundles.append(bundle)
        for rows in self._table.lay_out(bundles, now_us):
            self._heard.update(np.unique(rows.equipment_ids).tolist())
            changes += self.take_rows(rows)
        return changes

    def unheard(self) -> list[int]:
        """Name the machines that no bundle has brought anything of."""
        return [machine for machine in self._table.directory.kinds if machine not in self._heard]

    def take_latest(self, newest: Iterable[Latest], *, since_us: int, now_us: int) -> list[ProcessChange]:
        """Take the newest stored values of machines that no bundle brings: those of foreign producers, and all at the start.

        Machines that are silent since before ``since_us`` are no part of the plant any more.
        """
        kinds = self._table.directory.kinds
        found: dict[str, list[Latest]] = {}
        for row in newest:
            is_due = row.equipment_id in kinds and row.equipment_id not in self._heard
            if is_due and since_us <= to_us(row.time) <= now_us + FUTURE_US:
                found.setdefault(kinds[row.equipment_id], []).append(row)
        return [change for kind, rows in found.items() for change in self.take_rows(_of_latest(kind, rows))]

    def take_rows(self, rows: Rows) -> list[ProcessChange]:
        counters.ROWS.inc(len(rows.times_us))
        return self._told(
            self._evaluator.take(rows.kind, rows.equipment_ids, rows.times_us, rows.values, rows.qualities, rows.names)
        )

    def tick(self, now_us: int) -> list[ProcessChange]:
        """Let delays and silence run out."""
        changes = [*self._told(self._evaluator.tick(now_us - self._late_us)), *self._gateways.tick(now_us)]
        for (machine, rule), deadline_us in list(self._unproven.items()):
            if deadline_us <= now_us:
                del self._unproven[machine, rule]
                changes.append(ProcessChange(ConditionKey(machine, rule), to_time(now_us), is_active=False))
        return changes

    def _told(self, found: Changes) -> list[ProcessChange]:
        if not found:
            return []
        for change in found.changes:
            self._unproven.pop((change.equipment_id, change.rule), None)
        return process_changes(self._gateways.cover(found))


def _of_latest(kind: str, rows: Sequence[Latest]) -> Rows:
    names = tuple(dict.fromkeys(name for row in rows for name in (*row.values, *row.qualities)))
    values = [[_number(row.values.get(name)) for name in names] for row in rows]
    qualities = [[row.qualities.get(name, 0) for name in names] for row in rows]
    return Rows(
        kind,
        np.array([row.equipment_id for row in rows], np.int64),
        np.array([to_us(row.time) for row in rows], np.int64),
        np.array(values, np.float64).reshape(len(rows), len(names)),
        np.array(qualities, np.uint8).reshape(len(rows), len(names)),
        names,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _is_online(payload: bytes) -> bool:
    try:
        content: Any = cbor2.loads(payload) if payload.startswith(CBOR_MAGIC) else json.loads(payload)
        return bool(content["online"])
    except Exception as error:  # hostile bytes raise nearly anything inside the libraries
        raise BadPayload("state", f"{type(error).__name__}: {str(error)[:200]}") from error
