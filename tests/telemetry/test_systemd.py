import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry import systemd

ROOT = Path(__file__).parents[2]


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """Stand where systemd listens."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(str(tmp_path / "notify"))
    channel.settimeout(10)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return channel


def test_states_travel_as_lines_of_one_datagram(listener: socket.socket) -> None:
    with listener:
        assert systemd.notify("READY=1", "STATUS=all is well")
        assert listener.recv(4096) == b"READY=1\nSTATUS=all is well"


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.notify("READY=1")


def test_a_socket_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not systemd.notify("READY=1")


async def test_the_watchdog_is_fed_at_a_third_of_its_time(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "60000")
    with listener:
        feeding = asyncio.create_task(systemd.feed_watchdog())
        await asyncio.sleep(0.15)
        feeding.cancel()
        listener.setblocking(False)
        told = 0
        while True:
            try:
                assert listener.recv(4096) == b"WATCHDOG=1"
            except BlockingIOError:
                break
            told += 1
    assert 4 <= told <= 8


async def test_a_watchdog_of_another_process_is_not_fed(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    with listener:
        await systemd.feed_watchdog()


def test_a_gateway_tells_ready_reloading_and_stopping(listener: socket.socket, tmp_path: Path) -> None:
    settings = tmp_path / "gateway.toml"
    settings.write_text(
        (ROOT / "examples" / "gateway.toml").read_text().replace("port = 9101", "port = 0").replace("port = 1883", "port = 1")
    )
    with listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "shangyun", "gateway", "run", settings], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        try:
            assert listener.recv(4096) == b"READY=1"
            process.send_signal(signal.SIGHUP)
            assert listener.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert listener.recv(4096) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert listener.recv(4096).startswith((b"READY=1", b"STOPPING=1"))
            assert process.wait(20) == 0
        finally:
            process.kill()
