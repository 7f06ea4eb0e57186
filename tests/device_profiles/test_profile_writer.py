"""A table of points becomes a profile that loads, or nothing is written; and a profile becomes a table again."""

import math
import os
import stat
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from device_profiles.kind import FOLDER
from device_profiles.profile import Datatype, ModbusPoint, ModbusProfile, load_profile, profile_names, read_profile
from device_profiles.profile_writer import Import, export_points, import_points
from telemetry.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "examples" / "points.csv"
MODBUS = [name for name in profile_names() if isinstance(load_profile(name), ModbusProfile)]


def imported(folder: Path, table: str, *, profile: Path | None = None, **options: Any) -> Import:
    path = folder / "points.csv"
    path.write_text(table, encoding="utf-8")
    if profile is None:
        profile = folder / "acme.toml"
        options = {"kind": "boiler", "maker": "Acme", "model": "B-10"} | options
    return import_points(path, profile, **options)


def told(folder: Path, table: str, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        imported(folder, table, **options)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


FIRST = """signal,table,address,type,scale,unit,sentinels,map
state,,0,UINT,,,,0 = off; 30 = running
steam_pressure,,3,INT,0.01,bar,32767,
fuel_flow,input,10,REAL,,m³/h,,
"""


def test_a_new_profile_is_written_as_the_shipped_ones_are(tmp_path: Path) -> None:
    result = imported(tmp_path, FIRST)
    assert not result.path.exists()
    result.write()
    assert result.path.read_text(encoding="utf-8") == (
        'kind = "boiler"\n'
        'maker = "Acme"\n'
        'model = "B-10"\n'
        'label = { zh = "Acme B-10", en = "Acme B-10" }\n'
        'protocol = "modbus"\n'
        'source = "Table of points points.csv"\n'
        'verified = "datasheet"\n'
        "\n"
        "points = [\n"
        '  { signal = "state",          address = 0,  type = "uint16",  map = { 0 = "off", 30 = "running" } },\n'
        '  { signal = "steam_pressure", address = 3,  type = "int16",   sentinels = [32767], scale = 0.01, unit = "bar" },\n'
        '  { signal = "fuel_flow",      table = "input", address = 10, type = "float32" },\n'
        "]\n"
    )
    assert [point.signal for point in read_profile(result.path).points] == ["state", "steam_pressure", "fuel_flow"]


def test_the_same_table_gives_the_same_bytes_and_no_difference(tmp_path: Path) -> None:
    first = imported(tmp_path, FIRST)
    first.write()
    second = imported(tmp_path, FIRST)
    assert second.text == first.text
    assert first.diff
    assert not second.diff


def test_without_a_difference_a_file_is_left_as_its_author_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes((FOLDER / "boiler" / "generic_plc.toml").read_bytes())
    result = imported(tmp_path, export_points(read_profile(path)), profile=path)
    result.write()
    assert path.read_bytes() == (FOLDER / "boiler" / "generic_plc.toml").read_bytes()


def test_an_order_that_all_points_share_stands_once_in_the_head(tmp_path: Path) -> None:
    table = "signal,address,type,order\nfuel_flow,0,REAL,CDAB\nsteam_flow,2,REAL,CDAB\n"
    text = imported(tmp_path, table).text
    assert text.count("word_order") == 1
    assert 'word_order = "little"\n\npoints = [' in text
    assert "byte_order" not in text


def test_the_head_of_a_file_is_kept_with_its_comments_and_its_points_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = '# Ours since 2019.\nkind = "boiler"\nmaker = "Acme"\nmodel = "B"\nlabel = { zh = "锅", en = "B" } # short\n'
    head += 'source = "Manual 7"\nverified = "field"\nprotocol = "modbus"\nmax_registers = 60\n\n# Counted from 0.\n'
    path.write_text(
        head + 'points = [\n  # spare\n  { signal = "trip_code", address = 2, type = "uint16" },\n]\n', encoding="utf-8"
    )
    result = imported(tmp_path, FIRST, profile=path, kind="boiler")
    result.write()
    assert path.read_text(encoding="utf-8").startswith(head + "points = [\n  { signal = ")
    assert read_profile(path).verified == "field"
    assert f"comments among the points are not kept: 1 lines of {path}" in result.notices
    assert [(change.what, change.thing) for change in result.diff.changes][-1] == ("removed", "trip_code")


def test_points_behind_the_namespaces_of_an_opc_ua_profile_stay_tables(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    shipped = (FOLDER / "cnc_machine" / "opc_40501.toml").read_text(encoding="utf-8")
    path.write_text(shipped, encoding="utf-8")
    table = export_points(read_profile(path)).replace("sy:Coolant/sy:Level", "sy:Coolant/sy:Tank")
    imported(tmp_path, table, profile=path).write()
    text = path.read_text(encoding="utf-8")
    assert text.startswith(shipped[: shipped.index("[[points]]")])
    assert '\n[[points]]\nsignal = "coolant_level"\npath = "sy:Coolant/sy:Tank"\n' in text
    assert [point.signal for point in read_profile(path).points] == [
        point.signal for point in load_profile("cnc_machine/opc_40501").points
    ]


def test_a_head_written_by_hand_takes_its_first_points_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'kind = "boiler"\nmaker = "A"\nmodel = "B"\nlabel = { zh = "a", en = "a" }\nsource = "s"\nverified = "datasheet"\n'
    path.write_text(head + 'protocol = "opcua"\nnamespaces = { sy = "urn:x" }\n', encoding="utf-8")
    imported(tmp_path, "signal,path\nsteam_flow,sy:Boiler/sy:Flow\n", profile=path).write()
    profile = read_profile(path)
    assert [point.signal for point in profile.points] == ["steam_flow"]


def test_what_the_table_has_no_column_for_stays_as_the_profile_has_it(tmp_path: Path) -> None:
    imported(tmp_path, FIRST).write()
    result = imported(tmp_path, "signal,address,type\nstate,0,uint16\nsteam_pressure,4,int16\nfuel_flow,10,float32\n")
    assert [tuple(change) for change in result.diff.changes] == [("changed", "steam_pressure", "address", "3", "4")]
    assert "not in the table, kept as the profile has it: sentinels (1 points)" in result.notices


def test_an_empty_cell_of_a_column_removes_what_the_profile_had(tmp_path: Path) -> None:
    imported(tmp_path, FIRST).write()
    result = imported(tmp_path, FIRST.replace(",32767,", ",,"))
    assert [tuple(change) for change in result.diff.changes] == [("changed", "steam_pressure", "sentinels", "[32767]", "")]


def test_a_signal_that_the_kind_lacks_becomes_the_profiles_own(tmp_path: Path) -> None:
    table = (
        "信号,描述,地址,数据类型,单位,signal_type\n"
        "oil_level,油箱液位,1,REAL,mm,\n"
        "ignition_count,Starts of the burner,3,UDINT,1,\n"
        "fan_fault,,0,uint16,,integer\n"
        "pump_hours,,5,UDINT,h,real\n"
    )
    problems = told(tmp_path, table)
    assert problems == [
        "points.csv:4: 单位: 'fan_fault' is not a signal of boiler, and one of the profile's own needs a unit ('1' for a number)"
    ]
    result = imported(tmp_path, table.replace("0,uint16,,integer", "0,uint16,1,integer"))
    result.write()
    signals = read_profile(result.path).signals
    assert {name: (str(s.type), s.unit, s.label.zh, s.label.en) for name, s in signals.items()} == {
        "oil_level": ("real", "mm", "油箱液位", "Oil level"),
        "ignition_count": ("double", "1", "Starts of the burner", "Starts of the burner"),
        "fan_fault": ("integer", "1", "Fan fault", "Fan fault"),
        "pump_hours": ("real", "h", "Pump hours", "Pump hours"),
    }
    assert all(point.unit is None for point in read_profile(result.path).points)
    assert (
        "not signals of boiler, so they become the profile's own: oil_level, ignition_count, fan_fault, pump_hours"
        in result.notices
    )


def test_own_boolean_and_text_signals_need_no_unit(tmp_path: Path) -> None:
    result = imported(tmp_path, "signal,address,type,bit,words\nfan_on,0,bool,3,\nplate,1,string,,8\n")
    result.write()
    assert {name: str(signal.type) for name, signal in read_profile(result.path).signals.items()} == {
        "fan_on": "boolean",
        "plate": "text",
    }


def test_a_signal_of_the_profiles_own_keeps_its_alarms_and_its_unit(tmp_path: Path) -> None:
    imported(tmp_path, "signal,address,type,unit\noil_level,1,REAL,mm\n").write()
    path = tmp_path / "acme.toml"
    text = path.read_text(encoding="utf-8")
    alarm = '{ limit = "low", value = 5, consequence = { zh = "a", en = "a" }, action = { zh = "b", en = "b" } }'
    path.write_text(text.replace('unit = "mm",', f'unit = "mm", alarms = [{alarm}],'), encoding="utf-8")
    imported(tmp_path, "signal,address,type,unit\noil_level,7,REAL,cm\n").write()
    profile = read_profile(path)
    assert profile.signals["oil_level"].unit == "mm"
    assert profile.signals["oil_level"].alarms[0].value == 5
    assert profile.points[0].unit == "cm"


def test_a_signal_of_the_profiles_own_goes_with_its_point(tmp_path: Path) -> None:
    imported(tmp_path, "signal,address,type,unit\noil_level,1,REAL,mm\nsteam_flow,3,REAL,t/h\n").write()
    result = imported(tmp_path, "signal,address,type,unit\nsteam_flow,3,REAL,t/h\n")
    assert [(change.what, change.thing) for change in result.diff.changes] == [
        ("removed", "oil_level"),
        ("removed", "signals.oil_level"),
    ]
    assert "[signals]" not in result.text


def test_a_signal_that_is_nearly_one_of_the_kind_is_pointed_out(tmp_path: Path) -> None:
    result = imported(tmp_path, "signal,address,type,unit\nsteam_flaw,1,REAL,t/h\n")
    assert "not signals of boiler, so they become the profile's own: steam_flaw (is steam_flow meant?)" in result.notices


def test_what_the_profile_refuses_is_told_by_row_and_head_of_the_table_and_nothing_is_written(tmp_path: Path) -> None:
    table = "信号,地址,类型,单位,位,系数\nsteam_flow,0,UINT,kPa,,\ndrum_level,1,UINT,,,\n\ndrum_level,2,UINT,,,\n"
    assert told(tmp_path, table) == [
        "points.csv:2: 单位: 'kPa' cannot be converted to 't/h'",
        "points.csv:3: signal 'drum_level' stands 2 times",
        "points.csv:5: signal 'drum_level' stands 2 times",
    ]
    table = (
        "信号,地址,类型,单位,位,系数\nsteam_flow,70000,UINT,,,\ndrum_level,1,BOOL,,,\nfuel_flow,,REAL,,,0\ntrip_code,x,INT7,,,\n"
    )
    assert told(tmp_path, table) == [
        "points.csv:2: 地址: input should be less than or equal to 65535 (found 70000)",
        "points.csv:3: a boolean in a register names its 'bit'",
        "points.csv:4: 地址: is missing",
        "points.csv:5: 地址: 'x' is no whole number",
        f"points.csv:5: 类型: 'INT7' is no datatype; known: {', '.join(Datatype)}, and REAL, DINT, UDINT, WORD and their like",
    ]
    assert list(tmp_path.iterdir()) == [tmp_path / "points.csv"]


def test_a_column_that_is_missing_is_told_once_and_not_for_each_row(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, "signal,type\nsteam_flow,uint16\ndrum_level,int16\n")
    assert problem.startswith("points.csv:1: has no column for 'address'")


def test_a_table_full_of_mistakes_ends_with_their_number(tmp_path: Path) -> None:
    problems = told(tmp_path, "signal,address,type\n" + "".join(f"s_{n},x,uint16\n" for n in range(1000)))
    assert len(problems) == 201
    assert problems[-1] == "points.csv: and 800 more mistakes"


def test_the_command_must_say_what_a_new_profile_is_and_may_not_contradict_an_old_one(tmp_path: Path) -> None:
    assert told(tmp_path, FIRST, maker=None, model=None) == ["acme.toml: does not exist yet; a new one needs --maker, --model"]
    assert told(tmp_path, FIRST, kind="kettle")[0].startswith("'kettle' is not an equipment kind; known: ")
    assert told(tmp_path, FIRST, protocol="profinet") == [
        "'profinet' is not a protocol of device profiles; known: modbus, opcua, mtconnect, nmea"
    ]
    imported(tmp_path, FIRST).write()
    assert told(tmp_path, FIRST, kind="pv_inverter") == ["acme.toml:1: kind: is 'boiler', and the command says 'pv_inverter'"]


def test_a_profile_that_is_broken_already_tells_its_own_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text('kind = "boiler"\nprotocol = "modbus"\npoints = []\n')
    assert "acme.toml:3: points: needs at least 1 of them" in told(tmp_path, FIRST, profile=path)


def test_a_head_without_points_is_checked_before_it_takes_some(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    head = 'kind = "boiler"\nmaker = "A"\nmodel = "B"\nlabel = { zh = "a", en = "a" }\nsource = "s"\nverified = "datasheet"\n'
    path.write_text(f'{head}protocol = "profinet"\n')
    assert told(tmp_path, FIRST, profile=path) == ["acme.toml:7: protocol: is 'profinet'; known: modbus, opcua, mtconnect, nmea"]
    path.write_text(f'{head}protocol = "modbus"\nsignals = {{ oil = 3 }}\n')
    assert told(tmp_path, FIRST, profile=path) == [
        "acme.toml:8: signals.oil: Input should be a valid dictionary or instance of Signal"
    ]
    path.write_text(f'{head}protocol = "modbus"\nmax_register = 3\n')
    assert told(tmp_path, FIRST, profile=path) == ["acme.toml:8: max_register: is not a known key; did you mean 'max_registers'?"]


def test_signals_defined_by_hand_before_any_points_are_used(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    head = 'kind = "boiler"\nmaker = "A"\nmodel = "B"\nlabel = { zh = "a", en = "a" }\nsource = "s"\nverified = "datasheet"\n'
    own = '[signals.oil_level]\ntype = "real"\nunit = "mm"\nrole = "condition"\nlabel = { zh = "油位", en = "Oil" }\n'
    path.write_text(f'{head}protocol = "modbus"\n{own}', encoding="utf-8")
    imported(tmp_path, "signal,address,type,unit\noil_level,1,REAL,cm\n", profile=path).write()
    profile = read_profile(path)
    assert (profile.signals["oil_level"].role, profile.signals["oil_level"].unit, profile.points[0].unit) == (
        "condition",
        "mm",
        "cm",
    )


def test_a_file_is_replaced_whole_with_its_permissions_and_through_a_link(tmp_path: Path) -> None:
    result = imported(tmp_path, FIRST)
    result.write()
    target = tmp_path / "kept" / "real.toml"
    target.parent.mkdir()
    result.path.rename(target)
    target.chmod(0o640)
    result.path.symlink_to(target)
    imported(tmp_path, FIRST.replace(",10,", ",12,")).write()
    assert result.path.is_symlink()
    assert "address = 12" in target.read_text(encoding="utf-8")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.rglob("*.toml*")) == ["acme.toml", "real.toml"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(tmp_path, FIRST).write()
    before = (tmp_path / "acme.toml").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match=r"acme.toml: No space left on device"):
        imported(tmp_path, FIRST.replace(",10,", ",12,")).write()
    assert (tmp_path / "acme.toml").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.toml", "points.csv"]


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    result = imported(tmp_path, FIRST, profile=tmp_path / "none" / "a.toml", kind="boiler", maker="a", model="b")
    with pytest.raises(ConfigError, match=r"none/a.toml: No such file or directory"):
        result.write()


@pytest.mark.parametrize("name", MODBUS)
def test_every_shipped_register_map_survives_a_table_in_a_new_file(name: str, tmp_path: Path) -> None:
    shipped = load_profile(name)
    table = export_points(shipped)
    result = imported(tmp_path, table, kind=shipped.kind, maker=shipped.maker, model=shipped.model)
    result.write()
    again = read_profile(result.path)
    assert isinstance(shipped, ModbusProfile)
    assert isinstance(again, ModbusProfile)
    assert [resolved(point, again) for point in again.points] == [resolved(point, shipped) for point in shipped.points]
    assert list(again.signals) == [name for name in shipped.signals if name in {point.signal for point in shipped.points}]


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_is_unchanged_by_its_own_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / "shipped.toml"
    path.write_bytes((FOLDER / f"{name}.toml").read_bytes())
    result = imported(tmp_path, export_points(load_profile(name)), profile=path)
    assert not result.diff
    path.write_text(result.text, encoding="utf-8")
    assert read_profile(path) == load_profile(name)


def resolved(point: ModbusPoint, profile: ModbusProfile) -> dict[str, Any]:
    orders = {"word_order": point.word_order or profile.word_order, "byte_order": point.byte_order or profile.byte_order}
    return point.model_dump() | orders


NUMBERS = st.floats(1e-6, 1e6) | st.integers(1, 10_000)
NUMERIC = {
    Datatype.INT16: (-(2**15), 2**15 - 1),
    Datatype.UINT16: (0, 2**16 - 1),
    Datatype.INT32: (-(2**31), 2**31 - 1),
    Datatype.UINT64: (0, 2**64 - 1),
    Datatype.FLOAT32: (-9999, 9999),
}


@st.composite
def helpers(draw: st.DrawFn) -> dict[str, Any]:
    datatype = draw(st.sampled_from(sorted(NUMERIC)))
    point = {
        "address": draw(st.integers(0, 65_000)),
        "type": datatype,
        "table": draw(st.sampled_from(["holding", "input"])),
        "scale": draw(NUMBERS),
        "offset": draw(st.floats(-1e9, 1e9)),
        "sentinels": draw(st.lists(st.integers(*NUMERIC[datatype]), max_size=3)),
        "word_order": draw(st.sampled_from([None, "big", "little"])),
        "byte_order": draw(st.sampled_from([None, "big", "little"])),
        "constant": draw(st.none() | st.integers(0, 9)),
        "simulated": draw(st.none() | st.integers(0, 9)),
    }
    return {key: value for key, value in point.items() if value is not None}


@hypothesis.given(st.lists(helpers(), min_size=1, max_size=8))
def test_any_register_map_survives_a_table(tmp_path_factory: pytest.TempPathFactory, points: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("map")
    head = {"kind": "boiler", "maker": "a", "model": "b", "protocol": "modbus", "source": "s", "verified": "datasheet"}
    named = [point | {"name": f"h_{number}"} for number, point in enumerate(points)]
    profile = ModbusProfile.model_validate({**head, "label": {"zh": "a", "en": "a"}, "points": named})
    result = imported(folder, export_points(profile))
    result.write()
    again = read_profile(result.path)
    assert isinstance(again, ModbusProfile)
    assert [resolved(point, again) for point in again.points] == [resolved(point, profile) for point in profile.points]


@hypothesis.given(st.text("aé1;=\" ,'中\n\\", max_size=8))
@hypothesis.example("1")
@hypothesis.example("0x10")
def test_a_text_stays_a_text_in_a_table(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("text")
    imported(folder, 'signal,name,address,type,words,simulated\n,Vr,0,string,4,"""x"""\n').write()
    first = read_profile(folder / "acme.toml")
    point = first.points[0].model_copy(update={"simulated": text})
    imported(folder, export_points(first.model_copy(update={"points": (point,)}))).write()
    assert read_profile(folder / "acme.toml").points == (point,)


def test_a_sentinel_that_is_no_number_survives_a_table(tmp_path: Path) -> None:
    imported(tmp_path, "signal,address,type,sentinels\nsteam_flow,0,REAL,NaN; 9999.9\n").write()
    (point,) = read_profile(tmp_path / "acme.toml").points
    assert isinstance(point, ModbusPoint)
    assert math.isnan(point.sentinels[0])
    assert not imported(tmp_path, export_points(read_profile(tmp_path / "acme.toml"))).diff


def test_own_signals_survive_a_table_in_a_new_file(tmp_path: Path) -> None:
    table = "signal,address,type,unit,signal_unit,signal_type,signal_role,signal_normal,label_zh,label_en\n"
    table += "oil_level,1,UINT,cm,mm,double,condition,0; 12.5,油位,Oil level\n"
    imported(tmp_path, table).write()
    first = read_profile(tmp_path / "acme.toml")
    assert (first.signals["oil_level"].normal, first.signals["oil_level"].role) == ((0, 12.5), "condition")
    imported(tmp_path, export_points(first), profile=tmp_path / "b.toml", kind="boiler", maker="Acme", model="B-10").write()
    assert read_profile(tmp_path / "b.toml") == first


def test_the_example_is_a_table_without_a_mistake() -> None:
    result = import_points(EXAMPLE, Path("none.toml"), kind="boiler", maker="Acme", model="B-10")
    assert len(result.diff.changes) > 10


CELLS = ["", "steam_flow", "oil", "0", "7", "REAL", "BOOL", "int16", "coil", "kW", "-1", "1;2", "0=off", "a\x7f\u2028", "nan"]


@hypothesis.given(st.lists(st.lists(st.sampled_from(CELLS), min_size=6, max_size=6), max_size=5))
def test_no_table_ends_in_anything_but_a_profile_that_loads_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    heads = "signal,table,address,type,unit,label"
    try:
        imported(folder, "\n".join([heads, *(",".join(row) for row in rows)])).write()
    except ConfigError as error:
        assert all(problem.file for problem in error.problems)
        assert not (folder / "acme.toml").exists()
    else:
        read_profile(folder / "acme.toml")
