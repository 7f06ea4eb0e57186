"""The application form as a Word document (.docx), laid out as the province prints it: 宋体, 小四, one table a part."""

import io
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from registry.stars.edition import Edition, Item
from registry.stars.refusals import refusal
from store.city_stars import Application

if TYPE_CHECKING:
    from docx.document import Document

FONT = "宋体"
FONT_POINTS = 12
"""小四."""
_STARS = {3: "三星级", 4: "四星级", 5: "五星级"}
_FORMS = {"public": "公有云", "private": "私有云", "hybrid": "混合云"}
_INSTRUCTIONS = (
    "1、本表格式由江苏省经信委统一制定。",
    "2、内容用宋体、小四号字填写。",
    "3、申请材料为本表两份及配套证明材料，均须在指定处加盖公章。",
)
_PLAIN = (
    ("中文名称", "name"),
    ("单位性质", "nature"),
    ("注册地址", "registered_address"),
    ("注册号", "registration_number"),
    ("法人代表", "legal_representative"),
    ("公司网址", "website"),
)
_CONTACT = (
    ("姓名", "contact_name", "职务", "contact_duty"),
    ("办公电话", "contact_office_phone", "手机", "contact_mobile"),
    ("传真", "contact_fax", "电子邮箱", "contact_email"),
)


def form_document(one: Application, edition: Edition, *, today: date) -> bytes:
    """Print an application.

    Raises
    ------
    StarRefusal
        If the package python-docx is not installed (``pip install 'shangyun[city]'``).
    """
    try:
        import docx  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise refusal(
            "服务器未安装 python-docx：pip install 'shangyun[city]'",
            "the package python-docx is missing: pip install 'shangyun[city]'",
        ) from None
    document = docx.Document()
    _set_up(document)
    _cover(document, one, today)
    _basic(document, one)
    _papers(document, one, edition)
    _contents(document, one, edition)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: "Document") -> None:
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(FONT_POINTS)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(3)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.5)


def _cover(document: "Document", one: Application, today: date) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    for text, points, before in (("星级上云企业评定申请表", 26, 140), ("（试行）", 16, 6)):
        line = document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.space_before = Pt(before)
        run = line.add_run(text)
        run.font.size, run.bold = Pt(points), points > FONT_POINTS * 2
    for number, text in enumerate(
        (f"申报企业：{one.form.get('name', '')}　　　（盖章）", f"填报日期：{today.year}年{today.month}月{today.day}日")
    ):
        line = document.add_paragraph(text)
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.space_before = Pt(180 if number == 0 else 12)
    document.add_page_break()  # type: ignore[no-untyped-call]
    _heading(document, "填表说明")
    for text in _INSTRUCTIONS:
        document.add_paragraph(text)


def _basic(document: "Document", one: Application) -> None:
    form = one.form
    _heading(document, "申请单位基本情况")
    table = _table(document, 4)
    for label, name in _PLAIN:
        _wide(table, label, form.get(name, ""))
    for label, name, other_label, other_name in _CONTACT:
        _cells(table, (f"联系人{label}", form.get(name, ""), other_label, form.get(other_name, "")))
    _cells(table, ("总人数", f"{form.get('people', '')} 人", "使用云服务人员数量", f"{form.get('cloud_users', '')} 人"))
    _cells(table, ("申请评定星级", _STARS.get(one.star, str(one.star)), "上云形式", _FORMS[one.deployment]))
    _wide(table, "上云合作机构", form.get("cloud_partner", ""))
    _cells(table, ("上云开始时间", _month(form.get("cloud_since", "")), "所处行业", form.get("industry", "")))
    _wide(table, "计划接受评定时间", _month(form.get("planned_month", "")))
    _wide(table, "上云范围及内容简介", form.get("content_summary", ""))
    _wide(table, "上云综合绩效说明", form.get("performance_summary", ""))
    _wide(table, "申请单位意见", f"{form.get('opinion', '')}\n\n法人代表（签字）：　　　　　　　　年　　月　　日（公章）")
    _widths(table, (3.6, 4.4, 4.0, 4.0))


