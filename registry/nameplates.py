"""The key of a nameplate: what tells one machine from another, without what differs by typing alone."""

import unicodedata

_LOOSE = frozenset("PZSCM")
"""First letters of the categories of Unicode that a key leaves out: punctuation, blanks, symbols, control marks, accents."""


def nameplate_key(maker: str, model: str, serial_number: str) -> str:
    """Give ``MAKER|MODEL|SERIAL``: half width, upper case, letters and digits alone; empty where one of the three has none.

    Two machines with one key are twins: one of the nameplates is copied, or two enterprises say that a machine is theirs.
    """
    parts = [_plain(part) for part in (maker, model, serial_number)]
    return "|".join(parts) if all(parts) else ""


def _plain(text: str) -> str:
    # Case may bring accents of its own (as with ǰ), so that the text is taken apart on both sides of it.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().upper())
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in _LOOSE)
