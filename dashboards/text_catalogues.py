"""Which texts the pages hold, found in their sources, and what the catalogues beside them (``en.po``) have of these."""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import normalize, read_po

SHARED = Path("languages", "en.po")
"""Catalogue of what no page owns; a page's texts that stand here too need no entry of its own."""
_HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
_METHODS = {".html": "jinja2.ext:babel_extract", ".py": "python"}
_SCRIPT_CALL = re.compile(r'(?<![.\w])text\(\s*("(?:[^"\\]|\\.)*")')
"""Scripts are searched by this: Babel's own way misses a call in a template string within a template string."""
_SUFFIXES = (*_METHODS, ".js")
_COMPUTED = {
    ".html": re.compile(r"(?<![.\w])_\((?!\s*['\"])"),
    ".js": re.compile(r"(?<![.\w])(?<!function )text\((?!\s*\")"),
    ".py": re.compile(r"(?<![.\w])_\((?!\s*['\"])"),
}
"""A call whose text is put together at run time: no tool could find its words."""


def sources(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in _SUFFIXES and "vendor" not in path.parts)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def texts_of(path: Path) -> list[str]:
    """Give the Chinese texts of one file, in their order."""
    if path.suffix == ".js":
        return [json.loads(literal) for literal in _SCRIPT_CALL.findall(path.read_text(encoding="utf-8"))]
    with path.open("rb") as file:
        found = extract(_METHODS[path.suffix], file, keywords={"_": None}, options={"silent": "false"})
        return [text if isinstance(text, str) else text[0] for _, text, *_ in found]


def script_texts(folder: Path) -> set[str]:
    return {text for path in sources(folder) if path.suffix == ".js" for text in texts_of(path)}


def entries(catalogue: Path) -> dict[str, str]:
    """Read a catalogue as Chinese to English; a missing file has none."""
    if not catalogue.exists():
        return {}
    with catalogue.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}


def catalogues(folder: Path) -> list[Path]:
    return [folder / SHARED, *sorted(folder.glob("pages/*/en.po"))]


def wanted(folder: Path) -> dict[Path, list[str]]:
    """Give for each catalogue the texts that belong in it, in the order of their files."""
    found: dict[Path, dict[str, None]] = {folder / SHARED: {}}
    for path in sources(folder):
        parts = path.relative_to(folder).parts
        owner = folder / "pages" / parts[1] / "en.po" if parts[0] == "pages" and len(parts) > 2 else folder / SHARED
        found.setdefault(owner, {}).update(dict.fromkeys(texts_of(path)))
    shared = found[folder / SHARED]
    return {
        catalogue: [text for text in texts if catalogue == folder / SHARED or text not in shared]
        for catalogue, texts in found.items()
    }


def update(folder: Path, only: Collection[Path] = ()) -> None:
    """Write catalogues anew (all, or those named): what is missing gets an empty translation, or the one of another catalogue."""
    known = {text: english for catalogue in catalogues(folder) for text, english in entries(catalogue).items() if english}
    all_wanted = wanted(folder)
    for catalogue in only or {*catalogues(folder), *all_wanted}:
        own, texts = entries(catalogue), all_wanted.get(catalogue, [])
        if own.keys() != set(texts):
            catalogue.write_text(written({text: own.get(text) or known.get(text, "") for text in texts}), encoding="utf-8")


def written(translations: dict[str, str]) -> str:
    pairs = ((normalize(text, width=0), normalize(english, width=0)) for text, english in translations.items())
    return _HEADER + "".join(f"\nmsgid {text}\nmsgstr {english}\n" for text, english in pairs)


def problems(folder: Path) -> Iterator[str]:
    """Tell in sentences what is wrong: computed, missing, left over, empty, with other places, or with two translations."""
    for path in sources(folder):
        content = path.read_text(encoding="utf-8")
        for found in _COMPUTED[path.suffix].finditer(content):
            line = content.count("\n", 0, found.start()) + 1
            yield f"{path.relative_to(folder)}:{line}: the text is not written out in the call"
    first: dict[str, str] = {}
    all_wanted = wanted(folder)
    for catalogue in sorted({*catalogues(folder), *all_wanted}):
        own, texts = entries(catalogue), all_wanted.get(catalogue, [])
        name = catalogue.relative_to(folder)
        yield from (f"{name}: {text!r} is missing" for text in texts if text not in own)
        yield from (f"{name}: {text!r} is left over" for text in own if text not in texts)
        for text, english in own.items():
            if not english.strip():
                yield f"{name}: {text!r} has no English"
            elif _places(text) != _places(english):
                yield f"{name}: {text!r} and {english!r} have different places"
            elif re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", english):
                yield f"{name}: {english!r} is not English"
            elif first.setdefault(text, english) != english:
                yield f"{name}: {text!r} is {english!r} here and {first[text]!r} elsewhere"


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
