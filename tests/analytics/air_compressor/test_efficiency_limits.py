"""Limits of the efficiency: the published curve, and a table that stays empty until somebody fills it in."""

from pathlib import Path

import pytest

from analytics.air_compressor.efficiency_limits import (
    GradeTable,
    grades_of,
    least_efficiency,
    read_grades,
    regression_efficiency,
    weighted_specific_power,
)
from telemetry.errors import ConfigError


@pytest.mark.parametrize(
    ("cfm", "control", "curve", "least"),
    [
        (100, "fixed", 0.6694, 0.6198),
        (500, "fixed", 0.7541, 0.7172),
        (1000, "fixed", 0.7758, 0.7422),
        (500, "variable", 0.7253, 0.6979),
    ],
)
def test_the_curve_of_10_cfr_431(cfm: float, control: str, curve: float, least: float) -> None:
    # Recomputed from the coefficients of 10 CFR 431.345, air cooled, within 0.0001
    assert regression_efficiency(flow_cfm=cfm, control=control) == pytest.approx(curve, abs=1e-4)  # type: ignore[arg-type]
    assert least_efficiency(flow_cfm=cfm, control=control) == pytest.approx(least, abs=1e-4)  # type: ignore[arg-type]


@pytest.mark.parametrize("cfm", [34, 1251, float("nan")])
def test_outside_the_rules_scope_there_is_no_number(cfm: float) -> None:
    with pytest.raises(ValueError, match="cfm"):
        least_efficiency(flow_cfm=cfm, control="fixed")


def test_the_grades_are_empty_until_somebody_enters_them() -> None:
    table = read_grades()
    assert table.grades == ()
    assert sum(row.weight for row in table.weights) == pytest.approx(1)
    assert not any(row.verified for row in table.weights)


def test_an_entered_row_is_found_by_size_pressure_control_and_cooling(tmp_path: Path) -> None:
    row = (
        'control = "fixed"\ncooling = "air"\nmotor_kw = 110\ngauge_mpa = 0.8\n'
        'grade_1 = 5.9\ngrade_2 = 6.3\ngrade_3 = 7.0\nsource = "here"\nclause = "this test"\nverified = true\n'
    )
    file = tmp_path / "grades.toml"
    file.write_text(f"weights = []\n[[grades]]\n{row}")
    table = read_grades(file)
    found = grades_of(table, control="fixed", cooling="air", motor_kw=110.4, gauge_mpa=0.8)
    assert found is not None
    assert found.grade_3 == 7.0
    assert grades_of(table, control="variable", cooling="air", motor_kw=110, gauge_mpa=0.8) is None
    assert grades_of(table, control="fixed", cooling="air", motor_kw=90, gauge_mpa=0.8) is None
    file.write_text(f"weights = []\n[[grades]]\n{row.replace('110', '-1')}")
    read_grades.cache_clear()
    with pytest.raises(ConfigError, match="motor_kw"):
        read_grades(file)


def test_part_loads_are_weighted() -> None:
    table: GradeTable = read_grades()
    # 0.1 · 8 + 0.2 · 7 + 0.4 · 6.5 + 0.3 · 6.6
    assert weighted_specific_power(table, {25: 8.0, 50: 7.0, 70: 6.5, 100: 6.6}) == pytest.approx(6.78)
    with pytest.raises(ValueError, match="70"):
        weighted_specific_power(table, {25: 8.0, 50: 7.0, 100: 6.6})
