"""Plans, trainings, pilots, frozen counts, the province and the policy documents: pages, files, forms and what they refuse."""

import argparse
import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pyarrow.parquet
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboards.settings import WebSettings
from registry.counting import rule
from registry.plans.loading import load_plan
from registry.province.commands import add_commands
from registry.province.facts_file import write_facts
from registry.province.publishing import publish
from registry.province.reading import take_file
from store.audit import Filter, list_acts
from store.city_province import city_days
from store.database import Database
from store.sessions import add_token
from telemetry.errors import ConfigError
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import serving
from tests.registry import city
from tests.registry.plans.frozen import Seen, freeze, load_areas

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
DAY = date(2018, 12, 31)
HOSTILE = "<script>alert(1)</script>"
A, B = city.code_of(1), city.code_of(2)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    """Give Jining with its plan and two frozen months, and the port zone of Jiaxing with its plan."""
    with Database(migrated_database) as made:
        load_areas(made, "jining", "jiaxing_port")
        for name in ("jining_2018", "jiaxing_port_2017"):
            load_plan(made, name, loaded_by="test")
        with made.connection() as connection:
            for number, area in ((1, "jining-rencheng"), (2, "jining-yanzhou")):
                uscc = city.enterprise(connection, number, area=area, name=f"企业{number}{HOSTILE if number == 2 else ''}")
                city.machine(connection, uscc, number=number)
            machine = {"kind": "boiler", "state": "verified", "lost_at": "", "uscc": A, "area": "jining-rencheng"}
            lost = machine | {"state": "silent", "lost_at": "continuity", "uscc": B, "area": "jining-yanzhou"}
            seen = [Seen(A, "jining-rencheng"), Seen(B, "jining-yanzhou", is_on_cloud=False)]
            freeze(connection, "jining", date(2018, 11, 1), date(2018, 11, 30), seen, machines=[machine, lost])
            both = [machine, machine | {"uscc": B, "area": "jining-yanzhou"}]
            freeze(connection, "jining", date(2018, 12, 1), DAY, [*seen[:1], Seen(B, "jining-yanzhou")], machines=both)
        yield made


@pytest.fixture
def visit(opened: Database, database: str, settings_for: Callable[..., WebSettings]) -> Iterator[Callable[..., httpx.Client]]:
    clients: list[httpx.Client] = []

    def sign_in(role: str = "city_officer") -> httpx.Client:
        clients.append(client_for(address, database, role=role))
        return clients[-1]

    with serving(settings_for()) as address:
        yield sign_in
        for client in clients:
            client.close()


def snapshot_ids(database: Database) -> list[int]:
    with database.connection() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM city.snapshot ORDER BY last_day")]


def rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def acts(database: Database, action: str) -> list[Any]:
    return list_acts(database, Filter(action=action), limit=10)[1]


def test_the_plan_shows_counties_with_rank_and_says_what_has_no_target(visit: Callable[..., httpx.Client]) -> None:
    client = visit("evaluator")
    page = client.get("/city/plans?plan=jining_2018&lang=en").text
    for words in ("Targets and progress", "No target issued", "Not declared", "济经信字〔2018〕11号", "Rencheng", "≥ 1000"):
        assert words in page
    assert "Import a table" not in page  # an evaluator reads
    assert "T7" not in page
    assert client.get("/city/plans?plan=jining_2018&year=2019&lang=en").text.count("Rencheng") == 0  # 2019 is not split
    table = rows(client.get("/city/plans/of/jining_2018/targets.csv?lang=zh"))
    county = next(row for row in table if row[1] == "任城区")
    assert county[5:11] == ["75.00", "", "1", "1.3", "74.00", "1"]
    for picture, at_least in (("phases", 5), ("areas", 15), ("course", 3)):
        assert len(rows(client.get(f"/city/plans/of/jining_2018/{picture}.picture.csv"))) >= at_least
    book = openpyxl.load_workbook(io.BytesIO(client.get("/city/plans/of/jining_2018/targets.xlsx").content))
    assert (book.active["A1"].value, book.active.freeze_panes) == ("Counter", "A2")  # the language was chosen above
    parquet = pyarrow.parquet.read_table(io.BytesIO(client.get("/city/plans/of/jining_2018/targets.parquet").content))
    assert parquet.num_rows == 22
    for path in ("?plan=nothing", "/of/nothing/targets.csv", "/of/jining_2018/x.picture.csv", "/of/jining_2018/targets.pdf"):
        assert client.get(f"/city/plans{path}").status_code in (404, 422)


