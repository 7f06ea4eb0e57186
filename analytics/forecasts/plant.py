"""Plants as forecasts know them: the machines of one kind behind one gateway, and their power on quarters of an hour."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.power_forecast.frame import STEP_SECONDS, STEPS_A_DAY
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray
from store.database import Database
from store.equipment import Equipment, list_equipment
from store.grids import Grid, made_until, read_grids
from store.nameplates import nameplate
from store.sites import gateway_sites, list_sites
from telemetry.bundle import MICROSECONDS

DRIVERS = {"wind_turbine": "wind_speed", "pv_inverter": "irradiance"}
"""Kinds of equipment that make a plant, and the weather field that drives their power."""
MEASURED = {"wind_turbine": ("wind_speed",), "pv_inverter": ("poa_irradiance", "ghi")}
"""Signals that measure that field, the best first."""
_LIMITING = {
    "wind_turbine": ("curtailment_active", "power_setpoint", "available_power"),
    "pv_inverter": ("derate_mode", "power_setpoint"),
}
_POWER_ORDER = 7
"""Of an inverter's ``derate_mode``: the dispatcher limits the power."""
_CLOSE = 0.03
"""A limit holds power back where it is within this share of the rating."""
_GONE = timedelta(days=7)
"""A machine that has been silent for so long at the end of a span is taken as dismantled, not as missing."""
_DAYS_AT_ONCE = 31
"""Read together: minutes of many machines and months would fill the memory."""
STEP = timedelta(seconds=STEP_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Machines whose power is forecast as one."""

    gateway: str
    kind: str
    machines: tuple[Equipment, ...]
    zone: str

    @property
    def name(self) -> str:
        return f"{self.gateway}/{self.kind}"

    @property
    def driver(self) -> str:
        return DRIVERS[self.kind]


class Actual(NamedTuple):
    """What a plant did, a value for each quarter of an hour from ``start_us`` on."""

    start_us: int
    power_kw: FloatArray
    """Of all machines; NaN while one of them is not heard of."""
    measured: FloatArray
    """Wind speed [m/s] or irradiance [W/m²], the mean over the machines."""
    curtailed: Flags
    """Some machine was held back by order."""

    @property
    def times_us(self) -> npt.NDArray[np.int64]:
        return self.start_us + np.arange(len(self.power_kw), dtype=np.int64) * STEP_SECONDS * MICROSECONDS


def list_plants(
    database: Database, *, gateways: Collection[str] | None = None, default_zone: str = "Asia/Shanghai"
) -> list[Plant]:
    """Name the plants behind these gateways, or behind all; their days are those of their site."""
    zones, sites = {site.id: site.time_zone for site in list_sites(database)}, gateway_sites(database)
    found: dict[tuple[str, str], list[Equipment]] = {}
    for machine in list_equipment(database):
        if machine.kind in DRIVERS and (gateways is None or machine.gateway in gateways):
            found.setdefault((machine.gateway, machine.kind), []).append(machine)
    return [
        Plant(
            gateway=gateway,
            kind=kind,
            machines=tuple(machines),
            zone=zones.get(sites.get(gateway, 0), default_zone),
        )
        for (gateway, kind), machines in sorted(found.items())
    ]


def ratings_kw(database: Database, plant: Plant) -> dict[int, float]:
    """Give the rated power of each machine by its id.

    Raises
    ------
    NotEvaluated
        If the nameplate of a machine does not name it: a capacity that lacks a machine would pass for the plant's.
    """
    found: dict[int, float] = {}
    missing = []
    for machine in plant.machines:
        plate = nameplate(database, machine.id)
        value, unit = (plate.rated.get("rated_power") if plate else None) or (None, "")
        if unit == "kW" and isinstance(value, int | float) and value > 0:
            found[machine.id] = float(value)
        else:
            missing.append(machine.name)
    if missing:
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise NotEvaluated(Why.NO_NAMEPLATE, f"rated_power [kW] of {shown}")
    return found


def quarter(at: datetime) -> datetime:
    """Give the begin of the quarter of an hour that an instant is in."""
    return datetime.fromtimestamp(int(at.timestamp()) // STEP_SECONDS * STEP_SECONDS, UTC)


def read_actual(database: Database, plant: Plant, ratings: Mapping[int, float], *, start: datetime, end: datetime) -> Actual:
    """Read ``[start, end)``, both on quarters; a quarter that is not yet over, or not yet made, is NaN.

    Of a machine without a rating nobody can tell whether a limit held it back; the power does not need it.
    """
    steps = (end - start) // STEP
    until = made_until(database)
    whole = 0 if until is None else max(0, min(steps, (until.minutes - start) // STEP))
    ids = [machine.id for machine in plant.machines]
    powers = np.full((len(ids), steps), np.nan)
    measured, curtailed = np.full((len(ids), steps), np.nan), np.zeros(steps, bool)
    for first in range(0, whole, _DAYS_AT_ONCE * STEPS_A_DAY):
        last = min(first + _DAYS_AT_ONCE * STEPS_A_DAY, whole)
        signals = ("active_power", *MEASURED[plant.kind], *_LIMITING[plant.kind])
        grids = read_grids(
            database,
            plant.kind,
            ids,
            signals,
            start=start + first * STEP,
            end=start + last * STEP,
            step_seconds=STEP_SECONDS,
        )
        for place, number in enumerate(ids):
            if number not in grids:
                continue
            grid = grids[number]
            powers[place, first:last] = grid["active_power"]
            measured[place, first:last] = _measured(grid, plant.kind)
            curtailed[first:last] |= held_back(grid, plant.kind, ratings.get(number, np.nan))
    return Actual(
        start_us=int(start.timestamp()) * MICROSECONDS,
        power_kw=sum_of_plant(powers, end=whole),
        measured=_mean(measured),
        curtailed=curtailed,
    )


def sum_of_plant(powers: FloatArray, *, end: int) -> FloatArray:
    """Sum over machines, shape (machines, n) up to column ``end``; a machine counts from its first value on.

    It counts to its last one as well where that is long ago: it has been dismantled, and the plant goes on.
    """
    known = ~np.isnan(powers)
    steps = powers.shape[1]
    at = np.arange(steps)
    ever = known.any(axis=1)
    firsts = np.where(ever, known.argmax(axis=1), steps)
    lasts = np.where(ever, steps - 1 - known[:, ::-1].argmax(axis=1), -1)
    lasts = np.where(ever & (end - lasts <= _GONE // STEP), end, lasts)
    counts = (at >= firsts[:, None]) & (at <= lasts[:, None])
    is_whole = counts.any(axis=0) & ~(counts & ~known).any(axis=0)
    return np.where(is_whole, np.where(counts, np.nan_to_num(powers), 0.0).sum(axis=0), np.nan)


def held_back(grid: Grid, kind: str, rated_kw: float) -> Flags:
    """Tell in which quarters an order limited a machine."""
    power, limit = np.asarray(grid["active_power"], float), np.asarray(grid["power_setpoint"], float)
    if kind == "wind_turbine":
        ordered, available = np.asarray(grid["curtailment_active"], float), np.asarray(grid["available_power"], float)
        # A quarter in which it changed holds some of both.
        is_ordered = (ordered > 0) | (np.isnan(ordered) & ~np.isnan(power) & ~np.isnan(ordered).all())
        with np.errstate(invalid="ignore"):
            return np.asarray(is_ordered | (limit < np.minimum(available, rated_kw) - 0.01 * rated_kw))
    limit_kw = limit / 100 * rated_kw
    with np.errstate(invalid="ignore"):
        is_at_limit = (limit_kw < 0.99 * rated_kw) & (power > limit_kw - _CLOSE * rated_kw)
    return np.asarray(is_at_limit | (np.asarray(grid["derate_mode"], float) == _POWER_ORDER))


def _measured(grid: Grid, kind: str) -> FloatArray:
    columns: Sequence[FloatArray] = [np.asarray(grid[name], float) for name in MEASURED[kind]]
    found = columns[0]
    for column in columns[1:]:
        found = np.where(np.isnan(found), column, found)
    return found


def _mean(values: FloatArray) -> FloatArray:
    """Average over machines, those that measure."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    mean: FloatArray = np.divide(total, count, out=np.full(values.shape[1], np.nan), where=count > 0)
    return mean
