"""What enterprises are named and what they declare: labels, and key equipment by year."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from registry.imports.cells import Cells
from registry.imports.checked import Bringer, Checked, FirstLines, codes_in, registered, verdict
from registry.imports.report import State
from registry.imports.tables import Mistake
from registry.names import forms_of, kind_of, kinds, label_of, labels, level_of, plain
from store.city_bulk import (
    add_labels,
    change_labels,
    declarations_of,
    enterprises_by_code,
    labels_of,
    save_declarations,
)
from store.city_registry import Declaration, EnterpriseLabel
from store.database import Connection

MOST_MACHINES = 1_000_000
_FIRST_YEAR, _YEARS_AHEAD = 2010, 1


def check_labels(connection: Connection, rows: Sequence[Cells], by: Bringer) -> Checked:
    """Check a table of labels; one that is there already may get another last day or document."""
    named = codes_in(rows)
    known = enterprises_by_code(connection, named)
    stored = {_label_key(one): (number, one) for number, one in labels_of(connection, named)}
    new, changed, seen = list[EnterpriseLabel](), list[tuple[int, EnterpriseLabel]](), FirstLines()
    checked = Checked(write=lambda connection: _write_labels(connection, new, changed))
    for cells in rows:
        uscc = registered(cells, known)
        label = cells.word("label", label_of, [one.label_zh for one in labels().labels.values()])
        level = cells.word("level", level_of, [one.label_zh for one in labels().levels.values()])
        form = _form(cells, label)
        first, last, document = cells.day("valid_from"), cells.day("valid_to"), cells.text("document")
        if first is not None and last is not None and last < first:
            cells.refuse("valid_to", Mistake("早于有效期起", "before the first day"))
        if cells.is_refused or first is None:
            checked.rows.append(verdict(cells, cells.peek("uscc"), State.REFUSED))
            continue
        made = EnterpriseLabel(
            uscc=uscc,
            label=label,
            level=level,
            form=form,
            valid_from=first,
            valid_to=last,
            document=document,
            recorded_by=by.name,
        )
        seen.refuse_second(cells, _label_key(made), None)
        before = stored.get(_label_key(made))
        state = State.NEW
        if before is None:
            new.append(made)
        elif replace(made, recorded_by=before[1].recorded_by) == before[1]:
            state = State.UNCHANGED
        else:
            changed.append((before[0], made))
            state = State.CHANGED
        checked.rows.append(verdict(cells, f"{uscc} {labels().labels[label].label_zh}", state))
    return checked


def _form(cells: Cells, label: str) -> str:
    """Read what a label is of; where a document tells some apart, it is one of those."""
    typed = cells.text("form")
    forms = forms_of(label)
    if not typed or not label:
        return ""
    found = next((name for name in forms if plain(typed) in (plain(name), plain(f"{name}上云"))), None)
    if found is None:
        names = "、".join(forms)
        zh, en = (f"应为 {names}", f"one of {names}") if forms else ("该称号不分类型", "this label is not of anything")
        cells.refuse("form", Mistake(zh, en))
    return found or ""


def _label_key(one: EnterpriseLabel) -> tuple[object, ...]:
    return one.uscc, one.label, one.level, one.form, one.valid_from


def _write_labels(connection: Connection, new: Sequence[EnterpriseLabel], changed: Sequence[tuple[int, EnterpriseLabel]]) -> None:
    change_labels(connection, changed)
    add_labels(connection, new)


def check_declarations(connection: Connection, rows: Sequence[Cells], by: Bringer) -> Checked:
    """Check a table of declared key equipment; a later one of the same enterprise, year and kind takes the place of the first."""
    named = codes_in(rows)
    known = enterprises_by_code(connection, named)
    stored = {(one.uscc, one.year, one.kind): one for one in declarations_of(connection, named)}
    made, seen = list[Declaration](), FirstLines()
    checked = Checked(write=partial(save_declarations, declarations=made))
    for cells in rows:
        uscc = registered(cells, known)
        year = cells.whole("year", least=_FIRST_YEAR, most=by.today.year + _YEARS_AHEAD)
        kind = cells.word("kind", kind_of, [one.name for one in kinds().kinds.values()])
        count = cells.whole("machines", least=0, most=MOST_MACHINES)
        day, document = cells.day("declared_on"), cells.text("document")
        if day is not None and day > by.today:
            cells.refuse("declared_on", Mistake("申报日期在今天之后", "after today"))
        if cells.is_refused or year is None or count is None or day is None:
            checked.rows.append(verdict(cells, cells.peek("uscc"), State.REFUSED))
            continue
        one = Declaration(uscc=uscc, year=year, kind=kind, machines=count, declared_on=day, document=document)
        key = (uscc, year, kind)
        seen.refuse_second(cells, key, None)
        before = stored.get(key)
        state = State.NEW if before is None else State.UNCHANGED if before == one else State.CHANGED
        if state is not State.UNCHANGED:
            made.append(one)
        checked.rows.append(verdict(cells, f"{uscc} {year} {kinds().kinds[kind].name}", state))
    return checked
