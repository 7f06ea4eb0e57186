"""From a machine's differences to the name of its fault: a table of signs for each system."""

from collections.abc import Mapping

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature
from analytics.diagnosis.verdicts import Reading, Verdict, best

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


def verdicts(readings: Mapping[str, Reading]) -> list[Verdict[Reading]]:
    """Name what is wrong: of each system the row that agrees best."""
    return [
        named
        for rows in SYSTEMS.values()
        if (named := best(readings, rows, threshold=THRESHOLD, least_agreement=LEAST_AGREEMENT))
    ]
