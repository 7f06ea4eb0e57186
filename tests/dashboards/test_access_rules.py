"""The rules of access by themselves: what must be named, who may administer, which addresses are ours."""

import pytest
from fastapi import FastAPI, Request

from dashboards.pages.login.page import own_path
from dashboards.security.access import Permission, Reader, Viewer, refuse_open_routes
from dashboards.security.origin import client_address
from dashboards.settings import WebSettings


def test_an_app_with_a_route_that_names_no_permission_does_not_start() -> None:
    application = FastAPI(openapi_url=None)

    @application.get("/fine")
    def fine(_viewer: Reader) -> None: ...

    refuse_open_routes(application)

    @application.get("/forgotten")
    def forgotten(_request: Request) -> None: ...

    with pytest.raises(RuntimeError, match="without a permission: /forgotten"):
        refuse_open_routes(application)


def test_a_mounted_application_counts_as_a_route_without_a_permission() -> None:
    application = FastAPI()
    application.mount("/inner", FastAPI())
    with pytest.raises(RuntimeError, match="/inner"):
        refuse_open_routes(application)


def test_an_administrator_of_some_sites_administers_nothing() -> None:
    some, all_sites = Viewer(name="a", role="admin", sites=frozenset({1})), Viewer(name="b", role="admin")
    assert (some.may(Permission.ADMINISTER), all_sites.may(Permission.ADMINISTER)) == (False, True)
    assert not Viewer(name="c", role="invented").may(Permission.READ)


@pytest.mark.parametrize(
    ("peer", "passed", "seen"),
    [
        ("10.0.0.9", "1.2.3.4", "10.0.0.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_forwarded_address_counts_as_far_as_trusted_proxies_wrote_it(peer: str, passed: str, seen: str) -> None:
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", passed.encode())]}
    assert client_address(Request(scope), ("10.0.0.1", "10.0.0.2")) == seen


@pytest.mark.parametrize(
    "next_address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "/\t/evil", "javascript:alert(1)", "", "/a\nb"],
)
def test_a_link_to_the_log_in_never_leads_on_to_anybody_else(next_address: str) -> None:
    assert own_path(next_address) == "/"
    assert own_path("/equipment?kind=boiler&search=%2F") == "/equipment?kind=boiler&search=%2F"


@pytest.mark.parametrize("value", ["plant.example", "ftp://x", "https://x/path", "https://user@x", "https://["])
def test_a_public_address_is_that_of_a_server(value: str) -> None:
    with pytest.raises(ValueError, match="not the address of a web app"):
        WebSettings.model_validate({"database": "x", "broker": {"host": "h"}, "public_address": value})
