"""From a ship's differences to the names of its engine's faults: a table of signs for each system, and one for each cylinder."""

from collections.abc import Mapping, Sequence

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature
from analytics.diagnosis.verdicts import Verdict, best
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


def verdicts(readings: Mapping[str, Reading]) -> list[Verdict[Reading]]:
    """Name what is wrong with the main engine and its meters."""
    found = []
    for rows in SYSTEMS.values():
        is_bypassed = "fuel_meter_bias" in {row.code for row in rows} and _difference(readings, "fuel") < _BYPASS_PERCENT
        named = _named(readings, (_BYPASS,) if is_bypassed else rows)
        if named:
            found.append(named)
    for cylinder in CYLINDERS:
        names = {name: f"{name}_{cylinder}" for name in ("exhaust", "rise", "compression")}
        own = {short: readings[name] for short, name in names.items() if name in readings}
        named = _named(own, CYLINDER, part=cylinder)
        if named:
            looked_at = {names[name]: reading for name, reading in named.readings.items()}
            found.append(named._replace(moved=tuple(names[name] for name in named.moved), readings=looked_at))
    return found


def _named(readings: Mapping[str, Reading], rows: Sequence[Signature], *, part: str = "") -> Verdict[Reading] | None:
    return best(readings, rows, threshold=THRESHOLD, least_agreement=_LEAST_AGREEMENT, part=part)


def _difference(readings: Mapping[str, Reading], name: str) -> float:
    return readings[name].difference if name in readings else float("nan")
