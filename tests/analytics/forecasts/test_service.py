"""Training, issuing and assessing forecasts of a plant in a real database."""

import asyncio
from datetime import datetime, timedelta

import numpy as np
import pytest

from analytics.forecasts.assessing import assess_plant
from analytics.forecasts.issuing import issue
from analytics.forecasts.plant import STEP, Plant, list_plants, ratings_kw, read_actual, sum_of_plant
from analytics.forecasts.runner import Runner
from analytics.forecasts.training import train
from analytics.result import NotEvaluated
from analytics.window import Window
from store.database import Database
from store.forecasts import LIVE, WeatherRow, add_weather, last_issue, load_model, models, power
from store.nameplates import Nameplate, save_nameplate
from tests.analytics.forecasts.conftest import END
from tests.analytics.forecasts.wind_plant import DAYS, GATEWAY, RATED_KW, STEPS_A_DAY, WindPlant

pytestmark = pytest.mark.database
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAN = float("nan")


def runner(database: Database, now: datetime) -> Runner:
    return Runner(database, stop=asyncio.Event(), now=lambda: now)


def test_a_plants_power_is_the_sum_of_its_machines_and_unknown_while_one_is_missing(
    opened: Database, plant: Plant, farm: WindPlant
) -> None:
    actual = read_actual(opened, plant, ratings_kw(opened, plant), start=farm.start, end=farm.end + HOUR)
    assert actual.power_kw[: DAYS * STEPS_A_DAY] == pytest.approx(farm.power_kw, rel=1e-5)
    assert np.isnan(actual.power_kw[DAYS * STEPS_A_DAY :]).all()
    assert not actual.curtailed.any()
    # Before its first value a machine is not there yet; after its last one it is missing, for a week.
    powers = np.array([[1.0, 1, 1, 1, NAN], [NAN, 2, NAN, 2, NAN]])
    assert sum_of_plant(powers, end=4) == pytest.approx([1, 3, NAN, 3, NAN], nan_ok=True)
    gone = np.array([[1.0] * 1000, [2.0] * 100 + [NAN] * 900])
    assert sum_of_plant(gone, end=1000)[[0, 100, 999]] == pytest.approx([3, 1, 1])
    assert np.isnan(sum_of_plant(gone[:, :700], end=700)[100:]).all()


def test_quarters_in_which_an_order_held_a_machine_back_are_curtailed(opened: Database, farm: WindPlant) -> None:
    limited = Window(
        kind="wind_turbine",
        start_us=round((END - HOUR).timestamp() * 1e6),
        step_seconds=900.0,
        values={
            "active_power": np.array([1000.0, 1000, 1000, 1000]),
            "available_power": np.array([1000.0, 3000, 1000, 1000]),
            "power_setpoint": np.array([5000.0, 1000, 5000, 5000]),
            "curtailment_active": np.array([0.0, 0, 1, 0]),
        },
    )
    ids = farm.site.fill("wind-2", {"turbine-1": limited})
    farm.site.roll_up(END + timedelta(minutes=2))
    (other,) = list_plants(opened, gateways=["wind-2"])
    actual = read_actual(opened, other, {ids["turbine-1"]: RATED_KW}, start=END - HOUR, end=END)
    assert actual.curtailed.tolist() == [False, True, True, False]


def test_a_capacity_is_never_that_of_some_machines(opened: Database, plant: Plant, farm: WindPlant) -> None:
    save_nameplate(opened, Nameplate(equipment_id=farm.ids["turbine-2"], rated={"rated_power": [5, "MW"]}))
    with pytest.raises(NotEvaluated, match="turbine-2"):
        ratings_kw(opened, plant)


def test_a_model_that_beats_the_floor_goes_live_and_the_same_again_does_not(opened: Database, plant: Plant) -> None:
    first = train(opened, plant, "ultra_short", now=END, made_by="test")
    assert first.role == "champion"
    errors = first.scores["nrmse"]
    assert errors["model"] < min(errors["floor"], errors["persistence"])
    assert datetime.fromisoformat(first.scores["until"]) == END
    again = train(opened, plant, "ultra_short", now=END, made_by="test")
    assert (again.role, again.scores["nrmse"]["champion"]) == ("challenger", pytest.approx(errors["model"]))
    assert {(one.id, one.role) for one in models(opened)} == {(first.model_id, "champion"), (again.model_id, "challenger")}
    # What was judged is what goes live: the newest days were not trained on.
    assert models(opened, roles=LIVE)[0].trained_until <= datetime.fromisoformat(first.scores["from"])


def test_too_little_history_is_said(opened: Database, plant: Plant) -> None:
    with pytest.raises(NotEvaluated, match="d are needed"):
        train(opened, plant, "day_ahead", now=END - 35 * DAY, made_by="test")
    with pytest.raises(NotEvaluated, match="no weather"):
        train(opened, plant, "day_ahead", now=END - 100 * DAY, made_by="test")


def test_nothing_is_forecast_where_there_is_no_weather_forecast(opened: Database, plant: Plant) -> None:
    made = train(opened, plant, "day_ahead", now=END, made_by="test")
    model = load_model(opened, made.model_id)
    assert model is not None
    # Hours of weather end at 23:00 of the second day: straight lines to midnight would be made up.
    done = issue(opened, plant, "day_ahead", issued_at=END + 9 * HOUR, model_id=made.model_id, model=model)
    assert (done.quarters, done.missing) == (93, 3)
    rows = power(opened, GATEWAY, "wind_turbine", "day_ahead", start=END, end=END + 3 * DAY)
    assert (rows[0].valid_at, rows[-1].valid_at) == (END + DAY, END + 2 * DAY - 4 * STEP)
    for row in rows:
        assert list(row.quantiles_kw) == sorted(row.quantiles_kw)
        assert 0 <= row.quantiles_kw[0] <= row.quantiles_kw[-1] <= 2 * RATED_KW
    nothing = issue(opened, plant, "day_ahead", issued_at=END + DAY + 9 * HOUR, model_id=made.model_id, model=model)
    assert (nothing.quarters, nothing.missing) == (0, 96)


