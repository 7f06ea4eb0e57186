"""Other sides of channels as real servers, and alarms to tell of."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from analytics.notifications.entries import Entry
from analytics.notifications.messages import Writer
from device_profiles.kind import Label


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebSide:
    """A web server that takes POSTs and answers what it was told to, the last answer for ever."""

    address: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, '{"errcode":0,"errmsg":"ok"}')])


@pytest.fixture
def web_side() -> Iterator[WebSide]:
    side = WebSide()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            side.requests.append(Request(parts.path, query, dict(self.headers.items()), body))
            status, text = side.answers.pop(0) if len(side.answers) > 1 else side.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    side.address = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield side
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Give a folder with the files ``key``, ``token``, ``secret`` and ``password``."""
    for name, text in (("key", "k-1\n"), ("token", "t-1"), ("secret", "SEC0123456789abcdef"), ("password", "pa ss")):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def writer() -> Writer:
    return Writer(language="zh", zone=ZoneInfo("Asia/Shanghai"), public_address="https://shangyun.example.com")


def make_entry(**changed: Any) -> Entry:
    """Give a drum level that is too low, at noon in Shanghai."""
    told: dict[str, Any] = {
        "act": "activate",
        "priority": "critical",
        "gateway": "plant-1",
        "machine": "boiler-1",
        "equipment_id": 7,
        "kind": "boiler",
        "rule": "boiler.drum_level.low_low",
        "title": Label(zh="锅筒水位 低低", en="Drum level low low"),
        "value": -80.25,
        "limit": -75.0,
        "unit": "mm",
        "time": datetime(2026, 11, 20, 4, tzinfo=UTC),
        "since": datetime(2026, 11, 20, 4, tzinfo=UTC),
        "occurrence": 3,
        "condition_id": 42,
        "repetition": 0,
        "actor": "",
        "consequence": Label(zh="缺水烧坏受热面", en="Tubes uncovered and overheated"),
        "action": Label(zh="立即停炉，检查给水", en="Trip the burner, check feedwater"),
    }
    return Entry(**(told | changed))
