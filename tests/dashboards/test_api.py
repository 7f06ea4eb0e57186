"""The API on a real database."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dashboards.application import create_application
from dashboards.settings import WebSettings
from device_profiles.kind import kind_names
from telemetry.errors import ConfigError
from telemetry.quality import Quality
from tests.dashboards.plant import GATEWAY, Filler, Plant, serving, wait_until

SettingsFor = Callable[..., WebSettings]
once = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""For what is the same on every database server."""


@pytest.fixture
def filled(filler: Filler, plant: Plant) -> float:
    """Two boilers: ten seconds of one, a row of an hour ago of the other. Gives the time of the newest row."""
    now = round(time.time() - 1, 3)
    rows = {now - back: {"state": 3, "steam_pressure": 1.0 + back / 100, "drum_level": float("nan")} for back in range(10)}
    filler.commit(
        plant.bundle(plant.batch("boiler-1", "boiler", rows, {"drum_level": int(Quality.BAD_SENSOR_FAILURE)})),
        plant.boiler(now - 3600, name="boiler-2"),
    )
    return now


@pytest.fixture
def client(filled: float, settings_for: SettingsFor) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, httpx.Client(base_url=address) as made:
        wait_until(lambda: made.get("/healthz").json()["machines"] == 2)
        yield made


def test_an_empty_database_has_no_machines(filler: Filler, settings_for: SettingsFor) -> None:
    with serving(settings_for()) as address, httpx.Client(base_url=address) as client:
        wait_until(lambda: client.get("/healthz").json()["database"])
        assert client.get("/api/v1/equipment").json() == {"total": 0, "offset": 0, "equipment": []}


def test_the_list_shows_key_values_age_and_staleness(client: httpx.Client, filled: float) -> None:
    one, two = client.get("/api/v1/equipment").json()["equipment"]
    assert (one["name"], one["gateway"], one["kind"], one["kind_label"]["zh"]) == ("boiler-1", GATEWAY, "boiler", "工业锅炉")
    assert datetime.fromisoformat(one["time"]).timestamp() == pytest.approx(filled, abs=0.002)
    assert (one["stale"], two["stale"]) == (False, True)
    assert two["age_seconds"] == pytest.approx(3601, abs=30)
    assert one["values"]["steam_pressure"]["value"] == 1.0
    assert one["values"]["state"]["state_label"] == {"zh": "运行", "en": "Running"}
    assert "feedwater_flow" not in one["values"]  # not a key signal


@once
def test_a_bad_value_is_null_with_its_quality(client: httpx.Client) -> None:
    level = client.get("/api/v1/equipment").json()["equipment"][0]["values"]["drum_level"]
    assert (level["value"], level["quality"]) == (None, "bad_sensor_failure")


@once
def test_one_machine_shows_all_signals(client: httpx.Client) -> None:
    listed = client.get("/api/v1/equipment").json()["equipment"][0]
    shown = client.get(f"/api/v1/equipment/{listed['id']}").json()
    assert shown["values"]["feedwater_flow"]["value"] is None
    assert len(shown["values"]) > len(listed["values"])


@once
def test_the_list_is_searched_and_paged(client: httpx.Client) -> None:
    assert client.get("/api/v1/equipment?search=BOILER-2").json()["total"] == 1
    page = client.get("/api/v1/equipment?limit=1&offset=1").json()
    assert (page["total"], [one["name"] for one in page["equipment"]]) == (2, ["boiler-2"])


def first_id(client: httpx.Client) -> int:
    return int(client.get("/api/v1/equipment").json()["equipment"][0]["id"])


def test_a_series_has_columns_with_nulls(client: httpx.Client, filled: float) -> None:
    answer = client.get(f"/api/v1/equipment/{first_id(client)}/series?signals=steam_pressure,drum_level&span=1h").json()
    assert answer["level"] == "raw"
    assert answer["columns"]["steam_pressure"] == pytest.approx([1 + back / 100 for back in reversed(range(10))])
    assert answer["columns"]["drum_level"] == [None] * 10
    assert answer["times"][-1] == pytest.approx(filled * 1000, abs=2)


def test_a_series_between_two_times_is_half_open(client: httpx.Client, filled: float) -> None:
    start, end = (datetime.fromtimestamp(filled - back, UTC).isoformat() for back in (5, 2))
    query = {"signals": "steam_pressure", "from": start, "to": end}
    answer = client.get(f"/api/v1/equipment/{first_id(client)}/series", params=query).json()
    assert answer["columns"]["steam_pressure"] == pytest.approx([1.05, 1.04, 1.03])


