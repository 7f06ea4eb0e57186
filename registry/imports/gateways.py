"""Gateways with the certificates that they enrolled with."""

from collections.abc import Sequence
from functools import partial
from re import fullmatch

from registry.enrolment import certificate_problem
from registry.imports.cells import Cells
from registry.imports.checked import Bringer, Checked, FirstLines, codes_in, registered, verdict
from registry.imports.report import State
from registry.imports.tables import Mistake
from store.city_bulk import EnrolledGateway, enterprises_by_code, gateways_like, save_gateways
from store.city_registry import Enterprise, Gateway
from store.database import Connection
from telemetry.topics import NAME_PATTERN


def check(connection: Connection, rows: Sequence[Cells], by: Bringer) -> Checked:
    """Check a table of gateways; a new certificate of a gateway takes the place of its old one."""
    known = enterprises_by_code(connection, codes_in(rows))
    read = [(cells, _read(cells, known, by)) for cells in rows]
    found = [one for _, one in read if one is not None]
    stored = gateways_like(connection, names={one.name for one in found}, certificates={one.certificate_sha256 for one in found})
    by_name = {one.gateway.name: one for one in stored}
    by_certificate: dict[bytes, list[EnrolledGateway]] = {}
    for one in stored:
        by_certificate.setdefault(one.gateway.certificate_sha256, []).append(one)
    made, seen = list[Gateway](), FirstLines()
    checked = Checked(write=partial(save_gateways, gateways=made))
    for cells, gateway in read:
        if gateway is None:
            checked.rows.append(verdict(cells, cells.text("name"), State.REFUSED))
            continue
        seen.refuse_second(cells, ("name", gateway.name), "name")
        seen.refuse_second(cells, ("certificate", gateway.certificate_sha256), "certificate_sha256")
        before = by_name.get(gateway.name)
        alike = by_certificate.get(gateway.certificate_sha256, [])
        problem = certificate_problem(gateway, [*alike, *([] if before is None else [before])])
        if problem is not None:
            cells.refuse("certificate_sha256", problem)
        state = _state(gateway, before)
        if state is not State.UNCHANGED:
            made.append(gateway)
        checked.rows.append(verdict(cells, f"{gateway.name} {gateway.uscc}", state))
    return checked


def _read(cells: Cells, known: dict[str, Enterprise], by: Bringer) -> Gateway | None:
    name, uscc = cells.text("name"), registered(cells, known)
    if name and not fullmatch(NAME_PATTERN, name):
        cells.refuse(
            "name", Mistake("只能由字母、数字和 . _ - 组成，最多64个字符", "letters, digits and . _ - alone, at most 64")
        )
    digits = "".join(letter for letter in cells.text("certificate_sha256") if letter not in ": -").lower()
    if digits and not fullmatch("[0-9a-f]{64}", digits):
        hint = Mistake("应为 SHA-256 指纹，64 位十六进制", "a fingerprint by SHA-256, 64 hexadecimal digits")
        cells.refuse("certificate_sha256", hint)
    is_simulator = cells.flag("is_simulator")
    if cells.is_refused:
        return None
    return Gateway(
        name=name, uscc=uscc, certificate_sha256=bytes.fromhex(digits), is_simulator=bool(is_simulator), enrolled_by=by.name
    )


def _state(gateway: Gateway, before: EnrolledGateway | None) -> State:
    if before is None:
        return State.NEW
    same = (before.gateway.certificate_sha256, before.gateway.is_simulator) == (gateway.certificate_sha256, gateway.is_simulator)
    return State.UNCHANGED if same else State.CHANGED
