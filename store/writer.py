"""Commit groups of bundles exactly once.

One transaction holds the ledger entries of all bundles of a group and all their rows. A bundle is skipped, and receipted again,
when its id is in the ledger or below the floor of its epoch. Below the floor the ledger is purged, so it stays as small as what
is in flight; the floor is read by a later statement than the ledger insert, because that insert may have waited for a purge.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from store.arrivals import DeadLetter, Item, Key
from store.database import Connection, Database, DatabaseError, RowRefused
from store.group import Group, GroupBuilder
from store.latest import LatestValues
from store.quality_intervals import store_runs
from store.rollups import note_touched
from store.sql_files import query
from telemetry.bundle import MICROSECONDS, Event

_PIECE_BYTES = 1 << 20
_SEPARATOR = "\x1f"
"""In no name: the topics of foreign sources are refused if they hold control characters."""
_WRONG_WIDTH = frozenset({"22P03", "08P01"})
"""What COPY says of a value that is narrower or wider than its column: a migration has widened the type meanwhile."""


@dataclass(slots=True)
class Outcome:
    """What became of a group, for receipts and counters."""

    receipts: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    """Seqs by gateway and epoch: all that are committed now, whether by this transaction or an earlier one."""
    rows: int = 0
    late_rows: int = 0
    """Of these, rows that fall into minutes that were over already."""
    sealed_us: int = 0
    """When the oldest bundle was made, by its gateway's clock; 0 where none was stored."""
    duplicates: int = 0
    dead: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Outcome") -> None:
        for source, seqs in other.receipts.items():
            self.receipts[source] |= seqs
        self.rows += other.rows
        self.late_rows += other.late_rows
        self.sealed_us = min(filter(None, (self.sealed_us, other.sealed_us)), default=0)
        self.duplicates += other.duplicates
        self.dead.update(other.dead)


class Writer:
    """Write groups, several at once if there are several threads."""

    def __init__(self, database: Database, builder: GroupBuilder) -> None:
        self._database = database
        self._builder = builder
        self._latest = LatestValues(database)
        self._floors: dict[tuple[str, int], int] = {}
        self._floors_lock = threading.Lock()

    def commit(self, group: Group) -> Outcome:
        """Commit a group, and say what may be receipted.

        Where the database refuses the data themselves, the group is halved until the culprit stands alone: a dead letter.

        Raises
        ------
        DatabaseError
            Nothing of the part at hand is stored, unless the connection was lost in the commit itself; either way the same group
            may be given again.
        """
        try:
            return self._commit_as_tables_are(group)
        except RowRefused as error:
            if not group.items:
                raise
            if len(group.items) == 1:
                (item,) = group.items
                letter = DeadLetter(item.arrival, item.key, f"refused_{error.sqlstate}", str(error)[:1000])
                return self._commit(Group(items=[], dead=[*group.dead, letter]))
        half = len(group.items) // 2
        outcome = self.commit(self._builder.part(group, group.items[:half], group.dead))
        outcome.add(self.commit(self._builder.part(group, group.items[half:], [])))
        return outcome

    def _commit_as_tables_are(self, group: Group) -> Outcome:
        try:
            return self._commit(group)
        except DatabaseError as error:
            if error.sqlstate not in _WRONG_WIDTH:
                raise
            return self._commit(self._builder.again(group))

    def tidy(self) -> bool:
        """Write latest values and floors, and purge the ledger below them; every few seconds, never in each commit.

        True when there are more latest values than one call may write: call again soon. For one thread at a time.

        Raises
        ------
        DatabaseError
            And then the next call does it all.
        """
        is_more = self._latest.write()
        with self._floors_lock:
            floors = dict(self._floors)
        with self._database.connection() as connection:  # also with nothing to do: it shows that the database is there
            if floors:
                sources = ((*source, floor) for source, floor in sorted(floors.items()))
                columns = [list(column) for column in zip(*sources, strict=True)]
                # In one transaction: a purged id must be below a recorded floor.
                connection.execute(query("delivery", "raise_floors"), columns)
                connection.execute(query("delivery", "purge"), columns)
        with self._floors_lock:
            for source, floor in floors.items():
                if self._floors[source] == floor:
                    del self._floors[source]
        return is_more

    def _commit(self, group: Group) -> Outcome:
        outcome = Outcome()
        keys = {item.key for item in group.items} | {letter.key for letter in group.dead if letter.key is not None}
        with self._database.connection() as connection:
            fresh = enter_ids(connection, keys)
            items = [item for item in group.items if item.key in fresh]
            dead = [letter for letter in group.dead if letter.key is None or letter.key in fresh]
            stored = self._builder.part(group, items, dead)
            outcome.late_rows = store_group(connection, stored)
        for gateway, epoch, seq in keys:
            outcome.receipts[gateway, epoch].add(seq)
        outcome.rows = stored.row_count
        outcome.sealed_us = min((item.bundle.sent_at_us for item in stored.items), default=0)
        outcome.duplicates = len(keys) - len(fresh)
        outcome.dead.update(letter.reason for letter in stored.dead)
        self._latest.note(stored)
        self._note_floors(group.items)
        return outcome

    def _note_floors(self, items: Iterable[Item]) -> None:
        with self._floors_lock:
            for (gateway, epoch, _), _, bundle in items:
                if bundle.floor > self._floors.get((gateway, epoch), 1):
                    self._floors[gateway, epoch] = bundle.floor


