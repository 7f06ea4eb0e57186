"""The commands ``shangyun forecast ...`` on a real database."""

import contextlib
import http.server
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.forecasts.download import fetch
from shangyun.cli import main
from store.database import Database
from store.forecasts import weather_spans
from telemetry.errors import NotConnected, Refused, ShangyunError
from tests.analytics.forecasts.conftest import Built
from tests.analytics.forecasts.wind_plant import GATEWAY

pytestmark = pytest.mark.database
TABLE = "issued_at,valid_at,wind_speed\n2026-05-01T08:00,2026-05-02T00:00,7.5\n2026-05-01T08:00,2026-05-02T01:00,8\n"


@contextlib.contextmanager
def web(body: bytes) -> Iterator[str]:
    """Serve a body at /weather.csv, and nothing else."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/weather.csv" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)


def forecast(built: Built, *arguments: str) -> int:
    command, *rest = arguments
    return main(["forecast", command, "--database", built.address, *rest])


def test_weather_is_taken_in_from_a_file_and_from_the_web(
    built: Built, opened: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "weather.csv"
    file.write_text(TABLE, encoding="utf-8")
    assert forecast(built, "weather", str(file), "--gateway", GATEWAY) == 0
    # 01:00 in Shanghai
    assert capsys.readouterr().out == "wind-1: 2 instants, up to 2026-05-01 17:00Z\n"
    with web(TABLE.replace("02T01", "02T02").encode()) as address:
        assert forecast(built, "weather", "--url", f"{address}/weather.csv", "--gateway", GATEWAY) == 0
    assert weather_spans(opened)[GATEWAY].last.isoformat() == "2026-05-01T18:00:00+00:00"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("valid_at,wind_speed\n2026-05-02,7\n", "weather.csv:1: issued_at: this column is missing"),
        (TABLE + "2026-05-01T08:00,noon,8\n", "weather.csv:4: valid_at: 'noon' is not a time"),
        (TABLE + "2026-05-01T08:00,2026-05-02T02:00,8000\n", "weather.csv:4: wind_speed: 8000 m/s cannot be"),
        (TABLE + "0001-01-01T00:00,2026-05-02T02:00,8\n", "weather.csv: holds times beyond 1971 to 2500"),
        ("issued_at,valid_at,wind_speed\n", "weather.csv: has no rows"),
        (TABLE.replace("wind_speed", "humidity"), "weather.csv: holds none of wind_speed"),
    ],
)
def test_a_bad_table_is_refused_whole_with_line_and_column(
    *, built: Built, opened: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, said: str
) -> None:
    before = weather_spans(opened)
    file = tmp_path / "weather.csv"
    file.write_text(table, encoding="utf-8")
    assert forecast(built, "weather", str(file), "--gateway", GATEWAY) == 2
    assert said in capsys.readouterr().err
    assert weather_spans(opened) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["weather", "--gateway", GATEWAY], "either FILE.csv or --url"),
        (["weather", "x.csv", "--gateway", "nowhere"], "no such gateway"),
        (["weather", "--url", "ftp://x", "--gateway", GATEWAY], "--url"),
        (["train", "--gateway", GATEWAY, "--kind", "pv_inverter"], "no pv_inverter behind wind-1"),
        (["run", "--every", "7"], "--every 7"),
        (["run", "--issue-hour", "nan"], "--issue-hour nan"),
        (["assess", "--gateway", GATEWAY, "--kind", "wind_turbine", "--month", "May"], "'May' is not a month"),
    ],
)
def test_wrong_use_is_told(
    built: Built, opened: Database, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert forecast(built, *arguments) == 2
    assert said in capsys.readouterr().err


def test_what_does_not_come_from_the_web_in_bounds_is_refused() -> None:
    with web(b"x" * 2000) as address:
        with pytest.raises(Refused, match="404"):
            fetch(f"{address}/else?key=secret")
        with pytest.raises(ShangyunError, match="more than 1,000 bytes"):
            fetch(f"{address}/weather.csv", most_bytes=1000)
        with pytest.raises(NotConnected, match="not whole within"):
            fetch(f"{address}/weather.csv", whole_seconds=-1)
    with pytest.raises(NotConnected) as refused:
        fetch(f"{address}/weather.csv?key=secret")
    assert "secret" not in str(refused.value)


def test_training_says_what_came_of_it_and_show_lists_it(
    built: Built, opened: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    # Today is long after the farm's last day.
    assert forecast(built, "train", "--gateway", GATEWAY, "--kind", "wind_turbine", "--horizon", "ultra_short") == 0
    out = capsys.readouterr().out
    assert re.match(r"wind-1/wind_turbine ultra_short: champion \d+; RMSE of the capacity: model [\d.]+ %, floor [\d.]+ %", out)
    assert "beats the floor" in out
    assert forecast(built, "show", "--gateway", GATEWAY, "--kind", "wind_turbine") == 0
    out = capsys.readouterr().out
    assert "2 machines, weather up to 2026-04-02 15:00Z" in out
    assert "champion   ultra_short" in out
    assert forecast(built, "assess", "--gateway", GATEWAY, "--kind", "wind_turbine", "--month", "2026-03") == 1
    assert "no forecast of 2026-03" in capsys.readouterr().out


def test_the_service_says_how_it_is_and_ends_on_sigterm(built: Built) -> None:
    command = [sys.executable, "-m", "shangyun", "forecast", "run", "--database", built.address, "--health-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "/healthz" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
