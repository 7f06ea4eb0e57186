"""Usage statements: whether chains hold now, the file that others check, and another site's machines."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from analytics.leasing.chain import verify
from analytics.statements.keys import Keys, make_keys
from analytics.statements.making import find_missing, make_missing
from store.database import Database
from store.equipment import list_equipment
from tests.analytics.statements.construction_site import FIRST, OFFSET_HOURS, TODAY, Site, rows
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving
from tests.dashboards.telephone import telephone

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "statements.key")


@pytest.fixture
def site(migrated_database: str, keys: Keys) -> Iterator[Site]:
    """Give two excavators with three statements each; boilers have none."""
    with Database(migrated_database) as opened:
        made = Site(opened, migrated_database)
        for name in ("excavator-1", "excavator-2"):
            made.commit(name, rows(FIRST, TODAY))
        offset = timedelta(hours=OFFSET_HOURS)
        wanted = find_missing(opened, keys, list_equipment(opened), now=datetime.now(UTC), offset=offset, first_day=FIRST.date())
        assert list(make_missing(opened, keys, wanted)) == []
        yield made


@pytest.fixture
def client(site: Site, settings_for: Any) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, site.address) as made:
        yield made


def change(site: Site, statement: bytes) -> None:
    """Do what only somebody can who owns the table."""
    with site.database.connection() as connection:
        connection.execute(b"ALTER TABLE usage.statement DISABLE TRIGGER insert_only")
        connection.execute(statement)


def ids(site: Site) -> list[int]:
    return [one.id for one in list_equipment(site.database)]


def test_the_api_gives_a_chain_that_anybody_can_check(client: httpx.Client, site: Site, keys: Keys) -> None:
    number = ids(site)[0]
    told = client.get(f"/api/v1/equipment/{number}/statements?limit=2&offset=1").json()
    assert (told["total"], told["broken"], told["public_key"], told["key_id"]) == (3, None, keys.public_key.hex(), keys.key_id)
    assert [one["number"] for one in told["items"]] == [2, 3]
    assert told["items"][0]["statement"]["hours"] == "10.00"
    file = client.get(f"/api/v1/equipment/{number}/statements.jsonl")
    assert file.headers["content-type"] == "application/jsonl"
    lines = file.content.removesuffix(b"\n").split(b"\n")
    assert verify(lines, public_key=keys.public_key, newest_hash=told["newest_hash"]) is None
    assert json.loads(lines[-1])["number"] == 3


def test_the_pages_show_chains_days_and_tables(client: httpx.Client, site: Site, keys: Keys) -> None:
    number = ids(site)[0]
    page = client.get("/statements?lang=en").text
    assert "2 machines have statements" in page
    assert keys.public_key.hex() in page
    assert "Whole" in client.get(f"/statements/{number}/state").text
    assert "excavator-2" not in client.get("/statements?search=tor-1").text
    machine = client.get(f"/statements/{number}?lang=en").text
    assert "Whole" in machine
    assert machine.count(">10.00<") == 3
    for path, count in (("machines.csv", 3), (f"{number}/days.csv", 4)):
        content = client.get(f"/statements/{path}").content.decode("utf-8-sig")
        assert len(list(csv.reader(io.StringIO(content)))) == count
    assert client.get("/statements?sort=colour").status_code == 422
    assert client.get("/statements/999999").status_code == 404


@pytest.mark.parametrize("text", [b"{}", b"[1]", b"x", b'{"flags": 3, "hours": {"a": 1}, "day": 7}'])
def test_a_chain_that_was_touched_is_shown_as_broken_and_breaks_no_page(client: httpx.Client, site: Site, text: bytes) -> None:
    number = ids(site)[0]
    change(site, b"UPDATE usage.statement SET text = '%s' WHERE number = 2 AND equipment_id = %d" % (text, number))
    assert client.get(f"/api/v1/equipment/{number}/statements").json()["broken"]["number"] == 2
    for path in (f"/statements/{number}", f"/statements/{number}/state"):
        assert "statement 2: " in client.get(f"{path}?lang=en").text
    assert client.get(f"/statements/{number}/days.csv").status_code == 200
    assert client.get(f"/api/v1/equipment/{number}/statements.jsonl").status_code == 200
    assert "Whole" in client.get(f"/statements/{ids(site)[1]}/state").text


def test_another_sites_machines_have_no_statements(client: httpx.Client, site: Site) -> None:
    elsewhere = {"name": "other", "label_zh": "别处", "label_en": "Elsewhere", "time_zone": "UTC"}
    number = client.post("/api/v1/sites", json=elsewhere).json()["id"]
    machine = ids(site)[0]
    with client_for(str(client.base_url), site.address, role="operator", sites=(number,)) as stranger:
        assert "is-empty" in stranger.get("/statements").text
        assert "excavator" not in stranger.get("/statements/machines.csv").text
        for path in ("", "/state", "/days.csv"):
            assert stranger.get(f"/statements/{machine}{path}").status_code == 404
        for name in ("statements", "statements.jsonl"):
            assert stranger.get(f"/api/v1/equipment/{machine}/{name}").status_code == 404


@pytest.mark.browser
def test_a_lessor_sees_which_chain_is_broken_on_a_telephone(
    client: httpx.Client, site: Site, chromium: str, built_vendor: None
) -> None:
    address = str(client.base_url)
    change(site, b"UPDATE usage.statement SET day = day + 100 WHERE number = 3 AND equipment_id = %d" % ids(site)[1])
    with telephone(chromium, address, site.address, role="viewer") as page:
        page.goto("/statements")
        states = page.locator("main tbody tr td:nth-of-type(1)")
        expect(states.nth(0)).to_contain_text("完整")
        expect(states.nth(1)).to_contain_text("断裂 第 3 条：日期不对")
        assert violations(page, language="zh") == []
        page.screenshot(path="test-output/page-statements-list.png", full_page=True)
        page.get_by_role("link", name="excavator-2").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("excavator-2")
        assert violations(page, language="zh") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path="test-output/page-statements-machine.png", full_page=True)
        with page.expect_download() as download:
            page.get_by_role("link", name="下载全部声明").click()
        assert download.value.suggested_filename == "statements-excavator-2.jsonl"
