"""How users are called: written any way that a keyboard offers, compared in one."""

import re
import unicodedata

LONGEST = 40
_PATTERN = re.compile(rf"[\w.@-]{{1,{LONGEST}}}")


def normal_name(text: str) -> str:
    """Bring a name into the form that is stored: full-width letters and capitals are the same person.

    Raises
    ------
    ValueError
        If it cannot be a name.
    """
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not _PATTERN.fullmatch(name):
        raise ValueError(f"a name has 1 to {LONGEST} letters, digits and . _ - @")
    return name
