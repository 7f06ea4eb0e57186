"""Tables of points as engineers send them: what is understood, and what is refused with its row and column."""

import codecs
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import hypothesis
import openpyxl
import pytest
from hypothesis import strategies as st

from device_profiles.kind import load_kind
from device_profiles.point_files import MAX_POINTS
from device_profiles.point_table import PointTable, read_point_table
from device_profiles.profile import ModbusPoint, MtConnectPoint, OpcUaPoint, Point
from telemetry.errors import ConfigError

BOILER = load_kind("boiler").signals


def read(path: Path, *, model: type[Point] = ModbusPoint, sheet: str | None = None) -> PointTable:
    return read_point_table(path, model, signals=BOILER, sheet=sheet)


def csv_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def excel_file(folder: Path, *rows: tuple[Any, ...], merge: str = "") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    path = folder / "points.xlsx"
    book.save(path)
    return path


def fields(table: PointTable) -> list[dict[str, Any]]:
    assert not table.problems, table.problems
    return [point.fields for point in table.points]


def mistakes(table: PointTable) -> list[str]:
    """Give the mistakes in cells, each as ``row: head: message``."""
    return [f"{problem.line}: {problem.key}: {problem.message}" for problem in table.problems]


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path, **options)
    return str(caught.value).replace(f"{path}:", "").strip()


HEADS = "signal,address,type\n"
FLOW = [{"signal": "steam_flow", "address": 6, "type": "uint16"}]


@pytest.mark.parametrize(
    "data",
    [
        b"signal,address,type\nsteam_flow,6,uint16\n",
        b"signal,address,type\r\nsteam_flow,6,uint16\r\n",
        codecs.BOM_UTF8 + b"signal,address,type\nsteam_flow,6,uint16",
        b"signal;address;type\nsteam_flow;6;uint16\n",
        b"signal\taddress\ttype\nsteam_flow\t6\tuint16\n",
        b'"signal","address","type"\n"steam_flow","6","uint16"\n',
        b"\n,,\nsignal, address ,type,,\n\n steam_flow , 6,uint16 ,,,\n,,\n\n",
        "信号,地址,数据类型\nsteam_flow,6,uint16\n".encode("gb18030"),
        "信号,地址,数据类型\nsteam_flow,6,uint16\n".encode(),
        codecs.BOM_UTF16_LE + "信号\t地址\t数据类型\r\nsteam_flow\t6\tuint16\r\n".encode("utf-16-le"),
    ],
)
def test_a_table_is_read_in_every_form_in_which_spreadsheets_write_it(tmp_path: Path, data: bytes) -> None:
    assert fields(read(csv_file(tmp_path, data))) == FLOW


def test_an_excel_file_means_the_same_as_its_text(tmp_path: Path) -> None:
    path = excel_file(tmp_path, ("signal", "address", "type", "scale"), (None,), ("drum_level", 5, "int16", 0.1), (None, None))
    assert fields(read(path)) == [{"signal": "drum_level", "address": 5, "type": "int16", "scale": 0.1}]


def test_a_file_with_several_sheets_is_read_where_it_is_told_to(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "封面"
    points = book.create_sheet("点表")
    points.append(("signal", "address", "type"))
    points.append(("steam_flow", 6, "uint16"))
    path = tmp_path / "points.xlsx"
    book.save(path)
    assert refused(path) == "has 2 sheets; name one with --sheet: 封面, 点表"
    assert refused(path, sheet="Sheet9") == "has no sheet 'Sheet9'; it has: 封面, 点表"
    assert fields(read(path, sheet="点表")) == FLOW


def test_an_excel_file_that_claims_to_be_smaller_than_it_is_is_read_whole(tmp_path: Path) -> None:
    whole = excel_file(tmp_path, ("signal", "address", "type"), ("steam_flow", 6, "uint16"), ("drum_level", 5, "int16"))
    claims = tmp_path / "claims.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(claims, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"'))
    assert [point["signal"] for point in fields(read(claims))] == ["steam_flow", "drum_level"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("=1+1", "2: address: is a formula whose value was not stored; open the file in Excel and save it"),
        ("#REF!", "2: address: holds Excel's error #REF!"),
        (
            date(2024, 1, 10),
            "2: address: became a date in Excel; format the cell as text and write it again",
        ),
    ],
)
def test_an_excel_cell_without_a_value_of_its_own_is_told(tmp_path: Path, cell: Any, message: str) -> None:
    assert mistakes(read(excel_file(tmp_path, ("signal", "address", "type"), ("steam_flow", cell, "uint16")))) == [message]


