"""Power forecasts: API and pages over a small wind farm, its models, its assessment, and weather that people bring."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from analytics.forecasts.issuing import issue
from analytics.forecasts.plant import list_plants
from analytics.forecasts.training import train
from analytics.power_forecast import regressors
from dashboards.settings import WebSettings
from store.audit import Filter, list_acts
from store.database import Database
from store.forecasts import load_model, weather_spans
from store.nameplates import Nameplate, save_nameplate
from telemetry.mqtt import BrokerSettings
from tests.analytics.forecasts.wind_plant import GATEWAY, WindPlant, build, midnight
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import free_port, serving
from tests.dashboards.sites import fresh_database

pytestmark = pytest.mark.database
PLANT = f"gateway={GATEWAY}&kind=wind_turbine"
KEY = f"plant={GATEWAY}/wind_turbine"
HOUR = timedelta(hours=1)


class Running(NamedTuple):
    """The app over the farm, whose newest day was forecast the day before."""

    address: str
    database: str
    opened: Database
    farm: WindPlant


@pytest.fixture(scope="module")
def running(postgresql_server: str, postgresql_template: str) -> Iterator[Running]:
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_database(postgresql_server, postgresql_template) as database,
        Database(database) as opened,
    ):
        patch.setattr(regressors, "has_boosting", lambda: False)
        farm = build(opened, end=midnight())
        (plant,) = list_plants(opened)
        for horizon, at in (("day_ahead", farm.end - 39 * HOUR), ("ultra_short", farm.end)):
            made = train(opened, plant, horizon, now=farm.end, made_by="test")
            model = load_model(opened, made.model_id)
            assert model is not None
            issue(opened, plant, horizon, issued_at=at, model_id=made.model_id, model=model)
        settings = WebSettings(database=database, broker=BrokerSettings(host="127.0.0.1", port=free_port()))
        with serving(settings) as address:
            yield Running(address, database, opened, farm)


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with client_for(running.address, running.database) as made:
        yield made


@pytest.fixture
def engineer(running: Running) -> Iterator[httpx.Client]:
    with client_for(running.address, running.database, role="engineer") as made:
        yield made


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_api_gives_the_newest_forecast_beside_what_came(running: Running, client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/forecasts?{PLANT}").json()
    yesterday = running.farm.end - 24 * HOUR
    assert (answer["horizon"], len(answer["levels"])) == ("day_ahead", 9)
    assert datetime.fromisoformat(answer["issued_at"]) == running.farm.end - 39 * HOUR
    forecast = [one for one in answer["quarters"] if one["mean_kw"] is not None]
    assert (len(forecast), len(answer["quarters"])) == (96, 192)
    assert datetime.fromisoformat(forecast[0]["time"]) == yesterday
    assert [one["actual_kw"] for one in forecast] == pytest.approx(running.farm.power_kw[-96:].tolist(), rel=1e-5)
    one_hour = f"from={(yesterday + HOUR).isoformat()[:19]}Z&to={(yesterday + 2 * HOUR).isoformat()[:19]}Z"
    assert client.get(f"/api/v1/forecasts?{PLANT}&{one_hour}").json()["quarters"] == forecast[4:8]
    rows = table(client.get(f"/api/v1/forecasts/quarters.csv?{PLANT}&{one_hour}"))
    assert (len(rows), float(rows[1][2])) == (5, forecast[4]["mean_kw"])
    (plant,) = client.get("/api/v1/forecasts/plants").json()["plants"]
    assert (plant["gateway"], plant["machines"], plant["time_zone"]) == (GATEWAY, 2, "Asia/Shanghai")
    assert {one["horizon"] for one in plant["models"]} == {"day_ahead", "ultra_short"}


def test_a_month_is_assessed_by_rule_sets(running: Running, client: httpx.Client) -> None:
    month = f"{(running.farm.end - HOUR).astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m}"
    answer = client.get(f"/api/v1/forecasts/assessment?{PLANT}&month={month}").json()
    sets = {one["id"]: one for one in answer["rule_sets"] if one["horizon"] == "day_ahead"}
    measures = {one["measure"]: one for one in sets["nea_2011"]["measures"]}
    assert (measures["reporting_rate"]["value_percent"], measures["reporting_rate"]["holds"]) == (100, True)
    assert 80 < measures["accuracy"]["value_percent"] < 100
    assert sets["nea_2011"]["verified"] is False
    page = client.get(f"/forecasts/assessment?{KEY}&month={month}&lang=zh").text
    assert f"{measures['accuracy']['value_percent']:.2f}%" in page
    assert "≥ 75%" in page
    rows = table(client.get(f"/forecasts/assessment.csv?{KEY}&month={month}&lang=en"))
    assert {row[0] for row in rows[1:]} == {"NEA interim rules (2011)", "North China, two rules (2019)", "NB/T 31046-2013"}


@pytest.mark.parametrize(
    ("question", "status", "word"),
    [
        ("gateway=nowhere", 404, "nowhere"),
        ("kind=boiler", 404, "boiler"),
        ("gateway=%00", 422, "gateway"),
        ("horizon=week", 422, "horizon"),
        ("to=2026-01-01", 422, "from"),
        ("from=2020-01-01&to=2026-01-01", 422, "31 days"),
        ("from=NaN", 422, "from"),
        ("from=9999-12-31T23:59:59-14:00", 422, "from"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(client: httpx.Client, question: str, status: int, word: str) -> None:
    answer = client.get(f"/api/v1/forecasts?{question}")
    assert (answer.status_code, word in answer.json()["error"]) == (status, True), answer.text
    assert client.get("/api/v1/forecasts/assessment?month=0000-13").status_code == 422
    assert client.get(f"/forecasts?{KEY}&day=9999-12-31").status_code == 422
    assert client.get(f"/forecasts/assessment?{KEY}&month=x").status_code == 422
    assert client.get("/forecasts?plant=nowhere/wind_turbine").status_code == 404


def test_the_page_draws_both_fans_with_floor_and_actual(running: Running, client: httpx.Client) -> None:
    page = client.get(f"/forecasts?{KEY}&lang=en").text
    assert page.count('<svg class="drawing') == 2
    assert "Floor" in page
    rows = table(client.get(f"/forecasts/quarters.csv?{KEY}&horizon=day_ahead&lang=en"))
    assert rows[0][1:4] == ["Median forecast (kW)", "Actual (kW)", "Floor (kW)"]
    assert float(rows[-1][2]) == pytest.approx(running.farm.power_kw[-1], rel=1e-5)
    assert len(table(client.get(f"/forecasts/quarters.csv?{KEY}&horizon=ultra_short"))) == 1 + 32
    models = client.get(f"/forecasts/models?{KEY}&lang=en").text
    assert "beats the floor" in models
    assert len(table(client.get(f"/forecasts/models.csv?{KEY}"))) == 3


def test_an_engineer_brings_a_weather_forecast_and_the_log_tells(running: Running, engineer: httpx.Client) -> None:
    before = weather_spans(running.opened)[GATEWAY]
    bad = "issued_at,valid_at,wind_speed\n2026-05-01T08:00,noon,7.5\n"
    form = {"plant": f"{GATEWAY}/wind_turbine"}
    answer = engineer.post("/forecasts/weather", data=form, files={"file": ("预报.csv", bad, "text/csv")})
    assert answer.status_code == 422
    assert "预报.csv:2: valid_at" in answer.text
    assert weather_spans(running.opened)[GATEWAY] == before
    issued, valid = running.farm.end, running.farm.end + 72 * HOUR
    good = f"issued_at,valid_at,wind_speed\n{issued.isoformat()},{valid.isoformat()},7.5\n"
    answer = engineer.post("/forecasts/weather", data=form, files={"file": ("w.csv", good, "text/csv")}, follow_redirects=True)
    assert answer.status_code == 200
    assert weather_spans(running.opened)[GATEWAY].last == valid
    _, acts = list_acts(running.opened, Filter(action="forecast."), limit=5)
    assert [(act.object, act.detail) for act in acts] == [(f"gateway {GATEWAY}", {"file": "w.csv", "instants": 1})]
    with client_for(running.address, running.database, role="operator") as operator:
        refused = operator.post("/forecasts/weather", data=form, files={"file": ("w.csv", good, "text/csv")})
        assert refused.status_code == 403
        assert "upload-title" not in operator.get(f"/forecasts/weather?{KEY}").text


def test_another_sites_plants_do_not_exist(running: Running, client: httpx.Client) -> None:
    site = client.post("/api/v1/sites", json={"name": "other", "label_zh": "别处", "label_en": "Elsewhere", "time_zone": "UTC"})
    with client_for(running.address, running.database, role="engineer", sites=(site.json()["id"],)) as stranger:
        assert stranger.get("/api/v1/forecasts").json()["plant"] is None
        assert stranger.get("/api/v1/forecasts/plants").json() == {"plants": []}
        for path in (f"api/v1/forecasts?{PLANT}", f"forecasts?{KEY}", f"forecasts/models.csv?{KEY}"):
            assert stranger.get(f"/{path}").status_code == 404
        for path in ("forecasts", "forecasts/assessment", "forecasts/models", "forecasts/weather"):
            answer = stranger.get(f"/{path}?lang=zh")
            assert (answer.status_code, "没有风电或光伏场站" in answer.text, GATEWAY in answer.text) == (200, True, False)
        form = {"plant": f"{GATEWAY}/wind_turbine"}
        assert stranger.post("/forecasts/weather", data=form, files={"file": ("w.csv", b"", "text/csv")}).status_code == 404


def test_without_a_nameplate_nothing_is_assessed_and_the_page_says_which(running: Running, client: httpx.Client) -> None:
    number = running.farm.ids["turbine-1"]
    save_nameplate(running.opened, Nameplate(equipment_id=number))
    try:
        assert "turbine-1" in client.get(f"/forecasts/assessment?{KEY}").text
        assert client.get(f"/api/v1/forecasts/assessment?{PLANT}").status_code == 409
        assert client.get(f"/forecasts?{KEY}").status_code == 200
    finally:
        save_nameplate(running.opened, Nameplate(equipment_id=number, rated={"rated_power": [5000.0, "kW"]}))


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_can_be_used_by_everybody_also_on_a_telephone(
    running: Running, chromium: str, built_vendor: None, language: str
) -> None:
    cookies: Any = cookies_for(running.address, running.database, role="engineer")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=running.address, reduced_motion="reduce")
        context.add_cookies([*cookies, {"name": "lang", "value": language, "url": running.address}])
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        for path, seen in (("", "svg.drawing"), ("/assessment", "td .is-failed, td"), ("/models", "table"), ("/weather", "form")):
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(f"/forecasts{path}")
            expect(page.locator(f"main {seen}").first).to_be_visible()
            page.screenshot(path=f"test-output/forecasts{path.replace('/', '-')}-{language}.png")
            wrong += violations(page, language=language)
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        browser.close()
    assert [one for one in wrong if "stream" not in one] == []
