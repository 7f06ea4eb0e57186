"""The big screen: let in once by a token that opens nothing else, whole at 1920 x 1080, and alive again by itself."""

import logging
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from dashboards.settings import WebSettings
from store.database import Database
from store.migrate import migrate
from store.sessions import add_token
from telemetry.mqtt import BrokerSettings
from tests.conftest import reachable_folder
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import free_port, serving
from tests.dashboards.test_recovery import DatabaseServer
from tests.registry import counted_city

BACK_MILLISECONDS = 30_000
WALL = {"width": 1920, "height": 1080}


def token(database: str, *, role: str = "screen", sites: tuple[int, ...] | None = None, days: int = 30) -> str:
    """Make a token as an administrator does."""
    secret = f"sy_{secrets.token_urlsafe(32)}"
    with Database(database) as opened, opened.connection() as connection:
        expires_at = datetime.now(UTC) + timedelta(days=days)
        name = f"{role}-{secrets.token_hex(4)}"
        added = add_token(connection, secret, name=name, role=role, sites=sites, created_by="test", expires_at=expires_at)
        assert added is not None
    return secret


@pytest.fixture
def address(migrated_database: str, settings_for: Any) -> Iterator[str]:
    with Database(migrated_database) as opened, opened.connection() as connection:
        counted_city.fill(connection, counties=3, enterprises=2)
    with serving(settings_for()) as running:
        yield running


@pytest.fixture
def kiosk(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers={"Origin": address}) as made:
        yield made


