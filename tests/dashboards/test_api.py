"""The API on a real database."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from dashboards.application import create_application
from dashboards.settings import WebSettings
from device_profiles.kind import kind_names
from store.database import Database
from store.sites import add_site, assign_gateway
from telemetry.bundle import Event
from telemetry.errors import ConfigError
from telemetry.quality import Quality
from tests.dashboards.people import client_for
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
def client(filled: float, settings_for: SettingsFor, database: str) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, database) as made:
        wait_until(lambda: made.get("/healthz").json()["machines"] == 2)
        yield made


@once
def test_an_empty_database_has_no_machines(filler: Filler, settings_for: SettingsFor, database: str) -> None:
    with serving(settings_for()) as address, client_for(address, database) as client:
        wait_until(lambda: client.get("/healthz").json()["database"])
        assert client.get("/api/v1/equipment").json() == {"total": 0, "offset": 0, "limit": 50, "items": []}


@once
def test_the_list_shows_key_values_age_and_staleness(client: httpx.Client, filled: float) -> None:
    wait_until(lambda: all(item["time"] for item in client.get("/api/v1/equipment").json()["items"]))
    one, two = client.get("/api/v1/equipment").json()["items"]
    assert (one["name"], one["gateway"], one["kind"], one["kind_label"]["zh"]) == ("boiler-1", GATEWAY, "boiler", "工业锅炉")
    assert datetime.fromisoformat(one["time"]).timestamp() == pytest.approx(filled, abs=0.002)
    assert (one["stale"], two["stale"]) == (False, True)
    assert two["age_seconds"] == pytest.approx(3601, abs=30)
    assert one["values"]["steam_pressure"]["value"] == 1.0
    assert one["values"]["state"]["state_label"] == {"zh": "运行", "en": "Running"}
    assert "feedwater_flow" not in one["values"]  # not a key signal


@once
def test_a_bad_value_is_null_with_its_quality(client: httpx.Client) -> None:
    level = client.get("/api/v1/equipment").json()["items"][0]["values"]["drum_level"]
    assert (level["value"], level["quality"]) == (None, "bad_sensor_failure")


@once
def test_one_machine_shows_all_signals(client: httpx.Client) -> None:
    listed = client.get("/api/v1/equipment").json()["items"][0]
    shown = client.get(f"/api/v1/equipment/{listed['id']}").json()
    assert shown["values"]["feedwater_flow"]["value"] is None
    assert len(shown["values"]) > len(listed["values"])


@once
def test_the_list_is_searched_and_paged(client: httpx.Client) -> None:
    assert client.get("/api/v1/equipment?search=BOILER-2").json()["total"] == 1
    page = client.get("/api/v1/equipment?limit=1&offset=1").json()
    assert (page["total"], [one["name"] for one in page["items"]]) == (2, ["boiler-2"])


def make_site(database: str, name: str, *gateways: str) -> int:
    values = {"name": name, "label_zh": "北厂", "label_en": "North works", "time_zone": "Asia/Shanghai"}
    with Database(database) as opened, opened.connection() as connection:
        site = add_site(connection, values)
        assert site is not None
        for gateway in gateways:
            assign_gateway(connection, gateway, site)
    return site


def first_id(client: httpx.Client) -> int:
    return int(client.get("/api/v1/equipment").json()["items"][0]["id"])


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
    "signals=steam_flow&span=3y": "1h, 24h, 7d, 30d",
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


@once
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
        assert headers["referrer-policy"] == "same-origin"


@once
def test_programs_get_a_series_as_arrow(client: httpx.Client, filled: float) -> None:
    address = f"/api/v1/equipment/{first_id(client)}/series?signals=steam_pressure,drum_level"
    for answer in (
        client.get(f"{address}&span=1h&format=arrow"),
        client.get(f"{address}&span=1h", headers={"Accept": "application/vnd.apache.arrow.stream"}),
    ):
        assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
        table = pa.ipc.open_stream(answer.content).read_all()
        assert table.column_names == ["time", "steam_pressure", "drum_level"]
        assert table["steam_pressure"].to_pylist() == pytest.approx([1 + back / 100 for back in reversed(range(10))])
        assert table["drum_level"].null_count == 10
        assert table["time"].to_pylist()[-1].timestamp() == pytest.approx(filled, abs=0.002)
    rollups = pa.ipc.open_stream(client.get(f"{address}&span=24h&format=arrow").content).read_all()
    assert rollups.column_names[1:4] == ["steam_pressure", "steam_pressure_min", "steam_pressure_max"]


@once
def test_the_newest_values_and_the_signals_are_told_apart(client: httpx.Client) -> None:
    number = first_id(client)
    newest = client.get(f"/api/v1/equipment/{number}/latest").json()
    assert newest["values"]["steam_pressure"]["value"] == 1.0
    assert "label" not in newest["values"]["steam_pressure"]
    signals = client.get(f"/api/v1/equipment/{number}/signals").json()["signals"]
    assert signals["steam_pressure"]["unit"] == "MPa"
    assert newest["values"].keys() == signals.keys()


@once
def test_sparklines_have_a_hundred_points_at_most(client: httpx.Client, filler: Filler, plant: Plant, filled: float) -> None:
    rows = {filled - 60 * minute: {"steam_pressure": 1.0 + minute / 1e4} for minute in range(1, 1430)}
    filler.commit(plant.bundle(plant.batch("boiler-1", "boiler", rows)))
    signals = client.get(f"/api/v1/equipment/{first_id(client)}/sparklines?span=24h").json()["signals"]
    line = signals["steam_pressure"]
    assert 90 <= len(line["times"]) == len(line["values"]) <= 100
    assert line["values"][0] > line["values"][-2] > 1.0
    assert "feedwater_flow" not in signals  # no key signal
    assert "drum_level" not in signals  # nothing but failures


def test_an_export_is_the_rows_themselves(client: httpx.Client, filled: float) -> None:
    number = first_id(client)
    query = {"from": datetime.fromtimestamp(filled - 60, UTC).isoformat(), "signals": "steam_pressure,drum_level"}
    answer = client.get(f"/api/v1/equipment/{number}/export", params=query)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header == ["time", "equipment", "steam_pressure", "drum_level"]
    assert [float(row[2]) for row in rows] == pytest.approx([1 + back / 100 for back in reversed(range(10))])
    assert rows[0][0].endswith("+08:00")
    answer = client.get(f"/api/v1/equipment/{number}/export", params={**query, "format": "parquet"})
    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.num_rows == 10
    assert table.schema.field("steam_pressure").metadata[b"unit"] == b"MPa"


@once
def test_an_export_of_what_is_not_there_is_refused(client: httpx.Client) -> None:
    number = first_id(client)
    for query, word in {
        "": "from",
        "from=2026-01-01&signals=no_such": "steam_flow",
        "from=2026-01-01&format=xlsx": "format",
    }.items():
        answer = client.get(f"/api/v1/equipment/{number}/export?{query}")
        assert (answer.status_code, word in answer.json()["error"]) == (422, True), query
    assert client.get("/api/v1/equipment/999/export?from=2026-01-01").status_code == 404


@once
def test_a_machine_of_no_known_kind_is_listed_with_what_it_sends(
    client: httpx.Client, filler: Filler, plant: Plant, filled: float
) -> None:
    kiln = plant.batch("kiln-1", "kiln", {filled - back: {"zone_1": 900.0 + back} for back in range(5)})
    filler.commit(plant.bundle(kiln, events=(Event("kiln-1", round(filled * 1e6), "recipe", "R7"),)))
    wait_until(lambda: client.get("/api/v1/equipment?kind=kiln").json()["total"] == 1)
    wait_until(lambda: client.get("/api/v1/equipment?kind=kiln").json()["items"][0]["values"].get("recipe"))
    (kiln_row,) = client.get("/api/v1/equipment?kind=kiln").json()["items"]
    assert (kiln_row["kind_label"]["zh"], kiln_row["activity"]) == ("kiln", "unknown")
    assert {name: value["value"] for name, value in kiln_row["values"].items()} == {"recipe": "R7", "zone_1": 900.0}
    history = client.get(f"/api/v1/equipment/{kiln_row['id']}/series?signals=zone_1&span=1h").json()
    assert history["columns"]["zone_1"] == [904.0, 903.0, 902.0, 901.0, 900.0]
    assert client.get(f"/api/v1/equipment/{kiln_row['id']}/sparklines").json() == {"signals": {}}


@once
def test_machines_behind_the_gateway_of_another_site_do_not_exist(
    client: httpx.Client, filler: Filler, filled: float, database: str
) -> None:
    filler.commit(Plant("plant-2").boiler(filled, name="secret-boiler"))
    site = make_site(database, "north", GATEWAY)
    wait_until(lambda: client.get("/api/v1/equipment").json()["total"] == 3)
    numbers = {row["name"]: row["id"] for row in client.get("/api/v1/equipment").json()["items"]}
    wait_until(lambda: client.get(f"/api/v1/equipment?site={site}").json()["total"] == 2)
    with client_for(str(client.base_url), database, role="viewer", sites=(site,)) as theirs:
        listed = theirs.get("/api/v1/equipment").json()
        assert (listed["total"], {row["name"] for row in listed["items"]}) == (2, {"boiler-1", "boiler-2"})
        assert theirs.get("/api/v1/equipment?search=secret").json()["total"] == 0
        assert theirs.get("/api/v1/equipment?gateway=plant-2").json()["total"] == 0
        hidden = numbers["secret-boiler"]
        for path in ("", "/latest", "/signals", "/sparklines", "/series?signals=steam_flow&span=1h", "/export?from=2026-01-01"):
            answer = theirs.get(f"/api/v1/equipment/{hidden}{path}")
            assert (answer.status_code, answer.json()["error"]) == (404, f"there is no equipment {hidden}")
        for page in ("/", "/equipment", "/equipment.csv", "/gateways", "/gateways.csv"):
            answer = theirs.get(page)
            assert answer.status_code == 200
            assert "secret-boiler" not in answer.text
            assert "plant-2" not in answer.text
        assert theirs.get("/gateways/plant-2").status_code == 404
        assert theirs.get("/api/v1/gateways/plant-2").status_code == 404
        assert [row["name"] for row in theirs.get("/api/v1/gateways").json()["items"]] == [GATEWAY]


NONSENSE = (
    f"/api/v1/equipment/{2**63}",
    "/api/v1/equipment/0",
    f"/api/v1/equipment?offset={10**30}",
    "/api/v1/equipment?search=%00",
    "/api/v1/equipment?sort=colour",
    "/api/v1/equipment?condition=fine",
    f"/api/v1/equipment?site={2**40}",
    "/api/v1/equipment/1/series?signals=steam_flow&from=9999-12-31T23:59:59Z",
    "/api/v1/equipment/1/series?signals=steam_flow&from=2026-01-01T00:00:00%00",
    "/api/v1/equipment/1/sparklines?span=3y",
    "/api/v1/gateways?sort=colour",
    "/api/v1/gateways/%20",
    f"/api/v1/kinds?offset={10**30}",
)


@once
def test_nonsense_is_told_apart_from_a_fault(client: httpx.Client) -> None:
    for path in NONSENSE:
        answer = client.get(path)
        assert (answer.status_code, "error" in answer.json()) == (422, True), path


def test_without_a_database_api_and_pages_say_so_and_when_to_come_back() -> None:
    settings = WebSettings.model_validate(
        {"database": "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1", "broker": {"host": "127.0.0.1", "port": 1}}
    )
    signed_in = {"sid": "a" * 43}  # as far as anybody can tell now
    with serving(settings) as address, httpx.Client(base_url=address, timeout=15, cookies=signed_in) as client:
        answer = client.get("/api/v1/equipment")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "database" in answer.json()["error"]
        page = client.get("/equipment?lang=en")
        assert page.status_code == 503
        assert "The database does not answer" in page.text
        assert client.get("/healthz").status_code == 503


def test_a_wrong_database_address_is_a_mistake_in_the_settings() -> None:
    settings = WebSettings.model_validate({"database": "no address", "broker": {"host": "127.0.0.1"}})
    with pytest.raises(ConfigError, match="database address"):
        create_application(settings)
