"""A table for spreadsheets: UTF-8 with byte order mark, RFC 4180, and no cell that a spreadsheet would take for a formula."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from fastapi.responses import StreamingResponse

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel in China reads the bytes as GBK."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_A_PIECE = 500


def csv_response(name: str, header: list[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """Stream rows as the file ``name.csv``."""
    plain_name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return StreamingResponse(
        _pieces(header, rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f"attachment; filename=\"{plain_name}.csv\"; filename*=UTF-8''{quote(name, safe='')}.csv"
        },
    )


def _pieces(header: list[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # its line ends are CRLF, as RFC 4180 has them
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow([_cell(title) for title in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if number % _ROWS_A_PIECE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece


def _cell(value: object) -> object:
    """Keep numbers, leave out what is none, and put a quote before text that would run as a formula."""
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
