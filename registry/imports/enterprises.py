"""Enterprises: every row is one, by its code; a code that is there already is brought up to date."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from registry.imports.cells import Cells
from registry.imports.checked import Bringer, Checked, FirstLines, codes_in, verdict
from registry.imports.places import Places, PlaceWords
from registry.imports.report import RowReport, State
from registry.imports.tables import Mistake
from registry.industries import Sector, industries, industry_code, sector_by_code, sector_of
from registry.names import plain
from store.city_bulk import branch_heads, enterprises_by_code, save_enterprises
from store.city_registry import Enterprise
from store.database import Connection

_SECTOR_WORDS: dict[Sector, tuple[str, ...]] = {
    "industry": ("industry", "工业", "工业企业"),
    "services": ("services", "服务业", "服务业企业"),
    "individual_or_farm": ("individual_or_farm", "个体工商户", "农业企业", "个体工商户、农业企业"),
}
_SECTORS: dict[str, Sector] = {plain(word): sector for sector, words in _SECTOR_WORDS.items() for word in words}


def check(connection: Connection, rows: Sequence[Cells], places: Places, by: Bringer) -> Checked:
    """Check a table of enterprises."""
    named = codes_in(rows) | codes_in(rows, "head_uscc")
    known, heads = enterprises_by_code(connection, named), branch_heads(connection, named)
    words = PlaceWords(places, by.today)
    first, read = FirstLines(), list[tuple[Cells, Enterprise | None, State]]()
    for cells in rows:
        found = _read(cells, known, words, by)
        if found is not None:
            first.refuse_second(cells, found.uscc, "uscc")
        read.append((cells, found, _state(found, known)))
    brought = {found.uscc: found for _, found, _ in read if found is not None}
    for cells, found, _ in read:
        if found is not None and found.head_uscc is not None:
            _check_head(cells, found, {**known, **brought}, heads)
    changed = [found for cells, found, state in read if found is not None and state is not State.UNCHANGED]
    return Checked(rows=[_verdict(*one) for one in read], write=partial(save_enterprises, enterprises=changed))


def _read(cells: Cells, known: dict[str, Enterprise], words: PlaceWords, by: Bringer) -> Enterprise | None:
    """Read a row; a blank cell keeps what is stored."""
    judged, name = cells.code("uscc"), cells.text("name")
    area, department = words.area(cells), words.department(cells)
    head = cells.code("head_uscc")
    industry, edition = _industry(cells)
    is_independent = cells.flag("is_independent")
    address, contact, verified_by = cells.text("address", most=400), cells.text("contact"), cells.text("verified_by")
    verified_on = cells.day("verified_on")
    if judged is None:
        return None
    if verified_on is not None and verified_on > by.today:
        cells.refuse("verified_on", Mistake("核验日期在今天之后", "after today"))
    if head is not None and is_independent:
        cells.refuse("is_independent", Mistake("分支机构不是独立法人", "a branch is no independent legal person"))
    before = known.get(judged.code)
    if before is not None and before.retired_at is not None:
        cells.refuse("uscc", Mistake("企业已注销，请先恢复", "this enterprise is retired; reinstate it first"))
    base = before or Enterprise(uscc=judged.code, name=name, area="", registered_by=by.name)
    if by.is_form and before is not None:
        kept = (before.area, before.registered_by, before.registered_at, before.sector)
        base = Enterprise(uscc=before.uscc, name=name, area=kept[0], registered_by=kept[1], registered_at=kept[2], sector=kept[3])
    made = replace(
        base,
        name=name or base.name,
        area=area or base.area,
        department=department or base.department,
        head_uscc=head.code if head else base.head_uscc,
        industry=industry or base.industry,
        industry_edition=edition or base.industry_edition,
        is_independent=base.is_independent if is_independent is None else is_independent,
        address=address or base.address,
        contact=contact or base.contact,
        verified_by=verified_by or base.verified_by,
        verified_on=verified_on or base.verified_on,
        code_state="valid" if judged.trouble is None else "for_review",
        code_problem="" if judged.trouble is None else judged.trouble.value,
    )
    if made.head_uscc is not None and is_independent is None:
        made = replace(made, is_independent=False)
    return replace(made, sector=_sector(cells, made, before))


def _industry(cells: Cells) -> tuple[str, str]:
    typed, edition = cells.text("industry"), cells.text("industry_edition")
    code = ""
    if typed:
        try:
            code = industry_code(typed)
        except ValueError as error:
            zh = "不是 GB/T 4754 代码：应为门类字母 A 至 T 加 2 至 4 位数字，且大类在该门类范围内，如 C3411"
            cells.refuse("industry", Mistake(zh, str(error)))
    editions = industries().editions
    if edition and edition not in editions:
        cells.refuse("industry_edition", Mistake(f"应为 {'、'.join(editions)}", f"one of {', '.join(editions)}"))
        return code, ""
    return code, edition or (editions[-1] if code else "")


def _sector(cells: Cells, made: Enterprise, before: Enterprise | None) -> str:
    """Follow code, then what is written, then industry; a code of an individual business leaves no choice."""
    written = cells.word("sector", lambda word: _SECTORS.get(plain(word)), ["工业", "服务业", "个体工商户"])
    by_code = sector_by_code(made.uscc)
    if written and by_code is not None and written != by_code:
        cells.refuse(
            "sector", Mistake("与信用代码不符：92、93 开头的是个体工商户、合作社", "codes of 92 and 93 are individual_or_farm")
        )
    stored = before.sector if before is not None and cells.is_blank("industry") else None
    found = by_code or written or stored or sector_of(made.uscc, made.industry)
    if found is None and not cells.is_refused:
        cells.refuse("sector", Mistake("请填写行业代码或统计类别", "fill in the industry code or the sector"))
    return found or made.sector


def _check_head(cells: Cells, branch: Enterprise, known: dict[str, Enterprise], heads: frozenset[str]) -> None:
    """Refuse a legal person that is none, so that branches are one level deep."""
    head = known.get(branch.head_uscc or "")
    if branch.head_uscc == branch.uscc:
        cells.refuse("head_uscc", Mistake("不能是企业自己", "an enterprise is no branch of its own"))
    elif head is None:
        cells.refuse(
            "head_uscc", Mistake("总公司尚未登记，也不在表中", "the legal person is neither registered nor in the table")
        )
    elif head.head_uscc is not None:
        cells.refuse("head_uscc", Mistake("它本身是分支机构", "it is a branch itself"))
    elif branch.uscc in heads:
        cells.refuse("head_uscc", Mistake("该企业下有分支机构，不能再作为分支机构", "this enterprise has branches of its own"))


def _state(found: Enterprise | None, known: dict[str, Enterprise]) -> State:
    if found is None:
        return State.REFUSED
    before = known.get(found.uscc)
    if before == found:
        return State.UNCHANGED
    if found.code_state == "for_review":
        return State.FOR_REVIEW
    return State.NEW if before is None else State.CHANGED


def _verdict(cells: Cells, found: Enterprise | None, state: State) -> RowReport:
    return verdict(cells, cells.peek("uscc") if found is None else f"{found.uscc} {found.name}", state)
