"""Histories of simulated machines as windows for analytics: healthy stretches to learn from, and faults that come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Window
from device_profiles.kind import SignalType, load_kind
from simulators.fleet import machine_class
from simulators.machine_faults import Growth
from telemetry.bundle import MICROSECONDS


class Ordered(NamedTuple):
    """A fault that comes to one of the machines."""

    fault: str
    part: str
    growth: Growth


def simulate(
    kind: str,
    seeds: Sequence[int],
    *,
    start: datetime,
    days: float,
    every_seconds: float = 60.0,
    faults: Sequence[Ordered | None] = (),
    rated: dict[str, float] | None = None,
    cache: Path | None = None,
) -> list[Window]:
    """Let machines of one kind run side by side, and give each one's whole history.

    Parameters
    ----------
    every_seconds : float
        One reading each; the simulator moves in finer steps of its own.
    faults : sequence
        For each machine what comes to it, or None; all healthy where it is left out.
    cache : Path, optional
        File that keeps the readings: the same machines are not simulated twice.
    """
    signals = load_kind(kind).signals
    names = [name for name in load_kind(kind).numeric_signals if signals[name].type is not SignalType.DOUBLE]
    doubles = [name for name in load_kind(kind).numeric_signals if signals[name].type is SignalType.DOUBLE]
    if cache is None or not cache.with_suffix(".f4.npy").exists():
        readings, exact = _run(kind, seeds, start, round(days * 86_400 / every_seconds), every_seconds, faults, names, doubles)
        if cache is not None:
            np.save(cache.with_suffix(".f8.npy"), exact)
            np.save(cache.with_suffix(".f4.npy"), readings)
    else:
        readings, exact = (np.load(cache.with_suffix(suffix), mmap_mode="r") for suffix in (".f4.npy", ".f8.npy"))
    return [
        Window(
            kind=kind,
            start_us=int(start.timestamp()) * MICROSECONDS,
            step_seconds=every_seconds,
            values=dict(zip(names, readings[index], strict=True)) | dict(zip(doubles, exact[index], strict=True)),
            rated=dict(rated or {}),
        )
        for index in range(len(seeds))
    ]


def _run(  # noqa: PLR0917 - one caller, which hands on what it was given
    kind: str,
    seeds: Sequence[int],
    start: datetime,
    steps: int,
    every_seconds: float,
    faults: Sequence[Ordered | None],
    names: Sequence[str],
    doubles: Sequence[str],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Simulate; arrays of shape (machines, signals, steps)."""
    machines = machine_class(kind)(seeds=list(seeds), start=start)
    for index, ordered in enumerate(faults):
        if ordered is not None:
            machines.faults.order(ordered.fault, ordered.growth, at=machines.now, machine=index, part=ordered.part)
    readings = np.empty((len(seeds), len(names), steps), np.float32)
    exact = np.empty((len(seeds), len(doubles), steps))
    for step in range(steps):
        values: dict[str, Any] = machines.values()
        for number, name in enumerate(names):
            readings[:, number, step] = values[name]
        for number, name in enumerate(doubles):
            exact[:, number, step] = values[name]
        machines.step(every_seconds)
    return readings, exact


def at_days(history: Window, days: float) -> int:
    """Give the instant so many days after a history's start, in microseconds."""
    return history.start_us + timedelta(days=days) // timedelta(microseconds=1)
