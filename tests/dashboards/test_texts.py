"""Chinese texts and their English."""

from pathlib import Path

import pytest

from dashboards.text_catalogues import entries, problems, texts_of, update, written
from dashboards.texts import FOLDER, texts_for_scripts, translator


def test_every_text_of_pages_scripts_and_python_has_one_english_and_none_is_left_over() -> None:
    assert list(problems(FOLDER)) == []


def test_a_text_comes_in_the_readers_language_with_its_values() -> None:
    assert translator("zh")("{n} 秒前", n=3) == "3 秒前"
    assert translator("en")("{n} 秒前", n=3) == "3 s ago"
    assert translator("en")("未收录的文字") == "未收录的文字"


def test_scripts_are_given_the_english_of_their_own_texts_alone() -> None:
    assert texts_for_scripts("zh") == {}
    english = texts_for_scripts("en")
    assert english["实时"] == "Live"
    assert "跳到正文" not in english


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small app: a shared template, and a page with a template, a script and Python."""
    for name, content in {
        "templates/layout.html": "{{ _('总览') }}",
        "pages/boats/page.html": "{{ _('总览') }}{{ _('共 {count} 台', count=3) }}{% macro one() %}{{ _('船') }}{% endmacro %}",
        "pages/boats/static/boats.js": 'const shown = `${isOld ? `! ${text("过期")}` : text("实时")}`; answer.text();',
        "pages/boats/page.py": '_ = translator("zh")\nname = _("港口")\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "languages").mkdir()
    return tmp_path


def test_texts_are_found_in_macros_in_python_and_in_nested_template_strings(folder: Path) -> None:
    page = folder / "pages" / "boats"
    assert texts_of(page / "page.html") == ["总览", "共 {count} 台", "船"]
    assert texts_of(page / "static" / "boats.js") == ["过期", "实时"]
    assert texts_of(page / "page.py") == ["港口"]


def test_an_update_adds_what_is_missing_keeps_what_is_translated_and_drops_the_rest(folder: Path) -> None:
    shared, own = folder / "languages" / "en.po", folder / "pages" / "boats" / "en.po"
    shared.write_text(written({"总览": "Overview"}), encoding="utf-8")
    own.write_text(written({"船": "Boat", "车": "Car", "总览": "Overview"}), encoding="utf-8")
    update(folder)
    assert entries(shared) == {"总览": "Overview"}
    assert entries(own) == {"共 {count} 台": "", "船": "Boat", "港口": "", "过期": "", "实时": ""}


def test_each_fault_of_a_catalogue_is_told(folder: Path) -> None:
    wrong = {"共 {count} 台": "{total} boats", "船": "船 boat", "车": "Car", "港口": ""}
    (folder / "languages" / "en.po").write_text(written({"总览": "Overview"}), encoding="utf-8")
    (folder / "pages" / "boats" / "en.po").write_text(written(wrong), encoding="utf-8")
    (folder / "pages" / "trains").mkdir()
    (folder / "pages" / "trains" / "page.html").write_text("{{ _('车') }}{{ _(name) }}", encoding="utf-8")
    (folder / "pages" / "trains" / "en.po").write_text(written({"车": "Carriage"}), encoding="utf-8")
    assert list(problems(folder)) == [
        "pages/trains/page.html:1: the text is not written out in the call",
        "pages/boats/en.po: '过期' is missing",
        "pages/boats/en.po: '实时' is missing",
        "pages/boats/en.po: '车' is left over",
        "pages/boats/en.po: '共 {count} 台' and '{total} boats' have different places",
        "pages/boats/en.po: '船 boat' is not English",
        "pages/boats/en.po: '港口' has no English",
        "pages/trains/en.po: '车' is 'Carriage' here and 'Car' elsewhere",
    ]
