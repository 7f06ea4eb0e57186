"""Energy: amounts by day of the plant, specific consumption, standard coal, and the losses of a boiler."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from device_profiles.kind import kind_names
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from telemetry.bundle import Bundle
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600
TODAY = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
DAY_BEFORE = (TODAY - timedelta(days=2)).timestamp()
"""Midnight in Shanghai, 16:00 UTC."""
STEADY = {
    "fuel_flow": 720.0,
    "fuel_lower_heating_value": 36_000.0,
    "flue_gas_temperature_stack": 130.0,
    "ambient_temperature": 20.0,
    "flue_gas_oxygen_stack": 3.5,
    "flue_gas_carbon_monoxide": 0.0,
    "blowdown_flow": 0.18,
    "feedwater_temperature": 105.0,
    "steam_pressure": 0.999,
}


def two_days(plant: Plant, name: str) -> Bundle:
    """Make 48 hours from a midnight of Shanghai: 720 m³ of gas and 9 t of steam an hour, a row every ten minutes."""
    rows = {
        DAY_BEFORE + n * 600.0: {
            "state": 3.0,
            "fuel_total": 1000 + 120.0 * n,
            "steam_flow": 9.0,
            "auxiliary_power": 20.0,
            **STEADY,
        }
        for n in range(48 * 6)
    }
    return plant.bundle(plant.batch(name, "boiler", rows))


@pytest.fixture
def client(filler: Filler, migrated_database: str, settings_for: Any) -> Iterator[httpx.Client]:
    filler.commit(two_days(Plant(), "boiler-1"))
    with Database(migrated_database) as opened:
        for rollup in ROLLUPS.values():
            refresh(opened, rollup, now=datetime.now(UTC))
    with serving(settings_for()) as address, client_for(address, migrated_database) as made:
        yield made


def yesterday(days: int = 1) -> str:
    return f"days={days}&until={(TODAY - timedelta(days=1)).date()}"


def test_a_day_is_one_of_the_plant(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/energy?kind=boiler&{yesterday(3)}").json()
    gas, power, steam = answer["flows"]
    # The counter's first reading is at midnight: from there to the last one of that day, and one step to the next.
    first_day = 143 * 120.0
    assert gas["by_day"] == pytest.approx([None, first_day, 17_280.0])
    assert steam["by_day"] == pytest.approx([None, 216.0, 216.0])
    assert power["by_day"] == pytest.approx([None, 480.0, 480.0])
    assert answer["days"][-1] == str((TODAY - timedelta(days=1)).date())
    assert (answer["time_zone"], answer["machines_found"]) == ("Asia/Shanghai", 1)
    (machine,) = answer["machines"]
    assert machine["flows"][0]["coverage"] == pytest.approx(2 / 3)
    assert machine["flows"][0]["validity"] == "doubtful"


def test_a_whole_day_is_valid_and_beside_the_one_before(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/energy?kind=boiler&{yesterday()}").json()
    gas, power, _ = answer["flows"]
    assert (gas["amount"], gas["previous"]) == pytest.approx((17_280.0, 143 * 120.0))
    (machine,) = answer["machines"]
    assert machine["flows"][0] == {"amount": 17_280.0, "coverage": 1.0, "validity": "valid", "by_day": [17_280.0]}
    # 720 m³/h for 9 t/h, and 20 kW for 9 t/h
    assert machine["specific"][0] == {"value": 80.0, "coverage": 1.0, "unit": "m³/t"}
    assert machine["specific"][1]["value"] == pytest.approx(20 / 9)
    # GB/T 2589: 1.33 kgce/m³ and 0.1229 kgce/kWh
    assert answer["standard_coal_kg"] == pytest.approx(17_280 * 1.33 + 480 * 0.1229)
    assert answer["carbon_dioxide_kg"] == pytest.approx(17_280 * 2.162 + 480 * 0.5366)
    assert power["amount"] == pytest.approx(480)


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("kind=toaster", "air_compressor"),
        ("kind=boiler&days=93", "days"),
        ("kind=boiler&until=2999-01-01", "until"),
        ("kind=boiler&until=0001-01-01", "until"),
        ("kind=boiler&until=soon", "until"),
        ("kind=boiler&search=%00", "search"),
        ("equipment=0", "equipment"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(migrated_database: str, settings_for: Any, question: str, word: str) -> None:
    with serving(settings_for()) as address, client_for(address, migrated_database) as client:
        answer = client.get(f"/api/v1/energy?{question}")
        assert answer.status_code == 422
        assert word in answer.json()["error"]


def test_the_page_shows_the_same_figures_as_pictures_and_tables(client: httpx.Client) -> None:
    page = client.get(f"/energy?lang=en&kind=boiler&{yesterday()}").text
    assert "GB/T 2589-2020" in page
    assert page.count('<svg class="drawing') == 4  # standard coal, gas, electricity, steam
    assert ">80<" in page
    rows = list(
        csv.reader(io.StringIO(client.get(f"/energy/machines.csv?kind=boiler&{yesterday()}").content.decode("utf-8-sig")))
    )
    assert [float(cell) for cell in rows[1][2:6]] == pytest.approx([17_280, 480, 216, 80])
    days = list(csv.reader(io.StringIO(client.get(f"/energy/days.csv?kind=boiler&{yesterday(2)}").content.decode("utf-8-sig"))))
    assert len(days) == 1 + 3 * 2
    assert float(days[1][4]) == pytest.approx(143 * 120.0)
    assert days[1][7] == "valid"


def test_a_boilers_heat_is_split_and_adds_up(client: httpx.Client) -> None:
    number = client.get("/api/v1/energy?kind=boiler").json()["machines"][0]["id"]
    page = client.get(f"/energy/machine?lang=en&equipment={number}&{yesterday()}")
    assert page.status_code == 200
    content = client.get(f"/energy/losses.csv?lang=en&equipment={number}&{yesterday()}").content.decode("utf-8-sig")
    flows = {row[1]: float(row[2]) for row in list(csv.reader(io.StringIO(content)))[1:]}
    # 7200 kW for 24 hours; Siegert's loss at 130 °C and 3.5 % oxygen is 5.137 %.
    assert sum(flows.values()) == pytest.approx(7200 * 24)
    assert max(flows.values()) > 0.9 * 7200 * 24
    assert sorted(flows.values())[-2] == pytest.approx(7200 * 24 * 0.05137, rel=1e-3)
    hours = list(
        csv.reader(io.StringIO(client.get(f"/energy/hours.csv?equipment={number}&{yesterday()}").content.decode("utf-8-sig")))
    )
    assert len(hours) == 25
    assert float(hours[5][1]) == 720
    before = client.get(f"/energy/machine?lang=zh&equipment={number}&days=1&until={(TODAY - timedelta(days=9)).date()}").text
    assert "热损失未计算" in before
    assert "24 小时未计算：缺少测量值" in before


def test_another_sites_machines_are_not_counted(client: httpx.Client, filler: Filler, migrated_database: str) -> None:
    site = client.post("/api/v1/sites", json={"name": "other", "label_zh": "别处", "label_en": "Elsewhere", "time_zone": "UTC"})
    assert site.status_code < 300, site.text
    number = client.get("/api/v1/energy?kind=boiler").json()["machines"][0]["id"]
    with client_for(str(client.base_url), migrated_database, role="operator", sites=(site.json()["id"],)) as stranger:
        answer = stranger.get("/api/v1/energy?kind=boiler").json()
        assert (answer["machines_found"], answer["machines"], answer["standard_coal_kg"]) == (0, [], None)
        for path in ("api/v1/energy", "energy/machine", "energy/hours.csv", "energy/losses.csv"):
            assert stranger.get(f"/{path}?equipment={number}").status_code == 404
        assert "boiler-1" not in stranger.get("/energy?kind=boiler").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_every_kind_renders_while_there_is_nothing(migrated_database: str, settings_for: Any, language: str) -> None:
    with serving(settings_for()) as address, client_for(address, migrated_database) as client:
        assert client.get("/energy").status_code == 200
        assert client.get("/energy/machine").status_code == 404
        for kind in kind_names():
            answer = client.get(f"/energy?kind={kind}&lang={language}")
            assert answer.status_code == 200
            assert "is-empty" in answer.text
