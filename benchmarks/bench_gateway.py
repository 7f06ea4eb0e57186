"""Every bar of the gateway, one after the other.

    python -m benchmarks.bench_gateway        SHORT=1: small, no verdict on speed        ONLY=gateway_kills: one bar

How a bar is told: see `benchmarks.bars`; details go to ``benchmarks/results/gateway.json``.
"""

import sys
from pathlib import Path

from benchmarks import (
    gateway_dead_units,
    gateway_kills,
    gateway_opcua,
    gateway_outage,
    gateway_peer,
    gateway_refused,
    gateway_requests,
    gateway_throughput,
    gateway_wrong_values,
)
from benchmarks.bars import run

BARS = {
    **gateway_wrong_values.BARS,
    **gateway_dead_units.BARS,
    **gateway_throughput.BARS,
    **gateway_peer.BARS,
    **gateway_requests.BARS,
    **gateway_refused.BARS,
    **gateway_outage.BARS,
    **gateway_kills.BARS,
    **gateway_opcua.BARS,
}
OF_ANY_SIZE = {
    **gateway_wrong_values.BARS,
    **gateway_requests.BARS,
    **gateway_refused.BARS,
    **gateway_outage.BARS,
    **gateway_kills.BARS,
    **gateway_opcua.BARS,
}
RESULTS = Path(__file__).parent / "results" / "gateway.json"

if __name__ == "__main__":
    sys.exit(run(BARS, of_any_size=OF_ANY_SIZE, results=RESULTS))
