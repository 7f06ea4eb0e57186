"""Every mistake in a profile or kind is told with file, line and key."""

from pathlib import Path

import pytest

from device_profiles.kind import FOLDER, read_kind
from device_profiles.profile import read_profile
from telemetry.errors import ConfigError

HEAD = """kind = "boiler"
maker = "test"
model = "test"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
protocol = "modbus"
points = [
"""
OPCUA = """kind = "cnc_machine"
maker = "test"
model = "test"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
protocol = "opcua"
namespaces = { mt = "urn:test" }
points = [
"""
GOOD = '{ signal = "steam_flow", address = 0, type = "uint16" },'


def told(path: Path) -> str:
    """Give the mistakes of a file, one per line, without the folder."""
    with pytest.raises(ConfigError) as caught:
        read_profile(path)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (
            'signal = "steam_flaw", address = 1, type = "int16"',
            "points[2]: 'steam_flaw' is not a signal of boiler; known: state, ",
        ),
        ('signal = "steam_flow", address = 1, type = "int16"', "points[2]: signal 'steam_flow' stands 2 times"),
        ('signal = "drum_level", adress = 1, type = "int16"', "points[2].adress: is not a known key; did you mean 'address'?"),
        (
            'signal = "drum_level", address = 65536, type = "int16"',
            "points[2].address: input should be less than or equal to 65535",
        ),
        ('signal = "drum_level", address = 65535, type = "int32"', "points[2]: reaches past address 65535"),
        ('signal = "drum_level", address = 1, type = "int17"', "points[2].type: input should be 'boolean', 'int16'"),
        ('address = 1, type = "int16"', "points[2]: a point has either a signal or, as a helper of others, a name"),
        ('signal = "drum_level", address = 1, type = "int16", scale = 0', "points[2]: a scale of 0"),
        ('signal = "drum_level", address = 1, type = "int16", bit = 3', "points[2]: 'bit' belongs to a boolean in a register"),
        ('signal = "low_water_interlock", address = 1, type = "boolean"', "points[2]: a boolean in a register names its 'bit'"),
        ('signal = "drum_level", address = 1, type = "int16", table = "coil"', "points[2]: table coil holds booleans only"),
        ('signal = "drum_level", address = 1, type = "int16", words = 2', "points[2]: a string says its length in 'words'"),
        ('signal = "drum_level", address = 1, type = "string", words = 2', "points[2]: type string cannot carry 'drum_level'"),
        ('signal = "drum_level", address = 1, type = "int16", unit = "bar"', "points[2].unit: 'bar' cannot be converted to 'mm'"),
        (
            'signal = "drum_level", address = 1, type = "int16", map = { 1 = "off" }',
            "points[2]: has a 'map', but 'drum_level' is real",
        ),
        (
            'signal = "state", address = 1, type = "int16", map = { 1 = "on" }',
            "points[2]: map 1 = 'on': a device code, then one of",
        ),
        (
            'signal = "drum_level", address = 1, type = "int16", scale_factor = "SF"',
            "points[2]: scale factor 'SF' is not a named point",
        ),
        ('name = "steam_flow", address = 1, type = "int16"', "points[2].name: 'steam_flow' names 2 points"),
        (
            'signal = "drum_level", address = 1, type = "int16", constant = 7',
            "points[2]: 'constant' and 'simulated' belong to a point with",
        ),
    ],
)
def test_a_mistake_in_a_point_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f"{HEAD}  {GOOD}\n  {{ {point} }},\n]\n")
    assert f"profile.toml:10: {message}" in told(path)


def test_a_scale_factor_too_far_away_for_one_request_is_told(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    helper = '{ name = "SF", address = 200, type = "int16" },'
    point = GOOD.replace(" },", ', scale_factor = "SF" },')
    path.write_text(f"{HEAD}{helper}\n{point}\n]\n")
    assert told(path) == "profile.toml:10: points[2]: scale factor 'SF' cannot be read in the same request"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "boiler"', 'kind = "boyler"', "1: kind: 'boyler' is not an equipment kind; known: "),
        ('protocol = "modbus"', 'protocol = "profibus"', "7: protocol: is 'profibus'; known: modbus, opcua"),
        (
            'verified = "simulator"',
            'verified = "yes"',
            "6: verified: input should be 'standard', 'datasheet', 'simulator' or 'field'",
        ),
        ('maker = "test"\n', "", " maker: is missing"),
        ('source = "test"', 'source = ""', "5: source: string should have at least 1 character"),
        ("points = [", "points = [[", "11: is not valid TOML: "),
    ],
)
def test_a_mistake_in_the_head_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f"{HEAD}{GOOD}\n]\n".replace(old, new))
    assert told(path).startswith(f"profile.toml:{message}")


@pytest.mark.parametrize("part", ["Name", "xx:Name", "mt:"])
def test_a_browse_path_names_the_namespace_of_each_part(tmp_path: Path, part: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f'{OPCUA}{{ signal = "program", path = "mt:Production/{part}" }},\n]\n')
    assert told(path) == f"profile.toml:10: points[1].path: {part!r} is not '<prefix>:<name>' with one of the prefixes mt"


def test_every_mistake_is_told_and_not_only_the_first(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(HEAD + "".join(f'{{ signal = "x{n}", address = {n}, type = "int16" }},\n' for n in range(3)) + "]\n")
    with pytest.raises(ConfigError) as caught:
        read_profile(path)
    assert [problem.line for problem in caught.value.problems] == [9, 10, 11]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        read_profile(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "boiler"', 'name = "kettle"', ":1: name: is 'kettle' in the folder 'boiler'"),
        (
            "drum_level = {",
            "Drum_level = {",
            "signals.Drum_level: a signal is named in lower case letters, digits and underscores",
        ),
        ("drum_level = {", "time = {", "signals.time: is a column of every table and cannot name a signal"),
        ('unit = "mm"', 'unit = "mmm"', "signals.drum_level: 'mmm' is not a unit"),
        ("normal = [-30, 30]", "normal = [30, -30]", "signals.drum_level: normal range 30 to -30 is empty"),
        ('type = "boolean"', 'type = "enum"', "signals.low_water_interlock: an enum signal lists its states"),
        ("code = 1,", "code = 0,", "signals.state: two states share a code or a name"),
    ],
)
def test_a_mistake_in_a_kind_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "boiler" / "kind.toml"
    path.parent.mkdir()
    text = (FOLDER / "boiler" / "kind.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_kind(path)
    [problem] = caught.value.problems
    assert message in str(problem)
    assert problem.line


def test_limits_apply_only_in_states_that_the_machine_has(tmp_path: Path) -> None:
    folder = tmp_path / "kettle"
    folder.mkdir()
    text = """name = "kettle"
label = { zh = "水壶", en = "Kettle" }
source = "this test"
[signals]
state = { type = "enum", key = true, label = { zh = "状态", en = "State" }, states = [
  { code = 1, name = "on", label = { zh = "开", en = "On" } },
] }
[signals.temperature]
type = "real"
unit = "°C"
normal = [90, 100]
applies_in = ["boiling"]
label = { zh = "温度", en = "Temperature" }
"""
    (folder / "kind.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kind.toml:12: signals.temperature.applies_in: 'boiling' is not a state"):
        read_kind(folder / "kind.toml")
    (folder / "kind.toml").write_text(text.replace("boiling", "on"), encoding="utf-8")
    assert read_kind(folder / "kind.toml").state_signal == "state"
