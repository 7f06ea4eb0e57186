"""Broken rotor bars by the spectrum of a motor's current records."""

from datetime import timedelta
from typing import Any

import numpy as np

from analytics import evidence
from analytics.current_signature.broken_bars import LEAST_LOAD_SHARE, Sidebands, broken_bar_sidebands
from analytics.current_signature.rotor_bar_bands import band_of
from analytics.motor.bearing_records import at_record, speed_during, usable
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, label
from analytics.window import Record, Window

SIGNAL = "current_waveform_a"
NEWEST_RECORDS = 3
_FAULTY = frozenset({"suspect", "broken"})

SPEC = Spec(
    name="motor_current_signature",
    label=label("电流特征分析", "Current signature analysis"),
    kinds=("motor",),
    inputs=(Input("speed", "rpm"), Input("torque_percent", "%")),
    records=(SIGNAL,),
    cadence=timedelta(hours=8),
    outputs=(
        Output("rotor_bar_sideband", "dB", label("转子断条边带低于基波", "Rotor bar sidebands below the supply's line")),
        Output("rotor_bar_sideband_lower", "dB", label("左边带低于基波", "Lower sideband below the supply's line")),
        Output("rotor_bar_sideband_upper", "dB", label("右边带低于基波", "Upper sideband below the supply's line")),
        Output("slip_by_current", "%", label("由边带得到的转差率", "Slip by the sidebands")),
    ),
    faults=(
        Fault(
            "broken_rotor_bar",
            label("转子断条", "Broken rotor bars"),
            label(
                "满负荷时复测电流频谱并对照有功功率是否同频波动；减少直接启动，安排转子检查。",
                "Repeat it at full load and see whether the active power swings at the same frequency; start it less often and "
                "plan an inspection of the rotor.",
            ),
            "high",
            "20·lg(I(f) / I(f(1 ± 2s))) < 42 dB，两侧平均 / mean of both sides",
        ),
    ),
    source="Thomson and Fenger, IEEE Ind. Appl. Mag. 7 (2001) 26; bands from rotor_bar_bands.toml, not compared with the print",
    validity=label(
        "鼠笼式感应电动机，负荷不低于 35 %，记录长于 4/(2sf)，即满负荷约 5 至 10 秒；负荷按同一频率摆动时会有同样的边带。",
        "Cage induction motors at 35 % load or more, records longer than 4 / (2 s f), about 5 to 10 s at full load; a load that "
        "swings at that frequency makes the same sidebands.",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Read the sidebands of the newest records; their median counts."""
    del parameters
    read: list[tuple[Record, Sidebands]] = []
    problem = NotEvaluated(Why.WEAK_RECORDING, SIGNAL)
    for record in usable(window, SIGNAL, newest=NEWEST_RECORDS):
        try:
            read.append((record, _sidebands(window, record)))
        except NotEvaluated as why:
            problem = why
    if not read:
        raise problem
    below_db = float(np.median([one.below_db for _, one in read]))
    clear = [one for _, one in read if one.is_clear]
    figures = [
        Figure(name="rotor_bar_sideband", value=below_db),
        Figure(name="rotor_bar_sideband_lower", value=float(np.median([one.lower_db for _, one in read]))),
        Figure(name="rotor_bar_sideband_upper", value=float(np.median([one.upper_db for _, one in read]))),
        Figure(name="slip_by_current", value=100 * float(np.median([one.slip for one in clear])))
        if clear
        else Figure.declined("slip_by_current", Why.WEAK_RECORDING, "no sideband stands out"),
    ]
    band = band_of(below_db)
    if band.state not in _FAULTY or 2 * len(clear) <= len(read):
        return Result(figures)
    since_us = next(record.start_us for record, one in read if one.is_clear)
    return Result(figures, [_found(since_us, below_db, clear[-1])])


def _sidebands(window: Window, record: Record) -> Sidebands:
    speed_rpm = speed_during(window, record)
    torque_percent = at_record(window, "torque_percent", record)
    if np.isnan(torque_percent):
        raise NotEvaluated(Why.MISSING_INPUT, "torque_percent")
    try:
        return broken_bar_sidebands(record.samples, rate_hz=record.rate_hz, speed_rpm=speed_rpm, load_share=torque_percent / 100)
    except ValueError as error:
        raise NotEvaluated(Why.WEAK_RECORDING, str(error)) from error


def _found(since_us: int, below_db: float, newest: Sidebands) -> Found:
    band = band_of(below_db)
    return Found(
        code="broken_rotor_bar",
        since_us=since_us,
        # 42 dB is where the literature begins to suspect; each decibel less makes it surer.
        confidence=float(np.clip(0.6 + 0.04 * (42 - below_db), 0.55, 0.95)),
        severity="medium" if band.state == "suspect" else "",
        evidence=[
            evidence.inputs(
                [
                    ("f", newest.supply_hz, "Hz"),
                    ("s", 100 * newest.slip, "%"),
                    ("f(1-2s)", newest.supply_hz * (1 - 2 * newest.slip), "Hz"),
                    ("f(1+2s)", newest.supply_hz * (1 + 2 * newest.slip), "Hz"),
                    ("I(f)/I(f(1-2s))", newest.lower_db, "dB"),
                    ("I(f)/I(f(1+2s))", newest.upper_db, "dB"),
                    ("I(f)/I₀", newest.floor_db, "dB"),
                    ("load >=", 100 * LEAST_LOAD_SHARE, "%"),
                ]
            ),
            _picture(newest),
        ],
    )


def _picture(sidebands: Sidebands) -> dict[str, Any]:
    spectrum, apart_hz = sidebands.spectrum, 2 * sidebands.slip * sidebands.supply_hz
    frequencies_hz = spectrum.frequencies_hz
    near = np.abs(frequencies_hz - sidebands.supply_hz) <= 4 * apart_hz
    decibels = 20 * np.log10(np.maximum(spectrum.amplitudes[near], 1e-6 * sidebands.supply_a) / sidebands.supply_a)
    marks = [
        (sidebands.supply_hz, "f"),
        (sidebands.supply_hz - apart_hz, "f(1-2s)"),
        (sidebands.supply_hz + apart_hz, "f(1+2s)"),
    ]
    return evidence.spectrum(
        label("A 相电流频谱，相对基波", "Spectrum of current a, over the supply's line"),
        "dB",
        frequencies_hz[near],
        decibels,
        marks=marks,
    )
