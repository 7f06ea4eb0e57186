"""A sensor whose wire is broken: its code says so, or it reads what only an open circuit reads."""

import numpy as np

from analytics import evidence
from analytics.baselines.steady import runs_since
from analytics.construction_machine.fault_codes import codes_of, failure_mode, signals_without_a_wire
from analytics.result import Found
from analytics.spec import label
from analytics.window import Flags, Window
from device_profiles.kind import load_kind

_ACTIVE_SECONDS = 3600.0
_OPEN_CELSIUS, _WARM_OIL_CELSIUS = -35.0, 40.0
"""An open thermistor reads the lowest that its range has (-40 °C in SAE J1939-71), which no engine with warm oil is."""
_LASTS_SECONDS = 600.0


def sensor_wiring(window: Window, running: Flags) -> Found | None:
    """Name a wire by its code (FMI 3 to 6), or by a coolant that reads the end of its range; the gravest signal goes first."""
    known = np.flatnonzero(~np.isnan(window["diagnostic_spn"]))
    newest_us = int(window.times_us[known[-1]]) - round(_ACTIVE_SECONDS * 1e6) if len(known) else window.end_us
    active = [one for one in codes_of(window) if one.last_us > newest_us]
    at_the_end = _reads_the_end(window, running)
    for signal, seen in signals_without_a_wire(active).items():
        mode = failure_mode(seen.code.fmi).label
        rows = [
            ("SPN", float(seen.code.spn), "1"),
            (f"FMI ({mode.zh} / {mode.en})", float(seen.code.fmi), "1"),
            ("次数 / occurrences", float("nan") if seen.code.occurrences is None else float(seen.code.occurrences), "1"),
        ]
        agrees = signal == "coolant_temperature" and at_the_end is not None
        return _found(window, signal, rows, seen.first_us, 0.97 if agrees else 0.85)
    if at_the_end is not None:
        rows = [("coolant_temperature", float(window["coolant_temperature"][at_the_end]), "°C")]
        return _found(window, "coolant_temperature", rows, int(window.times_us[at_the_end]), 0.8)
    return None


def _reads_the_end(window: Window, running: Flags) -> int | None:
    """Give since when the coolant has read its lowest beside warm oil, if it still did when that was last known."""
    coolant, oil = window["coolant_temperature"], window["lube_oil_temperature"]
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(running & (oil > _WARM_OIL_CELSIUS) & ~np.isnan(coolant))
        lasts = runs_since(coolant[rows] < _OPEN_CELSIUS)
    if not len(rows) or lasts[-1] * window.step_seconds < _LASTS_SECONDS:
        return None
    return int(rows[-lasts[-1]])


def _found(window: Window, signal: str, rows: list[tuple[str, float, str]], since_us: int, confidence: float) -> Found:
    of = load_kind(window.kind).signals[signal]
    return Found(
        code="sensor_wiring",
        since_us=since_us,
        confidence=confidence,
        evidence=[
            evidence.inputs([(f"{signal}: {of.label.zh} / {of.label.en}", _newest(window, signal), of.unit), *rows]),
            evidence.series(label(of.label.zh, of.label.en), of.unit, window.times_us, {signal: window[signal]}),
        ],
    )


def _newest(window: Window, signal: str) -> float:
    known = window[signal][~np.isnan(window[signal])]
    return float(known[-1]) if len(known) else float("nan")
