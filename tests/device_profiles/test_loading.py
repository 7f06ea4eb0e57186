"""Every mistake in a profile or kind is told with file, line and key."""

from pathlib import Path

import pytest

from device_profiles.kind import FOLDER, load_kind, read_kind
from device_profiles.profile import MtConnectProfile, OpcUaProfile, forget_profiles, load_profile, read_profile, signals_of
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
MTCONNECT = HEAD.replace('"boiler"', '"cnc_machine"').replace('"modbus"', '"mtconnect"')
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
        ('signal = "drum_level", address = 1, type = "int17"', "points[2].type: input should be 'boolean', 'int8'"),
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
            "points[2].scale_factor: 'SF' is not a named point of this profile",
        ),
        ('name = "steam_flow", address = 1, type = "int16"', "points[2].name: 'steam_flow' names 2 points"),
        (
            'signal = "drum_level", address = 1, type = "int16", constant = 7',
            "points[2]: 'constant' and 'simulated' belong to a point with",
        ),
        ('name = "id", address = 1, type = "uint16", constant = 65536', "points[2]: 65536 cannot occur in a uint16"),
        ('name = "id", address = 1, type = "uint16", simulated = "x"', "points[2]: 'x' cannot occur in a uint16"),
        ('signal = "drum_level", address = 1, type = "int8"', "points[2]: an int8 or uint8 says its 'half' of the register"),
        ('signal = "drum_level", address = 1, type = "int16", half = "low"', "points[2]: an int8 or uint8 says its 'half'"),
        ('signal = "drum_level", address = 1, type = "int8", half = "left"', "points[2].half: input should be 'high' or 'low'"),
        (
            'signal = "drum_level", address = 1, type = "int32", bits = [0, 3]',
            "points[2]: 'bits' belongs to a uint16 or a uint32",
        ),
        ('signal = "drum_level", address = 1, type = "uint16", bits = [0, 3], bit = 2', "points[2]: 'bits' belongs to a uint16"),
        (
            'signal = "drum_level", address = 1, type = "uint16", bits = [0, 16]',
            "points[2]: the bits of a uint16 go from 0 to 15",
        ),
        ('signal = "drum_level", address = 1, type = "uint32", bits = [9, 8]', "points[2]: the bits of a uint32 go from 0 to 31"),
        ('signal = "low_water_interlock", address = 1, type = "boolean", bit = 16', "points[2]: the bits of a boolean go from 0"),
        (
            'signal = "drum_level", address = 1, type = "uint16", sentinels = [65536]',
            "points[2]: sentinel 65536 cannot occur in a",
        ),
        (
            'signal = "drum_level", address = 1, type = "int16", sentinels = [65536]',
            "points[2]: sentinel 65536 cannot occur in a",
        ),
        (
            'signal = "drum_level", address = 1, type = "int16", sentinels = [1.5]',
            "points[2]: sentinel 1.5 cannot occur in a int16",
        ),
        ('signal = "drum_level", address = 1, type = "float16", sentinels = [1e6]', "points[2]: sentinel 1000000.0 cannot occur"),
        ('signal = "drum_level", address = 1, type = "uint16", bits = [0, 3], sentinels = [16]', "points[2]: sentinel 16 cannot"),
        (
            'signal = "drum_level", address = 1, type = "uint16", rollover = true',
            "points[2].rollover: belongs to a counter of type",
        ),
        (
            'signal = "fuel_total", address = 1, type = "int32", rollover = true',
            "points[2]: 'rollover' belongs to an unsigned integer",
        ),
        ('signal = "fuel_total", address = 1, type = "uint16", rollover = 65537', "points[2]: 'rollover' is true or a number of"),
        ('signal = "fuel_total", address = 1, type = "uint16", rollover = 0', "points[2]: 'rollover' is true or a number of"),
        ('name = "id", address = 1, type = "float16", constant = 65520', "points[2]: 65520 cannot occur in a float16"),
        (f'name = "id", address = 1, type = "float32", simulated = {10**50}', f"points[2]: {10**50} cannot occur in a float32"),
        ('name = "id", address = 1, type = "int16", constant = 0x8000', "points[2]: 32768 cannot occur in a int16"),
        ('signal = "fuel_total", address = 1, type = "uint16", scale = nan', "points[2].scale: input should be a finite number"),
        (
            'signal = "drum_level", address = 1, type = "unix32"',
            "points[2]: type unix32 cannot carry 'drum_level', which is real",
        ),
        (
            'signal = "low_water_interlock", address = 1, type = "uint16", map = { 0 = "off" }',
            "points[2]: map 0 = 'off': a device",
        ),
    ],
)
def test_a_mistake_in_a_point_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f"{HEAD}  {GOOD}\n  {{ {point} }},\n]\n")
    assert f"profile.toml:10: {message}" in told(path)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ('address = 1, type = "uint16"', "points[1]: type uint16 cannot carry 'serial_number', which is text"),
        ('address = 1, type = "ipv4", scale = 0.1', "points[1]: type ipv4 is text and has no scale, offset or map"),
        ('address = 1, type = "ipv4", sentinels = [0]', "points[1]: a ipv4 has no 'sentinels'"),
        ('address = 1, type = "ipv4", half = "low"', "points[1]: an int8 or uint8 says its 'half' of the register"),
        ('address = 1, type = "ipv4", words = 2', "points[1]: a string says its length in 'words', and no other type does"),
    ],
)
def test_a_mistake_in_a_text_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    head = HEAD.replace('"boiler"', '"pv_inverter"')
    path.write_text(f'{head}{{ signal = "serial_number", {point} }},\n]\n')
    assert f"profile.toml:9: {message}" in told(path)


