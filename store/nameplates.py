"""What stands on a machine, where it stands and who looks after it; filled in by people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from store.database import Database
from store.sql_files import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """One machine's; a text that nobody has filled in is empty."""

    equipment_id: int
    maker: str = ""
    model: str = ""
    serial_number: str = ""
    made_year: int | None = None
    commissioned_on: date | None = None
    rated: Mapping[str, Sequence[float | str]] = field(default_factory=dict)
    """Name to ``[value, unit]``."""
    location: str = ""
    area: str = ""
    responsible: str = ""
    documents: Sequence[Mapping[str, str]] = ()
    """Each with ``title`` and ``address``."""


def nameplate(database: Database, equipment_id: int) -> Nameplate | None:
    """Give a machine's nameplate, or None where nobody has filled one in."""
    with database.connection() as connection:
        row = connection.execute(query("plant", "nameplate"), {"id": equipment_id}).fetchone()
    if row is None:
        return None
    _, maker, model, serial_number, made_year, commissioned_on, rated, location, area, responsible, documents = row
    return Nameplate(
        equipment_id=equipment_id,
        maker=maker,
        model=model,
        serial_number=serial_number,
        made_year=made_year,
        commissioned_on=commissioned_on,
        rated=rated,
        location=location,
        area=area,
        responsible=responsible,
        documents=documents,
    )


def save_nameplate(database: Database, plate: Nameplate) -> None:
    """Store a nameplate in place of what was there.

    Raises
    ------
    ValueError
        If a document's address is neither on this server nor of the web: it becomes a link that people follow.
    """
    for document in plate.documents:
        if not document["address"].startswith(("https://", "http://", "/")):
            raise ValueError(f"the address of a document begins with https://, http:// or /: {document['address'][:80]!r}")
    values = asdict(plate) | {"rated": json.dumps(plate.rated), "documents": json.dumps(plate.documents)}
    with database.connection() as connection:
        connection.execute(query("plant", "save_nameplate"), values)
