"""From an engine's differences to the name of its fault: a table of signs for each system, and one for each cylinder.

Systems are judged apart, so that a weak battery and a fouled turbocharger are both found. Within a system the row that agrees
best is named. The signs are those of the literature, carried over to what a generator set measures.
"""

from collections.abc import Mapping, Sequence

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature
from analytics.diagnosis.verdicts import Reading, Verdict, best

THRESHOLD = 3.0
"""From so many spreads on something has moved."""
LEAST_AGREEMENT = 0.75
"""Share of a row's cells, of those that can be assessed; below it nothing is named (0.7 is usual, here rows are short)."""

SYSTEMS: dict[str, tuple[Signature, ...]] = {
    "air": (
        Signature("air_filter_clogged", {"air_filter": UP, "charge_air": STILL}),
        Signature(
            "turbocharger_fouling",
            {"boost": DOWN, "turbine_speed": DOWN, "exhaust": UP, "charge_air": STILL, "air_filter": STILL},
        ),
        Signature("charge_cooler_fouling", {"charge_air": UP, "exhaust": UP, "turbine_speed": STILL, "air_filter": STILL}),
    ),
    "fuel": (Signature("fuel_filter_clogged", {"fuel_filter": UP, "fuel_pressure": DOWN}),),
    "cooling": (
        Signature("thermostat_stuck_open", {"coolant": DOWN, "oil_temperature": DOWN, "coolant_level": STILL}),
        Signature("thermostat_stuck_closed", {"coolant_at_high_load": UP, "coolant_level": STILL, "coolant_pressure": STILL}),
        Signature("coolant_leak", {"coolant_level": DOWN, "coolant_pressure": DOWN}),
    ),
    "oil": (Signature("lube_degradation", {"oil_pressure": DOWN, "oil_above_coolant": UP}),),
    "battery": (Signature("battery_weak", {"battery_at_rest": DOWN, "battery_at_work": DOWN}),),
}

CYLINDER = (
    Signature("injector_dead", {"exhaust": DOWN, "rise": DOWN, "compression": STILL, "ripple": UP}),
    Signature("injector_dribble", {"exhaust": UP, "rise": DOWN, "ripple": UP, "compression": STILL, "crankcase": STILL}),
    Signature("ring_or_valve_leak", {"exhaust": UP, "compression": DOWN, "crankcase": UP}),
)


def verdicts(indicators: Mapping[str, Reading], cylinders: Mapping[str, list[Reading]]) -> list[Verdict[Reading]]:
    """Name what is wrong.

    Parameters
    ----------
    indicators : mapping of str to Reading
        By the names of the indicators; those that the machine does not measure are left out.
    cylinders : mapping of str to list of Reading
        ``exhaust``, ``compression`` and ``rise`` of each cylinder.
    """
    found = [named for rows in SYSTEMS.values() if (named := _best(indicators, rows))]
    of_engine = {name: indicators[name] for name in ("ripple", "crankcase") if name in indicators}
    for number, readings in enumerate(zip(*cylinders.values(), strict=True), start=1):
        named = _best({**of_engine, **dict(zip(cylinders, readings, strict=True))}, CYLINDER, part=str(number))
        if named:
            found.append(named)
    return found


def _best(readings: Mapping[str, Reading], rows: Sequence[Signature], *, part: str = "") -> Verdict[Reading] | None:
    return best(readings, rows, threshold=THRESHOLD, least_agreement=LEAST_AGREEMENT, part=part)
