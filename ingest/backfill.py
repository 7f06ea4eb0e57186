"""A year of history from files into the database: exactly once, and after a kill from where it was.

Each file is looked through, then checked whole, then written piece by piece: nothing of a file with a fault is stored. A file
under its mapping has an epoch of its own, made from its content, and a piece has its number; so the ledger that keeps bundles
from being stored twice does the same for pieces, in the transaction that stores their rows.
"""

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import numpy as np

from ingest.backfill_cells import SheetReader
from ingest.backfill_check import MAX_FAULTS, Findings, check
from ingest.backfill_csv import PIECE_BYTES
from ingest.backfill_files import open_history
from ingest.backfill_mapping import Layout, Mapping, lay_out
from ingest.backfill_parquet import PIECE_ROWS
from ingest.backfill_pieces import History, Piece, UnusableHistory
from ingest.backfill_store import Destination
from ingest.backfill_times import TimeReader
from store.database import Database
from store.group import Group
from telemetry.progress import Progress

_T = TypeVar("_T")

_FORM = 1
"""Counts the ways in which this program has cut files and read cells: what another way began is another import."""
_TOLERANCE = timedelta(minutes=10)
_NOTHING_WRITTEN = "nothing was written"


@dataclass(kw_only=True)
class _Job:
    """One file under the mapping."""

    history: History
    layout: Layout
    times: TimeReader
    reader: SheetReader
    epoch: int
    stored: set[int]
    findings: Findings = field(default_factory=Findings)

    @property
    def name(self) -> str:
        return self.history.path.name