on_one_server = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@on_one_server
def test_a_token_that_is_typed_once_opens_the_screen_and_nothing_else(kiosk: httpx.Client, database: str) -> None:
    assert kiosk.get("/city/screen").headers["location"] == "/city/screen/enter"
    answer = kiosk.post("/city/screen/enter", data={"token": f" {token(database)}\n"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/city/screen")
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/city/screen", "max-age="))
    assert kiosk.get("/city/screen").status_code == 200
    assert "data-made-at" in kiosk.get("/city/screen/figures").text
    for path in ("/city", "/equipment", "/city/machines", "/"):
        assert kiosk.get(path).status_code == 303  # to the log-in
    assert kiosk.get("/api/v1/city/overview").status_code == 401


@on_one_server
@pytest.mark.parametrize("wrong", ["none", "too_much", "some_sites", "over", "empty"])
def test_any_other_token_is_refused_and_leaves_no_cookie(kiosk: httpx.Client, database: str, wrong: str) -> None:
    typed = {
        "none": "sy_guessed",
        "too_much": token(database, role="admin"),
        "some_sites": token(database, sites=(1,)),
        "over": token(database, days=-1),
        "empty": "",
    }[wrong]
    answer = kiosk.post("/city/screen/enter?lang=en", data={"token": typed})
    assert answer.status_code == 401
    assert "does not open the screen" in answer.text
    assert "kiosk" not in answer.headers.get("set-cookie", "")
    assert typed == "" or typed not in answer.text


@on_one_server
def test_the_token_stands_in_no_address_and_in_no_log_and_its_use_is_audited(
    kiosk: httpx.Client, address: str, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = token(database)
    with caplog.at_level(logging.DEBUG):
        kiosk.post("/city/screen/enter", data={"token": secret})
        assert secret not in kiosk.get("/city/screen").text
    said_by_server = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert any("/city/screen/enter" in line for line in said_by_server)
    assert not any(secret in line for line in said_by_server)
    with client_for(address, database) as administrator:
        logged = administrator.get("/api/v1/audit?limit=5").json()["items"]
    assert logged[0]["action"] == "city.enter_screen"
    assert secret not in str(logged)


@on_one_server
def test_a_revoked_token_ends_the_screen_and_leads_to_the_form(kiosk: httpx.Client, address: str, database: str) -> None:
    kiosk.post("/city/screen/enter", data={"token": token(database)})
    assert kiosk.get("/city/screen/figures").status_code == 200
    with client_for(address, database) as administrator:
        (number,) = [one["id"] for one in administrator.get("/api/v1/tokens").json()["items"]]
        assert administrator.delete(f"/api/v1/tokens/{number}").status_code == 204
    ended = kiosk.get("/city/screen/figures", headers={"HX-Request": "true"})
    assert (ended.status_code, ended.headers["hx-redirect"]) == (401, "/city/screen/enter")


@on_one_server
def test_people_who_may_see_it_need_no_token_and_an_open_screen_is_no_act_of_theirs(address: str, database: str) -> None:
    with client_for(address, database, role="evaluator") as evaluator:
        assert evaluator.get("/city/screen").status_code == 200
        with Database(database) as opened, opened.connection() as connection:
            connection.execute("UPDATE web.session SET seen_at = seen_at - interval '10 minutes'")
        assert evaluator.get("/city/screen/figures").status_code == 200
        with Database(database) as opened, opened.connection() as connection:
            ((idle,),) = connection.execute("SELECT now() - max(seen_at) FROM web.session").fetchall()
        assert idle > timedelta(minutes=9)


@on_one_server
def test_before_the_first_count_the_screen_says_that_it_fills_by_itself(migrated_database: str, settings_for: Any) -> None:
    with serving(settings_for()) as address, client_for(address, migrated_database) as administrator:
        assert "fills by itself" in administrator.get("/city/screen/figures?lang=en").text


@pytest.mark.browser
def test_the_screen_is_whole_without_scrolling_and_outlives_a_restart_of_server_and_database(
    postgresql_server: str, chromium: str, built_vendor: None
) -> None:
    with reachable_folder() as folder, sync_playwright() as playwright:
        server, port = DatabaseServer(folder / "postgresql"), free_port()
        settings = WebSettings(database=server.address, broker=BrokerSettings(host="127.0.0.1", port=free_port()))
        with Database(server.address) as opened:
            migrate(opened, report=lambda _: None)
            with opened.connection() as connection:
                counted_city.fill(connection)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport=WALL)  # type: ignore[arg-type]
        page = context.new_page()
        wrong: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("request", lambda request: asked.append(request.url))
        secret = token(server.address)
        with serving(settings, port=port) as address:
            page.goto(f"{address}/city/screen")
            page.get_by_label("令牌").fill(secret)
            page.get_by_role("button", name="打开").click()
            expect(page.locator(".board")).to_be_visible()
            expect(page.locator("#link")).to_contain_text("数字统计于")
            assert violations(page, language="zh") == []
            assert page.locator("nav").count() == 0
            for size in (WALL, {"width": 3840, "height": 2160}, {"width": 1366, "height": 768}):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert _overflowing(page) == []
            page.set_viewport_size(WALL)  # type: ignore[arg-type]
            assert page.evaluate(SMALLEST_LETTERS) >= 16
            page.screenshot(path="test-output/page-city-screen-zh.png")
            assert wrong == []
        server.stop()
        expect(page.locator("#link")).to_contain_text("连接中断", timeout=BACK_MILLISECONDS)
        expect(page.locator(".board")).to_be_visible()  # the old figures stay, with their age
        with serving(settings, port=port) as address:
            with httpx.Client(base_url=address, cookies={"kiosk": secret}, timeout=30) as other:
                waiting = other.get("/city/screen")
                assert (waiting.status_code, other.get("/city/screen/figures").status_code) == (200, 503)
                assert "hx-get" in waiting.text
            assert server.start() == settings.database
            expect(page.locator("#link")).not_to_contain_text("连接中断", timeout=BACK_MILLISECONDS)
            expect(page.locator("#link")).to_contain_text("数字统计于")
            assert not [one for one in asked if secret in one]
            browser.close()
        server.stop()


SMALLEST_LETTERS = """() => Math.min(...[...document.querySelectorAll("#figures *, .top *")]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .filter((element) => !["title", "desc"].includes(element.tagName.toLowerCase()))
  .map((element) => element.getBoundingClientRect().height))"""
"""In pixels of the screen, the height of a line."""
OVERFLOWING = """() => [document.documentElement, ...document.querySelectorAll(".board, .board :is(.panel, .tiles, .drawing)")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
  .map((element) => `${element.tagName}.${element.getAttribute("class")} ${element.scrollWidth}x${element.scrollHeight}`)"""


def _overflowing(page: Page) -> list[str]:
    """Name what does not fit where it stands."""
    return list(page.evaluate(OVERFLOWING))
