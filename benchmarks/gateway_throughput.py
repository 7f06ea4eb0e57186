"""Neuron's scenario: 500 Modbus TCP devices with 30 points each, every second, from the device to the committed row."""

import time
from pathlib import Path

import numpy as np

from benchmarks import gateway_site
from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.gateway_rig import Gateway, Meter, drain, site
from benchmarks.gateway_served import judge, missed_polls, read_stored

DEVICES = 500
SECONDS = 30.0 if SHORT else 600.0
WARM_UP_SECONDS = 10.0
HIGHEST_CPU_PERCENT, HIGHEST_MB = 130.0, 150.0
NEURON_CPU_PERCENT, NEURON_MB = 124.0, 100.0
"""Published for Neuron 2.2.1 (C) on 4 cores: emqx/neuron-docs, performance.md."""
_REPLY_ON_ITS_WAY_US = 100_000


def measure(folder: Path) -> Bar:
    with site(folder, devices=DEVICES) as plant, Gateway(folder, plant.devices, plant.broker) as gateway:
        time.sleep(WARM_UP_SECONDS)
        begin_us, before = time.time_ns() // 1000, gateway.metrics()
        with Meter(gateway.pid) as meter, Meter(plant.devices.pid) as of_devices:
            time.sleep(SECONDS)
        end_us, after = time.time_ns() // 1000, gateway.metrics()
        stopped_us = time.time_ns() // 1000
        drain(gateway, seconds=60)
        polls = plant.devices.finish()
        stored = read_stored(plant.database, devices=DEVICES)
    verdict = judge(polls, stored, devices=DEVICES, excused_from_us=stopped_us - _REPLY_ON_ITS_WAY_US)
    missed = missed_polls(polls, begin_us=begin_us, end_us=end_us, devices=DEVICES, period_seconds=gateway_site.PERIOD_SECONDS)
    inside = (stored.times_us >= begin_us) & (stored.times_us < end_us)
    values_a_second = int((~np.isnan(stored.values[inside])).sum() * gateway_site.POINTS / stored.values.shape[1] / SECONDS)
    latency_seconds = float(np.quantile(stored.commits_us[inside] - stored.times_us[inside], 0.99)) / 1e6 if inside.any() else 0.0
    overruns = int(after.get("gateway_overruns_total", 0) - before.get("gateway_overruns_total", 0))  # no label before the first
    cpu, peak, slope = meter.cpu_percent, meter.peak_mb, meter.slope
    holds = missed == 0 and verdict.agrees and cpu <= HIGHEST_CPU_PERCENT and peak <= HIGHEST_MB and (slope.is_flat or SHORT)
    line = (
        f"{missed} polls missed, {overruns} overruns, {cpu:.0f} % of a core, {peak:.0f} MB, slope {slope.mb_per_hour:+.1f} MB/h"
        f" (± {2 * slope.error:.1f}), {values_a_second:,} values/s committed, p99 {latency_seconds:.2f} s after their reading;"
        f" {verdict} (bar 0, {HIGHEST_CPU_PERCENT:.0f} %, {HIGHEST_MB:.0f} MB;"
        f" Neuron publishes {NEURON_CPU_PERCENT:.0f} %, {NEURON_MB:.0f} MB:"
        f" x {cpu / NEURON_CPU_PERCENT:.2f}, x {peak / NEURON_MB:.2f})"
    )
    details = {
        "seconds": SECONDS,
        "missed": missed,
        "overruns": overruns,
        "cpu_percent": cpu,
        "devices_cpu_percent": of_devices.cpu_percent,
        "peak_mb": peak,
        "slope_mb_per_hour": slope.mb_per_hour,
        "slope_error": slope.error,
        "values_per_second": values_a_second,
        "p99_seconds": latency_seconds,
        "verdict": verdict,
    }
    return Bar("gateway_throughput", holds, line, details)


BARS: dict[str, Measure] = {"gateway_throughput": measure}
