"""The city's enterprises: the list, one of them, what is registered by hand, and tables that are imported."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from dashboards.pages.city_enterprises.drafts import MOST_KEPT
from registry import areas
from registry.imports.columns import TABLES, template_workbook
from store.audit import Filter, list_acts
from store.city_registry import enterprise as find_enterprise
from store.database import Database
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving
from tests.dashboards.telephone import telephone
from tests.registry.city import code_of, enterprise, gateway, machine
from tests.registry.tables import as_csv

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
HOSTILE = "<script>alert(1)</script>"
ONE, TWO, THREE = code_of(1), code_of(2), code_of(3)
HEADING = ["统一社会信用代码", "企业名称", "统计区域", "行业代码"]


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    """A city with three enterprises, one of them for review, and the first one's machines in a frozen count."""
    with Database(migrated_database) as made:
        areas.load(made, areas.find("jining"))
        with made.connection() as connection:
            enterprise(connection, 1, name=f"一厂{HOSTILE}", contact=HOSTILE)
            enterprise(
                connection, 2, area="jining-yanzhou", sector="services", code_state="for_review", code_problem="inner_check"
            )
            enterprise(connection, 3, area="jining-yanzhou")
            gateway(connection, "rencheng-1", ONE)
            first = machine(connection, ONE, gateway="rencheng-1", equipment_name="boiler-1")
            second = machine(connection, ONE, kind="motor", number=2)
            machine(connection, TWO, kind="motor", number=3, nameplate_key=_key_of(connection, second))
            connection.execute(
                b"INSERT INTO reading.equipment (gateway, name, kind, first_seen)"
                b" VALUES ('rencheng-1', 'boiler-1', 'boiler', now())"
            )
            _count(connection, first, second)
            connection.execute(
                b"INSERT INTO city.enterprise_label (uscc, label, level, valid_from, document, recorded_by)"
                b" VALUES (%s, 'pilot', 'city', '2020-01-01', 'paper', 'x')",
                [ONE],
            )
        yield made


def _key_of(connection: Any, number: int) -> str:
    return str(connection.execute(b"SELECT nameplate_key FROM city.machine WHERE id = %s", [number]).fetchone()[0])


def _count(connection: Any, first: int, second: int) -> None:
    """Freeze a count in which one machine of the first enterprise counts and the other is lost."""
    connection.execute(b"INSERT INTO city.rule (version, parameters, document, made_by) VALUES ('r', '{}', 'x', 'x')")
    connection.execute(
        b"INSERT INTO city.snapshot (form, first_day, last_day, area, rule_version, parameters, watermark, hash, machines,"
        b" counted, enterprises, on_cloud, new_on_cloud, made_by)"
        b" VALUES ('month', '2026-10-01', '2026-10-31', 'jining', 'r', '{}', 1,"
        b" decode(repeat('00', 32), 'hex'), 2, 1, 2, 1, 1, 'x')"
    )
    ((snapshot,),) = connection.execute(b"SELECT max(id) FROM city.snapshot").fetchall()
    for number, kind, state, lost_at, reason in (
        (first, "boiler", "verified", "", "{}"),
        (second, "motor", "registered", "gateway", '{"code": "no_gateway"}'),
    ):
        connection.execute(
            b"INSERT INTO city.snapshot_machine (snapshot_id, machine_id, uscc, area, kind, state, lost_at, reason, inputs,"
            b" data_days, complete_days) VALUES (%s, %s, %s, 'jining-rencheng', %s, %s, %s, %s, '{}', 0, 0)",
            [snapshot, number, ONE, kind, state, lost_at, reason],
        )
    for uscc, counted in ((ONE, 1), (TWO, 0)):
        connection.execute(
            b"INSERT INTO city.snapshot_enterprise (snapshot_id, uscc, area, sector, machines, counted, is_on_cloud, is_new)"
            b" VALUES (%s, %s, 'jining-rencheng', 'industry', 2, %s, %s, %s)",
            [snapshot, uscc, counted, counted > 0, counted > 0],
        )