@pytest.mark.parametrize("merge", ["A1:B1", "C2:C3"])
def test_merged_cells_are_refused_because_only_the_first_of_them_has_the_value(tmp_path: Path, merge: str) -> None:
    rows = (("signal", "address", "type"), ("steam_flow", 6, "uint16"), ("drum_level", 5, "uint16"))
    assert refused(excel_file(tmp_path, *rows, merge=merge)).startswith(f"has merged cells ({merge})")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty; the first row holds the heads of the columns"),
        (b"\n\n ,\n", "is empty; the first row holds the heads of the columns"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is neither an Excel file (.xlsx) nor text in UTF-8 or GB18030"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old (.xls) or encrypted Excel file; save it as .xlsx without a password"),
        (b"PK\x03\x04 and no more", "cannot be read as an Excel file (.xlsx): File is not a zip file"),
        (b"a poem\nof two lines\n", "1: has no head that is known in its first row; known: signal, unit, scale"),
        (HEADS.encode() + b'"steam_flow,6,uint16\n', "2: is not a table in CSV: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    assert refused(csv_file(tmp_path, data)).startswith(message)


def test_a_missing_file_a_folder_and_a_sheet_of_a_text_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.csv")
    assert "Is a directory" in refused(tmp_path)
    assert refused(csv_file(tmp_path, HEADS), sheet="a") == "is no Excel file and has no sheet 'a'"


def test_a_table_has_at_most_as_many_points_as_there_are_addresses(tmp_path: Path) -> None:
    lines = "".join(f"signal_{number},{number % 65536},uint16\n" for number in range(100_000))
    assert refused(csv_file(tmp_path, HEADS + lines)) == f"{MAX_POINTS + 2}: has more than 65,536 points"


def test_heads_alone_are_no_table_of_points(tmp_path: Path) -> None:
    assert mistakes(read(csv_file(tmp_path, HEADS))) == ["None: None: has heads, but no points"]


def test_heads_may_be_chinese_english_or_both_and_unknown_columns_are_named(tmp_path: Path) -> None:
    table = read(
        csv_file(
            tmp_path,
            "序号,名称 Name,Address (地址),功能码,数据类型:,单位,倍率,读写\n1,steam_pressure,3,04,INT,bar,0.01,R\n",
        )
    )
    pressure = {"signal": "steam_pressure", "address": 3, "table": "input", "type": "int16", "unit": "bar", "scale": 0.01}
    assert fields(table) == [pressure]
    assert table.notices == ("ignored columns, which mean nothing to a profile: 序号, 读写", "type INT: int16 (1 row)")


def test_heads_that_are_missing_or_stand_twice_are_told(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, "signal,unit,单位\nsteam_flow,t/h,t/h\n"))
    assert [message.split("; ")[0] for message in mistakes(table)] == [
        "1: 单位: means the same as column B, 'unit'",
        (
            "1: None: has no column for 'address', whose head may be: address, addr, register, reg, register_address, "
            "modbus_address, 地址, 寄存器, 寄存器地址, 起始地址, modbus地址, 地址_十进制"
        ),
    ]


def test_a_value_under_no_head_is_a_mistake_and_not_ignored(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, "signal,address,type\nsteam_flow,6,uint16,0,1\n"))
    assert [message.split(";")[0] for message in mistakes(table)] == [
        "2: column D: stands under no head",
        "2: column E: stands under no head",
    ]