def _papers(document: "Document", one: Application, edition: Edition) -> None:
    """List the papers: those that came, and those that this form of cloud still needs."""
    _heading(document, "配套证明材料清单")
    table = _table(document, 3)
    _cells(table, ("序号", "材料", "名称、文号"), is_head=True)
    titles = {paper["code"]: paper["title"] for paper in one.attachments}
    wanted = [paper for paper in edition.attachments if paper.code in titles or one.deployment in paper.needed_for]
    for number, paper in enumerate(wanted, start=1):
        _cells(table, (str(number), paper.label_zh, titles.get(paper.code, "（未提供）")))
    _widths(table, (1.6, 7.4, 7.0))


def _contents(document: "Document", one: Application, edition: Edition) -> None:
    document.add_page_break()  # type: ignore[no-untyped-call]
    _heading(document, "附表：企业上云业务及绩效表")
    table = _table(document, 5)
    _cells(table, ("类", "子类", "域、子域", "是否上云", "上云内容（证明材料）"), is_head=True)
    for row in edition.rows:
        items: Iterable[Item] = edition.items_of(row.code)
        for item in items:
            said = one.contents.get(item.code)
            domain = " / ".join(dict.fromkeys((item.domain, item.label_zh)))
            note = "" if said is None else said["text"] + (f"（{said['document']}）" if said["document"] else "")
            _cells(table, (row.class_zh, item.sub_class, domain, "是" if said is not None else "否", note))
    for row in edition.rows:
        if row.form == "figure":
            figure = one.figures.get(row.code, {"value": "", "document": ""})
            value = f"{figure['value']} {row.unit_zh}" if figure["value"] else ""
            _cells(table, (row.class_zh, row.class_zh, row.label_zh, value, figure["document"]))
    _merge_same(table, columns=(0, 1))
    _widths(table, (2.4, 3.0, 3.8, 2.4, 4.4))


def _heading(document: "Document", text: str) -> None:
    line = document.add_paragraph()
    line.paragraph_format.keep_with_next = True
    line.add_run(text).bold = True


def _table(document: "Document", columns: int) -> Any:
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    table.autofit = False
    return table


def _cells(table: Any, texts: Iterable[str], *, is_head: bool = False) -> None:
    row = table.add_row()
    _keep_whole(row, is_head=is_head)
    for cell, text in zip(row.cells, texts, strict=True):
        cell.text = text
        for run in cell.paragraphs[0].runs:
            run.bold = is_head


def _wide(table: Any, label: str, text: str) -> None:
    """Add a row of a label and one cell over the rest."""
    row = table.add_row()
    row.cells[0].text = label
    row.cells[1].merge(row.cells[-1]).text = text


def _keep_whole(row: Any, *, is_head: bool) -> None:
    """Keep a row on one page, and repeat a head on each."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - the package has no other way
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))


def _merge_same(table: Any, *, columns: Iterable[int]) -> None:
    """Join cells of a column that say the same one below another; a table of 42 rows."""
    grid = [row.cells for row in table.rows]
    texts = [[cell.text for cell in cells] for cells in grid]
    for column in columns:
        start = 1
        for place in range(2, len(grid) + 1):
            # A sub-class ends with its class at the latest.
            if place < len(grid) and texts[place][: column + 1] == texts[start][: column + 1]:
                continue
            if place - start > 1:
                grid[start][column].merge(grid[place - 1][column]).text = texts[start][column]
            start = place


def _widths(table: Any, centimetres: tuple[float, ...]) -> None:
    from docx.shared import Cm  # noqa: PLC0415

    for row in table.rows:
        for cell, width in zip(row.cells, centimetres, strict=False):
            if cell.grid_span == 1:
                cell.width = Cm(width)
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)


def _month(text: str) -> str:
    year, _, month = text.partition("-")
    return f"{year}年{int(month)}月" if month.isdigit() else text
