"""Which part of a motor's bearing is damaged, by the envelope of its vibration records."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np

from analytics import evidence
from analytics.motor.bearing_records import geometry_of, speed_during, usable
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, label
from analytics.vibration.bearing_lines import BearingGeometry, bearing_orders
from analytics.vibration.envelope import (
    HARMONICS,
    LEAST_LEAD,
    LEAST_SCORE,
    Damage,
    EnvelopeSpectrum,
    damaged_part,
    envelope_spectrum,
    line_scores,
)
from analytics.window import Record, Window

ENDS = {"drive": label("驱动端", "drive end"), "non_drive": label("非驱动端", "non-drive end")}
NEWEST_RECORDS = 3
"""Their median counts: one record with a knock from outside says nothing."""
CAGE_CONFIDENCE = 0.6
"""A ball whose damage has turned away from the tracks shows the cage's line alone, too."""
DECIBEL = 10 / math.log(10)
_LINES = {
    "BPFO": ("outer", label("外圈", "outer race")),
    "BPFI": ("inner", label("内圈", "inner race")),
    "2BSF": ("ball", label("滚动体", "rolling elements")),
    "FTF": ("cage", label("保持架", "cage")),
}
_GEOMETRY = (("balls", "1"), ("ball_diameter_mm", "mm"), ("pitch_diameter_mm", "mm"), ("contact_angle_degrees", "°"))
_ADVICE = label(
    "备好同型号轴承，缩短测振间隔，安排停机更换；检查润滑、配合与轴电流。",
    "Have a bearing of its type ready, measure more often and plan a stop to change it; check grease, fit and shaft currents.",
)
_CAGE_ADVICE = label(
    "保持架或滚动体损伤：备好同型号轴承，尽快安排停机更换，先查润滑。",
    "Cage or rolling elements are damaged: have a bearing of its type ready and plan a stop soon; check the grease first.",
)
_FORMULA = (
    f"ln(P/P₀) 各谐波平均 / mean over harmonics ≥ {LEAST_SCORE:g}，"
    f"领先 / lead ≥ {LEAST_LEAD:g}；fBPFO = n/2·(1−γ)·fr，fBPFI = n/2·(1+γ)·fr，2fBSF = D/d·(1−γ²)·fr，fFTF = (1−γ)/2·fr"
)

SPEC = Spec(
    name="motor_bearing_envelope",
    label=label("轴承包络分析", "Bearing envelope analysis"),
    kinds=("motor",),
    inputs=(Input("speed", "rpm"),),
    records=tuple(f"acceleration_waveform_{end}" for end in ENDS),
    rated=tuple((f"bearing_{end}_{name}", unit) for end in ENDS for name, unit in _GEOMETRY),
    cadence=timedelta(hours=8),
    outputs=tuple(
        Output(
            f"bearing_line_{part}_{end}",
            "dB",
            label(f"{where.zh}轴承{text.zh}特征频率高出背景", f"Line of the {text.en} over its floor, {where.en}"),
        )
        for end, where in ENDS.items()
        for part, text in _LINES.values()
    ),
    faults=tuple(
        Fault(
            f"bearing_{part}",
            label(f"轴承{text.zh}损伤", f"Bearing damage: {text.en}"),
            _CAGE_ADVICE if part == "cage" else _ADVICE,
            "high",
            _FORMULA,
            "bearing",
        )
        for part, text in _LINES.values()
    ),
    source="Randall, Antoni, Mech. Syst. Signal Process. 25 (2011) 485; Borghesani et al., ibid. 36 (2013) 370; ISO 13373-3:2015",
    validity=label(
        "滚动轴承，外圈固定；转速已知且记录期间稳定；记录不少于 20 转，采样不低于 6 kHz。只有保持架频率时，也可能是滚动体损伤。",
        "Rolling bearings whose outer ring stands, at a known speed that holds while the record is taken; at least 20 turns, "
        "sampled at 6 kHz or more. Where only the cage's line shows, it may be the rolling elements.",
    ),
)


