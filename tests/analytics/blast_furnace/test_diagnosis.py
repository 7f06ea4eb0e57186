"""Each condition put into a plain furnace is named, and nothing is named on a healthy one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analytics.blast_furnace.diagnosis import SPEC, evaluate, train
from analytics.blast_furnace.rules import DiagnosisParameters
from analytics.result import Found, NotEvaluated
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind

PARAMETERS = DiagnosisParameters()
Furnace = Callable[..., Window]
Values = dict[str, FloatArray]


@pytest.fixture(scope="module")
def model(furnace: Furnace) -> dict[str, Any]:
    return train(furnace(days=7, seed=1), PARAMETERS)


def with_fault(furnace: Furnace, change: Callable[[Values], None], **made: Any) -> Window:
    """Make half a day; the fault comes after three hours."""
    window = furnace(days=0.5, seed=2, **made)
    values = {name: np.array(column, float) for name, column in window.values.items()}
    late = {name: column[len(window) // 4 :] for name, column in values.items()}
    change(late)
    return Window(kind=window.kind, start_us=window.start_us, step_seconds=window.step_seconds, values=values)


def leaking_tuyere(values: Values) -> None:
    values["tuyere_water_out_flow_5"] -= 2.5


def leaking_stave(values: Values) -> None:
    values["stave_water_makeup"] += 2.5
    values["top_gas_h2"] += 0.4
    values["top_gas_co"] -= 0.4


def worn_hearth(values: Values) -> None:
    values["hearth_temperature_inner_3"] += 70.0


def channel(values: Values) -> None:
    values["top_temperature_2"] += 80
    values["top_gas_co"] += 1.6
    values["top_gas_co2"] -= 1.6


def low(values: Values) -> None:
    for probe in "123":
        values[f"stockline_{probe}"] += 1.1


def bare_stave(values: Values) -> None:
    values["stave_water_out_temperature_6"] += 3.0


def drifting_analyser(values: Values) -> None:
    values["top_gas_co2"] -= 1.2


def blocked_lances(values: Values) -> None:
    values["coal_injection_rate"] *= 0.82
    values["flame_temperature"] += 40


def hang(values: Values) -> None:
    """Every 85 min the burden stands for 25, the pressure drop rises by 30 %, and the burden falls."""
    n = len(values["state"])
    minute = np.arange(n) % 85
    rests = minute < 25
    come_down = np.cumsum(np.where(rests, 0.01, 0.12)) + np.cumsum(np.where(minute == 25, 2.0, 0.0))
    # Charges bring it back by half a metre when it is below 1.5 m, at most one in three minutes.
    line, charged = np.empty(n), 0.0
    for step in range(n):
        if 1.0 + come_down[step] - charged > 1.5 and step % 3 == 0:
            charged += 0.5
        line[step] = 1.0 + come_down[step] - charged
    for probe in "123":
        values[f"stockline_{probe}"][:] = line
    values["pressure_drop_total"] *= np.where(rests, 1 + 0.3 * minute / 25, 1.0)


def slip(values: Values) -> None:
    """Every 33 min the burden drops by a metre, and comes up again within ten."""
    minute = np.arange(len(values["state"])) % 33
    for probe in "123":
        values[f"stockline_{probe}"] += np.where(minute < 10, 1.0 - minute / 10, 0.0)


@pytest.mark.parametrize(
    ("change", "code", "part"),
    [
        (leaking_tuyere, "tuyere_leak", "5"),
        (leaking_stave, "water_leak", ""),
        (worn_hearth, "hearth_erosion", "3"),
        (channel, "channelling", "2"),
        (low, "low_line", ""),
        (bare_stave, "stave_loss", "6"),
        (drifting_analyser, "gas_analyser_drift", ""),
        (blocked_lances, "coal_lance_loss", ""),
        (hang, "hanging", ""),
        (slip, "slip", ""),
    ],
)
def test_a_condition_is_named_alone_with_its_part(
    furnace: Furnace, model: dict[str, Any], change: Callable[[Values], None], code: str, part: str
) -> None:
    window = with_fault(furnace, change)
    found = evaluate(window, PARAMETERS, model).findings
    assert [(one.code, one.part) for one in found] == [(code, part)]
    assert_is_whole(found[0])
    # It came after three hours; a finding's beginning is good to two hours.
    assert (found[0].since_us - window.start_us) / 3.6e9 == pytest.approx(3, abs=3.5)


@pytest.mark.parametrize(("direct_share", "code"), [(0.28, "cooling"), (0.22, "heating")])
def test_heat_is_told_by_direct_reduction(furnace: Furnace, model: dict[str, Any], direct_share: float, code: str) -> None:
    found = evaluate(furnace(days=0.5, seed=3, direct_share=direct_share), PARAMETERS, model).findings
    assert [one.code for one in found] == [code]
    assert_is_whole(found[0])


def assert_is_whole(found: Found) -> None:
    assert SPEC.fault(found.code)
    assert 0.5 < found.confidence < 1
    assert {piece["form"] for piece in found.evidence} == {"table", "series"}


@pytest.mark.parametrize("seed", range(10, 20))
def test_nothing_is_found_on_a_healthy_furnace(furnace: Furnace, model: dict[str, Any], seed: int) -> None:
    assert not evaluate(furnace(days=0.5, seed=seed), PARAMETERS, model).findings


def test_a_leak_explains_the_cooling_that_it_brings(furnace: Furnace, model: dict[str, Any]) -> None:
    window = with_fault(furnace, leaking_tuyere, direct_share=0.28)
    assert [one.code for one in evaluate(window, PARAMETERS, model).findings] == ["tuyere_leak"]


def test_two_independent_faults_are_both_told_the_graver_first(furnace: Furnace, model: dict[str, Any]) -> None:
    def both(values: Values) -> None:
        bare_stave(values)
        leaking_stave(values)

    assert [one.code for one in evaluate(with_fault(furnace, both), PARAMETERS, model).findings] == ["water_leak", "stave_loss"]


def test_a_stock_line_that_stands_still_without_resistance_is_a_parked_probe(furnace: Furnace, model: dict[str, Any]) -> None:
    def park(values: Values) -> None:
        for probe in "123":
            values[f"stockline_{probe}"][:] = 1.25

    assert not evaluate(with_fault(furnace, park), PARAMETERS, model).findings


def test_the_same_model_serves_a_step_of_ten_seconds(furnace: Furnace, model: dict[str, Any]) -> None:
    assert not evaluate(furnace(days=0.5, seed=4, step_seconds=10.0), PARAMETERS, model).findings
    leak = with_fault(furnace, leaking_tuyere, step_seconds=10.0)
    assert [one.code for one in evaluate(leak, PARAMETERS, model).findings] == ["tuyere_leak"]


def test_a_furnace_off_blast_is_not_judged(furnace: Furnace, model: dict[str, Any]) -> None:
    def stop(values: Values) -> None:
        values["state"][:] = 0
        values["blast_volume"][:] = 0

    with pytest.raises(NotEvaluated, match="not_running"):
        evaluate(with_fault(furnace, stop), PARAMETERS, model)


def test_missing_signals_silence_their_rules_only(furnace: Furnace) -> None:
    gone = {
        name
        for family in ("top_temperature_{top_sector}", "hearth_temperature_outer_{hearth}")
        for name in load_kind("blast_furnace").members[family]
    } | {"stave_water_makeup", "top_gas_n2"}

    def without(window: Window) -> Window:
        kept = {name: column for name, column in window.values.items() if name not in gone}
        return Window(kind=window.kind, start_us=window.start_us, step_seconds=window.step_seconds, values=kept)

    model = train(without(furnace(days=7, seed=1)), PARAMETERS)
    assert not evaluate(without(furnace(days=0.5, seed=2)), PARAMETERS, model).findings
    leak = without(with_fault(furnace, leaking_tuyere))
    assert [one.code for one in evaluate(leak, PARAMETERS, model).findings] == ["tuyere_leak"]


def test_gaps_and_a_silent_furnace_do_no_harm(furnace: Furnace, model: dict[str, Any]) -> None:
    def gaps(values: Values) -> None:
        for column in values.values():
            column[::7] = np.nan
            column[200:260] = np.nan

    assert not evaluate(with_fault(furnace, gaps), PARAMETERS, model).findings

    def silence(values: Values) -> None:
        for column in values.values():
            column[:] = np.nan

    with pytest.raises(NotEvaluated):
        evaluate(with_fault(furnace, silence), PARAMETERS, model)


def test_too_short_a_history_is_not_learned(furnace: Furnace) -> None:
    with pytest.raises(NotEvaluated, match="not_trained"):
        train(furnace(days=1), PARAMETERS)
