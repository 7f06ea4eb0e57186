"""Unified social credit codes (GB 32100-2015): 18 characters that stand for an enterprise for life.

[1] registering department, [2] body class, [3-8] division code of the authority where it was first registered, [9-17]
organisation code (GB 11714: eight characters and a check), [18] check over all before. Where the plant stands is not in it.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Without I, O, Z, S and V; the value of a character is its place (31 characters)."""
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
DEPARTMENTS = {
    "1": "123459",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "12349",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}
"""Registering departments, with the classes of bodies that each is known to give.

Under 9 these are enterprise, individual business and co-operative of farmers.
"""
_OLD_LENGTHS = {
    15: ("像是旧的15位注册号", "it looks like an old registration number of 15 digits"),
    9: ("像是旧的9位组织机构代码", "it looks like an old organisation code"),
}
_LOOK_ALIKES = {"I": "1", "O": "0", "Z": "2", "S": "5", "V": "U, Y"}
_PROVINCES = frozenset(
    map(str, [10, *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82])
)
"""First two digits of GB/T 2260; 10 is the national authority, which registers too."""


class Trouble(StrEnum):
    """What is wrong with a code; of those from `INNER_CHECK` on an authority may know better, so a person looks."""

    LENGTH = "length"
    CHARACTER = "character"
    OUTER_CHECK = "outer_check"
    INNER_CHECK = "inner_check"
    DIVISION = "division"
    DEPARTMENT = "department"

    @property
    def refuses(self) -> bool:
        """Whether the code cannot be one, instead of being one to look at."""
        return self in (Trouble.LENGTH, Trouble.CHARACTER, Trouble.OUTER_CHECK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A code as it is stored, and the first thing that is wrong with it."""

    code: str
    trouble: Trouble | None = None
    place: int | None = None
    """Of the character that is wrong, counted from 1."""
    hint_zh: str = ""
    hint_en: str = ""

    @property
    def is_refused(self) -> bool:
        return self.trouble is not None and self.trouble.refuses


def normalise(text: str) -> str:
    """Write a code as it is stored: half width, upper case, without blanks and dashes; nothing is guessed."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in plain if not letter.isspace() and unicodedata.category(letter) not in ("Pd", "Cf"))


def judge(text: str) -> Judgement:
    """Judge a code as somebody typed it; the hints are sentences for who typed it, and never a repaired code."""
    code = normalise(text)
    for look in (_length, _characters, _outer_check, _inner_check, _division, _department):
        found = look(code)
        if found is not None:
            return found
    return Judgement(code=code)


def _length(code: str) -> Judgement | None:
    if len(code) == 18:
        return None
    zh, en = _OLD_LENGTHS.get(len(code), ("统一社会信用代码是18位", "a unified social credit code has 18 characters"))
    hint_zh, hint_en = f"有{len(code)}位；{zh}", f"{len(code)} characters; {en}"
    return Judgement(code=code, trouble=Trouble.LENGTH, hint_zh=hint_zh, hint_en=hint_en)


def _characters(code: str) -> Judgement | None:
    for place, letter in enumerate(code, 1):
        if letter not in ALPHABET:
            alike = _LOOK_ALIKES.get(letter)
            zh = f"第{place}位的“{letter}”不会出现在代码中" + (f"，是否应为 {alike}？" if alike else "")
            en = f"{letter!r} at place {place} is not used in codes" + (f"; is it {alike}?" if alike else "")
            return Judgement(code=code, trouble=Trouble.CHARACTER, place=place, hint_zh=zh, hint_en=en)
    return None


def _outer_check(code: str) -> Judgement | None:
    if code[17] == check_character(code[:17]):
        return None
    return Judgement(
        code=code,
        trouble=Trouble.OUTER_CHECK,
        hint_zh="校验位不符：有一位输错，或相邻两位颠倒",
        hint_en="the check character does not fit: a character is wrong, or two neighbours are swapped",
    )


def _inner_check(code: str) -> Judgement | None:
    due = inner_check_character(code[8:16])
    if code[16] == due:
        return None
    return Judgement(
        code=code,
        trouble=Trouble.INNER_CHECK,
        place=17,
        hint_zh=f"第9至17位组织机构代码的校验位不符，应为 {due}",
        hint_en=f"the check of the organisation code (9 to 17) does not fit: {due} is due",
    )


def _division(code: str) -> Judgement | None:
    if code[2:8].isdigit() and code[2:4] in _PROVINCES:
        return None
    return Judgement(
        code=code,
        trouble=Trouble.DIVISION,
        place=3,
        hint_zh=f"第3至8位“{code[2:8]}”不是行政区划代码",
        hint_en=f"{code[2:8]!r} (3 to 8) is no division code",
    )


def _department(code: str) -> Judgement | None:
    if code[1] in DEPARTMENTS.get(code[0], ""):
        return None
    return Judgement(
        code=code,
        trouble=Trouble.DEPARTMENT,
        place=1,
        hint_zh=f"前两位“{code[:2]}”不是已知的登记管理部门与机构类别",
        hint_en=f"{code[:2]!r} is no known department and class",
    )


def check_character(first_17: str) -> str:
    """Give the 18th character of a code (GB 32100-2015, 4.6)."""
    total = sum(ALPHABET.index(letter) * weight for letter, weight in zip(first_17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def inner_check_character(first_8: str) -> str:
    """Give the check character of an organisation code (GB 11714-1997); its alphabet is another than the outer one's."""
    total = sum(_INNER_ALPHABET.index(letter) * weight for letter, weight in zip(first_8, _INNER_WEIGHTS, strict=True))
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def is_enterprise(code: str) -> bool:
    """Whether a code is one of a company with its branches (91): neither an individual business (92) nor a co-operative (93)."""
    return code.startswith("91")
