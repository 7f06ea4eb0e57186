"""A plain plant with strings for tests of the diagnosis: every reading by a formula of its own, and noise; no simulator."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from analytics.window import Flags, FloatArray, Window

Truth = dict[str, FloatArray]
Change = Callable[[Truth, Flags], None]
START_US = int(datetime(2026, 3, 31, 16, tzinfo=UTC).timestamp()) * 1_000_000
"""Midnight in Jinan."""
DAY_US = 86_400_000_000
CAME_DAY, DAYS = 8.3, 13.0
CAME = round(CAME_DAY * 144)
"""The same in steps of ten minutes."""
MODULES = 17


def nothing(_truth: Truth, _on: Flags) -> None:
    pass


def times(name: str, factor: float, *rows: int) -> Change:
    """Multiply what is true, of some strings or trackers or of the machine, from the fault's coming on."""

    def change(truth: Truth, on: Flags) -> None:
        for row in rows or (slice(None),):
            of = truth[name][row] if rows else truth[name]
            of[..., on] *= factor

    return change


def plus(name: str, more: float) -> Change:
    def change(truth: Truth, on: Flags) -> None:
        truth[name][..., on] += more

    return change


def read(name: str, value: float) -> Change:
    """Let a reading stand at a value."""

    def change(truth: Truth, on: Flags) -> None:
        truth[f"read {name}"] = np.where(on, value, np.nan)

    return change


def all_of(*changes: Change) -> Change:
    def change(truth: Truth, on: Flags) -> None:
        for one in changes:
            one(truth, on)

    return change


def string_current_a(voltage_v: FloatArray, modules: float, drop_v: float) -> FloatArray:
    """Solve a string of 60-cell modules by the single-diode model, at 1000 W/m² and 25 °C, on a fine curve."""
    light_a, saturation_a, series_ohm, ideality_v = 9.3, 2e-10, 0.27, 1.56  # typical of 275 W
    junction = np.linspace(20, 39, 20_000)
    current = light_a - saturation_a * np.expm1(junction / ideality_v)
    volts = modules * (junction - series_ohm * current) - drop_v
    return np.asarray(np.interp(voltage_v, volts, current), np.float64)


