"""From messages to bytes for COPY: decode, check, and gather the bundles that one transaction will commit.

Everything costly happens here, before the transaction and beside the one that is running. Costs are per bundle and per batch;
rows and values are only touched by numpy. What can never be stored leaves the group as a `DeadLetter`, always a whole bundle, and
the rest goes on.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from store.arrivals import DeadLetter, Item, Key, read_bundle
from store.copy_binary import Matrix
from store.equipment import EquipmentRegister
from store.kind_tables import OTHER
from store.other_signals import Outside
from store.partitions import Partitions
from store.targets import Target, Targets
from telemetry.bundle import MICROSECONDS, Batch, Block, Bundle, Event
from telemetry.errors import BadPayload
from telemetry.quality import Quality
from telemetry.topics import Message

_DAY_US = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of one signal list for one table, sorted by equipment and time; ``stream`` is the same as COPY takes it."""

    target: Target
    times_us: npt.NDArray[np.int64]
    equipment_ids: npt.NDArray[np.int32]
    values: Matrix
    qualities: npt.NDArray[np.uint8] | None
    stream: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one transaction commits."""

    items: list[Item]
    dead: list[DeadLetter] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    blocks: list[tuple[int, Block]] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(len(rows.times_us) for rows in self.rows)


class GroupBuilder:
    """Make groups; ``retention`` and ``tolerance`` bound the times that are believed, ``read`` knows the forms of messages."""

    def __init__(
        self,
        *,
        targets: Targets,
        register: EquipmentRegister,
        partitions: Partitions,
        retention: timedelta = timedelta(days=400),
        tolerance: timedelta = timedelta(minutes=10),
        read: Callable[[Message], Item | DeadLetter | None] = read_bundle,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._read = read
        self._targets = targets
        self._register = register
        self._partitions = partitions
        self._retention = retention
        self._tolerance = tolerance
        self._now = now
        # The writer comes back for a smaller group when some bundles turn out to be repeats; encoders are not for two threads.
        self._lock = threading.Lock()

    def build(self, arrivals: Iterable[Message]) -> Group:
        """Read and check messages and encode the good ones; copies of one bundle are taken once."""
        return self.gather(*self.read(arrivals))

    def read(self, arrivals: Iterable[Message]) -> tuple[list[Item], list[DeadLetter]]:
        """Read messages, without the database. Each once only: some forms are understood by what came before."""
        items: dict[Key, Item] = {}
        dead: list[DeadLetter] = []
        for arrival in arrivals:
            found = self._read(arrival)
            if isinstance(found, Item):
                items.setdefault(found.key, found)
            elif found is not None:
                dead.append(found)
        return list(items.values()), dead

    def gather(self, items: Iterable[Item], dead: Iterable[DeadLetter] = ()) -> Group:
        """Check bundles that are read already, each with a name of its own, and encode the good ones."""
        dead = list(dead)
        good = []
        outside: dict[Key, set[Outside]] = {}
        for item in items:
            try:
                found = self._check(item.bundle)
            except BadPayload as error:
                dead.append(DeadLetter(item.arrival, item.key, error.reason, error.detail))
            else:
                good.append(item)
                if found:
                    outside[item.key] = found
        good = self._with_known_equipment(good, dead)
        if outside:
            good = self._with_room_for_signals(good, outside, dead)
        return self._assembled(good, dead)

    def part(self, group: Group, items: Sequence[Item], dead: Sequence[DeadLetter]) -> Group:
        """Make the same group again with some of its bundles only."""
        if len(items) == len(group.items):
            return Group(items=group.items, dead=list(dead), rows=group.rows, events=group.events, blocks=group.blocks)
        return self._assembled(items, list(dead))

    def again(self, group: Group) -> Group:
        """Encode a group for the tables as they are now: their types have changed since."""
        self._targets.reload()
        return self._assembled(group.items, list(group.dead))

    def _check(self, bundle: Bundle) -> set[Outside]:
        """Refuse what can be told from names alone, and texts and blocks with a wrong time; name the signals without a column."""
        outside = {
            Outside(bundle.gateway, target.kind, target.names)
            for signals in {batch.signals.text: batch.signals for batch in bundle.batches}.values()
            for target in self._targets.find(signals)
            if target.table == OTHER
        }
        if bundle.events or bundle.blocks:
            low_us, high_us = self._time_range()
            for time_us in (*(event.time_us for event in bundle.events), *(block.start_us for block in bundle.blocks)):
                if not low_us <= time_us <= high_us:
                    raise BadPayload("time_range", _out_of_range(time_us, low_us, high_us))
        return outside

    def _time_range(self) -> tuple[int, int]:
        now = self._now()
        return _us(now - self._retention), _us(now + self._tolerance)

    def _with_known_equipment(self, items: list[Item], dead: list[DeadLetter]) -> list[Item]:
        """Register machines at first sight, and refuse one that has become something else."""
        number = self._register.count_name_changes()
        unsettled = [item for item in items if not self._is_settled(item.bundle, number)]
        if not unsettled:
            return items
        bad_names = self._register.require(
            (item.bundle.gateway, name, kind) for item in unsettled for name, kind in _machines(item.bundle)
        )
        refused = set()
        for item in unsettled:
            for name, kind in _machines(item.bundle):
                gateway = item.bundle.gateway
                if (gateway, name) in bad_names:
                    detail = f"{name[:80]!r} cannot name an equipment"
                    dead.append(DeadLetter(item.arrival, item.key, "equipment_name", detail))
                elif kind and (known := self._register.machines_of(gateway)[name]).kind != kind:
                    detail = f"{name} of {gateway} is a {known.kind} and sends as {kind}; give the new machine a new name"
                    dead.append(DeadLetter(item.arrival, item.key, "kind_changed", detail))
                else:
                    continue
                refused.add(item.key)
                break
        return [item for item in items if item.key not in refused]

    def _is_settled(self, bundle: Bundle, number: int) -> bool:
        """Tell, at the least cost, that all machines of a bundle are known for what they send: nearly always."""
        known = self._register.machines_of(bundle.gateway)
        for batch in bundle.batches:
            machine = known.get(batch.equipment)
            if machine is None or machine.number != number or machine.kind != batch.signals.kind:
                return False
        if bundle.events or bundle.blocks:
            names = {event.equipment for event in bundle.events} | {block.equipment for block in bundle.blocks}
            found = [known.get(name) for name in names]
            return all(machine is not None and machine.number == number for machine in found)
        return True

    def _with_room_for_signals(self, items: list[Item], outside: dict[Key, set[Outside]], dead: list[DeadLetter]) -> list[Item]:
        """Put signals without a column on the list of those that wait, and refuse a gateway that makes up names for ever."""
        other_signals = self._targets.other_signals
        refused = other_signals.note(seen for item in items for seen in outside.get(item.key, ()))
        if not refused:
            return items
        good = []
        for item in items:
            beyond = outside.get(item.key, set()) & refused
            if beyond:
                name, most = min(beyond).signals[0], other_signals.most_names
                detail = f"with {name!r}, {item.bundle.gateway} has more than {most} signals outside the tables"
                dead.append(DeadLetter(item.arrival, item.key, "too_many_signals", detail))
            else:
                good.append(item)
        return good

    def _assembled(self, items: Sequence[Item], dead: list[DeadLetter]) -> Group:
        with self._lock:
            while True:
                group, culprits = self._gather(items, dead)
                if not culprits:
                    break
                dead += [DeadLetter(items[n].arrival, items[n].key, *why) for n, why in culprits.items()]
                items = [item for n, item in enumerate(items) if n not in culprits]
        for rows in group.rows:
            self._partitions.require(rows.target.table, _days(rows.times_us))
        if group.blocks:
            self._partitions.require("waveform", _days(np.array([block.start_us for _, block in group.blocks])))
        return group

    def _gather(self, items: Sequence[Item], dead: list[DeadLetter]) -> tuple[Group, dict[int, tuple[str, str]]]:
        """Join the batches of all bundles by signal list; also name the bundles whose rows do not fit."""
        group = Group(items=list(items), dead=dead)
        lists: dict[tuple[str, bool], list[tuple[int, int, Batch]]] = defaultdict(list)
        for number, (_, _, bundle) in enumerate(items):
            known = self._register.machines_of(bundle.gateway)
            signals, single, same = None, False, []
            for batch in bundle.batches:
                if batch.signals is not signals or batch.single is not single:
                    signals, single = batch.signals, batch.single
                    same = lists[signals.text, single]
                same.append((known[batch.equipment].id, number, batch))
            group.events.extend((known[event.equipment].id, event) for event in bundle.events)
            group.blocks.extend((known[block.equipment].id, block) for block in bundle.blocks)
        culprits: dict[int, tuple[str, str]] = {}
        for batches in lists.values():
            group.rows.extend(self._rows(batches, culprits))
        return group, culprits

    def _rows(self, batches: list[tuple[int, int, Batch]], culprits: dict[int, tuple[str, str]]) -> list[Rows]:
        batches.sort(key=itemgetter(0))
        ids, owners, parts = zip(*batches, strict=True)
        first: Batch = parts[0]
        targets = self._targets.find(first.signals)
        counts = [batch.rows for batch in parts]
        times_us = np.frombuffer(b"".join([batch.times for batch in parts]), "<i8")
        values: Matrix = np.frombuffer(bytearray().join([batch.values for batch in parts]), "<f4" if first.single else "<f8")
        values = values.reshape(len(times_us), len(first.signals.names))
        equipment_ids = np.repeat(np.array(ids, np.int32), counts)
        qualities = _qualities(parts, counts, values.shape)
        if qualities is not None:
            values[qualities >= Quality.BAD] = np.nan
        self._find_culprits(targets, times_us, values, np.repeat(owners, counts), culprits)
        if culprits:  # the group will be gathered again without them
            return []
        same, back = equipment_ids[1:] == equipment_ids[:-1], times_us[1:] < times_us[:-1]
        if (same & back).any():
            order = np.lexsort((times_us, equipment_ids))
            times_us, equipment_ids, values = times_us[order], equipment_ids[order], values[order]
            qualities = None if qualities is None else qualities[order]
        return [_part(target, times_us, equipment_ids, values, qualities) for target in targets]

    def _find_culprits(
        self,
        targets: Sequence[Target],
        times_us: npt.NDArray[np.int64],
        values: Matrix,
        owners: npt.NDArray[np.int64],
        culprits: dict[int, tuple[str, str]],
    ) -> None:
        low_us, high_us = self._time_range()
        if len(times_us) and (times_us.min() < low_us or times_us.max() > high_us):
            for row in np.flatnonzero((times_us < low_us) | (times_us > high_us)).tolist():
                culprits.setdefault(int(owners[row]), ("time_range", _out_of_range(int(times_us[row]), low_us, high_us)))
        for target in targets:
            taken = target.take(values)
            for row in np.flatnonzero(target.misfits(taken)).tolist():
                if int(owners[row]) not in culprits:
                    culprits[int(owners[row])] = ("value_range", target.misfit(taken[row]))


def _part(
    target: Target,
    times_us: npt.NDArray[np.int64],
    equipment_ids: npt.NDArray[np.int32],
    values: Matrix,
    qualities: npt.NDArray[np.uint8] | None,
) -> Rows:
    taken = target.take(values)
    return Rows(
        target=target,
        times_us=times_us,
        equipment_ids=equipment_ids,
        values=taken,
        qualities=None if qualities is None else target.take(qualities),
        stream=target.encode(times_us, equipment_ids, taken),
    )


def _machines(bundle: Bundle) -> set[tuple[str, str]]:
    """Name every machine of a bundle with its kind; a text or a waveform alone does not tell the kind."""
    machines = {(batch.equipment, batch.signals.kind) for batch in bundle.batches}
    if bundle.events or bundle.blocks:
        told = {name for name, _ in machines}
        texts = {event.equipment for event in bundle.events} | {block.equipment for block in bundle.blocks}
        machines |= {(name, "") for name in texts - told}
    return machines


def _qualities(parts: Sequence[Batch], counts: list[int], shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    if all(batch.qualities is None for batch in parts):
        return None
    qualities = np.zeros(shape, np.uint8)
    row = 0
    for batch, count in zip(parts, counts, strict=True):
        if batch.qualities is not None:
            qualities[row : row + count] = np.frombuffer(batch.qualities, np.uint8).reshape(count, -1)
        row += count
    return qualities


def _days(times_us: npt.NDArray[np.int64]) -> set[date]:
    return {datetime.fromtimestamp(day * 86_400, UTC).date() for day in np.unique(times_us // _DAY_US).tolist()}


def _us(at: datetime) -> int:
    return round(at.timestamp() * MICROSECONDS)


def _out_of_range(time_us: int, low_us: int, high_us: int) -> str:
    try:
        shown = datetime.fromtimestamp(time_us / MICROSECONDS, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        shown = f"{time_us} us"
    low, high = (datetime.fromtimestamp(us / MICROSECONDS, UTC).isoformat(timespec="seconds") for us in (low_us, high_us))
    return f"{shown} is not within {low} and {high}"
