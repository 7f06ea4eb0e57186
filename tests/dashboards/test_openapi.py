"""The API against its own description: a fuzzer asks for everything in every way, and nothing breaks."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from dashboards.application import create_application
from dashboards.settings import WebSettings
from shangyun.local_servers import Broker
from telemetry.mqtt import BrokerSettings
from tests.dashboards.people import sign_in
from tests.dashboards.sites import HOME, Site, running_site

NEVER_OPENED = WebSettings(database="postgresql:///never_opened", broker=BrokerSettings(host="127.0.0.1", port=1))
DESCRIPTION: dict[str, Any] = create_application(NEVER_OPENED).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, of_path in DESCRIPTION["paths"].items()
    for method, operation in of_path.items()
}
QUESTIONS = {path: of_path["get"] for path, of_path in DESCRIPTION["paths"].items() if of_path.get("get", {}).get("parameters")}
ENDLESS = "/api/v1/stream"
"""It never ends, so that only the head of its answer can be judged."""
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]
EXAMPLES = 4
"""Random ones for each operation, after the coverage of each parameter's borders."""

CONFIG = schemathesis.Config.from_dict({"phases": {"coverage": {"unexpected-methods": []}}})
"""What a path does not do is refused by the router, for all paths alike."""

SPAN = {"span": "1h"}
SERIES = SPAN | {"signals": "steam_flow,steam_pressure"}
NEEDED = {
    "/api/v1/city/voucher-quote": {"fee": "100000"},
    "/api/v1/energy": {"kind": "boiler"},
    "/api/v1/equipment/{equipment_id}/export": {
        "from": "2026-11-26T00:00:00Z",
        "to": "2026-11-26T00:10:00Z",
        "signals": "steam_flow",
    },
    "/api/v1/equipment/{equipment_id}/series": SERIES,
    "/api/v1/equipment/{equipment_id}/series.csv": SERIES,
    "/api/v1/production/capacity": {"gateway": HOME},
    "/api/v1/production/capacity.csv": {"gateway": HOME},
    "/api/v1/kpis": SPAN | {"equipment": "1"},
}
"""What a question cannot do without."""
HOSTILE = [
    "\0",
    "-1",
    "99999999999999999999999999",
    "9223372036854775807",
    "NaN",
    "2026-13-45T99:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "%27;--",
    "\ud7ff\uffff",
    "x" * 5000,
    "",
]

schema = schemathesis.openapi.from_dict(DESCRIPTION, config=CONFIG)


@pytest.fixture(scope="module")
def site(
    postgresql_server: str, postgresql_template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running_site("small", server=postgresql_server, template=postgresql_template, folder=folder) as running:
        yield running


@pytest.fixture
def session(site: Site) -> Iterator[requests.Session]:
    """Sign in as an administrator anew for each operation: some of them end sessions."""
    with contextlib.closing(requests.Session()) as made:
        made.cookies.set("sid", sign_in(site.database))
        made.headers["Origin"] = site.address
        yield made


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_whatever_is_asked_is_answered_as_described_or_refused(
    case: schemathesis.Case[Any], site: Site, session: requests.Session
) -> None:
    kwargs = case.as_transport_kwargs(base_url=site.address)
    answer = session.request(**kwargs, stream=case.path == ENDLESS, timeout=20)
    with contextlib.closing(answer):
        assert answer.status_code < 500, answer.text
        assert answer.status_code != 401
        if case.path != ENDLESS:
            case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_question_that_makes_sense_is_answered_and_a_hostile_one_breaks_nothing(
    path: str, site: Site, session: requests.Session
) -> None:
    places = {one["name"]: one["in"] for one in QUESTIONS[path]["parameters"] if one["in"] != "header"}
    name = {"kinds": "boiler", "gateways": HOME, "alarm-rules": "boiler.steam_pressure.high"}.get(path.split("/")[3], "")
    numbers = {
        "alarm_id": site.alarm,
        "finding_id": site.finding,
        "order_id": site.order,
        "plan_id": site.plan,
        "request_id": site.capacity_request,
        "reservation_id": site.reservation,
        "equipment_id": site.machines["boiler"],
        "star_application_id": site.star_application,
        "project_id": site.project,
        "voucher_id": site.voucher,
        "uscc": site.enterprise,
    }
    plain = {"name": name, **{key: str(number) for key, number in numbers.items()}}

    def status(**changed: str) -> int:
        address = path.format(**{key: quote(value, safe="") for key, value in (plain | changed).items()})
        query = NEEDED.get(path, {}) | {key: value for key, value in changed.items() if places[key] == "query"}
        with session.get(site.address + address, params=query, stream=True, timeout=20) as answer:
            return answer.status_code

    assert status() == 200
    broken = [(key, value) for key in places for value in HOSTILE if status(**{key: value}) >= 500]
    assert broken == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_and_its_parameters_say_what_they_are(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.get("description")
    assert [
        parameter["name"]
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ] == []