def at_common_maximum(lost: float, drop_v: float, *, place: str = "common maximum") -> tuple[float, float, float]:
    """Give current of the weak string, of the sound one and their voltage, over those at the sound one's maximum."""
    volts = np.linspace(450, 560, 20_001)
    sound, weak = string_current_a(volts, MODULES, 0.0), string_current_a(volts, MODULES - lost, drop_v)
    best = int((volts * sound).argmax())
    common = int((volts * (sound + weak)).argmax())
    at = {"common maximum": common, "half way": (best + int((volts * weak).argmax())) // 2, "the sound string's": best}[place]
    return float(weak[at] / sound[best]), float(sound[at] / sound[best]), float(volts[at] / volts[best])


def short_of(string: int, modules: float, *, drop_v: float = 0.0, rises: float = 0.0) -> Change:
    """Let a string lack modules, some of them the more the brighter it is: a resistance."""
    dim, full = (at_common_maximum(lost, drop_v) for lost in (modules, modules + rises))

    def change(truth: Truth, on: Flags) -> None:
        weak, partner, voltage = (np.interp(truth["light"][on], [0, 1000], pair) for pair in zip(dim, full, strict=True))
        truth["share"][string - 1, on] *= weak
        truth["share"][(string - 1) ^ 1, on] *= partner
        truth["voltage"][(string - 1) // 2, on] *= voltage

    return change


def leaking(string: int, ampere: float) -> Change:
    def change(truth: Truth, on: Flags) -> None:
        truth["leak"][string - 1, on] = ampere

    return change


def shaded(string: int) -> Change:
    def change(truth: Truth, on: Flags) -> None:
        morning = on & (truth["hour"] < 10)
        truth["share"][string - 1, morning] *= 0.8
        truth["voltage"][(string - 1) // 2, morning] *= 0.97

    return change


def dirt(per_day: float) -> Change:
    def change(truth: Truth, on: Flags) -> None:
        truth["clean"] -= per_day * np.where(on, truth["day"] - CAME_DAY, 0.0)

    return change


def fast_clock(truth: Truth, on: Flags) -> None:
    truth["clock"][on] += 3


def zeroed(truth: Truth, on: Flags) -> None:
    truth["total"][on] = -50_000.0


FAULTS: dict[tuple[str, str], Change] = {
    ("string_open", "5"): times("share", 0.0, 4),
    ("string_shading", "9"): shaded(9),
    ("bypass_short", "12"): short_of(12, 0.7),
    ("module_crack", "3"): short_of(3, 1.0, drop_v=1.5),
    ("hot_spot", "24"): short_of(24, 1 / 3, drop_v=0.5, rises=0.12),
    ("pid", "1"): leaking(1, 0.6),
    ("mppt_missed", "7"): all_of(times("voltage", 0.85, 6), times("share", 1.04, 12, 13)),
    ("soiling", ""): dirt(0.01),
    ("snow", ""): times("passes", 0.2),
    ("degradation", ""): all_of(times("passes", 0.95), times("series", 1.5)),
    ("inverter_trip", ""): read("state", 7.0),
    ("inverter_efficiency_drop", ""): times("loss", 3.0),
    ("cooling_blocked", ""): times("heat", 2.2),
    ("insulation_drop", ""): read("insulation_resistance", 420.0),
    ("curtailment", ""): all_of(read("power_setpoint", 60.0), read("state", 5.0)),
    ("clock_shift", ""): fast_clock,
    ("counter_reset", ""): zeroed,
    ("loose_terminal", ""): plus("terminal", 30.0),
}


def plant_window(
    change: Change = nothing,
    *,
    days: float = DAYS,
    came_day: float = CAME_DAY,
    seed: int = 1,
    step_seconds: float = 600.0,
    modules: float | None = MODULES,
    warmer_k: float = 0.0,
) -> Window:
    """Let it run: half a sine of light under clouds; every reading by a formula of its own, and noise."""
    dice = np.random.default_rng(seed)
    n = round(days * 86_400 / step_seconds)
    day = np.arange(n) * step_seconds / 86_400
    hour = day % 1 * 24
    up = np.maximum(np.sin(np.pi * (hour - 6) / 12), 0.0)
    clouds = np.repeat(dice.uniform(0.35, 1.0, int(days * 24) + 1), round(3600 / step_seconds))[:n]
    truth: Truth = {
        "day": day,
        "hour": hour,
        "light": 980 * up * clouds,
        "passes": np.ones(n),
        "clean": 0.99 - 0.0015 * (day % 9),
        "share": np.tile(1 + 0.006 * np.random.default_rng(7).standard_normal((24, 1)), n),
        "leak": np.zeros((24, n)),
        "voltage": np.tile(1 + 0.002 * np.random.default_rng(8).standard_normal((12, 1)), n),
        "series": np.ones(n),
        "loss": np.ones(n),
        "heat": np.ones(n),
        "terminal": np.full(n, 4.0),
        "clock": np.zeros(n),
        "total": np.zeros(n),
    }
    change(truth, day >= came_day)
    rated = {} if modules is None else {"modules_per_string": float(modules)}
    values = _readings(truth, dice, step_seconds, warmer_k)
    return Window(kind="pv_inverter", start_us=START_US, step_seconds=step_seconds, values=values, rated=rated)


def _readings(truth: Truth, dice: np.random.Generator, step_seconds: float, warmer_k: float) -> Truth:
    light, n = truth["light"], len(truth["light"])

    def noisy(values: FloatArray, share: float = 0.001, more: float = 0.0) -> FloatArray:
        return np.asarray(values * (1 + share * dice.standard_normal(values.shape)) + more * dice.standard_normal(values.shape))

    ambient = 14 + warmer_k + 5 * np.cos(2 * np.pi * (truth["hour"] - 15) / 24)
    module = ambient + light / 35
    peer = 9.3 * light / 1000 * truth["passes"] * truth["clean"] * (1 + 0.0004 * (module - 25))
    currents = np.maximum(peer * truth["share"] - truth["leak"] * (light > 0), 0.0)
    cell = 31 + 1.6 * np.log(np.maximum(peer, 0.01) / 9.3) - 0.13 * (module - 25) - 0.27 * (truth["series"] * peer - 9.3)
    voltages = np.where(light > 0, MODULES * cell * truth["voltage"], 0.0)
    direct = (voltages * currents.reshape(12, 2, n).sum(axis=1)).sum(axis=0) / 1000
    lost = truth["loss"] * (0.05 + 0.009 * direct + 6e-5 * direct**2)
    delivered = np.maximum(direct - lost, 0.0)
    hours = step_seconds / 3600
    made = np.cumsum(delivered) * hours
    clock_day = np.floor(truth["day"] + truth["clock"] / 24)
    begins = np.maximum.accumulate(np.where(np.diff(clock_day, prepend=clock_day[0]) > 0, np.arange(n), 0))
    values = {
        "state": np.where(light > 15, 4.0, 2.0),
        "poa_irradiance": noisy(light, 0.002),
        "module_temperature": noisy(module, 0, 0.1),
        "ambient_temperature": noisy(ambient, 0, 0.05),
        "dc_power": noisy(direct),
        "active_power": noisy(delivered),
        "heatsink_temperature": noisy(ambient + 3 * light / 1000 + 15 * truth["heat"] * (direct - delivered), 0, 0.1),
        "combiner_temperature": noisy(ambient + 2 + 6 * light / 1000 + truth["terminal"] * (direct / 100) ** 2, 0, 0.1),
        "soiling_ratio": noisy(truth["clean"], 0, 0.0005),
        "insulation_resistance": np.full(n, 6200.0),
        "power_setpoint": np.full(n, 100.0),
        "derate_mode": np.zeros(n),
        "alarm_1": np.zeros(n),
        "energy_day": made - made[begins] + delivered[begins] * hours,
        "energy_total": 50_000 + made + truth["total"],
        **{f"string_current_{k + 1}": noisy(row, 0.002) for k, row in enumerate(currents)},
        **{f"mppt_voltage_{k + 1}": noisy(row, 0.0005) for k, row in enumerate(voltages)},
    }
    for name, column in truth.items():
        if name.startswith("read "):
            signal = name.removeprefix("read ")
            values[signal] = np.where(np.isnan(column), values[signal], column)
    return values


def column(window: Window, name: str) -> FloatArray:
    """Give a signal's readings, to be changed."""
    values = window.values[name]
    assert values.dtype == np.float64
    return np.asarray(values, np.float64)


def without(window: Window, *signals: str) -> Window:
    kept = {name: column for name, column in window.values.items() if not name.startswith(signals)}
    return Window(kind=window.kind, start_us=window.start_us, step_seconds=window.step_seconds, values=kept, rated=window.rated)
