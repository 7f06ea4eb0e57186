"""Every bar of ingest and store, one after the other.

    python -m benchmarks.bench_ingest        SHORT=1: small, no verdict on speed        ONLY=ingest_growth: one bar

How a bar is told: see `benchmarks.bars`; details go to ``benchmarks/results/ingest.json``.
"""

import sys
from pathlib import Path

from benchmarks import ingest_fuzz, ingest_growth, ingest_kills, ingest_queries, ingest_rate
from benchmarks.bars import run

BARS = {**ingest_rate.BARS, **ingest_growth.BARS, **ingest_kills.BARS, **ingest_queries.BARS, **ingest_fuzz.BARS}
OF_ANY_SIZE = {**ingest_kills.BARS, **ingest_fuzz.BARS}
RESULTS = Path(__file__).parent / "results" / "ingest.json"

if __name__ == "__main__":
    sys.exit(run(BARS, of_any_size=OF_ANY_SIZE, results=RESULTS))
