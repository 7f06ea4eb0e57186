"""Machines: every row is one, found again by its nameplate, by where its readings come from, or by its label."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from re import fullmatch

from registry.imports.cells import Cells
from registry.imports.checked import Bringer, Checked, FirstLines, codes_in, registered, verdict
from registry.imports.report import State
from registry.imports.tables import Mistake
from registry.nameplates import nameplate_key
from registry.names import kind_of, kinds
from store.city_bulk import add_machines, change_machines, enterprises_by_code, standing_machines
from store.city_registry import Enterprise, Machine
from store.database import Connection
from telemetry.topics import NAME_PATTERN

_FIRST_YEAR = 1900
_TEXTS = ("label", "maker", "model", "serial_number", "registration_code", "place", "gateway", "equipment_name")
Numbered = tuple[int, Machine]


def check(connection: Connection, rows: Sequence[Cells], by: Bringer) -> Checked:
    """Check a table of machines."""
    known = enterprises_by_code(connection, codes_in(rows))
    read = [(cells, _read(cells, known, by)) for cells in rows]
    machines = [machine for _, machine in read if machine is not None]
    standing = _Standing(
        standing_machines(
            connection,
            usccs={one.uscc for one in machines},
            keys={one.nameplate_key for one in machines} - {""},
            gateways={one.gateway for one in machines} - {""},
        )
    )
    new, changed = list[Machine](), list[Numbered]()
    checked = Checked(write=lambda connection: _write(connection, new, changed))
    seen = FirstLines()
    owners: dict[str, tuple[str, int]] = {}
    for cells, machine in read:
        if machine is None:
            checked.rows.append(verdict(cells, cells.peek("uscc"), State.REFUSED))
            continue
        before = standing.find(machine)
        found = machine if before is None else _merged(before[1], machine)
        state = _state(cells, found, before, standing)
        _refuse_seconds(cells, found, seen)
        if found.nameplate_key and state is not State.UNCHANGED:
            owner, line = owners.setdefault(found.nameplate_key, (found.uscc, cells.line))
            if owner != found.uscc:
                cells.remark(
                    "serial_number",
                    Mistake(f"与第{line}行另一企业的设备铭牌相同", f"the same nameplate as line {line}, of another"),
                )
                state = State.TWIN
        checked.rows.append(verdict(cells, f"{found.uscc} {_name(found)}", state))
        if before is None:
            new.append(found)
        elif state is not State.UNCHANGED and found != before[1]:
            changed.append((before[0], found))
    return checked


def _read(cells: Cells, known: dict[str, Enterprise], by: Bringer) -> Machine | None:
    uscc = registered(cells, known)
    kind = cells.word("kind", kind_of, _kind_names())
    texts = {name: cells.text(name) for name in _TEXTS}
    year = cells.whole("made_year", least=_FIRST_YEAR, most=by.today.year)
    is_simulator = cells.flag("is_simulator")
    for name in ("gateway", "equipment_name"):
        if texts[name] and not fullmatch(NAME_PATTERN, texts[name]):
            cells.refuse(
                name, Mistake("只能由字母、数字和 . _ - 组成，最多64个字符", "letters, digits and . _ - alone, at most 64")
            )
    if bool(texts["gateway"]) != bool(texts["equipment_name"]):
        missing = "equipment_name" if texts["gateway"] else "gateway"
        cells.refuse(missing, Mistake("网关与网关内设备名须同时填写", "gateway and name at the gateway are given together"))
    key = nameplate_key(texts["maker"], texts["model"], texts["serial_number"])
    if not (key or texts["gateway"] or texts["label"]):
        hint = Mistake(
            "请填写完整铭牌（制造商、型号、出厂编号）、网关或设备名称", "give the whole nameplate, a gateway, or a label"
        )
        cells.refuse("label", hint)
    if cells.is_refused:
        return None
    if not key:
        cells.remark("serial_number", Mistake("铭牌不完整，暂不计入", "the nameplate is not whole: it does not count yet"))
    return Machine(
        uscc=uscc, kind=kind, nameplate_key=key, made_year=year, is_simulator=bool(is_simulator), registered_by=by.name, **texts
    )


@cache
def _kind_names() -> list[str]:
    return [kind.name for kind in kinds().kinds.values()]


class _Standing:
    """Machines of the registry, to be found as a table names them."""

    def __init__(self, machines: Sequence[Numbered]) -> None:
        self.by_readings = {(one.gateway, one.equipment_name): (number, one) for number, one in machines if one.gateway}
        self.by_key: dict[str, list[Numbered]] = {}
        self.by_label: dict[tuple[str, str, str], Numbered] = {}
        for number, one in machines:
            if one.nameplate_key:
                self.by_key.setdefault(one.nameplate_key, []).append((number, one))
            elif one.label:
                self.by_label.setdefault((one.uscc, one.kind, one.label), (number, one))

    def find(self, machine: Machine) -> Numbered | None:
        """Find the machine that is meant; another enterprise's never is."""
        own = (one for one in self.by_key.get(machine.nameplate_key, []) if one[1].uscc == machine.uscc)
        by_readings = self.by_readings.get((machine.gateway, machine.equipment_name))
        if by_readings is not None and (
            by_readings[1].uscc != machine.uscc or not _may_be(by_readings[1].nameplate_key, machine.nameplate_key)
        ):
            by_readings = None
        return next(own, None) or by_readings or self.by_label.get((machine.uscc, machine.kind, machine.label))


