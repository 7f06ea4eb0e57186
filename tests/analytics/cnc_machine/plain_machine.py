"""A plain machine tool for tests: two programs of four cuts in turn, on a grid of 20 s. It knows nothing of our simulators."""

import numpy as np

from analytics.window import FloatArray, Window

STEP_SECONDS = 20.0
DAY_ROWS = round(86_400 / STEP_SECONDS)
_CYCLE = 15
"""Rows: two of loading, four times a rapid move and two of cutting, one of probing."""
_PROGRAMS = (
    {"tool": (3, 7, 11, 12), "feed": (800.0, 450.0, 1500.0, 600.0), "rpm": (4000, 2500, 8000, 3000), "kw": (3.0, 5.0, 1.2, 4.0)},
    {"tool": (3, 5, 9, 14), "feed": (700.0, 350.0, 900.0, 1200.0), "rpm": (4500, 2000, 5000, 9000), "kw": (2.5, 6.0, 2.0, 1.5)},
)
Signals = dict[str, FloatArray]


def machine(days: float, *, seed: int = 1) -> Signals:
    """Give the signals of healthy days; cycles of 300 s, batches of 20 parts, one part in 200 is bad."""
    dice = np.random.default_rng(seed)
    n = round(days * DAY_ROWS)
    row, cycle = np.arange(n) % _CYCLE, np.arange(n) // _CYCLE
    batch = cycle // 20
    operation = np.clip((row - 2) // 3, 0, 3)
    loading, probing = row < 2, row == 14
    cutting = ~loading & ~probing & ((row - 2) % 3 > 0)
    of = {name: np.array([one[name] for one in _PROGRAMS], np.float64)[batch % 2, operation] for name in _PROGRAMS[0]}
    rpm = np.where(loading | probing, 0.0, of["rpm"])
    wear = 1.15 + 0.1 * np.sin(2 * np.pi * (np.arange(n) / DAY_ROWS / 0.7 + of["tool"] / 5))
    power = (of["kw"] * wear * cutting + 1e-5 * rpm) * (1 + 0.01 * dice.standard_normal(n))
    mean_rpm = np.convolve(rpm, np.ones(45) / 45)[:n]
    spindle = 25 + 0.0012 * mean_rpm + 2 * (batch % 2) + 0.05 * dice.standard_normal(n)
    finished = np.concatenate([[0], np.cumsum(row[1:] == 0)])
    off = 0.0003 * (spindle - 28) + 0.002 * dice.standard_normal(n)
    bad = dice.random(finished[-1] + 1) < 0.005
    signals: Signals = {
        "execution": np.where(loading, 2.0, 0.0),
        "operation_mode": np.ones(n),
        "availability": np.ones(n),
        "emergency_stop": np.zeros(n),
        "controller_condition": np.zeros(n),
        "functional_mode": np.zeros(n),
        "is_warm_up": np.zeros(n),
        "tool_number": of["tool"],
        "part_count_total": 5000.0 + finished,
        "part_count_bad": 40.0 + np.cumsum(bad)[finished],
        "part_count_job": finished % 20.0,
        "part_count_target": np.full(n, 20.0),
        "spindle_speed": rpm,
        "spindle_power": power,
        "spindle_override": np.full(n, 100.0),
        "spindle_temperature": spindle,
        "vibration_velocity_spindle": (0.2 + rpm / 10_000) * (1 + 0.05 * dice.standard_normal(n)),
        "path_feedrate_commanded": np.where(loading, 0.0, np.where(cutting, of["feed"], np.where(probing, 150.0, 24_000.0))),
        "feed_override": np.full(n, 100.0),
        "machine_power": 2 + power / 0.8,
        "operating_time": 1e6 + np.cumsum(STEP_SECONDS * ~loading),
        "coolant_level": 90 - 0.002 * (np.arange(n) % (2 * DAY_ROWS)) + 0.2 * dice.standard_normal(n),
        "coolant_temperature": 22 + 0.1 * dice.standard_normal(n),
        "probe_result": off[np.maximum(np.arange(n) - row, 0)],
    }
    signals["energy_total"] = 1000 + np.cumsum(signals["machine_power"]) * STEP_SECONDS / 3600
    for number, axis in enumerate("xyz"):
        signals[f"axis_load_{axis}"] = 10 + 5 * number + 20 * cutting + 0.5 * dice.standard_normal(n)
        signals[f"axis_temperature_{axis}"] = 28 + number + 0.05 * dice.standard_normal(n)
    return signals


def window(signals: Signals, *, last_days: float | None = None, first_days: float | None = None, **rated: float) -> Window:
    """Give the first or the last days as a window."""
    n = len(signals["execution"])
    first = 0 if last_days is None else n - round(last_days * DAY_ROWS)
    last = n if first_days is None else round(first_days * DAY_ROWS)
    return Window(
        kind="cnc_machine",
        start_us=round(first * STEP_SECONDS * 1e6),
        step_seconds=STEP_SECONDS,
        values={name: column[first:last] for name, column in signals.items()},
        rated=rated,
    )


def is_cutting(signals: Signals) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    feed = signals["path_feedrate_commanded"]
    cuts: np.ndarray[tuple[int], np.dtype[np.bool_]] = (signals["spindle_speed"] > 0) & (feed > 200) & (feed < 10_000)
    return cuts
