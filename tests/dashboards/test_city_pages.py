"""The city's pages: one number with its time and rule, where machines are lost, and the evidence for each machine."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from store.city_snapshots import TESTS
from store.database import Database
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import serving
from tests.registry import counted_city
from tests.registry.city import CITY
from tests.registry.counted_city import RULE, TODAY, CountedCity

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
COUNTIES, ENTERPRISES, MACHINES = 4, 3, 4
ALL = COUNTIES * ENTERPRISES * MACHINES


@pytest.fixture
def counted(migrated_database: str) -> CountedCity:
    with Database(migrated_database) as opened, opened.connection() as connection:
        made = counted_city.fill(connection, counties=COUNTIES, enterprises=ENTERPRISES, machines=MACHINES)
        counted_city.add_days(connection, made.machines[0], kind="boiler")
        return made


@pytest.fixture
def client(counted: CountedCity, database: str, settings_for: Any) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, database, role="evaluator") as made:
        yield made


@pytest.fixture
def empty(migrated_database: str, settings_for: Any) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, migrated_database, role="evaluator") as made:
        yield made


def rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def lost(counted: CountedCity, test: str) -> int:
    return sum(lost_at == test for lost_at in counted.lost_at.values())


def test_the_number_stands_in_one_sentence_with_its_day_and_rule(client: httpx.Client, counted: CountedCity) -> None:
    told = client.get("/api/v1/city/overview").json()
    assert told["snapshot"]["counted"] == lost(counted, "")
    page = re.sub(r"<[^>]+>|\s+", " ", client.get("/city?lang=en").text)
    sentence = f"As of {TODAY}, {told['snapshot']['on_cloud']} enterprises have {lost(counted, '')} machines that are really on"
    assert sentence in re.sub(r"\s+", " ", page)
    assert f"by rule {RULE}" in page


def test_the_funnel_loses_each_machine_at_one_test_and_leads_to_those_lost_there(
    client: httpx.Client, counted: CountedCity
) -> None:
    page = client.get("/city").text
    for test in TESTS:
        assert f"lost_at={test}" in page
        listed = rows(client.get(f"/city/machines/list.csv?lost_at={test}"))[1:]
        assert len(listed) == lost(counted, test)
    steps = client.get("/api/v1/city/overview").json()["funnel"]
    assert sum(step["lost"] for step in steps) + lost(counted, "") == ALL == steps[0]["reached"]
    assert len(rows(client.get("/city/machines/list.csv?lost_at=counted"))) - 1 == lost(counted, "")


def test_filters_narrow_funnel_matrix_and_trend_to_an_area_a_kind_and_a_department(client: httpx.Client) -> None:
    whole = client.get("/api/v1/city/overview").json()
    area, kind = whole["cells"][0]["area"], whole["cells"][0]["kind"]
    narrowed = client.get(f"/api/v1/city/overview?area={area}&kind={kind}").json()
    assert narrowed["cells"] == [cell for cell in whole["cells"] if (cell["area"], cell["kind"]) == (area, kind)]
    assert narrowed["funnel"][0]["reached"] == narrowed["cells"][0]["machines"]
    of_department = client.get(f"/api/v1/city/overview?department={counted_city.DEPARTMENT}").json()
    assert of_department["funnel"][0]["reached"] == ALL // 2
    by_month = rows(client.get(f"/city/tables/trend.csv?trend=month&area={area}"))
    assert len(by_month) == 1 + counted_city.MONTHS
    assert int(by_month[-1][2]) <= ALL // COUNTIES


def test_every_table_comes_as_a_file_with_plain_numbers(client: httpx.Client) -> None:
    tables = ("areas", "cells", "departments", "funnel", "kinds", "plan", "quality", "silent", "suspicions", "trend")
    found = {name: rows(client.get(f"/city/tables/{name}.csv?lang=en")) for name in tables}
    assert [row[0] for row in found["funnel"][1:]][-1] == "On hold"
    assert len(found["areas"]) == 1 + COUNTIES
    assert sum(int(row[4]) for row in found["cells"][1:]) == ALL
    assert 0 < float(found["areas"][1][-1]) < 1
    assert client.get("/city/tables/secrets.csv").status_code == 404


def test_a_rate_without_a_declaration_is_a_dash_and_never_0(
    client: httpx.Client, counted: CountedCity, migrated_database: str
) -> None:
    with Database(migrated_database) as opened, opened.connection() as connection:
        connection.execute("ALTER TABLE city.snapshot_enterprise DISABLE TRIGGER frozen")
        connection.execute("UPDATE city.snapshot_enterprise SET declared = NULL")
    told = client.get("/api/v1/city/overview").json()
    assert (told["declared"], told["rate"]) == (None, None)
    page = client.get("/city?lang=en").text
    assert "No enterprise has declared key equipment yet" in page
    assert "0.0%" not in page.partition("Data quality")[0]


def test_gateways_whose_machines_fell_silent_are_named_with_their_last_day(client: httpx.Client, counted: CountedCity) -> None:
    silent = rows(client.get("/city/tables/silent.csv"))[1:]
    assert {row[0] for row in silent} == {"gw-4", "gw-9"}  # each fifth enterprise sends nothing
    assert all(row[-1] == "" for row in silent)


def test_a_machine_tells_by_which_test_it_was_lost_and_with_which_numbers(client: httpx.Client, counted: CountedCity) -> None:
    page = client.get(f"/city/machines/{counted.machine_lost_at('completeness')}?lang=en").text
    assert "Does not count" in page
    assert "too few: temperature 16" in page
    steps = re.findall(r'<li class="is-(\w+)">', page)
    assert steps == ["passed"] * 5 + ["lost"] + ["unreached"] * 3
    whole = client.get(f"/city/machines/{counted.machine_lost_at('')}?lang=en").text
    assert "All 9 tests are passed" in whole
    assert re.findall(r'<li class="is-(\w+)">', whole) == ["passed"] * 9


def test_the_calendar_shows_days_with_all_points_with_some_and_without_data(client: httpx.Client, counted: CountedCity) -> None:
    days = rows(client.get(f"/city/machines/{counted.machines[0]}/days.csv?days=30"))[1:]
    by_day = {row[0]: row[1:] for row in days}
    assert len(days) == 30
    assert by_day[TODAY.isoformat()] == ["2", "2", "24"]
    assert by_day[(TODAY - timedelta(days=4)).isoformat()] == ["1", "2", "24"]
    assert by_day[(TODAY - timedelta(days=6)).isoformat()] == ["", "", ""]


def test_what_speaks_against_a_machine_stands_on_its_page(
    client: httpx.Client, counted: CountedCity, migrated_database: str
) -> None:
    machine, twin = counted.machines[:2]
    with Database(migrated_database) as opened, opened.connection() as connection:
        connection.execute(
            "UPDATE city.machine SET nameplate_key = (SELECT nameplate_key FROM city.machine WHERE id = %s) WHERE id = %s",
            [machine, twin],
        )
        connection.execute(
            "UPDATE city.gateway SET certificate_sha256 = (SELECT certificate_sha256 FROM city.gateway WHERE name = 'gw-0')"
        )
        connection.execute(
            """INSERT INTO city.suspicion (machine_id, method, score, threshold, since, until, explanation, evidence)
               VALUES (%s, 'flatlined', 0.97, 0.9, now() - interval '3 days', now(), '{"en": "It never moves"}', '[]')""",
            [machine],
        )
        connection.execute("INSERT INTO city.hold (machine_id, reason, placed_by) VALUES (%s, '现场核查', 'auditor')", [machine])
    page = client.get(f"/city/machines/{machine}?lang=en").text
    for words in ("It never moves", "is-doubtful", "still on hold", "gw-1, gw-10", f'href="/city/machines/{twin}"'):
        assert words in page
    assert rows(client.get("/city/tables/suspicions.csv?lang=en"))[1][-2:] == ["1", "1"]


def test_before_the_first_count_pages_say_what_to_do_and_the_api_has_nothing(empty: httpx.Client) -> None:
    assert "registry recount" in empty.get("/city").text
    assert "is-empty" in empty.get("/city/machines").text
    assert "is-empty" in empty.get("/city/report").text
    assert empty.get("/api/v1/city/overview").json()["snapshot"] is None
    assert rows(empty.get("/city/machines/list.csv"))[1:] == []
    for path in (
        "/api/v1/city/overview?city=nowhere",
        "/city/tables/areas.csv",
        "/city/machines/1",
        "/city/report/1",
        "/city/report/1/pdf",
    ):
        assert empty.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/city/machines?lost_at=colour",
        "/city/machines?sort=colour",
        "/city/machines/0",
        "/city/machines/99999999999",
        "/city/machines/1?days=31",
        "/city?area=%00",
        "/city?trend=week",
        "/api/v1/city/overview?kind=%00",
        "/city/machines/x/days.csv",
    ],
)
def test_bad_input_is_refused_and_breaks_nothing(path: str, client: httpx.Client) -> None:
    assert client.get(path).status_code in (404, 422)


def test_only_who_may_read_the_city_sees_it(client: httpx.Client, counted: CountedCity, database: str) -> None:
    address = str(client.base_url)
    with client_for(address, database, role="operator") as operator:
        for path in (
            "/city",
            "/city/machines",
            f"/city/machines/{counted.machines[0]}",
            "/city/report",
            "/api/v1/city/overview",
            "/city/screen",
        ):
            assert operator.get(path).status_code == 403
    with httpx.Client(base_url=address) as stranger:
        assert stranger.get("/city").status_code == 303
        assert stranger.get("/api/v1/city/overview").status_code == 401


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_officer_goes_from_the_number_to_a_machine_and_its_evidence(
    *, client: httpx.Client, counted: CountedCity, database: str, chromium: str, built_vendor: None, language: str
) -> None:
    address = str(client.base_url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="dark")
        context.add_cookies(cookies_for(address, database, role="city_officer"))  # type: ignore[arg-type]
        context.add_cookies([{"name": "lang", "value": language, "url": address}])
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)

        def look(name: str) -> None:
            wrong.extend(violations(page, language=language))
            page.screenshot(path=f"test-output/page-city-{name}-{language}.png", full_page=True)
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
            page.set_viewport_size({"width": 1440, "height": 900})

        page.goto("/city")
        expect(page.locator(".sentence")).to_contain_text(str(lost(counted, "")))
        look("overview")
        page.locator('a[href*="lost_at=continuity"]').first.click()
        expect(page.locator("main tbody tr")).to_have_count(lost(counted, "continuity"))
        look("machines")
        page.locator("main tbody th a").first.click()
        expect(page.locator(".steps .is-lost")).to_have_count(1)
        look("machine")
        page.goto("/city/report")
        look("reports")
        assert wrong == []
        browser.close()


def test_the_overview_of_another_city_is_not_mixed_in(client: httpx.Client) -> None:
    assert client.get(f"/api/v1/city/overview?city={CITY}").json()["snapshot"]["area"] == CITY
    assert client.get("/city?city=jinan").status_code == 200
    assert "registry recount" in client.get("/city?city=jinan").text
