"""The columns of each table, with the headings that people may write over them and what the template says."""

import csv
import io
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from registry.names import plain

TableName = Literal["enterprises", "machines", "labels", "declarations", "gateways"]
TABLES: tuple[TableName, ...] = get_args(TableName)
_TEXT_ROWS = 500
"""Of a template, that Excel takes as text."""
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; ``example`` stands in the template."""

    name: str
    zh: str
    en: str
    example: str = ""
    aliases: tuple[str, ...] = ()
    is_required: bool = False


_USCC = Column(
    name="uscc",
    zh="统一社会信用代码",
    en="Unified social credit code",
    example="91370811MA3C00003R",
    aliases=("信用代码", "社会信用代码", "USCC", "注册号"),
    is_required=True,
)
_KIND = Column(name="kind", zh="设备类型", en="Kind", example="工业锅炉", aliases=("设备类别", "类型"), is_required=True)
_SIMULATOR = Column(name="is_simulator", zh="是否模拟器", en="Simulator", example="否", aliases=("模拟器",))
_DOCUMENT = Column(
    name="document", zh="依据文件", en="Document", example="济工信字〔2026〕1号", aliases=("文号", "文件"), is_required=True
)
COLUMNS: dict[TableName, tuple[Column, ...]] = {
    "enterprises": (
        _USCC,
        Column(
            name="name",
            zh="企业名称",
            en="Name",
            example="示例锅炉有限公司",
            aliases=("名称", "中文名称", "单位名称"),
            is_required=True,
        ),
        Column(
            name="area",
            zh="统计区域",
            en="Area",
            example="任城区",
            aliases=("区域", "所属区域", "县市区", "区县", "属地"),
            is_required=True,
        ),
        Column(name="department", zh="责任部门", en="Department", aliases=("主管部门",)),
        Column(name="head_uscc", zh="总公司信用代码", en="Code of the legal person", aliases=("总公司代码", "法人单位信用代码")),
        Column(name="industry", zh="行业代码", en="Industry code", example="C3411", aliases=("国民经济行业代码", "行业")),
        Column(
            name="industry_edition", zh="行业代码版本", en="Edition of the industry code", example="2017", aliases=("行业版本",)
        ),
        Column(name="sector", zh="统计类别", en="Sector", aliases=("类别", "企业类别")),
        Column(name="is_independent", zh="是否独立法人", en="Independent legal person", example="是", aliases=("独立法人",)),
        Column(name="address", zh="地址", en="Address", example="任城区示例路1号", aliases=("注册地址", "企业地址")),
        Column(name="contact", zh="联系方式", en="Contact", aliases=("联系人", "联系电话")),
        Column(name="verified_by", zh="核验依据", en="Verified by", example="营业执照副本", aliases=("核验材料",)),
        Column(name="verified_on", zh="核验日期", en="Verified on", example="2026-03-01"),
    ),
    "machines": (
        _USCC,
        _KIND,
        Column(name="label", zh="设备名称", en="Label", example="1号锅炉", aliases=("内部编号", "设备编号", "名称")),
        Column(
            name="maker", zh="制造商", en="Maker", example="济锅", aliases=("生产厂家", "制造厂", "厂家", "品牌", "Manufacturer")
        ),
        Column(name="model", zh="型号", en="Model", example="WNS10-1.25-Y", aliases=("规格型号", "设备型号")),
        Column(name="serial_number", zh="出厂编号", en="Serial number", example="SN2019-0001", aliases=("序列号", "产品编号")),
        Column(
            name="registration_code",
            zh="特种设备注册代码",
            en="Registration code of special equipment",
            example="11003708112019000001",
            aliases=("注册代码", "设备注册代码", "使用登记证编号"),
        ),
        Column(name="made_year", zh="制造年份", en="Year made", example="2019", aliases=("出厂年份", "制造年")),
        Column(name="place", zh="安装地点", en="Place", example="1号厂房", aliases=("位置", "地点")),
        Column(name="gateway", zh="网关", en="Gateway", example="rencheng-1", aliases=("网关名称", "网关编号")),
        Column(
            name="equipment_name",
            zh="网关内设备名",
            en="Name at the gateway",
            example="boiler-1",
            aliases=("数据名称", "采集名称"),
        ),
        _SIMULATOR,
    ),
    "labels": (
        _USCC,
        Column(name="label", zh="称号", en="Label", example="专精特新", aliases=("标签", "企业称号", "荣誉"), is_required=True),
        Column(name="level", zh="级别", en="Level", example="省级", aliases=("等级",)),
        Column(name="form", zh="类型", en="Of", aliases=("标杆类型", "方向")),
        Column(
            name="valid_from",
            zh="有效期起",
            en="Valid from",
            example="2026-01-01",
            aliases=("起始日期", "认定日期", "发证日期"),
            is_required=True,
        ),
        Column(name="valid_to", zh="有效期止", en="Valid to", example="2028-12-31", aliases=("截止日期", "终止日期", "有效期至")),
        _DOCUMENT,
    ),
    "declarations": (
        _USCC,
        Column(name="year", zh="年度", en="Year", example="2026", aliases=("年份", "申报年度"), is_required=True),
        _KIND,
        Column(
            name="machines",
            zh="重点设备台数",
            en="Machines",
            example="12",
            aliases=("台数", "设备台数", "数量"),
            is_required=True,
        ),
        Column(name="declared_on", zh="申报日期", en="Declared on", example="2026-01-15", aliases=("日期",), is_required=True),
        _DOCUMENT,
    ),
    "gateways": (
        Column(name="name", zh="网关", en="Gateway", example="rencheng-1", aliases=("网关名称", "网关编号"), is_required=True),
        _USCC,
        Column(
            name="certificate_sha256",
            zh="证书指纹",
            en="Certificate SHA-256",
            example=":".join(["AB"] * 32),
            aliases=("证书SHA-256", "SHA-256", "指纹", "证书指纹SHA256"),
            is_required=True,
        ),
        _SIMULATOR,
    ),
}


@cache
def _headings(table: TableName) -> dict[str, Column]:
    return {plain(word): column for column in COLUMNS[table] for word in (column.name, column.zh, column.en, *column.aliases)}


def column_of(table: TableName, heading: str) -> Column | None:
    """Find the column that a heading stands over; what stands in brackets behind it, such as （必填）, is a remark."""
    return _headings(table).get(plain(_REMARK.sub("", heading)))


def template_csv(table: TableName, language: Literal["zh", "en"] = "zh") -> bytes:
    """Make an empty table with its headings and one row of example, as CSV with byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_template(table, language))
    return text.getvalue().encode("utf-8-sig")


def template_workbook(table: TableName, language: Literal["zh", "en"] = "zh") -> bytes:
    """Make the same for Excel, with all cells as text: it would turn codes into numbers and serial numbers into days."""
    from openpyxl import Workbook  # noqa: PLC0415 - a third of a second of loading that only this has to pay

    book = Workbook()
    sheet = book.active
    for cells in _template(table, language):
        sheet.append(cells)
    for number, _ in enumerate(COLUMNS[table], start=1):
        for row in range(1, _TEXT_ROWS + 1):
            sheet.cell(row, number).number_format = "@"
        sheet.column_dimensions[sheet.cell(1, number).column_letter].width = 24
    sheet.freeze_panes = "A2"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _template(table: TableName, language: Literal["zh", "en"]) -> list[list[str]]:
    mark = {"zh": "（必填）", "en": " (required)"}[language]
    return [
        [getattr(one, language) + (mark if one.is_required else "") for one in COLUMNS[table]],
        [one.example for one in COLUMNS[table]],
    ]