def test_a_scale_factor_that_is_no_whole_number_is_told(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    point = GOOD.replace(" },", ', scale_factor = "SF" },')
    path.write_text(f'{HEAD}{{ name = "SF", address = 1, type = "float32" }},\n{point}\n]\n')
    assert told(path).startswith("profile.toml:10: points[2].scale_factor: 'SF' is float32, and a power of ten is a whole number")


def test_a_scale_factor_too_far_away_for_one_request_is_told(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    helper = '{ name = "SF", address = 200, type = "int16" },'
    point = GOOD.replace(" },", ', scale_factor = "SF" },')
    path.write_text(f"{HEAD}{helper}\n{point}\n]\n")
    assert told(path) == "profile.toml:10: points[2].scale_factor: 'SF' cannot be read in the same request"


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


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (
            'node = "Temp"',
            "points[1].node: 'Temp' is not a node id such as 'ns=2;s=Temp', or 's=Temp' behind one of the prefixes mt",
        ),
        ('node = "xx:s=Temp"', "points[1].node: 'xx:s=Temp' is not a node id"),
        ('node = "ns=2;i=x"', "points[1].node: 'ns=2;i=x' is not a node id"),
        ('node = "mt:s=A", path = "mt:A"', "points[1]: a point has either a 'path' or a 'node'"),
        ("index = 1", "points[1]: a point has either a 'path' or a 'node'"),
        ('node = "mt:s=A", index = -1', "points[1].index: input should be greater than or equal to 0"),
        ('node = "mt:s=A", field = "a..b"', "points[1].field: string should match pattern"),
    ],
)
def test_a_mistake_in_a_node_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f'{OPCUA}{{ signal = "program", {point} }},\n]\n')
    assert told(path).startswith(f"profile.toml:10: {message}")


@pytest.mark.parametrize(
    "node", ["i=2258", "ns=2;s=Temp:1;x=2", "ns=4;g=09087e75-8e5e-499b-954f-f2a9603db28a", "mt:s=Temp", "mt:i=7"]
)
def test_a_node_id_is_numbered_or_stands_behind_a_prefix(tmp_path: Path, node: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f'{OPCUA}{{ signal = "program", node = "{node}", index = 2, field = "Outer.Inner" }},\n]\n')
    profile = read_profile(path)
    assert isinstance(profile, OpcUaProfile)
    [point] = profile.points
    assert (point.path, point.node, point.index, point.field) == (None, node, 2, "Outer.Inner")


MOTOR = OPCUA.replace('"cnc_machine"', '"motor"')


