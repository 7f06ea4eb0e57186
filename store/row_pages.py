"""Pages of long lists: how many rows there are, and some of them."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from store.database import Database
from store.sql_files import query_text

T = TypeVar("T", int, str)


def read_page(
    database: Database, topic: str, items: str, *, order: str, values: Mapping[str, object]
) -> tuple[int, list[tuple[Any, ...]]]:
    """Run ``count_<items>`` and ``list_<items>`` over the rows that ``<items>_found`` describes.

    ``order`` is SQL of ours; ``values`` hold the filters, ``limit`` and ``offset``.
    """
    found = query_text(topic, f"{items}_found").decode()
    with database.connection() as connection:
        ((total,),) = connection.execute(query_text(topic, f"count_{items}", found=found), values).fetchall()
        rows = connection.execute(query_text(topic, f"list_{items}", found=found, order=order), values).fetchall()
    return total, rows


def as_list(values: Collection[T] | None) -> list[T] | None:
    """Write a filter's values as an SQL array; None, which is no filter, stays None."""
    return None if values is None else sorted(values)


def by_rank(column: str) -> str:
    """Write the order of priorities and severities, the worst first."""
    return f"array_position(ARRAY['critical', 'high', 'medium', 'low'], {column})"
