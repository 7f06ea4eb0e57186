"""The sun over Jinan and its light, held against pvlib 0.16.1 (BSD-3-Clause) and an almanac."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from simulators.dice import Dice
from simulators.fleet import JINAN
from simulators.physics.sky import Sky
from simulators.physics.sun import Sun, clear_sky_w_m2, on_plane, sun_at

MIDSUMMER = datetime(2026, 6, 21, tzinfo=JINAN)


def over_jinan(at: datetime) -> Sun:
    return sun_at(at, latitude_deg=36.65, longitude_deg=117.0)


def clear(at: datetime, *, turbidity: float = 4.3) -> float:
    return float(clear_sky_w_m2(over_jinan(at), np.array([turbidity]))[0])


@pytest.mark.parametrize(
    ("at", "azimuth_deg", "elevation_deg"),
    [  # pvlib.solarposition.get_solarposition, method nrel_numpy (NREL's SPA), apparent elevation, 1013.25 hPa, 12 °C
        ("2024-02-29 11:00", 151.624, 41.340),
        ("2026-01-01 09:00", 134.261, 14.696),
        ("2026-03-20 07:00", 96.279, 8.040),
        ("2026-06-21 12:14", 180.254, 76.791),
        ("2026-08-15 17:30", 274.637, 17.580),
        ("2026-10-08 15:00", 234.541, 30.143),
        ("2026-12-21 16:00", 231.601, 9.189),
    ],
)
def test_the_sun_stands_where_the_solar_position_algorithm_says(at: str, azimuth_deg: float, elevation_deg: float) -> None:
    sun = over_jinan(datetime.fromisoformat(at).replace(tzinfo=JINAN))
    assert sun.azimuth_deg == pytest.approx(azimuth_deg, abs=0.03)
    assert sun.elevation_deg == pytest.approx(elevation_deg, abs=0.02)


def test_the_sun_rises_and_sets_in_jinan_on_time() -> None:
    # Almanac for 21 June 2026, upper limb: 04:53 and 19:34; the centre rises and sets two minutes inside.
    is_up = [over_jinan(MIDSUMMER + timedelta(minutes=minute)).elevation_deg > 0 for minute in range(24 * 60)]
    assert is_up.index(True) == pytest.approx(4 * 60 + 55, abs=2)
    assert 24 * 60 - is_up[::-1].index(True) == pytest.approx(19 * 60 + 32, abs=2)


def test_the_sun_does_not_care_in_which_time_zone_a_clock_is_read() -> None:
    noon = MIDSUMMER + timedelta(hours=12)
    assert over_jinan(noon) == over_jinan(noon.astimezone(UTC))


def test_a_clear_noon_brings_about_a_kilowatt_per_square_metre_and_midnight_nothing() -> None:
    assert 900 < clear(MIDSUMMER + timedelta(hours=12)) < 1100
    assert clear(MIDSUMMER) == 0


@pytest.mark.parametrize(
    ("at", "turbidity", "ghi", "plane", "useful"),
    [  # pvlib: Ineichen (sea level, solar constant 1361), Erbs, Hay-Davies (albedo 0.2), ASHRAE (0.05); tilt 25°, azimuth 170°
        ("2026-04-15 07:00", 3.6, 185.42, 197.21, 188.05),
        ("2026-04-15 09:00", 3.6, 592.48, 679.29, 669.88),
        ("2026-04-15 12:00", 3.6, 893.93, 999.40, 999.36),
        ("2026-04-15 16:00", 3.6, 481.61, 456.86, 441.02),
        ("2026-04-15 18:00", 3.6, 68.04, 58.26, 57.57),
        ("2026-06-21 06:00", 4.3, 96.74, 85.59, 82.66),
        ("2026-06-21 12:00", 4.3, 936.40, 948.16, 947.39),
        ("2026-06-21 18:00", 4.3, 180.41, 121.07, 111.86),
    ],
)
def test_a_clear_sky_throws_the_light_that_pvlib_finds(
    at: str, turbidity: float, ghi: float, plane: float, useful: float
) -> None:
    sun = over_jinan(datetime.fromisoformat(at).replace(tzinfo=JINAN))
    level = clear_sky_w_m2(sun, np.array([turbidity]))
    light = on_plane(sun, level, tilt_deg=np.array([25.0]), azimuth_deg=np.array([170.0]))
    assert float(level[0]) == pytest.approx(ghi, rel=0.01)
    assert float(light.total_w_m2[0]) == pytest.approx(plane, rel=0.01)
    assert float(light.useful_w_m2[0]) == pytest.approx(useful, rel=0.01)


def test_clouds_move_alike_in_short_steps_and_in_long_ones() -> None:
    def clearness(step_seconds: float) -> tuple[float, float]:
        sky = Sky(Dice(range(400)), MIDSUMMER)
        now, seen = MIDSUMMER, []
        for _ in range(int(4 * 3600 / step_seconds)):
            now += timedelta(seconds=step_seconds)
            sky.step(now, step_seconds)
            seen.append(sky.clearness)
        return float(np.mean(seen)), float(np.std(seen))

    assert clearness(5) == pytest.approx(clearness(60), abs=0.03)


def test_a_year_in_jinan_has_its_rain_and_most_of_it_in_summer() -> None:
    # China Meteorological Administration, normals 1991-2020 for Jinan: about 730 mm, two thirds of it from June to August.
    def rain_mm_per_day(month: int) -> float:
        now = datetime(2026, month, 10, tzinfo=JINAN)
        sky, total = Sky(Dice(range(300)), now), 0.0
        for _ in range(12 * 24):
            now += timedelta(minutes=10)
            sky.step(now, 600)
            total += float(sky.rain_day_mm.mean()) if now.hour == 23 and now.minute == 50 else 0.0
        return total / 2

    summer = sum(30.7 * rain_mm_per_day(month) for month in (6, 7, 8))
    rest = sum(30.4 * rain_mm_per_day(month) for month in (1, 3, 4, 5, 9, 10, 11))
    assert 500 < summer + rest < 1000
    assert 0.5 < summer / (summer + rest) < 0.9