class Heard(NamedTuple):
    """What the newest records of one bearing gave."""

    records: tuple[Record, ...]
    speeds_rpm: tuple[float, ...]
    geometry: BearingGeometry
    each: tuple[dict[str, float], ...]
    """Scores by record."""
    scores: dict[str, float]
    """Their medians."""
    spectrum: EnvelopeSpectrum
    """Of the newest record."""


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Score the lines of both bearings in their newest records, and name the damaged part where it is sure."""
    del parameters
    figures: list[Figure] = []
    findings: list[Found] = []
    declined: list[NotEvaluated] = []
    for end in ENDS:
        try:
            heard = listen(window, end)
        except NotEvaluated as why:
            declined.append(why)
            figures += [Figure.declined(f"bearing_line_{part}_{end}", why.why, why.detail) for part, _ in _LINES.values()]
            continue
        figures += [_figure(heard, line, f"bearing_line_{part}_{end}") for line, (part, _) in _LINES.items()]
        damage = damaged_part(heard.scores)
        if damage is not None and damage.is_sure:
            findings.append(_found(heard, damage, end))
    if len(declined) == len(ENDS):
        raise declined[0]
    return Result(figures, findings)


def listen(window: Window, end: str) -> Heard:
    """Score the newest usable records of one bearing, ``drive`` or ``non_drive``; the diagnosis of the motor uses it too.

    Raises
    ------
    NotEvaluated
        Without geometry, without a record, or where the records are too short, or taken of a shaft that stood.
    """
    geometry = geometry_of(window, end)
    records = usable(window, f"acceleration_waveform_{end}", newest=NEWEST_RECORDS)
    heard = []
    problem = NotEvaluated(Why.WEAK_RECORDING, f"acceleration_waveform_{end}")
    for record in records:
        try:
            speed_rpm = speed_during(window, record)
            spectrum = envelope_spectrum(record.samples, rate_hz=record.rate_hz, speed_rpm=speed_rpm, geometry=geometry)
        except NotEvaluated as why:
            problem = why
        except ValueError as why:
            problem = NotEvaluated(Why.WEAK_RECORDING, str(why))
        else:
            scores = dict(line_scores(spectrum, geometry))
            if not np.isnan(list(scores.values())).any():
                heard.append((record, speed_rpm, spectrum, scores))
    if not heard:
        raise problem
    each = tuple(scores for _, _, _, scores in heard)
    return Heard(
        records=tuple(record for record, _, _, _ in heard),
        speeds_rpm=tuple(speed_rpm for _, speed_rpm, _, _ in heard),
        geometry=geometry,
        each=each,
        scores={line: float(np.median([scores[line] for scores in each])) for line in _LINES},
        spectrum=heard[-1][2],
    )


def _figure(heard: Heard, line: str, name: str) -> Figure:
    values = [scores[line] * DECIBEL for scores in heard.each]
    # Of three records Student's t is 4.30; of fewer there is no telling.
    uncertainty = 4.30 * float(np.std(values, ddof=1)) / math.sqrt(3) if len(values) == NEWEST_RECORDS else None
    return Figure(name=name, value=heard.scores[line] * DECIBEL, uncertainty=uncertainty)


def _found(heard: Heard, damage: Damage, end: str) -> Found:
    own = [damaged_part(scores) for scores in heard.each]
    since_us = next(
        record.start_us
        for record, one in zip(heard.records, own, strict=True)
        if one is not None and (one.part == damage.part or record is heard.records[-1])
    )
    return Found(
        code=f"bearing_{damage.part}",
        part=end,
        since_us=since_us,
        confidence=min(CAGE_CONFIDENCE if damage.part == "cage" else 0.95, 0.55 + 0.2 * damage.lead),
        evidence=[
            evidence.inputs(
                [
                    ("speed", heard.speeds_rpm[-1], "rpm"),
                    *((f"bearing_{end}_{name}", float(value), unit) for (name, unit), value in _named(heard.geometry)),
                    *((line, score * DECIBEL, "dB") for line, score in heard.scores.items()),
                ]
            ),
            _picture(heard, damage, end),
        ],
    )


def _named(geometry: BearingGeometry) -> Sequence[tuple[tuple[str, str], float]]:
    return list(zip(_GEOMETRY, geometry, strict=True))


def _picture(heard: Heard, damage: Damage, end: str) -> dict[str, Any]:
    """Envelope spectrum over its floor, mean of all bands, with the harmonics of the line that was found."""
    line, text = next((line, text) for line, (part, text) in _LINES.items() if part == damage.part)
    shaft_hz = heard.speeds_rpm[-1] / 60
    order = getattr(bearing_orders(heard.geometry), damage.part)
    where = ENDS[end]
    return evidence.spectrum(
        label(f"{where.zh}轴承包络谱（{text.zh}）", f"Envelope spectrum of the bearing, {where.en} ({text.en})"),
        "dB",
        heard.spectrum.orders * shaft_hz,
        np.maximum(heard.spectrum.levels.mean(axis=0), 0.0) * DECIBEL,
        marks=[(number * order * shaft_hz, line if number == 1 else f"{number}×{line}") for number in range(1, HARMONICS + 1)],
    )
