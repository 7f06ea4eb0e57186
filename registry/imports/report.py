"""What an import says of each row, and whether it can be taken."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from registry.imports.columns import TableName
from registry.imports.tables import Mistake

Language = Literal["zh", "en"]


class State(StrEnum):
    """What becomes of a row; one that is refused keeps the whole table out."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FOR_REVIEW = "for_review"
    """Taken, and a person looks at its code."""
    TWIN = "twin"
    """Taken, though another enterprise's machine has the same nameplate: the rule says which of them counts."""
    REFUSED = "refused"


WORDS: dict[State, Mistake] = {
    State.NEW: Mistake("新增", "new"),
    State.CHANGED: Mistake("更新", "changed"),
    State.UNCHANGED: Mistake("无变化", "unchanged"),
    State.FOR_REVIEW: Mistake("待复核", "for review"),
    State.TWIN: Mistake("铭牌重复", "twin"),
    State.REFUSED: Mistake("拒绝", "refused"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark on one cell; without ``column`` on the row, without ``line`` on the file."""

    hint: Mistake
    line: int | None = None
    column: Mistake | None = None
    value: str = ""

    def text(self, language: Language) -> str:
        """Write it as a sentence without its line."""
        place = "" if self.column is None else f"{getattr(self.column, language)}: "
        return f"{place}{getattr(self.hint, language)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    line: int
    state: State
    subject: str
    """What the row is about: a code, a name."""
    notes: Sequence[Note] = ()


@dataclass(kw_only=True)
class Report:
    """All rows of a table in their order, and what is wrong with the table itself."""

    table: TableName
    rows: list[RowReport] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    """On the file: a heading that is missing, a format that cannot be read."""
    is_taken: bool = False
    """Whether it was written; nothing was where this is False."""

    @property
    def counts(self) -> Counter[State]:
        return Counter(row.state for row in self.rows)

    @property
    def is_refused(self) -> bool:
        return bool(self.notes) or any(row.state is State.REFUSED for row in self.rows) or not self.rows

    def lines(self, language: Language) -> Iterator[tuple[int | None, str, str, str, str, str]]:
        """Give line, state, subject, column, value and hint, one for each note and one for each row without any."""
        for wrong in self.notes:
            yield _line(wrong, wrong.line, State.REFUSED, "", language)
        for row in self.rows:
            notes: Sequence[Note | None] = row.notes or (None,)
            for note in notes:
                yield _line(note, row.line, row.state, row.subject, language)


def _line(
    note: Note | None, line: int | None, state: State, subject: str, language: Language
) -> tuple[int | None, str, str, str, str, str]:
    column = "" if note is None or note.column is None else getattr(note.column, language)
    hint = "" if note is None else getattr(note.hint, language)
    return line, getattr(WORDS[state], language), subject, column, "" if note is None else note.value, hint


HEADING: dict[Language, tuple[str, ...]] = {
    "zh": ("行", "结果", "对象", "列", "填写的内容", "说明"),
    "en": ("line", "result", "subject", "column", "value", "hint"),
}
"""Over `Report.lines`."""