class Backfill:
    """One run over some files; ``connections`` pieces are read, encoded and committed at a time."""

    def __init__(
        self,
        database: Database,
        mapping: Mapping,
        *,
        connections: int = 2,
        say: Callable[[str], None] = print,
        now: datetime | None = None,
    ) -> None:
        self._mapping = mapping
        self._now = now or datetime.now(UTC)
        self._destination = Destination(database, mapping, now=self._now)
        self._connections = connections
        self._say = say

    def run(self, paths: Sequence[Path], *, dry_run: bool = False) -> None:
        """Check all files, then write those that are not stored yet.

        Raises
        ------
        ConfigError
            If the mapping does not fit a file.
        UnusableHistory
            If a file has faults, or rows are in the way; nothing was written.
        DatabaseError
            What was committed until then stays, and the same run again goes on behind it.
        """
        jobs = [job for path in paths if (job := self._open(path)) is not None]
        jobs = list({job.epoch: job for job in reversed(jobs)}.values())[::-1]  # a file that is named twice
        for job in jobs:
            self._check(job)
        self._refuse(jobs)
        for job in jobs:
            if dry_run:
                self._describe(job)
            else:
                self._write(job)

    def _open(self, path: Path) -> _Job | None:
        size = path.stat().st_size if path.is_file() else 0
        with Progress(f"{path.name}: reading", total=size if path.suffix != ".gz" else 0, unit="bytes") as progress:
            history = open_history(path, self._mapping, advance=progress.advance)
        layout = lay_out(self._mapping, history.names, path)
        first = next(history.pieces(layout, lambda number: number == 1), None)
        if first is None:
            raise UnusableHistory(f"{path}: has no rows")
        columns, faults = history.read(first, layout)
        if faults:
            raise UnusableHistory(f"{_NOTHING_WRITTEN}\n{path}: {faults[0].place}: {faults[0].what}")
        times = TimeReader(self._mapping, columns[layout.time])
        low = datetime.combine(self._mapping.not_before, datetime.min.time(), UTC)
        low_us, high_us = (round(moment.timestamp() * 1e6) for moment in (low, self._now + _TOLERANCE))
        reader = SheetReader(history, self._mapping, layout, times, low_us=low_us, high_us=high_us)
        epoch = _epoch(history, self._mapping, layout, times)
        is_whole, stored = self._destination.stored_pieces(epoch)
        if is_whole:
            self._say(f"{path}: was stored before, as it is and with this mapping; nothing to do")
            return None
        return _Job(history=history, layout=layout, times=times, reader=reader, epoch=epoch, stored=stored)

    def _check(self, job: _Job) -> None:
        if job.stored:
            self._say(f"{job.history.path}: goes on: {len(job.stored)} of {job.history.piece_count} pieces are stored already")
            if self._mapping.duplicates == "stop":
                return  # it was checked before its first piece was written
        with Progress(f"{job.name}: checking", total=job.history.rows) as progress:
            run = partial(in_order, threads=self._connections)
            keep_last = self._mapping.duplicates == "last"
            job.findings = check(job.history, job.layout, job.reader, run, keep_last=keep_last, advance=progress.advance)

    def _refuse(self, jobs: Sequence[_Job]) -> None:
        """Raise with everything that stands against writing."""
        problems = []
        for job in jobs:
            problems += [f"{job.history.path}: {fault.place}: {fault.what}" for fault in job.findings.faults]
            if job.findings.fault_count > MAX_FAULTS:
                problems.append(f"{job.history.path}: and {job.findings.fault_count - MAX_FAULTS} more")
            spans = job.findings.spans
            reasons = [*self._destination.strangers(spans), *self._destination.beyond_retention(spans)]
            if self._mapping.overlap == "refuse" and not job.stored:
                reasons += self._destination.overlaps(spans)
            problems += [f"{job.history.path}: {reason}" for reason in reasons]
        if self._mapping.overlap == "refuse":
            for one, other in combinations(jobs, 2):
                problems += _common_times(one, other)
        if problems:
            hint = ""
            if any("has rows in the database" in problem or "overlap" in problem for problem in problems):
                hint = "\n--overlap skip stores only the rows at times at which there is none"
            raise UnusableHistory("\n".join([_NOTHING_WRITTEN, *problems]) + hint)

    def _describe(self, job: _Job) -> None:
        """Say what would happen."""
        findings = job.findings
        self._say(f"{job.history.path}: would be stored as {self._mapping.kind} of {self._mapping.gateway}")
        self._say(f"  {self._mapping.time}: time ({job.times.shown})")
        for column in job.layout.columns:
            factor, offset = column.conversion
            unit = "" if (factor, offset) == (1.0, 0.0) else f", x {factor:g} + {offset:g}"
            self._say(f"  {column.name}: {column.signal} ({column.sql_type}{unit})")
        for name, span in list(findings.spans.items())[:MAX_FAULTS]:
            self._say(f"  {name}: {span.rows:,} rows, {_shown(span.low_us)} to {_shown(span.high_us)}")
        self._say(f"  {findings.rows:,} rows in {job.history.piece_count} transactions{_asides(findings, 0)}")

    def _write(self, job: _Job) -> None:
        started = time.monotonic()
        stored_rows = read_rows = 0
        done = round(job.history.rows * len(job.stored) / job.history.piece_count)

        def write(piece: Piece) -> tuple[Group | None, int]:
            sheet = job.reader.read(piece)
            if sheet.fault_count:  # it was changed since it was checked
                raise UnusableHistory(f"{job.history.path}: {sheet.faults[0].place}: {sheet.faults[0].what}")
            rows = len(sheet.times_us)
            job.findings.forget_replaced(piece, sheet)
            if self._mapping.overlap == "skip":
                self._destination.leave_out_existing(sheet)
            return self._destination.commit(job.epoch, piece.number, sheet, job.layout), rows

        with Progress(f"{job.name}: writing", total=job.history.rows, done=done) as progress:
            pieces = job.history.pieces(job.layout, lambda number: number not in job.stored)
            for group, rows in in_order(write, pieces, threads=self._connections):
                read_rows += rows
                progress.advance(rows)
                if group is not None:
                    stored_rows += sum(len(batch.times) // 8 for item in group.items for batch in item.bundle.batches)
                    self._destination.note_latest(group)
        self._destination.finish(job.epoch, job.history.piece_count)
        seconds = time.monotonic() - started
        skipped = read_rows - stored_rows - len(job.findings.dropped) if not job.stored else 0
        self._say(
            f"{job.history.path}: stored {stored_rows:,} rows in {seconds:.1f} s ({stored_rows / max(seconds, 1e-3):,.0f} rows/s)"
            + _asides(job.findings, skipped)
        )


def in_order(work: Callable[[Piece], _T], pieces: Iterable[Piece], *, threads: int) -> Iterator[_T]:
    """Work on some pieces at a time, and give the results in the order of the pieces; no more are read than are worked on."""
    running: deque[Future[_T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for piece in pieces:
                running.append(pool.submit(work, piece))
                if len(running) > threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _epoch(history: History, mapping: Mapping, layout: Layout, times: TimeReader) -> int:
    """Name a file's content under a mapping by 63 bits; what only says when to stop is no part of it."""
    meaning = mapping.model_dump(mode="json", exclude={"overlap", "not_before", "ignore_unknown", "map", "unit"})
    columns = [[column.name, column.signal, *column.conversion] for column in layout.columns]
    text = json.dumps([_FORM, PIECE_BYTES, PIECE_ROWS, times.shown, columns, meaning], sort_keys=True)
    return int.from_bytes(hashlib.sha256(history.digest + text.encode()).digest()[:8], "big") >> 1


def _common_times(one: _Job, other: _Job) -> list[str]:
    problems = []
    for name, span in one.findings.spans.items():
        there = other.findings.spans.get(name)
        if there is not None and span.low_us <= there.high_us and there.low_us <= span.high_us:
            low, high = max(span.low_us, there.low_us), min(span.high_us, there.high_us)
            problems.append(
                f"{one.history.path} and {other.history.path} overlap for {name} from {_shown(low)} to {_shown(high)}"
            )
    return problems


def _asides(findings: Findings, skipped: int) -> str:
    parts = [
        f"{findings.nulled:,} cells stored as no value" if findings.nulled else "",
        f"{len(findings.dropped):,} rows replaced by later ones of the same time" if len(findings.dropped) else "",
        f"{skipped:,} rows skipped, whose times the database had" if skipped else "",
    ]
    return "".join(f"; {part}" for part in parts if part)


def _shown(time_us: int) -> str:
    return f"{np.datetime64(time_us, 'us').astype('<M8[ms]')}Z"
