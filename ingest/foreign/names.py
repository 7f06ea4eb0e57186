"""Legal names for what others have named freely: the same name always becomes the same, and two never become one."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

_ILLEGAL = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 64


def legal_name(name: str, *, word: str, dot_is_legal: bool = True) -> str:
    """Write a blank as ``_`` and a slash as a dot; where more than that is lost, a mark made from the whole name is added.

    ``word`` stands where nothing of the name is left, as with Chinese ones.
    """
    plain = name.replace(" ", "_").replace("/", ".")
    kept = _ILLEGAL.sub("_", plain if dot_is_legal else plain.replace(".", "_")).lstrip("_.-")
    return kept if kept == plain and 0 < len(kept) <= _LONGEST else marked(name, kept.strip("_.-") or word)


def marked(name: str, kept: str) -> str:
    """Add eight digits that only this name gives."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{kept[: _LONGEST - 9]}-{digest}"


def signal_names(metrics: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Give the signal of every metric of a device; metrics that would share a signal's name are all marked."""
    names = {metric: mapping.get(metric) or legal_name(metric, word="metric") for metric in metrics}
    uses = Counter(names.values())
    return {
        metric: signal if uses[signal] == 1 or metric in (mapping.keys() | {signal}) else marked(metric, signal)
        for metric, signal in names.items()
    }
