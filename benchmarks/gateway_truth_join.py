"""Joins what the simulators served with what the database holds: nothing missing, nothing double, nothing wrong.

A truth line belongs to the row whose acquisition began last before it was served. Within a row, each signal was served once.
So each stored value must equal the first serving of its signal from the row's time on, and each serving must have been
stored, unless the gateway was killed before the commit that would have held it.
"""

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from device_profiles.kind import SignalType, load_kind

Row = tuple[int, Mapping[str, Any]]
"""Time in microseconds and the values by signal; None where there is no value."""

_REPLY_ON_ITS_WAY_US = 50_000


@dataclass
class Verdict:
    """What the join found; the lists hold samples to look at, in words."""

    rows: int = 0
    values: int = 0
    served: int = 0
    double: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost_us: list[int] = field(default_factory=list)
    """When what was served that a killed or stopping gateway had not yet committed: the loss that the guarantee allows."""

    @property
    def lost_in_window(self) -> int:
        return len(self.lost_us)

    def __str__(self) -> str:
        return (
            f"{self.served} servings, {self.rows} rows, {self.values} values: {len(self.missing)} missing, "
            f"{len(self.double)} double, {len(self.wrong)} wrong, {self.lost_in_window} lost inside the commit window of a kill"
        )


def join(
    truth: Sequence[tuple[int, str, Mapping[str, Any]]],
    stored: Mapping[str, tuple[str, Sequence[Row]]],
    *,
    gateway_kills_us: Sequence[int],
    window_us: int,
    stopped_us: int,
    stops_before_us: Sequence[int] = (),
) -> Verdict:
    """Join truth lines (time, equipment, values) with stored rows (equipment to kind and rows).

    ``stopped_us`` is when the gateway was asked to stop: it gives up the poll at hand, whose answers may be on their way. It may
    have been stopped and started again before.
    """
    verdict = Verdict(served=len(truth))
    windows = [(kill - window_us, kill + _REPLY_ON_ITS_WAY_US) for kill in gateway_kills_us]
    windows += [(stop - _REPLY_ON_ITS_WAY_US, stop + _REPLY_ON_ITS_WAY_US) for stop in stops_before_us]

    def is_excused(time_us: int) -> bool:
        return time_us >= stopped_us - _REPLY_ON_ITS_WAY_US or any(first <= time_us <= last for first, last in windows)

    lines: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for time_us, equipment, values in sorted(truth, key=lambda line: line[0]):
        lines[equipment].append((time_us, values))
    for equipment, (kind, rows) in stored.items():
        served = lines.pop(equipment, [])
        _join_one(equipment, kind, served, rows, verdict=verdict, is_excused=is_excused)
    verdict.missing += [f"{equipment}: nothing stored of {len(served)} servings" for equipment, served in lines.items()]
    return verdict


def _join_one(
    equipment: str,
    kind: str,
    served: Sequence[tuple[int, Mapping[str, Any]]],
    rows: Sequence[Row],
    *,
    verdict: Verdict,
    is_excused: Callable[[int], bool],
) -> None:
    singles = {name for name, signal in load_kind(kind).signals.items() if signal.type is SignalType.REAL}
    numeric = set(load_kind(kind).numeric_signals)
    ordered = sorted(rows, key=lambda row: row[0])
    times = [time_us for time_us, _ in ordered]
    verdict.rows += len(ordered)
    verdict.double += [f"{equipment}: two rows at {a}" for a, b in pairwise(times) if a == b]
    found: list[dict[str, Any]] = [{} for _ in ordered]
    for time_us, everything in served:
        values = {name: value for name, value in everything.items() if name in numeric}
        index = bisect_right(times, time_us) - 1
        if index >= 0 and not found[index].keys() & values.keys():
            found[index].update(values)
        elif is_excused(time_us):
            verdict.lost_us.append(time_us)
        elif values:
            verdict.missing.append(f"{equipment}: served at {time_us}, {sorted(values)[:3]} ... not stored")
    for (time_us, stored), expected in zip(ordered, found, strict=True):
        for name, value in stored.items():
            if value is None and name not in expected:
                continue  # a signal that this device model does not have
            verdict.values += 1
            if name not in expected or not _equal(value, expected[name], single=name in singles):
                verdict.wrong.append(f"{equipment}: {name} at {time_us} is {value}, served {expected.get(name, 'nothing')}")


def _equal(value: Any, served: Any, *, single: bool) -> bool:
    if value is None or served is None:
        return value is served
    if single:
        return struct.pack("<f", value) == struct.pack("<f", served)
    return float(value) == float(served)
