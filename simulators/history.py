"""A past for a fleet: months of mixed machines written straight to files, as fast as the physics allow.

``<folder>/<kind>/<kind>-<chunk>-<day>.parquet`` (or ``.csv``) holds one day of some machines: ``time, equipment, <signal>...``,
machine by machine and in the order of time, as ``shangyun ingest backfill --kind <kind> --equipment-column equipment`` takes it.
``<folder>/<kind>/<kind>-<chunk>-wrong.jsonl`` tells what was wrong with whom and when, in the truth log's form. Chunks are
independent: each is simulated by one process, and one that an earlier run has finished is left alone.
"""

import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from device_profiles.kind import Kind, SignalType
from simulators.fleet import JINAN, machine_class
from simulators.machine import Machines
from simulators.machine_faults import Growth
from simulators.truth import TruthLog, Wrong
from telemetry.errors import ConfigError, ShangyunError

CHUNK_MACHINES = 100
"""So many machines side by side: a day of them at 1 min fits into 200 MB, and they cost little more than one."""
Format = Literal["parquet", "csv"]
_SPARED_BITS = 7
"""Of the 24 significant bits of a float32 so many are rounded away: 17 are more than a transmitter has, and noise takes space."""
_PLAN_FILE = "fleet.json"
_TOLD_WHY = 3
"""Exit status of a process that has told what went wrong."""


class Fleet(NamedTuple):
    """What is written."""

    kinds: tuple[str, ...]
    machines: int
    """In all; spread evenly over the kinds."""
    start: date
    days: int
    every_seconds: float = 60.0
    seed: int = 1
    faulty_share: float = 0.1
    """Share of the machines to which one fault comes, at a time and with a growth by chance."""
    format: Format = "parquet"

    @property
    def rows(self) -> int:
        return self.machines * self.days * self.rows_a_day

    @property
    def rows_a_day(self) -> int:
        """Rows of one machine and day."""
        return round(86_400 / self.every_seconds)


class Chunk(NamedTuple):
    """Some machines of one kind: those with the numbers ``first`` to ``first + machines - 1``, counted from 1."""

    kind: str
    first: int
    machines: int

    @property
    def names(self) -> list[str]:
        return [f"{self.kind.replace('_', '-')}-{number:04d}" for number in range(self.first, self.first + self.machines)]

    def stem(self, folder: Path) -> Path:
        """Give the beginning of all its files."""
        return folder / self.kind / f"{self.kind}-{self.first:04d}"


class Done(NamedTuple):
    """How far a process has come since it last told."""

    rows: int
    values: int


def chunks_of(fleet: Fleet) -> Iterator[Chunk]:
    """Spread the machines over the kinds, and each kind over chunks."""
    for index, kind in enumerate(fleet.kinds):
        share, rest = divmod(fleet.machines, len(fleet.kinds))
        count = share + (index < rest)
        for first in range(1, count + 1, CHUNK_MACHINES):
            yield Chunk(kind, first, min(CHUNK_MACHINES, count + 1 - first))


def missing_chunks(fleet: Fleet, folder: Path) -> list[Chunk]:
    """Claim a folder for a fleet, and give the chunks that no earlier run has finished.

    Raises
    ------
    ConfigError
        If the folder holds another fleet, or anything else.
    """
    _claim(folder, fleet)
    return [chunk for chunk in chunks_of(fleet) if not _done_file(chunk, folder).exists()]


def write_history(fleet: Fleet, chunks: Sequence[Chunk], folder: Path, *, processes: int, report: Callable[[Done], None]) -> Done:
    """Write chunks of a fleet's history, and give how much that was.

    Raises
    ------
    ShangyunError
        If a file cannot be written, such as for want of space.
    """
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    # The longest first, so that the last process does not run alone for long.
    waiting, running = sorted(chunks, key=lambda c: c.machines), list[Any]()
    total = Done(0, 0)
    try:
        while waiting or running or not told.empty():
            while waiting and len(running) < processes:
                running.append(context.Process(target=_run, args=(fleet, waiting.pop(), folder, told)))
                running[-1].start()
            ended = [process for process in running if process.exitcode is not None]
            running = [process for process in running if process not in ended]
            killed = [process.exitcode for process in ended if process.exitcode not in (0, _TOLD_WHY)]
            if killed:
                raise ShangyunError(f"a process ended with status {killed[0]}; the same command goes on where it was")
            try:
                done: Done | str = told.get(timeout=0.2)
            except queue.Empty:
                continue
            if isinstance(done, str):
                raise ShangyunError(done)
            total = Done(total.rows + done.rows, total.values + done.values)
            report(done)
    finally:
        for process in running:
            process.kill()
    return total


