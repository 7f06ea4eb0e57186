"""The broker goes away under load and comes back: nothing is lost, the backlog drains fast, and live data does not wait for it.

The database keeps the time of each commit, so what was committed when needs no clock of ours. Live is what was read after the
first commit since the broker is back; what had been read before, while nothing could be committed, is the backlog.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import gateway_site
from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.gateway_rig import Gateway, Meter, drain, site
from benchmarks.gateway_served import Stored, judge, out_of_order, read_stored

DEVICES = 67
"""With 30 points each, 2,010 values a second."""
BEFORE_SECONDS = 10.0
AWAY_SECONDS = 20.0 if SHORT else 600.0
AFTER_SECONDS = 15.0
LOWEST_RATIO, HIGHEST_LIVE_SECONDS = 10.0, 2.0
_DRAIN_SECONDS = 300.0
_BUNDLES_ON_THEIR_WAY = 2
_REPLY_ON_ITS_WAY_US = 100_000
_SHORTEST_LIVE_US = 10_000_000


class Drain(NamedTuple):
    """What the commits tell of the time after the outage."""

    backlog_rows: int
    wait_seconds: float
    """From the broker's return to the first commit: how long gateway and ingest took to see it."""
    seconds: float
    """From the first commit to the last of the backlog."""
    live_p99_seconds: float
    """From the reading to the commit, of rows that were read while the backlog drained, or soon after where that was quick."""
    live_rows: int
    out_of_order: int

    @property
    def rows_per_second(self) -> float:
        return self.backlog_rows / max(self.seconds, 1e-3)


def read_drain(stored: Stored, *, returned_us: int) -> Drain:
    """Find the drain after an outage that ended at this moment."""
    after = stored.commits_us >= returned_us
    if not after.any():
        raise SystemExit("nothing was committed after the broker's return")
    first_us = int(stored.commits_us[after].min())
    is_backlog = after & (stored.times_us < first_us)
    last_us = int(stored.commits_us[is_backlog].max(initial=first_us))
    is_live = (stored.times_us >= first_us) & (stored.times_us <= max(last_us, first_us + _SHORTEST_LIVE_US))
    waits_us = stored.commits_us[is_live] - stored.times_us[is_live]
    return Drain(
        backlog_rows=int(is_backlog.sum()),
        wait_seconds=(first_us - returned_us) / 1e6,
        seconds=(last_us - first_us) / 1e6,
        live_p99_seconds=float(np.quantile(waits_us, 0.99)) / 1e6 if len(waits_us) else 0.0,
        live_rows=len(waits_us),
        out_of_order=out_of_order(stored.machines, stored.times_us, stored.commits_us),
    )


def measure(folder: Path) -> Bar:
    with site(folder, devices=DEVICES) as plant, Gateway(folder, plant.devices, plant.broker) as gateway:
        time.sleep(BEFORE_SECONDS)
        with Meter(gateway.pid) as meter:
            plant.broker.kill()
            time.sleep(AWAY_SECONDS)
            spooled = int(gateway.metrics()["gateway_spool_bundles"])
            returned_us = time.time_ns() // 1000
            plant.broker.start()
            _until_drained(gateway)
            time.sleep(AFTER_SECONDS)
        stopped_us = time.time_ns() // 1000
        drain(gateway, seconds=60)
        polls = plant.devices.finish()
        stored = read_stored(plant.database, devices=DEVICES)
    verdict = judge(polls, stored, devices=DEVICES, excused_from_us=stopped_us - _REPLY_ON_ITS_WAY_US)
    found = read_drain(stored, returned_us=returned_us)
    ratio = found.rows_per_second / (DEVICES / gateway_site.PERIOD_SECONDS)
    is_fast = ratio >= LOWEST_RATIO and found.live_p99_seconds < HIGHEST_LIVE_SECONDS
    holds = verdict.agrees and found.out_of_order == 0 and (is_fast or SHORT)
    line = (
        f"broker away {AWAY_SECONDS:.0f} s, {spooled} bundles on disk; {verdict}, {found.out_of_order} out of order;"
        f" backlog of {found.backlog_rows * gateway_site.POINTS:,} values drained in {found.seconds:.1f} s,"
        f" x {ratio:.0f} the live rate, live data p99 {found.live_p99_seconds:.2f} s meanwhile,"
        f" first commit {found.wait_seconds:.1f} s after return (bar 0, 0, x {LOWEST_RATIO:.0f}, {HIGHEST_LIVE_SECONDS:.0f} s)"
    )
    details = {
        "away_seconds": AWAY_SECONDS,
        "bundles_on_disk": spooled,
        "verdict": verdict,
        "drain": found._asdict(),
        "ratio": ratio,
        "peak_mb": meter.peak_mb,
    }
    return Bar("gateway_outage", holds, line, details)


def _until_drained(gateway: Gateway) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while gateway.metrics().get("gateway_spool_bundles", np.inf) > _BUNDLES_ON_THEIR_WAY:
        gateway.require_alive()
        if time.monotonic() > deadline:
            raise SystemExit(f"the backlog did not drain within {_DRAIN_SECONDS:.0f} s:\n{gateway.tail()}")
        time.sleep(0.5)


BARS: dict[str, Measure] = {"gateway_outage": measure}
