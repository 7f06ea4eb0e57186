"""Floods of alarms after ISA-18.2 and EEMUA 191, and which alarm came first.

A flood begins with the call by which an operator has had more than ten in ten minutes, and ends when fewer than five have come in
the last ten minutes. Calls are counted in (time - ten minutes, time].
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

BURST_GAP = timedelta(minutes=1)
"""Alarms of one machine that follow each other within it have, as a rule, one cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodTerms:
    """When a flood begins and ends."""

    begins_above: int = 10
    ends_below: int = 5
    window: timedelta = timedelta(minutes=10)
    positions: Mapping[str, str] = field(default_factory=dict)
    """Name of the operator's position that a gateway's alarms go to; all others go to the one without a name."""

    def __post_init__(self) -> None:
        if not 1 <= self.ends_below <= self.begins_above:
            raise ValueError("a flood ends below a number from 1 to that above which it begins")

    def position_of(self, gateway: str) -> str:
        return self.positions.get(gateway, "")


WHOLE_PLANT = FloodTerms()
"""One operator has all alarms."""


class Flood(NamedTuple):
    began_at: datetime
    ended_at: datetime | None
    """None while it lasts."""


class FloodWatch:
    """Follow the calls of one operator's position; the newest eleven, read from the journal, bring it back after a restart."""

    def __init__(self, terms: FloodTerms, recent: Iterable[datetime] = (), *, began_at: datetime | None = None) -> None:
        self._terms = terms
        self._newest = deque(recent, maxlen=terms.begins_above + 1)
        self.began_at = began_at
        """None while there is no flood."""

    @property
    def ends_at(self) -> datetime:
        """When the flood is over if nothing comes any more."""
        if len(self._newest) < self._terms.ends_below:
            assert self.began_at is not None
            return self.began_at
        return self._newest[-self._terms.ends_below] + self._terms.window

    def take(self, time: datetime) -> Literal["began", "ended"] | None:
        """Count a call, late ones as of now; an ended flood ended at the time that ``ends_at`` told before."""
        time = max(time, self._newest[-1]) if self._newest else time
        has_ended = self.began_at is not None and self.ends_at < time  # at that very time this call takes the place of the oldest
        if has_ended:
            self.began_at = None
        self._newest.append(time)
        if has_ended:
            return "ended"
        is_full = len(self._newest) > self._terms.begins_above
        if self.began_at is None and is_full and self._newest[0] > time - self._terms.window:
            self.began_at = time
            return "began"
        return None


def find_floods(times: Iterable[datetime], until: datetime, terms: FloodTerms) -> list[Flood]:
    """Find the floods in calls in order of time; the last one is open if it lasts beyond ``until``."""
    floods: list[Flood] = []
    watch = FloodWatch(terms)
    for time in times:
        ends_at = None if watch.began_at is None else watch.ends_at
        match watch.take(time):
            case "began":
                floods.append(Flood(time, None))
            case "ended":
                floods[-1] = floods[-1]._replace(ended_at=ends_at)
    if watch.began_at is not None and watch.ends_at <= until:
        floods[-1] = floods[-1]._replace(ended_at=watch.ends_at)
    return floods


class Call(NamedTuple):
    """A condition begins to call for the operator."""

    time: datetime
    condition_id: int
    machine: int | str
    """Id of the machine, or name of the gateway that the condition is about."""


class Bursts(NamedTuple):
    """What new calls say about which alarm of a machine came first, as ids of conditions."""

    starts: set[int]
    """Nothing came from the machine in the minute before."""
    firsts: set[int]
    """Another alarm of the machine has followed within a minute."""


def find_bursts(known: Sequence[Call], fresh: Sequence[Call]) -> Bursts:
    """Find the first alarms of machines among new calls; ``known`` are those of the two minutes before, both in order of time."""
    bursts = Bursts(set(), set())
    last: dict[int | str, tuple[Call, bool]] = {}
    for number, call in enumerate((*known, *fresh)):
        before, is_start = last.get(call.machine, (None, False))
        told = bursts if number >= len(known) else Bursts(set(), set())
        if before is None or call.time - before.time > BURST_GAP:
            last[call.machine] = (call, True)
            told.starts.add(call.condition_id)
        elif call.condition_id == before.condition_id:  # one that comes and goes is not the cause of others
            last[call.machine] = (call, is_start)
        else:
            last[call.machine] = (call, False)
            if is_start:
                told.firsts.add(before.condition_id)
    return bursts
