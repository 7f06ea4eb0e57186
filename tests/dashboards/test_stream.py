"""From the broker to a tab: real Mosquitto, real server, server-sent events."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dashboards.settings import WebSettings
from shangyun.local_servers import Broker
from telemetry.bundle import Event
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, Publisher, is_well, serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # the database plays a small part here


@pytest.fixture
def plant(request: pytest.FixtureRequest) -> Plant:
    """Make a gateway of this test's own: the broker is shared, and keeps what gateways say of themselves."""
    return Plant(f"gateway-{abs(hash(request.node.name)) % 10**8}")


@pytest.fixture
def visitor(
    *,
    filler: Filler,
    plant: Plant,
    broker: Broker,
    settings_for: Callable[..., WebSettings],
    database: str,
    request: pytest.FixtureRequest,
) -> Iterator[httpx.Client]:
    filler.commit(plant.boiler(time.time() - 60, steam_pressure=0.5))
    with (
        serving(settings_for(broker.port, **getattr(request, "param", {}))) as address,
        client_for(address, database) as client,
    ):
        wait_until(lambda: is_well(address))
        yield client


@contextlib.contextmanager
def events(
    visitor: httpx.Client, *, query: str = "", last_event_id: str = "", event: str = "update"
) -> Iterator[Iterator[tuple[str, str, Any]]]:
    """Follow the events of one name of a stream as (event, id, data)."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with visitor.stream("GET", f"/api/v1/stream?{query}", headers=headers, timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        def parsed() -> Iterator[tuple[str, str, Any]]:
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    if fields["event"] == event:
                        yield fields["event"], fields["id"], json.loads(fields["data"])
                    fields = {}

        yield parsed()


def test_the_state_before_the_first_message_comes_from_the_database(visitor: httpx.Client) -> None:
    with events(visitor) as stream:
        _, _, first = next(stream)
    assert [row["v"]["steam_pressure"] for row in first["rows"]] == [0.5]
    assert (first["broker"], first["database"], first["machines"]) == (True, True, 1)


def test_the_last_text_comes_from_the_database_too(
    filler: Filler, plant: Plant, settings_for: Callable[..., WebSettings], database: str
) -> None:
    now = time.time()
    batch = plant.batch("mill", "cnc_machine", {now: {"spindle_speed": 5}})
    earlier, later = (Event("mill", round((now - back) * 1e6), "program", text) for back, text in ((600, "O1"), (300, "O2")))
    filler.commit(plant.bundle(batch, events=(later, earlier)))
    with serving(settings_for()) as address, client_for(address, database) as visitor, events(visitor) as stream:
        assert any(row["v"].get("program") == "O2" for _, _, data in stream for row in data["rows"])


def test_a_text_of_long_ago_is_still_the_newest(
    filler: Filler, plant: Plant, settings_for: Callable[..., WebSettings], database: str
) -> None:
    now = time.time()
    batch = plant.batch("mill", "cnc_machine", {now: {"spindle_speed": 5}})
    old = [Event("mill", round((now - 86_400 * days) * 1e6), "program", f"O{days}") for days in (40, 50)]
    filler.commit(plant.bundle(batch, events=(*old, Event("mill", round(now * 1e6), "job_id", "J1"))))
    with serving(settings_for()) as address, client_for(address, database) as visitor, events(visitor) as stream:
        assert any(row["v"].get("program") == "O40" for _, _, data in stream for row in data["rows"])


def test_a_tab_hears_of_the_alarms_at_once(visitor: httpx.Client) -> None:
    with events(visitor, event="alarms", query="equipment=0") as stream:
        _, _, told = next(stream)
    assert told["active"] == {"critical": 0, "high": 0, "medium": 0, "low": 0}


def test_a_bundle_reaches_the_tab_within_a_second(visitor: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    with events(visitor) as stream:
        next(stream)
        sent = time.monotonic()
        publisher.send(plant.boiler(time.time(), steam_pressure=1.25))
        row = next(row for _, _, data in stream for row in data["rows"])
        assert time.monotonic() - sent < 1
    assert row["v"]["steam_pressure"] == 1.25


def test_a_tab_resumes_where_it_was(visitor: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    with events(visitor) as stream:
        _, seen, _ = next(stream)
    with events(visitor, last_event_id=seen) as stream:
        assert next(stream)[2]["rows"] == []
    with events(visitor, last_event_id="another-run-5") as stream:
        assert len(next(stream)[2]["rows"]) == 1


def test_a_machine_never_seen_before_appears(visitor: httpx.Client, filler: Filler, plant: Plant, publisher: Publisher) -> None:
    with events(visitor) as stream:
        next(stream)
        new = plant.boiler(time.time(), name="boiler-2")
        filler.commit(new)
        publisher.send(new)
        assert any(data["machines"] == 2 for _, _, data in stream)


def test_a_gateways_last_will_is_told(visitor: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    with events(visitor) as stream:
        next(stream)
        publisher.say_online(plant.gateway, online=False)
        assert any(data.get("gateways", {}).get(plant.gateway) is False for _, _, data in stream)


def test_garbage_on_the_topic_does_not_disturb_the_stream(visitor: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    for payload in (b"", b"\x00" * 1000, b"\xd9\xd9\xf7\xa0", b"\xd9\xd9\xf7\x9f"):
        publisher.send_raw(f"sy/1/{plant.gateway}/up/data", payload)
    publisher.send(plant.boiler(time.time(), steam_pressure=1.5))
    with events(visitor) as stream:
        assert any(row["v"]["steam_pressure"] == 1.5 for _, _, data in stream for row in data["rows"])
    assert is_well(str(visitor.base_url))


def test_a_tab_that_reads_nothing_does_not_hold_the_others_up(visitor: httpx.Client, plant: Plant, publisher: Publisher) -> None:
    host, port = visitor.base_url.host, visitor.base_url.port
    assert port is not None
    with socket.create_connection((host, port)) as deaf, events(visitor) as stream:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"GET /api/v1/stream?signals=all HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: sid={visitor.cookies['sid']}\r\n\r\n"
        deaf.sendall(head.encode())
        next(stream)
        for tenth in range(20):
            publisher.send(plant.boiler(time.time(), steam_pressure=tenth / 10))
            time.sleep(0.02)
        assert any(row["v"]["steam_pressure"] == 1.9 for _, _, data in stream for row in data["rows"])


@pytest.mark.parametrize("visitor", [{"most_streams": 1}], indirect=True)
def test_one_tab_too_many_is_told_to_come_back(visitor: httpx.Client) -> None:
    with events(visitor) as stream:
        next(stream)
        answer = visitor.get("/api/v1/stream")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    wait_until(lambda: _can_open(visitor))


def _can_open(visitor: httpx.Client) -> bool:
    with visitor.stream("GET", "/api/v1/stream") as answer:
        return answer.status_code == 200


def test_the_broker_going_away_is_told_and_values_come_from_the_database(
    filler: Filler, plant: Plant, make_broker: Callable[..., Broker], settings_for: Callable[..., WebSettings], database: str
) -> None:
    broker = make_broker()
    filler.commit(plant.boiler(time.time() - 60))
    with serving(settings_for(broker.port)) as address, client_for(address, database) as visitor:
        wait_until(lambda: is_well(address))
        with events(visitor) as stream:
            assert next(stream)[2]["broker"] is True
            broker.kill()
            assert any(data["broker"] is False for _, _, data in stream)
            filler.commit(plant.boiler(time.time(), steam_pressure=1.75))
            assert any(row["v"]["steam_pressure"] == 1.75 for _, _, data in stream for row in data["rows"])
            broker.start()
            assert any(data["broker"] is True for _, _, data in stream)
