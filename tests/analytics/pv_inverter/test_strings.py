import numpy as np
import pytest

from analytics.pv_inverter.pv_strings import evaluate
from analytics.pv_inverter.strings import dispersion_percent, is_comparable, peer_currents, peer_ratio, robust_z
from analytics.result import NotEvaluated, Result
from analytics.spec import NoParameters
from analytics.window import FloatArray
from tests.analytics.pv_inverter.plant import RATED, Plant, light, plant_values, plant_window

HOUR = 3600.0


def week(**factors: float) -> dict[str, FloatArray]:
    """Eight days by the hour; the named strings have so much of their current on the last one."""
    values = plant_values(Plant(), days=8, step_seconds=HOUR)
    today = np.arange(192) >= 168
    for name, factor in factors.items():
        signal = f"string_current_{name.removeprefix('s')}"
        values[signal] = np.where(today, factor * values[signal], values[signal])
    return values


def judged(values: dict[str, FloatArray], rated: dict[str, float] | None = None) -> tuple[dict[str, float], Result]:
    result = evaluate(plant_window(values, step_seconds=HOUR, rated=rated), NoParameters())
    return {one.name: one.value for one in result.figures if one.value is not None}, result


def test_a_dead_and_a_weak_string_are_counted_with_what_they_lack() -> None:
    values = week(s5=0.0, s7=0.9)
    for signal in ("dc_power",):
        values[signal] = values[signal] * 22.9 / 24
    found, result = judged(values)
    assert found["worst_string"] == 5
    assert found["worst_string_ratio"] == pytest.approx(0.0)
    assert (found["dead_strings"], found["weak_strings"]) == (1, 2)
    assert found["string_loss"] == pytest.approx(100 * 1.1 / 22.9)
    assert {picture["form"] for picture in result.pictures} == {"heat_map", "bars"}


def test_the_heat_map_has_a_row_for_each_string_and_only_hours_of_light() -> None:
    _, result = judged(week(s5=0.5))
    picture = next(one for one in result.pictures if one["form"] == "heat_map")
    assert len(picture["rows"]) == len(picture["values"]) == 24
    assert 10 <= len(picture["columns"]) <= 12
    assert "12:00" in picture["columns"]
    assert "2:00" not in picture["columns"]
    assert picture["values"][4] == pytest.approx([0.5] * len(picture["columns"]))


def test_dispersion_of_one_weak_string_among_24() -> None:
    """Standard deviation over mean of 23 ones and one half: 10.42 %."""
    found, _ = judged(week(s5=0.5))
    currents = np.append(np.ones(23), 0.5)
    assert found["string_dispersion"] == pytest.approx(100 * currents.std() / currents.mean())


def test_strings_of_two_orientations_are_sound_when_they_are_two_groups() -> None:
    """The dispersion alone cannot tell: it is the same."""
    values = week(**{f"s{string}": 0.7 for string in range(1, 11)})
    mixed, _ = judged(values)
    assert mixed["weak_strings"] == 10
    groups = {f"string_{string}_group": 2.0 for string in range(1, 11)}
    told, _ = judged(values, RATED | groups)
    assert told["weak_strings"] == 0
    assert told["string_dispersion"] == pytest.approx(mixed["string_dispersion"])


def test_a_string_that_falls_stands_out_of_its_own_week() -> None:
    found, _ = judged(week(s3=0.93))
    assert found["largest_string_fall"] > 10
    healthy, _ = judged(week())
    assert healthy["largest_string_fall"] == pytest.approx(0.0)


def test_the_first_and_last_hour_and_the_night_are_left_out_but_a_dark_cloud_is_not_an_evening() -> None:
    sun = light(1, 60, 900)
    sun[700:730] = 5.0
    comparable = is_comparable(light_w_m2=sun, currents_a=np.tile(sun / 90, (24, 1)), step_seconds=60)
    rows = np.flatnonzero(comparable)
    day = np.flatnonzero(sun > 20)
    assert rows[0] >= day[0] + 60
    assert rows[-1] <= day[-1] - 60
    assert comparable[650] and comparable[760] and not comparable[710]  # noqa: PT018 - one course of a day


def test_without_light_the_currents_tell_the_day() -> None:
    sun = light(1, 60, 900)
    comparable = is_comparable(light_w_m2=np.full(1440, np.nan), currents_a=np.tile(sun / 90, (24, 1)), step_seconds=60)
    assert comparable[720]
    assert not comparable[:380].any()
    nothing = is_comparable(light_w_m2=np.full(60, np.nan), currents_a=np.full((24, 60), np.nan), step_seconds=60)
    assert not nothing.any()


def test_two_strings_have_no_peers() -> None:
    currents = np.ones((5, 10))
    peers = peer_currents(currents, np.array([1, 1, 1, 2, 2]))
    ratio = peer_ratio(currents, peers)
    assert ratio[:3] == pytest.approx([1, 1, 1])
    assert np.isnan(ratio[3:]).all()


def test_missing_values_of_one_string_do_not_make_it_weak() -> None:
    currents = np.ones((6, 10))
    currents[2, ::2] = np.nan
    peers = peer_currents(currents, np.ones(6, np.int64))
    assert peer_ratio(currents, peers) == pytest.approx(np.ones(6))
    assert dispersion_percent(currents) == pytest.approx(np.zeros(10))
    assert np.isnan(dispersion_percent(np.full((6, 3), np.nan))).all()


def test_robust_z_needs_three_days() -> None:
    ratios = np.ones((24, 8)) + 0.002 * np.random.default_rng(1).standard_normal((24, 8))
    ratios[4, -1] = 0.98
    z = robust_z(ratios)
    assert z.argmin() == 4
    assert z[4] < -5
    assert np.isnan(robust_z(ratios[:, -3:])).all()


def test_a_day_of_darkness_is_declined() -> None:
    values = week()
    for string in range(1, 25):
        values[f"string_current_{string}"] = np.where(np.arange(192) >= 168, 0.0, values[f"string_current_{string}"])
    with pytest.raises(NotEvaluated, match="two hours"):
        judged(values)
