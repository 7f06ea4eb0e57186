"""Every bar of the registry.

    python -m benchmarks.bench_registry        SHORT=1: small, no verdict on speed        ONLY=registry_recount: one bar

How a bar is told: see `benchmarks.bars`; details go to ``benchmarks/results/registry.json``.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

from benchmarks.bars import Measure, run

RESULTS = Path(__file__).parent / "results" / "registry.json"
MODULES = ("registry_recount", "registry_authenticity", "registry_vouchers")
"""Each has a table ``BARS`` of its own; one that has none yet is passed over."""


def bars() -> dict[str, Measure]:
    """Gather the bars of all modules that are there."""
    found: dict[str, Measure] = {}
    for name in MODULES:
        if importlib.util.find_spec(f"benchmarks.{name}"):
            found |= getattr(importlib.import_module(f"benchmarks.{name}"), "BARS", {})
    return found


if __name__ == "__main__":
    known = bars()
    # A city of 100 enterprises is counted in no time, and wrongly as well as a large one.
    sys.exit(run(known, of_any_size=tuple(known), results=RESULTS))
