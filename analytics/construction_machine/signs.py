"""From a machine's differences to the name of its fault: a table of signs for each system."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.construction_machine.healthy import Reading
from analytics.diagnosis.signatures import DOWN, STILL, UP, Match, Signature, ranked

THRESHOLD = 3.0
"""From so many spreads on something has moved."""
LEAST_AGREEMENT = 0.75

SYSTEMS: dict[str, tuple[Signature, ...]] = {
    "cooling": (
        Signature("radiator_clog", {"coolant": UP, "coolant_level": STILL, "fuel": STILL}),
        Signature("coolant_leak", {"coolant_level": DOWN}),
    ),
    "oil": (Signature("oil_pressure_drop", {"oil_pressure": DOWN}),),
    "injection": (Signature("injector_wear", {"fuel": UP, "exhaust": UP, "oil_pressure": STILL}),),
    # A hot radiator's fan takes power as well, but does not make the bucket slower.
    "hydraulics": (
        Signature("hyd_pump_wear", {"pump_efficiency": DOWN, "cycle_time": UP, "hydraulic_oil": UP}),
        # In frost the oil strays so much by itself that the leakage's heat may not stand out.
        Signature("hyd_pump_wear", {"pump_efficiency": DOWN, "cycle_time": UP}),
    ),
    "electrics": (Signature("alternator_fail", {"voltage": DOWN}),),
}


class Verdict(NamedTuple):
    """One fault that is named."""

    code: str
    confidence: float
    moved: tuple[str, ...]
    """What moved as the fault's row says; the first is the clearest."""
    readings: Mapping[str, Reading]
    """Everything that the row looks at."""


def verdicts(readings: Mapping[str, Reading]) -> list[Verdict]:
    """Name what is wrong: of each system the row that agrees best."""
    return [named for rows in SYSTEMS.values() if (named := _best(readings, rows))]


def _best(readings: Mapping[str, Reading], rows: tuple[Signature, ...]) -> Verdict | None:
    scores = {name: reading.score for name, reading in readings.items()}
    matches = [match for match in ranked(scores, rows, threshold=THRESHOLD) if match.agreement >= LEAST_AGREEMENT]
    if not matches:
        return None
    best = matches[0]
    row = next(row for row in rows if row.code == best.code)
    clearest = tuple(sorted(best.moved, key=lambda name: -abs(scores[name])))
    return Verdict(
        code=best.code,
        confidence=_confidence(best, scores),
        moved=clearest,
        readings={name: readings[name] for name in row.signs if name in readings},
    )


def _confidence(match: Match, scores: Mapping[str, float]) -> float:
    """Half of the agreement at the threshold, nearly all of it where the signs are several times as large."""
    size = float(np.mean([abs(scores[name]) for name in match.moved])) / THRESHOLD
    return round(min(match.agreement * (1 - 0.5 * float(np.exp(-(max(size, 1.0) - 1.0)))), 0.99), 3)
