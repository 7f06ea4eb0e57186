"""What a person meets at the command line: exit statuses, one-sentence errors, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def shangyun(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shangyun", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command() -> None:
    done = shangyun("--help")
    assert done.returncode == 0
    for command in ("demo", "gateway", "profiles", "ingest", "db", "web", "sim"):
        assert f"\n    {command} " in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["gateway"], ["demo", "--port", "many"]])
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    done = shangyun(*arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_a_configuration_error_names_file_line_and_key_and_ends_with_2(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('gateway = "plant-7"\n[broker]\nhost = 5\n', encoding="utf-8")
    done = shangyun("gateway", "check", str(broken))
    assert done.returncode == 2
    assert f"{broken}:3: broker.host:" in done.stdout + done.stderr


def test_a_server_that_is_away_is_one_sentence_and_ends_with_1() -> None:
    done = shangyun("db", "status", "--database", "postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


def test_a_missing_optional_package_is_named_with_its_remedy(tmp_path: Path) -> None:
    hidden = tmp_path / "psycopg"
    hidden.mkdir()
    (hidden / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'psycopg'\", name='psycopg')", encoding="utf-8"
    )
    done = shangyun("db", "status", "--database", "postgresql:///x", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "pip install 'shangyun[all]'" in done.stderr


def test_the_plant_side_runs_without_the_packages_of_the_cloud_side(tmp_path: Path) -> None:
    for name in ("numpy", "scipy", "psycopg", "fastapi", "zstandard", "tsdownsample", "uvicorn", "jinja2"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError({name!r}, name={name!r})", encoding="utf-8")
    for arguments in (
        ["gateway", "check", "examples/gateway.toml"],
        ["gateway", "plan", "examples/gateway.toml"],
        ["profiles", "list"],
    ):
        done = shangyun(*arguments, PYTHONPATH=str(tmp_path))
        assert done.returncode == 0, done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m shangyun profiles show pv_inverter/sunspec_103 | head -1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