@pytest.mark.parametrize(
    ("head", "text", "table", "address"),
    [
        ("address", "0", None, 0),
        ("address", "65535", None, 65535),
        ("address", "0x0010", None, 16),
        ("地址", "10H", None, 16),
        ("address", "400001", "holding", 0),
        ("寄存器", "465536", "holding", 65535),
        ("address", "300010", "input", 9),
        ("address", "100001", "discrete_input", 0),
        ("register", "4x0001", "holding", 0),
        ("register", "3X00017", "input", 16),
        ("pdu_address", "40001", None, 40001),
        ("modicon_address", "40001", "holding", 0),
        ("modicon_address", "30001", "input", 0),
        ("modicon_address", "10005", "discrete_input", 4),
        ("modicon_address", "00001", "coil", 0),
        ("modicon_address", "0x0001", "coil", 0),
        ("modicon_address", "49999", "holding", 9998),
        ("hex_address", "0010", None, 16),
        ("十六进制地址", "1A", None, 26),
        ("地址(十六进制)", "0x1A", None, 26),
    ],
)
def test_an_address_becomes_a_pdu_address(tmp_path: Path, head: str, text: str, table: str | None, address: int) -> None:
    (point,) = fields(read(csv_file(tmp_path, f"signal,{head},type\nsteam_flow,{text},bool\n")))
    assert (point.get("table"), point["address"]) == (table, address)


def test_a_modicon_address_is_told_with_what_it_became(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, "signal,plc地址,type\nsteam_flow,40007,uint16\ndrum_level,40006,int16\n"))
    assert table.notices == ("addresses as Modicon wrote them became PDU addresses: 40007 = holding 6 (2 rows)",)


@pytest.mark.parametrize("text", ["40001", "49999", "30001", "10001"])
def test_a_number_that_may_be_modicons_or_not_is_not_guessed(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,地址,type\nsteam_flow,{text},uint16\ndrum_level,7,int16\n")))
    assert mistake.startswith(
        f"2: 地址: 1 numbers such as {text} can be PDU addresses, or numbers as Modicon wrote them (then {text} is "
    )
    assert mistake.endswith("name the column 'pdu_address' or 'modicon_address', as the datasheet means it")


@pytest.mark.parametrize(
    ("head", "text", "message"),
    [
        ("address", "0012", "'0012' starts with 0: write 12 or 0x0012"),
        ("address", "40001.3", "'40001.3' is no whole number"),
        ("address", "D100", "'D100' is no whole number"),
        ("modicon_address", "12", "'12' is no address as Modicon wrote it"),
        ("modicon_address", "40000", "'40000': the numbers of a table go from 1 to 65536"),
        ("address", "499999", "'499999': the numbers of a table go from 1 to 65536"),
        ("hex_address", "12G", "'12G' is no whole number"),
    ],
)
def test_an_address_that_is_none_is_told(tmp_path: Path, head: str, text: str, message: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,{head},type\nsteam_flow,{text},uint16\n")))
    assert mistake.startswith(f"2: {head}: {message}")


def test_0x_beside_4x_is_a_coil_or_hexadecimal_and_not_guessed(tmp_path: Path) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, "signal,address,type\nsteam_flow,4x0001,uint16\nfuel_flow,0x0001,bool\n")))
    assert mistake.startswith("3: address: '0x0001' is hexadecimal or, beside the 4x, 3x and 1x of other rows, a coil")


def test_two_columns_that_name_different_tables_contradict_each_other(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, "signal,table,功能码,address,type\nsteam_flow,holding,4,6,uint16\n"))
    assert mistakes(table) == ["2: 功能码: means table input, but another column says holding"]
    table = read(csv_file(tmp_path, "signal,功能码,modicon_address,type\nsteam_flow,3,30001,uint16\n"))
    assert mistakes(table) == ["2: modicon_address: means table input, but another column says holding"]


@pytest.mark.parametrize(
    ("text", "table"),
    [("1", "coil"), ("02", "discrete_input"), ("FC3", "holding"), ("0x04", "input"), ("04H", "input")],
)
def test_a_function_code_names_the_table(tmp_path: Path, text: str, table: str) -> None:
    (point,) = fields(read(csv_file(tmp_path, f"signal,fc,address,type\nsteam_flow,{text},6,bool\n")))
    assert point["table"] == table


