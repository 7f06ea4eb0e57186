"""Emissions: conversions with known answers, hours, the table of limits, and the analytic on a plain boiler."""

from pathlib import Path

import numpy as np
import pytest

from analytics.boiler.boiler_emissions import SPEC, Parameters, evaluate
from analytics.boiler.emissions import at_reference_oxygen, hourly_means, limits_of, milligrams, read_limits
from analytics.result import NotEvaluated, Result, Why
from analytics.window import FloatArray, Window
from telemetry.errors import ConfigError

HOUR_US = 3_600_000_000


def test_100_mg_at_6_percent_are_116_67_at_3_5_percent() -> None:
    # 100 · 17.5 / 15
    assert float(at_reference_oxygen(100, oxygen_percent=6, reference_percent=3.5)) == pytest.approx(116.67, abs=0.01)


def test_80_ppm_of_carbon_monoxide_are_100_mg() -> None:
    assert float(milligrams(80, pollutant="carbon_monoxide")) == pytest.approx(100.0)


@pytest.mark.parametrize(("pollutant", "molar_mass"), [("nox", 46.0055), ("carbon_monoxide", 28.010), ("so2", 64.064)])
def test_milligrams_follow_from_the_molar_mass(pollutant: str, molar_mass: float) -> None:
    # An ideal gas fills 22.414 L/mol; that real ones fill up to 2.5 % less is not counted in the rules.
    assert float(milligrams(1, pollutant=pollutant)) == pytest.approx(molar_mass / 22.414, rel=1e-3)


@pytest.mark.parametrize("oxygen", [19.01, 21.0, -0.1, np.nan])
def test_above_19_percent_of_oxygen_nothing_is_extrapolated(oxygen: float) -> None:
    assert np.isnan(at_reference_oxygen(100, oxygen_percent=oxygen, reference_percent=3.5))
    assert float(at_reference_oxygen(100, oxygen_percent=19, reference_percent=3.5)) == pytest.approx(875)


@pytest.mark.parametrize(("known", "is_valid"), [(45, True), (44, False)])
def test_an_hour_is_valid_with_45_minutes(known: int, *, is_valid: bool) -> None:
    values = np.where(np.arange(60) < known, 10.0, np.nan)
    found = hourly_means(values, start_us=5 * HOUR_US, step_seconds=60)
    assert (~np.isnan(found.means)).tolist() == [is_valid]


@pytest.mark.parametrize("step_seconds", [10, 60])
def test_hours_are_those_of_the_clock(step_seconds: int) -> None:
    # From 20 minutes past on: 40 minutes of the first hour are cut off, then whole hours.
    n = (40 + 120 + 30) * 60 // step_seconds
    hour = (20 * 60 + np.arange(n) * step_seconds) // 3600
    found = hourly_means(hour.astype(float), start_us=7 * HOUR_US + HOUR_US // 3, step_seconds=step_seconds)
    assert found.means.tolist() == [1.0, 2.0]
    assert found.starts_us.tolist() == [8 * HOUR_US, 9 * HOUR_US]


def test_every_limit_says_where_it_is_from_and_that_nobody_has_verified_it() -> None:
    for row in read_limits():
        assert row.source
        assert row.clause
        assert not row.verified
    assert [row.of("nox") for row in read_limits() if row.fuel == "gas"] == [200, 150, 50]
    assert limits_of("shandong_core", "coal") is None


def test_a_table_with_a_mistake_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text('[[limits]]\nregion = "mars"\n')
    with pytest.raises(ConfigError):
        read_limits(file)


def day(*, step_seconds: float = 60.0, **signals: FloatArray | float) -> Window:
    n = round(86_400 / step_seconds)
    plain: dict[str, FloatArray | float] = {
        "state": 3.0,
        "flue_gas_oxygen_stack": 3.5,
        "flue_gas_carbon_monoxide": 80.0,
        "emission_nox": 100.0,
        "emission_so2": 5.0,
        "emission_particulate": 2.0,
    }
    values = {name: np.broadcast_to(value, n).astype(float) for name, value in {**plain, **signals}.items()}
    return Window(kind="boiler", start_us=100 * 24 * HOUR_US, step_seconds=step_seconds, values=values)


def figures(result: Result) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in result.figures}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_signals_at_reference_oxygen_are_not_converted_again_and_carbon_monoxide_is(step_seconds: float) -> None:
    found = evaluate(day(step_seconds=step_seconds, flue_gas_oxygen_stack=6.0), Parameters())
    shown = figures(found)
    assert set(shown) == {output.name for output in SPEC.outputs}
    assert shown["emission_nox_hour"] == pytest.approx(100)
    assert shown["emission_carbon_monoxide_hour"] == pytest.approx(116.67, abs=0.01)
    assert shown["emission_valid_hours"] == 24
    assert shown["emission_load_of_limit"] == pytest.approx(50)
    assert not found.findings


def test_the_newest_hours_above_the_limit_are_found_with_their_beginning() -> None:
    nox = np.where(np.arange(1440) < 20 * 60, 100.0, 260.0)
    (found,) = evaluate(day(emission_nox=nox), Parameters()).findings
    assert (found.code, found.part) == ("emission_limit_exceeded", "")
    assert found.since_us == day().start_us + 20 * HOUR_US
    assert found.confidence == 0.95
    assert [piece["form"] for piece in found.evidence] == ["table", "series"]


def test_a_value_at_the_limit_is_found_with_even_odds_only() -> None:
    (found,) = evaluate(day(emission_nox=200.1), Parameters()).findings
    assert found.confidence == pytest.approx(0.5, abs=0.02)


def test_an_excess_that_is_over_is_no_finding_nor_one_in_hours_that_are_not_valid() -> None:
    minutes = np.arange(1440)
    over = np.where(minutes < 20 * 60, 260.0, 100.0)
    assert not evaluate(day(emission_nox=over), Parameters()).findings
    # The last hour is above, but for a third of it the gas is mostly air.
    nox, oxygen = np.where(minutes < 23 * 60, 100.0, 260.0), np.where(minutes < 1420, 3.5, 20.5)
    found = evaluate(day(emission_nox=nox, flue_gas_oxygen_stack=oxygen), Parameters())
    assert figures(found)["emission_valid_hours"] == 23
    assert not found.findings


def test_limits_are_those_of_the_region() -> None:
    assert evaluate(day(), Parameters(region="shandong_core")).findings
    assert not evaluate(day(), Parameters(region="special_area")).findings


def test_without_a_valid_hour_nothing_is_said() -> None:
    with pytest.raises(NotEvaluated) as declined:
        evaluate(day(state=0.0), Parameters())
    assert declined.value.why == Why.NOT_RUNNING


def test_a_pollutant_that_is_not_measured_has_no_number() -> None:
    found = evaluate(day(emission_so2=np.nan), Parameters())
    assert figures(found)["emission_so2_hour"] is None
    assert figures(found)["emission_nox_hour"] == pytest.approx(100)