def test_a_city_without_plans_is_told_what_to_do(
    migrated_database: str, database: str, settings_for: Callable[..., WebSettings]
) -> None:
    with serving(settings_for()) as address, client_for(address, database, role="evaluator") as client:
        assert "shangyun registry plans load" in client.get("/city/plans").text
        for part in ("trainings", "pilots", "snapshots", "province"):
            assert "is-empty" in client.get(f"/city/plans/{part}").text
        assert client.get("/city/documents").status_code == 200
        assert client.get("/api/v1/city/facts").json() == {"published": []}


def test_who_may_what(visit: Callable[..., httpx.Client], opened: Database) -> None:
    assert visit("operator").get("/city/plans").status_code == 403
    evaluator, county = visit("evaluator"), visit("county_officer")
    decision = {"reading": "relative_of_issue_year", "why": "x"}
    assert evaluator.post("/city/documents/inconsistencies/6", data=decision).status_code == 403
    assert county.post("/city/documents/inconsistencies/6", data=decision).status_code == 403
    for path in ("snapshots", "import"):
        assert county.post(f"/city/plans/{path}", data={}).status_code == 403
    assert evaluator.post("/city/plans/trainings", data={}).status_code == 403
    assert acts(opened, "city.") == []


def test_a_declared_figure_gives_the_share_and_is_in_the_audit_log(visit: Callable[..., httpx.Client], opened: Database) -> None:
    client = visit("county_officer")
    address = "/city/plans/of/jiaxing_port_2017/figures"
    figure = {"counter": "enterprise_base", "as_of": "2017-06-30", "value": "2504", "document": "统计年报"}
    assert client.post(address, data=figure).status_code == 303
    assert "2504" in client.get("/city/plans?plan=jiaxing_port_2017").text
    (act,) = acts(opened, "city.plan.declared")
    assert act.detail["value"] == 2504
    for wrong in (
        {"counter": "sheep"},
        {"as_of": "2017-02-30"},
        {"as_of": "9999-12-31"},
        {"value": "-1"},
        {"value": "9" * 30},
        {"document": ""},
        {"document": "a\x00"},
        {"extra": "1"},
    ):
        assert client.post(address, data=figure | wrong).status_code == 422
    assert client.get("/city/plans?plan=jiaxing_port_2017").text.count("统计年报") == 1


