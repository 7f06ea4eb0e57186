"""Trainings: who came is a list of codes, each checked, each counted once."""

import re
from typing import NamedTuple

from registry.uscc import judge

MOST_PARTICIPANTS = 5000
_BETWEEN = re.compile(r"[\n\r,;，；、\t]+")


class Participants(NamedTuple):
    """Codes as they are stored, and for each line that is none its number, what stands there and why."""

    codes: list[str]
    refused: list[tuple[int, str, str, str]]


def read_participants(text: str) -> Participants:
    """Read codes, one a line or between commas; a code that comes twice is one enterprise."""
    codes: dict[str, None] = {}
    refused: list[tuple[int, str, str, str]] = []
    for number, part in enumerate(filter(None, (piece.strip() for piece in _BETWEEN.split(text))), 1):
        found = judge(part)
        if found.is_refused:
            refused.append((number, part[:40], found.hint_zh, found.hint_en))
        else:
            codes[found.code] = None
    if len(codes) > MOST_PARTICIPANTS:
        zh, en = f"一次培训最多 {MOST_PARTICIPANTS} 家", f"at most {MOST_PARTICIPANTS} enterprises a training"
        refused.append((MOST_PARTICIPANTS + 1, "", zh, en))
    return Participants(list(codes), refused)
