"""Every bar of ingest and store, one after the other.

    python -m benchmarks.bench_ingest        SHORT=1: small, no verdict on speed        ONLY=ingest_growth: one bar

A bar prints ``<name> <holds|falls short> <figure> (<reference and ratio>)``; details go to ``benchmarks/results/ingest.json``.
"""

import dataclasses
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import ingest_fuzz, ingest_growth, ingest_kills, ingest_queries, ingest_rate
from benchmarks.bars import SHORT

BARS = {**ingest_rate.BARS, **ingest_growth.BARS, **ingest_kills.BARS, **ingest_queries.BARS, **ingest_fuzz.BARS}
OF_ANY_SIZE = {**ingest_kills.BARS, **ingest_fuzz.BARS}
"""These judge truth, not speed: they hold at a small size too, or something is wrong."""
RESULTS = Path(__file__).parent / "results" / "ingest.json"


def main() -> int:
    only = os.environ.get("ONLY")
    if only and only not in BARS:
        print(f"no bar {only!r}; known: {', '.join(BARS)}", file=sys.stderr)
        return 2
    results = []
    for name, measure in BARS.items():
        if only and name != only:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)  # the servers of the tests run under users of their own
            bar = measure(Path(folder))
        print(f"{bar.name} {'holds' if bar.holds else 'falls short'} {bar.line}", flush=True)
        results.append(
            {
                "name": bar.name,
                "holds": bar.holds,
                "line": bar.line,
                "details": bar.details,
                "short": SHORT,
                "cores": os.cpu_count(),
                "took_seconds": round(time.monotonic() - started, 1),
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, default=_plain) + "\n")
    return 0 if all(result["holds"] or (SHORT and result["name"] not in OF_ANY_SIZE) for result in results) else 1


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


if __name__ == "__main__":
    sys.exit(main())
