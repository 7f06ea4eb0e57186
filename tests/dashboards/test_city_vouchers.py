"""Vouchers on the pages and in the API: who may what, refusals in words, tables, and the whole path by forms."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from registry.vouchers.issuing import store_policy
from registry.vouchers.redeeming import start_service
from store import audit
from store.city_voucher_parties import batches
from store.database import Database
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving
from tests.dashboards.telephone import telephone
from tests.registry.city import enterprise, gateway, machine
from tests.registry.vouchers.town import COUNTY, Town, code_of, prolonged

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
YEAR = datetime.now(UTC).year


@pytest.fixture
def town(migrated_database: str) -> Iterator[Town]:
    """Give a town whose policy holds today as well."""
    with Database(migrated_database, max_connections=8) as opened:
        made = Town(opened)
        with made.desk("city") as at:
            store_policy(at, prolonged(base_year=YEAR).model_copy(update={"valid_to": date(2100, 12, 31)}))
        yield made


@pytest.fixture
def visit(town: Town, migrated_database: str, settings_for: Any) -> Iterator[Callable[[str], httpx.Client]]:
    """Sign people in by role."""
    made = []

    def sign_in(role: str) -> httpx.Client:
        made.append(client_for(address, migrated_database, role=role))
        return made[-1]

    with serving(settings_for()) as address:
        yield sign_in
        for client in made:
            client.close()


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def redeemed(town: Town) -> tuple[int, int]:
    """Give two vouchers of 2018 in publicity that is over; the machines of the first were silent in the half-year."""
    town.grant(100_000)
    silent = town.reviewed(1)
    loud = town.publicised(2)
    with town.database.connection() as connection:
        name = gateway(connection, "gw-2", code_of(2))
        machine(connection, code_of(2), gateway=name, equipment_name="boiler-1")
        connection.execute(b"INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-2', 'boiler-1', 'boiler')")
        connection.execute(
            b"INSERT INTO city.day_fact (equipment_id, day, number, point_set_id, hours, point_hours)"
            b" SELECT id, '2018-05-02', 1, 1, 8, '{8}' FROM reading.equipment"
        )
    return silent, loud


def test_a_voucher_is_registered_accepted_and_issued_through_the_api(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    town.grant(30_000, year=YEAR)
    with town.desk() as at:
        uscc = enterprise(at.connection, 1)
    county, city = visit("county_officer"), visit("city_officer")
    made = city.post("/api/v1/city/vouchers", json={"uscc": f" {uscc.lower()} "})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    path = f"/api/v1/city/vouchers/{made.json()['id']}"
    refused = city.post(f"{path}/steps", json={"step": "accept"})
    assert (refused.status_code, "city:accept" in refused.json()["error"]) == (403, True)
    assert county.post(f"{path}/steps", json={"step": "accept"}).json()["state"] == "member"
    contract = {
        "provider": town.provider,
        "contract": "HT-1",
        "signed_on": "2018-02-01",
        "list_price": "120000",
        "fee": "100000.00",
        "services": ["1.1.01"],
    }
    told = city.post(f"{path}/application", json=contract).json()
    assert (told["voucher"]["state"], told["voucher"]["amount"], told["why"]) == ("issued", "30000.00", None)
    assert city.post(f"{path}/application", json=contract).status_code == 409
    shown = visit("evaluator").get(path).json()
    assert [one["step"] for one in shown["steps"]] == ["register", "accept", "apply", "issue"]
    assert (shown["provider_discount"], shown["enterprise_pays"]) == ("20000.00", "70000.00")
    (budget,) = county.get("/api/v1/city/voucher-budgets", params={"year": YEAR}).json()["items"]
    assert (budget["free"], budget["vouchers"]) == ("0.00", 1)
    _total, acts = audit.list_acts(town.database, audit.Filter(action="city.voucher."), limit=10)
    assert [one.action.rpartition(".")[2] for one in acts] == ["apply", "accept", "register"]
    assert all(one.object == f"voucher {shown['id']}" for one in acts)


def test_who_comes_too_late_is_told_why_and_where_in_the_queue(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    town.later(datetime.now(UTC).date())
    waiting = town.member(1)
    contract = {"provider": town.provider, "contract": "HT", "signed_on": "2018-02-01", "list_price": "9", "fee": "9"}
    told = visit("county_officer").post(f"/api/v1/city/vouchers/{waiting}/application", json=contract).json()
    assert (told["voucher"]["state"], told["waiting_before"]) == ("contracted", 0)
    assert "预算已用完" in told["why"]["zh"]
    assert "is used up" in told["why"]["en"]
    assert "正在排队" in visit("evaluator").get(f"/city/vouchers/{waiting}").text


@pytest.mark.parametrize("role", ["viewer", "operator", "engineer", "screen"])
def test_vouchers_are_not_for_those_who_do_not_work_for_the_city(
    role: str, town: Town, visit: Callable[[str], httpx.Client]
) -> None:
    client = visit(role)
    for path in ("/api/v1/city/vouchers", "/city/vouchers", "/city/vouchers/budgets.csv", "/city/vouchers/silent"):
        assert client.get(path).status_code == 403


def test_an_evaluator_sees_all_and_changes_nothing(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    member = town.member(1)
    client = visit("evaluator")
    page = client.get(f"/city/vouchers/{member}").text
    assert 'method="post" action="/city/vouchers' not in page
    for path, sent in (
        ("", {"uscc": code_of(2)}),
        (f"/{member}/steps", {"step": "cancel", "note": "x"}),
        ("/budgets", {"area": COUNTY, "year": "2018", "amount": "1", "document": "x"}),
        (f"/providers/{town.provider}", {"state": "suspended", "document": "x"}),
    ):
        assert client.post(f"/city/vouchers{path}", data=sent).status_code == 403
    assert town.see(member).state == "member"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", {"uscc": "\0"}),
        ("", {"uscc": ""}),
        ("/1/application", {"provider": 2**40, "contract": "x", "signed_on": "2018-02-01", "list_price": "1", "fee": "1"}),
        ("/1/application", {"provider": 1, "contract": "x", "signed_on": "9999-12-31", "list_price": "1", "fee": "1"}),
        ("/1/application", {"provider": 1, "contract": "x", "signed_on": "2018-02-01", "list_price": "NaN", "fee": "1"}),
        ("/1/application", {"provider": 1, "contract": "x", "signed_on": "2018-02-01", "list_price": "1", "fee": "1e99"}),
        ("/1/application", {"provider": 1, "contract": "x", "signed_on": "2018-02-01", "list_price": "1", "fee": "0.001"}),
        ("/1/steps", {"step": "issue"}),
        ("/1/steps", {"step": "publicise"}),
        ("/1/steps", {"step": "cancel", "owner": code_of(2)}),
        ("/1/steps", {"step": "request_redemption", "half": "2018H3"}),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    path: str, sent: dict[str, Any], town: Town, visit: Callable[[str], httpx.Client]
) -> None:
    town.member(1)
    answer = visit("admin").post(f"/api/v1/city/vouchers{path}", json=sent)
    assert answer.status_code == 422, answer.text


def test_a_step_without_what_belongs_to_it_is_refused(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    town.grant(100_000)
    found = town.issued()
    client = visit("admin")
    answer = client.post(f"/api/v1/city/vouchers/{found}/steps", json={"step": "start_service"})
    assert (answer.status_code, answer.json()["error"]) == (422, "service_from: is missing, to start_service")
    answer = client.post("/api/v1/city/vouchers/999/steps", json={"step": "cancel", "note": "x"})
    assert (answer.status_code, answer.json()["error"]) == (404, "there is no voucher 999")
    assert client.post("/api/v1/city/vouchers", json={"uscc": code_of(77)}).status_code == 404
    assert client.get("/api/v1/city/vouchers?state=gone").status_code == 422
    assert client.get("/api/v1/city/vouchers?sort=colour").status_code == 422


def test_jining_3_5_the_calculator_shows_both_readings_and_which_is_in_use(
    town: Town, visit: Callable[[str], httpx.Client]
) -> None:
    client = visit("evaluator")
    asked: dict[str, str | int] = {"fee": "200000", "year": YEAR + 2, "certified": "true"}
    told = client.get("/api/v1/city/voucher-quote", params=asked).json()
    assert told["decay_mode"] == "points"
    assert [(one["decay_mode"], one["public"]) for one in told["readings"]] == [("points", "40000.00"), ("relative", "54150.00")]
    page = client.get("/city/vouchers/calculator?lang=en", params=asked).text
    for figure in ("40,000.00", "54,150.00", "27.075 %", "166,666.67", "221,606.65"):
        assert figure in page
    assert "No rate for this year" in client.get("/city/vouchers/calculator?lang=en&year=2001").text
    assert client.get("/api/v1/city/voucher-quote?fee=1&year=2001").status_code == 422
    assert client.get("/city/vouchers/calculator?fee=NaN").status_code in (404, 422)
    table = rows_of(client.get("/city/vouchers/calculator.csv?lang=en"))
    assert table[1][:3] == [str(YEAR), "by points", "30 %"]


def test_money_is_granted_by_the_city_and_the_ledger_shows_it(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    city = visit("city_officer")
    form = {"area": COUNTY, "year": str(YEAR), "amount": "100000", "document": "预算"}
    answer = city.post("/city/vouchers/budgets", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/city/vouchers/budgets/{COUNTY}/{YEAR}")
    assert "100,000.00" in city.get(answer.headers["location"]).text
    assert visit("county_officer").post("/city/vouchers/budgets", data=form).status_code == 403
    for wrong, said in (
        ({"amount": "-100001"}, "cannot be taken back"),
        ({"area": "nowhere"}, "foreign key"),
        ({"amount": "0"}, ""),
    ):
        refused = city.post("/city/vouchers/budgets?lang=en", data=form | wrong)
        assert refused.status_code == 409
        assert said in refused.text
        assert "nothing was changed" in refused.text
    line = rows_of(city.get(f"/city/vouchers/ledger.csv?area={COUNTY}&year={YEAR}"))[1]
    assert (line[1], line[2], line[-1]) == ("grant", "100000.00", "预算")
    assert city.get(f"/city/vouchers/budgets/{COUNTY}/2001").status_code == 404


def test_providers_are_registered_by_officers_and_listed_by_the_city(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    county, city = visit("county_officer"), visit("city_officer")
    form = {"uscc": code_of(950), "name": "新云", "provider_class": "application", "services": ["3.3.10", "2.4.01"]}
    assert county.post("/city/vouchers/providers", data=form).status_code == 303
    again = county.post("/city/vouchers/providers?lang=en", data=form)
    assert (again.status_code, "is registered already" in again.text) == (409, True)
    wrong = county.post("/city/vouchers/providers?lang=en", data=form | {"uscc": code_of(951)[:-1] + "I"})
    assert (wrong.status_code, "is it 1?" in wrong.text) == (409, True)
    assert county.post("/city/vouchers/providers", data=form | {"services": "9.9.99"}).status_code == 409
    number = max(
        int(row.split('"')[0]) for row in city.get("/city/vouchers/providers").text.split("/city/vouchers/providers/")[1:]
    )
    assert county.post(f"/city/vouchers/providers/{number}", data={"state": "listed", "document": "x"}).status_code == 403
    assert city.post(f"/city/vouchers/providers/{number}", data={"state": "listed", "document": "目录2"}).status_code == 303
    table = rows_of(city.get("/city/vouchers/providers.csv?lang=en"))
    assert ["新云", code_of(950), "cloud application provider", "listed", "3.3.10 2.4.01", "0", "目录2"] in table
    assert len(rows_of(city.get("/city/vouchers/catalogue.csv"))) == 94


def test_jining_3_4_a_batch_is_paid_by_another_than_who_reviewed_it_and_not_where_machines_were_silent(
    town: Town, visit: Callable[[str], httpx.Client]
) -> None:
    silent, loud = redeemed(town)
    (batch,) = batches(town.database)
    city = visit("city_officer")
    page = city.get(f"/city/vouchers/batches/{batch.id}?lang=en").text
    assert "The publicity is over" in page
    assert "Data on 1 days" in page
    assert visit("county_officer").post(f"/city/vouchers/batches/{batch.id}", data={"act": "pay"}).status_code == 403
    answer = city.post(f"/city/vouchers/batches/{batch.id}?lang=en", data={"act": "pay"})
    assert "1 paid, 1 not paid" in answer.text
    assert [town.see(one).state for one in (silent, loud)] == ["publicised", "paid"]
    assert "1 vouchers without data" in city.get("/city/vouchers/silent?lang=en").text
    refused = city.post(f"/city/vouchers/{silent}/steps?lang=en", data={"step": "pay", "note": ""})
    assert (refused.status_code, "sent nothing from 2018-03-01 to 2018-06-30" in refused.text) == (409, True)
    paid = city.post(f"/city/vouchers/{silent}/steps", data={"step": "pay", "although_silent": "1", "note": "现场核实"})
    assert paid.status_code == 303
    assert [one["is_silent"] for one in city.get("/api/v1/city/voucher-evidence").json()["items"]] == [True, False]
    assert [row[-1] for row in rows_of(city.get("/city/vouchers/silent.csv?lang=en"))[1:]] == ["No data", "Data came"]
    assert len(rows_of(city.get(f"/city/vouchers/batches/{batch.id}/publicity.csv"))) == 3
    for name, count in (("vouchers", 3), ("batches", 2), ("budgets", 2)):
        assert len(rows_of(city.get(f"/city/vouchers/{name}.csv"))) == count
    assert city.get("/city/vouchers/batches/77").status_code == 404
    assert city.get("/city/vouchers/batches/77/publicity.csv").status_code == 404


def test_empty_pages_say_what_to_do_next(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    client = visit("city_officer")
    for path, said in (
        ("", "No vouchers yet"),
        ("/budgets", "No budget yet"),
        ("/batches", "No batches yet"),
        ("/silent", "No voucher is being redeemed"),
        ("?search=nobody", "No such vouchers"),
    ):
        assert (
            said
            in client.get(
                f"/city/vouchers{path}", params={"lang": "en"} | ({"search": "nobody"} if "search" in path else {})
            ).text
        )


@pytest.mark.browser
def test_officers_bring_a_voucher_from_registration_to_service_by_forms_on_a_telephone(
    town: Town, visit: Callable[[str], httpx.Client], migrated_database: str, chromium: str, built_vendor: None
) -> None:
    redeemed(town)
    town.later(datetime.now(UTC).date())
    town.grant(60_000, year=YEAR)
    with town.desk() as at:
        enterprise(at.connection, 3)
    address = str(visit("city_officer").base_url)
    with telephone(chromium, address, migrated_database, role="admin") as page:
        page.goto("/city/vouchers")
        page.get_by_label("统一社会信用代码").fill(code_of(3))
        page.get_by_role("button", name="注册").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("企业3")
        page.get_by_role("button", name="审核通过为会员").click()
        page.get_by_label("合同编号").fill("HT-3")
        page.get_by_label("签订日期").fill("2018-02-01")
        page.get_by_label("服务（可多选）").select_option(["1.1.01", "3.3.10"])
        page.get_by_label("标价（元）").fill("250000")
        page.get_by_label("合同费用（元）").fill("200000")
        page.get_by_role("button", name="申领").click()
        expect(page.locator("dl.is-money").first).to_contain_text("50,000.00")
        page.get_by_label("服务结束").fill((datetime.now(UTC).date() + timedelta(days=365)).isoformat())
        page.get_by_role("button", name="开始服务").click()
        expect(page.get_by_text("服务中").first).to_be_visible()
        page.get_by_text("申请兑付").first.click()
        page.screenshot(path="test-output/page-city-voucher.png", full_page=True)
        paths = (
            "",
            "/budgets",
            f"/budgets/{COUNTY}/2018",
            "/batches",
            "/batches/1",
            "/silent",
            "/providers",
            "/calculator",
            "/1",
            "/3",
        )
        for language in ("zh", "en"):
            for path in paths:
                page.goto(f"/city/vouchers{path}?lang={language}")
                assert violations(page, language=language) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
                name = path.replace("/", "-") or "-list"
                page.screenshot(path=f"test-output/page-city-vouchers{name}-{language}.png", full_page=True)


def test_a_service_that_is_over_before_it_begins_is_said_on_the_page(town: Town, visit: Callable[[str], httpx.Client]) -> None:
    town.grant(100_000)
    found = town.issued()
    form = {"step": "start_service", "service_from": "2018-04-01", "service_to": "2018-03-01", "note": ""}
    answer = visit("county_officer").post(f"/city/vouchers/{found}/steps", data=form)
    assert (answer.status_code, "服务期须有先后" in answer.text) == (409, True)
    with town.desk() as at:
        start_service(at, found, first_day=date(2018, 3, 1), last_day=date(2018, 4, 1))