def test_a_waveforms_sampling_rate_is_told_by_the_server_by_a_variable_or_by_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    points = [
        '{ signal = "acceleration_waveform_drive", path = "mt:Drive" },',
        '{ signal = "acceleration_waveform_non_drive", path = "mt:Other", unit = "m/s²", rate_hz = 25600 },',
        '{ signal = "current_waveform_a", node = "mt:s=I", rate = "mt:s=Rate" },',
    ]
    path.write_text(f"{MOTOR}{chr(10).join(points)}\n]\n")
    profile = read_profile(path)
    assert isinstance(profile, OpcUaProfile)
    assert [(point.rate, point.rate_hz) for point in profile.points] == [(None, None), (None, 25600.0), ("mt:s=Rate", None)]
    assert {point.signal for point in profile.points} == set(load_kind("motor").waveform_signals)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ('signal = "speed", path = "mt:A", rate = "mt:B"', "points[1].rate: belongs to a waveform; 'speed' is real"),
        ('signal = "speed", path = "mt:A", rate_hz = 10', "points[1].rate_hz: belongs to a waveform; 'speed' is real"),
        ('signal = "{wave}", path = "mt:A", rate_hz = 0', "points[1].rate_hz: input should be greater than 0"),
        ('signal = "{wave}", path = "mt:A", index = 0', "points[1].index: takes one number, and '{wave}' is a waveform"),
        ('signal = "{wave}", path = "mt:A", rate = "B"', "points[1].rate: 'B' is not '<prefix>:<name>' with one of"),
        ('signal = "{wave}", node = "mt:s=A", rate = "mt:B"', "points[1].rate: 'mt:B' is not a node id such as"),
        ('signal = "{wave}", path = "mt:A", rate = "mt:B", rate_hz = 9', "points[1]: a waveform's sampling rate is either read"),
        ('signal = "{wave}", path = "mt:A", unit = "mm/s"', "points[1].unit: 'mm/s' cannot be converted to 'm/s²'"),
        ('signal = "{wave}", path = "mt:A", map = {{ 0 = "off" }}', "points[1]: has a 'map', but '{wave}' is waveform"),
    ],
)
def test_a_mistake_in_a_waveform_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path, wave = tmp_path / "profile.toml", "acceleration_waveform_drive"
    path.write_text(f"{MOTOR}{{ {point.format(wave=wave)} }},\n]\n")
    assert told(path).startswith(f"profile.toml:10: {message.format(wave=wave)}")


@pytest.mark.parametrize(
    ("head", "point"),
    [
        (HEAD, 'address = 1, type = "float32"'),
        (HEAD, 'address = 1, type = "string", words = 4'),
        (MTCONNECT.replace('"cnc_machine"', '"motor"'), 'data_item = "w"'),
    ],
)
def test_a_waveform_where_no_waveform_can_be_carried_is_told(tmp_path: Path, head: str, point: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(head.replace('"boiler"', '"motor"') + f'{{ signal = "current_waveform_a", {point} }},\n]\n')
    protocol = "modbus" if head is HEAD else "mtconnect"
    assert told(path) == (
        f"profile.toml:9: points[1]: 'current_waveform_a' is a waveform, which only OPC UA carries, not {protocol}"
    )


def test_a_machine_speaks_mtconnect_by_data_items_and_words(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    points = """  { signal = "execution", type = "EXECUTION", map = { ACTIVE = "active", READY = "reset" } },
  { signal = "spindle_speed", type = "ROTARY_VELOCITY", sub_type = "ACTUAL", component = "*/Rotary[C]*" },
  { signal = "program", data_item = "pprogram" },
]"""
    path.write_text(MTCONNECT + points)
    profile = read_profile(path)
    assert isinstance(profile, MtConnectProfile)
    execution, speed, program = profile.points
    assert execution.map == {"ACTIVE": "active", "READY": "reset"}
    assert (speed.type, speed.sub_type, speed.component) == ("ROTARY_VELOCITY", "ACTUAL", "*/Rotary[C]*")
    assert program.data_item == "pprogram"


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ('signal = "program"', "points[1]: a point has either a 'data_item' or a 'type'"),
        ('signal = "program", data_item = "p", type = "PROGRAM"', "points[1]: a point has either a 'data_item' or a 'type'"),
        ('signal = "program", data_item = "p", component = "*"', "points[1]: 'sub_type' and 'component' belong to a 'type'"),
        (
            'signal = "execution", type = "EXECUTION", map = { ACTIVE = "on" }',
            "points[1]: map ACTIVE = 'on': a device code, then",
        ),
        ('type = "PROGRAM"', "points[1].signal: is missing"),
    ],
)
def test_a_mistake_in_a_data_item_is_told_with_its_line(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(f"{MTCONNECT}{{ {point} }},\n]\n")
    assert told(path).startswith(f"profile.toml:9: {message}")


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ('[signals.steam_flow]\ntype = "real"', "11: signals.steam_flow: is a signal of boiler already"),
        ('[signals.vibration]\ntype = "real"', "11: signals.vibration: is carried by no point"),
        ('[signals.Extra]\ntype = "real"', "11: signals.Extra: a signal is named in lower case letters"),
        ('[signals.extra]\ntype = "enum"', "11: signals.extra: an enum signal lists its states"),
        ('[signals.extra]\ntype = "real"\napplies_in = ["cooking"]', "13: signals.extra.applies_in: 'cooking' is not a state of"),
    ],
)
def test_a_mistake_in_a_signal_of_the_profile_is_told_with_its_line(tmp_path: Path, signal: str, message: str) -> None:
    path = tmp_path / "profile.toml"
    extra = GOOD.replace("steam_flow", "extra")
    path.write_text(f'{HEAD}{extra}\n]\n{signal}\nlabel = {{ zh = "加", en = "Extra" }}\n')
    assert f"profile.toml:{message}" in told(path)


