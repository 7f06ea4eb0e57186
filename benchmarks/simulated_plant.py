"""Histories of simulated machines as windows for analytics: healthy stretches to learn from, and faults that come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Record, Window
from device_profiles.kind import SignalType, load_kind
from simulators.fleet import machine_class
from simulators.machine_faults import Growth
from telemetry.bundle import MICROSECONDS

RECORD_HOURS = 8.0
"""Between high-rate records; a plant takes more, but they fill the memory of an examination."""


_PLATES: dict[str, dict[str, float]] = {
    "wind_turbine": {"rated_power": 5000.0, "rotor_diameter": 126.0},
    "pv_inverter": {
        "dc_power_stc": 112.38,
        "rated_power": 100.0,
        "temperature_coefficient": -0.41,
        "latitude": 36.65,
        "longitude": 117.0,
        "altitude": 30.0,
        "tilt": 26.0,
        "azimuth": 180.0,
        "feed_in_price": 0.39,
        "cleaning_cost": 300.0,
        "modules_per_string": 17.0,
    },
    "construction_machine": {"fuel_tank": 345.0},
    "ship": {
        "length_between_perpendiculars": 185.0,
        "breadth": 32.26,
        "block_coefficient": 0.86,
        "transverse_area": 680.0,
        "bow_length": 25.0,
        "deadweight": 57_000.0,
        "rated_power": 9480.0,
        "rated_speed": 127.0,
        "generator_rated_power": 600.0,
    },
}
"""What the simulators' machines are built as; prices are examples."""


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
    records_from_day: float | None = None,
    cache: Path | None = None,
) -> list[Window]:
    """Let machines of one kind run side by side, and give each one's whole history.

    Parameters
    ----------
    every_seconds : float
        One reading each; the simulator moves in finer steps of its own.
    faults : sequence
        For each machine what comes to it, or None; all healthy where it is left out.
    records_from_day : float, optional
        High-rate records are taken every `RECORD_HOURS` from here on, of a kind that has such signals; none where it is left out.
    cache : Path, optional
        Where the readings are kept: the same machines are not simulated twice.
    """
    if cache is not None and cache.with_suffix(".f4.npy").exists():
        herd = _load(kind, cache)
    else:
        first = None if records_from_day is None else round(records_from_day * 86_400 / every_seconds)
        herd = _run(kind, seeds, start, round(days * 86_400 / every_seconds), every_seconds, faults, first)
        if cache is not None:
            _save(herd, cache)
    names, doubles = _columns(kind)
    start_us = int(start.timestamp()) * MICROSECONDS
    return [
        Window(
            kind=kind,
            start_us=start_us,
            step_seconds=every_seconds,
            values=dict(zip(names, herd.readings[index], strict=True)) | dict(zip(doubles, herd.exact[index], strict=True)),
            rated=rated_of(kind),
            records={
                name: [
                    Record(start_us + round(second * MICROSECONDS), of.rate_hz, samples)
                    for second, samples in zip(of.seconds, of.samples[index], strict=True)
                ]
                for name, of in herd.records.items()
            },
        )
        for index in range(len(seeds))
    ]


def rated_of(kind: str) -> dict[str, float]:
    """Give what a person would read off the simulated machines' plates."""
    bearings = getattr(machine_class(kind), "BEARINGS", {})
    plates = {f"bearing_{place}_{name}": float(value) for place, one in bearings.items() for name, value in one._asdict().items()}
    return plates | _PLATES.get(kind, {})


class _Records(NamedTuple):
    """High-rate records of one signal: ``samples`` of shape (machines, records, samples)."""

    rate_hz: float
    seconds: npt.NDArray[np.float64]
    """Since the start."""
    samples: npt.NDArray[np.float32]


class _Herd(NamedTuple):
    """Readings of machines side by side: arrays of shape (machines, signals, steps)."""

    readings: npt.NDArray[np.float32]
    exact: npt.NDArray[np.float64]
    records: dict[str, _Records]