def enter_ids(connection: Connection, keys: set[Key]) -> set[Key]:
    """Enter ids into the ledger and give those that were never committed before."""
    if not keys:
        return set()
    names = sorted(keys)
    entered = connection.execute(query("delivery", "enter"), _joined(names))
    new: set[Key] = keys if entered.rowcount == len(keys) else set(entered.fetchall())
    lowest: dict[tuple[str, int], int] = {}
    for gateway, epoch, seq in names:
        lowest.setdefault((gateway, epoch), seq)
    sources = [(*source, seq) for source, seq in lowest.items()]
    found = connection.execute(query("delivery", "floors"), _joined(sources))
    floors = {(gateway, epoch): floor for gateway, epoch, floor in found}
    return {key for key in new if key[2] >= floors.get(key[:2], 1)} if floors else new


def _joined(names: list[Key]) -> list[str]:
    """Give gateways, epochs and seqs each as one text: of an SQL array every element would be looked at in Python."""
    return [_SEPARATOR.join(map(str, column)) for column in zip(*names, strict=True)]


def store_group(connection: Connection, group: Group) -> int:
    """Store everything that a group holds, within the caller's transaction, and count the rows that are late."""
    for letter in group.dead:
        gateway, epoch, seq = letter.key or (None, None, None)
        topic, payload = letter.arrival
        detail = letter.detail[:1000].encode("utf-8", "replace").decode().replace("\0", "")
        connection.execute(
            query("delivery", "add_dead_letter"), [topic, gateway, epoch, seq, letter.reason, detail, payload, payload]
        )
    for rows in group.rows:
        with connection.cursor() as cursor, cursor.copy(rows.target.statement) as copy:
            stream = memoryview(rows.stream)
            for start in range(0, len(stream), _PIECE_BYTES):
                copy.write(stream[start : start + _PIECE_BYTES])
        store_runs(connection, rows)
    late_rows = note_touched(connection, group.rows)
    if group.events:
        connection.execute(query("delivery", "add_events"), _event_columns(group.events))
    for equipment_id, block in group.blocks:
        seconds, microseconds = divmod(block.start_us, MICROSECONDS)
        connection.execute(
            query("delivery", "add_waveform"),
            [seconds, microseconds, equipment_id, block.signal, block.rate_hz, block.samples],
        )
    return late_rows


def _event_columns(events: Sequence[tuple[int, Event]]) -> list[list[object]]:
    return [
        [event.time_us for _, event in events],
        [equipment_id for equipment_id, _ in events],
        [event.signal for _, event in events],
        [event.text for _, event in events],
    ]
