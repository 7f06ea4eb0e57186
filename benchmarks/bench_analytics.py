"""Every bar of the analytics.

    python -m benchmarks.bench_analytics        SHORT=1: small, no verdict on speed        ONLY=fault_matrix: one bar

The bars on public data read ``../shared/data`` and say so where it is not there. How a bar is told: see `benchmarks.bars`;
details go to ``benchmarks/results/analytics.json``.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    analytics_bearings,
    analytics_boiler,
    analytics_compressors,
    analytics_faults,
    analytics_forecast,
    analytics_life,
    analytics_nab,
    analytics_scheduling,
    analytics_spares,
    analytics_speed,
)
from benchmarks.bars import SHORT, Bar, run

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
RESULTS = Path(__file__).parent / "results" / "analytics.json"


def on_data(name: str, folder: str, judge: Callable[[], Bar]) -> Callable[[Path], Bar]:
    """Measure on a public data set, or say that it is not there; that is a bar that holds in the short form alone."""

    def measure(_folder: Path) -> Bar:
        if not (DATA / folder).is_dir():
            return Bar(name, SHORT, f"not measured: the data set {folder} is not on this machine", {})
        return judge()

    return measure


def bearings() -> Bar:
    found = analytics_bearings.bearings(with_neighbours=not SHORT)
    (sure, wrong, withheld), reference = found["sure"], found["reference"]
    by_class = ", ".join(f"{fault} {right}/{of}" for fault, (right, of) in found["by_fault"].items())
    line = (
        f"{found['right']} of {found['records']} right without withholding, {by_class} (bar 48; the reference's rule"
        f" {reference['right']}, majority class {found['majority']}); when sure {sure} right, {wrong} wrong, {withheld} withheld"
        f" (bar: 1 wrong); {found['by_cage']} ({found['sure_by_cage']} sure) of the ball records by the cage's line alone"
    )
    return Bar("bearings_cwru", found["right"] >= 48 and wrong <= 1, line, found)


def closure() -> Bar:
    found = analytics_boiler.closure()
    gap, spread = found["mean_gap"], found["gap_spread"]
    line = f"direct less indirect {gap:+.2f} points, spread {spread:.2f}, {found['cases']:.0f} cases (bar: 0.5 points)"
    return Bar("boiler_closure", abs(gap) < 0.5 and spread < 0.3, line, found)


def boiler_dispatch(_folder: Path) -> Bar:
    found = analytics_boiler.dispatch(60 if SHORT else 300)
    line = (
        f"{found['worse']:.0f} of {found['stations']:.0f} stations worse than equal loading (bar 0),"
        f" fuel saved {found['median_saving']:.2f} % in the median"
    )
    return Bar("boiler_dispatch", found["worse"] == 0, line, found)


def compressor_dispatch(_folder: Path) -> Bar:
    found = analytics_compressors.dispatch(40 if SHORT else 200)
    line = (
        f"{found['worse_than_present']} of {found['stations']} stations worse than a careless split (bar 0), energy saved"
        f" {found['median_saving_percent']:.1f} % in the median (merit order alone"
        f" {found['median_saving_of_merit_order_alone_percent']:.1f} %)"
    )
    return Bar("compressor_dispatch", found["worse_than_present"] == 0, line, found)


BARS: dict[str, Callable[[Path], Bar]] = {
    "bearings_cwru": on_data("bearings_cwru", "cwru_12k_de", bearings),
    "nab": on_data("nab", "nab", analytics_nab.bar),
    "cmapss": on_data("cmapss", "cmapss", analytics_life.cmapss_bar),
    "gas_turbine_drift": on_data("gas_turbine_drift", "gas_turbine_emissions", analytics_life.drift_bar),
    "boiler_closure": on_data("boiler_closure", "boiler_idaes_coal", closure),
    "boiler_dispatch": boiler_dispatch,
    "compressor_dispatch": compressor_dispatch,
    "wind_forecast": analytics_forecast.bar,
    "scheduling": analytics_scheduling.bar,
    "spare_parts": analytics_spares.bar,
    "fault_matrix": analytics_faults.bar,
    "analytics_speed": analytics_speed.speed,
}
OF_ANY_SIZE: tuple[str, ...] = tuple(name for name in BARS if name not in ("analytics_speed", "fault_matrix", "scheduling"))

if __name__ == "__main__":
    sys.exit(run(BARS, of_any_size=OF_ANY_SIZE, results=RESULTS))
