"""Areas and departments as people write them into tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from registry.areas import is_valid
from registry.imports.cells import Cells
from registry.imports.tables import Mistake
from registry.names import plain
from store.city_registry import Area, Department

_SHORT_ENDS = ("省", "市", "区", "县")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Areas and departments of the registry."""

    areas: Sequence[Area]
    departments: Sequence[Department]


class PlaceWords:
    """Finds areas that are there on a day, and departments, by code, by name in either language, or by an alias."""

    def __init__(self, places: Places, day: date) -> None:
        areas = [area for area in places.areas if is_valid(area, day)]
        self._areas = _codes((area.code, _area_words(area)) for area in areas)
        self._area_names = [area.label_zh for area in areas], [area.code for area in areas]
        self._departments = _codes((one.code, [one.code, one.label_zh, one.label_en, *one.aliases]) for one in places.departments)
        self._department_names = [one.label_zh for one in places.departments], [one.code for one in places.departments]

    def area(self, cells: Cells) -> str:
        """Give the code of the area in a row; empty, and noted, where it is none or one of several."""
        return _find(cells, "area", self._areas, self._area_names)

    def department(self, cells: Cells) -> str:
        """Give the code of the department in a row; empty where none is written, or, and noted, where it is none."""
        return _find(cells, "department", self._departments, self._department_names)


def _area_words(area: Area) -> list[str]:
    short = [area.label_zh[:-1]] if area.label_zh.endswith(_SHORT_ENDS) and len(area.label_zh) > 2 else []
    return [area.code, area.label_zh, area.label_en, *short]


def _codes(named: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[str]]:
    """Give the codes that each word may mean."""
    found: dict[str, list[str]] = {}
    for code, words in named:
        for word in dict.fromkeys(map(plain, words)):
            found.setdefault(word, []).append(code)
    return found


def _find(cells: Cells, column: str, known: dict[str, list[str]], names: tuple[list[str], list[str]]) -> str:
    typed = cells.text(column)
    if not typed:
        return ""
    found = known.get(plain(typed), [])
    if len(found) == 1:
        return found[0]
    if found:
        hint = Mistake(
            f"有几个同名，请填写代码之一：{'、'.join(found)}",
            f"several have this name; write one of the codes {', '.join(found)}",
        )
    else:
        zh, en = ("、".join(names[0][:40]), ", ".join(names[1][:40]))
        hint = Mistake(
            f"未知；可用：{zh or '（无，请先加载统计区域）'}", f"not known; known: {en or 'none yet: load areas first'}"
        )
    cells.refuse(column, hint)
    return ""
