"""Pages that stay open while a server behind them goes away: they say so within seconds, and are live again by themselves."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dashboards.settings import WebSettings
from shangyun.local_servers import Broker, embedded_postgresql
from store.database import Database
from store.migrate import migrate
from telemetry.mqtt import BrokerSettings
from tests.conftest import reachable_folder
from tests.dashboards.alarm_plant import HOME, PRESSURE, AlarmPlant
from tests.dashboards.people import cookies_for
from tests.dashboards.plant import Filler, Plant, Publisher, free_port, is_well, serving, wait_until

SEEN_MILLISECONDS = 10_000
"""So soon a page must say what is wrong."""
BACK_MILLISECONDS = 30_000
DATABASE_AWAY, BROKER_AWAY = "数据库暂不可用", "消息服务中断"


@pytest.fixture(scope="module")
def folder(postgresql_server: str) -> Iterator[Path]:
    with reachable_folder() as made:
        yield made / "postgresql"


class DatabaseServer:
    """A PostgreSQL that may be stopped and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = contextlib.ExitStack()
        self.address = self.start()

    def start(self) -> str:
        return self._running.enter_context(embedded_postgresql(self._folder))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[DatabaseServer]:
    made = DatabaseServer(folder)
    with Database(made.address) as opened:
        migrate(opened, report=lambda _: None)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def database(server: DatabaseServer) -> str:
    return server.address


@pytest.fixture(scope="module")
def alarms(database: str) -> Iterator[AlarmPlant]:
    with Database(database) as opened:
        yield AlarmPlant(opened, Filler(opened))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def broker(make_broker: Callable[..., Broker]) -> Broker:
    return make_broker()


@contextlib.contextmanager
def values_coming(broker: Broker) -> Iterator[None]:
    """Publish a row of the boiler every half second, its pressure rising with time."""
    plant, stop = Plant(HOME), threading.Event()

    def publish() -> None:
        with contextlib.closing(Publisher(broker)) as publisher:
            while not stop.wait(0.5):
                now = time.time()
                publisher.send(plant.boiler(now, steam_pressure=0.5 + now % 1000 / 10_000))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def settings(database: str, broker: Broker, built_vendor: None) -> WebSettings:
    return WebSettings(database=database, broker=BrokerSettings(host=broker.host, port=broker.port), stale_seconds=3)


class Desk:
    """What an operator has before them: the page of the boiler and the list of alarms, in two tabs."""

    def __init__(self, context: BrowserContext, address: str, machine: int) -> None:
        self.machine, self.alarms = context.new_page(), context.new_page()
        self.machine.goto(f"{address}/equipment/{machine}")
        self.alarms.goto(f"{address}/alarms")
        for page in self.pages:
            expect(page.locator("connection-lamp")).to_have_text("已连接", timeout=SEEN_MILLISECONDS)

    @property
    def pages(self) -> tuple[Page, Page]:
        return self.machine, self.alarms

    def sees_new_values(self) -> None:
        number = self.machine.locator("dl.tiles live-value[signal=steam_pressure] .number")
        expect(self.machine.locator("live-machine")).not_to_have_class(re.compile("is-stale"), timeout=BACK_MILLISECONDS)
        expect(number).not_to_have_text(number.inner_text(), timeout=BACK_MILLISECONDS)

    def acknowledges(self, alarm: int, note: str) -> None:
        self.alarms.locator(f"#acknowledge-{alarm}").click()
        self.alarms.locator("#act-form textarea").fill(note)
        self.alarms.locator("#act-form button[type=submit]").click()


@pytest.fixture
def sit_down(browser: Browser, alarms: AlarmPlant, database: str) -> Iterator[Callable[[str], Desk]]:
    with contextlib.ExitStack() as contexts:

        def sit_down_at(address: str) -> Desk:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            contexts.callback(context.close)
            context.add_cookies(cookies_for(address, database))  # type: ignore[arg-type]  # plain dictionaries will do
            return Desk(context, address, alarms.equipment(HOME))

        yield sit_down_at


def test_a_lost_broker_is_told_and_values_come_again_by_themselves(
    broker: Broker, settings: WebSettings, sit_down: Callable[[str], Desk]
) -> None:
    with serving(settings) as address:
        wait_until(lambda: is_well(address))
        with values_coming(broker):
            desk = sit_down(address)
            desk.sees_new_values()
        broker.kill()
        for page in desk.pages:
            expect(page.locator("connection-lamp")).to_have_text(BROKER_AWAY, timeout=SEEN_MILLISECONDS)
            expect(page.locator("#notices")).to_contain_text(BROKER_AWAY)
        expect(desk.machine.locator("live-machine")).to_have_class(re.compile("is-stale"), timeout=SEEN_MILLISECONDS)
        broker.start()
        with values_coming(broker):
            for page in desk.pages:
                expect(page.locator("connection-lamp")).to_have_text("已连接", timeout=BACK_MILLISECONDS)
                expect(page.locator("#notices")).to_be_empty()
            desk.sees_new_values()


def test_a_lost_database_is_told_and_alarms_are_acknowledged_again_when_it_is_back(
    server: DatabaseServer,
    alarms: AlarmPlant,
    broker: Broker,
    settings: WebSettings,
    sit_down: Callable[[str], Desk],
) -> None:
    alarm = alarms.alarm(PRESSURE)
    with serving(settings) as address, values_coming(broker):
        wait_until(lambda: is_well(address))
        desk = sit_down(address)
        row = desk.alarms.locator(f"#alarm-{alarm}")
        expect(row).to_have_class(re.compile("is-unacknowledged"))
        server.stop()
        try:
            for page in desk.pages:
                expect(page.locator("#notices")).to_contain_text(DATABASE_AWAY, timeout=SEEN_MILLISECONDS)
            desk.sees_new_values()  # they come from the broker
            desk.acknowledges(alarm, "too early")
            expect(desk.alarms.locator("[data-notice=request]")).to_contain_text("没有应答", timeout=SEEN_MILLISECONDS)
        finally:
            server.start()
        for page in desk.pages:
            expect(page.locator("#notices")).not_to_contain_text(DATABASE_AWAY, timeout=BACK_MILLISECONDS)
        desk.alarms.locator("#act-form button[type=submit]").click()
        expect(row).to_have_class(re.compile("is-acknowledged"), timeout=BACK_MILLISECONDS)
        expect(desk.alarms.locator("#act-dialog")).to_be_hidden()
        expect(desk.alarms.locator("#notices")).to_be_empty()


def test_the_list_of_alarms_outlives_the_web_server_and_follows_the_next_one(
    alarms: AlarmPlant, settings: WebSettings, sit_down: Callable[[str], Desk]
) -> None:
    port = free_port()
    with serving(settings, port=port) as address:
        wait_until(lambda: is_well(address))
        desk = sit_down(address)
    expect(desk.alarms.locator("connection-lamp")).to_have_text("连接中断", timeout=SEEN_MILLISECONDS)
    expect(desk.alarms.locator("body")).to_have_class(re.compile("is-stale"))
    alarm = alarms.alarm()  # nobody is there to tell it
    with serving(settings, port=port):
        expect(desk.alarms.locator("connection-lamp")).to_have_text("已连接", timeout=BACK_MILLISECONDS)
        expect(desk.alarms.locator(f"#alarm-{alarm}")).to_be_visible(timeout=BACK_MILLISECONDS)
        desk.acknowledges(alarm, "seen")
        expect(desk.alarms.locator(f"#alarm-{alarm}")).to_have_class(re.compile("is-acknowledged"))
