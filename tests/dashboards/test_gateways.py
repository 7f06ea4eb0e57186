"""Gateways: what they say of themselves, what their clocks are worth, and who is behind them."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from dashboards.live.gateway_reports import GatewayReport, GatewayStatus
from dashboards.live.gateways import Gateway, list_gateways
from dashboards.live.listing import Listing, Moment
from dashboards.live.state import LiveState
from dashboards.settings import WebSettings
from device_profiles.profile import load_profile, profile_names
from shangyun.local_servers import Broker
from telemetry.quality import Quality
from telemetry.topics import state_topic
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, Publisher, is_well, serving, wait_until

once = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def state_of(gateway: str, now: float) -> dict[str, object]:
    """Give a state message as `edge_gateway.publisher` lays it out."""
    return {
        "online": True,
        "gateway": gateway,
        "version": "0.3.0",
        "profiles": {"nobody/knows": "0123456789abcdef", "/etc/passwd.toml": "0123456789abcdef"},
        "equipment": {"boiler-1": {"kind": "boiler", "profile": "nobody/knows", "period_seconds": 1.0, "connection": "line-1"}},
        "connections": {"line-1": True, "line-2": False},
        "reload": {"result": "refused", "detail": "<b>no such file</b>"},
        "spool": {
            "epoch": 7,
            "bundles": 1234,
            "bytes": 5_000_000,
            "oldest_us": round((now - 3600) * 1e6),
            "working": True,
            "gaps": [
                {
                    "reason": "age",
                    "first_seq": 1,
                    "last_seq": 9,
                    "from_us": round((now - 9000) * 1e6),
                    "to_us": round((now - 8000) * 1e6),
                    "bundles": 9,
                    "row_count": 90,
                }
            ],
        },
    }


@pytest.fixture
def plant(request: pytest.FixtureRequest) -> Plant:
    """Make a gateway of this test's own: the broker is shared, and keeps what gateways say of themselves."""
    return Plant(f"gw-{abs(hash(request.node.name)) % 10**8}")


@pytest.fixture
def client(
    *, filler: Filler, plant: Plant, broker: Broker, publisher: Publisher, settings_for: Callable[..., WebSettings], database: str
) -> Iterator[httpx.Client]:
    now = time.time()
    failed = {name: int(Quality.BAD_NO_COMMUNICATION) for name in ("state", "steam_pressure")}
    dead = plant.batch("boiler-2", "boiler", {now: {"state": float("nan"), "steam_pressure": float("nan")}}, failed)
    filler.commit(plant.boiler(now), plant.bundle(dead))
    with serving(settings_for(broker.port)) as address, client_for(address, database) as made:
        wait_until(lambda: is_well(address))
        publisher.send_raw(state_topic(plant.gateway), json.dumps(state_of(plant.gateway, now)).encode())
        wait_until(lambda: made.get(f"/api/v1/gateways/{plant.gateway}").json().get("version"))
        wait_until(lambda: made.get("/api/v1/equipment").json()["total"] == 2)
        yield made


@once
def test_a_gateway_tells_its_backlog_its_lines_and_the_machines_that_do_not_answer(client: httpx.Client, plant: Plant) -> None:
    told = client.get(f"/api/v1/gateways/{plant.gateway}").json()
    assert (told["online"], told["version"], told["machines"]) == (True, "0.3.0", 2)
    assert (told["backlog"]["bundles"], told["backlog"]["bytes"], told["backlog"]["disk_works"]) == (1234, 5_000_000, True)
    assert told["lines_down"] == ["line-2"]
    assert told["silent_machines"] == ["boiler-2"]
    assert told["other_profiles"] == ["/etc/passwd.toml", "nobody/knows"]
    assert told["gaps"][0]["bundles"] == 9
    assert told["clock"] == {"ahead_seconds": None, "judgement": "unknown"}  # no bundle has come in yet
    assert told["last_seen"] is not None
    (listed,) = client.get("/api/v1/gateways", params={"search": plant.gateway}).json()["items"]
    assert listed.items() <= told.items()


@once
def test_a_clock_that_is_wrong_is_said_in_words(client: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    page = f"/gateways/{plant.gateway}"
    assert "尚未测得" in client.get(page).text
    publisher.send(plant.boiler(time.time()))
    wait_until(lambda: client.get(f"/api/v1{page}").json()["clock"]["judgement"] == "good")
    fast = plant.boiler(time.time())
    publisher.send(fast._replace(sent_at_us=fast.sent_at_us + 90_000_000))
    wait_until(lambda: client.get(f"/api/v1{page}").json()["clock"]["judgement"] == "wrong")
    assert "数据时间不可信" in client.get(page).text
    assert "times cannot be trusted" in client.get(f"{page}?lang=en").text


@once
def test_the_pages_show_what_is_wrong_and_escape_what_gateways_say(
    client: httpx.Client, plant: Plant, publisher: Publisher
) -> None:
    page = client.get(f"/gateways/{plant.gateway}").text
    for text in (
        "1 条线路断开",
        "1,234 个数据包",
        "最早 60 分钟前",
        "&lt;b&gt;no such file&lt;/b&gt;",
        "与本系统不同",
        "丢失的数据",
    ):
        assert text in page
    assert "<b>no such" not in page
    assert plant.gateway in client.get("/gateways", params={"search": plant.gateway}).text
    assert "没有符合条件的网关" in client.get("/gateways?search=nobody").text
    publisher.say_online(plant.gateway, online=False)
    wait_until(lambda: "网关离线" in client.get(f"/gateways/{plant.gateway}").text)
    assert "1,234 个数据包" in client.get(f"/gateways/{plant.gateway}").text  # its last word stays
    assert client.get("/gateways/nobody").status_code == 404
    table = client.get("/gateways.csv", params={"search": plant.gateway}).content.decode("utf-8-sig")
    assert table.splitlines()[1].startswith(f"{plant.gateway},,离线,")


async def test_a_device_model_of_the_same_content_is_the_same() -> None:
    name = profile_names()[0]
    state = LiveState()
    for gateway, digest in {"a": load_profile(name).digest, "b": "0" * 16}.items():
        state.set_gateway(gateway, is_online=True, report=GatewayReport(profiles={name: digest}))
    moment = Moment(now_us=0, stale_us=1, alarms={})
    found = await list_gateways(state, Listing(state), moment, gateways=None)
    assert [gateway.other_profiles for gateway in found] == [[], [name]]


@pytest.mark.parametrize(
    ("ahead_seconds", "judged"),
    [(None, "unknown"), (-0.4, "good"), (4.9, "good"), (-5.1, "off"), (59, "off"), (60, "wrong"), (-86_400, "wrong")],
)
def test_clocks_are_judged_by_their_distance(ahead_seconds: float | None, judged: str) -> None:
    status = GatewayStatus(clock_ahead_us=None if ahead_seconds is None else round(ahead_seconds * 1e6))
    gateway = Gateway(name="g", site=None, status=status, machines=[], troubled=[], silent=[], other_profiles=[])
    assert gateway.clock_judgement == judged