@pytest.mark.parametrize("text", ["5", "6", "16", "03/06", "read"])
def test_a_function_that_does_not_read_is_told(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,fc,address,type\nsteam_flow,{text},6,uint16\n")))
    assert mistake == f"2: fc: {text!r} is no function that reads: 1 coil, 2 discrete_input, 3 holding, 4 input"


def test_a_point_in_a_table_of_bits_needs_no_type(tmp_path: Path) -> None:
    assert fields(read(csv_file(tmp_path, "signal,table,address\nlow_water_interlock,线圈,6\n"))) == [
        {"signal": "low_water_interlock", "table": "coil", "address": 6, "type": "boolean"}
    ]


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("REAL", "float32"),
        ("LREAL", "float64"),
        ("INT", "int16"),
        ("UINT", "uint16"),
        ("WORD", "uint16"),
        ("DINT", "int32"),
        ("UDINT", "uint32"),
        ("DWORD", "uint32"),
        ("LINT", "int64"),
        ("BOOL", "boolean"),
        ("Float", "float32"),
        ("U16", "uint16"),
        ("32位浮点", "float32"),
        ("16位无符号整数", "uint16"),
        ("有符号32位整数", "int32"),
        ("int64", "int64"),
        ("UInt16", "uint16"),
        ("datetime_words", "datetime_words"),
    ],
)
def test_types_of_iec_61131_and_of_datasheets_are_ours(tmp_path: Path, text: str, datatype: str) -> None:
    assert fields(read(csv_file(tmp_path, f"signal,address,type\nsteam_flow,6,{text}\n")))[0]["type"] == datatype


