"""Signals outside the tables of their kinds: their ids in ``reading.other``, and the list of those that wait for a column."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from store.database import Database
from store.sql_files import query

MOST_NAMES = 2000
"""So many may a gateway bring up: one that makes up names for ever must not fill the database with them."""
_REFRESH_SECONDS = 1800.0
"""Half of the hour that adoption waits before it believes that nobody writes to the old place any more."""
_MOST_REMEMBERED = 50_000


class Outside(NamedTuple):
    """Signals of one list that have no column."""

    gateway: str
    kind: str
    signals: tuple[str, ...]


class OtherSignals:
    """What the live path knows of them; one thread at a time notes, any may ask for ids."""

    def __init__(self, database: Database, *, most_names: int = MOST_NAMES, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self.most_names = most_names
        self._clock = clock
        self._noted: dict[Outside, float] = {}

    def note(self, seen: Iterable[Outside]) -> set[Outside]:
        """Put signals on the list at first sight and again every half hour; give those for which their gateway has no room left.

        It commits by itself: a name on the list without a value harms nobody.
        """
        now = self._clock()
        due = sorted({outside for outside in seen if now - self._noted.get(outside, -_REFRESH_SECONDS) >= _REFRESH_SECONDS})
        if not due:
            return set()
        refused: set[Outside] = set()
        with self._database.connection() as connection:
            names = sorted({(gateway, kind, signal) for gateway, kind, signals in due for signal in signals})
            columns = [list(column) for column in zip(*names, strict=True)]
            known = set(connection.execute(query("pending", "look_up"), columns).fetchall())
            gateways = sorted({outside.gateway for outside in due})
            used = Counter(dict(connection.execute(query("pending", "counts"), [gateways]).fetchall()))
            for outside in due:
                new = {(outside.gateway, outside.kind, signal) for signal in outside.signals} - known
                if used[outside.gateway] + len(new) > self.most_names:
                    refused.add(outside)
                else:
                    used[outside.gateway] += len(new)
                    known |= new
            welcome = [outside for outside in due if outside not in refused]
            names = sorted({(gateway, kind, signal) for gateway, kind, signals in welcome for signal in signals})
            if names:
                connection.execute(query("pending", "note"), [list(column) for column in zip(*names, strict=True)])
        if len(self._noted) > _MOST_REMEMBERED:
            self._noted.clear()
        self._noted.update(dict.fromkeys(welcome, now))
        return refused

    def ids(self, names: Sequence[str]) -> list[int]:
        """Look up ids, registering names that are new."""
        with self._database.connection() as connection:
            found = dict(connection.execute(query("pending", "look_up_signals"), [list(names)]).fetchall())
        if len(found) < len(names):
            with self._database.connection() as connection:
                connection.execute(query("pending", "register_signals"), [list(names)])
            with self._database.connection() as connection:
                found = dict(connection.execute(query("pending", "look_up_signals"), [list(names)]).fetchall())
        return [found[name] for name in names]
