"""Bills worked by hand, the shipped tables, and mistakes in them; factors of the grid."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from analytics.energy_baselines.carbon import grid_factor, kg_co2_per_unit, read_grid_factors
from analytics.energy_baselines.tariff import PERIODS, Period, cost_of, electricity_cost, read_tariffs, tariff_of
from device_profiles.kind import load_kind
from telemetry.errors import ConfigError

HEAD = """
[[tariffs]]
name = "works"
zh = "厂"
en = "Works"
zone = "Asia/Shanghai"
currency = "CNY"
energy_price = "0.60"
fixed_price = "0.05"
demand_price = "40"
factors = { peak = "1.7", valley = "0.3" }
source = "a contract"
clause = "1"
verified = true
"""
ALL_YEAR = "[[tariffs.seasons]]\nmonths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "tariffs.toml"
    path.write_text(text)
    return path


def instants(*texts: str) -> npt.NDArray[np.int64]:
    shanghai = ZoneInfo("Asia/Shanghai")
    return np.array([round(datetime.fromisoformat(text).replace(tzinfo=shanghai).timestamp() * 1e6) for text in texts], np.int64)


def test_a_bill_is_exact_to_the_cent(tmp_path: Path) -> None:
    """Peak 0.60 * 1.7 + 0.05 = 1.07; flat 0.65; valley 0.23. 123.456 kWh cost 132.10, 80.25 and 28.39."""
    works = read_tariffs(written(tmp_path, HEAD + ALL_YEAR + 'peak = ["18:00-20:00"]\nvalley = ["23:00-07:00"]\n'))["works"]
    at = instants("2026-07-01T19:59", "2026-07-01T20:00", "2026-07-02T06:59", "2026-07-02T07:00")
    cost = electricity_cost(works, np.array([123.456, 123.456, 123.456, np.nan]), at)
    assert cost.money == {
        Period.SHARP: Decimal("0.00"),
        Period.PEAK: Decimal("132.10"),
        Period.FLAT: Decimal("80.25"),
        Period.VALLEY: Decimal("28.39"),
        Period.DEEP_VALLEY: Decimal("0.00"),
    }
    assert cost.total == Decimal("240.74")
    assert works.demand_cost(250.5) == Decimal("10020.00")
    assert cost_of(1.005, 1.0) == Decimal("1.01")


def test_every_minute_of_the_shipped_tariffs_has_a_price_and_the_days_have_their_hours() -> None:
    for tariff in read_tariffs().values():
        assert tariff.source
        assert not tariff.verified
        for season in tariff.seasons:
            assert len(season.by_minute) == 1440
            assert all(tariff.price(PERIODS[number]) > 0 for number in np.unique(season.by_minute))


def test_the_seasons_of_shandong_are_told_apart_by_local_time() -> None:
    tariff = tariff_of("shandong_industry")
    at = instants("2026-01-10T12:00", "2026-01-10T18:30", "2026-07-10T12:00", "2026-07-10T18:30", "2026-07-10T00:30")
    assert [PERIODS[number] for number in tariff.periods_at(at)] == ["deep_valley", "sharp", "flat", "sharp", "flat"]
    assert tariff.price(Period.SHARP) > tariff.price(Period.PEAK) > tariff.price(Period.FLAT) > tariff.price(Period.VALLEY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALL_YEAR + 'peak = ["18:00-20:00"]\nvalley = ["19:30-21:00"]\n', "another period"),
        (ALL_YEAR + 'peak = ["18:00-18:00"]\n', "no span of a day"),
        (ALL_YEAR + 'peak = ["18:00-24:30"]\n', "no span of a day"),
        (ALL_YEAR + 'peak = ["6 pm"]\n', "pattern"),
        (ALL_YEAR + 'sharp = ["18:00-20:00"]\n', "lacks sharp"),
        ("[[tariffs.seasons]]\nmonths = [1, 2, 3]\n", "each month"),
        (ALL_YEAR + ALL_YEAR, "each month"),
    ],
)
def test_mistakes_in_a_tariff_are_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_tariffs(written(tmp_path, HEAD + text))


def test_a_wrong_name_lists_the_legal_ones() -> None:
    with pytest.raises(ConfigError, match="known: shandong_industry, flat"):
        tariff_of("shandong")
    with pytest.raises(ConfigError, match="known: national, north, shandong"):
        grid_factor("south", 2026)


def test_the_newest_factor_up_to_the_year_counts() -> None:
    """Notices of the ministry of ecology: national average 0.5568 kg/kWh of 2021 and 0.5366 of 2022."""
    assert grid_factor("national", 2021).kg_co2_per_kwh == 0.5568
    assert grid_factor("national", 2026).kg_co2_per_kwh == 0.5366
    with pytest.raises(ConfigError, match="up to 2019"):
        grid_factor("national", 2019)
    assert all(factor.source and factor.clause for factor in read_grid_factors())


def test_electricity_counts_by_the_grid_fuel_by_its_carbon_and_sun_not_at_all() -> None:
    grid = grid_factor("national", 2026)
    gas, electricity = load_kind("boiler").energy.inputs  # type: ignore[union-attr]
    (sun,) = load_kind("pv_inverter").energy.inputs  # type: ignore[union-attr]
    assert kg_co2_per_unit(electricity, grid) == 0.5366
    assert kg_co2_per_unit(gas, grid) == 2.162
    assert kg_co2_per_unit(sun, grid) == 0
