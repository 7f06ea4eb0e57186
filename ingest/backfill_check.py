"""Look at a whole file before any of it is written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ingest.backfill_cells import Sheet, SheetReader
from ingest.backfill_mapping import Layout
from ingest.backfill_pieces import Fault, History, Piece

MAX_FAULTS = 20

RunOverPieces = Callable[[Callable[[Piece], tuple[Piece, Sheet]], Iterable[Piece]], Iterator[tuple[Piece, Sheet]]]
"""Work on pieces, several at a time, and give the results in order."""


@dataclass(slots=True)
class Span:
    """First and last time of a machine in a file."""

    low_us: int
    high_us: int
    rows: int


@dataclass(kw_only=True)
class Findings:
    """What a file holds."""

    rows: int = 0
    spans: dict[str, Span] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    nulled: int = 0
    dropped: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Places of rows that a later row of the same machine and time replaces, sorted."""

    def forget_replaced(self, piece: Piece, sheet: Sheet) -> None:
        """Leave out the rows of a piece that a later one replaces."""
        low, high = np.searchsorted(self.dropped, [piece.first, piece.first + len(sheet.times_us)])
        kept = np.ones(len(sheet.times_us), bool)
        kept[self.dropped[low:high] - piece.first] = False
        sheet.take(kept)


def check(
    history: History, layout: Layout, reader: SheetReader, run: RunOverPieces, *, keep_last: bool, advance: Callable[[int], None]
) -> Findings:
    """Read everything; ``keep_last`` says that the last of several rows of one machine and time counts, else they are a fault.

    A file whose rows go forward in time, machine by machine or all together, needs no memory for this; any other needs about
    40 bytes a row, for a second look at its times.
    """
    findings = Findings()
    is_ordered = True
    for _, sheet in run(lambda piece: (piece, reader.read(piece)), history.pieces(layout, lambda _: True)):
        findings.rows += len(sheet.times_us)
        findings.nulled += sheet.nulled
        findings.fault_count += sheet.fault_count
        findings.faults += sheet.faults[: MAX_FAULTS - len(findings.faults)]
        is_ordered = _note(findings.spans, sheet) and is_ordered
        advance(len(sheet.times_us))
    if not is_ordered and not findings.fault_count:
        _find_duplicates(findings, history, layout, reader, run, keep_last=keep_last)
    return findings


def by_machine(sheet: Sheet) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Give the rows of each machine, in the order of the file."""
    if not len(sheet.times_us):
        return
    order = np.argsort(sheet.machines, kind="stable")
    starts = np.flatnonzero(np.diff(sheet.machines[order], prepend=-1))
    for start, rows in zip(starts.tolist(), np.split(order, starts[1:]), strict=True):
        yield sheet.names[sheet.machines[order[start]]], rows


def _note(spans: dict[str, Span], sheet: Sheet) -> bool:
    """Widen the spans; False when some machine's time has stood still or gone back."""
    is_ordered = True
    for name, rows in by_machine(sheet):
        times_us = sheet.times_us[rows]
        low_us, high_us = int(times_us.min()), int(times_us.max())
        span = spans.setdefault(name, Span(low_us, low_us - 1, 0))
        is_ordered &= low_us > span.high_us and bool((np.diff(times_us) > 0).all())
        span.low_us, span.high_us, span.rows = min(span.low_us, low_us), max(span.high_us, high_us), span.rows + len(rows)
    return is_ordered


def _find_duplicates(
    findings: Findings, history: History, layout: Layout, reader: SheetReader, run: RunOverPieces, *, keep_last: bool
) -> None:
    numbers = {name: number for number, name in enumerate(findings.spans)}
    times: list[npt.NDArray[np.int64]] = []
    machines: list[npt.NDArray[np.int32]] = []
    places: list[npt.NDArray[np.int64]] = []
    for piece, sheet in run(lambda piece: (piece, reader.read_times(piece)), history.pieces(layout, lambda _: True)):
        times.append(sheet.times_us)
        machines.append(np.array([numbers.get(name, -1) for name in sheet.names], np.int32)[sheet.machines])
        places.append(piece.first + np.arange(len(sheet.times_us)))
    times_us, machine, place = np.concatenate(times), np.concatenate(machines), np.concatenate(places)
    order = np.lexsort((place, times_us, machine))
    times_us, machine, place = times_us[order], machine[order], place[order]
    is_replaced = (times_us[1:] == times_us[:-1]) & (machine[1:] == machine[:-1])
    if keep_last:
        findings.dropped = np.sort(place[:-1][is_replaced])
        return
    names = list(numbers)
    findings.fault_count += int(is_replaced.sum())
    for index in np.flatnonzero(is_replaced)[:MAX_FAULTS].tolist():
        shown = np.datetime64(int(times_us[index]), "us")
        what = f"{names[machine[index]]} has had a row of {shown}Z before, {history.counts} {place[index]}; --duplicates chooses"
        findings.faults.append(Fault(f"{history.counts} {place[index + 1]}", what))
