"""Electricity of a machine tool: for each part, and how much of it does no work."""

from typing import NamedTuple

import numpy as np

from analytics.cnc_machine.parts import rises
from analytics.cnc_machine.states import ItemState, states_of
from analytics.window import FloatArray, Window


class Energy(NamedTuple):
    """Electricity of a stretch of time, in kWh; NaN where it is not measured."""

    total_kwh: float
    executing_kwh: float
    standing_kwh: float
    """While no program was executed."""
    spindle_kwh: float
    """Through the spindle's drive while executing."""
    idle_power_kw: float
    """Median power while no program was executed."""


def energy_of(window: Window) -> Energy:
    """Sum up a window's electricity: the total by the meter's counter where there is one, its parts by the power."""
    power = window["machine_power"]
    hours = window.step_seconds / 3600
    executing = states_of(window) == ItemState.EXECUTING
    known = ~np.isnan(power)
    by_power = float(power[known].sum() * hours)
    counter = window["energy_total"]
    total = by_power if np.isnan(counter).all() else float(rises(counter).sum())
    # What falls into gaps of the power is split like the rest.
    scale = total / by_power if by_power > 0 else float("nan")
    spindle = window["spindle_power"][executing]
    standing = power[known & ~executing]
    return Energy(
        total_kwh=total if by_power > 0 or total > 0 else float("nan"),
        executing_kwh=float(power[known & executing].sum() * hours * scale),
        standing_kwh=float(standing.sum() * hours * scale),
        spindle_kwh=_sum(spindle) * hours,
        idle_power_kw=float(np.median(standing)) if len(standing) else float("nan"),
    )


def _sum(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.sum()) if len(known) else float("nan")
