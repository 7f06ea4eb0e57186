"""The API against its own description: a fuzzer asks for everything in every way, and nothing breaks."""

import contextlib
from collections.abc import Iterator
from typing import Any

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
from tests.dashboards.sites import Site, running_site

NEVER_OPENED = WebSettings(database="postgresql:///never_opened", broker=BrokerSettings(host="127.0.0.1", port=1))
DESCRIPTION: dict[str, Any] = create_application(NEVER_OPENED).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, of_path in DESCRIPTION["paths"].items()
    for method, operation in of_path.items()
}
ENDLESS = "/api/v1/stream"
"""It never ends, so that only the head of its answer can be judged."""
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]
EXAMPLES = 8
"""Random ones for each operation, after the coverage of each parameter's borders."""

CONFIG = schemathesis.Config.from_dict({"phases": {"coverage": {"unexpected-methods": []}}})
"""What a path does not do is refused by the router, for all paths alike."""

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
    case: schemathesis.Case, site: Site, session: requests.Session
) -> None:
    kwargs = case.as_transport_kwargs(base_url=site.address)
    answer = session.request(**kwargs, stream=case.path == ENDLESS, timeout=20)
    with contextlib.closing(answer):
        assert answer.status_code < 500, answer.text
        assert answer.status_code != 401
        if case.path != ENDLESS:
            case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_and_its_parameters_say_what_they_are(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.get("description")
    assert [
        parameter["name"]
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ] == []