def test_a_profile_adds_signals_of_its_own_behind_those_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    own = '[signals.vibration]\ntype = "real"\nunit = "mm/s"\nlabel = { zh = "振动", en = "Vibration" }\n'
    path.write_text(f'{HEAD}{{ signal = "vibration", address = 0, type = "uint16", unit = "m/s" }},\n{GOOD}\n]\n{own}')
    signals = signals_of(read_profile(path))
    assert [*signals] == [*load_kind("boiler").signals, "vibration"]
    assert signals["vibration"].unit == "mm/s"
    path.write_text(path.read_text().replace('"m/s"', '"bar"'))
    assert told(path) == "profile.toml:9: points[1].unit: 'bar' cannot be converted to 'mm/s'"


def test_a_plants_own_profile_is_loaded_by_its_path_and_anew_after_it_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "kettle.toml"
    path.write_text(f"{HEAD}{GOOD}\n]\n")
    assert load_profile(str(path)).model == "test"
    path.write_text(path.read_text().replace('model = "test"', 'model = "other"'))
    assert load_profile(str(path)).model == "test"
    forget_profiles()
    assert load_profile(str(path)).model == "other"


def test_the_mistakes_of_a_plants_own_profile_name_its_file(tmp_path: Path) -> None:
    path = tmp_path / "kettle.toml"
    with pytest.raises(ConfigError, match=r"kettle\.toml: No such file"):
        load_profile(str(path))
    path.write_text('protocol = ["modbus"]\n')
    with pytest.raises(ConfigError, match=r"kettle\.toml:1: protocol: is \['modbus'\]; known: modbus, opcua, mtconnect"):
        load_profile(str(path))


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'A", role = "condition", label = { zh = "A 相电机',
            'A", key = true, role = "condition", label = { zh = "A 相电机',
            "key",
        ),
        (
            'A", role = "condition", label = { zh = "A 相电机',
            'A", normal = [0, 1], role = "condition", label = { zh = "A 相电机',
            "normal",
        ),
        ('y = "motor_current"', 'y = "current_waveform_a"', "picture"),
        ('counter = "energy_total"', 'counter = "current_waveform_a"', "energy"),
    ],
)
def test_a_waveform_is_no_value_of_its_machine(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "motor" / "kind.toml"
    path.parent.mkdir()
    text = (FOLDER / "motor" / "kind.toml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_kind(path)
    [problem] = caught.value.problems
    drawn = "is a waveform, of which only a spectrum can be drawn"
    shown = "a waveform has neither a normal range nor alarms, and is not shown first"
    assert (drawn if message in ("picture", "energy") else shown) in str(problem)


def test_waveforms_are_neither_columns_nor_texts() -> None:
    kind = load_kind("motor")
    assert kind.waveform_signals == ("acceleration_waveform_drive", "acceleration_waveform_non_drive", "current_waveform_a")
    assert not set(kind.waveform_signals) & {*kind.numeric_signals, *kind.text_signals}
    assert len(kind.signals) == sum(map(len, (kind.waveform_signals, kind.numeric_signals, kind.text_signals)))


def test_limits_apply_only_in_states_that_the_machine_has(tmp_path: Path) -> None:
    folder = tmp_path / "kettle"
    folder.mkdir()
    text = """name = "kettle"
label = { zh = "水壶", en = "Kettle" }
source = "this test"
[signals]
state = { type = "enum", role = "state", key = true, label = { zh = "状态", en = "State" }, states = [
  { code = 1, name = "on", label = { zh = "开", en = "On" } },
] }
[signals.temperature]
type = "real"
role = "condition"
unit = "°C"
normal = [90, 100]
applies_in = ["boiling"]
label = { zh = "温度", en = "Temperature" }
"""
    (folder / "kind.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kind.toml:13: signals.temperature.applies_in: 'boiling' is not a state"):
        read_kind(folder / "kind.toml")
    (folder / "kind.toml").write_text(text.replace("boiling", "on"), encoding="utf-8")
    assert read_kind(folder / "kind.toml").state_signal == "state"
