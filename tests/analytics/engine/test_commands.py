"""``shangyun analytics``: what there is, a past run and tried, models, and mistakes told in a sentence."""

import json
from pathlib import Path

import pytest

from shangyun.cli import main
from store.results import days_of_runs, kpis
from tests.analytics.engine.conftest import DAY, START, Plant

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
FROM, TO = "2026-03-04T00:00", "2026-03-04T03:00"
CHOSEN = ("--analytic", "boiler_efficiency", "--processes", "1")


def analytics(*arguments: str | Path) -> int:
    return main(["analytics", *map(str, arguments)])


def test_the_list_and_one_of_it_are_shown(capsys: pytest.CaptureFixture[str], database: str) -> None:
    assert analytics("list", "--kind", "boiler") == 0
    assert "boiler_efficiency" in capsys.readouterr().out
    assert analytics("list", "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"name", "kinds", "figures", "faults", "source"} <= told[0].keys()
    assert analytics("show", "boiler_efficiency") == 0
    assert "fuel_flow [m³/h]" in capsys.readouterr().out
    assert analytics("show", "boiler_eficiency") == 2
    assert "known: " in capsys.readouterr().err


def test_a_past_is_run_and_kept_and_again_without_a_change(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    plant.site.roll_up(START + 3 * DAY)
    arguments = ("run", "--database", plant.address, "--from", FROM, "--to", TO, *CHOSEN)
    assert analytics(*arguments) == 0
    assert "2 machines, 6 windows: 6 evaluated" in capsys.readouterr().out
    first = kpis(plant.database, plant.ids.values(), None, START, START + 9 * DAY)
    assert analytics(*arguments, "--equipment", "gw-1/boiler-1") == 0
    assert kpis(plant.database, plant.ids.values(), None, START, START + 9 * DAY) == first
    (day,) = days_of_runs(plant.database, plant.ids["boiler-2"], since=START.date())
    assert day.evaluated == 3


def test_a_backtest_reports_and_writes_nothing(plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant.site.roll_up(START + 3 * DAY)
    arguments = ("backtest", "--database", plant.address, "--from", FROM, "--to", TO, *CHOSEN)
    assert analytics(*arguments) == 0
    assert "| boiler_efficiency | 6 | 100 % | 0 |" in capsys.readouterr().out
    assert analytics(*arguments, "--report", tmp_path / "report.json") == 0
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert told["analytics"]["boiler_efficiency"]["evaluated"] == 6
    assert days_of_runs(plant.database, plant.ids["boiler-1"], since=START.date()) == []
    assert analytics(*arguments, "--report", tmp_path / "report.pdf") == 2


def test_models_are_listed_trained_and_accepted(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    plant.site.roll_up(START + 3 * DAY)
    base = ("--database", plant.address)
    chosen = ("--from", "2026-03-02", "--to", "2026-03-05", "--analytic", "boiler_diagnosis", "--processes", "1")
    assert analytics("models", "train", *base, *chosen, "--equipment", "gw-1/boiler-1") == 0
    assert "gw-1/boiler-1 boiler_diagnosis: champion 1" in capsys.readouterr().out
    assert analytics("models", "train", *base, *chosen, "--equipment", "gw-1/boiler-1") == 0
    assert "challenger 2" in capsys.readouterr().out
    assert analytics("models", "accept", *base, "2") == 0
    assert analytics("models", "list", *base) == 0
    assert "champion   boiler_diagnosis" in capsys.readouterr().out
    assert analytics("models", "reject", *base, "1") == 2
    assert "model 1 is no challenger but retired" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "yesterday"), "'yesterday' in Asia/Shanghai is no time"),
        (("--from", TO, "--to", FROM), "is not before"),
        (("--from", FROM, "--equipment", "gw-1/nobody"), "there is no machine 'gw-1/nobody'"),
        (("--from", FROM, "--kind", "ship", "--analytic", "boiler_efficiency"), "no machine is of a kind"),
        (("--from", FROM, "--analytic", "magic"), "'magic' is not an analytic; known:"),
    ],
)
def test_what_cannot_be_run_is_told(
    plant: Plant, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analytics("run", "--database", plant.address, *arguments) == 2
    assert message in capsys.readouterr().err


def test_settings_are_checked_without_the_network(tmp_path: Path, capsys: pytest.CaptureFixture[str], database: str) -> None:
    assert analytics("check", Path(__file__).parents[3] / "examples" / "analytics.toml") == 0
    wrong = tmp_path / "analytics.toml"
    wrong.write_text('database = "postgresql:///x"\nprocesses = "many"\n', encoding="utf-8")
    assert analytics("check", wrong) == 2
    assert f"{wrong}:2: processes" in capsys.readouterr().err
