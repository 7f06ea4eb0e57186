"""Dispatch of random compressor stations: never worse than the present split, and how much it saves.

``python -m benchmarks.analytics_compressors``; stations of two to six machines of fixed and variable speed over a day of shifts,
run as plants often do: machines start in a fixed order of size, one more than is needed, and share the air by size.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from analytics.air_compressor.dispatch import Unit, best_plan, energy_kwh, merit_order
from analytics.window import Flags, FloatArray

SEED = 4
RESERVE_PERCENT = 5.0
_SPECIFIC_POWER = (5.5, 7.5)
"""Package at full load, of new and of old machines. [kW/(m³/min)]"""


def random_station(rng: np.random.Generator) -> list[Unit]:
    """Draw machines of 37 to 250 kW; a third of them has a variable speed."""
    units = []
    for _ in range(int(rng.integers(2, 7))):
        capacity = float(rng.uniform(6, 40))
        full = capacity * float(rng.uniform(*_SPECIFIC_POWER))
        start = float(rng.uniform(0.5, 2.0)) * full / 60
        if rng.random() < 1 / 3:
            share = float(rng.uniform(0.25, 0.4))
            knee = share * full * float(rng.uniform(1.0, 1.2))
            units.append(Unit(capacity, share * capacity, float(rng.uniform(0.15, 0.25)) * full, knee, full, start))
        else:
            units.append(Unit(capacity, capacity, float(rng.uniform(0.25, 0.4)) * full, full, full, start))
    return units


def present_split(units: list[Unit], demand: FloatArray) -> tuple[FloatArray, Flags]:
    """Run the largest machines first, one more than the demand asks for, sharing the air in proportion to their sizes."""
    order = np.argsort([-unit.capacity for unit in units])
    capacity = np.array([unit.capacity for unit in units])
    running = np.minimum(np.searchsorted(np.cumsum(capacity[order]), demand) + 2, len(units))
    is_on = np.zeros((len(units), len(demand)), bool)
    for place, index in enumerate(order):
        is_on[index] = running > place
    weights = np.where(is_on, capacity[:, None], 0.0)
    return weights / weights.sum(axis=0) * demand, is_on


def dispatch(stations: int = 200) -> dict[str, Any]:
    """Plan random stations; figures of the savings against the present split."""
    rng = np.random.default_rng(SEED)
    savings, seconds, worse, origins = [], [], 0, {"present": 0, "merit_order": 0, "program": 0}
    merit_savings = []
    for _ in range(stations):
        units = random_station(rng)
        total = sum(unit.capacity for unit in units)
        shape = np.where((np.arange(24) >= 7) & (np.arange(24) < 22), rng.uniform(0.45, 0.8), rng.uniform(0.1, 0.4))
        demand = total * np.clip(shape + rng.normal(0, 0.04, 24), 0.03, 0.9)
        flow, is_on = present_split(units, demand)
        begun = time.perf_counter()
        present, best = best_plan(units, flow, is_on, reserve_percent=RESERVE_PERCENT)
        seconds.append(time.perf_counter() - begun)
        delivered = np.abs(best.flow.sum(axis=0) - demand).max()
        recounted = energy_kwh(units, best.flow, best.is_on)
        worse += recounted > present.energy_kwh * (1 + 1e-9) or delivered > 1e-6 * total
        savings.append(1 - recounted / present.energy_kwh)
        origins[best.origin] += 1
        merit_savings.append(1 - best_merit(units, demand) / present.energy_kwh)
    percent = 100 * np.array(savings)
    return {
        "stations": stations,
        "worse_than_present": int(worse),
        "median_saving_percent": round(float(np.median(percent)), 2),
        "tenth_and_ninetieth_percent": [round(float(value), 2) for value in np.quantile(percent, [0.1, 0.9])],
        "median_saving_of_merit_order_alone_percent": round(100 * float(np.median(merit_savings)), 2),
        "won_by": origins,
        "median_milliseconds": round(1000 * float(np.median(seconds)), 1),
        "worst_milliseconds": round(1000 * max(seconds), 1),
    }


def best_merit(units: list[Unit], demand: FloatArray) -> float:
    """Energy of the merit order alone, the baseline that the program must beat. [kWh]"""
    needed = np.minimum(demand * (1 + RESERVE_PERCENT / 100), sum(unit.capacity for unit in units))
    return merit_order(units, demand, needed).energy_kwh


def main() -> int:
    found = dispatch()
    print(json.dumps(found, indent=2))
    return 1 if found["worse_than_present"] else 0


if __name__ == "__main__":
    sys.exit(main())
