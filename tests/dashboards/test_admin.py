"""Administration by page and by API: what it does, what it refuses, and that each act is in the log."""

import argparse
import io
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from dashboards import user_commands
from dashboards.settings import WebSettings
from store.audit import Filter, list_acts
from store.database import Database
from store.users import find_log_in, list_users
from telemetry.errors import ConfigError
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

SITE = {"name": "east", "label_zh": "东厂", "label_en": "East works", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def address(filler: Filler, settings_for: Callable[..., WebSettings]) -> Iterator[str]:
    filler.commit(Plant("gw-1").boiler(1_780_000_000))
    with serving(settings_for()) as made:
        yield made


@pytest.fixture
def admin(address: str, database: str) -> Iterator[httpx.Client]:
    with client_for(address, database) as client:
        yield client


def acts(database: str) -> list[tuple[str, str]]:
    with Database(database) as opened:
        return [(act.action, act.object) for act in reversed(list_acts(opened, Filter(), limit=100)[1])]


def test_a_user_is_added_gets_rights_a_new_password_and_is_shut_out(admin: httpx.Client, address: str, database: str) -> None:
    made = admin.post("/api/v1/users", json={"name": "Ｌｉ", "role": "operator"})
    assert made.status_code == 201
    user, password = made.json()["id"], made.json()["password"]

    def log_in() -> int:
        data = {"name": "li", "password": password}
        return httpx.post(f"{address}/login", data=data, headers={"Origin": address}).status_code

    assert log_in() == 303
    (shown,) = admin.get("/api/v1/users?search=li&sort=-created_at").json()["items"]
    assert (shown["name"], shown["role"], shown["sites"], shown["must_change_password"]) == ("li", "operator", None, True)
    assert admin.put(f"/api/v1/users/{user}", json={"role": "engineer", "sites": []}).status_code == 200
    assert admin.post(f"/api/v1/users/{user}/password").json()["password"] != password
    assert log_in() == 401
    assert admin.put(f"/api/v1/users/{user}", json={"role": "engineer", "is_disabled": True}).status_code == 200
    assert acts(database) == [
        ("user.add", "li"),
        ("log_in", "li"),
        ("user.change", "li"),
        ("user.reset_password", "li"),
        ("log_in", "li"),
        ("user.change", "li"),
    ]


def test_fields_that_nobody_may_set_are_refused_and_nothing_is_changed(admin: httpx.Client, database: str) -> None:
    for more in ({"password_hash": "x"}, {"id": 1}, {"created_at": "2020-01-01T00:00:00Z"}, {"must_change_password": False}):
        assert admin.post("/api/v1/users", json={"name": "li", "role": "viewer"} | more).status_code == 422
        assert admin.post("/api/v1/sites", json=SITE | more).status_code == 422
        assert admin.post("/admin/users", data={"name": "li", "role": "viewer"} | more).status_code == 422
    with Database(database) as opened:
        assert [user.name for user in list_users(opened) if user.name == "li"] == []
    assert acts(database) == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"name": "", "role": "viewer"}, "name"),
        ({"name": "a b", "role": "viewer"}, "name"),
        ({"name": "a\x00", "role": "viewer"}, "name"),
        ({"name": "a" * 41, "role": "viewer"}, "name"),
        ({"name": "li", "role": "root"}, "role"),
        ({"name": "li", "role": "viewer", "sites": [7]}, "no site 7"),
        ({"name": "li", "role": "viewer", "sites": [2**31]}, "sites"),
        ([], "body"),
    ],
)
def test_a_user_that_cannot_be_is_refused_with_the_reason(admin: httpx.Client, body: object, word: str) -> None:
    answer = admin.post("/api/v1/users", json=body)
    assert answer.status_code == 422
    assert word in answer.json()["error"] or word == "sites"


def test_the_last_administrator_stays(admin: httpx.Client, database: str) -> None:
    (me,) = admin.get("/api/v1/users").json()["items"]
    for change in ({"role": "viewer"}, {"role": "admin", "is_disabled": True}, {"role": "admin", "sites": []}):
        assert admin.put(f"/api/v1/users/{me['id']}", json=change).status_code == 409
    answer = admin.post(f"/admin/users/{me['id']}", data={"role": "viewer", "scope": "all"})
    assert answer.status_code == 409
    assert "至少要保留一个" in answer.text
    assert admin.get("/api/v1/users").status_code == 200


def test_what_is_there_already_or_not_there_is_said(admin: httpx.Client) -> None:
    assert [admin.post("/api/v1/sites", json=SITE).status_code for _ in range(2)] == [201, 409]
    for method, path, body in (
        ("PUT", "/api/v1/users/999", {"role": "viewer"}),
        ("POST", "/api/v1/users/999/password", None),
        ("PUT", "/api/v1/sites/999", {"label_zh": "东", "label_en": "E"}),
        ("POST", "/api/v1/sites/gateways", {"gateway": "gw-1", "site": 999}),
        ("DELETE", "/api/v1/tokens/999", None),
    ):
        assert admin.request(method, path, json=body).status_code == 404, path
    assert admin.get(f"/api/v1/users?sort={'x' * 9}").status_code == 422
    assert "name, role, created_at" in admin.get("/api/v1/users?sort=password_hash").json()["error"]
    assert admin.get("/api/v1/audit?from=yesterday").status_code == 422


