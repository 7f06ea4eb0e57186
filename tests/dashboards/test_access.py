"""Who gets in, who gets what, and what a stranger, a forged form or a lying header achieves: nothing."""

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dashboards.api import stream
from dashboards.security.access import ROLES, Permission
from dashboards.security.body_limit import MOST_BYTES
from dashboards.security.passwords import Passwords
from dashboards.settings import WebSettings
from store.audit import Filter, list_acts
from store.database import Database
from store.sessions import add_token
from store.sites import add_site, assign_gateway
from store.users import add_user
from tests.dashboards.people import client_for, sign_in
from tests.dashboards.plant import Filler, Plant, free_port, serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

PASSWORD = "correct horse battery"
PASSWORD_HASH = Passwords().hash_now(PASSWORD)
CANARY = "canary-3f9a"


@pytest.fixture
def address(filler: Filler, settings_for: Callable[..., WebSettings], request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve a plant with two gateways; one of them holds the canary, and no site of a guest is its."""
    now = time.time()
    filler.commit(Plant("gw-own").boiler(now, name="boiler-own"), Plant(CANARY).boiler(now, name=f"boiler-{CANARY}"))
    with serving(settings_for(**getattr(request, "param", {}))) as made:
        yield made


@pytest.fixture
def own_site(address: str, database: str) -> int:
    """Give the site of gw-own."""
    with Database(database) as opened, opened.connection() as connection:
        sites = [
            add_site(connection, {"name": name, "label_zh": name, "label_en": name, "time_zone": "Asia/Shanghai"})
            for name in ("own", CANARY)
        ]
        assert sites[0] is not None
        assign_gateway(connection, "gw-own", sites[0])
        assign_gateway(connection, CANARY, sites[1])
    return sites[0]


def make_user(database: str, name: str, *, role: str = "operator", must_change_password: bool = False) -> int:
    with Database(database) as opened, opened.connection() as connection:
        user = add_user(connection, name=name, password_hash=PASSWORD_HASH, role=role, must_change_password=must_change_password)
    assert user is not None
    return user


def make_token(database: str, *, role: str = "viewer") -> str:
    secret, expires_at = f"sy_{secrets.token_urlsafe(32)}", datetime.now(UTC) + timedelta(days=1)
    with Database(database) as opened, opened.connection() as connection:
        add_token(connection, secret, name="robot", role=role, sites=None, created_by="test", expires_at=expires_at)
    return secret


def log_in(address: str, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    data = {"name": name, "password": password, "next": "/"}
    return httpx.post(f"{address}/login", **({"data": data, "headers": {"Origin": address}} | more), timeout=30)


def sid(answer: httpx.Response) -> str:
    return answer.cookies["sid"]


def can_read(address: str, **given: Any) -> bool:
    status = httpx.get(f"{address}/api/v1/kinds", **given).status_code
    assert status in {200, 401}
    return status == 200


def routes(address: str, database: str) -> list[tuple[str, str]]:
    """Give every method and path of the described API, with 999999 for what stands in braces."""
    with client_for(address, database) as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    return [
        (method.upper(), "/".join("999999" if part.startswith("{") else part for part in path.split("/")))
        for path, methods in paths.items()
        for method in methods
    ]


# --- who gets what --------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_log_in_and_a_program_is_told(address: str, database: str) -> None:
    for path in ("/", "/equipment/1", "/equipment/999", "/account", "/admin/users"):
        answer = httpx.get(f"{address}{path}?a=1")
        assert answer.status_code == 303, path
        assert parse_qs(urlsplit(answer.headers["location"]).query) == {"next": [f"{path}?a=1"]}
    for method, path in routes(address, database):
        answer = httpx.request(method, f"{address}{path}", headers={"Origin": address})
        assert answer.status_code == (503 if path == "/healthz" else 401), (method, path)
        assert CANARY not in answer.text
    assert httpx.get(f"{address}/healthz").json() == {"status": "unwell"}


def test_what_is_behind_another_sites_gateway_is_not_there_for_any_role(address: str, database: str, own_site: int) -> None:
    asked_for = [(method, path) for method, path in routes(address, database) if path != "/api/v1/stream"]
    with client_for(address, database) as all_seeing:
        wait_until(lambda: all_seeing.get("/api/v1/equipment").json()["total"] == 2)
        foreign = next(one["id"] for one in all_seeing.get("/api/v1/equipment").json()["items"] if CANARY in one["name"])
    with client_for(address, database, role="screen", sites=(own_site,)) as guest:
        assert {guest.get(path).status_code for path in ("/", "/equipment", "/city", f"/equipment/{foreign}")} == {403}
        assert guest.get("/api/v1/equipment").status_code == 403
    for role in (role for role, granted in ROLES.items() if Permission.READ in granted):
        with client_for(address, database, role=role, sites=(own_site,)) as guest:
            assert [one["name"] for one in guest.get("/api/v1/equipment").json()["items"]] == ["boiler-own"]
            for method, path in asked_for:
                for number in (str(foreign), CANARY):
                    asked = path.replace("999999", number)
                    answer = guest.request(method, asked, params={"signals": "steam_pressure", "span": "1h"})
                    assert answer.status_code < 500 or answer.status_code == 503, (method, asked, answer.text)
                    if method == "GET" and "/equipment/" in asked:
                        assert answer.status_code in {404, 422}, (asked, answer.text[:300])
                    assert f"boiler-{CANARY}" not in answer.text, asked
            with guest.stream("GET", "/api/v1/stream?signals=all") as events:
                assert CANARY not in next(line for line in events.iter_lines() if line.startswith("data:"))
            assert guest.get(f"/equipment/{foreign}").status_code == 404


def test_administration_is_for_administrators(address: str, database: str) -> None:
    for role in ROLES.keys() - {"admin"}:
        with client_for(address, database, role=role) as client:
            for path in ("/api/v1/users", "/api/v1/tokens", "/api/v1/audit", "/admin/users", "/admin/audit"):
                assert client.get(path).status_code == 403, path
            assert client.post("/api/v1/users", json={"name": "me", "role": "admin"}).status_code == 403


# --- log-in and sessions --------------------------------------------------------------------------------------------


def test_a_log_in_gives_a_new_secret_and_the_one_planted_before_is_worth_nothing(address: str, database: str) -> None:
    make_user(database, "li")
    planted = "attackers-choice"
    answer = log_in(address, "LI", cookies={"sid": planted})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert sid(answer) != planted
    assert can_read(address, cookies={"sid": sid(answer)})
    assert not can_read(address, cookies={"sid": planted})
    again = log_in(address, "li", cookies={"sid": sid(answer)})
    with httpx.Client(base_url=address, cookies={"sid": sid(again)}, headers={"Origin": address}) as client:
        assert client.post("/logout").headers["location"] == "/login"
    for ended in (sid(answer), sid(again)):
        assert not can_read(address, cookies={"sid": ended})


def test_a_wrong_password_and_a_wrong_name_look_alike_and_are_in_the_log(address: str, database: str) -> None:
    make_user(database, "li")
    wrong, unknown = log_in(address, "li", "not it at all"), log_in(address, "wang\x00", "not it at all")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "用户名或密码不正确" in wrong.text
    assert "用户名或密码不正确" in unknown.text
    with Database(database) as opened:
        _, acts = list_acts(opened, Filter(action="log_in"), limit=10)
    assert [(act.actor, act.result, act.address) for act in acts] == [
        ("wang", "refused", "127.0.0.1"),
        ("li", "refused", "127.0.0.1"),
    ]


def test_after_five_failures_even_the_right_password_waits(address: str, database: str) -> None:
    make_user(database, "li")
    assert [log_in(address, "li", "x" * 12).status_code for _ in range(5)] == [401] * 5
    answer = log_in(address, "li")
    assert answer.status_code == 429
    assert 590 <= int(answer.headers["retry-after"]) <= 600
    forged = {"Origin": address, "X-Forwarded-For": "10.9.9.9"}
    assert log_in(address, "li", headers=forged).status_code == 429  # no proxy of ours wrote that


def test_a_given_password_opens_the_account_page_and_nothing_else_until_it_is_changed(address: str, database: str) -> None:
    make_user(database, "li", must_change_password=True)
    other = sid(log_in(address, "li"))
    with httpx.Client(base_url=address, cookies={"sid": sid(log_in(address, "li"))}, headers={"Origin": address}) as client:
        assert client.get("/").headers["location"] == "/account"
        assert client.get("/api/v1/kinds").status_code == 403
        assert "请先改成自己的密码" in client.get("/account").text
        new = "another long one"
        for old, first, second in ((PASSWORD, "short", "short"), (PASSWORD, new, "other"), ("wrong old one", new, new)):
            answer = client.post("/account/password", data={"old": old, "new": first, "repeated": second})
            assert answer.status_code == 422
        data = {"old": PASSWORD, "new": new, "repeated": new}
        assert client.post("/account/password", data=data).status_code == 303
        assert client.get("/api/v1/kinds").status_code == 200
    assert not can_read(address, cookies={"sid": other})
    assert log_in(address, "li").status_code == 401
    assert log_in(address, "li", new).status_code == 303


def test_one_ends_ones_own_sessions_and_nobody_elses(address: str, database: str) -> None:
    make_user(database, "li")
    first, second = sid(log_in(address, "li")), sid(log_in(address, "li"))
    with httpx.Client(base_url=address, cookies={"sid": first}, headers={"Origin": address}) as client:
        page = client.get("/account").text
        number = page.split("/account/sessions/")[1].split("/end")[0]
        with client_for(address, database) as other:
            assert other.post(f"/account/sessions/{number}/end").status_code == 404
        assert can_read(address, cookies={"sid": second})
        assert client.post(f"/account/sessions/{number}/end").status_code == 303
    assert not can_read(address, cookies={"sid": second})
    assert can_read(address, cookies={"sid": first})


def test_a_disabled_user_loses_an_open_stream(address: str, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.0)  # the test does not wait for the next turn
    user = make_user(database, "li")
    secret = sid(log_in(address, "li"))
    with (
        client_for(address, database) as admin,
        httpx.stream("GET", f"{address}/api/v1/stream", cookies={"sid": secret}, timeout=30) as events,
    ):
        lines = events.iter_lines()
        next(line for line in lines if line.startswith("data:"))
        assert admin.put(f"/api/v1/users/{user}", json={"role": "operator", "is_disabled": True}).status_code == 200
        started = time.monotonic()
        for _line in lines:  # ends when the server closes it
            assert time.monotonic() - started < 30
    assert not can_read(address, cookies={"sid": secret})
    assert log_in(address, "li").status_code == 401


# --- programs, forms, hosts -----------------------------------------------------------------------------------------


def test_a_program_asks_with_its_token_and_no_longer_once_it_is_revoked(address: str, database: str) -> None:
    bearer = {"Authorization": f"Bearer {make_token(database, role='admin')}"}
    assert can_read(address, headers=bearer)
    assert not can_read(address, headers={"Authorization": "Bearer sy_guess"}, cookies={"sid": sign_in(database)})
    made = httpx.post(f"{address}/api/v1/sites", headers=bearer, json={"name": "n", "label_zh": "北", "label_en": "North"})
    assert made.status_code == 201
    (token,) = httpx.get(f"{address}/api/v1/tokens", headers=bearer).json()["items"]
    assert httpx.delete(f"{address}/api/v1/tokens/{token['id']}", headers=bearer).status_code == 204
    assert not can_read(address, headers=bearer)


def test_a_form_of_another_site_is_refused_whatever_it_looks_like(address: str, database: str) -> None:
    cookies = {"sid": sign_in(database)}
    for origin in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": f"{address}.evil.example"}):
        for path in ("/login", "/logout", "/admin/users", "/api/v1/users"):
            answer = httpx.post(f"{address}{path}", cookies=cookies, headers=origin, data={"name": "x", "role": "admin"})
            assert answer.status_code == 403, (origin, path)
    headers = {"Content-Type": "text/plain", "Origin": "https://evil.example", "Referer": f"{address}/admin/users"}
    assert httpx.post(f"{address}/api/v1/users", cookies=cookies, headers=headers, content="{}").status_code == 403
    assert can_read(address, cookies=cookies)


def test_another_name_for_this_server_is_refused_except_to_watchdogs(address: str, database: str) -> None:
    cookies = {"sid": sign_in(database)}
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[", ""):
        answer = httpx.get(f"{address}/api/v1/kinds", headers={"Host": host}, cookies=cookies)
        assert answer.status_code == 400, host
        assert "evil" not in answer.text
    assert httpx.get(f"{address}/healthz", headers={"Host": "watchdog"}).status_code in {200, 503}
    lies = {"X-Forwarded-Host": "evil.example", "X-Original-URL": "/admin", "X-Forwarded-Proto": "https", "Referer": "http://x/"}
    answer = httpx.get(f"{address}/", headers=lies)
    assert answer.headers["location"] == "/login?next=%2F"


@pytest.mark.parametrize("address", [{"public_address": "https://plant.example:8443"}], indirect=True)
def test_behind_a_public_address_only_that_name_and_origin_count_and_the_cookie_is_bound_to_it(
    address: str, database: str
) -> None:
    make_user(database, "li")
    right = {"Host": "plant.example:8443", "Origin": "https://plant.example:8443"}
    cookie = log_in(address, "li", headers=right).headers["set-cookie"]
    assert cookie.startswith("__Host-sid=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert log_in(address, "li", headers={**right, "Origin": "http://plant.example:8443"}).status_code == 403
    assert log_in(address, "li", headers={"Origin": address}).status_code == 400


def test_the_log_in_itself_leads_only_to_own_pages(address: str, database: str) -> None:
    make_user(database, "li")
    for given, reached in (("//evil.example", "/"), ("/equipment?kind=boiler", "/equipment?kind=boiler")):
        data = {"name": "li", "password": PASSWORD, "next": given}
        assert log_in(address, "li", data=data).headers["location"] == reached


def test_paths_that_climb_out_of_a_folder_find_nothing(address: str) -> None:
    for path in (
        "/static/..%2faccess.py",
        "/static/..%5caccess.py",
        "/pages/login/%2e%2e/page.py",
        "/static/%00",
        "/static//etc/passwd",
    ):
        assert httpx.get(f"{address}{path}").status_code == 404, path


def test_a_body_without_end_is_refused(address: str) -> None:
    large = b"a=" + b"x" * MOST_BYTES
    headers = {"Origin": address, "Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(f"{address}/login", content=large, headers=headers).status_code == 413
    assert httpx.post(f"{address}/login", content=iter([large]), headers=headers).status_code == 413
    many = "&".join(f"a{number}=1" for number in range(20_000))
    assert httpx.post(f"{address}/login", content=many, headers=headers).status_code == 400


def test_without_any_user_the_log_in_names_the_command_that_makes_one(address: str, database: str) -> None:
    assert "shangyun users add" in httpx.get(f"{address}/login").text
    make_user(database, "li")
    assert "shangyun users add" not in httpx.get(f"{address}/login").text
    assert httpx.get(f"{address}/static/style.css").status_code == 200


def test_counters_and_details_are_served_on_loopback_beside_the_app(
    filler: Filler, settings_for: Callable[..., WebSettings]
) -> None:
    port = free_port()
    with serving(settings_for(health_port=port)) as address:
        wait_until(lambda: "machines" in httpx.get(f"http://127.0.0.1:{port}/healthz").json())
        assert "shangyun_web_streams" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert httpx.get(f"{address}/metrics").status_code == 404
