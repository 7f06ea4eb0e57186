"""`scripts/timescaledb` gives a server that is killed and comes back with every committed row."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "timescaledb"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def start(name: str, *options: str) -> str:
    started = run("start", "--name", name, *options)
    assert started.returncode == 0, started.stderr
    assert started.stdout.count("\n") == 1
    return started.stdout.strip()


@pytest.fixture
def name(timescaledb_server: str) -> Iterator[str]:  # that fixture skips or fails when none can be had
    """Name of a server of the test's own, removed afterwards."""
    if os.environ.get("SHANGYUN_TEST_DATABASE"):
        pytest.skip("SHANGYUN_TEST_DATABASE is set: the script starts no server")
    chosen = f"pytest-{os.getpid()}-script"
    yield chosen
    run("stop", "--name", chosen, "--remove")


def test_what_was_committed_survives_a_kill_on_the_same_address(name: str) -> None:
    address = start(name)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE reading (time timestamptz NOT NULL, value float8)")
        connection.execute("SELECT create_hypertable('reading', 'time')")
        connection.execute("INSERT INTO reading SELECT now(), n FROM generate_series(1, 1000) n")
        assert run("kill", "--name", name).returncode == 0
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    assert start(name) == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*), sum(value) FROM reading").fetchone() == (1000, 500500.0)


def test_a_kill_leaves_no_process_and_ten_in_a_row_are_recovered(name: str) -> None:
    address = start(name)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE round (number integer)")
    for number in range(10):
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("INSERT INTO round VALUES (%s)", (number,))
        assert run("kill", "--name", name).returncode == 0
        assert run("status", "--name", name).stdout == f"{name} stopped\n"
        assert start(name) == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT array_agg(number ORDER BY number) FROM round").fetchone() == ([*range(10)],)


def test_start_and_stop_may_be_repeated(name: str) -> None:
    address = start(name)
    assert start(name) == address
    assert run("status", "--name", name).stdout == f"{name} running {address}\n"
    for _ in range(2):
        assert run("stop", "--name", name).returncode == 0
        assert run("status", "--name", name).returncode == 1
    assert start(name) == address


def test_two_names_are_two_servers_and_removing_one_leaves_the_other(name: str, timescaledb_server: str) -> None:
    address = start(name)
    assert address != timescaledb_server
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE only_here (x integer)")
    assert run("stop", "--name", name, "--remove").returncode == 0
    with psycopg.connect(timescaledb_server) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    with psycopg.connect(start(name)) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_a_port_in_use_is_named(name: str, timescaledb_server: str) -> None:
    port = timescaledb_server.rpartition(":")[2].split("/")[0]
    refused = run("start", "--name", name, "--port", port)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"port {port} on 127.0.0.1 is already in use" in refused.stderr


def test_durability_is_on_and_telemetry_off(name: str) -> None:
    with psycopg.connect(start(name), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        shown = {}
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "timescaledb.telemetry_level", "max_connections"):
            row = connection.execute(f"SHOW {setting}").fetchone()
            assert row is not None
            shown[setting] = row[0]
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "timescaledb.telemetry_level": "off",
        "max_connections": "200",
    }


def test_an_address_of_ones_own_is_printed_and_never_killed() -> None:
    own = "postgresql://user@db.example/test"
    started = run("start", SHANGYUN_TEST_DATABASE=own)
    assert (started.returncode, started.stdout) == (0, f"{own}\n")
    assert run("kill", SHANGYUN_TEST_DATABASE=own).returncode == 1


def test_stopping_what_never_ran_is_no_error_and_killing_it_is(tmp_path: Path) -> None:
    nothing = {"SHANGYUN_CACHE": str(tmp_path), "SHANGYUN_TEST_DATABASE": ""}
    assert run("stop", **nothing).returncode == 0
    assert run("status", **nothing).returncode == 1
    assert run("kill", **nothing).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"],
        ["start", "--data", "x"],
        ["start", "--name"],
        ["start", "--name", "../x"],
        ["start", "--port", "x"],
    ],
)
def test_wrong_use_ends_with_status_2_and_one_sentence(arguments: list[str]) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1


def test_help_explains_every_command() -> None:
    text = run("help").stdout
    assert all(f"\n  {command} " in text for command in ("start", "stop", "kill", "status", "help"))