def test_a_viewer_of_a_site_sees_no_other_site(admin: httpx.Client, address: str, database: str) -> None:
    east = admin.post("/api/v1/sites", json=SITE).json()["id"]
    admin.post("/api/v1/sites", json={**SITE, "name": "west"})
    admin.post("/api/v1/sites/gateways", json={"gateway": "gw-1", "site": east})
    assert admin.get("/api/v1/sites").json()["total"] == 2
    with client_for(address, database, role="viewer", sites=(east,)) as guest:
        (site,) = guest.get("/api/v1/sites").json()["items"]
    assert (site["label"], site["gateways"]) == ({"zh": "东厂", "en": "East works"}, ["gw-1"])


def test_everything_is_done_with_plain_forms(admin: httpx.Client, database: str) -> None:
    assert admin.get("/admin").headers["location"] == "/admin/users"
    assert admin.post("/admin/sites", data=SITE).headers["location"] == "/admin/sites"
    page = admin.get("/admin/sites").text
    assert "gw-1" in page
    east = re.findall(r'/admin/sites/(\d+)"', page)[0]
    assert admin.post("/admin/sites/gateways", data={"gateway": "gw-1", "site": east}).status_code == 303
    assert f'value="{east}" selected' in admin.get("/admin/sites").text
    assert admin.post("/admin/sites/gateways", data={"gateway": "gw-1", "site": ""}).status_code == 303
    assert admin.post(f"/admin/sites/{east}", data={"label_zh": "新", "label_en": "New", "time_zone": "Mars"}).status_code == 422
    made = admin.post("/admin/users", data={"name": "wang", "role": "viewer", "scope": "some", "sites": [east]})
    password = re.search(r'class="secret">([a-z0-9-]+)<', made.text)
    assert password
    with Database(database) as opened:
        found = find_log_in(opened, "wang")
    assert found is not None
    assert found[0].sites == frozenset({int(east)})
    assert password[1] not in admin.get("/admin/users").text
    token = admin.post("/admin/tokens", data={"name": "BI", "role": "viewer", "scope": "all", "days": "30"})
    secret = re.search(r'class="secret">(sy_[\w-]+)<', token.text)
    assert secret
    bearer = {"Authorization": f"Bearer {secret[1]}"}
    assert httpx.get(f"{admin.base_url}/api/v1/kinds", headers=bearer).status_code == 200
    number = re.findall(r"/admin/tokens/(\d+)/revoke", admin.get("/admin/tokens").text)[0]
    assert admin.post(f"/admin/tokens/{number}/revoke").status_code == 303
    assert httpx.get(f"{admin.base_url}/api/v1/kinds", headers=bearer).status_code == 401


def test_the_log_is_read_filtered_and_checked_on_its_page(admin: httpx.Client, database: str) -> None:
    admin.post("/api/v1/sites", json={**SITE, "label_en": "<script>alert(1)</script>"})
    page = admin.get("/admin/audit").text
    assert "site.add" in page
    assert "<script>alert" not in page
    assert "没有符合条件的记录" in admin.get("/admin/audit?actor=nobody").text
    assert "✓ 共 1 条" in admin.post("/admin/audit/verify").text
    with Database(database) as opened, opened.connection() as connection:
        connection.execute(b"ALTER TABLE web.audit DISABLE TRIGGER insert_only")
        connection.execute(b"UPDATE web.audit SET actor = 'somebody else' WHERE id = 1")
    assert "✕ 第 1 条" in admin.post("/admin/audit/verify").text
    assert admin.post("/api/v1/audit/verify").json()["first_broken"] == 1
    listed = admin.get("/api/v1/audit?action=site.&limit=1").json()
    assert (listed["total"], listed["items"][0]["actor"]) == (1, "somebody else")


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(migrated_database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def run(command: str, *words: str, typed: str = "") -> str:
        parser = argparse.ArgumentParser()
        user_commands.add_commands(parser.add_subparsers())
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        chosen = parser.parse_args(["users", command, "--database", migrated_database, *words])
        assert chosen.run(chosen) == 0
        return capsys.readouterr().out

    return run


def test_the_first_administrator_is_made_by_command(run: Callable[..., str], migrated_database: str) -> None:
    assert "no users: shangyun users add NAME --role admin" in run("list")
    said = run("add", "Admin", "--role", "admin")
    assert re.search(r"password: [a-z0-9]{4}(-[a-z0-9]{4}){3}\n", said)
    assert "must change the password" in run("list")
    assert "password:" not in run("password", "admin", typed="a long enough one\n")
    assert "must change" not in run("list")
    run("disable", "admin")
    assert "disabled" in run("list")
    assert acts(migrated_database) == [("user.add", "admin"), ("user.reset_password", "admin"), ("user.change", "admin")]


@pytest.mark.parametrize(
    ("words", "typed", "problem"),
    [
        (("add", "li", "--role", "boss"), "", "none of viewer"),
        (("add", "l i", "--role", "viewer"), "", "letters, digits"),
        (("add", "li", "--role", "viewer", "--sites", "moon"), "", "no site 'moon'"),
        (("add", "li", "--role", "viewer"), "short\n", "10 to 200 characters"),
        (("password", "nobody"), "", "no user 'nobody'"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(run: Callable[..., str], words: tuple[str, ...], typed: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        run(*words, typed=typed)
