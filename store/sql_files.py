"""Named statements: ``queries/<topic>.sql`` holds them, each under a line ``-- name: <name>``."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def query(topic: str, name: str) -> bytes:
    """Give one statement. Bytes, because psycopg takes them as a finished query where it suspects text."""
    return _topic(topic)[name]


def query_text(topic: str, name: str, **parts: str) -> bytes:
    """Give one statement with ``{parts}`` filled in: identifiers made by the program, never values."""
    return _topic(topic)[name].decode().format(**parts).encode()


@cache
def _topic(topic: str) -> dict[str, bytes]:
    pieces = _NAME.split((FOLDER / "queries" / f"{topic}.sql").read_text(encoding="utf-8"))
    return {name: text.strip().removesuffix(";").encode() for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}
