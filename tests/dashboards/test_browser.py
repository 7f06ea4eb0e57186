"""The pages in a real browser, with live values behind them; screenshots go to test-output/."""

import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboards.settings import WebSettings
from device_profiles.kind import Signal, load_kind
from shangyun.local_servers import Broker
from telemetry.bundle import Bundle, Event
from telemetry.quality import Quality
from tests.dashboards.people import cookies_for
from tests.dashboards.plant import Filler, Plant, Publisher, is_well, serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

OUTPUT = Path(__file__).parents[2] / "test-output"
SWITCHES = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
    "disable-background-networking", "disable-component-update", "disable-sync",
)  # fmt: skip
MACHINES = {
    "boiler-east": "boiler",
    "boiler-west": "boiler",
    "mill-07": "cnc_machine",
    "lathe-02": "cnc_machine",
    "roof-1": "pv_inverter",
    "roof-2": "pv_inverter",
}
STALE_SECONDS = 3.0
ALARMED = ("boiler-west", "drum_level", 58.0)  # its high limit is 50 mm
FAILED = ("roof-1", "dc_power")


def value_of(signal: Signal, at: float, phase: int) -> float:
    if signal.states:
        return float(signal.states[min(3, len(signal.states) - 1)].code if len(signal.states) > 3 else signal.states[0].code)
    if signal.normal:
        low, high = signal.normal
        return low + (high - low) * (0.55 + 0.3 * math.sin(at / 300 + phase) + 0.02 * math.sin(at * 2 + phase))
    return 0.0 if signal.type == "boolean" else 120.0 if signal.type == "integer" else 1_234_500.0 + at % 10_000


class Works:
    """A plant that makes plausible values, publishing every half second until it is stopped."""

    def __init__(self, plant: Plant, publisher: Publisher) -> None:
        self._plant, self._publisher = plant, publisher
        self.stopped: set[str] = set()
        """Boilers that are off and cold."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def bundle(self, times: list[float]) -> Bundle:
        batches, events = [], []
        for phase, (name, kind) in enumerate(MACHINES.items()):
            signals = load_kind(kind).signals
            rows = {at: {s: value_of(signals[s], at, phase) for s in load_kind(kind).numeric_signals} for at in times}
            qualities = {}
            for values in rows.values():
                if name == ALARMED[0]:
                    values[ALARMED[1]] = ALARMED[2]
                if name in self.stopped:
                    values.update(state=0.0, steam_pressure=0.1, drum_level=0.0)
                if name == FAILED[0]:
                    values[FAILED[1]] = math.nan
                    qualities = {FAILED[1]: int(Quality.BAD_SENSOR_FAILURE)}
            batches.append(self._plant.batch(name, kind, rows, qualities))
            if kind == "cnc_machine":
                events.append(Event(name, round(times[-1] * 1e6), "program", "O1234"))
        return self._plant.bundle(*batches, events=tuple(events))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self._publisher.send(self.bundle([time.time()]))


@pytest.fixture
def works(publisher: Publisher, filler: Filler) -> Iterator[Works]:
    made = Works(Plant("works-jinan"), publisher)
    filler.commit(made.bundle([time.time()]))
    publisher.say_online("works-jinan", online=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def history(works: Works, filler: Filler) -> None:
    """Store an hour that has a hole of six minutes."""
    now = time.time()
    times = [now - back for back in range(3600, 0, -2) if not 1440 < back < 1800]
    for start in range(0, len(times), 100):
        filler.commit(works.bundle(times[start : start + 100]))


class Serve(Protocol):
    """Starts the app; a second start may take the first one's port."""

    def __call__(self, *, port: int = 0) -> AbstractContextManager[str]: ...


@pytest.fixture
def serve(built_vendor: None, broker: Broker, settings_for: Callable[..., WebSettings]) -> Serve:
    settings = settings_for(broker.port, stale_seconds=STALE_SECONDS)

    @contextmanager
    def run(*, port: int = 0) -> Iterator[str]:
        with serving(settings, port=port) as made:
            wait_until(lambda: is_well(made))
            yield made

    return run


@pytest.fixture
def address(works: Works, serve: Serve) -> Iterator[str]:
    with serve() as made:
        yield made


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[f"--{switch}" for switch in SWITCHES])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, migrated_database: str) -> Iterator[Page]:
    """Give a page that fails its test for anything on its console, policy violations among it.

    Ask for it after the server: it must be closed while the server still runs.
    """
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    sign_in_to(opened, migrated_database)
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    opened.close()
    assert said == []


