"""The counting rule as data: bounds, versions that nobody changes, and where every number comes from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from registry.counting.rule import DEFAULT_FILE, Parameters, RuleFile, add_rule, changed, find_rule, load_rule
from store.database import Database
from telemetry.errors import ConfigError
from telemetry.settings import load


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as found:
        yield found


def test_the_rule_that_comes_with_the_house_is_the_reference_s_a_8() -> None:
    rule = load(DEFAULT_FILE, RuleFile)
    parameters = rule.parameters
    assert (parameters.window_days, parameters.least_valid_days, parameters.least_points) == (30, 20, "all")
    assert (parameters.time_zone, parameters.count_while_suspicion_open) == ("Asia/Shanghai", False)
    assert parameters == Parameters(sources=parameters.sources), "the file and the defaults say the same"


def test_jining_3_2_every_number_of_the_rule_names_its_document_and_clause() -> None:
    """C2: rules are versioned data, not code."""
    parameters = load(DEFAULT_FILE, RuleFile).parameters
    decided = set(Parameters.model_fields) - {"sources", "least_points_of", "required_points"}
    assert set(parameters.sources) == decided
    assert "Jining 三(一)" in parameters.sources["branch_counts"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"window_days": 0}, "greater than or equal to 1"),
        ({"window_days": 367}, "less than or equal to 366"),
        ({"window_days": 10**30}, "less than or equal to 366"),
        ({"least_valid_days": 31}, "31 in a window of 30 days"),
        ({"reporting_days": 31}, "reporting_days is 31"),
        ({"least_points": 0}, "1 to 390"),
        ({"least_points": 0.0}, "share"),
        ({"least_points": 1.01}, "share"),
        ({"least_points": float("nan")}, "share"),
        ({"least_points": "some"}, "all"),
        ({"least_points": True}, "all"),
        ({"least_points_of": {"boiler": -1}}, "1 to 390"),
        ({"least_hours": 24}, "less than or equal to 23"),
        ({"time_zone": "Mars/Olympus"}, "is not a time zone"),
        ({"time_zone": "\0"}, "is not a time zone"),
        ({"twins_counted": "both"}, "'first' or 'none'"),
        ({"branch_counts": ""}, "'own' or 'head'"),
        ({"required_points": {"press": ["x"]}}, "not a kind with a profile"),
        ({"required_points": {"boiler": ["x"]}}, "'x' is none of its signals"),
        ({"required_points": {"boiler": []}}, "one or more"),
        ({"required_points": {"boiler": ["steam_flow", "steam_flow"]}}, "each once"),
        ({"sources": {"x": "y"}}, "'x' is not a parameter"),
        ({"windows_days": 3}, "not permitted"),
    ],
)
def test_a_rule_out_of_bounds_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Parameters.model_validate(given)


@pytest.mark.parametrize(("window", "least"), [(1, 1), (366, 366), (30, 30)])
def test_a_rule_at_its_bounds_is_taken(window: int, least: int) -> None:
    assert Parameters(window_days=window, least_valid_days=least, reporting_days=1).least_valid_days == least


def test_a_file_s_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text('version = "x"\ndocument = "d"\n[parameters]\nwindow_days = 30\nleast_valid_day = 20\n')
    with pytest.raises(ConfigError, match=r"rule\.toml:5: parameters\.least_valid_day.*did you mean 'least_valid_days'"):
        load(path, RuleFile)
    path.write_text('version = "bad name"\ndocument = "d"\n[parameters]\n')
    with pytest.raises(ConfigError, match=r"rule\.toml:1: version"):
        load(path, RuleFile)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestVersions:
    def test_without_a_rule_it_is_told_how_to_get_one(self, opened: Database) -> None:
        with opened.connection() as connection, pytest.raises(ConfigError, match="registry rule load"):
            find_rule(connection)

    def test_loading_again_changes_nothing_and_other_content_is_refused(self, opened: Database, tmp_path: Path) -> None:
        with opened.connection() as connection:
            assert load_rule(connection, DEFAULT_FILE, made_by="a") == ("2026.1", True)
            assert load_rule(connection, DEFAULT_FILE, made_by="b") == ("2026.1", False)
            assert find_rule(connection).made_by == "a"
            other = tmp_path / "rule.toml"
            other.write_text(DEFAULT_FILE.read_text().replace("window_days = 30", "window_days = 31"))
            with pytest.raises(ConfigError, match=r"'2026\.1' is there with other content"):
                load_rule(connection, other, made_by="c")

    def test_a_new_version_comes_from_an_old_one(self, opened: Database) -> None:
        with opened.connection() as connection:
            load_rule(connection, DEFAULT_FILE, made_by="a")
            old = find_rule(connection)
            new = changed(old, version="2027.1", document="济工信字1号", changes={"least_valid_days": 15, "least_points": 0.8})
            assert add_rule(connection, new, made_by="b")
        with opened.connection() as connection:
            stored = find_rule(connection)
        assert (stored.version, stored.document, stored.made_by) == ("2027.1", "济工信字1号", "b")
        assert Parameters.model_validate(stored.parameters) == new.parameters
        assert new.parameters.window_days == 30

    def test_a_new_version_out_of_bounds_names_the_parameter_and_what_there_is(self, opened: Database) -> None:
        with opened.connection() as connection:
            load_rule(connection, DEFAULT_FILE, made_by="a")
            for changes, told in (
                ({"window": 3}, r"parameters\.window|window: .*known: .*window_days"),
                ({"window_days": "many"}, "window_days"),
            ):
                with pytest.raises(ConfigError, match=told):
                    changed(find_rule(connection), version="x", document="d", changes=changes)
            with pytest.raises(ConfigError, match="document"):
                changed(find_rule(connection), version="x", document="", changes={})