@pytest.mark.parametrize("text", ["16位整数", "INT17", "AI", "BCD"])
def test_a_type_that_leaves_width_or_sign_open_is_not_guessed(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,address,type\nsteam_flow,6,{text}\n")))
    assert mistake.startswith(f"2: type: {text!r} is no datatype; known: boolean, int8, ")


@pytest.mark.parametrize(
    ("head", "text", "orders"),
    [
        ("字节序", "ABCD", ("big", "big")),
        ("order", "cdab", ("little", "big")),
        ("order", "BA-DC", ("big", "little")),
        ("byte_order", "DCBA", ("little", "little")),
        ("order", "GHEFCDAB", ("little", "big")),
        ("word_order", "little", ("little", None)),
        ("字序", "低字在前", ("little", None)),
        ("byte_order", "小端", (None, "little")),
    ],
)
def test_letters_tell_both_orders(tmp_path: Path, head: str, text: str, orders: tuple[str | None, str | None]) -> None:
    (point,) = fields(read(csv_file(tmp_path, f"signal,address,type,{head}\nsteam_flow,6,float32,{text}\n")))
    assert (point.get("word_order"), point.get("byte_order")) == orders


@pytest.mark.parametrize(("head", "text"), [("order", "little"), ("字节序", "大端"), ("word_order", "middle"), ("order", "ACBD")])
def test_an_order_that_is_none_or_may_be_of_words_or_bytes_is_told(tmp_path: Path, head: str, text: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,address,type,{head}\nsteam_flow,6,float32,{text}\n")))
    assert mistake.startswith(f"2: {head}: {text!r} is no order")


@pytest.mark.parametrize(
    ("head", "text", "field", "value"),
    [
        ("scale", "0.1", "scale", 0.1),
        ("scale", '"0,1"', "scale", 0.1),
        ("系数", "1/10", "scale", 0.1),
        ("系数", "1E-2", "scale", 0.01),
        ("系数", "１０", "scale", 10),
        ("offset", "-40", "offset", -40),
        ("sentinels", "32767; 0x8000 -1", "sentinels", [32767, 32768, -1]),
        ("sentinels", '"9999.9,65535"', "sentinels", [9999.9, 65535]),
        ("map", "0=off;0x10: running；99：tripped", "map", {"0": "off", "0x10": "running", "99": "tripped"}),
        ("bits", "4;7", "bits", [4, 7]),
        ("bit", "3", "bit", 3),
        ("words", "16", "words", 16),
        ("rollover", "true", "rollover", True),
        ("rollover", "10000", "rollover", 10000),
        ("simulated", "-2", "simulated", -2),
        ("simulated", "Shangyun", "simulated", "Shangyun"),
        ("simulated", '"""1"""', "simulated", "1"),
        ("half", "high", "half", "high"),
    ],
)
def test_a_cell_is_read_as_its_field_is_defined(tmp_path: Path, head: str, text: str, field: str, value: Any) -> None:
    (point,) = fields(read(csv_file(tmp_path, f"signal,address,type,{head}\nsteam_flow,6,uint16,{text}\n")))
    assert point[field] == value
    assert type(point[field]) is type(value)


@pytest.mark.parametrize(
    ("head", "text", "message"),
    [
        ("scale", "ten", "'ten' is no number"),
        ("scale", '"1,000"', "'1,000' can be thousands or a decimal fraction"),
        ("scale", "1_0", "'1_0' is no number"),
        ("scale", "inf", "'inf' is no number"),
        ("bit", "3.5", "'3.5' is no whole number"),
        ("sentinels", "1; x", "'x' is no number"),
        ("map", "0=off; running", "'running' is no pair of code and name"),
        ("map", "0=off; 0=on", "0 has two names"),
        ("rollover", "perhaps", "'perhaps' is neither true nor false"),
        ("bit", "9" * 5000, f"'{'9' * 5000}' is no whole number"),
    ],
)
def test_a_cell_that_its_field_cannot_hold_is_told(tmp_path: Path, head: str, text: str, message: str) -> None:
    (mistake,) = mistakes(read(csv_file(tmp_path, f"signal,address,type,{head}\nsteam_flow,6,uint16,{text}\n")))
    assert mistake.startswith(f"2: {head}: {message}")


def test_every_mistake_of_a_table_is_told_with_the_row_of_the_spreadsheet(tmp_path: Path) -> None:
    text = 'signal,address,type,label\nsteam_flow,6,INT17,\n\n"drum level!!!",x,int16,"two\nlines"\n蒸汽,1,int16,\n'
    assert [message.split("'")[0] for message in mistakes(read(csv_file(tmp_path, text)))] == [
        "2: type: ",
        "4: address: ",
        "5: signal: ",
    ]


@pytest.mark.parametrize(
    ("text", "signal"),
    [("蒸汽流量", "steam_flow"), ("Steam flow", "steam_flow"), ("Oil-Temperature 1", "oil_temperature_1")],
)
def test_a_signal_may_be_named_by_its_label_or_in_another_spelling(tmp_path: Path, text: str, signal: str) -> None:
    table = read(csv_file(tmp_path, f"点名,address,type\n{text},6,uint16\n"))
    assert fields(table)[0]["signal"] == signal
    assert table.notices == (f"names of signals are spelled otherwise: {text} = {signal} (1 row)",)


@pytest.mark.parametrize(
    ("text", "unit"), [("℃", "°C"), ("KW", "kW"), ("Mpa", "MPa"), ("m3/h", "m³/h"), ("㎥/h", "m³/h"), ("-", "1"), ("bar", "bar")]
)
def test_units_as_datasheets_spell_them_are_units(tmp_path: Path, text: str, unit: str) -> None:
    assert fields(read(csv_file(tmp_path, f"signal,address,type,单位\nx,6,uint16,{text}\n")))[0]["unit"] == unit


def test_a_dash_in_a_cell_is_nothing(tmp_path: Path) -> None:
    assert fields(read(csv_file(tmp_path, "signal,address,type,scale,bit\nsteam_flow,6,uint16,-,/\n"))) == FLOW


def test_a_helper_has_a_name_where_signals_have_a_column_of_their_own(tmp_path: Path) -> None:
    assert fields(read(csv_file(tmp_path, "signal,name,address,type\n,A_SF,6,int16\n"))) == [
        {"name": "A_SF", "address": 6, "type": "int16"}
    ]


def test_points_of_opc_ua_and_mtconnect_have_their_own_columns(tmp_path: Path) -> None:
    table = read(
        csv_file(tmp_path, 'signal,NodeId,index\nsteam_flow,"ns=2;s=Flow",0\n'),
        model=OpcUaPoint,
    )
    assert fields(table) == [{"signal": "steam_flow", "node": "ns=2;s=Flow", "index": 0}]
    table = read(csv_file(tmp_path, "name,type,component\nsteam_flow,LOAD,Axes/*\n"), model=MtConnectPoint)
    assert fields(table) == [{"signal": "steam_flow", "type": "LOAD", "component": "Axes/*"}]


@hypothesis.given(st.binary(max_size=200) | st.text('signaladretyp,;\t"\n0123456789x地址类型', max_size=300).map(str.encode))
def test_no_bytes_end_in_anything_but_a_table_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = csv_file(tmp_path_factory.getbasetemp(), data)
    try:
        read(path)
    except ConfigError as error:
        assert str(error).startswith(str(path))