def _may_be(stored: str, brought: str) -> bool:
    """Tell whether two keys can be of one machine: one that is not whole may have been filled in."""
    return stored == brought or not stored or not brought


def _merged(before: Machine, brought: Machine) -> Machine:
    """Bring a machine up to date; what is blank in the table stays as it is stored."""
    given = {name: getattr(brought, name) or getattr(before, name) for name in (*_TEXTS, "made_year")}
    key = nameplate_key(given["maker"], given["model"], given["serial_number"])
    marked = before.is_simulator or brought.is_simulator  # a table does not take the mark of a simulator away by leaving it out
    return replace(before, kind=brought.kind, nameplate_key=key, is_simulator=marked, **given)


def _state(cells: Cells, found: Machine, before: Numbered | None, standing: _Standing) -> State:
    number = None if before is None else before[0]
    if found.gateway:
        other = standing.by_readings.get((found.gateway, found.equipment_name))
        if other is not None and other[0] != number:
            hint = Mistake(
                f"该数据已属于 {other[1].uscc} 的设备", f"these readings are already those of a machine of {other[1].uscc}"
            )
            cells.refuse("equipment_name", hint)
    twins = [one for one in standing.by_key.get(found.nameplate_key, []) if one[0] != number]
    if before is not None and found == before[1]:
        return State.UNCHANGED
    if twins:
        whose = ", ".join(sorted({one[1].uscc for one in twins})[:3])
        cells.remark("serial_number", Mistake(f"与 {whose} 的设备铭牌相同", f"the same nameplate as a machine of {whose}"))
        return State.TWIN
    return State.NEW if before is None else State.CHANGED


def _refuse_seconds(cells: Cells, found: Machine, seen: FirstLines) -> None:
    if found.nameplate_key:
        if seen.refuse_second(cells, ("key", found.uscc, found.nameplate_key), "serial_number"):
            return
    elif found.label and seen.refuse_second(cells, ("label", found.uscc, found.kind, found.label), "label"):
        return
    if found.gateway:
        seen.refuse_second(cells, ("readings", found.gateway, found.equipment_name), "equipment_name")


def _name(machine: Machine) -> str:
    return (
        machine.label or " ".join(filter(None, (machine.maker, machine.model, machine.serial_number))) or machine.equipment_name
    )


def _write(connection: Connection, new: Sequence[Machine], changed: Sequence[Numbered]) -> None:
    change_machines(connection, changed)
    add_machines(connection, new)
