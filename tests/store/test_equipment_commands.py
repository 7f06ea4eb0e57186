"""``shangyun equipment`` beside a database."""

import argparse
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from store import equipment_commands
from telemetry.errors import ConfigError


@pytest.fixture
def run(store: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must succeed, and give what it prints."""

    def run(command: str, *words: str) -> str:
        parser = argparse.ArgumentParser()
        equipment_commands.add_commands(parser.add_subparsers())
        chosen = parser.parse_args(["equipment", command, "--database", store.dsn, *words])
        assert chosen.run(chosen) == 0
        return capsys.readouterr().out

    return run


def test_machines_are_listed_with_their_newest_time_and_earlier_names(store: Any, bundle: Any, run: Any) -> None:
    assert run("list") == "no machines\n"
    store.commit(bundle(1), bundle(1, gateway="gw-2"))
    assert run("list").count("no value yet") == 2
    store.writer.tidy()
    assert "gw-7/kettle is called" not in run("list")
    assert run("rename", "gw-1/boiler-1", "gw-7/kettle") == "gw-1/boiler-1 is called gw-7/kettle now\n"

    shown = run("list", "--gateway", "gw-7")
    assert "gw-7/kettle" in shown
    assert "boiler" in shown
    assert "2026-11-20 11:00:01 UTC  (was gw-1/boiler-1)" in shown
    (line,) = run("list", "--kind", "boiler", "--gateway", "gw-7", "--json").splitlines()
    machine = json.loads(line)
    assert machine["last_time"] == "2026-11-20T11:00:01+00:00"
    assert machine["earlier_names"] == ["gw-1/boiler-1"]
    assert run("list", "--kind", "ship", "--json") == ""


def test_a_rename_moves_rows_and_a_release_frees_the_name(store: Any, bundle: Any, batch: Any, run: Any) -> None:
    at = store.now - timedelta(minutes=1)
    store.commit(bundle(1), bundle(1, batch("kettle", [[1.0, 2.0]], at=at), gateway="gw-2"))

    assert "reading.boiler: 1 rows moved" in run("rename", "gw-1/boiler-1", "gw-2/kettle")
    assert "gw-1/boiler-1 is free" in run("release", "gw-1/boiler-1")
    store.second_worker().commit(bundle(2))

    assert [line.split()[1] for line in run("list").splitlines()] == ["gw-1/boiler-1", "gw-2/kettle"]


def test_pending_says_what_waits_and_what_to_do(store: Any, bundle: Any, batch: Any, run: Any) -> None:
    assert "nothing waits" in run("pending")
    signals = ("boiler:steam_flow,flux", "teleporter:drift")
    for n in range(7):
        store.commit(bundle(1, *(batch(s[:3], [[1.0] * len(s.split(","))], signals=s) for s in signals), gateway=f"gw-{n}"))

    shown = run("pending")
    assert "boiler: unknown signals; add them to device_profiles/boiler/kind.toml, then `shangyun db migrate`" in shown
    assert "teleporter: unknown kind; describe it in device_profiles/teleporter/kind.toml" in shown
    assert "from gw-0, gw-1, gw-2, gw-3, gw-4 and 2 more" in shown
    assert run("adopt") == "nothing to move\n"

    store.run("ALTER TABLE reading.boiler ADD COLUMN flux real")
    assert "boiler: the columns are there; `shangyun equipment adopt`" in run("pending")
    assert run("adopt") == "reading.boiler: 7 rows got values of flux\n"
    assert "boiler" not in run("pending")
    assert run("pending", "--forget", "gw-1") == "2 signals of gw-1 taken off the list\n"


def test_a_kind_is_corrected_and_its_values_are_moved(store: Any, bundle: Any, batch: Any, run: Any) -> None:
    store.commit(bundle(1, batch("b", [[1.0, 2.0]], signals="boilr:steam_flow,steam_pressure")))

    assert "reading.boiler: 1 rows got values of steam_flow, steam_pressure" in run("set-kind", "gw-1/b", "boiler")

    assert store.ask("SELECT steam_flow, steam_pressure FROM reading.boiler") == [(1.0, 2.0)]
    with pytest.raises(ConfigError, match="has its readings there"):
        run("set-kind", "gw-1/b", "ship")


def test_what_cannot_be_is_wrong_use(run: Any) -> None:
    for words in (("rename", "a", "b/c"), ("rename", "a/b", "c/d"), ("release", "a/b"), ("set-kind", "a/b", "boiler")):
        with pytest.raises(ConfigError):
            run(*words)
