"""From a ship's differences to the names of its engine's faults: a table of signs for each system, and one for each cylinder."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.diagnosis.signatures import DOWN, STILL, UP, Match, Signature, ranked
from analytics.ship.healthy import Reading
from analytics.ship.residuals import CYLINDERS

THRESHOLD = 2.5
"""From so many standard deviations on something has moved; the doubt of learning and of the conditions is in them."""
_LEAST_AGREEMENT = 0.65
"""Share of a row's cells that agree; with two of three moving signs a fault is named."""
_BYPASS_PERCENT = -25.0
"""No meter is that far out: what it does not see goes around it."""

SYSTEMS: dict[str, tuple[Signature, ...]] = {
    "air": (Signature("tc_fouling", {"scavenge": DOWN, "turbine_speed": DOWN, "exhaust": UP}),),
    "cooling": (Signature("jcw_cooler_foul", {"jacket": UP, "lube": STILL}),),
    # What the engine really burns shows in rack and exhaust; a meter may be out either way.
    "fuel": (
        Signature("fuel_meter_bias", {"fuel": UP, "rack": STILL, "exhaust": STILL}),
        Signature("fuel_meter_bias", {"fuel": DOWN, "rack": STILL, "exhaust": STILL}),
    ),
}
CYLINDER = (
    Signature("cylinder_misfire", {"exhaust": DOWN, "rise": DOWN, "compression": STILL}),
    Signature("injector_wear", {"exhaust": UP, "rise": STILL, "compression": STILL}),
)
_BYPASS = Signature("flow_meter_bypass", {"fuel": DOWN, "rack": STILL, "exhaust": STILL})


class Verdict(NamedTuple):
    """One fault that is named."""

    code: str
    part: str
    confidence: float
    clearest: str
    """The figure that moved most."""
    readings: Mapping[str, Reading]
    """Everything that the fault's row looks at."""


def verdicts(readings: Mapping[str, Reading]) -> list[Verdict]:
    """Name what is wrong with the main engine and its meters."""
    found = []
    for rows in SYSTEMS.values():
        is_bypassed = "fuel_meter_bias" in {row.code for row in rows} and _difference(readings, "fuel") < _BYPASS_PERCENT
        named = _best(readings, (_BYPASS,) if is_bypassed else rows, part="", names={})
        if named:
            found.append(named)
    for cylinder in CYLINDERS:
        names = {name: f"{name}_{cylinder}" for name in ("exhaust", "rise", "compression")}
        own = {short: readings[name] for short, name in names.items() if name in readings}
        named = _best(own, CYLINDER, part=cylinder, names=names)
        if named:
            found.append(named)
    return found


def confidence(agreement: float, score: float) -> float:
    """Half of the agreement at the threshold, nearly all of it where the signs are several times as large."""
    return round(min(agreement * (1 - 0.5 * float(np.exp(-(max(score / THRESHOLD, 1.0) - 1.0)))), 0.99), 3)


def _best(readings: Mapping[str, Reading], rows: tuple[Signature, ...], *, part: str, names: Mapping[str, str]) -> Verdict | None:
    scores = {name: reading.score for name, reading in readings.items()}
    matches = [match for match in ranked(scores, rows, threshold=THRESHOLD) if match.agreement >= _LEAST_AGREEMENT]
    if not matches:
        return None
    best: Match = matches[0]
    row = next(row for row in rows if row.code == best.code)
    clearest = max(best.moved, key=lambda name: abs(scores[name]))
    size = float(np.mean([abs(scores[name]) for name in best.moved]))
    return Verdict(
        best.code,
        part,
        confidence(best.agreement, size),
        names.get(clearest, clearest),
        {names.get(name, name): readings[name] for name in row.signs if name in readings},
    )


def _difference(readings: Mapping[str, Reading], name: str) -> float:
    return readings[name].difference if name in readings else float("nan")
