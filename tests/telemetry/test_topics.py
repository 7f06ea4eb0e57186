"""What a topic says about whom."""

import pytest

from telemetry.topics import (
    JsonSource,
    SparkplugTopic,
    data_topic,
    gateway_of,
    has_receipts,
    is_json_topic,
    json_source,
    shared,
    sparkplug_command_topic,
    sparkplug_topic,
)


@pytest.mark.parametrize("name", ["gw", "Plant-7.line_2", "7", "a" * 64])
def test_a_gateway_is_named_by_its_topics(name: str) -> None:
    assert gateway_of(data_topic(name)) == name
    assert gateway_of(f"sy/1/{name}/up/state") == name


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "sy/1/gw/up/data/",
        "sy/1/gw/up/data\n",
        "sy/1//up/data",
        "sy/1/-gw/up/data",
        "sy/2/gw/up/data",
        f"sy/1/{'a' * 65}/up/data",
    ],
)
def test_a_topic_with_anything_else_belongs_to_no_gateway(topic: str) -> None:
    assert gateway_of(topic) is None


def test_a_json_topic_names_gateway_kind_and_equipment() -> None:
    topic = "sy/1/plant-7/up/json/boiler/boiler-1"
    assert is_json_topic(topic)
    assert json_source(topic) == JsonSource("plant-7", "boiler", "boiler-1")
    assert gateway_of(topic) is None
    assert not is_json_topic(data_topic("plant-7"))


@pytest.mark.parametrize(
    "topic", ["sy/1/gw/up/json/boiler", "sy/1/gw/up/json//b", "sy/1/gw/up/json/boiler/锅炉", "sy/1/g w/up/json/a/b"]
)
def test_a_json_topic_with_a_name_that_is_none_has_no_source(topic: str) -> None:
    assert json_source(topic) is None


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        ("spBv1.0/Plant 1/NBIRTH/Edge", SparkplugTopic("Plant 1", "NBIRTH", "Edge")),
        ("spBv1.0/G/DDATA/N/锅炉", SparkplugTopic("G", "DDATA", "N", "锅炉")),
        ("spBv1.0/up/DDATA/up/data", SparkplugTopic("up", "DDATA", "up", "data")),
        ("spBv1.0/G/DCMD/N/D", SparkplugTopic("G", "DCMD", "N", "D")),
        ("spBv1.0/STATE/host", SparkplugTopic("", "STATE", "")),
        ("spBv1.0/G/NDATA/N/D", None),
        ("spBv1.0/G/DDATA/N", None),
        ("spBv1.0/G/XDATA/N", None),
        ("spBv1.0//NDATA/N", None),
        (f"spBv1.0/{'g' * 257}/NDATA/N", None),
    ],
)
def test_a_topic_of_sparkplug_is_taken_apart(topic: str, meaning: SparkplugTopic | None) -> None:
    assert sparkplug_topic(topic) == meaning


def test_a_request_goes_to_the_node_s_command_topic() -> None:
    assert sparkplug_topic(sparkplug_command_topic("G", "N")) == SparkplugTopic("G", "NCMD", "N")


def test_only_gateways_of_our_own_get_receipts() -> None:
    assert has_receipts("plant-7")
    assert not has_receipts("json/plant-7")
    assert not has_receipts("sparkplug/G/N")


def test_a_shared_filter_lets_the_workers_divide_the_messages() -> None:
    assert shared("a/b") == "$share/ingest/a/b"
