"""Every bar of the simulators and of the demo.

    python -m benchmarks.bench_simulators        SHORT=1: small, no verdict on speed        ONLY=demo_load: one bar

How a bar is told: see `benchmarks.bars`; details go to ``benchmarks/results/simulators.json``.
"""

import sys
from pathlib import Path

from benchmarks import demo_load, fleet_history, herds
from benchmarks.bars import run

BARS = {**herds.BARS, **fleet_history.BARS, **demo_load.BARS}
RESULTS = Path(__file__).parent / "results" / "simulators.json"

if __name__ == "__main__":
    sys.exit(run(BARS, of_any_size=(), results=RESULTS))
