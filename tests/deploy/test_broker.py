"""The broker of docker-compose.yml, run for real: who may enter, and who may say what."""

import gc
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shangyun.local_servers import Broker, free_port
from telemetry.errors import NotConnected, Refused
from telemetry.mqtt import BrokerSettings, connect

DEPLOY = Path(__file__).parents[2] / "deploy"
NOT_AUTHORIZED = 135  # MQTT 5, 3.4.2.1


def make_certificates(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(DEPLOY / "make-certificates"), "--directory", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy")
    for arguments in (["127.0.0.1", "broker.example.com"], ["--gateway", "plant-7"], ["--gateway", "plant-8"]):
        done = make_certificates(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def broker(keys: Path, tmp_path: Path, make_broker: Callable[..., Broker]) -> Iterator[tuple[int, int]]:
    """Ports for gateways and for services of a Mosquitto that runs the shipped configuration, with this machine's paths."""
    gateways, services = free_port(), free_port()
    config = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    for shipped, here in (
        ("listener 8883", f"listener {gateways} 127.0.0.1"),
        ("listener 1883", f"listener {services} 127.0.0.1"),
        ("/mosquitto/certificates", str(keys / "certificates")),
        ("/run/secrets", str(keys / "secrets")),
        ("/mosquitto/config", str(DEPLOY / "mosquitto")),
    ):
        assert shipped in config
        config = config.replace(shipped, here)
    file = tmp_path / "mosquitto.conf"
    file.write_text(f"user root\n{config}", encoding="utf-8")
    program = make_broker()._command[0]  # noqa: SLF001 - the Mosquitto of this machine
    running = Broker(
        tmp_path, services, [program, "-c", file], name="mosquitto", supports_shared_subscriptions=True, supports_mqtt5=True
    )
    with running:
        yield gateways, services


def gateway_settings(keys: Path, name: str, port: int, *, host: str = "127.0.0.1") -> BrokerSettings:
    folder = keys / "certificates"
    files = {"ca_file": folder / "ca.crt", "certificate_file": folder / f"{name}.crt", "key_file": folder / f"{name}.key"}
    return BrokerSettings.model_validate({"host": host, "port": port, "tls": files})


def service_settings(keys: Path, name: str, port: int) -> BrokerSettings:
    return BrokerSettings(host="127.0.0.1", port=port, username=name, password_file=keys / "secrets" / name)


async def test_a_gateway_speaks_under_its_own_name_and_no_other(broker: tuple[int, int], keys: Path) -> None:
    async with connect(gateway_settings(keys, "plant-7", broker[0])) as link:
        await link.publish("sy/1/plant-7/up/data", b"x")
        for forbidden in ("sy/1/plant-8/up/data", "sy/1/plant-7/down/receipt", "sy/1/plant-8/down/receipt", "other"):
            with pytest.raises(Refused) as refused:
                await link.publish(forbidden, b"x")
            assert refused.value.code == NOT_AUTHORIZED


async def test_a_gateway_hears_its_own_receipts_and_ingest_hears_all_gateways(broker: tuple[int, int], keys: Path) -> None:
    async with (
        connect(service_settings(keys, "ingest", broker[1])) as ingest,
        connect(gateway_settings(keys, "plant-7", broker[0])) as seven,
        connect(gateway_settings(keys, "plant-8", broker[0])) as eight,
    ):
        await ingest.subscribe("$share/ingest/sy/1/+/up/data")
        await seven.subscribe("sy/1/plant-7/down/receipt")
        await eight.publish("sy/1/plant-8/up/data", b"eight")
        assert await anext(ingest.messages()) == ("sy/1/plant-8/up/data", b"eight")
        await ingest.publish("sy/1/plant-7/down/receipt", b"receipt")
        assert (await anext(seven.messages())).payload == b"receipt"


async def test_ingest_asks_edge_nodes_for_births_and_no_gateway_speaks_sparkplug_unasked(
    broker: tuple[int, int], keys: Path
) -> None:
    async with (
        connect(service_settings(keys, "ingest", broker[1])) as ingest,
        connect(gateway_settings(keys, "plant-7", broker[0])) as gateway,
    ):
        await ingest.publish("spBv1.0/group/NCMD/node", b"rebirth")
        for topic in ("spBv1.0/group/DCMD/node/device", "spBv1.0/group/NDATA/node"):
            with pytest.raises(Refused):
                await ingest.publish(topic, b"x")
        with pytest.raises(Refused):
            await gateway.publish("spBv1.0/group/NDATA/plant-7", b"x")
        await gateway.publish("sy/1/plant-7/up/json/boiler/boiler-1", b"{}")


async def test_the_web_app_cannot_publish_a_receipt(broker: tuple[int, int], keys: Path) -> None:
    async with connect(service_settings(keys, "web", broker[1])) as web:
        await web.subscribe("sy/1/+/up/data")
        with pytest.raises(Refused):
            await web.publish("sy/1/plant-7/down/receipt", b"receipt")


async def test_nobody_enters_without_certificate_or_password(broker: tuple[int, int], keys: Path) -> None:
    bare = BrokerSettings.model_validate(
        {"host": "127.0.0.1", "port": broker[0], "tls": {"ca_file": keys / "certificates" / "ca.crt"}}
    )
    for settings in (bare, BrokerSettings(host="127.0.0.1", port=broker[1])):
        with pytest.raises((NotConnected, Refused)):
            async with connect(settings) as link:
                await link.publish("sy/1/plant-7/up/data", b"x")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves the socket of a failed handshake
async def test_a_broker_of_another_name_is_not_believed(broker: tuple[int, int], keys: Path) -> None:
    with pytest.raises(NotConnected, match="certificate"):
        async with connect(gateway_settings(keys, "plant-7", broker[0], host="localhost")):
            pass
    gc.collect()


def test_a_name_that_would_pass_a_pattern_is_refused(keys: Path) -> None:
    for name in ("+", "#", "a/b", ""):
        assert make_certificates(keys, "--gateway", name).returncode == 2


def test_nothing_that_exists_is_overwritten(keys: Path) -> None:
    before = (keys / "certificates" / "plant-7.crt").read_bytes()
    assert make_certificates(keys, "--gateway", "plant-7").returncode == 1
    assert make_certificates(keys, "127.0.0.1").returncode == 0
    assert (keys / "certificates" / "plant-7.crt").read_bytes() == before
