"""Statements of use of one machine: signed, chained, for lessors and banks to check by themselves."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from analytics.leasing.chain import Break
from analytics.statements.checking import broken_in
from dashboards.api.series import SeenEquipment
from dashboards.asking import EquipmentId, Offset, example
from dashboards.context import CurrentDatabase
from dashboards.list_questions import Limit
from dashboards.live.equipment_json import iso
from store.database import Database
from store.statements import StatementRow, newest_statements, public_keys, statements

router = APIRouter(prefix="/api/v1/equipment/{equipment_id}", tags=["statements"])

JSON_LINES = "application/jsonl"
_PIECE = 500
_EXAMPLE: dict[str, Any] = {
    "equipment": 7,
    "total": 31,
    "offset": 0,
    "limit": 50,
    "key_id": "22b724b0e7953460",
    "public_key": "4e06a51c15c1612b38c1be651b13572d0f22469d0a333e6bb3a575aea54cea0d",
    "newest_hash": "5f2c" + 60 * "0",
    "broken": None,
    "items": [
        {
            "number": 1,
            "day": "2026-03-04",
            "made_at": "2026-03-04T17:00:00.000Z",
            "hash": "5f2c" + 60 * "0",
            "previous": 64 * "0",
            "signature": 128 * "0",
            "key_id": "22b724b0e7953460",
            "statement": {"version": 1, "machine": "SYX22", "day": "2026-03-04", "hours": "10.00"},
        }
    ],
}


def _chain_id(equipment_id: EquipmentId, equipment: SeenEquipment, database: CurrentDatabase) -> int:
    """Give whose statements are meant: those of the id itself, which a machine merged into another keeps, or of the machine."""
    return equipment_id if newest_statements(database, [equipment_id]) else equipment.id


ChainId = Annotated[int, Depends(_chain_id)]


@router.get("/statements", responses=example(_EXAMPLE))
def list_statements(*, chain_id: ChainId, database: CurrentDatabase, limit: Limit = 50, offset: Offset = 0) -> dict[str, Any]:
    """List a machine's statements, the first first, with the public key and whether the whole chain holds now.

    ``broken`` is null where it holds, else the first statement that does not, and why. Check for yourself with
    ``statements.jsonl`` and the key that the plant has given you: this server could show a key of its own.
    """
    rows = statements(database, chain_id)
    key_id = rows[-1].key_id if rows else None
    key = public_keys(database).get(key_id or "")
    return {
        "equipment": chain_id,
        "total": len(rows),
        "offset": offset,
        "limit": limit,
        "key_id": key_id,
        "public_key": None if key is None else key.hex(),
        "newest_hash": rows[-1].hash.hex() if rows else None,
        "broken": break_json(broken_in(rows, database)),
        "items": [_json(row) for row in rows[offset : offset + limit]],
    }


@router.get("/statements.jsonl", response_class=StreamingResponse, responses={200: {"content": {JSON_LINES: {}}}})
def download_statements(equipment: SeenEquipment, chain_id: ChainId, database: CurrentDatabase) -> StreamingResponse:
    """Give the whole chain as JSON lines, byte by byte as it is signed: ``shangyun statements verify`` reads it."""
    headers = {"content-disposition": f'attachment; filename="statements-{equipment.name}.jsonl"'}
    return StreamingResponse(lines_of(database, chain_id), media_type=JSON_LINES, headers=headers)


def lines_of(database: Database, chain_id: int) -> Iterator[bytes]:
    """Read a chain piece by piece, so that a long one takes no memory."""
    after = 0
    while rows := statements(database, chain_id, after=after, limit=_PIECE):
        yield b"".join(row.line + b"\n" for row in rows)
        after = rows[-1].number


def break_json(broken: Break | None) -> dict[str, Any] | None:
    return None if broken is None else {"number": broken.line, "why": broken.why, "detail": broken.detail}


def _json(row: StatementRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "day": row.day.isoformat(),
        "made_at": None if row.made_at is None else iso(row.made_at),
        "hash": row.hash.hex(),
        "previous": row.previous_hash.hex(),
        "signature": row.signature.hex(),
        "key_id": row.key_id,
        "statement": statement_of(row),
    }


def statement_of(row: StatementRow) -> dict[str, Any]:
    """Read a statement; what was made unreadable by force is shown as nothing, and the chain is broken there anyway."""
    try:
        found: Any = row.statement
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