@pytest.fixture
def visit(opened: Database, database: str, settings_for: Any) -> Iterator[Callable[..., httpx.Client]]:
    clients: list[httpx.Client] = []
    with serving(settings_for()) as address:

        def sign_in(role: str = "county_officer") -> httpx.Client:
            clients.append(client_for(address, database, role=role))
            return clients[-1]

        yield sign_in
        for client in clients:
            client.close()


def cells(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_list_is_narrowed_by_area_kind_label_count_and_words(visit: Callable[..., httpx.Client]) -> None:
    client = visit()

    def found(**asked: str) -> set[str]:
        answer = client.get("/api/v1/city/enterprises", params=asked)
        assert answer.status_code == 200, answer.text
        return {one["uscc"] for one in answer.json()["items"]}

    assert found() == {ONE, TWO, THREE}
    assert found(area="jining") == {ONE, TWO, THREE}
    assert found(area="jining-yanzhou") == {TWO, THREE}
    assert found(kind="motor") == {ONE, TWO}
    assert found(label="pilot") == {ONE}
    assert (found(count="on_cloud"), found(count="not_on_cloud"), found(count="not_counted")) == ({ONE}, {TWO}, {THREE})
    assert found(for_review="true") == {TWO}
    assert found(search=THREE[-6:].lower()) == {THREE}
    assert found(search="企业") == {TWO, THREE}
    paged = client.get("/api/v1/city/enterprises", params={"sort": "-counted", "limit": 1}).json()
    assert (paged["total"], paged["items"][0]["counted"], paged["items"][0]["machines"]) == (3, 1, 2)
    assert (paged["items"][0]["is_on_cloud"], paged["items"][0]["is_new"], paged["items"][0]["labels"]) == (True, True, ["pilot"])


@pytest.mark.parametrize(
    "query",
    ["area=mars", "kind=rocket", "label=x", "count=x", "sort=colour", "offset=-1", "limit=0", "for_review=7", "search=%00"],
)
def test_a_question_that_makes_no_sense_is_refused(visit: Callable[..., httpx.Client], query: str) -> None:
    assert visit().get(f"/api/v1/city/enterprises?{query}").status_code == 422


def test_one_enterprise_is_told_with_its_machines_and_why_they_do_not_count(visit: Callable[..., httpx.Client]) -> None:
    client = visit("evaluator")
    told = client.get(f"/api/v1/city/enterprises/{ONE[:9].lower()}-{ONE[9:]}").json()
    assert (told["uscc"], told["machines_total"], told["gateways"][0]["name"]) == (ONE, 2, "rencheng-1")
    boiler, motor = told["machine_items"]
    assert (boiler["state"], boiler["lost_at"], boiler["reason"], boiler["has_twin"]) == (
        "verified",
        "",
        {"zh": "", "en": ""},
        False,
    )
    assert boiler["equipment_id"] is not None
    assert (motor["lost_at"], motor["has_twin"], motor["equipment_id"]) == ("gateway", True, None)
    assert motor["reason"]["en"] == "it is not bound to a gateway yet"
    assert client.get(f"/api/v1/city/enterprises/{ONE}?limit=1&offset=1").json()["machine_items"][0]["kind"] == "motor"
    for code in (code_of(9), "x", "%E4%B8%80"):
        assert client.get(f"/api/v1/city/enterprises/{code}").status_code == 404


def test_the_pages_and_their_tables_show_the_same_and_nothing_hostile_runs(visit: Callable[..., httpx.Client]) -> None:
    client = visit()
    page = client.get("/city/enterprises?lang=en").text
    assert "3 enterprises" in page
    assert "Code for review" in page
    assert HOSTILE not in page
    one = client.get(f"/city/enterprises/{ONE}?lang=en").text
    assert HOSTILE not in one
    assert "it is not bound to a gateway yet" in one
    assert "1 count of 2 registered" in one
    assert "Nameplate twice" in one
    assert one.count('href="/city/machines/') == 2
    table = cells(client.get("/city/enterprises/list.csv?area=jining-yanzhou&lang=en"))
    assert [row[0] for row in table[1:]] == [TWO, THREE]
    assert [row[10] for row in table[1:]] == ["Not on the cloud", "Not counted yet"]
    assert len(cells(client.get(f"/city/enterprises/{ONE}/machines.csv"))) == 3
    assert [len(cells(client.get(f"/city/enterprises/{ONE}/{name}.csv"))) for name in ("labels", "gateways", "declarations")] == [
        2,
        2,
        1,
    ]
    assert "No enterprise fits" in client.get("/city/enterprises?search=nobody").text
    assert client.get("/city/enterprises/x").status_code == 404


def test_only_those_who_may_register_see_forms_and_write(visit: Callable[..., httpx.Client]) -> None:
    reader, stranger = visit("evaluator"), visit("engineer")
    assert "/city/enterprises/new" not in reader.get("/city/enterprises").text
    assert "<form" not in reader.get(f"/city/enterprises/{ONE}").text.split("<main")[1]
    for path in ("new", "import", f"{ONE}/edit", f"{ONE}/add/machines"):
        assert reader.get(f"/city/enterprises/{path}").status_code == 403
    for path in ("", f"/{ONE}/edit", f"/{ONE}/standing", "/import"):
        assert reader.post(f"/city/enterprises{path}", data={"what": "retire"}).status_code == 403
    assert stranger.get("/city/enterprises").status_code == 403
    assert stranger.get("/api/v1/city/enterprises").status_code == 403


def test_an_enterprise_is_registered_by_a_form_and_a_mistake_stands_beside_its_field(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client, code = visit(), code_of(7)
    form = {"uscc": code[:17] + ("A" if code[17] != "A" else "B"), "name": "七厂", "area": "jining-qufu", "industry": "C34"}
    wrong = client.post("/city/enterprises?lang=en", data=form)
    assert wrong.status_code == 422
    assert "the check character does not fit" in wrong.text
    assert 'value="七厂"' in wrong.text
    assert find_enterprise(opened, code) is None
    done = client.post("/city/enterprises", data=form | {"uscc": code.lower()})
    assert (done.status_code, done.headers["location"]) == (303, f"/city/enterprises/{code}")
    found = find_enterprise(opened, code)
    assert found is not None
    assert (found.name, found.area, found.sector) == ("七厂", "jining-qufu", "industry")
    again = client.post("/city/enterprises?lang=en", data=form | {"uscc": code, "name": "换名"})
    assert (again.status_code, "This enterprise is registered already" in again.text) == (409, True)
    _, acts = list_acts(opened, Filter(action="city."), limit=9)
    assert [(act.action, act.object) for act in acts] == [("city.write_enterprises", f"{code} 七厂")]


def test_facts_are_changed_and_erased_by_the_form_and_the_code_is_not(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    assert f'value="{ONE}"' not in client.get(f"/city/enterprises/{ONE}/edit").text.split("<main")[1]
    form = {"uscc": THREE, "name": "一厂", "area": "jining-qufu", "sector": "industry", "contact": ""}
    assert client.post(f"/city/enterprises/{ONE}/edit", data=form).status_code == 303
    found = find_enterprise(opened, ONE)
    assert found is not None
    assert (found.name, found.area, found.contact) == ("一厂", "jining-qufu", "")
    other = find_enterprise(opened, THREE)
    assert other is not None
    assert other.name == "企业3"


@pytest.mark.parametrize(
    ("table", "form", "table_name"),
    [
        ("machines", {"kind": "boiler", "label": "9号", "maker": "济锅", "model": "W", "serial_number": "S9"}, "machine"),
        (
            "labels",
            {"label": "benchmark", "level": "city", "form": "生产制造", "valid_from": "2026-01-01", "document": "文"},
            "enterprise_label",
        ),
        (
            "declarations",
            {"kind": "boiler", "year": "2026", "machines": "4", "declared_on": "2026-01-02", "document": "文"},
            "declaration",
        ),
        ("gateways", {"name": "g-9", "certificate_sha256": "ab" * 32}, "gateway"),
    ],
)
def test_what_belongs_to_an_enterprise_is_added_by_a_form(
    visit: Callable[..., httpx.Client], opened: Database, table: str, form: dict[str, str], table_name: str
) -> None:
    client = visit()
    assert client.get(f"/city/enterprises/{THREE}/add/{table}").status_code == 200
    assert client.post(f"/city/enterprises/{THREE}/add/{table}", data={}).status_code == 422
    assert client.post(f"/city/enterprises/{THREE}/add/{table}", data=form).status_code == 303
    with opened.connection() as connection:
        ((count,),) = connection.execute(f"SELECT count(*) FROM city.{table_name} WHERE uscc = '{THREE}'".encode()).fetchall()
    assert count == 1


@pytest.mark.parametrize("form", [{"colour": "red"}, {"name": "x" * 1001}, {"name": ["a", "b"]}, {"name": "a\0b", "kind": "\0"}])
def test_a_form_with_fields_that_are_none_breaks_nothing(visit: Callable[..., httpx.Client], form: dict[str, Any]) -> None:
    assert visit().post(f"/city/enterprises/{ONE}/add/machines", data=form).status_code == 422


def test_an_enterprise_is_retired_with_its_machines_and_comes_back_with_them(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    numbers = [one["id"] for one in client.get(f"/api/v1/city/enterprises/{ONE}").json()["machine_items"]]
    alone = f"/city/enterprises/{ONE}/machines/{numbers[1]}/standing"
    assert client.post(alone, data={"what": "retire"}).status_code == 303
    assert client.post(alone, data={"what": "retire"}).status_code == 409
    assert client.post(f"/city/enterprises/{TWO}/machines/{numbers[1]}/standing", data={"what": "reinstate"}).status_code == 404
    assert client.post(f"/city/enterprises/{ONE}/standing", data={"what": "retire"}).status_code == 303
    assert client.get("/api/v1/city/enterprises").json()["total"] == 2
    assert client.get("/api/v1/city/enterprises?retired=true").json()["total"] == 3
    assert client.post(alone, data={"what": "reinstate"}).status_code == 409, "its enterprise is retired"
    assert client.post(f"/city/enterprises/{ONE}/standing", data={"what": "reinstate"}).status_code == 303
    states = [one["retired_at"] is None for one in client.get(f"/api/v1/city/enterprises/{ONE}").json()["machine_items"]]
    assert states == [True, False], "the machine that was retired before stays so"
    assert client.post(f"/city/enterprises/{ONE}/standing", data={"what": "explode"}).status_code == 422
    _, acts = list_acts(opened, Filter(action="city."), limit=9)
    assert [act.action for act in acts] == ["city.reinstate_enterprise", "city.retire_enterprise", "city.retire_machine"]


def upload(client: httpx.Client, rows: bytes, *, table: str = "enterprises", file: str = "表.csv") -> httpx.Response:
    return client.post("/city/enterprises/import", data={"table": table}, files={"file": (file, rows)})


def test_an_uploaded_table_is_written_only_once_it_is_confirmed(visit: Callable[..., httpx.Client], opened: Database) -> None:
    client, code = visit(), code_of(7)
    sent = upload(client, as_csv([HEADING, [code, "七厂", "任城区", "C34"]], "gb18030"))
    assert sent.status_code == 303
    address = sent.headers["location"]
    page = client.get(f"{address}?lang=en&lines=all").text
    assert "nothing is written yet" in page
    assert code in page
    assert find_enterprise(opened, code) is None
    assert visit().get(address).status_code == 404, "another person's"
    assert client.post(address).status_code == 303
    assert "Written" in client.get(f"{address}?lang=en").text
    assert find_enterprise(opened, code) is not None
    assert client.post(address).status_code == 303
    assert cells(client.get(f"{address}/report.csv"))[1][:2] == ["2", "new"]
    _, acts = list_acts(opened, Filter(action="city."), limit=9)
    assert [(act.action, act.detail) for act in acts] == [("city.import_enterprises", {"new": 1, "file": "表.csv"})]


def test_a_table_with_a_row_that_is_refused_cannot_be_confirmed(visit: Callable[..., httpx.Client], opened: Database) -> None:
    client, code = visit(), code_of(7)
    rows = [HEADING, [code, f"七厂{HOSTILE}", "任城区", "C34"], ["123", HOSTILE, "任城区", "C34"]]
    address = upload(client, as_csv(rows)).headers["location"]
    page = client.get(f"{address}?lang=en").text
    assert "It cannot be written" in page
    assert HOSTILE not in page
    assert "Confirm and write" not in page
    assert client.post(address).status_code == 303
    assert find_enterprise(opened, code) is None


def test_what_was_right_at_the_upload_is_checked_again_when_it_is_confirmed(
    visit: Callable[..., httpx.Client], opened: Database
) -> None:
    client = visit()
    heading = ["统一社会信用代码", "设备类型", "设备名称"]
    address = upload(client, as_csv([heading, [THREE, "锅炉", "1号"]]), table="machines").headers["location"]
    assert client.post(f"/city/enterprises/{THREE}/standing", data={"what": "retire"}).status_code == 303
    assert client.post(address).status_code == 303
    page = client.get(f"{address}?lang=en").text
    assert "this enterprise is retired" in page


def test_uploads_that_are_no_table_are_told_and_old_drafts_are_forgotten(visit: Callable[..., httpx.Client]) -> None:
    client = visit()
    assert upload(client, b"").status_code == 422
    assert upload(client, b"x", table="rockets").status_code == 422
    first = upload(client, b"\xff\xd8\xff\x00 a picture").headers["location"]
    assert "neither an Excel file" in client.get(f"{first}?lang=en").text
    for _ in range(MOST_KEPT):
        upload(client, b"a")
    assert client.get(first).status_code == 404
    assert client.get("/city/enterprises/import/" + "x" * 20).status_code == 404


@pytest.mark.parametrize("table", TABLES)
def test_a_template_can_be_had_of_each_table(visit: Callable[..., httpx.Client], table: str) -> None:
    client = visit()
    assert client.get(f"/city/enterprises/import?table={table}").status_code == 200
    assert client.get(f"/city/enterprises/import/template/{table}.csv?lang=zh").text.startswith("\ufeff")
    assert client.get(f"/city/enterprises/import/template/{table}.xlsx").content.startswith(b"PK")
    assert client.get(f"/city/enterprises/import/template/{table}.exe").status_code == 404


@pytest.mark.browser
def test_an_officer_imports_a_workbook_and_finds_the_enterprise(
    visit: Callable[..., httpx.Client], database: str, chromium: str, built_vendor: None, tmp_path: Path
) -> None:
    address = str(visit().base_url)
    book = tmp_path / "企业.xlsx"
    book.write_bytes(template_workbook("enterprises"))
    with telephone(chromium, address, database, role="county_officer") as page:

        def is_fit(name: str) -> None:
            assert violations(page, language="zh") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            page.screenshot(path=f"test-output/page-city-enterprises-{name}.png", full_page=True)

        page.goto("/city/enterprises")
        is_fit("list")
        page.get_by_role("link", name="导入表格").click()
        is_fit("import")
        page.get_by_label("表格文件").set_input_files(book)
        page.get_by_role("button", name="检查").click()
        expect(page.get_by_role("status").filter(has_text="尚未写入")).to_be_visible()
        page.get_by_role("link", name="全部 1").click()
        is_fit("report")
        page.get_by_role("button", name="确认写入").click()
        expect(page.get_by_role("status").filter(has_text="已写入")).to_be_visible()
        page.get_by_role("link", name="查看企业").click()
        page.get_by_role("link", name="示例锅炉有限公司").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("示例锅炉有限公司")
        page.get_by_role("link", name="添加设备").click()
        is_fit("form")
        page.get_by_label("设备类型").select_option(label="工业锅炉")
        page.get_by_label("设备名称", exact=True).fill("1号锅炉")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("link", name="1号锅炉")).to_be_visible()
        page.goto(f"/city/enterprises/{ONE}")
        is_fit("one")
