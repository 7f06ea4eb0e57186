"""What the analyses of a motor's records share: which records to take, how fast the shaft turned, which bearing it has."""

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.vibration.bearing_lines import BearingGeometry, bearing_orders
from analytics.window import Record, Window
from telemetry.bundle import MICROSECONDS

LEAST_SPEED_RPM = 100.0
"""Below it the shaft stands or is run down."""


def usable(window: Window, signal: str, *, newest: int) -> list[Record]:
    """Give the newest records of a signal, oldest first.

    Raises
    ------
    NotEvaluated
        If there is none.
    """
    records = list(window.records.get(signal, ()))[-newest:]
    if not records:
        raise NotEvaluated(Why.MISSING_INPUT, signal)
    return records


def at_record(window: Window, signal: str, record: Record) -> float:
    """Mean of a signal over the steps that a record spans; NaN where none of them is known."""
    step_us = round(window.step_seconds * MICROSECONDS)
    first = (record.start_us - window.start_us) // step_us
    last = (record.start_us + round(len(record.samples) / record.rate_hz * MICROSECONDS) - window.start_us) // step_us
    values = window[signal][max(first, 0) : last + 1]
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def speed_during(window: Window, record: Record) -> float:
    """Give the shaft's speed while a record was taken. [rpm]

    Raises
    ------
    NotEvaluated
        If it is unknown, or the shaft stood.
    """
    speed_rpm = at_record(window, "speed", record)
    if np.isnan(speed_rpm):
        raise NotEvaluated(Why.MISSING_INPUT, "speed")
    if speed_rpm < LEAST_SPEED_RPM:
        raise NotEvaluated(Why.NOT_RUNNING, f"{speed_rpm:.0f} rpm")
    return speed_rpm


def geometry_of(window: Window, end: str) -> BearingGeometry:
    """Give the bearing of one end, ``drive`` or ``non_drive``, from the nameplate.

    Raises
    ------
    NotEvaluated
        If a number is not filled in, or no bearing can be so.
    """
    balls, ball_mm, pitch_mm, angle = (
        window.rating(f"bearing_{end}_{name}")
        for name in ("balls", "ball_diameter_mm", "pitch_diameter_mm", "contact_angle_degrees")
    )
    geometry = BearingGeometry(round(balls), ball_mm, pitch_mm, angle)
    try:
        bearing_orders(geometry)
    except ValueError as error:
        raise NotEvaluated(Why.BAD_INPUT, f"bearing_{end}: {error}") from error
    return geometry
