"""Every bar of the operators' web app and of the alarms.

    python -m benchmarks.bench_web        SHORT=1: small, no verdict on speed        ONLY=web_streams: one bar

How a bar is told: see `benchmarks.bars`; details go to ``benchmarks/results/web.json``.
"""

import sys
from pathlib import Path

from benchmarks import web_alarms, web_lists, web_paint, web_streams
from benchmarks.bars import run

BARS = {**web_lists.BARS, **web_streams.BARS, **web_paint.BARS, **web_alarms.BARS}
RESULTS = Path(__file__).parent / "results" / "web.json"

if __name__ == "__main__":
    sys.exit(run(BARS, of_any_size=("web_alarms",), results=RESULTS))
