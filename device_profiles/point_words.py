"""What people write over the columns and into the cells of a table of points, in English and Chinese."""

import re
import unicodedata

from device_profiles.kind import Signal
from device_profiles.profile import Table

HEADS = {
    "signal": "信号 信号名 信号名称 变量名 tag tag_name",
    "name": "名称 点名 点位 点位名称 测点 测点名称 参数名称 point point_name",
    "unit": "units engineering_unit 单位 工程单位",
    "scale": "multiplier factor gain 倍率 系数 比例 比例系数 换算系数",
    "map": "enum 枚举",
    "table": "register_type 寄存器类型 存储区",
    "function_code": "function fc 功能码",
    "address": "addr register reg register_address modbus_address 地址 寄存器 寄存器地址 起始地址 modbus地址 地址_十进制",
    "pdu_address": "protocol_address pdu地址 协议地址",
    "modicon_address": "modicon plc_address modicon地址 plc地址",
    "hex_address": "address_hex 十六进制地址 地址_hex 地址_十六进制 寄存器地址_hex 寄存器地址_十六进制",
    "type": "data_type datatype 类型 数据类型 数据格式",
    "words": "registers register_count 寄存器数 寄存器数量 寄存器个数",
    "bit": "位",
    "sentinels": "sentinel invalid not_available 无效值",
    "failures": "failure error_values 故障值",
    "word_order": "字序 字顺序",
    "order": "字节序 字节顺序 数据顺序",
    "label": "description 描述 说明",
    "label_zh": "中文名 中文名称",
    "label_en": "英文名 英文名称",
    "signal_type": "信号类型",
    "signal_unit": "信号单位",
    "path": "browse_path 浏览路径",
    "node": "node_id nodeid 节点 节点id",
    "data_item": "dataitem 数据项",
}
"""What people write over a column, beside the name of the model's own field."""
FIELD_OF_HEAD = {alias: target for target, aliases in HEADS.items() for alias in (target, *aliases.split())}
STANDS_FOR = {
    "pdu_address": "address",
    "modicon_address": "address",
    "hex_address": "address",
    "function_code": "table",
    "order": "word_order",
}
"""Columns that are no field, with the field of the model that they need."""
LABELS = ("label", "label_zh", "label_en")
SIGNAL_COLUMNS = {f"signal_{name}": name for name in Signal.model_fields if name not in ("label", "alarms", "states")}
"""Columns that define a signal of the profile's own; alarms and states do not fit into a cell."""

TYPES = {
    "boolean": "bool bit 布尔 布尔型 开关量 位",
    "int8": "sint",
    "uint8": "usint byte",
    "int16": "int short s16 i16 16位有符号 有符号16位 16位有符号整数 有符号16位整数",
    "uint16": "uint word ushort u16 16位无符号 无符号16位 16位无符号整数 无符号16位整数",
    "int32": "dint long s32 i32 32位有符号 有符号32位 32位有符号整数 有符号32位整数",
    "uint32": "udint dword ulong u32 32位无符号 无符号32位 32位无符号整数 无符号32位整数",
    "int64": "lint s64 i64 64位有符号整数 有符号64位整数",
    "uint64": "ulint lword u64 64位无符号整数 无符号64位整数",
    "float32": "real float single f32 32位浮点 32位浮点数 浮点 浮点数 浮点型 单精度 单精度浮点 单精度浮点数",
    "float64": "lreal double f64 64位浮点 64位浮点数 双精度 双精度浮点 双精度浮点数",
    "string": "str text char 字符串",
}
"""Words of IEC 61131-3 (INT has 16 bits, REAL 32), of C and of Chinese datasheets; a width or sign left open is not guessed."""
TYPE_OF_WORD = {alias: name for name, aliases in TYPES.items() for alias in aliases.split()}
TABLES = {
    Table.COIL: "coils 0x 线圈 线圈寄存器",
    Table.DISCRETE_INPUT: "discrete_inputs discrete 1x 离散输入 离散量输入 离散输入寄存器",
    Table.INPUT: "input_register input_registers 3x 输入寄存器",
    Table.HOLDING: "holding_register holding_registers 4x 保持寄存器",
}
TABLE_OF_WORD = {word: table for table, words in TABLES.items() for word in (table.value, *words.split())}
TABLE_OF_FUNCTION = {1: Table.COIL, 2: Table.DISCRETE_INPUT, 3: Table.HOLDING, 4: Table.INPUT}
TABLE_OF_PREFIX = {"0": Table.COIL, "1": Table.DISCRETE_INPUT, "3": Table.INPUT, "4": Table.HOLDING}
ORDERS = {
    ("big", "big"): "abcd ab abcdefgh",
    ("little", "big"): "cdab ghefcdab",
    ("big", "little"): "badc ba badcfehg",
    ("little", "little"): "dcba hgfedcba",
}
"""Word order and byte order, by the letters with which meters' manuals tell them (A is the most significant byte)."""
ORDER_OF_LETTERS = {word: orders for orders, words in ORDERS.items() for word in words.split()}
ORDER_OF_WORD = {
    **dict.fromkeys(("big", "bigendian", "大端", "高字在前", "高字节在前"), "big"),
    **dict.fromkeys(("little", "littleendian", "小端", "低字在前", "低字节在前"), "little"),
}
UNIT_SIGNS = str.maketrans({"℃": "°C", "℉": "°F", "％": "%", "㎥": "m³", "㎡": "m²", "㎜": "mm", "㎝": "cm", "㎏": "kg"})
UNITS = {
    "KW": "kW", "KWh": "kWh", "KWH": "kWh", "kwh": "kWh", "KVA": "kVA", "Mpa": "MPa", "mpa": "MPa", "Kpa": "kPa", "KPa": "kPa",
    "kpa": "kPa", "HZ": "Hz", "hz": "Hz", "r/min": "rpm", "RPM": "rpm", "m3": "m³", "m3/h": "m³/h", "-": "1", "—": "1", "/": "1",
    "无": "1",
}  # fmt: skip
"""Spellings that are no unit, or by accident another one, and what is meant."""
NOTHING = frozenset({"-", "--", "—", "——", "/", "无"})
TRUTHS = {"true": True, "yes": True, "1": True, "是": True, "false": False, "no": False, "0": False, "否": False}


def field_of_head(head: str) -> str | None:
    """Give what a head means: a field of some model, or a column that stands for one; both languages may share a cell."""
    text = folded(head)
    if text in FIELD_OF_HEAD:
        return FIELD_OF_HEAD[text]
    parts = {FIELD_OF_HEAD.get(folded(part)) for part in re.split(r"[\s/()\[\]|]+", unicodedata.normalize("NFKC", head)) if part}
    return parts.pop() if len(parts) == 1 else None


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().strip(" \n*:")
    return re.sub(r"[\s_()-]+", "_", plain).strip("_")