def test_a_table_of_targets_becomes_a_plan_or_shows_row_by_row_why_not(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    form = {"code": "jining-2019", "label": "2019 年目标", "area": "jining", "cited": "济经信字〔2019〕1号"}

    def send(text: str, **changes: str) -> httpx.Response:
        return client.post("/city/plans/import", data=form | changes, files={"table": ("t.csv", text.encode())})

    wrong = send("县市区,年度,目标任务\n任城区,2019,1\n桐乡市,2019,5\n汶上县,2019,x\n")
    assert wrong.status_code == 422
    assert "2 处不对" in wrong.text
    assert "桐乡市" in wrong.text  # it is in Jiaxing, not in Jining
    assert client.get("/city/plans?plan=jining-2019").status_code == 404
    assert send("县市区,年度,目标任务\n任城区,2019,1\n", code="jining_2018").status_code == 422
    assert send("县市区,年度,目标任务\n任城区,2019,1\n", area="atlantis").status_code == 422
    assert send("\x00").status_code == 422
    taken = send("县市区,年度,目标任务\n任城区,2019,300\n汶上县,2019,\n")
    assert (taken.status_code, taken.headers["location"]) == (303, "/city/plans?plan=jining-2019")
    page = client.get("/city/plans?plan=jining-2019").text
    assert "300" in page
    assert "未下达目标" in page
    (act,) = acts(opened, "city.plan.imported")
    assert act.detail["targets"] == 2


def test_a_training_counts_each_enterprise_once_and_a_wrong_code_is_named(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit("county_officer")
    form = {
        "area": "jining",
        "held_on": "2018-03-02",
        "title": "上云培训",
        "organisers": "市经信委、服务商",
        "codes": f"{A}\n{A}\n{B}",
    }
    wrong = client.post("/city/plans/trainings", data=form | {"codes": f"{A}\n{A[:-1]}Z"})
    assert wrong.status_code == 422
    assert f"2：{A[:-1]}Z" in wrong.text
    for broken in ({"area": "x"}, {"held_on": "gestern"}, {"title": " "}, {"codes": ""}):
        assert client.post("/city/plans/trainings", data=form | broken).status_code == 422
    assert client.post("/city/plans/trainings", data=form).status_code == 303
    assert client.post("/city/plans/trainings", data=form).status_code == 409
    assert client.post("/city/plans/trainings", data=form | {"title": "第二次", "codes": A}).status_code == 303
    assert "2 次培训，覆盖 2 家企业" in client.get("/city/plans/trainings").text
    assert [row[5] for row in rows(client.get("/city/plans/trainings/trainings.csv"))[1:]] == ["1", "2"]
    assert len(rows(client.get("/city/plans/trainings/1/participants.csv"))) == 3
    assert len(acts(opened, "city.training.recorded")) == 2


def test_a_pilot_is_accepted_by_the_county_and_verified_by_another_person(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    with opened.connection() as connection:
        ((label,),) = connection.execute(
            "INSERT INTO city.enterprise_label (uscc, label, level, valid_from, document, recorded_by)"
            " VALUES (%s, 'pilot', 'city', '2018-03-01', 'd', 't') RETURNING id",
            [A],
        ).fetchall()
    admin, county, officer = visit("admin"), visit("county_officer"), visit("city_officer")
    address = f"/city/plans/pilots/{label}"

    def step(client: httpx.Client, name: str) -> int:
        return client.post(address, data={"step": name, "note": "已上传", "document": "验收意见"}).status_code

    assert step(county, "accepted") == 409  # nothing was reported
    assert step(county, "progress") == 303
    assert step(officer, "accepted") == 403
    assert step(admin, "accepted") == 303
    assert step(admin, "verified") == 409  # the same person
    assert "不能是同一人" in admin.post(address, data={"step": "verified", "note": "x"}).text
    assert step(county, "verified") == 403
    assert step(officer, "verified") == 303
    assert "市级已核验" in county.get(address).text
    assert county.get("/city/plans/pilots").text.count("市级已核验") == 1
    assert rows(county.get("/city/plans/pilots/pilots.csv"))[1][6] == "市级已核验"
    assert county.get("/city/plans/pilots/999999").status_code == 404
    assert officer.post(address, data={"step": "sold", "note": "x"}).status_code == 422
    assert len(acts(opened, "city.pilot.")) == 3


def test_snapshots_are_listed_compared_and_sent_as_files(visit: Callable[..., httpx.Client], opened: Database) -> None:
    client = visit("evaluator")
    first, second = snapshot_ids(opened)
    page = client.get("/city/plans/snapshots").text
    assert "2 个快照" in page
    assert "冻结一个周期" not in page  # an evaluator freezes nothing
    assert (b"h" * 32).hex() in client.get(f"/city/plans/snapshots/{first}").text
    assert len(rows(client.get("/city/plans/snapshots/snapshots.csv"))) == 3
    compared = client.get(f"/city/plans/snapshots/compare?before={first}&after={second}").text
    assert "1 台 + 1 台 − 0 台 = 2 台" in compared
    assert HOSTILE not in compared
    changed = rows(client.get(f"/city/plans/snapshots/compare.csv?before={first}&after={second}"))
    assert [row[5] for row in changed[1:]] == ["新计入"]
    assert "没有差别" in client.get(f"/city/plans/snapshots/compare?before={first}&after={first}").text
    for form in ("csv", "xlsx", "parquet"):
        for table in ("machines", "enterprises"):
            assert client.get(f"/city/plans/snapshots/{first}/{table}.{form}").status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/city/plans/snapshots/{first}/machines.xlsx").content)).active
    assert sheet.max_row == 3
    assert client.get("/city/plans/snapshots/999999").status_code == 404
    assert client.get(f"/city/plans/snapshots/compare?before={first}&after=999999").status_code == 404


def test_freezing_a_month_goes_on_beside_the_server_and_ends_on_its_snapshot(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    form = {"area": "jining", "form": "month", "day": "2019-01-15"}

    def outcome(**changes: str) -> httpx.Response:
        answer = client.post("/city/plans/snapshots", data=form | changes)
        assert answer.status_code == 303
        for _ in range(200):
            found = client.get(answer.headers["location"])
            if found.status_code == 303 or "没有冻结" in found.text:
                return found
            time.sleep(0.1)
        raise AssertionError("it did not end")

    assert "没有冻结" in outcome(day="2018-12-15").text  # it is frozen already
    with opened.connection() as connection:
        rule.load_rule(connection, Path(rule.__file__).with_name("rule_2026_1.toml"), made_by="test")
        connection.execute("INSERT INTO city.fact_progress (time_zone, last_day) VALUES ('Asia/Shanghai', '2019-06-30')")
    made = outcome()
    assert made.status_code == 303
    page = client.get(made.headers["location"]).text
    assert "2019-01-01 – 2019-01-31" in page
    (act,) = acts(opened, "city.snapshot.frozen")
    assert act.actor.startswith("city_officer")
    number = made.headers["location"].rpartition("/")[2]
    corrected = outcome(replaces=number, why="迟到数据")
    assert f"已由 {corrected.headers['location'].rpartition('/')[2]} 更正" in client.get(made.headers["location"]).text
    for wrong in (
        {"area": "x"},
        {"day": "x"},
        {"replaces": "1"},
        {"why": "x"},
        {"replaces": "9999999999", "why": "x"},
        {"form": "day"},
    ):
        assert client.post("/city/plans/snapshots", data=form | wrong).status_code == 422
    assert client.get("/city/plans/snapshots/freezing/0123456789abcdef").status_code == 404


def test_the_province_shows_the_sum_of_its_cities_and_who_is_missing(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    told = publish(opened, "jining", DAY)
    other = told.facts.model_copy(
        update={
            "city": "jinan",
            "label_zh": "济南市",
            "label_en": "Jinan",
            "day": date(2018, 12, 30),
            "new_since": date(2018, 12, 1),
        }
    )
    with opened.connection() as connection:
        for content in (told.content, write_facts(other)):
            take_file(connection, content, read_by="test")
    client = visit("evaluator")
    page = client.get("/city/plans/province?lang=zh").text
    assert "2018-12-31 已上报 1 个城市，共 2 个" in page
    assert "缺报：济南市" in page
    assert len(rows(client.get("/city/plans/province/cities.csv"))) == 3
    assert rows(client.get("/city/plans/province/funnel.csv?city=jining"))[-1][1:] == ["2", "0", "2"]
    assert rows(client.get("/city/plans/province/kinds.csv"))[1][2:] == ["2", "2"]
    assert client.get("/city/plans/province?day=tomorrow").status_code in (404, 422)
    answer = client.get("/api/v1/city/facts?area=jining&day=2018-12-31")
    assert (answer.content, answer.headers["content-type"]) == (told.content, "application/json")
    (listed,) = client.get("/api/v1/city/facts").json()["published"]
    assert (listed["area"], listed["day"], listed["revision"]) == ("jining", "2018-12-31", 1)
    for asked, status in (("area=jining&day=2018-12-30", 404), ("day=2018-12-31", 422), ("area=jining&day=0001-01-01", 422)):
        assert client.get(f"/api/v1/city/facts?{asked}").status_code == status


def test_a_province_reads_a_citys_address_with_a_token_and_says_why_it_cannot(
    visit: Callable[..., httpx.Client], opened: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(opened, "jining", DAY)
    token = tmp_path / "token"
    token.write_text("sy_secret\n", encoding="utf-8")
    with opened.connection() as connection:
        later = datetime.now(UTC) + timedelta(days=1)
        add_token(connection, "sy_secret", name="p", role="evaluator", sites=None, created_by="t", expires_at=later)
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    address = f"{visit().base_url}/api/v1/city/facts?area=jining&day="

    def read(*arguments: str) -> tuple[int, str]:
        args = parser.parse_args(["province", "read", *arguments, "--database", database])
        return args.run(args), capsys.readouterr().err

    assert read(f"{address}2018-12-31", "--token-file", str(token))[0] == 0
    assert city_days(opened, DAY, DAY)[0].city == "jining"
    for wrong, why in ((f"{address}2018-12-31", "401"), (f"{address}2018-12-30", "401"), ("http://127.0.0.1:1/x", "refused")):
        status, told = read(wrong)
        assert (status, why in told) == (1, True)
    assert "404" in read(f"{address}2018-12-30", "--token-file", str(token))[1]
    assert "is not a file of city facts" in read(address, "--token-file", str(token))[1]  # the list of days
    with pytest.raises(ConfigError, match="cannot be read"):
        read(address, "--token-file", str(tmp_path / "none"))


def test_the_api_tells_plans_targets_and_decisions(visit: Callable[..., httpx.Client]) -> None:
    client = visit("evaluator")
    assert [one["code"] for one in client.get("/api/v1/city/plans").json()["plans"]] == ["jiaxing_port_2017", "jining_2018"]
    targets = client.get("/api/v1/city/targets?plan=jining_2018").json()["targets"]
    county = next(one for one in targets if one["member"] == "jining-rencheng")
    assert (county["target"], county["reached"], county["rate_percent"]) == ("75.00", "1", "1.3")
    assert next(one for one in targets if one["member"] == "研发设计")["target"] is None
    assert client.get("/api/v1/city/targets?plan=nothing").status_code == 404
    decisions = client.get("/api/v1/city/decisions").json()["decisions"]
    assert [one["number"] for one in decisions] == list(range(1, 16))
    assert all(one["is_default"] for one in decisions)


def test_each_inconsistency_is_on_the_page_and_another_decision_is_kept_with_who_and_why(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    page = client.get("/city/documents").text
    for number in range(1, 16):
        assert f'id="inconsistency-{number}"' in page
    assert client.post("/city/documents/inconsistencies/1", data={"reading": "goal", "why": "市局意见"}).status_code == 303
    after = client.get("/city/documents").text
    assert "市局意见" in after
    assert "按总体目标 143 家计算完成率" in after
    (act,) = acts(opened, "city.document.decided")
    assert (act.object, act.detail["reading"]) == ("1", "goal")
    table = rows(client.get("/city/documents/inconsistencies.csv"))
    assert [row[4] for row in table[1:]] == ["0", *["1"] * 14]
    targets = client.get("/api/v1/city/targets?plan=jiaxing_port_2017").json()["targets"]
    assert [one["is_headline"] for one in targets if one["dimension"] == "total" and one["counter"] == "new_on_cloud"] == [
        True,
        False,
    ]
    for wrong, status in (({"reading": "sheep", "why": "x"}, 422), ({"reading": "goal", "why": " "}, 422), ({}, 422)):
        assert client.post("/city/documents/inconsistencies/1", data=wrong).status_code == status
    assert client.post("/city/documents/inconsistencies/16", data={"reading": "goal", "why": "x"}).status_code == 422


def test_documents_show_every_figure_with_its_clause(visit: Callable[..., httpx.Client]) -> None:
    client = visit("evaluator")
    assert "130" in client.get("/city/documents/jining_2018").text
    jiangsu = client.get("/city/documents/jiangsu_2018?lang=en").text
    assert jiangsu.count('<td class="right">No target issued</td>') == 64
    assert "3–5" in client.get("/city/documents/shanxi_2018").text
    assert client.get("/city/documents/jinan_2020").status_code == 200
    assert client.get("/city/documents/beijing").status_code == 404
    for name, count in (("targets", 1 + 15 + 22 + 64 + 9), ("crosswalk", 18), ("kinds", 11)):
        assert len(rows(client.get(f"/city/documents/{name}.csv"))) >= count


@pytest.fixture
def browser(chromium: str, built_vendor: None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def check(page: Page, name: str, *, language: str) -> None:
    """Look at the page as it is: usable by everybody, no wider than a telephone."""
    assert violations(page, language=language) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    page.screenshot(path=f"test-output/page-{name}.png", full_page=True)


@pytest.mark.browser
def test_an_officer_declares_decides_and_compares_on_a_telephone_and_on_a_desk(
    visit: Callable[..., httpx.Client], opened: Database, database: str, browser: Browser
) -> None:
    told = publish(opened, "jining", DAY)
    with opened.connection() as connection:
        take_file(connection, told.content, read_by="test")
    address = str(visit().base_url)
    first, second = snapshot_ids(opened)
    wrong: list[str] = []
    for look in (
        {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
        {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    ):
        context = browser.new_context(base_url=address, **look)  # type: ignore[arg-type]
        context.add_cookies(cookies_for(address, database, role="city_officer"))  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        width = look["viewport"]["width"]  # type: ignore[index]
        for name, path in {
            "city-plans": "/city/plans?plan=jining_2018",
            "city-plans-jiaxing": "/city/plans?plan=jiaxing_port_2017",
            "city-plans-import": "/city/plans/import",
            "city-trainings": "/city/plans/trainings",
            "city-pilots": "/city/plans/pilots",
            "city-snapshots": "/city/plans/snapshots",
            "city-snapshot": f"/city/plans/snapshots/{second}",
            "city-comparison": f"/city/plans/snapshots/compare?before={first}&after={second}",
            "city-province": "/city/plans/province",
            "city-documents": "/city/documents",
            "city-document": "/city/documents/jining_2018",
        }.items():
            language = "zh" if width == 360 else "en"
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            check(page, f"{name}-{width}", language=language)
        page.goto("/city/documents?lang=zh")
        point = page.locator("#inconsistency-3")
        point.get_by_text("另作决定").click()
        point.get_by_label("处理方式").select_option("province_only")
        point.get_by_label("理由").fill(f"意见 {width}")
        point.get_by_role("button", name="决定").click()
        expect(page.locator("#inconsistency-3")).to_contain_text(f"意见 {width}")
        assert wrong == []
        context.close()
    assert json.loads(told.content)["facts"]["city"] == "jining"
