"""``shangyun profiles``."""

import argparse
import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from device_profiles.commands import add_commands
from device_profiles.kind import FOLDER, kind_names, load_kind
from device_profiles.profile import forget_profiles, load_profile, profile_names
from telemetry.errors import ConfigError


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    args = parser.parse_args(["profiles", *arguments])
    status: int = args.run(args)
    return status


def listed(capsys: pytest.CaptureFixture[str], *filters: str) -> list[dict[str, Any]]:
    assert run("list", "--json", *filters) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_list_names_every_device_model_with_its_grade(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    *lines, _, count = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert list(rows) == ["NAME", *profile_names()]
    assert rows["pv_inverter/sunspec_103"] == ["pv_inverter", "sunspec", "103", "modbus", "standard", "25"]
    assert count.startswith(f"{len(profile_names())} device models of ")


def test_list_for_programs_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in listed(capsys)}
    assert rows.keys() == set(profile_names())
    assert rows["pv_inverter/sunspec_103"]["points"] == 25
    assert rows["pv_inverter/sunspec_103"]["label"]["zh"].startswith("SunSpec")


@pytest.mark.parametrize(
    ("option", "value"), [("kind", "boiler"), ("maker", "sunspec"), ("protocol", "opcua"), ("verified", "standard")]
)
def test_list_shows_what_was_asked_for(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    every = [name for name in profile_names() if getattr(load_profile(name), option) == value]
    assert every
    assert [row["name"] for row in listed(capsys, f"--{option}", value)] == every


def test_list_of_a_kind_that_there_is_not_names_the_kinds() -> None:
    with pytest.raises(ConfigError, match=r"'boyler' is not an equipment kind; known: .*boiler"):
        run("list", "--kind", "boyler")


@pytest.mark.parametrize("name", kind_names())
def test_show_of_a_kind_has_every_signal_with_unit_limits_and_what_to_do(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run("show", name) == 0
    out = capsys.readouterr().out
    words = {line.split()[0]: line for line in out.splitlines() if line and line[0] != " "}
    kind = load_kind(name)
    for family, signal in kind.families.items():
        assert signal.label.zh in words[family] or signal.states or signal.alarms
        assert f"{signal.label.en} / {signal.label.zh}" in out
        for alarm in signal.alarms:
            assert f"{alarm.limit} {alarm.value:g}" in out
            assert f"{alarm.consequence.en}; {alarm.action.en}" in out
            assert f"{alarm.consequence.zh}；{alarm.action.zh}" in out
        assert all(f"{state.label.en} / {state.label.zh}" in out for state in signal.states)
    assert f"{len(kind.signals)} signals" in out


def test_show_of_a_device_models_kind_is_that_of_the_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "boiler/generic_plc", "--kind") == 0
    by_profile = capsys.readouterr().out
    assert run("show", "boiler") == 0
    assert by_profile == capsys.readouterr().out


def test_show_of_neither_a_model_nor_a_kind_names_the_kinds() -> None:
    with pytest.raises(ConfigError, match=r"neither a device model nor an equipment kind; kinds: .*boiler"):
        run("show", "boyler")


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


HEAD = """kind = "boiler"
maker = "test"
model = "test"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
"""


def test_check_tells_mistakes_of_every_sort_in_one_file_at_once(tmp_path: Path) -> None:
    """Keys and types, units, maps, names of signals: each on its line, whether or not another one keeps the file from loading."""
    path = tmp_path / "own.toml"
    points = """protocol = "modbus"
points = [
  { signal = "steam_flow", address = 1, type = "float31" },
  { signal = "steam_pressure", address = 3, type = "int16", unit = "t/h" },
  { signal = "state", address = 4, type = "uint16", map = { 1 = "asleep" } },
  { signal = "steam_flux", address = 5, type = "int16" },
  { signal = "drum_level", address = 65536, type = "int16", sentinel = [0] },
  { signal = "drum_level", address = 6, type = "int16" },
  { name = "helper", address = 7, type = "uint16" },
]
"""
    path.write_text(HEAD + points, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run("check", str(path))
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (9, "points[1].type"),
        (10, "points[2].unit"),
        (11, "points[3]"),
        (12, "points[4]"),
        (13, "points[5].address"),
        (13, "points[5].sentinel"),
    ]


def test_check_tells_what_is_wrong_between_sound_points_once(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    points = ", ".join(f'{{ signal = "steam_flow", address = {address}, type = "int16" }}' for address in (1, 2))
    path.write_text(f'{HEAD}protocol = "modbus"\npoints = [{points}]\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run("check", str(path))
    assert [problem.key for problem in caught.value.problems] == ["points[1]", "points[2]"]


def test_a_table_of_points_becomes_a_device_model_and_a_table_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "our-boiler.toml"
    table = Path(__file__).parents[2] / "examples" / "points.csv"
    arguments = ("new", str(table), "--profile", str(profile), "--kind", "boiler", "--maker", "Acme", "--model", "B")
    assert run(*arguments) == 0
    assert not profile.exists()
    assert "nothing is written" in capsys.readouterr().out
    assert run(*arguments, "--write") == 0
    assert run("check", str(profile)) == 0
    capsys.readouterr()
    assert run(*arguments) == 0
    assert capsys.readouterr().out == f"{profile}: nothing would change\n"
    assert run("points", str(profile)) == 0
    (tmp_path / "again.csv").write_text(capsys.readouterr().out, encoding="utf-8")
    assert run("new", str(tmp_path / "again.csv"), "--profile", str(profile)) == 0
    assert capsys.readouterr().out == f"{profile}: nothing would change\n"


def test_rows_without_a_signal_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "points.csv"
    arguments = ("new", str(table), "--profile", str(tmp_path / "b.toml"), "--kind", "boiler", "--maker", "A", "--model", "B")
    table.write_text("signal,pdu_address,type,label\nsteam_flow,1,int16,\n,2,int16,tag 7\n,3,int16,tag 8\n")
    assert run(*arguments) == 0
    captured = capsys.readouterr()
    assert "note: skipped, for they have no signal: 2 rows" in captured.err
    assert "1 added" in captured.out
    table.write_text("signal,pdu_address,type,label\n,2,int16,tag 7\n")
    with pytest.raises(ConfigError) as caught:
        run(*arguments)
    assert [problem.message for problem in caught.value.problems] == ["no row has a signal yet"]


def schema_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run("schema", *arguments) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    return schema


def unknown_keys(content: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "") -> Iterator[str]:
    """Name the keys of a file that a schema does not."""
    if "$ref" in schema:
        yield from unknown_keys(content, root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    elif choices := schema.get("anyOf") or schema.get("oneOf"):
        yield from min((list(unknown_keys(content, choice, root, place)) for choice in choices), key=len)
    elif isinstance(content, dict):
        for key, value in content.items():
            inner = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            if inner:
                yield from unknown_keys(value, inner, root, f"{place}.{key}")
            else:
                yield f"{place}.{key}"
    elif isinstance(content, list):
        items: Sequence[Any] = schema.get("prefixItems") or [schema.get("items", {})] * len(content)
        for item, inner in zip(content, items, strict=True):
            yield from unknown_keys(item, inner, root, place)


def test_the_schemas_name_every_key_that_files_have(capsys: pytest.CaptureFixture[str]) -> None:
    """Types and words need no test of their own: pydantic makes the schemas of the models that read these very files."""
    every, kind = schema_of(capsys), schema_of(capsys, "kind")
    protocols = {protocol: schema_of(capsys, protocol) for protocol in ("modbus", "opcua", "mtconnect", "nmea")}
    files = sorted(FOLDER.glob("*/*.toml"))
    assert len(files) >= len(kind_names()) + 3
    for file in files:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        schemas = [kind] if file.name == "kind.toml" else [every, protocols[content["protocol"]]]
        assert [list(unknown_keys(content, schema, schema)) for schema in schemas] == [[]] * len(schemas), file


def test_a_schema_tells_in_the_editor_what_the_code_says_of_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    schema = schema_of(capsys, "modbus")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    point = schema["$defs"]["ModbusPoint"]
    assert point["properties"]["address"] | {"type": ""} == {
        "description": "PDU address, counted from 0.",
        "minimum": 0,
        "maximum": 65535,
        "type": "",
    }
    assert point["additionalProperties"] is False
    assert "null" not in json.dumps(schema)  # which no TOML file can say


def test_a_misspelt_key_is_not_in_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = schema_of(capsys)
    content = {"protocol": "modbus", "points": [{"signal": "steam_flow", "adress": 1, "type": "int16"}]}
    assert list(unknown_keys(content, schema, schema)) == [".points.adress"]