def sign_in_to(page: Page, database: str) -> None:
    # A cookie does not know ports, so this one is good for every server of the test.
    page.context.add_cookies(cookies_for("http://127.0.0.1", database))  # type: ignore[arg-type]  # plain dictionaries will do


def shoot(page: Page, name: str) -> None:
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"web-{name}.png", full_page=True)


def machine(name: str) -> str:
    return f"live-machine:has(h3 a:text-is('{name}'))"


def open_machine(page: Page, address: str, name: str, query: str = "") -> None:
    page.goto(address)
    path = page.locator(f"{machine(name)} h3 a").get_attribute("href")
    page.goto(f"{address}{path}{query}")


def test_the_overview_shows_values_that_change(address: str, page: Page) -> None:
    page.goto(address)
    number = page.locator(f"{machine('boiler-east')} live-value[signal=steam_flow] .number")
    expect(number).to_have_text(re.compile(r"^\d+\.\d\d$"))
    before = number.inner_text()
    expect(number).not_to_have_text(before)
    expect(page.locator(f"{machine('boiler-east')} .condition")).to_contain_text("实时")
    expect(page.locator(f"{machine('boiler-east')} .machine-state")).to_have_text("运行")
    expect(page.locator("connection-lamp")).to_have_text("已连接")
    expect(page.locator("data-as-of")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(page.locator(f"{machine('mill-07')} live-value[signal=program]")).to_have_text("O1234")
    shoot(page, "overview-zh")


def test_what_is_abnormal_is_marked_by_shape_and_word(address: str, page: Page) -> None:
    page.goto(f"{address}/?lang=en")
    alarmed = page.locator(f"{machine(ALARMED[0])} live-value[signal={ALARMED[1]}]")
    expect(alarmed.locator(".flag")).to_have_text("▲ High")
    failed = page.locator(f"{machine(FAILED[0])} live-value[signal={FAILED[1]}]")
    expect(failed.locator(".number")).to_have_text("—")
    expect(failed.locator(".flag")).to_have_text("✕ Sensor failure")
    expect(page.locator(f"{machine('boiler-east')} .machine-state")).to_have_text("Running")
    shoot(page, "overview-en")


def test_limits_of_a_running_machine_do_not_blame_a_stopped_one(works: Works, address: str, page: Page) -> None:
    page.goto(f"{address}/?lang=en")
    pressure = page.locator(f"{machine('boiler-east')} live-value[signal=steam_pressure]")
    expect(page.locator(f"{machine('boiler-east')} .machine-state")).to_have_text("Running")
    works.stopped.add("boiler-east")
    expect(page.locator(f"{machine('boiler-east')} .machine-state")).to_have_text("Off")
    expect(pressure.locator(".number")).to_have_text("0.100")
    expect(pressure.locator(".flag")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_telephone_360_pixels_wide_never_scrolls_sideways(address: str, page: Page, language: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(f"{machine('boiler-east')} .condition")).to_contain_text("·")
    shoot(page, f"overview-phone-{language}")
    overview_width = page.evaluate("document.documentElement.scrollWidth")
    open_machine(page, address, "boiler-west")
    expect(page.locator("signal-trends canvas")).to_have_count(3)
    shoot(page, f"equipment-phone-{language}")
    assert (overview_width, page.evaluate("document.documentElement.scrollWidth")) == (360, 360)


def test_values_look_stale_when_the_feed_stops_and_live_when_it_is_back(
    address: str, page: Page, works: Works, publisher: Publisher
) -> None:
    page.goto(address)
    card = page.locator(machine("boiler-east"))
    expect(card.locator(".condition")).to_contain_text("实时")
    works.stop()
    publisher.say_online("works-jinan", online=False)
    expect(card).to_have_class(re.compile("is-stale"), timeout=(STALE_SECONDS + 5) * 1000)
    expect(card.locator(".condition")).to_contain_text("数据过期")
    expect(card.locator(".condition")).to_contain_text("网关离线")
    shoot(page, "overview-stale")
    publisher.say_online("works-jinan", online=True)
    publisher.send(works.bundle([time.time()]))
    expect(card).not_to_have_class(re.compile("is-stale"))
    expect(card.locator(".condition")).to_contain_text("实时")


def ink(page: Page, index: int = 0) -> int:
    """Count the pixels of a trend that have the colour of its line."""
    return int(
        page.locator("signal-trends canvas")
        .nth(index)
        .evaluate(
            """canvas => {
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                let count = 0;
                for (let i = 0; i < data.length; i += 4) count += data[i] === 53 && data[i + 1] === 80 && data[i + 2] === 107;
                return count;
            }"""
        )
    )


def test_trends_draw_follow_and_change_by_choice(address: str, page: Page, history: None) -> None:
    open_machine(page, address, "boiler-east")
    expect(page.locator("signal-trends canvas")).to_have_count(3)
    assert ink(page) > 300
    expect(page.locator(".trend-level")).to_have_text("原始数据")
    shoot(page, "equipment-zh")
    newest = "document.querySelector('signal-trends').newestTime"
    before = page.evaluate(newest)
    wait_until(lambda: page.evaluate(newest) > before)  # not wait_for_function: that needs an eval in the page
    page.get_by_label("显示 排烟温度 的趋势").check()
    expect(page.locator("signal-trends canvas")).to_have_count(4)
    assert "flue_gas_temperature_stack" in page.url
    page.get_by_role("button", name="24 小时").click()
    expect(page.locator(".trend-level")).to_contain_text("每分钟均值")
    assert ink(page) > 10
    page.reload()
    expect(page.locator("signal-trends canvas")).to_have_count(4)
    expect(page.get_by_role("button", name="24 小时")).to_have_attribute("aria-pressed", "true")


def test_a_hole_in_the_data_is_a_gap_in_the_trend(address: str, page: Page, history: None) -> None:
    open_machine(page, address, "boiler-east", "?signals=steam_flow")
    expect(page.locator("signal-trends canvas")).to_have_count(1)
    # Above the axis of time, which is 26 pixels high: the curve runs low at some times of the day.
    columns = page.locator("signal-trends canvas").evaluate(
        """canvas => {
            const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const isInk = (x, y) => data[(y * width + x) * 4] < 120 && data[(y * width + x) * 4 + 3] > 100;
            return [...Array(width).keys()].map(x => [...Array(height - 26).keys()].some(y => isInk(x, y)));
        }"""
    )
    drawn = columns[80:-14]
    # Where the test began late, the hour ends with nothing yet.
    longest = max(len(run) for run in "".join("x" if column else " " for column in drawn).strip().split("x"))
    assert 0.07 < longest / len(drawn) < 0.13  # six minutes of sixty


def test_the_equipment_page_lists_every_signal_in_english_too(address: str, page: Page) -> None:
    open_machine(page, address, "roof-1", "?lang=en")
    expect(page.locator("table.signals tbody tr")).to_have_count(len(load_kind("pv_inverter").signals))
    expect(page.locator("[data-quality=dc_power]")).to_have_text("Sensor failure")
    expect(page.locator("[data-age=frequency]")).to_contain_text(re.compile("just now|s ago"))
    expect(page.locator("table.signals live-value[signal=state]")).to_have_text("Running (maximum power tracking)")
    shoot(page, "equipment-en")


def test_everything_is_reached_by_keyboard(address: str, page: Page) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"English", "查找", "boiler-east", "roof-2"} <= reached


def test_without_machines_the_page_says_so_and_the_first_one_appears_by_itself(
    page: Page, filler: Filler, publisher: Publisher, serve: Serve
) -> None:
    plant = Plant("first-gateway")
    with serve() as address:
        page.goto(address)
        expect(page.locator(".blank.is-empty")).to_contain_text("还没有设备上报")
        shoot(page, "overview-empty")
        first = plant.boiler(time.time())
        filler.commit(first)
        publisher.send(first)
        expect(page.locator(machine("boiler-1"))).to_be_visible(timeout=15_000)
        page.goto("about:blank")


def test_a_lost_server_is_seen_and_found_again(browser: Browser, works: Works, serve: Serve, database: str) -> None:
    other = browser.new_page()  # the browser itself complains on the console of a refused connection
    sign_in_to(other, database)
    with serve() as address:
        other.goto(address)
        expect(other.locator("connection-lamp")).to_have_text("已连接")
    expect(other.locator("connection-lamp")).to_have_text("连接中断")
    expect(other.locator("#notices")).to_contain_text("自动重连")
    expect(other.locator(machine("boiler-east"))).to_have_class(re.compile("is-stale"), timeout=10_000)
    shoot(other, "overview-lost")
    with serve(port=int(address.rpartition(":")[2])):
        expect(other.locator("connection-lamp")).to_have_text("已连接", timeout=20_000)
        expect(other.locator(machine("boiler-east"))).not_to_have_class(re.compile("is-stale"))
        other.close()
