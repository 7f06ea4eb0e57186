from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from analytics.motor import bearing_envelope, current_signature
from analytics.result import NotEvaluated, Why
from analytics.spec import NoParameters
from analytics.vibration.bearing_lines import bearing_orders, read_bearings
from analytics.window import Record, Window

FloatArray = npt.NDArray[np.float64]
MINUTE_US = 60_000_000
GEOMETRY = read_bearings()["6205"].geometry
NAMEPLATE = {
    f"bearing_drive_{name}": float(value)
    for name, value in zip(("balls", "ball_diameter_mm", "pitch_diameter_mm", "contact_angle_degrees"), GEOMETRY, strict=True)
}
SPEED_RPM = 1480.0


def window(
    records: Mapping[str, list[Record]],
    *,
    rated: Mapping[str, float] = NAMEPLATE,
    speed_rpm: float = SPEED_RPM,
    torque_percent: float = 90,
) -> Window:
    return Window(
        kind="motor",
        start_us=0,
        step_seconds=60,
        values={"speed": np.full(1440, speed_rpm), "torque_percent": np.full(1440, torque_percent)},
        rated=rated,
        records=records,
    )


def knocks(order: float, *, seed: int, strength: float = 8.0) -> FloatArray:
    """Two seconds of strokes on a resonance, in noise."""
    dice = np.random.default_rng(seed)
    samples: FloatArray = dice.normal(size=51_200)
    times = np.arange(0, 2, 60 / (order * SPEED_RPM)) * (1 + 0.002 * dice.normal())
    train = np.zeros(51_200)
    train[(times[times < 1.99] * 25_600).astype(int)] = strength
    ringing = np.exp(-np.arange(400) / 25) * np.sin(2 * np.pi * 3000 / 25_600 * np.arange(400))
    return samples + np.convolve(train, ringing)[:51_200]


def hourly(samples: list[FloatArray], rate_hz: float) -> list[Record]:
    return [Record((10 + 60 * number) * MINUTE_US, rate_hz, one) for number, one in enumerate(samples)]


def current(sideband_db: float, *, seconds: float = 10.0, seed: int = 0) -> FloatArray:
    times = np.arange(int(4000 * seconds)) / 4000
    slip = 1 - SPEED_RPM / 1500
    share = 10 ** (-sideband_db / 20)
    noise = 1e-4 * np.random.default_rng(seed).normal(size=len(times))
    samples: FloatArray = 280 * ((1 + 2 * share * np.cos(4 * np.pi * slip * 50 * times)) * np.cos(2 * np.pi * 50 * times) + noise)
    return samples


def test_a_damaged_outer_race_is_named_at_its_end_with_its_lines_as_evidence() -> None:
    records = hourly([knocks(bearing_orders(GEOMETRY).outer, seed=seed) for seed in range(4)], 25_600)
    result = bearing_envelope.evaluate(window({"acceleration_waveform_drive": records}), NoParameters())
    (found,) = result.findings
    assert (found.code, found.part) == ("bearing_outer", "drive")
    assert found.confidence > 0.6
    assert found.since_us == records[1].start_us  # the oldest of the newest three
    figures = {figure.name: figure for figure in result.figures}
    assert set(figures) == {output.name for output in bearing_envelope.SPEC.outputs}
    outer = figures["bearing_line_outer_drive"]
    assert outer.value is not None
    assert outer.value > 5
    assert outer.uncertainty is not None
    assert figures["bearing_line_outer_non_drive"].reason.startswith("no_nameplate")
    inputs, spectrum = found.evidence
    assert inputs["form"] == "table"
    assert spectrum["form"] == "spectrum"
    assert spectrum["marks"][0] == [pytest.approx(bearing_orders(GEOMETRY).outer * SPEED_RPM / 60), "BPFO"]


def test_one_record_with_knocks_among_quiet_ones_is_no_finding() -> None:
    dice = np.random.default_rng(0)
    quiet = [dice.normal(size=51_200) for _ in range(2)]
    records = hourly([*quiet, knocks(bearing_orders(GEOMETRY).outer, seed=1)], 25_600)
    assert not bearing_envelope.evaluate(window({"acceleration_waveform_drive": records}), NoParameters()).findings


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"records": {}}, Why.MISSING_INPUT),
        ({"rated": {}}, Why.NO_NAMEPLATE),
        ({"rated": NAMEPLATE | {"bearing_drive_balls": 0.0}}, Why.BAD_INPUT),
        ({"speed_rpm": 0.0}, Why.NOT_RUNNING),
        ({"speed_rpm": float("nan")}, Why.MISSING_INPUT),
        ({"speed_rpm": 300.0}, Why.WEAK_RECORDING),  # ten turns
        ({"records": {"acceleration_waveform_drive": hourly([np.full(51_200, np.nan)], 25_600)}}, Why.WEAK_RECORDING),
    ],
)
def test_what_a_bearing_analysis_cannot_do_without_is_told(given: dict[str, object], why: Why) -> None:
    sound = {"records": {"acceleration_waveform_drive": hourly([np.random.default_rng(0).normal(size=51_200)], 25_600)}}
    with pytest.raises(NotEvaluated) as told:
        bearing_envelope.evaluate(window(**(sound | given)), NoParameters())  # type: ignore[arg-type]
    assert told.value.why is why


def test_broken_bars_are_found_by_their_sidebands_with_their_level() -> None:
    records = hourly([current(38, seed=seed) for seed in range(3)], 4000)
    result = current_signature.evaluate(window({"current_waveform_a": records}), NoParameters())
    (found,) = result.findings
    assert found.code == "broken_rotor_bar"
    assert found.severity == "medium"  # 36 to 42 dB: suspect
    figures = {figure.name: figure.value for figure in result.figures}
    assert figures["rotor_bar_sideband"] == pytest.approx(38, abs=0.2)
    assert figures["slip_by_current"] == pytest.approx(100 * (1 - SPEED_RPM / 1500), rel=0.01)
    assert [mark[1] for mark in found.evidence[1]["marks"]] == ["f", "f(1-2s)", "f(1+2s)"]


def test_more_broken_bars_are_surer() -> None:
    confidences = []
    for level_db in (40, 30):
        records = {"current_waveform_a": hourly([current(level_db)], 4000)}
        confidences.append(current_signature.evaluate(window(records), NoParameters()).findings[0].confidence)
    assert confidences[0] < confidences[1]


def test_a_sound_rotor_has_a_level_and_no_finding() -> None:
    result = current_signature.evaluate(window({"current_waveform_a": hourly([current(70)], 4000)}), NoParameters())
    assert not result.findings
    assert result.figures[0].value == pytest.approx(70, abs=1.5)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"records": {}}, Why.MISSING_INPUT),
        ({"records": {"current_waveform_a": hourly([current(38, seconds=1)], 4000)}}, Why.WEAK_RECORDING),
        ({"records": {"current_waveform_a": hourly([np.zeros(8)], 4000)}}, Why.WEAK_RECORDING),
        ({"torque_percent": 20.0}, Why.WEAK_RECORDING),
        ({"torque_percent": float("nan")}, Why.MISSING_INPUT),
        ({"speed_rpm": 0.0}, Why.NOT_RUNNING),
    ],
)
def test_weak_recordings_of_the_current_are_told(given: dict[str, object], why: Why) -> None:
    sound = {"records": {"current_waveform_a": hourly([current(38)], 4000)}}
    with pytest.raises(NotEvaluated) as told:
        current_signature.evaluate(window(**(sound | given)), NoParameters())  # type: ignore[arg-type]
    assert told.value.why is why
