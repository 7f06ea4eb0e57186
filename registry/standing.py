"""Enterprises and machines go out of the registry, and come back."""

from typing import Literal

from registry.imports.importing import Record
from registry.uscc import normalise
from store.city_registry import reinstate_enterprise, reinstate_machine, retire_enterprise, retire_machine
from store.database import Database, RowRefused

_MOST_ID = 2**31 - 1


class NotChangedError(Exception):
    """It is not there, or stands already as it should."""


def change(database: Database, what: Literal["retire", "reinstate"], subject: str, *, record: Record) -> str:
    """Retire or reinstate an enterprise (by its code) or a machine (by its number), and tell of it in a sentence.

    Raises
    ------
    NotChangedError
    """
    is_machine = subject.isascii() and subject.isdigit() and len(subject) < 15
    name = subject if is_machine else normalise(subject)
    try:
        with database.connection() as connection:
            if is_machine:
                number = int(subject)
                done = 0 < number <= _MOST_ID and {"retire": retire_machine, "reinstate": reinstate_machine}[what](
                    connection, number
                )
            else:
                done = {"retire": retire_enterprise, "reinstate": reinstate_enterprise}[what](connection, name)
            if done:
                record(connection, f"city.{what}_{'machine' if is_machine else 'enterprise'}", name, {})
    except RowRefused:
        raise NotChangedError(f"{name}: another machine has these readings by now") from None
    if not done:
        state = {"retire": "standing", "reinstate": "retired (a machine of a retired enterprise comes back with it)"}[what]
        raise NotChangedError(f"{name} is no {'machine' if is_machine else 'enterprise'} that is {state}")
    return f"{name}: {what}d"
