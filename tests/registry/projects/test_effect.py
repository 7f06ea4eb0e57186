"""The effect of a cut-over on days whose answer is known."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from registry.projects.effect import Days, change, effect_rules
from registry.projects.effect_reading import read_effects
from store.city_projects import ScopeEntry
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.dashboards.plant import Filler, Plant

SHANGHAI = ZoneInfo("Asia/Shanghai")


def days(amounts: list[float], per: list[float] | None = None) -> Days:
    return Days(np.array(amounts, float), np.array(per or [1.0] * len(amounts), float))


def test_jinan_3_9_a_tenth_less_energy_for_the_same_product_is_ten_percent() -> None:  # M10
    product = [100.0, 200.0, 50.0, 150.0] * 10
    found = change(days([one * 0.5 for one in product], product), days([one * 0.45 for one in product], product))
    assert (found.before, found.after) == pytest.approx((0.5, 0.45))
    assert (found.share, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1)), "days without scatter leave no doubt"
    assert (found.days, found.drawn_by, found.is_certain, found.why) == (40, "week", True, None)


def test_jinan_3_9_more_product_is_no_waste_and_less_is_no_saving() -> None:  # M10
    found = change(days([50.0] * 20, [100.0] * 20), days([100.0] * 20, [200.0] * 20))
    assert found.share == pytest.approx(0)


def test_the_interval_is_that_of_the_mean_of_independent_days() -> None:
    random = np.random.default_rng(3)
    before, after = 100 + 10 * random.normal(size=20), 90 + 10 * random.normal(size=20)
    found = change(days(list(before)), days(list(after)))
    assert found.drawn_by == "day"
    # The ratio of two means of 20 days: relative standard errors of each add up in squares (delta method).
    relative = np.hypot(before.std() / before.mean(), after.std() / after.mean()) / np.sqrt(20)
    half = 1.96 * relative * after.mean() / before.mean()
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.06)


def test_of_unequal_sides_the_days_next_to_the_cut_over_count() -> None:
    found = change(days([999.0] * 10 + [100.0] * 20), days([50.0] * 20))
    assert (found.days, found.before) == (20, 100.0)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([], [1.0] * 20, "no_data_before"),
        ([1.0] * 20, [float("nan")] * 20, "no_data_after"),
        ([1.0] * 13 + [float("nan")] * 9, [1.0] * 20, "too_few_days_before"),
        ([1.0] * 20, [1.0] * 13, "too_few_days_after"),
        ([0.0] * 20, [1.0] * 20, "nothing_before"),
    ],
)
def test_nothing_is_said_where_nothing_can_be_said(before: list[float], after: list[float], why: str) -> None:
    found = change(days(before), days(after))
    assert (found.why, found.is_certain) == (why, False)
    assert np.isnan(found.share)


def entry(machine_id: int | None = 1, equipment: str | None = "ac-1") -> ScopeEntry:
    return ScopeEntry(1, "空压机", machine_id, "direct", "continuous", None, "li", "air_compressor", "plant-1", equipment)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_jinan_3_9_energy_specific_energy_and_downtime_come_from_telemetry(migrated_database: str) -> None:  # M10
    """15 days on either side: 240 kWh a day for 2,400 m³ and 2 h down before, 192 kWh and 1 h down after; 2,400 m³ all along."""
    side, now = 18, datetime.now(UTC)
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    cut_over = today - timedelta(days=side + 1)
    rows: dict[float, dict[str, float]] = {}
    energy, air = 1000.0, 5000.0
    for hour in range(-24 * (side + 1), 24 * (side + 1)):
        at = cut_over + timedelta(hours=hour)
        is_after = hour >= 0
        for minute in range(0, 60, 10):
            down_hours = 1 if is_after else 2
            state = 4 if at.hour < down_hours else 3
            for second in (0, 30):
                rows[(at + timedelta(minutes=minute, seconds=second)).timestamp()] = {
                    "state": state,
                    "energy_total": energy + (8 if is_after else 10) * (minute + second / 60) / 60,
                    "free_air_total": air + 100 * (minute + second / 60) / 60,
                }
        energy, air = energy + (8 if is_after else 10), air + 100
    with Database(migrated_database) as database:
        plant = Plant()
        Filler(database).commit(plant.bundle(plant.batch("ac-1", "air_compressor", rows)))
        for rollup in ROLLUPS.values():
            refresh(database, rollup, now=now)
        scope = [entry(), entry(2, "never-seen"), entry(None)]
        rules = effect_rules().model_copy(update={"enough_of_a_day": 0.1})
        first, unseen = read_effects(database, scope, cut_over=cut_over, zone=SHANGHAI, now=now, rules=rules)
    figures: dict[str, Any] = {one.name: one for one in first.figures}
    assert {one: figures[one].change.days for one in figures} == {"energy": 15, "specific_energy": 15, "downtime": 15}
    assert figures["energy"].change.before == pytest.approx(240, rel=0.01)
    assert figures["energy"].change.share == pytest.approx(-0.2, abs=0.005)
    assert figures["specific_energy"].change.before == pytest.approx(0.1, rel=0.01)
    assert figures["specific_energy"].change.share == pytest.approx(-0.2, abs=0.005)
    assert figures["downtime"].change.before == pytest.approx(2 / 24)
    assert figures["downtime"].change.share == pytest.approx(-0.5)
    assert figures["downtime"].unit == "1"
    assert (unseen.figures, unseen.why_not) == ([], "no_readings")
