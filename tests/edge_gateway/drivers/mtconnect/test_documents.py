"""XML that an agent may send, well meant or not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.drivers.mtconnect.documents import MAX_BYTES, AgentError, BadDocument, read_probe, read_streams

HEADER = '<Header instanceId="1" nextSequence="2" firstSequence="1" lastSequence="1" bufferSize="8"/>'


def streams(inside: str) -> bytes:
    component = f"<DeviceStream><ComponentStream>{inside}</ComponentStream></DeviceStream>"
    return f"<MTConnectStreams>{HEADER}<Streams>{component}</Streams></MTConnectStreams>".encode()


def test_times_are_utc_and_digits_past_the_microsecond_are_cut() -> None:
    found = read_streams(
        streams(
            '<Samples><Load dataItemId="a" sequence="3" timestamp="2022-08-08T13:51:34.7167146Z">1</Load>'
            '<Load dataItemId="a" sequence="1" timestamp="1970-01-01T00:00:01">2</Load>'
            '<Load dataItemId="a" sequence="2" timestamp="1970-01-01T08:00:02+08:00">3</Load></Samples>'
        )
    )
    # date -u -d 2022-08-08T13:51:34 +%s gives 1659966694
    assert [(one.sequence, one.time_us, one.text) for one in found.observations] == [
        (1, 1_000_000, "2"),
        (2, 2_000_000, "3"),
        (3, 1_659_966_694_716_714, "1"),
    ]


def test_an_error_document_of_any_version_tells_its_code() -> None:
    old = (
        b'<m:MTConnectError xmlns:m="urn:mtconnect.org:MTConnectError:1.2"><m:Errors>'
        b'<m:Error errorCode="OUT_OF_RANGE">too old</m:Error></m:Errors></m:MTConnectError>'
    )
    new = (
        b"<MTConnectError><Errors><OutOfRange><URI>/sample</URI>"
        b"<ErrorMessage>too old</ErrorMessage></OutOfRange></Errors></MTConnectError>"
    )
    for document in (old, new):
        with pytest.raises(AgentError, match="too old") as caught:
            read_streams(document)
        assert caught.value.code == "OUT_OF_RANGE"
    with pytest.raises(AgentError, match="UNKNOWN"):
        read_probe(b"<MTConnectError/>")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "is no XML"),
        (b"\xff\xfe\x00", "is no XML"),
        (streams("")[:-3], "is no XML"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "is no XML"),
        (b"<html/>", "is 'html', not MTConnectStreams"),
        (b"<MTConnectStreams/>", "has no header"),
        (b'<MTConnectStreams><Header instanceId="-1"/></MTConnectStreams>', "has no header"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><MTConnectStreams/>', "has a DTD"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><MTConnectStreams/>'.encode("utf-16"), "has a DTD"),
        (b"<a>" * 100 + b"</a>" * 100, "nests them too deeply"),
        (b"<a>" + b"<b/>" * 200_001 + b"</a>", "too many elements"),
        (b" " * (MAX_BYTES + 1), "is longer than"),
    ],
)
def test_what_is_no_sound_document_is_refused_with_the_reason(document: bytes, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        read_streams(document)


@given(st.binary(max_size=200) | st.text(alphabet="<>/&;!\"'=? aHMTd0", max_size=80).map(streams))
def test_no_bytes_at_all_raise_anything_else(document: bytes) -> None:
    for read in (read_streams, read_probe):
        with contextlib.suppress(BadDocument, AgentError):
            read(document)


def test_components_are_walked_to_the_bottom_and_the_agents_own_device_is_left_out() -> None:
    found = read_probe(
        b'<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:2.0" xmlns:x="urn:x"><Header instanceId="1"/><Devices>'
        b'<Agent id="agent" name="Agent" uuid="a"/><Device id="d" name="m" uuid="u"><Components><Axes id="1"><Components>'
        b'<x:Turret id="2" name="T"><DataItems><DataItem id="t" type="x:POS" nativeUnits="INCH"/></DataItems></x:Turret>'
        b'<Linear id="3"><DataItems><DataItem type="LOAD"/>'
        b'<DataItem id="v" type="POSITION" units="MILLIMETER_3D"/></DataItems></Linear>'
        b"</Components></Axes></Components></Device></Devices></MTConnectDevices>"
    )
    (device,) = found.devices
    turret, vector = device.items
    assert (device.name, device.uuid) == ("m", "u")
    assert (turret.id, turret.type, turret.units) == ("t", "x:POS", "INCH")
    assert turret.component == (("Axes", "Axes"), ("Turret", "T"))
    assert turret.is_scalar
    assert not vector.is_scalar