def _columns(kind: str) -> tuple[list[str], list[str]]:
    """Name the signals that are kept as float32, and those that are not."""
    known = load_kind(kind)
    doubles = [name for name in known.numeric_signals if known.signals[name].type is SignalType.DOUBLE]
    return [name for name in known.numeric_signals if name not in doubles], doubles


def _run(  # noqa: PLR0917 - one caller, which hands on what it was given
    kind: str,
    seeds: Sequence[int],
    start: datetime,
    steps: int,
    every_seconds: float,
    faults: Sequence[Ordered | None],
    first_record: int | None,
) -> _Herd:
    machines = machine_class(kind)(seeds=list(seeds), start=start)
    for index, ordered in enumerate(faults):
        if ordered is not None:
            machines.faults.order(ordered.fault, ordered.growth, at=machines.now, machine=index, part=ordered.part)
    names, doubles = _columns(kind)
    readings = np.empty((len(seeds), len(names), steps), np.float32)
    exact = np.empty((len(seeds), len(doubles), steps))
    every = round(RECORD_HOURS * 3600 / every_seconds)
    seconds: list[float] = []
    taken: dict[str, list[list[npt.NDArray[np.float32]]]] = {name: [] for name in machines.kind.waveform_signals}
    rates: dict[str, float] = {}
    for step in range(steps):
        values: dict[str, Any] = machines.values()
        for number, name in enumerate(names):
            readings[:, number, step] = values[name]
        for number, name in enumerate(doubles):
            exact[:, number, step] = values[name]
        if taken and first_record is not None and step >= first_record and (step - first_record) % every == 0:
            seconds.append(machines.seconds)
            for name, records in taken.items():
                made = [machines.record(name, machine) for machine in range(len(seeds))]
                rates[name] = made[0][0]
                records.append([samples.astype(np.float32) for _, samples in made])
        machines.step(every_seconds)
    records_of = {
        name: _Records(rates[name], np.array(seconds), np.swapaxes(np.array(records), 0, 1))
        for name, records in taken.items()
        if records
    }
    return _Herd(readings, exact, records_of)


def _save(herd: _Herd, cache: Path) -> None:
    """Write the readings last: they say that the rest is there."""
    for name, of in herd.records.items():
        np.save(cache.with_suffix(f".{name}.npy"), of.samples)
        np.save(cache.with_suffix(f".{name}.at.npy"), np.append(of.rate_hz, of.seconds))
    np.save(cache.with_suffix(".f8.npy"), herd.exact)
    np.save(cache.with_suffix(".f4.npy"), herd.readings)


def _load(kind: str, cache: Path) -> _Herd:
    readings, exact = (np.load(cache.with_suffix(suffix), mmap_mode="r") for suffix in (".f4.npy", ".f8.npy"))
    records = {}
    for name in load_kind(kind).waveform_signals:
        if cache.with_suffix(f".{name}.npy").exists():
            rate_hz, *seconds = np.load(cache.with_suffix(f".{name}.at.npy"))
            records[name] = _Records(rate_hz, np.array(seconds), np.load(cache.with_suffix(f".{name}.npy"), mmap_mode="r"))
    return _Herd(readings, exact, records)


def repeated(day: Window, days: int) -> Window:
    """Let a machine live one day again and again; its counters go on."""
    counters = {name for name in day.values if name.endswith("_total")}
    values: dict[str, Any] = {}
    for name, column in day.values.items():
        grown = np.repeat(np.arange(days) * (column[-1] - column[0]), len(column)) if name in counters else 0
        values[name] = (np.tile(column, days) + grown).astype(column.dtype)
    return Window(kind=day.kind, start_us=day.start_us, step_seconds=day.step_seconds, values=values)


def at_days(history: Window, days: float) -> int:
    """Give the instant so many days after a history's start, in microseconds."""
    return history.start_us + timedelta(days=days) // timedelta(microseconds=1)
