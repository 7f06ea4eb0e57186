"""``shangyun profiles``."""

import argparse
from pathlib import Path

import pytest

from device_profiles.commands import add_commands
from device_profiles.kind import kind_names
from device_profiles.profile import forget_profiles, profile_names
from telemetry.errors import ConfigError


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    args = parser.parse_args(["profiles", *arguments])
    status: int = args.run(args)
    return status


def test_list_names_every_device_model_with_its_grade(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows.keys() == {"NAME", *profile_names()}
    assert rows["pv_inverter/sunspec_103"] == ["sunspec", "103", "modbus", "standard", "25"]


def test_show_reads_like_a_datasheet(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "pv_inverter/sunspec_103") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "verified standard" in lines
    assert "holding 40084 int16 active_power 10^W_SF W kW not available: -32768" in lines
    assert "holding 40052-40067 string serial_number 1 1 1" in lines
    assert "holding 40000-40001 uint32 (SunS) always 1400204883" in lines


def test_show_gives_bits_orders_and_states_of_a_register_map(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "boiler/generic_plc") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "holding 1.3 boolean low_water_interlock 1 1 1" in lines
    assert "holding 10-11 float32 fuel_flow 1 m³/h m³/h words little" in lines
    assert "holding 0 uint16 state 1 1 1 0 off, 10 purging, 20 igniting, 30 running, 99 tripped" in lines


def test_show_gives_the_browse_paths_of_an_information_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "cnc_machine/opc_40501") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "machine_power sy:Energy/sy:ActivePower W kW" in lines


def test_check_without_files_checks_all_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert capsys.readouterr().out == f"{len(kind_names()) + len(profile_names())} files: fine\n"


def test_check_tells_the_mistakes_of_all_files_together(tmp_path: Path) -> None:
    files = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for file in files:
        file.write_text('protocol = "none"\n')
    with pytest.raises(ConfigError) as caught:
        run("check", *map(str, files))
    assert [str(problem).partition(": is")[0] for problem in caught.value.problems] == [f"{file}:1: protocol" for file in files]


def test_show_gives_what_a_plants_own_profile_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = """kind = "boiler"
maker = "test"
model = "test"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
"""
    own = '[signals.vibration]\ntype = "real"\nunit = "mm/s"\nlabel = { zh = "振动", en = "Vibration" }\n'
    modbus = """protocol = "modbus"
points = [
  { signal = "vibration", address = 1, type = "uint8", half = "low" },
  { signal = "state", address = 2, type = "uint32", bits = [4, 7], map = { 0x5 = "running" } },
  { signal = "fuel_total", address = 4, type = "uint32", rollover = 1000000, sentinels = [0xFFFFFFFF] },
  { signal = "drum_level", address = 6, type = "float32", sentinels = [9999.9, nan] },
]
"""
    path = tmp_path / "own.toml"
    path.write_text(head + modbus + own, encoding="utf-8")
    assert run("check", str(path)) == 0
    assert run("show", str(path)) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "holding 1 uint8 vibration 1 mm/s mm/s low byte" in lines
    assert "holding 2-3.4-7 uint32 state 1 1 1 0x5 running" in lines
    assert "holding 4-5 uint32 fuel_total 1 m³ m³ not available: 4294967295; starts again after 999999" in lines
    assert "holding 6-7 float32 drum_level 1 mm mm not available: 9999.9, nan" in lines
    assert "signals of its own: vibration (real; Vibration / 振动)" in lines

    point = '{ signal = "vibration", node = "sy:s=V", index = 2, field = "A.B" }'
    opcua = f'protocol = "opcua"\nnamespaces = {{ sy = "urn:x" }}\npoints = [{point}]\n'
    path.write_text(head + opcua + own, encoding="utf-8")
    forget_profiles()
    assert run("show", str(path)) == 0
    assert "vibration sy:s=V[2] field A.B mm/s mm/s" in [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    point = '{ signal = "vibration", type = "DISPLACEMENT", sub_type = "ACTUAL", component = "*/X" }'
    mtconnect = f'protocol = "mtconnect"\npoints = [{point}]\n'
    path.write_text(head + mtconnect + own, encoding="utf-8")
    forget_profiles()
    assert run("show", str(path)) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "vibration type DISPLACEMENT/ACTUAL of */X mm/s mm/s" in lines
