"""A table of points as engineers keep it, in CSV or Excel: its cells become the fields of a profile's points."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from device_profiles.kind import SIGNAL_PATTERN, Signal
from device_profiles.point_files import MAX_COLUMNS, Cell, NoValue, Row, read_rows
from device_profiles.point_words import (
    HEADS,
    LABELS,
    NOTHING,
    ORDER_OF_LETTERS,
    ORDER_OF_WORD,
    SIGNAL_COLUMNS,
    STANDS_FOR,
    TABLE_OF_FUNCTION,
    TABLE_OF_PREFIX,
    TABLE_OF_WORD,
    TRUTHS,
    TYPE_OF_WORD,
    UNIT_SIGNS,
    UNITS,
    field_of_head,
    folded,
)
from device_profiles.profile import Datatype, Point, Table
from telemetry.errors import ConfigError, Problem


@dataclass(slots=True, kw_only=True)
class TablePoint:
    """One row: the fields of its point, and what it says of its signal, should that be one of the profile's own."""

    row: int
    fields: dict[str, Any] = field(default_factory=dict)
    signal: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    """Fields that are missing here because their cells are wrong, which is told already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTable:
    """A table that was read; mistakes in its cells are in ``problems``, so that they are told with those found later."""

    path: Path
    points: tuple[TablePoint, ...]
    heads: Mapping[str, str]
    """The fields that the table speaks of, with the head under which it does."""
    problems: tuple[Problem, ...]
    notices: tuple[str, ...]


def read_point_table(path: Path, model: type[Point], *, signals: Mapping[str, Signal], sheet: str | None = None) -> PointTable:
    """Read the points of one machine; ``signals`` are those that have a name already.

    Raises
    ------
    ConfigError
        If the file is no table, or its heads do not say where the points are.
    """
    rows = iter(read_rows(path, sheet))
    row, heads = next(rows, (1, []))
    if not heads:
        raise ConfigError("is empty; the first row holds the heads of the columns", file=path)
    return _Reader(path, model, signals, row, [cell if isinstance(cell, str) else "" for cell in heads]).read(rows)


class _Reader:
    """Turns rows into points, and keeps what is wrong with them and what it took the liberty to understand."""

    def __init__(self, path: Path, model: type[Point], signals: Mapping[str, Signal], row: int, heads: Sequence[str]) -> None:
        self._path = path
        self._fields = model.model_fields
        self._signals = signals
        self._names_of_labels = {text: name for name, signal in signals.items() for text in (signal.label.zh, signal.label.en)}
        self._heads = heads
        self._problems: list[Problem] = []
        self._notices: list[str] = []
        self._understood: dict[str, tuple[str, int]] = {}
        self._unclear: list[tuple[int, str]] = []
        self._has_prefixes = False
        self._columns = self._find_columns(row)

    def read(self, rows: Iterable[Row]) -> PointTable:
        table = list(rows)
        address = next((column for column, target in self._columns.items() if target == "address"), MAX_COLUMNS)
        self._has_prefixes = any(
            re.match("[134]x", str(cells[address]), re.IGNORECASE) for _, cells in table if address < len(cells)
        )
        points = tuple(self._point(number, cells) for number, cells in table)
        if not points:
            self._problems.append(Problem(message="has heads, but no points", file=self._path))
        if self._unclear:
            self._problems.append(self._unclear_addresses(self._heads[address]))
        heads = {STANDS_FOR.get(target, target): self._heads[column] for column, target in self._columns.items()}
        if "order" in self._columns.values():
            heads["byte_order"] = heads["word_order"]
        if any("table" in point.fields for point in points):  # an address as Modicon wrote it says the table too
            heads.setdefault("table", heads.get("address", "address"))
        understood = [
            f"{what}: {example} ({times} {'row' if times == 1 else 'rows'})"
            for what, (example, times) in self._understood.items()
        ]
        return PointTable(
            path=self._path,
            points=points,
            heads=heads,
            problems=tuple(self._problems),
            notices=(*self._notices, *understood),
        )

    def _find_columns(self, row: int) -> dict[int, str]:
        targets = [self._meaning(head) for head in self._heads]
        # a table that names its points once names signals; a second name is a helper's, or else one for people
        name_is = "signal" if "signal" not in targets else "name" if "name" in self._fields else "label"
        targets = [name_is if target == "name" else target for target in targets]
        columns: dict[int, str] = {}
        place_of: dict[str, int] = {}
        for column, target in enumerate(targets):
            if target is None:
                continue
            name = target if target == "function_code" else STANDS_FOR.get(target, target)
            if name in place_of:
                message = (
                    f"means the same as column {_letters(place_of[name])}, {self._heads[place_of[name]]!r}; keep one of them"
                )
                self._problems.append(Problem(message=message, file=self._path, line=row, key=self._key(column)))
                continue
            columns[column], place_of[name] = target, column
        if not columns:
            known = ", ".join(["signal", *(name for name in self._fields if name != "signal")])
            raise ConfigError(f"has no head that is known in its first row; known: {known}", file=self._path, line=row)
        ignored = [head for head, target in zip(self._heads, targets, strict=True) if head and target is None]
        if ignored:
            self._notices.append(f"ignored columns, which mean nothing to a profile: {', '.join(ignored)}")
        for name, info in self._fields.items():
            # the type of coils goes without saying, and a helper has a name instead of a signal
            if name not in place_of and (name == "signal" or (name != "type" and info.is_required())):
                message = f"has no column for {name!r}, whose head may be: {', '.join((name, *HEADS.get(name, '').split()))}"
                self._problems.append(Problem(message=message, file=self._path, line=row))
        return columns

    def _meaning(self, head: str) -> str | None:
        target = field_of_head(head) or folded(head)
        is_known = STANDS_FOR.get(target, target) in self._fields or target in ("name", *LABELS, *SIGNAL_COLUMNS)
        return target if is_known else None

    def _key(self, column: int) -> str:
        return (self._heads[column] if column < len(self._heads) else "") or f"column {_letters(column)}"

    def _point(self, row: int, cells: Sequence[Cell]) -> TablePoint:
        point = TablePoint(row=row)
        for column, cell in enumerate(cells):
            target = self._columns.get(column)
            try:
                if target is None:
                    if cell and self._key(column).startswith("column "):
                        raise ValueError("stands under no head; is a text not in quotes, or are heads missing?")  # noqa: TRY301
                elif isinstance(cell, NoValue):
                    raise ValueError(cell.why)  # noqa: TRY301 - it is the value of the file that is wrong
                elif cell and (cell not in NOTHING or target in ("unit", "signal_unit")):
                    self._read_cell(point, target, cell)
            except ValueError as error:
                point.wrong.add(STANDS_FOR.get(target, target) if target else "")
                self._problems.append(Problem(message=str(error), file=self._path, line=row, key=self._key(column)))
        if point.fields.get("table") in (Table.COIL, Table.DISCRETE_INPUT):
            point.fields.setdefault("type", Datatype.BOOLEAN.value)
        return point

    def _read_cell(self, point: TablePoint, target: str, text: str) -> None:
        if target in LABELS or target in SIGNAL_COLUMNS:
            name = SIGNAL_COLUMNS.get(target, target)
            annotation = Signal.model_fields[name].annotation if name in Signal.model_fields else str
            point.signal[name] = self._unit(text) if name == "unit" else value_of(text, annotation)
        elif STANDS_FOR.get(target, target) == "address" and "table" in self._fields:
            self._address(point, target, text)
        elif target in ("table", "function_code"):
            _put(point, "table", _table_of(target, text))
        elif target in ("order", "word_order", "byte_order"):
            self._order(point, target, text)
        elif target == "signal":
            point.fields["signal"] = self._signal(text)
        elif target == "unit":
            point.fields["unit"] = self._unit(text)
        elif target == "type" and self._fields["type"].annotation is Datatype:
            point.fields["type"] = self._type(text)
        else:
            point.fields[target] = value_of(text, self._fields[target].annotation)

    def _address(self, point: TablePoint, target: str, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text)
        modicon = _modicon(target, plain)
        if modicon is not None:
            table, number = TABLE_OF_PREFIX[modicon[1]], int(modicon[2])
            if not 1 <= number <= 65536:
                raise ValueError(f"{text!r}: the numbers of a table go from 1 to 65536")
            point.fields["address"] = number - 1
            _put(point, "table", table.value)
            self._tell("addresses as Modicon wrote them became PDU addresses", f"{text} = {table} {number - 1}")
            return
        if target == "hex_address" and re.fullmatch(r"[0-9a-f]+", plain, re.IGNORECASE):
            plain = f"0x{plain}"
        if plain[:2] in ("0x", "0X") and self._has_prefixes:
            raise ValueError(f"{text!r} is hexadecimal or, beside the 4x, 3x and 1x of other rows, a coil; write a plain number")
        if re.fullmatch("0[0-9]+", plain):
            raise ValueError(f"{text!r} starts with 0: write {int(plain)} or 0x{plain}, or put it under 'modicon_address'")
        if target == "address" and re.fullmatch("[134][0-9]{4}", plain) and plain[1:] != "0000":
            self._unclear.append((point.row, text))
        point.fields["address"] = _integer(plain)

    def _unclear_addresses(self, head: str) -> Problem:
        row, text = self._unclear[0]
        table, number = TABLE_OF_PREFIX[text[0]], int(text[1:])
        return Problem(
            message=f"{len(self._unclear)} numbers such as {text} can be PDU addresses, or numbers as Modicon wrote them (then "
            f"{text} is {table} {number - 1}); name the column 'pdu_address' or 'modicon_address', as the datasheet means it",
            file=self._path,
            line=row,
            key=head,
        )

    def _order(self, point: TablePoint, target: str, text: str) -> None:
        word = re.sub(r"[\s_-]+", "", text.casefold())
        if word in ORDER_OF_LETTERS:
            point.fields["word_order"], point.fields["byte_order"] = ORDER_OF_LETTERS[word]
        elif target == "order":
            raise ValueError(f"{text!r} is no order of bytes such as ABCD, CDAB, BADC or DCBA")
        elif word in ORDER_OF_WORD:
            point.fields[target] = ORDER_OF_WORD[word]
        else:
            raise ValueError(f"{text!r} is no order; known: big, little, and ABCD, CDAB, BADC or DCBA for both orders at once")

    def _signal(self, text: str) -> str:
        if text in self._signals or re.match(SIGNAL_PATTERN, text):
            return text
        name = self._names_of_labels.get(text) or re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text).casefold()).strip("_")
        if not re.match(SIGNAL_PATTERN, name):
            raise ValueError(
                f"{text!r} names no signal: write lower case letters, digits and underscores, or the label of one of the kind's "
                "signals; a name for people belongs under 'label'"
            )
        self._tell("names of signals are spelled otherwise", f"{text} = {name}")
        return name

    def _unit(self, text: str) -> str:
        signs = text.translate(UNIT_SIGNS)
        unit = UNITS.get(signs, signs)
        if unit != text:
            self._tell("units are spelled otherwise", f"{text} = {unit}")
        return unit

    def _type(self, text: str) -> str:
        name = folded(text)
        if name in set(Datatype):
            return name
        found = TYPE_OF_WORD.get(name.replace("_", ""))
        if found not in set(Datatype):
            raise ValueError(f"{text!r} is no datatype; known: {', '.join(Datatype)}, and REAL, DINT, UDINT, WORD and their like")
        self._tell(f"type {text}", found)
        return found

    def _tell(self, what: str, example: str) -> None:
        first, times = self._understood.get(what, (example, 0))
        self._understood[what] = first, times + 1


def value_of(text: str, annotation: Any) -> Any:
    """Give the value that a cell means for a field of a model; what the model then says of it is the model's.

    Raises
    ------
    ValueError
        If the text is no such value.
    """
    kinds = _kinds(annotation)
    if dict in kinds:
        return _pairs(text)
    if tuple in kinds:
        return [_scalar(part, kinds) for part in re.split(r"[\s;,，；|]+", text) if part]
    return _scalar(text, kinds)


def _kinds(annotation: Any) -> set[Any]:
    """Give the plain types inside an annotation, and ``tuple`` or ``dict`` where it holds several values."""
    origin = get_origin(annotation)
    if origin is None:
        return {annotation}
    inner = {kind for argument in get_args(annotation) for kind in _kinds(argument)}
    return inner | {origin} if origin in (tuple, dict) else inner


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in filter(None, re.split(r"\s*[;,；，\n]\s*", text)):
        code, _, meaning = (part.strip() for part in re.sub("[:：]", "=", pair, count=1).partition("="))
        if not code or not meaning:
            raise ValueError(f"{pair!r} is no pair of code and name, such as 0 = off")
        if code in pairs:
            raise ValueError(f"{code} has two names")
        pairs[code] = meaning
    return pairs


def _scalar(text: str, kinds: set[Any]) -> Any:
    plain = unicodedata.normalize("NFKC", text)
    if bool in kinds and not (int in kinds and re.fullmatch("[0-9]+", plain)):
        return _truth(plain)
    if kinds.isdisjoint((int, float)):
        return text
    if str in kinds and (quoted := re.fullmatch('"(.*)"', text, re.DOTALL)):
        return quoted[1]
    try:
        return _number(plain) if float in kinds else _integer(plain)
    except ValueError:
        if str in kinds:
            return text
        raise


def _truth(text: str) -> bool:
    if text.casefold() not in TRUTHS:
        raise ValueError(f"{text!r} is neither true nor false")
    return TRUTHS[text.casefold()]


def _integer(text: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,20}", text):
        return int(text)
    if re.fullmatch(r"[+-]?0x[0-9a-f]{1,16}", text, re.IGNORECASE):
        return int(text, 16)
    if re.fullmatch(r"[0-9][0-9a-f]{0,15}h", text, re.IGNORECASE):
        return int(text[:-1], 16)
    raise ValueError(f"{text!r} is no whole number")


def _number(text: str) -> float:
    """Read a number as people write it, whole ones as such; a comma is a decimal mark where it cannot part thousands."""
    with suppress(ValueError):
        return _integer(text)
    if re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+", text):
        raise ValueError(f"{text!r} can be thousands or a decimal fraction; write it without a comma")
    if fraction := re.fullmatch(r"([0-9]{1,9})/([1-9][0-9]{0,8})", text):
        return int(fraction[1]) / int(fraction[2])
    plain = text.replace(",", ".", 1)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?|nan", plain, re.IGNORECASE):
        return float(plain)
    raise ValueError(f"{text!r} is no number")


def _modicon(target: str, plain: str) -> re.Match[str] | None:
    """Read an address as Modicon wrote it: the digit of its table, then its number in it, which counts from 1."""
    prefixed = re.fullmatch(r"([0134])x([0-9]{1,5})", plain, re.IGNORECASE)
    digits = re.fullmatch(r"([0134])([0-9]{4,5})", plain)
    if target == "modicon_address":
        if prefixed is None and digits is None:
            raise ValueError(f"{plain!r} is no address as Modicon wrote it, such as 40001, 400001 or 4x0001")
        return prefixed or digits
    if target != "address":
        return None
    if prefixed is not None and prefixed[1] != "0":  # 0x is hexadecimal
        return prefixed
    return digits if digits is not None and int(plain) > 65535 else None


def _table_of(target: str, text: str) -> str:
    word = folded(text)
    if target == "table":
        if word not in TABLE_OF_WORD:
            raise ValueError(f"{text!r} is no table; known: {', '.join(Table)}")
        return TABLE_OF_WORD[word].value
    function = re.fullmatch(r"(?:fc?)?_?(?:0x)?0*([0-9]+)h?", word)
    table = TABLE_OF_FUNCTION.get(int(function[1])) if function and len(function[1]) == 1 else None
    if table is None:
        raise ValueError(f"{text!r} is no function that reads: 1 coil, 2 discrete_input, 3 holding, 4 input")
    return table.value


def _put(point: TablePoint, name: str, value: Any) -> None:
    if point.fields.setdefault(name, value) != value:
        raise ValueError(f"means {name} {value}, but another column says {point.fields[name]}")


def _letters(column: int) -> str:
    """Name a column as spreadsheets do: A to Z, then AA."""
    head, last = divmod(column, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + last)
