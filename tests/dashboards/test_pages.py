"""Pages as markup: they render on every state, in both languages, and hold nothing that the strict policy forbids."""

import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import httpx
import pytest

from dashboards.presentation import decimals, shown_signals
from dashboards.settings import WebSettings
from dashboards.texts import LANGUAGES
from device_profiles.kind import kind_names, load_kind
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, serving, wait_until


@pytest.fixture
def client(filler: Filler, plant: Plant, settings_for: Callable[..., WebSettings], database: str) -> Iterator[httpx.Client]:
    now = time.time()
    names = {"boiler": "steam_flow", "cnc_machine": "spindle_speed", "pv_inverter": "active_power"}
    filler.commit(*(plant.bundle(plant.batch(f"{kind}-1", kind, {now: {signal: 5}})) for kind, signal in names.items()))
    with serving(settings_for()) as address, client_for(address, database) as made:
        wait_until(lambda: made.get("/healthz").json()["machines"] == len(names))
        yield made


class Checker(HTMLParser):
    """Collects what a page asks its browser to do."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.addresses: list[str] = []
        self._script: dict[str, str | None] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.problems.append(f"<{tag}> has inline style or script: {given}")
        self._script = given if tag == "script" else None
        self.addresses += [value for name, value in attrs if name in {"src", "href"} and value]

    def handle_data(self, data: str) -> None:
        if self._script is not None and data.strip() and self._script.get("type") != "application/json":
            self.problems.append("an inline script")
        self._script = None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_every_page_renders_in_both_languages_without_inline_code_or_foreign_hosts(client: httpx.Client) -> None:
    machines = client.get("/api/v1/equipment").json()["items"]
    for path in ("/", "/?kind=boiler&search=x&page=9", "/nowhere", *(f"/equipment/{one['id']}" for one in machines)):
        for language in LANGUAGES:
            page = client.get(path, params={"lang": language})
            assert page.status_code == (404 if path == "/nowhere" else 200)
            checked = Checker(page.text)
            assert checked.problems == []
            for address in checked.addresses:
                assert address.startswith(("/", "#", "?"))
                assert not address.startswith("//")
                if address.startswith(("/static", "/pages")) and "vendor" not in address:
                    assert client.get(address).status_code == 200


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_language_is_chinese_until_chosen_and_then_remembered(client: httpx.Client) -> None:
    assert "设备总览" in client.get("/").text
    assert "Equipment overview" in client.get("/?lang=en").text
    assert "Equipment overview" in client.get("/").text
    assert "设备总览" in client.get("/?lang=zh").text
    assert "设备总览" in client.get("/?lang=klingon").text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_visitor_types_is_shown_as_text(client: httpx.Client) -> None:
    page = client.get("/", params={"search": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert Checker(page).problems == []


def test_an_empty_store_says_what_will_happen(filler: Filler, settings_for: Callable[..., WebSettings], database: str) -> None:
    with serving(settings_for()) as address, client_for(address, database) as client:
        wait_until(lambda: "还没有设备上报" in client.get("/").text)
        assert "No machine has reported yet" in client.get("/?lang=en").text


def test_every_kind_can_be_shown() -> None:
    for name in kind_names():
        for language in LANGUAGES:
            for signal in shown_signals(load_kind(name), language):
                if signal.gauge:
                    assert 0 < signal.gauge.band_start < signal.gauge.band_start + signal.gauge.band_width < 100


def test_decimals_follow_the_normal_range() -> None:
    signals = load_kind("boiler").signals
    names = ("steam_pressure", "steam_flow", "steam_temperature", "fuel_flow", "trip_code")
    shown = {name: decimals(signals[name]) for name in names}
    assert shown == {"steam_pressure": 3, "steam_flow": 2, "steam_temperature": 1, "fuel_flow": 0, "trip_code": 0}
