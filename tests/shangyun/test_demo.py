"""The demo as a newcomer runs it: one command, a real browser, Ctrl-C."""

import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from benchmarks.gateway_plant import ROOT, wait_until
from shangyun.local_servers import free_port
from simulators.truth import read_truth

OUTPUT = ROOT / "test-output"
SENSOR_TO_SCREEN_SECONDS = 2.0
WATCHED = {"boiler-1": "fuel_flow", "pv-1": "dc_power", "cnc-1": "machine_power"}
"""One signal of some machines that is never at rest."""
WATCH = """
seconds => new Promise(done => {
  const seen = [];
  const watch = new MutationObserver(changes => {
    for (const change of changes) {
      const value = change.target.parentElement?.closest?.("live-value") ?? change.target.closest?.("live-value");
      const machine = value?.closest("live-machine")?.querySelector("h3").innerText;
      if (machine) seen.push([Date.now(), machine, value.getAttribute("signal"), value.querySelector(".number").textContent]);
    }
  });
  watch.observe(document.body, {subtree: true, childList: true, characterData: true});
  setTimeout(() => { watch.disconnect(); done(seen); }, seconds * 1000);
})
"""


def start(folder: Path, port: int, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "shangyun", "demo", "--data", str(folder), "--port", str(port), *more],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def demo(folder: Path, port: int, *more: str) -> Iterator[tuple[str, str]]:
    """Run a demo until its address is printed; give the address and all lines. At the end Ctrl-C must stop it cleanly."""
    process = start(folder, port, *more)
    try:
        lines = until_it_runs(process)
        address = re.search(r"Shangyun runs: (\S+)", lines)
        assert address, lines
        yield address[1], lines
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert rest.endswith("stopped\n")
    finally:
        end(process)


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def until_it_runs(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    lines = ""
    for line in process.stdout:
        lines += line
        if "Shangyun runs: " in line:
            return lines
    raise AssertionError(f"it ended before it ran:\n{lines}")


@contextmanager
def page_of(chromium: str, address: str, folder: Path) -> Iterator[Page]:
    switches = [
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[f"--{switch}" for switch in switches])
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="zh-CN")
        page.goto(address)
        name, password = (folder / "sign-in.txt").read_text().split()
        page.get_by_label("用户名").fill(name)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录").click()
        yield page
        browser.close()


def test_three_machines_change_on_the_screen_within_two_seconds_of_the_simulators(
    tmp_path: Path, chromium: str, record_result: Any
) -> None:
    truth_log = tmp_path / "truth.jsonl"
    with (
        demo(tmp_path / "demo", free_port(), "--truth-log", str(truth_log)) as (address, _),
        page_of(chromium, address, tmp_path / "demo") as page,
    ):
        page.wait_for_selector("live-machine:not(.is-loading)")
        time.sleep(3)
        seen = page.evaluate(WATCH, 12)
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=OUTPUT / "demo-overview.png")
    served: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for line in read_truth(truth_log):
        for name, value in line.values.items():
            if isinstance(value, int | float):
                served[line.equipment, name].append((line.time_us / 1e6, float(value)))
    ages: dict[str, list[float]] = defaultdict(list)
    for at_ms, machine, name, shown in seen:
        if WATCHED.get(machine) == name:
            ages[machine].append(age_of(shown, at_ms / 1000, served[machine, name]))
    assert set(ages) == set(WATCHED)
    worst = {machine: max(found) for machine, found in ages.items()}
    record_result(f"sensor to screen, worst of {sum(map(len, ages.values()))} changes: {max(worst.values()):.2f} s")
    assert all(len(found) >= 5 for found in ages.values()), ages
    assert max(worst.values()) <= SENSOR_TO_SCREEN_SECONDS, worst


def age_of(shown: str, at: float, served: list[tuple[float, float]]) -> float:
    """Seconds since the simulator served what the screen shows; infinite if it never did."""
    text = shown.replace(",", "").replace("\N{MINUS SIGN}", "-")
    decimals = len(text.partition(".")[2])
    half_a_digit = 0.5000001 * 10**-decimals
    matches = [at - time_s for time_s, value in served if time_s <= at and abs(value - float(text)) <= half_a_digit]
    return min(matches, default=float("inf"))


def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    port, sign_in, passwords = free_port(), tmp_path / "demo" / "sign-in.txt", set()
    for _ in range(2):
        with demo(tmp_path / "demo", port) as (address, _):
            name, password = sign_in.read_text().split()
            passwords.add(password)
            with httpx.Client(base_url=address, headers={"Origin": address.rstrip("/")}, timeout=10) as client:
                assert client.post("/login", data={"name": name, "password": password}).status_code == 303
                (machine,) = client.get("/api/v1/equipment?search=boiler-1").json()["items"]
                series = client.get(f"/api/v1/equipment/{machine['id']}/series?span=1h&signals=steam_pressure").json()
    assert len(series["times"]) >= 2
    assert len(passwords) == 1
    assert stat.S_IMODE(sign_in.stat().st_mode) == 0o600
    assert_port_is_free(port)


def assert_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_without_mosquitto_the_demo_runs_on_the_pure_python_broker(tmp_path: Path) -> None:
    with demo(tmp_path / "demo", free_port(), "--pure-python-broker") as (_, lines):
        assert "amqtt" in lines


def test_a_port_in_use_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(tmp_path / "demo", port)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"port {port} of 127.0.0.1 is already in use" in output


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with demo(tmp_path / "demo", free_port()):
        process = start(tmp_path / "demo", free_port())
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "another demo runs on" in output


def test_a_part_that_dies_stops_the_demo_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = start(tmp_path / "demo", free_port())
    until_it_runs(process)
    subprocess.run(["pkill", "-9", "-f", f"shangyun gateway run {tmp_path / 'demo'}"], check=True)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "gateway ended with status -9" in output


def test_a_killed_demo_leaves_no_part_behind(tmp_path: Path) -> None:
    process = start(tmp_path / "demo", free_port())
    until_it_runs(process)
    end(process)

    def parts() -> list[str]:
        listed = subprocess.run(["pgrep", "-af", f"{tmp_path / 'demo'}/"], capture_output=True, text=True, check=False).stdout
        return [line for line in listed.splitlines() if "postgres" not in line]  # a database finishes what it is doing

    wait_until(lambda: parts() == [], seconds=20, what="an end of all parts")
    with demo(tmp_path / "demo", free_port()):  # and the next one takes the database over
        pass


pytestmark = pytest.mark.timeout(180)
