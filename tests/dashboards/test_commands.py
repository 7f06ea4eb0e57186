"""``shangyun web``: what it says when it cannot start, and that it stops in good order with tabs open."""

import argparse
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboards import static_files
from dashboards.commands import add_commands, web
from dashboards.server import listen
from dashboards.settings import WebSettings
from telemetry.errors import ConfigError
from telemetry.settings import load
from tests.dashboards.people import client_for

ROOT = Path(__file__).parents[2]
SETTINGS = 'database = "postgresql://nobody@127.0.0.1:1/x"\nport = {port}\nbroker = {{ host = "127.0.0.1", port = 1 }}\n'
RUN = """
import argparse, sys
from pathlib import Path
from dashboards.commands import web
sys.exit(web(argparse.Namespace(file=Path(sys.argv[1]))))
"""


def test_the_sample_settings_load() -> None:
    settings = load(ROOT / "examples" / "web.toml", WebSettings)
    assert settings.host == "127.0.0.1"


def test_a_wrong_time_zone_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    file.write_text(SETTINGS.format(port=0) + 'time_zone = "Asia/Atlantis"\n')
    with pytest.raises(ConfigError, match=r"web\.toml:4: time_zone: 'Asia/Atlantis' is not a time zone"):
        load(file, WebSettings)


def test_the_command_is_there_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["web", "--help"])
    assert "examples/web.toml" in capsys.readouterr().out


def test_a_port_in_use_is_said_clearly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1: already in use"):
            listen("127.0.0.1", port)


def test_a_host_of_another_machine_is_said_clearly() -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        listen("192.0.2.1", 0)  # TEST-NET-1 of RFC 5737: never ours


def test_missing_vendor_files_name_the_command_that_builds_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(static_files, "VENDOR", tmp_path)
    static_files.vendor_hashes.cache_clear()
    try:
        with pytest.raises(ConfigError, match="run: scripts/frontend"):
            static_files.vendor_hashes()
        assert static_files.vendor_address("uPlot.min.css") == "/static/vendor/uPlot.min.css"
    finally:
        static_files.vendor_hashes.cache_clear()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_with_a_tab_open(
    tmp_path: Path, built_vendor: None, migrated_database: str, number: signal.Signals
) -> None:
    file = tmp_path / "web.toml"
    file.write_text(SETTINGS.format(port=0).replace("postgresql://nobody@127.0.0.1:1/x", migrated_database))
    with subprocess.Popen(
        [sys.executable, "-c", RUN, file], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.match(r"(http://127\.0\.0\.1:\d+)/", process.stdout.readline())
            assert found
            with client_for(found[1], migrated_database) as client, client.stream("GET", "/api/v1/stream") as tab:
                assert tab.status_code == 200
                next(tab.iter_lines())
                asked = time.monotonic()
                process.send_signal(number)
                assert process.wait(15) == 0
                assert time.monotonic() - asked < 8
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_a_password_file_that_cannot_be_read_ends_it_with_a_sentence(tmp_path: Path, built_vendor: None) -> None:
    file = tmp_path / "web.toml"
    file.write_text(SETTINGS.format(port=0).replace("port = 1 ", 'port = 1, password_file = "nowhere" '))
    with pytest.raises(ConfigError, match="password file"):
        web(argparse.Namespace(file=file))


def test_a_health_port_that_is_taken_ends_it_with_a_sentence(tmp_path: Path, built_vendor: None) -> None:
    file = tmp_path / "web.toml"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        file.write_text(f"health_port = {port}\n{SETTINGS.format(port=0)}")
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            web(argparse.Namespace(file=file))
