import asyncio
import json

import httpx
import pytest
from prometheus_client import Counter

from telemetry.errors import ConfigError
from telemetry.health import serve_health

ORDERS = Counter("test_orders", "Counted by the test of the health door")


async def ask(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return await client.get(path)


async def test_healthz_tells_well_from_unwell_with_the_reason() -> None:
    state = {"well": True}
    async with serve_health(0, lambda: (state["well"], {"broker": "away" if not state["well"] else "connected"})) as port:
        well = await ask(port, "/healthz")
        state["well"] = False
        unwell = await ask(port, "/healthz")
    assert (well.status_code, well.json()) == (200, {"status": "ok", "broker": "connected"})
    assert (unwell.status_code, unwell.json()) == (503, {"status": "unwell", "broker": "away"})


async def test_metrics_are_what_prometheus_reads() -> None:
    ORDERS.inc(3)
    async with serve_health(0, lambda: (True, {})) as port:
        answer = await ask(port, "/metrics")
    assert "test_orders_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_other_paths_and_methods_are_turned_away() -> None:
    async with serve_health(0, lambda: (True, {})) as port:
        assert (await ask(port, "/etc/passwd")).status_code == 404
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /healthz HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 405")
        writer.close()


async def test_a_request_that_never_ends_does_not_stop_the_next() -> None:
    async with serve_health(0, lambda: (True, {})) as port:
        _, hanging = await asyncio.open_connection("127.0.0.1", port)
        hanging.write(b"GET /heal")
        noisy_reader, noisy = await asyncio.open_connection("127.0.0.1", port)
        noisy.write(b"\0" * 100_000)
        assert json.loads((await ask(port, "/healthz")).text)["status"] == "ok"
        assert await noisy_reader.read() == b""
        hanging.close()
        noisy.close()


async def test_a_taken_port_is_a_configuration_error() -> None:
    async with serve_health(0, lambda: (True, {})) as port:
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with serve_health(port, lambda: (True, {})):
                pass