def test_a_long_span_comes_from_rollups_with_extremes(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/equipment/{first_id(client)}/series?signals=steam_pressure&span=24h").json()
    assert answer["level"] == "1m"
    lows, highs = answer["minimum"]["steam_pressure"], answer["maximum"]["steam_pressure"]
    assert min(lows) == pytest.approx(1.0)
    assert max(highs) == pytest.approx(1.09)


WRONG_QUESTIONS = {
    "signals=no_such&span=1h": "steam_pressure",
    "signals=&span=1h": "name 1 to",
    "span=1h": "signals",
    "signals=steam_flow&span=3y": "1h, 24h, 7d",
    "signals=steam_flow": "from",
    "signals=steam_flow&from=yesterday": "not a time",
    "signals=steam_flow&from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z": "not before",
    "signals=steam_flow&from=2001-01-01T00:00:00Z": "at most 400 days",
    "signals=steam_flow&span=1h&from=2026-05-01T00:00:00Z": "either",
    "signals=steam_flow&from=0001-01-01T00:00:00": "not a time",
    "signals=steam_flow&span=1h&points=1000000": "points",
}


@once
def test_a_wrong_question_is_told_what_is_wrong(client: httpx.Client) -> None:
    number = first_id(client)
    for query, word in WRONG_QUESTIONS.items():
        answer = client.get(f"/api/v1/equipment/{number}/series?{query}")
        assert answer.status_code == 422, query
        assert word in answer.json()["error"]


@once
def test_what_is_not_there_is_404_with_a_sentence(client: httpx.Client) -> None:
    for path in (
        "/api/v1/equipment/999",
        "/api/v1/equipment/999/series?signals=steam_flow&span=1h",
        "/api/v1/kinds/toaster",
        "/api/nothing",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]
    assert ", ".join(kind_names()) in client.get("/api/v1/kinds/toaster").json()["error"]


@once
def test_a_time_without_zone_is_the_plants(client: httpx.Client, filled: float) -> None:
    local = (datetime.fromtimestamp(filled, UTC) + timedelta(hours=8) - timedelta(seconds=5.5)).replace(tzinfo=None)
    query = {"signals": "steam_pressure", "from": local.isoformat()}
    answer = client.get(f"/api/v1/equipment/{first_id(client)}/series", params=query).json()
    assert len(answer["times"]) == 6


@once
def test_a_kind_tells_its_signals_in_both_languages(client: httpx.Client) -> None:
    pressure = client.get("/api/v1/kinds/boiler").json()["signals"]["steam_pressure"]
    assert pressure["label"] == {"zh": "锅筒压力", "en": "Drum pressure"}
    assert (pressure["unit"], pressure["normal"], pressure["alarms"]) == ("MPa", [0.8, 1.2], {"low": 0.7, "high": 1.25})


def test_the_table_opens_in_a_spreadsheet_with_the_plants_time(client: httpx.Client, filled: float) -> None:
    answer = client.get(f"/api/v1/equipment/{first_id(client)}/series.csv?signals=steam_pressure,drum_level&span=1h")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header == ["time (Asia/Shanghai)", "steam_pressure", "drum_level"]
    assert rows[-1][1:] == ["1.0", ""]
    assert datetime.fromisoformat(rows[-1][0]).timestamp() == pytest.approx(filled, abs=0.002)
    assert rows[-1][0].endswith("+08:00")


@once
def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/api/v1/equipment", "/api/nothing", "/nothing", "/static/style.css", "/static/nothing.css", "/healthz"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@once
def test_counters_are_served(client: httpx.Client) -> None:
    assert "shangyun_web_streams" in client.get("/metrics").text


class TestWithoutDatabase:
    """No server listens there; the broker is away too."""

    @pytest.fixture
    def client(self) -> Iterator[httpx.Client]:
        settings = WebSettings.model_validate(
            {"database": "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1", "broker": {"host": "127.0.0.1", "port": 1}}
        )
        with serving(settings) as address, httpx.Client(base_url=address, timeout=15) as made:
            wait_until(lambda: made.get("/api/v1/equipment").status_code == 503, seconds=30)
            yield made

    def test_the_api_says_so_and_when_to_come_back(self, client: httpx.Client) -> None:
        for path in ("/api/v1/equipment", "/api/v1/equipment/1", "/api/v1/equipment/1/series?signals=steam_flow&span=1h"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "database" in answer.json()["error"]
        assert client.get("/healthz").status_code == 503

    def test_pages_still_render_and_say_so(self, client: httpx.Client) -> None:
        assert "设备列表暂不可用" in client.get("/").text
        answer = client.get("/equipment/1?lang=en")
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text


def test_a_wrong_database_address_is_a_mistake_in_the_settings() -> None:
    settings = WebSettings.model_validate({"database": "no address", "broker": {"host": "127.0.0.1"}})
    with pytest.raises(ConfigError, match="database address"):
        create_application(settings)
