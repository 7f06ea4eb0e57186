"""The macros that pages share."""

import re

import pytest

from dashboards.templating import address_with, environments

TEMPLATES = environments()


def shown(source: str, *, language: str = "zh", **values: object) -> str:
    """Render a template and draw its white space together."""
    environment = TEMPLATES["en" if language == "en" else "zh"]
    return re.sub(r"\s+", " ", environment.from_string(source).render(**values)).strip()


@pytest.mark.parametrize(("language", "words"), [("zh", "紧急 高 中 低"), ("en", "Critical High Medium Low")])
def test_a_priority_is_told_by_shape_letter_and_word(language: str, words: str) -> None:
    source = "{% from 'priority.html' import priority %}{% for one in names %}{{ priority(one) }}|{% endfor %}"
    page = shown(source, language=language, names=["critical", "high", "medium", "low"])
    text = [re.sub("<[^>]*>", "", badge) for badge in page.split("|")[:-1]]
    expected = zip(("◆C", "▲H", "■M", "●L"), words.split(), strict=True)
    assert [one.strip() for one in text] == [shape + word for shape, word in expected]


SORTABLE = (
    "{% from 'table.html' import sortable %}{{ sortable('名称', 'name', sort, {'kind': 'boiler', 'offset': 50, 'search': ''}) }}"
)


@pytest.mark.parametrize(
    ("sort", "direction", "address"),
    [("time", "none", "sort=name"), ("name", "ascending", "sort=-name"), ("-name", "descending", "sort=name")],
)
def test_a_header_sorts_then_turns_the_order_and_starts_at_the_first_row(sort: str, direction: str, address: str) -> None:
    page = shown(SORTABLE, sort=sort)
    assert f'aria-sort="{direction}"' in page
    assert f'href="?kind=boiler&amp;{address}"' in page


PAGER = "{% from 'table.html' import pager %}{{ pager(total, 50, offset, {'search': 'a&b'}) }}"


def test_a_pager_leads_to_its_neighbours_and_no_further() -> None:
    first, middle, last = (shown(PAGER, total=120, offset=offset) for offset in (0, 50, 100))
    assert ("第 1 – 50 条，共 120 条" in first, "prev" in first) == (True, False)
    assert 'href="?search=a%26b&amp;offset=50"' in first
    assert ('href="?search=a%26b"' in middle, 'href="?search=a%26b&amp;offset=100"' in middle) == (True, True)
    assert ("第 101 – 120 条" in last, "next" in last) == (True, False)
    assert "第 0 – 0 条，共 0 条" in shown(PAGER, total=0, offset=0)


def test_a_pager_takes_a_macro_that_makes_addresses() -> None:
    source = "{% from 'table.html' import pager %}{% macro at(o) %}/x?from={{ o }}{% endmacro %}{{ pager(3, 1, 1, at) }}"
    assert re.findall('href="([^"]*)"', shown(source)) == ["/x?from=0", "/x?from=2"]


def test_a_wrong_field_says_so_to_eyes_and_ears_and_shows_what_was_typed_as_text() -> None:
    source = "{% from 'form.html' import field %}{{ field('名称', 'name', typed, error='太长', maxlength=80) }}"
    page = shown(source, typed='"><script>')
    assert '<label for="form-name">名称</label>' in page
    assert 'aria-describedby="form-name-said" aria-invalid="true"' in page
    assert 'maxlength="80"' in page
    assert 'id="form-name-said">太长</p>' in page
    assert "<script>" not in page


def test_the_states_of_content_never_look_alike() -> None:
    macros = ("empty", "loading", "failed", "stale")
    pages = [shown(f"{{% from 'state.html' import {name} %}}{{{{ {name}('a') }}}}") for name in macros]
    assert [re.findall(r"blank (is-\w+)", page) for page in pages] == [["is-empty"], ["is-loading"], ["is-error"], ["is-stale"]]


def test_an_address_leaves_out_what_has_no_value() -> None:
    assert address_with({"kind": "", "query": "锅炉", "site": ["1", "2"]}, limit=0, sort=None) == (
        "?query=%E9%94%85%E7%82%89&site=1&site=2&limit=0"
    )