def _claim(folder: Path, fleet: Fleet) -> None:
    """Keep what the folder is for, so that a run that goes on does not mix two fleets."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plan, path = json.dumps(fleet._asdict(), default=str, indent=1) + "\n", folder / _PLAN_FILE
        if path.exists():
            if path.read_text(encoding="utf-8") != plan:
                raise ConfigError(f"{folder} holds another fleet ({path}); name an empty folder, or remove it")
        elif any(folder.iterdir()):
            raise ConfigError(f"{folder} is not empty and holds no fleet; name another folder")
        else:
            path.write_text(plan, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be used: {error.strerror}") from error


def _done_file(chunk: Chunk, folder: Path) -> Path:
    return Path(f"{chunk.stem(folder)}-wrong.jsonl")


def _run(fleet: Fleet, chunk: Chunk, folder: Path, told: Any) -> None:
    """Write a chunk in a process of its own. Ctrl-C is for the one that started it, with whose end it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _write_chunk(fleet, chunk, folder, told.put)
    except OSError as error:
        told.put(f"cannot write {error.filename or 'the history'}: {error.strerror or error}")
        sys.exit(_TOLD_WHY)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _write_chunk(fleet: Fleet, chunk: Chunk, folder: Path, tell: Callable[[Done], None]) -> None:
    """Simulate a chunk from its first day to its last; its truth is written last and marks it as done."""
    chunk.stem(folder).parent.mkdir(exist_ok=True)
    start = datetime.combine(fleet.start, datetime.min.time(), JINAN)
    seeds = [fleet.seed * 1_000_000 + number for number in range(chunk.first, chunk.first + chunk.machines)]
    machines = machine_class(chunk.kind)(seeds=seeds, start=start)
    _order_faults(machines, fleet)
    recorder = _Recorder(machines.kind, chunk.names, fleet)
    for day in range(fleet.days):
        at = start + timedelta(days=day)
        for row in range(fleet.rows_a_day):
            recorder.take(row, machines.values())
            machines.step(fleet.every_seconds)
        recorder.write(at, Path(f"{chunk.stem(folder)}-{at:%Y-%m-%d}.{fleet.format}"))
        tell(Done(chunk.machines * fleet.rows_a_day, chunk.machines * fleet.rows_a_day * len(recorder.signals)))
    unfinished = Path(f"{chunk.stem(folder)}.part")
    unfinished.unlink(missing_ok=True)
    log = TruthLog(unfinished)
    for change in machines.faults.take_changes():
        time_us = int(change.at.timestamp() * 1_000_000)
        log.write_wrong(Wrong(time_us, chunk.names[change.machine], change.fault, change.part, change.severity))
    log.close()
    unfinished.replace(_done_file(chunk, folder))


def _order_faults(machines: Machines, fleet: Fleet) -> None:
    """Let a fault come to some machines: somewhere in the middle of the time, growing over hours to weeks."""
    whole = fleet.days * 86_400.0
    for machine, seed in enumerate(machines.seeds):
        dice = np.random.default_rng((seed, 99))
        if dice.random() >= fleet.faulty_share:
            continue
        name = str(dice.choice(sorted(machines.FAULTS)))
        part = machines.FAULTS[name].part
        member = str(dice.choice(machines.kind.parts[part].all_names)) if part else ""
        growth = Growth(
            severity=float(dice.uniform(0.3, 1.0)),
            from_seconds=float(dice.uniform(0.2, 0.7)) * whole,
            ramp_seconds=float(dice.choice([0.0, 0.1, 0.3])) * whole,
            shape="exponential" if dice.random() < 0.3 else "linear",
        )
        machines.faults.order(name, growth, at=machines.now, machine=machine, part=member)


class _Recorder:
    """A day of a chunk in memory: one plane a signal, machines by rows."""

    def __init__(self, kind: Kind, names: Sequence[str], fleet: Fleet) -> None:
        self.signals = kind.numeric_signals
        self._kind, self._names, self._fleet = kind, names, fleet
        self._planes: npt.NDArray[np.float64] = np.empty((len(self.signals), fleet.rows_a_day, len(names)))

    def take(self, row: int, values: Any) -> None:
        plane = self._planes[:, row]
        for index, name in enumerate(self.signals):
            plane[index] = values[name]

    def write(self, day: datetime, path: Path) -> None:
        """Write a day's file; it has its name only when it is whole."""
        import pyarrow as pa  # noqa: PLC0415 - only where history is written

        rows, count = self._fleet.rows_a_day, len(self._names)
        first_us, step_us = int(day.timestamp() * 1_000_000), round(self._fleet.every_seconds * 1_000_000)
        times = np.tile(first_us + step_us * np.arange(rows, dtype=np.int64), count)
        machine = pa.array(np.repeat(np.arange(count, dtype=np.int32), rows))
        columns: dict[str, Any] = {
            "time": pa.array(times, pa.timestamp("us", "UTC")),
            "equipment": pa.DictionaryArray.from_arrays(machine, pa.array(list(self._names))),
        }
        for index, name in enumerate(self.signals):
            columns[name] = _column(self._planes[index].T.ravel(), self._kind.signals[name].type)
        table, unfinished = pa.table(columns), path.with_suffix(".part")
        if self._fleet.format == "csv":
            from pyarrow import csv  # noqa: PLC0415

            csv.write_csv(table.set_column(1, "equipment", columns["equipment"].dictionary_decode()), unfinished)
        else:
            from pyarrow import parquet  # noqa: PLC0415

            reals = [name for name in self.signals if self._kind.signals[name].type is SignalType.REAL]
            parquet.write_table(
                table,
                unfinished,
                compression="zstd",
                compression_level=1,
                use_dictionary=["equipment"],
                use_byte_stream_split=reals,
            )
        unfinished.replace(path)


def _column(values: npt.NDArray[np.float64], of: SignalType) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    nothing = np.isnan(values)
    mask = nothing if nothing.any() else None
    if of is SignalType.REAL:
        half, kept = np.uint32(1 << _SPARED_BITS - 1), np.uint32(-(1 << _SPARED_BITS) & 0xFFFFFFFF)
        bits = (np.where(nothing, 0, values).astype(np.float32).view(np.uint32) + half) & kept
        return pa.array(bits.view(np.float32), mask=mask)
    if of is SignalType.DOUBLE:
        return pa.array(values, mask=mask)
    whole = np.where(nothing, 0, values)
    return pa.array(whole.astype(bool) if of is SignalType.BOOLEAN else np.rint(whole).astype(np.int64), mask=mask)
