"""Templates of projects and what they demand, read from the files beside this one: all figures and words are data."""

from functools import cache
from pathlib import Path

from pydantic import Field

from device_profiles.kind import Label
from telemetry.settings import Settings, load

FOLDER = Path(__file__).parent


class TemplateItem(Settings):
    """One line of a checklist."""

    code: str = Field(pattern=r"^[0-9]+\.[0-9]+$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Step(Settings):
    """A step, or a phase, with its lines."""

    code: str = Field(pattern=r"^[0-9]+$")
    label: Label
    clause: str
    items: tuple[TemplateItem, ...] = Field(min_length=1)


class Template(Settings):
    """The steps of one document, in their order."""

    name: str
    document: str
    clause: str
    label: Label
    steps: tuple[Step, ...]

    @property
    def codes(self) -> list[str]:
        return [item.code for step in self.steps for item in step.items]


class Choice(Settings):
    """A word that a project may use, in both languages, with document and clause."""

    code: str
    zh: str
    en: str
    document: str
    clause: str


class Dependence(Choice):
    """How much business depends on a system, and the kind of migration that follows."""

    migration_zh: str
    migration_en: str


class DocumentKind(Choice):
    """A kind of document, and the templates that demand it before "go" or before acceptance."""

    before_go: tuple[str, ...] = ()
    before_acceptance: tuple[str, ...] = ()


class DemandedTest(Choice):
    """A type of test, and the templates that demand it at each stage."""

    rehearsal: tuple[str, ...] = ()
    after_cut_over: tuple[str, ...] = ()


class DrillForm(Choice):
    """A form of drill, and the templates that demand it before "go"."""

    before_go: tuple[str, ...] = ()


class Requirements(Settings):
    """What is demanded, by whom."""

    version: str
    strategies: tuple[Choice, ...]
    dependences: tuple[Dependence, ...]
    documents: tuple[DocumentKind, ...]
    tests: tuple[DemandedTest, ...]
    drills: tuple[DrillForm, ...]

    def dependence(self, code: str) -> Dependence:
        return next(one for one in self.dependences if one.code == code)


TEMPLATES = ("jinan_2020", "jiangsu_2018")


@cache
def template(name: str) -> Template:
    """Give a template by its name.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    if name not in TEMPLATES:
        raise KeyError(name)
    return load(FOLDER / f"{name}.toml", Template)


@cache
def requirements() -> Requirements:
    return load(FOLDER / "requirements.toml", Requirements)