def test_a_weather_forecast_that_came_after_the_issue_changes_nothing(opened: Database, plant: Plant) -> None:
    made = train(opened, plant, "day_ahead", now=END, made_by="test")
    model = load_model(opened, made.model_id)
    assert model is not None
    at = END - 15 * HOUR
    issue(opened, plant, "day_ahead", issued_at=at, model_id=made.model_id, model=model)
    before = power(opened, GATEWAY, "wind_turbine", "day_ahead", start=END, end=END + DAY)
    late = [WeatherRow(at + STEP, END + n * HOUR, {"wind_speed": 25.0}) for n in range(-24, 30)]
    add_weather(opened, GATEWAY, late)
    issue(opened, plant, "day_ahead", issued_at=at - STEP, model_id=made.model_id, model=model)
    with opened.connection() as connection:
        rows = connection.execute(b"SELECT mean_kw FROM forecast.power WHERE issued_at = %s ORDER BY valid_at", [at - STEP])
        assert [mean for (mean,) in rows] == pytest.approx([row.mean_kw for row in before], rel=0.02)


def test_the_service_issues_what_is_due_once_and_nothing_that_was_due_before_it_came(opened: Database, plant: Plant) -> None:
    for horizon in ("day_ahead", "ultra_short"):
        made = train(opened, plant, horizon, now=END, made_by="test")
        assert made.role == "champion"
    works = runner(opened, END + timedelta(minutes=7))
    assert works.round() == 16  # the next day is not due before nine
    assert works.round() == 0
    assert last_issue(opened, GATEWAY, "wind_turbine", "ultra_short") == END
    # Nine o'clock; hours of power are missing, so that the weather alone tells.
    later = runner(opened, END + 9 * HOUR + timedelta(minutes=6))
    assert later.round() == 16 + 93
    assert last_issue(opened, GATEWAY, "wind_turbine", "day_ahead") == END + 9 * HOUR
    said = later.status()[1]["problems"]
    assert said == {f"{GATEWAY}/wind_turbine/day_ahead": "no weather forecast for 3 of 96 quarters"}
    with opened.connection() as connection:
        rows = connection.execute(b"SELECT DISTINCT horizon, issued_at FROM forecast.power").fetchall()
    assert len(rows) == 3


def test_the_service_waits_for_the_newest_quarter_and_for_late_weather(opened: Database, plant: Plant) -> None:
    train(opened, plant, "ultra_short", now=END, made_by="test")
    assert runner(opened, END + STEP + timedelta(minutes=1)).round() == 0  # the quarter before it has not been made
    at = END + 3 * DAY + timedelta(minutes=6)
    works = runner(opened, at)
    assert works.round() == 0
    assert "no weather forecast for 16 of 16" in str(works.status())
    add_weather(opened, GATEWAY, [WeatherRow(at - HOUR, at + n * HOUR, {"wind_speed": 8.0}) for n in range(-1, 9)])
    assert works.round() == 16


async def test_the_service_ends_when_told(opened: Database) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(Runner(opened, stop=stop, round_seconds=30).run())
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.wait_for(task, 5)


def test_a_month_is_held_against_the_rules(opened: Database, plant: Plant, farm: WindPlant) -> None:
    made = train(opened, plant, "day_ahead", now=END, made_by="test")
    values = {"model": made.model_id}
    with opened.connection() as connection:  # forecasts of four days, one of them off by 40 % of the capacity, one missing
        for day, off in ((4, 0.0), (3, 4000.0), (1, 0.0)):
            first = (DAYS - day) * STEPS_A_DAY
            for step in range(STEPS_A_DAY):
                at = farm.start + (first + step) * STEP
                row = {"at": at, "issued": farm.end - day * DAY - 15 * HOUR, "mean": float(farm.power_kw[first + step]) + off}
                connection.execute(
                    b"INSERT INTO forecast.power VALUES ('wind-1', 'wind_turbine', 'day_ahead', %(issued)s, %(at)s, %(mean)s, 0,"
                    b" '{0,0,0,0,0,0,0,0,0}', %(model)s)",
                    {**values, **row},
                )
    found = {one.rule_set.id: {part.rule.measure: part for part in one.month} for one in assess_plant(opened, plant, "2026-03")}
    national = found["nea_2011"]
    assert national["accuracy"].value_percent == pytest.approx((100 + 60 + 100) / 3, abs=0.01)  # the mean of the days
    assert national["reporting_rate"].value_percent == pytest.approx(75)
    assert (national["accuracy"].holds, national["reporting_rate"].holds) == (True, False)
    assert assess_plant(opened, plant, "2026-05") == []


def test_plants_are_the_machines_of_one_kind_behind_one_gateway(opened: Database, plant: Plant) -> None:
    assert (plant.name, len(plant.machines), plant.zone) == ("wind-1/wind_turbine", 2, "Asia/Shanghai")
    assert list_plants(opened, gateways=["elsewhere"]) == []
